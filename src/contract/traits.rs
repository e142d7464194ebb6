//! How values, operations and a service look on the wire, where the protocol's own rule is not all.
//!
//! It never limits a value: these traits say how something is written, not what may be sent. In the
//! JSON form they stand in `traits` of a contract, an operation, a shape or a member, and in `parts`
//! of a list or map; what no source says is absent. The names follow
//! [Smithy's protocol traits](https://smithy.io/2.0/spec/protocol-traits.html).

use serde::{Deserialize, Serialize};

/// An XML namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    /// Its URI.
    pub uri: String,
    /// Its prefix; without one it is the default of the element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// How the values of a shape, or of a member, look on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Traits {
    /// The name of the element that holds a structure as a document's root, or an item, key or value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name in EC2's queries, where it is not the capitalised one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_name: Option<String>,
    /// Whether items or entries stand in the owner itself, without an element around them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flattened: bool,
    /// Whether it is an attribute of the owner's element.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub attribute: bool,
    /// The namespace of the element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// How moments are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<TimestampFormat>,
    /// Whether the text holds JSON, which headers carry as base64.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub json_value: bool,
    /// Whether the value also fills a label of the operation's host prefix.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub host_label: bool,
    /// Whether a client makes a value up when its caller gives none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub idempotency_token: bool,
    /// Whether the bytes are sent and read as a stream.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub streaming: bool,
    /// Whether a stream needs its length announced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requires_length: bool,
    /// Whether it is a stream of events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub event_stream: bool,
}

impl Traits {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How the parts of a list or map look on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parts {
    /// Of a list's items.
    #[serde(skip_serializing_if = "Traits::is_empty")]
    pub member: Traits,
    /// Of a map's keys.
    #[serde(skip_serializing_if = "Traits::is_empty")]
    pub key: Traits,
    /// Of a map's values.
    #[serde(skip_serializing_if = "Traits::is_empty")]
    pub value: Traits,
}

impl Parts {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How the requests and answers of one operation look on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct OperationTraits {
    /// What a client puts before the service's host, labels included: `{AccountId}.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_prefix: Option<String>,
    /// Of the input as a whole: the root element's name and namespace.
    #[serde(skip_serializing_if = "Traits::is_empty")]
    pub input: Traits,
    /// The encodings in which a client may compress large bodies, the preferred one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compression: Vec<String>,
    /// Whether a request must carry a checksum of its body.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub checksum_required: bool,
    /// Whether the signature leaves the body out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsigned_payload: bool,
}

impl OperationTraits {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What every request of a service says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceTraits {
    /// The version of the API: `Version` in queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What stands before an operation's name: `DynamoDB_20120810`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_prefix: Option<String>,
    /// Whether errors also carry the codes that the service had when it spoke awsQuery.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub query_compatible: bool,
}

impl ServiceTraits {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
