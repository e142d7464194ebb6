//! One run of the real binary against one server.
//!
//! It never looks inside: exit code and NDJSON are all it reads.

use super::command::overstep;
use serde_json::Value as Json;

/// What a run came to.
pub struct Ran {
    pub code: i32,
    pub events: Vec<Json>,
    pub text: String,
}

impl Ran {
    pub fn findings(&self) -> Vec<String> {
        self.events
            .iter()
            .filter(|event| event["event"] == "finding")
            .map(|event| {
                let part = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
                let (operation, member, constraint) = (part("operation"), part("member"), part("constraint"));
                format!("{operation} · {member} · {constraint} · {} · {}", part("observed"), event["examples"][0])
            })
            .collect()
    }
}

/// `overstep check SCENARIO -e http://127.0.0.1:PORT…` with NDJSON.
pub fn check(scenario: &str, port: u16, base: &str, more: &[&str]) -> Ran {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let endpoint = format!("http://127.0.0.1:{port}{base}");
    let fixed = ["check", scenario, "-e", &endpoint, "--report", "ndjson=results.ndjson", "--no-progress"];
    let output = overstep(directory.path(), &[&fixed[..], more].concat()).output().expect("it starts");
    let text = std::fs::read_to_string(directory.path().join("results.ndjson")).unwrap_or_default();
    Ran {
        code: output.status.code().expect("it ends by itself"),
        events: text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        text: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    }
}

/// Does every job, a few at a time, and says what was wrong with each.
pub fn each<T: Sync>(jobs: &[T], look: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let wrong = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    if let Some(reason) = look(job) {
                        wrong.lock().expect("no panics while it is held").push(reason);
                    }
                }
            });
        }
    });
    wrong.into_inner().expect("all are done")
}
