//! One run of the real binary against one server.
//!
//! It reads only the exit code, the output and the NDJSON report.

use super::command::overstep;
use serde_json::Value as Json;

/// The result of a run.
pub struct RunResult {
    pub code: i32,
    pub events: Vec<Json>,
    pub text: String,
}

impl RunResult {
    pub fn findings(&self) -> Vec<String> {
        self.events
            .iter()
            .filter(|event| event["event"] == "finding")
            .flat_map(|event| {
                let parts = event["explains"].as_array().map_or(&[][..], Vec::as_slice);
                parts.iter().map(|part| {
                    let text = |name: &str| part[name].as_str().unwrap_or("-").to_owned();
                    let place = [text("operation"), text("member"), text("constraint")].join(" · ");
                    format!("{place} · {} · {}", text("observed"), event["examples"][0])
                })
            })
            .collect()
    }
}

/// Runs `overstep check SCENARIO -e http://127.0.0.1:PORT…` with an NDJSON report.
pub fn check(scenario: &str, port: u16, base: &str, more: &[&str]) -> RunResult {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let endpoint = format!("http://127.0.0.1:{port}{base}");
    let fixed = ["check", scenario, "-e", &endpoint, "--report", "ndjson=results.ndjson", "--no-progress"];
    let output = overstep(directory.path(), &[&fixed[..], more].concat()).output().expect("it starts");
    let text = std::fs::read_to_string(directory.path().join("results.ndjson")).unwrap_or_default();
    RunResult {
        code: output.status.code().expect("it ends by itself"),
        events: text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        text: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    }
}

/// Runs all jobs, a few at a time, and returns the failures.
pub fn run_all<T: Sync>(jobs: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    if let Some(reason) = check(job) {
                        failures.lock().expect("no thread panics with the lock").push(reason);
                    }
                }
            });
        }
    });
    failures.into_inner().expect("all threads have ended")
}
