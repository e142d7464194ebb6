//! Generates cases from a contract, a scenario and a seed, each with an expectation and the fact that it tests.
//!
//! This module uses no HTTP library, no clock and no global source of randomness: the same input
//! produces the same cases in the same order.

mod bytes_text;
mod case;
mod case_spec;
pub mod draw;
mod expectation;
mod fixture_steps;
mod aws_formats;
mod infer;
mod stored_member;
mod input_checker;
pub mod pattern;
mod contract_patterns;
mod plan;
mod law;
mod resource_status;
mod input_sampler;
mod wire_view;
mod site;
mod sized_case;
mod stateful_case;
mod strategy;
mod template_filler;
mod value;
mod fuzz;

pub use case::{
    AuthDamage, Authorization, Capture, Case, CaseId, Damage, FixtureStep, Intent, JudgedPart, StepPurpose, StepRequest, Step,
};
pub use expectation::{ExpectedSuccess, StateAssumption, Expectation, ExpectedError};
pub use infer::{InferenceResult, IdentifierOrigin, InferredResource, complete_scenario};
pub use stored_member::is_readable;
pub use input_checker::Violation;
pub use contract_patterns::unsatisfiable_patterns;
pub use plan::{SEQUENCE_LENGTH, CANARY_OPERATION, GenerationLevel, GenerationOptions, PlanError, CompiledContract, find_violations, generate_cases, control_case, sequence_part};
pub use law::{WriteEffect, StepEvent, StateModel, Law, StateKind, StateView, StateEvent};
pub use site::documented_constraints;
pub use sized_case::{SizeBounds, documented_bounds, case_of_size};
pub use value::Value;
pub use fuzz::{Action, ActionError, FuzzCheck, FuzzCase, FuzzGenerator, actions_from_json, actions_to_json};
