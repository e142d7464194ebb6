//! Bytes as base64, where a format is text.
//!
//! For serde's `with`; it knows nothing of what the bytes mean.

use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

/// Writes bytes as base64.
pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&data_encoding::BASE64.encode(bytes))
}

/// Reads what [`serialize`] wrote.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    data_encoding::BASE64.decode(text.as_bytes()).map_err(|error| D::Error::custom(format!("not base64: {error}")))
}
