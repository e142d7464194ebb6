//! The embedded reference server, in process and over a socket.
mod contracts;
mod corpus;

use contracts::{connect, leadlex};
use corpus::{CorpusRequest, connect_corpus, leadlex_corpus};
use overstep::contract::from_json;
use overstep::reference::{
    BearerKey, DeliveryMode, Fault, KnownIdentifier, ReferenceServer, ReferenceService, ServerConfig, ServerRequest,
    ServerResponse, list_faults,
};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

const INSTANCE: &str = "11111111-2222-3333-4444-555555555555";
const CONTACT: &str = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab";
const LEAD: &str = "123e4567-e89b-12d3-a456-0123456789ab";

fn connect_config() -> ServerConfig {
    let known = |member: &str, form: &str| KnownIdentifier { member: member.to_owned(), template: form.to_owned() };
    ServerConfig {
        known_identifiers: vec![
            known("InstanceId", INSTANCE),
            known("ContactId", "aaaaaaaa-bbbb-cccc-dddd-{case}"),
            known("InitialContactId", "aaaaaaaa-bbbb-cccc-dddd-{case}"),
        ],
        require_sigv4: true,
        ..ServerConfig::default()
    }
}

fn leadlex_config() -> ServerConfig {
    let key = |key: &str, lacks: &[&str]| BearerKey {
        key: key.to_owned(),
        missing_permissions: lacks.iter().map(|permission| (*permission).to_owned()).collect(),
    };
    ServerConfig {
        known_identifiers: vec![KnownIdentifier {
            member: "id".to_owned(),
            template: "123e4567-e89b-12d3-a456-{case}".to_owned(),
        }],
        bearer_keys: vec![key("wbk_full", &[]), key("wbk_readonly", &["contacts:write"])],
        error_code_path: Some("error.code".to_owned()),
        ..ServerConfig::default()
    }
}

const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/connect/aws4_request, \
    SignedHeaders=host;x-amz-date, Signature=00000000000000000000000000000000000000000000000000000000000000ff";

fn send_as(service: &ReferenceService, proof: Option<&str>, method: &str, target: &str, body: &[u8]) -> ServerResponse {
    let mut headers: Vec<(&str, &[u8])> = vec![("content-type", b"application/json")];
    if let Some(proof) = proof {
        headers.push(("Authorization", proof.as_bytes()));
    }
    service.handle(&ServerRequest { method, target, headers: &headers, body })
}

fn aws(service: &ReferenceService, method: &str, target: &str, body: impl AsRef<[u8]>) -> ServerResponse {
    send_as(service, Some(SIGNATURE), method, target, body.as_ref())
}

fn add_tags(service: &ReferenceService, body: impl AsRef<[u8]>) -> ServerResponse {
    send_as(service, Some("Bearer wbk_full"), "POST", &format!("/v1/contacts/{LEAD}/tags"), body.as_ref())
}

fn document(response: &ServerResponse) -> Value {
    serde_json::from_slice(&response.body).expect("the body is JSON")
}

/// Status, and the error's name or code where there is one.
fn status_and_code(response: &ServerResponse) -> (u16, String) {
    let header = response.header("x-amzn-errortype").map(str::to_owned);
    let code = || {
        let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        document.pointer("/error/code").and_then(Value::as_str).map(str::to_owned)
    };
    (response.status, header.or_else(code).unwrap_or_default())
}

fn tags(tags: Value) -> String {
    json!({"ContactId": CONTACT, "InstanceId": INSTANCE, "Tags": tags}).to_string()
}

fn invalid() -> (u16, String) {
    (400, "InvalidParameterException".to_owned())
}

fn ok() -> (u16, String) {
    (200, String::new())
}

fn connect_service() -> ReferenceService {
    ReferenceService::new(connect(), connect_config())
}

fn leadlex_service() -> ReferenceService {
    ReferenceService::new(leadlex(), leadlex_config())
}

#[test]
fn every_limit_is_enforced_exactly() {
    let service = connect_service();
    let many = |count: usize| (0..count).map(|n| (format!("k.{}", "x".repeat(n)), json!("v"))).collect::<Value>();
    for (body, expected) in [
        (tags(json!({"a": "b"})), ok()),
        (tags(json!({})), invalid()),
        (tags(many(6)), ok()),
        (tags(many(7)), invalid()),
        (tags(json!({"a".repeat(128): ""})), ok()),
        (tags(json!({"a".repeat(129): ""})), invalid()),
        (tags(json!({"": ""})), invalid()),
        (tags(json!({"aws:x": ""})), invalid()),
        (tags(json!({"AWS:x": ""})), ok()),
        (tags(json!({"a\n": ""})), invalid()),
        (tags(json!({"a,<;9": ""})), ok()),
        (tags(json!({"a b": ""})), invalid()),
        (tags(json!({"a": "é".repeat(256)})), ok()),
        (tags(json!({"a": "😀".repeat(256)})), ok()),
        (tags(json!({"a": "😀".repeat(257)})), invalid()),
        (tags(json!({"a": null})), invalid()),
        (tags(json!({"a": 1})), invalid()),
        (tags(json!(null)), invalid()),
        (tags(json!([])), invalid()),
        (tags(json!("a")), invalid()),
        (json!({"InstanceId": INSTANCE, "Tags": {"a": "b"}}).to_string(), invalid()),
        (json!({"ContactId": "x".repeat(257), "InstanceId": INSTANCE, "Tags": {"a": "b"}}).to_string(), invalid()),
        (json!({"ContactId": CONTACT, "InstanceId": INSTANCE, "Tags": {"a": "b"}, "more": [1]}).to_string(), ok()),
    ] {
        assert_eq!(status_and_code(&aws(&service, "POST", "/contact/tags", &body)), expected, "{body:.100}");
    }
    let update = format!("/contacts/{INSTANCE}/{CONTACT}");
    let nested = |depth: usize| {
        let mut value = json!({"ValueInteger": 2.0});
        for _ in 0..depth {
            value = json!({"ValueMap": {"k": value}, "ValueList": [{}]});
        }
        json!({"SegmentAttributes": {"k": value}})
    };
    for (body, expected) in [
        (json!({}), invalid()),
        (json!({"Name": null}), invalid()),
        (json!({"Name": ""}), ok()),
        (json!({"Name": "x".repeat(1025)}), invalid()),
        (json!({"References": {"k": {"Type": "URL"}}}), ok()),
        (json!({"References": {"k": {}}}), invalid()),
        (json!({"References": {"k": {"Type": null}}}), invalid()),
        (json!({"References": {"k": {"Type": "url"}}}), invalid()),
        (json!({"References": {"k": {"Type": "URL", "Arn": "a".repeat(19)}}}), invalid()),
        (json!({"References": {"k": {"Type": "URL", "Arn": "a".repeat(20)}}}), ok()),
        (json!({"References": {"k": {"Type": "URL", "Arn": format!("{}#", "a".repeat(20))}}}), ok()),
        (json!({"References": {"k": {"Type": "URL", "Arn": format!("#{}", "a".repeat(20))}}}), invalid()),
        (nested(0), ok()),
        (nested(20), ok()),
        (json!({"SegmentAttributes": {"k": {"ValueInteger": -5}}}), ok()),
        (json!({"SegmentAttributes": {"k": {"ValueInteger": -6}}}), invalid()),
        (json!({"SegmentAttributes": {"k": {"ValueInteger": 2147483648_u64}}}), invalid()),
        (json!({"SegmentAttributes": {"k": {"ValueInteger": 1.5}}}), invalid()),
        (json!({"SegmentAttributes": {"k": {"ValueInteger": "1"}}}), invalid()),
        (json!({"SegmentAttributes": {"k": {"ValueList": [null]}}}), invalid()),
        (json!({"SegmentAttributes": {"k": {"ValueList": [{"ValueString": 1}]}}}), invalid()),
        (json!({"SegmentAttributes": {"k": {"ValueMap": {"é": {}}}}}), invalid()),
        (json!({"References": {"k": {"Type": "URL", "Value": "é".repeat(2049)}}}), invalid()),
    ] {
        let response = aws(&service, "POST", &update, body.to_string());
        assert_eq!(status_and_code(&response), expected, "{body:.100}");
    }
}

#[test]
fn damaged_bodies_are_rejected() {
    let service = connect_service();
    let complete = tags(json!({"a": "b"}));
    let deep = format!("{{\"Tags\": {}", "[".repeat(200_000));
    let malformed = (400, "InvalidRequestException".to_owned());
    for (body, expected) in [
        (complete.as_bytes().to_vec(), &ok()),
        (b"{".to_vec(), &malformed),
        (b" ".to_vec(), &malformed),
        (b"null".to_vec(), &malformed),
        (b"[]".to_vec(), &malformed),
        (complete.as_bytes()[..complete.len() - 1].to_vec(), &malformed),
        ([complete.as_bytes(), b"x"].concat(), &malformed),
        ([b"\xef\xbb\xbf", complete.as_bytes()].concat(), &malformed),
        (complete.replace("\"b\"", "NaN").into_bytes(), &malformed),
        (complete.replace("\"b\"", "1e999").into_bytes(), &malformed),
        (complete.replace("\"b\"", "\"\\ud800\"").into_bytes(), &malformed),
        (complete.replace("\"b\"", "\"\\ud800\\u0041\"").into_bytes(), &malformed),
        (complete.replace("\"b\"", "\"\\u0000\"").into_bytes(), &ok()),
        ([b"{\"Tags\": \"\xff\"", complete.as_bytes()].concat(), &malformed),
        (deep.into_bytes(), &malformed),
        (Vec::new(), &invalid()),
        (b"{}".to_vec(), &invalid()),
        (complete.replace("\"Tags\":", "\"Tags\":1,\"Tags\":").into_bytes(), &ok()),
    ] {
        let response = aws(&service, "POST", "/contact/tags", &body);
        let described = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!(&status_and_code(&response), expected, "{described}");
    }
    let large = vec![b' '; (8 << 20) + 1];
    assert_eq!(aws(&service, "POST", "/contact/tags", large).status, 413);
}

#[test]
fn authentication_is_checked_before_the_body() {
    let service = connect_service();
    let target = "/contact/tags";
    for proof in [None, Some(""), Some("AWS4-HMAC-SHA256"), Some("Bearer x"), Some(&SIGNATURE[..SIGNATURE.len() - 1])] {
        let response = send_as(&service, proof, "POST", target, b"{");
        assert_eq!(status_and_code(&response), (403, "MissingAuthenticationTokenException".to_owned()), "{proof:?}");
    }
    let service = leadlex_service();
    let target = format!("/v1/contacts/{LEAD}/tags");
    let unauthorized = (401, "unauthorized".to_owned());
    for (proof, expected) in [
        (None, &unauthorized),
        (Some(""), &unauthorized),
        (Some("Bearer"), &unauthorized),
        (Some("Bearer "), &unauthorized),
        (Some("Basic wbk_full"), &unauthorized),
        (Some("wbk_full"), &unauthorized),
        (Some("Bearer wbk_ful"), &unauthorized),
        (Some("Bearer wbk_fullx"), &unauthorized),
        (Some("Bearer WBK_FULL"), &unauthorized),
        (Some("Bearer wbk_readonly"), &(403, "insufficient_permissions".to_owned())),
        (Some("bearer wbk_full"), &(400, "validation_error".to_owned())),
    ] {
        assert_eq!(&status_and_code(&send_as(&service, proof, "POST", &target, b"{")), expected, "{proof:?}");
    }
}

#[test]
fn unknown_routes_and_missing_resources_differ() {
    let service = connect_service();
    let body = tags(json!({"a": "b"}));
    let unknown = |status| (status, "UnknownOperationException".to_owned());
    let missing = (404, "ResourceNotFoundException".to_owned());
    assert_eq!(status_and_code(&aws(&service, "POST", "/contact/tag", &body)), unknown(404));
    assert_eq!(status_and_code(&aws(&service, "PUT", "/contact/tags", &body)), unknown(405));
    assert_eq!(status_and_code(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/"), "")), unknown(404));
    assert_eq!(status_and_code(&aws(&service, "GET", &format!("/contacts//{CONTACT}"), "")), unknown(404));
    assert_eq!(status_and_code(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/{CONTACT}"), "")), ok());
    assert_eq!(status_and_code(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/%61{}", &CONTACT[1..]), "")), ok());
    assert_eq!(
        status_and_code(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/%2561{}", &CONTACT[1..]), "")),
        missing
    );
    assert_eq!(status_and_code(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/%ff"), "")).0, 400);
    assert_eq!(status_and_code(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/%2E%2E"), "")), missing);
    let other = body.replace(CONTACT, "other");
    assert_eq!(status_and_code(&aws(&service, "POST", "/contact/tags", other)), missing);
    let other = body.replace(INSTANCE, "other");
    assert_eq!(status_and_code(&aws(&service, "POST", "/contact/tags", other)), missing);
    let service = leadlex_service();
    let full = Some("Bearer wbk_full");
    let body = br#"{"tags":["a"]}"#;
    for (target, expected) in [
        (format!("/functions/v1/api-gateway/v1/contacts/{LEAD}/tags"), (200, "")),
        (format!("/functions/v1/api-gateway/contacts/{LEAD}/tags"), (404, "route_not_found")),
        ("/v1/contacts/123e4567-e89b-12d3-a456-426614174000/tags".to_owned(), (200, "")),
        ("/v1/contacts/00000000-0000-4000-8000-000000000000/tags".to_owned(), (404, "not_found")),
        ("/v1/contacts/x/tags".to_owned(), (400, "validation_error")),
        (format!("/v1/contacts/{LEAD}%0A/tags"), (400, "validation_error")),
    ] {
        assert_eq!(
            status_and_code(&send_as(&service, full, "POST", &target, body)),
            (expected.0, expected.1.to_owned()),
            "{target}"
        );
    }
}

#[test]
fn written_state_is_merged_and_read_back() {
    let service = connect_service();
    let describe = format!("/contacts/{INSTANCE}/{CONTACT}");
    let contact = || document(&aws(&service, "GET", &describe, ""))["Contact"].clone();
    assert_eq!(contact(), json!({"Id": CONTACT}));
    assert_eq!(aws(&service, "POST", "/contact/tags", tags(json!({"a": "1", "b": "2"}))).body, "{}");
    aws(&service, "POST", "/contact/tags", tags(json!({"b": "3", "c": ""})));
    assert_eq!(contact()["Tags"], json!({"a": "1", "b": "3", "c": ""}));
    aws(&service, "POST", "/contact/tags", tags(json!({"d": "4", "e e": ""})));
    assert_eq!(contact()["Tags"], json!({"a": "1", "b": "3", "c": ""}), "a rejected request changes nothing");
    let untag = format!("/contact/tags/{INSTANCE}/{CONTACT}?TagKeys=a&TagKeys=%62&TagKeys=zz");
    assert_eq!(status_and_code(&aws(&service, "DELETE", &untag, "")), ok());
    assert_eq!(contact()["Tags"], json!({"c": ""}));
    let untag = format!("/contact/tags/{INSTANCE}/{CONTACT}");
    assert_eq!(status_and_code(&aws(&service, "DELETE", &untag, "")), invalid());

    let attributes = |attributes: Value| {
        let body = json!({"InitialContactId": CONTACT, "InstanceId": INSTANCE, "Attributes": attributes});
        status_and_code(&aws(&service, "POST", "/contact/attributes", body.to_string()))
    };
    let stored = || document(&aws(&service, "GET", &format!("/contact/attributes/{INSTANCE}/{CONTACT}"), ""));
    assert_eq!(stored(), json!({"Attributes": {}}));
    assert_eq!(attributes(json!({"a": "é".repeat(16_000)})), ok());
    assert_eq!(attributes(json!({"b": "x".repeat(768)})), ok());
    assert_eq!(attributes(json!({"c": "x"})), invalid());
    assert_eq!(attributes(json!({"c": ""})), ok());
    assert_eq!(attributes(json!({"a": "x", "c": "y"})), ok());
    assert_eq!(stored(), json!({"Attributes": {"a": "x", "b": "x".repeat(768), "c": "y"}}));

    let update = |body: Value| status_and_code(&aws(&service, "POST", &describe, body.to_string()));
    assert_eq!(update(json!({"Name": "n", "References": {"u": {"Type": "URL", "Value": "x".repeat(4000)}}})), ok());
    assert_eq!(
        update(json!({"Name": "lost", "References": {"v": {"Type": "URL", "Value": "x".repeat(97)}}})),
        invalid()
    );
    assert_eq!(update(json!({"References": {"n": {"Type": "NUMBER", "Value": "7"}}})), ok());
    assert_eq!(contact()["Name"], "n");
    let list_references = |types: &str| {
        let target = format!("/contact/references/{INSTANCE}/{CONTACT}?referenceTypes={types}");
        document(&aws(&service, "GET", &target, ""))["ReferenceSummaryList"].clone()
    };
    assert_eq!(list_references("NUMBER"), json!([{"Number": {"Name": "n", "Value": "7"}}]));
    assert_eq!(list_references("NUMBER&referenceTypes=URL").as_array().map(Vec::len), Some(2));
    assert_eq!(list_references("EMAIL_MESSAGE"), json!([]));
}

#[test]
fn leadlex_tags_are_ordered_and_unique() {
    let service = leadlex_service();
    let add = |tags: Value| document(&add_tags(&service, json!({ "tags": tags }).to_string()))["data"].clone();
    assert_eq!(add(json!(["b", "a", "b"])), json!({"contact_id": LEAD, "tags": ["b", "a"]}));
    assert_eq!(add(json!(["c", "a", "B"])), json!({"contact_id": LEAD, "tags": ["b", "a", "c", "B"]}));
    assert_eq!(add(json!([])), json!({"contact_id": LEAD, "tags": ["b", "a", "c", "B"]}));
    for body in [r#"{"tags": ["x", 1]}"#, r#"{"tags": ["x", null]}"#, r#"{"tags": "x"}"#, "{}", r#"{"tags": null}"#, ""]
    {
        let response = add_tags(&service, body);
        assert_eq!(status_and_code(&response), (400, "validation_error".to_owned()), "{body}");
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
    assert_eq!(add(json!([])), json!({"contact_id": LEAD, "tags": ["b", "a", "c", "B"]}));
}

fn send_case(
    service: &ReferenceService,
    prefix: &str,
    (proof, method, target, body): &CorpusRequest,
) -> ServerResponse {
    send_as(service, *proof, method, &format!("{prefix}{target}"), body)
}

#[test]
fn every_violating_fault_changes_a_response() {
    for (service, corpus) in [(leadlex_service(), leadlex_corpus()), (connect_service(), connect_corpus())] {
        let faithful: Vec<ServerResponse> = corpus.iter().map(|case| send_case(&service, "", case)).collect();
        for (response, case) in faithful.iter().zip(&corpus) {
            assert!(response.delivery == DeliveryMode::Whole && response.status < 500, "{case:?} {response:?}");
        }
        let is_visible = |fault: &&Fault| {
            let prefix = format!("/faults/{}", fault.name);
            faithful.iter().zip(&corpus).any(|(faithful, case)| send_case(&service, &prefix, case) != *faithful)
        };
        let faults = service.faults();
        let violations = || faults.values().filter(|fault| fault.violates_contract && fault.hidden_reason.is_none());
        assert!(violations().count() >= 100, "{}", violations().count());
        println!("{}: {} faults, {} violate the contract", faults[0].operation, faults.len(), violations().count());
        let unseen: Vec<_> = violations().filter(|fault| !is_visible(fault)).map(|fault| &fault.name).collect();
        assert!(unseen.is_empty(), "{unseen:#?}");
        let classes: HashSet<_> = faults.values().map(|fault| fault.class).collect();
        assert!(classes.len() >= 13, "{classes:?}");
    }
}

#[test]
fn faults_have_url_safe_names_and_scopes() {
    for contract in [connect(), leadlex()] {
        let faults = list_faults(&contract);
        let names: HashSet<_> = faults.iter().map(|fault| &fault.name).collect();
        assert_eq!(names.len(), faults.len());
        for fault in &faults {
            let safe = |c: char| c.is_ascii_alphanumeric() || "._~-+()".contains(c);
            assert!(fault.name.chars().all(safe), "{}", fault.name);
            assert!(!fault.scopes.is_empty() && !fault.description.is_empty(), "{}", fault.name);
            assert!(contract.operation(&fault.operation).is_some(), "{}", fault.name);
        }
        assert_eq!(faults, list_faults(&contract), "the order is fixed");
    }
    let fault_named = |name: &str| connect_service().faults()[name].clone();
    let fault = fault_named("TagContact.Tags.length.max+1");
    assert!(fault.scopes.iter().any(|scope| scope.covers("TagContact", "Tags", "length")));
    assert!(!fault.scopes.iter().any(|scope| scope.covers("TagContact", "Tags{key}", "length")));
    let fault = fault_named("UpdateContact.SegmentAttributes(value).ValueString.length.max+1");
    let deep = "SegmentAttributes{value}.ValueMap{value}.ValueString";
    assert!(fault.scopes.iter().any(|scope| scope.covers("UpdateContact", deep, "length")));
}

#[test]
fn each_fault_has_its_own_state() {
    let service = leadlex_service();
    let add = |prefix: &str| {
        let target = format!("{prefix}/v1/contacts/{LEAD}/tags");
        document(&send_as(&service, Some("Bearer wbk_full"), "POST", &target, br#"{"tags":["a"]}"#))["data"]["tags"]
            .clone()
    };
    let fault_prefix = "/faults/AddTagsToContact.memory.keeps-duplicates";
    assert_eq!([add(""), add("")], [json!(["a"]), json!(["a"])]);
    assert_eq!([add(fault_prefix), add(fault_prefix)], [json!(["a"]), json!(["a", "a"])]);
    assert_eq!(
        add("/faults/%41ddTagsToContact.memory.keeps%2Dduplicates/functions/v1/api-gateway"),
        json!(["a", "a", "a"])
    );
    assert_eq!(add(""), json!(["a"]));
    let unknown = send_as(&service, None, "GET", "/faults/AddTagsToContact.memory.keeps-duplicate/", b"");
    let text = String::from_utf8_lossy(&unknown.body).into_owned();
    assert_eq!(unknown.status, 404);
    assert_eq!(
        text,
        "unknown fault `AddTagsToContact.memory.keeps-duplicate`\ndid you mean `AddTagsToContact.memory.keeps-duplicates`?\n"
    );
    assert_eq!(
        ReferenceService::with_faults(leadlex(), leadlex_config(), &["x"]).err().map(|error| error.name),
        Some("x".to_owned())
    );
    let both = ["AddTagsToContact.memory.keeps-duplicates", "AddTagsToContact.successes.created"];
    let service = ReferenceService::with_faults(leadlex(), leadlex_config(), &both).expect("both faults exist");
    let response = add_tags(&service, br#"{"tags":["a","a"]}"#);
    assert_eq!((response.status, document(&response)["data"]["tags"].clone()), (201, json!(["a", "a"])));
}

/// Sends bytes on a fresh connection and reads until the server closes it.
fn send_raw(addr: std::net::SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).expect("the server listens");
    // Only a broken server reaches the timeout.
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("a timeout above zero");
    stream.write_all(request).expect("the server reads");
    let mut response = Vec::new();
    // A reset also ends the response.
    let _ = stream.read_to_end(&mut response);
    response
}

fn post_tags(prefix: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {prefix}/v1/contacts/{LEAD}/tags HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Bearer wbk_full\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn responses_and_delivery_faults_over_a_socket() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let service = Arc::new(leadlex_service());
    let loopback = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let server =
        runtime.block_on(ReferenceServer::start(service, loopback)).expect("the server can listen on loopback");
    let addr = server.addr();
    let text = |request: &[u8]| String::from_utf8_lossy(&send_raw(addr, request)).into_owned();

    let response = text(&post_tags("", r#"{"tags":["a"]}"#));
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.contains("content-type: application/json\r\n"), "{response}");
    assert!(response.ends_with(&format!("{{\"data\":{{\"contact_id\":\"{LEAD}\",\"tags\":[\"a\"]}}}}")), "{response}");
    let response = text(&post_tags("", "{"));
    assert!(response.starts_with("HTTP/1.1 400 ") && response.contains("\"code\":\"validation_error\""), "{response}");

    let delivery =
        |fault: &str| text(&post_tags(&format!("/faults/AddTagsToContact.delivery.{fault}"), r#"{"tags":[]}"#));
    assert_eq!(delivery("drops"), "");
    assert_eq!(delivery("not-http"), "this is not an answer\r\n\r\n");
    for (fault, difference) in [("short-body", 16), ("long-body", -1)] {
        let response = delivery(fault);
        let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
        let declared = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        assert_eq!(declared.parse::<i64>().expect("a number"), body.len() as i64 + difference, "{response}");
    }

    let mut hanging = TcpStream::connect(addr).expect("the server listens");
    hanging.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("a timeout above zero");
    hanging.write_all(&post_tags("/faults/AddTagsToContact.delivery.hangs", "{}")).expect("the server reads");
    let half = &post_tags("", r#"{"tags":["a"]}"#)[..120];
    drop(TcpStream::connect(addr).map(|mut stream| stream.write_all(half)));
    let refused = send_raw(addr, b"GET / HTTP/x\r\n\r\n");
    assert!(refused.starts_with(b"HTTP/1.1 400 "), "{refused:?}");
    let large = format!("POST /v1/contacts/{LEAD}/tags HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n");
    assert!(send_raw(addr, large.as_bytes()).starts_with(b"HTTP/1.1 413 "));
    // A body that the socket server reads, but the service rejects as too large.
    let complete = String::from_utf8_lossy(&send_raw(addr, &post_tags("", &" ".repeat(9 << 20)))).into_owned();
    assert!(complete.starts_with("HTTP/1.1 413 ") && complete.contains("payload_too_large"), "{complete}");
    let chunked = |chunks: &str| {
        let head = format!("POST /v1/contacts/{LEAD}/tags HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        String::from_utf8_lossy(&send_raw(addr, format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}").as_bytes()))
            .into_owned()
    };
    let endless = chunked(&format!("{:x}\r\n{}\r\n", (9 << 20) + 1, " ".repeat((9 << 20) + 1)));
    assert!(endless.starts_with("HTTP/1.1 413 ") && endless.ends_with("the body is too large\n"), "{endless}");
    let broken = chunked("zz\r\n");
    assert!(!broken.contains(" 413 "), "{broken}");

    runtime.block_on(server.shutdown());
    // Shutdown closes hanging connections and the listener.
    let _ = hanging.read(&mut [0; 1]);
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn any_contract_can_be_served() {
    let contract = json!({
        "format": "overstep-contract/1", "service": "files", "protocol": "restJson", "base": "https://x.test/api/",
        "operations": [
            {"name": "Put", "http": {"method": "PUT", "uri": "/f/{Path+}", "success": 201}, "input": "Put",
                "output": "Made", "errors": ["bad"]},
            {"name": "Find", "http": {"method": "GET", "uri": "/f?find"}, "input": "Find", "errors": ["bad"]},
        ],
        "errors": [{"name": "bad", "status": 422, "role": "invalid-input"}],
        "shapes": {
            "Put": {"type": "structure", "members": {
                "Path": {"shape": "Path", "required": true, "location": "label"},
                "Bytes": {"shape": "Bytes", "required": true, "location": "payload"},
                "Kind": {"shape": "Kind", "location": "header", "wire": "x-kind"}}},
            "Find": {"type": "structure", "members": {
                "Most": {"shape": "Most", "location": "query", "wire": "most"},
                "Deep": {"shape": "Deep", "location": "query", "wire": "deep"}}},
            "Path": {"type": "string", "length": {"min": 1, "max": 8}},
            "Bytes": {"type": "blob", "length": {"min": 2, "max": 4}},
            "Kind": {"type": "enum", "values": ["a", "b"]},
            "Most": {"type": "integer", "range": {"min": 1, "max": 9}},
            "Deep": {"type": "boolean"},
            "Made": {"type": "structure", "members": {"id": {"shape": "Id", "required": true}, "note": {"shape": "Path"}}},
            "Id": {"type": "string", "length": {"min": 3}, "pattern": "^[0-9]+$"},
        }
    });
    let contract = from_json(&contract.to_string()).expect("the contract is valid");
    let service = ReferenceService::new(contract, ServerConfig::default());
    let send = |method: &str, target: &str, kind: &str, body: &[u8]| {
        service.handle(&ServerRequest { method, target, headers: &[("X-Kind", kind.as_bytes())], body })
    };
    let put = |target: &str, kind: &str, body: &[u8]| status_and_code(&send("PUT", target, kind, body));
    let bad = (422, "bad".to_owned());
    assert_eq!(document(&send("PUT", "/api/f/a/b", "a", b"\xff\xfe")), json!({"id": "000"}));
    assert_eq!(put("/f/a/b%2Fc", "a", b"1234"), (201, String::new()));
    assert_eq!(put("/f/a/b/c/d/e", "a", b"1234"), bad);
    assert_eq!(put("/f/a", "c", b"1234"), bad);
    assert_eq!(put("/f/a", "a", b"1"), bad);
    assert_eq!(put("/f/a", "a", b"12345"), bad);
    assert_eq!(put("/f/a", "a", b""), bad);
    for (query, status) in [
        ("find", 200),
        ("find&most=9", 200),
        ("find&most=10", 422),
        ("find&most=x", 422),
        ("find&deep=true", 200),
        ("find&deep=1", 422),
        ("other", 404),
    ] {
        assert_eq!(send("GET", &format!("/f?{query}"), "a", b"").status, status, "{query}");
    }
    assert!(service.untranslated_patterns().is_empty());
    assert!(service.faults().len() > 100);
}
