//! Runs the steps of a case with a caller-supplied function that sends requests: a service in this process, a
//! recording, a test.
//!
//! It never opens a socket, never waits and never sends a request twice.

use super::holes::Holes;
use super::made::Made;
use super::reading::{capture, failed_set_up, is_gone, not_ready};
use super::ready::{Keys, NotReady, signed};
use super::{Answer, Exchange, NoAnswer, Outcome, Plan};
use crate::generate::{Case, Purpose, Step};
use crate::wire::Message;
use std::sync::Arc;
use std::time::Duration;

/// Function that sends a request and returns its response.
pub type Carry<'c> = dyn FnMut(&Message) -> Result<Answer, NoAnswer> + 'c;

/// Runs cases sequentially and caches credentials between them.
pub struct Local<'a> {
    plan: &'a Plan<'a>,
    authority: String,
    keys: Keys,
}

impl<'a> Local<'a> {
    /// Creates a runner for a plan; the plan's transport options and cancel token are ignored.
    pub fn new(plan: &'a Plan<'a>) -> Self {
        Self { plan, authority: plan.endpoint.authority(), keys: Keys::default() }
    }

    /// Runs a case; concurrent steps are sent one after another.
    pub fn case(&mut self, case: impl Into<Arc<Case>>, carry: &mut Carry<'_>) -> Outcome {
        let mut case = case.into();
        let mut exchanges: Vec<Option<Exchange>> = case.steps.iter().map(|_| None).collect();
        let (mut not_sent, mut unsendable) = (None, None);
        if case.unsendable.is_none() {
            let mut order: Vec<usize> = (0..case.steps.len()).collect();
            order.sort_by_key(|index| case.steps[*index].turn);
            let mut holes = Holes::new(self.plan, &case.id);
            let mut made = Made::default();
            for index in order {
                let step = &case.steps[index];
                let is_due = if step.purpose == Purpose::TearDown { made.is_due(step) } else { not_sent.is_none() };
                if !is_due {
                    continue;
                }
                match self.step(&mut holes, step, carry) {
                    Ok(exchange) => {
                        made.see(step, &exchange, step.purpose == Purpose::TearDown && is_gone(self.plan, &exchange));
                        if step.purpose == Purpose::SetUp && not_sent.is_none() {
                            not_sent = failed_set_up(step, &exchange).or_else(|| not_ready(self.plan, step, &exchange));
                        }
                        exchanges[index] = Some(exchange);
                    }
                    Err(reason) if step.purpose == Purpose::TearDown => made.cannot(step, &reason.into_words()),
                    Err(NotReady::Lacking(reason)) => not_sent = not_sent.or(Some(reason)),
                    Err(NotReady::Unsendable(reason)) => {
                        unsendable = unsendable.or(Some(reason.clone()));
                        not_sent = not_sent.or(Some(reason));
                    }
                }
            }
            made.tell(&case, &self.plan.left);
        }
        if unsendable.is_some() {
            Arc::make_mut(&mut case).unsendable = unsendable;
        }
        Outcome { case, exchanges, not_sent, liveness: None, server_output: Vec::new() }
    }

    fn step(&mut self, holes: &mut Holes<'_>, step: &Step, carry: &mut Carry<'_>) -> Result<Exchange, NotReady> {
        let sent = signed(self.plan, holes, step, &self.authority, &mut self.keys)?;
        let answer = carry(&sent);
        if let Ok(answer) = &answer {
            capture(self.plan, holes, step, answer);
        }
        Ok(Exchange { sent, answer, took: Duration::ZERO, attempts: 1, throttled: 0 })
    }
}
