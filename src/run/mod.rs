//! Fills placeholders, sends requests, applies timeouts, retries and rate limits, and emits one stream of outcomes in
//! plan order.
//!
//! This module never judges and never prints. Without the feature `run` it opens no socket: requests and responses are
//! plain values, and a step is turned into a request for the caller to send.

#[cfg(feature = "run")]
mod background_runner;
mod clock;
#[cfg(feature = "run")]
mod connection;
mod content_encoding;
#[cfg(feature = "run")]
mod crash_tracker;
mod endpoint;
#[cfg(feature = "run")]
mod endpoint_lifecycle;
mod exchange;
mod fixture_tracker;
#[cfg(feature = "run")]
mod framing;
#[cfg(feature = "run")]
mod http_connection;
mod in_process;
mod limits;
mod non_http;
#[cfg(feature = "run")]
mod ordered_output;
mod placeholders;
mod plan;
mod prepared_requests;
mod rate;
mod request_builder;
#[cfg(feature = "run")]
mod reqwest_client;
#[cfg(feature = "run")]
mod runner;
#[cfg(feature = "run")]
mod schedule;
mod search_budget;
#[cfg(feature = "run")]
mod server;
mod step_response;
#[cfg(feature = "run")]
mod steps;
#[cfg(feature = "run")]
mod throttle;
#[cfg(feature = "run")]
mod tls;
#[cfg(feature = "run")]
mod transport;

#[cfg(feature = "run")]
pub use background_runner::BackgroundRunner;
pub use clock::{Stopwatch, cpu_seconds, today, wall_time};
pub use endpoint::{Endpoint, EndpointError, HostPrefixes, TlsOptions};
#[cfg(feature = "run")]
pub use endpoint_lifecycle::{EndpointLifecycle, ProbeRequest, prepare_endpoint};
pub use exchange::{BodyFraming, CaseOutcome, Exchange, HttpResponse, Liveness, TransportError};
pub use fixture_tracker::LeakedFixtures;
pub use in_process::{InProcessRunner, SendFn};
pub use limits::RequestLimits;
pub use placeholders::PlaceholderError;
pub use plan::{AwsAccessKeys, CancelToken, RunPlan, TransportOptions, is_sensitive_header};
pub use prepared_requests::{PreparedRequest, prepare_requests};
pub use rate::{RateLimit, RateLimitError};
pub use request_builder::build_request;
#[cfg(feature = "run")]
pub use runner::{RunEnd, SequentialRunner, run_cases, run_single_case};
pub use search_budget::{ActiveSearch, SearchBudget};
#[cfg(feature = "run")]
pub use server::{
    LaunchCommand, RedactFn, ServerProcess, first_output_line, free_port, is_port_in_use, kill_all_started,
};
#[cfg(feature = "run")]
pub use transport::{ClientSetupError, Transport};
