//! botocore's protocol vectors, read from beside the project; visibly skipped where they are not.

#[path = "support/visible.rs"]
mod visible;

use overstep::contract::{Contract, Http, Kind, Location, Member, Operation, Protocol, Shape, ShapeId};
use overstep::generate::{Send, Value};
use overstep::wire::encode;
use serde_json::Value as Json;

#[test]
fn every_rest_json_vector_of_botocore_comes_out() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/protocol-tests/input/rest-json.json");
    #[expect(clippy::disallowed_methods, reason = "test data outside the project")]
    let Ok(text) = std::fs::read_to_string(path) else {
        visible::say(&format!("skipped: {path} is not there"));
        return;
    };
    // Each with its reason; nothing else is left out.
    let left_out = |id: &str| match id {
        "RestJsonHostWithPath" => Some("the base path is the endpoint's, tested elsewhere"),
        "RestJsonHttpChecksumRequired" => Some("checksums are not written yet"),
        id if id.starts_with("SDKApp") => Some("request compression is not written yet"),
        "RestJsonQueryIdempotencyTokenAutoFill" => Some("whoever generates the case fills tokens"),
        "MediaTypeHeaderInputBase64" => Some("the contract has no jsonvalue trait"),
        "RestJsonHttpRequestWithLabelsAndTimestampFormat" | "RestJsonTimestampFormatHeaders" => {
            Some("the contract has no timestamp format")
        }
        id if id.starts_with("RestJsonJsonTimestampsWith") && !id.contains("EpochSeconds") => {
            Some("the contract has no timestamp format")
        }
        _ => None,
    };
    let suites: Json = serde_json::from_str(&text).expect("JSON");
    let (mut checked, mut wrong) = (0, Vec::new());
    for suite in suites.as_array().expect("a list") {
        for case in suite["cases"].as_array().expect("a list") {
            let id = case["id"].as_str().expect("an id");
            if let Some(reason) = left_out(id) {
                eprintln!("left out: {id}: {reason}");
                continue;
            }
            checked += 1;
            if let Err(reason) = vector(&suite["shapes"], case) {
                wrong.push(format!("{id}: {reason}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{checked} checked\n{}", wrong.join("\n"));
    assert!(checked >= 100, "{checked}");
}

fn vector(shapes: &Json, case: &Json) -> Result<(), String> {
    let mut contract = Contract::new("vectors");
    contract.protocol = Some(Protocol::RestJson1);
    for (name, shape) in shapes.as_object().expect("shapes") {
        contract.shapes.insert(name.as_str().into(), botocore_shape(shape));
    }
    let given = &case["given"];
    let mut operation = Operation::new("Op".into());
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    operation.http =
        Some(Http { method: text(&given["http"]["method"]), uri: text(&given["http"]["requestUri"]), success: None });
    operation.input = given["input"]["shape"].as_str().map(ShapeId::from);
    let input = match &operation.input {
        Some(id) => typed(&contract, contract.shape(id), &case["params"]),
        None => Value::empty(),
    };
    contract.operations.push(operation);
    let send = Send::Operation { name: "Op".into(), input, damage: Vec::new() };
    let message = encode(&contract, &send, "").map_err(|error| error.to_string())?;
    let expected = &case["serialized"];
    if Some(message.target.as_str()) != expected["uri"].as_str() {
        return Err(format!("target {}, not {}", message.target, expected["uri"]));
    }
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        if message.header(name) != value.as_str() {
            return Err(format!("{name}: {:?}, not {value}", message.header(name)));
        }
    }
    for name in expected["forbidHeaders"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if message.header(name).is_some() {
            return Err(format!("{name} is there"));
        }
    }
    let Some(body) = expected["body"].as_str() else { return Ok(()) };
    let json = |bytes: &[u8]| serde_json::from_slice::<Json>(bytes).ok();
    let same = if json(body.as_bytes()).is_some() {
        json(&message.body) == json(body.as_bytes())
    } else {
        message.body == body.as_bytes()
    };
    if same { Ok(()) } else { Err(format!("body {:?}, not {body}", message.body)) }
}

fn botocore_shape(shape: &Json) -> Shape {
    let id = |json: &Json| ShapeId::from(json["shape"].as_str().expect("a shape"));
    let payload = shape["payload"].as_str();
    let members = || {
        let members = shape["members"].as_object().into_iter().flatten().map(|(name, member)| {
            let location = match member["location"].as_str() {
                Some("uri") => Location::Label,
                Some("querystring") => Location::Query,
                Some("header" | "headers") => Location::Header,
                _ if payload == Some(name) => Location::Payload,
                _ => Location::Body,
            };
            let wire = member["locationName"].as_str().map(str::to_owned);
            (name.clone(), Member { location, wire, ..Member::new(id(member)) })
        });
        members.collect()
    };
    Shape::new(match shape["type"].as_str().expect("a type") {
        "structure" if shape["union"] == true => Kind::Union { members: members() },
        "structure" if shape["document"] == true => Kind::Document,
        "structure" => Kind::Structure { members: members() },
        "list" => Kind::List { member: id(&shape["member"]) },
        "map" => Kind::Map { key: id(&shape["key"]), value: id(&shape["value"]) },
        "timestamp" => Kind::Timestamp,
        "blob" => Kind::Blob,
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        _ => Kind::String,
    })
}

/// Parameters as values: texts of blobs become bytes, members that are null are left out.
fn typed(contract: &Contract, shape: &Shape, json: &Json) -> Value {
    match (&shape.kind, json) {
        (Kind::Blob, Json::String(text)) => Value::Blob(text.as_bytes().to_vec()),
        (Kind::List { member }, Json::Array(items)) => {
            Value::List(items.iter().map(|item| typed(contract, contract.shape(member), item)).collect())
        }
        (Kind::Map { value, .. }, Json::Object(entries)) => Value::Map(
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
