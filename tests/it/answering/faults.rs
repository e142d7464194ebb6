//! Every fault of one small contract, in words, and which answers it changes.
//!
//! A fault may change the answers that it is about, and no others.

use super::shop::{ask, document, short, world};
use overstep::contract::from_json;
use overstep::reference::{Fault, ReferenceService};
use serde_json::{Value, json};
use std::fmt::Write as _;

fn contract() -> Value {
    document("restJson", json!([{"scheme": "bearer"}]))
}

/// Name, flags, where it shows, and what it says of itself.
fn described(fault: &Fault) -> String {
    let breaks = if fault.violates_contract { "breaks" } else { "silent" };
    let hidden = fault.hidden_reason.map(|why| format!(" (hidden: {why})")).unwrap_or_default();
    let touches: Vec<String> =
        fault.scopes.iter().map(|at| format!("{}/{}/{}", at.operation, at.member, at.constraint)).collect();
    format!("{} [{breaks}] {}{hidden} @ {}\n", fault.name, fault.description, touches.join(" "))
}

#[test]
fn the_catalogue_of_a_contract_is_told_whole() {
    for (name, protocol, auth) in [
        ("catalogue-plain", "restJson", json!([{"scheme": "bearer"}])),
        ("catalogue-xml", "restXml", json!([{"scheme": "sigv4"}])),
        ("catalogue-cbor", "rpcv2Cbor", json!([{"scheme": "header", "name": "x-key"}])),
    ] {
        let contract = from_json(&document(protocol, auth).to_string()).expect("a contract");
        let all: String = overstep::reference::list_faults(&contract).iter().map(described).collect();
        insta::assert_snapshot!(name, all);
    }
}

/// Names by place, `~` before what no document forbids, and why where no request can show it.
fn in_short(contract: &overstep::contract::Contract) -> String {
    let mut told = String::new();
    let mut place = String::new();
    for fault in overstep::reference::list_faults(contract) {
        let (at, kind) = match fault.name.match_indices('.').nth(1) {
            Some((end, _)) => fault.name.split_at(end),
            None => fault.name.split_at(0),
        };
        if at != place {
            write!(told, "\n{at}\n ").expect("a text");
            place = at.to_owned();
        }
        let hidden = fault.hidden_reason.map(|why| format!(" ({why})")).unwrap_or_default();
        let silent = if fault.violates_contract { "" } else { "~" };
        write!(told, " {silent}{}{hidden}", kind.trim_start_matches('.')).expect("a text");
    }
    told
}

#[test]
fn the_catalogues_of_the_shipped_contracts_lose_nothing() {
    for name in ["connect", "leadlex"] {
        let (contract, ..) = crate::support::shipped(name);
        insta::assert_snapshot!(format!("catalogue-{name}"), in_short(&contract));
    }
}

#[test]
fn a_catalogue_says_what_cannot_show() {
    let mut told = String::new();
    for (name, contract) in super::odd::contracts() {
        let contract = from_json(&contract.to_string()).expect("a contract");
        writeln!(told, "{name}{}", in_short(&contract)).expect("a text");
    }
    insta::assert_snapshot!("catalogue-odd", told);
}

/// What is asked, by name: target, headers and body of a POST, or of a GET where there is no body.
fn asked() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
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
fn a_fault_changes_what_it_is_about_and_nothing_else() {
    let contract = from_json(&contract().to_string()).expect("a contract");
    let service = ReferenceService::new(contract, world());
    let asked = asked();
    let answers = |prefix: &str| -> Vec<String> {
        let one = |(_, target, headers, body): &(&str, &str, &str, Vec<u8>)| {
            let method = if target.contains("put") { "POST" } else { "GET" };
            short(&ask(&service, method, &format!("{prefix}{target}"), headers, body))
        };
        asked.iter().map(one).collect()
    };
    let faithful = answers("");
    let mut told = String::from("faithful\n");
    for ((name, ..), answer) in asked.iter().zip(&faithful) {
        writeln!(told, "  {name}: {answer}").expect("a text");
    }
    for name in service.faults().keys() {
        writeln!(told, "{name}").expect("a text");
        let answers = answers(&format!("/faults/{name}"));
        let changed: Vec<usize> = (0..asked.len()).filter(|at| answers[*at] != faithful[*at]).collect();
        // Who answers the same to all is told by one of them.
        let alike: Vec<&str> =
            changed.iter().filter(|at| answers[**at] == answers[changed[0]]).map(|at| asked[*at].0).collect();
        if let Some(first) = changed.first() {
            writeln!(told, "  {}: {}", alike.join(" "), answers[*first]).expect("a text");
        }
        for at in changed.iter().filter(|at| answers[**at] != answers[changed[0]]) {
            writeln!(told, "  {}: {}", asked[*at].0, answers[*at]).expect("a text");
        }
    }
    insta::assert_snapshot!("faults", told);
}
