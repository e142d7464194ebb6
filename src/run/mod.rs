//! Fills holes, sends, times out, retries, limits the rate; one stream of outcomes, in plan order.
//!
//! This room never judges and never prints.

mod clock;
mod coding;
mod connection;
mod drafts;
mod endpoint;
mod exchange;
mod framing;
mod holes;
mod made;
mod order;
mod plan;
mod process;
mod proxied;
mod rate;
mod raw;
mod runner;
mod steps;
mod tls;
mod transport;

pub use clock::{Stopwatch, wall};
pub use drafts::{Draft, drafts};
pub use endpoint::{Endpoint, EndpointError, Tls};
pub use exchange::{Answer, Exchange, Framing, Liveness, NoAnswer, Outcome};
pub use holes::HoleError;
pub use made::Left;
pub use plan::{AwsKeys, Plan, Settings, Stop, is_telling};
pub use process::{ProcessError, Start, Started, Tail, first_line, free_port, reset, start};
pub use rate::{RateError, RateLimit};
pub use runner::{RunEnd, run, send_case};
pub use steps::message;
pub use transport::{Limits, SetUpError, Transport};
