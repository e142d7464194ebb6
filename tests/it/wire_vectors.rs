//! botocore's protocol vectors, read from beside the project; visibly skipped where they are not.
//! The contract of each vector comes through our own reader of botocore's models.

use crate::support::vectors::{self, every_vector};

use overstep::case::{StepRequest, Value};
use overstep::contract::{Contract, ErrorName, Protocol, Shape, ShapeKind};
use overstep::wire::{
    build_host_prefix, decode_document, decode_error_result, decode_result, encode_request, find_error,
};
use quick_xml::events::Event;
use serde_json::{Map, Value as Json};
use vectors::{expected, same};

/// The vectors that do not hold here, each with its reason; nothing else is left out.
fn left_out(id: &str) -> Option<&'static str> {
    if id.ends_with("IdempotencyTokenAutoFill") {
        return Some("a case that leaves a token out means it: whoever generates the case fills tokens");
    }
    None
}

every_vector!(left_out, left_out);

fn request(contract: &Contract, suite: &Json, case: &Json) -> Result<(), String> {
    let operation = &contract.operations[0];
    let input = match &operation.input {
        Some(id) => typed(contract, contract.shape(id), &case["params"]),
        None => Value::empty_map(),
    };
    let send = StepRequest::Operation { name: operation.name.clone(), input, damage: Vec::new() };
    let endpoint = suite["clientEndpoint"].as_str().unwrap_or("https://example.com");
    let (host, base_path) = endpoint.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or_else(
        || (endpoint.trim_start_matches("https://"), String::new()),
        |(host, path)| (host, format!("/{path}")),
    );
    let message = encode_request(contract, &send, &base_path).map_err(|error| error.to_string())?;
    let expected = &case["serialized"];
    if Some(message.method.as_str()) != expected["method"].as_str() {
        return Err(format!("method {}, not {}", message.method, expected["method"]));
    }
    if Some(message.target.as_str()) != expected["uri"].as_str() {
        return Err(format!("target {}, not {}", message.target, expected["uri"]));
    }
    if let Some(due) = expected["host"].as_str() {
        let prefix = build_host_prefix(contract, &send).map_err(|error| error.to_string())?.unwrap_or_default();
        let host = format!("{prefix}{host}{base_path}");
        if host != due {
            return Err(format!("host {host}, not {due}"));
        }
    }
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        if message.header(name) != value.as_str() {
            return Err(format!("{name}: {:?}, not {value}", message.header(name)));
        }
    }
    let names = |field: &str| expected[field].as_array().into_iter().flatten().filter_map(Json::as_str);
    if let Some(name) = names("forbidHeaders").find(|name| message.header(name).is_some()) {
        return Err(format!("{name} is there"));
    }
    // The length is announced by the connection, for every body.
    let required = |name: &&str| !name.eq_ignore_ascii_case("content-length") && message.header(name).is_none();
    if let Some(name) = names("requireHeaders").find(required) {
        return Err(format!("{name} is not there"));
    }
    let Some(body) = expected["body"].as_str() else { return Ok(()) };
    let (ours, theirs) = match contract.protocol.expect("a protocol") {
        Protocol::RpcV2Cbor => {
            let theirs = data_encoding::BASE64.decode(body.as_bytes()).expect("base64");
            let read = |bytes: &[u8]| format!("{:?}", decode_document(contract.protocol, bytes, None));
            (read(&message.body), read(&theirs))
        }
        Protocol::AwsQuery | Protocol::Ec2Query => (pairs(&message.body), pairs(body.as_bytes())),
        Protocol::RestXml => (tokens(&message.body), tokens(body.as_bytes())),
        _ => (json_text(&message.body), json_text(body.as_bytes())),
    };
    if ours == theirs { Ok(()) } else { Err(format!("body\n  {ours}\n  and not\n  {theirs}")) }
}

fn json_text(bytes: &[u8]) -> String {
    match serde_json::from_slice::<Json>(bytes) {
        Ok(mut json) => {
            json.sort_all_objects();
            json.to_string()
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A form's pairs; their order says nothing, the names' numbers do.
fn pairs(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut pairs: Vec<String> = text
        .split('&')
        .map(|pair| percent_encoding::percent_decode_str(&pair.replace('+', " ")).decode_utf8_lossy().into_owned())
        .collect();
    pairs.sort();
    pairs.join("\n")
}

/// A document as tokens, namespaces included; white space between elements says nothing.
fn tokens(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut out, mut pending) = (String::new(), String::new());
    let mut leaf = false;
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(start) => {
                let mut attributes: Vec<String> = start
                    .attributes()
                    .map(|one| {
                        let one = one.expect("an attribute");
                        format!("{:?}={:?}", one.key, one.normalized_value(quick_xml::XmlVersion::Implicit1_0))
                    })
                    .collect();
                attributes.sort();
                out.push_str(&format!("<{:?} {}>\n", start.name(), attributes.join(" ")));
                pending.clear();
                leaf = true;
            }
            Event::End(end) => {
                if leaf {
                    out.push_str(&format!("{pending:?}\n"));
                }
                out.push_str(&format!("</{:?}>\n", end.name()));
                pending.clear();
                leaf = false;
            }
            Event::Text(part) => pending.push_str(&part.xml10_content()),
            Event::GeneralRef(part) => match part.resolve_char_ref().expect("a character") {
                Some(character) => pending.push(character),
                None => pending.push_str(&format!("&{};", part.xml10_content())),
            },
            Event::Eof => return out,
            other => out.push_str(&format!("{other:?}\n")),
        }
    }
}

fn answer(contract: &Contract, _suite: &Json, case: &Json) -> Result<(), String> {
    let operation = &contract.operations[0];
    let response = &case["response"];
    let status = response["status_code"].as_u64().and_then(|code| u16::try_from(code).ok()).expect("a status");
    let headers: Vec<(String, String)> = response["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
        .collect();
    let body = response["body"].as_str().unwrap_or_default();
    let body = match contract.protocol {
        Some(Protocol::RpcV2Cbor) => data_encoding::BASE64.decode(body.as_bytes()).expect("base64"),
        _ => body.as_bytes().to_vec(),
    };
    if let Some(code) = case["errorCode"].as_str() {
        let seen = find_error(contract.protocol, status, &headers, &body, None);
        if seen.as_ref().map(|seen| seen.code.as_str()) != Some(code) {
            return Err(format!("error {seen:?}, not {code}"));
        }
        let shape = case["given"]["errors"][0]["shape"].as_str().expect("an error");
        let shape = contract.errors[&ErrorName::from(shape)].shape.as_ref().expect("a shape");
        let ours = decode_error_result(contract, shape, status, &headers, &body).map_err(|error| error.to_string())?;
        return same(&ours, &expected(contract, contract.shape(shape), &case["error"]));
    }
    let ours = decode_result(contract, operation, status, &headers, &body).map_err(|error| error.to_string())?;
    let due = match &operation.output {
        Some(id) => expected(contract, contract.shape(id), &case["result"]),
        None => Json::Object(Map::new()),
    };
    same(&ours, &due)
}

/// Parameters as values: texts of blobs become bytes, members that are null are left out.
fn typed(contract: &Contract, shape: &Shape, json: &Json) -> Value {
    match (&shape.kind, json) {
        (ShapeKind::Blob, Json::String(text)) => Value::Blob(text.as_bytes().to_vec()),
        (ShapeKind::List { member }, Json::Array(items)) => {
            Value::List(items.iter().map(|item| typed(contract, contract.shape(member), item)).collect())
        }
        (ShapeKind::Map { value, .. }, Json::Object(entries)) => Value::Map(
            entries.iter().map(|(key, json)| (key.clone(), typed(contract, contract.shape(value), json))).collect(),
        ),
        (kind, Json::Object(given)) if kind.members().is_some() => {
            let known = kind.members().expect("just seen");
            let given = given.iter().filter(|(_, json)| !json.is_null());
            Value::Map(
                given
                    .map(|(name, json)| {
                        let value = match known.get(name) {
                            Some(member) => typed(contract, contract.shape(&member.shape), json),
                            None => Value::from_json(json),
                        };
                        (name.clone(), value)
                    })
                    .collect(),
            )
        }
        (_, json) => Value::from_json(json),
    }
}
