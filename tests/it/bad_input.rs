//! The binary among broken documents and hostile endpoints: a clear word, an exit code, bounded memory.
//!
//! Nothing here measures speed; a generous limit on each run only turns a hang into a failure.

#![expect(clippy::disallowed_methods, reason = "a test may look at files and at its child's memory")]

use crate::loopback;
use crate::support::command;
use command::{Watched, overstep, watched};
use loopback::{endless, read_request, scripted, serve};
use serde_json::Value as Json;
use std::io::{BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// More than this of resident memory is too much for any input here, in kB.
const MOST_MEMORY: u64 = 200 * 1024;

/// What a command said, how it ended, and what it took.
struct Ran {
    text: String,
    code: i32,
    /// The largest resident size in kB that was seen; 0 where the system does not tell.
    peak: u64,
}

impl Ran {
    #[track_caller]
    fn ends(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{}", self.text);
        for word in words {
            assert!(self.text.contains(word), "no `{word}` in\n{}", self.text);
        }
        assert!(self.peak < MOST_MEMORY, "{} kB\n{}", self.peak, self.text);
        self
    }
}

fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(directory.path().join("scenarios")).expect("made");
    write(directory.path(), "scenarios/notes.toml", include_str!("notes/notes.toml"));
    write(directory.path(), "scenarios/notes.contract.json", include_str!("notes/notes.contract.json"));
    directory
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).expect("written");
}

/// Runs the binary to its end, looking at its memory on the way.
#[track_caller]
fn run(directory: &Path, arguments: &[&str]) -> Ran {
    const MOST: Duration = Duration::from_mins(2);
    let Watched { code, text, peak } = watched(overstep(directory, arguments), MOST);
    println!("{peak} kB at most");
    Ran { text, code, peak }
}

/// Runs `check notes` with some twenty cases against an address.
#[track_caller]
fn check(address: SocketAddr) -> Ran {
    let directory = project();
    let url = format!("http://{address}");
    // Each worker reads an answer of its own, so that their number is part of the bound.
    let report = ["--workers", "16", "--report", "ndjson=all.ndjson", "--report", "junit=all.xml"];
    let mut arguments = vec!["check", "notes", "-e", &url, "-E", "constraint(length)", "--request-timeout", "1s"];
    arguments.extend(report);
    let ran = run(directory.path(), &arguments);
    // Whatever the endpoint did, the files are whole.
    let text = std::fs::read_to_string(directory.path().join("all.ndjson")).expect("written");
    let events: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(events.last().expect("a summary")["event"], "summary");
    let xml = std::fs::read_to_string(directory.path().join("all.xml")).expect("written");
    assert!(xml.trim_end().ends_with("</testsuites>"), "{xml}");
    ran
}

#[test]
fn a_page_with_a_broken_table_is_read_as_far_as_it_goes() {
    let directory = project();
    let page = "# Rename a note\n\n> Gives a note another name\n\n### Path Parameters\n\n\
        <ParamField path=\"id\" type=\"string\" required>\n  Note ID\n</ParamField>\n\n\
        ```bash cURL\ncurl -X POST https://notes.example/v1/notes/7/name\n```\n\n## Errors\n\n\
        | Status | Code | Description |\n| --- | --- | --- |\n| 400 | `bad_name` | Not a name |\n\
        | four | | |\n| 404 `not_found` Gone\n|||||||||\n";
    write(directory.path(), "rename.mdx", page);
    run(directory.path(), &["ingest", "rename.mdx"]).ends(0, &["bad_name", "rename.mdx:20"]);
    run(directory.path(), &["ingest", "rename.mdx", "--strict"]).ends(2, &["rename.mdx:20"]);
}

#[test]
fn bytes_that_are_no_page_are_refused_by_name() {
    let directory = project();
    std::fs::write(directory.path().join("page.mdx"), [0xff, 0xfe, 0, 1, 2, b'|']).expect("written");
    run(directory.path(), &["ingest", "page.mdx"]).ends(2, &["page.mdx"]);
    write(directory.path(), "deep.contract.json", &"[".repeat(100_000));
    run(directory.path(), &["ingest", "deep.contract.json"]).ends(2, &["deep.contract.json:1"]);
}

#[test]
fn an_unknown_key_is_told_with_its_line() {
    let directory = project();
    let text = format!("# one\nendpont = \"embedded\"\n{}", include_str!("notes/notes.toml"));
    write(directory.path(), "scenarios/notes.toml", &text);
    run(directory.path(), &["cases", "notes"]).ends(0, &["unknown key `endpont`", "notes.toml:2", "`endpoint`"]);
    run(directory.path(), &["check", "notes", "--strict"]).ends(2, &["unknown key `endpont`", "notes.toml:2"]);
}

#[test]
fn a_pattern_that_nothing_matches_is_told_with_the_line_that_states_it() {
    let directory = project();
    let pattern = "\"pattern\": \"[a-z]{12,}\", \"facts\": [{\"path\": \"pattern\", \"value\": \"[a-z]{12,}\", \
        \"standing\": \"documented\", \"document\": \"tag-note.md\", \"line\": 17}]";
    let contract = include_str!("notes/notes.contract.json").replace("\"pattern\": \"[a-z-]+\"", pattern);
    write(directory.path(), "scenarios/notes.contract.json", &contract);
    for command in ["check", "cases"] {
        run(directory.path(), &[command, "notes"])
            .ends(2, &["shape `Tag`", "1 to 10 characters", "`[a-z]{12,}`", "tag-note.md:17"]);
    }
    // A pattern that takes for ever where it is tried naively is no reason to hang.
    let contract = include_str!("notes/notes.contract.json").replace("[a-z-]+", "^(a+)+$");
    write(directory.path(), "scenarios/notes.contract.json", &contract);
    run(directory.path(), &["check", "notes"]).ends(0, &["0 findings"]);
}

#[test]
fn an_endpoint_that_refuses_or_hangs_or_drops_is_incomplete() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let closed = listener.local_addr().expect("bound");
    drop(listener);
    check(closed).ends(3, &["the endpoint could not be reached", "Connection refused"]);
    let silent = serve(|mut stream, _| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    check(silent).ends(3, &["incomplete: the endpoint could not be reached: no answer within 1s"]);
    let rude = serve(|stream, _| drop(stream));
    check(rude).ends(3, &["incomplete: "]);
}

#[test]
fn half_an_answer_is_a_divergence() {
    let half =
        scripted("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"tags\"", true);
    check(half).ends(1, &["✗ ", "observed     200, body is shorter than its framing"]);
    let chunks = scripted("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{", true);
    check(chunks).ends(1, &["✗ "]);
    let head = scripted("HTTP/1.1 200 OK\r\ncontent-ty", true);
    check(head).ends(3, &["incomplete: "]);
}

#[test]
fn a_body_without_end_takes_neither_memory_nor_time() {
    static PIECE: [u8; 65536] = [b'x'; 65536];
    let gigabytes = endless(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n", &PIECE);
    check(gigabytes).ends(1, &["✗ ", "body is longer than overstep reads"]);
    let unframed = endless(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n", &PIECE);
    check(unframed).ends(1, &["✗ "]);
    let header = endless(b"HTTP/1.1 200 OK\r\nx: ", &PIECE);
    check(header).ends(3, &["incomplete: "]);
}

#[test]
fn a_small_body_that_unpacks_to_gigabytes_is_cut() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..256 {
        encoder.write_all(&[b' '; 1 << 20]).expect("memory");
    }
    let body = encoder.finish().expect("memory");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
    check(scripted([head.into_bytes(), body].concat(), false)).ends(1, &["✗ "]);
}

#[test]
fn what_cannot_be_decoded_is_a_divergence() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 8\r\n\r\nnot gzip";
    check(scripted(answer, false)).ends(1, &["✗ ", "observed     200, body cannot be decoded"]);
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            log.lock().expect("log").push(head.lines().next().unwrap_or_default().to_owned());
            let _ =
                stream.write_all(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /loop\r\ncontent-length: 0\r\n\r\n");
        }
    });
    check(address).ends(1, &["✗ ", "307"]);
    let asked = asked.lock().expect("log");
    assert!(!asked.is_empty() && asked.iter().all(|line| !line.contains("/loop")), "{asked:?}");
}

#[test]
fn what_speaks_no_http_gives_no_verdict() {
    check(scripted("220 mail.example ESMTP\r\n", true)).ends(3, &["incomplete: "]);
    check(scripted([0, 159, 146, 150, 255, 10, 13, 10], true)).ends(3, &["incomplete: "]);
}

/// A certificate for `localhost`, the authority that signed it, and a server that shows it.
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
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("key"),
        )
        .expect("config");
    let config = Arc::new(config);
    let address = serve(move |mut stream, _| {
        let mut session = rustls::ServerConnection::new(Arc::clone(&config)).expect("session");
        let mut tls = rustls::Stream::new(&mut session, &mut stream);
        let mut reader = BufReader::new(&mut tls);
        while read_request(&mut reader).is_some() {
            let _ = reader.get_mut().write_all(ANSWER);
        }
    });
    (format!("https://localhost:{}", address.port()), pem)
}

/// What `RenameNote` may say.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
const ONE: [&str; 4] = ["check", "notes", "-E", "id(notes/RenameNote/valid/control/plain)"];

#[test]
fn https_is_spoken_with_whom_the_flags_trust() {
    let (url, pem) = tls_server();
    let directory = project();
    write(directory.path(), "ca.pem", &pem);
    write(directory.path(), "none.pem", "no certificate\n");
    let with = |flags: &[&str]| run(directory.path(), &[&ONE[..], &["-e", &url], flags].concat());
    with(&["--cacert", "ca.pem"]).ends(0, &["0 findings in 1 case"]);
    with(&["--insecure"]).ends(0, &["0 findings in 1 case"]);
    with(&[]).ends(3, &["incomplete: the endpoint could not be reached", "certificate"]);
    assert_ne!(with(&["--cacert", "none.pem"]).code, 0);
    with(&["--cacert", "missing.pem"]).ends(2, &["missing.pem"]);
}

#[test]
fn a_proxy_carries_the_requests() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let proxy = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            log.lock().expect("log").push(head.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(ANSWER);
        }
    });
    let directory = project();
    // Nobody listens there: only the proxy can have answered.
    let proxy = format!("http://{proxy}");
    let ran = run(directory.path(), &[&ONE[..], &["-e", "http://127.0.0.1:9/base", "--proxy", &proxy]].concat());
    ran.ends(0, &["0 findings in 1 case"]);
    let seen = seen.lock().expect("log");
    let begins = ["GET http://127.0.0.1:9/base/OverstepCanary/", "POST http://127.0.0.1:9/base/v1/notes/"];
    assert!(seen.len() == 2 && seen.iter().zip(begins).all(|(line, begins)| line.starts_with(begins)), "{seen:?}");
}
