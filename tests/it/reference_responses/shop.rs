//! A small service in any protocol, and formatting of its responses.

use overstep::contract::from_json;
use overstep::reference::{BearerKey, KnownIdentifier, ReferenceService, ServerConfig, ServerRequest, ServerResponse};
use serde_json::{Value, json};

/// Returns whether a protocol names the operation in the request, so that it has no routes and one body for all members.
pub fn names_operations(protocol: &str) -> bool {
    !protocol.starts_with("rest")
}

/// Returns the contract with a protocol and its authentication schemes.
pub fn contract_json(protocol: &str, auth: Value) -> Value {
    let mut contract = with_routes(protocol, auth);
    if names_operations(protocol) {
        for operation in contract["operations"].as_array_mut().expect("operations") {
            operation.as_object_mut().expect("an operation").remove("http");
        }
        for shape in ["Put", "Look"] {
            for member in contract["shapes"][shape]["members"].as_object_mut().expect("members").values_mut() {
                member["location"] = json!("body");
                member.as_object_mut().expect("a member").remove("wire");
            }
        }
    }
    contract
}

fn with_routes(protocol: &str, auth: Value) -> Value {
    json!({
        "format": "overstep-contract/1", "service": "shop", "protocol": protocol, "auth": auth,
        "operations": [
            {"name": "Put", "http": {"method": "POST", "uri": "/carts/{Cart}/things?put"}, "input": "Put",
                "output": "Made", "permission": "things:write", "errors": ["BadThing", "NoCart", "NotYou", "NotNow"]},
            {"name": "Look", "http": {"method": "GET", "uri": "/carts/{Cart}"}, "input": "Look", "output": "Seen"},
        ],
        "errors": [
            {"name": "BadThing", "status": 422, "role": "invalid-input", "shape": "BadThing"},
            {"name": "NoCart", "status": 404, "role": "missing-resource"},
            {"name": "NotYou", "status": 401, "role": "unauthenticated"},
            {"name": "NotNow", "status": 403, "role": "forbidden"},
        ],
        "shapes": {
            "Put": {"type": "structure", "members": {
                "Cart": {"shape": "Cart", "required": true, "location": "label"},
                "Most": {"shape": "Count", "location": "query", "wire": "most"},
                "Tags": {"shape": "Tags", "location": "query", "wire": "tag"},
                "Kind": {"shape": "Kind", "location": "header", "wire": "x-kind"},
                "Name": {"shape": "Name", "required": true, "location": "body"},
                "Count": {"shape": "Count", "location": "body"},
                "Bytes": {"shape": "Bytes", "location": "body"},
                "Parts": {"shape": "Parts", "location": "body"},
                "Words": {"shape": "Words", "location": "body"}}},
            "Look": {"type": "structure", "members": {
                "Cart": {"shape": "Cart", "required": true, "location": "label"}}},
            "Made": {"type": "structure", "members": {
                "Cart": {"shape": "Cart", "required": true, "location": "body"},
                "Total": {"shape": "Count", "required": true, "location": "body"}}},
            "Seen": {"type": "structure", "members": {"Name": {"shape": "Name", "location": "body"}}},
            "BadThing": {"type": "structure", "members": {"message": {"shape": "Text", "location": "body"}}},
            "Cart": {"type": "string", "length": {"min": 1, "max": 9}},
            "Name": {"type": "string", "length": {"min": 2, "max": 4}, "pattern": "^(?!aws)[a-zé😀]+$"},
            "Text": {"type": "string"},
            "Kind": {"type": "enum", "values": ["large", "small"]},
            "Count": {"type": "integer", "range": {"min": 1, "max": 9}},
            "Bytes": {"type": "blob", "length": {"min": 1, "max": 3}},
            "Tags": {"type": "list", "member": "Text", "length": {"min": 1, "max": 2}, "unique": true},
            "Parts": {"type": "list", "member": "Part", "length": {"max": 2}},
            "Part": {"type": "structure", "members": {
                "Of": {"shape": "Text", "required": true, "location": "body"},
                "Parts": {"shape": "Parts", "location": "body"},
                "Left": {"shape": "Text", "location": "body"},
                "Right": {"shape": "Text", "location": "body"}},
                "rules": [{"rule": "atLeastOneOf", "members": ["Left", "Right"]}]},
            "Words": {"type": "map", "key": "Kind", "value": "Text",
                "rules": [{"rule": "maxTotalBytes", "over": "keysAndValues", "max": 12, "stored": true}]}
        }
    })
}

pub fn server_config() -> ServerConfig {
    let key = |key: &str, lacks: &[&str]| BearerKey {
        key: key.to_owned(),
        missing_permissions: lacks.iter().map(|permission| (*permission).to_owned()).collect(),
    };
    ServerConfig {
        known_identifiers: vec![KnownIdentifier { member: "Cart".to_owned(), template: "c".to_owned() }],
        bearer_keys: vec![key("full", &[]), key("less", &["things:write"])],
        ..ServerConfig::default()
    }
}

/// Builds the service of a contract, without faults.
pub fn service(contract: &Value, server_config: ServerConfig) -> ReferenceService {
    ReferenceService::new(from_json(&contract.to_string()).expect("a contract"), server_config)
}

/// Sends a request whose headers are written in one string: `x-kind: small; authorization: Bearer full`.
pub fn send(service: &ReferenceService, method: &str, target: &str, headers: &str, body: &[u8]) -> ServerResponse {
    let headers: Vec<(&str, &[u8])> = headers
        .split("; ")
        .filter_map(|header| header.split_once(": "))
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    service.handle(&ServerRequest { method, target, headers: &headers, body })
}

/// Formats a response in short: its status, error code and violated rule, or else the start of its body.
pub fn format_short(response: &ServerResponse) -> String {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let error = &body["error"];
    let kind = response.header("content-type").unwrap_or("no content type");
    let kind = if kind == "application/json" { String::new() } else { format!(" {kind}") };
    let content = match (error["code"].as_str(), error["message"].as_str()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => format_response(response).split_once("] ").map(|(_, body)| body.to_owned()).unwrap_or_default(),
    };
    let shortened: String = content.chars().take(70).collect();
    let delivery = if response.delivery == overstep::reference::DeliveryMode::Whole {
        String::new()
    } else {
        format!(" {:?}", response.delivery)
    };
    format!("{}{kind}{delivery} {shortened}", response.status)
}

/// Formats status, headers and body in one line; a body that is not printable text is written in hexadecimal.
pub fn format_response(response: &ServerResponse) -> String {
    let headers: Vec<String> = response.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let body = match std::str::from_utf8(&response.body) {
        Ok(text) if text.chars().all(|c| !c.is_control()) => text.to_owned(),
        _ => response.body.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let delivery = match format!("{:?}", response.delivery).as_str() {
        "Whole" => String::new(),
        other => format!(" ({other})"),
    };
    format!("{}{delivery} [{}] {body}", response.status, headers.join(", "))
}
