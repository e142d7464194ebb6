//! What the client's side writes is what the reference server's own reading gives back, in every protocol.
//!
//! The two share nothing but the contract; only a test may see both.

use overstep::case::{StepRequest, Value};
use overstep::reference::{ReferenceService, ServerConfig, ServerRequest};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// So many contracts are made for each protocol.
const CONTRACTS: u64 = 25;

fn every_contract_of(protocol: u8) {
    for seed in 0..CONTRACTS {
        let mut bytes = vec![0; 600];
        ChaCha8Rng::seed_from_u64(seed * 8 + u64::from(protocol)).fill_bytes(&mut bytes);
        // The first choice is that of the protocol.
        bytes[0] = protocol;
        crate::properties::reading(&bytes);
    }
}

macro_rules! protocols {
    ($($name:ident, $index:literal;)*) => { $(
        #[test]
        fn $name() {
            every_contract_of($index);
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
fn what_the_client_compressed_is_read() {
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
    let send = StepRequest::Operation { name: "PutThing".into(), input, damage: Vec::new() };
    let message = overstep::wire::encode_request(&contract, &send, "").expect("it can travel");
    assert_eq!(message.header("content-encoding"), Some("gzip"));
    let headers: Vec<(&str, &[u8])> =
        message.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let service = ReferenceService::new(contract, ServerConfig::default());
    let cut = &message.body[..message.body.len() / 2];
    let request = |body| ServerRequest { method: "POST", target: "/", headers: &headers, body };
    let read = service.read_request(&request(&message.body)).expect("an operation").expect("it is read");
    assert_eq!(read, ("PutThing", serde_json::json!({ "Note": note })));
    assert!(service.handle(&request(cut)).status >= 400);
}
