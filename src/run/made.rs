//! What a case has made: only that is taken away again, and what stays is told.
//!
//! It sends nothing.

use super::{Exchange, NoAnswer};
use crate::generate::{Case, Purpose, Send, Step};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Resources that a run made and could not take away; clones share their count.
#[derive(Clone, Debug, Default)]
pub struct Left(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    cases: u64,
    example: Option<(String, String)>,
}

impl Left {
    /// How many cases left something, with the first one's id and what happened; `None` where none did.
    pub fn told(&self) -> Option<(u64, String, String)> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.example.clone().map(|(id, why)| (counted.cases, id, why))
    }
}

/// The fixtures of one case.
#[derive(Default)]
pub(super) struct Made<'c> {
    /// By name; true as long as no step of it failed.
    fixtures: HashMap<&'c str, bool>,
    left: Option<String>,
}

impl<'c> Made<'c> {
    /// Whether a step that takes away is due: nothing is deleted that this case did not make.
    pub(super) fn is_due(&self, step: &Step) -> bool {
        step.fixture.as_ref().is_none_or(|part| self.fixtures.contains_key(part.name.as_str()))
    }

    /// Takes note of a step and what came back to it; `is_gone` where that says that nothing of this name exists.
    pub(super) fn see(&mut self, step: &'c Step, exchange: &Exchange, is_gone: bool) {
        let Some(part) = &step.fixture else { return };
        let success = exchange.answer.as_ref().is_ok_and(|answer| part.is_success(answer.status));
        match step.purpose {
            Purpose::SetUp | Purpose::Act if success => {
                self.fixtures.entry(&part.name).or_insert(true);
            }
            Purpose::SetUp => {
                if let Some(whole) = self.fixtures.get_mut(part.name.as_str()) {
                    *whole = false;
                }
                match &exchange.answer {
                    Err(NoAnswer::Unreachable(_) | NoAnswer::Tls(_)) | Ok(_) => {}
                    Err(reason) => self.leave(step, &reason.to_string()),
                }
            }
            Purpose::TearDown => match &exchange.answer {
                // The case itself may have taken it away.
                Ok(answer) if success || is_gone || matches!(answer.status, 404 | 410) => {}
                Ok(answer) => self.leave(step, &format!("status {}", answer.status)),
                Err(reason) => self.leave(step, &reason.to_string()),
            },
            _ => {}
        }
    }

    /// Takes note of a step that takes away and cannot be sent.
    pub(super) fn cannot(&mut self, step: &Step, reason: &str) {
        // Of a fixture that was made in part, the rest was never there.
        let whole = step.fixture.as_ref().is_some_and(|part| self.fixtures.get(part.name.as_str()) == Some(&true));
        if whole {
            self.leave(step, reason);
        }
    }

    fn leave(&mut self, step: &Step, reason: &str) {
        let what = match &step.send {
            Send::Operation { name, .. } => name.to_string(),
            Send::Raw { method, target, .. } => format!("{method} {target}"),
        };
        self.left.get_or_insert_with(|| format!("`{what}`: {reason}"));
    }

    /// Tells what stays.
    pub(super) fn tell(self, case: &Case, left: &Left) {
        let Some(reason) = self.left else { return };
        let mut left = left.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.cases += 1;
        left.example.get_or_insert_with(|| (case.id.0.clone(), reason));
    }
}
