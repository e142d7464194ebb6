//! A reference server that takes one text and checks it against one pattern, with an engine that the generator's
//! patterns share nothing with.

use overstep::contract;
use overstep::reference::{ReferenceService, ServerConfig, ServerRequest};
use serde_json::json;

/// For a pattern.
pub fn server(pattern: &str) -> ReferenceService {
    let contract = json!({
        "format": "overstep-contract/1", "service": "one", "protocol": "restJson",
        "operations": [{"name": "Take", "http": {"method": "POST", "uri": "/take", "success": 200},
                        "input": "In", "output": "Out", "errors": ["bad"]}],
        "errors": [{"name": "bad", "status": 400, "role": "invalid-input"}],
        "shapes": {"In": {"type": "structure", "members": {"text": {"shape": "T", "required": true, "location": "body"}}},
                   "Out": {"type": "structure", "members": {}}, "T": {"type": "string", "pattern": pattern}}
    });
    ReferenceService::new(contract::from_json(&contract.to_string()).expect("well formed"), ServerConfig::default())
}

/// Whether it takes a text.
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
