//! Verdicts are the same in repeated runs, with any number of workers, and on a slow server that throttles.

use crate::foreign::http;
use crate::served;
use crate::support;

use overstep::reference::{self, ReferenceService};
use served::{ReferenceServer, check};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Number of runs that are compared.
const RUNS: usize = 20;

/// Cases for the slow server: limits, laws, pairs and credentials, without most of the patterns.
const FILTER: &str = "op(TagContact) & not member(Tags{key}) & not member(ContactId)";

type Verdicts = BTreeMap<String, String>;

/// Returns verdict, status and error of each case by id.
fn verdicts(scenario: &str, url: &str, filter: &str, workers: usize) -> Verdicts {
    let output = check(scenario, url, &["-E", filter, "--workers", &workers.to_string()]);
    let entry = |case: &serde_json::Value| {
        let id = case["id"].as_str().unwrap_or_default().to_owned();
        (id, format!("{} {} {}", case["verdict"], case["observed"]["status"], case["observed"]["error"]))
    };
    let verdicts: Verdicts = output.of("case").into_iter().map(entry).collect();
    assert!(verdicts.len() > 100, "{}", output.text);
    verdicts
}

fn differences(one: &Verdicts, other: &Verdicts) -> Vec<String> {
    let difference = |(id, verdict): (&String, &String)| match other.get(id) {
        Some(same) if same == verdict => None,
        other => Some(format!("{id}: {verdict}, then {other:?}")),
    };
    one.iter().filter_map(difference).collect()
}

fn repeat_run(scenario: &str, url: &str, filter: &str) -> Verdicts {
    let first = verdicts(scenario, url, filter, 16);
    for run in 1..RUNS {
        let again = verdicts(scenario, url, filter, [1, 2, 7, 16, 33][run % 5]);
        assert_eq!(differences(&first, &again), Vec::<String>::new(), "run {}", run + 1);
    }
    first
}

#[test]
fn twenty_runs_on_the_reference_server_agree() {
    let server = ReferenceServer::start("leadlex", &[]);
    repeat_run("leadlex", &server.url, "not constraint(nothing)");
    let server = ReferenceServer::start("connect", &[]);
    repeat_run("connect", &server.url, "op(TagContact)");
}

/// A slow reference server that rejects requests beyond a limit of concurrent ones with 429.
struct ThrottlingServer {
    inner: ReferenceService,
    in_flight: AtomicU64,
    max_in_flight: u64,
    requests: AtomicU64,
    throttled: &'static AtomicU64,
}

static THROTTLED: AtomicU64 = AtomicU64::new(0);

impl http::Service for ThrottlingServer {
    fn answer(&self, request: &http::Request) -> http::Response {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let others = self.in_flight.fetch_add(1, Ordering::SeqCst);
        // One in nine requests is rejected in any case.
        let response = if others >= self.max_in_flight || number.is_multiple_of(9) {
            self.throttled.fetch_add(1, Ordering::Relaxed);
            http::Response::new(429, r#"{"message":"slow down"}"#)
                .with("content-type", "application/json")
                .with("x-amzn-errortype", "ThrottlingException")
        } else {
            std::thread::sleep(Duration::from_millis(1 + number % 3));
            let headers: Vec<(&str, &[u8])> =
                request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let inner = self.inner.handle(&reference::ServerRequest {
                method: &request.method,
                target: &request.target,
                headers: &headers,
                body: &request.body,
            });
            let mut response = http::Response::new(inner.status, inner.body.to_vec());
            for (name, value) in &inner.headers {
                response = response.with(name, value);
            }
            response
        };
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        response
    }
}

#[test]
fn twenty_runs_on_a_throttling_server_agree_with_the_reference_server() {
    let (contract, _, world) = support::shipped("connect");
    let inner = ReferenceService::new(contract, world);
    let server = ThrottlingServer {
        inner,
        in_flight: AtomicU64::new(0),
        max_in_flight: 9,
        requests: AtomicU64::new(1),
        throttled: &THROTTLED,
    };
    let url = format!("http://127.0.0.1:{}", http::serve(server));
    let throttled = repeat_run("connect", &url, FILTER);
    assert!(THROTTLED.load(Ordering::Relaxed) > 500, "{THROTTLED:?} requests were throttled");
    let reference = ReferenceServer::start("connect", &[]);
    let plain = verdicts("connect", &reference.url, FILTER, 16);
    assert_eq!(differences(&plain, &throttled), Vec::<String>::new());
}
