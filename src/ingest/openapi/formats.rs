//! The formats of strings that limit their values.
//!
//! A format that no specification limits to certain texts (`password`) is not listed.

/// What a format says about a string.
pub(super) enum StringFormat {
    /// A date with a time.
    DateTime,
    /// Bytes as base64.
    Base64,
    /// Bytes as they are.
    Binary,
    /// Texts that match a pattern.
    Pattern {
        pattern: &'static str,
        /// Whether every text of the format matches the pattern; otherwise it has some of them.
        is_exact: bool,
    },
}

const DATE: &str = "^(?:\\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|\
                    (?:0[13578]|1[02])-31)|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|\
                    (?:[02468][048]|[13579][26])00)-02-29)$";

/// Returns what JSON Schema's keywords for content say about a string: since OpenAPI 3.1, `contentMediaType` without an
/// encoding describes a file. Text and JSON as contents remain texts.
pub(super) fn content_format(encoding: Option<&str>, media_type: Option<&str>) -> Option<StringFormat> {
    match (encoding.map(str::to_ascii_lowercase).as_deref(), media_type.map(str::to_ascii_lowercase)) {
        (Some("base64"), _) => Some(StringFormat::Base64),
        (None, Some(media_type)) => {
            let is_text =
                media_type.starts_with("text/") || ["json", "xml"].iter().any(|end| media_type.ends_with(end));
            (!is_text).then_some(StringFormat::Binary)
        }
        _ => None,
    }
}

/// Returns what a format says, if it limits the texts. Sources:
/// [OpenAPI's formats](https://spec.openapis.org/registry/format/) and
/// [JSON Schema's](https://json-schema.org/draft/2020-12/json-schema-validation#section-7.3).
pub(super) fn string_format(name: &str) -> Option<StringFormat> {
    let exact = |pattern| Some(StringFormat::Pattern { pattern, is_exact: true });
    let some = |pattern| Some(StringFormat::Pattern { pattern, is_exact: false });
    match name {
        "date-time" => Some(StringFormat::DateTime),
        "byte" | "base64" => Some(StringFormat::Base64),
        "binary" => Some(StringFormat::Binary),
        "date" => exact(DATE),
        "uuid" => exact(crate::ingest::sentences::UUID_PATTERN),
        // The grammars of these allow more than servers accept, and a pattern of one server says nothing about another.
        "email" | "idn-email" => some("^[a-z][a-z0-9]{0,30}@example\\.com$"),
        "uri" | "url" | "iri" => some("^https://example\\.com/[a-z0-9]{0,200}$"),
        "uri-reference" | "iri-reference" => some("^/[a-z0-9]{0,60}$"),
        "hostname" | "idn-hostname" => some("^[a-z][a-z0-9]{0,30}\\.example\\.com$"),
        "ipv4" | "ip" => some("^192\\.0\\.2\\.(?:[1-9]|[1-9]\\d|1\\d\\d|2[0-4]\\d)$"),
        "ipv6" => some("^2001:db8::[1-9a-f][0-9a-f]{0,3}$"),
        "time" => some("^(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ$"),
        "duration" => some("^P[1-9]\\d?D$"),
        "json-pointer" => some("^/[a-z]{1,30}$"),
        _ => None,
    }
}
