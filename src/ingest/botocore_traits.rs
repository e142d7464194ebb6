//! Reads the serialization attributes of a botocore model: how values look on the wire.
//!
//! It never reads a limit; `botocore` does.

use super::json::{JsonEntry, JsonNode};
use crate::contract::{OperationTraits, PartTraits, ServiceTraits, TimestampFormat, WireTraits, XmlNamespace};

/// Reads the traits of a shape or of a reference to a shape.
pub(super) fn read_traits(node: &JsonNode) -> WireTraits {
    let text = |name: &str| node.member_text(name).map(str::to_owned);
    WireTraits {
        name: text("locationName"),
        query_name: text("queryName"),
        flattened: node.is_true("flattened"),
        attribute: node.is_true("xmlAttribute"),
        namespace: node.get("xmlNamespace").and_then(parse_namespace),
        timestamp_format: node.member_text("timestampFormat").and_then(parse_timestamp_format),
        json_value: node.is_true("jsonvalue"),
        host_label: node.is_true("hostLabel"),
        idempotency_token: node.is_true("idempotencyToken"),
        streaming: node.is_true("streaming"),
        separator: None,
        prefix: None,
        requires_length: node.is_true("requiresLength"),
        event_stream: node.is_true("eventstream"),
    }
}

/// Reads the traits of a list's items, or of a map's keys and values.
pub(super) fn read_part_traits(node: &JsonNode) -> PartTraits {
    let traits_of = |name: &str| node.get(name).map(read_traits).unwrap_or_default();
    PartTraits { member: traits_of("member"), key: traits_of("key"), value: traits_of("value") }
}

/// Reads the traits of an operation.
pub(super) fn read_operation_traits(node: &JsonNode) -> OperationTraits {
    let nested_text =
        |first: &str, second: &str| node.get(first).and_then(|inner| inner.member_text(second)).map(str::to_owned);
    let encodings = node.get("requestcompression").and_then(|compression| compression.get("encodings"));
    OperationTraits {
        host_prefix: nested_text("endpoint", "hostPrefix"),
        input: node.get("input").map(read_traits).unwrap_or_default(),
        compression: encodings
            .map(JsonNode::items)
            .unwrap_or_default()
            .iter()
            .filter_map(JsonNode::as_text)
            .map(str::to_owned)
            .collect(),
        checksum_required: node.is_true("httpChecksumRequired")
            || node.get("httpChecksum").is_some_and(|checksum| checksum.is_true("requestChecksumRequired")),
        content_type: None,
        auth: Vec::new(),
        anonymous: false,
        unsigned_payload: node.member_text("authtype") == Some("v4-unsigned-body") || node.is_true("unsignedPayload"),
        // Sentences state these.
        delayed: false,
        repeatable: false,
    }
}

/// Reads the traits of the service from the model's metadata.
pub(super) fn read_service_traits(metadata: &JsonNode) -> ServiceTraits {
    ServiceTraits {
        version: metadata.member_text("apiVersion").map(str::to_owned),
        target_prefix: metadata.member_text("targetPrefix").map(str::to_owned),
        query_compatible: metadata.get("awsQueryCompatible").is_some(),
    }
}

fn parse_namespace(node: &JsonNode) -> Option<XmlNamespace> {
    if let Some(uri) = node.as_text() {
        return Some(XmlNamespace { uri: uri.to_owned(), prefix: None });
    }
    let entries: &[JsonEntry] = node.entries();
    let text = |name: &str| {
        entries.iter().find(|entry| entry.key == name).and_then(|entry| entry.node.as_text()).map(str::to_owned)
    };
    text("uri").map(|uri| XmlNamespace { uri, prefix: text("prefix") })
}

fn parse_timestamp_format(name: &str) -> Option<TimestampFormat> {
    match name.to_ascii_lowercase().as_str() {
        "iso8601" => Some(TimestampFormat::DateTime),
        "rfc822" => Some(TimestampFormat::HttpDate),
        "unixtimestamp" => Some(TimestampFormat::EpochSeconds),
        _ => None,
    }
}
