//! The input of a run: contract, scenario, endpoint, values, limits.
//!
//! It never reads a file or the environment; the caller has done that.

#[cfg(feature = "run")]
use super::Started;
use super::holes::Holes;
use super::{Endpoint, Left, Limits, RateLimit, SearchTime};
use crate::contract::{Auth, Contract};
use crate::generate::{Case, CaseId};
use crate::scenario::{Credentials, Scenario};
use crate::wire::{Redaction, Secret};
use indexmap::IndexMap;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Everything that a run needs besides its cases.
pub struct Plan<'a> {
    /// The contract of the API.
    pub contract: &'a Contract,
    /// The user's description of the API.
    pub scenario: &'a Scenario,
    /// Endpoint that requests are sent to.
    pub endpoint: &'a Endpoint,
    /// How requests are sent.
    pub settings: Settings,
    /// Value of the placeholder `{run}`.
    pub run_id: String,
    /// Values that override the scenario's variables and secrets.
    pub values: IndexMap<String, String>,
    /// AWS keys from the environment. Without any, dummy keys are used, on loopback only.
    pub aws: Option<AwsKeys>,
    /// Returns an operation's control, which shows whether the endpoint is alive.
    pub control: &'a (dyn Fn(&str) -> Option<Case> + Sync),
    /// Cancels the run.
    pub stop: Stop,
    /// Resources that the run created and could not delete.
    pub left: Left,
    /// Time limit for all searches for the case that caused an effect.
    pub search_time: SearchTime,
    /// The server that was started for the run.
    #[cfg(feature = "run")]
    pub server: Option<Arc<Started>>,
    /// Restarts the endpoint and waits until it is ready; returns false if that is not possible.
    pub revive: Option<&'a (dyn Fn() -> bool + Sync)>,
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Maximum number of cases that run concurrently.
    pub workers: usize,
    /// Maximum distance between a running case and the oldest unfinished one.
    pub window: usize,
    /// Size and time limits of one request.
    pub limits: Limits,
    /// Rate limit for requests.
    pub rate: Option<RateLimit>,
    /// Maximum number of times that a throttled request is sent.
    pub throttle_tries: u32,
    /// Maximum total time that a throttled request waits.
    pub throttle_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            // More workers than cores: while one waits for a response, another can prepare a request.
            workers: (cores * 8).clamp(8, 64),
            window: 256,
            limits: Limits::default(),
            rate: None,
            throttle_tries: 12,
            throttle_wait: Duration::from_secs(10),
        }
    }
}

/// AWS keys.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsKeys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// Session token of temporary keys.
    pub session_token: Option<String>,
}

impl AwsKeys {
    /// Returns dummy keys that emulators accept.
    pub fn dummies() -> Self {
        Self { access_key_id: "test".to_owned(), secret_access_key: "test".to_owned(), session_token: None }
    }
}

impl std::fmt::Debug for AwsKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AwsKeys(…)")
    }
}

/// A token that cancels a run: after that, only requests that delete created resources are sent. Clones share their
/// state.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Cancels the run. It ends within a tenth of a second, plus the teardown of running cases.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[cfg(feature = "run")]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns true if [`CancelToken::cancel`] was called.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Returns true if a header's name suggests that its value is a secret.
pub fn is_telling(header: &str) -> bool {
    let lower = header.to_ascii_lowercase();
    ["authorization", "cookie", "token", "secret", "key", "auth", "password", "credential"]
        .iter()
        .any(|tell| lower.contains(tell))
}

impl Plan<'_> {
    /// Returns the redaction of all secrets in the run's requests.
    pub fn redaction(&self) -> Redaction {
        let id = CaseId(String::new());
        let holes = Holes::new(self, &id);
        // A value that depends on the case is unknown here.
        let filled = |template: &str| {
            (!template.contains("{case")).then(|| holes.fill(template).ok()).flatten().map(Cow::into_owned)
        };
        let mut secrets: Vec<Secret> = Vec::new();
        let mut hide = |template: &str, name: &str| {
            if let Some(value) = filled(template) {
                secrets.push(Secret { value, variable: Redaction::variable_name(name) });
            }
        };
        for (name, _) in self.scenario.variables.iter().filter(|(_, variable)| variable.secret) {
            hide(&format!("{{{name}}}"), name);
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
                Some(variable) if !variable.contains(['{', '}']) => hide(template, variable),
                _ => hide(template, &format!("{name}_{suffix}")),
            }
        }
        // Headers that the user added to every request are shown, unless their name suggests a secret.
        for (name, value) in &self.endpoint.headers {
            if is_telling(name) {
                let scheme = value.split_once(' ').filter(|(scheme, _)| scheme.chars().all(char::is_alphanumeric));
                let value = scheme.map_or(value.as_str(), |(_, proof)| proof).to_owned();
                secrets.push(Secret { value, variable: Redaction::variable_name(name) });
            }
        }
        let (aws, dummy) = match &self.aws {
            Some(keys) => (keys.clone(), false),
            None => (AwsKeys::dummies(), true),
        };
        if !dummy {
            secrets.push(Secret { value: aws.secret_access_key, variable: "AWS_SECRET_ACCESS_KEY".to_owned() });
            secrets.push(Secret { value: aws.access_key_id.clone(), variable: "AWS_ACCESS_KEY_ID".to_owned() });
            if let Some(token) = aws.session_token {
                secrets.push(Secret { value: token, variable: "AWS_SESSION_TOKEN".to_owned() });
            }
        }
        let redaction = Redaction::new(secrets);
        let sigv4 = self.contract.auth.iter().any(|auth| matches!(auth, Auth::SigV4 { .. }))
            || self.scenario.principals.values().any(|one| matches!(one.credentials, Credentials::SigV4 { .. }));
        if sigv4 { redaction.with_aws(aws.access_key_id, dummy) } else { redaction }
    }
}
