//! Detects the format of a recording and reads it.
//!
//! The name of the file is never used: only its content decides.

use super::{RecordedCall, UsageError, UsageFormat, botocore_log, cloudtrail, document, har, operation_list};
use crate::ingest::{SourceFormat, detect_format};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What a recording contains.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedUsage {
    /// Its format.
    pub format: UsageFormat,
    /// The calls, in the order of the recording.
    pub calls: Vec<RecordedCall>,
}

/// Names at the top level of JSON documents, which tell the formats apart.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TopLevelNames {
    log: Option<IgnoredAny>,
    #[serde(rename = "Records")]
    records: Option<IgnoredAny>,
    #[serde(rename = "Events")]
    events: Option<IgnoredAny>,
    #[serde(rename = "eventName")]
    event_name: Option<IgnoredAny>,
}

/// Number of bytes at the beginning of a file that must not contain a NUL.
const TEXT_PROBE_BYTES: usize = 8192;

/// Reads a recording of any format.
///
/// # Errors
/// Returns an error if the format is unknown, the file is damaged, or it contains no call.
pub fn read_usage(name: &str, bytes: &[u8]) -> Result<RecordedUsage, UsageError> {
    if bytes[..bytes.len().min(TEXT_PROBE_BYTES)].contains(&0) {
        return Err(unknown_format("a binary file"));
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() {
        return Err(unknown_format("an empty file"));
    }
    let (format, calls) = match text.trim_start().chars().next() {
        Some('{' | '[') => read_json(name, text)?,
        _ => read_text(name, text)?,
    };
    if calls.is_empty() {
        return Err(UsageError::new(Some(format), format!("{format} without a call")));
    }
    Ok(RecordedUsage { format, calls })
}

type FormatAndCalls = (UsageFormat, Vec<RecordedCall>);

fn read_json(name: &str, text: &str) -> Result<FormatAndCalls, UsageError> {
    // A list has no names, and serde would take its items for the members of a structure.
    if text.trim_start().starts_with('[') {
        return Ok((UsageFormat::CloudTrail, cloudtrail::read(text)?));
    }
    // Only the first of several values counts: events may stand one per line.
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<TopLevelNames>();
    let names = match values.next() {
        Some(Ok(names)) => names,
        // Damaged documents are read as what they seem to be, and the reader says what is wrong.
        _ => guess_names(text),
    };
    if names.log.is_some() {
        Ok((UsageFormat::Har, har::read(text)?))
    } else if names.records.is_some() || names.events.is_some() || names.event_name.is_some() {
        Ok((UsageFormat::CloudTrail, cloudtrail::read(text)?))
    } else if is_document(text) {
        Ok((UsageFormat::ApiDocument, document::read(name, text)?))
    } else {
        Err(unknown_format("JSON of another kind"))
    }
}

/// Returns the names that the beginning of a damaged document has, at whatever level.
fn guess_names(text: &str) -> TopLevelNames {
    let head = &text[..text.floor_char_boundary(TEXT_PROBE_BYTES)];
    let has = |name: &str| head.contains(name).then_some(IgnoredAny);
    let log = has("\"entries\"").or(has("\"log\""));
    TopLevelNames { log, records: has("\"Records\""), events: has("\"Events\""), event_name: has("\"eventName\"") }
}

fn read_text(name: &str, text: &str) -> Result<FormatAndCalls, UsageError> {
    if botocore_log::is_log(text) {
        return Ok((UsageFormat::BotocoreLog, botocore_log::read(text)?));
    }
    if is_document(text) {
        return Ok((UsageFormat::ApiDocument, document::read(name, text)?));
    }
    Ok((UsageFormat::OperationList, operation_list::read(text)?))
}

/// Returns true if a text is a document for machines that describes operations.
fn is_document(text: &str) -> bool {
    use SourceFormat::{Botocore, Contract, OpenApi, Smithy};
    matches!(detect_format(text), Some(Botocore | Contract | OpenApi | Smithy))
}

fn unknown_format(what: &str) -> UsageError {
    UsageError::new(None, format!("{what}, which tells nothing about calls")).with_hint(
        "use a HAR file, a botocore debug log, CloudTrail events, an OpenAPI document, or a list of operations, one per line",
    )
}
