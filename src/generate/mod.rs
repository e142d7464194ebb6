//! From contract, scenario and seed to cases, each with an expectation and the fact that it tests.
//!
//! This room knows no HTTP library, no clock and no global source of randomness: the same input
//! gives the same cases, in the same order.

mod case;
mod expectation;
mod plan;
mod value;

pub use case::{AuthDamage, Authorization, Capture, Case, CaseId, Damage, Intent, Judged, Purpose, Send, Step};
pub use expectation::{Accept, Expectation, ExpectedError};
pub use plan::{Level, Options, PlanError, cases, control};
pub use value::Value;
