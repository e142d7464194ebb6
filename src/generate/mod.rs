//! Generates cases from a contract, a scenario and a seed, each with an expectation and the fact that it tests.
//!
//! This module uses no HTTP library, no clock and no global source of randomness: the same input
//! produces the same cases in the same order.

mod bytes_text;
mod case;
mod draft;
pub mod draw;
mod expectation;
mod fixture;
mod forms;
mod infer;
mod keeper;
mod label;
pub mod pattern;
mod patterns;
mod plan;
mod relation;
mod resource;
mod sample;
mod shown;
mod site;
mod sized;
mod story;
mod strategy;
mod template;
mod value;
mod wild;

pub use case::{
    AuthDamage, Authorization, Capture, Case, CaseId, Damage, FixtureStep, Intent, Judged, Purpose, Send, Step,
};
pub use expectation::{Accept, Assumption, Expectation, ExpectedError};
pub use infer::{Inference, Origin, Resource, infer};
pub use keeper::is_kept;
pub use label::Breach;
pub use patterns::unsatisfiable;
pub use plan::{ACTIONS, CANARY, Level, Options, PlanError, Workbench, breaches, cases, control, part_of_sequence};
pub use relation::{Effect, Event, Model, Relation, StateKind, View, What};
pub use site::constraints;
pub use sized::{Bounds, bounds, of_size};
pub use value::Value;
pub use wild::{Act, ActError, Claim, Tale, Wild, acts_from_json, acts_to_json};
