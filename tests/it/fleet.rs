//! The build files for ClusterFuzzLite and OSS-Fuzz, compared with the list of fuzz targets.
//!
//! Nothing is compiled: a script in place of `cargo` records its arguments. CI runs the real build.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files and read PATH")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the file stems of a directory.
fn stems(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let stem = |path: PathBuf| path.file_stem().expect("name").to_string_lossy().into_owned();
    entries.map(|entry| stem(entry.expect("directory entry").path())).collect()
}

/// Returns all fuzz targets except `endpoint`, which needs a running server.
fn targets() -> BTreeSet<String> {
    let mut targets = stems(&root().join("fuzz/fuzz_targets"));
    targets.remove("endpoint");
    targets
}

/// Runs `build.sh` as the base image does, with a `cargo` that records its arguments. Returns whether it succeeded, its
/// output, the arguments and its directory.
fn run_build(variables: &[(&str, &str)]) -> (bool, String, Vec<String>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("create temporary directory");
    let at = |name: &str| folder.path().join(name);
    for name in ["src", "bin"] {
        std::fs::create_dir(at(name)).expect("create directory");
    }
    std::os::unix::fs::symlink(root(), at("src/overstep")).expect("create symlink");
    let cargo = "#!/bin/bash -eu\nprintf '%s\\n' \"$@\" >\"$ARGUMENTS\"\n\
        host=\"$CARGO_TARGET_DIR/$(rustc -vV | sed -n 's/^host: //p')/release\"\nmkdir -p \"$host\"\n\
        for file in fuzz/fuzz_targets/*.rs; do echo built >\"$host/$(basename \"$file\" .rs)\"; done\n";
    std::fs::write(at("bin/cargo"), cargo).expect("write file");
    std::fs::set_permissions(at("bin/cargo"), std::fs::Permissions::from_mode(0o755))
        .expect("make the script executable");
    let path = format!("{}:{}", at("bin").display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new(root().join(".clusterfuzzlite/build.sh"))
        .env_remove("SANITIZER")
        .env_remove("FUZZING_ENGINE")
        .env_remove("CARGO_FUZZ_FLAGS")
        .env("PATH", path)
        .env("SRC", at("src"))
        .env("OUT", at("out"))
        .env("ARGUMENTS", at("arguments"))
        .env("CARGO_TARGET_DIR", at("target"))
        .envs(variables.iter().copied())
        .output()
        .expect("start bash");
    let output_text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let arguments = std::fs::read_to_string(at("arguments")).unwrap_or_default().lines().map(str::to_owned).collect();
    (output.status.success(), output_text, arguments, folder)
}

#[test]
fn each_target_is_built_with_its_seeds_and_options() {
    let (succeeded, output_text, arguments, folder) = run_build(&[]);
    assert!(succeeded, "{output_text}");
    assert_eq!(arguments, ["fuzz", "build", "--fuzz-dir", "fuzz", "-O", "-s", "address"]);
    let mut expected = BTreeSet::new();
    for name in targets() {
        expected.insert(format!("{name}.options"));
        if root().join("fuzz/corpus").join(&name).is_dir() {
            expected.insert(format!("{name}_seed_corpus.zip"));
        }
        if root().join("fuzz").join(format!("{name}.dict")).is_file() {
            expected.insert(format!("{name}.dict"));
        }
        expected.insert(name);
    }
    let out = folder.path().join("out");
    let actual: BTreeSet<String> = std::fs::read_dir(&out)
        .expect("read the output directory")
        .map(|entry| entry.expect("directory entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(actual, expected);
    // The central directory of a ZIP archive contains the name of each file.
    let zip = std::fs::read(out.join("snapshot_seed_corpus.zip")).expect("read the archive");
    for seed in std::fs::read_dir(root().join("fuzz/corpus/snapshot")).expect("read corpus") {
        let name = seed.expect("directory entry").file_name().to_string_lossy().into_owned();
        assert!(zip.windows(name.len()).any(|window| window == name.as_bytes()), "{name} is not packed");
    }
}

#[test]
fn build_files_follow_the_base_image() {
    let (succeeded, output_text, arguments, _folder) =
        run_build(&[("SANITIZER", "none"), ("CARGO_FUZZ_FLAGS", "--no-trace-compares")]);
    assert!(succeeded, "{output_text}");
    assert_eq!(arguments[5..], ["-s", "none", "--no-trace-compares"]);
    let (_, _, arguments, _folder) = run_build(&[("SANITIZER", "coverage"), ("FUZZING_ENGINE", "libfuzzer")]);
    assert_eq!(arguments[5..], ["-s", "address"], "the base image itself adds the flags for coverage");
    let (succeeded, output_text, arguments, _folder) = run_build(&[("FUZZING_ENGINE", "afl")]);
    assert!(!succeeded && arguments.is_empty() && output_text.contains("afl"), "{output_text}");
    let project = text(".clusterfuzzlite/project.yaml");
    for line in ["language: rust", "  - libfuzzer", "  - address"] {
        assert!(project.lines().any(|other| other == line), "no `{line}` in project.yaml");
    }
    let image = text(".clusterfuzzlite/Dockerfile");
    for line in [
        "FROM gcr.io/oss-fuzz-base/base-builder-rust",
        "COPY . $SRC/overstep",
        "WORKDIR $SRC/overstep",
        "COPY .clusterfuzzlite/build.sh $SRC/",
    ] {
        assert!(image.lines().any(|other| other == line), "no `{line}` in the Dockerfile");
    }
}

#[test]
fn manifest_lists_every_fuzz_target() {
    let manifest: toml::Table = text("fuzz/Cargo.toml").parse().expect("valid TOML");
    let name = |bin: &toml::Value| bin["name"].as_str().expect("name").to_owned();
    let bins: BTreeSet<String> = manifest["bin"].as_array().expect("`bin` array").iter().map(name).collect();
    assert_eq!(bins, stems(&root().join("fuzz/fuzz_targets")));
    assert!(stems(&root().join("fuzz/corpus")).is_subset(&bins), "a corpus without a target");
}
