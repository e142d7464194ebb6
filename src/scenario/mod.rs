//! The user's scenario for an API: sources, fixtures, principals, laws and amendments as plain values,
//! read from TOML with spans.
//!
//! This module never touches a file, the environment or the network.

mod credentials;
mod error;
mod fixtures;
mod known_divergences;
mod login;
mod model;
mod placeholder;
mod read;
mod read_login;
mod regression;
mod settings;
mod tables;

pub use credentials::{Credentials, Principal};
pub use error::{ScenarioError, ScenarioWarning};
pub use known_divergences::{KnownDivergenceEntry, read_known_divergences};
pub use login::LoginStep;
pub use model::{
    AmendmentEntry, Fixture, OperationNotes, RawRequest, ReadBack, Scenario, Template, UndoRule, Variable,
    is_fresh_text,
};
pub use placeholder::fixture_placeholder;
pub use read::read_scenario;
pub use regression::{REGRESSION_FORMAT, Regression, read_regression, write_regression};
pub use settings::{EndpointConfig, ProjectSettings, read_settings};
pub use tables::did_you_mean;
