//! One run of the real binary: how it ended, what it wrote, and what memory it took.
//!
//! It never looks inside, and a run that does not end is ended.

use serde_json::Value as Json;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
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
        let (code, text, peak) = run(self.0.path(), &arguments);
        let results = std::fs::read_to_string(self.0.path().join("results.ndjson")).unwrap_or_default();
        let events = results.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
        Ran { code, events, text, longest: results.lines().map(str::len).max().unwrap_or(0), peak }
    }
}

const ALWAYS: [&str; 3] = ["--no-progress", "--report", "ndjson=results.ndjson"];

fn run(directory: &Path, arguments: &[&str]) -> (i32, String, u64) {
    const LOOK: Duration = Duration::from_millis(10);
    const LOOKS: u32 = 30_000;
    let mut child = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .current_dir(directory)
        .args(arguments)
        .env_clear()
        .env("HOME", directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let (told, ended) = channel();
    let read = |mut pipe: Box<dyn Read + Send>| {
        let told = told.clone();
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).expect("it says text");
            let _ = told.send(());
            text
        })
    };
    let out = read(Box::new(child.stdout.take().expect("it is piped")));
    let err = read(Box::new(child.stderr.take().expect("it is piped")));
    let (mut peak, mut open, mut looks) = (0, 2, 0);
    while open > 0 {
        match ended.recv_timeout(LOOK) {
            Ok(()) => open -= 1,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                peak = peak.max(resident(child.id()));
                looks += 1;
                if looks == LOOKS {
                    let _ = child.kill();
                    panic!("{arguments:?} hangs");
                }
            }
        }
    }
    let status = child.wait().expect("it ends");
    let text = format!("{}{}", out.join().expect("read"), err.join().expect("read"));
    (status.code().unwrap_or_else(|| panic!("{status}: {text}")), text, peak)
}

fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
