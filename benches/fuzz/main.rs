//! Speed of fuzzing services in this process, and the time to find faults that no boundary test reaches.
//!
//! `cargo bench --bench fuzz` prints requests per second and, where `cargo fuzz build` has built the targets `service`
//! and `endpoint`, the time that libFuzzer needs to find each planted fault, in its own process and over HTTP. Without the
//! targets, it prints that they are skipped. `overstep fuzz` searches the same faults over HTTP.

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

/// Time limit for the search of each fault.
const TIME_LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let subject = Subject::new(CONTRACT, SCENARIO).expect("contract and scenario are valid");
    measure_single_requests(&subject);
    measure_random_inputs(&subject);
    for fault in FAULTS {
        find_with_random_bytes(&subject, fault);
    }
    for fault in FAULTS {
        print_result("overstep fuzz, over HTTP", fault, http::overstep_fuzz(fault, TIME_LIMIT, 1));
    }
    let in_process = |fault: Fault| vec![("OVERSTEP_FAULT", format!("{fault:?}"))];
    let over_http = |fault: Fault| {
        let service = cards::Cards::new(fault);
        let address = loopback::serve_json(move |method, target, body| service.respond(method, target, body));
        let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/cards/cards.toml");
        vec![("OVERSTEP_SCENARIO", scenario.to_owned()), ("OVERSTEP_ENDPOINT", format!("http://{address}"))]
    };
    for fault in FAULTS {
        find_with_libfuzzer("service", fault, &in_process(fault));
        find_with_libfuzzer("endpoint", fault, &over_http(fault));
    }
}

/// Measures the rate of single requests.
fn measure_single_requests(subject: &Subject) {
    let seeds = subject.seeds();
    let mut service = service::cards(Fault::Faithful);
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < Duration::from_secs(3) {
        subject.try_fuzz(&seeds[count as usize % seeds.len()], &mut service).expect("a faithful service");
        count += 1;
    }
    println!("single requests, generated, sent and judged: {:.0}/s", per_second(count, started));
}

/// Measures the rate of random inputs, which lead to single requests and sequences.
fn measure_random_inputs(subject: &Subject) {
    let mut service = service::cards(Fault::Faithful);
    let inputs: Vec<Vec<u8>> = (0..4000).map(bytes).collect();
    let (started, mut count, mut judged) = (Instant::now(), 0_u32, 0_u32);
    while started.elapsed() < Duration::from_secs(3) {
        let input = &inputs[count as usize % inputs.len()];
        judged += subject.try_fuzz(input, &mut service).expect("a faithful service") as u32;
        count += 1;
    }
    let (executions, responses) = (per_second(count, started), per_second(judged, started));
    println!("random inputs: {executions:.0} executions/s, {responses:.0} judged responses/s");
}

fn per_second(count: u32, since: Instant) -> f64 {
    f64::from(count) / since.elapsed().as_secs_f64()
}

/// Returns pseudo-random bytes, equal for equal numbers.
fn bytes(number: u64) -> Vec<u8> {
    let mut draw = SeededDraw::new(number, "bench");
    (0..draw.between(8, 600)).map(|_| draw.below(256) as u8).collect()
}

/// Searches a fault with random bytes, without guidance.
fn find_with_random_bytes(subject: &Subject, fault: Fault) {
    let started = Instant::now();
    let mut service = service::cards(fault);
    let found = (0..).take_while(|_| started.elapsed() < TIME_LIMIT).find(|number| {
        if number % 1000 == 0 {
            service = service::cards(fault);
        }
        subject.try_fuzz(&bytes(*number), &mut service).is_err()
    });
    print_result("random bytes", fault, found.map(|_| started.elapsed()));
}

fn libfuzzer_target(name: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/target");
    let folders = std::fs::read_dir(target).ok()?;
    let binaries = folders.filter_map(Result::ok).map(|folder| folder.path().join("release").join(name));
    binaries.into_iter().find(|path| path.is_file())
}

/// Searches a fault with a libFuzzer target, from an empty corpus.
fn find_with_libfuzzer(name: &str, fault: Fault, environment: &[(&str, String)]) {
    let Some(binary) = libfuzzer_target(name) else {
        println!(
            "libFuzzer: {name} is not built (`cargo +nightly fuzz build -O -s none --no-trace-compares`): skipped"
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let corpus = folder.path().join("corpus");
    std::fs::create_dir(&corpus).expect("the folder can be created");
    let started = Instant::now();
    let status = Command::new(binary)
        .args([
            format!("-max_total_time={}", TIME_LIMIT.as_secs()),
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
    print_result(&format!("libFuzzer, {name}"), fault, found.then(|| started.elapsed()));
}

fn print_result(who: &str, fault: Fault, found: Option<Duration>) {
    match found {
        Some(took) => println!("{who}: {fault:?} found after {:.1} s", took.as_secs_f64()),
        None => println!("{who}: {fault:?} not found within {} s", TIME_LIMIT.as_secs()),
    }
}
