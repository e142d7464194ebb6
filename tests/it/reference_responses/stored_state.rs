//! What each state fault of the two shipped services stores: the same requests go to every faulty server, and the stored
//! state is read back.

use super::shop::send;
use overstep::reference::ReferenceService;
use serde_json::{Value, json};
use std::fmt::Write as _;

const INSTANCE: &str = "11111111-2222-3333-4444-555555555555";
const CONTACT: &str = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab";
const LEAD: &str = "123e4567-e89b-12d3-a456-0123456789ab";

/// Sends requests in order with `prefix` before each target. Returns the responses to named requests, and to rejected ones.
fn responses(
    service: &ReferenceService,
    prefix: &str,
    headers: &str,
    requests: &[(&str, &str, String, Value)],
) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, method, target, body) in requests {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let response = send(service, method, &format!("{prefix}{target}"), headers, &bytes);
        if !name.is_empty() {
            lines.push(format!("{name}: {} {}", response.status, String::from_utf8_lossy(&response.body)));
        } else if response.status / 100 != 2 {
            lines.push(format!("{method} {target}: {}", response.status));
        }
    }
    lines
}

/// Returns the faithful responses, and for each state fault the responses that differ.
fn compare_with_faults(service: &ReferenceService, headers: &str, requests: &[(&str, &str, String, Value)]) -> String {
    let mut out = String::new();
    // Each faulty server has its own state.
    let faithful = responses(service, "", headers, requests);
    writeln!(out, "faithful\n  {}", faithful.join("\n  ")).expect("writing to a string cannot fail");
    for name in service.faults().keys().filter(|name| name.contains(".memory.")) {
        writeln!(out, "{name}").expect("writing to a string cannot fail");
        let faulty = responses(service, &format!("/faults/{name}"), headers, requests);
        for line in faulty.iter().filter(|line| !faithful.contains(line)) {
            writeln!(out, "  {line}").expect("writing to a string cannot fail");
        }
    }
    out
}

#[test]
fn leadlex_tags() {
    let (contract, _, config) = crate::support::shipped("leadlex");
    let service = ReferenceService::new(contract, config);
    let tags = |name, tags: Value| (name, "POST", format!("/v1/contacts/{LEAD}/tags"), json!({ "tags": tags }));
    let requests = [
        tags("first", json!(["b", "a", "b", "B", " x ", "e\u{301}-abcdefgh"])),
        tags("second", json!(["c", "b", "a"])),
        tags("once more", json!(["c"])),
        tags("invalid", json!([7])),
        tags("last", json!(["d", "D"])),
    ];
    let headers = "content-type: application/json; authorization: Bearer wbk_full";
    insta::assert_snapshot!("memory-leadlex", compare_with_faults(&service, headers, &requests));
}

#[test]
fn connect_tags_attributes_fields_and_references() {
    let (contract, _, config) = crate::support::shipped("connect");
    let service = ReferenceService::new(contract, config);
    let describe = |name| (name, "GET", format!("/contacts/{INSTANCE}/{CONTACT}"), Value::Null);
    let tag = |tags: Value| {
        ("", "POST", "/contact/tags".to_owned(), json!({"ContactId": CONTACT, "InstanceId": INSTANCE, "Tags": tags}))
    };
    let untag = |keys: &str| ("", "DELETE", format!("/contact/tags/{INSTANCE}/{CONTACT}?{keys}"), Value::Null);
    let attribute = |attributes: Value| {
        let body = json!({"InitialContactId": CONTACT, "InstanceId": INSTANCE, "Attributes": attributes});
        ("", "POST", "/contact/attributes".to_owned(), body)
    };
    let attributes = |name| (name, "GET", format!("/contact/attributes/{INSTANCE}/{CONTACT}"), Value::Null);
    let update = |body: Value| ("", "POST", format!("/contacts/{INSTANCE}/{CONTACT}"), body);
    let references =
        |name| (name, "GET", format!("/contact/references/{INSTANCE}/{CONTACT}?referenceTypes=URL"), Value::Null);
    let link = |value: &str| json!({"Value": value, "Type": "URL"});
    let requests = [
        tag(json!({"b": "1", "a": "2"})),
        tag(json!({"C": " X ", "a": "", "d": "e\u{301}-abcdefgh"})),
        describe("tagged"),
        tag(json!({"a": "3", "b": "1"})),
        describe("tagged again"),
        untag("TagKeys=a&TagKeys=zz"),
        describe("untagged"),
        attribute(json!({"b": "1", "a": "2"})),
        attribute(json!({"C": " X ", "a": "", "d": "e\u{301}-abcdefgh"})),
        attributes("attributes"),
        update(json!({"Name": "One", "Description": " Long enough e\u{301} "})),
        update(json!({"Name": "", "References": {"b": link("http://b"), "a": link("http://a")}})),
        update(json!({"Name": "Two", "References": {"C": link("HTTP://C"), "a": link("")}})),
        update(json!({"Name": "", "Description": null})),
        describe("updated"),
        references("references"),
    ];
    let signature =
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/connect/aws4_request, SignedHeaders=host, Signature=";
    let headers = format!("content-type: application/json; authorization: {signature}{}", "0".repeat(64));
    insta::assert_snapshot!("memory-connect", compare_with_faults(&service, &headers, &requests));
}
