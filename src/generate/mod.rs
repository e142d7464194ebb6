//! Generates cases from a contract, a scenario and a seed, each with an expectation and the fact that it tests.
//!
//! This module uses no HTTP library, no clock and no global source of randomness: the same input
//! produces the same cases in the same order.

mod aws_formats;
mod boundary;
mod build_case;
mod case_spec;
mod classify;
mod contract_patterns;
mod documented_examples;
mod documents;
mod error;
mod expected_response;
mod fixture_steps;
mod fuzz;
mod input_checker;
mod input_sampler;
mod limits;
mod malformed;
mod member_order;
mod member_rules;
mod modelled;
mod operation_context;
mod options;
mod plan;
mod plan_context;
mod resource_status;
mod rule_repair;
mod scalar_sampler;
mod shape_defect;
mod site;
mod sized_case;
mod stateful;
mod stored_budget;
mod strategies;
mod template_filler;
mod testable_shapes;
mod web;
mod wire_view;

pub use contract_patterns::PatternDefect;
pub use error::PlanError;
pub use fuzz::{Action, ActionError, FuzzCase, FuzzCheck, FuzzGenerator, actions_from_json, actions_to_json};
pub use input_checker::Violation;
pub use limits::MAX_ENUM_VALUES;
pub use options::{GenerationLevel, GenerationOptions};
pub use plan::{
    CANARY_OPERATION, CompiledContract, SEQUENCE_LENGTH, control_case, find_violations, generate_cases, sequence_part,
};
pub use shape_defect::ShapeDefect;
pub use shape_defect::{partially_tested_enums, shorten_pattern};
pub use site::documented_constraints;
pub use sized_case::{SizeBounds, case_of_size, documented_bounds};
pub use stateful::stored_member::is_readable;
pub use testable_shapes::ShapeProblem;
