//! Step → bytes, bytes → value: protocols, signing, deliberate damage, and a request as curl.
//!
//! This room knows no socket, no clock and no environment; time is an argument.

mod authorize;
mod curl;
mod damage;
mod decode;
mod document;
mod encode;
mod json;
mod message;
mod rest_json;
mod shell;
mod sigv4;
mod text;

pub use authorize::{AuthorizeError, Proof, authorize};
pub use curl::{Curl, curl};
pub use decode::{ErrorSeen, error_seen};
pub use document::{DecodeError, document, value_at};
pub use encode::{EncodeError, encode};
pub use message::{Body, Message};
pub use shell::{Piece, Redaction, Secret};
pub use sigv4::{KeyCache, SigV4};
pub use text::percent_encode;
