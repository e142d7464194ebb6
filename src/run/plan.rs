//! What a run is told: contract, scenario, endpoint, values, limits.
//!
//! It never reads a file or the environment: whoever starts the run has done that.

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

/// Everything that a run needs beside its cases.
pub struct Plan<'a> {
    /// What the API promises.
    pub contract: &'a Contract,
    /// What the user says about it.
    pub scenario: &'a Scenario,
    /// Where requests go.
    pub endpoint: &'a Endpoint,
    /// How they go.
    pub settings: Settings,
    /// `{run}`.
    pub run_id: String,
    /// Values that replace those of the scenario's variables and secrets.
    pub values: IndexMap<String, String>,
    /// AWS keys from the environment; without any, and on loopback, dummies are used.
    pub aws: Option<AwsKeys>,
    /// The plain valid request of an operation, to see whether the endpoint is alive.
    pub control: &'a (dyn Fn(&str) -> Option<Case> + Sync),
    /// Ends the run early.
    pub stop: Stop,
    /// What the run could not take away again.
    pub left: Left,
    /// How long may be looked for cases that did something, in all.
    pub search_time: SearchTime,
    /// The server that was started for it.
    #[cfg(feature = "run")]
    pub server: Option<Arc<Started>>,
    /// Starts the endpoint anew and waits until it is ready; false where that is not possible.
    pub revive: Option<&'a (dyn Fn() -> bool + Sync)>,
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many connections are used side by side.
    pub workers: usize,
    /// How far a case may run ahead of the oldest one that is not finished.
    pub window: usize,
    /// Limits of one request.
    pub limits: Limits,
    /// How many requests may leave in a time.
    pub rate: Option<RateLimit>,
    /// How often a throttled request is sent in all.
    pub throttle_tries: u32,
    /// How long a throttled request waits in all.
    pub throttle_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            // More than cores: while an answer is on its way, another request can be made.
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
    /// The token of temporary keys.
    pub session_token: Option<String>,
}

impl AwsKeys {
    /// What emulators take.
    pub fn dummies() -> Self {
        Self { access_key_id: "test".to_owned(), secret_access_key: "test".to_owned(), session_token: None }
    }
}

impl std::fmt::Debug for AwsKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AwsKeys(…)")
    }
}

/// A switch that ends a run early: nothing new is sent but what takes resources away again.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends the run within a tenth of a second, and the teardown of open cases.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[cfg(feature = "run")]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether [`Stop::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether a header's name says that its value is a proof, and not to be shown.
pub fn is_telling(header: &str) -> bool {
    let lower = header.to_ascii_lowercase();
    ["authorization", "cookie", "token", "secret", "key", "auth", "password", "credential"]
        .iter()
        .any(|tell| lower.contains(tell))
}

impl Plan<'_> {
    /// What must not be shown of the run's requests.
    pub fn redaction(&self) -> Redaction {
        let id = CaseId(String::new());
        let holes = Holes::new(self, &id);
        // A value that differs from case to case cannot be known here.
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
        // A key written out in a principal, or in a variable that nobody marked, is no less secret.
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
        // What the user added to every request is shown, unless its name says that it is a proof.
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
