//! Wire traits of values, operations and services that go beyond the rules of their protocol.
//!
//! They never limit a value: they state how something is written, not what may be sent. In the
//! JSON form they are in `traits` of a contract, an operation, a shape or a member, and in `parts`
//! of a list or map; a trait that no source states is absent. The names follow
//! [Smithy's protocol traits](https://smithy.io/2.0/spec/protocol-traits.html).

use super::AuthScheme;
use serde::{Deserialize, Serialize};

/// An XML namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct XmlNamespace {
    /// Its URI.
    pub uri: String,
    /// Its prefix; without one it is the default namespace of the element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// The format of a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TimestampFormat {
    /// `2019-12-16T23:48:18Z`.
    #[serde(rename = "date-time")]
    DateTime,
    /// `Mon, 16 Dec 2019 23:48:18 GMT`.
    #[serde(rename = "http-date")]
    HttpDate,
    /// `1576540098`.
    #[serde(rename = "epoch-seconds")]
    EpochSeconds,
}

/// How the values of a shape or member are written on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct WireTraits {
    /// The name of the XML element of a structure that is a document's root, or of an item, key or value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name in EC2 queries, if it is not the capitalized name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_name: Option<String>,
    /// Whether items or entries are direct children of the owner, without an enclosing element.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flattened: bool,
    /// Whether the value is an XML attribute of the owner's element.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub attribute: bool,
    /// The namespace of the element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<XmlNamespace>,
    /// The format of timestamps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<TimestampFormat>,
    /// Whether the text contains JSON, which headers carry as base64.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub json_value: bool,
    /// Whether the value also replaces a label of the operation's host prefix.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub host_label: bool,
    /// Whether a client generates the value if its caller provides none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub idempotency_token: bool,
    /// Whether the bytes are sent and read as a stream.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub streaming: bool,
    /// Whether a stream must announce its length.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requires_length: bool,
    /// The separator of a list's items that are one text in a path, a query, a cookie or a form; without one, the items
    /// are sent as several values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// The text before a value in a path: `.` or `;name=`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Whether the value is a stream of events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub event_stream: bool,
}

impl WireTraits {
    /// Returns true if no trait is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How the parts of a list or map are written on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartTraits {
    /// Traits of a list's items.
    #[serde(skip_serializing_if = "WireTraits::is_empty")]
    pub member: WireTraits,
    /// Traits of a map's keys.
    #[serde(skip_serializing_if = "WireTraits::is_empty")]
    pub key: WireTraits,
    /// Traits of a map's values.
    #[serde(skip_serializing_if = "WireTraits::is_empty")]
    pub value: WireTraits,
}

impl PartTraits {
    /// Returns true if no trait is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How the requests and responses of one operation are written on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct OperationTraits {
    /// The prefix that a client puts before the service's host, labels included: `{AccountId}.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_prefix: Option<String>,
    /// Traits of the input as a whole: the root element's name and namespace.
    #[serde(skip_serializing_if = "WireTraits::is_empty")]
    pub input: WireTraits,
    /// The encodings that a client may compress large bodies with, the preferred one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compression: Vec<String>,
    /// The media type of the request's body, if it is not the protocol's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How callers authenticate: each entry is an alternative. Without any, the schemes of the contract hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auth: Vec<AuthScheme>,
    /// Whether a request must carry a checksum of its body.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub checksum_required: bool,
    /// Whether the documents say that callers need not authenticate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// Whether the signature does not cover the body.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsigned_payload: bool,
    /// Whether its effect may come after the response, according to the documents.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delayed: bool,
    /// Whether a request that changes nothing succeeds, according to the documents: one that is repeated, or that names
    /// what does not exist.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeatable: bool,
}

impl OperationTraits {
    /// Returns true if no trait is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What every request of a service carries to identify it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServiceTraits {
    /// The version of the API: `Version` in queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The prefix of an operation's name: `DynamoDB_20120810`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_prefix: Option<String>,
    /// Whether errors also carry the codes that the service used when its protocol was awsQuery.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub query_compatible: bool,
}

impl ServiceTraits {
    /// Returns true if no trait is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
