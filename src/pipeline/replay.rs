//! Cases of an earlier run, sent again exactly as they were: only date and signature are new.
//!
//! Nothing here reads a file: results come as lines, and what a run was comes as its record.

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

/// The event that begins a scenario in results.
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
    /// What fed every free choice.
    pub seed: u64,
    /// `{run}`.
    pub run: String,
    /// The contract's digest.
    pub contract: String,
}

/// Results without what was sent: short enough to be held.
#[derive(Debug, Default)]
pub struct Index {
    /// One for each scenario.
    pub began: Vec<Began>,
    /// Each case's scenario, id and verdict, in plan order.
    pub cases: Vec<Indexed>,
}

/// One case of an index.
#[derive(Clone, Debug, Deserialize)]
pub struct Indexed {
    /// Its id.
    pub id: String,
    /// Its scenario.
    pub scenario: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Whether it broke the contract as accepted.
    #[serde(default)]
    pub known: bool,
    /// How its answer stood beside the accepted one.
    #[serde(default)]
    pub change: Change,
}

impl Indexed {
    /// Whether its answer was not the accepted one.
    pub fn has_changed(&self) -> bool {
        self.change == Change::Changed
    }

    /// Whether somebody had to look at it.
    pub fn is_finding(&self, strict: bool) -> bool {
        is_finding(self.verdict, self.known, self.change, strict)
    }
}

#[derive(Deserialize)]
struct Event {
    event: String,
}

/// Goes through results once.
///
/// # Errors
/// Where a line is no event; a last line that was cut is overlooked.
pub fn index(results: &mut impl BufRead) -> Result<Index, Box<Diagnostic>> {
    let mut index = Index::default();
    each_line(results, |line| {
        match serde_json::from_str::<Event>(line)?.event.as_str() {
            "run" => index.began.push(serde_json::from_str(line)?),
            "case" => {
                if !line.ends_with('\n') {
                    // Whether it was cut, only all of it can say.
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

/// What was recorded of these cases, in plan order.
///
/// # Errors
/// As [`index`].
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
            let problem = Diagnostic::error(format!("line {number} is no event of `overstep-results/1`: {error}"));
            return Err(Box::new(problem.with_hint("results are what `overstep check --report ndjson=PATH` writes")));
        }
    }
    Ok(())
}

/// What must be known to send a job's cases again; `original` is the scenario before flags changed it.
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
        // What is not in the scenario came from the environment, and comes from there again.
        let Some(before) = original.variables.get(name) else { continue };
        // A key in a variable that nobody marked is no less secret.
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

/// Splits headers into what may be kept and the names of what may not.
pub fn split_headers(headers: &[(String, String)]) -> (Vec<(String, String)>, Vec<String>) {
    let (secret, plain): (Vec<_>, Vec<_>) = headers.iter().cloned().partition(|(name, _)| is_telling(name));
    (plain, secret.into_iter().map(|(name, _)| name).collect())
}

/// The ids of all cases of a job, in plan order.
///
/// # Errors
/// Where no cases can be made.
pub fn ids(job: &Job) -> Result<Vec<String>, Vec<Diagnostic>> {
    Ok(job.cases(&job.bench()?)?.map(|case| case.id.0).collect())
}

/// How a replay of one scenario ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayEnd {
    /// How many cases were sent again.
    pub sent: u64,
    /// How many of them diverge now.
    pub diverging: u64,
    /// How many of those were accepted so.
    pub known: u64,
    /// How many are not answered as accepted.
    pub changed: u64,
    /// How many have to be looked at.
    pub findings: u64,
    /// How many taught nothing.
    pub indeterminate: u64,
    /// Why the replay ended before its last case, if it did.
    pub incomplete: Option<String>,
    /// The last lines of a started server that is to blame for it.
    pub server_output: Vec<String>,
    /// How many cases made what could not be taken away, with the first one's id and what happened.
    pub left: Option<(u64, String, String)>,
}

/// Sends the cases in `job.ids` again, one after another, and hands each over as soon as it is judged and
/// compared with what is accepted; nothing is written there.
///
/// Must be called inside a runtime of several threads, as [`super::check`].
///
/// # Errors
/// Where no cases can be made, the endpoint cannot be set up, or `emit` takes no more.
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
        RunEnd::Died(why) => Some(format!("the endpoint went away: {why}")),
        RunEnd::Stopped => Some("the replay was stopped".to_owned()),
    };
    if let Some((why, said)) = started::fate(plan.server.as_ref(), &ended) {
        end.incomplete = Some(why);
        end.server_output = said;
    }
    end.left = plan.left.told();
    Ok(end)
}

/// An outcome with all its steps, whatever its verdict.
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
    fn results_are_read_and_a_cut_last_line_is_overlooked() {
        let text = format!("{RUN}{}{}{{\"event\":\"ca", case("s/O/a/b/c", "pass"), case("s/O/a/b/d", "diverges"));
        let mut results = Cursor::new(text);
        let index = index(&mut results).expect("readable");
        assert_eq!((index.began.len(), index.cases.len()), (1, 2));
        let found = recorded(&mut results, &|id| id == "s/O/a/b/d").expect("readable");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].verdict, found[0].observed.status), (Verdict::Diverges, Some(200)));
    }

    #[test]
    fn what_is_no_event_is_named_by_its_line() {
        let error = index(&mut Cursor::new(format!("{RUN}nonsense\n"))).expect_err("no event");
        assert!(error.reason.starts_with("line 2 is no event"), "{}", error.reason);
        assert!(index(&mut Cursor::new("{\"event\":\"case\",\"verdict\":\"odd\"}\n")).is_err());
        assert!(index(&mut Cursor::new("")).is_ok_and(|index| index.cases.is_empty()));
    }
}
