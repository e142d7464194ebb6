//! A web API whose callers log in and whose actions need a resource in the right state: `init` finds out, without a line
//! written by a person.

#![expect(clippy::disallowed_methods, reason = "tests write documents to disk")]

mod document;
mod service;

use crate::foreign::http::serve;
use crate::support::command::overstep;
use document::OPERATIONS;
use service::{Desk, PASSWORD, USER};
use std::path::Path;
use tempfile::TempDir;

/// Runs a command with the user's name and password and returns its exit code and its output.
fn run(directory: &Path, arguments: &[&str], password: &str) -> (i32, String) {
    let mut command = overstep(directory, arguments);
    let output = command.env("API_USER", USER).env("API_PASSWORD", password).output().expect("the command runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}

/// Lets `init` write a scenario for a desk. Returns the directory and the output of `init`.
fn initialized(password: &str) -> (TempDir, String) {
    let url = format!("http://127.0.0.1:{}", serve(Desk::default()));
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("openapi.json"), document::document().to_string()).expect("written");
    let arguments = ["init", "desk", "--source", "openapi.json", "-e", &url, "--no-progress"];
    let (code, text) = run(directory.path(), &arguments, password);
    assert_eq!(code, 0, "{text}");
    (directory, text)
}

#[test]
fn every_operation_is_reached_in_the_state_that_it_needs() {
    let (directory, text) = initialized(PASSWORD);
    let sentence = format!("{OPERATIONS} of {OPERATIONS} operations that the endpoint has succeed");
    assert!(text.contains(&sentence), "{text}");
    let scenario = std::fs::read_to_string(directory.path().join("scenarios/desk.toml")).expect("written");
    for line in [
        "login = { request = \"PostV1Sessions\", input = { email = \"${API_USER}\", password = \"${API_PASSWORD}\" }, \
         capture = { token = \"session.token\" } }",
        "bearer = \"{token}\"",
        "after = [\"PostV1OrdersByIdConfirm\"]",
        "use = { weekly = { day = \"monday\" } }",
    ] {
        assert!(scenario.contains(line), "{line}: {scenario}");
    }
    let (_, doctor) = run(directory.path(), &["doctor", "desk", "--no-progress"], PASSWORD);
    assert!(doctor.contains(&sentence), "{doctor}");
}

#[test]
fn a_faithful_server_has_no_findings_although_its_tokens_expire() {
    let (directory, _) = initialized(PASSWORD);
    // The document allows amounts that are no numbers.
    let filter = "not member(amount) & not op(PostV1ClientsByClientIdOrders) & not op(PutV1OrdersById)";
    let arguments = ["check", "desk", "--no-snapshots", "--no-progress", "-E", filter];
    let (code, text) = run(directory.path(), &arguments, PASSWORD);
    let results = std::fs::read_to_string(directory.path().join(".overstep/last/results.ndjson")).expect("kept");
    let whys: std::collections::BTreeSet<String> = results
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|event| event["verdict"] == "indeterminate")
        .filter_map(|event| Some(event["why"].as_str()?.to_owned()))
        .collect();
    assert_eq!(code, 0, "{whys:?} {text}");
    assert!(!text.contains("never succeeded") && !text.contains("cleanup failed"), "{text}");
    let last = directory.path().join(".overstep/last");
    for entry in std::fs::read_dir(last).expect("the run is kept").flatten().filter(|entry| entry.path().is_file()) {
        let kept = std::fs::read_to_string(entry.path()).expect("it is text");
        assert!(!kept.contains(PASSWORD), "{:?}", entry.path());
    }
}

#[test]
fn a_failed_login_is_told_once_and_nothing_is_judged() {
    let (directory, text) = initialized("wrong-password-1");
    assert!(text.contains("operations never succeeded"), "{text}");
    let (_, doctor) = run(directory.path(), &["doctor", "desk", "--no-progress"], "wrong-password-1");
    assert!(doctor.contains("the login of principal `full` failed: 400"), "{doctor}");
    assert!(!doctor.contains("wrong-password-1"), "{doctor}");
}
