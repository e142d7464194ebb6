//! Reads events of AWS CloudTrail: files of a trail, `aws cloudtrail lookup-events`, and events one per line.
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.

use super::{RecordedCall, RecordedMembers, UsageError, UsageFormat};
use serde::Deserialize;
use serde_json::Value as Json;

/// A document of events, or one event.
#[derive(Default, Deserialize)]
#[serde(expecting = "an object with events")]
#[serde(default, rename_all = "camelCase")]
struct EventDocument {
    #[serde(rename = "Records")]
    records: Option<Vec<Event>>,
    #[serde(rename = "Events")]
    events: Option<Vec<FoundEvent>>,
    event_source: Option<String>,
    event_name: Option<String>,
    request_parameters: Json,
}

/// An event.
#[derive(Default, Deserialize)]
#[serde(expecting = "an event")]
#[serde(default, rename_all = "camelCase")]
struct Event {
    event_source: Option<String>,
    event_name: Option<String>,
    request_parameters: Json,
}

/// An event that `lookup-events` found, with the event itself as text.
#[derive(Default, Deserialize)]
#[serde(expecting = "an event that was found")]
#[serde(default, rename_all = "PascalCase")]
struct FoundEvent {
    cloud_trail_event: String,
}

/// What CloudTrail writes in place of values that it hides.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Returns the calls in the events.
pub(super) fn read(text: &str) -> Result<Vec<RecordedCall>, UsageError> {
    let invalid = |error: serde_json::Error| UsageError::invalid_json(UsageFormat::CloudTrail, &error);
    let mut calls = Vec::new();
    if text.trim_start().starts_with('[') {
        let events: Vec<Event> = serde_json::from_str(text).map_err(invalid)?;
        calls.extend(events.into_iter().filter_map(to_call));
        return Ok(calls);
    }
    for document in serde_json::Deserializer::from_str(text).into_iter::<EventDocument>() {
        let document = document.map_err(invalid)?;
        let EventDocument { records, events, event_source, event_name, request_parameters } = document;
        calls.extend(records.into_iter().flatten().filter_map(to_call));
        for found in events.into_iter().flatten() {
            let event: Event = serde_json::from_str(&found.cloud_trail_event).map_err(invalid)?;
            calls.extend(to_call(event));
        }
        calls.extend(to_call(Event { event_source, event_name, request_parameters }));
    }
    Ok(calls)
}

/// Returns the call of an event; `None` if it is none.
fn to_call(event: Event) -> Option<RecordedCall> {
    let (source, name) = (event.event_source?, event.event_name?);
    let members = match event.request_parameters {
        Json::Object(members) if !members.values().any(|value| value.as_str() == Some(HIDDEN)) => {
            RecordedMembers::Input(Json::Object(members))
        }
        _ => RecordedMembers::Unknown,
    };
    Some(RecordedCall {
        service: Some(source.split('.').next().unwrap_or_default().to_owned()),
        operation: Some(without_version(&name).to_owned()),
        members,
        ..RecordedCall::default()
    })
}

/// Returns the name of an operation without the version that some services add: `CreateFunction20150331v2`.
fn without_version(name: &str) -> &str {
    const DATE_DIGITS: usize = 8;
    let rest = match name.rsplit_once('v') {
        Some((rest, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => name,
    };
    let digits = rest.bytes().rev().take_while(u8::is_ascii_digit).count();
    if digits == DATE_DIGITS { &rest[..rest.len() - DATE_DIGITS] } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_operations_are_removed() {
        for (name, expected) in [
            ("CreateFunction20150331", "CreateFunction"),
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("ListObjectsV2", "ListObjectsV2"),
            ("PutItem", "PutItem"),
            ("20150331", ""),
        ] {
            assert_eq!(without_version(name), expected, "{name}");
        }
    }
}
