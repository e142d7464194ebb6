//! Fills holes, sends, times out, retries, limits the rate; one stream of outcomes, in plan order.
//!
//! This room never judges and never prints.

mod clock;
mod coding;
mod connection;
mod conversation;
mod drafts;
mod endpoint;
mod exchange;
mod framing;
mod holes;
mod made;
mod order;
mod plan;
mod proxied;
mod rate;
mod ready;
mod runner;
mod server;
mod steps;
mod throttle;
mod tls;
mod transport;
mod upkeep;

pub use clock::{Stopwatch, processor_seconds, today, wall};
pub use drafts::{Draft, drafts};
pub use endpoint::{Endpoint, EndpointError, Tls};
pub use exchange::{Answer, Exchange, Framing, Liveness, NoAnswer, Outcome};
pub use holes::HoleError;
pub use made::Left;
pub use plan::{AwsKeys, Plan, Settings, Stop, is_telling};
pub use rate::{RateError, RateLimit};
pub use ready::message;
pub use runner::{OneByOne, RunEnd, run, send_case};
pub use server::{Clean, Launch, Started, first_line, free_port, is_taken, kill_started};
pub use transport::{Limits, SetUpError, Transport};
pub use upkeep::{Ask, Upkeep, prepare};
