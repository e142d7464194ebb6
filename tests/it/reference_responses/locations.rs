//! Locations in requests and responses: labels, queries, headers, bodies, and the wire names of members.

use super::shop::{format_response, send, service};
use overstep::reference::{BearerKey, DeliveryMode, KnownIdentifier, ReferenceService, ServerConfig, ServerResponse};
use serde_json::{Value, json};

/// Builds a service with the operation `Do`, which has these input and output members and traits.
fn single_operation_service(protocol: &str, uri: &str, input: Value, output: Value, traits: Value) -> ReferenceService {
    let mut operation =
        json!({"name": "Do", "input": "In", "output": "Out", "errors": ["Bad", "Broken"], "traits": traits});
    if protocol.starts_with("rest") {
        operation["http"] = json!({"method": "POST", "uri": uri});
    }
    let contract = json!({
        "format": "overstep-contract/1", "service": "one", "protocol": protocol, "auth": [{"scheme": "none"}],
        "operations": [operation],
        "errors": [{"name": "Bad", "status": 400, "role": "invalid-input", "shape": "Bad"},
                   {"name": "Broken", "status": 500, "role": "server-fault"}],
        "shapes": {
            "In": {"type": "structure", "members": input}, "Out": {"type": "structure", "members": output},
            "Bad": {"type": "structure", "members": {"message": {"shape": "Text"}}},
            "Text": {"type": "string"}, "Short": {"type": "string", "length": {"min": 1, "max": 3}},
            "Kind": {"type": "enum", "values": ["a", "b"]}, "Count": {"type": "integer"},
            "Map": {"type": "map", "key": "Text", "value": "Short"}, "At": {"type": "timestamp"},
            "Json": {"type": "string", "length": {"min": 2}, "traits": {"jsonValue": true}}
        }
    });
    service(&contract, ServerConfig::default())
}

fn status(service: &ReferenceService, method: &str, target: &str, headers: &str, body: &str) -> u16 {
    send(service, method, target, headers, body.as_bytes()).status
}

#[test]
fn an_empty_label_is_a_missing_route_unless_the_member_may_be_empty() {
    let input = |shape: &str, wire: Option<&str>| {
        let mut member = json!({"shape": shape, "required": true, "location": "label"});
        if let Some(wire) = wire {
            member["wire"] = json!(wire);
        }
        json!({ "Name": member })
    };
    for (shape, wire, label, empty, long) in [
        ("Text", None, "Name", 200, 200),
        ("Text", Some("name"), "name", 200, 200),
        ("Text", Some("name"), "Name", 200, 200),
        ("Short", None, "Name", 404, 400),
        ("Short", Some("name"), "name", 404, 400),
        ("Kind", None, "Name", 404, 400),
        ("Count", Some("name"), "name", 404, 400),
    ] {
        let service = single_operation_service(
            "restJson1",
            &format!("/x/{{{label}}}/y"),
            input(shape, wire),
            json!({}),
            json!({}),
        );
        let send_one =
            |value: &str| status(&service, "POST", &format!("/x/{value}/y"), "content-type: application/json", "{}");
        assert_eq!((send_one(""), send_one("abcd")), (empty, long), "{shape} {wire:?} {label}");
    }
}

#[test]
fn prefixed_headers_are_a_map() {
    let input = json!({"Meta": {"shape": "Map", "location": "header", "wire": "x-meta-"}});
    let service = single_operation_service("restJson1", "/x", input, json!({}), json!({}));
    let send_one = |headers: &str| status(&service, "POST", "/x", headers, "");
    for (headers, expected) in [
        ("x-meta-a: abc", 200),
        ("x-meta-a: abcd", 400),
        ("X-Meta-a: abcd", 400),
        ("x-other-a: abcd", 200),
        ("x-meta: abcd", 200),
        // The prefix alone is not an entry of the map.
        ("x-meta-: abcd", 200),
        ("x-meta-a: abc; x-meta-b: abcd", 400),
    ] {
        assert_eq!(send_one(headers), expected, "{headers}");
    }
    let input = json!({"Meta": {"shape": "Map", "location": "header"}});
    let service = single_operation_service("restJson1", "/x", input, json!({}), json!({}));
    assert_eq!(status(&service, "POST", "/x", "a: abc", ""), 200);
    assert_eq!(status(&service, "POST", "/x", "a: abcd", ""), 400);
}

#[test]
fn a_member_is_read_only_under_its_wire_name() {
    let input = json!({"Name": {"shape": "Short", "required": true, "wire": "nm"}});
    for (protocol, headers, named, other) in [
        ("restJson1", "content-type: application/json", r#"{"nm": "abc"}"#, r#"{"Name": "abc"}"#),
        (
            "awsJson1_1",
            "content-type: application/x-amz-json-1.1; x-amz-target: one.Do",
            r#"{"nm": "abc"}"#,
            r#"{"Name": "abc"}"#,
        ),
        ("restXml", "content-type: application/xml", "<In><nm>abc</nm></In>", "<In><Name>abc</Name></In>"),
    ] {
        let service = single_operation_service(protocol, "/x", input.clone(), json!({}), json!({}));
        let target = if protocol.starts_with("rest") { "/x" } else { "/" };
        let send_one = |body: &str| status(&service, "POST", target, headers, body);
        assert_eq!((send_one(named), send_one(other)), (200, 400), "{protocol}");
    }
}

#[test]
fn an_error_without_a_status_gets_the_default_of_its_role() {
    let contract = json!({
        "format": "overstep-contract/1", "service": "one", "protocol": "restJson1", "auth": [{"scheme": "bearer"}],
        "operations": [{"name": "Do", "http": {"method": "POST", "uri": "/x/{Id}"}, "input": "In",
            "permission": "do", "errors": ["Bad", "Gone", "Who", "Not"]}],
        "errors": [{"name": "Bad", "role": "invalid-input"}, {"name": "Gone", "role": "missing-resource"},
            {"name": "Who", "role": "unauthenticated"}, {"name": "Not", "role": "forbidden"}],
        "shapes": {"In": {"type": "structure", "members": {
            "Id": {"shape": "Text", "required": true, "location": "label"},
            "Name": {"shape": "Text", "required": true}}}, "Text": {"type": "string"}}
    });
    let known = KnownIdentifier { member: "Id".to_owned(), template: "a".to_owned() };
    let key = |key: &str, lacks: &[&str]| BearerKey {
        key: key.to_owned(),
        missing_permissions: lacks.iter().map(|permission| (*permission).to_owned()).collect(),
    };
    let config = ServerConfig {
        known_identifiers: vec![known],
        bearer_keys: vec![key("k", &[]), key("l", &["do"])],
        ..ServerConfig::default()
    };
    let service = service(&contract, config);
    for (proof, id, body, expected) in [
        ("k", "a", r#"{"Name": "b"}"#, (200, None)),
        ("k", "a", "{}", (400, Some("Bad"))),
        ("k", "b", r#"{"Name": "b"}"#, (404, Some("Gone"))),
        ("x", "a", r#"{"Name": "b"}"#, (401, Some("Who"))),
        ("l", "a", r#"{"Name": "b"}"#, (403, Some("Not"))),
    ] {
        let headers = format!("content-type: application/json; authorization: Bearer {proof}");
        let response = send(&service, "POST", &format!("/x/{id}"), &headers, body.as_bytes());
        assert_eq!((response.status, response.header("x-amzn-errortype")), expected, "{proof} {id} {body}");
    }
}

#[test]
fn query_compatible_errors_have_the_query_code_in_a_header() {
    for (status, side) in [(400, "Sender"), (500, "Receiver"), (499, "Sender")] {
        let contract = json!({
            "format": "overstep-contract/1", "service": "one", "protocol": "awsJson1_0", "auth": [{"scheme": "none"}],
            "traits": {"queryCompatible": true},
            "operations": [{"name": "Do", "input": "In", "errors": ["Bad"]}],
            "errors": [{"name": "Bad", "code": "AWS.Bad", "status": status, "role": "invalid-input"}],
            "shapes": {"In": {"type": "structure", "members": {"Name": {"shape": "Text", "required": true}}},
                "Text": {"type": "string"}}
        });
        let service = service(&contract, ServerConfig::default());
        let response =
            send(&service, "POST", "/", "x-amz-target: one.Do; content-type: application/x-amz-json-1.0", b"{}");
        assert_eq!(
            (response.status, response.header("x-amzn-query-error")),
            (status, Some(&*format!("AWS.Bad;{side}")))
        );
    }
}

#[test]
fn only_s3_errors_have_no_error_response_element() {
    for (name, expected) in
        [("s3", "<Error>"), ("s3control", "<Error>"), ("route53", "<ErrorResponse><Error><Type>Sender")]
    {
        let contract = json!({
            "format": "overstep-contract/1", "service": name, "protocol": "restXml", "auth": [{"scheme": "none"}],
            "operations": [{"name": "Do", "http": {"method": "POST", "uri": "/x"}, "input": "In", "errors": []}],
            "errors": [], "shapes": {"In": {"type": "structure", "members": {"Name": {"shape": "Text", "required": true}}},
                "Text": {"type": "string"}}
        });
        let response =
            send(&service(&contract, ServerConfig::default()), "POST", "/x", "content-type: application/xml", b"<In/>");
        let body = String::from_utf8_lossy(&response.body);
        assert!(body.starts_with(expected), "{name} {body}");
    }
}

/// The fault loses one of two overlapping writes: the response is marked `Late`, and the write is applied afterwards.
#[test]
fn a_late_write_is_applied_only_on_request() {
    let (contract, _, config) = crate::support::shipped("leadlex");
    let service = ReferenceService::new(contract, config);
    let name = service.faults().keys().find(|name| name.ends_with(".loses-updates")).expect("the fault exists").clone();
    let target = format!("/faults/{name}/v1/contacts/123e4567-e89b-12d3-a456-0123456789ab/tags");
    let tag = |tag: &str| {
        let body = json!({ "tags": [tag] }).to_string();
        send(
            &service,
            "POST",
            &target,
            "content-type: application/json; authorization: Bearer wbk_full",
            body.as_bytes(),
        )
    };
    let tags = |response: &ServerResponse| {
        serde_json::from_slice::<Value>(&response.body).expect("JSON")["data"]["tags"].clone()
    };
    let rejected =
        send(&service, "POST", &target, "content-type: application/json; authorization: Bearer wbk_full", b"{}");
    assert_eq!((rejected.status / 100, &rejected.delivery), (4, &DeliveryMode::Whole));
    let first = tag("a");
    assert_eq!((first.status, &first.delivery, tags(&first)), (200, &DeliveryMode::Late, json!(["a"])));
    // Nothing is written yet: each response shows only its own write, and is `Late` while a write is pending.
    assert_eq!(tags(&tag("b")), json!(["b"]));
    let rejected =
        send(&service, "POST", &target, "content-type: application/json; authorization: Bearer wbk_full", b"{}");
    assert_eq!((rejected.status / 100, &rejected.delivery), (4, &DeliveryMode::Late));
    service.apply_pending_write("/v1/contacts/123e4567-e89b-12d3-a456-0123456789ab/tags");
    assert_eq!(tags(&tag("c")), json!(["c"]), "pending writes of another server are not applied");
    service.apply_pending_write(&target);
    assert_eq!(tags(&tag("d")), json!(["a", "d"]));
    service.apply_pending_write(&format!("http://example.com{target}?x=y"));
    assert_eq!(tags(&tag("e")), json!(["b", "e"]));
}

#[test]
fn a_body_is_decompressed_only_where_the_operation_allows_it() {
    let input = json!({"Name": {"shape": "Short", "required": true},
        "Coding": {"shape": "Short", "location": "header", "wire": "content-encoding"}});
    let packed = crate::support::gzip(br#"{"Name": "abc"}"#);
    for (compression, coding, is_packed, expected) in [
        (json!(["gzip"]), "gzip", true, 200),
        (json!(["gzip"]), "gzip", false, 400),
        (json!(["gzip"]), "", true, 400),
        (json!(["gzip"]), "", false, 200),
        (json!([]), "gzip", true, 400),
        (json!([]), "br", false, 200),
        // Only the coding that the client added itself is removed.
        (json!([]), "gzip", false, 400),
        (json!(["gzip"]), "br, gzip", true, 200),
        (json!(["gzip"]), "long, gzip", true, 400),
    ] {
        let service = single_operation_service(
            "restJson1",
            "/x",
            input.clone(),
            json!({}),
            json!({ "compression": compression }),
        );
        let body = if is_packed { &packed[..] } else { br#"{"Name": "abc"}"# };
        let headers = match coding {
            "" => "content-type: application/json".to_owned(),
            coding => format!("content-type: application/json; content-encoding: {coding}"),
        };
        let response = send(&service, "POST", "/x", &headers, body);
        assert_eq!(response.status, expected, "{compression} {coding:?} {is_packed}");
    }
}

#[test]
fn query_protocols_read_the_form_from_the_body_or_the_query() {
    let input = json!({"name": {"shape": "Short", "required": true}});
    let form = "content-type: application/x-www-form-urlencoded";
    for (protocol, name) in [("awsQuery", "name"), ("ec2Query", "Name")] {
        let service = single_operation_service(protocol, "", input.clone(), json!({}), json!({}));
        for (method, query, body, expected) in [
            ("POST", "", "Action=Do&name=abc", 200),
            ("POST", "", "Action=Do&name=abcd", 400),
            ("POST", "?Action=Do&name=abc", "", 200),
            ("POST", "?Action=Do&name=abcd", "", 400),
            ("POST", "?Action=Do&name=abc", "x=y", 400),
            ("GET", "?Action=Do&name=abc", "", 200),
            ("GET", "?Action=Do&name=abcd", "", 400),
            ("GET", "?Action=Do&name=abc", "x=y", 200),
            ("PUT", "?Action=Do&name=abc", "", 400),
        ] {
            let with_wire_name = |text: &str| text.replace("name", name);
            let response =
                status(&service, method, &format!("/{}", with_wire_name(query)), form, &with_wire_name(body));
            assert_eq!(response, expected, "{protocol} {method} {query} {body}");
        }
    }
    // EC2 capitalizes an ASCII first letter and leaves others unchanged.
    let odd = single_operation_service(
        "ec2Query",
        "",
        json!({"éa": {"shape": "Short", "required": true}}),
        json!({}),
        json!({}),
    );
    assert_eq!(status(&odd, "POST", "/", form, "Action=Do&%C3%A9a=abc"), 200);
    let cbor = single_operation_service("rpcv2Cbor", "", json!({}), json!({}), json!({}));
    let headers = "content-type: application/cbor; smithy-protocol: rpc-v2-cbor";
    let send_one = |method| status(&cbor, method, "/service/one/operation/Do", headers, "");
    assert_eq!((send_one("POST"), send_one("GET")), (200, 405));
}

#[test]
fn output_members_are_written_in_their_locations() {
    let output = json!({
        "Head": {"shape": "Text", "required": true, "location": "header", "wire": "x-head"},
        "Doc": {"shape": "Json", "required": true, "location": "header", "wire": "x-doc"},
        "Body": {"shape": "Text", "required": true, "wire": "body"}});
    let renamed = json!({"Body": {"shape": "Text", "required": true, "wire": "body"}});
    let headers = json!({"Head": {"shape": "Text", "required": true, "location": "header", "wire": "x-head"}});
    for (protocol, output, expected) in [
        ("restJson1", &output, "200 [content-type: application/json, x-head: , x-doc: YWE=] {\"body\":\"\"}"),
        ("restXml", &output, "200 [content-type: application/xml, x-head: , x-doc: YWE=] <Out><body></body></Out>"),
        ("restJson1", &renamed, "200 [content-type: application/json] {\"body\":\"\"}"),
        ("restXml", &headers, "200 [x-head: ] "),
        ("restXml", &json!({}), "200 [] "),
        ("restXml", &json!({"Body": {"shape": "Text"}}), "200 [content-type: application/xml] <Out></Out>"),
        ("restJson1", &json!({}), "200 [content-type: application/json] {}"),
    ] {
        let service = single_operation_service(protocol, "/x", json!({}), output.clone(), json!({}));
        assert_eq!(format_response(&send(&service, "POST", "/x", "", b"")), expected, "{protocol} {output}");
    }
}

#[test]
fn a_faulty_result_uses_wire_names() {
    let renamed = json!({"Body": {"shape": "Text", "required": true, "wire": "bodyText"}});
    for (output, fault, expected) in [
        (&renamed, "wrong-types", r#"{"bodyText":7}"#),
        (&renamed, "lowered", r#"{"bodytext":""}"#),
        (&renamed, "extra", r#"{"bodyText":"","undocumented":true}"#),
        (&renamed, "wrapped", r#"{"result":{"bodyText":""}}"#),
        (&json!({"Body": {"shape": "Text"}}), "wrong-types", r#""empty""#),
    ] {
        let service = single_operation_service("restJson1", "/x", json!({}), output.clone(), json!({}));
        let Some(name) = service.faults().keys().find(|name| name.ends_with(&format!(".{fault}"))) else {
            panic!("`{fault}` is not in {:?}", service.faults().keys());
        };
        let response = send(&service, "POST", &format!("/faults/{name}/x"), "", b"");
        assert_eq!(String::from_utf8_lossy(&response.body), expected, "{fault}");
    }
}

#[test]
fn built_in_state_of_a_service_needs_its_exact_operation_and_members() {
    for (name, members, is_built_in) in [
        ("AddTagsToContact", ["id", "tags"], true),
        ("AddTagsToContact", ["id", "labels"], false),
        ("AddTagsToContact", ["key", "tags"], false),
        ("AddTagsToThing", ["id", "tags"], false),
    ] {
        let contract = json!({
            "format": "overstep-contract/1", "service": "one", "protocol": "restJson1", "auth": [{"scheme": "none"}],
            "operations": [{"name": name, "http": {"method": "POST", "uri": "/x"}, "input": "In", "errors": []}],
            "errors": [], "shapes": {"In": {"type": "structure", "members": {
                members[0]: {"shape": "Text"}, members[1]: {"shape": "Tags"}}},
                "Tags": {"type": "list", "member": "Text"}, "Text": {"type": "string"}}
        });
        let body = json!({ members[0]: "a", members[1]: ["b"] }).to_string();
        let service = service(&contract, ServerConfig::default());
        let response = send(&service, "POST", "/x", "content-type: application/json", body.as_bytes());
        assert_eq!(
            (response.status, response.body.starts_with(br#"{"data""#)),
            (200, is_built_in),
            "{name} {members:?}"
        );
    }
}

#[test]
fn without_a_protocol_the_error_format_follows_the_auth_scheme() {
    for (auth, require_sigv4, expected) in [
        (json!([{"scheme": "none"}]), false, "invalid_request"),
        (json!([{"scheme": "bearer"}, {"scheme": "sigv4"}, {"scheme": "none"}]), false, "ValidationException"),
        (json!([{"scheme": "none"}]), true, "ValidationException"),
    ] {
        let contract = json!({
            "format": "overstep-contract/1", "service": "one", "auth": auth, "errors": [],
            "operations": [{"name": "Do", "http": {"method": "POST", "uri": "/x"}, "input": "In", "errors": []}],
            "shapes": {"In": {"type": "structure", "members": {"Name": {"shape": "Text", "required": true}}},
                       "Text": {"type": "string"}}
        });
        let service = service(&contract, ServerConfig { require_sigv4, ..ServerConfig::default() });
        let response = format_response(&send(&service, "POST", "/x", "content-type: application/json", b"{}"));
        assert!(response.starts_with("400 ") && response.contains(expected), "{auth} {response}");
    }
}

#[test]
fn targets_are_matched_below_the_base_path_with_or_without_a_host() {
    let contract = |base: &str| {
        json!({
            "format": "overstep-contract/1", "service": "one", "protocol": "restJson", "auth": [{"scheme": "none"}],
            "base": base, "errors": [], "shapes": {},
            "operations": [{"name": "Do", "http": {"method": "GET", "uri": "/x"}, "errors": []}]
        })
    };
    let service = service(&contract("https://example.com/v1"), ServerConfig::default());
    for (target, expected) in [
        ("/v1/x", 200),
        ("/x", 200),
        ("/v1", 404),
        ("/v1x", 404),
        ("/v1/v1/x", 404),
        ("http://example.com/v1/x", 200),
        ("http://h/v1/x", 200),
        ("http://h/zzz/x", 404),
        ("http://example.com/x?y=z", 200),
        ("http://example.com/y", 404),
        ("http://example.com", 404),
        ("/y?z=http://example.com/x", 404),
    ] {
        assert_eq!(status(&service, "GET", target, "", ""), expected, "{target}");
    }
}

#[test]
fn a_body_above_8_mib_is_rejected() {
    let service = single_operation_service("restJson1", "/x", json!({"Name": {"shape": "Text"}}), json!({}), json!({}));
    let send_one = |length: usize| {
        let body = format!("{{}}{}", " ".repeat(length - 2));
        status(&service, "POST", "/x", "content-type: application/json", &body)
    };
    assert_eq!((send_one(8 << 20), send_one((8 << 20) + 1)), (200, 413));
}

#[test]
fn the_fault_side_of_an_error_follows_its_status() {
    for protocol in ["awsQuery", "restXml"] {
        let headers = match protocol {
            "awsQuery" => "content-type: application/x-www-form-urlencoded",
            _ => "content-type: application/xml",
        };
        let input = json!({"Name": {"shape": "Text", "required": true}});
        let service = single_operation_service(protocol, "/x", input, json!({}), json!({}));
        let (target, body) = if protocol == "awsQuery" { ("/", "Action=Do") } else { ("/x", "<In/>") };
        for (prefix, expected) in [("", "Sender"), ("/faults/Do.requests.violation-crashes", "Receiver")] {
            let response =
                format_response(&send(&service, "POST", &format!("{prefix}{target}"), headers, body.as_bytes()));
            assert!(response.contains(&format!("<Type>{expected}</Type>")), "{protocol} {response}");
        }
    }
}
