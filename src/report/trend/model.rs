//! Collects what a trend shows from the events of results, without keeping cases.

use crate::report::recorded_event::{RecordedEvent, RecordedSummary, RunStartEvent};
use crate::report::recorded_finding::RecordedFinding;
use crate::report::results_converter::ResultsConverter;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// What identifies a finding in several runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrendFinding {
    /// The code of its kind.
    pub code: String,
    /// The operation.
    pub operation: String,
    /// The member, or the class of the cases.
    pub member: String,
    /// The constraint.
    pub constraint: String,
    /// What was received.
    pub observed: String,
}

/// The run of one scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrendRun {
    /// The file of the results.
    pub file: String,
    /// When it began, in UTC: `2026-11-30T19:20:05Z`. Empty in results of older versions.
    pub started: String,
    /// The scenario.
    pub scenario: String,
    /// The profile of the endpoint.
    pub profile: String,
    /// The findings with their numbers of cases.
    pub findings: BTreeMap<TrendFinding, u64>,
    /// Number of cases.
    pub cases: u64,
    /// Number of diverging cases that are no accepted or known divergences.
    pub diverging: u64,
    /// Number of accepted and known divergences.
    pub known: u64,
    /// Tested constraints, and all of them.
    pub constraints: (u64, u64),
    /// Documented errors that were received, and all that can be provoked.
    pub errors: (u64, u64),
    /// Why it shows less than a whole run: it was filtered, or stopped.
    pub partial: Option<String>,
}

impl TrendRun {
    /// Returns the time of the run for people, or the name of its file.
    pub fn title(&self) -> String {
        match (self.started.get(..10), self.started.get(11..16)) {
            (Some(date), Some(time)) => format!("{date} {time}"),
            _ => self.file.clone(),
        }
    }
}

/// A finding of the last run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFinding {
    /// The finding.
    pub finding: TrendFinding,
    /// Number of its cases in the last run.
    pub cases: u64,
    /// The title of the first run of the unbroken series that has it.
    pub since: String,
}

/// The runs of one scenario at one endpoint, the oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioTrend {
    /// The scenario.
    pub scenario: String,
    /// The profile of the endpoint.
    pub profile: String,
    /// The runs.
    pub runs: Vec<TrendRun>,
}

impl ScenarioTrend {
    /// Returns, for a run, the numbers of findings that the whole run before it did not have, and that are gone. A partial
    /// run says nothing about what it did not send.
    pub fn changes(&self, index: usize) -> (usize, usize) {
        let run = &self.runs[index];
        let before = self.runs[..index].iter().rev().find(|run| run.partial.is_none());
        let empty = BTreeMap::new();
        let before = before.map_or(&empty, |before| &before.findings);
        let new = run.findings.keys().filter(|finding| !before.contains_key(finding)).count();
        let gone = before.keys().filter(|finding| !run.findings.contains_key(finding)).count();
        (new, if run.partial.is_some() { 0 } else { gone })
    }

    /// Returns the findings of the last whole run, the oldest first.
    pub fn open_findings(&self) -> Vec<OpenFinding> {
        let whole: Vec<&TrendRun> = self.runs.iter().filter(|run| run.partial.is_none()).collect();
        let Some(last) = whole.last() else { return Vec::new() };
        let first_run = |finding: &TrendFinding| {
            let series = whole.iter().rev().take_while(|run| run.findings.contains_key(finding));
            series.last().copied().unwrap_or(last)
        };
        let mut open: Vec<(String, OpenFinding)> = Vec::new();
        for (finding, cases) in &last.findings {
            let first = first_run(finding);
            let since = first.title();
            open.push((first.started.clone(), OpenFinding { finding: finding.clone(), cases: *cases, since }));
        }
        open.sort_by(|(one, _), (other, _)| one.cmp(other));
        open.into_iter().map(|(_, open)| open).collect()
    }
}

/// The runs of several results, by scenario and endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// The scenarios in the order of their first run.
    pub scenarios: Vec<ScenarioTrend>,
}

impl Trend {
    /// Groups and sorts runs. A run that several files contain counts once.
    pub fn new(mut runs: Vec<TrendRun>) -> Self {
        let mut seen: BTreeSet<(String, String, String)> = BTreeSet::new();
        runs.retain(|run| {
            let key = (run.started.clone(), run.scenario.clone(), run.profile.clone());
            run.started.is_empty() || seen.insert(key)
        });
        runs.sort_by(|one, other| one.started.cmp(&other.started));
        let mut trend = Self::default();
        for run in runs {
            let is_same = |one: &&mut ScenarioTrend| one.scenario == run.scenario && one.profile == run.profile;
            match trend.scenarios.iter_mut().find(is_same) {
                Some(found) => found.runs.push(run),
                None => trend.scenarios.push(ScenarioTrend {
                    scenario: run.scenario.clone(),
                    profile: run.profile.clone(),
                    runs: vec![run],
                }),
            }
        }
        trend
    }
}

/// Collects the runs in one file of results. It keeps findings and counts, and no cases.
#[derive(Clone, Debug, Default)]
pub struct TrendCollector {
    file: String,
    /// The runs that ended.
    pub runs: Vec<TrendRun>,
    open: Option<TrendRun>,
}

impl TrendCollector {
    /// Creates a collector for a file.
    pub fn new(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    fn begin_run(&mut self, run: RunStartEvent) {
        self.open = Some(TrendRun {
            file: self.file.clone(),
            started: run.started,
            scenario: run.scenario,
            profile: run.profile,
            ..TrendRun::default()
        });
    }

    fn add_finding(&mut self, finding: RecordedFinding) {
        let Some(run) = &mut self.open else { return };
        let key = TrendFinding {
            code: finding.code,
            operation: finding.operation,
            member: finding.member,
            constraint: finding.constraint,
            observed: finding.observed,
        };
        *run.findings.entry(key).or_default() += finding.cases;
    }

    fn end_run(&mut self, summary: &RecordedSummary) {
        let Some(mut run) = self.open.take() else { return };
        let pair = |name: &str| {
            let part = |index: usize| summary.coverage[name][index].as_u64().unwrap_or(0);
            (part(0), part(1))
        };
        run.cases = summary.counts.total();
        run.known = summary.counts.known;
        run.diverging = summary.counts.diverges.saturating_sub(summary.counts.known);
        run.constraints = pair("constraints");
        run.errors = pair("errors");
        run.partial = match (&summary.incomplete, summary.complete) {
            (Some(why), _) => Some(why.clone()),
            (None, Some(false)) => Some("some of the cases".to_owned()),
            (None, _) => None,
        };
        self.runs.push(run);
    }
}

impl ResultsConverter for TrendCollector {
    fn convert_event(&mut self, event: RecordedEvent) -> io::Result<()> {
        match event {
            RecordedEvent::Run(run) => self.begin_run(*run),
            RecordedEvent::Finding(finding) => self.add_finding(*finding),
            RecordedEvent::Summary(summary) => self.end_run(&summary),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
