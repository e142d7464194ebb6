//! `check --against` through the binary: values of two equivalent servers do not differ, and those of a server with a
//! different behaviour do.
//!
//! No test leaves this machine; the system chooses the ports.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::python;
use python::operation;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const SERVER: &str = include_str!("differential/server.py");
/// Different behaviours of the server; each has an endpoint of its own.
const BEHAVIORS: [&str; 5] = ["delay", "different-ids", "missing-part", "upper-case", "new-ids"];

/// Returns the service's model in botocore's format.
fn model() -> Json {
    let structure = |required: &[&str], members: &[(&str, &str)]| {
        let members: serde_json::Map<String, Json> =
            members.iter().map(|(name, shape)| ((*name).to_owned(), json!({"shape": shape}))).collect();
        json!({"type": "structure", "required": required, "members": members})
    };
    let error = || json!({"type": "structure", "members": {}, "exception": true});
    json!({
        "metadata": {"apiVersion": "2026-01-01", "endpointPrefix": "boxes", "protocol": "json", "jsonVersion": "1.1",
                     "targetPrefix": "Boxes", "uid": "boxes-2026-01-01", "signatureVersion": "v4"},
        "operations": {
            "CreateBox": operation("CreateBox", &["BoxExistsException"]),
            "DescribeBox": operation("DescribeBox", &["NoSuchBoxException"]),
            "NoteBox": operation("NoteBox", &["NoSuchBoxException"]),
            "DeleteBox": operation("DeleteBox", &["NoSuchBoxException"]),
            "ListBoxes": operation("ListBoxes", &[]),
        },
        "shapes": {
            "CreateBoxRequest": structure(&["Name"], &[("Name", "BoxName"), ("Note", "Note")]),
            "CreateBoxResponse": structure(&[], &[("Name", "BoxName"), ("BoxId", "Text"), ("Url", "Text")]),
            "DescribeBoxRequest": structure(&["Name"], &[("Name", "BoxName")]),
            "DescribeBoxResponse": structure(&[], &[
                ("Name", "BoxName"), ("BoxId", "Text"), ("Created", "Time"), ("State", "State"), ("Owner", "Text"),
                ("Reader", "Text"), ("Parts", "Parts"), ("Settings", "Settings")]),
            "NoteBoxRequest": structure(&["Name", "Note"], &[("Name", "BoxName"), ("Note", "Note")]),
            "NoteBoxResponse": structure(&[], &[("Note", "Note"), ("RequestId", "Text")]),
            "DeleteBoxRequest": structure(&["Name"], &[("Name", "BoxName")]),
            "DeleteBoxResponse": structure(&[], &[]),
            "ListBoxesRequest": structure(&[], &[]),
            "ListBoxesResponse": structure(&[], &[("Names", "Names"), ("Total", "Total")]),
            "BoxName": {"type": "string", "min": 3, "max": 40}, "Note": {"type": "string", "min": 1, "max": 40},
            "Text": {"type": "string"}, "Total": {"type": "integer"}, "Time": {"type": "timestamp"},
            "State": {"type": "string", "enum": ["OPEN", "SHUT"]},
            "Part": structure(&[], &[("PartId", "Text"), ("Kind", "Text")]),
            "Parts": {"type": "list", "member": {"shape": "Part"}},
            "Names": {"type": "list", "member": {"shape": "BoxName"}},
            "Settings": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
            "BoxExistsException": error(), "NoSuchBoxException": error(),
        },
    })
}

const SCENARIO: &str = r#"
sources = ["boxes.json"]
principal = "aws"
[principals.aws]
sigv4 = {}
[fixtures.box]
create = { request = "CreateBox", input = { Name = "ovs-{case}" }, capture = { id = "BoxId", name = "Name" } }
delete = { request = "DeleteBox", input = { Name = "{box.name}" } }
[operations.DescribeBox]
use = { Name = "{box.name}" }
[operations.NoteBox]
use = { Name = "{box.name}", Note = "a note" }
"#;

fn project() -> Option<TempDir> {
    let endpoint = |name: &str, behavior: &str| {
        format!("[endpoints.{name}]\nstart = \"python3 server.py '{{port}}' {behavior}\"\nready-timeout = \"30s\"\n")
    };
    let all: String = BEHAVIORS.iter().map(|behavior| endpoint(behavior, behavior)).collect();
    python::project(&[
        ("server.py", SERVER),
        ("scenarios/boxes.json", &model().to_string()),
        ("scenarios/boxes.toml", SCENARIO),
        ("overstep.toml", &(endpoint("plain", "") + &all)),
    ])
}

/// Runs `check`; returns its output, exit code and results.
fn run(directory: &Path, arguments: &[&str]) -> (String, Option<i32>, Vec<Json>) {
    let output = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .args(["check", "boxes", "--no-progress", "--workers", "1", "--report", "ndjson=r.ndjson"])
        .args(arguments)
        .current_dir(directory)
        .env_remove("CI")
        .env_remove("AWS_PROFILE")
        .output()
        .expect("run overstep");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let results = std::fs::read_to_string(directory.join("r.ndjson")).expect("results file");
    let results = results.lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect();
    (format!("{}\n{}", text(&output.stdout), text(&output.stderr)), output.status.code(), results)
}

fn findings(results: &[Json]) -> Vec<String> {
    let findings = results.iter().filter(|event| event["event"] == "finding" && event["constraint"] == "values");
    findings
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            format!("{} | {} | {}", text("operation"), text("accepted"), text("observed"))
        })
        .collect()
}

#[test]
fn volatile_values_do_not_differ() {
    let Some(directory) = project() else { return };
    let (out, code, results) = run(directory.path(), &["-e", "plain", "--against", "plain"]);
    assert_eq!(findings(&results), Vec::<String>::new(), "{out}");
    assert!(results.iter().all(|event| event.get("differs").is_none()), "{out}");
    assert_eq!(code, Some(0), "{out}");
    let read =
        results.iter().find(|event| event["id"] == "boxes/DescribeBox/valid/control/plain").expect("the case ran");
    assert_eq!((&read["verdict"], &read["change"]), (&json!("pass"), &json!("same")), "{read}");
}

#[test]
fn different_values_are_found_with_their_path() {
    let Some(directory) = project() else { return };
    for (behavior, expected) in [
        ("delay", r#"DescribeBox | 200 with body.Settings.Delay "0" | 200 with body.Settings.Delay "5""#),
        ("different-ids", r#"DescribeBox | 200 with body.Reader "<id 2>" | 200 with body.Reader "<id 3>""#),
        (
            "missing-part",
            r#"DescribeBox | 200 with body.Parts[] {"Kind":"lid","PartId":"<id>"} | 200 with body.Parts[] nothing"#,
        ),
        ("upper-case", r#"NoteBox | 200 with body.Note "a note" | 200 with body.Note "A NOTE""#),
        ("new-ids", r#"DescribeBox | 200 with body.BoxId "<id 1>" | 200 with body.BoxId "<id 2>""#),
    ] {
        let only = ["-E", "valid/control | valid/member"];
        let (out, code, results) =
            run(directory.path(), &[&["-e", behavior, "--against", "plain"], &only[..]].concat());
        assert_eq!((findings(&results), code), (vec![expected.to_owned()], Some(1)), "{behavior}:\n{out}");
        let differs = results.iter().find_map(|event| event.get("differs")).expect("a case lists its differences");
        assert!(expected.contains(differs[0]["at"].as_str().expect("path of a difference")), "{differs}");
        assert!(!directory.path().join("snapshots").exists(), "a differential run writes no snapshots");
    }
    // Without a second endpoint, values are not compared.
    let only = ["-E", "valid/control | valid/member"];
    let (out, _, results) = run(directory.path(), &[&["-e", "delay", "--update", "all"], &only[..]].concat());
    assert!(findings(&results).is_empty(), "{out}");
    let (out, code, _) = run(directory.path(), &[&["-e", "delay", "--update", "no"], &only[..]].concat());
    assert!(!out.contains("· values") && code == Some(0), "{out}");
}
