//! Every resource that a run creates is deleted again, whatever happens, and no other resource is.
//!
//! The server runs on threads of this process and records which resources exist.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::loopback;
use loopback::{read_request, serve};
use std::collections::BTreeSet;
use std::io::{BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Resources of the server, and counts of requests.
#[derive(Default)]
struct Resources {
    existing: BTreeSet<String>,
    created: BTreeSet<String>,
    deleted: Vec<String>,
    requests: u64,
    judged_requests: u64,
}

/// Faults of the server.
#[derive(Clone, Copy, Default)]
struct Faults {
    /// Every n-th request fails if it is a creation.
    failing_creations: Option<u64>,
    /// Every n-th judged request gets no response.
    missing_responses: Option<u64>,
    /// Deleting notes fails.
    failing_deletions: bool,
}

fn server(faults: Faults) -> (SocketAddr, Arc<Mutex<Resources>>) {
    let resources = Arc::new(Mutex::new(Resources::default()));
    // These resources exist before the run.
    resources
        .lock()
        .expect("lock is not poisoned")
        .existing
        .extend(["notes/existing".to_owned(), "folders/existing".to_owned()]);
    let shared = Arc::clone(&resources);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, body)) = read_request(&mut reader) {
            let Some((status, body)) = respond(&shared, faults, &head, &body) else { return };
            let response = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.write_all(response.as_bytes()).is_err() {
                return;
            }
        }
    });
    (address, resources)
}

fn respond(resources: &Mutex<Resources>, faults: Faults, head: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut words = head.split(' ');
    let (method, path) = (words.next()?, words.next()?.trim_start_matches("/v1/"));
    let mut resources = resources.lock().expect("lock is not poisoned");
    resources.requests += 1;
    let number = resources.requests;
    let every = |nth: Option<u64>, number: u64| nth.is_some_and(|nth| number.is_multiple_of(nth));
    match (method, path.matches('/').count()) {
        ("POST", 0) => {
            let folder = String::from_utf8_lossy(body).split('"').nth(3).map(|id| format!("folders/{id}"));
            if every(faults.failing_creations, number)
                || (path == "notes" && !folder.is_some_and(|id| resources.existing.contains(&id)))
            {
                return Some((500, "{}".to_owned()));
            }
            let resource = format!("{path}/{number}");
            resources.existing.insert(resource.clone());
            resources.created.insert(resource);
            Some((201, format!("{{\"data\":{{\"id\":\"{number}\"}}}}")))
        }
        ("DELETE", 1) if faults.failing_deletions && path.starts_with("notes") => Some((500, "{}".to_owned())),
        ("DELETE", 1) => {
            resources.deleted.push(path.to_owned());
            let existed = resources.existing.remove(path);
            Some((if existed { 204 } else { 404 }, String::new()))
        }
        _ => {
            resources.judged_requests += 1;
            if every(faults.missing_responses, resources.judged_requests) {
                return None;
            }
            Some((200, "{}".to_owned()))
        }
    }
}

fn project(address: SocketAddr) -> TempDir {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("create directory");
    let notes = include_str!("notes/notes.toml")
        .replace("id = \"{NoteId}\"", "id = \"{note.id}\"")
        .replace("\"embedded\"", &format!("\"http://{address}\""));
    let fixtures = "
[fixtures.note]
create = { request = \"POST /v1/notes\", json = { folder = \"{folder.id}\" }, status = 201 }
capture = { id = \"data.id\" }
delete = { request = \"DELETE /v1/notes/{note.id}\" }
[fixtures.folder]
create = [
  { request = \"POST /v1/shelves\", capture = { shelf = \"data.id\" } },
  { request = \"POST /v1/folders\", json = { shelf = \"{folder.shelf}\" }, capture = { id = \"data.id\" } },
]
delete = [{ request = \"DELETE /v1/folders/{folder.id}\" }, { request = \"DELETE /v1/shelves/{folder.shelf}\" }]
";
    std::fs::write(scenarios.join("notes.toml"), format!("{notes}{fixtures}")).expect("write file");
    std::fs::write(scenarios.join("notes.contract.json"), include_str!("notes/notes.contract.json"))
        .expect("write file");
    directory
}

fn command(directory: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overstep"));
    command.current_dir(directory.path()).args(["check", "--request-timeout", "500ms"]).args(arguments);
    command.env_clear().env("HOME", directory.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn all_output(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Asserts that the server has only the resources that existed before the run.
fn assert_clean(resources: &Mutex<Resources>, context: &str) {
    let resources = resources.lock().expect("lock is not poisoned");
    let before: BTreeSet<String> = ["notes/existing".to_owned(), "folders/existing".to_owned()].into();
    assert_eq!(resources.existing, before, "{context}");
    assert!(resources.created.iter().any(|resource| resource.starts_with("notes/")), "{context}");
    assert!(resources.deleted.iter().all(|resource| resources.created.contains(resource)), "{context}");
}

#[test]
fn all_created_resources_are_deleted() {
    let failing_creations = Faults { failing_creations: Some(5), ..Faults::default() };
    let missing_responses = Faults { missing_responses: Some(9), ..Faults::default() };
    for (faults, arguments) in [
        (Faults::default(), vec![]),
        (Faults::default(), vec!["-E", "op(TagNote) & length"]),
        (Faults::default(), vec!["--max-failures", "1"]),
        (failing_creations, vec![]),
        (missing_responses, vec!["-E", "op(RenameNote)"]),
    ] {
        let (address, resources) = server(faults);
        let directory = project(address);
        let output = command(&directory, &arguments).output().expect("start overstep");
        let text = format!("{arguments:?}\n{}", all_output(&output));
        assert_clean(&resources, &text);
        assert!(!text.contains("cleanup failed"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn all_created_resources_are_deleted_after_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let (address, resources) = server(Faults::default());
        let directory = project(address);
        let child = command(&directory, &["--rate-limit", "300/s"]).spawn().expect("start overstep");
        while resources.lock().expect("lock is not poisoned").created.len() < 40 {
            std::thread::yield_now();
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("run kill").success());
        let output = child.wait_with_output().expect("wait for the process");
        let text = all_output(&output);
        assert!(text.contains("the run was stopped"), "{text}");
        assert_clean(&resources, &text);
    }
}

#[test]
fn failed_deletions_are_reported_once() {
    let (address, resources) = server(Faults { failing_deletions: true, ..Faults::default() });
    let directory = project(address);
    let output = command(&directory, &["-E", "valid/control", "--report", "ndjson=out.ndjson"])
        .output()
        .expect("start overstep");
    let text = all_output(&output);
    let leaked = resources
        .lock()
        .expect("lock is not poisoned")
        .existing
        .iter()
        .filter(|resource| resource.starts_with("notes/"))
        .count()
        - 1;
    assert!(leaked > 0);
    assert_eq!(text.matches("cleanup failed").count(), 1, "{text}");
    assert!(text.contains("`DELETE /v1/notes/{note.id}`: status 500"), "{text}");
    let lines = std::fs::read_to_string(directory.path().join("out.ndjson")).expect("read file");
    assert!(lines.contains(&format!("\"left\":{{\"cases\":{leaked},")), "{lines}");
}

#[test]
fn unknown_operation_of_a_fixture_is_reported_with_its_line() {
    let (address, _) = server(Faults::default());
    let directory = project(address);
    let path = directory.path().join("scenarios/notes.toml");
    let toml = std::fs::read_to_string(&path).expect("read file");
    let toml = toml.replace("{ request = \"DELETE /v1/notes/{note.id}\" }", "{ request = \"RenamNote\" }");
    std::fs::write(&path, &toml).expect("write file");
    let output = command(&directory, &[]).output().expect("start overstep");
    let line = toml.lines().position(|line| line.contains("RenamNote")).expect("the line exists") + 1;
    let text = all_output(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("unknown operation `RenamNote`") && text.contains("did you mean `RenameNote`?"), "{text}");
    assert!(text.contains(&format!("notes.toml:{line}")), "{text}");
}
