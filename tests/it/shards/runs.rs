//! Runs of `check` and `merge`, and their reports without what differs from run to run.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::command::overstep;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// Reports and their files.
const REPORTS: [&str; 8] = [
    "ndjson=r.ndjson",
    "junit=r.xml",
    "html=r.html",
    "sarif=r.sarif",
    "har=r.har",
    "ctrf=r.ctrf",
    "markdown=r.md",
    "github=r.github",
];

/// The result of a command.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command in a directory.
pub fn run(directory: &Path, arguments: &[&str]) -> Run {
    let output = overstep(directory, arguments).envs(std::env::var_os("PATH").map(|path| ("PATH", path))).output();
    let output = output.expect("start overstep");
    Run {
        code: output.status.code().expect("exit code"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 text"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 text"),
    }
}

impl Run {
    pub fn all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// Runs a command with all reports, and returns what it wrote without what differs from run to run: the terminal's
/// text, the reports and the snapshots to review, by name.
pub fn reported(directory: &Path, arguments: &[&str]) -> BTreeMap<String, String> {
    let reports = REPORTS.iter().flat_map(|report| ["--report", report]);
    let arguments: Vec<&str> = arguments.iter().copied().chain(reports).collect();
    let run = run(directory, &arguments);
    let mut found = BTreeMap::from([
        ("exit".to_owned(), run.code.to_string()),
        ("terminal".to_owned(), without_volatile(directory, &run.stdout)),
    ]);
    for report in REPORTS {
        let name = report.split_once('=').map_or(report, |(_, name)| name);
        let text = std::fs::read_to_string(directory.join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", run.all()));
        found.insert(name.to_owned(), without_volatile(directory, &text));
    }
    collect_snapshots(&directory.join("snapshots"), "snapshots", &mut found);
    found
}

fn collect_snapshots(folder: &Path, name: &str, found: &mut BTreeMap<String, String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = format!("{name}/{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            collect_snapshots(&path, &name, found);
        } else {
            let text = std::fs::read_to_string(&path).expect("a snapshot is text");
            found.insert(without_volatile(folder, &name), text);
        }
    }
}

/// What comes before a time, a duration or a port.
const VOLATILE: [&str; 16] = [
    "\"wait\":",
    "Signature=",
    "x-amz-date\",\"value\":\"",
    "x-amz-date\",\"",
    "\"millis\":",
    "\"seconds\":",
    "\"duration\":",
    "\"time\":",
    "\"start\":",
    "\"stop\":",
    "time=\"",
    "\"started\":\"",
    "\"startedDateTime\":\"",
    "\"timeline\":",
    "127.0.0.1:",
    "127.0.0.1-",
];

/// Replaces times, durations, ports and the directory.
fn without_volatile(directory: &Path, text: &str) -> String {
    let mut text = text.replace(&directory.display().to_string(), "DIRECTORY");
    for before in VOLATILE {
        let is_volatile = |c: char| c.is_ascii_digit() || "-:.TZe[],".contains(c);
        let mut masked = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(before) {
            let start = at + before.len();
            masked.push_str(&rest[..start]);
            masked.push('T');
            // A port is followed by a path, and a number of JSON by a comma that is not part of it.
            let value = &rest[start..];
            let end = match before {
                "\"timeline\":" => value.find("]]").map_or(0, |end| end + 2),
                "Signature=" => value.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(value.len()),
                "127.0.0.1:" | "127.0.0.1-" => value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len()),
                _ => value.find(|c: char| !is_volatile(c) || c == ',').unwrap_or(value.len()),
            };
            rest = &value[end..];
        }
        masked.push_str(rest);
        text = masked;
    }
    // A processor time is unknown, and its line missing, if the server has just ended.
    let lines = text.lines().filter(|line| !line.starts_with("processor time:"));
    lines.map(without_duration).collect::<Vec<_>>().join("\n")
}

/// Removes the duration at the end of a line of counts.
fn without_duration(line: &str) -> &str {
    let is_duration = |text: &str| text.strip_suffix(" s").is_some_and(|number| number.parse::<f64>().is_ok());
    match line.rsplit_once(" · ") {
        Some((before, end)) if is_duration(end.trim_end_matches('.')) => before,
        _ => line,
    }
}

/// Creates a project with two scenarios of the service `notes`, which a server of one of them serves.
pub fn project() -> TempDir {
    let directory = crate::replay::project();
    let scenarios = directory.path().join("scenarios");
    std::fs::remove_file(scenarios.join("made.toml")).expect("removed");
    std::fs::copy(scenarios.join("notes.toml"), scenarios.join("again.toml")).expect("copied");
    directory
}

/// Sends all shards one after another to the same endpoint, and returns the folders of their blobs.
pub fn send_shards(directory: &Path, count: u32, arguments: &[&str]) {
    for number in 1..=count {
        let shard = format!("{number}/{count}");
        let mut all = arguments.to_vec();
        all.extend(["--shard", &shard, "--report", "blob=blobs"]);
        let run = run(directory, &all);
        assert!(matches!(run.code, 0 | 1 | 3), "shard {shard}: {}", run.all());
    }
}

/// Asserts that two runs wrote the same.
#[track_caller]
pub fn assert_same(what: &str, whole: &BTreeMap<String, String>, merged: &BTreeMap<String, String>) {
    let names = |found: &BTreeMap<String, String>| found.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(whole), names(merged), "{what}");
    for (name, expected) in whole {
        let actual = &merged[name];
        let lines = expected.lines().zip(actual.lines()).enumerate();
        if let Some((number, (expected, actual))) = lines.into_iter().find(|(_, (expected, actual))| expected != actual)
        {
            let start = expected.bytes().zip(actual.bytes()).take_while(|(one, other)| one == other).count();
            let shown = |line: &str| {
                line[line.floor_char_boundary(start.saturating_sub(400))..].chars().take(900).collect::<String>()
            };
            panic!("{what}: {name}, line {}:\n  {}\n  {}", number + 1, shown(expected), shown(actual));
        }
        assert_eq!(expected.lines().count(), actual.lines().count(), "{what}: {name}\n{expected}\n---\n{actual}");
    }
}
