//! Encoded requests, compared with published vectors, other implementations and curl.

use crate::support::visible;
use overstep::case::{AuthDamage, Damage, StepRequest, Value};
use overstep::contract::{
    Contract, HttpBinding, Member, MemberLocation, Operation, Protocol, Shape, ShapeId, ShapeKind,
};
use overstep::wire::{
    EncodedBody, EncodedRequest, RedactedSecret, Redaction, ResolvedCredentials, SigV4Keys, SigningContext,
    SigningKeyCache, authorize, curl_command, encode_request,
};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::{Duration, SystemTime};

fn build_request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> EncodedRequest {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut request = EncodedRequest {
        method: method.into(),
        target: target.into(),
        headers,
        body: EncodedBody::copy_from_slice(body),
        raw: false,
    };
    request.update_raw();
    request
}

/// Returns the rows of `wire/sigv4.json`: request, keys, host and botocore's signature.
fn signed_requests() -> Vec<(EncodedRequest, SigV4Keys, String, String)> {
    let table: Json = serde_json::from_str(include_str!("wire/sigv4.json")).expect("test data");
    let text = |json: &Json| json.as_str().expect("a text").to_owned();
    let requests = table["requests"].as_array().expect("a list");
    requests
        .iter()
        .map(|row| {
            let headers: Vec<(String, String)> =
                row["headers"].as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let body = row["body"].as_str().unwrap_or_default();
            let keys = SigV4Keys {
                access_key_id: text(&table["access_key_id"]),
                secret_access_key: text(&table["secret_access_key"]),
                session_token: row["token"].as_str().map(str::to_owned),
                region: text(&table["region"]),
                service: text(&row["service"]),
            };
            let request = build_request(&text(&row["method"]), &text(&row["target"]), &headers, body.as_bytes());
            (request, keys, text(&row["host"]), text(&row["authorization"]))
        })
        .collect()
}

fn signing_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160)
}

#[test]
fn signatures_match_botocore() {
    let mut cache = SigningKeyCache::default();
    for (mut request, keys, host, expected) in signed_requests() {
        authorize(
            &mut request,
            &ResolvedCredentials::SigV4(keys),
            None,
            &SigningContext { host: &host, time: signing_time(), case: "s/Op/auth/unauthenticated/unknown-key" },
            &mut cache,
        )
        .expect("applies");
        assert_eq!(request.header("authorization"), Some(expected.as_str()), "{}", request.target);
        assert_eq!(request.header("x-amz-date"), Some("20150830T123600Z"));
    }
}

#[test]
fn the_signature_of_the_aws_test_suite() {
    // `get-vanilla` of AWS's Signature Version 4 test suite.
    let (mut request, keys, host, _) = signed_requests().swap_remove(0);
    authorize(
        &mut request,
        &ResolvedCredentials::SigV4(keys),
        None,
        &SigningContext { host: &host, time: signing_time(), case: "s/Op/auth/unauthenticated/unknown-key" },
        &mut SigningKeyCache::default(),
    )
    .expect("applies");
    let header = request.header("authorization").expect("signed");
    assert!(header.ends_with("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"), "{header}");
}

#[test]
fn signatures_match_aws_sigv4() {
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    for (mut request, keys, host, _) in signed_requests() {
        let identity = aws_credential_types::Credentials::new(
            keys.access_key_id.clone(),
            keys.secret_access_key.clone(),
            keys.session_token.clone(),
            None,
            "test",
        )
        .into();
        let params = aws_sigv4::sign::v4::SigningParams::builder()
            .identity(&identity)
            .region(&keys.region)
            .name(&keys.service)
            .time(signing_time())
            .settings(SigningSettings::default())
            .build()
            .expect("complete")
            .into();
        let signable = SignableRequest::new(
            &request.method,
            format!("http://{host}{}", request.target),
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            SignableBody::Bytes(&request.body),
        )
        .expect("a well-formed target");
        let (instructions, _) = sign(signable, &params).expect("signed").into_parts();
        let expected = instructions.headers().find(|(name, _)| *name == "authorization").expect("there").1.to_owned();
        authorize(
            &mut request,
            &ResolvedCredentials::SigV4(keys),
            None,
            &SigningContext { host: &host, time: signing_time(), case: "s/Op/auth/unauthenticated/unknown-key" },
            &mut SigningKeyCache::default(),
        )
        .expect("applies");
        assert_eq!(request.header("authorization"), Some(expected.as_str()), "{}", request.target);
    }
}

#[test]
fn s3_paths_are_signed_without_normalization() {
    let keys = SigV4Keys {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        session_token: None,
        region: "us-east-1".into(),
        service: "s3".into(),
    };
    // The GET Object example of
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    let mut request = build_request("GET", "/test.txt", &[("Range", "bytes=0-9")], b"");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600);
    let host = "examplebucket.s3.amazonaws.com";
    authorize(
        &mut request,
        &ResolvedCredentials::SigV4(keys),
        None,
        &SigningContext { host, time, case: "s/Op/auth/unauthenticated/unknown-key" },
        &mut SigningKeyCache::default(),
    )
    .expect("applies");
    let header = request.header("authorization").expect("signed");
    assert!(header.ends_with("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"), "{header}");
}

/// Returns a contract with a member in every location.
fn contract() -> Contract {
    let mut contract = Contract::new("test");
    contract.protocol = Some(Protocol::RestJson1);
    let mut shape = |name: &str, kind: ShapeKind| {
        contract.shapes.insert(name.into(), Shape::new(kind));
        ShapeId::from(name)
    };
    let text = shape("Text", ShapeKind::String);
    let time = shape("Time", ShapeKind::Timestamp);
    let blob = shape("Blob", ShapeKind::Blob);
    let list = shape("List", ShapeKind::List { member: text.clone() });
    let map = shape("Map", ShapeKind::Map { key: text.clone(), value: text.clone() });
    let member = |shape: &ShapeId, location, wire: Option<&str>| {
        let mut member = Member::new(shape.clone());
        (member.location, member.wire) = (location, wire.map(str::to_owned));
        member
    };
    let inner = [("Inner", member(&text, MemberLocation::Body, Some("inner")))];
    let inner = ShapeKind::Structure { members: inner.map(|(name, member)| (name.to_owned(), member)).into() };
    let inner = shape("Inner", inner);
    let members = [
        ("Id", member(&text, MemberLocation::Label, None)),
        ("Key", member(&text, MemberLocation::Label, None)),
        ("Q", member(&text, MemberLocation::Query, Some("q"))),
        ("Many", member(&list, MemberLocation::Query, Some("many"))),
        ("Spread", member(&map, MemberLocation::Query, None)),
        ("When", member(&time, MemberLocation::Query, Some("when"))),
        ("H", member(&text, MemberLocation::Header, Some("x-h"))),
        ("Names", member(&list, MemberLocation::Header, Some("x-names"))),
        ("Prefixed", member(&map, MemberLocation::Header, Some("x-p-"))),
        ("Name", member(&text, MemberLocation::Body, Some("name"))),
        ("At", member(&time, MemberLocation::Body, None)),
        ("Bytes", member(&blob, MemberLocation::Body, None)),
        ("Nested", member(&inner, MemberLocation::Body, Some("nested"))),
    ];
    let input = shape("Input", ShapeKind::Structure { members: members.map(|(name, m)| (name.to_owned(), m)).into() });
    for (name, method, uri, input) in [
        ("Put", "PUT", "/things/{Id}/{Key+}?fixed=1&flag", Some(input)),
        ("List", "GET", "/things", None),
        ("Ping", "POST", "/ping", None),
    ] {
        let mut operation = Operation::new(name.into());
        operation.http = Some(HttpBinding::new(method, uri));
        operation.input = input;
        contract.operations.push(operation);
    }
    contract
}

fn send(name: &str, input: Json, damage: &[Damage]) -> Result<EncodedRequest, String> {
    let input = Value::from_json(&input);
    encode_request(
        &contract(),
        &StepRequest::Operation { name: name.into(), input, damage: damage.to_vec() },
        "/base%2F.",
    )
    .map_err(|error| error.to_string())
}

#[test]
fn members_are_sent_in_their_locations() {
    let request = send(
        "Put",
        serde_json::json!({
            "Id": "a/b é", "Key": "x/y z", "Q": "1&2", "Many": ["a", "b"], "Spread": {"k": "v", "q": "hidden"},
            "When": 1576540098, "H": "header", "Names": ["a", "b,c"], "Prefixed": {"one": "1"},
            "Name": "n", "At": 1.5, "Nested": {"Inner": null, "Other": [true]}, "Unknown": {"Inner": 1}
        }),
        &[],
    )
    .expect("sendable");
    assert_eq!(request.method, "PUT");
    assert_eq!(
        request.target,
        "/base%2F./things/a%2Fb%20%C3%A9/x/y%20z?fixed=1&flag&q=1%262&many=a&many=b&k=v&when=2019-12-16T23%3A48%3A18Z"
    );
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(headers, ["content-type: application/json", "x-h: header", "x-names: a, \"b,c\"", "x-p-one: 1"]);
    let body = r#"{"name":"n","At":1.5,"nested":{"inner":null,"Other":[true]},"Unknown":{"Inner":1}}"#;
    assert_eq!(std::str::from_utf8(&request.body), Ok(body));
    assert!(!request.raw);
}

#[test]
fn only_operations_with_body_members_have_a_body() {
    let required_members = serde_json::json!({"Id": "a", "Key": "b"});
    assert_eq!(send("Put", required_members, &[]).expect("sendable").body, "{}");
    for operation in ["List", "Ping"] {
        let request = send(operation, serde_json::json!({}), &[]).expect("sendable");
        assert_eq!((request.body.len(), request.headers.len()), (0, 0));
    }
    let unknown_member = serde_json::json!({"X y": "1"});
    assert_eq!(send("List", unknown_member.clone(), &[]).expect("sendable").target, "/base%2F./things?X%20y=1");
    assert_eq!(send("Ping", unknown_member, &[]).expect("sendable").body, r#"{"X y":"1"}"#);
    assert_eq!(send("Ping", serde_json::json!([1]), &[]).expect("sendable").body, "[1]");
}

#[test]
fn unencodable_values_name_their_location() {
    for (input, part) in [
        (serde_json::json!({"Key": "b"}), "label `Id`"),
        (serde_json::json!({"Id": null, "Key": "b"}), "label `Id`"),
        (serde_json::json!({"Id": {"a": 1}, "Key": "b"}), "label"),
        (serde_json::json!({"Id": "a", "Key": "b", "H": "a\nb"}), "header"),
        (serde_json::json!({"Id": "a", "Key": "b", "H": " a"}), "header"),
        (serde_json::json!({"Id": "a", "Key": "b", "Prefixed": {"a b": "1"}}), "header"),
    ] {
        let reason = send("Put", input.clone(), &[]).expect_err("unsendable");
        assert!(reason.contains(part), "{input}: {reason}");
    }
    assert!(send("Gone", serde_json::json!({}), &[]).expect_err("unknown").contains("Gone"));
    let template = Value::Template("{open}".into());
    let raw = StepRequest::Raw { method: "POST".into(), target: "/".into(), body: Some(template) };
    assert!(encode_request(&contract(), &raw, "").is_err());
}

#[test]
fn raw_values_are_written_unchanged() {
    let mut members = indexmap::IndexMap::new();
    for (name, value) in [
        ("a", Value::Number("1e400".into())),
        ("b", Value::Number("2.0".into())),
        ("c", Value::Raw("NaN".into())),
        ("d", Value::Blob(vec![0, 255])),
        ("e", Value::Text("\u{7f}é😀\u{1}".into())),
    ] {
        members.insert(name.to_owned(), value);
    }
    let raw = StepRequest::Raw { method: "POST".into(), target: "/".into(), body: Some(Value::Map(members)) };
    let body = encode_request(&contract(), &raw, "").expect("sendable").body;
    assert_eq!(body, "{\"a\":1e400,\"b\":2.0,\"c\":NaN,\"d\":\"AP8=\",\"e\":\"\u{7f}é😀\\u0001\"}");
}

#[test]
fn damage_is_applied_exactly_and_in_order() {
    let required_members = || serde_json::json!({"Id": "a", "Key": "b", "Name": "n}\""});
    let body = |damage: &[Damage]| send("Put", required_members(), damage).map(|request| request.body.to_vec());
    let undamaged = br#"{"name":"n}\""}"#;
    assert_eq!(body(&[]).as_deref(), Ok(undamaged.as_slice()));
    assert_eq!(body(&[Damage::Body(b"\xff{".to_vec())]), Ok(b"\xff{".to_vec()));
    assert_eq!(body(&[Damage::BodyTruncated(100)]), Ok(undamaged[..undamaged.len() - 1].to_vec()));
    assert_eq!(body(&[Damage::BodyTruncated(50)]), Ok(undamaged[..undamaged.len() / 2].to_vec()));
    assert_eq!(
        body(&[Damage::BodySuffixed(b"2".to_vec()), Damage::BodyPrefixed(b"1".to_vec())]),
        Ok([b"1", undamaged.as_slice(), b"2"].concat())
    );
    assert_eq!(body(&[Damage::DuplicateMember("Name".into())]), Ok(br#"{"name":"n}\"","name":"n}\""}"#.to_vec()));
    assert!(body(&[Damage::DuplicateMember("At".into())]).is_err());
    assert!(send("List", serde_json::json!({}), &[Damage::BodyTruncated(50)]).is_err());

    let undamaged = send("Put", required_members(), &[]).expect("sendable");
    let damaged = |damage: Damage| send("Put", required_members(), &[damage]).expect("sendable");
    assert_eq!(damaged(Damage::ContentType(None)).headers, []);
    assert_eq!(damaged(Damage::ContentType(Some("a/b".into()))).header("content-type"), Some("a/b"));
    assert_eq!(damaged(Damage::Header("Content-Type".into(), Some(String::new()))).header("content-type"), Some(""));
    assert_eq!(damaged(Damage::Method("BREW IT".into())).method, "BREW IT");
    assert!(damaged(Damage::Method("BREW IT".into())).raw);
    let target = damaged(Damage::RawLabel("Id".into(), "../%zz ".into())).target;
    assert_eq!(target, undamaged.target.replace("/a/", "/../%zz /"));
    assert_eq!(damaged(Damage::RawTarget("//x?y#z".into())).target, "/base%2F.//x?y#z");
    // A raw label can replace a label that the input does not have.
    let forced = send("Put", serde_json::json!({"Key": "b"}), &[Damage::RawLabel("Id".into(), String::new())]);
    assert_eq!(forced.expect("sendable").target, "/base%2F./things//b?fixed=1&flag");
}

/// Runs a shell command against a server on `PORT`, and returns the head and body of the recorded request.
fn run_and_record(shell: &str, command: &str) -> Option<(String, Vec<u8>)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let reader = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().ok()?;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head).ok()? == 0 {
                return None;
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(str::to_owned));
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().expect("a number"))];
        reader.read_exact(&mut body).ok()?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()?;
        Some((head, body))
    });
    let status = std::process::Command::new(shell)
        .arg("-c")
        .arg(command.replace("PORT", &port.to_string()))
        .env("API_KEY", "se'cret$1")
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "hidden")
        .stdout(std::process::Stdio::null())
        .status()
        .ok()?;
    assert!(status.success(), "{command}");
    reader.join().expect("no panic")
}

#[test]
fn curl_commands_send_the_same_bytes() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        visible::say("skipped: curl is not installed");
        return;
    }
    let is_installed = |shell: &&str| std::process::Command::new(shell).args(["-c", ":"]).output().is_ok();
    let shells: Vec<&str> = ["dash", "bash", "zsh"].into_iter().filter(is_installed).collect();
    for missing in ["dash", "bash"].iter().filter(|shell| !shells.contains(shell)) {
        visible::say(&format!("skipped: {missing} is not installed"));
    }
    let redaction = Redaction::new([RedactedSecret::new("se'cret$1", "API_KEY")]);
    let long_body = format!("{{\"a\":\"{}\",\"b\":\"{}'x\"}}", "a".repeat(5000), "é".repeat(300));
    let json = ("content-type", "application/json");
    let requests = [
        build_request(
            "POST",
            "/contact/tags?a=b&c",
            &[json, ("authorization", "Bearer se'cret$1")],
            b"{\"a\":\"it's $HOME `x` \\\\ !\"}",
        ),
        build_request("PUT", "/a/../b//c/%2e%2E/", &[json, ("x-empty", "")], long_body.as_bytes()),
        build_request("POST", "/", &[], b"\xff\xfe\x01\x7f\r\n\t'\\"),
        build_request("POST", "/", &[json], b"@file"),
        build_request("POST", "/", &[json], &(1..=255).collect::<Vec<u8>>()),
        build_request("POST", "/", &[json], &(1..=255).rev().collect::<Vec<u8>>()),
        build_request("POST", "/", &[json], format!("{{\"kind\":\"{}\"}}", "-".repeat(80)).as_bytes()),
        build_request("POST", "/", &[json], "-".repeat(80).as_bytes()),
        build_request("POST", "/", &[json], b"::error::x\n##[error]x\r\n\n\n"),
        build_request(
            "POST",
            &format!("/{}?q={}", "-".repeat(70), "/".repeat(70)),
            &[("x-dashes", &"-".repeat(99))],
            b"",
        ),
        build_request("POST", "/", &[json, ("authorization", "Bearer se'cret$1x")], "\u{feff}{}\u{202e}é😀".as_bytes()),
        build_request("POST", "/", &[json, ("authorization", "Bearer se'cret$")], b"{}"),
        build_request("GET", "/[a]{b,c}/'\"$(x)?y=[1-3]", &[("authorization", "Basic se'cret$1")], b""),
        build_request("GET", "/a b#c\u{e9}", &[("x-a", "1; 2")], b""),
        build_request("DELETE", "/x", &[], b"{}"),
        build_request("GET", "/x", &[json], b"{}"),
        build_request("POST", "/empty", &[], b""),
        build_request("M-SEARCH", "/x", &[], b""),
        build_request("HEAD", "/x", &[], b""),
    ];
    for request in requests {
        let command = curl_command(&request, "http://127.0.0.1:PORT", &redaction).expect("curl can send it").0;
        assert!(!command.contains("se'cret") && !command.contains("cret$"), "{command}");
        assert!(!command.contains(char::is_control) && !command.contains("##["), "{command}");
        assert!(command.len() < 3000, "{command}");
        for shell in &shells {
            let (head, body) = run_and_record(shell, &command).expect(&command);
            assert_eq!(body, request.body, "{command}");
            let request_line = head.lines().next().unwrap_or_default();
            assert_eq!(request_line, format!("{} {} HTTP/1.1", request.method, request.target), "{command}");
            let received: Vec<(String, String)> = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect();
            for (name, value) in &request.headers {
                assert!(received.contains(&(name.to_lowercase(), value.clone())), "{name} in {head}");
            }
            let has_type = request.header("content-type").is_some();
            assert_eq!(received.iter().any(|(name, _)| name == "content-type"), has_type, "{head}");
        }
    }
    let nul = build_request("POST", "/", &[], b"a\0b");
    assert_eq!(curl_command(&nul, "http://h", &redaction), None);
    let split = build_request("POST", "/", &[("x", "a\r\nb: c")], b"");
    assert_eq!(curl_command(&split, "http://h", &redaction), None);
}

#[test]
fn curl_commands_sign_again_and_contain_no_secret() {
    let keys = |id: &str| SigV4Keys {
        access_key_id: id.into(),
        secret_access_key: "hidden".into(),
        session_token: Some("token".into()),
        region: "eu-west-1".into(),
        service: "connect".into(),
    };
    let command = |id: &str, damage: Option<AuthDamage>, redaction: &Redaction| {
        let mut request = build_request("POST", "/contact/tags", &[("content-type", "application/json")], b"{}");
        let credentials = ResolvedCredentials::SigV4(keys(id));
        authorize(
            &mut request,
            &credentials,
            damage.as_ref(),
            &SigningContext { host: "h", time: signing_time(), case: "s/Op/auth/unauthenticated/unknown-key" },
            &mut SigningKeyCache::default(),
        )
        .expect("applies");
        curl_command(&request, "http://h", redaction).expect("curl can send it").0
    };
    let redaction = Redaction::new([
        RedactedSecret::new("hidden", "AWS_SECRET_ACCESS_KEY"),
        RedactedSecret::new("AKIDREAL", "AWS_ACCESS_KEY_ID"),
        RedactedSecret::new("token", "AWS_SESSION_TOKEN"),
    ])
    .with_aws_identity("AKIDREAL", false);
    let undamaged = command("AKIDREAL", None, &redaction);
    assert_eq!(
        undamaged,
        "curl -sS --path-as-is -X POST 'http://h/contact/tags' --aws-sigv4 'aws:amz:eu-west-1:connect' \
         -u \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" -H 'content-type: application/json' \
         -H \"X-Amz-Security-Token: $AWS_SESSION_TOKEN\" --data-binary '{}'"
    );
    assert!(
        command("test", None, &Redaction::default().with_aws_identity("test", true))
            .contains("${AWS_ACCESS_KEY_ID:-test}")
    );
    // curl would replace a damaged signature by a valid one, so the header is shown as it was sent.
    for damage in [AuthDamage::MissingPart("Signature".into()), AuthDamage::UnknownKey, AuthDamage::KeyShortened] {
        let command = command("AKIDREAL", Some(damage), &redaction);
        assert!(
            !command.contains("--aws-sigv4") && !command.contains("AKIDREAL") && !command.contains("token"),
            "{command}"
        );
    }
}

proptest::proptest! {
    /// The decoders do not panic on arbitrary responses and paths.
    #[test]
    fn decoders_do_not_panic(
        status: u16,
        header in "[ -~]{0,30}",
        body in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        text in "[\\[\\]{}\",:a-e0-9. ]{0,60}",
        path in "[a-e.\\[\\]0-9]{0,20}",
    ) {
        let headers = [("x-amzn-errortype".to_owned(), header)];
        for protocol in [None, Some(Protocol::RestJson1), Some(Protocol::RestJson)] {
            for body in [body.as_slice(), text.as_bytes()] {
                let _ = overstep::wire::find_error(protocol, status, &headers, body, Some(&path));
                let _ = overstep::wire::find_error(protocol, status, &[], body, None);
                if let Ok(document) = overstep::wire::decode_document(protocol, body, None) {
                    let _ = overstep::wire::value_at(&document, &path);
                }
            }
        }
    }

    /// A secret is redacted in every context.
    #[test]
    fn secrets_are_always_redacted(before in ".{0,12}", after in ".{0,12}", secret in "[a-zA-Z0-9]{8,16}") {
        let redaction = Redaction::new([RedactedSecret::new(secret.clone(), "KEY")]);
        let undamaged = format!("{before}{secret}{after}");
        proptest::prop_assert!(!redaction.redact(&undamaged).contains(&secret));
        let request = build_request("POST", "/", &[("x-key", &undamaged)], undamaged.as_bytes());
        if let Some(command) = curl_command(&request, "http://h", &redaction) {
            proptest::prop_assert!(!command.0.contains(&secret), "{}", command);
        }
    }
}
