//! Fills placeholders, sends requests, applies timeouts, retries and rate limits, and emits one stream of outcomes in
//! plan order.
//!
//! This module never judges and never prints. Without the feature `run` it opens no socket: requests and responses are
//! plain values, and a step is turned into a request for the caller to send.

mod clock;
mod content_encoding;
#[cfg(feature = "run")]
mod connection;
#[cfg(feature = "run")]
mod http_connection;
#[cfg(feature = "run")]
mod crash_tracker;
mod prepared_requests;
mod endpoint;
mod exchange;
mod non_http;
#[cfg(feature = "run")]
mod framing;
mod placeholders;
mod limits;
mod in_process;
mod fixture_tracker;
#[cfg(feature = "run")]
mod ordered_output;
mod plan;
#[cfg(feature = "run")]
mod reqwest_client;
mod rate;
mod step_response;
mod request_builder;
#[cfg(feature = "run")]
mod runner;
#[cfg(feature = "run")]
mod schedule;
mod search_budget;
#[cfg(feature = "run")]
mod server;
#[cfg(feature = "run")]
mod background_runner;
#[cfg(feature = "run")]
mod steps;
#[cfg(feature = "run")]
mod throttle;
#[cfg(feature = "run")]
mod tls;
#[cfg(feature = "run")]
mod transport;
#[cfg(feature = "run")]
mod endpoint_lifecycle;

pub use clock::{Stopwatch, cpu_seconds, today, wall_time};
pub use prepared_requests::{PreparedRequest, prepare_requests};
pub use endpoint::{Endpoint, EndpointError, HostPrefixes, TlsOptions};
pub use exchange::{HttpResponse, Exchange, BodyFraming, Liveness, TransportError, CaseOutcome};
pub use placeholders::PlaceholderError;
pub use limits::RequestLimits;
pub use in_process::{SendFn, InProcessRunner};
pub use fixture_tracker::LeakedFixtures;
pub use plan::{AwsAccessKeys, RunPlan, TransportOptions, CancelToken, is_sensitive_header};
pub use rate::{RateLimitError, RateLimit};
pub use request_builder::build_request;
#[cfg(feature = "run")]
pub use runner::{SequentialRunner, RunEnd, run_cases, run_single_case};
pub use search_budget::{SearchBudget, ActiveSearch};
#[cfg(feature = "run")]
pub use server::{RedactFn, LaunchCommand, ServerProcess, first_output_line, free_port, is_port_in_use, kill_all_started};
#[cfg(feature = "run")]
pub use background_runner::BackgroundRunner;
#[cfg(feature = "run")]
pub use transport::{ClientSetupError, Transport};
#[cfg(feature = "run")]
pub use endpoint_lifecycle::{ProbeRequest, EndpointLifecycle, prepare_endpoint};
