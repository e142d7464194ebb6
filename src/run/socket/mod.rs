//! Runs cases over sockets: connections, HTTP, TLS, proxies, workers, and the servers that are started for a run.
//!
//! This module never judges a response.

mod background_runner;
mod case_sender;
mod connection;
mod connection_budget;
mod crash_tracker;
mod document_fetch;
mod endpoint_lifecycle;
mod error;
mod framing;
mod http_connection;
mod non_http;
mod ordered_output;
mod process_output;
mod requested_wait;
mod reqwest_client;
mod resolver;
mod runner;
mod runtime;
mod schedule;
mod sequential_runner;
mod server;
mod step_sender;
mod system_limits;
mod throttle;
mod throttle_probe;
mod tls;
mod transport;
mod worker;
mod worker_state;

pub use background_runner::BackgroundRunner;
pub use document_fetch::{DocumentFetchError, fetch_document};
pub use endpoint_lifecycle::{EndpointLifecycle, EndpointNotReady, ProbeRequest, prepare_endpoint};
pub use error::{ClientSetupError, RunError};
pub use process_output::RedactFn;
pub use runner::{RunEnd, run_cases, run_judged_cases};
pub use sequential_runner::{SequentialRunner, run_single_case};
pub use server::{
    CommandOutputError, LaunchCommand, ServerProcess, command_output, first_output_line, free_port, is_port_in_use,
    kill_all_started,
};
pub use system_limits::{fit_workers, require_files, shortage};
pub use transport::Transport;
