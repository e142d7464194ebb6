//! botocore's protocol vectors, read from beside the project; visibly skipped where they are not.
//! The contract of each vector comes through our own reader of botocore's models.

#![allow(unused_macros, unused_imports, reason = "a bench shares this folder and has no vectors")]

use super::visible;
use overstep::contract::{Contract, Shape, ShapeKind};
use overstep::ingest::{self, IngestOptions, NoDocuments};
use serde_json::{Map, Value as Json, json};

fn suites(side: &str, name: &str) -> Option<Vec<Json>> {
    let path = format!("{}/../shared/protocol-tests/{side}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    #[expect(clippy::disallowed_methods, reason = "test data outside the project")]
    let Ok(text) = std::fs::read_to_string(&path) else {
        visible::say(&format!("skipped: {path} is not there"));
        return None;
    };
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// Runs all vectors of a file, and fails with all that differ.
pub fn all(
    side: &str,
    name: &str,
    count: usize,
    left_out: fn(&str) -> Option<&'static str>,
    vector: fn(&Contract, &Json, &Json) -> Result<(), String>,
) {
    let Some(suites) = suites(side, name) else { return };
    let (mut seen, mut wrong) = (0, Vec::new());
    for suite in &suites {
        for case in suite["cases"].as_array().expect("a list") {
            seen += 1;
            let id = case["id"].as_str().expect("an id");
            if let Some(reason) = left_out(id) {
                eprintln!("left out: {id}: {reason}");
                continue;
            }
            if let Err(reason) = vector(&contract(suite, case), suite, case) {
                wrong.push(format!("{id}: {reason}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(seen, count, "vectors in {side}/{name}");
}

pub fn contract(suite: &Json, case: &Json) -> Contract {
    let name = case["given"]["name"].as_str().expect("a name");
    let model = json!({
        "metadata": suite["metadata"], "operations": {name: case["given"]}, "shapes": suite["shapes"],
    });
    let read =
        ingest::read_document("vector", model.to_string().as_bytes(), &IngestOptions::default(), &mut NoDocuments);
    let read = read.expect("a model").contract;
    // Through the JSON form and back, so that the form is known to keep all that protocols need.
    let form = overstep::contract::to_json(&read);
    let again = overstep::contract::from_json(&form).expect("our own form");
    assert_eq!(overstep::contract::to_json(&again), form);
    again
}

pub fn same(ours: &Json, theirs: &Json) -> Result<(), String> {
    let text = |json: &Json| {
        let mut json = json.clone();
        json.sort_all_objects();
        json.to_string()
    };
    if text(ours) == text(theirs) { Ok(()) } else { Err(format!("\n  {}\n  and not\n  {}", text(ours), text(theirs))) }
}

/// What a vector expects, as we say it: bytes are base64, floats are floats.
pub fn expected(contract: &Contract, shape: &Shape, json: &Json) -> Json {
    match (&shape.kind, json) {
        (ShapeKind::Blob, Json::String(text)) => data_encoding::BASE64.encode(text.as_bytes()).into(),
        (ShapeKind::Float | ShapeKind::Double, Json::Number(number)) => number.as_f64().expect("a float").into(),
        (ShapeKind::List { member }, Json::Array(items)) => {
            items.iter().map(|item| expected(contract, contract.shape(member), item)).collect()
        }
        (ShapeKind::Map { value, .. }, Json::Object(entries)) => entries
            .iter()
            .map(|(key, json)| (key.clone(), expected(contract, contract.shape(value), json)))
            .collect::<Map<_, _>>()
            .into(),
        (kind, Json::Object(given)) if kind.members().is_some() => given
            .iter()
            .filter(|(_, json)| !json.is_null())
            .map(|(name, json)| match kind.members().and_then(|members| members.get(name)) {
                Some(member) => (name.clone(), expected(contract, contract.shape(&member.shape), json)),
                None => (name.clone(), json.clone()),
            })
            .collect::<Map<_, _>>()
            .into(),
        (_, json) => json.clone(),
    }
}

/// A test for each side of each file, and how many vectors stand in it: requests go through the caller's `request`, less
/// those that the first function gives a reason for; answers through `answer`, less those of the second.
macro_rules! every_vector {
    ($no_request:ident, $no_answer:ident) => {
        $crate::support::vectors::every_vector! { ($no_request, $no_answer)
            rest_json, "rest-json", 113, 91;
            rest_xml, "rest-xml", 94, 78;
            aws_json_1_0, "json_1_0", 21, 32;
            aws_json_1_0_query_compatible, "json_1_0-query-compatible", 1, 2;
            aws_json_1_1, "json", 54, 58;
            aws_query, "query", 38, 38;
            ec2_query, "ec2", 29, 29;
            rpc_v2_cbor, "smithy-rpc-v2-cbor", 15, 35;
            rpc_v2_cbor_query_compatible, "smithy-rpc-v2-cbor-query-compatible", 1, 2;
        }
    };
    ($excused:tt $($name:ident, $file:literal, $input:literal, $output:literal;)*) => { $(
        mod $name {
            $crate::support::vectors::every_vector! { @both $excused $file, $input, $output }
        }
    )* };
    (@both ($no_request:ident, $no_answer:ident) $file:literal, $input:literal, $output:literal) => {
        #[test]
        fn requests() {
            super::vectors::all("input", $file, $input, super::$no_request, super::request);
        }

        #[test]
        fn answers() {
            super::vectors::all("output", $file, $output, super::$no_answer, super::answer);
        }
    };
}

pub(crate) use every_vector;
