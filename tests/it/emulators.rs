//! Real emulators that overstep starts: accurate ones as a control against false positives, and others with known faults.
//!
//! `.ci/tools` installs them. Where an emulator or botocore is missing, the test prints a line and passes. Each runs at
//! the level `quick`, or at `full` with `OVERSTEP_TESTS=full`. No test leaves this machine; the system chooses the ports.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files and read PATH")]

use crate::support;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Output {
    text: String,
    code: Option<i32>,
    events: Vec<Json>,
}

impl Output {
    fn summary(&self) -> &Json {
        self.events.iter().find(|event| event["event"] == "summary").expect("summary event")
    }

    fn findings(&self) -> impl Iterator<Item = &Json> {
        self.events.iter().filter(|event| event["event"] == "finding")
    }
}

/// Returns whether a command and botocore are installed, and prints a line if not.
fn is_available(command: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(command).is_file()) {
        eprintln!("SKIPPED: {command} is not on PATH; `source .ci/tools; install_tools; use_tools` installs it");
        return false;
    }
    if std::env::var_os("OVERSTEP_BOTOCORE").is_none() {
        eprintln!("SKIPPED: OVERSTEP_BOTOCORE is not set to a directory with botocore");
        return false;
    }
    true
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulators")
}

/// Copies the scenarios to a temporary directory, so that no test writes into the repository.
fn project() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("create temporary directory");
    copy(&folder(), directory.path());
    directory
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("create directory");
    for entry in std::fs::read_dir(from).expect("directory") {
        let path = entry.expect("directory entry").path();
        let target = to.join(path.file_name().expect("name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copy file");
        }
    }
}

fn level() -> &'static str {
    if support::is_full() { "full" } else { "quick" }
}

fn check(directory: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .arg("check")
        .args(arguments)
        .args(["--no-progress", "--report", "ndjson=r.ndjson"])
        .current_dir(directory)
        .env_remove("CI")
        .output()
        .expect("run overstep");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let results = std::fs::read_to_string(directory.join("r.ndjson")).unwrap_or_default();
    let events = results.lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect();
    Output { text: format!("{}\n{}", text(&output.stdout), text(&output.stderr)), code: output.status.code(), events }
}

#[test]
fn kinesalite_has_no_new_findings() {
    if !is_available("kinesalite") {
        return;
    }
    let directory = project();
    let output = check(directory.path(), &["kinesis", "-e", "kinesalite", "--no-snapshots"]);
    assert_eq!(output.code, Some(0), "{}", output.text);
    let summary = output.summary();
    assert!(summary["pass"].as_u64() > Some(400), "{summary}");
    assert!(!output.text.contains("possibly fixed"), "{}", output.text);
}

#[test]
fn dynalite_has_no_new_findings() {
    if !is_available("dynalite") {
        return;
    }
    let directory = project();
    let output = check(directory.path(), &["dynamodb", "-e", "dynalite", "--no-snapshots", "--level", level()]);
    assert_eq!(output.code, Some(0), "{}", output.text);
    assert!(output.summary()["pass"].as_u64() > Some(400), "{}", output.summary());
}

#[test]
fn moto_findings_have_frames_and_accepted_ones_are_not_repeated() {
    if !is_available("moto_server") {
        return;
    }
    let directory = project();
    let all = ["sqs", "-e", "moto", "--level", level(), "--update", "all"];
    let output = check(directory.path(), &all);
    assert_eq!(output.code, Some(1), "{}", output.text);
    // Operations that moto does not implement are no findings, and findings name the stack frame in moto.
    let not_implemented: Vec<&str> = output.summary()["not_run"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["implemented"] == false)
        .filter_map(|one| one["operation"].as_str())
        .collect();
    assert!(not_implemented.contains(&"ListMessageMoveTasks"), "{not_implemented:?}");
    let is_in_moto = |finding: &&Json| finding["frame"].as_str().is_some_and(|frame| frame.starts_with("moto/"));
    assert!(output.findings().filter(is_in_moto).count() >= 5, "{}", output.text);
    assert!(
        output.findings().all(|finding| !not_implemented.contains(&finding["operation"].as_str().unwrap_or_default()))
    );
    // A new moto process behaves as accepted.
    let again = check(directory.path(), &["sqs", "-e", "moto", "--level", level(), "--update", "no"]);
    assert_eq!(again.code, Some(0), "{}", again.text);
    assert!(again.summary()["known"].as_u64() > Some(50), "{}", again.summary());
}

#[test]
fn ministack_accepts_query_xml_and_ec2_requests() {
    if !is_available("ministack") {
        return;
    }
    let directory = project();
    for (scenario, least) in [("sts", 3), ("ec2", 10), ("s3", 20)] {
        let only = ["-e", "ministack", "--no-snapshots", "-E", "valid/control"];
        let output = check(directory.path(), &[&[scenario][..], &only].concat());
        assert_ne!(output.code, Some(2), "{}", output.text);
        assert!(output.summary()["pass"].as_u64() >= Some(least), "{scenario}: {}", output.text);
    }
}
