//! Host prefixes of operations and S3 buckets as host names: they appear in the header, in the signature and in the curl
//! command, while the connection goes to the endpoint.

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
    contract::from_json(&CONTRACT.replace("SERVICE", service)).expect("valid contract")
}

/// Starts a server that records the head of each request.
fn start_recorder() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, _)) = read_request(&mut reader) {
            log.lock().expect("lock is not poisoned").push(head);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        }
    });
    (address, heads)
}

fn operation_step(operation: &str, bucket: &str) -> Step {
    let input = [("Bucket", bucket), ("Key", "k")].map(|(name, text)| (name.to_owned(), Value::text(text)));
    let input = Value::Map(input.into_iter().collect());
    let send = StepRequest::Operation { name: operation.into(), input, damage: Vec::new() };
    Step { request: send, authorization: Authorization::Principal("aws".to_owned()), ..get("/") }
}

/// Sends one step; returns the host and target that the server received, and the curl command.
fn send(url: &str, service: &str, hosts: HostPrefixes, step: Step) -> (String, String) {
    let (address, heads) = start_recorder();
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
    world.scenario.principals.insert("aws".to_owned(), Principal::new(credentials));
    let outcome = world
        .with(|plan| overstep::run::run_single_case(plan, case("one", vec![step])))
        .expect("endpoint is reachable");
    let exchange = outcome.exchanges[0].as_ref().expect("request was sent");
    let command = world.with(|plan| curl_command(&exchange.request, &world.endpoint.origin(), &plan.redaction()));
    let port = format!(":{}", address.port());
    let head = heads.lock().expect("lock is not poisoned").first().expect("a request was received").clone();
    let host = head.lines().find_map(|line| line.strip_prefix("host: ")).expect("host header").to_owned();
    assert!(head.contains("SignedHeaders=host;"), "{head}");
    let target = head.split(' ').nth(1).expect("build the target");
    (format!("{} {target}", host.replace(&port, "")), command.expect("curl command").0.replace(&port, ""))
}

const ON: HostPrefixes = HostPrefixes { model_prefix: true, bucket_prefix: true };

#[test]
fn host_has_no_prefix_by_default() {
    let off = HostPrefixes::default();
    assert_eq!(send("http://localhost:PORT", "s3", off, operation_step("Put", "b")).0, "localhost /b/k");
    assert_eq!(send("http://localhost:PORT", "x", off, operation_step("Ask", "b")).0, "localhost /ask/k");
}

#[test]
fn prefixes_and_buckets_are_part_of_the_host_header() {
    let (received, command) = send("http://localhost:PORT/base", "s3", ON, operation_step("Put", "my-bucket"));
    assert_eq!(received, "my-bucket.localhost /base/k");
    assert!(
        command.contains("'http://localhost/base/k'") && command.contains("-H 'host: my-bucket.localhost'"),
        "{command}"
    );
    // An IP address cannot have subdomains, so `localhost` takes its place.
    let (received, command) = send("http://127.0.0.1:PORT", "x", ON, operation_step("Ask", "a.b"));
    assert_eq!(received, "data-a.b.localhost /ask/k");
    assert!(
        command.contains("'http://127.0.0.1/ask/k'") && command.contains("-H 'host: data-a.b.localhost'"),
        "{command}"
    );
    // Only S3 has buckets in host names.
    assert_eq!(send("http://localhost:PORT", "x", ON, operation_step("Put", "b")).0, "localhost /b/k");
    // A bucket that is no valid host name stays in the path, as in every SDK.
    assert_eq!(
        send("http://localhost:PORT", "s3", ON, operation_step("Put", "Old_Bucket")).0,
        "localhost /Old_Bucket/k"
    );
}

#[test]
fn invalid_host_prefix_is_not_sendable() {
    let (address, heads) = start_recorder();
    let mut world = World::at(address);
    world.contract = contract("x");
    world.endpoint.host_prefixes = ON;
    let step = Step { authorization: Authorization::Anonymous, ..operation_step("Ask", "a b") };
    let outcome = world.send(vec![step]);
    let reason = outcome.case.unsendable_reason.as_deref().expect("reason why the case cannot be sent");
    assert!(reason.contains("host label") && heads.lock().expect("lock is not poisoned").is_empty(), "{reason}");
}
