//! Runs `overstep export` through the binary, and runs the exported files with pytest, Hurl and bash.
//!
//! No test leaves this machine: requests go to the reference server only.

#![expect(clippy::disallowed_methods, reason = "tests use files and the environment")]

use crate::support::command;
use crate::support::visible;
use command::overstep;
use insta::assert_snapshot;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// Creates a directory with both shipped scenarios, and with a scenario `made` for `notes` that creates its own fixture.
fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("create directory");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for name in ["connect.toml", "connect.contract.json", "leadlex.toml", "leadlex.contract.json"] {
        std::fs::copy(shipped.join(name), scenarios.join(name)).expect("copy file");
    }
    let made = format!(
        "{}\n[fixtures.note]\ncreate = {{ request = \"POST /v1/notes\", json = {{ name = \"{{run}}-{{case}}\" }} }}\n\
         capture = {{ id = \"data.id\" }}\ndelete = {{ request = \"DELETE /v1/notes/{{note.id}}\" }}\n",
        include_str!("notes/notes.toml").replace("id = \"{NoteId}\"", "id = \"{note.id}\"")
    );
    std::fs::write(scenarios.join("made.toml"), made).expect("write file");
    std::fs::write(scenarios.join("notes.contract.json"), include_str!("notes/notes.contract.json"))
        .expect("write file");
    directory
}

fn all_output(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn run(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = overstep(directory, arguments).output().expect("start overstep");
    (output.status.code().expect("exit code"), all_output(&output))
}

/// A reference server that the binary runs; dropping it ends the process.
struct Server(Child, String);

impl Server {
    fn start(directory: &Path, scenario: &str, faults: &[&str]) -> Self {
        let mut arguments = vec!["serve", scenario];
        arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
        let mut server = overstep(directory, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start overstep");
        let mut url = String::new();
        let stdout = server.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut url).expect("read the server's address");
        Self(server, url.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a scenario, and returns the ids of the first `each` cases with this verdict of each member and constraint.
fn check_ids(directory: &Path, scenario: &str, server: &Server, verdict: &str, each: usize) -> Vec<String> {
    let (code, all) =
        run(directory, &["check", scenario, "-e", &server.1, "--run-id", "r1", "--no-snapshots", "--no-progress"]);
    assert!(code != 2 && code != 70, "{all}");
    let text = std::fs::read_to_string(directory.join(".overstep/last/results.ndjson")).expect("saved run");
    let mut ids_by_kind: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in text.lines().map(|line| serde_json::from_str::<Json>(line).expect("an event")) {
        if event["event"] == "case" && event["verdict"] == verdict {
            let id = event["id"].as_str().expect("case id").to_owned();
            let kind: Vec<&str> = id.split('/').take(4).collect();
            ids_by_kind.entry(kind.join("/")).or_default().push(id);
        }
    }
    ids_by_kind.into_values().flat_map(|ids| ids.into_iter().take(each)).collect()
}

fn export(directory: &Path, ids: &[String], format: &str, file: &str) -> (i32, String) {
    let mut arguments = vec!["export", "--format", format, "-o", file];
    arguments.extend(ids.iter().map(String::as_str));
    run(directory, &arguments)
}

/// Creates a command with the environment variables that exported files need.
fn program(name: &str, directory: &Path, server: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(directory).env("OVERSTEP_ENDPOINT", server).env("API_KEY", "wbk_full");
    command.env("READONLY_API_KEY", "wbk_readonly").env("NO_COLOR", "1").env("PYTHONDONTWRITEBYTECODE", "1");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    if let Ok(folder) = std::env::var("OVERSTEP_PYTHON") {
        command.env("PYTHONPATH", folder);
    }
    command
}

/// Returns whether a tool can be run, and prints a line if it cannot.
fn is_available(tool: &str, arguments: &[&str]) -> bool {
    let works = program(tool, Path::new("."), "").args(arguments).output().is_ok_and(|output| output.status.success());
    if !works {
        visible::say(&format!(
            "skipped: `{tool} {}` does not work here, so no exported file is run with it",
            arguments.join(" ")
        ));
    }
    works
}

/// Scenarios with faults that exported files must find.
const FAULTS: [(&str, &[&str]); 2] = [
    ("connect", &["TagContact.Tags(key).length.max.dropped", "TagContact.Tags(value).length.max-1"]),
    ("leadlex", &["AddTagsToContact.tags(item).type.takes-number", "AddTagsToContact.errors.invalid.status-422"]),
];

#[test]
fn pytest_files_fail_only_on_a_faulty_server() {
    if !is_available("python3", &["-m", "pytest", "--version"]) {
        return;
    }
    let directory = project();
    let pytest = |file: &str, server: &Server| {
        let arguments =
            ["-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", "-o", "console_output_style=classic", file];
        let output =
            program("python3", directory.path(), &server.1).args(arguments).output().expect("start the command");
        (output.status.code(), all_output(&output))
    };
    for (scenario, faults) in FAULTS {
        let conforming = Server::start(directory.path(), scenario, &[]);
        let passing = check_ids(directory.path(), scenario, &conforming, "pass", 2);
        assert!(passing.len() >= 30, "{passing:?}");
        assert_eq!(export(directory.path(), &passing, "pytest", "test_passing.py"), (0, String::new()));
        let (code, all) = pytest("test_passing.py", &conforming);
        assert_eq!(code, Some(0), "{all}");
        assert!(all.contains(&format!("{} passed", passing.len())), "{all}");

        let faulty = Server::start(directory.path(), scenario, faults);
        let diverging = check_ids(directory.path(), scenario, &faulty, "diverges", 3);
        assert!(!diverging.is_empty(), "{faults:?}");
        assert_eq!(export(directory.path(), &diverging, "pytest", "test_failing.py"), (0, String::new()));
        let (code, all) = pytest("test_failing.py", &faulty);
        assert_eq!(code, Some(1), "{all}");
        assert!(
            all.contains(&format!("{} failed", diverging.len())) && !all.contains("passed"),
            "{diverging:#?}\n{all}"
        );
        let (code, all) = pytest("test_failing.py", &conforming);
        assert_eq!(code, Some(0), "{all}");
    }
}

#[test]
fn hurl_files_fail_only_on_a_faulty_server() {
    if !is_available("hurl", &["--version"]) {
        return;
    }
    let directory = project();
    let hurl = |file: &str, server: &Server| {
        let mut command = program("hurl", directory.path(), "");
        command.args(["--test", "--continue-on-error", "--variable", &format!("base={}", server.1)]);
        for pair in [
            "AWS_ACCESS_KEY_ID=test",
            "AWS_SECRET_ACCESS_KEY=test",
            "API_KEY=wbk_full",
            "READONLY_API_KEY=wbk_readonly",
        ] {
            command.args(["--variable", pair]);
        }
        let output = command.arg(file).output().expect("start the command");
        (output.status.success(), all_output(&output))
    };
    for (scenario, faults) in FAULTS {
        let conforming = Server::start(directory.path(), scenario, &[]);
        let mut passing = check_ids(directory.path(), scenario, &conforming, "pass", 1);
        passing.truncate(40);
        let exported: Vec<String> = passing
            .into_iter()
            .filter(|id| export(directory.path(), std::slice::from_ref(id), "hurl", "x.hurl").0 == 0)
            .collect();
        assert!(exported.len() >= 20, "{exported:?}");
        assert_eq!(export(directory.path(), &exported, "hurl", "passing.hurl"), (0, String::new()));
        let (success, all) = hurl("passing.hurl", &conforming);
        assert!(success, "{all}");

        let faulty = Server::start(directory.path(), scenario, faults);
        let diverging = check_ids(directory.path(), scenario, &faulty, "diverges", 1);
        let mut failed = 0;
        for id in &diverging {
            if export(directory.path(), std::slice::from_ref(id), "hurl", "failing.hurl").0 != 0 {
                continue;
            }
            let (success, all) = hurl("failing.hurl", &faulty);
            assert!(!success, "{id}: {all}");
            let (success, all) = hurl("failing.hurl", &conforming);
            assert!(success, "{id}: {all}");
            failed += 1;
        }
        assert!(failed > 0, "{diverging:?}");
    }
}

#[test]
fn curl_scripts_fail_only_on_a_faulty_server() {
    if !is_available("curl", &["--version"]) || !is_available("python3", &["--version"]) {
        return;
    }
    let directory = project();
    let bash = |file: &str, server: &Server| {
        let output = program("bash", directory.path(), &server.1).arg(file).output().expect("start the command");
        (output.status.code(), all_output(&output))
    };
    let (scenario, faults) = FAULTS[1];
    let conforming = Server::start(directory.path(), scenario, &[]);
    let passing = check_ids(directory.path(), scenario, &conforming, "pass", 1);
    let exported: Vec<String> = passing
        .into_iter()
        .filter(|id| export(directory.path(), std::slice::from_ref(id), "curl", "x.sh").0 == 0)
        .collect();
    assert!(exported.len() >= 20, "{exported:?}");
    assert_eq!(export(directory.path(), &exported, "curl", "passing.sh"), (0, String::new()));
    let (code, all) = bash("passing.sh", &conforming);
    assert_eq!(code, Some(0), "{all}");
    assert_eq!(all.matches("\n  ok\n").count(), exported.len(), "{all}");

    let faulty = Server::start(directory.path(), scenario, faults);
    let diverging = check_ids(directory.path(), scenario, &faulty, "diverges", 1);
    for id in &diverging {
        assert_eq!(export(directory.path(), std::slice::from_ref(id), "curl", "failing.sh"), (0, String::new()));
        let (code, all) = bash("failing.sh", &faulty);
        assert_eq!(code, Some(1), "{all}");
        let (code, all) = bash("failing.sh", &conforming);
        assert_eq!(code, Some(0), "{all}");
    }
    assert!(!diverging.is_empty());
}

/// Returns the part of a file that belongs to the case, without the code that every file starts with.
fn case_part(text: &str, from: &str) -> String {
    text[text.find(from).unwrap_or_else(|| panic!("`{from}` in {text}"))..].to_owned()
}

#[test]
fn each_format_contains_setup_secrets_and_teardown() {
    let directory = project();
    let server = Server::start(directory.path(), "made", &[]);
    let without_verdict = check_ids(directory.path(), "made", &server, "indeterminate", 1);
    // The server cannot create notes, so the case has no verdict. The exported file contains its set-up nevertheless.
    let id = "made/RenameNote/name/length/above-max".to_owned();
    for (format, from) in [("pytest", "def test_"), ("hurl", "# made/"), ("curl", "# made/")] {
        let (code, all) = export(directory.path(), std::slice::from_ref(&id), format, "out");
        assert_eq!(code, 0, "{without_verdict:?} {all}");
        let text = std::fs::read_to_string(directory.path().join("out")).expect("read file");
        insta::with_settings!({filters => vec![(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT")]}, {
            assert_snapshot!(format, case_part(&text, from));
        });
    }
}

#[test]
fn unsupported_case_is_rejected_with_a_format_that_supports_it() {
    let directory = project();
    let server = Server::start(directory.path(), "leadlex", &[]);
    let ids = check_ids(directory.path(), "leadlex", &server, "pass", 1);
    let racing = ids.iter().find(|id| id.contains("side-by-side")).expect("one").clone();
    for format in ["hurl", "curl"] {
        let (code, all) = export(directory.path(), std::slice::from_ref(&racing), format, "out");
        assert_eq!(code, 2, "{all}");
        assert!(all.contains("concurrent requests") && all.contains("--format pytest"), "{all}");
    }
    let (code, all) = export(directory.path(), &["side-by-sid".to_owned()], "pytest", "out");
    assert_eq!(code, 2, "{all}");
    let (code, all) = export(directory.path(), &["nothing-like-it".to_owned()], "pytest", "out");
    assert!(code == 2 && all.contains("in the last run"), "{all}");
    assert!(!directory.path().join("out").exists());
}
