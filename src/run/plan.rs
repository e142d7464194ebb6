//! The input of a run: contract, scenario, endpoint, values, limits.
//!
//! It never reads a file or the environment; the caller has done that.

#[cfg(feature = "run")]
use super::ServerProcess;
use super::placeholders::Placeholders;
use super::{Endpoint, LeakedFixtures, RateLimit, RequestLimits, SearchBudget};
use crate::case::{Case, CaseId};
use crate::contract::{AuthScheme, Contract};
use crate::scenario::{Credentials, Scenario};
use crate::wire::{RedactedSecret, Redaction};
use indexmap::IndexMap;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Cancels the run.
    pub cancel_token: CancelToken,
    /// Resources that the run created and could not delete.
    pub leaked_fixtures: LeakedFixtures,
    /// Time limit for all searches for the case that caused an effect.
    pub search_time: SearchBudget,
    /// The server that was started for the run.
    #[cfg(feature = "run")]
    pub server: Option<Arc<ServerProcess>>,
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
        f.write_str("AwsKeys(…)")
    }
}

/// A token that cancels a run: after that, only requests that delete created resources are sent. Clones share their
/// state.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Cancels the run. It ends within a tenth of a second, plus the teardown of running cases.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[cfg(feature = "run")]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns true if [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Returns true if a header's name suggests that its value is a secret.
pub fn is_sensitive_header(header: &str) -> bool {
    let lower = header.to_ascii_lowercase();
    ["authorization", "cookie", "token", "secret", "key", "auth", "password", "credential"]
        .iter()
        .any(|tell| lower.contains(tell))
}

impl RunPlan<'_> {
    /// Returns the redaction of all secrets in the run's requests.
    pub fn redaction(&self) -> Redaction {
        let id = CaseId::empty();
        let holes = Placeholders::new(self, &id);
        // A value that depends on the case is unknown here.
        let filled = |template: &str| {
            (!template.contains("{case")).then(|| holes.fill(template).ok()).flatten().map(Cow::into_owned)
        };
        let mut secrets: Vec<RedactedSecret> = Vec::new();
        let mut add_secret = |template: &str, name: &str| {
            if let Some(value) = filled(template) {
                secrets.push(RedactedSecret { value, variable: Redaction::variable_name(name) });
            }
        };
        for (name, _) in self.scenario.variables.iter().filter(|(_, variable)| variable.secret) {
            add_secret(&format!("{{{name}}}"), name);
        }
        // A literal key in a principal, or in a variable that is not marked as secret, is just as secret.
        for (name, principal) in &self.scenario.principals {
            let (template, suffix) = match &principal.credentials {
                Credentials::Bearer(value) | Credentials::Header { value, .. } => (Some(value), "KEY"),
                Credentials::SigV4 { secret_access_key, .. } => (secret_access_key.as_ref(), "SECRET"),
                Credentials::Anonymous => (None, ""),
            };
            let Some(template) = template else { continue };
            match template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(variable) if !variable.contains(['{', '}']) => add_secret(template, variable),
                _ => add_secret(template, &format!("{name}_{suffix}")),
            }
        }
        // Headers that the user added to every request are shown, unless their name suggests a secret.
        for (name, value) in &self.endpoint.headers {
            if is_sensitive_header(name) {
                let scheme = value.split_once(' ').filter(|(scheme, _)| scheme.chars().all(char::is_alphanumeric));
                let value = scheme.map_or(value.as_str(), |(_, proof)| proof).to_owned();
                secrets.push(RedactedSecret { value, variable: Redaction::variable_name(name) });
            }
        }
        let (aws, dummy) = match &self.aws_keys {
            Some(keys) => (keys.clone(), false),
            None => (AwsAccessKeys::dummy(), true),
        };
        if !dummy {
            secrets.push(RedactedSecret { value: aws.secret_access_key, variable: "AWS_SECRET_ACCESS_KEY".to_owned() });
            secrets.push(RedactedSecret { value: aws.access_key_id.clone(), variable: "AWS_ACCESS_KEY_ID".to_owned() });
            if let Some(token) = aws.session_token {
                secrets.push(RedactedSecret { value: token, variable: "AWS_SESSION_TOKEN".to_owned() });
            }
        }
        let redaction = Redaction::new(secrets);
        let sigv4 = self.contract.auth.iter().any(|auth| matches!(auth, AuthScheme::SigV4 { .. }))
            || self.scenario.principals.values().any(|one| matches!(one.credentials, Credentials::SigV4 { .. }));
        if sigv4 { redaction.with_aws_identity(aws.access_key_id, dummy) } else { redaction }
    }
}
