//! Runs the binary on broken documents and hostile endpoints, and checks messages, exit codes and memory use.
//!
//! No test measures speed; a generous time limit only turns a hang into a failure.

#![expect(clippy::disallowed_methods, reason = "tests use files and read the memory use of child processes")]

use crate::loopback;
use crate::support::command;
use crate::support::notes_project;
use command::{Watched, overstep, watched};
use loopback::{endless, read_request, scripted, serve};
use serde_json::Value as Json;
use std::io::{BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Maximum resident memory of a run, in kB.
const MAX_MEMORY: u64 = 200 * 1024;

/// Output, exit code and memory use of a command.
struct Output {
    text: String,
    code: i32,
    /// Largest resident size in kB that was observed; 0 on systems without `/proc`.
    peak: u64,
}

impl Output {
    #[track_caller]
    fn assert_ends(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{}", self.text);
        for word in words {
            assert!(self.text.contains(word), "no `{word}` in\n{}", self.text);
        }
        assert!(self.peak < MAX_MEMORY, "{} kB\n{}", self.peak, self.text);
        self
    }
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).expect("write file");
}

/// Runs the binary to its end and observes its memory use.
#[track_caller]
fn run(directory: &Path, arguments: &[&str]) -> Output {
    const TIMEOUT: Duration = Duration::from_mins(2);
    let Watched { code, text, peak } = watched(overstep(directory, arguments), TIMEOUT);
    println!("peak memory: {peak} kB");
    Output { text, code, peak }
}

/// Runs `check notes` with about twenty cases against an address.
#[track_caller]
fn check(address: SocketAddr) -> Output {
    let directory = notes_project();
    let url = format!("http://{address}");
    // Each worker reads one response at a time, so the number of workers affects the memory use.
    let report = ["--workers", "16", "--report", "ndjson=all.ndjson", "--report", "junit=all.xml"];
    let mut arguments = vec!["check", "notes", "-e", &url, "-E", "constraint(length)", "--request-timeout", "1s"];
    arguments.extend(report);
    let output = run(directory.path(), &arguments);
    // The reports must be complete, whatever the endpoint did.
    let text = std::fs::read_to_string(directory.path().join("all.ndjson")).expect("read file");
    let events: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect();
    assert_eq!(events.last().expect("summary event")["event"], "summary");
    let xml = std::fs::read_to_string(directory.path().join("all.xml")).expect("read file");
    assert!(xml.trim_end().ends_with("</testsuites>"), "{xml}");
    output
}

#[test]
fn readable_rows_of_a_broken_table_are_ingested() {
    let directory = notes_project();
    let page = "# Rename a note\n\n> Gives a note another name\n\n### Path Parameters\n\n\
        <ParamField path=\"id\" type=\"string\" required>\n  Note ID\n</ParamField>\n\n\
        ```bash cURL\ncurl -X POST https://notes.example/v1/notes/7/name\n```\n\n## Errors\n\n\
        | Status | Code | Description |\n| --- | --- | --- |\n| 400 | `bad_name` | Not a name |\n\
        | four | | |\n| 404 `not_found` Gone\n|||||||||\n";
    write(directory.path(), "rename.mdx", page);
    run(directory.path(), &["ingest", "rename.mdx"]).assert_ends(0, &["bad_name", "rename.mdx:20"]);
    run(directory.path(), &["ingest", "rename.mdx", "--strict"]).assert_ends(2, &["rename.mdx:20"]);
}

#[test]
fn binary_and_deeply_nested_documents_are_rejected_by_name() {
    let directory = notes_project();
    std::fs::write(directory.path().join("page.mdx"), [0xff, 0xfe, 0, 1, 2, b'|']).expect("write file");
    run(directory.path(), &["ingest", "page.mdx"]).assert_ends(2, &["page.mdx"]);
    write(directory.path(), "deep.contract.json", &"[".repeat(100_000));
    run(directory.path(), &["ingest", "deep.contract.json"]).assert_ends(2, &["deep.contract.json:1"]);
}

#[test]
fn unknown_key_is_reported_with_its_line() {
    let directory = notes_project();
    let text = format!("# one\nendpont = \"embedded\"\n{}", include_str!("notes/notes.toml"));
    write(directory.path(), "scenarios/notes.toml", &text);
    run(directory.path(), &["cases", "notes"]).assert_ends(0, &["unknown key `endpont`", "notes.toml:2", "`endpoint`"]);
    run(directory.path(), &["check", "notes", "--strict"]).assert_ends(2, &["unknown key `endpont`", "notes.toml:2"]);
}

#[test]
fn unsatisfiable_pattern_is_reported_with_its_document_line() {
    let directory = notes_project();
    let pattern = "\"pattern\": \"[a-z]{12,}\", \"facts\": [{\"path\": \"pattern\", \"value\": \"[a-z]{12,}\", \
        \"standing\": \"documented\", \"document\": \"tag-note.md\", \"line\": 17}]";
    let contract = include_str!("notes/notes.contract.json").replace("\"pattern\": \"[a-z-]+\"", pattern);
    write(directory.path(), "scenarios/notes.contract.json", &contract);
    for command in ["check", "cases"] {
        // The other operation is tested.
        let expected = ["shape `Tag`", "1 to 10 characters", "`[a-z]{12,}`", "tag-note.md:17", "`TagNote` is left out"];
        run(directory.path(), &[command, "notes"]).assert_ends(0, &expected);
    }
    // A pattern with catastrophic backtracking must not hang the run.
    let contract = include_str!("notes/notes.contract.json").replace("[a-z-]+", "^(a+)+$");
    write(directory.path(), "scenarios/notes.contract.json", &contract);
    run(directory.path(), &["check", "notes"]).assert_ends(0, &["0 findings"]);
}

#[test]
fn refused_hanging_and_dropped_connections_make_the_run_incomplete() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind a free port");
    let closed = listener.local_addr().expect("local address");
    drop(listener);
    check(closed).assert_ends(3, &["the endpoint could not be reached", "Connection refused"]);
    let hanging = serve(|mut stream, _| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    check(hanging).assert_ends(3, &["incomplete: the endpoint could not be reached: no response within 1s"]);
    let dropping = serve(|stream, _| drop(stream));
    check(dropping).assert_ends(3, &["incomplete: "]);
}

#[test]
fn truncated_response_is_a_divergence() {
    let short_body =
        scripted("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"tags\"", true);
    check(short_body).assert_ends(1, &["✗ ", "received         200, body is shorter than its framing"]);
    let short_chunk = scripted("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{", true);
    check(short_chunk).assert_ends(1, &["✗ "]);
    let short_head = scripted("HTTP/1.1 200 OK\r\ncontent-ty", true);
    check(short_head).assert_ends(3, &["incomplete: "]);
}

#[test]
fn endless_body_uses_bounded_memory_and_time() {
    static CHUNK: [u8; 65536] = [b'x'; 65536];
    let gigabytes = endless(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n", &CHUNK);
    check(gigabytes).assert_ends(1, &["✗ ", "body is longer than overstep reads"]);
    let unframed = endless(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n", &CHUNK);
    check(unframed).assert_ends(1, &["✗ "]);
    let header = endless(b"HTTP/1.1 200 OK\r\nx: ", &CHUNK);
    check(header).assert_ends(3, &["incomplete: "]);
}

#[test]
fn decompression_bomb_is_truncated() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..256 {
        encoder.write_all(&[b' '; 1 << 20]).expect("write to memory");
    }
    let body = encoder.finish().expect("write to memory");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
    check(scripted([head.into_bytes(), body].concat(), false)).assert_ends(1, &["✗ "]);
}

#[test]
fn undecodable_body_is_a_divergence() {
    let response = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 8\r\n\r\nnot gzip";
    check(scripted(response, false)).assert_ends(1, &["✗ ", "received         200, body cannot be decoded"]);
}

#[test]
fn redirects_are_not_followed() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, _)) = read_request(&mut reader) {
            log.lock().expect("lock is not poisoned").push(head.lines().next().unwrap_or_default().to_owned());
            let _ =
                stream.write_all(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /loop\r\ncontent-length: 0\r\n\r\n");
        }
    });
    check(address).assert_ends(3, &["incomplete: ", "redirects", "307"]);
    let requests = requests.lock().expect("lock is not poisoned");
    assert!(!requests.is_empty() && requests.iter().all(|line| !line.contains("/loop")), "{requests:?}");
}

#[test]
fn non_http_responses_make_the_run_incomplete() {
    check(scripted("220 mail.example ESMTP\r\n", true)).assert_ends(3, &["incomplete: "]);
    check(scripted([0, 159, 146, 150, 255, 10, 13, 10], true)).assert_ends(3, &["incomplete: "]);
}

/// Starts a TLS server with a certificate for `localhost`; returns its URL and the PEM of its certificate authority.
fn tls_server() -> (String, String) {
    let mut params = rcgen::CertificateParams::new(vec![]).expect("params");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().expect("key");
    let pem = params.self_signed(&key).expect("certificate").pem();
    let issuer = rcgen::Issuer::new(params, key);
    let key = rcgen::KeyPair::generate().expect("key");
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("params");
    let leaf = leaf.signed_by(&key, &issuer).expect("certificate");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("key"),
        )
        .expect("config");
    let config = Arc::new(config);
    let address = serve(move |mut stream, _| {
        let mut session = rustls::ServerConnection::new(Arc::clone(&config)).expect("TLS session");
        let mut tls = rustls::Stream::new(&mut session, &mut stream);
        let mut reader = BufReader::new(&mut tls);
        while read_request(&mut reader).is_some() {
            let _ = reader.get_mut().write_all(RESPONSE);
        }
    });
    (format!("https://localhost:{}", address.port()), pem)
}

/// A documented response of `RenameNote`.
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
const CHECK_ONE_CASE: [&str; 4] = ["check", "notes", "-E", "id(notes/RenameNote/valid/control/plain)"];

#[test]
fn tls_flags_decide_which_certificates_are_trusted() {
    let (url, pem) = tls_server();
    let directory = notes_project();
    write(directory.path(), "ca.pem", &pem);
    write(directory.path(), "none.pem", "no certificate\n");
    let with = |flags: &[&str]| run(directory.path(), &[&CHECK_ONE_CASE[..], &["-e", &url], flags].concat());
    with(&["--cacert", "ca.pem"]).assert_ends(0, &["0 findings in 1 case"]);
    with(&["--insecure"]).assert_ends(0, &["0 findings in 1 case"]);
    with(&[]).assert_ends(3, &["incomplete: the endpoint could not be reached", "certificate"]);
    assert_ne!(with(&["--cacert", "none.pem"]).code, 0);
    with(&["--cacert", "missing.pem"]).assert_ends(2, &["missing.pem"]);
}

#[test]
fn requests_go_through_the_proxy() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    let proxy = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, _)) = read_request(&mut reader) {
            log.lock().expect("lock is not poisoned").push(head.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(RESPONSE);
        }
    });
    let directory = notes_project();
    // Nothing listens on port 9, so that only the proxy can send a response.
    let proxy = format!("http://{proxy}");
    let output =
        run(directory.path(), &[&CHECK_ONE_CASE[..], &["-e", "http://127.0.0.1:9/base", "--proxy", &proxy]].concat());
    output.assert_ends(0, &["0 findings in 1 case"]);
    let requests = requests.lock().expect("lock is not poisoned");
    let prefixes = ["GET http://127.0.0.1:9/base/OverstepCanary/", "POST http://127.0.0.1:9/base/v1/notes/"];
    assert!(
        requests.len() == 2 && requests.iter().zip(prefixes).all(|(line, prefix)| line.starts_with(prefix)),
        "{requests:?}"
    );
}
