//! Removes secrets from texts: one place that everything passes before it is kept or shown.
//!
//! This module never decides which values are secret.

mod decoded_text;
mod patterns;
mod redact;
mod search;
mod secret;
mod structure;

pub use redact::{RedactedPiece, Redaction, RequestPart, SecretEncoding};
pub use secret::{RedactedSecret, SecretScope};
