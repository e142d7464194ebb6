//! Status and error code of each kind of rejection, in every protocol, with and without documented errors.

use super::shop::{contract_json, format_response, send, server_config};
use overstep::contract::from_json;
use overstep::reference::{ReferenceService, ServerConfig, ServerResponse};
use serde_json::{Value, json};

/// Returns a contract without documented errors.
fn contract_without_errors(protocol: &str) -> Value {
    let mut contract =
        contract_json(protocol, json!([{"scheme": if is_plain(protocol) { "bearer" } else { "sigv4" }}]));
    contract["errors"] = json!([]);
    for operation in contract["operations"].as_array_mut().expect("operations") {
        operation["errors"] = json!([]);
    }
    contract
}

fn is_plain(protocol: &str) -> bool {
    protocol == "restJson"
}

/// Returns a server configuration and a matching `Authorization` header.
fn config_and_authorization(protocol: &str) -> (ServerConfig, String) {
    if is_plain(protocol) {
        return (server_config(), "Bearer full".to_owned());
    }
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/shop/aws4_request, SignedHeaders=host, Signature={}",
        "0".repeat(64)
    );
    (ServerConfig { require_sigv4: true, bearer_keys: Vec::new(), ..server_config() }, signature)
}

/// Encodes `Put` with a cart and a name: method, target, headers other than `Authorization`, and body.
fn put_request(protocol: &str, cart: &str, name: &str) -> (&'static str, String, String, Vec<u8>) {
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

fn malformed_body(protocol: &str) -> &'static [u8] {
    match protocol {
        "restXml" => b"<Put><Name>",
        "awsQuery" | "ec2Query" => b"Action=Put&Version=x&Cart=c&Name=abc&Count=x",
        "rpcv2Cbor" => &[0xa2, 0x64],
        _ => b"{",
    }
}

const PROTOCOLS: [&str; 8] =
    ["restJson", "restJson1", "awsJson1_0", "awsJson1_1", "awsQuery", "ec2Query", "restXml", "rpcv2Cbor"];

/// Returns the response to each kind of rejected request, one per line.
fn rejections(protocol: &str, contract: &Value) -> String {
    let (config, authorization) = config_and_authorization(protocol);
    let contract = from_json(&contract.to_string()).expect("a contract");
    let service = ReferenceService::new(contract.clone(), config.clone());
    let crashing =
        ReferenceService::with_faults(contract, config, &["Put.requests.violation-crashes"]).expect("the fault exists");
    let (method, target, headers, body) = put_request(protocol, "c", "abc");
    let authorized_headers = format!("{headers}; authorization: {authorization}");
    let large = vec![b' '; (8 << 20) + 1];
    let send_to = |service: &ReferenceService, target: &str, headers: &str, body: &[u8]| {
        send(service, method, target, headers, body)
    };
    let (_, missing_target, _, missing_body) = put_request(protocol, "d", "abc");
    let (_, _, _, invalid) = put_request(protocol, "c", "a");
    let unknown = match protocol {
        "awsJson1_0" | "awsJson1_1" => authorized_headers.replace("shop.Put", "shop.Nothing"),
        _ => authorized_headers.clone(),
    };
    let unknown_route: (&str, &[u8]) = match protocol {
        "awsQuery" | "ec2Query" => ("/", b"Action=Nothing&Version=x"),
        "rpcv2Cbor" => ("/service/shop/operation/Nothing", &[0xa0]),
        "awsJson1_0" | "awsJson1_1" => ("/", b"{}"),
        _ => ("/nowhere", b""),
    };
    let forbidden_headers = authorized_headers.replace("Bearer full", "Bearer less");
    let rows: Vec<(&str, ServerResponse)> = vec![
        ("valid", send_to(&service, &target, &authorized_headers, &body)),
        ("malformed", send_to(&service, &target, &authorized_headers, malformed_body(protocol))),
        ("invalid", send_to(&service, &target, &authorized_headers, &invalid)),
        ("missing", send_to(&service, &missing_target, &authorized_headers, &missing_body)),
        ("unauthenticated", send_to(&service, &target, &headers, &body)),
        ("forbidden", send_to(&service, &target, &forbidden_headers, &body)),
        ("too large", send_to(&service, &target, &authorized_headers, &large)),
        ("crash", send_to(&crashing, &target, &authorized_headers, &invalid)),
        ("unknown", send_to(&service, unknown_route.0, &unknown, unknown_route.1)),
        ("no operation", send_to(&service, "/", &format!("authorization: {authorization}"), b"")),
        ("other method", send(&service, "PATCH", &target, &authorized_headers, &body)),
    ];
    rows.iter().map(|(name, response)| format!("{name}: {}\n", format_response(response))).collect()
}

#[test]
fn undocumented_errors_use_the_default_of_each_protocol() {
    let text: String = PROTOCOLS
        .iter()
        .map(|protocol| format!("{protocol}\n{}\n", rejections(protocol, &contract_without_errors(protocol))))
        .collect();
    insta::assert_snapshot!("rejections-undocumented", text);
}

#[test]
fn documented_errors_use_their_documented_status_and_code() {
    let text: String = PROTOCOLS
        .iter()
        .map(|protocol| {
            let auth = json!([{"scheme": if is_plain(protocol) { "bearer" } else { "sigv4" }}]);
            format!("{protocol}\n{}\n", rejections(protocol, &contract_json(protocol, auth)))
        })
        .collect();
    insta::assert_snapshot!("rejections-documented", text);
}

/// Shows the effect of each response fault in XML, CBOR, query and AWS JSON.
#[test]
fn encoding_faults_appear_in_every_format() {
    let mut text = String::new();
    for protocol in ["restXml", "rpcv2Cbor", "awsQuery", "awsJson1_1"] {
        let contract =
            from_json(&contract_json(protocol, json!([{"scheme": "sigv4"}])).to_string()).expect("a contract");
        let (config, authorization) = config_and_authorization(protocol);
        let service = ReferenceService::new(contract, config);
        let faults: Vec<String> = service.faults().keys().cloned().collect();
        for (part, name) in [("Put.errors.invalid.", "a"), ("Put.successes.", "abc")] {
            for fault in faults.iter().filter(|fault| fault.starts_with(part)) {
                let (method, target, headers, body) = put_request(protocol, "c", name);
                let headers = format!("{headers}; authorization: {authorization}");
                let response =
                    format_response(&send(&service, method, &format!("/faults/{fault}{target}"), &headers, &body));
                text.push_str(&format!("{protocol} {fault}: {response}\n"));
            }
        }
    }
    insta::assert_snapshot!("faulty-encodings", text);
}
