//! Speed and memory of the product: judged cases against wrk, cases made, memory over a million cases.
//!
//! It asserts nothing about time: it prints figures of one run, and ratios between them.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads scenarios and its own process's memory")]

use overstep::case::Case;
use overstep::contract::{self, Contract};
use overstep::generate::{GenerationLevel, GenerationOptions};
use overstep::report::{CaseResult, NdjsonReporter, Reporter, RunStarted, RunSummary, TerminalReporter, TextWidth};
use overstep::run::{self, CancelToken, Endpoint, RunPlan, Stopwatch, TransportOptions};
use overstep::scenario::Scenario;
use overstep::session::{CaseTotals, EndpointTarget, RunOptions, ScenarioJob, SnapshotOptions, SnapshotUpdate};
use overstep::store::SnapshotStore;
use overstep::wire::EncodedRequest;
use overstep::{generate, session as pipeline};
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// So many requests are sent in turn, by both sides.
const REQUESTS: usize = 200;
/// A round of one side, in seconds; three rounds are made, one side after the other.
const SECONDS: u64 = 4;
const ROUNDS: usize = 3;
/// Bodies up to this size are compared: those that one write carries.
const LARGEST_BODY: usize = 16 * 1024;
/// So many cases stream through for the memory's sake.
const STREAMED: u64 = 1_000_000;
/// Where the memory is looked at.
const MARKS: [u64; 3] = [100_000, 500_000, STREAMED];

fn main() {
    // `cargo test --benches` runs this file too, and has no use for two minutes of figures.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!("overstep {} · {} · {cores} cores", env!("CARGO_PKG_VERSION"), version("rustc", "--version"));
    println!("command: cargo bench (-- cases|send|memory for a part of it)\n");
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|one| one == part);
    if wanted("cases") {
        generation();
    }
    let (contract, scenario) = shipped("connect");
    let server = Server::start("connect");
    let job = job(contract, scenario, &server.url);
    let cases = chosen(&job, &server.url);
    if wanted("send") {
        against_wrk(&job, &cases, &server);
    }
    if wanted("memory") {
        memory(&job, &cases);
    }
}

/// A shipped scenario and its contract.
fn shipped(name: &str) -> (Contract, Scenario) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let text = |file: String| std::fs::read_to_string(folder.join(file)).expect("shipped scenarios are there");
    let (scenario, _) = overstep::scenario::read_scenario(name, &text(format!("{name}.toml"))).expect("it reads");
    let contract = contract::from_json(&text(format!("{name}.contract.json"))).expect("it reads");
    (contract, scenario)
}

fn job(contract: Contract, scenario: Scenario, url: &str) -> ScenarioJob {
    ScenarioJob {
        inferred: overstep::infer::InferenceResult::default(),
        known_divergences: overstep::session::KnownDivergences::default(),
        regressions: Vec::new(),
        documents: indexmap::IndexMap::new(),
        scenario_file: None,
        scenario,
        contract,
        aws_keys: None,
        target: EndpointTarget::Url(url.to_owned()),
        profile: "embedded".to_owned(),
        headers: Vec::new(),
        hosts: Default::default(),
        seed: 1,
        level: GenerationLevel::Full,
        filter: None,
        case_ids: None,
        rerun_command: "overstep check connect".to_owned(),
        lifecycle: Default::default(),
    }
}

/// How fast cases are made, with nothing sent.
fn generation() {
    println!("cases made");
    for name in ["connect", "leadlex"] {
        let (contract, scenario) = shipped(name);
        let watch = Stopwatch::start();
        let (mut made, mut seed) = (0_u64, 0);
        while watch.elapsed().as_secs() < 2 {
            seed += 1;
            let options = GenerationOptions { seed, level: GenerationLevel::Full };
            made += generate::generate_cases(&contract, &scenario, options).expect("cases can be made").count() as u64;
        }
        let each = made / seed;
        println!("  {name:8}  {:>9.0} cases/s   ({each} cases a plan)", rate(made, watch));
    }
}

fn rate(count: u64, watch: Stopwatch) -> f64 {
    count as f64 / watch.elapsed().as_secs_f64()
}

/// The reference server as a process of its own, shared by both sides.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(scenario: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_overstep"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["serve", scenario])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut url = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        io::BufReader::new(stdout).read_line(&mut url).expect("it prints its address");
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Every so manieth case of the plan that is one well-formed request on a kept connection.
fn chosen(job: &ScenarioJob, url: &str) -> Vec<(Arc<Case>, EncodedRequest)> {
    let options = GenerationOptions { seed: job.seed, level: job.level };
    let endpoint = Endpoint::parse(url).expect("it is a URL");
    let control = |_: &str| None;
    let plan = RunPlan {
        contract: &job.contract,
        scenario: &job.scenario,
        endpoint: &endpoint,
        transport_options: TransportOptions::default(),
        run_id: "bench".to_owned(),
        overrides: indexmap::IndexMap::new(),
        aws_keys: None,
        control_case: &control,
        cancel_token: CancelToken::default(),
        leaked_fixtures: Default::default(),
        search_time: Default::default(),
        server: None,
        restart_endpoint: None,
    };
    let all: Vec<(Arc<Case>, EncodedRequest)> = generate::generate_cases(&job.contract, &job.scenario, options)
        .expect("cases can be made")
        .filter(|case| case.unsendable_reason.is_none() && case.steps.len() == 1)
        .filter_map(|case| run::build_request(&plan, &case).ok().map(|message| (Arc::new(case), message)))
        .filter(|(_, message)| !message.raw && message.body.len() <= LARGEST_BODY)
        .collect();
    let every = (all.len() / REQUESTS).max(1);
    all.into_iter().step_by(every).take(REQUESTS).collect()
}

/// Judged cases a second, and what wrk reaches with the same bytes on the same server.
///
/// Both sides share the machine with the server, whose load changes from one moment to the next; what a
/// case takes of the processors hardly does, so it is told beside.
fn against_wrk(job: &ScenarioJob, cases: &[(Arc<Case>, EncodedRequest)], server: &Server) {
    let url = server.url.as_str();
    let workers = TransportOptions::default().workers;
    println!("\nsend loop: {} requests in turn, {workers} connections, {ROUNDS} rounds of {SECONDS} s", cases.len());
    let bytes: usize = cases.iter().map(|(_, message)| message.body.len()).sum();
    println!(
        "  bodies of {} bytes on average; overstep encodes, signs, judges, compares, reports",
        bytes / cases.len().max(1)
    );
    let wrk = installed_wrk();
    let script = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(script.path(), lua(cases, url)).expect("it can be written");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = Times::now(server);
        let (rate, sent) = judged(job, cases);
        ours.push(rate);
        our_times.push(Times::now(server).since(before, |times| times.own, sent));
        if wrk.is_some() {
            let before = Times::now(server);
            let (rate, sent) = wrk_rate(script.path(), workers, url);
            theirs.push(rate);
            their_times.push(Times::now(server).since(before, |times| times.children, sent));
        }
    }
    println!("  overstep  {:>9.0} judged cases/s   {}", median(&ours), all(&ours));
    match wrk {
        None => println!("  skipped: wrk is not installed"),
        Some(version) => {
            println!("  wrk       {:>9.0} requests/s       {}   {version}", median(&theirs), all(&theirs));
            println!("  ratio     {:>9.2}   (aim: 0.70)", median(&ours) / median(&theirs));
            let of = |times: &[(f64, f64)], part: fn(&(f64, f64)) -> f64| {
                median(&times.iter().map(part).collect::<Vec<_>>())
            };
            let (own, ours) = (of(&our_times, |one| one.0), of(&our_times, |one| one.1));
            let (wrk, theirs) = (of(&their_times, |one| one.0), of(&their_times, |one| one.1));
            println!(
                "  processor time a request: overstep {own:.1} µs (and the server {ours:.1}), wrk {wrk:.1} µs (and the server {theirs:.1});"
            );
            println!(
                "  by that, where both sides keep all cores busy, a ratio of {:.2}",
                (wrk + theirs) / (own + ours)
            );
        }
    }
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn all(rates: &[f64]) -> String {
    let texts: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    format!("[{}]", texts.join(" "))
}

/// Processor time so far, in seconds.
#[derive(Clone, Copy)]
struct Times {
    own: f64,
    /// Of children that have ended.
    children: f64,
    server: f64,
}

impl Times {
    fn now(server: &Server) -> Self {
        let own = ticks("self");
        Self { own: own.0, children: own.1, server: ticks(&server.process.id().to_string()).0 }
    }

    /// Microseconds of one side and of the server, a request.
    fn since(self, before: Self, of: fn(&Self) -> f64, requests: f64) -> (f64, f64) {
        let each = |now: f64, then: f64| (now - then) * 1e6 / requests;
        (each(of(&self), of(&before)), each(self.server, before.server))
    }
}

/// A process's own time and that of its children, user and system, from `/proc`; not a number where there is none.
fn ticks(process: &str) -> (f64, f64) {
    /// Linux counts in hundredths of a second there, on every architecture.
    const A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name may hold spaces; it ends with the last bracket.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let numbers: Vec<f64> = after.split_whitespace().skip(11).take(4).filter_map(|n| n.parse().ok()).collect();
    match numbers.as_slice() {
        [user, system, below_user, below_system] => {
            ((user + system) / A_SECOND, (below_user + below_system) / A_SECOND)
        }
        _ => (f64::NAN, f64::NAN),
    }
}

/// The rate, and how many cases that were.
fn judged(job: &ScenarioJob, cases: &[(Arc<Case>, EncodedRequest)]) -> (f64, f64) {
    let watch = Stopwatch::start();
    let in_turn =
        cases.iter().map(|(case, _)| Arc::clone(case)).cycle().take_while(|_| watch.elapsed().as_secs() < SECONDS);
    let (summary, _) = through(job, in_turn, cases.len() as u64, &[]);
    let sent = summary.counts.total() as f64;
    (sent / summary.seconds, sent)
}

/// Sends cases through the pipeline to the terminal's and NDJSON's outputs, into a sink.
fn through(
    job: &ScenarioJob,
    cases: impl Iterator<Item = Arc<Case>> + Send,
    planned: u64,
    marks: &[u64],
) -> (RunSummary, Sizes) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let written = Arc::new(AtomicU64::new(0));
    let mut outputs = Outputs {
        terminal: TerminalReporter::new(Counter(Arc::clone(&written)), TextWidth::default()),
        ndjson: NdjsonReporter::new(BufWriter::new(Counter(Arc::clone(&written)))),
        seen: 0,
        marks: marks.to_vec(),
        sizes: Vec::new(),
    };
    let planned =
        CaseTotals { cases: planned, operations: job.contract.operations.len() as u64, generation_seconds: 0.0 };
    // Compared with what is accepted, as in a check; nothing is written.
    let snapshots = SnapshotStore::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    let keeping = SnapshotOptions { snapshots, update: SnapshotUpdate::No, source: String::new(), profile: None };
    let (sending, stop) = (RunOptions { snapshots: Some(keeping), ..RunOptions::default() }, CancelToken::default());
    let summary = runtime
        .block_on(pipeline::check_cases(job, planned, cases, &sending, "bench", &stop, &mut outputs))
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    outputs.finish().expect("a sink takes all");
    assert!(summary.incomplete_reason.is_none(), "{:?}", summary.incomplete_reason);
    (summary, Sizes { marks: outputs.sizes, written: written.load(Ordering::Relaxed) })
}

/// Memory at the marks, in kB, and the bytes of both outputs.
struct Sizes {
    marks: Vec<(u64, Option<(u64, u64)>)>,
    written: u64,
}

struct Counter(Arc<AtomicU64>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Outputs {
    terminal: TerminalReporter<Counter>,
    ndjson: NdjsonReporter<BufWriter<Counter>>,
    seen: u64,
    marks: Vec<u64>,
    sizes: Vec<(u64, Option<(u64, u64)>)>,
}

impl Reporter for Outputs {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.terminal.begin_run(head)?;
        self.ndjson.begin_run(head)
    }

    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        self.seen += 1;
        if self.marks.contains(&self.seen) {
            self.sizes.push((self.seen, resident()));
        }
        self.terminal.report_case(done)?;
        self.ndjson.report_case(done)
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.terminal.end_run(summary)?;
        self.ndjson.end_run(summary)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.terminal.finish()?;
        self.ndjson.finish()
    }
}

/// Memory of this process while many cases, each under an id of its own, stream through.
fn memory(job: &ScenarioJob, cases: &[(Arc<Case>, EncodedRequest)]) {
    println!("\nmemory while {STREAMED} cases stream to terminal and NDJSON");
    if resident().is_none() {
        println!("  skipped: no /proc/self/status here");
        return;
    }
    let named = (0_u64..).flat_map(|round| {
        cases.iter().map(move |(case, _)| {
            let mut case = Case::clone(case);
            case.id = format!("r{round}-{}", case.id).parse().expect("an id");
            Arc::new(case)
        })
    });
    let (summary, sizes) = through(job, named.take(STREAMED as usize), STREAMED, &MARKS);
    for (mark, size) in &sizes.marks {
        let (now, peak) = size.unwrap_or_default();
        println!("  after {mark:>9} cases   {:>7.1} MB resident   {:>7.1} MB peak", mb(now), mb(peak));
    }
    println!("  {:.0} cases/s, {:.0} MB of reports", rate_of(&summary), sizes.written as f64 / 1e6);
}

fn rate_of(summary: &RunSummary) -> f64 {
    summary.counts.total() as f64 / summary.seconds
}

fn mb(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}

/// `VmRSS` and `VmHWM` in kB, where the system tells.
fn resident() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok();
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

/// wrk's version; it says it on the way to its usage, and fails.
fn installed_wrk() -> Option<String> {
    let output = Command::new("wrk").arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.split(" Copyright").next().unwrap_or_default().lines().next().unwrap_or_default().to_owned())
}

/// wrk's rate, and how many requests that were.
fn wrk_rate(script: &Path, connections: usize, url: &str) -> (f64, f64) {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(connections);
    let output = Command::new("wrk")
        .args(["-t", &threads.to_string(), "-c", &connections.to_string(), "-d", &format!("{SECONDS}s"), "-s"])
        .arg(script)
        .arg(url)
        .output()
        .expect("wrk runs");
    let text = String::from_utf8_lossy(&output.stdout);
    if let Some(errors) = text.lines().find(|line| line.contains("Socket errors")) {
        println!("  wrk: {}", errors.trim());
    }
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")?.trim().parse().ok());
    let sent = text.lines().find_map(|line| line.split_once(" requests in ")?.0.trim().parse().ok());
    rate.zip(sent).unwrap_or_else(|| panic!("wrk says no rate: {text}"))
}

/// A script that sends the messages in turn, to the byte.
fn lua(cases: &[(Arc<Case>, EncodedRequest)], url: &str) -> String {
    let authority = url.trim_start_matches("http://");
    let mut text = String::from("local all = {\n");
    for (_, message) in cases {
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {authority}\r\n", message.method, message.target).into_bytes();
        for (name, value) in &message.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !message.body.is_empty() || message.method != "GET" {
            bytes.extend_from_slice(format!("content-length: {}\r\n", message.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&message.body);
        text.push('"');
        for byte in bytes {
            let _ = write!(text, "\\{byte:03}");
        }
        text.push_str("\",\n");
    }
    text.push_str("}\nlocal next = 0\nfunction request()\n  next = next % #all + 1\n  return all[next]\nend\n");
    text
}

fn version(program: &str, flag: &str) -> String {
    let output = Command::new(program).arg(flag).output().ok();
    output.map_or_else(|| format!("{program} unknown"), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
