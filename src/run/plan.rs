//! The input of a run: contract, scenario, endpoint, values, limits.
//!
//! It never reads a file or the environment; the caller has done that.

#[cfg(feature = "run")]
use super::ServerProcess;
use super::{
    CancelToken, Endpoint, LeakedFixtures, LoadLimit, Logins, OperationHealth, RateLimit, RequestLimits, ResponseTimes,
    SearchBudget,
};
use crate::case::Case;
use crate::contract::Contract;
use crate::scenario::Scenario;
use indexmap::IndexMap;
#[cfg(feature = "run")]
use std::sync::Arc;
use std::time::Duration;

/// Everything that a run needs besides its cases.
pub struct RunPlan<'a> {
    /// The contract of the API.
    pub contract: &'a Contract,
    /// The user's description of the API.
    pub scenario: &'a Scenario,
    /// Endpoint that requests are sent to.
    pub endpoint: &'a Endpoint,
    /// How requests are sent.
    pub transport_options: TransportOptions,
    /// Value of the placeholder `{run}`.
    pub run_id: String,
    /// Values that override the scenario's variables and secrets.
    pub overrides: IndexMap<String, String>,
    /// AWS keys from the environment. Without any, dummy keys are used, on loopback only.
    pub aws_keys: Option<AwsAccessKeys>,
    /// Returns an operation's control, which shows whether the endpoint is alive.
    pub control_case: &'a (dyn Fn(&str) -> Option<Case> + Sync),
    /// What callers captured when they logged in.
    pub logins: Logins,
    /// Cancels the run.
    pub cancel_token: CancelToken,
    /// Resources that the run created and could not delete.
    pub leaked_fixtures: LeakedFixtures,
    /// Time limit for all searches for the case that caused an effect.
    pub search_time: SearchBudget,
    /// How long controls took so far.
    pub response_times: ResponseTimes,
    /// How many cases may run at once.
    pub load_limit: LoadLimit,
    /// Which operations succeeded, and which no longer do.
    pub operation_health: OperationHealth,
    /// The server that was started for the run.
    #[cfg(feature = "run")]
    pub server: Option<Arc<ServerProcess>>,
    /// Resets the endpoint's state by a request; returns false if it fails.
    pub reset_endpoint: Option<&'a (dyn Fn() -> bool + Sync)>,
    /// Restarts the endpoint and waits until it is ready; returns false if that is not possible.
    pub restart_endpoint: Option<&'a (dyn Fn() -> bool + Sync)>,
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportOptions {
    /// Maximum number of cases that run concurrently.
    pub workers: usize,
    /// Maximum distance between a running case and the oldest unfinished one.
    pub window: usize,
    /// Size and time limits of one request.
    pub limits: RequestLimits,
    /// Rate limit for requests.
    pub rate_limit: Option<RateLimit>,
    /// Maximum number of times that a throttled request is sent.
    pub max_throttle_attempts: u32,
    /// Maximum total time that a throttled request waits.
    pub max_throttle_wait: Duration,
}

impl Default for TransportOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            // More workers than cores: while one waits for a response, another can prepare a request.
            workers: (cores * 8).clamp(8, 64),
            window: 256,
            limits: RequestLimits::default(),
            rate_limit: None,
            max_throttle_attempts: 12,
            max_throttle_wait: Duration::from_secs(10),
        }
    }
}

/// AWS keys.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsAccessKeys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// Session token of temporary keys.
    pub session_token: Option<String>,
}

impl AwsAccessKeys {
    /// Returns dummy keys that emulators accept.
    pub fn dummy() -> Self {
        Self { access_key_id: "test".to_owned(), secret_access_key: "test".to_owned(), session_token: None }
    }
}

impl std::fmt::Debug for AwsAccessKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AwsAccessKeys(…)")
    }
}
