//! Replays cases of an earlier run exactly as they were sent, except for date and signature.
//!
//! This module never opens a file: it receives results as a reader, and the earlier run as a record.

use super::{Job, Sending, accepted, embedded, finish, started, unwritten};
use crate::contract::digest;
use crate::judge::{Change, Verdict, is_finding};
use crate::report::{Diagnostic, Replayed, SentStep, Then};
use crate::run::{self, Outcome, RunEnd, Stop, is_telling};
use crate::scenario::{Credentials, Scenario};
use crate::store::ScenarioRecord;
use crate::wire::curl;
use serde::Deserialize;
use std::io::{self, BufRead, Seek};
use std::ops::ControlFlow;

/// The `run` event, which begins a scenario in results.
#[derive(Clone, Debug, Deserialize)]
pub struct Began {
    /// The format of the results.
    pub format: String,
    /// The scenario's name.
    pub scenario: String,
    /// The endpoint's base URL.
    pub endpoint: String,
    /// The endpoint's name; `embedded`, or `default` for a bare URL.
    pub profile: String,
    /// Seed of the generated data.
    pub seed: u64,
    /// The run's id, the value of `{run}`.
    pub run: String,
    /// The contract's digest.
    pub contract: String,
}

/// Results without the requests, small enough to be kept in memory.
#[derive(Debug, Default)]
pub struct Index {
    /// The `run` event of each scenario.
    pub began: Vec<Began>,
    /// The cases, in plan order.
    pub cases: Vec<Indexed>,
}

/// One case of an index.
#[derive(Clone, Debug, Deserialize)]
pub struct Indexed {
    /// Its id.
    pub id: String,
    /// Its scenario.
    pub scenario: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Whether it is an accepted or known divergence.
    #[serde(default)]
    pub known: bool,
    /// The comparison of its response with the accepted one.
    #[serde(default)]
    pub change: Change,
}

impl Indexed {
    /// Returns true if its response differed from the accepted one.
    pub fn has_changed(&self) -> bool {
        self.change == Change::Changed
    }

    /// Returns true if it was a finding.
    pub fn is_finding(&self, strict: bool) -> bool {
        is_finding(self.verdict, self.known, self.change, strict)
    }
}

#[derive(Deserialize)]
struct Event {
    event: String,
}

/// Reads the index of results in one pass.
///
/// # Errors
/// Returns an error if a line is not an event; an incomplete last line is ignored.
pub fn index(results: &mut impl BufRead) -> Result<Index, Box<Diagnostic>> {
    let mut index = Index::default();
    each_line(results, |line| {
        match serde_json::from_str::<Event>(line)?.event.as_str() {
            "run" => index.began.push(serde_json::from_str(line)?),
            "case" => {
                if !line.ends_with('\n') {
                    // Only a complete parse shows whether the last line is incomplete.
                    serde_json::from_str::<Then>(line)?;
                }
                index.cases.push(serde_json::from_str(line)?);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(index)
}

/// Returns the recorded results of the cases for which `wanted` is true, in plan order.
///
/// # Errors
/// Returns an error under the same conditions as [`index_results`].
pub fn recorded(
    results: &mut (impl BufRead + Seek),
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<Then>, Box<Diagnostic>> {
    results.rewind().map_err(|error| unreadable(&error))?;
    let mut found = Vec::new();
    each_line(results, |line| {
        if serde_json::from_str::<Event>(line)?.event == "case" && wanted(&serde_json::from_str::<Indexed>(line)?.id) {
            found.push(serde_json::from_str(line)?);
        }
        Ok(())
    })?;
    Ok(found)
}

fn unreadable(error: &io::Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(format!("cannot read results: {error}")))
}

fn each_line(
    results: &mut impl BufRead,
    mut take: impl FnMut(&str) -> Result<(), serde_json::Error>,
) -> Result<(), Box<Diagnostic>> {
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let read = results.read_line(&mut line);
        if read.map_err(|error| unreadable(&error))? == 0 {
            break;
        }
        if let Err(error) = take(&line)
            && line.ends_with('\n')
        {
            let problem = Diagnostic::error(format!("line {number} is not an event of `overstep-results/1`: {error}"));
            return Err(Box::new(problem.with_hint("`overstep check --report ndjson=PATH` writes results")));
        }
    }
    Ok(())
}

/// Returns the record that is needed to replay a job's cases; `original` is the scenario before flags changed it.
pub fn record(job: &Job, named: &str, endpoint: &str, original: &Scenario) -> ScenarioRecord {
    let proofs: Vec<&String> = job
        .scenario
        .principals
        .values()
        .flat_map(|principal| match &principal.credentials {
            Credentials::Bearer(value) | Credentials::Header { value, .. } => vec![value],
            Credentials::SigV4 { access_key_id, secret_access_key, .. } => {
                access_key_id.iter().chain(secret_access_key).collect()
            }
            Credentials::Anonymous => Vec::new(),
        })
        .collect();
    let mut record = ScenarioRecord {
        scenario: job.scenario.name.clone(),
        named: named.to_owned(),
        endpoint: endpoint.to_owned(),
        profile: job.profile.clone(),
        contract: digest(&job.contract),
        again: job.again.clone(),
        ..ScenarioRecord::default()
    };
    for (name, variable) in &job.scenario.variables {
        // Variables that are not in the scenario come from the environment, and will be read from there again.
        let Some(before) = original.variables.get(name) else { continue };
        // A variable that is used in credentials is secret even if it is not marked so.
        let secret =
            variable.secret || before.secret || proofs.iter().any(|proof| proof.contains(&format!("{{{name}}}")));
        if !secret {
            record.variables.insert(name.clone(), variable.value.clone());
        } else if before.value != variable.value {
            record.secrets.push(name.clone());
        }
    }
    record
}

/// Splits headers into those that may be stored, and the names of those that may not.
pub fn split_headers(headers: &[(String, String)]) -> (Vec<(String, String)>, Vec<String>) {
    let (secret, plain): (Vec<_>, Vec<_>) = headers.iter().cloned().partition(|(name, _)| is_telling(name));
    (plain, secret.into_iter().map(|(name, _)| name).collect())
}

/// Returns the ids of all cases of a job, in plan order.
///
/// # Errors
/// Returns an error if cases cannot be generated.
pub fn ids(job: &Job) -> Result<Vec<String>, Vec<Diagnostic>> {
    Ok(job.cases(&job.bench()?)?.map(|case| case.id.0).collect())
}

/// The result of replaying one scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayEnd {
    /// Number of replayed cases.
    pub sent: u64,
    /// Number of cases that diverge now.
    pub diverging: u64,
    /// Number of diverging cases that are accepted or known.
    pub known: u64,
    /// Number of cases whose response differs from the accepted one.
    pub changed: u64,
    /// Number of findings.
    pub findings: u64,
    /// Number of inconclusive cases.
    pub indeterminate: u64,
    /// Why the replay is incomplete, if it is.
    pub incomplete: Option<String>,
    /// The last output lines of the server, if overstep started it and its exit ended the replay.
    pub server_output: Vec<String>,
    /// Number of cases whose cleanup failed, with the first one's id and the reason.
    pub left: Option<(u64, String, String)>,
}

/// Replays the selected cases of a job and passes each to `emit` as soon as it is judged and compared with accepted
/// behaviour. Snapshots are not written.
///
/// Must be called on a multi-threaded runtime, as [`super::check`].
///
/// # Errors
/// Returns an error if cases cannot be generated, the endpoint cannot be set up, or `emit` returns one.
pub async fn replay(
    job: &Job,
    sending: &Sending,
    run_id: &str,
    stop: &Stop,
    mut then: impl FnMut(&str) -> Option<Then> + Send,
    mut emit: impl FnMut(&Replayed) -> io::Result<()> + Send,
) -> Result<ReplayEnd, Vec<Diagnostic>> {
    let accepted = accepted::Accepted::read(job, sending.keeping.as_ref())?;
    let embedded = embedded::where_wanted(job).await?;
    let port = started::port(job)?;
    let endpoint = job.endpoint(embedded.as_ref(), port, sending)?;
    let bench = job.bench()?;
    let control = |operation: &str| job.control(&bench, operation);
    let mut plan = job.plan(&endpoint, sending.settings, run_id, stop, &control);
    let (redaction, origin) = (plan.redaction(), endpoint.origin());
    let fleeting = started::is_fleeting(job);
    let finish = finish::Finish {
        survey: None,
        job,
        redaction: &redaction,
        origin: &origin,
        accepted: sending.keeping.as_ref().map(|_| &accepted),
        beside: None,
        strict: sending.strict,
        fleeting,
    };
    let mut end = ReplayEnd::default();
    let start = || started::start(job, &plan, port, &redaction, sending, stop);
    match tokio::task::block_in_place(start)? {
        Ok(server) => plan.server = server,
        Err(started::NotReady { why, output }) => {
            end.incomplete = Some(why);
            end.server_output = output;
            return Ok(end);
        }
    }
    let mut unwritable = None;
    let mut take = |mut one: Replayed| {
        end.sent += 1;
        end.diverging += u64::from(one.done.judgement.verdict == Verdict::Diverges);
        end.known += u64::from(one.done.comparison.known);
        end.changed += u64::from(one.done.comparison.change == Change::Changed);
        end.findings += u64::from(one.done.finding);
        end.indeterminate += u64::from(one.done.judgement.verdict == Verdict::Indeterminate);
        one.then = then(&one.done.case.id.0);
        unwritable = emit(&one).err();
        if unwritable.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let cases = job.cases(&bench)?;
    let ended = tokio::task::block_in_place(|| run::run(&plan, cases, |outcome| again(&finish, outcome), &mut take));
    if let Some(error) = unwritable {
        return Err(unwritten(&error));
    }
    end.incomplete = match &ended {
        RunEnd::Complete | RunEnd::Enough => None,
        RunEnd::Unreachable(why) => Some(format!("the endpoint could not be reached: {why}")),
        RunEnd::Died(why) => Some(format!("the endpoint stopped responding: {why}")),
        RunEnd::Stopped => Some("the replay was stopped".to_owned()),
    };
    if let Some((why, said)) = started::fate(plan.server.as_ref(), &ended) {
        end.incomplete = Some(why);
        end.server_output = said;
    }
    end.left = plan.left.told();
    Ok(end)
}

/// Judges an outcome and records all its steps, whatever the verdict.
fn again(finish: &finish::Finish<'_>, outcome: Outcome) -> Replayed {
    let steps: Vec<Option<SentStep>> = outcome
        .case
        .steps
        .iter()
        .zip(&outcome.exchanges)
        .map(|(step, exchange)| Some(finish.step(step.purpose, exchange.as_ref()?)))
        .collect();
    let curls = outcome
        .exchanges
        .iter()
        .map(|exchange| exchange.as_ref().filter(|_| !finish.fleeting))
        .map(|exchange| Some(curl(&exchange?.sent, finish.origin, finish.redaction)?.0))
        .collect();
    let judged = outcome.case.judged.shown();
    Replayed { done: finish.finish(outcome), steps, curls, judged, then: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const RUN: &str = "{\"event\":\"run\",\"format\":\"overstep-results/1\",\"scenario\":\"s\",\"endpoint\":\"http://h\",\
                       \"profile\":\"default\",\"seed\":1,\"run\":\"r\",\"contract\":\"sha256:0\"}\n";

    fn case(id: &str, verdict: &str) -> String {
        format!(
            "{{\"event\":\"case\",\"id\":\"{id}\",\"scenario\":\"s\",\"verdict\":\"{verdict}\",\
             \"observed\":{{\"status\":200,\"error\":null,\"form\":null}}}}\n"
        )
    }

    #[test]
    fn incomplete_last_line_is_ignored() {
        let text = format!("{RUN}{}{}{{\"event\":\"ca", case("s/O/a/b/c", "pass"), case("s/O/a/b/d", "diverges"));
        let mut results = Cursor::new(text);
        let index = index(&mut results).expect("readable");
        assert_eq!((index.began.len(), index.cases.len()), (1, 2));
        let found = recorded(&mut results, &|id| id == "s/O/a/b/d").expect("readable");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].verdict, found[0].observed.status), (Verdict::Diverges, Some(200)));
    }

    #[test]
    fn invalid_event_is_reported_with_its_line() {
        let error = index(&mut Cursor::new(format!("{RUN}nonsense\n"))).expect_err("not an event");
        assert!(error.reason.starts_with("line 2 is not an event"), "{}", error.reason);
        assert!(index(&mut Cursor::new("{\"event\":\"case\",\"verdict\":\"odd\"}\n")).is_err());
        assert!(index(&mut Cursor::new("")).is_ok_and(|index| index.cases.is_empty()));
    }
}
