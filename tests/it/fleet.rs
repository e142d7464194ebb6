//! What a fleet of machines gets: the files for ClusterFuzzLite and OSS-Fuzz, held to the list of targets.
//!
//! Nothing is compiled here: `cargo fuzz build` is a script that says what it was asked for. CI builds for real.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a test may look at files and at the path")]

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

/// The stems of a folder's files.
fn stems(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    entries.map(|entry| stem(entry.expect("an entry").path())).collect()
}

/// All that a fleet can run: the one that needs an endpoint is left out.
fn targets() -> BTreeSet<String> {
    let mut targets = stems(&root().join("fuzz/fuzz_targets"));
    targets.remove("endpoint");
    targets
}

/// Runs `build.sh` as the base image does, with a `cargo` that only notes its arguments; what it printed and left.
fn built(variables: &[(&str, &str)]) -> (bool, String, Vec<String>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| folder.path().join(name);
    for name in ["src", "bin"] {
        std::fs::create_dir(at(name)).expect("made");
    }
    std::os::unix::fs::symlink(root(), at("src/overstep")).expect("linked");
    let cargo = "#!/bin/bash -eu\nprintf '%s\\n' \"$@\" >\"$ASKED\"\n\
        host=\"$CARGO_TARGET_DIR/$(rustc -vV | sed -n 's/^host: //p')/release\"\nmkdir -p \"$host\"\n\
        for file in fuzz/fuzz_targets/*.rs; do echo built >\"$host/$(basename \"$file\" .rs)\"; done\n";
    std::fs::write(at("bin/cargo"), cargo).expect("written");
    std::fs::set_permissions(at("bin/cargo"), std::fs::Permissions::from_mode(0o755)).expect("made to run");
    let path = format!("{}:{}", at("bin").display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new(root().join(".clusterfuzzlite/build.sh"))
        .env_remove("SANITIZER")
        .env_remove("FUZZING_ENGINE")
        .env_remove("CARGO_FUZZ_FLAGS")
        .env("PATH", path)
        .env("SRC", at("src"))
        .env("OUT", at("out"))
        .env("ASKED", at("asked"))
        .env("CARGO_TARGET_DIR", at("target"))
        .envs(variables.iter().copied())
        .output()
        .expect("bash is there");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let asked = std::fs::read_to_string(at("asked")).unwrap_or_default().lines().map(str::to_owned).collect();
    (output.status.success(), said, asked, folder)
}

#[test]
fn every_target_comes_with_its_seeds_and_options() {
    let (well, said, asked, folder) = built(&[]);
    assert!(well, "{said}");
    assert_eq!(asked, ["fuzz", "build", "--fuzz-dir", "fuzz", "-O", "-s", "address"]);
    let mut due = BTreeSet::new();
    for name in targets() {
        due.insert(format!("{name}.options"));
        if root().join("fuzz/corpus").join(&name).is_dir() {
            due.insert(format!("{name}_seed_corpus.zip"));
        }
        if root().join("fuzz").join(format!("{name}.dict")).is_file() {
            due.insert(format!("{name}.dict"));
        }
        due.insert(name);
    }
    let out = folder.path().join("out");
    let found: BTreeSet<String> = std::fs::read_dir(&out)
        .expect("it is there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, due);
    // A central directory names each seed, whoever packed it.
    let zip = std::fs::read(out.join("snapshot_seed_corpus.zip")).expect("packed");
    for seed in std::fs::read_dir(root().join("fuzz/corpus/snapshot")).expect("a corpus") {
        let name = seed.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(zip.windows(name.len()).any(|window| window == name.as_bytes()), "{name} is not packed");
    }
}

#[test]
fn the_base_image_is_told_what_it_asks_for() {
    let (well, said, asked, _folder) = built(&[("SANITIZER", "none"), ("CARGO_FUZZ_FLAGS", "--no-trace-compares")]);
    assert!(well, "{said}");
    assert_eq!(asked[5..], ["-s", "none", "--no-trace-compares"]);
    let (_, _, asked, _folder) = built(&[("SANITIZER", "coverage"), ("FUZZING_ENGINE", "libfuzzer")]);
    assert_eq!(asked[5..], ["-s", "address"], "what coverage takes is the base image's own affair");
    let (well, said, asked, _folder) = built(&[("FUZZING_ENGINE", "afl")]);
    assert!(!well && asked.is_empty() && said.contains("afl"), "{said}");
    let project = text(".clusterfuzzlite/project.yaml");
    for line in ["language: rust", "  - libfuzzer", "  - address"] {
        assert!(project.lines().any(|found| found == line), "no `{line}` in project.yaml");
    }
    let image = text(".clusterfuzzlite/Dockerfile");
    for line in [
        "FROM gcr.io/oss-fuzz-base/base-builder-rust",
        "COPY . $SRC/overstep",
        "WORKDIR $SRC/overstep",
        "COPY .clusterfuzzlite/build.sh $SRC/",
    ] {
        assert!(image.lines().any(|found| found == line), "no `{line}` in the Dockerfile");
    }
}

#[test]
fn what_stands_in_the_folder_is_what_cargo_builds() {
    let manifest: toml::Table = text("fuzz/Cargo.toml").parse().expect("TOML");
    let name = |bin: &toml::Value| bin["name"].as_str().expect("a name").to_owned();
    let bins: BTreeSet<String> = manifest["bin"].as_array().expect("bins").iter().map(name).collect();
    assert_eq!(bins, stems(&root().join("fuzz/fuzz_targets")));
    assert!(stems(&root().join("fuzz/corpus")).is_subset(&bins), "seeds of no target");
}
