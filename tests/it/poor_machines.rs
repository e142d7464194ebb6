//! Files that are cut short, special or cannot be written, and signals: verdicts are never lost, and nothing hangs.

#![expect(clippy::disallowed_methods, reason = "tests prepare and read files")]

use crate::support::command::{Watched, overstep, watched};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("create a folder");
    write(directory.path(), "scenarios/notes.toml", include_str!("notes/notes.toml"));
    write(directory.path(), "scenarios/notes.contract.json", include_str!("notes/notes.contract.json"));
    directory
}

fn write(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("create a folder");
    std::fs::write(path, text).expect("write a file");
}

/// Runs a command, checks its exit code and that its output has these parts.
#[track_caller]
fn run(directory: &Path, arguments: &[&str], code: i32, expected: &[&str]) -> String {
    let Watched { code: found, text, peak } = watched(overstep(directory, arguments), Duration::from_mins(2));
    assert_eq!(found, code, "{arguments:?}: {text}");
    for part in expected {
        assert!(text.contains(part), "{arguments:?} lacks {part:?}: {text}");
    }
    assert!(peak < 400 << 10, "{arguments:?} took {peak} kB");
    text
}

#[test]
fn results_that_are_cut_short_are_not_read_as_a_run() {
    let directory = project();
    run(directory.path(), &["check", "notes"], 0, &["0 findings"]);
    let file = directory.path().join(".overstep/last/results.ndjson");
    let whole = std::fs::read_to_string(&file).expect("read a file");
    std::fs::write(&file, &whole[..whole.len() / 2]).expect("write a file");
    run(directory.path(), &["check", "notes", "--last-failed"], 2, &["the results are cut short"]);
    std::fs::write(&file, whole.replace("overstep-results/1", "overstep-results/9")).expect("write a file");
    let expected = ["the results have the format `overstep-results/9`, expected `overstep-results/1`"];
    run(directory.path(), &["check", "notes", "--last-failed"], 2, &expected);
}

#[test]
fn saved_requests_that_no_longer_fit_are_reported() {
    let directory = project();
    let saved = |operation: &str, judged: u32| {
        format!(
            "format = \"overstep-regression/1\"\nfound = \"once\"\njudged = \"{judged}\"\n\
             requests = '''[{{\"send\": \"{operation}\", \"input\": {{}}}}]'''\n"
        )
    };
    write(directory.path(), "scenarios/notes.saved/renamed.toml", &saved("OldName", 0));
    write(directory.path(), "scenarios/notes.saved/odd.toml", &saved("TagNote", 99));
    let expected = [
        "saved requests are not sent: the contract has no operation `OldName`",
        "renamed.toml",
        "saved requests are not sent: `judged` is 99, but there are 1 requests",
        "odd.toml",
    ];
    run(directory.path(), &["check", "notes"], 0, &expected);
    run(directory.path(), &["check", "notes", "--strict"], 2, &expected[..2]);
}

#[test]
fn snapshot_without_its_end_is_rejected() {
    let directory = project();
    run(directory.path(), &["check", "notes", "--update", "all"], 0, &[]);
    let file = directory.path().join("snapshots/embedded/notes/TagNote.osnap");
    let whole = std::fs::read_to_string(&file).expect("read a file");
    let forms = whole.find("\nf1\n").expect("a form");
    std::fs::write(&file, &whole[..forms]).expect("write a file");
    run(directory.path(), &["check", "notes"], 2, &["TagNote.osnap", "the file is cut short"]);
}

#[cfg(unix)]
#[test]
fn special_files_are_rejected_by_their_kind() {
    let directory = project();
    let snapshot = directory.path().join("snapshots/embedded/notes/TagNote.osnap");
    std::fs::create_dir_all(snapshot.parent().expect("a folder")).expect("create folders");
    assert!(Command::new("mkfifo").arg(&snapshot).status().expect("run mkfifo").success());
    run(directory.path(), &["check", "notes"], 2, &["TagNote.osnap", "it is a pipe"]);
    std::fs::remove_file(&snapshot).expect("remove the pipe");
    std::os::unix::fs::symlink("/dev/zero", &snapshot).expect("link");
    run(directory.path(), &["check", "notes"], 2, &["TagNote.osnap", "it is a device"]);
    std::fs::remove_file(&snapshot).expect("remove the link");
    std::fs::create_dir(&snapshot).expect("create a folder");
    run(directory.path(), &["check", "notes"], 2, &["TagNote.osnap", "is a directory"]);
    std::fs::remove_dir(&snapshot).expect("remove the folder");
    let _socket = std::os::unix::net::UnixListener::bind(&snapshot).expect("bind a socket");
    run(directory.path(), &["check", "notes"], 2, &["TagNote.osnap", "it is a socket"]);
    std::fs::remove_file(&snapshot).expect("remove the socket");
    run(directory.path(), &["cases", "/dev/zero"], 2, &["it is a device"]);
    run(directory.path(), &["snapshot", "accept", "--from", "/dev/zero"], 2, &["it is a device"]);
    write(directory.path(), "scenarios/zero.toml", "sources = [\"/dev/zero\"]\nendpoint = \"embedded\"\n");
    run(directory.path(), &["cases", "zero"], 2, &["it is a device"]);
}

#[test]
fn verdicts_are_printed_although_snapshots_cannot_be_written() {
    let directory = project();
    // A file where a folder is needed: this fails for every user, unlike missing permissions.
    write(directory.path(), "snapshots/embedded", "");
    run(directory.path(), &["check", "notes", "--update", "all"], 2, &["0 findings in", "cannot write"]);
}

#[cfg(target_os = "linux")]
#[test]
fn verdicts_and_other_reports_are_complete_although_one_report_fails() {
    let directory = project();
    let arguments = ["check", "notes", "--report", "ndjson=/dev/full", "--report", "junit=all.xml"];
    run(directory.path(), &arguments, 2, &["0 findings in", "cannot write the report to `/dev/full`"]);
    let xml = std::fs::read_to_string(directory.path().join("all.xml")).expect("read a file");
    assert!(xml.trim_end().ends_with("</testsuites>"), "{xml}");
}

#[test]
fn leftovers_of_killed_runs_are_removed() {
    let directory = project();
    let leftovers = [".overstep/last/.overstep-killed", "snapshots/embedded/notes/.overstep-killed"];
    leftovers.iter().for_each(|name| write(directory.path(), name, "half"));
    run(directory.path(), &["check", "notes"], 0, &["0 findings"]);
    for name in leftovers {
        assert!(!directory.path().join(name).exists(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn fuzzing_that_a_signal_cuts_short_is_incomplete() {
    let directory = project();
    for signal in ["-TERM", "-INT"] {
        let mut command = overstep(directory.path(), &["fuzz", "notes", "--max-time", "100s"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("start overstep");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        // The heading is printed after signals are handled.
        let heading = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("· seed ")));
        assert!(heading.is_some());
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("run kill").success());
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        assert_eq!(child.wait().expect("wait").code(), Some(3), "{signal}: {rest:?}");
        assert!(rest.iter().any(|line| line.contains("incomplete: the run was stopped")), "{rest:?}");
    }
}
