//! Fills placeholders, sends requests, applies timeouts, retries and rate limits, and emits one stream of outcomes in
//! plan order.
//!
//! This module never judges and never prints. Everything but `socket` works without the feature `run`: requests and
//! responses are plain values, and the steps of a case run through a function that the caller supplies.

mod body_framing;
mod cancel_token;
mod clock;
mod content_encoding;
mod endpoint;
mod excerpt;
mod exchange;
mod fixture_tracker;
mod host_address;
mod in_process;
mod limits;
mod load_limit;
mod login_request;
mod logins;
mod operation_health;
mod outcome_handler;
mod placeholders;
mod plan;
mod prepared_requests;
mod proxy_address;
mod rate;
mod redaction;
mod request_builder;
mod response_times;
mod search_budget;
mod send_steps;
mod shortage;
mod similar_identifier;
#[cfg(feature = "run")]
mod socket;
mod step_loop;
mod step_response;

pub use body_framing::BodyFraming;
pub use cancel_token::{CancelToken, CleanupGuard};
pub use clock::{Stopwatch, cpu_seconds, today, wall_time};
pub use endpoint::{Endpoint, EndpointError, HostPrefixes, TlsIdentity, TlsOptions, hide_credentials};
pub use exchange::{CaseOutcome, Exchange, HttpResponse, Liveness, MAX_CASE_OUTPUT_LINES, TransportError};
pub use fixture_tracker::LeakedFixtures;
pub use host_address::{HostAddress, HostError, Reach};
pub use in_process::{InProcessRunner, SendFn};
pub use limits::RequestLimits;
pub use load_limit::{LoadLimit, has_failed_setup, has_server_failure, was_unavailable};
pub use logins::Logins;
pub use operation_health::{Breakage, OperationHealth};
pub use outcome_handler::OutcomeHandler;
pub use placeholders::{PlaceholderError, undefined_placeholder};
pub use plan::{AwsAccessKeys, RunPlan, TransportOptions};
pub use prepared_requests::{PreparedRequest, prepare_requests};
pub use proxy_address::{ProxyAddress, ProxyError};
pub use rate::{RateLimit, RateLimitError};
pub use redaction::{credential_variables, is_sensitive_header, is_sensitive_name};
pub use request_builder::{RequestBuildError, build_request};
pub use response_times::ResponseTimes;
pub use search_budget::{ActiveSearch, SearchBudget};
pub use shortage::Shortage;
#[cfg(feature = "run")]
pub use socket::{
    BackgroundRunner, ClientSetupError, CommandOutputError, DocumentFetchError, EndpointLifecycle, EndpointNotReady,
    LaunchCommand, ProbeRequest, RedactFn, RunEnd, RunError, SequentialRunner, ServerProcess, Transport,
    command_output, fetch_document, first_output_line, fit_workers, free_port, is_port_in_use, kill_all_started,
    prepare_endpoint, require_files, run_cases, run_judged_cases, run_single_case, shortage,
};
pub use step_response::find_captured;
