//! Bodies and content types of answers.

use super::outcome::*;
use overstep::case::Expectation;
use overstep::contract::{self, Contract, ErrorRole, Protocol, ShapeKind};
use overstep::judge::judge;
use overstep::run::HttpResponse;

/// What is noted of a success with an output of this shape; `pass` where nothing is.
fn noted(contract: &Contract, output: &str, answer: HttpResponse) -> String {
    let mut accept = accept(None);
    accept.output = Some(output.into());
    let found = judge(contract, &scenario(), &outcome(case("Do", Expectation::Accept(accept)), vec![Ok(answer)]));
    found.observed.note.unwrap_or_else(|| found.verdict.to_string())
}

fn of(protocol: Option<Protocol>) -> Contract {
    let mut contract = contract();
    contract.protocol = protocol;
    contract
}

#[test]
fn content_types_say_the_protocols_format() {
    let error = |protocol, stated: &str| {
        let refused = Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(None, None)] };
        let named = Expectation::Reject {
            role: ErrorRole::InvalidInput,
            errors: vec![super::outcome::error(None, Some("bad_input"))],
        };
        let answer = || {
            let mut answer = typed(400, Some(stated), r#"{"__type": "bad_input"}"#);
            answer.headers.push(("x-amzn-errortype".to_owned(), "bad_input".to_owned()));
            answer
        };
        let word =
            |expectation| judge(&of(protocol), &scenario(), &outcome(case("Do", expectation), vec![Ok(answer())]));
        assert_eq!(word(refused).verdict.name(), "pass", "an unnamed error's body is nobody's promise");
        word(named).observed.note.unwrap_or_default()
    };
    for (stated, due) in [
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
        assert_eq!(error(Some(Protocol::RestJson1), stated), due, "{stated}");
    }
    for (stated, due) in [
        ("text/xml", "error body not XML"),
        ("application/xml", "error body not XML"),
        ("application/soap+xml", "error body not XML"),
        ("application/json", "content type not XML"),
        ("application/x-amz-json-1.1", "content type not XML"),
        ("image/xml", "content type not XML"),
    ] {
        assert_eq!(error(Some(Protocol::RestXml), stated), due, "{stated}");
    }
    assert_eq!(error(Some(Protocol::RpcV2Cbor), "application/json"), "content type not CBOR");
    assert_eq!(error(Some(Protocol::RpcV2Cbor), "text/xml"), "content type not CBOR");
}

#[test]
fn a_documented_result_is_there_and_says_what_it_is() {
    let rest = of(Some(Protocol::RestJson));
    let aws = of(Some(Protocol::RestJson1));
    let name = r#"{"name": "x"}"#;
    for (contract, output, answer, due) in [
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
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(noted(contract, output, answer), due, "{output} {body}");
    }
}

/// A contract with one member of each kind, none of which must be there.
fn kinds() -> Contract {
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
fn each_member_is_of_its_kind() {
    let values = ["true", "1", "1.0", "1.5", "18446744073709551615", r#""x""#, "[]", "{}"];
    let all = |name: &str| match name {
        "text" | "enum" | "blob" => vec![r#""x""#],
        "flag" => vec!["true"],
        "whole" | "long" => vec!["1", "1.0", "18446744073709551615"],
        "float" | "double" | "time" => vec!["1", "1.0", "1.5", "18446744073709551615", r#""x""#],
        "any" => values.to_vec(),
        "list" => vec!["[]"],
        "map" => vec!["{}"],
        _ => Vec::new(),
    };
    let contract = kinds();
    for (name, due) in [
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
            let fits = all(name).contains(&value);
            let due = if fits { "pass".to_owned() } else { format!("`{name}` not {due}") };
            assert_eq!(noted(&contract, "All", json(200, &format!(r#"{{"{name}": {value}}}"#))), due, "{name} {value}");
        }
    }
}

#[test]
fn what_lies_deeper_is_looked_at_too() {
    let contract = kinds();
    for (body, due) in [
        (r#"{"list": [1, null, 2]}"#, "pass"),
        (r#"{"list": [1, "x"]}"#, "`list[]` not a whole number"),
        (r#"{"map": {"a": true, "b": null}}"#, "pass"),
        (r#"{"map": {"a": true, "b": 1}}"#, "`map{value}` not a boolean"),
        (r#"{"inner": {"text": "x", "mark": "y"}}"#, "pass"),
        // A header is a header only at the top.
        (r#"{"inner": {"text": "x"}}"#, "`inner.mark` missing"),
        (r#"{"inner": {"mark": "x"}}"#, "`inner.text` missing"),
        (r#"{"inner": []}"#, "`inner` not an object"),
        (r#"{"choice": {"text": "x"}}"#, "pass"),
        (r#"{"choice": {"other": "x"}}"#, "nothing documented in `choice`"),
        (r#"{"other": 1}"#, "nothing documented in the result"),
        ("{}", "nothing documented in the result"),
    ] {
        assert_eq!(noted(&contract, "All", json(200, body)), due, "{body}");
    }
    let mut nested = contract.clone();
    for (id, due) in [("List", "`list[].mark` missing"), ("Map", "`map{value}.mark` missing")] {
        match &mut nested.shapes.get_mut(id).expect("a shape").kind {
            ShapeKind::List { member: inner } | ShapeKind::Map { value: inner, .. } => *inner = "Inner".into(),
            _ => unreachable!("it is a list or a map"),
        }
        let items = r#"{"list": [{"text": "x"}]}"#.replace("list", &id.to_lowercase());
        let items = if id == "Map" { items.replace('[', r#"{"k": "#).replace(']', "}") } else { items };
        assert_eq!(noted(&nested, "All", json(200, &items)), due);
    }
    let mut aws = contract.clone();
    aws.protocol = Some(Protocol::RestJson1);
    assert_eq!(noted(&aws, "All", json(200, "{}")), "pass", "AWS leaves out what is empty");
}

#[test]
fn xml_shows_what_is_empty_as_nothing() {
    let mut contract = kinds();
    contract.protocol = Some(Protocol::RestXml);
    let members = |contract: &mut Contract, due: &str| {
        let ShapeKind::Structure { members } = &mut contract.shapes.get_mut("All").expect("a shape").kind else {
            unreachable!("it is a structure")
        };
        members.iter_mut().for_each(|(name, member)| member.required = name == due);
    };
    let xml = |body: &str| typed(200, Some("text/xml"), body);
    for (required, body, due) in [
        ("list", "<All><text>x</text></All>", "pass"),
        ("map", "<All><text>x</text></All>", "pass"),
        ("text", "<All><text>x</text></All>", "pass"),
        ("text", "<All><whole>1</whole></All>", "`text` missing"),
    ] {
        members(&mut contract, required);
        assert_eq!(noted(&contract, "All", xml(body)), due, "{required} {body}");
        let mut json_too = contract.clone();
        json_too.protocol = Some(Protocol::RestJson1);
        let due = if required == "text" { due.to_owned() } else { format!("`{required}` missing") };
        let body = if body.contains("text") { r#"{"text": "x"}"# } else { r#"{"whole": 1}"# };
        assert_eq!(noted(&json_too, "All", json(200, body)), due, "{required} {body}");
    }
}
