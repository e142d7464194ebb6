//! A reference server that checks one text against one pattern, with a regex engine that shares no code with the
//! generator's.

use overstep::contract;
use overstep::reference::{ReferenceService, ServerConfig, ServerRequest};
use serde_json::json;

/// Returns a server for a pattern.
pub fn server(pattern: &str) -> ReferenceService {
    let contract = json!({
        "format": "overstep-contract/1", "service": "one", "protocol": "restJson",
        "operations": [{"name": "Take", "http": {"method": "POST", "uri": "/take", "success": 200},
                        "input": "In", "output": "Out", "errors": ["bad"]}],
        "errors": [{"name": "bad", "status": 400, "role": "invalid-input"}],
        "shapes": {"In": {"type": "structure", "members": {"text": {"shape": "T", "required": true, "location": "body"}}},
                   "Out": {"type": "structure", "members": {}}, "T": {"type": "string", "pattern": pattern}}
    });
    ReferenceService::new(contract::from_json(&contract.to_string()).expect("valid contract"), ServerConfig::default())
}

/// Returns whether the server accepts a text.
pub fn takes(server: &ReferenceService, text: &str) -> bool {
    let body = json!({ "text": text }).to_string();
    let headers = [("content-type", b"application/json".as_slice())];
    let request = ServerRequest { method: "POST", target: "/take", headers: &headers, body: body.as_bytes() };
    match server.handle(&request).status {
        200 => true,
        400 => false,
        other => panic!("{other} for {text:?}"),
    }
}
