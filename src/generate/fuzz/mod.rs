//! Generates fuzz cases: random requests and sequences of requests that no documented limit calls for.
//!
//! Generated requests are labelled like planned cases. This module never judges a response.

mod action;
mod action_draw;
mod actions_from_bytes;
mod corpus;
mod dictionary;
mod expectations;
mod fuzz_case;
mod fuzz_case_builder;
mod generator;
mod placeholders;
mod rule;
mod shrink;
mod tracked_state;
mod value_json;
mod values;
mod wire_input;

pub use action::{Action, ActionError, actions_from_json, actions_to_json};
pub use fuzz_case::{FuzzCase, FuzzCheck};
pub use generator::FuzzGenerator;
