//! Cases: what is sent, and what is expected in response. Plain values.
//!
//! This module generates nothing and sends nothing.

mod bytes_text;
mod canary;
mod expectation;
mod glob;
mod law;
mod planned;
mod value;

pub use canary::CANARY_OPERATION;
pub use expectation::{Expectation, ExpectedError, ExpectedSuccess, StateAssumption};
pub use glob::matches_glob;
pub use law::{Law, StateEvent, StateKind, StateModel, StateView, StepEvent, WriteEffect};
pub use planned::{
    AuthDamage, Authorization, Capture, Case, CaseId, Damage, FixtureStep, Intent, JudgedPart, Step, StepPurpose,
    StepRequest,
};
pub use value::Value;
