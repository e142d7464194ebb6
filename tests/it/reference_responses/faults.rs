//! The fault catalogue of small contracts, and which responses each fault changes.
//!
//! A fault may change only the responses that it concerns.

use super::shop::{contract_json, format_short, send, server_config};
use overstep::contract::from_json;
use overstep::reference::{Fault, ReferenceService};
use serde_json::{Value, json};
use std::fmt::Write as _;

fn contract() -> Value {
    contract_json("restJson", json!([{"scheme": "bearer"}]))
}

/// Formats a fault's name, flags, description and scopes.
fn describe_fault(fault: &Fault) -> String {
    let kind = if fault.violates_contract { "violation" } else { "undocumented" };
    let hidden = fault.hidden_reason.map(|why| format!(" (hidden: {why})")).unwrap_or_default();
    let scopes: Vec<String> =
        fault.scopes.iter().map(|scope| format!("{}/{}/{}", scope.operation, scope.member, scope.constraint)).collect();
    format!("{} [{kind}] {}{hidden} @ {}\n", fault.name, fault.description, scopes.join(" "))
}

#[test]
fn the_fault_catalogue_of_each_protocol() {
    for (name, protocol, auth) in [
        ("catalogue-plain", "restJson", json!([{"scheme": "bearer"}])),
        ("catalogue-xml", "restXml", json!([{"scheme": "sigv4"}])),
        ("catalogue-cbor", "rpcv2Cbor", json!([{"scheme": "header", "name": "x-key"}])),
    ] {
        let contract = from_json(&contract_json(protocol, auth).to_string()).expect("a contract");
        let all: String = overstep::reference::list_faults(&contract).iter().map(describe_fault).collect();
        insta::assert_snapshot!(name, all);
    }
}

/// Lists fault names by place: `~` marks faults that violate no document, and hidden faults have their reason in brackets.
fn list_by_place(contract: &overstep::contract::Contract) -> String {
    let mut text = String::new();
    let mut place = String::new();
    for fault in overstep::reference::list_faults(contract) {
        let (fault_place, kind) = match fault.name.match_indices('.').nth(1) {
            Some((end, _)) => fault.name.split_at(end),
            None => fault.name.split_at(0),
        };
        if fault_place != place {
            write!(text, "\n{fault_place}\n ").expect("writing to a string cannot fail");
            place = fault_place.to_owned();
        }
        let hidden = fault.hidden_reason.map(|why| format!(" ({why})")).unwrap_or_default();
        let marker = if fault.violates_contract { "" } else { "~" };
        write!(text, " {marker}{}{hidden}", kind.trim_start_matches('.')).expect("writing to a string cannot fail");
    }
    text
}

#[test]
fn the_fault_catalogues_of_the_shipped_contracts() {
    for name in ["connect", "leadlex"] {
        let (contract, ..) = crate::support::shipped(name);
        insta::assert_snapshot!(format!("catalogue-{name}"), list_by_place(&contract));
    }
}

#[test]
fn the_fault_catalogue_of_edge_cases_explains_hidden_faults() {
    let mut text = String::new();
    for (name, contract) in super::edge_cases::contracts() {
        let contract = from_json(&contract.to_string()).expect("a contract");
        writeln!(text, "{name}{}", list_by_place(&contract)).expect("writing to a string cannot fail");
    }
    insta::assert_snapshot!("catalogue-edge-cases", text);
}

/// Returns named requests: target, headers and body. Targets with `put` are sent with POST, others with GET.
fn requests() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let full = "content-type: application/json; authorization: Bearer full";
    let target = "/carts/c/things?put";
    let mut rows: Vec<(&str, &str, &str, Vec<u8>)> = Vec::new();
    let mut with = |name, target, headers, body: &str| rows.push((name, target, headers, body.as_bytes().to_vec()));
    with("plain", target, full, r#"{"Name":"abc"}"#);
    with("look", "/carts/c", full, "");
    with("look-missing", "/carts/d", full, "");
    with("no-proof", target, "content-type: application/json", r#"{"Name":"abc"}"#);
    with("no-proof-invalid", target, "content-type: application/json", r#"{"Name":"a"}"#);
    for (name, proof) in [
        ("other-key", "authorization: Bearer other"),
        ("cut-key", "authorization: Bearer ful"),
        ("longer-key", "authorization: Bearer fulx"),
        ("empty-key", "authorization: Bearer "),
        ("no-key", "authorization: "),
        ("upper-key", "authorization: Bearer FULL"),
        ("other-scheme", "authorization: Basic full"),
        ("no-scheme", "authorization: full"),
        ("less", "authorization: Bearer less"),
    ] {
        with(name, target, proof, r#"{"Name":"abc"}"#);
    }
    with("missing", "/carts/d/things?put", full, r#"{"Name":"abc"}"#);
    for (name, target) in [
        ("label-twice", "/carts/%2563/things?put"),
        ("label-encoded", "/carts/%63/things?put"),
        ("label-slash", "/carts/c%2Fthings?put"),
        ("label-plus", "/carts/c+/things?put"),
        ("label-dots", "/carts/./c/things?put"),
        ("label-up", "/carts/x/%2E./c/things?put"),
        ("label-empty", "/carts//c/things?put"),
        ("label-space", "/carts/c%20/things?put"),
        ("label-upper", "/carts/C/things?put"),
        ("label-long", "/carts/0123456789/things?put"),
        ("most", "/carts/c/things?put&most=9"),
        ("most-above", "/carts/c/things?put&most=10"),
        ("most-below", "/carts/c/things?put&most=0"),
        ("most-text", "/carts/c/things?put&most=x"),
        ("most-encoded", "/carts/c/things?put&most=%39"),
        ("most-fraction", "/carts/c/things?put&most=1.5"),
        ("most-huge", "/carts/c/things?put&most=99999999999999999999"),
        ("tags", "/carts/c/things?put&tag=a&tag=b"),
        ("tags-three", "/carts/c/things?put&tag=a&tag=b&tag=c"),
        ("tags-twice", "/carts/c/things?put&tag=a&tag=a"),
        ("tags-encoded", "/carts/c/things?put&tag=%61&tag=a"),
        ("tags-one-empty", "/carts/c/things?put&tag="),
    ] {
        with(name, target, full, r#"{"Name":"abc"}"#);
    }
    for (name, kind) in [("kind", "small"), ("kind-other", "middle"), ("kind-upper", "SMALL"), ("kind-wide", " small ")]
    {
        let headers = format!("{full}; x-kind: {kind}");
        with(name, target, Box::leak(headers.into_boxed_str()), r#"{"Name":"abc"}"#);
    }
    for (name, body) in [
        ("empty", ""),
        ("nothing", "{}"),
        ("null", r#"{"Name":null}"#),
        ("name-least", r#"{"Name":"ab"}"#),
        ("name-below", r#"{"Name":"a"}"#),
        ("name-empty", r#"{"Name":""}"#),
        ("name-most", r#"{"Name":"abcd"}"#),
        ("name-above", r#"{"Name":"abcde"}"#),
        ("name-long", r#"{"Name":"abcdeabcde"}"#),
        ("name-bytes", r#"{"Name":"éééé"}"#),
        ("name-utf16", r#"{"Name":"😀😀😀😀"}"#),
        ("name-other", r#"{"Name":"a1b"}"#),
        ("name-begin", r#"{"Name":"1ab"}"#),
        ("name-end", r#"{"Name":"ab1"}"#),
        ("name-upper", r#"{"Name":"ABC"}"#),
        ("name-newline", r#"{"Name":"ab\n"}"#),
        ("name-ahead", r#"{"Name":"awsa"}"#),
        ("name-almost-ahead", r#"{"Name":"awx"}"#),
        ("name-inner-ahead", r#"{"Name":"baws"}"#),
        ("name-number", r#"{"Name":7}"#),
        ("name-boolean", r#"{"Name":true}"#),
        ("name-array", r#"{"Name":["abc"]}"#),
        ("name-object", r#"{"Name":{"a":"abc"}}"#),
        ("count-least", r#"{"Name":"abc","Count":1}"#),
        ("count-below", r#"{"Name":"abc","Count":0}"#),
        ("count-far-below", r#"{"Name":"abc","Count":-99}"#),
        ("count-most", r#"{"Name":"abc","Count":9}"#),
        ("count-above", r#"{"Name":"abc","Count":10}"#),
        ("count-far-above", r#"{"Name":"abc","Count":99}"#),
        ("count-fraction", r#"{"Name":"abc","Count":2.5}"#),
        ("count-huge", r#"{"Name":"abc","Count":99999999999}"#),
        ("count-text", r#"{"Name":"abc","Count":"2"}"#),
        ("count-null", r#"{"Name":"abc","Count":null}"#),
        ("bytes", r#"{"Name":"abc","Bytes":"AA=="}"#),
        ("bytes-none", r#"{"Name":"abc","Bytes":""}"#),
        ("bytes-most", r#"{"Name":"abc","Bytes":"AAAA"}"#),
        ("bytes-above", r#"{"Name":"abc","Bytes":"AAAAAA=="}"#),
        ("bytes-other", r#"{"Name":"abc","Bytes":"?"}"#),
        ("bytes-number", r#"{"Name":"abc","Bytes":3}"#),
        ("parts", r#"{"Name":"abc","Parts":[{"Of":"a","Left":"b"}]}"#),
        ("parts-none", r#"{"Name":"abc","Parts":[]}"#),
        (
            "parts-three",
            r#"{"Name":"abc","Parts":[{"Of":"a","Left":"b"},{"Of":"a","Left":"b"},{"Of":"a","Left":"b"}]}"#,
        ),
        ("parts-two", r#"{"Name":"abc","Parts":[{"Of":"a","Left":"b"},{"Of":"a","Left":"b"}]}"#),
        ("parts-null", r#"{"Name":"abc","Parts":[null]}"#),
        ("parts-text", r#"{"Name":"abc","Parts":"a"}"#),
        ("part-text", r#"{"Name":"abc","Parts":["a"]}"#),
        ("part-without", r#"{"Name":"abc","Parts":[{"Left":"b"}]}"#),
        ("part-ruled", r#"{"Name":"abc","Parts":[{"Of":"a"}]}"#),
        ("part-deep", r#"{"Name":"abc","Parts":[{"Of":"a","Left":"b","Parts":[{"Of":7,"Right":"b"}]}]}"#),
        ("part-right", r#"{"Name":"abc","Parts":[{"Of":"a","Right":"b"}]}"#),
        ("words", r#"{"Name":"abc","Words":{"small":"abcdefg"}}"#),
        ("words-above", r#"{"Name":"abc","Words":{"small":"abcdefgh"}}"#),
        ("words-beyond", r#"{"Name":"abc","Words":{"small":"abcdefghi"}}"#),
        ("words-in-chars", r#"{"Name":"abc","Words":{"small":"éééé"}}"#),
        ("words-other", r#"{"Name":"abc","Words":{"middle":""}}"#),
        ("words-upper", r#"{"Name":"abc","Words":{"SMALL":""}}"#),
        ("words-wide", r#"{"Name":"abc","Words":{" small":""}}"#),
        ("words-null", r#"{"Name":"abc","Words":{"small":null}}"#),
        ("words-number", r#"{"Name":"abc","Words":{"small":1}}"#),
        ("cut", r#"{"Name":"abc""#),
        ("no-json", r#"{"Name":abc}"#),
        ("array", r#"[{"Name":"abc"}]"#),
        ("trailing", r#"{"Name":"abc"} x"#),
        ("nan", r#"{"Name":"abc","Count":NaN}"#),
        ("deep", r#"{"Name":"abc","x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#),
        (
            "less-deep",
            r#"{"Name":"abc","x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"y":"[[[\"[[["}"#,
        ),
        ("nul", r#"{"Name":"abc","x":"\u0000"}"#),
        ("surrogate", r#"{"Name":"abc","x":"\ud800"}"#),
        ("huge", r#"{"Name":"abc","x":1e999}"#),
        ("large-number", r#"{"Name":"abc","x":[4294967296]}"#),
        ("less-large-number", r#"{"Name":"abc","x":{"y":4294967295}}"#),
        ("null-inside", r#"{"Name":"abc","x":{"y":[null]}}"#),
        ("unknown", r#"{"Name":"abc","x":1}"#),
        ("twice", r#"{"Name":"a","Name":"abc"}"#),
    ] {
        with(name, target, full, body);
    }
    rows.push(("utf8", target, full, b"{\"Name\":\"abc\",\"x\":\"\xff\"}".to_vec()));
    rows
}

#[test]
fn a_fault_changes_only_the_responses_that_it_concerns() {
    let contract = from_json(&contract().to_string()).expect("a contract");
    let service = ReferenceService::new(contract, server_config());
    let requests = requests();
    let responses = |prefix: &str| -> Vec<String> {
        let one = |(_, target, headers, body): &(&str, &str, &str, Vec<u8>)| {
            let method = if target.contains("put") { "POST" } else { "GET" };
            format_short(&send(&service, method, &format!("{prefix}{target}"), headers, body))
        };
        requests.iter().map(one).collect()
    };
    let faithful = responses("");
    let mut text = String::from("faithful\n");
    for ((name, ..), response) in requests.iter().zip(&faithful) {
        writeln!(text, "  {name}: {response}").expect("writing to a string cannot fail");
    }
    for name in service.faults().keys() {
        writeln!(text, "{name}").expect("writing to a string cannot fail");
        let responses = responses(&format!("/faults/{name}"));
        let changed: Vec<usize> = (0..requests.len()).filter(|index| responses[*index] != faithful[*index]).collect();
        // All requests with the same changed response are listed in one line.
        let same_response: Vec<&str> = changed
            .iter()
            .filter(|index| responses[**index] == responses[changed[0]])
            .map(|index| requests[*index].0)
            .collect();
        if let Some(first) = changed.first() {
            writeln!(text, "  {}: {}", same_response.join(" "), responses[*first])
                .expect("writing to a string cannot fail");
        }
        for index in changed.iter().filter(|index| responses[**index] != responses[changed[0]]) {
            writeln!(text, "  {}: {}", requests[*index].0, responses[*index]).expect("writing to a string cannot fail");
        }
    }
    insta::assert_snapshot!("faults", text);
}
