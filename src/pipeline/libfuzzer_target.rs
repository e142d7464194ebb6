//! An endpoint as a libFuzzer target: the engine supplies bytes, and kinds of responses serve as coverage.
//!
//! It never starts the user's server, and sends nothing before the first input.

use super::claims::{self, Judged};
use super::finish::Finish;
use super::survey::Survey;
use super::{Job, Sending, embedded, started};
use crate::generate::{Act, Wild};
use crate::inprocess::Finding;
use crate::judge::Signature;
use crate::report::{Diagnostic, NotRun};
use crate::run::{Endpoint, Exchange, Liveness, OneByOne, Outcome, Plan, Steady, Stop};
use crate::wire::Redaction;
use std::collections::HashSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Maximum number of kinds of responses that are distinguished: the size of the counter table that an engine should
/// pass.
pub const KINDS: usize = 1 << 16;

/// Why an input was not completed.
#[derive(Debug)]
pub enum Ended {
    /// The endpoint violated the contract.
    Finding(Box<Finding>),
    /// The endpoint responded before, but no longer does; with the last requests and their responses.
    Died(String),
    /// The endpoint was never reached, or accepts no operation; with the reason.
    Never(String),
}

/// An endpoint with everything that is needed to send inputs to it and to judge its responses. It is meant for a
/// `static`: created once, it lives as long as the program.
pub struct Driven {
    job: &'static Job,
    sending: Sending,
    run_id: String,
    ready: OnceLock<Result<Ready, String>>,
    /// Number of inputs that were sent.
    before: AtomicU64,
}

/// The state after the controls were sent.
struct Ready {
    line: Steady,
    wild: Wild<'static>,
    survey: Survey,
    redaction: Redaction,
    origin: String,
    not_run: Vec<NotRun>,
}

impl Driven {
    /// Creates a target for a job, without sending anything.
    ///
    /// # Errors
    /// Returns an error if overstep would have to start the job's endpoint.
    pub fn new(job: Job, sending: Sending, run_id: &str) -> Result<Self, Vec<Diagnostic>> {
        // An engine kills its processes without notice, so a server that they started would keep running.
        let open = matches!(&job.target, super::Target::Url(url) if url.contains("{port}"));
        if open {
            let reason = format!("endpoint `{}` has no fixed port", job.profile);
            let problem = Diagnostic::error(reason);
            return Err(vec![problem.with_hint("start the server yourself and set OVERSTEP_ENDPOINT=http://…")]);
        }
        let (job, run_id) = (&*Box::leak(Box::new(job)), run_id.to_owned());
        Ok(Self { job, sending, run_id, ready: OnceLock::new(), before: AtomicU64::new(0) })
    }

    /// Sends the controls, unless that was done before, and returns the operations that are not fuzzed because theirs
    /// failed.
    ///
    /// # Errors
    /// Returns an error if the endpoint cannot be reached, or accepts no operation.
    pub fn begin(&self) -> Result<&[NotRun], Ended> {
        self.ready().map(|ready| ready.not_run.as_slice())
    }

    fn ready(&self) -> Result<&Ready, Ended> {
        let ready = self.ready.get_or_init(|| Ready::new(self.job, &self.sending, &self.run_id));
        ready.as_ref().map_err(|why| Ended::Never(why.clone()))
    }

    /// Decodes a fuzzer's bytes into a request or a sequence, sends it, and compares every response and the final state
    /// with the contract. Increments the counter of each kind of response in `kinds`. Returns the number of checks.
    ///
    /// # Errors
    /// Returns an error if the endpoint violates the contract or does not respond.
    pub fn fuzzed(&self, bytes: &[u8], kinds: &[AtomicU8]) -> Result<usize, Ended> {
        let ready = self.ready()?;
        let Some(acts) = ready.wild.from_bytes(bytes) else { return Ok(0) };
        // The name gives the input resources that no other input, and no other process, uses.
        let name = format!("{}-{}", self.run_id, self.before.fetch_add(1, Ordering::Relaxed));
        let Some(tale) = ready.wild.tale(&name, &acts) else { return Ok(0) };
        let mut outcome = ready.line.send(tale.case.clone()).map_err(Ended::Never)?;
        let finish = ready.finish(self.job);
        let Judged { signatures, broke, .. } = claims::judged(&finish, &tale, &mut outcome);
        count(&signatures, kinds);
        if outcome.liveness == Some(Liveness::Down) {
            return Err(Ended::Died(ready.died(&outcome)));
        }
        // Known divergences and operations that are not implemented are not findings.
        if let Some((claim, done)) = broke.into_iter().find(|(_, done)| done.finding) {
            tale.claims[claim].apply(std::sync::Arc::make_mut(&mut outcome.case));
            return Err(Ended::Finding(Box::new(ready.finding(&outcome, &done.judgement, &acts))));
        }
        Ok(tale.claims.len())
    }
}

impl Ready {
    fn new(job: &'static Job, sending: &Sending, run_id: &str) -> Result<Self, String> {
        let in_words = |problems: Vec<Diagnostic>| {
            problems.into_iter().map(|problem| problem.reason).collect::<Vec<_>>().join("; ")
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime: &'static _ = Box::leak(Box::new(runtime.map_err(|error| format!("cannot start: {error}"))?));
        let embedded = runtime.block_on(embedded::where_wanted(job)).map_err(in_words)?;
        let embedded = &*Box::leak(Box::new(embedded));
        let endpoint: &'static Endpoint =
            Box::leak(Box::new(job.endpoint(embedded.as_ref(), None, sending).map_err(in_words)?));
        let bench: &'static _ = Box::leak(Box::new(job.bench().map_err(in_words)?));
        let control: &'static (dyn Fn(&str) -> Option<crate::generate::Case> + Sync) =
            Box::leak(Box::new(|operation: &str| job.control(bench, operation)));
        let plan: &'static Plan<'static> =
            Box::leak(Box::new(job.plan(endpoint, sending.settings, run_id, &Stop::default(), control)));
        let (redaction, origin) = (plan.redaction(), endpoint.origin());
        let line = OneByOne::new(plan)?;
        let mut survey = Survey::begin(job, bench, &line).map_err(in_words)?;
        let mut drawn = HashSet::new();
        for case in claims::controls(job, bench) {
            drawn.insert(case.operation.to_string());
            let outcome = line.send(case)?;
            if outcome.liveness == Some(Liveness::Down) {
                return Err(format!("{origin} does not respond"));
            }
            let done = Finish { survey: Some(&survey), ..alone(job, &redaction, &origin) }.finish(outcome);
            survey.see(job, &done);
        }
        if let Some(why) = survey.is_elsewhere(job) {
            return Err(why);
        }
        let scenario = Box::leak(Box::new(claims::granted(job, &drawn, &survey)));
        let not_run = survey.told().to_vec();
        if scenario.only.is_empty() {
            let told = not_run.iter().map(|one| format!("{}: {} {}", one.operation, one.observed, one.why));
            let told = told.collect::<Vec<_>>().join("; ");
            return Err(format!("no control request succeeded: {told}"));
        }
        let wild = Wild::new(&job.contract, scenario, job.seed).map_err(|error| error.to_string())?;
        Ok(Self { line: Steady::new(plan)?, wild, survey, redaction, origin, not_run })
    }

    fn finish<'a>(&'a self, job: &'a Job) -> Finish<'a> {
        Finish { survey: Some(&self.survey), ..alone(job, &self.redaction, &self.origin) }
    }

    fn finding(&self, outcome: &Outcome, judgement: &crate::judge::Judgement, acts: &[Act]) -> Finding {
        Finding::new(outcome, judgement, Some(acts), &self.origin, &self.redaction)
    }

    /// Describes the requests after which the endpoint stopped responding.
    fn died(&self, outcome: &Outcome) -> String {
        let line = |exchange: &Exchange| {
            let sent = &exchange.sent;
            let line = crate::wire::curl(sent, &self.origin, &self.redaction).map(|line| line.0);
            let line = line.unwrap_or_else(|| self.redaction.clean(&format!("{} {}", sent.method, sent.target)));
            match &exchange.answer {
                Ok(answer) => format!("\n    {line}   # {}", answer.status),
                Err(why) => format!("\n    {line}   # {why}"),
            }
        };
        let lines: String = outcome.exchanges.iter().flatten().map(line).collect();
        format!("{} stopped responding after these requests:{lines}", self.origin)
    }
}

fn alone<'a>(job: &'a Job, redaction: &'a Redaction, origin: &'a str) -> Finish<'a> {
    let fleeting = started::is_fleeting(job);
    Finish { job, redaction, origin, survey: None, accepted: None, beside: None, strict: false, fleeting }
}

/// Increments the counter of each kind of response.
fn count(signatures: &[Signature], kinds: &[AtomicU8]) {
    for signature in signatures {
        let Some(at) = usize::try_from(signature.0 % kinds.len().max(1) as u64).ok() else { continue };
        if let Some(counter) = kinds.get(at) {
            // A full counter saturates, because 0 means that the kind was never seen.
            counter.store(counter.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_saturates_instead_of_wrapping_to_zero() {
        let kinds: Vec<AtomicU8> = (0..8).map(|_| AtomicU8::new(0)).collect();
        for _ in 0..600 {
            count(&[Signature(3), Signature(8 * 5 + 3), Signature(u64::MAX)], &kinds);
        }
        let seen: Vec<u8> = kinds.iter().map(|one| one.load(Ordering::Relaxed)).collect();
        assert_eq!(seen, [0, 0, 0, 255, 0, 0, 0, 255]);
        count(&[Signature(1)], &[]);
    }
}
