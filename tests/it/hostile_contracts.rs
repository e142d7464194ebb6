//! Contracts that strangers wrote to make overstep abort, hang or take all memory.
//!
//! Each is either described with its line or tested within fixed limits. The timeout only ends a run that hangs.

#![expect(clippy::disallowed_methods, reason = "tests prepare and read files")]

use crate::support::command::{Watched, overstep, watched};
use serde_json::{Map, Value as Json, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Maximum memory of any command with any contract in kB.
const MAX_MEMORY: u64 = 1 << 20;

/// Writes a scenario `x` with a contract of one operation, `MakeThing`, whose input has these members.
fn project(members: &Json, shapes: &Json) -> TempDir {
    let input = json!({ "type": "structure", "members": members });
    let operation = json!({
        "name": "MakeThing", "http": { "method": "POST", "uri": "/things", "success": 200 },
        "input": "Input", "errors": ["validation_error"]
    });
    project_of(&[operation], &with_shape(shapes, "Input", input))
}

fn project_of(operations: &[Json], shapes: &Json) -> TempDir {
    let directory = tempfile::tempdir().expect("create a folder");
    let folder = directory.path().join("scenarios");
    std::fs::create_dir(&folder).expect("create a folder");
    let contract = json!({
        "format": "overstep-contract/1", "service": "x", "protocol": "restJson", "operations": operations,
        "errors": [{ "name": "validation_error", "status": 400, "role": "invalid-input" }], "shapes": shapes
    });
    let text = serde_json::to_string_pretty(&contract).expect("serialize");
    std::fs::write(folder.join("x.contract.json"), text).expect("write a file");
    let scenario = "sources = [\"x.contract.json\"]\nendpoint = \"embedded\"\nerror-code = \"error.code\"\n";
    std::fs::write(folder.join("x.toml"), scenario).expect("write a file");
    directory
}

fn with_shape(shapes: &Json, name: &str, shape: Json) -> Json {
    let mut shapes = shapes.clone();
    shapes.as_object_mut().expect("an object").insert(name.to_owned(), shape);
    shapes
}

fn member(shape: &str, required: bool) -> Json {
    json!({ "shape": shape, "required": required })
}

fn members<'a>(all: impl IntoIterator<Item = (String, &'a str, bool)>) -> Json {
    Json::Object(all.into_iter().map(|(name, shape, required)| (name, member(shape, required))).collect())
}

/// Runs a command and checks its memory and its exit code.
#[track_caller]
fn run(directory: &Path, arguments: &[&str], code: i32) -> String {
    let Watched { code: found, text, peak } = watched(overstep(directory, arguments), Duration::from_mins(5));
    assert!(peak < MAX_MEMORY, "{arguments:?} took {peak} kB");
    assert_eq!(found, code, "{arguments:?}: {text}");
    text
}

/// Checks that every command describes a problem with its line and tests the rest.
#[track_caller]
fn assert_reported(directory: &Path, expected: &[&str]) {
    let commands: [&[&str]; 5] = [
        &["ingest", "scenarios/x.contract.json"],
        &["cases", "x"],
        &["check", "x"],
        &["doctor", "x"],
        &["fuzz", "x", "--max-cases", "3"],
    ];
    for arguments in commands {
        let text = run(directory, arguments, 0);
        for part in expected {
            assert!(text.contains(part), "{arguments:?} lacks {part:?}: {text}");
        }
    }
}

fn text_shape() -> Json {
    json!({ "Text": { "type": "string" } })
}

#[test]
fn endless_recursion_leaves_out_the_operation() {
    let shapes = json!({
        "Ok": { "type": "structure", "members": { "name": member("Name", true) } },
        "Name": { "type": "string", "length": { "min": 1, "max": 10 } },
        "Input": { "type": "structure", "members": { "expr": member("Expr", true) } },
        "Expr": { "type": "structure", "members": { "args": member("ExprList", true) } },
        "ExprList": { "type": "list", "member": "Expr", "length": { "min": 1 } }
    });
    let operation = |name: &str, input: &str| {
        json!({ "name": name, "http": { "method": "POST", "uri": format!("/{name}"), "success": 200 },
            "input": input, "errors": ["validation_error"] })
    };
    let directory = project_of(&[operation("MakeThing", "Input"), operation("OkThing", "Ok")], &shapes);
    assert_reported(
        directory.path(),
        &[
            "no value of shape `Expr` can be sent: it requires itself (`Expr` → `ExprList` → `Expr`)",
            "operation `MakeThing` is left out",
            "x.contract.json:",
        ],
    );
}

#[test]
fn contract_without_a_testable_operation_is_an_error() {
    for (shape, definition) in [
        ("Self", json!({ "type": "structure", "members": { "self": member("Self", true) } })),
        ("Map", json!({ "type": "map", "key": "Text", "value": "Map", "length": { "min": 3 } })),
        ("Union", json!({ "type": "union", "members": { "a": member("Union", false) } })),
        ("List", json!({ "type": "list", "member": "List", "length": { "min": 1 } })),
    ] {
        let directory = project(&json!({ "x": member(shape, true) }), &with_shape(&text_shape(), shape, definition));
        for command in ["check", "cases", "fuzz", "doctor"] {
            let text = run(directory.path(), &[command, "x"], 2);
            assert!(
                text.contains("error: ") && text.contains("it requires itself") && text.contains(".json:"),
                "{text}"
            );
        }
        assert!(run(directory.path(), &["ingest", "scenarios/x.contract.json"], 0).contains("it requires itself"));
    }
}

#[test]
fn recursion_through_empty_lists_ends() {
    let branches = members((0..10).map(|number| (format!("branch{number}"), "Nodes", true)));
    let shapes = json!({
        "Node": { "type": "structure", "members": branches },
        "Nodes": { "type": "list", "member": "Node" },
        "Lists": { "type": "list", "member": "Lists" }
    });
    let directory = project(&json!({ "root": member("Node", true), "lists": member("Lists", true) }), &shapes);
    for arguments in [["cases", "x"], ["doctor", "x"]] {
        let text = run(directory.path(), &arguments, 0);
        assert!(!text.contains("can be sent"), "{text}");
    }
}

#[test]
fn huge_minimum_lengths_are_reported() {
    let shapes = json!({
        "Text": { "type": "string" },
        "LongText": { "type": "string", "length": { "min": 1_000_000_000 } },
        "LongList": { "type": "list", "member": "Text", "length": { "min": 1_000_000_000 } },
        "LongMap": { "type": "map", "key": "Text", "value": "Text", "length": { "min": 1_000_000_000 } },
        "LongBlob": { "type": "blob", "length": { "min": u64::MAX } }
    });
    let input = json!({
        "text": member("LongText", false), "list": member("LongList", false), "map": member("LongMap", false),
        "blob": member("LongBlob", false), "name": member("Text", true)
    });
    assert_reported(
        project(&input, &shapes).path(),
        &[
            "`LongText` can be sent: its values have at least 1000000000 characters",
            "`LongList` can be sent: its values have at least 1000000000 items",
            "`LongMap` can be sent: its values have at least 1000000000 entries",
            "`LongBlob` can be sent: its values have at least 18446744073709551615 bytes",
        ],
    );
    // The greatest list that is sent.
    let list = json!({
        "Text": { "type": "string", "length": { "min": 20 } },
        "List": { "type": "list", "member": "Text", "length": { "min": 20_000 } }
    });
    let directory = project(&json!({ "list": member("List", true) }), &list);
    assert!(run(directory.path(), &["cases", "x", "--level", "quick"], 0).contains("MakeThing/list/length/at-min"));
    assert!(run(directory.path(), &["doctor", "x"], 0).contains("is not fuzzed: its requests are too large"));
}

#[test]
fn branching_and_deep_requirements_are_bounded() {
    let mut tree = Map::new();
    for level in 0..14 {
        let inner = if level < 13 { format!("Tree{}", level + 1) } else { "Text".to_owned() };
        let branches = members(["a", "b", "c", "d"].map(|name| (name.to_owned(), inner.as_str(), true)));
        tree.insert(format!("Tree{level}"), json!({ "type": "structure", "members": branches }));
    }
    let mut chain = Map::new();
    for level in 0..5_000 {
        let inner = if level < 4_999 { format!("Chain{}", level + 1) } else { "Text".to_owned() };
        chain.insert(format!("Chain{level}"), json!({ "type": "structure", "members": { "n": member(&inner, true) } }));
    }
    let shapes: Map<String, Json> =
        tree.into_iter().chain(chain).chain([("Text".to_owned(), json!({ "type": "string" }))]).collect();
    let input =
        json!({ "tree": member("Tree0", false), "chain": member("Chain0", false), "name": member("Text", true) });
    assert_reported(
        project(&input, &Json::Object(shapes)).path(),
        &["its smallest value has more than 1280 KiB", "its required members nest deeper than 48 levels"],
    );
}

#[test]
fn optional_chains_are_followed_to_a_limit() {
    let mut chain = Map::new();
    for level in 0..20_000 {
        let inner = if level < 19_999 { format!("Chain{}", level + 1) } else { "Text".to_owned() };
        chain
            .insert(format!("Chain{level}"), json!({ "type": "structure", "members": { "n": member(&inner, false) } }));
    }
    chain.insert("Text".to_owned(), json!({ "type": "string" }));
    let input = json!({ "chain": member("Chain0", false), "name": member("Text", true) });
    let directory = project(&input, &Json::Object(chain));
    for arguments in [&["cases", "x"][..], &["check", "x"], &["fuzz", "x", "--max-cases", "3"]] {
        run(directory.path(), arguments, 0);
    }
}

#[test]
fn thousands_of_members_and_values_are_partly_tested() {
    let text = json!({ "Text": { "type": "string", "length": { "min": 1, "max": 50 } } });
    let optional = project(&members((0..10_000).map(|number| (format!("m{number}"), "Text", false))), &text);
    let listed = run(optional.path(), &["cases", "x", "--level", "quick"], 0);
    assert!(listed.contains("places of operation `MakeThing` are tested"), "{}", &listed[..2_000]);
    let required = project(&members((0..10_000).map(|number| (format!("m{number}"), "Text", true))), &text);
    let diagnosis = run(required.path(), &["doctor", "x", "--level", "quick"], 0);
    assert!(diagnosis.contains("places of operation `MakeThing` are tested, and it is not fuzzed"), "{diagnosis}");
    let listed = run(required.path(), &["cases", "x", "--level", "quick"], 0);
    let places: std::collections::HashSet<&str> =
        listed.lines().filter_map(|line| line.strip_prefix("x/MakeThing/m")?.split('/').next()).collect();
    assert!((32..128).contains(&places.len()), "{} members are tested", places.len());
    let values: Vec<String> = (0..100_000).map(|number| format!("V{number}")).collect();
    let values =
        project(&json!({ "e": member("Enum", true) }), &json!({ "Enum": { "type": "enum", "values": values } }));
    let listed = run(values.path(), &["cases", "x"], 0);
    assert!(listed.contains("enum `Enum` has 100000 values; only the first 1000 are tested"), "{}", &listed[..2_000]);
    run(values.path(), &["check", "x", "--level", "quick"], 0);
}

#[test]
fn patterns_that_cannot_be_drawn_leave_out_their_shape() {
    let alternatives = (0..100_000).map(|number| format!("v{number}")).collect::<Vec<_>>().join("|");
    let shapes = json!({
        "Text": { "type": "string" },
        "Many": { "type": "string", "pattern": format!("^({alternatives})$") },
        "Nested": { "type": "string", "pattern": "^(((a{1,1000}){1,1000}){1,1000}){1,1000}$" },
        "Repeated": { "type": "string", "pattern": r"^(.+)\1\1\1$" },
        "Malformed": { "type": "string", "pattern": "((((" },
        "Contradicted": { "type": "string", "pattern": "^[a-z]{12,}$", "length": { "min": 1, "max": 10 } }
    });
    let input = json!({
        "many": member("Many", false), "nested": member("Nested", false), "repeated": member("Repeated", false),
        "malformed": member("Malformed", false), "contradicted": member("Contradicted", false),
        "name": member("Text", true)
    });
    let directory = project(&input, &shapes);
    assert_reported(
        directory.path(),
        &[
            "cannot be tested: it cannot be read: it is longer than 20000 bytes",
            "cannot be tested: it cannot be read: its repetitions multiply to more than a million characters",
            r"`^(.+)\1\1\1$` cannot be tested: overstep found no text that matches it",
            "`((((` cannot be tested: it cannot be read: ",
            "it allows 12 or more characters, but the documented length is 1 to 10 characters",
        ],
    );
    let listed = run(directory.path(), &["cases", "x"], 0);
    assert!(!listed.contains("no text matches") && !listed.contains("MakeThing/repeated/"), "{listed}");
    assert!(listed.contains("MakeThing/name/"), "{listed}");
}

#[test]
fn value_of_the_scenario_replaces_one_that_cannot_be_drawn() {
    let shapes = json!({ "Repeated": { "type": "string", "pattern": r"^(.+)\1\1\1$" } });
    let directory = project(&json!({ "code": member("Repeated", true) }), &shapes);
    assert!(run(directory.path(), &["cases", "x"], 2).contains("operation `MakeThing` is left out"));
    let file = directory.path().join("scenarios/x.toml");
    let scenario = std::fs::read_to_string(&file).expect("read a file");
    std::fs::write(&file, format!("{scenario}[use]\ncode = \"abababab\"\n")).expect("write a file");
    assert!(run(directory.path(), &["check", "x"], 0).contains("0 findings"));
}

#[test]
fn contradictions_are_reported_with_their_line() {
    let shapes = json!({
        "Input": { "type": "structure", "members": {
            "name": member("Text", true), "size": member("Reversed", false), "count": member("Inverted", false),
            "none": member("Empty", false) } },
        "Text": { "type": "string" },
        "Reversed": { "type": "string", "length": { "min": 9, "max": 3 } },
        "Inverted": { "type": "integer", "range": { "min": 9, "max": 3 } },
        "Empty": { "type": "enum", "values": [] }
    });
    let operation = |name: &str, uri: &str, success: u16| {
        json!({ "name": name, "http": { "method": "POST", "uri": uri, "success": success },
            "input": "Input", "errors": ["validation_error"] })
    };
    let operations = [
        operation("First", "/first", 200),
        operation("First", "/again", 201),
        operation("Zero", "/zero", 0),
        operation("Lost", "/lost/{nope}", 200),
    ];
    let directory = project_of(&operations, &shapes);
    let contract = std::fs::read_to_string(directory.path().join("scenarios/x.contract.json")).expect("read a file");
    let line_of = |text: &str| {
        let line = contract.lines().position(|line| line.contains(text)).expect(text) + 1;
        format!("x.contract.json:{line}")
    };
    assert_reported(
        directory.path(),
        &[
            "operation `First` is described more than once in this document",
            "the success status 0 of `Zero` is not between 200 and 399",
            "no member of `Lost` is bound to the label `{nope}` of `POST /lost/{nope}`",
            "operation `Lost` is left out",
            "`Reversed` can be sent: its minimum length 9 is greater than its maximum 3",
            &line_of("\"Reversed\": {"),
            "`Inverted` can be sent: its minimum 9 is greater than its maximum 3",
            &line_of("\"Inverted\": {"),
            "`Empty` can be sent: its list of values is empty",
            &line_of("\"Empty\": {"),
        ],
    );
    run(directory.path(), &["check", "x", "--strict"], 2);
}
