//! One run of the binary: exit code, output, report and peak memory.
//!
//! It uses nothing else of the product, and stops a run that does not end.

use super::command::{Watched, overstep, watched};
use serde_json::Value as Json;
use std::time::Duration;

/// The result of a run.
pub struct RunResult {
    pub code: i32,
    pub events: Vec<Json>,
    /// Standard output and standard error.
    pub text: String,
    /// Length of the longest line of the report, in bytes.
    pub longest_line: usize,
    /// Largest measured resident size in kB; 0 where the system does not report it.
    pub peak_memory: u64,
}

/// A folder with the scenario of the sample service.
pub struct Project(tempfile::TempDir);

impl Project {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let scenarios = directory.path().join("scenarios");
        std::fs::create_dir(&scenarios).expect("the folder can be created");
        std::fs::write(scenarios.join("cards.toml"), super::cards::SCENARIO).expect("the file can be written");
        std::fs::write(scenarios.join("cards.contract.json"), super::cards::CONTRACT).expect("the file can be written");
        Self(directory)
    }

    /// Runs `overstep COMMAND cards -e URL …` with a report.
    pub fn overstep(&self, command: &str, url: &str, arguments: &[&str]) -> RunResult {
        let arguments = [&[command, "cards", "-e", url], &COMMON_ARGUMENTS[..], arguments].concat();
        let (code, text, peak_memory) = self.run(&arguments);
        let results = std::fs::read_to_string(self.0.path().join("results.ndjson")).unwrap_or_default();
        let events = results.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
        RunResult { code, events, text, longest_line: results.lines().map(str::len).max().unwrap_or(0), peak_memory }
    }

    /// Returns the texts of all files in a folder, one after another.
    pub fn read_files(&self, folder: &str) -> String {
        read_all(&self.0.path().join(folder))
    }

    /// Runs `overstep …`, and returns its exit code, output and peak memory.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, u64) {
        let Watched { code, text, peak: peak_memory } = watched(overstep(self.0.path(), arguments), MAX_RUN_TIME);
        (code, text, peak_memory)
    }
}

fn read_all(path: &std::path::Path) -> String {
    let Ok(entries) = std::fs::read_dir(path) else { return std::fs::read_to_string(path).unwrap_or_default() };
    entries.map(|entry| read_all(&entry.expect("a readable folder").path())).collect()
}

/// A run that takes longer is treated as a hang.
const MAX_RUN_TIME: Duration = Duration::from_mins(5);

const COMMON_ARGUMENTS: [&str; 3] = ["--no-progress", "--report", "ndjson=results.ndjson"];
