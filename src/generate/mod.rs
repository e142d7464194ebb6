//! Generates cases from a contract, a scenario and a seed, each with an expectation and the fact that it tests.
//!
//! This module uses no HTTP library, no clock and no global source of randomness: the same input
//! produces the same cases in the same order.

mod aws_formats;
mod bytes_text;
mod case;
mod case_spec;
mod contract_patterns;
pub mod draw;
mod expectation;
mod fixture_steps;
mod fuzz;
mod infer;
mod input_checker;
mod input_sampler;
mod law;
pub mod pattern;
mod plan;
mod resource_status;
mod site;
mod sized_case;
mod stateful_case;
mod stored_member;
mod strategy;
mod template_filler;
mod value;
mod wire_view;

pub use case::{
    AuthDamage, Authorization, Capture, Case, CaseId, Damage, FixtureStep, Intent, JudgedPart, Step, StepPurpose,
    StepRequest,
};
pub use contract_patterns::unsatisfiable_patterns;
pub use expectation::{Expectation, ExpectedError, ExpectedSuccess, StateAssumption};
pub use fuzz::{Action, ActionError, FuzzCase, FuzzCheck, FuzzGenerator, actions_from_json, actions_to_json};
pub use infer::{IdentifierOrigin, InferenceResult, InferredResource, complete_scenario};
pub use input_checker::Violation;
pub use law::{Law, StateEvent, StateKind, StateModel, StateView, StepEvent, WriteEffect};
pub use plan::{
    CANARY_OPERATION, CompiledContract, GenerationLevel, GenerationOptions, PlanError, SEQUENCE_LENGTH, control_case,
    find_violations, generate_cases, sequence_part,
};
pub use site::documented_constraints;
pub use sized_case::{SizeBounds, case_of_size, documented_bounds};
pub use stored_member::is_readable;
pub use value::Value;
