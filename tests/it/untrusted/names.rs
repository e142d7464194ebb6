//! Names that documents choose: for files, and in the head of a request.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::loopback::serve_json;
use crate::support::command::overstep;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SCENARIO: &str = "sources = [\"hostile.contract.json\"]\n";

/// A project in a folder of a temporary directory, so that what leaves the project is seen.
fn project(contract: &str) -> (TempDir, PathBuf) {
    let outside = tempfile::tempdir().expect("a temporary directory");
    let project = outside.path().join("a/b/c/project");
    std::fs::create_dir_all(project.join("scenarios")).expect("created");
    std::fs::create_dir(project.join(".git")).expect("created");
    std::fs::write(project.join("scenarios/hostile.toml"), SCENARIO).expect("written");
    std::fs::write(project.join("scenarios/hostile.contract.json"), contract).expect("written");
    (outside, project)
}

fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = overstep(directory, arguments).output().expect("start overstep");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// Returns all files below a folder, relative to it.
fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(folder).expect("below").to_owned());
            }
        }
    }
    found
}

#[test]
fn snapshots_of_hostile_operation_names_stay_apart_and_in_their_folder() {
    let names = [
        "..",
        "../../../../PWN",
        "/tmp/PWN",
        "C:\\PWN",
        "a/b",
        "a\\b",
        "nul\u{0}l",
        "line\nbreak",
        "Note",
        "note",
        "NOTE",
        "CON",
        "con",
        "aux.txt",
        ".hidden",
        "x.",
        "x ",
        "-rf",
        "~",
        "%2F",
        "ü",
        "u\u{308}",
        "🎉",
        "\u{202e}x",
        "x.osnap",
    ];
    let mut names: Vec<String> = names.map(str::to_owned).to_vec();
    names.extend([format!("{}a", "long".repeat(75)), format!("{}b", "long".repeat(75))]);
    let operations: Vec<Json> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            json!({"name": name, "http": {"method": "POST", "uri": format!("/op{index}"), "success": 200}, "input": "In",
                   "errors": ["bad"], "sources": [{"document": "d", "line": 1}]})
        })
        .collect();
    let contract = json!({
        "format": "overstep-contract/1", "service": "s", "protocol": "restJson", "operations": operations,
        "errors": [{"name": "bad", "status": 400, "role": "invalid-input"}],
        "shapes": {"In": {"type": "structure", "members": {"text": {"shape": "Text", "required": true}}},
                   "Text": {"type": "string", "length": {"min": 1, "max": 3}}},
    });
    let (outside, project) = project(&contract.to_string());
    let address = serve_json(|_, _, _| (200, json!({})));
    let before = files_below(outside.path());
    let endpoint = format!("http://{address}");
    let arguments = ["check", "hostile", "-e", &endpoint, "--level", "quick", "--update", "all", "--no-progress"];
    let (code, text) = run(&project, &arguments);
    assert_eq!(code, Some(1), "{text}");
    let added: Vec<PathBuf> = files_below(outside.path()).difference(&before).cloned().collect();
    let home = Path::new("a/b/c/project");
    let snapshots: Vec<&PathBuf> =
        added.iter().filter(|path| path.extension().is_some_and(|extension| extension == "osnap")).collect();
    let folder = format!("snapshots/{}-{}/hostile", address.ip(), address.port());
    for path in &added {
        let inner = path.strip_prefix(home).unwrap_or_else(|_| panic!("outside of the project: {path:?}"));
        assert!(inner.starts_with(&folder) || inner.starts_with(".overstep"), "{path:?}");
    }
    // One file for each operation, on a file system that ignores case, too.
    let folded: BTreeSet<String> = snapshots.iter().map(|path| path.to_string_lossy().to_lowercase()).collect();
    assert_eq!((snapshots.len(), folded.len()), (names.len(), names.len()), "{snapshots:?}");
    // A second run finds each of them: nothing is new.
    let again = [&arguments[..4], &["--level", "quick", "--no-progress"]].concat();
    let (_, text) = run(&project, &again);
    assert!(!text.contains("to review"), "{text}");
    let strict: BTreeSet<PathBuf> = files_below(outside.path()).difference(&before).cloned().collect();
    assert_eq!(strict, added.into_iter().collect(), "{text}");
}

#[test]
fn findings_of_fuzzing_stay_in_the_folder_of_their_scenario() {
    let contract = include_str!("../notes/notes.contract.json");
    let (outside, project) = project(contract);
    // The stem of this file is `..`.
    std::fs::write(project.join("scenarios/...toml"), SCENARIO).expect("written");
    let before = files_below(outside.path());
    let address = serve_json(|_, _, _| (500, json!({})));
    let arguments = [
        "fuzz",
        "scenarios/...toml",
        "-e",
        &format!("http://{address}"),
        "--max-cases",
        "20",
        "--no-progress",
        "--save",
    ];
    let (_, text) = run(&project, &arguments);
    let allowed = ["a/b/c/project/.overstep", "a/b/c/project/scenarios/...saved"];
    for path in files_below(outside.path()).difference(&before) {
        assert!(allowed.iter().any(|folder| path.starts_with(folder)), "{path:?}\n{text}");
        let inner = path.strip_prefix("a/b/c/project/.overstep/fuzz");
        assert!(
            inner.is_err()
                || inner.is_ok_and(|inner| inner.starts_with("%2E%2E")
                    || inner.starts_with("%2E.")
                    || inner.starts_with("%2E")),
            "{path:?}"
        );
    }
}

/// A contract on several lines, with these replacements.
fn contract_with(replacements: &[(&str, &str)]) -> String {
    let mut text = String::from(
        r#"{
  "format": "overstep-contract/1", "service": "s", "protocol": "restJson",
  "auth": [{"scheme": "header", "name": "X-Key"}],
  "operations": [
    {"name": "Get",
     "http": {
       "method": "GET",
       "uri": "/cards"
     },
     "input": "In", "errors": []}
  ],
  "errors": [],
  "shapes": {
    "In": {"type": "structure", "members": {
      "tag": {"shape": "Text", "location": "header",
        "wire": "X-Tag"}
    }},
    "Text": {"type": "string"}
  }
}"#,
    );
    for (from, to) in replacements {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// Replacements in the contract, the line of the problem, and the beginning of the message.
type BrokenName = (&'static [(&'static str, &'static str)], u32, &'static str);

#[test]
fn methods_uris_and_headers_that_break_a_request_are_rejected_with_their_line() {
    let rows: &[BrokenName] = &[
        (&[("\"GET\"", r#""GET /evil HTTP/1.1\r\nX-Inj: y\r\nZ: ""#)], 7, "the method of `Get`"),
        (&[("\"GET\"", r#""G\u0000T""#)], 7, "the method of `Get`"),
        (&[("\"GET\"", r#""""#)], 7, "the method of `Get`"),
        (&[("\"/cards\"", r#""/cards HTTP/1.1\r\nX-Inj: y""#)], 8, "the URI of `Get`"),
        (&[("\"/cards\"", r#""/cards\u0085""#)], 8, "the URI of `Get`"),
        (&[("\"/cards\"", r#""http://192.0.2.1/cards""#)], 8, "the URI of `Get`"),
        (&[("\"/cards\"", r#""@192.0.2.1/cards""#)], 8, "the URI of `Get`"),
        (&[("\"X-Tag\"", r#""X-Tag: a\r\nX-Inj""#)], 16, "member `tag`"),
        (&[("\"X-Tag\"", r#""X Tag""#)], 16, "member `tag`"),
        (&[("\"X-Key\"", r#""X-Key\n""#)], 3, "is no name of a header"),
        (&[("\"restJson\"", r#""awsJson1_1", "traits": {"targetPrefix": "P\r\nX-Inj: y"}"#)], 2, "the target prefix"),
        (
            &[
                ("\"restJson\"", r#""awsJson1_1", "traits": {"targetPrefix": "P"}"#),
                ("\"Get\"", r#""Get\r\nX-Inj: y""#),
            ],
            5,
            "requests of `Get",
        ),
    ];
    for (replacements, line, message) in rows {
        let (_outside, project) = project(&contract_with(replacements));
        let (code, text) = run(&project, &["check", "hostile", "-e", "http://127.0.0.1:9"]);
        let place = format!("hostile.contract.json:{line}");
        assert!(code == Some(2) && text.contains(&place) && text.contains(message), "{replacements:?}\n{text}");
        assert!(!text.contains('\r') && !text.contains("\nX-Inj"), "{text:?}");
    }
    let (_outside, project) = project(&contract_with(&[]));
    let (code, text) = run(&project, &["cases", "hostile", "-e", "embedded"]);
    assert_eq!(code, Some(0), "{text}");
}
