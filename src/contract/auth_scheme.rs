//! How callers of an API authenticate.
//!
//! It holds no secret.

use serde::{Deserialize, Serialize};

/// An authentication scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthScheme {
    /// AWS Signature Version 4.
    SigV4 {
        /// The service's name in the signature's scope, if it differs from the service's own name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
    },
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `Authorization: Basic …` with a user's name and password.
    Basic,
    /// A key in a header.
    Header {
        /// The header's name.
        name: String,
        /// The word before the key, if a source states one: `Token`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<String>,
    },
    /// A key in the query.
    Query {
        /// The parameter's name.
        name: String,
    },
    /// A key in a cookie.
    Cookie {
        /// The cookie's name.
        name: String,
    },
    /// No authentication is required.
    None,
}
