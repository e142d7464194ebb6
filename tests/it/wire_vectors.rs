//! botocore's protocol vectors, compared with the client's encoding and decoding.
//!
//! The vectors are read from beside the project, and the tests print that they are skipped without them. The contract of
//! each vector is read by our own reader of botocore's models.

use crate::support::vectors::{self, every_vector};

use overstep::case::{StepRequest, Value};
use overstep::contract::{Contract, ErrorName, Protocol, Shape, ShapeKind};
use overstep::wire::{
    build_host_prefix, decode_document, decode_error_result, decode_result, encode_request, find_error,
};
use quick_xml::events::Event;
use serde_json::{Map, Value as Json};
use vectors::{expected, same};

/// Returns why a vector is skipped; all others are checked.
fn skip_reason(id: &str) -> Option<&'static str> {
    if id.ends_with("IdempotencyTokenAutoFill") {
        return Some("the generator fills in tokens, and a case without a token omits it on purpose");
    }
    None
}

every_vector!(skip_reason, skip_reason);

fn request(contract: &Contract, suite: &Json, case: &Json) -> Result<(), String> {
    let operation = &contract.operations[0];
    let input = match &operation.input {
        Some(id) => typed_value(contract, contract.shape(id), &case["params"]),
        None => Value::empty_map(),
    };
    let step = StepRequest::Operation { name: operation.name.clone(), input, damage: Vec::new() };
    let endpoint = suite["clientEndpoint"].as_str().unwrap_or("https://example.com");
    let (host, base_path) = endpoint.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or_else(
        || (endpoint.trim_start_matches("https://"), String::new()),
        |(host, path)| (host, format!("/{path}")),
    );
    let encoded = encode_request(contract, &step, &base_path).map_err(|error| error.to_string())?;
    let expected = &case["serialized"];
    if Some(encoded.method.as_str()) != expected["method"].as_str() {
        return Err(format!("method {}, not {}", encoded.method, expected["method"]));
    }
    if Some(encoded.target.as_str()) != expected["uri"].as_str() {
        return Err(format!("target {}, not {}", encoded.target, expected["uri"]));
    }
    if let Some(expected_value) = expected["host"].as_str() {
        let prefix = build_host_prefix(contract, &step).map_err(|error| error.to_string())?.unwrap_or_default();
        let host = format!("{prefix}{host}{base_path}");
        if host != expected_value {
            return Err(format!("host {host}, not {expected_value}"));
        }
    }
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        if encoded.header(name) != value.as_str() {
            return Err(format!("{name}: {:?}, not {value}", encoded.header(name)));
        }
    }
    let names = |field: &str| expected[field].as_array().into_iter().flatten().filter_map(Json::as_str);
    if let Some(name) = names("forbidHeaders").find(|name| encoded.header(name).is_some()) {
        return Err(format!("{name} is forbidden but present"));
    }
    // The transport adds the length of every body.
    let required = |name: &&str| !name.eq_ignore_ascii_case("content-length") && encoded.header(name).is_none();
    if let Some(name) = names("requireHeaders").find(required) {
        return Err(format!("{name} is required but missing"));
    }
    let Some(body) = expected["body"].as_str() else { return Ok(()) };
    let (actual, expected_body) = match contract.protocol.expect("a protocol") {
        Protocol::RpcV2Cbor => {
            let expected_body = data_encoding::BASE64.decode(body.as_bytes()).expect("base64");
            let decode = |bytes: &[u8]| format!("{:?}", decode_document(contract.protocol, bytes, None));
            (decode(&encoded.body), decode(&expected_body))
        }
        Protocol::AwsQuery | Protocol::Ec2Query => (form_pairs(&encoded.body), form_pairs(body.as_bytes())),
        Protocol::RestXml => (xml_tokens(&encoded.body), xml_tokens(body.as_bytes())),
        _ => (json_text(&encoded.body), json_text(body.as_bytes())),
    };
    if actual == expected_body { Ok(()) } else { Err(format!("body\n  {actual}\n  expected\n  {expected_body}")) }
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

/// Decodes and sorts the pairs of a form: their order is irrelevant, the indexes in their names are not.
fn form_pairs(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut form_pairs: Vec<String> = text
        .split('&')
        .map(|pair| percent_encoding::percent_decode_str(&pair.replace('+', " ")).decode_utf8_lossy().into_owned())
        .collect();
    form_pairs.sort();
    form_pairs.join("\n")
}

/// Writes a document as tokens with namespaces; white space between elements is ignored.
fn xml_tokens(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut out, mut pending) = (String::new(), String::new());
    let mut leaf = false;
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(start) => {
                let mut attributes: Vec<String> = start
                    .attributes()
                    .map(|attribute| {
                        let attribute = attribute.expect("an attribute");
                        format!(
                            "{:?}={:?}",
                            attribute.key,
                            attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                        )
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
        let found = find_error(contract.protocol, status, &headers, &body, None);
        if found.as_ref().map(|found| found.code.as_str()) != Some(code) {
            return Err(format!("error {found:?}, not {code}"));
        }
        let shape = case["given"]["errors"][0]["shape"].as_str().expect("an error");
        let shape = contract.errors[&ErrorName::from(shape)].shape.as_ref().expect("a shape");
        let actual =
            decode_error_result(contract, shape, status, &headers, &body).map_err(|error| error.to_string())?;
        return same(&actual, &expected(contract, contract.shape(shape), &case["error"]));
    }
    let actual = decode_result(contract, operation, status, &headers, &body).map_err(|error| error.to_string())?;
    let expected_value = match &operation.output {
        Some(id) => expected(contract, contract.shape(id), &case["result"]),
        None => Json::Object(Map::new()),
    };
    same(&actual, &expected_value)
}

/// Converts parameters to values: blob texts become bytes, and null members are omitted.
fn typed_value(contract: &Contract, shape: &Shape, json: &Json) -> Value {
    match (&shape.kind, json) {
        (ShapeKind::Blob, Json::String(text)) => Value::Blob(text.as_bytes().to_vec()),
        (ShapeKind::List { member }, Json::Array(items)) => {
            Value::List(items.iter().map(|item| typed_value(contract, contract.shape(member), item)).collect())
        }
        (ShapeKind::Map { value, .. }, Json::Object(entries)) => Value::Map(
            entries
                .iter()
                .map(|(key, json)| (key.clone(), typed_value(contract, contract.shape(value), json)))
                .collect(),
        ),
        (kind, Json::Object(entries)) if kind.members().is_some() => {
            let members = kind.members().expect("just seen");
            let entries = entries.iter().filter(|(_, json)| !json.is_null());
            Value::Map(
                entries
                    .map(|(name, json)| {
                        let value = match members.get(name) {
                            Some(member) => typed_value(contract, contract.shape(&member.shape), json),
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
