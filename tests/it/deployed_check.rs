//! `deploy/check.sh`, the script of the GitHub Action and the GitLab job, run as CI runs it.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files and PATH")]

use crate::support;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A project with a scenario, and the script.
fn project() -> (TempDir, PathBuf) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/check.sh");
    (support::notes_project(), script)
}

/// Runs the script with these settings.
fn run(directory: &Path, script: &Path, settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new("bash");
    command
        .arg(script)
        .current_dir(directory)
        .env("OVERSTEP_COMMAND", env!("CARGO_BIN_EXE_overstep"))
        .env("CI", "true");
    for name in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "OVERSTEP_SCENARIO", "OVERSTEP_TARGET", "OVERSTEP_START"] {
        command.env_remove(name);
    }
    command.envs(settings.iter().copied()).output().expect("bash runs")
}

#[test]
fn the_action_leaves_reports_annotations_and_a_summary() {
    let (directory, script) = project();
    let summary = directory.path().join("step-summary.md");
    let settings = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().expect("a path")),
        ("OVERSTEP_SCENARIO", "notes"),
        ("OVERSTEP_TARGET", "embedded"),
        ("OVERSTEP_ARGUMENTS", "--max-failures 1000"),
    ];
    let output = run(directory.path(), &script, &settings);
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let report =
        |name: &str| std::fs::read_to_string(directory.path().join("overstep-reports").join(name)).expect(name);
    assert!(report("results.ndjson").contains("\"event\":\"summary\""));
    assert!(report("junit.xml").contains("<testsuite"));
    assert_eq!(std::fs::read_to_string(&summary).expect("a step summary"), report("summary.md"));
    assert!(!directory.path().join("snapshots").exists());
}

#[test]
fn the_exit_code_of_the_action_is_that_of_the_check() {
    let (directory, script) = project();
    let output = run(directory.path(), &script, &[("OVERSTEP_SCENARIO", "note"), ("OVERSTEP_TARGET", "embedded")]);
    assert_eq!(output.status.code(), Some(2), "a mistyped scenario");
    // A value is a word, never a command.
    let output = run(
        directory.path(),
        &script,
        &[("OVERSTEP_SCENARIO", "$(touch taken)"), ("OVERSTEP_TARGET", "`touch taken`")],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(!directory.path().join("taken").exists());
    let output = run(
        directory.path(),
        &script,
        &[("OVERSTEP_SCENARIO", "notes"), ("OVERSTEP_START", "echo no; exit 1"), ("OVERSTEP_WAIT_FOR", "127.0.0.1:1")],
    );
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("the server ended before it accepted a connection"), "{text}");
}
