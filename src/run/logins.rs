//! What callers captured when they logged in, shared by all workers.
//!
//! It sends nothing: a worker logs in, and the others wait for its result.

use crate::wire::{RedactedSecret, Redaction, SecretScope};
use indexmap::IndexMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Maximum number of renewals in succession that change nothing.
const MAX_USELESS_RENEWALS: u32 = 4;

/// Maximum number of logins in succession that fail.
const MAX_FAILURES: u32 = 2;

/// The results of logging in, by principal.
#[derive(Debug, Default)]
pub struct Logins {
    states: Mutex<IndexMap<String, LoginState>>,
    redaction: OnceLock<Redaction>,
}

#[derive(Clone, Debug, Default)]
struct LoginState {
    /// The captured values.
    values: IndexMap<String, String>,
    /// The number of logins so far; 0 before the first one.
    generation: u64,
    /// Whether a worker is logging in.
    is_busy: bool,
    /// Why the last login failed.
    failure: Option<String>,
    /// The number of logins in succession that failed.
    failures: u32,
    /// The number of renewals after which the same request was rejected again.
    useless_renewals: u32,
}

/// What a worker does about a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LoginTurn {
    /// The values are there.
    Done,
    /// Another worker is logging in.
    Wait,
    /// The worker logs in and then calls [`Logins::finish`].
    Send,
    /// The login failed for this reason.
    Failed(String),
}

impl Logins {
    fn states(&self) -> MutexGuard<'_, IndexMap<String, LoginState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hides all captured values in what this redaction is applied to.
    pub fn hide_in(&self, redaction: &Redaction) {
        let _ = self.redaction.set(redaction.clone());
    }

    /// Returns the number of logins of a principal so far.
    pub(super) fn generation(&self, principal: &str) -> u64 {
        self.states().get(principal).map_or(0, |state| state.generation)
    }

    /// Returns what a worker must do to have values that are newer than those of generation `stale`.
    pub(super) fn begin(&self, principal: &str, stale: u64) -> LoginTurn {
        let mut states = self.states();
        let state = states.entry(principal.to_owned()).or_default();
        match () {
            () if state.is_busy => LoginTurn::Wait,
            () if state.generation > stale => LoginTurn::Done,
            () if state.failures >= MAX_FAILURES => LoginTurn::Failed(state.failure.clone().unwrap_or_default()),
            () => {
                state.is_busy = true;
                LoginTurn::Send
            }
        }
    }

    /// Stores the result of logging in.
    pub(super) fn finish(&self, principal: &str, result: Result<IndexMap<String, String>, String>) {
        let mut states = self.states();
        let state = states.entry(principal.to_owned()).or_default();
        state.is_busy = false;
        match result {
            Ok(values) => {
                if let Some(redaction) = self.redaction.get() {
                    let hidden = values.iter().map(|(name, value)| {
                        let variable = Redaction::variable_name(&format!("{principal}_{name}"));
                        RedactedSecret::new(value.as_str(), variable).with_scope(SecretScope::Credentials)
                    });
                    redaction.add_secrets(hidden);
                }
                state.values = values;
                state.generation += 1;
                state.failures = 0;
            }
            Err(reason) => {
                state.failure = Some(reason);
                state.failures += 1;
            }
        }
    }

    /// Returns true if a principal may log in again after a request was rejected.
    pub(super) fn may_renew(&self, principal: &str) -> bool {
        self.states().get(principal).is_none_or(|state| state.useless_renewals < MAX_USELESS_RENEWALS)
    }

    /// Records whether a request was accepted after a renewal.
    pub(super) fn record_renewal(&self, principal: &str, was_useful: bool) {
        if let Some(state) = self.states().get_mut(principal) {
            state.useless_renewals = if was_useful { 0 } else { state.useless_renewals + 1 };
        }
    }

    /// Returns a text of a principal's credentials with its captured values filled in.
    pub(super) fn fill(&self, principal: &str, text: &str) -> String {
        let states = self.states();
        let values = states.get(principal).map(|state| &state.values);
        values.into_iter().flatten().fold(text.to_owned(), |text, (name, value)| {
            let value = value.replace('{', "{{").replace('}', "}}");
            text.replace(&format!("{{{name}}}"), &value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_worker_logs_in_and_the_others_wait() {
        let logins = Logins::default();
        assert_eq!(logins.begin("full", 0), LoginTurn::Send);
        assert_eq!(logins.begin("full", 0), LoginTurn::Wait);
        assert_eq!(logins.begin("other", 0), LoginTurn::Send);
        logins.finish("full", Ok([("token".to_owned(), "a{b".to_owned())].into_iter().collect()));
        assert_eq!(logins.begin("full", 0), LoginTurn::Done);
        assert_eq!(logins.fill("full", "{token}-{run}"), "a{{b-{run}");
        assert_eq!(logins.fill("other", "{token}"), "{token}");
        assert_eq!(logins.begin("full", 1), LoginTurn::Send);
        logins.finish("full", Err("no response".to_owned()));
        assert_eq!(logins.begin("full", 1), LoginTurn::Send);
        logins.finish("full", Err("400".to_owned()));
        assert_eq!(logins.begin("full", 1), LoginTurn::Failed("400".to_owned()));
    }

    #[test]
    fn renewals_that_change_nothing_end() {
        let logins = Logins::default();
        logins.finish("full", Ok(IndexMap::new()));
        for _ in 0..MAX_USELESS_RENEWALS {
            assert!(logins.may_renew("full"));
            logins.record_renewal("full", false);
        }
        assert!(!logins.may_renew("full"));
        logins.record_renewal("full", true);
        assert!(logins.may_renew("full"));
    }
}
