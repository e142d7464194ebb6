//! The embedded reference server: responds from a contract alone, keeps state, and has faults that can be enabled.
//!
//! Uses no other module than `contract`: its request parsing, its constraint checks and its pattern matching are its
//! own, so that a bug here and the same bug in the harness cannot cancel each other out. [`ReferenceService`] is pure
//! and needs no socket; only [`server`] does I/O.
//!
//! Start with [`ReferenceService::handle`]; [`ServerConfig`] lists the existing resources and the permitted callers;
//! [`list_faults`] returns every way in which the server can be made to misbehave.

mod apply_fault;
mod auth;
mod body_parser;
mod compile;
mod connections;
mod constraints;
mod distort;
mod error_response;
mod error_writer;
mod faults;
mod lenient_json;
mod misbehavior;
mod operation;
mod protocols;
mod regex;
mod request;
mod route;
mod sample;
pub mod server;
mod server_config;
mod server_variant;
mod service;
mod services;
mod state;
#[cfg(test)]
mod testing;

pub use connections::ConnectionLimits;
pub use constraints::{ConstraintEdit, ConstraintSite};
pub use faults::{Fault, FaultChange, FindingScope, UnknownFaultError, list_faults};
pub use misbehavior::Misbehavior;
pub use request::{DeliveryMode, ServerRequest, ServerResponse};
pub use server::{ReferenceServer, RunningServer};
pub use server_config::{
    BearerKey, IdentifierMember, KnownIdentifier, OutputText, ResourceDefinition, ResourceIdentifier, ServerConfig,
};
pub use service::{ReferenceService, UnreadableRequest};
