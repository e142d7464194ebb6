//! botocore's protocol vectors, held against the reference server's own reading and writing.
//!
//! A request is read by the server alone. What the server answers is read back by the client's side, which other
//! vectors pin; only here may a test see both.

use crate::support::vectors::{self, every_vector};

use overstep::contract::{Contract, ErrorName, Protocol};
use overstep::reference::{ReferenceService, ServerConfig, ServerRequest, ServerResponse};
use overstep::wire::{decode_error_result, decode_result, find_error};
use serde_json::{Map, Value as Json};
use vectors::{expected, same};

/// The requests that are not read as their parameters, each with its reason; nothing else is left out.
fn unread(id: &str) -> Option<&'static str> {
    let is = |ids: &[&str]| ids.contains(&id);
    Some(match () {
        () if id.ends_with("IdempotencyTokenAutoFill") => {
            "the token is made up by the client, and what arrives has one"
        }
        () if id.contains("ContentEncoding_") || id.contains("ProvidedEncoding_") => {
            "the vector leaves the compressed body out"
        }
        () if is(&["QueryEmptyQueryMaps", "Ec2EmptyQueryLists", "RestJsonOmitsEmptyListQueryValues"])
            || id.ends_with("HttpPrefixHeadersAreNotPresent") =>
        {
            "what is empty leaves nothing on the wire"
        }
        () if id.ends_with("QueryPrecedence") => "an entry of the map is lost to a member of its name",
        () if is(&[
            "RestJsonAllQueryStringTypes",
            "RestJsonQueryStringEscaping",
            "RestJsonZeroAndFalseQueryValues",
        ]) || id.starts_with("RestJsonSupports") && id.ends_with("FloatQueryValues") =>
        {
            "the map has again what members of its own say"
        }
        () => return None,
    })
}

/// The answers that are not written, each with its reason; nothing else is left out.
fn unsaid(id: &str) -> Option<&'static str> {
    (id == "HttpPrefixHeadersResponse").then_some("a map of all headers holds the content type, too")
}

every_vector!(unread, unsaid);

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
    // Vectors list the headers that they are about, and the target is not always among them.
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
        service.read_request(&request).ok_or("no operation is meant")?.map_err(|error| error.to_string())?;
    if name != operation.name.as_str() {
        return Err(format!("operation {name}, not {}", operation.name));
    }
    let due = match &operation.input {
        Some(id) => expected(&contract, contract.shape(id), &case["params"]),
        None => Json::Object(Map::new()),
    };
    same(&floats(&input), &floats(&due))
}

/// The same with every number as a float: whether one is whole says nothing.
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
    let due = &case["response"];
    let status = due["status_code"].as_u64().expect("a status");
    if let Some(code) = case["errorCode"].as_str() {
        let name = case["given"]["errors"][0]["shape"].as_str().expect("an error");
        let shape = contract.errors[&ErrorName::from(name)].shape.as_ref().expect("a shape");
        let error = expected(contract, contract.shape(shape), &case["error"]);
        let said = service.write_error(name, error.as_object().expect("an object")).ok_or("no such error")?;
        let (headers, body) = (headers(&said), &said.body);
        let seen = find_error(contract.protocol, said.status, &headers, body, None);
        if seen.as_ref().map(|seen| seen.code.as_str()) != Some(code) {
            return Err(format!("error {seen:?}, not {code}"));
        }
        let read =
            decode_error_result(contract, shape, said.status, &headers, body).map_err(|error| error.to_string())?;
        return same(&read, &error);
    }
    let output = match &operation.output {
        Some(id) => expected(contract, contract.shape(id), &case["result"]),
        None => Json::Object(Map::new()),
    };
    let said = service.write_success(operation.name.as_str(), &output).ok_or("no such operation")?;
    if u64::from(said.status) != status {
        return Err(format!("status {}, not {status}", said.status));
    }
    let read = decode_result(contract, operation, said.status, &headers(&said), &said.body);
    same(&read.map_err(|error| error.to_string())?, &output)
}

fn headers(response: &ServerResponse) -> Vec<(String, String)> {
    response.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}
