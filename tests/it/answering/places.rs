//! Where things stand in requests and answers: labels, queries, headers, bodies, and names of members on the wire.

use super::shop::{ask, line, service};
use overstep::reference::{BearerKey, DeliveryMode, KnownIdentifier, ReferenceService, ServerConfig, ServerResponse};
use serde_json::{Value, json};

/// One operation, `Do`, in a protocol: where it has a route, that, its input's and output's members, and its traits.
fn one(protocol: &str, uri: &str, input: Value, output: Value, traits: Value) -> ReferenceService {
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
    ask(service, method, target, headers, body.as_bytes()).status
}

#[test]
fn a_label_is_empty_only_where_its_member_may_be() {
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
        let service = one("restJson1", &format!("/x/{{{label}}}/y"), input(shape, wire), json!({}), json!({}));
        let of =
            |value: &str| status(&service, "POST", &format!("/x/{value}/y"), "content-type: application/json", "{}");
        assert_eq!((of(""), of("abcd")), (empty, long), "{shape} {wire:?} {label}");
    }
}

#[test]
fn headers_with_a_prefix_are_a_map() {
    let input = json!({"Meta": {"shape": "Map", "location": "header", "wire": "x-meta-"}});
    let service = one("restJson1", "/x", input, json!({}), json!({}));
    let of = |headers: &str| status(&service, "POST", "/x", headers, "");
    for (headers, due) in [
        ("x-meta-a: abc", 200),
        ("x-meta-a: abcd", 400),
        ("X-Meta-a: abcd", 400),
        ("x-other-a: abcd", 200),
        ("x-meta: abcd", 200),
        // The prefix alone names nothing.
        ("x-meta-: abcd", 200),
        ("x-meta-a: abc; x-meta-b: abcd", 400),
    ] {
        assert_eq!(of(headers), due, "{headers}");
    }
    let input = json!({"Meta": {"shape": "Map", "location": "header"}});
    let service = one("restJson1", "/x", input, json!({}), json!({}));
    assert_eq!(status(&service, "POST", "/x", "a: abc", ""), 200);
    assert_eq!(status(&service, "POST", "/x", "a: abcd", ""), 400);
}

#[test]
fn a_member_goes_by_its_name_on_the_wire_and_no_other() {
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
        let service = one(protocol, "/x", input.clone(), json!({}), json!({}));
        let target = if protocol.starts_with("rest") { "/x" } else { "/" };
        let of = |body: &str| status(&service, "POST", target, headers, body);
        assert_eq!((of(named), of(other)), (200, 400), "{protocol}");
    }
}

#[test]
fn an_error_without_a_status_has_the_usual_one_of_its_kind() {
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
        missing_permissions: lacks.iter().map(|one| (*one).to_owned()).collect(),
    };
    let world = ServerConfig {
        known_identifiers: vec![known],
        bearer_keys: vec![key("k", &[]), key("l", &["do"])],
        ..ServerConfig::default()
    };
    let service = service(&contract, world);
    for (proof, id, body, due) in [
        ("k", "a", r#"{"Name": "b"}"#, (200, None)),
        ("k", "a", "{}", (400, Some("Bad"))),
        ("k", "b", r#"{"Name": "b"}"#, (404, Some("Gone"))),
        ("x", "a", r#"{"Name": "b"}"#, (401, Some("Who"))),
        ("l", "a", r#"{"Name": "b"}"#, (403, Some("Not"))),
    ] {
        let headers = format!("content-type: application/json; authorization: Bearer {proof}");
        let answer = ask(&service, "POST", &format!("/x/{id}"), &headers, body.as_bytes());
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), due, "{proof} {id} {body}");
    }
}

#[test]
fn what_queries_called_an_error_stands_in_a_header_of_its_own() {
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
        let answer =
            ask(&service, "POST", "/", "x-amz-target: one.Do; content-type: application/x-amz-json-1.0", b"{}");
        assert_eq!((answer.status, answer.header("x-amzn-query-error")), (status, Some(&*format!("AWS.Bad;{side}"))));
    }
}

#[test]
fn only_s3_leaves_the_element_around_an_error_out() {
    for (name, due) in [("s3", "<Error>"), ("s3control", "<Error>"), ("route53", "<ErrorResponse><Error><Type>Sender")]
    {
        let contract = json!({
            "format": "overstep-contract/1", "service": name, "protocol": "restXml", "auth": [{"scheme": "none"}],
            "operations": [{"name": "Do", "http": {"method": "POST", "uri": "/x"}, "input": "In", "errors": []}],
            "errors": [], "shapes": {"In": {"type": "structure", "members": {"Name": {"shape": "Text", "required": true}}},
                "Text": {"type": "string"}}
        });
        let answer =
            ask(&service(&contract, ServerConfig::default()), "POST", "/x", "content-type: application/xml", b"<In/>");
        let body = String::from_utf8_lossy(&answer.body);
        assert!(body.starts_with(due), "{name} {body}");
    }
}

/// Of writes that overlap, one is lost: the answer says so, and the write is carried out when it is too late.
#[test]
fn a_late_write_is_told_and_carried_out_when_somebody_says_so() {
    let (contract, _, world) = crate::support::shipped("leadlex");
    let service = ReferenceService::new(contract, world);
    let name = service.faults().keys().find(|name| name.ends_with(".loses-updates")).expect("there is one").clone();
    let target = format!("/faults/{name}/v1/contacts/123e4567-e89b-12d3-a456-0123456789ab/tags");
    let tag = |tag: &str| {
        let body = json!({ "tags": [tag] }).to_string();
        ask(
            &service,
            "POST",
            &target,
            "content-type: application/json; authorization: Bearer wbk_full",
            body.as_bytes(),
        )
    };
    let tags =
        |answer: &ServerResponse| serde_json::from_slice::<Value>(&answer.body).expect("JSON")["data"]["tags"].clone();
    let refused =
        ask(&service, "POST", &target, "content-type: application/json; authorization: Bearer wbk_full", b"{}");
    assert_eq!((refused.status / 100, &refused.delivery), (4, &DeliveryMode::Whole));
    let first = tag("a");
    assert_eq!((first.status, &first.delivery, tags(&first)), (200, &DeliveryMode::Late, json!(["a"])));
    // Nothing is written yet; whatever is answered while writes wait speaks of them.
    assert_eq!(tags(&tag("b")), json!(["b"]));
    let refused =
        ask(&service, "POST", &target, "content-type: application/json; authorization: Bearer wbk_full", b"{}");
    assert_eq!((refused.status / 100, &refused.delivery), (4, &DeliveryMode::Late));
    service.apply_pending_write("/v1/contacts/123e4567-e89b-12d3-a456-0123456789ab/tags");
    assert_eq!(tags(&tag("c")), json!(["c"]), "another server's writes wait for themselves");
    service.apply_pending_write(&target);
    assert_eq!(tags(&tag("d")), json!(["a", "d"]));
    service.apply_pending_write(&format!("http://example.com{target}?x=y"));
    assert_eq!(tags(&tag("e")), json!(["b", "e"]));
}

#[test]
fn a_body_is_unpacked_where_the_operation_says_so() {
    let input = json!({"Name": {"shape": "Short", "required": true},
        "Coding": {"shape": "Short", "location": "header", "wire": "content-encoding"}});
    let packed = crate::support::gzip(br#"{"Name": "abc"}"#);
    for (compression, coding, is_packed, due) in [
        (json!(["gzip"]), "gzip", true, 200),
        (json!(["gzip"]), "gzip", false, 400),
        (json!(["gzip"]), "", true, 400),
        (json!(["gzip"]), "", false, 200),
        (json!([]), "gzip", true, 400),
        (json!([]), "br", false, 200),
        // What the client said before it packed the body is its caller's word; what it added itself is not.
        (json!([]), "gzip", false, 400),
        (json!(["gzip"]), "br, gzip", true, 200),
        (json!(["gzip"]), "long, gzip", true, 400),
    ] {
        let service = one("restJson1", "/x", input.clone(), json!({}), json!({ "compression": compression }));
        let body = if is_packed { &packed[..] } else { br#"{"Name": "abc"}"# };
        let headers = match coding {
            "" => "content-type: application/json".to_owned(),
            coding => format!("content-type: application/json; content-encoding: {coding}"),
        };
        let answer = ask(&service, "POST", "/x", &headers, body);
        assert_eq!(answer.status, due, "{compression} {coding:?} {is_packed}");
    }
}

#[test]
fn a_query_protocols_form_stands_in_the_body_or_in_the_query() {
    let input = json!({"name": {"shape": "Short", "required": true}});
    let form = "content-type: application/x-www-form-urlencoded";
    for (protocol, name) in [("awsQuery", "name"), ("ec2Query", "Name")] {
        let service = one(protocol, "", input.clone(), json!({}), json!({}));
        for (method, query, body, due) in [
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
            let said = |text: &str| text.replace("name", name);
            let answer = status(&service, method, &format!("/{}", said(query)), form, &said(body));
            assert_eq!(answer, due, "{protocol} {method} {query} {body}");
        }
    }
    // EC2 writes the first letter large, and leaves what is no small letter.
    let odd = one("ec2Query", "", json!({"éa": {"shape": "Short", "required": true}}), json!({}), json!({}));
    assert_eq!(status(&odd, "POST", "/", form, "Action=Do&%C3%A9a=abc"), 200);
    let cbor = one("rpcv2Cbor", "", json!({}), json!({}), json!({}));
    let headers = "content-type: application/cbor; smithy-protocol: rpc-v2-cbor";
    let of = |method| status(&cbor, method, "/service/one/operation/Do", headers, "");
    assert_eq!((of("POST"), of("GET")), (200, 405));
}

#[test]
fn answers_have_their_members_where_they_belong() {
    let output = json!({
        "Head": {"shape": "Text", "required": true, "location": "header", "wire": "x-head"},
        "Doc": {"shape": "Json", "required": true, "location": "header", "wire": "x-doc"},
        "Body": {"shape": "Text", "required": true, "wire": "body"}});
    let renamed = json!({"Body": {"shape": "Text", "required": true, "wire": "body"}});
    let headers = json!({"Head": {"shape": "Text", "required": true, "location": "header", "wire": "x-head"}});
    for (protocol, output, due) in [
        ("restJson1", &output, "200 [content-type: application/json, x-head: , x-doc: YWE=] {\"body\":\"\"}"),
        ("restXml", &output, "200 [content-type: application/xml, x-head: , x-doc: YWE=] <Out><body></body></Out>"),
        ("restJson1", &renamed, "200 [content-type: application/json] {\"body\":\"\"}"),
        ("restXml", &headers, "200 [x-head: ] "),
        ("restXml", &json!({}), "200 [] "),
        ("restXml", &json!({"Body": {"shape": "Text"}}), "200 [content-type: application/xml] <Out></Out>"),
        ("restJson1", &json!({}), "200 [content-type: application/json] {}"),
    ] {
        let service = one(protocol, "/x", json!({}), output.clone(), json!({}));
        assert_eq!(line(&ask(&service, "POST", "/x", "", b"")), due, "{protocol} {output}");
    }
}

#[test]
fn a_faulty_result_has_the_names_of_the_wire() {
    let renamed = json!({"Body": {"shape": "Text", "required": true, "wire": "bodyText"}});
    for (output, fault, due) in [
        (&renamed, "wrong-types", r#"{"bodyText":7}"#),
        (&renamed, "lowered", r#"{"bodytext":""}"#),
        (&renamed, "extra", r#"{"bodyText":"","undocumented":true}"#),
        (&renamed, "wrapped", r#"{"result":{"bodyText":""}}"#),
        (&json!({"Body": {"shape": "Text"}}), "wrong-types", r#""empty""#),
    ] {
        let service = one("restJson1", "/x", json!({}), output.clone(), json!({}));
        let Some(name) = service.faults().keys().find(|name| name.ends_with(&format!(".{fault}"))) else {
            panic!("{fault} is none of {:?}", service.faults().keys());
        };
        let answer = ask(&service, "POST", &format!("/faults/{name}/x"), "", b"");
        assert_eq!(String::from_utf8_lossy(&answer.body), due, "{fault}");
    }
}

#[test]
fn what_one_service_does_is_done_by_no_other_that_has_members_of_the_same_names() {
    for (name, members, own) in [
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
        let answer = ask(&service, "POST", "/x", "content-type: application/json", body.as_bytes());
        assert_eq!((answer.status, answer.body.starts_with(br#"{"data""#)), (200, own), "{name} {members:?}");
    }
}

#[test]
fn a_contract_without_a_protocol_speaks_as_who_signs() {
    for (auth, require_sigv4, due) in [
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
        let answer = line(&ask(&service, "POST", "/x", "content-type: application/json", b"{}"));
        assert!(answer.starts_with("400 ") && answer.contains(due), "{auth} {answer}");
    }
}

#[test]
fn targets_are_read_below_the_base_and_after_the_host() {
    let contract = |base: &str| {
        json!({
            "format": "overstep-contract/1", "service": "one", "protocol": "restJson", "auth": [{"scheme": "none"}],
            "base": base, "errors": [], "shapes": {},
            "operations": [{"name": "Do", "http": {"method": "GET", "uri": "/x"}, "errors": []}]
        })
    };
    let service = service(&contract("https://example.com/v1"), ServerConfig::default());
    for (target, due) in [
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
        assert_eq!(status(&service, "GET", target, "", ""), due, "{target}");
    }
}

#[test]
fn a_body_has_a_limit() {
    let service = one("restJson1", "/x", json!({"Name": {"shape": "Text"}}), json!({}), json!({}));
    let of = |length: usize| {
        let body = format!("{{}}{}", " ".repeat(length - 2));
        status(&service, "POST", "/x", "content-type: application/json", &body)
    };
    assert_eq!((of(8 << 20), of((8 << 20) + 1)), (200, 413));
}

#[test]
fn side_of_an_error_is_told_by_its_status() {
    for protocol in ["awsQuery", "restXml"] {
        let headers = match protocol {
            "awsQuery" => "content-type: application/x-www-form-urlencoded",
            _ => "content-type: application/xml",
        };
        let input = json!({"Name": {"shape": "Text", "required": true}});
        let service = one(protocol, "/x", input, json!({}), json!({}));
        let (target, body) = if protocol == "awsQuery" { ("/", "Action=Do") } else { ("/x", "<In/>") };
        for (prefix, due) in [("", "Sender"), ("/faults/Do.requests.violation-crashes", "Receiver")] {
            let answer = line(&ask(&service, "POST", &format!("{prefix}{target}"), headers, body.as_bytes()));
            assert!(answer.contains(&format!("<Type>{due}</Type>")), "{protocol} {answer}");
        }
    }
}
