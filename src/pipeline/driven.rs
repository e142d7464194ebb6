//! An endpoint that somebody else's engine fuzzes: libFuzzer gives bytes, and takes kinds of answers for coverage.
//!
//! It starts no server of the user's, and sends nothing before the first bytes.

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

/// So many kinds of answers are told from each other: a table of so many counters is of use to an engine.
pub const KINDS: usize = 1 << 16;

/// Why bytes were not sent to their end.
#[derive(Debug)]
pub enum Ended {
    /// A promise is broken.
    Finding(Box<Finding>),
    /// The endpoint answered before, and answers nobody any more: what was sent last, and what came of it.
    Died(String),
    /// The endpoint was never reached, or grants nothing; in words.
    Never(String),
}

/// An endpoint with all that it takes to send to it and to judge it. It lives as long as the program: meant for a
/// `static`, made once.
pub struct Driven {
    job: &'static Job,
    sending: Sending,
    run_id: String,
    ready: OnceLock<Result<Ready, String>>,
    /// How many inputs were sent.
    before: AtomicU64,
}

/// What is there after the first answers.
struct Ready {
    line: Steady,
    wild: Wild<'static>,
    survey: Survey,
    redaction: Redaction,
    origin: String,
    not_run: Vec<NotRun>,
}

impl Driven {
    /// For a job; nothing is sent yet.
    ///
    /// # Errors
    /// Where the job's endpoint is one that overstep would have to start.
    pub fn new(job: Job, sending: Sending, run_id: &str) -> Result<Self, Vec<Diagnostic>> {
        // An engine ends its processes without a word to anybody: what they have started would stay.
        let open = matches!(&job.target, super::Target::Url(url) if url.contains("{port}"));
        if open {
            let reason = format!("endpoint `{}` has no port before overstep starts it", job.profile);
            let problem = Diagnostic::error(reason);
            return Err(vec![
                problem.with_hint("start the server yourself, and name its URL: OVERSTEP_ENDPOINT=http://…"),
            ]);
        }
        let (job, run_id) = (&*Box::leak(Box::new(job)), run_id.to_owned());
        Ok(Self { job, sending, run_id, ready: OnceLock::new(), before: AtomicU64::new(0) })
    }

    /// Finds out which operations grant something, if nobody has yet; returns those that do not and are not drawn.
    ///
    /// # Errors
    /// Where the endpoint cannot be reached, or grants nothing.
    pub fn begin(&self) -> Result<&[NotRun], Ended> {
        self.ready().map(|ready| ready.not_run.as_slice())
    }

    fn ready(&self) -> Result<&Ready, Ended> {
        let ready = self.ready.get_or_init(|| Ready::new(self.job, &self.sending, &self.run_id));
        ready.as_ref().map_err(|why| Ended::Never(why.clone()))
    }

    /// Makes a request or a sequence of requests of a fuzzer's bytes, sends them, holds every answer, and what is stored
    /// in the end, against the contract, and counts each kind of answer in `kinds`. Returns how many answers were held
    /// against something.
    ///
    /// # Errors
    /// Where a promise is broken, or nobody answers.
    pub fn fuzzed(&self, bytes: &[u8], kinds: &[AtomicU8]) -> Result<usize, Ended> {
        let ready = self.ready()?;
        let Some(acts) = ready.wild.from_bytes(bytes) else { return Ok(0) };
        // Resources that no other input has seen, and no other process either.
        let name = format!("{}-{}", self.run_id, self.before.fetch_add(1, Ordering::Relaxed));
        let Some(tale) = ready.wild.tale(&name, &acts) else { return Ok(0) };
        let mut outcome = ready.line.send(tale.case.clone()).map_err(Ended::Never)?;
        let finish = ready.finish(self.job);
        let Judged { signatures, broke, .. } = claims::judged(&finish, &tale, &mut outcome);
        count(&signatures, kinds);
        if outcome.liveness == Some(Liveness::Down) {
            return Err(Ended::Died(ready.died(&outcome)));
        }
        // What is known, or answered as what the endpoint does not have, is none.
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
                return Err(format!("{origin} does not answer"));
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
            return Err(format!("no operation grants anything, so that no answer teaches anything: {told}"));
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

    /// What was sent before nobody answered any more.
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
        format!("{} answered until this was sent, and answers nobody since:{lines}", self.origin)
    }
}

fn alone<'a>(job: &'a Job, redaction: &'a Redaction, origin: &'a str) -> Finish<'a> {
    let fleeting = started::is_fleeting(job);
    Finish { job, redaction, origin, survey: None, accepted: None, beside: None, strict: false, fleeting }
}

/// Bumps the counter of each kind.
fn count(signatures: &[Signature], kinds: &[AtomicU8]) {
    for signature in signatures {
        let Some(at) = usize::try_from(signature.0 % kinds.len().max(1) as u64).ok() else { continue };
        if let Some(counter) = kinds.get(at) {
            // It stays where it is full: 0 is what was never seen.
            counter.store(counter.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_never_comes_round_to_nothing() {
        let kinds: Vec<AtomicU8> = (0..8).map(|_| AtomicU8::new(0)).collect();
        for _ in 0..600 {
            count(&[Signature(3), Signature(8 * 5 + 3), Signature(u64::MAX)], &kinds);
        }
        let seen: Vec<u8> = kinds.iter().map(|one| one.load(Ordering::Relaxed)).collect();
        assert_eq!(seen, [0, 0, 0, 255, 0, 0, 0, 255]);
        count(&[Signature(1)], &[]);
    }
}
