//! The reference server reads exactly what the client encodes, in every protocol.
//!
//! The two sides share only the contract, and only tests may use both.

use overstep::case::{StepRequest, Value};
use overstep::reference::{ReferenceService, ServerConfig, ServerRequest};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Number of random contracts per protocol.
const CONTRACTS_PER_PROTOCOL: u64 = 25;

fn check_random_contracts(protocol: u8) {
    for seed in 0..CONTRACTS_PER_PROTOCOL {
        let mut bytes = vec![0; 600];
        ChaCha8Rng::seed_from_u64(seed * 8 + u64::from(protocol)).fill_bytes(&mut bytes);
        // The first byte selects the protocol.
        bytes[0] = protocol;
        crate::properties::reading(&bytes);
    }
}

macro_rules! protocols {
    ($($name:ident, $index:literal;)*) => { $(
        #[test]
        fn $name() {
            check_random_contracts($index);
        }
    )* };
}

protocols! {
    rest_json_1, 0;
    aws_json_1_0, 1;
    aws_json_1_1, 2;
    aws_query, 3;
    ec2_query, 4;
    rest_xml, 5;
    rpc_v2_cbor, 6;
    rest_json, 7;
}

#[test]
fn a_compressed_body_is_read() {
    let text = serde_json::json!({
        "format": "overstep-contract/1", "service": "things", "protocol": "awsQuery", "auth": [],
        "traits": { "version": "2026-01-01" },
        "operations": [{ "name": "PutThing", "input": "In", "errors": [], "traits": { "compression": ["gzip"] } }],
        "errors": [], "shapes": {
            "In": { "type": "structure", "members": { "Note": { "shape": "Note", "required": true } } },
            "Note": { "type": "string" },
        },
    });
    let contract = overstep::contract::from_json(&text.to_string()).expect("a contract");
    let note = "é ".repeat(10_000);
    let input = Value::Map([("Note".to_owned(), Value::text(note.clone()))].into_iter().collect());
    let step = StepRequest::Operation { name: "PutThing".into(), input, damage: Vec::new() };
    let encoded = overstep::wire::encode_request(&contract, &step, "").expect("the request can be encoded");
    assert_eq!(encoded.header("content-encoding"), Some("gzip"));
    let headers: Vec<(&str, &[u8])> =
        encoded.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let service = ReferenceService::new(contract, ServerConfig::default());
    let truncated = &encoded.body[..encoded.body.len() / 2];
    let request = |body| ServerRequest { method: "POST", target: "/", headers: &headers, body };
    let read = service.read_request(&request(&encoded.body)).expect("an operation").expect("the input is read");
    assert_eq!(read, ("PutThing", serde_json::json!({ "Note": note })));
    assert!(service.handle(&request(truncated)).status >= 400);
}
