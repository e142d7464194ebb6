//! The first command: a scenario from a document, wherever it is.

use crate::support::command::overstep;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

const NOTES: &str = include_str!("notes.yaml");

/// Runs a command without any variable for credentials, and returns its exit code and its output.
fn run(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = overstep(directory, arguments);
    command.env_remove("API_KEY");
    for (name, value) in variables {
        command.env(name, value);
    }
    let output = command.output().expect("the command runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}

/// Serves a document at one path, and 404 or 401 elsewhere: notes are listed for callers with a key only. Returns the
/// address and the paths that were asked for.
fn serve(path: &'static str, document: &'static str) -> (SocketAddr, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let is_authorized = head.to_ascii_lowercase().contains("authorization: bearer key-0123456789");
            let (status, body) = match target.as_str() {
                target if target == path => ("200 OK", document),
                _ if is_authorized => ("404 Not Found", "{}"),
                _ => ("401 Unauthorized", "{}"),
            };
            let _ = sender.send(format!("{target} {is_authorized}"));
            let length = body.len();
            let response = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(response.as_bytes());
        }
    });
    (address, receiver)
}

#[test]
fn a_scenario_is_written_without_a_folder_for_scenarios() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    std::fs::create_dir(root.join("docs")).expect("created");
    std::fs::write(root.join("docs/openapi.yaml"), NOTES).expect("written");
    for (name, source) in [("one", "docs/openapi.yaml"), ("two", "./docs/*.yaml"), ("three", "docs/**/*.yaml")] {
        let (code, text) = run(root, &["init", name, "--source", source], &[]);
        assert_eq!(code, 0, "{text}");
        for line in [
            "5 operations of notes",
            "documented limits: enum 2, length ",
            "overstep ingest --format text",
            "4 operations need them; set the environment variable API_KEY",
            &format!("next: overstep doctor {name} -e URL"),
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        let last = text.lines().rev().find(|line| !line.is_empty()).expect("a line");
        assert!(last.starts_with("next: "), "{text}");
        std::fs::remove_dir_all(root.join("scenarios")).expect("removed");
    }
}

#[test]
fn an_endpoint_is_asked_for_its_document_and_the_key_of_the_environment_is_used() {
    let (address, asked) = serve("/api/v3/api-docs", NOTES);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    let url = format!("http://{address}/api");
    let arguments = ["init", "notes", "-e", &url, "--no-progress"];
    let (code, text) = run(root, &arguments, &[("API_KEY", "key-0123456789")]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("found http://{address}/api/v3/api-docs")), "{text}");
    assert!(text.contains("credentials: taken from the environment variable API_KEY"), "{text}");
    let scenario = std::fs::read_to_string(root.join("scenarios/notes.toml")).expect("a scenario");
    assert!(scenario.contains("sources   = [\"notes.source.yaml\"]"), "{scenario}");
    assert_eq!(std::fs::read_to_string(root.join("scenarios/notes.source.yaml")).expect("stored"), NOTES);
    let asked: Vec<String> = asked.try_iter().collect();
    assert!(asked.iter().any(|one| one.starts_with("/api/notes") && one.ends_with("true")), "{asked:?}");
    assert!(asked.iter().any(|one| one == "/api/openapi.json false"), "{asked:?}");
}

#[test]
fn a_document_behind_a_url_is_fetched_from_this_machine_only() {
    let (address, _asked) = serve("/files/api.yaml", NOTES);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    let url = format!("http://{address}/files/api.yaml");
    let (code, text) = run(root, &["init", "notes", "--source", &url], &[]);
    assert_eq!(code, 0, "{text}");
    assert!(root.join("scenarios/notes.source.yaml").is_file(), "{text}");
    let (code, text) = run(root, &["init", "other", "--source", &format!("http://{address}/nothing")], &[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("did not return a document"), "{text}");
    let (code, text) = run(root, &["init", "remote", "--source", "https://api.example.com/openapi.json"], &[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("--allow-remote"), "{text}");
}

#[test]
fn an_endpoint_without_a_document_is_told_with_what_to_do() {
    let (address, _asked) = serve("/elsewhere", NOTES);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (code, text) = run(directory.path(), &["init", "notes", "-e", &format!("http://{address}")], &[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("serves no OpenAPI document") && text.contains("--source"), "{text}");
}

#[test]
fn formats_that_are_not_read_are_named() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    for (text, message) in [
        ("{\"info\": {\"_postman_id\": \"1\"}, \"item\": []}", "this is a Postman collection, which is not read"),
        ("", "this is an empty file, which is not read"),
        ("#%RAML 1.0\n", "this is a RAML document, which is not read"),
    ] {
        std::fs::write(root.join("api.json"), text).expect("written");
        let (code, output) = run(root, &["ingest", "api.json"], &[]);
        assert_eq!(code, 2, "{output}");
        assert!(output.contains(message), "{output}");
    }
}

#[test]
fn utf_16_is_read() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    for (mark, little) in [(true, true), (false, true), (true, false)] {
        let text = if mark { format!("\u{feff}{NOTES}") } else { NOTES.to_owned() };
        let bytes: Vec<u8> =
            text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect();
        std::fs::write(root.join("api.yaml"), bytes).expect("written");
        let (code, output) = run(root, &["ingest", "--format", "text", "api.yaml"], &[]);
        assert_eq!(code, 0, "{output}");
        assert!(output.contains("createNote") && output.contains("api.yaml:"), "{output}");
    }
}
