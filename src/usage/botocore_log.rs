//! Reads the calls in a log of botocore at level DEBUG: that of `boto3.set_stream_logger('botocore')`, of Python's
//! `logging`, and of `aws --debug`.
//!
//! A line such as `Making request for OperationModel(name=PutItem) with params: {…}` is one call; botocore writes it in
//! `endpoint.py`, with the request as a Python literal. Other lines only tell the service of an operation.

use super::python_literal::{PythonValue, read_literal};
use super::{RecordedCall, RecordedMembers, RecordedRequest, UsageError, UsageFormat};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::HashMap;

/// The beginning of a call.
const CALL: &str = "Making request for OperationModel(name=";
/// What separates the operation of a call from its request.
const REQUEST: &str = ") with params: ";
/// Beginnings of events, whose names contain the service and the operation: `dynamodb.PutItem`.
const EVENTS: [&str; 2] = ["Event before-parameter-build.", "Event before-call."];
/// Texts of which a log of botocore has one, at whatever level.
const LOG_MARKS: [&str; 4] = [CALL, "botocore.", "Event before-", "MainThread - awscli"];
/// Number of lines that are searched for these texts.
const MAX_PROBED_LINES: usize = 50;

/// Returns true if a text is a log of botocore.
pub(super) fn is_log(text: &str) -> bool {
    let has_mark = |line: &str| LOG_MARKS.iter().any(|mark| line.contains(mark)) && line.contains(' ');
    text.contains(CALL) || text.lines().take(MAX_PROBED_LINES).any(|line| has_mark(line) && line.contains("DEBUG"))
}

/// Returns the calls in a log.
pub(super) fn read(text: &str) -> Result<Vec<RecordedCall>, UsageError> {
    let mut services: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some((service, operation)) = event_of(line) {
            services.insert(operation, service);
        }
        let Some((_, rest)) = line.split_once(CALL) else { continue };
        let (operation, request) = rest.split_once(REQUEST).unwrap_or((rest.trim_end_matches(')'), ""));
        calls.push(RecordedCall {
            service: services.get(operation).map(|service| (*service).to_owned()),
            operation: Some(operation.to_owned()),
            members: read_call(request),
            route: None,
            line: u32::try_from(index + 1).ok(),
        });
    }
    if calls.is_empty() {
        let problem = UsageError::new(Some(UsageFormat::BotocoreLog), "a botocore log without a request");
        return Err(problem.with_hint("log at level DEBUG: `boto3.set_stream_logger('botocore')` or `aws --debug`"));
    }
    Ok(calls)
}

/// Returns the service and the operation that an event is about.
fn event_of(line: &str) -> Option<(&str, &str)> {
    let name = EVENTS.iter().find_map(|event| Some(line.split_once(event)?.1))?.split([':', ' ']).next()?;
    name.split_once('.').filter(|(_, operation)| !operation.is_empty())
}

/// Returns what the request of a call tells about its input. Of a request that is cut short, nothing is known.
fn read_call(request: &str) -> RecordedMembers {
    let Some(request) = read_literal(request) else { return RecordedMembers::Unknown };
    // For S3, botocore also logs the input itself, because the bucket may be a part of the host.
    let redirect = request.get("context").and_then(|context| context.get("s3_redirect"));
    if let Some(input) = redirect.and_then(|redirect| redirect.get("params")) {
        return RecordedMembers::Input(input.to_json());
    }
    let text = |key: &str| request.get(key).and_then(PythonValue::as_text);
    let (Some(method), Some(url)) = (text("method"), text("url")) else { return RecordedMembers::Unknown };
    let (host, target) = RecordedRequest::split_url(url);
    let headers = match request.get("headers") {
        Some(PythonValue::Dictionary(headers)) => {
            headers.iter().map(|(name, value)| (name.clone(), value.to_form_text())).collect()
        }
        _ => Vec::new(),
    };
    let body = request.get("body").and_then(read_body);
    RecordedMembers::Request(RecordedRequest { method: method.to_owned(), host, target, headers, body })
}

/// Returns the body of a request; `None` if the log does not contain it.
fn read_body(body: &PythonValue) -> Option<Vec<u8>> {
    match body {
        PythonValue::None => Some(Vec::new()),
        PythonValue::Bytes(bytes) => Some(bytes.clone()),
        PythonValue::Text(text) => Some(text.clone().into_bytes()),
        // The parameters of the query protocols are encoded after they are logged.
        PythonValue::Dictionary(form) => {
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let pair =
                |(name, value): &(String, PythonValue)| format!("{}={}", encode(name), encode(&value.to_form_text()));
            Some(form.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes())
        }
        _ => None,
    }
}
