//! Generates fuzz cases: random requests and sequences of requests that no documented limit calls for.
//!
//! Generated requests are labelled like planned cases. This module never judges a response.

mod action;
mod wire_input;
mod action_draw;
mod value_json;
mod expectations;
mod rule;
mod corpus;
mod shrink;
mod generator;
mod fuzz_case;
mod values;
mod dictionary;

pub use action::{Action, ActionError, actions_from_json, actions_to_json};
pub use generator::FuzzGenerator;
pub use fuzz_case::{FuzzCheck, FuzzCase};
