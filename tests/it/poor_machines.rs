//! Files that are cut short, special or cannot be written, signals, and few descriptors or little memory: verdicts are
//! never lost, nothing hangs, and what is lacking is named.

#![expect(clippy::disallowed_methods, reason = "tests prepare and read files")]

use crate::support::command::{Watched, overstep, watched};
use crate::support::notes_project;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

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
    let directory = notes_project();
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
    let directory = notes_project();
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
    let directory = notes_project();
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
    let directory = notes_project();
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
    let directory = notes_project();
    // A file where a folder is needed: this fails for every user, unlike missing permissions.
    write(directory.path(), "snapshots/embedded", "");
    run(directory.path(), &["check", "notes", "--update", "all"], 2, &["0 findings in", "cannot write"]);
}

#[cfg(target_os = "linux")]
#[test]
fn verdicts_and_other_reports_are_complete_although_one_report_fails() {
    let directory = notes_project();
    let arguments = ["check", "notes", "--report", "ndjson=/dev/full", "--report", "junit=all.xml"];
    run(directory.path(), &arguments, 2, &["0 findings in", "cannot write the report to `/dev/full`"]);
    let xml = std::fs::read_to_string(directory.path().join("all.xml")).expect("read a file");
    assert!(xml.trim_end().ends_with("</testsuites>"), "{xml}");
}

#[test]
fn leftovers_of_killed_runs_are_removed() {
    let directory = notes_project();
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
    let directory = notes_project();
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

/// Runs a command with a limit of the shell, such as `-n 64`.
#[cfg(unix)]
fn run_limited(directory: &Path, limit: &str, arguments: &[&str]) -> Watched {
    let mut command = Command::new("sh");
    let script = format!("ulimit {limit} && exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_overstep")]).args(arguments).current_dir(directory);
    command.env_clear().env("HOME", directory);
    watched(command, Duration::from_mins(2))
}

#[cfg(unix)]
#[test]
fn few_files_mean_fewer_workers_and_the_same_verdicts() {
    let directory = notes_project();
    let counts = |text: &str| {
        let line = text.lines().find(|line| line.contains(" findings in ")).expect("a line with the counts");
        line.rsplit_once(" · ").map(|(counts, _seconds)| counts.to_owned())
    };
    let all = counts(&run(directory.path(), &["check", "notes"], 0, &[]));
    for limit in [64, 40, 32] {
        let arguments = ["check", "notes", "--workers", "64"];
        let Watched { code, text, .. } = run_limited(directory.path(), &format!("-n {limit}"), &arguments);
        assert_eq!(code, 0, "{limit}: {text}");
        assert_eq!(counts(&text), all, "{limit}: {text}");
        let lacking = format!("because overstep cannot open more than {limit} files at a time; raise `ulimit -n`");
        assert!(text.contains("of 64 workers were used") && text.contains(&lacking), "{limit}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn too_few_files_are_named_and_not_blamed_on_the_endpoint() {
    let directory = notes_project();
    for limit in 6..24 {
        for command in ["check", "fuzz"] {
            let arguments = [command, "notes", "--max-time", "1s"];
            let arguments = if command == "check" { &arguments[..2] } else { &arguments };
            let Watched { code, text, .. } = run_limited(directory.path(), &format!("-n {limit}"), arguments);
            assert!(!text.contains("has a bug") && !text.contains("the endpoint"), "{limit}: {text}");
            if code != 0 {
                let lacking = format!("overstep cannot open more than {limit} files at a time");
                assert!(matches!(code, 2 | 3) && text.contains(&lacking), "{limit}, exit {code}: {text}");
                assert!(text.contains("raise `ulimit -n`"), "{limit}: {text}");
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn little_memory_is_named_and_not_blamed_on_the_endpoint() {
    let directory = notes_project();
    for kilobytes in [800_000, 400_000] {
        let Watched { code, text, .. } = run_limited(directory.path(), &format!("-v {kilobytes}"), &["check", "notes"]);
        assert!(!text.contains("has a bug") && !text.contains("the endpoint"), "{kilobytes}: {text}");
        if code != 0 {
            assert!(matches!(code, 2 | 3), "{kilobytes}, exit {code}: {text}");
            assert!(text.contains("overstep cannot start another thread"), "{kilobytes}: {text}");
        }
    }
}

/// Returns the calls of a traced run that write files to the disk or replace them.
#[cfg(target_os = "linux")]
fn trace_files(directory: &Path, arguments: &[&str]) -> Option<Vec<String>> {
    let trace = directory.join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-e", "trace=fsync,rename,renameat,renameat2", "-o"]).arg(&trace);
    command.arg(env!("CARGO_BIN_EXE_overstep")).args(arguments).current_dir(directory);
    let is_traced = command.output().is_ok_and(|output| output.status.success());
    let text = std::fs::read_to_string(&trace).unwrap_or_default();
    is_traced.then(|| text.lines().filter(|line| line.contains("/snapshots/")).map(str::to_owned).collect())
}

#[cfg(target_os = "linux")]
#[test]
fn accepted_snapshots_are_on_the_disk_before_they_replace_others() {
    let directory = notes_project();
    let Some(calls) = trace_files(directory.path(), &["check", "notes", "--update", "all"]) else {
        println!("skipped: accepted_snapshots_are_on_the_disk_before_they_replace_others needs strace");
        return;
    };
    let renames: Vec<usize> = (0..calls.len()).filter(|index| calls[*index].contains(" rename")).collect();
    assert_eq!(renames.len(), 2, "{calls:#?}");
    for index in renames {
        let path = calls[index].split('"').nth(1).expect("the path of the new file");
        let (folder, name) = path.rsplit_once('/').expect("a path");
        let is_sync = |call: &String, path: &str| call.contains("fsync(") && call.contains(&format!("{path}>) = 0"));
        let (before, after) = (&calls[..index], &calls[index + 1..]);
        assert!(before.iter().any(|call| is_sync(call, &format!("/{name}"))), "{name} is not synced: {calls:#?}");
        let folder = folder.rsplit_once("/snapshots/").expect("the folder of snapshots").1;
        assert!(after.iter().any(|call| is_sync(call, folder)), "{folder} is not synced: {calls:#?}");
    }
}

/// Returns a pipe whose buffer is full, so that whoever writes to it waits.
#[cfg(unix)]
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("create a pipe");
    rustix::io::ioctl_fionbio(&writer, true).expect("writing fails instead of waiting");
    while std::io::Write::write(&mut writer, &[b'x'; 512]).is_ok() {}
    while std::io::Write::write(&mut writer, b"x").is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).expect("writing waits");
    (reader, writer)
}

#[cfg(unix)]
#[test]
fn signal_ends_a_run_that_cannot_end_by_itself() {
    let directory = notes_project();
    for signal in ["-TERM", "-INT"] {
        // Nobody reads the report, so the run waits for ever when it writes.
        let (_reader, writer) = full_pipe();
        let mut command = overstep(directory.path(), &["check", "notes", "--report", "ndjson=-"]);
        let mut child = command.stdout(writer).stderr(Stdio::piped()).spawn().expect("start overstep");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        // The first line is printed after signals are handled.
        let first = lines.next();
        assert!(first.is_some());
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("run kill").success());
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        assert_eq!(child.wait().expect("wait").code(), Some(3), "{signal}: {rest:?}");
        assert!(rest.iter().any(|line| line.contains("the run did not end in time")), "{signal}: {rest:?}");
    }
}
