//! Hostile endpoints: whatever comes back, a run ends within its limits, every case has a verdict, and the results
//! say in words what happened.
//!
//! Nothing here measures time; a generous limit on each run only turns a hang into a failure.

#![expect(clippy::disallowed_methods, reason = "a test may look at files and at its child's memory")]

use crate::cards as planted;
use crate::loopback;
use crate::support::command;
mod manners;
mod process;
mod server;

use manners::{Row, SMUGGLED};
use process::{Project, Ran};
use server::{Manner, Which, hostile};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// More than this of a case is too much to record, in bytes.
const MOST_RECORDED: usize = 64 * 1024;
/// More than this of resident memory is too much for any answer here, in kB: each of a few workers reads one.
const MOST_MEMORY: u64 = 200 * 1024;
const VERDICTS: [&str; 6] = ["pass", "diverges", "unspecified", "not-implemented", "indeterminate", "unsendable"];

/// Looks at every row, a few at a time, and says what was wrong with each.
#[track_caller]
fn each(rows: &[Row], look: impl Fn(&Row) -> Result<(), String> + Sync) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(reason) = look(row) {
                        wrong.lock().expect("no panics while it is held").push(format!("{}: {reason}", row.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("all are done");
    assert!(wrong.is_empty(), "{} of {} rows\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn holds(truth: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if truth { Ok(()) } else { Err(otherwise()) }
}

/// What is true of every run, whatever came back.
fn is_in_order(ran: &Ran) -> Result<(), String> {
    let events = &ran.events;
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    holds(of("run").len() == 1 && of("summary").len() == 1, || format!("no whole results:\n{}", ran.text))?;
    let mut ids = HashSet::new();
    for case in of("case") {
        let verdict = case["verdict"].as_str().unwrap_or_default();
        let why = case["why"].as_str().unwrap_or_default();
        holds(VERDICTS.contains(&verdict) && !why.is_empty(), || format!("no verdict: {case}"))?;
        holds(ids.insert(case["id"].clone()), || format!("two verdicts on {}", case["id"]))?;
    }
    let summary = of("summary")[0];
    let counted: u64 = VERDICTS.iter().filter_map(|verdict| summary[verdict.replace('-', "_")].as_u64()).sum();
    holds(counted >= 1 || summary["incomplete"].is_string(), || format!("nothing was counted: {summary}"))?;
    holds(ran.longest <= MOST_RECORDED, || format!("a line of {} bytes", ran.longest))?;
    holds(!ran.text.contains('\u{1b}'), || format!("it steers the terminal:\n{}", ran.text))?;
    holds(ran.peak < MOST_MEMORY, || format!("{} kB of memory", ran.peak))
}

/// Some requests of one operation meet it, and all others are answered as documented.
fn one_place(row: &Row) -> Result<(), String> {
    let address = hostile(row.manner.clone(), Which::LongNotes);
    let ran = Project::new().overstep(
        "check",
        &format!("http://{address}"),
        &["-E", "op(LinkCard)", "--workers", "8", "--no-snapshots"],
    );
    is_in_order(&ran)?;
    let passes = row.observed == "pass";
    holds(ran.code == i32::from(!passes), || format!("exit {}\n{}", ran.code, ran.text))?;
    let (mut met, mut cases) = (0, 0);
    for case in ran.events.iter().filter(|event| event["event"] == "case") {
        let id = case["id"].as_str().unwrap_or_default();
        cases += 1;
        if !id.starts_with("cards/LinkCard/note/length/above-max") {
            let verdict = case["verdict"].as_str().unwrap_or_default();
            let innocent = matches!(verdict, "pass" | "unspecified" | "unsendable");
            holds(innocent && !case.to_string().contains(SMUGGLED), || format!("it is blamed on {case}"))?;
            continue;
        }
        met += 1;
        let why = case["why"].as_str().unwrap_or_default();
        holds(case["verdict"] == if passes { "pass" } else { "diverges" }, || format!("a verdict: {case}"))?;
        holds(why.contains(row.why), || format!("no `{}` in `{why}`", row.why))?;
    }
    holds(met > 3, || format!("only {met} cases met it"))?;
    holds(ran.events[0]["cases"].as_u64() == Some(cases), || format!("{cases} verdicts on {}", ran.events[0]))?;
    let findings: Vec<_> = ran.events.iter().filter(|event| event["event"] == "finding").collect();
    holds(findings.len() == usize::from(!passes), || format!("{} findings\n{}", findings.len(), ran.text))?;
    for finding in findings {
        let place = [&finding["operation"], &finding["member"], &finding["constraint"]];
        holds(place == ["LinkCard", "note", "length"], || format!("found at {place:?}"))?;
        let observed = finding["observed"].as_str().unwrap_or_default();
        holds(observed.starts_with(row.observed), || format!("observed `{observed:.200}`, not `{}`", row.observed))?;
    }
    Ok(())
}

/// How long an answer is waited for: where one comes, its coming is waited for, however busy the machine is.
fn patience(row: &Row) -> &'static str {
    if row.takes_its_time() { "300ms" } else { "5s" }
}

const FEW: &str = "op(LinkCard) & (*control/plain | member(note))";

/// Every request meets it.
fn everywhere(row: &Row) -> Result<(), String> {
    let address = hostile(row.manner.clone(), Which::Every);
    let arguments = ["-E", FEW, "--request-timeout", patience(row), "--workers", "8", "--no-snapshots"];
    let ran = Project::new().overstep("check", &format!("http://{address}"), &arguments);
    is_in_order(&ran)?;
    let incomplete = ran.events.last().and_then(|summary| summary["incomplete"].as_str()).unwrap_or_default();
    // What is an answer is held against what is documented, and no plain request succeeds.
    let code = if row.is_answer() { 1 } else { 3 };
    let reason = if row.is_answer() { "no plain valid request succeeded" } else { row.why };
    holds(ran.code == code, || format!("exit {}, not {code}\n{}", ran.code, ran.text))?;
    holds(incomplete.contains(reason), || format!("no `{reason}` in `{incomplete}`"))
}

/// Every request meets it, through a library that reads it in its own way: a proxy that answers itself.
fn proxied(row: &Row) -> Result<(), String> {
    let proxy = format!("http://{}", hostile(row.manner.clone(), Which::Every));
    let arguments = ["--proxy", &proxy, "-E", FEW, "--request-timeout", patience(row), "--workers", "8"];
    // Nobody listens there: what comes can only be the proxy's.
    let ran = Project::new().overstep("check", "http://127.0.0.1:9", &[&arguments[..], &["--no-snapshots"]].concat());
    is_in_order(&ran)?;
    holds(matches!(ran.code, 1 | 3), || format!("exit {}\n{}", ran.code, ran.text))
}

/// What only says that it is TLS, or nothing at all.
fn no_tls(row: &Row) -> Result<(), String> {
    let address = hostile(row.manner.clone(), Which::Every);
    let arguments = ["-E", FEW, "--request-timeout", "300ms", "--no-snapshots"];
    let ran = Project::new().overstep("check", &format!("https://{address}"), &arguments);
    is_in_order(&ran)?;
    let incomplete = ran.events.last().and_then(|summary| summary["incomplete"].as_str()).unwrap_or_default();
    holds(ran.code == 3 && incomplete.contains("TLS"), || format!("exit {}\n{}", ran.code, ran.text))?;
    let speaks = matches!(row.manner, Manner::SpeaksFirst(_));
    holds(!speaks || incomplete.contains("it speaks no TLS"), || format!("no word of it in `{incomplete}`"))
}

/// What was observed is accepted, and is then the same again.
fn accepted(row: &Row) -> Result<(), String> {
    let url = format!("http://{}", hostile(row.manner.clone(), Which::LongNotes));
    let project = Project::new();
    let of = |update: &str| project.overstep("check", &url, &["-E", FEW, "--workers", "8", "--update", update]);
    let first = of("all");
    is_in_order(&first)?;
    let again = of("no");
    is_in_order(&again)?;
    holds(again.code == 0, || format!("exit {}, then {}\n{}", first.code, again.code, again.text))
}

/// A fuzzer ends as well, and finds what only some requests meet.
fn fuzzed(row: &Row) -> Result<(), String> {
    if !row.is_answer() {
        let every = hostile(row.manner.clone(), Which::Every);
        let few = ["--max-cases", "4", "--request-timeout", patience(row), "--workers", "8"];
        let ran = Project::new().overstep("fuzz", &format!("http://{every}"), &few);
        is_in_order(&ran)?;
        holds(ran.code == 3, || format!("exit {}, not 3\n{}", ran.code, ran.text))?;
    }
    let some = hostile(row.manner.clone(), Which::Notes);
    let few = ["--max-cases", "16", "--workers", "8"];
    let ran = Project::new().overstep("fuzz", &format!("http://{some}"), &few);
    is_in_order(&ran)?;
    holds(ran.code == 1, || format!("exit {} where notes meet it\n{}", ran.code, ran.text))?;
    for finding in ran.events.iter().filter(|event| event["event"] == "finding") {
        holds(finding["operation"] == "LinkCard", || format!("it is blamed on {finding}"))?;
    }
    Ok(())
}

#[test]
fn connections_that_end_too_early_or_never() {
    each(&manners::connections(), one_place);
    each(&manners::connections(), everywhere);
}

#[test]
fn answers_that_come_slowly_or_without_end() {
    each(&manners::floods(), one_place);
    each(&manners::floods(), everywhere);
}

#[test]
fn framing_and_coding_that_is_wrong() {
    each(&manners::framings(), one_place);
    each(&manners::framings(), everywhere);
}

#[test]
fn what_is_no_http_or_at_its_edge() {
    each(&manners::languages(), one_place);
    each(&manners::languages(), everywhere);
}

/// A listener that counts who comes, and its count.
fn elsewhere() -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let address = loopback::serve(move |_, _| {
        seen.fetch_add(1, Ordering::SeqCst);
    });
    (address, count)
}

#[test]
fn answers_that_want_something_of_their_reader() {
    let (address, count) = elsewhere();
    each(&manners::answers(address), one_place);
    each(&manners::answers(address), everywhere);
    assert_eq!(count.load(Ordering::SeqCst), 0, "a redirect was followed");
}

/// The rows that end at once, or those that do not.
fn all(elsewhere: std::net::SocketAddr, slow: bool) -> Vec<Row> {
    let mut rows = manners::connections();
    rows.extend(manners::floods());
    rows.extend(manners::framings());
    rows.extend(manners::languages());
    rows.extend(manners::answers(elsewhere));
    rows.retain(|row| row.takes_its_time() == slow);
    rows
}

/// What stands there is told without being taken for an answer.
#[test]
fn a_doctor_is_not_taken_in() {
    let mut rows = manners::connections();
    rows.extend(manners::languages());
    rows.retain(|row| !row.is_answer() && !row.takes_its_time());
    each(&rows, |row| {
        let url = format!("http://{}", hostile(row.manner.clone(), Which::Every));
        let (code, text, _) = Project::new().run(&["doctor", "cards", "-e", &url]);
        let told = text.contains("that cannot exist is answered with nothing: ") && text.contains(row.why);
        holds(code == 3 && told, || format!("exit {code}, no `{}` in\n{text}", row.why))
    });
}

#[test]
fn what_was_observed_can_be_accepted() {
    let mut rows = manners::framings();
    rows.extend(manners::answers(elsewhere().0));
    rows.retain(|row| !row.takes_its_time());
    each(&rows, accepted);
}

#[test]
fn a_proxy_may_be_as_hostile() {
    let (address, count) = elsewhere();
    each(&all(address, false), proxied);
    each(&all(address, true), proxied);
    assert_eq!(count.load(Ordering::SeqCst), 0, "a redirect was followed");
}

/// Its limit would hold whatever happens where it is not seen at all.
#[test]
#[cfg(target_os = "linux")]
fn the_memory_of_a_run_is_seen() {
    let silent = hostile(Manner::Says(Vec::new()), Which::Every);
    let arguments = ["-E", FEW, "--request-timeout", "300ms", "--no-snapshots"];
    let ran = Project::new().overstep("check", &format!("http://{silent}"), &arguments);
    assert!(ran.peak > 1024, "{} kB\n{}", ran.peak, ran.text);
}

#[test]
fn what_speaks_no_tls_is_told() {
    let mut rows = manners::connections();
    rows.extend(manners::languages());
    rows.retain(|row| !matches!(row.manner, Manner::Says(_) | Manner::Closes(_) | Manner::Trickles(_)));
    each(&rows, no_tls);
}

#[test]
fn fuzzing_goes_on_whatever_comes_back() {
    let (address, count) = elsewhere();
    each(&all(address, false), fuzzed);
    assert_eq!(count.load(Ordering::SeqCst), 0, "a redirect was followed");
}

#[test]
fn fuzzing_goes_on_where_nothing_comes_to_an_end() {
    each(&all(elsewhere().0, true), fuzzed);
}
