//! The reference server as a process of its own, and a run of the binary against it.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "a test may look at files")]

use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

const OVERSTEP: &str = env!("CARGO_BIN_EXE_overstep");

/// Gone with the test.
pub struct Served {
    child: Child,
    /// Where it listens, with the scenario's base path.
    pub url: String,
}

impl Served {
    /// With these faults, all at once.
    pub fn start(scenario: &str, faults: &[&str]) -> Self {
        let mut command = Command::new(OVERSTEP);
        command.args(["serve", scenario]).stdout(Stdio::piped()).stderr(Stdio::null());
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child = command.spawn().expect("it starts");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut url).expect("it says where it is");
        let base = if scenario == "leadlex" { "/functions/v1/api-gateway" } else { "" };
        Self { child, url: format!("{}{base}", url.trim().trim_end_matches(base)) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run said and how it ended.
pub struct Checked {
    pub code: i32,
    pub text: String,
    pub events: Vec<Json>,
}

impl Checked {
    /// The events of one kind.
    pub fn of(&self, kind: &str) -> Vec<&Json> {
        self.events.iter().filter(|event| event["event"] == kind).collect()
    }
}

/// `overstep check SCENARIO -e URL …` in a folder of its own.
pub fn check(scenario: &str, url: &str, arguments: &[&str]) -> Checked {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let results = folder.path().join("results.ndjson");
    let report = format!("ndjson={}", results.display());
    let output = Command::new(OVERSTEP)
        .current_dir(folder.path())
        .args(["check", scenario, "--endpoint", url, "--no-snapshots", "--report", &report])
        .args(arguments)
        .env_remove("CI")
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let lines = std::fs::read_to_string(&results).unwrap_or_default();
    let events = lines.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    Checked { code: output.status.code().unwrap_or(-1), text, events }
}
