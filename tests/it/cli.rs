//! The binary as a person or a script meets it: messages, exit codes, files.
//!
//! Everything here talks to nothing but this machine: the embedded server, or a port where nobody listens.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::support::command;
use crate::support::visible;
use command::overstep;
use insta::assert_snapshot;
use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// What a command said and how it ended.
struct Ran {
    out: String,
    err: String,
    code: i32,
}

impl Ran {
    fn all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.out, self.err)
    }
}

/// A directory with the made-up service `notes`.
fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("made");
    for (name, text) in [
        ("notes.toml", include_str!("notes/notes.toml")),
        ("notes.contract.json", include_str!("notes/notes.contract.json")),
    ] {
        std::fs::write(scenarios.join(name), text).expect("written");
    }
    directory
}

fn run(directory: &Path, arguments: &[&str]) -> Ran {
    let output = overstep(directory, arguments).output().expect("it starts");
    Ran {
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
        code: output.status.code().expect("it ends by itself"),
    }
}

/// Snapshots without what changes from run to run.
macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({filters => vec![
            (r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT"),
            (r"`(/[^/`]+)+/\.tmp\w+`", "`DIR`"),
            (r"\d+\.\d s", "N s"),
            (r"overstep \d+\.\d+\.\d+", "overstep VERSION"),
            (r"\(os error \d+\)", "(os error N)"),
        ]}, { assert_snapshot!($name, $text); })
    };
}

#[test]
fn help_names_the_commands_that_work() {
    let directory = project();
    let ran = run(directory.path(), &["--help"]);
    snapshot!("help", ran.all());
    assert!(!ran.out.contains("shard"), "--shard does not work yet");
    snapshot!("help-check", run(directory.path(), &["check", "--help"]).all());
}

#[test]
fn a_faithful_server_gives_no_findings() {
    let directory = project();
    let ran = run(directory.path(), &["check"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.starts_with("testing overstep itself"), "{}", ran.out);
    assert!(ran.out.contains("0 findings in "), "{}", ran.out);
    assert!(directory.path().join(".overstep/last/results.ndjson").is_file());
    assert_eq!(std::fs::read_to_string(directory.path().join(".overstep/.gitignore")).expect("there"), "*\n");
}

#[test]
fn usage_and_configuration_mistakes_are_exit_2() {
    let directory = project();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("written");
    write("broken.toml", "sources = [\"a\"\nendpoint = \"x\"\n");
    write("mistyped.toml", "sources = [\"scenarios/notes.contract.json\"]\nonly = \"TagNote\"\n");
    write("unknown.toml", "sources = [\"scenarios/notes.contract.json\"]\nendpont = \"embedded\"\n");
    write("silent.toml", "sources = [\"scenarios/notes.contract.json\"]\n");
    write("nowhere.toml", "sources = [\"missing/*.md\"]\nendpoint = \"embedded\"\n");
    write(
        "other.toml",
        "sources = [\"scenarios/notes.contract.json\"]\nendpoint = \"embedded\"\nonly = [\"TagNot\"]\n",
    );
    write(
        "notes-of-nothing.toml",
        "sources = [\"scenarios/notes.contract.json\"]\nendpoint = \"embedded\"\n\n[operations.TagNot]\nskip = \"x\"\n",
    );
    for (name, arguments) in [
        ("wrong-flag", vec!["check", "--seeed", "1"]),
        ("wrong-value", vec!["check", "--rate-limit", "fast"]),
        ("missing-scenario", vec!["check", "nots"]),
        ("broken-toml", vec!["check", "broken.toml"]),
        ("mistyped-toml", vec!["check", "mistyped.toml"]),
        ("unknown-key-strict", vec!["check", "unknown.toml", "--strict"]),
        ("no-endpoint", vec!["check", "silent.toml"]),
        ("no-source", vec!["check", "nowhere.toml"]),
        ("unknown-operation", vec!["check", "other.toml"]),
        ("unknown-operation-with-notes", vec!["check", "notes-of-nothing.toml"]),
        ("not-loopback", vec!["check", "notes", "-e", "http://example.com"]),
        ("unknown-endpoint", vec!["check", "notes", "-e", "locl"]),
        ("unknown-variable", vec!["check", "notes", "--variable", "NoteID=x"]),
        ("wrong-filter", vec!["check", "notes", "-E", "op(TagNote) & consraint(length)"]),
        ("unknown-fault", vec!["serve", "notes", "--fault", "nothing"]),
    ] {
        let ran = run(directory.path(), &arguments);
        assert_eq!(ran.code, 2, "{arguments:?}\n{}", ran.all());
        snapshot!(name, ran.all());
    }
}

#[test]
fn an_unknown_key_warns_and_the_work_goes_on() {
    let directory = project();
    let text = "sources = [\"scenarios/notes.contract.json\"]\nendpont = \"embedded\"\n";
    std::fs::write(directory.path().join("unknown.toml"), text).expect("written");
    let ran = run(directory.path(), &["cases", "unknown.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.err.contains("warning: unknown key `endpont`") && ran.err.contains("did you mean `endpoint`?"));
}

#[test]
fn an_endpoint_that_refuses_is_exit_3() {
    let directory = project();
    // A port that was free a moment ago, and that nobody listens on.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let ran = run(directory.path(), &["check", "notes", "-e", &url, "--report", "ndjson=out.ndjson"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    snapshot!("refused", ran.all());
    let events = events(&std::fs::read_to_string(directory.path().join("out.ndjson")).expect("written"));
    assert_eq!(events.last().expect("a summary")["event"], "summary");
}

#[test]
fn nothing_to_run_is_exit_4_unless_softened() {
    let directory = project();
    for (how, code) in [("fail", 4), ("warn", 0), ("pass", 0)] {
        let ran = run(directory.path(), &["check", "notes", "-E", "no-such-case", "--no-cases", how]);
        assert_eq!(ran.code, code, "{how}\n{}", ran.all());
        assert_eq!(ran.err.contains("no case is left to run"), how != "pass");
    }
    assert_eq!(run(directory.path(), &["cases", "notes", "-E", "no-such-case"]).code, 4);
}

fn events(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn keys(event: &Json) -> Vec<&str> {
    event.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn results_are_ndjson_in_plan_order() {
    let directory = project();
    let planned = run(directory.path(), &["cases", "notes", "--format", "ndjson"]);
    let planned: Vec<String> =
        events(&planned.out).iter().map(|case| case["id"].as_str().expect("an id").to_owned()).collect();
    let mut seen: Option<Vec<Json>> = None;
    for workers in ["1", "7"] {
        let ran =
            run(directory.path(), &["check", "notes", "--workers", workers, "--report", "ndjson=-", "--run-id", "r1"]);
        assert_eq!(ran.code, 0, "{}", ran.all());
        let mut events = events(&ran.out);
        let ids: Vec<&str> = events
            .iter()
            .filter(|event| event["event"] == "case")
            .map(|event| event["id"].as_str().expect("an id"))
            .collect();
        assert_eq!(ids, planned);
        let first = &events[0];
        assert_eq!(
            keys(first),
            ["event", "format", "version", "scenario", "endpoint", "profile", "seed", "run", "contract", "cases"]
        );
        assert_eq!(first["format"], "overstep-results/1");
        assert_eq!((&first["run"], &first["profile"]), (&"r1".into(), &"embedded".into()));
        assert_eq!(first["cases"], planned.len());
        let case = events
            .iter()
            .find(|event| event["verdict"] == "pass" && event["member"] != Json::Null)
            .expect("one passes");
        let expected = [
            "event",
            "id",
            "scenario",
            "operation",
            "intent",
            "member",
            "constraint",
            "verdict",
            "known",
            "change",
            "observed",
            "documented",
            "snapshot",
            "why",
            "source",
            "millis",
        ];
        assert_eq!(keys(case), expected, "a case that passed has no steps");
        let summary = events.last().expect("a summary");
        let total: u64 = ["pass", "diverges", "unspecified", "not_implemented", "indeterminate", "unsendable"]
            .iter()
            .map(|verdict| summary[verdict].as_u64().expect("a number"))
            .sum();
        assert_eq!(total, planned.len() as u64);
        // Apart from times and the port, the same whatever the number of workers.
        for event in &mut events {
            let event = event.as_object_mut().expect("an object");
            for volatile in ["millis", "seconds", "endpoint", "curl"] {
                event.remove(volatile);
            }
            // Steps hold the port's answers: dates are not kept, so nothing else changes.
        }
        match &seen {
            None => seen = Some(events),
            Some(before) => assert_eq!(before, &events),
        }
    }
}

#[test]
fn junit_counts_what_it_holds() {
    let directory = project();
    let ran = run(directory.path(), &["check", "notes", "--report", "junit=deep/report.xml"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let xml = std::fs::read_to_string(directory.path().join("deep/report.xml")).expect("written");
    let tests: usize = xml
        .split("tests=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a count")
        .parse()
        .expect("a number");
    assert_eq!(xml.matches("<testcase ").count(), tests);
    assert!(xml.trim_end().ends_with("</testsuites>"));
}

#[test]
fn secrets_appear_nowhere() {
    let directory = project();
    let arguments = [
        "check",
        "notes",
        "--secret",
        "key=very-secret-key-1",
        "--report",
        "ndjson=all.ndjson",
        "--report",
        "junit=all.xml",
    ];
    let mut ran = run(directory.path(), &arguments);
    ran.out.push_str(
        &run(directory.path(), &["cases", "notes", "--secret", "key=very-secret-key-1", "--format", "curl"]).out,
    );
    assert!(ran.out.contains("$KEY"), "the key's name stands in its place");
    let mut texts = vec![("output".to_owned(), ran.all())];
    for file in ["all.ndjson", "all.xml", ".overstep/last/results.ndjson", ".overstep/last/run.json"] {
        texts.push((file.to_owned(), std::fs::read_to_string(directory.path().join(file)).expect("written")));
    }
    for (name, text) in texts {
        assert!(!text.contains("very-secret-key-1"), "{name}");
        assert!(!text.contains("nk_reader_key"), "{name}");
    }
}

#[test]
fn curl_lines_can_be_pasted() {
    let directory = project();
    let ran = run(directory.path(), &["cases", "notes", "--format", "curl", "-E", "valid/control/plain"]);
    snapshot!("cases-curl", ran.all());
}

#[test]
fn a_faulty_server_is_caught_and_explained() {
    let directory = project();
    let listed = run(directory.path(), &["serve", "notes", "--list-faults"]);
    assert_eq!(listed.code, 0, "{}", listed.all());
    let fault = listed
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|name| name.starts_with("RenameNote.name.length.max"))
        .expect("the limit on names can be lost")
        .to_owned();
    let mut server = overstep(directory.path(), &["serve", "notes", "--fault", &fault])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let mut url = String::new();
    let stdout = server.stdout.take().expect("it is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut url).expect("it prints its address");
    let ran = run(directory.path(), &["check", "notes", "-e", url.trim(), "-E", "member(name) & constraint(length)"]);
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.out.contains("✗ RenameNote · name · length"), "{}", ran.out);
    assert!(ran.out.contains("rename-note.md:12"), "{}", ran.out);
    assert!(!ran.out.contains("testing overstep itself"), "{}", ran.out);
}

/// A server that takes connections and never answers, and says when the first request came.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_files_and_a_summary() {
    use std::io::Read as _;
    let directory = project();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let arguments = [
        "check",
        "notes",
        "-e",
        &url,
        "--request-timeout",
        "60s",
        "--report",
        "ndjson=all.ndjson",
        "--report",
        "junit=all.xml",
    ];
    let mut running = overstep(directory.path(), &arguments)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut out = running.stdout.take().expect("it is piped");
    // The first connection is only the probe; the one that says something is a case.
    let held: Vec<std::net::TcpStream> = loop {
        let (mut stream, _) = listener.accept().expect("it connects");
        if matches!(stream.read(&mut [0; 1]), Ok(1)) {
            break vec![stream];
        }
    };
    let killed = Command::new("kill").args(["-INT", &running.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
    let status = running.wait().expect("it ends");
    drop(held);
    let mut said = String::new();
    out.read_to_string(&mut said).expect("text");
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.trim_start().starts_with("notes · http://127.0.0.1:"), "{said}");
    assert!(said.contains("incomplete: the run was stopped"), "{said}");
    let events = events(&std::fs::read_to_string(directory.path().join("all.ndjson")).expect("written"));
    assert_eq!(events.last().expect("a summary")["event"], "summary");
    let xml = std::fs::read_to_string(directory.path().join("all.xml")).expect("written");
    assert!(xml.trim_end().ends_with("</testsuites>"), "{xml}");
}

/// The pages that the project was written for, where they are there.
fn shared(path: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs").join(path);
    if path.exists() {
        return Some(path.to_string_lossy().into_owned());
    }
    visible::say(&format!("skipped: `{}` is not there", path.display()));
    None
}

#[test]
fn pages_become_a_contract() {
    let directory = project();
    let Some(page) = shared("connect/API_TagContact.txt") else { return };
    let ran = run(directory.path(), &["ingest", &page]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let contract: Json = serde_json::from_str(&ran.out).expect("JSON and nothing else on standard output");
    assert_eq!(contract["format"], "overstep-contract/1");
    assert_eq!(contract["operations"][0]["http"]["uri"], "/contact/tags");
    let text = run(directory.path(), &["ingest", &page, "--format", "text"]);
    assert!(text.out.contains("POST /contact/tags"), "{}", text.all());
    let ran = run(directory.path(), &["ingest", &page, "-o", "made/a.contract.json", "--only", "TagContact"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.all());
    // What was written can be read again, and says the same.
    let again = run(directory.path(), &["ingest", "made/a.contract.json"]);
    assert_eq!(again.code, 0, "{}", again.all());
    let again: Json = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!(again["shapes"], contract["shapes"]);
    let wrong = run(directory.path(), &["ingest", &page, "--only", "TagContacts"]);
    assert_eq!(wrong.code, 2, "{}", wrong.all());
}

#[test]
fn what_is_no_document_is_refused_with_its_line() {
    let directory = project();
    std::fs::write(directory.path().join("a.contract.json"), "{\"format\": \"overstep-contract/1\",\n \"service\": 5}")
        .expect("written");
    let ran = run(directory.path(), &["ingest", "a.contract.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.all());
    assert!(ran.err.contains("a.contract.json:2"), "{}", ran.err);
}

#[test]
fn pages_that_differ_are_shown_with_both_lines() {
    let directory = project();
    let (Some(one), Some(two)) = (shared("connect/API_TagContact.txt"), shared("connect/tag_contact.rst")) else {
        return;
    };
    let ran = run(directory.path(), &["drift", &one, &two]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.contains("TagContact · errors/InvalidActiveRegionException"), "{}", ran.out);
    assert!(ran.out.contains("tag_contact.rst:"), "{}", ran.out);
    let json: Json =
        serde_json::from_str(&run(directory.path(), &["drift", &one, &two, "--format", "json"]).out).expect("JSON");
    assert_eq!(json["format"], "overstep-drift/1");
    assert!(json["drifts"].as_array().is_some_and(|drifts| !drifts.is_empty()));
    let same = run(directory.path(), &["drift", &one, &one]);
    assert!(same.out.contains("0 contradictions, 0 facts said by one side only"), "{}", same.all());
}

#[test]
fn workflow_in_the_ci_page_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/ci.md")).expect("the page on CI");
    let workflow = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a workflow");
    assert!(workflow.lines().count() < 20, "{workflow}");
    let script = workflow.split("- run: |\n").nth(1).expect("a script");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir_all(&scenarios).expect("made");
    for (from, to) in [("leadlex.toml", "mine.toml"), ("leadlex.contract.json", "leadlex.contract.json")] {
        std::fs::copy(root.join("scenarios").join(from), scenarios.join(to)).expect("copied");
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_overstep")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let summary = directory.path().join("summary.md");
    let ran = std::process::Command::new("sh")
        .args(["-ec", script])
        .current_dir(directory.path())
        .env("PATH", path)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("sh runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let markdown = std::fs::read_to_string(summary).expect("a summary");
    assert!(markdown.contains("## `mine · ") && markdown.contains("| `AddTagsToContact` |"), "{markdown}");
    assert!(directory.path().join("overstep.xml").is_file());
}
