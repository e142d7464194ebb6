//! The embedded reference server: responds from a contract alone, keeps state, and has faults that can be enabled.
//!
//! Uses no other module than `contract`: its request parsing, its constraint checks and its pattern matching are its
//! own, so that a bug here and the same bug in the harness cannot cancel each other out. [`ReferenceService`] is pure
//! and needs no socket; only [`server`] does I/O.
//!
//! Start with [`ReferenceService::handle`]; [`ServerConfig`] lists the existing resources and the permitted callers;
//! [`list_faults`] returns every way in which the server can be made to misbehave.

mod auth;
mod body_parser;
mod bounded_regex;
mod check;
mod compile;
mod constraint_tree;
mod distort;
mod error_response;
mod fault;
mod faults;
mod generic_state;
mod look_around;
mod misbehavior;
mod pattern;
mod protocols;
mod request;
mod resource_registry;
mod resource_store;
mod route;
mod sample;
pub mod server;
mod server_config;
mod service;
mod services;
#[cfg(test)]
mod testing;

pub use constraint_tree::{ConstraintEdit, ConstraintSite};
pub use fault::{Fault, FaultChange, FindingScope, UnknownFaultError, list_faults};
pub use misbehavior::Misbehavior;
pub use request::{DeliveryMode, ServerRequest, ServerResponse};
pub use server::{ReferenceServer, RunningServer};
pub use server_config::{
    BearerKey, IdentifierMember, KnownIdentifier, OutputText, ResourceDefinition, ResourceIdentifier, ServerConfig,
};
pub use service::{ReferenceService, UnreadableRequest};
