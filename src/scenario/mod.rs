//! What a user says about an API: sources, fixtures, principals, laws, amendments. Plain values,
//! read from TOML with spans.
//!
//! This room never touches a file, the environment or the network.

mod model;
mod read;

pub use model::{
    AmendEntry, Credentials, Fixture, OperationNotes, Principal, RawRequest, ReadBack, Scenario, Template, Variable,
};
pub use read::{ScenarioError, Warning, read};
