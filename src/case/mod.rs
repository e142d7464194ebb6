//! Cases: what is sent, and what is expected in response. Plain values.
//!
//! This module generates nothing and sends nothing.

mod bytes_text;
mod canary;
mod certainty;
mod damage;
mod expectation;
mod glob;
mod id;
mod kind;
mod law;
mod law_name;
mod planned;
mod resource;
mod response_check;
mod sequence;
mod step;
mod subject;
mod unique_text;
mod value;

pub use canary::CANARY_OPERATION;
pub use certainty::Certainty;
pub use damage::{Damage, LenientSyntax};
pub use expectation::{Expectation, ExpectedError, ExpectedSuccess, StateAssumption};
pub use glob::matches_glob;
pub use id::{CONTROL_VARIANT, CaseId, CaseIdError};
pub use kind::{CaseKind, FaultClass, UNKNOWN_RESOURCE};
pub use law::{Law, StateEvent, StateKind, StateModel, StateView, StepEvent, WriteEffect};
pub use law_name::LawName;
pub use planned::{Case, Intent, JudgedPart};
pub use resource::Resource;
pub use response_check::{ListView, MemberPlaces, ResponseCheck, StepRef};
pub use sequence::{NotASequence, SequenceVariant};
pub use step::{AuthDamage, Authorization, Capture, FixtureStep, ReadyCondition, Step, StepPurpose, StepRequest};
pub use subject::{CaseClass, CaseSubject};
pub use unique_text::{UniqueText, UniqueTextKind};
pub use value::Value;
