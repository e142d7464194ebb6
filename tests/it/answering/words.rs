//! With which status and code each kind of refusal is answered, in every protocol, where documents say nothing and
//! where they do.

use super::shop::{ask, document, line, world};
use overstep::contract::from_json;
use overstep::reference::{ReferenceService, ServerConfig, ServerResponse};
use serde_json::{Value, json};

/// A contract that documents no error at all, in a protocol.
fn undocumented(protocol: &str) -> Value {
    let mut contract = document(protocol, json!([{"scheme": if is_plain(protocol) { "bearer" } else { "sigv4" }}]));
    contract["errors"] = json!([]);
    for operation in contract["operations"].as_array_mut().expect("operations") {
        operation["errors"] = json!([]);
    }
    contract
}

fn is_plain(protocol: &str) -> bool {
    protocol == "restJson"
}

/// Whoever asks proves who they are as the world asks for it.
fn asking(protocol: &str) -> (ServerConfig, String) {
    if is_plain(protocol) {
        return (world(), "Bearer full".to_owned());
    }
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/shop/aws4_request, SignedHeaders=host, Signature={}",
        "0".repeat(64)
    );
    (ServerConfig { require_sigv4: true, bearer_keys: Vec::new(), ..world() }, signature)
}

/// How a protocol says `Put` with this cart and name: method, target, headers beside the proof, body.
fn put(protocol: &str, cart: &str, name: &str) -> (&'static str, String, String, Vec<u8>) {
    let (method, rest) = ("POST", format!("/carts/{cart}/things?put"));
    match protocol {
        "restXml" => {
            (method, rest, "content-type: application/xml".into(), format!("<Put><Name>{name}</Name></Put>").into())
        }
        "awsJson1_0" | "awsJson1_1" => (
            method,
            "/".into(),
            format!(
                "content-type: application/x-amz-json-{}; x-amz-target: shop.Put",
                &protocol[7..].replace('_', ".")
            ),
            json!({"Cart": cart, "Name": name}).to_string().into(),
        ),
        "awsQuery" | "ec2Query" => (
            method,
            "/".into(),
            "content-type: application/x-www-form-urlencoded".into(),
            format!("Action=Put&Version=x&Cart={cart}&Name={name}").into(),
        ),
        "rpcv2Cbor" => {
            let mut body = vec![0xa2, 0x64];
            body.extend(b"Cart");
            body.push(0x60 + cart.len() as u8);
            body.extend(cart.bytes());
            body.push(0x64);
            body.extend(b"Name");
            body.push(0x60 + name.len() as u8);
            body.extend(name.bytes());
            let headers = "content-type: application/cbor; smithy-protocol: rpc-v2-cbor";
            (method, "/service/shop/operation/Put".into(), headers.into(), body)
        }
        _ => (method, rest, "content-type: application/json".into(), json!({ "Name": name }).to_string().into()),
    }
}

fn damaged(protocol: &str) -> &'static [u8] {
    match protocol {
        "restXml" => b"<Put><Name>",
        "awsQuery" | "ec2Query" => b"Action=Put&Version=x&Cart=c&Name=abc&Count=x",
        "rpcv2Cbor" => &[0xa2, 0x64],
        _ => b"{",
    }
}

const PROTOCOLS: [&str; 8] =
    ["restJson", "restJson1", "awsJson1_0", "awsJson1_1", "awsQuery", "ec2Query", "restXml", "rpcv2Cbor"];

/// What one protocol answers to each way of being refused, one line each.
fn refusals(protocol: &str, contract: &Value) -> String {
    let (world, proof) = asking(protocol);
    let contract = from_json(&contract.to_string()).expect("a contract");
    let service = ReferenceService::new(contract.clone(), world.clone());
    let broken =
        ReferenceService::with_faults(contract, world, &["Put.requests.violation-crashes"]).expect("it is known");
    let (method, target, headers, body) = put(protocol, "c", "abc");
    let proven = format!("{headers}; authorization: {proof}");
    let large = vec![b' '; (8 << 20) + 1];
    let send = |service: &ReferenceService, target: &str, headers: &str, body: &[u8]| {
        ask(service, method, target, headers, body)
    };
    let (_, elsewhere, _, of_nobody) = put(protocol, "d", "abc");
    let (_, _, _, invalid) = put(protocol, "c", "a");
    let unknown = match protocol {
        "awsJson1_0" | "awsJson1_1" => proven.replace("shop.Put", "shop.Nothing"),
        _ => proven.clone(),
    };
    let nowhere: (&str, &[u8]) = match protocol {
        "awsQuery" | "ec2Query" => ("/", b"Action=Nothing&Version=x"),
        "rpcv2Cbor" => ("/service/shop/operation/Nothing", &[0xa0]),
        "awsJson1_0" | "awsJson1_1" => ("/", b"{}"),
        _ => ("/nowhere", b""),
    };
    let lacking = proven.replace("Bearer full", "Bearer less");
    let rows: Vec<(&str, ServerResponse)> = vec![
        ("valid", send(&service, &target, &proven, &body)),
        ("malformed", send(&service, &target, &proven, damaged(protocol))),
        ("invalid", send(&service, &target, &proven, &invalid)),
        ("missing", send(&service, &elsewhere, &proven, &of_nobody)),
        ("unproven", send(&service, &target, &headers, &body)),
        ("lacking", send(&service, &target, &lacking, &body)),
        ("too large", send(&service, &target, &proven, &large)),
        ("crash", send(&broken, &target, &proven, &invalid)),
        ("unknown", send(&service, nowhere.0, &unknown, nowhere.1)),
        ("unnamed", send(&service, "/", &format!("authorization: {proof}"), b"")),
        ("other method", ask(&service, "PATCH", &target, &proven, &body)),
    ];
    rows.iter().map(|(what, answer)| format!("{what}: {}\n", line(answer))).collect()
}

#[test]
fn where_documents_say_nothing_each_protocol_has_its_words() {
    let said: String = PROTOCOLS
        .iter()
        .map(|protocol| format!("{protocol}\n{}\n", refusals(protocol, &undocumented(protocol))))
        .collect();
    insta::assert_snapshot!("words-undocumented", said);
}

#[test]
fn documented_errors_are_answered_as_they_are_documented() {
    let said: String = PROTOCOLS
        .iter()
        .map(|protocol| {
            let auth = json!([{"scheme": if is_plain(protocol) { "bearer" } else { "sigv4" }}]);
            format!("{protocol}\n{}\n", refusals(protocol, &document(protocol, auth)))
        })
        .collect();
    insta::assert_snapshot!("words-documented", said);
}

/// What each fault in how answers are written makes of them, in the formats that are no JSON.
#[test]
fn faults_in_writing_show_in_every_format() {
    let mut said = String::new();
    for protocol in ["restXml", "rpcv2Cbor", "awsQuery", "awsJson1_1"] {
        let contract = from_json(&document(protocol, json!([{"scheme": "sigv4"}])).to_string()).expect("a contract");
        let (world, proof) = asking(protocol);
        let service = ReferenceService::new(contract, world);
        let faults: Vec<String> = service.faults().keys().cloned().collect();
        for (part, name) in [("Put.errors.invalid.", "a"), ("Put.successes.", "abc")] {
            for fault in faults.iter().filter(|fault| fault.starts_with(part)) {
                let (method, target, headers, body) = put(protocol, "c", name);
                let headers = format!("{headers}; authorization: {proof}");
                let answer = line(&ask(&service, method, &format!("/faults/{fault}{target}"), &headers, &body));
                said.push_str(&format!("{protocol} {fault}: {answer}\n"));
            }
        }
    }
    insta::assert_snapshot!("words-of-faults", said);
}
