//! Fills placeholders, sends requests, applies timeouts, retries and rate limits, and emits one stream of outcomes in
//! plan order.
//!
//! This module never judges and never prints. Without the feature `run` it opens no socket: requests and responses are
//! plain values, and a step is turned into a request for the caller to send.

mod clock;
mod coding;
#[cfg(feature = "run")]
mod connection;
#[cfg(feature = "run")]
mod conversation;
#[cfg(feature = "run")]
mod downs;
mod drafts;
mod endpoint;
mod exchange;
mod foreign;
#[cfg(feature = "run")]
mod framing;
mod holes;
mod limits;
mod local;
mod made;
#[cfg(feature = "run")]
mod order;
mod plan;
#[cfg(feature = "run")]
mod proxied;
mod rate;
mod reading;
mod ready;
#[cfg(feature = "run")]
mod runner;
#[cfg(feature = "run")]
mod schedule;
mod search_time;
#[cfg(feature = "run")]
mod server;
#[cfg(feature = "run")]
mod steady;
#[cfg(feature = "run")]
mod steps;
#[cfg(feature = "run")]
mod throttle;
#[cfg(feature = "run")]
mod tls;
#[cfg(feature = "run")]
mod transport;
#[cfg(feature = "run")]
mod upkeep;

pub use clock::{Stopwatch, processor_seconds, today, wall};
pub use drafts::{Draft, drafts};
pub use endpoint::{Endpoint, EndpointError, Hosts, Tls};
pub use exchange::{Answer, Exchange, Framing, Liveness, NoAnswer, Outcome};
pub use holes::HoleError;
pub use limits::Limits;
pub use local::{Carry, Local};
pub use made::Left;
pub use plan::{AwsKeys, Plan, Settings, Stop, is_telling};
pub use rate::{RateError, RateLimit};
pub use ready::message;
#[cfg(feature = "run")]
pub use runner::{OneByOne, RunEnd, run, send_case};
pub use search_time::{SearchTime, Searching};
#[cfg(feature = "run")]
pub use server::{Clean, Launch, Started, first_line, free_port, is_taken, kill_started};
#[cfg(feature = "run")]
pub use steady::Steady;
#[cfg(feature = "run")]
pub use transport::{SetUpError, Transport};
#[cfg(feature = "run")]
pub use upkeep::{Ask, Upkeep, prepare};
