//! Folders with servers in Python, and operations as botocore describes them.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "a test may write files")]

use serde_json::{Value as Json, json};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder with these files; none, visibly, where nobody could run a server.
pub fn project(files: &[(&str, &str)]) -> Option<TempDir> {
    if Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: python3 is missing");
        return None;
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    Some(directory)
}

/// An operation that is named in a header, with the shapes of its input and output named after it.
pub fn operation(name: &str, errors: &[&str]) -> Json {
    json!({"name": name, "http": {"method": "POST", "requestUri": "/"},
           "input": {"shape": format!("{name}Request")}, "output": {"shape": format!("{name}Response")},
           "errors": errors.iter().map(|error| json!({"shape": error})).collect::<Vec<_>>()})
}
