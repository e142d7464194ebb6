//! The embedded reference server, in process and over a socket.
#![recursion_limit = "512"]
use overstep::contract::{Contract, from_json};
use overstep::reference::{BearerKey, Delivery, Fault, KnownId, Request, Response, Server, Service, World, catalogue};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

const INSTANCE: &str = "11111111-2222-3333-4444-555555555555";
const CONTACT: &str = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab";
const LEAD: &str = "123e4567-e89b-12d3-a456-0123456789ab";

fn text(min: u64, max: u64) -> Value {
    json!({"type": "string", "length": {"min": min, "max": max}})
}

/// A contract like Amazon Connect's, as small as the behaviours allow.
fn connect() -> Contract {
    let names = ["InvalidRequestException", "InvalidParameterException", "ResourceNotFoundException",
        "InternalServiceException", "AccessDeniedException"];
    let operation = |name: &str, method: &str, uri: &str, output: &str| {
        json!({"name": name, "http": {"method": method, "uri": uri, "success": 200},
            "input": format!("{name}Request"), "output": output, "errors": names})
    };
    let label = |shape: &str| json!({"shape": shape, "required": true, "location": "label"});
    let required = |shape: &str| json!({"shape": shape, "required": true});
    let optional = |shape: &str| json!({"shape": shape});
    let contract = json!({
        "format": "overstep-contract/1", "service": "connect", "protocol": "restJson1",
        "auth": [{"scheme": "sigv4"}],
        "operations": [
            operation("TagContact", "POST", "/contact/tags", "Empty"),
            operation("UntagContact", "DELETE", "/contact/tags/{InstanceId}/{ContactId}", "Empty"),
            operation("UpdateContactAttributes", "POST", "/contact/attributes", "Empty"),
            operation("GetContactAttributes", "GET", "/contact/attributes/{InstanceId}/{InitialContactId}", "Got"),
            operation("UpdateContact", "POST", "/contacts/{InstanceId}/{ContactId}", "Empty"),
            operation("DescribeContact", "GET", "/contacts/{InstanceId}/{ContactId}", "Described"),
            operation("ListContactReferences", "GET", "/contact/references/{InstanceId}/{ContactId}", "Listed"),
        ],
        "errors": [
            {"name": "InvalidRequestException", "status": 400, "role": "invalid-input"},
            {"name": "InvalidParameterException", "status": 400, "role": "invalid-input"},
            {"name": "ResourceNotFoundException", "status": 404, "role": "missing-resource"},
            {"name": "InternalServiceException", "status": 500, "role": "server-fault"},
            {"name": "AccessDeniedException", "status": 403, "role": "forbidden"},
        ],
        "shapes": {
            "Empty": {"type": "structure"},
            "Got": {"type": "structure", "members": {"Attributes": optional("Attributes")}},
            "Described": {"type": "structure", "members": {"Contact": optional("Contact")}},
            "Contact": {"type": "structure", "members": {"Id": optional("ContactId"), "Tags": optional("Tags"),
                "Name": optional("Name")}},
            "Listed": {"type": "structure", "members": {"ReferenceSummaryList": optional("Summaries")}},
            "Summaries": {"type": "list", "member": "Document"},
            "Document": {"type": "document"},
            "ContactId": text(1, 256),
            "InstanceId": text(1, 100),
            "TagKey": {"type": "string", "length": {"min": 1, "max": 128},
                "pattern": "^(?!aws:)[a-zA-Z+-=._:/]+$"},
            "TagValue": {"type": "string", "length": {"max": 256}},
            "Tags": {"type": "map", "key": "TagKey", "value": "TagValue", "length": {"min": 1, "max": 6}},
            "TagKeys": {"type": "list", "member": "TagKey", "length": {"min": 1, "max": 6}},
            "TagContactRequest": {"type": "structure", "members": {"ContactId": required("ContactId"),
                "InstanceId": required("InstanceId"), "Tags": required("Tags")}},
            "UntagContactRequest": {"type": "structure", "members": {"ContactId": label("ContactId"),
                "InstanceId": label("InstanceId"),
                "TagKeys": {"shape": "TagKeys", "required": true, "location": "query", "wire": "TagKeys"}}},
            "AttributeName": {"type": "string", "length": {"min": 1, "max": 32767}, "pattern": "^[a-zA-Z0-9_-]+$"},
            "AttributeValue": text(0, 32767),
            "Attributes": {"type": "map", "key": "AttributeName", "value": "AttributeValue",
                "rules": [{"rule": "maxTotalBytes", "over": "values", "max": 32768, "stored": true}]},
            "UpdateContactAttributesRequest": {"type": "structure", "members": {
                "InitialContactId": required("ContactId"), "InstanceId": required("InstanceId"),
                "Attributes": required("Attributes")}},
            "GetContactAttributesRequest": {"type": "structure", "members": {
                "InstanceId": label("InstanceId"), "InitialContactId": label("ContactId")}},
            "Name": text(0, 1024),
            "ReferenceType": {"type": "enum", "values": ["URL", "NUMBER", "EMAIL_MESSAGE"]},
            "Arn": {"type": "string", "length": {"min": 20, "max": 256}, "pattern": "^[-:/A-Za-z0-9]+"},
            "ReferenceValue": text(0, 4096),
            "Reference": {"type": "structure", "members": {"Value": optional("ReferenceValue"),
                "Type": required("ReferenceType"), "Arn": optional("Arn")}},
            "ReferenceKey": text(1, 4096),
            "References": {"type": "map", "key": "ReferenceKey", "value": "Reference",
                "rules": [{"rule": "maxTotalBytes", "over": "values", "max": 4096, "stored": true}]},
            "Segment": {"type": "structure", "members": {"ValueString": optional("Name"),
                "ValueMap": optional("Segments"), "ValueInteger": optional("Integer"),
                "ValueList": optional("SegmentList")}},
            "Integer": {"type": "integer", "range": {"min": -5, "max": 2147483647}},
            "SegmentName": {"type": "string", "length": {"min": 1, "max": 128}, "pattern": "^[a-zA-Z0-9_-]+$"},
            "Segments": {"type": "map", "key": "SegmentName", "value": "Segment"},
            "SegmentList": {"type": "list", "member": "Segment"},
            "UpdateContactRequest": {"type": "structure",
                "rules": [{"rule": "atLeastOneOf", "members": ["Name", "References", "SegmentAttributes"]}],
                "members": {"InstanceId": label("InstanceId"), "ContactId": label("ContactId"),
                    "Name": optional("Name"), "References": optional("References"),
                    "SegmentAttributes": optional("Segments")}},
            "DescribeContactRequest": {"type": "structure", "members": {
                "InstanceId": label("InstanceId"), "ContactId": label("ContactId")}},
            "ReferenceTypes": {"type": "list", "member": "ReferenceType", "length": {"max": 6}},
            "ListContactReferencesRequest": {"type": "structure", "members": {
                "InstanceId": label("InstanceId"), "ContactId": label("ContactId"),
                "ReferenceTypes": {"shape": "ReferenceTypes", "required": true, "location": "query",
                    "wire": "referenceTypes"}}},
        }
    });
    from_json(&contract.to_string()).expect("the contract is written by hand with care")
}

/// A contract like LeadLex's.
fn leadlex() -> Contract {
    let contract = json!({
        "format": "overstep-contract/1", "service": "leadlex", "protocol": "restJson",
        "auth": [{"scheme": "bearer"}], "base": "https://data.leadlex.com/functions/v1/api-gateway",
        "operations": [{"name": "AddTagsToContact", "http": {"method": "POST", "uri": "/v1/contacts/{id}/tags",
            "success": 200}, "input": "In", "output": "Out", "permission": "contacts:write",
            "errors": ["validation_error", "not_found", "insufficient_permissions"]}],
        "errors": [
            {"name": "validation_error", "status": 400, "role": "invalid-input"},
            {"name": "not_found", "status": 404, "role": "missing-resource"},
            {"name": "insufficient_permissions", "status": 403, "role": "forbidden"},
        ],
        "shapes": {
            "In": {"type": "structure", "members": {
                "id": {"shape": "Id", "required": true, "location": "label"}, "tags": {"shape": "Tags", "required": true}}},
            "Id": {"type": "string", "pattern":
                "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"},
            "Tags": {"type": "list", "member": "Tag"},
            "Tag": {"type": "string"},
            "Out": {"type": "structure", "members": {"data": {"shape": "Data"}}},
            "Data": {"type": "structure", "members": {"contact_id": {"shape": "Tag"}, "tags": {"shape": "Tags"}}},
        }
    });
    from_json(&contract.to_string()).expect("the contract is written by hand with care")
}

fn connect_world() -> World {
    let known = |member: &str, form: &str| KnownId { member: member.to_owned(), form: form.to_owned() };
    World {
        known: vec![
            known("InstanceId", INSTANCE),
            known("ContactId", "aaaaaaaa-bbbb-cccc-dddd-{case}"),
            known("InitialContactId", "aaaaaaaa-bbbb-cccc-dddd-{case}"),
        ],
        require_sigv4: true,
        ..World::default()
    }
}

fn leadlex_world() -> World {
    let key = |key: &str, lacks: &[&str]| BearerKey {
        key: key.to_owned(),
        lacks: lacks.iter().map(|one| (*one).to_owned()).collect(),
    };
    World {
        known: vec![KnownId { member: "id".to_owned(), form: "123e4567-e89b-12d3-a456-{case}".to_owned() }],
        bearer_keys: vec![key("wbk_full", &[]), key("wbk_readonly", &["contacts:write"])],
        error_code: Some("error.code".to_owned()),
        ..World::default()
    }
}

const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/connect/aws4_request, \
    SignedHeaders=host;x-amz-date, Signature=00000000000000000000000000000000000000000000000000000000000000ff";

fn send_as(service: &Service, proof: Option<&str>, method: &str, target: &str, body: &[u8]) -> Response {
    let mut headers: Vec<(&str, &[u8])> = vec![("content-type", b"application/json")];
    if let Some(proof) = proof {
        headers.push(("Authorization", proof.as_bytes()));
    }
    service.handle(&Request { method, target, headers: &headers, body })
}

fn aws(service: &Service, method: &str, target: &str, body: impl AsRef<[u8]>) -> Response {
    send_as(service, Some(SIGNATURE), method, target, body.as_ref())
}

fn lead(service: &Service, body: impl AsRef<[u8]>) -> Response {
    send_as(service, Some("Bearer wbk_full"), "POST", &format!("/v1/contacts/{LEAD}/tags"), body.as_ref())
}

fn document(response: &Response) -> Value {
    serde_json::from_slice(&response.body).expect("the body is JSON")
}

/// Status, and the error's name or code where there is one.
fn outcome(response: &Response) -> (u16, String) {
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

fn connect_service() -> Service {
    Service::new(connect(), connect_world())
}

fn leadlex_service() -> Service {
    Service::new(leadlex(), leadlex_world())
}

#[test]
fn every_limit_is_kept_exactly() {
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
        assert_eq!(outcome(&aws(&service, "POST", "/contact/tags", &body)), expected, "{body:.100}");
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
        assert_eq!(outcome(&response), expected, "{body:.100}");
    }
}

#[test]
fn damaged_bodies_are_refused_and_break_nothing() {
    let service = connect_service();
    let whole = tags(json!({"a": "b"}));
    let deep = format!("{{\"Tags\": {}", "[".repeat(200_000));
    let malformed = (400, "InvalidRequestException".to_owned());
    for (body, expected) in [
        (whole.as_bytes().to_vec(), &ok()),
        (b"{".to_vec(), &malformed),
        (b" ".to_vec(), &malformed),
        (b"null".to_vec(), &malformed),
        (b"[]".to_vec(), &malformed),
        (whole.as_bytes()[..whole.len() - 1].to_vec(), &malformed),
        ([whole.as_bytes(), b"x"].concat(), &malformed),
        ([b"\xef\xbb\xbf", whole.as_bytes()].concat(), &malformed),
        (whole.replace("\"b\"", "NaN").into_bytes(), &malformed),
        (whole.replace("\"b\"", "1e999").into_bytes(), &malformed),
        (whole.replace("\"b\"", "\"\\ud800\"").into_bytes(), &malformed),
        (whole.replace("\"b\"", "\"\\ud800\\u0041\"").into_bytes(), &malformed),
        (whole.replace("\"b\"", "\"\\u0000\"").into_bytes(), &ok()),
        ([b"{\"Tags\": \"\xff\"", whole.as_bytes()].concat(), &malformed),
        (deep.into_bytes(), &malformed),
        (Vec::new(), &invalid()),
        (b"{}".to_vec(), &invalid()),
        (whole.replace("\"Tags\":", "\"Tags\":1,\"Tags\":").into_bytes(), &ok()),
    ] {
        let response = aws(&service, "POST", "/contact/tags", &body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!(&outcome(&response), expected, "{shown}");
    }
    let large = vec![b' '; (8 << 20) + 1];
    assert_eq!(aws(&service, "POST", "/contact/tags", large).status, 413);
}

#[test]
fn who_calls_comes_before_what_they_say() {
    let service = connect_service();
    let target = "/contact/tags";
    for proof in [None, Some(""), Some("AWS4-HMAC-SHA256"), Some("Bearer x"), Some(&SIGNATURE[..SIGNATURE.len() - 1])] {
        let response = send_as(&service, proof, "POST", target, b"{");
        assert_eq!(outcome(&response), (403, "MissingAuthenticationTokenException".to_owned()), "{proof:?}");
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
        assert_eq!(&outcome(&send_as(&service, proof, "POST", &target, b"{")), expected, "{proof:?}");
    }
}

#[test]
fn routes_and_resources_are_told_apart() {
    let service = connect_service();
    let body = tags(json!({"a": "b"}));
    let unknown = |status| (status, "UnknownOperationException".to_owned());
    let missing = (404, "ResourceNotFoundException".to_owned());
    assert_eq!(outcome(&aws(&service, "POST", "/contact/tag", &body)), unknown(404));
    assert_eq!(outcome(&aws(&service, "PUT", "/contact/tags", &body)), unknown(405));
    assert_eq!(outcome(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/"), "")), unknown(404));
    assert_eq!(outcome(&aws(&service, "GET", &format!("/contacts//{CONTACT}"), "")), unknown(404));
    assert_eq!(outcome(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/{CONTACT}"), "")), ok());
    assert_eq!(outcome(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/%61{}", &CONTACT[1..]), "")), ok());
    assert_eq!(outcome(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/%2561{}", &CONTACT[1..]), "")), missing);
    assert_eq!(outcome(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/%ff"), "")).0, 400);
    assert_eq!(outcome(&aws(&service, "GET", &format!("/contacts/{INSTANCE}/%2E%2E"), "")), missing);
    let other = body.replace(CONTACT, "other");
    assert_eq!(outcome(&aws(&service, "POST", "/contact/tags", other)), missing);
    let other = body.replace(INSTANCE, "other");
    assert_eq!(outcome(&aws(&service, "POST", "/contact/tags", other)), missing);
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
        assert_eq!(outcome(&send_as(&service, full, "POST", &target, body)), (expected.0, expected.1.to_owned()), "{target}");
    }
}

#[test]
fn what_is_written_is_merged_and_read_back() {
    let service = connect_service();
    let describe = format!("/contacts/{INSTANCE}/{CONTACT}");
    let shown = || document(&aws(&service, "GET", &describe, ""))["Contact"].clone();
    assert_eq!(shown(), json!({"Id": CONTACT}));
    assert_eq!(aws(&service, "POST", "/contact/tags", tags(json!({"a": "1", "b": "2"}))).body, "{}");
    aws(&service, "POST", "/contact/tags", tags(json!({"b": "3", "c": ""})));
    assert_eq!(shown()["Tags"], json!({"a": "1", "b": "3", "c": ""}));
    aws(&service, "POST", "/contact/tags", tags(json!({"d": "4", "e e": ""})));
    assert_eq!(shown()["Tags"], json!({"a": "1", "b": "3", "c": ""}), "a rejected request leaves no trace");
    let untag = format!("/contact/tags/{INSTANCE}/{CONTACT}?TagKeys=a&TagKeys=%62&TagKeys=zz");
    assert_eq!(outcome(&aws(&service, "DELETE", &untag, "")), ok());
    assert_eq!(shown()["Tags"], json!({"c": ""}));
    let untag = format!("/contact/tags/{INSTANCE}/{CONTACT}");
    assert_eq!(outcome(&aws(&service, "DELETE", &untag, "")), invalid());

    let attributes = |attributes: Value| {
        let body = json!({"InitialContactId": CONTACT, "InstanceId": INSTANCE, "Attributes": attributes});
        outcome(&aws(&service, "POST", "/contact/attributes", body.to_string()))
    };
    let stored = || document(&aws(&service, "GET", &format!("/contact/attributes/{INSTANCE}/{CONTACT}"), ""));
    assert_eq!(stored(), json!({"Attributes": {}}));
    assert_eq!(attributes(json!({"a": "é".repeat(16_000)})), ok());
    assert_eq!(attributes(json!({"b": "x".repeat(768)})), ok());
    assert_eq!(attributes(json!({"c": "x"})), invalid());
    assert_eq!(attributes(json!({"c": ""})), ok());
    assert_eq!(attributes(json!({"a": "x", "c": "y"})), ok());
    assert_eq!(stored(), json!({"Attributes": {"a": "x", "b": "x".repeat(768), "c": "y"}}));

    let update = |body: Value| outcome(&aws(&service, "POST", &describe, body.to_string()));
    assert_eq!(update(json!({"Name": "n", "References": {"u": {"Type": "URL", "Value": "x".repeat(4000)}}})), ok());
    assert_eq!(update(json!({"Name": "lost", "References": {"v": {"Type": "URL", "Value": "x".repeat(97)}}})), invalid());
    assert_eq!(update(json!({"References": {"n": {"Type": "NUMBER", "Value": "7"}}})), ok());
    assert_eq!(shown()["Name"], "n");
    let listed = |types: &str| {
        let target = format!("/contact/references/{INSTANCE}/{CONTACT}?referenceTypes={types}");
        document(&aws(&service, "GET", &target, ""))["ReferenceSummaryList"].clone()
    };
    assert_eq!(listed("NUMBER"), json!([{"Number": {"Name": "n", "Value": "7"}}]));
    assert_eq!(listed("NUMBER&referenceTypes=URL").as_array().map(Vec::len), Some(2));
    assert_eq!(listed("EMAIL_MESSAGE"), json!([]));
}

#[test]
fn leads_keep_their_tags_in_order_and_once() {
    let service = leadlex_service();
    let add = |tags: Value| document(&lead(&service, json!({ "tags": tags }).to_string()))["data"].clone();
    assert_eq!(add(json!(["b", "a", "b"])), json!({"contact_id": LEAD, "tags": ["b", "a"]}));
    assert_eq!(add(json!(["c", "a", "B"])), json!({"contact_id": LEAD, "tags": ["b", "a", "c", "B"]}));
    assert_eq!(add(json!([])), json!({"contact_id": LEAD, "tags": ["b", "a", "c", "B"]}));
    for body in [r#"{"tags": ["x", 1]}"#, r#"{"tags": ["x", null]}"#, r#"{"tags": "x"}"#, "{}", r#"{"tags": null}"#, ""] {
        let response = lead(&service, body);
        assert_eq!(outcome(&response), (400, "validation_error".to_owned()), "{body}");
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
    assert_eq!(add(json!([])), json!({"contact_id": LEAD, "tags": ["b", "a", "c", "B"]}));
}
