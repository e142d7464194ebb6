//! Bodies, type by type: what is documented of a result or an error is asked of what came.

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
    let mut answer = typed(status, content_type, body);
    let odd = (status == 400).then(|| ("x-amzn-errortype".to_owned(), "Odd".to_owned()));
    answer.headers.extend(odd);
    let outcome = outcome(case("Look", expectation), vec![Ok(answer)]);
    let judgement = judge(contract, &Scenario::with_name("s"), &outcome);
    match judgement.verdict {
        Verdict::Pass => "fine".to_owned(),
        _ => judgement.observed.note.unwrap_or(judgement.why),
    }
}

fn of(contract: &Contract, output: Option<&str>, content_type: Option<&str>, body: &str) -> String {
    let accept = ExpectedSuccess { output: output.map(Into::into), ..accept(None) };
    note(contract, Expectation::Accept(accept), content_type, 200, body)
}

fn success(protocol: &str, output: &str, content_type: Option<&str>, body: &str) -> String {
    of(&contract(protocol), Some(output), content_type, body)
}

const JSON: Option<&str> = Some("application/json");

#[test]
fn every_documented_type_is_asked_of_a_result() {
    for (body, due) in [
        (json!({ "text": "x" }), "fine"),
        (json!({ "text": "x", "unknown": 1 }), "fine"),
        (json!({}), "`text` missing"),
        (json!({ "text": null }), "`text` missing"),
        (json!({ "text": 1 }), "`text` not a string"),
        (json!({ "text": "x", "whole": null }), "fine"),
        (json!({ "text": "x", "whole": 3 }), "fine"),
        (json!({ "text": "x", "whole": -3 }), "fine"),
        (json!({ "text": "x", "whole": u64::MAX }), "fine"),
        (json!({ "text": "x", "whole": 3.0 }), "fine"),
        (json!({ "text": "x", "whole": 3.5 }), "`whole` not a whole number"),
        (json!({ "text": "x", "whole": "3" }), "`whole` not a whole number"),
        (json!({ "text": "x", "ratio": 3.5 }), "fine"),
        (json!({ "text": "x", "ratio": "NaN" }), "fine"),
        (json!({ "text": "x", "ratio": true }), "`ratio` not a number"),
        (json!({ "text": "x", "on": true }), "fine"),
        (json!({ "text": "x", "on": "true" }), "`on` not a boolean"),
        (json!({ "text": "x", "at": 1.5 }), "fine"),
        (json!({ "text": "x", "at": "2026-01-01T00:00:00Z" }), "fine"),
        (json!({ "text": "x", "at": [] }), "`at` not a timestamp"),
        (json!({ "text": "x", "raw": "AA==" }), "fine"),
        (json!({ "text": "x", "raw": 1 }), "`raw` not bytes as base64"),
        (json!({ "text": "x", "kind": "B" }), "fine"),
        (json!({ "text": "x", "kind": 1 }), "`kind` not a string"),
        (json!({ "text": "x", "list": [1, null] }), "fine"),
        (json!({ "text": "x", "list": [1, "2"] }), "`list[]` not a whole number"),
        (json!({ "text": "x", "list": {} }), "`list` not a list"),
        (json!({ "text": "x", "map": { "k": 1, "n": null } }), "fine"),
        (json!({ "text": "x", "map": { "k": "1" } }), "`map{value}` not a whole number"),
        (json!({ "text": "x", "map": [] }), "`map` not a map"),
        (json!({ "text": "x", "inner": { "a": "y" } }), "fine"),
        (json!({ "text": "x", "inner": {} }), "`inner.a` missing"),
        (json!({ "text": "x", "inner": { "a": "y", "b": 2 } }), "`inner.b` not a string"),
        (json!({ "text": "x", "inner": [] }), "`inner` not an object"),
        (json!({ "text": "x", "any": [{ "a": 1 }] }), "fine"),
        (json!([]), "body not an object"),
    ] {
        assert_eq!(success("awsJson1_1", "Out", JSON, &body.to_string()), due, "{body}");
    }
    assert_eq!(of(&contract("awsJson1_1"), None, None, "no JSON"), "fine", "nothing is documented");
}

#[test]
fn a_result_is_in_the_format_of_its_protocol() {
    let body = json!({ "text": "x" }).to_string();
    for (stated, due) in [
        ("application/json", "fine"),
        ("Application/JSON; charset=utf-8", "fine"),
        ("application/problem+json", "fine"),
        ("application/x-amz-json-1.1", "fine"),
        ("text/json", "content type not JSON"),
        ("text/x-amz-json-1.1", "content type not JSON"),
        ("text/xml", "content type not JSON"),
        ("application/xml", "content type not JSON"),
        ("application/x-amz", "content type not JSON"),
    ] {
        assert_eq!(success("awsJson1_1", "Out", Some(stated), &body), due, "{stated}");
    }
    assert_eq!(success("awsJson1_1", "Out", None, &body), "no content type");
    assert_eq!(success("awsJson1_1", "Out", JSON, "{"), "body not JSON");
    let xml = "<LookResponse><text>x</text></LookResponse>";
    for (stated, due) in [
        ("text/xml", "fine"),
        ("application/xml", "fine"),
        ("application/atom+xml", "fine"),
        ("application/json", "content type not XML"),
        ("text/plain", "content type not XML"),
        ("application/x-amz-json-1.1", "content type not XML"),
    ] {
        assert_eq!(success("restXml", "Out", Some(stated), xml), due, "{stated}");
    }
    assert_eq!(success("restXml", "Out", Some("text/xml"), "<a>"), "body not XML");
    assert_eq!(success("rpcv2Cbor", "Out", JSON, &body), "content type not CBOR");
    assert_eq!(success("rpcv2Cbor", "Out", Some("application/cbor"), "{"), "body not CBOR");
}

#[test]
fn an_empty_result_is_told_apart_from_one_that_is_not_there() {
    // Pages of plain REST APIs list what an answer holds; AWS leaves out what is empty.
    assert_eq!(success("restJson", "Out", JSON, " \n"), "empty body");
    assert_eq!(success("restJson", "Empty", JSON, ""), "fine");
    assert_eq!(success("awsJson1_1", "Out", JSON, ""), "fine");
    assert_eq!(success("awsJson1_1", "Empty", None, "{}"), "fine");
    assert_eq!(success("awsJson1_1", "Empty", JSON, r#"{"x": 1}"#), "members in an empty result");
    assert_eq!(success("restXml", "Empty", Some("text/xml"), "<R><RequestId>1</RequestId></R>"), "fine");
    assert_eq!(success("restJson", "Stream", Some("video/mp4"), "…"), "fine", "a payload is the body itself");
    // XML shows an empty list as nothing.
    assert_eq!(success("restXml", "Lists", Some("text/xml"), "<R><text>x</text></R>"), "fine");
    assert_eq!(success("restXml", "Lists", Some("text/xml"), "<R/>"), "`text` missing");
    assert_eq!(success("awsJson1_1", "Lists", JSON, r#"{"text": "x"}"#), "`list` missing");
    assert_eq!(success("restJson", "Inner", JSON, r#"{"c": 1}"#), "`a` missing");
}

#[test]
fn plain_apis_show_something_of_what_their_pages_list() {
    let mut loose = contract("restJson");
    for shape in loose.shapes.values_mut() {
        if let ShapeKind::Structure { members } = &mut shape.kind {
            members.values_mut().for_each(|member| member.required = false);
        }
    }
    let of = |contract: &Contract, body: &str| of(contract, Some("Out"), JSON, body);
    assert_eq!(of(&loose, r#"{"c": 1}"#), "nothing documented in the result");
    assert_eq!(of(&loose, r#"{"inner": {"c": 1}}"#), "nothing documented in `inner`");
    assert_eq!(of(&loose, r#"{"whole": 1}"#), "fine");
    loose.protocol = Some(Protocol::AwsJson1_1);
    assert_eq!(of(&loose, r#"{"c": 1}"#), "fine");
}

#[test]
fn an_errors_body_is_in_the_format_too() {
    let error = |protocol: &str, content_type: Option<&str>, body: &str| {
        let due = ExpectedError { status: Some(400), error: Some("Odd".into()) };
        let expectation = Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![due] };
        note(&contract(protocol), expectation, content_type, 400, body)
    };
    assert_eq!(error("awsJson1_1", JSON, r#"{"__type": "Odd"}"#), "fine");
    assert_eq!(error("awsJson1_1", None, r#"{"__type": "Odd"}"#), "fine");
    assert_eq!(error("awsJson1_1", Some("text/html"), " \n"), "fine", "nothing to read");
    assert_eq!(error("awsJson1_1", Some("text/html"), "{}"), "content type not JSON");
    assert_eq!(error("awsJson1_1", JSON, "{"), "error body not JSON");
    assert_eq!(error("awsJson1_1", JSON, "[]"), "error body not an object");
    assert_eq!(error("restXml", Some("text/xml"), "<E>"), "error body not XML");
}
