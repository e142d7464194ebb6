//! Malformed requests, and requests in forms on which the documents are silent, by protocol.
//!
//! A request that some parser could read as valid is never expected to be rejected: its response is recorded, and it
//! must not break the server.

mod body_format;
mod cases;
mod cbor;
mod envelope;
mod form;
mod json;
mod json_unspecified;
mod strategy;
mod xml;

pub(super) use body_format::{BodyFormat, body_format, unparsable_body};
pub(super) use strategy::{cases, unspecified_cases};
