//! An endpoint as libFuzzer's target drives it: what is a finding, what is none, and what counts as coverage.
//!
//! The engine itself is run by `.ci/run`, over the same functions.

use crate::{cards, loopback};
use cards::{Cards, Fault};
use overstep::commands::{LibFuzzerEndpoint, target_from_arguments};
use overstep::exit::ExitStatus;
use overstep::session::MAX_RESPONSE_KINDS;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};

/// Where the scenario of the made-up service lies, seen from the package's folder.
const SCENARIO: &str = "tests/it/cards/cards.toml";

fn service(fault: Fault) -> String {
    let service = Cards::new(fault);
    format!("http://{}", loopback::serve_json(move |method, target, body| service.answer(method, target, body)))
}

fn target(arguments: &[&str]) -> Result<LibFuzzerEndpoint, ExitStatus> {
    target_from_arguments(&arguments.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

fn table() -> Vec<AtomicU8> {
    (0..MAX_RESPONSE_KINDS).map(|_| AtomicU8::new(0)).collect()
}

/// The counters that are not 0, as libFuzzer takes them.
fn seen(kinds: &[AtomicU8]) -> Vec<usize> {
    (0..kinds.len()).filter(|at| kinds[*at].load(Ordering::Relaxed) > 0).collect()
}

/// Bytes as a fuzzer would make them, the same each time.
fn bytes(number: u64) -> Vec<u8> {
    use overstep::pattern::{Draw as _, SeededDraw};
    let mut draw = SeededDraw::new(number, "target");
    (0..draw.between(1, 300)).map(|_| draw.below(256) as u8).collect()
}

/// What a panic said; none where there was none.
fn finding(target: &LibFuzzerEndpoint, bytes: &[u8], kinds: &[AtomicU8]) -> Option<String> {
    let ran = catch_unwind(AssertUnwindSafe(|| target.fuzz(bytes, kinds)));
    let payload = ran.map(|ran| ran.expect("the endpoint is there")).err()?;
    Some(payload.downcast_ref::<String>().expect("words").clone())
}

#[test]
fn a_new_kind_of_answer_is_new_coverage_and_nothing_else_is() {
    let target = target(&[SCENARIO, "-e", &service(Fault::Faithful)]).expect("a target");
    let kinds_of = |seed: &str| {
        let kinds = table();
        target.fuzz(seed.as_bytes(), &kinds).expect("a faithful service");
        seen(&kinds)
    };
    let link =
        |kind: &str| format!(r#"[{{"send":"LinkCard","input":{{"id":{{"$template":"{{use}}"}},"kind":"{kind}"}}}}]"#);
    let (granted, other, refused) = (kinds_of(&link("URL")), kinds_of(&link("EMAIL")), kinds_of(&link("NONE")));
    assert_eq!(granted.len(), 1);
    assert_eq!(granted, other);
    assert_ne!(granted, refused);
    // Two answers, and that they follow one another.
    let both = link("URL").replace(']', ",") + &link("NONE")[1..];
    let both = kinds_of(&both);
    assert!(both.len() == 3 && both.contains(&granted[0]) && both.contains(&refused[0]), "{both:?}");
    // What leads to no request is no answer.
    assert_eq!(kinds_of("[{"), Vec::<usize>::new());
    let kinds = table();
    for number in 0..400 {
        target.fuzz(&bytes(number), &kinds).expect("a faithful service");
    }
    assert!(seen(&kinds).len() > 8, "{:?}", seen(&kinds));
}

#[test]
fn a_finding_is_a_panic_with_case_request_and_documented_fact() {
    let target = target(&[SCENARIO, "-e", &service(Fault::KindAndStatus)]).expect("a target");
    let seed = br#"[{"send":"LinkCard","input":{"id":{"$template":"{use}"},"kind":"EMAIL","status":"REJECTED"}}]"#;
    let kinds = table();
    let text = finding(&target, seed, &kinds).expect("a finding");
    for part in [
        "cards/LinkCard/valid/fuzz/",
        "a valid request is accepted",
        "link-card.md:1",
        "expected     200",
        "observed     500",
        "curl -sS --path-as-is -X POST 'http://127.0.0.1:",
        "seed         [{\"send\":\"LinkCard\"",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    // It is a kind of answer as well, and shows itself again.
    assert_eq!(seen(&kinds).len(), 1);
    assert!(finding(&target, seed, &table()).is_some());
}

#[test]
fn a_search_that_knows_nothing_but_the_table_finds_what_no_boundary_reaches() {
    let target = target(&[SCENARIO, "-e", &service(Fault::TwoKeys)]).expect("a target");
    // As small as an engine can be: what shows something new is kept, and changed.
    let (mut kept, mut known): (Vec<Vec<u8>>, Vec<usize>) = (vec![bytes(0)], Vec::new());
    let found = (0..60_000_u32).find_map(|number| {
        let mut input = kept[number as usize % kept.len()].clone();
        input.resize(600, 0);
        let size = overstep::inprocess::mutate(&mut input, 300, 600, number).unwrap_or(300);
        input.truncate(size);
        let kinds = table_of_this_thread();
        let found = finding(&target, &input, kinds);
        let new = seen(kinds).into_iter().filter(|kind| !known.contains(kind)).collect::<Vec<_>>();
        if !new.is_empty() {
            known.extend(new);
            kept.push(input);
        }
        kinds.iter().for_each(|kind| kind.store(0, Ordering::Relaxed));
        if found.is_some() {
            println!("after {number} inputs, {} kept", kept.len());
        }
        found
    });
    let text = found.expect("it is found");
    assert!(text.contains("PutLabels") && text.contains("observed     500"), "{text}");
    assert!(kept.len() > 5, "{}", kept.len());
}

/// A smaller table does for few kinds.
fn table_of_this_thread() -> &'static [AtomicU8] {
    static TABLE: LazyLock<Vec<AtomicU8>> = LazyLock::new(|| (0..1 << 10).map(|_| AtomicU8::new(0)).collect());
    &TABLE
}

#[test]
fn an_endpoint_that_goes_away_is_told_with_what_was_sent_last() {
    let (service, gone) = (Cards::new(Fault::Faithful), Arc::new(AtomicBool::new(false)));
    let going = Arc::clone(&gone);
    let address = loopback::serve(move |stream, _| {
        use std::io::Write as _;
        let mut reader = std::io::BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, body)) = loopback::read_request(&mut reader) {
            let mut line = head.lines().next().unwrap_or_default().split(' ');
            let (method, path) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
            let is_deadly = String::from_utf8_lossy(&body).contains("deadly");
            if going.fetch_or(is_deadly, Ordering::Relaxed) || is_deadly {
                return;
            }
            let (status, body) = service.answer(method, path, &body);
            let body = body.to_string();
            let head =
                format!("HTTP/1.1 {status} A\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
            let _ = (&stream).write_all(format!("{head}\r\n\r\n{body}").as_bytes());
        }
    });
    let target =
        target(&[SCENARIO, "-e", &format!("http://{address}"), "--request-timeout", "300ms"]).expect("a target");
    let seed = |note: &str| {
        format!(r#"[{{"send":"LinkCard","input":{{"id":{{"$template":"{{use}}"}},"kind":"URL","note":"{note}"}}}}]"#)
    };
    assert_eq!(finding(&target, seed("harmless").as_bytes(), &table()), None);
    let text = finding(&target, seed("deadly").as_bytes(), &table()).expect("it is told");
    assert!(text.contains("answers nobody since") && text.contains("deadly") && text.contains("curl -sS"), "{text}");
}

#[test]
fn what_is_not_there_or_not_allowed_is_no_finding() {
    let begun = |arguments: &[&str]| target(arguments).and_then(|target| target.fuzz(b"x", &table()));
    // The rule of `check`: nothing leaves this machine unasked.
    assert_eq!(begun(&[SCENARIO, "-e", "http://192.0.2.1"]).err(), Some(ExitStatus::Usage));
    assert!(target(&[SCENARIO, "-e", "http://192.0.2.1", "--allow-remote"]).is_ok());
    assert_eq!(begun(&[SCENARIO, "-e", "http://127.0.0.1:1"]).err(), Some(ExitStatus::Incomplete));
    assert_eq!(begun(&[SCENARIO]).err(), Some(ExitStatus::Usage));
    assert_eq!(begun(&["-e", "http://127.0.0.1:1"]).err(), Some(ExitStatus::Usage), "which scenario?");
    assert_eq!(begun(&[SCENARIO, "-e", "http://127.0.0.1:1", "--max-cases", "5"]).err(), Some(ExitStatus::Usage));
    assert_eq!(begun(&[SCENARIO, "--no-such-flag"]).err(), Some(ExitStatus::Usage));
    // A server that grants nothing teaches nothing.
    let address = loopback::serve_json(|_, _, _| (404, serde_json::json!({ "message": "no such thing" })));
    assert_eq!(begun(&[SCENARIO, "-e", &format!("http://{address}")]).err(), Some(ExitStatus::Incomplete));
}

#[test]
fn the_embedded_server_is_left_alone() {
    let target = target(&["connect", "-e", "embedded"]).expect("a target");
    let kinds = table();
    for number in 0..60 {
        assert_eq!(finding(&target, &bytes(number), &kinds), None);
    }
    assert!(seen(&kinds).len() > 5, "{:?}", seen(&kinds));
}
