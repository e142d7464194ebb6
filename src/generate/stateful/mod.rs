//! Strategies for sequences of requests: laws over stored state, and budgets that several requests use up.
//!
//! They never send anything: a case carries its reads and writes as steps.

pub(super) mod accumulated_budget;
pub(super) mod fixture_resource;
pub(super) mod law_steps;
pub(super) mod laws;
pub(super) mod member_laws;
pub(super) mod missing_case;
pub(super) mod partial_write;
pub(super) mod reader_laws;
pub(super) mod relations;
pub(super) mod resource_case;
pub(super) mod sequences;
pub(super) mod stateful_case;
pub(super) mod stored_member;
