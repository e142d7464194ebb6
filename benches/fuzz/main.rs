//! How fast services in this process are fuzzed, and how long it takes to find faults that no boundary reaches.
//!
//! `cargo bench --bench fuzz` prints requests per second and, where `cargo fuzz build` has built the targets `service`
//! and `endpoint`, the time that libFuzzer takes to each planted fault, in its own process and over HTTP; where it has
//! not, that is said. `overstep fuzz` looks for the same faults over HTTP.

#![expect(clippy::disallowed_methods, reason = "a bench measures time and starts libFuzzer")]

#[path = "../../tests/it/cards/mod.rs"]
mod cards;
mod http;
#[path = "../../tests/it/loopback/mod.rs"]
mod loopback;

use cards::{CONTRACT, FAULTS, Fault, SCENARIO, service};
use overstep::inprocess::Subject;
use overstep::pattern::{Draw as _, SeededDraw};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Within this each fault has to be found.
const WITHIN: Duration = Duration::from_secs(60);

fn main() {
    let subject = Subject::new(CONTRACT, SCENARIO).expect("they fit each other");
    single(&subject);
    drawn(&subject);
    for fault in FAULTS {
        by_chance(&subject, fault);
    }
    for fault in FAULTS {
        say("overstep fuzz, over HTTP", fault, http::overstep_fuzz(fault, WITHIN, 1));
    }
    let in_process = |fault: Fault| vec![("OVERSTEP_FAULT", format!("{fault:?}"))];
    let over_http = |fault: Fault| {
        let service = cards::Cards::new(fault);
        let address = loopback::serve_json(move |method, target, body| service.respond(method, target, body));
        let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/cards/cards.toml");
        vec![("OVERSTEP_SCENARIO", scenario.to_owned()), ("OVERSTEP_ENDPOINT", format!("http://{address}"))]
    };
    for fault in FAULTS {
        by_libfuzzer("service", fault, &in_process(fault));
        by_libfuzzer("endpoint", fault, &over_http(fault));
    }
}

/// One plain request after another.
fn single(subject: &Subject) {
    let seeds = subject.seeds();
    let mut service = service::cards(Fault::Faithful);
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < Duration::from_secs(3) {
        subject.try_fuzz(&seeds[count as usize % seeds.len()], &mut service).expect("a faithful service");
        count += 1;
    }
    println!("single requests, generated, sent and judged: {:.0}/s", per_second(count, started));
}

/// Whatever bytes lead to: single requests and sequences of them.
fn drawn(subject: &Subject) {
    let mut service = service::cards(Fault::Faithful);
    let inputs: Vec<Vec<u8>> = (0..4000).map(bytes).collect();
    let (started, mut count, mut judged) = (Instant::now(), 0_u32, 0_u32);
    while started.elapsed() < Duration::from_secs(3) {
        let input = &inputs[count as usize % inputs.len()];
        judged += subject.try_fuzz(input, &mut service).expect("a faithful service") as u32;
        count += 1;
    }
    let (executions, answers) = (per_second(count, started), per_second(judged, started));
    println!("whatever bytes lead to: {executions:.0} executions/s, {answers:.0} judged answers/s");
}

fn per_second(count: u32, since: Instant) -> f64 {
    f64::from(count) / since.elapsed().as_secs_f64()
}

/// Random bytes, the same for each number.
fn bytes(number: u64) -> Vec<u8> {
    let mut draw = SeededDraw::new(number, "bench");
    (0..draw.between(8, 600)).map(|_| draw.below(256) as u8).collect()
}

/// Without any guidance.
fn by_chance(subject: &Subject, fault: Fault) {
    let started = Instant::now();
    let mut service = service::cards(fault);
    let found = (0..).take_while(|_| started.elapsed() < WITHIN).find(|number| {
        if number % 1000 == 0 {
            service = service::cards(fault);
        }
        subject.try_fuzz(&bytes(*number), &mut service).is_err()
    });
    say("random bytes", fault, found.map(|_| started.elapsed()));
}

fn target(name: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/target");
    let folders = std::fs::read_dir(target).ok()?;
    let binaries = folders.filter_map(Result::ok).map(|folder| folder.path().join("release").join(name));
    binaries.into_iter().find(|path| path.is_file())
}

/// With a target of libFuzzer's, from an empty corpus.
fn by_libfuzzer(name: &str, fault: Fault, environment: &[(&str, String)]) {
    let Some(binary) = target(name) else {
        println!(
            "libFuzzer: {name} is not built (`cargo +nightly fuzz build -O -s none --no-trace-compares`): skipped"
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let corpus = folder.path().join("corpus");
    std::fs::create_dir(&corpus).expect("made");
    let started = Instant::now();
    let status = Command::new(binary)
        .args([
            format!("-max_total_time={}", WITHIN.as_secs()),
            "-max_len=1024".to_owned(),
            "-len_control=0".to_owned(),
        ])
        .arg(format!("-artifact_prefix={}/", folder.path().display()))
        .arg(&corpus)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let is_crash = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("crash-");
    let crashed = std::fs::read_dir(folder.path()).is_ok_and(|files| files.filter_map(Result::ok).any(is_crash));
    let found = crashed && status.is_ok_and(|status| !status.success());
    say(&format!("libFuzzer, {name}"), fault, found.then(|| started.elapsed()));
}

fn say(who: &str, fault: Fault, found: Option<Duration>) {
    match found {
        Some(took) => println!("{who}: {fault:?} found after {:.1} s", took.as_secs_f64()),
        None => println!("{who}: {fault:?} not found within {} s", WITHIN.as_secs()),
    }
}
