//! Hostile endpoints: a run always ends within its limits, every case has a verdict, and the report explains what happened.
//!
//! The tests do not measure time; a generous time limit only turns a hang into a failure.

#![expect(clippy::disallowed_methods, reason = "tests read files and the memory of a child process")]

use crate::cards;
use crate::loopback;
use crate::support::command;
mod behaviors;
pub mod process;
mod server;

use behaviors::{Row, SMUGGLED};
use process::{Project, RunResult};
use server::{AffectedRequests, HostileBehavior, hostile};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Maximum length of a line in the report, in bytes.
const MAX_RECORDED_BYTES: usize = 64 * 1024;
/// Maximum resident memory of a run in kB; a few workers read one response each.
const MAX_MEMORY_KB: u64 = 200 * 1024;
const VERDICTS: [&str; 7] =
    ["pass", "diverges", "unspecified", "not-implemented", "flaky", "indeterminate", "unsendable"];

/// Checks every row, a few at a time, and fails with all errors.
#[track_caller]
fn check_rows(rows: &[Row], check: impl Fn(&Row) -> Result<(), String> + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(reason) = check(row) {
                        failures
                            .lock()
                            .expect("no thread panics with the lock")
                            .push(format!("{}: {reason}", row.name));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("all threads have ended");
    assert!(failures.is_empty(), "{} of {} rows\n{}", failures.len(), rows.len(), failures.join("\n"));
}

fn ensure(condition: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message()) }
}

/// Checks what must be true of every run.
fn check_invariants(result: &RunResult) -> Result<(), String> {
    let events = &result.events;
    let events_of = |kind: &str| events.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    ensure(events_of("run").len() == 1 && events_of("summary").len() == 1, || {
        format!("incomplete results:\n{}", result.text)
    })?;
    let mut ids = HashSet::new();
    for case in events_of("case") {
        let verdict = case["verdict"].as_str().unwrap_or_default();
        let explanation = case["why"].as_str().unwrap_or_default();
        ensure(VERDICTS.contains(&verdict) && !explanation.is_empty(), || format!("no verdict: {case}"))?;
        ensure(ids.insert(case["id"].clone()), || format!("two verdicts on {}", case["id"]))?;
    }
    let summary = events_of("summary")[0];
    let counted: u64 = VERDICTS.iter().filter_map(|verdict| summary[verdict.replace('-', "_")].as_u64()).sum();
    ensure(counted >= 1 || summary["incomplete"].is_string(), || format!("no case was counted: {summary}"))?;
    ensure(result.longest_line <= MAX_RECORDED_BYTES, || format!("a line of {} bytes", result.longest_line))?;
    ensure(!result.text.contains('\u{1b}'), || {
        format!("the output has terminal control characters:\n{}", result.text)
    })?;
    ensure(result.peak_memory < MAX_MEMORY_KB, || format!("{} kB of memory", result.peak_memory))
}

/// Runs `check` where only some requests of one operation get the hostile behavior.
fn check_some_requests(row: &Row) -> Result<(), String> {
    let address = hostile(row.behavior.clone(), AffectedRequests::LongNotes);
    let result = Project::new().overstep(
        "check",
        &format!("http://{address}"),
        &["-E", "op(LinkCard)", "--workers", "8", "--no-snapshots", "--request-timeout", patient_timeout(row)],
    );
    check_invariants(&result)?;
    let expects_pass = row.observed == "pass";
    ensure(result.code == i32::from(!expects_pass), || format!("exit {}\n{}", result.code, result.text))?;
    let (mut affected, mut cases) = (0, 0);
    for case in result.events.iter().filter(|event| event["event"] == "case") {
        let id = case["id"].as_str().unwrap_or_default();
        cases += 1;
        if !id.starts_with("cards/LinkCard/note/length/above-max") {
            let verdict = case["verdict"].as_str().unwrap_or_default();
            let is_unaffected = matches!(verdict, "pass" | "unspecified" | "unsendable");
            ensure(is_unaffected && !case.to_string().contains(SMUGGLED), || {
                format!("an unaffected case is blamed: {case}")
            })?;
            continue;
        }
        affected += 1;
        let explanation = case["why"].as_str().unwrap_or_default();
        ensure(case["verdict"] == if expects_pass { "pass" } else { "diverges" }, || format!("wrong verdict: {case}"))?;
        ensure(explanation.contains(row.why), || format!("no `{}` in `{explanation}`", row.why))?;
    }
    ensure(affected > 3, || format!("only {affected} cases were affected"))?;
    ensure(result.events[0]["cases"].as_u64() == Some(cases), || {
        format!("{cases} verdicts, but the run started with {}", result.events[0])
    })?;
    let findings: Vec<_> = result.events.iter().filter(|event| event["event"] == "finding").collect();
    ensure(findings.len() == usize::from(!expects_pass), || format!("{} findings\n{}", findings.len(), result.text))?;
    for finding in findings {
        let place = [&finding["operation"], &finding["member"], &finding["constraint"]];
        ensure(place == ["LinkCard", "note", "length"], || format!("found at {place:?}"))?;
        let observed = finding["observed"].as_str().unwrap_or_default();
        ensure(observed.starts_with(row.observed), || format!("observed `{observed:.200}`, not `{}`", row.observed))?;
    }
    Ok(())
}

/// Returns the request timeout: short where only the timeout ends a request, long where a response must not be missed.
fn request_timeout(row: &Row) -> &'static str {
    if row.needs_timeout() { "300ms" } else { "5s" }
}

/// Returns the request timeout where most requests get a response.
fn patient_timeout(row: &Row) -> &'static str {
    if row.needs_timeout() { "2s" } else { "10s" }
}

const FEW_CASES: &str = "op(LinkCard) & (*control/plain | member(note))";

/// Runs `check` where all requests get the hostile behavior.
fn check_all_requests(row: &Row) -> Result<(), String> {
    let address = hostile(row.behavior.clone(), AffectedRequests::All);
    let arguments = ["-E", FEW_CASES, "--request-timeout", request_timeout(row), "--workers", "8", "--no-snapshots"];
    let result = Project::new().overstep("check", &format!("http://{address}"), &arguments);
    check_invariants(&result)?;
    let incomplete = result.events.last().and_then(|summary| summary["incomplete"].as_str()).unwrap_or_default();
    let (code, reason) = match row.observed.get(..3) {
        Some("301" | "302" | "303" | "307" | "308") => (3, "the endpoint redirects every request"),
        Some("429") => (3, "the endpoint throttles every request"),
        Some("503") => (3, "the endpoint reports that it is unavailable"),
        // A response is compared with the documentation, and no control succeeds.
        _ if row.has_response_head() => (1, "no control request succeeded"),
        _ => (3, row.why),
    };
    ensure(result.code == code, || format!("exit {}, not {code}\n{}", result.code, result.text))?;
    ensure(incomplete.contains(reason), || format!("no `{reason}` in `{incomplete}`"))
}

/// Runs `check` through a proxy that has the hostile behavior itself.
fn check_through_proxy(row: &Row) -> Result<(), String> {
    let proxy = format!("http://{}", hostile(row.behavior.clone(), AffectedRequests::All));
    // Only the timeout limits the number of interim responses of a proxy.
    let timeout = if matches!(row.behavior, HostileBehavior::Repeats(..)) { "300ms" } else { request_timeout(row) };
    let arguments = ["--proxy", &proxy, "-E", FEW_CASES, "--request-timeout", timeout, "--workers", "8"];
    // Nothing listens at the endpoint, so all responses are the proxy's.
    let result =
        Project::new().overstep("check", "http://127.0.0.1:9", &[&arguments[..], &["--no-snapshots"]].concat());
    check_invariants(&result)?;
    ensure(matches!(result.code, 1 | 3), || format!("exit {}\n{}", result.code, result.text))
}

/// Runs `check` with HTTPS against a server without TLS.
fn check_https(row: &Row) -> Result<(), String> {
    let address = hostile(row.behavior.clone(), AffectedRequests::All);
    let arguments = ["-E", FEW_CASES, "--request-timeout", "300ms", "--no-snapshots"];
    let result = Project::new().overstep("check", &format!("https://{address}"), &arguments);
    check_invariants(&result)?;
    let incomplete = result.events.last().and_then(|summary| summary["incomplete"].as_str()).unwrap_or_default();
    ensure(result.code == 3 && incomplete.contains("TLS"), || format!("exit {}\n{}", result.code, result.text))?;
    let speaks_first = matches!(row.behavior, HostileBehavior::SpeaksFirst(_));
    ensure(!speaks_first || incomplete.contains("the server does not use TLS"), || {
        format!("`{incomplete}` does not report it")
    })
}

/// Accepts the observed responses, and checks that a second run has no findings.
fn check_snapshot_is_stable(row: &Row) -> Result<(), String> {
    let url = format!("http://{}", hostile(row.behavior.clone(), AffectedRequests::LongNotes));
    let project = Project::new();
    let arguments = ["-E", FEW_CASES, "--workers", "8", "--request-timeout", patient_timeout(row), "--update"];
    let run = |update: &str| project.overstep("check", &url, &[&arguments[..], &[update]].concat());
    let first = run("all");
    check_invariants(&first)?;
    let second = run("no");
    check_invariants(&second)?;
    ensure(second.code == 0, || format!("exit {}, then {}\n{}", first.code, second.code, second.text))
}

/// Runs `fuzz`, which must end, and must find behavior that only some requests get.
fn check_fuzzing(row: &Row) -> Result<(), String> {
    if !row.has_response_head() {
        let address = hostile(row.behavior.clone(), AffectedRequests::All);
        let arguments = ["--max-cases", "4", "--request-timeout", request_timeout(row), "--workers", "8"];
        let result = Project::new().overstep("fuzz", &format!("http://{address}"), &arguments);
        check_invariants(&result)?;
        ensure(result.code == 3, || format!("exit {}, not 3\n{}", result.code, result.text))?;
    }
    let address = hostile(row.behavior.clone(), AffectedRequests::Notes);
    let arguments = ["--max-cases", "16", "--workers", "8", "--request-timeout", patient_timeout(row)];
    let result = Project::new().overstep("fuzz", &format!("http://{address}"), &arguments);
    check_invariants(&result)?;
    ensure(result.code == 1, || {
        format!("exit {} where requests with notes are affected\n{}", result.code, result.text)
    })?;
    for finding in result.events.iter().filter(|event| event["event"] == "finding") {
        ensure(finding["operation"] == "LinkCard", || format!("another operation is blamed: {finding}"))?;
    }
    Ok(())
}

#[test]
fn connections_that_end_early_or_never() {
    check_rows(&behaviors::connections(), check_some_requests);
    check_rows(&behaviors::connections(), check_all_requests);
}

#[test]
fn slow_and_endless_responses() {
    check_rows(&behaviors::floods(), check_some_requests);
    check_rows(&behaviors::floods(), check_all_requests);
}

#[test]
fn wrong_framing_and_content_coding() {
    check_rows(&behaviors::framings(), check_some_requests);
    check_rows(&behaviors::framings(), check_all_requests);
}

#[test]
fn non_http_and_odd_response_heads() {
    check_rows(&behaviors::non_http_and_odd_heads(), check_some_requests);
    check_rows(&behaviors::non_http_and_odd_heads(), check_all_requests);
}

/// Starts a listener that counts its connections.
fn counting_listener() -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let address = loopback::serve(move |_, _| {
        seen.fetch_add(1, Ordering::SeqCst);
    });
    (address, count)
}

#[test]
fn redirects_and_oversized_values() {
    let (address, count) = counting_listener();
    check_rows(&behaviors::special_responses(address), check_some_requests);
    check_rows(&behaviors::special_responses(address), check_all_requests);
    assert_eq!(count.load(Ordering::SeqCst), 0, "a redirect was followed");
}

/// Returns all rows that do or do not need the timeout to end.
fn all_rows(redirect_target: std::net::SocketAddr, slow: bool) -> Vec<Row> {
    let mut rows = behaviors::connections();
    rows.extend(behaviors::floods());
    rows.extend(behaviors::framings());
    rows.extend(behaviors::non_http_and_odd_heads());
    rows.extend(behaviors::special_responses(redirect_target));
    rows.retain(|row| row.needs_timeout() == slow);
    rows
}

/// `doctor` reports what it received, and does not treat it as a response.
#[test]
fn doctor_reports_non_http_responses() {
    let mut rows = behaviors::connections();
    rows.extend(behaviors::non_http_and_odd_heads());
    rows.retain(|row| !row.has_response_head() && !row.needs_timeout());
    check_rows(&rows, |row| {
        let url = format!("http://{}", hostile(row.behavior.clone(), AffectedRequests::All));
        let (code, text, _) = Project::new().run(&["doctor", "cards", "-e", &url]);
        let is_reported =
            text.contains("response to an operation that does not exist: none: ") && text.contains(row.why);
        ensure(code == 3 && is_reported, || format!("exit {code}, no `{}` in\n{text}", row.why))
    });
}

#[test]
fn observed_responses_can_be_accepted() {
    let mut rows = behaviors::framings();
    rows.extend(behaviors::special_responses(counting_listener().0));
    rows.retain(|row| !row.needs_timeout());
    check_rows(&rows, check_snapshot_is_stable);
}

#[test]
fn a_hostile_proxy() {
    let (address, count) = counting_listener();
    check_rows(&all_rows(address, false), check_through_proxy);
    check_rows(&all_rows(address, true), check_through_proxy);
    assert_eq!(count.load(Ordering::SeqCst), 0, "a redirect was followed");
}

/// Without a measurement, the memory limit of these tests would check nothing.
#[test]
#[cfg(target_os = "linux")]
fn the_peak_memory_of_a_run_is_measured() {
    let silent = hostile(HostileBehavior::Sends(Vec::new()), AffectedRequests::All);
    let arguments = ["-E", FEW_CASES, "--request-timeout", "300ms", "--no-snapshots"];
    let result = Project::new().overstep("check", &format!("http://{silent}"), &arguments);
    assert!(result.peak_memory > 1024, "{} kB\n{}", result.peak_memory, result.text);
}

#[test]
fn an_endpoint_without_tls_is_reported() {
    let mut rows = behaviors::connections();
    rows.extend(behaviors::non_http_and_odd_heads());
    rows.retain(|row| {
        !matches!(
            row.behavior,
            HostileBehavior::Sends(_) | HostileBehavior::SendsAndCloses(_) | HostileBehavior::Trickles(_)
        )
    });
    check_rows(&rows, check_https);
}

#[test]
fn fuzzing_survives_hostile_responses() {
    let (address, count) = counting_listener();
    check_rows(&all_rows(address, false), check_fuzzing);
    assert_eq!(count.load(Ordering::SeqCst), 0, "a redirect was followed");
}

#[test]
fn fuzzing_survives_responses_that_never_end() {
    check_rows(&all_rows(counting_listener().0, true), check_fuzzing);
}
