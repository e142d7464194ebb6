//! Runs of `overstep fit` against reference servers with faults, without operations, and without a server.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::command::overstep;
use crate::support::notes_project;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// A reference server that ends with the test.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(directory: &Path, scenario: &str, faults: &[&str]) -> Self {
        let mut arguments = vec!["serve", scenario, "--port", "0"];
        faults.iter().for_each(|fault| arguments.extend(["--fault", fault]));
        let mut command = overstep(directory, &arguments);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("start overstep");
        let mut url = String::new();
        let output = process.stdout.take().expect("stdout is piped");
        BufReader::new(output).read_line(&mut url).expect("the server prints its address");
        assert!(url.starts_with("http://"), "{url}");
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs `fit` and returns its exit code, standard output and standard error, without ports.
fn fit(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = overstep(directory, &[&["fit"], arguments].concat()).output().expect("start overstep");
    let text = |bytes: Vec<u8>| without_ports(&String::from_utf8(bytes).expect("UTF-8 text"));
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("127.0.0.1:00000");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// Replaces the numbers of cases, which grow with every new kind of case.
fn without_counts(text: &str) -> String {
    let mask = |line: &str| match line.split_once(" in ") {
        Some((findings, rest)) if rest.contains(" valid request") => {
            let rest: String = rest.split_inclusive(' ').map(mask_number).collect();
            format!("{findings} in {rest}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(mask).collect()
}

fn mask_number(word: &str) -> &str {
    if word.starts_with(|c: char| c.is_ascii_digit()) { "N " } else { word }
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).expect("write file");
}

const USED_FAULT: &str = "RenameNote.name.length.max+1";
const UNUSED_FAULT: &str = "RenameNote.state.enum.open";

#[test]
fn only_faults_in_what_the_application_uses_are_told() {
    let project = notes_project();
    let directory = project.path();
    let unused = Server::start(directory, "notes", &[UNUSED_FAULT]);
    let both = Server::start(directory, "notes", &[USED_FAULT, UNUSED_FAULT]);
    write(directory, "used.txt", "RenameNote id name\n");
    let (code, out, err) = fit(directory, &["notes", "-e", &unused.url, "--used", "used.txt"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("RenameNote            safe"), "{out}");
    // The member counts as soon as the application sends it.
    write(directory, "all.txt", "RenameNote\n");
    let (code, out, _) = fit(directory, &["notes", "-e", &unused.url, "--used", "all.txt"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("RenameNote · state · enum"), "{out}");
    let (code, out, _) = fit(directory, &["notes", "-e", &unused.url, "-e", &both.url, "--used", "used.txt"]);
    assert_eq!(code, 1, "{out}");
    insta::assert_snapshot!("two_endpoints", without_counts(&out));
    // What the answer names can be sent again.
    let command = out.lines().find_map(|line| line.split_once("reproduce the first: ")).expect("a command").1;
    let filter = command.split('\'').nth(1).expect("a quoted filter");
    let again = overstep(directory, &["check", "notes", "-e", &both.url, "--no-snapshots", "-E", filter]);
    assert_eq!({ again }.output().expect("start overstep").status.code(), Some(1), "{command}");
}

#[test]
fn the_requests_of_a_har_file_tell_members_apart() {
    let project = notes_project();
    let directory = project.path();
    let server = Server::start(directory, "notes", &[UNUSED_FAULT]);
    let har = |body: &str| {
        format!(
            r#"{{"log": {{"entries": [
            {{"request": {{"method": "POST", "url": "http://localhost:3000/v1/notes/n1/name", "headers": [],
              "postData": {{"mimeType": "application/json", "text": "{body}"}}}}}},
            {{"request": {{"method": "GET", "url": "https://cdn.example.com/app.js", "headers": []}}}}]}}}}"#
        )
    };
    write(directory, "name.har", &har(r#"{\"name\": \"a\"}"#));
    write(directory, "state.har", &har(r#"{\"name\": \"a\", \"state\": \"OPEN\"}"#));
    let (code, out, _) = fit(directory, &["-e", &server.url, "--used", "name.har"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("1 operation with 2 members of notes"), "{out}");
    assert!(out.contains("not checked: 1 request without an operation of the scenarios"), "{out}");
    let (code, out, _) = fit(directory, &["-e", &server.url, "--used", "state.har"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("1 operation with 3 members of notes"), "{out}");
}

/// Adds the scenario `small`, whose API has only the first operation.
fn add_small_scenario(directory: &Path) {
    let read = |name: &str| std::fs::read_to_string(directory.join("scenarios").join(name)).expect("read file");
    let mut contract: serde_json::Value = serde_json::from_str(&read("notes.contract.json")).expect("JSON");
    contract["operations"].as_array_mut().expect("a list").truncate(1);
    write(directory, "scenarios/small.contract.json", &contract.to_string());
    write(directory, "scenarios/small.toml", &read("notes.toml").replace("notes.contract", "small.contract"));
}

#[test]
fn an_operation_that_is_not_there_is_not_safe() {
    let project = notes_project();
    let directory = project.path();
    add_small_scenario(directory);
    let small = Server::start(directory, "small", &[]);
    let whole = Server::start(directory, "notes", &[]);
    write(directory, "used.txt", "TagNote\nRenameNote\n");
    let arguments = ["notes", "-e", &small.url, "-e", &whole.url, "--used", "used.txt"];
    let (code, out, _) = fit(directory, &arguments);
    assert_eq!(code, 1, "{out}");
    insta::assert_snapshot!("not_there", without_counts(&out));
    let (code, markdown, _) = fit(directory, &[&arguments[..], &["--format", "markdown"]].concat());
    assert_eq!(code, 1);
    insta::assert_snapshot!("not_there_markdown", without_counts(&markdown));
    let (_, json, _) = fit(directory, &[&arguments[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["format"], "overstep-fit/1");
    let status =
        |endpoint: usize, operation: usize| json["endpoints"][endpoint]["operations"][operation]["status"].clone();
    assert_eq!([status(0, 0), status(0, 1), status(1, 0), status(1, 1)], ["safe", "not-there", "safe", "safe"]);
}

#[test]
fn endpoints_that_are_not_reached_are_never_safe() {
    let project = notes_project();
    write(project.path(), "used.txt", "TagNote\nRenameNote\n");
    // Nothing listens on this port.
    let (code, out, _) = fit(project.path(), &["notes", "-e", "http://127.0.0.1:1", "--used", "used.txt"]);
    assert_eq!(code, 3, "{out}");
    assert_eq!(out.matches("not reached\n").count(), 2, "{out}");
    assert!(out.contains("not reached: TagNote, RenameNote: the endpoint could not be reached"), "{out}");
}

/// An API whose one operation needs nothing that exists.
const PLAIN_CONTRACT: &str = r#"{"format": "overstep-contract/1", "service": "plain", "protocol": "restJson",
    "operations": [{"name": "CreateNote", "http": {"method": "POST", "uri": "/notes", "success": 201},
      "input": "CreateNoteRequest", "errors": ["bad_note"], "sources": [{"document": "notes.md", "line": 1}]}],
    "errors": [{"name": "bad_note", "status": 400, "role": "invalid-input"}],
    "shapes": {"CreateNoteRequest": {"type": "structure", "members": {
      "title": {"shape": "Title", "required": true, "location": "body"}}},
      "Title": {"type": "string", "length": {"min": 1, "max": 20}}}}"#;

#[test]
fn sources_need_no_scenario() {
    let project = notes_project();
    let directory = project.path();
    write(directory, "scenarios/plain.toml", "sources = [\"plain.contract.json\"]\n");
    write(directory, "scenarios/plain.contract.json", PLAIN_CONTRACT);
    let server = Server::start(directory, "plain", &["CreateNote.title.length.max+1"]);
    write(directory, "used.txt", "CreateNote\n");
    let source = "scenarios/plain.contract.json";
    let (code, out, err) = fit(directory, &["--source", source, "-e", &server.url, "--used", "used.txt"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("CreateNote · title · length [OV203]"), "{out}");
    assert!(out.contains("overstep init plain --source scenarios/plain.contract.json -e"), "{out}");
    assert!(!directory.join(".overstep").exists(), "nothing is written");
}

#[test]
fn command_lines_and_recordings_that_do_not_fit_are_explained() {
    let project = notes_project();
    let directory = project.path();
    write(directory, "names.txt", "TagNotes\nRenameNote nam\n");
    write(directory, "other.txt", "sqs:SendMessage\ns3:PutObject\n");
    write(directory, "unknown.json", "{\"a\": 1}");
    write(directory, "tag.txt", "TagNote\n");
    let mut shown = String::new();
    for line in [
        "notes -e embedded",
        "notes -e embedded --used missing.txt",
        "notes -e embedded --used names.txt",
        "notes -e embedded --used other.txt",
        "notes -e embedded --used unknown.json",
        "notes -e embedded --used tag.txt --report junit=x.xml",
        "notes -e embedded --used tag.txt --source openapi.yaml",
        "notes -e nowhere --used tag.txt",
        "--source scenarios/notes.contract.json --used tag.txt",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (code, out, err) = fit(directory, &words);
        assert_eq!((code, out.as_str()), (2, ""), "{line}: {err}");
        shown.push_str(&format!("$ overstep fit {line}\n{}", err.replace(" |\n", "")));
    }
    let shown = shown.replace(&directory.display().to_string(), "DIR");
    insta::assert_snapshot!("usage_errors", shown);
}

#[test]
fn a_long_list_of_unknown_names_is_told_in_a_few_lines() {
    let project = notes_project();
    let names: String = (0..200_000).map(|number| format!("Unknown{number}\n")).collect();
    write(project.path(), "names.txt", &names);
    let (code, _, err) = fit(project.path(), &["notes", "-e", "embedded", "--used", "names.txt"]);
    assert_eq!(code, 2);
    assert!(err.contains("199980 more unknown names in `names.txt`"), "{err}");
    assert!(err.lines().count() < 100, "{err}");
}

#[test]
fn what_another_application_accepted_still_differs() {
    let project = notes_project();
    let directory = project.path();
    let server = Server::start(directory, "notes", &[USED_FAULT]);
    write(directory, "overstep.toml", &format!("[endpoints.mine]\nurl = \"{}\"\n", server.url));
    std::fs::create_dir(directory.join("scenarios/notes.known")).expect("create directory");
    let known = "[[known]]\ncases = [\"notes/RenameNote/name/length/*\"]\nobserved = \"200\"\nreason = \"x\"\n";
    write(directory, "scenarios/notes.known/mine.toml", known);
    write(directory, "used.txt", "RenameNote\n");
    let check = overstep(directory, &["check", "notes", "-e", "mine", "--no-snapshots"]).output();
    assert_eq!(check.expect("start overstep").status.code(), Some(0), "the divergence is known");
    let (code, out, _) = fit(directory, &["notes", "-e", "mine", "--used", "used.txt"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("RenameNote            differs here (1)*"), "{out}");
}
