//! Speed and memory of the product: rate of judged cases compared with wrk, rate of generated cases, and memory over a
//! million cases.
//!
//! It asserts nothing about time: it prints the figures of one run and their ratios.

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

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of requests that both sides send in turn.
const REQUESTS: usize = 200;
/// Duration of one round of one side, in seconds; both sides alternate.
const ROUND_SECONDS: u64 = 4;
const ROUNDS: usize = 3;
/// Maximum size of compared bodies, so that one write sends a whole request.
const LARGEST_BODY: usize = 16 * 1024;
/// Number of cases for the measurement of memory.
const STREAMED_CASES: u64 = 1_000_000;
/// Numbers of cases after which the memory is measured.
const MEMORY_MARKS: [u64; 3] = [100_000, 500_000, STREAMED_CASES];

fn main() {
    // `cargo test --benches` runs this file too, which must not take two minutes.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!("overstep {} · {} · {cores} cores", env!("CARGO_PKG_VERSION"), tool_version("rustc", "--version"));
    println!("command: cargo bench (-- cases|send|memory for a part of it)\n");
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_selected = |part: &str| parts.is_empty() || parts.iter().any(|one| one == part);
    if is_selected("cases") {
        measure_generation();
    }
    let (contract, scenario) = shipped("connect");
    let server = Server::start("connect");
    let job = job(contract, scenario, &server.url);
    let cases = select_cases(&job, &server.url);
    if is_selected("send") {
        compare_with_wrk(&job, &cases, &server);
    }
    if is_selected("memory") {
        measure_memory(&job, &cases);
    }
}

/// Reads a shipped scenario and its contract.
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
        repository_path: None,
        scenario,
        contract,
        aws_keys: None,
        target: EndpointTarget::Url(url.to_owned()),
        profile: "embedded".to_owned(),
        headers: Vec::new(),
        reach: Default::default(),
        endpoint_secrets: Vec::new(),
        hosts: Default::default(),
        seed: 1,
        level: GenerationLevel::Full,
        filter: None,
        case_ids: None,
        used: None,
        rerun_command: "overstep check connect".to_owned(),
        lifecycle: Default::default(),
    }
}

/// Measures how fast cases are generated, without sending them.
fn measure_generation() {
    println!("generated cases");
    for name in ["connect", "leadlex"] {
        let (contract, scenario) = shipped(name);
        let watch = Stopwatch::start();
        let (mut count, mut seed) = (0_u64, 0);
        while watch.elapsed().as_secs() < 2 {
            seed += 1;
            let options = GenerationOptions { seed, level: GenerationLevel::Full };
            count +=
                generate::generate_cases(&contract, &scenario, options).expect("cases can be generated").count() as u64;
        }
        let each = count / seed;
        println!("  {name:8}  {:>9.0} cases/s   ({each} cases per plan)", rate(count, watch));
    }
}

fn rate(count: u64, watch: Stopwatch) -> f64 {
    count as f64 / watch.elapsed().as_secs_f64()
}

/// The reference server in a separate process, shared by both sides.
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

/// Selects evenly spaced cases of the plan that are one well-formed request on a kept connection.
fn select_cases(job: &ScenarioJob, url: &str) -> Vec<(Arc<Case>, EncodedRequest)> {
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
        logins: overstep::run::Logins::default(),
        cancel_token: CancelToken::default(),
        leaked_fixtures: Default::default(),
        search_time: Default::default(),
        response_times: Default::default(),
        load_limit: Default::default(),
        operation_health: Default::default(),
        server: None,
        reset_endpoint: None,
        restart_endpoint: None,
    };
    let all: Vec<(Arc<Case>, EncodedRequest)> = generate::generate_cases(&job.contract, &job.scenario, options)
        .expect("cases can be generated")
        .filter(|case| case.unsendable_reason.is_none() && case.steps.len() == 1)
        .filter_map(|case| run::build_request(&plan, &case).ok().map(|request| (Arc::new(case), request)))
        .filter(|(_, request)| !request.raw && request.body.len() <= LARGEST_BODY)
        .collect();
    let step = (all.len() / REQUESTS).max(1);
    all.into_iter().step_by(step).take(REQUESTS).collect()
}

/// Measures judged cases per second, and the rate of wrk with the same bytes on the same server.
///
/// Both sides share the machine with the server, so rates vary. The processor time per request is more stable, so it is
/// printed as well.
fn compare_with_wrk(job: &ScenarioJob, cases: &[(Arc<Case>, EncodedRequest)], server: &Server) {
    let url = server.url.as_str();
    let workers = TransportOptions::default().workers;
    println!(
        "\nsend loop: {} requests in turn, {workers} connections, {ROUNDS} rounds of {ROUND_SECONDS} s",
        cases.len()
    );
    let bytes: usize = cases.iter().map(|(_, request)| request.body.len()).sum();
    println!(
        "  bodies of {} bytes on average; overstep encodes, signs, judges, compares, reports",
        bytes / cases.len().max(1)
    );
    let wrk = installed_wrk();
    let script = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(script.path(), lua_script(cases, url)).expect("it can be written");
    let (mut own_rates, mut wrk_rates) = (Vec::new(), Vec::new());
    let (mut own_times, mut wrk_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = ProcessorTimes::now(server);
        let (rate, sent) = measure_overstep(job, cases);
        own_rates.push(rate);
        own_times.push(ProcessorTimes::now(server).since(before, |times| times.own, sent));
        if wrk.is_some() {
            let before = ProcessorTimes::now(server);
            let (rate, sent) = wrk_rate(script.path(), workers, url);
            wrk_rates.push(rate);
            wrk_times.push(ProcessorTimes::now(server).since(before, |times| times.children, sent));
        }
    }
    println!("  overstep  {:>9.0} judged cases/s   {}", median(&own_rates), format_rates(&own_rates));
    match wrk {
        None => println!("  skipped: wrk is not installed"),
        Some(version) => {
            println!(
                "  wrk       {:>9.0} requests/s       {}   {version}",
                median(&wrk_rates),
                format_rates(&wrk_rates)
            );
            println!("  ratio     {:>9.2}   (aim: 0.70)", median(&own_rates) / median(&wrk_rates));
            let of = |times: &[(f64, f64)], part: fn(&(f64, f64)) -> f64| {
                median(&times.iter().map(part).collect::<Vec<_>>())
            };
            let (own, own_server) = (of(&own_times, |one| one.0), of(&own_times, |one| one.1));
            let (wrk, wrk_server) = (of(&wrk_times, |one| one.0), of(&wrk_times, |one| one.1));
            println!(
                "  processor time per request: overstep {own:.1} µs (and the server {own_server:.1}), wrk {wrk:.1} µs (and the server {wrk_server:.1});"
            );
            println!(
                "  ratio by processor time, if both sides keep all cores busy: {:.2}",
                (wrk + wrk_server) / (own + own_server)
            );
        }
    }
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn format_rates(rates: &[f64]) -> String {
    let texts: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    format!("[{}]", texts.join(" "))
}

/// Processor time used so far, in seconds.
#[derive(Clone, Copy)]
struct ProcessorTimes {
    own: f64,
    /// Time of children that have ended.
    children: f64,
    server: f64,
}

impl ProcessorTimes {
    fn now(server: &Server) -> Self {
        let own = ticks("self");
        Self { own: own.0, children: own.1, server: ticks(&server.process.id().to_string()).0 }
    }

    /// Returns microseconds per request of one side and of the server.
    fn since(self, before: Self, of: fn(&Self) -> f64, requests: f64) -> (f64, f64) {
        let each = |now: f64, then: f64| (now - then) * 1e6 / requests;
        (each(of(&self), of(&before)), each(self.server, before.server))
    }
}

/// Reads a process's own time and that of its children, user and system, from `/proc`. Returns NaN without `/proc`.
fn ticks(process: &str) -> (f64, f64) {
    /// `/proc` on Linux counts in hundredths of a second, on every architecture.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The process name may contain spaces; it ends with the last bracket.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let numbers: Vec<f64> = after.split_whitespace().skip(11).take(4).filter_map(|n| n.parse().ok()).collect();
    match numbers.as_slice() {
        [user, system, below_user, below_system] => {
            ((user + system) / TICKS_PER_SECOND, (below_user + below_system) / TICKS_PER_SECOND)
        }
        _ => (f64::NAN, f64::NAN),
    }
}

/// Returns the rate and the number of judged cases.
fn measure_overstep(job: &ScenarioJob, cases: &[(Arc<Case>, EncodedRequest)]) -> (f64, f64) {
    let watch = Stopwatch::start();
    let in_turn = cases
        .iter()
        .map(|(case, _)| Arc::clone(case))
        .cycle()
        .take_while(|_| watch.elapsed().as_secs() < ROUND_SECONDS);
    let (summary, _) = run_pipeline(job, in_turn, cases.len() as u64, &[]);
    let sent = summary.counts.total() as f64;
    (sent / summary.seconds, sent)
}

/// Runs cases through the pipeline, with terminal and NDJSON reports that only count bytes.
fn run_pipeline(
    job: &ScenarioJob,
    cases: impl Iterator<Item = Arc<Case>> + Send,
    planned: u64,
    marks: &[u64],
) -> (RunSummary, Measurements) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let written = Arc::new(AtomicU64::new(0));
    let mut reporter = BenchReporter {
        terminal: TerminalReporter::new(Counter(Arc::clone(&written)), TextWidth::default()),
        ndjson: NdjsonReporter::new(BufWriter::new(Counter(Arc::clone(&written)))),
        seen: 0,
        marks: marks.to_vec(),
        memory_at_marks: Vec::new(),
    };
    let totals =
        CaseTotals { cases: planned, operations: job.contract.operations.len() as u64, generation_seconds: 0.0 };
    // Responses are compared with accepted snapshots, as in a check; nothing is written.
    let snapshots = SnapshotStore::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    let snapshot_options =
        SnapshotOptions { snapshots, update: SnapshotUpdate::No, source: String::new(), profile: None };
    let (run_options, cancel_token) =
        (RunOptions { snapshots: Some(snapshot_options), ..RunOptions::default() }, CancelToken::default());
    let summary = runtime
        .block_on(pipeline::check_cases(job, totals, cases, &run_options, "bench", &cancel_token, &mut reporter))
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    reporter.finish().expect("counting bytes cannot fail");
    assert!(summary.incomplete_reason.is_none(), "{:?}", summary.incomplete_reason);
    (
        summary,
        Measurements { memory_at_marks: reporter.memory_at_marks, bytes_written: written.load(Ordering::Relaxed) },
    )
}

/// Memory at the marks in kB, and the number of bytes of both reports.
struct Measurements {
    memory_at_marks: Vec<(u64, Option<(u64, u64)>)>,
    bytes_written: u64,
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

struct BenchReporter {
    terminal: TerminalReporter<Counter>,
    ndjson: NdjsonReporter<BufWriter<Counter>>,
    seen: u64,
    marks: Vec<u64>,
    memory_at_marks: Vec<(u64, Option<(u64, u64)>)>,
}

impl Reporter for BenchReporter {
    fn begin_run(&mut self, started: &RunStarted) -> io::Result<()> {
        self.terminal.begin_run(started)?;
        self.ndjson.begin_run(started)
    }

    fn report_case(&mut self, result: &CaseResult) -> io::Result<()> {
        self.seen += 1;
        if self.marks.contains(&self.seen) {
            self.memory_at_marks.push((self.seen, resident_memory()));
        }
        self.terminal.report_case(result)?;
        self.ndjson.report_case(result)
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

/// Measures the memory of this process while many cases, each with its own id, run through the pipeline.
fn measure_memory(job: &ScenarioJob, cases: &[(Arc<Case>, EncodedRequest)]) {
    println!("\nmemory while {STREAMED_CASES} cases run with terminal and NDJSON reports");
    if resident_memory().is_none() {
        println!("  skipped: no /proc/self/status here");
        return;
    }
    let numbered = (0_u64..).flat_map(|round| {
        cases.iter().map(move |(case, _)| {
            let mut case = Case::clone(case);
            case.id = format!("r{round}-{}", case.id).parse().expect("an id");
            Arc::new(case)
        })
    });
    let (summary, measurements) =
        run_pipeline(job, numbered.take(STREAMED_CASES as usize), STREAMED_CASES, &MEMORY_MARKS);
    for (mark, size) in &measurements.memory_at_marks {
        let (now, peak) = size.unwrap_or_default();
        println!("  after {mark:>9} cases   {:>7.1} MB resident   {:>7.1} MB peak", megabytes(now), megabytes(peak));
    }
    println!("  {:.0} cases/s, {:.0} MB of reports", rate_of(&summary), measurements.bytes_written as f64 / 1e6);
}

fn rate_of(summary: &RunSummary) -> f64 {
    summary.counts.total() as f64 / summary.seconds
}

fn megabytes(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}

/// Reads `VmRSS` and `VmHWM` in kB, if the system reports them.
fn resident_memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok();
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

/// Returns wrk's version. `wrk -v` prints it with the usage and exits with an error.
fn installed_wrk() -> Option<String> {
    let output = Command::new("wrk").arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.split(" Copyright").next().unwrap_or_default().lines().next().unwrap_or_default().to_owned())
}

/// Runs wrk, and returns its rate and the number of requests.
fn wrk_rate(script: &Path, connections: usize, url: &str) -> (f64, f64) {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(connections);
    let output = Command::new("wrk")
        .args(["-t", &threads.to_string(), "-c", &connections.to_string(), "-d", &format!("{ROUND_SECONDS}s"), "-s"])
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
    rate.zip(sent).unwrap_or_else(|| panic!("wrk printed no rate: {text}"))
}

/// Returns a wrk script that sends the requests in turn, byte for byte.
fn lua_script(cases: &[(Arc<Case>, EncodedRequest)], url: &str) -> String {
    let authority = url.trim_start_matches("http://");
    let mut text = String::from("local all = {\n");
    for (_, request) in cases {
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {authority}\r\n", request.method, request.target).into_bytes();
        for (name, value) in &request.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !request.body.is_empty() || request.method != "GET" {
            bytes.extend_from_slice(format!("content-length: {}\r\n", request.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&request.body);
        text.push('"');
        for byte in bytes {
            let _ = write!(text, "\\{byte:03}");
        }
        text.push_str("\",\n");
    }
    text.push_str("}\nlocal next = 0\nfunction request()\n  next = next % #all + 1\n  return all[next]\nend\n");
    text
}

fn tool_version(program: &str, flag: &str) -> String {
    let output = Command::new(program).arg(flag).output().ok();
    output.map_or_else(|| format!("{program} unknown"), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
