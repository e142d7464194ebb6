//! Fuzzes an endpoint with generated requests and sequences, guided by the kinds of responses.
//!
//! The number of workers never changes what is proposed: each round of proposals is sent concurrently, but its
//! responses are evaluated in order, so the same seed and the same responses lead to the same proposals.

use super::claims::{self, Judged};
use super::finish::Finish;
use super::survey::Survey;
use super::{Job, Sending, Tally, embedded, known, saved, started, unwritten};
use crate::generate::{Act, Case, Claim, Intent, Tale, Wild, acts_to_json};
use crate::judge::{Verdict, judge};
use crate::report::{Diagnostic, Done, Head, Output, Summary};
use crate::run::{self, OneByOne, Outcome, RunEnd, Stop, Stopwatch};
use crate::scenario::{Regression, write_regression};
use crate::search::{Guide, Proposal, simplest};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// Number of proposals that are sent before their responses guide the next ones; fewer at first, when every response
/// is new.
const ROUND: usize = 256;
const FIRST_ROUND: usize = 32;
/// Maximum number of attempts to shrink a finding.
const TRIES: usize = 240;
/// Maximum time to shrink a finding; with a slow endpoint, findings are reported as far as they were shrunk by then.
const SIMPLE_WITHIN: Duration = Duration::from_secs(4);
/// Maximum number of findings to shrink; the others are reported unchanged.
const MOST_SIMPLE: usize = 64;
/// Maximum number of corpus inputs that one run writes.
const MOST_WRITTEN: u64 = 20_000;

/// Limits and initial inputs of a fuzzing run.
#[derive(Clone, Debug, Default)]
pub struct Fuzzing {
    /// Maximum duration of the run.
    pub max_time: Option<Duration>,
    /// Maximum number of sequences to send.
    pub max_cases: Option<u64>,
    /// Contents of the corpus files, which are sent first.
    pub corpus: Vec<Vec<u8>>,
}

/// A finding, shrunk as far as possible.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The case's id.
    pub id: String,
    /// The name under which it should be saved.
    pub name: String,
    /// The content of its file.
    pub text: String,
    /// What was received.
    pub observed: String,
}

/// Receives findings and new corpus inputs; an error ends the run.
pub trait Keep {
    /// Saves an input that led to a new kind of response.
    ///
    /// # Errors
    /// Returns the reason if it cannot be saved.
    fn input(&mut self, name: &str, bytes: &[u8]) -> Result<(), String>;

    /// Saves a finding.
    ///
    /// # Errors
    /// Returns the reason if it cannot be saved.
    fn found(&mut self, found: &Found) -> Result<(), String>;

    /// Reports progress: numbers of sequences, kinds of responses, corpus inputs and findings, and the elapsed time.
    fn progress(&mut self, sent: u64, kinds: usize, kept: usize, findings: u64, elapsed: Duration);
}

/// Operations of which no request succeeded, so that their rejections are meaningless.
pub type Vacuous = Vec<String>;

/// The result of one sequence.
struct Seen {
    index: usize,
    case: Arc<Case>,
    judged: Judged,
}

/// Fuzzes until a limit of `fuzzing` is reached or the run is stopped.
///
/// Must be called on a multi-threaded runtime, as [`super::check`].
///
/// # Errors
/// Returns an error if no requests can be generated, the endpoint cannot be set up, or a reporter cannot write.
pub async fn fuzz(
    job: &Job,
    sending: &Sending,
    fuzzing: &Fuzzing,
    run_id: &str,
    stop: &Stop,
    output: &mut (dyn Output + Send),
    keep: &mut (dyn Keep + Send),
) -> Result<(Summary, Vacuous), Vec<Diagnostic>> {
    let failed = |reason: String| vec![Diagnostic::error(reason)];
    let embedded = embedded::where_wanted(job).await?;
    let port = started::port(job)?;
    let endpoint = job.endpoint(embedded.as_ref(), port, sending)?;
    let bench = job.bench()?;
    let control = |operation: &str| job.control(&bench, operation);
    let (running, restarts) = (std::sync::OnceLock::new(), std::sync::atomic::AtomicU32::new(0));
    let revive = || started::revive(job, &endpoint, running.get(), &restarts, stop);
    let mut plan = job.plan(&endpoint, sending.settings, run_id, stop, &control);
    // Fuzzing has a time limit of its own.
    plan.search_time = run::SearchTime::endless();
    let redaction = plan.redaction();
    let origin = endpoint.origin();
    let alone = Finish {
        job,
        redaction: &redaction,
        origin: &origin,
        survey: None,
        accepted: None,
        beside: None,
        strict: sending.strict,
        fleeting: started::is_fleeting(job),
    };
    // Controls come first: an operation that accepts nothing is not worth fuzzing.
    let controls = claims::controls(job, &bench);
    let drawn: HashSet<String> = controls.iter().map(|case| case.operation.to_string()).collect();
    let planned = super::Planned { operations: drawn.len() as u64, ..super::Planned::default() };
    let server = tokio::task::block_in_place(|| started::version(job, &redaction));
    let head = Head { server, ..job.head(run_id, planned, &endpoint) };
    output.begin(&head).map_err(|error| unwritten(&error))?;
    let mut tally = Tally::new(job, sending);
    let start = || started::start(job, &plan, port, &redaction, sending, stop);
    match tokio::task::block_in_place(start)? {
        Ok(server) => {
            if let Some(server) = &server {
                let _ = running.set(Arc::clone(server));
                plan.revive = Some(&revive);
            }
            plan.server = server;
        }
        Err(started::NotReady { why, output: said }) => {
            let mut summary = tally.summary(0.0, &RunEnd::Complete);
            (summary.incomplete, summary.server_output) = (Some(why), said);
            output.end(&summary).map_err(|error| unwritten(&error))?;
            return Ok((summary, Vec::new()));
        }
    }
    let line = OneByOne::new(&plan).map_err(failed)?;
    let watch = Stopwatch::start();
    let mut survey = tokio::task::block_in_place(|| Survey::begin(job, &bench, &line))?;
    let mut granted: BTreeMap<String, bool> = BTreeMap::new();
    let mut used = known::Used::default();
    let mut unwritable = None;
    let mut seen = Vec::new();
    let mut ended = {
        let finish = Finish { survey: Some(&survey), ..alone };
        let mut emit = |done: Box<Done>| {
            tally.add(&done);
            used.add(&job.known, &done);
            unwritable = output.case(&done).err();
            seen.push(done);
            if unwritable.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let finished = |outcome| Box::new(finish.finish(outcome));
        line.rest();
        tokio::task::block_in_place(|| run::run(&plan, controls.into_iter(), finished, &mut emit))
    };
    for done in &seen {
        survey.see(job, done);
        let success = done.judgement.observed.status.is_some_and(|status| (200..300).contains(&status));
        if done.judgement.verdict != Verdict::NotImplemented {
            granted.insert(done.case.operation.to_string(), success);
        }
    }
    if let Some(error) = unwritable {
        return Err(unwritten(&error));
    }
    let elsewhere = survey.is_elsewhere(job);
    // Only operations that accept their control are fuzzed.
    let scenario = claims::granted(job, &drawn, &survey);
    let finish = Finish { survey: Some(&survey), ..alone };
    let mut sent = 0;
    if ended == RunEnd::Complete && elsewhere.is_none() && !scenario.only.is_empty() {
        let wild = Wild::new(&job.contract, &scenario, job.seed).map_err(|error| failed(error.to_string()))?;
        let mut first = wild.plain();
        first.extend(job.saved.iter().map(|saved| saved.acts.clone()).filter(|acts| wild.knows(acts)));
        first.extend(fuzzing.corpus.iter().filter_map(|bytes| wild.from_bytes(bytes)));
        let mut search = Search {
            job,
            wild: &wild,
            guide: Guide::new(&wild, job.seed, first),
            finish,
            run_id,
            number: 0,
            written: 0,
            known: HashSet::new(),
            simple: 0,
            watch,
            over_at: fuzzing.max_time.map(|most| most + SIMPLE_WITHIN),
        };
        while ended == RunEnd::Complete && !stop.is_stopped() {
            let over = fuzzing.max_time.is_some_and(|most| watch.elapsed() >= most);
            let left = fuzzing.max_cases.map_or(u64::MAX, |most| most.saturating_sub(sent));
            if over || left == 0 || tally.enough() {
                break;
            }
            let size = if sent < 1000 { FIRST_ROUND } else { ROUND };
            let round = search.round(size.min(usize::try_from(left).unwrap_or(usize::MAX)));
            if round.is_empty() {
                break;
            }
            let mut news = Vec::new();
            let (over_at, began) = (fuzzing.max_time, watch);
            let result = tokio::task::block_in_place(|| {
                line.rest();
                let cases = round.iter().map(|(_, tale)| tale.case.clone());
                let by_id: HashMap<&str, usize> =
                    round.iter().enumerate().map(|(index, (_, tale))| (tale.case.id.0.as_str(), index)).collect();
                let finished = |outcome: Outcome| {
                    let index = by_id[outcome.case.id.0.as_str()];
                    Box::new(search.seen(index, &round[index].1, outcome))
                };
                let mut emit = |one: Box<Seen>| {
                    sent += 1;
                    news.push(one);
                    let late = over_at.is_some_and(|most| began.elapsed() >= most + Duration::from_secs(1));
                    if late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                };
                run::run(&plan, cases, finished, &mut emit)
            });
            if result != RunEnd::Enough {
                ended = result;
            }
            for one in news {
                let proposal = &round[one.index].0;
                for name in &one.judged.succeeded {
                    granted.insert(name.clone(), true);
                }
                search.count(&mut tally, &round[one.index].1, &one);
                if search.guide.learn(proposal, &one.judged.signatures) {
                    search.write(&proposal.acts, keep).map_err(failed)?;
                }
                for (claim, done) in one.judged.broke {
                    used.add(&job.known, &done);
                    let claim = &round[one.index].1.claims[claim];
                    let found = tokio::task::block_in_place(|| search.found(&line, &proposal.acts, claim, done));
                    match found {
                        None => {}
                        Some((done, None)) => {
                            tally.findings.count_more(&job.scenario.name, &done.case, &done.judgement);
                        }
                        Some((done, Some(found))) => {
                            tally.add_part(&done);
                            tally.failures += 1;
                            output.case(&done).map_err(|error| unwritten(&error))?;
                            keep.found(&found).map_err(failed)?;
                        }
                    }
                }
            }
            keep.progress(
                sent,
                search.guide.kinds(),
                search.guide.kept(),
                tally.findings.len() as u64,
                watch.elapsed(),
            );
        }
    }
    let vacuous: Vacuous = granted.into_iter().filter(|(_, granted)| !granted).map(|(name, _)| name).collect();
    let mut summary = tally.summary(watch.elapsed().as_secs_f64(), &ended);
    if stop.is_stopped() {
        // Stopping is the usual way to end a fuzzer, so the run is not incomplete.
        summary.incomplete = None;
    }
    if let Some((why, said)) = started::fate(plan.server.as_ref(), &ended) {
        summary.incomplete = Some(why);
        summary.server_output = said;
    }
    if elsewhere.is_some() {
        summary.incomplete = elsewhere;
    }
    summary.known_notes = used.notes(&job.known);
    summary.not_run = survey.not_run();
    summary.left = plan.left.told();
    output.end(&summary).map_err(|error| unwritten(&error))?;
    Ok((summary, vacuous))
}

/// The state of a fuzzing run.
struct Search<'s, 'a> {
    job: &'s Job,
    wild: &'s Wild<'a>,
    guide: Guide<'s, 'a>,
    finish: Finish<'s>,
    run_id: &'s str,
    /// Number of sequences so far; it is part of their names, so that each sequence has resources of its own.
    number: u64,
    written: u64,
    /// Findings so far, by group (operation, member and constraint) and received response.
    known: HashSet<(String, String)>,
    simple: usize,
    watch: Stopwatch,
    /// After this time no finding is shrunk: there may be many, and each takes time.
    over_at: Option<Duration>,
}

impl Search<'_, '_> {
    fn name(&mut self) -> String {
        self.number += 1;
        format!("{}-{}", self.run_id, self.number)
    }

    fn round(&mut self, size: usize) -> Vec<(Proposal, Tale)> {
        let mut round = Vec::with_capacity(size);
        for _ in 0..size * 2 {
            if round.len() >= size {
                break;
            }
            let Some(proposal) = self.guide.propose() else { break };
            let name = self.name();
            if let Some(tale) = self.wild.tale(&name, &proposal.acts) {
                round.push((proposal, tale));
            }
        }
        round
    }

    /// Judges the responses to a sequence, on the worker that sent it.
    fn seen(&self, index: usize, tale: &Tale, mut outcome: Outcome) -> Seen {
        let judged = claims::judged(&self.finish, tale, &mut outcome);
        Seen { index, case: outcome.case, judged }
    }

    /// Adds the result of a sequence to the counts and the coverage.
    fn count(&self, tally: &mut Tally, tale: &Tale, one: &Seen) {
        let mut case = (*one.case).clone();
        for (number, (claim, judgement)) in tale.claims.iter().zip(&one.judged.judgements).enumerate() {
            claim.apply(&mut case);
            let told = one.judged.broke.iter().find(|(broke, _)| *broke == number).map(|(_, done)| &done.judgement);
            let judgement = told.unwrap_or(judgement);
            tally.counts.add(judgement.verdict);
            tally.coverage.add(&case, judgement);
        }
    }

    /// Saves a corpus input, up to the maximum number.
    fn write(&mut self, acts: &[Act], keep: &mut (dyn Keep + Send)) -> Result<(), String> {
        if self.written >= MOST_WRITTEN {
            return Ok(());
        }
        self.written += 1;
        keep.input(&saved::name_of(acts), acts_to_json(acts).to_string().as_bytes())
    }

    /// Shrinks a finding if it is new. Returns it with what to save, or without if it was found before. Returns
    /// `None` if the result is not a finding.
    fn found(&mut self, line: &OneByOne<'_>, acts: &[Act], claim: &Claim, done: Done) -> Option<(Done, Option<Found>)> {
        if !done.finding {
            return None;
        }
        let key = (group_of(&done), done.judgement.observed.to_string());
        if !self.known.insert(key.clone()) {
            return Some((done, None));
        }
        let mut best = (acts.to_vec(), claim.act, None);
        if self.simple < MOST_SIMPLE {
            self.simple += 1;
            let began = Stopwatch::start();
            let mut again = |acts: &Vec<Act>| -> bool {
                let late = self.over_at.is_some_and(|most| self.watch.elapsed() >= most);
                if late || line.plan().stop.is_stopped() || began.elapsed() > SIMPLE_WITHIN {
                    return false;
                }
                let name = saved::name_of(acts);
                let Some((done, at)) = self.shows(line, &name, acts, claim, &key) else { return false };
                best = (acts.clone(), at, Some(done));
                true
            };
            // A finding that cannot be reproduced cannot be shrunk.
            if again(&acts.to_vec()) {
                simplest(acts.to_vec(), TRIES, |acts| self.wild.simpler(acts), again);
            }
        }
        let (acts, judged, simple) = best;
        // The shrunk case has its final id, so that it can be replayed by it.
        let done = match simple {
            Some(done) => done,
            None => done,
        };
        let simple = (group_of(&done), done.judgement.observed.to_string());
        // Two findings that look different may shrink to the same one.
        if simple != key && !self.known.insert(simple) {
            return Some((done, None));
        }
        let regression = Regression {
            found: format!(
                "{}, expected {}: {}",
                done.judgement.observed,
                crate::judge::in_words(&done.case.expectation),
                done.case.rule
            ),
            judged,
            requests: saved::text_of(&acts),
        };
        let found = Found {
            id: done.case.id.to_string(),
            name: saved::name_of(&acts),
            text: write_regression(&regression),
            observed: done.judgement.observed.to_string(),
        };
        Some((done, Some(found)))
    }

    /// Sends these actions and returns the result that reproduces the finding: a similar check of the same operation
    /// fails with the same response.
    fn shows(
        &self,
        line: &OneByOne<'_>,
        name: &str,
        acts: &[Act],
        claim: &Claim,
        key: &(String, String),
    ) -> Option<(Done, Option<usize>)> {
        let tale = self.wild.tale(name, acts)?;
        let mut outcome = line.send(tale.case.clone()).ok()?;
        for other in &tale.claims {
            let alike = other.operation == claim.operation
                && (other.intent == claim.intent || matches!(claim.intent, Intent::Probe))
                && other.act.is_some() == claim.act.is_some();
            if !alike {
                continue;
            }
            other.apply(Arc::make_mut(&mut outcome.case));
            let judgement = judge(&self.job.contract, &self.job.scenario, &outcome);
            if judgement.verdict == Verdict::Diverges && judgement.observed.to_string() == key.1 {
                let done = self.finish.finish(outcome.clone());
                // A known divergence, or a response that is not a finding, is not the same.
                if done.finding {
                    return Some((done, other.act));
                }
            }
        }
        None
    }
}

/// Returns the case id without its variant, by which findings are grouped.
fn group_of(done: &Done) -> String {
    done.case.id.0.rsplit_once('/').map_or_else(String::new, |(group, _)| group.to_owned())
}
