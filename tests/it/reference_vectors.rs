//! botocore's protocol vectors, compared with the reference server's own decoding and encoding.
//!
//! The server alone decodes requests. The client decodes the server's responses; `wire_vectors` tests the client.

use crate::support::vectors::{self, every_vector};

use overstep::contract::{Contract, ErrorName, Protocol};
use overstep::reference::{ReferenceService, ServerConfig, ServerRequest, ServerResponse};
use overstep::wire::{decode_error_result, decode_result, find_error};
use serde_json::{Map, Value as Json};
use vectors::{expected, same};

/// Returns why a request vector is skipped; all others are checked.
fn skip_request(id: &str) -> Option<&'static str> {
    let is = |ids: &[&str]| ids.contains(&id);
    Some(match () {
        () if id.ends_with("IdempotencyTokenAutoFill") => "the client generates the token",
        () if id.contains("ContentEncoding_") || id.contains("ProvidedEncoding_") => {
            "the vector omits the compressed body"
        }
        () if is(&["QueryEmptyQueryMaps", "Ec2EmptyQueryLists", "RestJsonOmitsEmptyListQueryValues"])
            || id.ends_with("HttpPrefixHeadersAreNotPresent") =>
        {
            "empty values are not sent"
        }
        () if id.ends_with("QueryPrecedence") => "a member of the same name overrides an entry of the map",
        () if is(&[
            "RestJsonAllQueryStringTypes",
            "RestJsonQueryStringEscaping",
            "RestJsonZeroAndFalseQueryValues",
        ]) || id.starts_with("RestJsonSupports") && id.ends_with("FloatQueryValues") =>
        {
            "the map repeats values of other members"
        }
        () => return None,
    })
}

/// Returns why a response vector is skipped; all others are checked.
fn skip_response(id: &str) -> Option<&'static str> {
    (id == "HttpPrefixHeadersResponse").then_some("a map of all headers contains the content type")
}

every_vector!(skip_request, skip_response);

fn request(contract: &Contract, suite: &Json, case: &Json) -> Result<(), String> {
    let mut contract = contract.clone();
    contract.base_url = suite["clientEndpoint"].as_str().map(str::to_owned);
    let sent = &case["serialized"];
    let body = sent["body"].as_str().unwrap_or_default();
    let body = match contract.protocol {
        Some(Protocol::RpcV2Cbor) => data_encoding::BASE64.decode(body.as_bytes()).expect("base64"),
        _ => body.as_bytes().to_vec(),
    };
    let mut headers: Vec<(&str, &[u8])> = sent["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().expect("a text").as_bytes()))
        .collect();
    // Vectors list only the headers that they test, which may exclude the target.
    let target = format!("Any.{}", contract.operations[0].name);
    let is_aws_json = matches!(contract.protocol, Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1));
    if is_aws_json && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-amz-target")) {
        contract.traits.target_prefix = None;
        headers.push(("x-amz-target", target.as_bytes()));
    }
    let request = ServerRequest {
        method: sent["method"].as_str().expect("a method"),
        target: sent["uri"].as_str().expect("a target"),
        headers: &headers,
        body: &body,
    };
    let service = ReferenceService::new(contract.clone(), ServerConfig::default());
    let operation = &contract.operations[0];
    let (name, input) =
        service.read_request(&request).ok_or("no operation matches")?.map_err(|error| error.to_string())?;
    if name != operation.name.as_str() {
        return Err(format!("operation {name}, not {}", operation.name));
    }
    let expected_value = match &operation.input {
        Some(id) => expected(&contract, contract.shape(id), &case["params"]),
        None => Json::Object(Map::new()),
    };
    same(&floats(&input), &floats(&expected_value))
}

/// Converts every number to a float, so that integers and floats compare equal.
fn floats(json: &Json) -> Json {
    match json {
        Json::Number(number) => number.as_f64().expect("a float").into(),
        Json::Array(items) => items.iter().map(floats).collect(),
        Json::Object(members) => {
            members.iter().map(|(name, json)| (name.clone(), floats(json))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn answer(contract: &Contract, _suite: &Json, case: &Json) -> Result<(), String> {
    let operation = &contract.operations[0];
    let service = ReferenceService::new(contract.clone(), ServerConfig::default());
    let expected_value = &case["response"];
    let status = expected_value["status_code"].as_u64().expect("a status");
    if let Some(code) = case["errorCode"].as_str() {
        let name = case["given"]["errors"][0]["shape"].as_str().expect("an error");
        let shape = contract.errors[&ErrorName::from(name)].shape.as_ref().expect("a shape");
        let error = expected(contract, contract.shape(shape), &case["error"]);
        let response = service.write_error(name, error.as_object().expect("an object")).ok_or("no such error")?;
        let (headers, body) = (headers(&response), &response.body);
        let found = find_error(contract.protocol, response.status, &headers, body, None);
        if found.as_ref().map(|found| found.code.as_str()) != Some(code) {
            return Err(format!("error {found:?}, not {code}"));
        }
        let read =
            decode_error_result(contract, shape, response.status, &headers, body).map_err(|error| error.to_string())?;
        return same(&read, &error);
    }
    let output = match &operation.output {
        Some(id) => expected(contract, contract.shape(id), &case["result"]),
        None => Json::Object(Map::new()),
    };
    let response = service.write_success(operation.name.as_str(), &output).ok_or("no such operation")?;
    if u64::from(response.status) != status {
        return Err(format!("status {}, not {status}", response.status));
    }
    let read = decode_result(contract, operation, response.status, &headers(&response), &response.body);
    same(&read.map_err(|error| error.to_string())?, &output)
}

fn headers(response: &ServerResponse) -> Vec<(String, String)> {
    response.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}
