//! `overstep watch` against servers that end and come back, and `overstep trend` over recorded runs.
//!
//! Each step of a test waits for a line of output; none waits for a time.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::command;
use crate::support::notes_project;
use command::overstep;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

const FAULT: &str = "TagNote.tags.length.max+1";

/// A process that ends with the test.
struct Running {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = overstep(directory, arguments);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("start overstep");
        let lines = BufReader::new(process.stdout.take().expect("stdout is piped"));
        Self { process, lines }
    }

    /// Starts a server and returns its URL.
    fn serve(directory: &Path, port: &str, faults: &[&str]) -> (Self, String) {
        let mut arguments = vec!["serve", "notes", "--port", port];
        faults.iter().for_each(|fault| arguments.extend(["--fault", fault]));
        let mut server = Self::start(directory, &arguments);
        let url = server.read_until("http://");
        (server, url.trim().to_owned())
    }

    /// Reads lines up to one that contains a text, and returns it.
    fn read_until(&mut self, text: &str) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            let length = self.lines.read_line(&mut line).expect("output is text");
            assert!(length > 0, "the output ended before `{text}`:\n{all}");
            if line.contains(text) {
                return line;
            }
            all.push_str(&line);
        }
    }

    fn stop(mut self) {
        self.process.kill().expect("kill the process");
        self.process.wait().expect("wait for the process");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn list_shrinks_when_a_mended_server_is_back() {
    let directory = notes_project();
    let at = directory.path();
    let (faulty, url) = Running::serve(at, "0", &[FAULT]);
    let mut watch =
        Running::start(at, &["watch", "notes", "-e", &url, "-E", "member(tags)", "--no-progress", "--max-time", "60s"]);
    assert!(watch.read_until("fails  ").contains("notes/TagNote/tags/length/above-max"));
    watch.read_until("waiting for changes");
    faulty.stop();
    watch.read_until("the endpoint is down");
    let port = url.rsplit(':').next().expect("a port");
    let (_mended, _) = Running::serve(at, port, &[]);
    watch.read_until("the endpoint is back; sending again");
    watch.read_until("fixed  notes/TagNote/tags/length/above-max");
    watch.read_until("→ 0 cases fail");
    watch.read_until("sending all cases");
    watch.read_until("no case fails");
    assert_eq!(watch.process.wait().expect("it ends").code(), Some(0));
    assert!(!at.join("snapshots").exists(), "a watch writes no snapshots");
}

#[test]
fn change_of_a_watched_file_sends_the_failing_cases_again() {
    let directory = notes_project();
    let at = directory.path();
    let (_faulty, url) = Running::serve(at, "0", &[FAULT]);
    let arguments =
        ["watch", "notes", "-e", &url, "-E", "member(tags)", "--no-progress", "--max-time", "60s", "--path", "src"];
    let mut watch = Running::start(at, &arguments);
    watch.read_until("waiting for changes");
    std::fs::create_dir(at.join("src")).expect("create directory");
    std::fs::write(at.join("src/handler.rs"), "changed").expect("write file");
    watch.read_until("files have changed; sending again");
    watch.read_until("1 case fails · waiting for changes");
    // An error in a scenario ends nothing.
    let scenario = at.join("scenarios/notes.toml");
    let text = std::fs::read_to_string(&scenario).expect("read file");
    std::fs::write(&scenario, "sources = 1\n").expect("write file");
    std::fs::write(&scenario, format!("{text}\n# mended\n")).expect("write file");
    watch.read_until("files have changed; sending again");
    watch.read_until("waiting for changes");
}

#[cfg(unix)]
#[test]
fn interrupt_ends_a_waiting_watch() {
    let directory = notes_project();
    let at = directory.path();
    let (_faulty, url) = Running::serve(at, "0", &[FAULT]);
    let mut watch =
        Running::start(at, &["watch", "notes", "-e", &url, "-E", "member(tags)", "--no-progress", "--max-time", "60s"]);
    watch.read_until("waiting for changes");
    let process = watch.process.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &process]).status().expect("run kill").success());
    assert_eq!(watch.process.wait().expect("it ends").code(), Some(1), "cases are still failing");
}

/// Writes results of three runs, in which findings appear and go.
fn write_runs(directory: &Path) {
    let run = |file: &str, started: &str, findings: &[(&str, &str, u64)], known: u64, complete: bool| {
        let mut text = format!(
            "{{\"event\":\"run\",\"format\":\"overstep-results/1\",\"version\":\"0.1.0\",\"scenario\":\"shop\",\
             \"endpoint\":\"http://127.0.0.1:1\",\"profile\":\"local\",\"seed\":1,\"run\":\"r\",\"contract\":\"c\",\
             \"cases\":100,\"started\":\"{started}\"}}\n"
        );
        for (code, member, cases) in findings {
            text.push_str(&format!(
                "{{\"event\":\"finding\",\"code\":\"{code}\",\"scenario\":\"shop\",\"operation\":\"CreateOrder\",\
                 \"member\":\"{member}\",\"constraint\":\"length\",\"observed\":\"<b>200</b>\",\"cases\":{cases}}}\n"
            ));
        }
        text.push_str(&format!(
            "{{\"event\":\"summary\",\"scenario\":\"shop\",\"pass\":80,\"diverges\":{},\"known\":{known},\
             \"coverage\":{{\"constraints\":[{},40],\"errors\":[3,4]}},\"complete\":{complete},\"seconds\":1.0}}\n",
            findings.iter().map(|(_, _, cases)| cases).sum::<u64>() + known,
            30 + findings.len(),
        ));
        std::fs::write(directory.join(file), text).expect("write file");
    };
    run("c.ndjson", "2026-11-30T09:00:00Z", &[("OV203", "name", 4)], 1, true);
    run("a.ndjson", "2026-11-28T09:00:00Z", &[("OV203", "name", 5), ("OV203", "tags[]", 2)], 9, true);
    run("b.ndjson", "2026-11-29T10:30:00Z", &[("OV203", "name", 5)], 9, false);
}

fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = overstep(directory, arguments).output().expect("start overstep");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8 text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn trend_shows_findings_and_coverage_over_runs() {
    let directory = tempfile::tempdir().expect("create temporary directory");
    write_runs(directory.path());
    let (code, stdout, stderr) = run(
        directory.path(),
        &["trend", "a.ndjson", "b.ndjson", "c.ndjson", "c.ndjson", "--report", "html=t/trend.html"],
    );
    assert_eq!(code, Some(0), "{stderr}");
    insta::assert_snapshot!(stdout);
    let page = std::fs::read_to_string(directory.path().join("t/trend.html")).expect("read file");
    assert!(page.contains("CreateOrder · name · length") && page.contains("<polyline class=\"findings\""), "{page}");
    assert!(page.contains("&lt;b>200&lt;/b>") || page.contains("&lt;b&gt;200&lt;/b&gt;"), "{page}");
    assert!(
        !page.contains("<b>200") && !page.contains("http:") && !page.contains("<script"),
        "nothing is loaded or injected: {page}"
    );
    let (_, written, _) = run(directory.path(), &["trend", "a.ndjson", "b.ndjson", "c.ndjson", "--format", "html"]);
    assert_eq!(written, page);
}

#[test]
fn runs_that_are_cut_short_are_left_out_of_a_trend() {
    let directory = tempfile::tempdir().expect("create temporary directory");
    write_runs(directory.path());
    let whole = std::fs::read_to_string(directory.path().join("a.ndjson")).expect("read file");
    let cut = &whole[..whole.len() - 40];
    std::fs::write(directory.path().join("cut.ndjson"), cut).expect("write file");
    let (code, stdout, stderr) = run(directory.path(), &["trend", "c.ndjson", "cut.ndjson"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("warning: `cut.ndjson`") && stdout.contains("· 1 run"), "{stdout}{stderr}");
    let (code, _, stderr) = run(directory.path(), &["trend", "cut.ndjson"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("no complete run"), "{stderr}");
}
