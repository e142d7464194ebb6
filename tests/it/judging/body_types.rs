//! Bodies by type: results and errors are compared with their documented shapes.

use super::outcome::{accept, case, outcome, typed};
use overstep::case::{Expectation, ExpectedError, ExpectedSuccess};
use overstep::contract::{Contract, ErrorRole, Protocol, ShapeKind, from_json};
use overstep::judge::{Verdict, judge};
use overstep::scenario::Scenario;
use serde_json::json;

fn contract(protocol: &str) -> Contract {
    let body = |shape: &str| json!({ "shape": shape, "location": "body" });
    let text = json!({
        "format": "overstep-contract/1", "service": "t", "protocol": protocol, "auth": [],
        "operations": [{ "name": "Look", "input": "Empty", "output": "Out", "errors": ["Odd"] }],
        "errors": [{ "name": "Odd", "status": 400, "role": "invalid-input" }], "shapes": {
            "Out": { "type": "structure", "members": {
                "text": { "shape": "Text", "required": true, "location": "body" }, "whole": body("Whole"),
                "ratio": body("Ratio"), "on": body("Flag"), "at": body("At"), "raw": body("Raw"),
                "kind": body("Kind"), "list": body("List"), "map": body("Map"), "inner": body("Inner"),
                "any": body("Any"), "head": { "shape": "Text", "required": true, "location": "header" },
            } },
            "Empty": { "type": "structure", "members": { "head": { "shape": "Text", "location": "header" } } },
            "Stream": { "type": "structure", "members": {
                "text": { "shape": "Text", "required": true, "location": "body" },
                "raw": { "shape": "Raw", "location": "payload" } } },
            "Lists": { "type": "structure", "members": {
                "list": { "shape": "List", "required": true, "location": "body" },
                "text": { "shape": "Text", "required": true, "location": "body" } } },
            "Inner": { "type": "structure", "members": {
                "a": { "shape": "Text", "required": true }, "b": { "shape": "Text" } } },
            "Text": { "type": "string" }, "Whole": { "type": "integer" }, "Ratio": { "type": "double" },
            "Flag": { "type": "boolean" }, "At": { "type": "timestamp" }, "Raw": { "type": "blob" },
            "Kind": { "type": "enum", "values": ["A"] }, "List": { "type": "list", "member": "Whole" },
            "Map": { "type": "map", "key": "Text", "value": "Whole" }, "Any": { "type": "document" },
        },
    });
    from_json(&text.to_string()).expect("a contract")
}

fn note(contract: &Contract, expectation: Expectation, content_type: Option<&str>, status: u16, body: &str) -> String {
    let mut response = typed(status, content_type, body);
    let error_header = (status == 400).then(|| ("x-amzn-errortype".to_owned(), "Odd".to_owned()));
    response.headers.extend(error_header);
    let outcome = outcome(case("Look", expectation), vec![Ok(response)]);
    let judgement = judge(contract, &Scenario::with_name("s"), &outcome);
    match judgement.verdict {
        Verdict::Pass => "pass".to_owned(),
        _ => judgement.observed.note.unwrap_or(judgement.why),
    }
}

fn note_on_success(contract: &Contract, output: Option<&str>, content_type: Option<&str>, body: &str) -> String {
    let accept = ExpectedSuccess { output: output.map(Into::into), ..accept(None) };
    note(contract, Expectation::Accept(accept), content_type, 200, body)
}

fn note_on_output(protocol: &str, output: &str, content_type: Option<&str>, body: &str) -> String {
    note_on_success(&contract(protocol), Some(output), content_type, body)
}

const JSON: Option<&str> = Some("application/json");

#[test]
fn members_of_a_result_have_their_documented_types() {
    for (body, expected) in [
        (json!({ "text": "x" }), "pass"),
        (json!({ "text": "x", "unknown": 1 }), "pass"),
        (json!({}), "`text` missing"),
        (json!({ "text": null }), "`text` missing"),
        (json!({ "text": 1 }), "`text` not a string"),
        (json!({ "text": "x", "whole": null }), "pass"),
        (json!({ "text": "x", "whole": 3 }), "pass"),
        (json!({ "text": "x", "whole": -3 }), "pass"),
        (json!({ "text": "x", "whole": u64::MAX }), "pass"),
        (json!({ "text": "x", "whole": 3.0 }), "pass"),
        (json!({ "text": "x", "whole": 3.5 }), "`whole` not a whole number"),
        (json!({ "text": "x", "whole": "3" }), "`whole` not a whole number"),
        (json!({ "text": "x", "ratio": 3.5 }), "pass"),
        (json!({ "text": "x", "ratio": "NaN" }), "pass"),
        (json!({ "text": "x", "ratio": true }), "`ratio` not a number"),
        (json!({ "text": "x", "on": true }), "pass"),
        (json!({ "text": "x", "on": "true" }), "`on` not a boolean"),
        (json!({ "text": "x", "at": 1.5 }), "pass"),
        (json!({ "text": "x", "at": "2026-01-01T00:00:00Z" }), "pass"),
        (json!({ "text": "x", "at": [] }), "`at` not a timestamp"),
        (json!({ "text": "x", "raw": "AA==" }), "pass"),
        (json!({ "text": "x", "raw": 1 }), "`raw` not bytes as base64"),
        (json!({ "text": "x", "kind": "B" }), "pass"),
        (json!({ "text": "x", "kind": 1 }), "`kind` not a string"),
        (json!({ "text": "x", "list": [1, null] }), "pass"),
        (json!({ "text": "x", "list": [1, "2"] }), "`list[]` not a whole number"),
        (json!({ "text": "x", "list": {} }), "`list` not a list"),
        (json!({ "text": "x", "map": { "k": 1, "n": null } }), "pass"),
        (json!({ "text": "x", "map": { "k": "1" } }), "`map{value}` not a whole number"),
        (json!({ "text": "x", "map": [] }), "`map` not a map"),
        (json!({ "text": "x", "inner": { "a": "y" } }), "pass"),
        (json!({ "text": "x", "inner": {} }), "`inner.a` missing"),
        (json!({ "text": "x", "inner": { "a": "y", "b": 2 } }), "`inner.b` not a string"),
        (json!({ "text": "x", "inner": [] }), "`inner` not an object"),
        (json!({ "text": "x", "any": [{ "a": 1 }] }), "pass"),
        (json!([]), "body not an object"),
    ] {
        assert_eq!(note_on_output("awsJson1_1", "Out", JSON, &body.to_string()), expected, "{body}");
    }
    assert_eq!(note_on_success(&contract("awsJson1_1"), None, None, "no JSON"), "pass", "no output is documented");
}

#[test]
fn a_result_has_the_format_of_its_protocol() {
    let body = json!({ "text": "x" }).to_string();
    for (content_type, expected) in [
        ("application/json", "pass"),
        ("Application/JSON; charset=utf-8", "pass"),
        ("application/problem+json", "pass"),
        ("application/x-amz-json-1.1", "pass"),
        ("text/json", "content type not JSON"),
        ("text/x-amz-json-1.1", "content type not JSON"),
        ("text/xml", "content type not JSON"),
        ("application/xml", "content type not JSON"),
        ("application/x-amz", "content type not JSON"),
    ] {
        assert_eq!(note_on_output("awsJson1_1", "Out", Some(content_type), &body), expected, "{content_type}");
    }
    assert_eq!(note_on_output("awsJson1_1", "Out", None, &body), "no content type");
    assert_eq!(note_on_output("awsJson1_1", "Out", JSON, "{"), "body not JSON");
    let xml = "<LookResponse><text>x</text></LookResponse>";
    for (content_type, expected) in [
        ("text/xml", "pass"),
        ("application/xml", "pass"),
        ("application/atom+xml", "pass"),
        ("application/json", "content type not XML"),
        ("text/plain", "content type not XML"),
        ("application/x-amz-json-1.1", "content type not XML"),
    ] {
        assert_eq!(note_on_output("restXml", "Out", Some(content_type), xml), expected, "{content_type}");
    }
    assert_eq!(note_on_output("restXml", "Out", Some("text/xml"), "<a>"), "body not XML");
    assert_eq!(note_on_output("rpcv2Cbor", "Out", JSON, &body), "content type not CBOR");
    assert_eq!(note_on_output("rpcv2Cbor", "Out", Some("application/cbor"), "{"), "body not CBOR");
}

#[test]
fn empty_results_and_missing_results_are_different() {
    // Pages of plain REST APIs list all members of a response; AWS omits empty ones.
    assert_eq!(note_on_output("restJson", "Out", JSON, " \n"), "empty body");
    assert_eq!(note_on_output("restJson", "Empty", JSON, ""), "pass");
    assert_eq!(note_on_output("awsJson1_1", "Out", JSON, ""), "pass");
    assert_eq!(note_on_output("awsJson1_1", "Empty", None, "{}"), "pass");
    assert_eq!(note_on_output("awsJson1_1", "Empty", JSON, r#"{"x": 1}"#), "members in an empty result");
    assert_eq!(note_on_output("restXml", "Empty", Some("text/xml"), "<R><RequestId>1</RequestId></R>"), "pass");
    assert_eq!(note_on_output("restJson", "Stream", Some("video/mp4"), "…"), "pass", "a payload is the body itself");
    // XML omits empty lists.
    assert_eq!(note_on_output("restXml", "Lists", Some("text/xml"), "<R><text>x</text></R>"), "pass");
    assert_eq!(note_on_output("restXml", "Lists", Some("text/xml"), "<R/>"), "`text` missing");
    assert_eq!(note_on_output("awsJson1_1", "Lists", JSON, r#"{"text": "x"}"#), "`list` missing");
    assert_eq!(note_on_output("restJson", "Inner", JSON, r#"{"c": 1}"#), "`a` missing");
}

#[test]
fn a_rest_result_needs_at_least_one_documented_member() {
    let mut optional_members = contract("restJson");
    for shape in optional_members.shapes.values_mut() {
        if let ShapeKind::Structure { members } = &mut shape.kind {
            members.values_mut().for_each(|member| member.required = false);
        }
    }
    let note_on_success = |contract: &Contract, body: &str| note_on_success(contract, Some("Out"), JSON, body);
    assert_eq!(note_on_success(&optional_members, r#"{"c": 1}"#), "nothing documented in the result");
    assert_eq!(note_on_success(&optional_members, r#"{"inner": {"c": 1}}"#), "nothing documented in `inner`");
    assert_eq!(note_on_success(&optional_members, r#"{"whole": 1}"#), "pass");
    optional_members.protocol = Some(Protocol::AwsJson1_1);
    assert_eq!(note_on_success(&optional_members, r#"{"c": 1}"#), "pass");
}

#[test]
fn an_error_body_has_the_format_of_its_protocol() {
    let error = |protocol: &str, content_type: Option<&str>, body: &str| {
        let expected = ExpectedError { status: Some(400), error: Some("Odd".into()) };
        let expectation = Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![expected] };
        note(&contract(protocol), expectation, content_type, 400, body)
    };
    assert_eq!(error("awsJson1_1", JSON, r#"{"__type": "Odd"}"#), "pass");
    assert_eq!(error("awsJson1_1", None, r#"{"__type": "Odd"}"#), "pass");
    assert_eq!(error("awsJson1_1", Some("text/html"), " \n"), "pass", "an empty body is not checked");
    assert_eq!(error("awsJson1_1", Some("text/html"), "{}"), "content type not JSON");
    assert_eq!(error("awsJson1_1", JSON, "{"), "error body not JSON");
    assert_eq!(error("awsJson1_1", JSON, "[]"), "error body not an object");
    assert_eq!(error("restXml", Some("text/xml"), "<E>"), "error body not XML");
}
