//! Endpoints that respond to every request in the same way: nothing is learnt, nothing is written, and the reason is
//! printed.

#![expect(clippy::disallowed_methods, reason = "tests read files")]

use crate::foreign::http::{self, Request, Response};
use crate::support::command::{Watched, overstep, watched};
use crate::support::notes_project;
use overstep::reference::{ReferenceService, ServerRequest};
use overstep::{contract, scenario, session};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A faithful server of the sample service, before which another program may respond.
struct Gateway<F> {
    service: ReferenceService,
    requests: AtomicU64,
    /// Responds to a request, given the number of requests before it; otherwise the service does.
    intercept: F,
}

impl<F: Fn(&Request, u64) -> Option<Response> + Send + Sync + 'static> http::Service for Gateway<F> {
    fn answer(&self, request: &Request) -> Response {
        if let Some(response) = (self.intercept)(request, self.requests.fetch_add(1, Ordering::SeqCst)) {
            return response;
        }
        let headers: Vec<(&str, &[u8])> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let inner = self.service.handle(&ServerRequest {
            method: &request.method,
            target: &request.target,
            headers: &headers,
            body: &request.body,
        });
        let response = Response::new(inner.status, inner.body.to_vec());
        inner.headers.iter().fold(response, |response, (name, value)| response.with(name, value))
    }
}

/// Starts a server and returns its URL.
fn start(intercept: impl Fn(&Request, u64) -> Option<Response> + Send + Sync + 'static) -> String {
    let contract = contract::from_json(include_str!("notes/notes.contract.json")).expect("a valid contract");
    let (scenario, _) = scenario::read_scenario("notes", include_str!("notes/notes.toml")).expect("a valid scenario");
    let service = ReferenceService::new(contract.clone(), session::build_world(&contract, &scenario));
    format!("http://127.0.0.1:{}", http::serve(Gateway { service, requests: AtomicU64::new(0), intercept }))
}

fn throttled(_: &Request) -> Response {
    Response::new(429, r#"{"error":{"code":"slow_down"}}"#).with("retry-after", "0")
}

/// Returns the names of all files below `snapshots`.
fn snapshot_files(directory: &Path) -> Vec<String> {
    let mut folders = vec![directory.join("snapshots")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("read a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.display().to_string());
            }
        }
    }
    files
}

fn run(directory: &Path, arguments: &[&str]) -> Watched {
    watched(overstep(directory, arguments), Duration::from_mins(2))
}

/// Runs `check`, `check` of a single case, and `fuzz`. Each must end with exit code 3 and the reason, and must neither
/// report nor write anything else.
#[track_caller]
fn assert_nothing_is_learnt(url: &str, reason: &str) {
    let directory = notes_project();
    let check = ["check", "notes", "--endpoint", url, "--update", "all", "--report", "ndjson=all.ndjson"];
    let single = ["check", "notes", "--endpoint", url, "-E", "constraint(pattern)"];
    let fuzz = ["fuzz", "notes", "--endpoint", url, "--max-cases", "50"];
    for arguments in [&check[..], &single, &fuzz] {
        let Watched { code, text, .. } = run(directory.path(), arguments);
        assert_eq!(code, 3, "{arguments:?}: {text}");
        for part in [reason, "0 findings", "help: "] {
            assert!(text.contains(part), "{arguments:?} lacks {part:?}: {text}");
        }
        assert!(!text.contains("snapshot"), "{text}");
        assert_eq!(snapshot_files(directory.path()), Vec::<String>::new(), "{arguments:?}");
    }
    let results = std::fs::read_to_string(directory.path().join("all.ndjson")).expect("read the results");
    assert!(!results.contains(r#""event":"case""#) && !results.contains(r#""event":"finding""#), "{results}");
}

#[test]
fn endpoint_that_throttles_everything_shows_nothing() {
    let url = start(|request, _| Some(throttled(request)));
    assert_nothing_is_learnt(&url, "incomplete: the endpoint throttles every request (429 slow_down)");
}

#[test]
fn gateway_that_throttles_every_operation_that_it_knows_shows_nothing() {
    let is_known = |request: &Request| request.target.starts_with("/v1/notes/");
    let url = start(move |request, _| is_known(request).then(|| throttled(request)));
    let directory = notes_project();
    let Watched { code, text, .. } = run(directory.path(), &["check", "notes", "--endpoint", &url, "--update", "all"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("0 findings") && text.contains("the endpoint throttles every request (429"), "{text}");
    assert_eq!(snapshot_files(directory.path()), Vec::<String>::new());
}

#[test]
fn endpoint_that_is_unavailable_shows_nothing() {
    for (status, retry_after) in [(503, Some("0")), (503, None), (502, None), (504, None)] {
        let url = start(move |_, _| {
            let response = Response::new(status, "later");
            Some(match retry_after {
                Some(seconds) => response.with("retry-after", seconds),
                None => response,
            })
        });
        let reason = format!("incomplete: the endpoint reports that it is unavailable, for every request ({status})");
        assert_nothing_is_learnt(&url, &reason);
    }
}

#[test]
fn endpoint_that_redirects_everything_shows_nothing_and_is_not_followed() {
    for status in [301, 302, 307, 308] {
        let url = start(move |request, _| {
            Some(Response::new(status, "").with("location", &format!("https://192.0.2.1{}", request.target)))
        });
        let reason =
            format!("incomplete: the endpoint redirects every request ({status}), for example to `https://192.0.2.1/");
        assert_nothing_is_learnt(&url, &reason);
    }
}

#[test]
fn single_operation_that_redirects_is_a_finding() {
    let url = start(|request, _| {
        request.target.ends_with("/name").then(|| Response::new(308, "").with("location", "/elsewhere"))
    });
    let directory = notes_project();
    let Watched { code, text, .. } = run(directory.path(), &["check", "notes", "--endpoint", &url]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("308"), "{text}");
}

#[test]
fn throttled_responses_are_never_offered_for_acceptance() {
    // The quota is used up in the middle of the run.
    let url = start(|request, before| (before > 60).then(|| throttled(request)));
    let directory = notes_project();
    let Watched { text, .. } = run(directory.path(), &["check", "notes", "--endpoint", &url, "--update", "all"]);
    let files = snapshot_files(directory.path());
    assert!(!files.is_empty(), "{text}");
    for name in files {
        let snapshot = std::fs::read_to_string(directory.path().join(&name)).expect("read a snapshot");
        assert!(!snapshot.contains("429") && snapshot.contains("200"), "{name}: {snapshot}");
    }
}
