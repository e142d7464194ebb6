//! The user's scenario for an API: sources, fixtures, principals, laws and amendments as plain values,
//! read from TOML with spans.
//!
//! This module never touches a file, the environment or the network.

mod fixtures;
mod known;
mod model;
mod read;
mod regression;
mod settings;
mod tables;

pub use known::{KnownEntry, read_known};
pub use model::{
    AmendEntry, Credentials, Fixture, OperationNotes, Principal, RawRequest, ReadBack, Scenario, Template, Undoes,
    Until, Variable,
};
pub use read::{LAWS, ScenarioError, Warning, read};
pub use regression::{REGRESSION_FORMAT, Regression, read_regression, write_regression};
pub use settings::{EndpointEntry, Settings, read_settings};
