//! The libFuzzer target for endpoints: what is a finding, what is an error, and what counts as coverage.
//!
//! `.ci/run` runs the real fuzzing engine over the same functions.

use crate::{cards, loopback};
use cards::{Cards, Fault};
use overstep::libfuzzer::{ExitStatus, LibFuzzerEndpoint, MAX_RESPONSE_KINDS, target_from_arguments};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};

/// Path of the scenario of the cards service, relative to the package.
const SCENARIO: &str = "tests/it/cards/cards.toml";

fn start_service(fault: Fault) -> String {
    let service = Cards::new(fault);
    format!("http://{}", loopback::serve_json(move |method, target, body| service.respond(method, target, body)))
}

fn target(arguments: &[&str]) -> Result<LibFuzzerEndpoint, ExitStatus> {
    target_from_arguments(&arguments.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

fn new_counters() -> Vec<AtomicU8> {
    (0..MAX_RESPONSE_KINDS).map(|_| AtomicU8::new(0)).collect()
}

/// Returns the indices of the counters that are not 0.
fn nonzero(kinds: &[AtomicU8]) -> Vec<usize> {
    (0..kinds.len()).filter(|at| kinds[*at].load(Ordering::Relaxed) > 0).collect()
}

/// Returns pseudo-random bytes that depend on the number only.
fn random_bytes(number: u64) -> Vec<u8> {
    use overstep::pattern::{Draw as _, SeededDraw};
    let mut draw = SeededDraw::new(number, "target");
    (0..draw.between(1, 300)).map(|_| draw.below(256) as u8).collect()
}

/// Runs one input; returns the message of the panic, or `None` if there was no finding.
fn finding(target: &LibFuzzerEndpoint, bytes: &[u8], kinds: &[AtomicU8]) -> Option<String> {
    let result = catch_unwind(AssertUnwindSafe(|| target.fuzz(bytes, kinds)));
    let payload = result.map(|result| result.expect("endpoint is reachable")).err()?;
    Some(payload.downcast_ref::<String>().expect("panic message is a string").clone())
}

#[test]
fn new_kinds_of_responses_are_new_coverage() {
    let target = target(&[SCENARIO, "-e", &start_service(Fault::Faithful)]).expect("build the target");
    let kinds_of = |seed: &str| {
        let kinds = new_counters();
        target.fuzz(seed.as_bytes(), &kinds).expect("no finding");
        nonzero(&kinds)
    };
    let link =
        |kind: &str| format!(r#"[{{"send":"LinkCard","input":{{"id":{{"$template":"{{use}}"}},"kind":"{kind}"}}}}]"#);
    let (accepted, other, rejected) = (kinds_of(&link("URL")), kinds_of(&link("EMAIL")), kinds_of(&link("NONE")));
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted, other);
    assert_ne!(accepted, rejected);
    // Two kinds of responses, and their order, which is a kind of its own.
    let both = link("URL").replace(']', ",") + &link("NONE")[1..];
    let both = kinds_of(&both);
    assert!(both.len() == 3 && both.contains(&accepted[0]) && both.contains(&rejected[0]), "{both:?}");
    // An input without a request adds no coverage.
    assert_eq!(kinds_of("[{"), Vec::<usize>::new());
    let kinds = new_counters();
    for number in 0..400 {
        target.fuzz(&random_bytes(number), &kinds).expect("no finding");
    }
    assert!(nonzero(&kinds).len() > 8, "{:?}", nonzero(&kinds));
}

#[test]
fn finding_is_a_panic_with_case_request_and_documented_fact() {
    let target = target(&[SCENARIO, "-e", &start_service(Fault::KindAndStatus)]).expect("build the target");
    let seed = br#"[{"send":"LinkCard","input":{"id":{"$template":"{use}"},"kind":"EMAIL","status":"REJECTED"}}]"#;
    let kinds = new_counters();
    let text = finding(&target, seed, &kinds).expect("finding");
    for part in [
        "cards/LinkCard/valid/fuzz/",
        "a valid request is accepted",
        "link-card.md:1",
        "expected     200",
        "received     500",
        "curl -sS --path-as-is -X POST 'http://127.0.0.1:",
        "seed         [{\"send\":\"LinkCard\"",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    // The finding is also a kind of response, and it occurs again.
    assert_eq!(nonzero(&kinds).len(), 1);
    assert!(finding(&target, seed, &new_counters()).is_some());
}

#[test]
fn coverage_guided_search_finds_a_fault_that_no_boundary_reaches() {
    let target = target(&[SCENARIO, "-e", &start_service(Fault::TwoKeys)]).expect("build the target");
    // A minimal engine: inputs with new coverage are kept and mutated.
    let (mut corpus, mut known): (Vec<Vec<u8>>, Vec<usize>) = (vec![random_bytes(0)], Vec::new());
    let found = (0..60_000_u32).find_map(|number| {
        let mut input = corpus[number as usize % corpus.len()].clone();
        input.resize(600, 0);
        let size = overstep::inprocess::mutate(&mut input, 300, 600, number).unwrap_or(300);
        input.truncate(size);
        let kinds = small_counters();
        let found = finding(&target, &input, kinds);
        let new = nonzero(kinds).into_iter().filter(|kind| !known.contains(kind)).collect::<Vec<_>>();
        if !new.is_empty() {
            known.extend(new);
            corpus.push(input);
        }
        kinds.iter().for_each(|kind| kind.store(0, Ordering::Relaxed));
        if found.is_some() {
            println!("found after {number} inputs, corpus of {}", corpus.len());
        }
        found
    });
    let text = found.expect("the fault is found");
    assert!(text.contains("PutLabels") && text.contains("received     500"), "{text}");
    assert!(corpus.len() > 5, "{}", corpus.len());
}

/// A smaller table of counters, which is enough here and faster to clear.
fn small_counters() -> &'static [AtomicU8] {
    static COUNTERS: LazyLock<Vec<AtomicU8>> = LazyLock::new(|| (0..1 << 10).map(|_| AtomicU8::new(0)).collect());
    &COUNTERS
}

#[test]
fn endpoint_that_stops_is_reported_with_the_last_request() {
    let (service, is_stopped) = (Cards::new(Fault::Faithful), Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&is_stopped);
    let address = loopback::serve(move |stream, _| {
        use std::io::Write as _;
        let mut reader = std::io::BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, body)) = loopback::read_request(&mut reader) {
            let mut line = head.lines().next().unwrap_or_default().split(' ');
            let (method, path) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
            let is_deadly = String::from_utf8_lossy(&body).contains("deadly");
            if stopped.fetch_or(is_deadly, Ordering::Relaxed) || is_deadly {
                return;
            }
            let (status, body) = service.respond(method, path, &body);
            let body = body.to_string();
            let head =
                format!("HTTP/1.1 {status} A\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
            let _ = (&stream).write_all(format!("{head}\r\n\r\n{body}").as_bytes());
        }
    });
    let target = target(&[SCENARIO, "-e", &format!("http://{address}"), "--request-timeout", "300ms"])
        .expect("build the target");
    let seed = |note: &str| {
        format!(r#"[{{"send":"LinkCard","input":{{"id":{{"$template":"{{use}}"}},"kind":"URL","note":"{note}"}}}}]"#)
    };
    assert_eq!(finding(&target, seed("harmless").as_bytes(), &new_counters()), None);
    let text = finding(&target, seed("deadly").as_bytes(), &new_counters()).expect("finding");
    assert!(
        text.contains("stopped responding after these requests")
            && text.contains("deadly")
            && text.contains("curl -sS"),
        "{text}"
    );
}

#[test]
fn usage_errors_and_unreachable_endpoints_are_no_findings() {
    let run = |arguments: &[&str]| target(arguments).and_then(|target| target.fuzz(b"x", &new_counters()));
    // As in `check`, remote endpoints need `--allow-remote`.
    assert_eq!(run(&[SCENARIO, "-e", "http://192.0.2.1"]).err(), Some(ExitStatus::Usage));
    assert!(target(&[SCENARIO, "-e", "http://192.0.2.1", "--allow-remote"]).is_ok());
    assert_eq!(run(&[SCENARIO, "-e", "http://127.0.0.1:1"]).err(), Some(ExitStatus::Incomplete));
    assert_eq!(run(&[SCENARIO]).err(), Some(ExitStatus::Usage));
    assert_eq!(run(&["-e", "http://127.0.0.1:1"]).err(), Some(ExitStatus::Usage), "no scenario is given");
    assert_eq!(run(&[SCENARIO, "-e", "http://127.0.0.1:1", "--max-cases", "5"]).err(), Some(ExitStatus::Usage));
    assert_eq!(run(&[SCENARIO, "--no-such-flag"]).err(), Some(ExitStatus::Usage));
    // Without an accepted request the run is incomplete.
    let address = loopback::serve_json(|_, _, _| (404, serde_json::json!({ "message": "no such thing" })));
    assert_eq!(run(&[SCENARIO, "-e", &format!("http://{address}")]).err(), Some(ExitStatus::Incomplete));
}

#[test]
fn embedded_server_has_no_findings() {
    let target = target(&["connect", "-e", "embedded"]).expect("build the target");
    let kinds = new_counters();
    for number in 0..60 {
        assert_eq!(finding(&target, &random_bytes(number), &kinds), None);
    }
    assert!(nonzero(&kinds).len() > 5, "{:?}", nonzero(&kinds));
}
