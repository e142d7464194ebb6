//! What a run makes on a server is taken away again, whatever happens, and nothing else is.
//!
//! The server is a few lines on threads of this process; it counts what exists.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::loopback;
use loopback::{read_request, serve};
use std::collections::BTreeSet;
use std::io::{BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// What the server holds, and what was done to it.
#[derive(Default)]
struct Things {
    here: BTreeSet<String>,
    made: BTreeSet<String>,
    deleted: Vec<String>,
    requests: u64,
    acts: u64,
}

/// How the server behaves.
#[derive(Clone, Copy, Default)]
struct Manners {
    /// Every so many creates fail.
    failing: Option<u64>,
    /// Every so many judged requests are never answered.
    silent: Option<u64>,
    /// Deleting notes fails.
    keeps: bool,
}

fn server(manners: Manners) -> (SocketAddr, Arc<Mutex<Things>>) {
    let things = Arc::new(Mutex::new(Things::default()));
    // Somebody else's.
    things.lock().expect("free").here.extend(["notes/theirs".to_owned(), "folders/theirs".to_owned()]);
    let shared = Arc::clone(&things);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, body)) = read_request(&mut reader) {
            let Some((status, body)) = answer(&shared, manners, &head, &body) else { return };
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    });
    (address, things)
}

fn answer(things: &Mutex<Things>, manners: Manners, head: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut words = head.split(' ');
    let (method, path) = (words.next()?, words.next()?.trim_start_matches("/v1/"));
    let mut things = things.lock().expect("free");
    things.requests += 1;
    let number = things.requests;
    let every = |nth: Option<u64>, number: u64| nth.is_some_and(|nth| number.is_multiple_of(nth));
    match (method, path.matches('/').count()) {
        ("POST", 0) => {
            let folder = String::from_utf8_lossy(body).split('"').nth(3).map(|id| format!("folders/{id}"));
            if every(manners.failing, number)
                || (path == "notes" && !folder.is_some_and(|id| things.here.contains(&id)))
            {
                return Some((500, "{}".to_owned()));
            }
            let thing = format!("{path}/{number}");
            things.here.insert(thing.clone());
            things.made.insert(thing);
            Some((201, format!("{{\"data\":{{\"id\":\"{number}\"}}}}")))
        }
        ("DELETE", 1) if manners.keeps && path.starts_with("notes") => Some((500, "{}".to_owned())),
        ("DELETE", 1) => {
            things.deleted.push(path.to_owned());
            let was = things.here.remove(path);
            Some((if was { 204 } else { 404 }, String::new()))
        }
        _ => {
            things.acts += 1;
            if every(manners.silent, things.acts) {
                return None;
            }
            Some((200, "{}".to_owned()))
        }
    }
}

fn project(address: SocketAddr) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("made");
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
    std::fs::write(scenarios.join("notes.toml"), format!("{notes}{fixtures}")).expect("written");
    std::fs::write(scenarios.join("notes.contract.json"), include_str!("notes/notes.contract.json")).expect("written");
    directory
}

fn command(directory: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overstep"));
    command.current_dir(directory.path()).args(["check", "--request-timeout", "500ms"]).args(arguments);
    command.env_clear().env("HOME", directory.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Nothing of ours is left, and nothing of theirs was touched.
fn assert_clean(things: &Mutex<Things>, said: &str) {
    let things = things.lock().expect("free");
    let theirs: BTreeSet<String> = ["notes/theirs".to_owned(), "folders/theirs".to_owned()].into();
    assert_eq!(things.here, theirs, "{said}");
    assert!(things.made.iter().any(|thing| thing.starts_with("notes/")), "{said}");
    assert!(things.deleted.iter().all(|thing| things.made.contains(thing)), "{said}");
}

#[test]
fn nothing_stays_after_a_run_of_any_kind() {
    let failing = Manners { failing: Some(5), ..Manners::default() };
    let silent = Manners { silent: Some(9), ..Manners::default() };
    for (manners, arguments) in [
        (Manners::default(), vec![]),
        (Manners::default(), vec!["-E", "op(TagNote) & length"]),
        (Manners::default(), vec!["--max-failures", "1"]),
        (failing, vec![]),
        (silent, vec!["-E", "op(RenameNote)"]),
    ] {
        let (address, things) = server(manners);
        let directory = project(address);
        let output = command(&directory, &arguments).output().expect("it starts");
        let said = format!("{arguments:?}\n{}", text(&output));
        assert_clean(&things, &said);
        assert!(!said.contains("left behind"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn nothing_stays_after_ctrl_c() {
    for signal in ["-INT", "-TERM"] {
        let (address, things) = server(Manners::default());
        let directory = project(address);
        let child = command(&directory, &["--rate-limit", "300/s"]).spawn().expect("it starts");
        while things.lock().expect("free").made.len() < 40 {
            std::thread::yield_now();
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
        let output = child.wait_with_output().expect("it ends");
        let said = text(&output);
        assert!(said.contains("the run was stopped"), "{said}");
        assert_clean(&things, &said);
    }
}

#[test]
fn what_cannot_be_taken_away_is_said_once() {
    let (address, things) = server(Manners { keeps: true, ..Manners::default() });
    let directory = project(address);
    let output =
        command(&directory, &["-E", "valid/control", "--report", "ndjson=out.ndjson"]).output().expect("it starts");
    let said = text(&output);
    let kept = things.lock().expect("free").here.iter().filter(|thing| thing.starts_with("notes/")).count() - 1;
    assert!(kept > 0);
    assert_eq!(said.matches("left behind:").count(), 1, "{said}");
    assert!(said.contains("`DELETE /v1/notes/{note.id}`: status 500"), "{said}");
    let lines = std::fs::read_to_string(directory.path().join("out.ndjson")).expect("written");
    assert!(lines.contains(&format!("\"left\":{{\"cases\":{kept},")), "{lines}");
}

#[test]
fn an_operation_that_does_not_exist_is_named_with_its_line() {
    let (address, _) = server(Manners::default());
    let directory = project(address);
    let path = directory.path().join("scenarios/notes.toml");
    let toml = std::fs::read_to_string(&path).expect("there");
    let toml = toml.replace("{ request = \"DELETE /v1/notes/{note.id}\" }", "{ request = \"RenamNote\" }");
    std::fs::write(&path, &toml).expect("written");
    let output = command(&directory, &[]).output().expect("it starts");
    let line = toml.lines().position(|line| line.contains("RenamNote")).expect("there") + 1;
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no operation `RenamNote`") && said.contains("did you mean `RenameNote`?"), "{said}");
    assert!(said.contains(&format!("notes.toml:{line}")), "{said}");
}
