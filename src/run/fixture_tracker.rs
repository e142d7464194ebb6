//! Tracks the resources that a case has created: only those are deleted, and those that remain are reported.
//!
//! It never sends anything.

use super::{Exchange, TransportError};
use crate::case::{Case, Step, StepPurpose, StepRequest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Resources that a run created and could not delete; clones share their count.
#[derive(Clone, Debug, Default)]
pub struct LeakedFixtures(Arc<Mutex<LeakCounts>>);

#[derive(Debug, Default)]
struct LeakCounts {
    cases: u64,
    example: Option<(String, String)>,
}

impl LeakedFixtures {
    /// Returns the number of cases that leaks resources behind, with the ID of the first one and what happened. Returns
    /// `None` if there are none.
    pub fn summary(&self) -> Option<(u64, String, String)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.example.clone().map(|(id, why)| (counts.cases, id, why))
    }
}

/// Tracks the fixtures of one case.
#[derive(Default)]
pub(super) struct FixtureTracker<'c> {
    /// Created fixtures by name; the value is true unless one of the fixture's steps failed.
    fixtures: HashMap<&'c str, bool>,
    leak: Option<String>,
}

impl<'c> FixtureTracker<'c> {
    /// Returns true if a teardown step must be sent: nothing is deleted that this case did not create.
    pub(super) fn is_due(&self, step: &Step) -> bool {
        step.fixture.as_ref().is_none_or(|part| self.fixtures.contains_key(part.name.as_str()))
    }

    /// Records a step and its response; `is_gone` means that the response says that the resource does not exist.
    pub(super) fn record_step(&mut self, step: &'c Step, exchange: &Exchange, is_gone: bool) {
        let Some(part) = &step.fixture else { return };
        let success = exchange.response.as_ref().is_ok_and(|response| part.is_success(response.status));
        match step.purpose {
            StepPurpose::SetUp | StepPurpose::Act if success => {
                self.fixtures.entry(&part.name).or_insert(true);
            }
            StepPurpose::SetUp => {
                if let Some(whole) = self.fixtures.get_mut(part.name.as_str()) {
                    *whole = false;
                }
                match &exchange.response {
                    Err(TransportError::Unreachable(_) | TransportError::Shortage(_) | TransportError::Tls(_))
                    | Ok(_) => {}
                    Err(reason) => self.record_leak(step, &reason.to_string()),
                }
            }
            StepPurpose::TearDown => match &exchange.response {
                // The case itself may have deleted it.
                Ok(response) if success || is_gone || matches!(response.status, 404 | 410) => {}
                Ok(response) => self.record_leak(step, &format!("status {}", response.status)),
                Err(reason) => self.record_leak(step, &reason.to_string()),
            },
            _ => {}
        }
    }

    /// Records a teardown step that cannot be sent.
    pub(super) fn record_unsendable(&mut self, step: &Step, reason: &str) {
        // If a fixture was created only in part, the rest never existed.
        let whole = step.fixture.as_ref().is_some_and(|part| self.fixtures.get(part.name.as_str()) == Some(&true));
        if whole {
            self.record_leak(step, reason);
        }
    }

    fn record_leak(&mut self, step: &Step, reason: &str) {
        let what = match &step.request {
            StepRequest::Operation { name, .. } => name.to_string(),
            StepRequest::Raw { method, target, .. } => format!("{method} {target}"),
        };
        self.leak.get_or_insert_with(|| format!("`{what}`: {reason}"));
    }

    /// Reports the resources that remain.
    pub(super) fn report_leaks(self, case: &Case, leaks: &LeakedFixtures) {
        let Some(reason) = self.leak else { return };
        let mut leaks = leaks.0.lock().unwrap_or_else(PoisonError::into_inner);
        leaks.cases += 1;
        leaks.example.get_or_insert_with(|| (case.id.to_string(), reason));
    }
}
