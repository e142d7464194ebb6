//! Real emulators, started by overstep itself: faithful ones as a control against false alarms, others as what they are.
//!
//! `.ci/tools` installs them; where one is missing, or botocore is, its test says so and passes. dynalite and moto run at
//! the level `quick`, or at `full` with `OVERSTEP_TESTS=full`. Everything stays on this machine, on ports that the system
//! chooses.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a test may look at files and at PATH")]

use crate::support;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Ran {
    out: String,
    code: Option<i32>,
    events: Vec<Json>,
}

impl Ran {
    fn summary(&self) -> &Json {
        self.events.iter().find(|event| event["event"] == "summary").expect("a summary")
    }

    fn findings(&self) -> impl Iterator<Item = &Json> {
        self.events.iter().filter(|event| event["event"] == "finding")
    }
}

/// Whether a command and botocore are here; says so where one is not.
fn has(command: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(command).is_file()) {
        eprintln!("SKIPPED: {command} is not on PATH; `source .ci/tools; install_tools; use_tools` installs it");
        return false;
    }
    if std::env::var_os("OVERSTEP_BOTOCORE").is_none() {
        eprintln!("SKIPPED: OVERSTEP_BOTOCORE names no folder with botocore");
        return false;
    }
    true
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulators")
}

/// The scenarios in a folder of their own, so that nothing is written into the project.
fn project() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    copy(&folder(), directory.path());
    directory
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copied");
        }
    }
}

fn level() -> &'static str {
    if support::is_full() { "full" } else { "quick" }
}

fn check(directory: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .arg("check")
        .args(arguments)
        .args(["--no-progress", "--report", "ndjson=r.ndjson"])
        .current_dir(directory)
        .env_remove("CI")
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let results = std::fs::read_to_string(directory.join("r.ndjson")).unwrap_or_default();
    let events = results.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    Ran { out: format!("{}\n{}", text(&output.stdout), text(&output.stderr)), code: output.status.code(), events }
}

#[test]
fn faithful_kinesalite_gives_no_news() {
    if !has("kinesalite") {
        return;
    }
    let directory = project();
    let ran = check(directory.path(), &["kinesis", "-e", "kinesalite", "--no-snapshots"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let summary = ran.summary();
    assert!(summary["pass"].as_u64() > Some(400), "{summary}");
    assert!(!ran.out.contains("perhaps better now"), "{}", ran.out);
}

#[test]
fn faithful_dynalite_gives_no_news() {
    if !has("dynalite") {
        return;
    }
    let directory = project();
    let ran = check(directory.path(), &["dynamodb", "-e", "dynalite", "--no-snapshots", "--level", level()]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.summary()["pass"].as_u64() > Some(400), "{}", ran.summary());
}

#[test]
fn moto_is_told_apart_and_accepted_behaviour_is_no_news() {
    if !has("moto_server") {
        return;
    }
    let directory = project();
    let all = ["sqs", "-e", "moto", "--level", level(), "--update", "all"];
    let ran = check(directory.path(), &all);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    // What moto lacks is scope, and where it breaks is named by its own frames.
    let lacking: Vec<&str> = ran.summary()["not_run"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["implemented"] == false)
        .filter_map(|one| one["operation"].as_str())
        .collect();
    assert!(lacking.contains(&"ListMessageMoveTasks"), "{lacking:?}");
    let of_moto = |finding: &&Json| finding["frame"].as_str().is_some_and(|frame| frame.starts_with("moto/"));
    assert!(ran.findings().filter(of_moto).count() >= 5, "{}", ran.out);
    assert!(ran.findings().all(|finding| !lacking.contains(&finding["operation"].as_str().unwrap_or_default())));
    // Everything that was accepted comes again from a fresh moto.
    let again = check(directory.path(), &["sqs", "-e", "moto", "--level", level(), "--update", "no"]);
    assert_eq!(again.code, Some(0), "{}", again.out);
    assert!(again.summary()["known"].as_u64() > Some(50), "{}", again.summary());
}

#[test]
fn ministack_speaks_query_xml_and_ec2() {
    if !has("ministack") {
        return;
    }
    let directory = project();
    for (scenario, least) in [("sts", 3), ("ec2", 10), ("s3", 20)] {
        let only = ["-e", "ministack", "--no-snapshots", "-E", "valid/control"];
        let ran = check(directory.path(), &[&[scenario][..], &only].concat());
        assert_ne!(ran.code, Some(2), "{}", ran.out);
        assert!(ran.summary()["pass"].as_u64() >= Some(least), "{scenario}: {}", ran.out);
    }
}
