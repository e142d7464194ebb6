//! Reads a list of operations: one per line, with members if only these are used.
//!
//! ```text
//! # comments
//! PutItem TableName Item
//! sqs:SendMessage
//! dynamodb.Query
//! GET /v1/contacts/{id}
//! ```

use super::{RecordedCall, RecordedMembers, UsageError, UsageFormat};
use crate::contract::MemberPath;

/// Maximum number of characters of a word that an error repeats.
const MAX_SHOWN: usize = 60;

/// Returns the calls in a list.
pub(super) fn read(text: &str) -> Result<Vec<RecordedCall>, UsageError> {
    let mut calls = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        let Some(first) = words.next() else { continue };
        let call = read_line(first, words).map_err(|error| error.at_line(index + 1))?;
        calls.push(RecordedCall { line: u32::try_from(index + 1).ok(), ..call });
    }
    Ok(calls)
}

fn read_line<'t>(first: &str, mut words: impl Iterator<Item = &'t str>) -> Result<RecordedCall, UsageError> {
    let is_method = matches!(first, "GET" | "PUT" | "POST" | "PATCH" | "DELETE" | "HEAD");
    if is_method {
        let route = words.next().filter(|word| word.starts_with('/'));
        let Some(route) = route else { return Err(not_an_operation(first)) };
        return Ok(RecordedCall { route: Some((first.to_owned(), route.to_owned())), ..RecordedCall::default() });
    }
    let is_name = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_alphanumeric() || "_-.:/".contains(c))
    };
    if !is_name(first) {
        return Err(not_an_operation(first));
    }
    let mut members = Vec::new();
    for word in words {
        let path = MemberPath::parse(word).filter(|path| path.top_member().is_some());
        members.push(path.ok_or_else(|| {
            UsageError::new(Some(UsageFormat::OperationList), format!("`{}` is not a member", shown(word)))
                .with_hint("after the operation, name members: `PutItem TableName Item{value}.S`")
        })?);
    }
    let (service, operation) = match first.rsplit_once(['.', ':']) {
        Some((service, operation)) if !service.is_empty() && !operation.is_empty() => {
            (Some(service.to_owned()), operation.to_owned())
        }
        _ => (None, first.to_owned()),
    };
    let members = if members.is_empty() { RecordedMembers::Unknown } else { RecordedMembers::Paths(members) };
    Ok(RecordedCall { service, operation: Some(operation), members, ..RecordedCall::default() })
}

fn not_an_operation(word: &str) -> UsageError {
    UsageError::new(Some(UsageFormat::OperationList), format!("`{}` is not an operation", shown(word))).with_hint(
        "write one operation per line, such as `PutItem`, `s3:PutObject` or `GET /v1/contacts`, \
         or use a HAR file, a botocore debug log, CloudTrail events or an OpenAPI document",
    )
}

fn shown(word: &str) -> String {
    let mut text: String = word.chars().take(MAX_SHOWN).collect();
    if text.len() < word.len() {
        text.push('…');
    }
    text
}
