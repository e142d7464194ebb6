#!/bin/bash -eu
# Builds the fuzz targets for a fleet, as ClusterFuzzLite and OSS-Fuzz ask for it: $SRC holds the checkout, and $OUT
# takes each target with its seeds, options and, where there is one, its dictionary (fuzz/NAME.dict, fuzz/NAME.options).
#
# It has no list of targets: what stands in fuzz/fuzz_targets is built. Outside of the base image the same variables
# say the same, and CARGO_FUZZ_FLAGS is added to `cargo fuzz build`.
cd "$SRC/overstep"
if [ "${FUZZING_ENGINE:-libfuzzer}" != libfuzzer ]; then
  echo "targets of cargo-fuzz run with libFuzzer only, not with $FUZZING_ENGINE" >&2
  exit 1
fi
# What else the base image knows (coverage, introspector) is a matter of its flags, or of its own `cargo`.
case "${SANITIZER:-address}" in
  none | memory | thread) sanitizer="$SANITIZER" ;;
  *) sanitizer=address ;;
esac
# shellcheck disable=SC2086 # several flags
cargo fuzz build --fuzz-dir fuzz -O -s "$sanitizer" ${CARGO_FUZZ_FLAGS:-}

built="${CARGO_TARGET_DIR:-fuzz/target}/$(rustc -vV | sed -n 's/^host: //p')/release"
mkdir -p "$OUT"
for target in fuzz/fuzz_targets/*.rs; do
  name="$(basename "$target" .rs)"
  # No fleet has an endpoint to send to.
  if [ "$name" = endpoint ]; then continue; fi
  cp "$built/$name" "$OUT/"
  cp .clusterfuzzlite/default.options "$OUT/$name.options"
  for kind in dict options; do
    if [ -f "fuzz/$name.$kind" ]; then cp "fuzz/$name.$kind" "$OUT/"; fi
  done
  if [ -d "fuzz/corpus/$name" ]; then
    seeds="$OUT/${name}_seed_corpus.zip"
    rm -f "$seeds"
    # A machine without `zip` has Python, which CI needs anyway.
    if command -v zip >/dev/null; then
      zip -q -j -r "$seeds" "fuzz/corpus/$name"
    else
      python3 -m zipfile -c "$seeds" "fuzz/corpus/$name"/*
    fi
  fi
done
