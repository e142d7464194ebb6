//! Reads the results of an earlier run.
//!
//! This module never opens a file: it receives results as a reader.

use crate::judge::{SnapshotChange, Verdict, is_finding};
use crate::report::{Diagnostic, RecordedCase, RecordedEvent, RecordedFinding, ResultsConverter};
use serde::Deserialize;
use std::io::{self, BufRead, Read as _, Seek};

/// The `run` event, which begins a scenario in results.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedRunStart {
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
pub struct ResultsIndex {
    /// The `run` event of each scenario.
    pub runs: Vec<RecordedRunStart>,
    /// The cases, in plan order.
    pub cases: Vec<IndexedCase>,
}

/// One case of an index.
#[derive(Clone, Debug, Deserialize)]
pub struct IndexedCase {
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
    pub change: SnapshotChange,
}

impl IndexedCase {
    /// Returns true if its response differed from the accepted one.
    pub fn has_changed(&self) -> bool {
        self.change == SnapshotChange::Changed
    }

    /// Returns true if it was a finding.
    pub fn is_finding(&self, strict: bool) -> bool {
        is_finding(self.verdict, self.known, self.change, strict)
    }
}

/// The format of the results.
const RESULTS_FORMAT: &str = "overstep-results/1";
/// Maximum length of a line of results in bytes.
const MAX_LINE_BYTES: u64 = 64 << 20;

#[derive(Deserialize)]
struct EventKind {
    event: String,
}

/// Reads the index of results in one pass.
///
/// # Errors
/// Returns an error if a line is not an event of this format, or if the results are cut short: every scenario ends with
/// a summary, even if its run was stopped.
pub fn index_results(results: &mut impl BufRead) -> Result<ResultsIndex, Box<Diagnostic>> {
    let mut index = ResultsIndex::default();
    let mut open_scenario: Option<String> = None;
    for_each_line(results, |line| {
        match serde_json::from_str::<EventKind>(line)?.event.as_str() {
            "run" => {
                let start: RecordedRunStart = serde_json::from_str(line)?;
                if start.format != RESULTS_FORMAT {
                    return Err(EventError::Format(start.format));
                }
                if let Some(scenario) = open_scenario.replace(start.scenario.clone()) {
                    return Err(EventError::CutShort(scenario));
                }
                index.runs.push(start);
            }
            "case" => index.cases.push(serde_json::from_str(line)?),
            "summary" => open_scenario = None,
            _ => {}
        }
        Ok(())
    })?;
    match open_scenario {
        Some(scenario) => Err(EventError::CutShort(scenario).describe(None)),
        None => Ok(index),
    }
}

/// Why a line of results cannot be used.
enum EventError {
    /// It is not an event.
    Malformed(serde_json::Error),
    /// The results have another format.
    Format(String),
    /// The run of this scenario has no summary.
    CutShort(String),
    /// The last line has no end.
    Unterminated,
}

impl From<serde_json::Error> for EventError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error)
    }
}

impl EventError {
    fn describe(self, line: Option<usize>) -> Box<Diagnostic> {
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let problem = match self {
            Self::Malformed(error) => {
                let place = line.map(|line| format!("line {line}")).unwrap_or_default();
                Diagnostic::error(format!("{place} is not an event of `{RESULTS_FORMAT}`: {error}"))
                    .with_hint("`overstep check --report ndjson=PATH` writes results")
            }
            Self::Format(found) => {
                Diagnostic::error(format!("{place}the results have the format `{found}`, expected `{RESULTS_FORMAT}`"))
                    .with_hint("run the check again with this version of overstep")
            }
            Self::CutShort(scenario) => {
                Diagnostic::error(format!("{place}the results are cut short: the run of `{scenario}` has no summary"))
                    .with_hint("run the check again, or copy the whole file")
            }
            Self::Unterminated => {
                Diagnostic::error(format!("{place}the results are cut short: the last line has no end"))
                    .with_hint("run the check again, or copy the whole file")
            }
        };
        Box::new(problem)
    }
}

/// Returns the recorded findings of all scenarios, in the order in which they were reported.
///
/// # Errors
/// Returns an error under the same conditions as [`index_results`].
pub fn read_recorded_findings(results: &mut impl BufRead) -> Result<Vec<RecordedFinding>, Box<Diagnostic>> {
    let mut found = Vec::new();
    for_each_line(results, |line| {
        if serde_json::from_str::<EventKind>(line)?.event == "finding" {
            found.push(serde_json::from_str(line)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Passes all events of results to a converter, and finishes it.
///
/// # Errors
/// Returns an error under the same conditions as [`index_results`], or if the converter cannot write.
pub fn convert_results(
    results: &mut impl BufRead,
    converter: &mut (dyn ResultsConverter + Send),
) -> Result<(), Box<Diagnostic>> {
    let mut open_scenario: Option<String> = None;
    let mut written = Ok(());
    for_each_line(results, |line| {
        let event: RecordedEvent = serde_json::from_str(line)?;
        match &event {
            RecordedEvent::Run(_) => {
                let start: RecordedRunStart = serde_json::from_str(line)?;
                if start.format != RESULTS_FORMAT {
                    return Err(EventError::Format(start.format));
                }
                if let Some(scenario) = open_scenario.replace(start.scenario) {
                    return Err(EventError::CutShort(scenario));
                }
            }
            RecordedEvent::Summary(_) => open_scenario = None,
            _ => {}
        }
        if written.is_ok() {
            written = converter.convert_event(event);
        }
        Ok(())
    })?;
    if let Some(scenario) = open_scenario {
        return Err(EventError::CutShort(scenario).describe(None));
    }
    written
        .and_then(|()| converter.finish())
        .map_err(|error| Box::new(Diagnostic::error(format!("cannot write the report: {error}"))))
}

/// Returns the recorded results of the cases for which `wanted` is true, in plan order.
///
/// # Errors
/// Returns an error under the same conditions as [`index_results`].
pub fn read_recorded_cases(
    results: &mut (impl BufRead + Seek),
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<RecordedCase>, Box<Diagnostic>> {
    results.rewind().map_err(|error| read_error(&error))?;
    let mut found = Vec::new();
    for_each_line(results, |line| {
        if serde_json::from_str::<EventKind>(line)?.event == "case"
            && wanted(&serde_json::from_str::<IndexedCase>(line)?.id)
        {
            found.push(serde_json::from_str(line)?);
        }
        Ok(())
    })?;
    Ok(found)
}

fn read_error(error: &io::Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(format!("cannot read results: {error}")))
}

fn for_each_line(
    results: &mut impl BufRead,
    mut take: impl FnMut(&str) -> Result<(), EventError>,
) -> Result<(), Box<Diagnostic>> {
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let read = results.by_ref().take(MAX_LINE_BYTES).read_line(&mut line);
        if read.map_err(|error| read_error(&error))? == 0 {
            break;
        }
        if !line.ends_with('\n') {
            return Err(EventError::Unterminated.describe(Some(number)));
        }
        take(&line).map_err(|error| error.describe(Some(number)))?;
    }
    Ok(())
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

    const SUMMARY: &str = "{\"event\":\"summary\",\"scenario\":\"s\"}\n";

    #[test]
    fn results_that_are_cut_short_or_of_another_format_are_rejected() {
        let whole = format!("{RUN}{}{SUMMARY}", case("s/O/a/b/c", "pass"));
        let reason = |text: &str| index_results(&mut Cursor::new(text)).map(|_| ()).map_err(|error| error.reason);
        assert_eq!(reason(&whole), Ok(()));
        for end in RUN.len()..whole.len() {
            let reason = reason(&whole[..end]).expect_err("it is cut short");
            assert!(reason.contains("the results are cut short"), "{end}: {reason}");
        }
        let twice = reason(&format!("{RUN}{whole}")).expect_err("the first run has no summary");
        assert!(twice.contains("the run of `s` has no summary"), "{twice}");
        let other = reason(&whole.replace("overstep-results/1", "overstep-results/9")).expect_err("another format");
        assert_eq!(other, "line 1: the results have the format `overstep-results/9`, expected `overstep-results/1`");
    }

    #[test]
    fn cases_are_found_by_their_id() {
        let text = format!("{RUN}{}{}{SUMMARY}", case("s/O/a/b/c", "pass"), case("s/O/a/b/d", "diverges"));
        let mut results = Cursor::new(text);
        let index = index_results(&mut results).expect("readable");
        assert_eq!((index.runs.len(), index.cases.len()), (1, 2));
        let found = read_recorded_cases(&mut results, &|id| id == "s/O/a/b/d").expect("readable");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].verdict, found[0].observed.status), (Verdict::Diverges, Some(200)));
    }

    #[test]
    fn invalid_event_is_reported_with_its_line() {
        let error = index_results(&mut Cursor::new(format!("{RUN}nonsense\n"))).expect_err("not an event");
        assert!(error.reason.starts_with("line 2 is not an event"), "{}", error.reason);
        assert!(index_results(&mut Cursor::new("{\"event\":\"case\",\"verdict\":\"odd\"}\n")).is_err());
        assert!(index_results(&mut Cursor::new("")).is_ok_and(|index| index.cases.is_empty()));
    }
}
