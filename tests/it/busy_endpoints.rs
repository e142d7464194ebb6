//! Slow and busy endpoints: what does not repeat when a request is sent again alone is no fault of the request.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::cards::{Cards, Fault};
use crate::hostile::process::{Project, RunResult};
use crate::loopback::{read_request, serve, serve_json};
use crate::support::command::overstep;
use crate::support::python;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashSet};
use std::io::{BufReader, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What a server does when it receives a request for the first time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FirstResponse {
    /// It fails.
    Fails,
    /// It reads the request and never responds.
    Hangs,
    /// It closes the connection, three times: a request is sent twice, and once more if the connection was used before.
    Drops,
    /// It says that it cannot be used at the moment.
    IsUnavailable,
}

/// Starts a server that is faithful from the second time on that it receives a request for LinkCard; the first time it
/// does something else.
fn forgetful_server(first: FirstResponse) -> SocketAddr {
    forgetful_server_for(first, |_, target| target.contains("/links"))
}

/// Starts a server that is faithful from the second time on that it receives one of certain requests.
fn forgetful_server_for(first: FirstResponse, is_affected: fn(&str, &str) -> bool) -> SocketAddr {
    let service = Cards::new(Fault::Faithful);
    let seen = Mutex::new(BTreeMap::<(String, Vec<u8>), u32>::new());
    serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, body)) = read_request(&mut reader) {
            let line = head.lines().next().unwrap_or_default().to_owned();
            let count = {
                let mut seen = seen.lock().expect("no thread panics with the lock");
                let count = seen.entry((line.clone(), body.clone())).or_default();
                *count += 1;
                *count
            };
            let mut words = line.split(' ');
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let (status, document) = match first {
                _ if !is_affected(method, target) => service.respond(method, target, &body),
                FirstResponse::IsUnavailable if count == 1 => (503, serde_json::json!({"error": {"code": "busy"}})),
                FirstResponse::Fails if count == 1 => (500, serde_json::json!({"error": {"code": "internal"}})),
                FirstResponse::Hangs if count == 1 => continue,
                FirstResponse::Drops if count <= 3 => return,
                _ => service.respond(method, target, &body),
            };
            let document = document.to_string();
            let head = format!("HTTP/1.1 {status} Response\r\ncontent-type: application/json\r\ncontent-length: ");
            if stream.write_all(format!("{head}{}\r\n\r\n{document}", document.len()).as_bytes()).is_err() {
                return;
            }
        }
    })
}

fn verdicts(result: &RunResult) -> BTreeMap<String, String> {
    let cases = result.events.iter().filter(|event| event["event"] == "case");
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    cases.map(|case| (text(&case["id"]), text(&case["verdict"]))).collect()
}

#[test]
fn failures_that_do_not_repeat_are_flaky_and_never_accepted() {
    for first in [FirstResponse::Fails, FirstResponse::Drops] {
        let project = Project::new();
        let url = format!("http://{}", forgetful_server(first));
        let result = project.overstep("check", &url, &["--workers", "8", "--update", "all"]);
        assert_eq!(result.code, 0, "{}", result.text);
        let counts = result.events.iter().find(|event| event["event"] == "summary").expect("a summary");
        let flaky = counts["flaky"].as_u64().expect("a number");
        let cases = result.events.iter().filter(|event| event["event"] == "case");
        let is_flaky = |case: &&Json| case["verdict"] == "flaky";
        let flaky_cases: Vec<&Json> = cases.filter(is_flaky).collect();
        assert!(flaky > 20 && flaky_cases.len() as u64 == flaky, "{counts}");
        assert!(flaky_cases.iter().all(|case| case["operation"] == "LinkCard"), "{flaky_cases:?}");
        let words =
            if first == FirstResponse::Fails { "received 500 internal, and " } else { "received dropped, and " };
        assert!(result.text.contains(&format!("{flaky} flaky")) && result.text.contains(words), "{}", result.text);
        let accepted = project.read_files("snapshots");
        assert!(!accepted.is_empty() && !accepted.contains("500") && !accepted.contains("dropped"), "{accepted}");
    }
}

#[test]
fn a_server_that_cannot_be_used_at_the_moment_is_asked_again_with_fewer_requests_at_once() {
    let url = format!("http://{}", forgetful_server(FirstResponse::IsUnavailable));
    let result = Project::new().overstep("check", &url, &["--workers", "8", "--no-snapshots"]);
    assert_eq!(result.code, 0, "{}", result.text);
    let unsettled: Vec<(String, String)> =
        verdicts(&result).into_iter().filter(|(_, verdict)| matches!(&**verdict, "flaky" | "indeterminate")).collect();
    assert_eq!(unsettled, []);
    assert!(result.text.contains("workers: only 1 of 8 in the end"), "{}", result.text);
}

#[test]
fn a_case_whose_setup_made_the_server_fail_is_sent_again() {
    let is_creation = |method: &str, target: &str| method == "POST" && !target.contains("/links");
    let url = format!("http://{}", forgetful_server_for(FirstResponse::Fails, is_creation));
    let result = Project::new().overstep("check", &url, &["-E", "op(LinkCard)", "--workers", "8", "--no-snapshots"]);
    assert_eq!(result.code, 0, "{}", result.text);
    let verdicts = verdicts(&result);
    assert!(verdicts.len() > 20 && verdicts.values().all(|verdict| verdict != "indeterminate"), "{verdicts:?}");
}

#[test]
fn an_operation_that_a_request_breaks_is_one_finding_on_an_endpoint_that_cannot_be_restored() {
    let service = Cards::new(Fault::Faithful);
    let is_broken = AtomicBool::new(false);
    let address = serve_json(move |method, target, body| {
        if !target.contains("/links") {
            return service.respond(method, target, body);
        }
        if is_broken.load(Ordering::SeqCst) {
            return (500, serde_json::json!({"error": {"code": "internal"}}));
        }
        // What is stored here is read whenever a card is linked.
        is_broken.fetch_or(body.starts_with(b"["), Ordering::SeqCst);
        service.respond(method, target, body)
    });
    let arguments = ["-E", "op(LinkCard)", "--workers", "4", "--no-snapshots"];
    let result = Project::new().overstep("check", &format!("http://{address}"), &arguments);
    let findings: Vec<&Json> = result.events.iter().filter(|event| event["event"] == "finding").collect();
    let codes: Vec<&str> = findings.iter().filter_map(|finding| finding["code"].as_str()).collect();
    assert_eq!(codes, ["OV106"], "{}", result.text);
    let words = "`LinkCard` no longer works, whatever is sent";
    let unlearnt = result.events.iter().filter(|event| event["why"].as_str().is_some_and(|why| why.contains(words)));
    assert!(unlearnt.count() > 10, "{}", result.text);
}

#[test]
fn a_response_that_comes_when_it_is_asked_for_again_counts() {
    let url = format!("http://{}", forgetful_server(FirstResponse::Hangs));
    let arguments = ["-E", "op(LinkCard) & (*control/plain | member(note))", "--workers", "8", "--no-snapshots"];
    let result = Project::new().overstep("check", &url, &[&arguments[..], &["--request-timeout", "400ms"]].concat());
    assert_eq!(result.code, 0, "{}", result.text);
    let verdicts = verdicts(&result);
    assert!(verdicts.len() > 10, "{verdicts:?}");
    let is_settled = |verdict: &String| matches!(verdict.as_str(), "pass" | "unspecified" | "unsendable");
    assert!(verdicts.values().all(is_settled), "{verdicts:?}");
}

/// Keeps all processors busy until it is dropped.
struct Load(Arc<AtomicBool>);

impl Load {
    fn start(threads: usize) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        for _ in 0..threads {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self(is_over)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Starts a server that is faithful, or that accepts any link.
fn cards_server(checks_links: bool) -> SocketAddr {
    let service = Cards::new(Fault::Faithful);
    serve_json(move |method, target, body| match checks_links || !target.contains("/links") {
        true => service.respond(method, target, body),
        false => (200, serde_json::json!({})),
    })
}

#[test]
fn verdicts_do_not_depend_on_how_busy_the_machine_is() {
    for checks_links in [true, false] {
        let check = || {
            let url = format!("http://{}", cards_server(checks_links));
            let result = Project::new().overstep("check", &url, &["--no-snapshots"]);
            let findings = result.events.iter().filter(|event| event["event"] == "finding");
            let findings: Vec<Json> = findings.map(|event| event["case_ids"].clone()).collect();
            (result.code, verdicts(&result), findings)
        };
        let idle = check();
        let load = Load::start(20);
        let busy = check();
        drop(load);
        assert_eq!(idle, busy);
        assert_eq!((idle.0, idle.2.is_empty()), (i32::from(!checks_links), checks_links));
    }
}

/// A server that fails on every link, and prints which card it was for after it has responded.
const FAILING_SERVER: &str = r#"
import http.server, json, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def log_message(self, *words): pass
    def respond(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.respond(404, {"error": {"code": "unknown"}})
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if not self.path.endswith("/links"): return self.respond(404, {"error": {"code": "unknown"}})
        try: note = json.loads(body).get("note")
        except Exception: return self.respond(400, {"error": {"code": "validation_error"}})
        if note is None: return self.respond(200, {})
        self.respond(500, {"error": {"code": "internal"}})
        print("failed on <" + self.path + ">", file=sys.stderr, flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

#[test]
fn output_of_a_server_belongs_to_the_case_that_caused_it() {
    let settings = "[endpoints.emulator]\nurl = \"http://127.0.0.1:{port}\"\nstart = \"python3 server.py {port}\"\n";
    let files = [
        ("server.py", FAILING_SERVER),
        ("overstep.toml", settings),
        ("scenarios/cards.toml", crate::cards::SCENARIO),
        ("scenarios/cards.contract.json", crate::cards::CONTRACT),
    ];
    let Some(directory) = python::project(&files) else { return };
    let arguments = ["check", "cards", "-e", "emulator", "-E", "op(LinkCard)", "--no-snapshots", "--no-progress"];
    let report = ["--workers", "16", "--report", "ndjson=r.ndjson"];
    let mut command = overstep(directory.path(), &[&arguments[..], &report].concat());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = command.output().expect("the command runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let results = std::fs::read_to_string(directory.path().join("r.ndjson")).unwrap_or_else(|_| panic!("{text}"));
    let cases: Vec<Json> = results.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut targets = HashSet::new();
    for case in cases.iter().filter(|case| case["observed"]["status"] == 500) {
        let target = case["steps"][0]["target"].as_str().expect("a target");
        let expected = format!("failed on <{target}>");
        assert_eq!(case["server_output"], serde_json::json!([expected]), "{case}");
        targets.insert(target.to_owned());
    }
    assert!(targets.len() > 10, "{text}");
}
