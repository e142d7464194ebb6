//! Requests that the client encodes must be decoded to the same values by the reference server, in every protocol.

use super::random_contract::{RandomContract, random_contract};
use arbitrary::Unstructured;
use overstep::case::{Case, Intent, StepRequest, Value};
use overstep::contract::{Contract, MemberLocation, Protocol, ShapeId, ShapeKind};
use overstep::generate::{GenerationLevel, GenerationOptions};
use overstep::reference::{ReferenceService, ServerConfig, ServerRequest};
use overstep::scenario::Scenario;
use overstep::{generate, wire};
use serde_json::{Map, Value as Json};

/// Maximum number of cases per contract, since the next input is another contract.
const MAX_CASES: usize = 150;

/// Builds a contract from the bytes, and encodes and decodes each of its valid cases.
pub fn reading(bytes: &[u8]) {
    let mut choices = Unstructured::new(bytes);
    let Ok(RandomContract { text, seed }) = random_contract(&mut choices) else { return };
    let contract = overstep::contract::from_json(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let scenario = Scenario::with_name("things");
    let options = GenerationOptions { seed, level: GenerationLevel::Quick };
    // Contracts with a pattern that no allowed length satisfies are rejected.
    let Ok(cases) = generate::generate_cases(&contract, &scenario, options) else { return };
    let service = ReferenceService::new(contract.clone(), ServerConfig::default());
    for case in cases.filter(|case| case.unsendable_reason.is_none() && case.steps.len() == 1).take(MAX_CASES) {
        if let Err(reason) = read_back(&contract, &service, &case) {
            panic!("{}: {reason}\n{text}", case.id);
        }
    }
}

/// Encodes a case and decodes it.
///
/// # Errors
/// Returns a description if the decoded values differ.
pub fn read_back(contract: &Contract, service: &ReferenceService, case: &Case) -> Result<(), String> {
    let send = &case.steps[0].request;
    let StepRequest::Operation { name, input, damage } = send else { return Ok(()) };
    if !damage.is_empty() || !matches!(case.intent, Intent::Valid | Intent::Violates) || has_placeholders(input) {
        return Ok(());
    }
    // Inputs that cannot be encoded are not sent.
    let Ok(encoded) = wire::encode_request(contract, send, "") else { return Ok(()) };
    let headers: Vec<(&str, &[u8])> =
        encoded.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request =
        ServerRequest { method: &encoded.method, target: &encoded.target, headers: &headers, body: &encoded.body };
    let describe = || format!("{} {} {:?} {:?}", encoded.method, encoded.target, encoded.headers, encoded.body);
    let response = service.handle(&request);
    let status = response.status;
    if status >= 500 {
        return Err(format!("{status} for {}", describe()));
    }
    if case.intent == Intent::Violates {
        return if status >= 400 { Ok(()) } else { Err(format!("{status} for {}: {}", case.rule, describe())) };
    }
    let (read_name, read) = match service.read_request(&request) {
        Some(Ok(read)) => read,
        other => return Err(format!("{other:?} for {}", describe())),
    };
    let operation = contract.operation(name.as_str()).ok_or("no such operation")?;
    let expected = operation.input.as_ref().map_or_else(|| Json::Object(Map::new()), |id| to_json(contract, id, input));
    let (read, expected) = (
        normalized(contract, operation.input.as_ref(), read),
        normalized(contract, operation.input.as_ref(), expected),
    );
    if read_name != name.as_str() || read != expected {
        return Err(format!("{read_name} {read}\nand not\n{name} {expected}\nfor {}", describe()));
    }
    let body = || String::from_utf8_lossy(&response.body).into_owned();
    if status >= 400 { Err(format!("{status} {} for {}", body(), describe())) } else { Ok(()) }
}

fn has_placeholders(value: &Value) -> bool {
    match value {
        Value::Template(_) | Value::Raw(_) => true,
        Value::List(items) => items.iter().any(has_placeholders),
        Value::Map(entries) => entries.values().any(has_placeholders),
        _ => false,
    }
}

/// Converts a case's value to JSON: bytes are base64, and members with null are omitted.
fn to_json(contract: &Contract, id: &ShapeId, value: &Value) -> Json {
    match (&contract.shape(id).kind, value) {
        (_, Value::Null) => Json::Null,
        (_, Value::Boolean(truth)) => (*truth).into(),
        (_, Value::Number(literal)) => serde_json::from_str(literal).unwrap_or_else(|_| literal.as_str().into()),
        (_, Value::Blob(bytes)) => data_encoding::BASE64.encode(bytes).into(),
        (ShapeKind::List { member }, Value::List(items)) => {
            items.iter().map(|item| to_json(contract, member, item)).collect()
        }
        (ShapeKind::Map { value: values, .. }, Value::Map(entries)) => entries
            .iter()
            .map(|(key, value)| (key.clone(), to_json(contract, values, value)))
            .collect::<Map<_, _>>()
            .into(),
        (kind, Value::Map(given)) => given
            .iter()
            .filter(|(_, value)| **value != Value::Null)
            .map(|(name, value)| {
                let known = kind.members().and_then(|members| members.get(name));
                (name.clone(), known.map_or(Json::Null, |member| to_json(contract, &member.shape, value)))
            })
            .collect::<Map<_, _>>()
            .into(),
        (_, Value::List(items)) => items.iter().map(|item| to_json(contract, id, item)).collect(),
        (_, Value::Text(text) | Value::Template(text) | Value::Raw(text)) => text.as_str().into(),
    }
}

/// Removes differences that the protocol cannot encode: in text formats, empty values look like missing ones.
fn normalized(contract: &Contract, input: Option<&ShapeId>, value: Json) -> Json {
    let members = input.and_then(|id| contract.shape(id).kind.members());
    let texts = matches!(contract.protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml));
    let Json::Object(given) = value else { return normalize_numbers(value, texts) };
    given
        .into_iter()
        .filter(|(name, _)| members.is_some_and(|members| members.contains_key(name)))
        .map(|(name, value)| {
            let location =
                members.and_then(|members| members.get(&name)).map_or(MemberLocation::Body, |member| member.location);
            let texts = texts || matches!(location, MemberLocation::Query | MemberLocation::Header);
            (name, normalize_numbers(value, texts))
        })
        .filter(|(_, value)| !is_empty_collection_in_text(value, texts))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .filter(|(name, value)| {
            let location =
                members.and_then(|members| members.get(name)).map_or(MemberLocation::Body, |member| member.location);
            !(matches!(location, MemberLocation::Query | MemberLocation::Header | MemberLocation::Payload)
                && is_empty(value))
        })
        .collect::<Map<_, _>>()
        .into()
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.is_empty(),
        Json::String(text) => text.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn is_empty_collection_in_text(value: &Json, texts: bool) -> bool {
    texts && !value.is_string() && is_empty(value)
}

fn normalize_numbers(value: Json, texts: bool) -> Json {
    match value {
        Json::Number(number) => number.as_f64().map_or(Json::Number(number), Json::from),
        Json::Array(items) => {
            let items = items.into_iter().map(|item| normalize_numbers(item, texts));
            items.filter(|item| !is_empty_collection_in_text(item, texts)).collect()
        }
        Json::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, normalize_numbers(value, texts)))
            .filter(|(_, value)| !is_empty_collection_in_text(value, texts))
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_iter()
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}
