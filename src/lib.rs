//! overstep tests every documented limit of an HTTP API, at the boundary and one step past it.
//!
//! ```text
//! documents ─ ingest ─▶ contract ─┐
//! scenario file ─▶ scenario ──────┴─ generate ─▶ cases ─ wire ─▶ bytes ─ run ─▶ exchanges ─ judge ─▶ verdicts ─ report ─▶ people, CI
//! ```
//!
//! Each module has one job. Data flows one way, and `tests/it/layering.rs` fails if a module imports one that it may
//! not know. Start with [`session`], which shows a whole run on one screen, and [`contract`], which defines the terms
//! that all other modules use.
//!
//! With `default-features = false` the library contains only what needs no command line, socket or server: the modules
//! up to [`judge`], and [`inprocess`], which tests a service in the same process against its contract.

// `cli`, `commands` and `config` refer to the library by its name, as an external user would.
#[cfg(feature = "cli")]
extern crate self as overstep;

pub mod case;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
pub mod commands;
#[cfg(feature = "cli")]
mod config;
pub mod contract;
#[cfg(feature = "cli")]
pub mod exit;
#[cfg(feature = "cli")]
pub mod export;
#[cfg(feature = "cli")]
pub mod filter;
pub mod generate;
pub mod infer;
pub mod ingest;
pub mod inprocess;
pub mod judge;
pub mod pattern;
#[cfg(feature = "reference")]
pub mod reference;
#[cfg(feature = "cli")]
pub mod report;
pub mod run;
pub mod scenario;
#[cfg(feature = "run")]
pub mod search;
#[cfg(feature = "cli")]
pub mod session;
pub mod snapshot;
#[cfg(feature = "cli")]
pub mod store;
pub mod wire;
