//! One run of the real binary: how it ended, what it wrote, and what memory it took.
//!
//! It never looks inside, and a run that does not end is ended.

use super::command::{Watched, overstep, watched};
use serde_json::Value as Json;
use std::time::Duration;

/// What a run came to.
pub struct Ran {
    pub code: i32,
    pub events: Vec<Json>,
    /// What it printed.
    pub text: String,
    /// The longest line of its results, in bytes.
    pub longest: usize,
    /// The largest resident size in kB that was seen; 0 where the system does not tell.
    pub peak: u64,
}

/// A folder with the made-up service's scenario.
pub struct Project(tempfile::TempDir);

impl Project {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let scenarios = directory.path().join("scenarios");
        std::fs::create_dir(&scenarios).expect("made");
        std::fs::write(scenarios.join("cards.toml"), super::planted::SCENARIO).expect("written");
        std::fs::write(scenarios.join("cards.contract.json"), super::planted::CONTRACT).expect("written");
        Self(directory)
    }

    /// `overstep COMMAND cards -e URL …` with results.
    pub fn overstep(&self, command: &str, url: &str, more: &[&str]) -> Ran {
        let arguments = [&[command, "cards", "-e", url], &ALWAYS[..], more].concat();
        let (code, text, peak) = self.run(&arguments);
        let results = std::fs::read_to_string(self.0.path().join("results.ndjson")).unwrap_or_default();
        let events = results.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
        Ran { code, events, text, longest: results.lines().map(str::len).max().unwrap_or(0), peak }
    }

    /// `overstep …`: how it ended, what it printed, and the most memory that it took.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, u64) {
        let Watched { code, text, peak } = watched(overstep(self.0.path(), arguments), MOST);
        (code, text, peak)
    }
}

/// A run that takes longer hangs.
const MOST: Duration = Duration::from_mins(5);

const ALWAYS: [&str; 3] = ["--no-progress", "--report", "ndjson=results.ndjson"];
