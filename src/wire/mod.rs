//! Encodes steps as requests and decodes responses into values: protocols, signing, deliberate damage, and requests
//! as curl commands.
//!
//! This module never uses a socket, a clock or the environment; time is an argument.

mod authorize;
mod aws_json;
mod aws_query;
mod cbor;
mod curl;
mod damage;
mod decode;
mod document;
mod ec2_query;
mod encode;
mod finish;
mod form;
mod host;
mod json;
mod known;
mod message;
mod rest;
mod rest_json;
mod rest_xml;
mod result;
mod rpcv2_cbor;
mod shell;
mod sigv4;
mod text;
mod xml;
mod xml_value;

pub use authorize::{AuthorizeError, Proof, authorize};
pub use curl::{Curl, curl};
pub use decode::{ErrorSeen, error_seen};
pub use document::{DecodeError, document, value_at};
pub use encode::{EncodeError, encode};
pub use host::{host_prefix, virtual_hosted};
pub use message::{Body, Message};
pub use result::{error_result, output_document, result};
pub use shell::{Piece, Redaction, Secret};
pub use sigv4::{KeyCache, SigV4};
pub use text::{civil, percent_encode};
