//! overstep: every documented limit, and one step past it.
//!
//! ```text
//! documents ─ ingest ─▶ contract ─┐
//! scenario file ─▶ scenario ──────┴─ generate ─▶ cases ─ wire ─▶ bytes ─ run ─▶ exchanges ─ judge ─▶ verdicts ─ report ─▶ people, CI
//! ```
//!
//! Each module is a room with one job; data flows one way, and `tests/layering.rs` holds every room
//! to the list of rooms that it may know. Read [`pipeline`] for the whole product on one screen and
//! [`contract`] for the words that everything else is made of.
//!
//! With `default-features = false` the library is what needs no command, no socket and no server: everything up to
//! [`judge`], and [`inprocess`], which holds a service in the same process against its contract.

// `cli` and `config` name the library as the command's users would.
#[cfg(feature = "cli")]
extern crate self as overstep;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
mod config;
pub mod contract;
#[cfg(feature = "cli")]
pub mod exit;
pub mod generate;
pub mod ingest;
pub mod inprocess;
pub mod judge;
#[cfg(feature = "cli")]
pub mod pipeline;
#[cfg(feature = "reference")]
pub mod reference;
#[cfg(feature = "cli")]
pub mod report;
pub mod run;
pub mod scenario;
#[cfg(feature = "run")]
pub mod search;
pub mod snapshot;
#[cfg(feature = "cli")]
pub mod store;
pub mod wire;
