//! The steps of a case, carried by whoever calls: a service in this process, a recording, a test.
//!
//! It opens no socket, waits for nothing and never sends a message twice.

use super::holes::Holes;
use super::made::Made;
use super::reading::{capture, failed_set_up, is_gone, not_ready};
use super::ready::{Keys, NotReady, signed};
use super::{Answer, Exchange, NoAnswer, Outcome, Plan};
use crate::generate::{Case, Purpose, Step};
use crate::wire::Message;
use std::sync::Arc;
use std::time::Duration;

/// A way to get the answer to a message.
pub type Carry<'c> = dyn FnMut(&Message) -> Result<Answer, NoAnswer> + 'c;

/// Runs cases one after another, and keeps between them what proofs of identity cost.
pub struct Local<'a> {
    plan: &'a Plan<'a>,
    authority: String,
    keys: Keys,
}

impl<'a> Local<'a> {
    /// For a plan, whose settings and stop switch do not matter here.
    pub fn new(plan: &'a Plan<'a>) -> Self {
        Self { plan, authority: plan.endpoint.authority(), keys: Keys::default() }
    }

    /// Runs a case; steps that are meant to be sent side by side are sent one after another.
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
