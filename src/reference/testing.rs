//! Fixtures for the unit tests of this module; never part of a release build.

use crate::contract::{Contract, from_json};
use serde_json::{Value, json};
use std::io::Write as _;

/// Returns a contract that consists of these shapes, without operations.
pub(super) fn contract_of_shapes(shapes: Value) -> Contract {
    let contract = json!({
        "format": "overstep-contract/1", "service": "s", "operations": [], "errors": [], "shapes": shapes
    });
    from_json(&contract.to_string()).expect("well formed")
}

/// Compresses bytes as a client does.
pub(super) fn compress_gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}
