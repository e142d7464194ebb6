//! `overstep export` as a person meets it: files for pytest, Hurl and bash that are really run.
//!
//! Everything here talks to nothing but overstep's own server on this machine.

#![expect(clippy::disallowed_methods, reason = "a test may look at files and the environment")]

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

/// A directory with both shipped scenarios, and one of `notes` that makes what it needs itself.
fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("made");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for name in ["connect.toml", "connect.contract.json", "leadlex.toml", "leadlex.contract.json"] {
        std::fs::copy(shipped.join(name), scenarios.join(name)).expect("copied");
    }
    let made = format!(
        "{}\n[fixtures.note]\ncreate = {{ request = \"POST /v1/notes\", json = {{ name = \"{{run}}-{{case}}\" }} }}\n\
         capture = {{ id = \"data.id\" }}\ndelete = {{ request = \"DELETE /v1/notes/{{note.id}}\" }}\n",
        include_str!("notes/notes.toml").replace("id = \"{NoteId}\"", "id = \"{note.id}\"")
    );
    std::fs::write(scenarios.join("made.toml"), made).expect("written");
    std::fs::write(scenarios.join("notes.contract.json"), include_str!("notes/notes.contract.json")).expect("written");
    directory
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn run(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = overstep(directory, arguments).output().expect("it starts");
    (output.status.code().expect("it ends by itself"), told(&output))
}

/// The reference server through the binary; ended when dropped.
struct Server(Child, String);

impl Server {
    fn start(directory: &Path, scenario: &str, faults: &[&str]) -> Self {
        let mut arguments = vec!["serve", scenario];
        arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
        let mut server =
            overstep(directory, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut url = String::new();
        let stdout = server.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).expect("it prints its address");
        Self(server, url.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a scenario, and returns the ids that had this verdict: the first ones of each member and constraint.
fn checked(directory: &Path, scenario: &str, server: &Server, verdict: &str, each: usize) -> Vec<String> {
    let (code, all) =
        run(directory, &["check", scenario, "-e", &server.1, "--run-id", "r1", "--no-snapshots", "--no-progress"]);
    assert!(code != 2 && code != 70, "{all}");
    let text = std::fs::read_to_string(directory.join(".overstep/last/results.ndjson")).expect("kept");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in text.lines().map(|line| serde_json::from_str::<Json>(line).expect("an event")) {
        if event["event"] == "case" && event["verdict"] == verdict {
            let id = event["id"].as_str().expect("an id").to_owned();
            let kind: Vec<&str> = id.split('/').take(4).collect();
            found.entry(kind.join("/")).or_default().push(id);
        }
    }
    found.into_values().flat_map(|ids| ids.into_iter().take(each)).collect()
}

fn export(directory: &Path, ids: &[String], format: &str, file: &str) -> (i32, String) {
    let mut arguments = vec!["export", "--format", format, "-o", file];
    arguments.extend(ids.iter().map(String::as_str));
    run(directory, &arguments)
}

/// A program with what the tests need of the environment, and where to send.
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

/// Whether a tool is there; where it is not, people see that.
fn is_there(tool: &str, arguments: &[&str]) -> bool {
    let found = program(tool, Path::new("."), "").args(arguments).output().is_ok_and(|output| output.status.success());
    if !found {
        visible::say(&format!(
            "skipped: `{tool} {}` does not work here, so that no export is run with it",
            arguments.join(" ")
        ));
    }
    found
}

/// What a fault makes wrong is found by the exported files, and nothing else is.
const FAULTS: [(&str, &[&str]); 2] = [
    ("connect", &["TagContact.Tags(key).length.max.dropped", "TagContact.Tags(value).length.max-1"]),
    ("leadlex", &["AddTagsToContact.tags(item).type.takes-number", "AddTagsToContact.errors.invalid.status-422"]),
];

#[test]
fn pytest_files_pass_on_the_right_server_and_fail_on_the_wrong_one() {
    if !is_there("python3", &["-m", "pytest", "--version"]) {
        return;
    }
    let directory = project();
    let pytest = |file: &str, server: &Server| {
        let arguments =
            ["-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", "-o", "console_output_style=classic", file];
        let output = program("python3", directory.path(), &server.1).args(arguments).output().expect("it starts");
        (output.status.code(), told(&output))
    };
    for (scenario, faults) in FAULTS {
        let right = Server::start(directory.path(), scenario, &[]);
        let kept = checked(directory.path(), scenario, &right, "pass", 2);
        assert!(kept.len() >= 30, "{kept:?}");
        assert_eq!(export(directory.path(), &kept, "pytest", "test_kept.py"), (0, String::new()));
        let (code, all) = pytest("test_kept.py", &right);
        assert_eq!(code, Some(0), "{all}");
        assert!(all.contains(&format!("{} passed", kept.len())), "{all}");

        let wrong = Server::start(directory.path(), scenario, faults);
        let found = checked(directory.path(), scenario, &wrong, "diverges", 3);
        assert!(!found.is_empty(), "{faults:?}");
        assert_eq!(export(directory.path(), &found, "pytest", "test_found.py"), (0, String::new()));
        let (code, all) = pytest("test_found.py", &wrong);
        assert_eq!(code, Some(1), "{all}");
        assert!(all.contains(&format!("{} failed", found.len())) && !all.contains("passed"), "{found:#?}\n{all}");
        let (code, all) = pytest("test_found.py", &right);
        assert_eq!(code, Some(0), "{all}");
    }
}

#[test]
fn hurl_files_pass_on_the_right_server_and_fail_on_the_wrong_one() {
    if !is_there("hurl", &["--version"]) {
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
        let output = command.arg(file).output().expect("it starts");
        (output.status.success(), told(&output))
    };
    for (scenario, faults) in FAULTS {
        let right = Server::start(directory.path(), scenario, &[]);
        let mut kept = checked(directory.path(), scenario, &right, "pass", 1);
        kept.truncate(40);
        let written: Vec<String> = kept
            .into_iter()
            .filter(|id| export(directory.path(), std::slice::from_ref(id), "hurl", "x.hurl").0 == 0)
            .collect();
        assert!(written.len() >= 20, "{written:?}");
        assert_eq!(export(directory.path(), &written, "hurl", "kept.hurl"), (0, String::new()));
        let (success, all) = hurl("kept.hurl", &right);
        assert!(success, "{all}");

        let wrong = Server::start(directory.path(), scenario, faults);
        let found = checked(directory.path(), scenario, &wrong, "diverges", 1);
        let mut failed = 0;
        for id in &found {
            if export(directory.path(), std::slice::from_ref(id), "hurl", "found.hurl").0 != 0 {
                continue;
            }
            let (success, all) = hurl("found.hurl", &wrong);
            assert!(!success, "{id}: {all}");
            let (success, all) = hurl("found.hurl", &right);
            assert!(success, "{id}: {all}");
            failed += 1;
        }
        assert!(failed > 0, "{found:?}");
    }
}

#[test]
fn curl_scripts_pass_on_the_right_server_and_fail_on_the_wrong_one() {
    if !is_there("curl", &["--version"]) || !is_there("python3", &["--version"]) {
        return;
    }
    let directory = project();
    let bash = |file: &str, server: &Server| {
        let output = program("bash", directory.path(), &server.1).arg(file).output().expect("it starts");
        (output.status.code(), told(&output))
    };
    let (scenario, faults) = FAULTS[1];
    let right = Server::start(directory.path(), scenario, &[]);
    let kept = checked(directory.path(), scenario, &right, "pass", 1);
    let written: Vec<String> = kept
        .into_iter()
        .filter(|id| export(directory.path(), std::slice::from_ref(id), "curl", "x.sh").0 == 0)
        .collect();
    assert!(written.len() >= 20, "{written:?}");
    assert_eq!(export(directory.path(), &written, "curl", "kept.sh"), (0, String::new()));
    let (code, all) = bash("kept.sh", &right);
    assert_eq!(code, Some(0), "{all}");
    assert_eq!(all.matches("\n  ok\n").count(), written.len(), "{all}");

    let wrong = Server::start(directory.path(), scenario, faults);
    let found = checked(directory.path(), scenario, &wrong, "diverges", 1);
    for id in &found {
        assert_eq!(export(directory.path(), std::slice::from_ref(id), "curl", "found.sh"), (0, String::new()));
        let (code, all) = bash("found.sh", &wrong);
        assert_eq!(code, Some(1), "{all}");
        let (code, all) = bash("found.sh", &right);
        assert_eq!(code, Some(0), "{all}");
    }
    assert!(!found.is_empty());
}

/// The part of a file that differs from case to case.
fn own_part(text: &str, from: &str) -> String {
    text[text.find(from).unwrap_or_else(|| panic!("`{from}` in {text}"))..].to_owned()
}

#[test]
fn each_format_is_short_and_holds_set_up_secrets_and_teardown() {
    let directory = project();
    let server = Server::start(directory.path(), "made", &[]);
    let known = checked(directory.path(), "made", &server, "indeterminate", 1);
    // The server does not make notes: the case is known, and its export makes what it needs all the same.
    let id = "made/RenameNote/name/length/above-max".to_owned();
    for (format, from) in [("pytest", "def test_"), ("hurl", "# made/"), ("curl", "# made/")] {
        let (code, all) = export(directory.path(), std::slice::from_ref(&id), format, "out");
        assert_eq!(code, 0, "{known:?} {all}");
        let text = std::fs::read_to_string(directory.path().join("out")).expect("written");
        insta::with_settings!({filters => vec![(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT")]}, {
            assert_snapshot!(format, own_part(&text, from));
        });
    }
}

#[test]
fn what_a_format_cannot_carry_is_refused_with_one_that_can() {
    let directory = project();
    let server = Server::start(directory.path(), "leadlex", &[]);
    let ids = checked(directory.path(), "leadlex", &server, "pass", 1);
    let racing = ids.iter().find(|id| id.contains("side-by-side")).expect("one").clone();
    for format in ["hurl", "curl"] {
        let (code, all) = export(directory.path(), std::slice::from_ref(&racing), format, "out");
        assert_eq!(code, 2, "{all}");
        assert!(all.contains("side by side") && all.contains("--format pytest"), "{all}");
    }
    let (code, all) = export(directory.path(), &["side-by-sid".to_owned()], "pytest", "out");
    assert_eq!(code, 2, "{all}");
    let (code, all) = export(directory.path(), &["nothing-like-it".to_owned()], "pytest", "out");
    assert!(code == 2 && all.contains("the last run has no case"), "{all}");
    assert!(!directory.path().join("out").exists());
}
