//! What goes before the endpoint's host: an operation's prefix and S3's buckets, in the header, in the signature and in
//! the curl line, while the connection goes to the endpoint.

use crate::loopback;
use loopback::{World, case, get, read_request, serve};
use overstep::case::{Authorization, Step, StepRequest, Value};
use overstep::contract::{self, Contract};
use overstep::run::{HostPrefixes, TransportOptions};
use overstep::scenario::{Credentials, Principal};
use overstep::wire::curl_command;
use std::io::{BufReader, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

const CONTRACT: &str = r#"{"format": "overstep-contract/1", "service": "SERVICE", "protocol": "restJson1",
    "auth": [{"scheme": "sigv4"}], "errors": [],
    "operations": [
        {"name": "Put", "http": {"method": "GET", "uri": "/{Bucket}/{Key+}", "success": 200}, "input": "In", "errors": []},
        {"name": "Ask", "http": {"method": "GET", "uri": "/ask/{Key}", "success": 200}, "input": "In", "errors": [],
         "traits": {"hostPrefix": "data-{Bucket}."}}],
    "shapes": {"In": {"type": "structure", "members": {
        "Bucket": {"shape": "S", "required": true, "location": "label"},
        "Key": {"shape": "S", "required": true, "location": "label"}}}, "S": {"type": "string"}}}"#;

fn contract(service: &str) -> Contract {
    contract::from_json(&CONTRACT.replace("SERVICE", service)).expect("a contract")
}

/// A server that keeps the heads of the requests that it got.
fn keeper() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            kept.lock().expect("free").push(head);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        }
    });
    (address, heads)
}

fn asks(operation: &str, bucket: &str) -> Step {
    let input = [("Bucket", bucket), ("Key", "k")].map(|(name, text)| (name.to_owned(), Value::text(text)));
    let input = Value::Map(input.into_iter().collect());
    let send = StepRequest::Operation { name: operation.into(), input, damage: Vec::new() };
    Step { request: send, authorization: Authorization::Principal("aws".to_owned()), ..get("/") }
}

/// The first line and the host of the request that an operation becomes, and its curl line.
fn sent(url: &str, service: &str, hosts: HostPrefixes, step: Step) -> (String, String) {
    let (address, heads) = keeper();
    let mut world = World::new(&url.replace("PORT", &address.port().to_string()));
    world.contract = contract(service);
    world.endpoint.host_prefixes = hosts;
    world.settings = TransportOptions { workers: 1, ..world.settings };
    let credentials = Credentials::SigV4 {
        region: "us-east-1".to_owned(),
        service: None,
        access_key_id: None,
        secret_access_key: None,
    };
    world.scenario.principals.insert("aws".to_owned(), Principal { credentials, lacks: Vec::new() });
    let outcome = world.with(|plan| overstep::run::run_single_case(plan, case("one", vec![step]))).expect("reachable");
    let exchange = outcome.exchanges[0].as_ref().expect("sent");
    let line = world.with(|plan| curl_command(&exchange.request, &world.endpoint.origin(), &plan.redaction()));
    let port = format!(":{}", address.port());
    let head = heads.lock().expect("free").first().expect("a request").clone();
    let host = head.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned();
    assert!(head.contains("SignedHeaders=host;"), "{head}");
    let target = head.split(' ').nth(1).expect("a target");
    (format!("{} {target}", host.replace(&port, "")), line.expect("a line").0.replace(&port, ""))
}

const ON: HostPrefixes = HostPrefixes { model_prefix: true, bucket_prefix: true };

#[test]
fn nothing_goes_before_a_host_unasked() {
    let off = HostPrefixes::default();
    assert_eq!(sent("http://localhost:PORT", "s3", off, asks("Put", "b")).0, "localhost /b/k");
    assert_eq!(sent("http://localhost:PORT", "x", off, asks("Ask", "b")).0, "localhost /ask/k");
}

#[test]
fn prefixes_and_buckets_stand_in_the_header_and_the_connection_goes_to_the_endpoint() {
    let (seen, line) = sent("http://localhost:PORT/base", "s3", ON, asks("Put", "my-bucket"));
    assert_eq!(seen, "my-bucket.localhost /base/k");
    assert!(line.contains("'http://localhost/base/k'") && line.contains("-H 'host: my-bucket.localhost'"), "{line}");
    // An address has no names below it.
    let (seen, line) = sent("http://127.0.0.1:PORT", "x", ON, asks("Ask", "a.b"));
    assert_eq!(seen, "data-a.b.localhost /ask/k");
    assert!(line.contains("'http://127.0.0.1/ask/k'") && line.contains("-H 'host: data-a.b.localhost'"), "{line}");
    // Only S3 has buckets, whatever a path looks like.
    assert_eq!(sent("http://localhost:PORT", "x", ON, asks("Put", "b")).0, "localhost /b/k");
    // What no host name can hold stays in the path, as in every SDK.
    assert_eq!(sent("http://localhost:PORT", "s3", ON, asks("Put", "Old_Bucket")).0, "localhost /Old_Bucket/k");
}

#[test]
fn a_prefix_that_no_host_can_hold_is_not_sent() {
    let (address, heads) = keeper();
    let mut world = World::at(address);
    world.contract = contract("x");
    world.endpoint.host_prefixes = ON;
    let step = Step { authorization: Authorization::Anonymous, ..asks("Ask", "a b") };
    let outcome = world.send(vec![step]);
    let why = outcome.case.unsendable_reason.as_deref().expect("unsendable");
    assert!(why.contains("host label") && heads.lock().expect("free").is_empty(), "{why}");
}
