//! A small service in each protocol, served by the reference server: `check` has no findings without a fault, and finds a
//! planted fault.
//!
//! All connections use loopback and ports that the system chooses.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use serde_json::{Value as Json, json};
use std::process::Command;

/// Returns the contract in a protocol: texts, numbers, blobs, timestamps, lists, maps, structures and errors.
fn contract(protocol: &str) -> String {
    let rest = matches!(protocol, "restXml" | "restJson1" | "restJson");
    let location = |place: &str| if rest { place.to_owned() } else { "body".to_owned() };
    let member = |shape: &str, required: bool, place: &str| {
        let mut member = json!({ "shape": shape, "required": required, "location": location(place) });
        if place == "header" {
            member["wire"] = "x-thing-owner".into();
        } else if place == "query" {
            member["wire"] = "size".into();
        }
        member
    };
    let (method, uri) = if rest { ("PUT", "/things/{Name}") } else { ("POST", "/") };
    json!({
        "format": "overstep-contract/1", "service": "things", "protocol": protocol, "auth": [{ "scheme": "sigv4" }],
        "traits": { "version": "2026-01-01", "targetPrefix": "Things_20260101" },
        "operations": [{
            "name": "PutThing", "http": { "method": method, "uri": uri, "success": 200 },
            "input": "PutThingRequest", "output": "PutThingResponse", "errors": ["InvalidThing", "AccessDenied"],
        }],
        "errors": [
            { "name": "InvalidThing", "status": 400, "role": "invalid-input", "shape": "InvalidThing" },
            { "name": "AccessDenied", "status": 403, "role": "unauthenticated" },
        ],
        "shapes": {
            "PutThingRequest": { "type": "structure", "rules": [], "members": {
                "Name": member("Name", true, "label"),
                "Owner": member("Name", false, "header"),
                "Size": member("Size", false, "query"),
                "Note": member("Note", true, "body"),
                "Color": member("Color", false, "body"),
                "Due": member("Moment", false, "body"),
                "Data": member("Data", false, "body"),
                "Ready": member("Truth", false, "body"),
                "Tags": member("Tags", false, "body"),
                "Parts": member("Parts", false, "body"),
            }},
            "PutThingResponse": { "type": "structure", "rules": [], "members": {
                "Id": { "shape": "Name", "required": true, "location": "body" },
                "Made": { "shape": "Moment", "required": true, "location": "body" },
                "Parts": { "shape": "Parts", "required": true, "location": "body" },
            }},
            "Name": { "type": "string", "length": { "min": 3, "max": 12 }, "pattern": "^[a-z0-9-]+$" },
            "Note": { "type": "string", "length": { "min": 1, "max": 40 } },
            "Size": { "type": "integer", "range": { "min": 1, "max": 10 } },
            "Color": { "type": "enum", "values": ["RED", "GREEN"] },
            "Moment": { "type": "timestamp" },
            "Data": { "type": "blob", "length": { "min": 1, "max": 8 } },
            "Truth": { "type": "boolean" },
            "Tags": { "type": "map", "key": "Name", "value": "Note", "length": { "min": 1, "max": 3 } },
            "Parts": { "type": "list", "member": "Part", "length": { "min": 1, "max": 3 } },
            "Part": { "type": "structure", "rules": [], "members": {
                "Kind": { "shape": "Color", "required": true, "location": "body" },
                "Count": { "shape": "Size", "location": "body" },
            }},
            "InvalidThing": { "type": "structure", "rules": [], "members": {
                "Message": { "shape": "Text", "location": "body" },
            }},
            "Text": { "type": "string" },
        },
    })
    .to_string()
}

const SCENARIO: &str = "sources = [\"things.contract.json\"]\nendpoint = \"embedded\"\nprincipal = \"aws\"\n[principals.aws]\nsigv4 = {}\n";

struct RunResult {
    out: String,
    code: Option<i32>,
    findings: Vec<Json>,
}

/// Runs `check` against a server of the contract, with or without a fault.
fn run_check(protocol: &str, fault: Option<&str>) -> RunResult {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir_all(&scenarios).expect("made");
    std::fs::write(scenarios.join("things.contract.json"), contract(protocol)).expect("written");
    std::fs::write(scenarios.join("things.toml"), SCENARIO).expect("written");
    let binary = env!("CARGO_BIN_EXE_overstep");
    let config = match fault {
        Some(fault) => format!(
            "[endpoints.faulty]\nstart = \"{binary} serve things --port '{{port}}' --fault {fault}\"\nready-timeout = \"20s\"\n"
        ),
        None => String::new(),
    };
    std::fs::write(directory.path().join("overstep.toml"), config).expect("written");
    let output = Command::new(binary)
        .args(["check", "things", "--no-snapshots", "--no-progress", "--report", "ndjson=r.ndjson"])
        .args(fault.iter().flat_map(|_| ["-e", "faulty"]))
        .current_dir(directory.path())
        .env_remove("CI")
        .env_remove("AWS_PROFILE")
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let results = std::fs::read_to_string(directory.path().join("r.ndjson")).unwrap_or_default();
    let events = results.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    RunResult {
        out: format!("{}\n{}", text(&output.stdout), text(&output.stderr)),
        code: output.status.code(),
        findings: events.filter(|event| event["event"] == "finding").collect(),
    }
}

/// Asserts that a faithful server has no findings, and that a server that accepts a note of 41 characters has only that one.
fn check_finds_exactly_the_planted_fault(protocol: &str) {
    let result = run_check(protocol, None);
    assert_eq!((result.code, result.findings.len()), (Some(0), 0), "{}", result.out);
    assert!(result.out.contains("0 findings in "), "{}", result.out);
    let result = run_check(protocol, Some("PutThing.Note.length.max+1"));
    assert_eq!(result.code, Some(1), "{}", result.out);
    assert!(!result.findings.is_empty());
    for finding in &result.findings {
        assert_eq!(
            (finding["member"].as_str(), finding["constraint"].as_str()),
            (Some("Note"), Some("length")),
            "{finding}"
        );
    }
    // Errors that do not have the protocol's form are found, too.
    let result = run_check(protocol, Some("PutThing.errors.invalid.unknown-code"));
    assert_eq!(result.code, Some(1), "{}", result.out);
    assert!(!result.findings.is_empty());
}

macro_rules! protocols {
    ($($name:ident, $protocol:literal;)*) => { $(
        #[test]
        fn $name() {
            check_finds_exactly_the_planted_fault($protocol);
        }
    )* };
}

protocols! {
    rest_json_1, "restJson1";
    aws_json_1_0, "awsJson1_0";
    aws_json_1_1, "awsJson1_1";
    aws_query, "awsQuery";
    ec2_query, "ec2Query";
    rest_xml, "restXml";
    rpc_v2_cbor, "rpcv2Cbor";
}
