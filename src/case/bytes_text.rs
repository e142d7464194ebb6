//! Serializes bytes as base64 in text formats.
//!
//! It is used with serde's `with` attribute and never interprets the bytes.

use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

/// Serializes bytes as base64.
pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&data_encoding::BASE64.encode(bytes))
}

/// Deserializes what [`serialize`] wrote.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    data_encoding::BASE64.decode(text.as_bytes()).map_err(|error| D::Error::custom(format!("not base64: {error}")))
}
