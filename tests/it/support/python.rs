//! Projects with servers in Python, and operations in botocore's format.

#![allow(dead_code, reason = "each user needs a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use serde_json::{Value as Json, json};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Creates a directory with these files. Prints a line and returns `None` if Python is missing.
pub fn project(files: &[(&str, &str)]) -> Option<TempDir> {
    if Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: python3 is missing");
        return None;
    }
    let directory = tempfile::tempdir().expect("create temporary directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("parent directory")).expect("create directory");
        std::fs::write(path, text).expect("write file");
    }
    Some(directory)
}

/// Returns an operation whose input and output shapes are named after it.
pub fn operation(name: &str, errors: &[&str]) -> Json {
    json!({"name": name, "http": {"method": "POST", "requestUri": "/"},
           "input": {"shape": format!("{name}Request")}, "output": {"shape": format!("{name}Response")},
           "errors": errors.iter().map(|error| json!({"shape": error})).collect::<Vec<_>>()})
}
