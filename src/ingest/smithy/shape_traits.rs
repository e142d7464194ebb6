//! The traits of shapes and members that botocore's form has too.
//!
//! It never follows a reference to another shape.

use crate::ingest::json::{JsonEntry, JsonNode, JsonValue};

/// Returns an entry of an object.
pub(super) fn entry(key: &str, line: u32, value: JsonValue) -> JsonEntry {
    JsonEntry { key: key.to_owned(), line, node: JsonNode { line, value } }
}

/// Returns an entry with a text.
pub(super) fn text_entry(key: &str, line: u32, value: &str) -> JsonEntry {
    entry(key, line, JsonValue::Text(value.to_owned()))
}

/// Returns an entry with a Boolean.
pub(super) fn flag_entry(key: &str, line: u32) -> JsonEntry {
    entry(key, line, JsonValue::Bool(true))
}

/// Traits that say how a value looks on the wire or which values are allowed, and their names in botocore's form. The
/// value is copied.
const COPIED: &[(&str, &str)] = &[
    ("smithy.api#documentation", "documentation"),
    ("smithy.api#pattern", "pattern"),
    ("aws.protocols#ec2QueryName", "queryName"),
    ("smithy.api#jsonName", "locationName"),
    ("smithy.api#xmlName", "locationName"),
    ("smithy.api#xmlNamespace", "xmlNamespace"),
];

/// Traits without a value, and their names in botocore's form.
const FLAGS: &[(&str, &str)] = &[
    ("smithy.api#xmlFlattened", "flattened"),
    ("smithy.api#xmlAttribute", "xmlAttribute"),
    ("smithy.api#idempotencyToken", "idempotencyToken"),
    ("smithy.api#hostLabel", "hostLabel"),
    ("smithy.api#requiresLength", "requiresLength"),
    ("smithy.api#uniqueItems", "uniqueItems"),
    ("smithy.api#sensitive", "sensitive"),
    ("smithy.api#deprecated", "deprecated"),
];

/// Returns what the traits of a shape or member say in botocore's form. `names_wire` is the trait that gives a member its
/// name on the wire with this protocol.
pub(super) fn translate_traits(traits: &[&JsonEntry], names_wire: Option<&str>) -> Vec<JsonEntry> {
    let mut found: Vec<JsonEntry> = Vec::new();
    for one in traits {
        let line = one.line;
        let copied = COPIED.iter().find(|(name, _)| *name == one.key);
        if let Some((name, key)) = copied
            && (*key != "locationName" || names_wire == Some(name))
        {
            found.push(JsonEntry { key: (*key).to_owned(), line, node: one.node.clone() });
        }
        if let Some((_, key)) = FLAGS.iter().find(|(name, _)| *name == one.key) {
            found.push(flag_entry(key, line));
        }
        match one.key.as_str() {
            "smithy.api#length" | "smithy.api#range" => {
                found
                    .extend(one.node.entries().iter().filter(|end| matches!(end.key.as_str(), "min" | "max")).cloned());
            }
            "smithy.api#timestampFormat" => found.extend(one.node.as_text().and_then(|format| {
                let name = match format {
                    "date-time" => "iso8601",
                    "http-date" => "rfc822",
                    "epoch-seconds" => "unixTimestamp",
                    _ => return None,
                };
                Some(text_entry("timestampFormat", line, name))
            })),
            // The enumeration of version 1.0, on a string.
            "smithy.api#enum" => {
                let values = one.node.items().iter().filter_map(|item| item.get("value")).cloned().collect();
                found.push(entry("enum", line, JsonValue::List(values)));
            }
            "smithy.api#mediaType" if one.node.as_text() == Some("application/json") => {
                found.push(flag_entry("jsonvalue", line));
            }
            _ => {}
        }
    }
    found
}

/// Returns true if a trait restricts the values of the member that has it, so that its target needs a copy.
pub(super) fn restricts_values(traits: &[&JsonEntry]) -> bool {
    let names = ["smithy.api#length", "smithy.api#range", "smithy.api#pattern", "smithy.api#uniqueItems"];
    traits.iter().any(|one| names.contains(&one.key.as_str()))
}

/// Returns where HTTP bindings place a member, in botocore's form: `location` and `locationName`.
pub(super) fn translate_location(name: &str, traits: &[&JsonEntry]) -> Vec<JsonEntry> {
    for one in traits {
        let value = one.node.as_text().unwrap_or(name);
        let (location, wire) = match one.key.as_str() {
            "smithy.api#httpLabel" => ("uri", Some(name)),
            "smithy.api#httpQuery" => ("querystring", Some(value)),
            "smithy.api#httpQueryParams" => ("querystring", None),
            "smithy.api#httpHeader" => ("header", Some(value)),
            "smithy.api#httpPrefixHeaders" => ("headers", Some(value)),
            "smithy.api#httpResponseCode" => ("statusCode", None),
            _ => continue,
        };
        let mut found = vec![text_entry("location", one.line, location)];
        found.extend(wire.map(|wire| text_entry("locationName", one.line, wire)));
        return found;
    }
    Vec::new()
}

/// Namespaces of traits whose meaning is known, although most say nothing about requests and responses.
const KNOWN_NAMESPACES: &[&str] = &[
    "smithy.api",
    "smithy.rules",
    "smithy.waiters",
    "smithy.test",
    "smithy.protocols",
    "smithy.openapi",
    "smithy.framework",
    "smithy.mqtt",
    "smithy.cli",
    "aws.api",
    "aws.auth",
    "aws.protocols",
    "aws.customizations",
    "aws.endpoints",
    "aws.iam",
    "aws.cloudformation",
    "aws.tagging",
    "aws.test",
    "aws.protocoltests",
    "internal",
];

/// Returns true if the meaning of a trait is known.
pub(super) fn is_known_trait(id: &str) -> bool {
    id.split_once('#').is_some_and(|(namespace, _)| {
        KNOWN_NAMESPACES.iter().any(|known| namespace == *known || namespace.starts_with(&format!("{known}.")))
    })
}
