//! What unit tests of this room begin with.

use crate::contract::{Contract, from_json};
use serde_json::{Value, json};
use std::io::Write as _;

/// A contract of shapes alone, without an operation.
pub(super) fn of_shapes(shapes: Value) -> Contract {
    let contract = json!({
        "format": "overstep-contract/1", "service": "s", "operations": [], "errors": [], "shapes": shapes
    });
    from_json(&contract.to_string()).expect("well formed")
}

/// Bytes as a client compresses them.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}
