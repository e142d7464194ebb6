//! botocore's protocol test vectors, which are not part of the repository. Tests print a line and pass if they are missing.
//! The contract of each vector comes from the reader of botocore's models.

#![allow(unused_macros, unused_imports, reason = "a benchmark shares this module and has no vectors")]

use super::visible;
use overstep::contract::{Contract, Shape, ShapeKind};
use overstep::ingest::{self, IngestOptions, NoDocuments};
use serde_json::{Map, Value as Json, json};

fn suites(side: &str, name: &str) -> Option<Vec<Json>> {
    let path = format!("{}/../shared/protocol-tests/{side}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    #[expect(clippy::disallowed_methods, reason = "test data outside of the repository")]
    let Ok(text) = std::fs::read_to_string(&path) else {
        visible::say(&format!("skipped: {path} is missing"));
        return None;
    };
    Some(serde_json::from_str(&text).expect("valid JSON"))
}

/// Runs all vectors of a file.
///
/// # Panics
/// If a vector fails, with a list of all that do.
pub fn all(
    side: &str,
    name: &str,
    count: usize,
    skip_reason: fn(&str) -> Option<&'static str>,
    vector: fn(&Contract, &Json, &Json) -> Result<(), String>,
) {
    let Some(suites) = suites(side, name) else { return };
    let (mut total, mut failures) = (0, Vec::new());
    for suite in &suites {
        for case in suite["cases"].as_array().expect("JSON array") {
            total += 1;
            let id = case["id"].as_str().expect("case id");
            if let Some(reason) = skip_reason(id) {
                eprintln!("skipped: {id}: {reason}");
                continue;
            }
            if let Err(reason) = vector(&contract(suite, case), suite, case) {
                failures.push(format!("{id}: {reason}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {total} differ\n{}", failures.len(), failures.join("\n"));
    assert_eq!(total, count, "vectors in {side}/{name}");
}

pub fn contract(suite: &Json, case: &Json) -> Contract {
    let name = case["given"]["name"].as_str().expect("name");
    let model = json!({
        "metadata": suite["metadata"], "operations": {name: case["given"]}, "shapes": suite["shapes"],
    });
    let read =
        ingest::read_document("vector", model.to_string().as_bytes(), &IngestOptions::default(), &mut NoDocuments);
    let read = read.expect("valid model").contract;
    // The round trip shows that the JSON format preserves everything that protocols need.
    let form = overstep::contract::to_json(&read);
    let again = overstep::contract::from_json(&form).expect("read the contract back");
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

/// Converts the values that a vector expects to our JSON form: bytes are base64, floats are floats.
pub fn expected(contract: &Contract, shape: &Shape, json: &Json) -> Json {
    match (&shape.kind, json) {
        (ShapeKind::Blob, Json::String(text)) => data_encoding::BASE64.encode(text.as_bytes()).into(),
        (ShapeKind::Float | ShapeKind::Double, Json::Number(number)) => {
            number.as_f64().expect("number is a float").into()
        }
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

/// Declares a test for the requests and for the responses of each file, with the number of its vectors. Requests go to the
/// caller's function `request`, and responses to `answer`. The two arguments are functions that return a reason for each
/// vector to skip.
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
