//! Writes results as newline-delimited JSON during the run.
//!
//! This module never stores a case, so memory does not grow with the number of cases.

use super::{CaseResult, Reporter, RunStarted, RunSummary};
use crate::escape::json_line;
use crate::judge::{FindingCode, FindingPart, OperationCoverage};
use crate::wire::rfc3339_utc;
use indexmap::IndexMap;
use serde::Serialize;
use std::io::{self, Write};

/// The name of the format, part of every `run` event.
const RESULTS_FORMAT: &str = "overstep-results/1";

/// Reports a run as newline-delimited JSON.
pub struct NdjsonReporter<W> {
    writer: W,
}

impl<W: Write> NdjsonReporter<W> {
    /// Creates a reporter that writes to `to`, which should be buffered.
    pub fn new(writer: W) -> Self {
        Self { writer }
    }

    fn write_event(&mut self, event: &impl Serialize) -> io::Result<()> {
        self.writer.write_all(&json_line(event)?)?;
        self.writer.write_all(b"\n")
    }
}

impl NdjsonReporter<Vec<u8>> {
    /// Returns what was written, and begins again.
    pub(super) fn take_written(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.writer)
    }
}

#[derive(Serialize)]
struct RunEvent<'a> {
    event: &'static str,
    format: &'static str,
    version: &'static str,
    scenario: &'a str,
    endpoint: &'a str,
    profile: &'a str,
    seed: u64,
    run: &'a str,
    contract: &'a str,
    cases: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    started: String,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    documents: &'a IndexMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario_file: Option<&'a str>,
}

#[derive(Serialize)]
struct FindingEvent<'a> {
    event: &'static str,
    code: FindingCode,
    level: &'static str,
    scenario: &'a str,
    operation: &'a str,
    member: &'a str,
    constraint: &'a str,
    observed: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    learnt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    cause: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<&'a str>,
    operations: &'a [String],
    cases: u64,
    examples: &'a [String],
    explains: Vec<FindingPartJson<'a>>,
    case_ids: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    expected: &'a str,
    why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<&'a str>,
}

/// Cases of one operation, member, constraint and response that a finding explains.
#[derive(Serialize)]
struct FindingPartJson<'a> {
    operation: &'a str,
    member: &'a str,
    constraint: &'a str,
    observed: &'a str,
    cases: u64,
}

impl<'a> FindingPartJson<'a> {
    fn new(part: &'a FindingPart) -> Self {
        Self {
            operation: &part.operation,
            member: &part.member,
            constraint: &part.constraint,
            observed: &part.observed,
            cases: part.case_count,
        }
    }
}

#[derive(Serialize)]
struct FormEvent<'a> {
    event: &'static str,
    scenario: &'a str,
    operation: &'a str,
    name: &'a str,
    facts: &'a [(String, String)],
}

#[derive(Serialize)]
struct SummaryEvent<'a> {
    event: &'static str,
    scenario: &'a str,
    pass: u64,
    diverges: u64,
    known: u64,
    unspecified: u64,
    changed: u64,
    new: u64,
    not_implemented: u64,
    flaky: u64,
    indeterminate: u64,
    unsendable: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    muted: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    known_notes: &'a [String],
    coverage: CoverageJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<&'a str>,
    complete: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    server_output: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<LeakedFixturesJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_run: Vec<SkippedOperationJson<'a>>,
    seconds: f64,
}

#[derive(Serialize)]
struct SkippedOperationJson<'a> {
    operation: &'a str,
    implemented: bool,
    observed: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct LeakedFixturesJson<'a> {
    cases: u64,
    example: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct CoverageJson<'a> {
    #[serde(flatten)]
    sum: CoverageCounts,
    operations: Vec<OperationCoverageJson<'a>>,
}

/// Coverage, as pairs of reached and total.
#[derive(Clone, Copy, Default, Serialize)]
struct CoverageCounts {
    constraints: (u64, u64),
    errors: (u64, u64),
    limits: (u64, u64),
    enums: (u64, u64),
    members: (u64, u64),
    laws: (u64, u64),
}

impl CoverageCounts {
    fn from_operation(row: &OperationCoverage) -> Self {
        Self {
            constraints: row.constraints,
            errors: row.errors,
            limits: row.limits,
            enums: row.enums,
            members: row.members,
            laws: row.laws,
        }
    }

    fn combined_with(self, other: Self) -> Self {
        let sum = |one: (u64, u64), other: (u64, u64)| (one.0 + other.0, one.1 + other.1);
        Self {
            constraints: sum(self.constraints, other.constraints),
            errors: sum(self.errors, other.errors),
            limits: sum(self.limits, other.limits),
            enums: sum(self.enums, other.enums),
            members: sum(self.members, other.members),
            laws: sum(self.laws, other.laws),
        }
    }
}

#[derive(Serialize)]
struct OperationCoverageJson<'a> {
    operation: &'a str,
    #[serde(flatten)]
    reached: CoverageCounts,
    unprovokable: Vec<UntestableErrorJson<'a>>,
}

#[derive(Serialize)]
struct UntestableErrorJson<'a> {
    error: &'a str,
    why: &'a str,
}

fn coverage_json(rows: &[OperationCoverage], complete: bool) -> CoverageJson<'_> {
    CoverageJson {
        sum: rows
            .iter()
            .map(CoverageCounts::from_operation)
            .fold(CoverageCounts::default(), CoverageCounts::combined_with),
        operations: rows.iter().map(|row| operation_coverage_json(row, complete)).collect(),
    }
}

/// Untestable errors are known only if the run is complete.
fn operation_coverage_json(row: &OperationCoverage, complete: bool) -> OperationCoverageJson<'_> {
    let unprovokable =
        row.unprovokable.iter().filter(|_| complete).map(|(error, why)| UntestableErrorJson { error, why }).collect();
    OperationCoverageJson { operation: &row.operation, reached: CoverageCounts::from_operation(row), unprovokable }
}

impl<W: Write> Reporter for NdjsonReporter<W> {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.write_event(&RunEvent {
            event: "run",
            format: RESULTS_FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            scenario: &head.scenario,
            endpoint: &head.endpoint,
            profile: &head.profile,
            seed: head.seed,
            run: &head.run_id,
            contract: &head.contract,
            cases: head.cases,
            server: head.server_version.as_deref(),
            started: rfc3339_utc(head.started),
            documents: &head.documents,
            scenario_file: head.scenario_file.as_deref(),
        })?;
        self.writer.flush()
    }

    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        if let Some(form) = &done.new_form {
            let scenario = done.case.id.scenario();
            let operation = done.case.operation.as_str();
            self.write_event(&FormEvent { event: "form", scenario, operation, name: &form.name, facts: &form.facts })?;
        }
        self.writer.write_all(&done.results_line)?;
        self.writer.write_all(b"\n")
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        for finding in &summary.findings {
            self.write_event(&FindingEvent {
                event: "finding",
                code: finding.code,
                level: finding.code.group().level(),
                scenario: &finding.scenario,
                operation: &finding.operation,
                member: &finding.member,
                constraint: &finding.constraint,
                observed: &finding.observed,
                accepted: finding.accepted.as_deref(),
                learnt: finding.discovery.as_deref(),
                frame: finding.frame.as_deref(),
                message: finding.message.as_deref(),
                cause: finding.cause,
                statement: finding.statement.as_deref(),
                operations: &finding.operations,
                cases: finding.case_count,
                examples: &finding.examples,
                explains: finding.parts.iter().map(FindingPartJson::new).collect(),
                case_ids: &finding.case_ids,
                rule: &finding.rule,
                source: finding.source.as_deref(),
                expected: &finding.expected,
                why: &finding.why,
                curl: finding.curl.as_deref(),
            })?;
        }
        self.write_event(&SummaryEvent {
            event: "summary",
            scenario: &summary.scenario,
            pass: summary.counts.pass,
            diverges: summary.counts.diverges,
            known: summary.counts.known,
            unspecified: summary.counts.unspecified,
            changed: summary.counts.changed,
            new: summary.counts.unreviewed,
            not_implemented: summary.counts.not_implemented,
            flaky: summary.counts.flaky,
            indeterminate: summary.counts.indeterminate,
            unsendable: summary.counts.unsendable,
            muted: &summary.muted_notes,
            known_notes: &summary.known_divergence_notes,
            coverage: coverage_json(&summary.operations, summary.is_complete),
            incomplete: summary.incomplete_reason.as_deref(),
            complete: summary.is_complete,
            server_output: &summary.server_output,
            left: summary.leaked_fixtures.as_ref().map(|(cases, example, why)| LeakedFixturesJson {
                cases: *cases,
                example,
                why,
            }),
            not_run: summary
                .skipped_operations
                .iter()
                .map(|one| SkippedOperationJson {
                    operation: &one.operation,
                    implemented: one.is_implemented,
                    observed: &one.observed,
                    why: &one.reason,
                })
                .collect(),
            seconds: (summary.seconds * 1000.0).round() / 1000.0,
        })?;
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
