//! `check --against` by values, through the binary: two servers that say the same in other words, and pairs of which
//! one says something else.
//!
//! Everything here stays on this machine, on ports that the system chooses.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::support::python;
use python::operation;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const SERVER: &str = include_str!("beside/server.py");
/// What a server may do otherwise, each as an endpoint of its own.
const WORDS: [&str; 5] = ["delay", "strangers", "lidless", "loud", "renamed"];

/// In botocore's format.
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
                ("Name", "BoxName"), ("BoxId", "Text"), ("Made", "Moment"), ("State", "State"), ("Keeper", "Text"),
                ("Watcher", "Text"), ("Parts", "Parts"), ("Settings", "Settings")]),
            "NoteBoxRequest": structure(&["Name", "Note"], &[("Name", "BoxName"), ("Note", "Note")]),
            "NoteBoxResponse": structure(&[], &[("Note", "Note"), ("RequestId", "Text")]),
            "DeleteBoxRequest": structure(&["Name"], &[("Name", "BoxName")]),
            "DeleteBoxResponse": structure(&[], &[]),
            "ListBoxesRequest": structure(&[], &[]),
            "ListBoxesResponse": structure(&[], &[("Names", "Names"), ("Total", "Total")]),
            "BoxName": {"type": "string", "min": 3, "max": 40}, "Note": {"type": "string", "min": 1, "max": 40},
            "Text": {"type": "string"}, "Total": {"type": "integer"}, "Moment": {"type": "timestamp"},
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
    let endpoint = |name: &str, word: &str| {
        format!("[endpoints.{name}]\nstart = \"python3 server.py '{{port}}' {word}\"\nready-timeout = \"30s\"\n")
    };
    let all: String = WORDS.iter().map(|word| endpoint(word, word)).collect();
    python::project(&[
        ("server.py", SERVER),
        ("scenarios/boxes.json", &model().to_string()),
        ("scenarios/boxes.toml", SCENARIO),
        ("overstep.toml", &(endpoint("plain", "") + &all)),
    ])
}

/// What a run says, its code, and its results.
fn run(directory: &Path, arguments: &[&str]) -> (String, Option<i32>, Vec<Json>) {
    let output = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .args(["check", "boxes", "--no-progress", "--workers", "1", "--report", "ndjson=r.ndjson"])
        .args(arguments)
        .current_dir(directory)
        .env_remove("CI")
        .env_remove("AWS_PROFILE")
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let results = std::fs::read_to_string(directory.join("r.ndjson")).expect("results");
    let results = results.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (format!("{}\n{}", text(&output.stdout), text(&output.stderr)), output.status.code(), results)
}

fn findings(results: &[Json]) -> Vec<String> {
    let found = results.iter().filter(|event| event["event"] == "finding" && event["constraint"] == "values");
    found
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            format!("{} | {} | {}", text("operation"), text("accepted"), text("observed"))
        })
        .collect()
}

#[test]
fn what_differs_by_nature_is_found_nowhere() {
    let Some(directory) = project() else { return };
    let (out, code, results) = run(directory.path(), &["-e", "plain", "--against", "plain"]);
    assert_eq!(findings(&results), Vec::<String>::new(), "{out}");
    assert!(results.iter().all(|event| event.get("differs").is_none()), "{out}");
    assert_eq!(code, Some(0), "{out}");
    let read = results.iter().find(|event| event["id"] == "boxes/DescribeBox/valid/control/plain").expect("it ran");
    assert_eq!((&read["verdict"], &read["change"]), (&json!("pass"), &json!("same")), "{read}");
}

#[test]
fn what_says_something_else_is_found_in_place() {
    let Some(directory) = project() else { return };
    for (word, due) in [
        ("delay", r#"DescribeBox | 200 with body.Settings.Delay "0" | 200 with body.Settings.Delay "5""#),
        ("strangers", r#"DescribeBox | 200 with body.Watcher "<id 2>" | 200 with body.Watcher "<id 3>""#),
        (
            "lidless",
            r#"DescribeBox | 200 with body.Parts[] {"Kind":"lid","PartId":"<id>"} | 200 with body.Parts[] nothing"#,
        ),
        ("loud", r#"NoteBox | 200 with body.Note "a note" | 200 with body.Note "A NOTE""#),
        ("renamed", r#"DescribeBox | 200 with body.BoxId "<id 1>" | 200 with body.BoxId "<id 2>""#),
    ] {
        let only = ["-E", "valid/control | valid/member"];
        let (out, code, results) = run(directory.path(), &[&["-e", word, "--against", "plain"], &only[..]].concat());
        assert_eq!((findings(&results), code), (vec![due.to_owned()], Some(1)), "{word}:\n{out}");
        let differs = results.iter().find_map(|event| event.get("differs")).expect("a case tells where");
        assert!(due.contains(differs[0]["at"].as_str().expect("a place")), "{differs}");
        assert!(!directory.path().join("snapshots").exists(), "nothing of a comparison is kept");
    }
    // Without another endpoint, values are nobody's business.
    let only = ["-E", "valid/control | valid/member"];
    let (out, _, results) = run(directory.path(), &[&["-e", "delay", "--update", "all"], &only[..]].concat());
    assert!(findings(&results).is_empty(), "{out}");
    let (out, code, _) = run(directory.path(), &[&["-e", "delay", "--update", "no"], &only[..]].concat());
    assert!(!out.contains("· values") && code == Some(0), "{out}");
}
