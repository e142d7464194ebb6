//! Encodes steps as requests and decodes responses into values: protocols, signing, deliberate damage, and requests
//! as curl commands.
//!
//! This module never uses a socket, a clock or the environment; time is an argument.

mod authorize;
mod aws_json;
mod aws_query;
mod cbor;
mod cbor_read;
mod client_additions;
mod curl;
mod damage;
mod decode;
mod document;
mod ec2_query;
mod encode;
mod encode_error;
mod encoded_request;
mod form;
mod host;
mod json;
mod json_text;
mod key_damage;
mod placed_shape;
mod redaction;
mod rest;
mod rest_form;
mod rest_json;
mod rest_payload;
mod rest_xml;
mod result;
mod rpcv2_cbor;
mod shell;
mod sigv4;
mod text;
mod timestamp;
mod xml;
mod xml_value;

pub use authorize::{AuthorizeError, ResolvedCredentials, SigningContext, authorize};
pub use cbor_read::CborError;
pub use curl::{CurlCommand, curl_command};
pub use decode::{ReceivedError, find_error};
pub use document::{DecodeError, decode_document, value_at};
pub use encode::encode_request;
pub use encode_error::EncodeError;
pub use encoded_request::{EncodedBody, EncodedRequest};
pub use host::{build_host_prefix, use_virtual_hosted_style};
pub use json_text::parse_json;
pub use key_damage::KeyChange;
pub use redaction::{RedactedPiece, RedactedSecret, Redaction, RequestPart, SecretEncoding, SecretScope};
pub use result::{decode_error_result, decode_output, decode_result};
pub use sigv4::{SigV4Keys, SigningKeyCache};
pub use text::percent_encode;
pub use timestamp::{parse_timestamp, rfc3339_utc};
pub use xml::XmlError;
