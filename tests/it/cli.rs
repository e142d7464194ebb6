//! Runs the binary as a person or a script does, and checks messages, exit codes and files.
//!
//! No test leaves this machine: requests go to the embedded server, or to a port without a listener.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::command;
use crate::support::notes_project;
use crate::support::visible;
use command::overstep;
use insta::assert_snapshot;
use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;

/// Output and exit code of a command.
struct Output {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Output {
    fn all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let output = overstep(directory, arguments).output().expect("start overstep");
    Output {
        stdout: String::from_utf8(output.stdout).expect("UTF-8 text"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 text"),
        code: output.status.code().expect("exit code"),
    }
}

/// Asserts a snapshot after it has replaced everything that changes from run to run.
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
fn help_lists_every_command() {
    let directory = notes_project();
    let output = run(directory.path(), &["--help"]);
    snapshot!("help", output.all());
    snapshot!("help-check", run(directory.path(), &["check", "--help"]).all());
}

#[test]
fn conforming_server_has_no_findings() {
    let directory = notes_project();
    let output = run(directory.path(), &["check"]);
    assert_eq!(output.code, 0, "{}", output.all());
    assert!(output.stdout.starts_with("testing overstep itself"), "{}", output.stdout);
    assert!(output.stdout.contains("0 findings in "), "{}", output.stdout);
    assert!(directory.path().join(".overstep/last/results.ndjson").is_file());
    assert_eq!(std::fs::read_to_string(directory.path().join(".overstep/.gitignore")).expect("read file"), "*\n");
}

#[test]
fn usage_and_configuration_errors_exit_with_2() {
    let directory = notes_project();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("write file");
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
        let output = run(directory.path(), &arguments);
        assert_eq!(output.code, 2, "{arguments:?}\n{}", output.all());
        snapshot!(name, output.all());
    }
}

#[test]
fn unknown_key_is_a_warning_without_strict() {
    let directory = notes_project();
    let text = "sources = [\"scenarios/notes.contract.json\"]\nendpont = \"embedded\"\n";
    std::fs::write(directory.path().join("unknown.toml"), text).expect("write file");
    let output = run(directory.path(), &["cases", "unknown.toml"]);
    assert_eq!(output.code, 0, "{}", output.all());
    assert!(
        output.stderr.contains("warning: unknown key `endpont`") && output.stderr.contains("did you mean `endpoint`?")
    );
}

#[test]
fn unreachable_endpoint_exits_with_3() {
    let directory = notes_project();
    // The port was free a moment ago, so nothing listens on it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind a free port");
    let url = format!("http://{}", listener.local_addr().expect("local address"));
    drop(listener);
    let output = run(directory.path(), &["check", "notes", "-e", &url, "--report", "ndjson=out.ndjson"]);
    assert_eq!(output.code, 3, "{}", output.all());
    snapshot!("refused", output.all());
    let events = events(&std::fs::read_to_string(directory.path().join("out.ndjson")).expect("read file"));
    assert_eq!(events.last().expect("summary event")["event"], "summary");
}

#[test]
fn filter_without_matches_exits_with_4_unless_no_cases_says_otherwise() {
    let directory = notes_project();
    for (how, code) in [("fail", 4), ("warn", 0), ("pass", 0)] {
        let output = run(directory.path(), &["check", "notes", "-E", "no-such-case", "--no-cases", how]);
        assert_eq!(output.code, code, "{how}\n{}", output.all());
        assert_eq!(output.stderr.contains("no case matches"), how != "pass");
    }
    assert_eq!(run(directory.path(), &["cases", "notes", "-E", "no-such-case"]).code, 4);
}

fn events(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn keys(event: &Json) -> Vec<&str> {
    event.as_object().expect("JSON object").keys().map(String::as_str).collect()
}

#[test]
fn ndjson_results_follow_plan_order() {
    let directory = notes_project();
    let planned = run(directory.path(), &["cases", "notes", "--format", "ndjson"]);
    let planned: Vec<String> =
        events(&planned.stdout).iter().map(|case| case["id"].as_str().expect("case id").to_owned()).collect();
    let mut previous: Option<Vec<Json>> = None;
    for workers in ["1", "7"] {
        let output =
            run(directory.path(), &["check", "notes", "--workers", workers, "--report", "ndjson=-", "--run-id", "r1"]);
        assert_eq!(output.code, 0, "{}", output.all());
        let mut events = events(&output.stdout);
        let ids: Vec<&str> = events
            .iter()
            .filter(|event| event["event"] == "case")
            .map(|event| event["id"].as_str().expect("case id"))
            .collect();
        assert_eq!(ids, planned);
        let first = &events[0];
        assert_eq!(
            keys(first)[..10],
            ["event", "format", "version", "scenario", "endpoint", "profile", "seed", "run", "contract", "cases"]
        );
        assert_eq!(keys(first)[10..], ["started", "documents", "scenario_file"]);
        assert_eq!(first["format"], "overstep-results/1");
        assert_eq!((&first["run"], &first["profile"]), (&"r1".into(), &"embedded".into()));
        assert_eq!(first["cases"], planned.len());
        let case = events
            .iter()
            .find(|event| event["verdict"] == "pass" && event["member"] != Json::Null)
            .expect("a case passes");
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
        assert_eq!(keys(case), expected, "a passing case lists no steps");
        let summary = events.last().expect("summary event");
        let total: u64 = ["pass", "diverges", "unspecified", "not_implemented", "indeterminate", "unsendable"]
            .iter()
            .map(|verdict| summary[verdict].as_u64().expect("number"))
            .sum();
        assert_eq!(total, planned.len() as u64);
        // Apart from times and the port, results do not depend on the number of workers.
        for event in &mut events {
            let event = event.as_object_mut().expect("JSON object");
            for volatile in ["millis", "seconds", "endpoint", "curl", "started"] {
                event.remove(volatile);
            }
        }
        match &previous {
            None => previous = Some(events),
            Some(previous) => assert_eq!(previous, &events),
        }
    }
}

#[test]
fn junit_test_count_matches_its_test_cases() {
    let directory = notes_project();
    let output = run(directory.path(), &["check", "notes", "--report", "junit=deep/report.xml"]);
    assert_eq!(output.code, 0, "{}", output.all());
    let xml = std::fs::read_to_string(directory.path().join("deep/report.xml")).expect("read file");
    let tests: usize = xml
        .split("tests=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("`tests` attribute")
        .parse()
        .expect("number");
    assert_eq!(xml.matches("<testcase ").count(), tests);
    assert!(xml.trim_end().ends_with("</testsuites>"));
}

#[test]
fn secrets_appear_in_no_output_and_no_file() {
    let directory = notes_project();
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
    let mut output = run(directory.path(), &arguments);
    output.stdout.push_str(
        &run(directory.path(), &["cases", "notes", "--secret", "key=very-secret-key-1", "--format", "curl"]).stdout,
    );
    assert!(output.stdout.contains("$KEY"), "the variable stands in place of the secret");
    let mut texts = vec![("output".to_owned(), output.all())];
    for file in ["all.ndjson", "all.xml", ".overstep/last/results.ndjson", ".overstep/last/run.json"] {
        texts.push((file.to_owned(), std::fs::read_to_string(directory.path().join(file)).expect("read file")));
    }
    for (name, text) in texts {
        assert!(!text.contains("very-secret-key-1"), "{name}");
        assert!(!text.contains("nk_reader_key"), "{name}");
    }
}

#[test]
fn cases_are_printed_as_curl_commands() {
    let directory = notes_project();
    let output = run(directory.path(), &["cases", "notes", "--format", "curl", "-E", "valid/control/plain"]);
    snapshot!("cases-curl", output.all());
}

#[test]
fn dropped_limit_is_found_with_its_document_line() {
    let directory = notes_project();
    let listed = run(directory.path(), &["serve", "notes", "--list-faults"]);
    assert_eq!(listed.code, 0, "{}", listed.all());
    let fault = listed
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|name| name.starts_with("RenameNote.name.length.max"))
        .expect("a fault drops the length limit of `name`")
        .to_owned();
    let mut server = overstep(directory.path(), &["serve", "notes", "--fault", &fault])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("start overstep");
    let mut url = String::new();
    let stdout = server.stdout.take().expect("stdout is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut url).expect("read the server's address");
    let output =
        run(directory.path(), &["check", "notes", "-e", url.trim(), "-E", "member(name) & constraint(length)"]);
    server.kill().expect("kill the server");
    server.wait().expect("wait for the process");
    assert_eq!(output.code, 1, "{}", output.all());
    assert!(output.stdout.contains("✗ RenameNote · name · length"), "{}", output.stdout);
    assert!(output.stdout.contains("rename-note.md:12"), "{}", output.stdout);
    assert!(!output.stdout.contains("testing overstep itself"), "{}", output.stdout);
}

#[cfg(unix)]
#[test]
fn findings_of_the_last_run_are_listed_with_all_that_they_explain() {
    let directory = notes_project();
    let report = |arguments: &[&str]| run(directory.path(), &[&["report", "last"], arguments].concat());
    assert_eq!(report(&[]).code, 2, "there is no run yet");
    let url = crate::loopback::serve_json(|_, _, _| (200, serde_json::json!({"tags": ["a"]})));
    run(directory.path(), &["check", "notes", "-e", &format!("http://{url}"), "--report", "ndjson=r.ndjson"]);
    let results = events(&std::fs::read_to_string(directory.path().join("r.ndjson")).expect("read file"));
    let findings: Vec<&Json> = results.iter().filter(|event| event["event"] == "finding").collect();
    assert!(findings.len() > 2, "{results:?}");
    let list = report(&[]);
    assert_eq!((list.code, list.stdout.lines().count()), (0, findings.len() + 1), "{}", list.all());
    for (index, finding) in findings.iter().enumerate() {
        let one = report(&["--finding", &(index + 1).to_string()]);
        assert_eq!(one.code, 0, "{}", one.all());
        for id in finding["case_ids"].as_array().expect("a list") {
            assert!(one.stdout.contains(id.as_str().expect("a text")), "{id}: {}", one.stdout);
        }
        for part in finding["explains"].as_array().expect("a list") {
            let place = ["operation", "member", "constraint"].map(|name| part[name].as_str().expect("a text"));
            assert!(one.stdout.contains(&place.join(" · ")), "{part}: {}", one.stdout);
        }
    }
    let missing = report(&["--finding", &(findings.len() + 1).to_string()]);
    assert!(missing.code == 2 && missing.stderr.contains("the last run has no finding"), "{}", missing.all());
    assert_eq!(report(&["--finding", "0"]).code, 2);
}

#[test]
fn interrupted_run_writes_complete_reports_and_a_summary() {
    use std::io::Read as _;
    let directory = notes_project();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind a free port");
    let url = format!("http://{}", listener.local_addr().expect("local address"));
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
        .expect("start overstep");
    let mut pipe = running.stdout.take().expect("stdout is piped");
    // The first connection is only the probe; the first one that sends bytes belongs to a case.
    let open_connection = loop {
        let (mut stream, _) = listener.accept().expect("accept a connection");
        if matches!(stream.read(&mut [0; 1]), Ok(1)) {
            break stream;
        }
    };
    let killed = Command::new("kill").args(["-INT", &running.id().to_string()]).status().expect("run kill");
    assert!(killed.success());
    let status = running.wait().expect("wait for the process");
    drop(open_connection);
    let mut stdout = String::new();
    pipe.read_to_string(&mut stdout).expect("UTF-8 text");
    assert_eq!(status.code(), Some(3), "{stdout}");
    assert!(stdout.trim_start().starts_with("notes · http://127.0.0.1:"), "{stdout}");
    assert!(stdout.contains("incomplete: the run was stopped"), "{stdout}");
    let events = events(&std::fs::read_to_string(directory.path().join("all.ndjson")).expect("read file"));
    assert_eq!(events.last().expect("summary event")["event"], "summary");
    let xml = std::fs::read_to_string(directory.path().join("all.xml")).expect("read file");
    assert!(xml.trim_end().ends_with("</testsuites>"), "{xml}");
}

/// Returns the path of a page that is not part of the repository, or `None` where it is missing.
fn shared_page(path: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs").join(path);
    if path.exists() {
        return Some(path.to_string_lossy().into_owned());
    }
    visible::say(&format!("skipped: `{}` is missing", path.display()));
    None
}

#[test]
fn ingest_writes_a_contract_that_can_be_read_again() {
    let directory = notes_project();
    let Some(page) = shared_page("connect/API_TagContact.txt") else { return };
    let output = run(directory.path(), &["ingest", &page]);
    assert_eq!(output.code, 0, "{}", output.all());
    let contract: Json = serde_json::from_str(&output.stdout).expect("standard output is JSON");
    assert_eq!(contract["format"], "overstep-contract/1");
    assert_eq!(contract["operations"][0]["http"]["uri"], "/contact/tags");
    let text = run(directory.path(), &["ingest", &page, "--format", "text"]);
    assert!(text.stdout.contains("POST /contact/tags"), "{}", text.all());
    let output = run(directory.path(), &["ingest", &page, "-o", "made/a.contract.json", "--only", "TagContact"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{}", output.all());
    let again = run(directory.path(), &["ingest", "made/a.contract.json"]);
    assert_eq!(again.code, 0, "{}", again.all());
    let again: Json = serde_json::from_str(&again.stdout).expect("valid JSON");
    assert_eq!(again["shapes"], contract["shapes"]);
    let wrong = run(directory.path(), &["ingest", &page, "--only", "TagContacts"]);
    assert_eq!(wrong.code, 2, "{}", wrong.all());
}

#[test]
fn invalid_contract_is_rejected_with_its_line() {
    let directory = notes_project();
    std::fs::write(directory.path().join("a.contract.json"), "{\"format\": \"overstep-contract/1\",\n \"service\": 5}")
        .expect("write file");
    let output = run(directory.path(), &["ingest", "a.contract.json"]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{}", output.all());
    assert!(output.stderr.contains("a.contract.json:2"), "{}", output.stderr);
}

#[test]
fn drift_shows_contradictions_between_two_pages() {
    let directory = notes_project();
    let (Some(one), Some(two)) = (shared_page("connect/API_TagContact.txt"), shared_page("connect/tag_contact.rst"))
    else {
        return;
    };
    let output = run(directory.path(), &["drift", &one, &two]);
    assert_eq!(output.code, 0, "{}", output.all());
    assert!(output.stdout.contains("TagContact · errors/InvalidActiveRegionException"), "{}", output.stdout);
    assert!(output.stdout.contains("tag_contact.rst:"), "{}", output.stdout);
    let json: Json = serde_json::from_str(&run(directory.path(), &["drift", &one, &two, "--format", "json"]).stdout)
        .expect("valid JSON");
    assert_eq!(json["format"], "overstep-drift/1");
    assert!(json["drifts"].as_array().is_some_and(|drifts| !drifts.is_empty()));
    let same = run(directory.path(), &["drift", &one, &one]);
    assert!(same.stdout.contains("0 contradictions, 0 facts stated by one source only"), "{}", same.all());
}

#[test]
fn workflow_in_ci_docs_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/ci.md")).expect("read docs/ci.md");
    let workflow = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("YAML block");
    assert!(workflow.lines().count() < 20, "{workflow}");
    let script = workflow.split("- run: |\n").nth(1).expect("`run` step");
    let directory = tempfile::tempdir().expect("create temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir_all(&scenarios).expect("create directory");
    for (from, to) in [("leadlex.toml", "mine.toml"), ("leadlex.contract.json", "leadlex.contract.json")] {
        std::fs::copy(root.join("scenarios").join(from), scenarios.join(to)).expect("copy file");
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_overstep")).parent().expect("directory");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let summary = directory.path().join("summary.md");
    let output = std::process::Command::new("sh")
        .args(["-ec", script])
        .current_dir(directory.path())
        .env("PATH", path)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("run sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let markdown = std::fs::read_to_string(summary).expect("summary event");
    assert!(markdown.contains("## `mine · ") && markdown.contains("| `AddTagsToContact` |"), "{markdown}");
    assert!(directory.path().join("overstep.xml").is_file());
}
