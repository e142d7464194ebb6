//! Reads the serialization attributes of a botocore model: how values look on the wire.
//!
//! It never reads a limit; `botocore` does.

use super::json::{Entry, Node};
use crate::contract::{Namespace, OperationTraits, Parts, ServiceTraits, TimestampFormat, Traits};

/// Reads the traits of a shape or of a reference to a shape.
pub(super) fn traits(node: &Node) -> Traits {
    let text = |name: &str| node.text_of(name).map(str::to_owned);
    Traits {
        name: text("locationName"),
        query_name: text("queryName"),
        flattened: node.is_true("flattened"),
        attribute: node.is_true("xmlAttribute"),
        namespace: node.get("xmlNamespace").and_then(namespace),
        timestamp_format: node.text_of("timestampFormat").and_then(timestamp_format),
        json_value: node.is_true("jsonvalue"),
        host_label: node.is_true("hostLabel"),
        idempotency_token: node.is_true("idempotencyToken"),
        streaming: node.is_true("streaming"),
        requires_length: node.is_true("requiresLength"),
        event_stream: node.is_true("eventstream"),
    }
}

/// Reads the traits of a list's items, or of a map's keys and values.
pub(super) fn parts(node: &Node) -> Parts {
    let of = |name: &str| node.get(name).map(traits).unwrap_or_default();
    Parts { member: of("member"), key: of("key"), value: of("value") }
}

/// Reads the traits of an operation.
pub(super) fn operation_traits(node: &Node) -> OperationTraits {
    let within = |first: &str, second: &str| node.get(first).and_then(|inner| inner.text_of(second)).map(str::to_owned);
    let encodings = node.get("requestcompression").and_then(|compression| compression.get("encodings"));
    OperationTraits {
        host_prefix: within("endpoint", "hostPrefix"),
        input: node.get("input").map(traits).unwrap_or_default(),
        compression: encodings
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(Node::text)
            .map(str::to_owned)
            .collect(),
        checksum_required: node.is_true("httpChecksumRequired")
            || node.get("httpChecksum").is_some_and(|checksum| checksum.is_true("requestChecksumRequired")),
        unsigned_payload: node.text_of("authtype") == Some("v4-unsigned-body") || node.is_true("unsignedPayload"),
    }
}

/// Reads the traits of the service from the model's metadata.
pub(super) fn service_traits(metadata: &Node) -> ServiceTraits {
    ServiceTraits {
        version: metadata.text_of("apiVersion").map(str::to_owned),
        target_prefix: metadata.text_of("targetPrefix").map(str::to_owned),
        query_compatible: metadata.get("awsQueryCompatible").is_some(),
    }
}

fn namespace(node: &Node) -> Option<Namespace> {
    if let Some(uri) = node.text() {
        return Some(Namespace { uri: uri.to_owned(), prefix: None });
    }
    let entries: &[Entry] = node.entries();
    let text = |name: &str| {
        entries.iter().find(|entry| entry.key == name).and_then(|entry| entry.node.text()).map(str::to_owned)
    };
    text("uri").map(|uri| Namespace { uri, prefix: text("prefix") })
}

fn timestamp_format(name: &str) -> Option<TimestampFormat> {
    match name.to_ascii_lowercase().as_str() {
        "iso8601" => Some(TimestampFormat::DateTime),
        "rfc822" => Some(TimestampFormat::HttpDate),
        "unixtimestamp" => Some(TimestampFormat::EpochSeconds),
        _ => None,
    }
}
