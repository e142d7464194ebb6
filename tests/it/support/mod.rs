//! Code that several test modules share: a small contract with a scenario, shipped scenarios, and helpers.

#![allow(dead_code, reason = "each user needs a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests read the project's files")]

pub mod command;
pub mod python;
pub mod schema;
pub mod taker;
pub mod vectors;
pub mod visible;

use overstep::contract::{self, Contract};
use overstep::reference::ServerConfig;
use overstep::scenario::{Credentials, Principal, Scenario, Variable};

/// Returns true if `OVERSTEP_TESTS=full` asks for the long form of a test instead of its fixed sample.
pub fn is_full() -> bool {
    std::env::var_os("OVERSTEP_TESTS").is_some_and(|value| value == "full")
}

/// Returns a contract whose one operation has every kind of constraint.
pub fn contract() -> Contract {
    contract::from_json(include_str!("notes.contract.json")).expect("the test contract is valid")
}

/// Creates a folder with the scenario of the invented service `notes`.
pub fn notes_project() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("create directory");
    let files = [
        ("notes.toml", include_str!("../notes/notes.toml")),
        ("notes.contract.json", include_str!("../notes/notes.contract.json")),
    ];
    for (name, text) in files {
        std::fs::write(scenarios.join(name), text).expect("write file");
    }
    directory
}

/// Compresses bytes with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, bytes).expect("write to memory");
    encoder.finish().expect("write to memory")
}

/// Returns a shipped scenario with its contract, and the reference server's configuration for it.
pub fn shipped(name: &str) -> (Contract, Scenario, ServerConfig) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let text = |file: String| std::fs::read_to_string(folder.join(file)).expect("read shipped scenario");
    let (scenario, warnings) =
        overstep::scenario::read_scenario(name, &text(format!("{name}.toml"))).expect("valid scenario");
    assert!(warnings.is_empty(), "{warnings:?}");
    let contract = contract::from_json(&text(format!("{name}.contract.json"))).expect("valid scenario");
    let config = overstep::session::build_world(&contract, &scenario);
    (contract, scenario, config)
}

/// Returns a scenario for [`contract`] with a principal and another one that lacks a permission.
pub fn scenario() -> Scenario {
    let mut scenario = Scenario::with_name("notes");
    let variable = |value: &str, secret| Variable { value: value.to_owned(), secret };
    scenario.variables.insert("NoteId".into(), variable("note-{case}", false));
    scenario.variables.insert("key".into(), variable("secret-key-1", true));
    scenario.variables.insert("reader_key".into(), variable("secret-key-2", true));
    scenario.use_values.insert("NoteId".into(), "{NoteId}".into());
    scenario.missing_values.insert("NoteId".into(), "note-ffffffffffff".into());
    let bearer = |key: &str, lacks: &[&str]| Principal {
        lacks: lacks.iter().map(|permission| (*permission).to_owned()).collect(),
        ..Principal::new(Credentials::Bearer(key.to_owned()))
    };
    scenario.principals.insert("writer".into(), bearer("{key}", &[]));
    scenario.principals.insert("reader".into(), bearer("{reader_key}", &["notes:write"]));
    scenario.principal = Some("writer".into());
    scenario
}
