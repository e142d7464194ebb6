//! What several test files need: a contract small enough to read, and a scenario for it.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod schema;

use overstep::contract::{self, Contract};
use overstep::scenario::{Credentials, Principal, Scenario, Variable};

/// One operation with every kind of constraint, read as JSON like any other contract.
pub fn contract() -> Contract {
    contract::from_json(include_str!("notes.contract.json")).expect("the test contract is well formed")
}

/// A scenario for [`contract`]: two identifiers, one principal and one that lacks a permission.
pub fn scenario() -> Scenario {
    let mut scenario = Scenario::named("notes");
    let variable = |value: &str, secret| Variable { value: value.to_owned(), secret };
    scenario.variables.insert("NoteId".into(), variable("note-{case}", false));
    scenario.variables.insert("key".into(), variable("secret-key-1", true));
    scenario.variables.insert("reader_key".into(), variable("secret-key-2", true));
    scenario.uses.insert("NoteId".into(), "{NoteId}".into());
    scenario.missing.insert("NoteId".into(), "note-ffffffffffff".into());
    let bearer = |key: &str, lacks: &[&str]| Principal {
        credentials: Credentials::Bearer(key.to_owned()),
        lacks: lacks.iter().map(|one| (*one).to_owned()).collect(),
    };
    scenario.principals.insert("writer".into(), bearer("{key}", &[]));
    scenario.principals.insert("reader".into(), bearer("{reader_key}", &["notes:write"]));
    scenario.principal = Some("writer".into());
    scenario
}
