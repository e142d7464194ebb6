//! The embedded reference server: responds from a contract alone, keeps state, and has faults that can be enabled.
//!
//! Uses no other module than `contract`: its request parsing, its constraint checks and its pattern matching are its
//! own, so that a bug here and the same bug in the harness cannot cancel each other out. [`ReferenceService`] is pure
//! and needs no socket; only [`server`] does I/O.
//!
//! Start with [`ReferenceService::handle`]; [`ServerConfig`] lists the existing resources and the permitted callers;
//! [`list_faults`] returns every way in which the server can be made to misbehave.

mod error_response;
mod auth;
mod check;
mod compile;
mod connect;
mod distort;
mod fault;
mod faults;
mod leadlex;
mod look_around;
mod generic_state;
mod pattern;
mod protocols;
mod body_parser;
mod resource_registry;
mod request;
mod route;
mod bounded_regex;
mod sample;
pub mod server;
mod service;
mod resource_store;
#[cfg(test)]
mod testing;
mod constraint_tree;
mod misbehavior;
mod server_config;

pub use fault::{FaultChange, Fault, UnknownFaultError, FindingScope, list_faults};
pub use request::{DeliveryMode, ServerRequest, ServerResponse};
pub use server::{RunningServer, ReferenceServer};
pub use service::ReferenceService;
pub use constraint_tree::{ConstraintEdit, ConstraintSite};
pub use misbehavior::Trick;
pub use server_config::{BearerKey, ResourceIdentifier, KnownIdentifier, IdentifierMember, ResourceDefinition, OutputText, ServerConfig};
