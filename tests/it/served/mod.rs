//! The reference server in its own process, and runs of the binary against it.

#![allow(dead_code, reason = "each user needs a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

const OVERSTEP: &str = env!("CARGO_BIN_EXE_overstep");

/// A running reference server; dropping it ends the process.
pub struct ReferenceServer {
    child: Child,
    /// URL with the scenario's base path.
    pub url: String,
}

impl ReferenceServer {
    /// Starts a server for a scenario with all of these faults.
    pub fn start(scenario: &str, faults: &[&str]) -> Self {
        let mut command = Command::new(OVERSTEP);
        command.args(["serve", scenario]).stdout(Stdio::piped()).stderr(Stdio::null());
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child = command.spawn().expect("start overstep");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut url).expect("read the server's address");
        let base = if scenario == "leadlex" { "/functions/v1/api-gateway" } else { "" };
        Self { child, url: format!("{}{base}", url.trim().trim_end_matches(base)) }
    }
}

impl Drop for ReferenceServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Output, exit code and results of a run.
pub struct CheckOutput {
    pub code: i32,
    pub text: String,
    pub events: Vec<Json>,
}

impl CheckOutput {
    /// Returns the events of one kind.
    pub fn of(&self, kind: &str) -> Vec<&Json> {
        self.events.iter().filter(|event| event["event"] == kind).collect()
    }
}

/// Runs `overstep check SCENARIO -e URL …` in a new directory.
pub fn check(scenario: &str, url: &str, arguments: &[&str]) -> CheckOutput {
    let folder = tempfile::tempdir().expect("create temporary directory");
    let results = folder.path().join("results.ndjson");
    let report = format!("ndjson={}", results.display());
    let output = Command::new(OVERSTEP)
        .current_dir(folder.path())
        .args(["check", scenario, "--endpoint", url, "--no-snapshots", "--report", &report])
        .args(arguments)
        .env_remove("CI")
        .output()
        .expect("start overstep");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let lines = std::fs::read_to_string(&results).unwrap_or_default();
    let events = lines.lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect();
    CheckOutput { code: output.status.code().unwrap_or(-1), text, events }
}
