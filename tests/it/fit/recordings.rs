//! Recordings of every format, whole, damaged and hostile.

use crate::support::gzip;
use overstep::usage::{RecordedCall, RecordedMembers, UsageFormat, read_usage};

/// Returns a recording's format and calls, one per line.
fn shown(name: &str, text: &str) -> String {
    match read_usage(name, text.as_bytes()) {
        Ok(usage) => format!("{}\n{}", usage.format, usage.calls.iter().map(shown_call).collect::<String>()),
        Err(error) => {
            let line = error.line.map_or_else(String::new, |line| format!(" (line {line})"));
            format!(
                "error{line}: {error}\n{}",
                error.hint.as_ref().map_or_else(String::new, |hint| format!("help: {hint}\n"))
            )
        }
    }
}

fn shown_call(call: &RecordedCall) -> String {
    let members = match &call.members {
        RecordedMembers::Unknown => "unknown".to_owned(),
        RecordedMembers::Paths(paths) => paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        RecordedMembers::Input(input) => input.to_string(),
        RecordedMembers::Request(request) => {
            let body = request.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
            format!("{} {} {} {body:?}", request.method, request.host, request.target)
        }
    };
    let route = call.route.as_ref().map_or_else(String::new, |(method, route)| format!("{method} {route} "));
    let (service, operation) = (call.service.as_deref().unwrap_or("-"), call.operation.as_deref().unwrap_or("-"));
    format!("  {service} {operation}: {route}{members}\n")
}

/// A HAR file with one request of each kind of body.
const HAR: &str = r#"{"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": [
    {"startedDateTime": "2026-12-01T00:00:00Z", "request": {"method": "POST", "url": "http://127.0.0.1:5000/",
      "headers": [{"name": "X-Amz-Target", "value": "AmazonSQS.SendMessage"}], "bodySize": 2,
      "postData": {"mimeType": "application/x-amz-json-1.0", "text": "{}"}},
     "response": {"content": {"text": "[[[[[[[[["}}},
    {"request": {"method": "POST", "url": "https://sns.us-east-1.amazonaws.com", "postData": {"params": [
      {"name": "Action", "value": "CreateTopic"}, {"name": "Name", "value": "a b"}]}}},
    {"request": {"method": "PUT", "url": "http://h/b/k?x=1#f", "postData": {"text": "AAE=", "encoding": "base64"}}},
    {"request": {"method": "PUT", "url": "http://h/upload", "bodySize": 900}},
    {"request": {"method": "GET", "url": "http://h/"}}]}}"#;

#[test]
fn formats_are_detected_and_read() {
    let lines = "{\"eventSource\": \"sqs.amazonaws.com\", \"eventName\": \"ListQueues\", \"requestParameters\": null}\n\
                 {\"eventSource\": \"lambda.amazonaws.com\", \"eventName\": \"CreateFunction20150331\",\
                  \"requestParameters\": {\"functionName\": \"f\", \"code\": \"HIDDEN_DUE_TO_SECURITY_REASONS\"}}\n";
    let found = "{\"Events\": [{\"EventName\": \"PutItem\", \"CloudTrailEvent\": \
                 \"{\\\"eventSource\\\": \\\"dynamodb.amazonaws.com\\\", \\\"eventName\\\": \\\"PutItem\\\", \
                 \\\"requestParameters\\\": {\\\"tableName\\\": \\\"t\\\"}}\"}]}";
    let records = "{\"Records\": [{\"eventSource\": \"s3.amazonaws.com\", \"eventName\": \"PutObject\", \
                   \"requestParameters\": {\"bucketName\": \"b\", \"key\": \"k\"}}, {\"eventName\": \"no source\"}]}";
    let list = "# what we call\nPutItem TableName, Item{value}.S\n\n  s3:PutObject # uploads\ndynamodb.Query\n\
                list-queues\nGET /v1/contacts/{id}\n";
    let document = "openapi: 3.0.1\ninfo: {title: t, version: '1'}\npaths:\n  /notes/{id}:\n    post:\n      \
                    operationId: changeNote\n      parameters:\n        - {name: id, in: path, required: true, schema: \
                    {type: string}}\n      requestBody:\n        content:\n          application/json:\n            \
                    schema: {type: object, properties: {title: {type: string}, tags: {type: array, items: {type: \
                    string}}}}\n      responses: {'200': {description: ok}}\n";
    let mut out = String::new();
    for (name, text) in [
        ("app.log", include_str!("botocore.log")),
        ("a.har", HAR),
        ("lines", lines),
        ("found", found),
        ("records", records),
        ("list", list),
        ("document", document),
    ] {
        out.push_str(&shown(name, text));
    }
    insta::assert_snapshot!("formats", out);
}

#[test]
fn a_byte_order_mark_and_invalid_utf8_do_not_hide_the_format() {
    let usage = read_usage("a", b"\xef\xbb\xbfPutItem\nQuery # caf\xe9\n").expect("a list");
    assert_eq!((usage.format, usage.calls.len()), (UsageFormat::OperationList, 2));
}

#[test]
fn damaged_and_foreign_files_are_explained() {
    let call = "x DEBUG Making request for OperationModel(name=PutItem) with params: {'method': 'POST', 'url'";
    let deep = format!("{{\"Records\": [{{\"requestParameters\": {}", "[".repeat(100_000));
    let mut out = String::new();
    for (name, text) in [
        ("empty", " \n"),
        ("binary", "\0\u{1}\u{2}"),
        ("other json", "{\"a\": 1}"),
        ("cut har", &HAR[..HAR.len() / 2]),
        ("cut events", "{\"Records\": [{\"eventSource\": \"s"),
        ("deep", &deep),
        ("no entries", "{\"log\": {\"entries\": []}}"),
        ("wrong types", "{\"log\": {\"entries\": [{\"request\": 1}]}}"),
        ("page", "<!doctype html>\n<p>hello"),
        ("sentence", "PutItem\nthis is, no list!\n"),
        ("method", "GET contacts"),
        ("info log", "2026-12-01 botocore.credentials [INFO] Found credentials\n2026 botocore.x [DEBUG] y\n"),
        ("cut log", call),
        ("long word", &format!("{}!", "x".repeat(1_000_000))),
    ] {
        out.push_str(&format!("{name}: {}", shown(name, text)));
    }
    insta::assert_snapshot!("damaged", out);
}

#[test]
fn every_prefix_of_a_recording_is_read_or_explained() {
    for text in [HAR, include_str!("botocore.log")] {
        for length in (0..text.len()).step_by(97) {
            // Neither the end of a value nor that of a line may make the reader fail in another way than with an error.
            let _ = read_usage("cut", &text.as_bytes()[..length]);
        }
    }
    assert!(read_usage("packed", &gzip(HAR.as_bytes())).is_err(), "files are unpacked before they are read");
}
