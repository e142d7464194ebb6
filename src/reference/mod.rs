//! The embedded reference server: answers from a contract alone, keeps state, has faults that can be switched on.
//!
//! Knows no other room than `contract`: its request reading, its checks and its reading of patterns are its own,
//! so that one bug here and its twin in the harness cannot cancel each other out. [`Service`] is pure and
//! needs no socket; only [`server`] does I/O.
//!
//! Start with [`Service::handle`]; [`World`] says what exists and who may call; [`catalogue`] lists every
//! way in which the server can be made to misbehave.

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
