//! Encodes requests of rpcv2Cbor: one CBOR item per request, the operation in the path.
//!
//! It never reads a response. The rules follow
//! [Smithy RPC v2 CBOR](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).

use super::placed_shape::PlacedShape;
use super::{EncodeError, EncodedBody, EncodedRequest, cbor};
use crate::case::Value;
use crate::contract::{Contract, Operation, WireTraits};

/// Encodes the whole request.
pub(super) fn encode_request(
    contract: &Contract,
    operation: &Operation,
    input: &Value,
    base_path: &str,
) -> Result<EncodedRequest, EncodeError> {
    let prefix = contract.traits.target_prefix.as_deref().ok_or(EncodeError::MissingServiceTrait("target prefix"))?;
    let mut headers = vec![
        ("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()),
        ("accept".to_owned(), "application/cbor".to_owned()),
    ];
    if contract.traits.query_compatible {
        headers.push(("x-amzn-query-mode".to_owned(), "true".to_owned()));
    }
    let none = WireTraits::default();
    let known = operation.input.as_ref().map(|input| PlacedShape::new(contract, input, &none));
    // Without an input shape there is no document, unless the case sends one anyway.
    let body = if known.is_none() && *input == Value::empty_map() {
        EncodedBody::new()
    } else {
        headers.insert(0, ("content-type".to_owned(), "application/cbor".to_owned()));
        let mut out = Vec::new();
        cbor::write_value(&mut out, input, known, "the input")?;
        out.into()
    };
    let target = format!("{base_path}/service/{prefix}/operation/{}", operation.name.local_name());
    Ok(EncodedRequest { method: "POST".to_owned(), target, headers, body, raw: false })
}
