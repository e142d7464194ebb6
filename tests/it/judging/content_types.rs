//! Content types and bodies of responses.

use super::outcome::*;
use overstep::case::Expectation;
use overstep::contract::{self, Contract, ErrorRole, Protocol, ShapeKind};
use overstep::judge::judge;
use overstep::run::HttpResponse;

/// Returns the note on a success with an output of this shape, or `pass` without a note.
fn note(contract: &Contract, output: &str, response: HttpResponse) -> String {
    let mut accept = accept(None);
    accept.output = Some(output.into());
    let found = judge(contract, &scenario(), &outcome(case("Do", Expectation::Accept(accept)), vec![Ok(response)]));
    found.observed.note.unwrap_or_else(|| found.verdict.to_string())
}

fn contract_with_protocol(protocol: Option<Protocol>) -> Contract {
    let mut contract = contract();
    contract.protocol = protocol;
    contract
}

#[test]
fn content_types_of_errors_match_the_protocol() {
    let error = |protocol, content_type: &str| {
        let without_name = Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(None, None)] };
        let with_name = Expectation::Reject {
            role: ErrorRole::InvalidInput,
            errors: vec![super::outcome::error(None, Some("bad_input"))],
        };
        let response = || {
            let mut response = typed(400, Some(content_type), r#"{"__type": "bad_input"}"#);
            response.headers.push(("x-amzn-errortype".to_owned(), "bad_input".to_owned()));
            response
        };
        let judge_with = |expectation| {
            judge(
                &contract_with_protocol(protocol),
                &scenario(),
                &outcome(case("Do", expectation), vec![Ok(response())]),
            )
        };
        assert_eq!(
            judge_with(without_name).verdict.name(),
            "pass",
            "the body of an error without a documented name is not checked"
        );
        judge_with(with_name).observed.note.unwrap_or_default()
    };
    for (content_type, expected) in [
        ("application/json", ""),
        ("Application/JSON; charset=utf-8", ""),
        ("application/problem+json", ""),
        ("application/x-amz-json-1.1", ""),
        ("text/json", "content type not JSON"),
        ("text/x-amz-json-1.1", "content type not JSON"),
        ("application/x-amz", "content type not JSON"),
        ("application/xml", "content type not JSON"),
        ("text/xml", "content type not JSON"),
        ("json", "content type not JSON"),
    ] {
        assert_eq!(error(Some(Protocol::RestJson1), content_type), expected, "{content_type}");
    }
    for (content_type, expected) in [
        ("text/xml", "error body not XML"),
        ("application/xml", "error body not XML"),
        ("application/soap+xml", "error body not XML"),
        ("application/json", "content type not XML"),
        ("application/x-amz-json-1.1", "content type not XML"),
        ("image/xml", "content type not XML"),
    ] {
        assert_eq!(error(Some(Protocol::RestXml), content_type), expected, "{content_type}");
    }
    assert_eq!(error(Some(Protocol::RpcV2Cbor), "application/json"), "content type not CBOR");
    assert_eq!(error(Some(Protocol::RpcV2Cbor), "text/xml"), "content type not CBOR");
}

#[test]
fn a_documented_result_has_a_body_a_content_type_and_its_members() {
    let rest = contract_with_protocol(Some(Protocol::RestJson));
    let aws = contract_with_protocol(Some(Protocol::RestJson1));
    let name = r#"{"name": "x"}"#;
    for (contract, output, response, expected) in [
        (&rest, "Result", json(200, name), "pass"),
        (&rest, "Result", json(200, " \n"), "empty body"),
        (&aws, "Result", json(200, ""), "pass"),
        (&rest, "Nothing", json(200, ""), "pass"),
        (&rest, "Result", typed(200, None, name), "no content type"),
        (&rest, "Result", typed(200, Some("text/html"), name), "content type not JSON"),
        (&rest, "Result", json(200, "{"), "body not JSON"),
        (&rest, "Result", json(200, "[]"), "body not an object"),
        (&rest, "Nothing", json(200, "{}"), "pass"),
        (&rest, "Nothing", typed(200, None, "{}"), "pass"),
        (&rest, "Nothing", json(200, name), "members in an empty result"),
        (&rest, "Result", json(200, r#"{"count": 1}"#), "`name` missing"),
        (&rest, "Result", json(200, r#"{"name": null, "count": 1}"#), "`name` missing"),
        (&rest, "Result", json(200, r#"{"name": "x", "count": null}"#), "pass"),
        (&rest, "Result", json(200, r#"{"name": "x", "count": "1"}"#), "`count` not a whole number"),
    ] {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        assert_eq!(note(contract, output, response), expected, "{output} {body}");
    }
}

/// Returns a contract with one optional member of each type.
fn contract_with_all_types() -> Contract {
    let text = r#"{
      "format": "overstep-contract/1", "service": "kinds", "protocol": "restJson", "auth": [{"scheme": "none"}],
      "operations": [{"name": "Do", "http": {"method": "POST", "uri": "/do"}, "output": "All", "errors": [],
        "sources": [{"document": "do.md", "line": 1}]}],
      "errors": [],
      "shapes": {
        "All": {"type": "structure", "members": {
          "text": {"shape": "Text", "location": "body"}, "enum": {"shape": "Enum", "location": "body"},
          "blob": {"shape": "Blob", "location": "body"}, "flag": {"shape": "Flag", "location": "body"},
          "whole": {"shape": "Whole", "location": "body"}, "long": {"shape": "Long", "location": "body"},
          "float": {"shape": "Float", "location": "body"}, "double": {"shape": "Double", "location": "body"},
          "time": {"shape": "Time", "location": "body"}, "any": {"shape": "Any", "location": "body"},
          "list": {"shape": "List", "location": "body"}, "map": {"shape": "Map", "location": "body"},
          "inner": {"shape": "Inner", "location": "body"}, "choice": {"shape": "Choice", "location": "body"}}},
        "Text": {"type": "string"}, "Enum": {"type": "enum", "values": ["A"]}, "Blob": {"type": "blob"},
        "Flag": {"type": "boolean"}, "Whole": {"type": "integer"}, "Long": {"type": "long"},
        "Float": {"type": "float"}, "Double": {"type": "double"}, "Time": {"type": "timestamp"},
        "Any": {"type": "document"}, "List": {"type": "list", "member": "Whole"},
        "Map": {"type": "map", "key": "Text", "value": "Flag"},
        "Inner": {"type": "structure", "members": {
          "text": {"shape": "Text", "required": true, "location": "body"},
          "mark": {"shape": "Text", "required": true, "location": "header"}}},
        "Choice": {"type": "union", "members": {"text": {"shape": "Text", "location": "body"}}}
      }
    }"#;
    contract::from_json(text).expect("a contract")
}

#[test]
fn each_member_has_its_type() {
    let values = ["true", "1", "1.0", "1.5", "18446744073709551615", r#""x""#, "[]", "{}"];
    let valid_values = |name: &str| match name {
        "text" | "enum" | "blob" => vec![r#""x""#],
        "flag" => vec!["true"],
        "whole" | "long" => vec!["1", "1.0", "18446744073709551615"],
        "float" | "double" | "time" => vec!["1", "1.0", "1.5", "18446744073709551615", r#""x""#],
        "any" => values.to_vec(),
        "list" => vec!["[]"],
        "map" => vec!["{}"],
        _ => Vec::new(),
    };
    let contract = contract_with_all_types();
    for (name, expected) in [
        ("text", "a string"),
        ("enum", "a string"),
        ("blob", "bytes as base64"),
        ("flag", "a boolean"),
        ("whole", "a whole number"),
        ("long", "a whole number"),
        ("float", "a number"),
        ("double", "a number"),
        ("time", "a timestamp"),
        ("any", ""),
        ("list", "a list"),
        ("map", "a map"),
    ] {
        for value in values {
            let is_valid = valid_values(name).contains(&value);
            let expected = if is_valid { "pass".to_owned() } else { format!("`{name}` not {expected}") };
            assert_eq!(
                note(&contract, "All", json(200, &format!(r#"{{"{name}": {value}}}"#))),
                expected,
                "{name} {value}"
            );
        }
    }
}

#[test]
fn nested_members_are_checked() {
    let contract = contract_with_all_types();
    for (body, expected) in [
        (r#"{"list": [1, null, 2]}"#, "pass"),
        (r#"{"list": [1, "x"]}"#, "`list[]` not a whole number"),
        (r#"{"map": {"a": true, "b": null}}"#, "pass"),
        (r#"{"map": {"a": true, "b": 1}}"#, "`map{value}` not a boolean"),
        (r#"{"inner": {"text": "x", "mark": "y"}}"#, "pass"),
        // Only top-level members can be headers.
        (r#"{"inner": {"text": "x"}}"#, "`inner.mark` missing"),
        (r#"{"inner": {"mark": "x"}}"#, "`inner.text` missing"),
        (r#"{"inner": []}"#, "`inner` not an object"),
        (r#"{"choice": {"text": "x"}}"#, "pass"),
        (r#"{"choice": {"other": "x"}}"#, "nothing documented in `choice`"),
        (r#"{"other": 1}"#, "nothing documented in the result"),
        ("{}", "nothing documented in the result"),
    ] {
        assert_eq!(note(&contract, "All", json(200, body)), expected, "{body}");
    }
    let mut nested = contract.clone();
    for (id, expected) in [("List", "`list[].mark` missing"), ("Map", "`map{value}.mark` missing")] {
        match &mut nested.shapes.get_mut(id).expect("a shape").kind {
            ShapeKind::List { member: inner } | ShapeKind::Map { value: inner, .. } => *inner = "Inner".into(),
            _ => unreachable!("it is a list or a map"),
        }
        let items = r#"{"list": [{"text": "x"}]}"#.replace("list", &id.to_lowercase());
        let items = if id == "Map" { items.replace('[', r#"{"k": "#).replace(']', "}") } else { items };
        assert_eq!(note(&nested, "All", json(200, &items)), expected);
    }
    let mut aws = contract.clone();
    aws.protocol = Some(Protocol::RestJson1);
    assert_eq!(note(&aws, "All", json(200, "{}")), "pass", "AWS omits empty members");
}

#[test]
fn xml_omits_empty_lists_and_maps() {
    let mut contract = contract_with_all_types();
    contract.protocol = Some(Protocol::RestXml);
    let members = |contract: &mut Contract, expected: &str| {
        let ShapeKind::Structure { members } = &mut contract.shapes.get_mut("All").expect("a shape").kind else {
            unreachable!("it is a structure")
        };
        members.iter_mut().for_each(|(name, member)| member.required = name == expected);
    };
    let xml = |body: &str| typed(200, Some("text/xml"), body);
    for (required, body, expected) in [
        ("list", "<All><text>x</text></All>", "pass"),
        ("map", "<All><text>x</text></All>", "pass"),
        ("text", "<All><text>x</text></All>", "pass"),
        ("text", "<All><whole>1</whole></All>", "`text` missing"),
    ] {
        members(&mut contract, required);
        assert_eq!(note(&contract, "All", xml(body)), expected, "{required} {body}");
        let mut json_contract = contract.clone();
        json_contract.protocol = Some(Protocol::RestJson1);
        let expected = if required == "text" { expected.to_owned() } else { format!("`{required}` missing") };
        let body = if body.contains("text") { r#"{"text": "x"}"# } else { r#"{"whole": 1}"# };
        assert_eq!(note(&json_contract, "All", json(200, body)), expected, "{required} {body}");
    }
}
