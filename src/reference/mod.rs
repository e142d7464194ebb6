//! The embedded reference server: responds from a contract alone, keeps state, and has faults that can be enabled.
//!
//! Uses no other module than `contract`: its request parsing, its constraint checks and its pattern matching are its
//! own, so that a bug here and the same bug in the harness cannot cancel each other out. [`ReferenceService`] is pure
//! and needs no socket; only [`server`] does I/O.
//!
//! Start with [`ReferenceService::handle`]; [`ServerConfig`] lists the existing resources and the permitted callers;
//! [`list_faults`] returns every way in which the server can be made to misbehave.

mod answer;
mod auth;
mod check;
mod compile;
mod connect;
mod distort;
mod fault;
mod faults;
mod leadlex;
mod look_around;
mod memory;
mod pattern;
mod protocols;
mod read;
mod register;
mod request;
mod route;
mod runaway;
mod sample;
pub mod server;
mod service;
mod state;
#[cfg(test)]
mod testing;
mod tree;
mod trick;
mod world;

pub use fault::{Change, Fault, FaultError, Touch, catalogue};
pub use request::{Delivery, Request, Response};
pub use server::{RunningServer, Server};
pub use service::Service;
pub use tree::{Edit, Site};
pub use trick::Trick;
pub use world::{BearerKey, Identifier, KnownId, Naming, Resource, Shown, World};
