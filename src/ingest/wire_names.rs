//! Checks what a document puts on the wire as it is: methods, URIs, names of headers, and names that become part of a
//! header or a path.
//!
//! It never repairs a name: a request with another one would test something else.

use super::IngestError;
use super::source_text::SourceText;
use crate::contract::{AuthScheme, Contract, FactField, MemberLocation, Operation, Protocol, Shape};
use crate::escape::is_deceptive;

/// Name of the pseudo-header that stands for the status of a response.
const STATUS_PSEUDO_HEADER: &str = ":status";

/// Returns an error with its line if something in the contract would break the framing of a request.
pub(super) fn check(contract: &Contract, text: &SourceText<'_>) -> Result<(), Box<IngestError>> {
    let error = |value: &str, line: Option<u32>, message: String, hint: &str| {
        Box::new(text.error(find_line(text, value).or(line).unwrap_or(1), message, hint))
    };
    let sent_prefix = contract.traits.target_prefix.as_deref().filter(|prefix| !is_sendable(prefix));
    if let Some(prefix) = sent_prefix {
        return Err(error(prefix, None, format!("the target prefix `{prefix}` is not plain text"), SENDABLE_HINT));
    }
    let of_operations = contract.operations.iter().flat_map(|operation| &operation.traits.auth);
    for scheme in contract.auth.iter().chain(of_operations) {
        if let AuthScheme::Header { name, .. } | AuthScheme::Cookie { name } = scheme
            && !is_token(name)
        {
            return Err(error(name, None, format!("`{name}` is no name of a header or cookie"), TOKEN_HINT));
        }
    }
    for operation in &contract.operations {
        check_operation(contract, operation, &error)?;
    }
    for shape in contract.shapes.values() {
        check_headers(contract, shape, &error)?;
    }
    Ok(())
}

const TOKEN_HINT: &str = "use letters, digits and `-`";
const SENDABLE_HINT: &str = "remove control characters and spaces";

/// Builds an error from the text at fault, its line if a fact states it, what is wrong and how to fix it.
type BuildError<'e> = dyn Fn(&str, Option<u32>, String, &str) -> Box<IngestError> + 'e;

fn check_operation(contract: &Contract, operation: &Operation, error: &BuildError<'_>) -> Result<(), Box<IngestError>> {
    let name = operation.name.as_str();
    let line = |field: FactField| {
        let stated = operation.facts.iter().find(|fact| fact.field == field).map(|fact| fact.line);
        stated.or_else(|| operation.sources.first().map(|source| source.line))
    };
    if let Some(http) = &operation.http {
        if !is_token(&http.method) {
            let message = format!("the method of `{name}` is `{}`, which HTTP does not allow", http.method);
            return Err(error(&http.method, line(FactField::HttpMethod), message, TOKEN_HINT));
        }
        if !http.uri.starts_with('/') || !is_sendable(&http.uri) {
            let message = format!("the URI of `{name}` is `{}`, which is no path", http.uri);
            let hint = "use a path such as `/notes/{id}`, without control characters and spaces";
            return Err(error(&http.uri, line(FactField::HttpUri), message, hint));
        }
    }
    let is_in_head =
        matches!(contract.protocol, Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RpcV2Cbor));
    if is_in_head && !is_sendable(name) {
        let message = format!("requests of `{name}` contain its name, which is not plain text");
        return Err(error(name, line(FactField::HttpMethod), message, SENDABLE_HINT));
    }
    if let Some(media_type) = operation.traits.content_type.as_deref().filter(|text| !is_header_value(text)) {
        let message = format!("the media type of `{name}` is `{media_type}`, which no header can contain");
        return Err(error(media_type, line(FactField::HttpUri), message, SENDABLE_HINT));
    }
    if let Some(prefix) = operation.traits.host_prefix.as_deref().filter(|prefix| !is_host_prefix(prefix)) {
        let message = format!("the host prefix of `{name}` is `{prefix}`, which cannot be part of a host name");
        return Err(error(
            prefix,
            line(FactField::HttpUri),
            message,
            "use letters, digits, `-`, `.` and labels in braces",
        ));
    }
    Ok(())
}

fn check_headers(contract: &Contract, shape: &Shape, error: &BuildError<'_>) -> Result<(), Box<IngestError>> {
    for (name, member) in shape.kind.members().into_iter().flatten() {
        let header = member.wire_name(name);
        // The keys of a map follow its prefix, which may be empty.
        let is_prefix =
            contract.shapes.get(&member.shape).is_some_and(|shape| shape.kind.name() == "map") && header.is_empty();
        let line = shape.facts_at(&FactField::MemberLocation(name.clone())).next().map(|fact| fact.line);
        if let Some(prefix) = member.traits.prefix.as_deref().filter(|prefix| !is_path_prefix(prefix)) {
            let message = format!("member `{name}` follows `{prefix}`, which no path can contain");
            return Err(error(prefix, line, message, "use `.` or `;name=`"));
        }
        let is_in_head = matches!(member.location, MemberLocation::Header | MemberLocation::Cookie);
        if !is_in_head || is_prefix || header == STATUS_PSEUDO_HEADER || is_token(header) {
            continue;
        }
        let message =
            format!("member `{name}` is sent in the header `{header}`, which is no name of a header or cookie");
        return Err(error(header, line, message, TOKEN_HINT));
    }
    Ok(())
}

/// Returns true for a token of <https://www.rfc-editor.org/rfc/rfc9110#name-tokens>.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Returns true if a text can be a part of a head without changing its framing.
fn is_sendable(text: &str) -> bool {
    !text.chars().any(|character| is_deceptive(character) || character.is_whitespace())
}

/// Returns true if a header can have this value.
fn is_header_value(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && text.chars().all(|c| (' '..='~').contains(&c))
}

fn is_path_prefix(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".;=%_-".contains(&byte))
}

fn is_host_prefix(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._{}".contains(&byte))
}

/// Returns the line on which a JSON document has this string, however it is escaped there.
fn find_line(text: &SourceText<'_>, value: &str) -> Option<u32> {
    let document = &text.text;
    let mut start = document.find('"').filter(|_| document.trim_start().starts_with('{'))?;
    loop {
        let mut is_escaped = false;
        let length = document[start + 1..].find(|character| {
            let ends = character == '"' && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            ends
        })?;
        let end = start + 1 + length + 1;
        if serde_json::from_str::<String>(&document[start..end]).is_ok_and(|found| found == value) {
            return Some(text.line_at_offset(start));
        }
        start = end + document[end..].find('"')?;
    }
}
