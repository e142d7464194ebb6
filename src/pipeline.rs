//! Runs a check from start to end: documents → contract → cases → exchanges → verdicts → report.
//!
//! This module uses all others, but never reads flags, the terminal or the environment.

mod accepted;
mod beside;
mod claims;
mod doctor;
mod driven;
mod embedded;
mod export;
mod filter;
mod finish;
mod fuzz;
mod held;
mod init;
mod job;
mod known;
mod learn;
mod load;
mod poison;
mod replay;
mod review;
mod saved;
mod seeds;
mod shorten;
mod started;
mod survey;

pub use crate::contract::drift;
pub use accepted::{Keeping, Update};
pub use beside::{Answers, Beside};
pub use doctor::doctor;
pub use driven::{Driven, Ended, KINDS};
pub use embedded::{Embedded, faults, serve, world};
pub use export::{ExportFormat, export};
pub use filter::{Filter, FilterError, Property};
pub use fuzz::{Found, Fuzzing, Keep, Vacuous, fuzz};
pub use init::scenario_text;
pub use job::{Job, Planned, Sending, Target, fresh_run_id};
pub use known::Known;
pub use load::{Loaded, check_only, ingest, load};
pub use replay::{Began, Index, Indexed, ReplayEnd, ids, index, record, recorded, replay, split_headers};
pub use review::{Choice, Unit, Waiting, accept_results, waiting};
pub use saved::Saved;
pub use seeds::{Seeds, seeds};

use crate::generate::{self, Case, Workbench};
use crate::judge::{Coverage, Findings, Judgement, Verdict};
use crate::report::{CasePrinter, Counts, Diagnostic, Done, Head, Output, Summary};
use crate::run::{self, RunEnd, Stop, Stopwatch};
use crate::wire;
use held::Held;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Sends every case of a job and compares the responses with the contract. Returns `None` if there is no case to send.
///
/// Must be called on a multi-threaded runtime, because sending uses threads of its own and blocks.
///
/// # Errors
/// Returns an error if cases cannot be generated, the endpoint cannot be set up, or a reporter cannot write.
pub async fn check(
    job: &Job,
    sending: &Sending,
    run_id: &str,
    stop: &Stop,
    output: &mut (dyn Output + Send),
) -> Result<Option<Summary>, Vec<Diagnostic>> {
    let bench = job.bench()?;
    let controls = Held::of(job.controls(&bench)?);
    let supply = if controls.planned().cases > 0 {
        Supply::Learnt(controls)
    } else {
        let mut all = Held::of(job.cases(&bench)?);
        if all.planned().cases == 0 {
            return Ok(None);
        }
        let planned = all.planned();
        Supply::Known(planned, kept(&mut all, || job.cases(&bench))?)
    };
    check_with(job, &bench, supply, sending, run_id, stop, output).await.map(Some)
}

/// An iterator over cases, in plan order.
type Cases<'c> = Box<dyn Iterator<Item = Arc<Case>> + Send + 'c>;

/// The source of the cases to send.
enum Supply<'c> {
    /// A fixed list of cases whose number is known in advance.
    Known(Planned, Cases<'c>),
    /// These controls, followed by all cases of the operations whose control succeeded; cases of other operations are
    /// never generated.
    Learnt(Held),
}

/// Returns the cases in memory, or generates them again if they were too many to keep.
fn kept<'c, I: Iterator<Item = Case> + Send + 'c>(
    held: &mut Held,
    again: impl FnOnce() -> Result<I, Vec<Diagnostic>>,
) -> Result<Cases<'c>, Vec<Diagnostic>> {
    Ok(match held.cases.take() {
        Some(cases) => Box::new(cases.into_iter()),
        None => Box::new(again()?.map(Arc::new)),
    })
}

/// Like [`check`], but sends these cases of the job instead of all; they may repeat or have other ids.
///
/// Must be called on a multi-threaded runtime.
///
/// # Errors
/// Returns an error if the endpoint cannot be set up, or a reporter cannot write.
pub async fn check_cases(
    job: &Job,
    planned: Planned,
    cases: impl Iterator<Item = impl Into<Arc<Case>>> + Send,
    sending: &Sending,
    run_id: &str,
    stop: &Stop,
    output: &mut (dyn Output + Send),
) -> Result<Summary, Vec<Diagnostic>> {
    let supply = Supply::Known(planned, Box::new(cases.map(Into::into)));
    check_with(job, &job.bench()?, supply, sending, run_id, stop, output).await
}

async fn check_with<'a>(
    job: &'a Job,
    bench: &Workbench<'a>,
    supply: Supply<'_>,
    sending: &Sending,
    run_id: &str,
    stop: &Stop,
    output: &mut (dyn Output + Send),
) -> Result<Summary, Vec<Diagnostic>> {
    let accepted = accepted::Accepted::read(job, sending.keeping.as_ref())?;
    let embedded = embedded::where_wanted(job).await?;
    let port = started::port(job)?;
    let endpoint = job.endpoint(embedded.as_ref(), port, sending)?;
    let control = |operation: &str| job.control(bench, operation);
    let (running, restarts) = (std::sync::OnceLock::new(), std::sync::atomic::AtomicU32::new(0));
    let revive = || started::revive(job, &endpoint, running.get(), &restarts, stop);
    let mut plan = job.plan(&endpoint, sending.settings, run_id, stop, &control);
    let redaction = plan.redaction();
    let origin = endpoint.origin();
    let compared = sending.keeping.as_ref().map(|_| &accepted);
    let alone = finish::Finish {
        job,
        redaction: &redaction,
        origin: &origin,
        survey: None,
        accepted: compared,
        beside: sending.beside.as_ref(),
        strict: sending.strict,
        fleeting: started::is_fleeting(job),
    };
    let mut elsewhere = None;
    let mut record = accepted::Record::new(job, sending.keeping.as_ref(), &accepted);
    let mut tally = Tally::new(job, sending);
    let mut failed = shorten::Failed::default();
    let mut strayed = learn::Strayed::default();
    let mut used = known::Used::default();
    let mut lessons = None;
    let mut unwritable = None;
    let server = tokio::task::block_in_place(|| started::version(job, &redaction));
    let head = |planned| Head { server: server.clone(), ..job.head(run_id, planned, &endpoint) };
    let (mut planned, first, mut controls) = match supply {
        Supply::Known(planned, cases) => (planned, cases, None),
        Supply::Learnt(controls) => (controls.planned(), Box::new(std::iter::empty()) as Cases<'_>, Some(controls)),
    };
    if controls.is_none() {
        output.begin(&head(planned)).map_err(|error| unwritten(&error))?;
    }
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
            if let Some(controls) = &controls {
                let planned = controls.planned_with(&Held::of(job.others(bench, &|_| true)?));
                output.begin(&head(planned)).map_err(|error| unwritten(&error))?;
            }
            let mut summary = tally.summary(0.0, &RunEnd::Complete);
            (summary.incomplete, summary.server_output) = (Some(why), said);
            output.end(&summary).map_err(|error| unwritten(&error))?;
            return Ok(summary);
        }
    }
    let line = run::OneByOne::new(&plan);
    let mut poison = plan.revive.is_some().then(poison::Poison::default);
    let mut survey = match &line {
        Ok(line) => {
            let survey = tokio::task::block_in_place(|| survey::Survey::begin(job, bench, line))?;
            line.rest();
            survey
        }
        Err(_) => survey::Survey::default(),
    };
    let spent = || {
        let server: &Arc<run::Started> = running.get()?;
        Some((run::processor_seconds(None)?, server.processor_seconds()?))
    };
    let before = spent();
    let watch = Stopwatch::start();
    let first = match &mut controls {
        Some(controls) => kept(controls, || job.controls(bench))?,
        None => first,
    };
    let mut cases = first.peekable();
    let mut ended = RunEnd::Complete;
    // Controls come first, then the valid values that show what a rejection means, then the rest. Each stage uses the
    // results of those before it.
    for stage in STAGES {
        if ended != RunEnd::Complete || unwritable.is_some() {
            break;
        }
        let finish = finish::Finish { survey: Some(&survey), ..alone };
        let mut seen = Vec::new();
        let is_told = controls.is_none();
        // Boxed, because results are buffered until it is their turn in plan order.
        let mut emit = |done: Box<Done>| {
            let mut done = done;
            record.add(&mut done);
            tally.add(&done);
            failed.add(&done);
            strayed.add(&done);
            used.add(&job.known, &done);
            if let Some(poison) = &mut poison {
                poison.add(&done);
            }
            // Reporters first receive the number of cases, which is only known after the controls.
            if stage != Stage::Controls || is_told {
                unwritable = output.case(&done).err();
            }
            let goes_on = unwritable.is_none() && !tally.enough();
            if stage != Stage::Rest {
                seen.push(done);
            }
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let finished = |outcome| Box::new(finish.finish(outcome));
        let due = std::iter::from_fn(|| {
            loop {
                let case = cases.next_if(|case: &Arc<Case>| stage.takes(job, case))?;
                if stage == Stage::Controls || survey.runs(case.operation.as_str()) {
                    return Some(case);
                }
            }
        });
        ended = tokio::task::block_in_place(|| run::run(&plan, due, finished, &mut emit));
        for done in &seen {
            survey.see(job, done);
        }
        if stage == Stage::Controls {
            elsewhere = survey.is_elsewhere(job);
            if let Some(controls) = controls.take() {
                let is_over = stop.is_stopped() || elsewhere.is_some();
                let runs = |operation: &str| !is_over && survey.runs(operation);
                let mut others = Held::of(job.others(bench, &runs)?);
                planned = controls.planned_with(&others);
                output.begin(&head(planned)).map_err(|error| unwritten(&error))?;
                for done in &seen {
                    unwritable = unwritable.or(output.case(done).err());
                }
                cases = kept(&mut others, || job.others(bench, &runs))?.peekable();
            }
        }
        if elsewhere.is_some() {
            break;
        }
    }
    let finish = finish::Finish { survey: Some(&survey), ..alone };
    if unwritable.is_none() && ended == RunEnd::Complete {
        let options = generate::Options { seed: job.seed, level: job.level };
        if let Ok(line) = &line {
            // This comes before anything else is sent, so that a control that fails now fails because of the run.
            let found = |poison: poison::Poison| poison.found(job, line, &finish, &revive);
            for mut done in poison.map(|poison| tokio::task::block_in_place(|| found(poison))).into_iter().flatten() {
                record.add(&mut done);
                tally.add(&done);
                used.add(&job.known, &done);
                unwritable = unwritable.or(output.case(&done).err());
            }
            for done in tokio::task::block_in_place(|| failed.shortened(line, options, &finish)) {
                tally.add_part(&done);
                unwritable = unwritable.or(output.case(&done).err());
            }
            lessons = Some(tokio::task::block_in_place(|| strayed.learn(line, bench, options, &finish)));
        }
    }
    if let Some(error) = unwritable {
        return Err(unwritten(&error));
    }
    let mut summary = tally.summary(watch.elapsed().as_secs_f64(), &ended);
    for finding in &mut summary.findings {
        let lesson = lessons.as_ref().and_then(|lessons| lessons.about(finding));
        finding.learnt = finding.learnt.take().or(lesson);
    }
    if let Some((why, said)) = started::fate(plan.server.as_ref(), &ended) {
        summary.incomplete = Some(why);
        summary.server_output = said;
    }
    summary.processor = before
        .zip(spent())
        .map(|(before, after)| (planned.made_in + after.0 - before.0, (after.1 - before.1).max(0.0)));
    if elsewhere.is_some() {
        summary.incomplete = elsewhere;
    }
    summary.known_notes = used.notes(&job.known);
    summary.not_run = survey.not_run();
    summary.left = plan.left.told();
    summary.complete = summary.incomplete.is_none() && job.is_whole();
    summary.snapshots = record.write(summary.complete, &summary.not_run)?;
    output.end(&summary).map_err(|error| unwritten(&error))?;
    Ok(summary)
}

/// Prints the cases that [`check`] would send, and returns their number.
///
/// # Errors
/// Returns an error if cases cannot be generated, or the printer cannot write.
pub fn cases<W: Write>(
    job: &Job,
    run_id: &str,
    with_curl: bool,
    printer: &mut CasePrinter<W>,
) -> Result<u64, Vec<Diagnostic>> {
    let endpoint = job.endpoint(None, None, &Sending::default())?;
    let (control, stop) = (|_: &str| None, Stop::default());
    let plan = job.plan(&endpoint, run::Settings::default(), run_id, &stop, &control);
    let redaction = plan.redaction();
    let mut printed = 0;
    for case in job.cases(&job.bench()?)? {
        let message = if with_curl { run::message(&plan, &case).ok() } else { None };
        let curl = message.and_then(|message| wire::curl(&message, &endpoint.origin(), &redaction));
        printer.case(&case, curl.as_ref().map(|curl| curl.0.as_str())).map_err(|error| unwritten(&error))?;
        printed += 1;
    }
    Ok(printed)
}

/// The stages of a run: which operations succeed, which valid values are accepted, and then the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Controls,
    Plain,
    Rest,
}

const STAGES: [Stage; 3] = [Stage::Controls, Stage::Plain, Stage::Rest];

impl Stage {
    /// Returns true if a case belongs to this stage, given that it is next in the plan.
    fn takes(self, job: &Job, case: &Case) -> bool {
        match self {
            Self::Controls => case.id.0.ends_with(CONTROL),
            Self::Plain => case.class == "valid" && job.contract.is_only_modelled(),
            Self::Rest => true,
        }
    }
}

/// The suffix of the case ids of controls.
const CONTROL: &str = "/valid/control/plain";

/// The counts, coverage and findings of a run so far.
struct Tally {
    scenario: String,
    counts: Counts,
    coverage: Coverage,
    findings: Findings,
    /// Whether the contract comes from machine models only.
    modelled: bool,
    max_failures: Option<u64>,
    failures: u64,
    /// Number of controls that were sent, and of those that passed.
    controls: (u64, u64),
    /// The result of the first control.
    met: Option<String>,
}

impl Tally {
    fn new(job: &Job, sending: &Sending) -> Self {
        Self {
            scenario: job.scenario.name.clone(),
            counts: Counts::default(),
            coverage: Coverage::new(&job.contract, |operation| job.scenario.wants(operation)),
            findings: Findings::new(sending.strict),
            modelled: job.contract.is_only_modelled(),
            max_failures: sending.max_failures,
            failures: 0,
            controls: (0, 0),
            met: None,
        }
    }

    fn add(&mut self, done: &Done) {
        self.counts.add(done.judgement.verdict);
        self.counts.compare(&done.comparison);
        self.failures += u64::from(done.finding);
        if done.case.id.0.ends_with(CONTROL) {
            self.controls.0 += 1;
            self.controls.1 += u64::from(done.judgement.verdict == Verdict::Pass);
            self.met = self.met.take().or_else(|| Some(met(&done.judgement)));
        }
        self.coverage.add(&done.case, &done.judgement);
        if self.modelled {
            self.findings.see(&done.case, &done.judgement);
        }
        self.findings.add_compared(
            &self.scenario,
            &done.case,
            &done.judgement,
            &done.comparison,
            &done.server_output,
            || done.again(),
        );
    }

    /// Adds a part of a failed sequence, which is a smaller example of a case that is counted already.
    fn add_part(&mut self, done: &Done) {
        self.findings.add_compared(
            &self.scenario,
            &done.case,
            &done.judgement,
            &done.comparison,
            &done.server_output,
            || done.again(),
        );
    }

    fn summary(self, seconds: f64, ended: &RunEnd) -> Summary {
        let incomplete = match ended {
            RunEnd::Unreachable(why) => Some(format!("the endpoint could not be reached: {why}")),
            RunEnd::Died(why) => Some(format!("the endpoint stopped responding: {why}")),
            RunEnd::Stopped => Some("the run was stopped".to_owned()),
            RunEnd::Enough => Some("--max-failures was reached".to_owned()),
            RunEnd::Complete if self.controls == (0, 0) || self.controls.1 > 0 => None,
            RunEnd::Complete => Some(format!(
                "no control request succeeded, so the other cases would be meaningless; the first one received {}",
                self.met.as_deref().unwrap_or("nothing")
            )),
        };
        let hint = matches!(ended, RunEnd::Unreachable(_)).then_some(
            "start the server, or choose another with --endpoint; with `start` in overstep.toml, overstep starts it",
        );
        Summary {
            scenario: self.scenario,
            hint,
            counts: self.counts,
            operations: self.coverage.operations(),
            findings: self.findings.sorted(),
            incomplete,
            seconds,
            ..Summary::default()
        }
    }

    fn enough(&self) -> bool {
        self.max_failures.is_some_and(|most| self.failures >= most)
    }
}

/// Describes the result of a control.
fn met(judgement: &Judgement) -> String {
    match judgement.observed.status {
        Some(_) => judgement.observed.to_string(),
        None => judgement.why.clone(),
    }
}

/// Returns the error for results that cannot be written. It is empty if the reader closed the pipe (`| head`), which
/// is not worth a message.
fn unwritten(error: &io::Error) -> Vec<Diagnostic> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Vec::new();
    }
    vec![Diagnostic::error(format!("cannot write results: {error}"))]
}
