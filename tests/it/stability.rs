//! The same verdicts, however often, with however many workers, and however slow and jealous of its rate a
//! server is.

use crate::foreign::http;
use crate::served;
use crate::support;

use overstep::reference::{self, ReferenceService as Faithful};
use served::{Served, check};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// So often a run is repeated.
const RUNS: usize = 20;

/// What is sent to the slow one: limits, laws, pairs and proofs, without most of the patterns.
const PART: &str = "op(TagContact) & not member(Tags{key}) & not member(ContactId)";

type Verdicts = BTreeMap<String, String>;

/// What became of each case.
fn verdicts(scenario: &str, url: &str, filter: &str, workers: usize) -> Verdicts {
    let ran = check(scenario, url, &["-E", filter, "--workers", &workers.to_string()]);
    let told = |case: &serde_json::Value| {
        let id = case["id"].as_str().unwrap_or_default().to_owned();
        (id, format!("{} {} {}", case["verdict"], case["observed"]["status"], case["observed"]["error"]))
    };
    let verdicts: Verdicts = ran.of("case").into_iter().map(told).collect();
    assert!(verdicts.len() > 100, "{}", ran.text);
    verdicts
}

fn differences(one: &Verdicts, other: &Verdicts) -> Vec<String> {
    let beside = |(id, verdict): (&String, &String)| match other.get(id) {
        Some(same) if same == verdict => None,
        other => Some(format!("{id}: {verdict}, then {other:?}")),
    };
    one.iter().filter_map(beside).collect()
}

fn repeated(scenario: &str, url: &str, filter: &str) -> Verdicts {
    let first = verdicts(scenario, url, filter, 16);
    for run in 1..RUNS {
        let again = verdicts(scenario, url, filter, [1, 2, 7, 16, 33][run % 5]);
        assert_eq!(differences(&first, &again), Vec::<String>::new(), "run {}", run + 1);
    }
    first
}

#[test]
fn twenty_runs_on_the_faithful_server_agree() {
    let server = Served::start("leadlex", &[]);
    repeated("leadlex", &server.url, "not constraint(nothing)");
    let server = Served::start("connect", &[]);
    repeated("connect", &server.url, "op(TagContact)");
}

/// The reference server behind a gate: slow, and with room for a few requests at once.
struct Jealous {
    inner: Faithful,
    inside: AtomicU64,
    room: u64,
    asked: AtomicU64,
    refused: &'static AtomicU64,
}

static REFUSED: AtomicU64 = AtomicU64::new(0);

impl http::Service for Jealous {
    fn answer(&self, request: &http::Request) -> http::Response {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let others = self.inside.fetch_add(1, Ordering::SeqCst);
        // Beside those for whom there is no room, one in nine has bad luck.
        let answer = if others >= self.room || number.is_multiple_of(9) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            http::Response::new(429, r#"{"message":"slow down"}"#)
                .with("content-type", "application/json")
                .with("x-amzn-errortype", "ThrottlingException")
        } else {
            std::thread::sleep(Duration::from_millis(1 + number % 3));
            let headers: Vec<(&str, &[u8])> =
                request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let response = self.inner.handle(&reference::ServerRequest {
                method: &request.method,
                target: &request.target,
                headers: &headers,
                body: &request.body,
            });
            let mut answer = http::Response::new(response.status, response.body.to_vec());
            for (name, value) in &response.headers {
                answer = answer.with(name, value);
            }
            answer
        };
        self.inside.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

#[test]
fn twenty_runs_on_a_slow_and_throttling_server_agree_with_those_on_a_patient_one() {
    let (contract, _, world) = support::shipped("connect");
    let inner = Faithful::new(contract, world);
    let jealous = Jealous { inner, inside: AtomicU64::new(0), room: 9, asked: AtomicU64::new(1), refused: &REFUSED };
    let url = format!("http://127.0.0.1:{}", http::serve(jealous));
    let throttled = repeated("connect", &url, PART);
    assert!(REFUSED.load(Ordering::Relaxed) > 500, "it refused {REFUSED:?}");
    let patient = Served::start("connect", &[]);
    let plain = verdicts("connect", &patient.url, PART, 16);
    assert_eq!(differences(&plain, &throttled), Vec::<String>::new());
}
