//! A case, written by the client's side, is what the reference server's own reading gives back, whatever the protocol.

use super::made::{self, Made};
use arbitrary::Unstructured;
use overstep::case::{Case, Intent, StepRequest, Value};
use overstep::contract::{Contract, MemberLocation, Protocol, ShapeId, ShapeKind};
use overstep::generate::{GenerationLevel, GenerationOptions};
use overstep::reference::{ReferenceService, ServerConfig, ServerRequest};
use overstep::scenario::Scenario;
use overstep::{generate, wire};
use serde_json::{Map, Value as Json};

/// So many cases of a contract are looked at; another contract follows soon.
const MOST_CASES: usize = 150;

/// A contract is made of the bytes, and every valid case of it is written and read.
pub fn reading(bytes: &[u8]) {
    let mut choices = Unstructured::new(bytes);
    let Ok(Made { text, seed }) = made::contract(&mut choices) else { return };
    let contract = overstep::contract::from_json(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let scenario = Scenario::with_name("things");
    let options = GenerationOptions { seed, level: GenerationLevel::Quick };
    // A pattern that no allowed length can satisfy is refused, which is a promise of its own.
    let Ok(cases) = generate::generate_cases(&contract, &scenario, options) else { return };
    let service = ReferenceService::new(contract.clone(), ServerConfig::default());
    for case in cases.filter(|case| case.unsendable_reason.is_none() && case.steps.len() == 1).take(MOST_CASES) {
        if let Err(reason) = read_back(&contract, &service, &case) {
            panic!("{}: {reason}\n{text}", case.id);
        }
    }
}

/// Writes a case and reads it; what was read otherwise.
pub fn read_back(contract: &Contract, service: &ReferenceService, case: &Case) -> Result<(), String> {
    let send = &case.steps[0].request;
    let StepRequest::Operation { name, input, damage } = send else { return Ok(()) };
    if !damage.is_empty() || !matches!(case.intent, Intent::Valid | Intent::Violates) || has_holes(input) {
        return Ok(());
    }
    // What cannot travel is not sent, either.
    let Ok(message) = wire::encode_request(contract, send, "") else { return Ok(()) };
    let headers: Vec<(&str, &[u8])> =
        message.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request =
        ServerRequest { method: &message.method, target: &message.target, headers: &headers, body: &message.body };
    let shown = || format!("{} {} {:?} {:?}", message.method, message.target, message.headers, message.body);
    let answer = service.handle(&request);
    let status = answer.status;
    if status >= 500 {
        return Err(format!("{status} for {}", shown()));
    }
    if case.intent == Intent::Violates {
        return if status >= 400 { Ok(()) } else { Err(format!("{status} for {}: {}", case.rule, shown())) };
    }
    let (read_name, read) = match service.read_request(&request) {
        Some(Ok(read)) => read,
        other => return Err(format!("{other:?} for {}", shown())),
    };
    let operation = contract.operation(name.as_str()).ok_or("no such operation")?;
    let due = operation.input.as_ref().map_or_else(|| Json::Object(Map::new()), |id| meant(contract, id, input));
    let (read, due) = (seen(contract, operation.input.as_ref(), read), seen(contract, operation.input.as_ref(), due));
    if read_name != name.as_str() || read != due {
        return Err(format!("{read_name} {read}\nand not\n{name} {due}\nfor {}", shown()));
    }
    let said = || String::from_utf8_lossy(&answer.body).into_owned();
    if status >= 400 { Err(format!("{status} {} for {}", said(), shown())) } else { Ok(()) }
}

fn has_holes(value: &Value) -> bool {
    match value {
        Value::Template(_) | Value::Raw(_) => true,
        Value::List(items) => items.iter().any(has_holes),
        Value::Map(entries) => entries.values().any(has_holes),
        _ => false,
    }
}

/// A case's value as JSON: bytes are base64, all numbers of a kind are written alike, and nulls of members left out.
fn meant(contract: &Contract, id: &ShapeId, value: &Value) -> Json {
    match (&contract.shape(id).kind, value) {
        (_, Value::Null) => Json::Null,
        (_, Value::Boolean(truth)) => (*truth).into(),
        (_, Value::Number(literal)) => serde_json::from_str(literal).unwrap_or_else(|_| literal.as_str().into()),
        (_, Value::Blob(bytes)) => data_encoding::BASE64.encode(bytes).into(),
        (ShapeKind::List { member }, Value::List(items)) => {
            items.iter().map(|item| meant(contract, member, item)).collect()
        }
        (ShapeKind::Map { value: values, .. }, Value::Map(entries)) => entries
            .iter()
            .map(|(key, value)| (key.clone(), meant(contract, values, value)))
            .collect::<Map<_, _>>()
            .into(),
        (kind, Value::Map(given)) => given
            .iter()
            .filter(|(_, value)| **value != Value::Null)
            .map(|(name, value)| {
                let known = kind.members().and_then(|members| members.get(name));
                (name.clone(), known.map_or(Json::Null, |member| meant(contract, &member.shape, value)))
            })
            .collect::<Map<_, _>>()
            .into(),
        (_, Value::List(items)) => items.iter().map(|item| meant(contract, id, item)).collect(),
        (_, Value::Text(text) | Value::Template(text) | Value::Raw(text)) => text.as_str().into(),
    }
}

/// What of a value its protocol can show: in texts, nothing tells what is empty from what is not there.
fn seen(contract: &Contract, input: Option<&ShapeId>, value: Json) -> Json {
    let members = input.and_then(|id| contract.shape(id).kind.members());
    let texts = matches!(contract.protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml));
    let Json::Object(given) = value else { return alike(value, texts) };
    given
        .into_iter()
        .filter(|(name, _)| members.is_some_and(|members| members.contains_key(name)))
        .map(|(name, value)| {
            let location =
                members.and_then(|members| members.get(&name)).map_or(MemberLocation::Body, |one| one.location);
            let texts = texts || matches!(location, MemberLocation::Query | MemberLocation::Header);
            (name, alike(value, texts))
        })
        .filter(|(_, value)| !texts_only_empty(value, texts))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .filter(|(name, value)| {
            let location =
                members.and_then(|members| members.get(name)).map_or(MemberLocation::Body, |one| one.location);
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

fn texts_only_empty(value: &Json, texts: bool) -> bool {
    texts && !value.is_string() && is_empty(value)
}

fn alike(value: Json, texts: bool) -> Json {
    match value {
        Json::Number(number) => number.as_f64().map_or(Json::Number(number), Json::from),
        Json::Array(items) => {
            let items = items.into_iter().map(|item| alike(item, texts));
            items.filter(|item| !texts_only_empty(item, texts)).collect()
        }
        Json::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, alike(value, texts)))
            .filter(|(_, value)| !texts_only_empty(value, texts))
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_iter()
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}
