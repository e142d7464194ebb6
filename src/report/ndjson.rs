//! Writes results as newline-delimited JSON during the run.
//!
//! This module never stores a case, so memory does not grow with the number of cases.

use super::{Done, Head, Output, Summary};
use crate::judge::OperationCoverage;
use serde::Serialize;
use std::io::{self, Write};

/// The name of the format, part of every `run` event.
const FORMAT: &str = "overstep-results/1";

/// Reports a run as newline-delimited JSON.
pub struct Ndjson<W> {
    to: W,
}

impl<W: Write> Ndjson<W> {
    /// Creates a reporter that writes to `to`, which should be buffered.
    pub fn new(to: W) -> Self {
        Self { to }
    }

    fn line(&mut self, event: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.to, event)?;
        self.to.write_all(b"\n")
    }
}

#[derive(Serialize)]
struct Run<'a> {
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
}

#[derive(Serialize)]
struct FindingLine<'a> {
    event: &'static str,
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
    cases: u64,
    examples: &'a [String],
}

#[derive(Serialize)]
struct FormLine<'a> {
    event: &'static str,
    scenario: &'a str,
    operation: &'a str,
    name: &'a str,
    facts: &'a [(String, String)],
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    event: &'static str,
    scenario: &'a str,
    pass: u64,
    diverges: u64,
    known: u64,
    unspecified: u64,
    changed: u64,
    new: u64,
    not_implemented: u64,
    indeterminate: u64,
    unsendable: u64,
    coverage: CoverageLine<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<&'a str>,
    complete: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    server_output: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<LeftLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_run: Vec<NotRunLine<'a>>,
    seconds: f64,
}

#[derive(Serialize)]
struct NotRunLine<'a> {
    operation: &'a str,
    implemented: bool,
    observed: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct LeftLine<'a> {
    cases: u64,
    example: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct CoverageLine<'a> {
    #[serde(flatten)]
    sum: Reached,
    operations: Vec<OperationLine<'a>>,
}

/// Coverage, as pairs of reached and total.
#[derive(Clone, Copy, Default, Serialize)]
struct Reached {
    constraints: (u64, u64),
    errors: (u64, u64),
    limits: (u64, u64),
    enums: (u64, u64),
    members: (u64, u64),
    laws: (u64, u64),
}

impl Reached {
    fn of(row: &OperationCoverage) -> Self {
        Self {
            constraints: row.constraints,
            errors: row.errors,
            limits: row.limits,
            enums: row.enums,
            members: row.members,
            laws: row.laws,
        }
    }

    fn and(self, other: Self) -> Self {
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
struct OperationLine<'a> {
    operation: &'a str,
    #[serde(flatten)]
    reached: Reached,
    unprovokable: Vec<UnprovokableLine<'a>>,
}

#[derive(Serialize)]
struct UnprovokableLine<'a> {
    error: &'a str,
    why: &'a str,
}

fn coverage(rows: &[OperationCoverage], complete: bool) -> CoverageLine<'_> {
    CoverageLine {
        sum: rows.iter().map(Reached::of).fold(Reached::default(), Reached::and),
        operations: rows.iter().map(|row| operation_line(row, complete)).collect(),
    }
}

/// Untestable errors are known only if the run is complete.
fn operation_line(row: &OperationCoverage, complete: bool) -> OperationLine<'_> {
    let unprovokable =
        row.unprovokable.iter().filter(|_| complete).map(|(error, why)| UnprovokableLine { error, why }).collect();
    OperationLine { operation: &row.operation, reached: Reached::of(row), unprovokable }
}

impl<W: Write> Output for Ndjson<W> {
    fn begin(&mut self, head: &Head) -> io::Result<()> {
        self.line(&Run {
            event: "run",
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            scenario: &head.scenario,
            endpoint: &head.endpoint,
            profile: &head.profile,
            seed: head.seed,
            run: &head.run,
            contract: &head.contract,
            cases: head.cases,
            server: head.server.as_deref(),
        })?;
        self.to.flush()
    }

    fn case(&mut self, done: &Done) -> io::Result<()> {
        if let Some(form) = &done.new_form {
            let scenario = done.case.id.0.split('/').next().unwrap_or_default();
            let operation = done.case.operation.as_str();
            self.line(&FormLine { event: "form", scenario, operation, name: &form.name, facts: &form.facts })?;
        }
        self.to.write_all(&done.line)?;
        self.to.write_all(b"\n")
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        for finding in &summary.findings {
            self.line(&FindingLine {
                event: "finding",
                scenario: &finding.scenario,
                operation: &finding.operation,
                member: &finding.member,
                constraint: &finding.constraint,
                observed: &finding.observed,
                accepted: finding.accepted.as_deref(),
                learnt: finding.learnt.as_deref(),
                frame: finding.frame.as_deref(),
                cases: finding.cases,
                examples: &finding.examples,
            })?;
        }
        self.line(&SummaryLine {
            event: "summary",
            scenario: &summary.scenario,
            pass: summary.counts.pass,
            diverges: summary.counts.diverges,
            known: summary.counts.known,
            unspecified: summary.counts.unspecified,
            changed: summary.counts.changed,
            new: summary.counts.new,
            not_implemented: summary.counts.not_implemented,
            indeterminate: summary.counts.indeterminate,
            unsendable: summary.counts.unsendable,
            coverage: coverage(&summary.operations, summary.complete),
            incomplete: summary.incomplete.as_deref(),
            complete: summary.complete,
            server_output: &summary.server_output,
            left: summary.left.as_ref().map(|(cases, example, why)| LeftLine { cases: *cases, example, why }),
            not_run: summary
                .not_run
                .iter()
                .map(|one| NotRunLine {
                    operation: &one.operation,
                    implemented: one.implemented,
                    observed: &one.observed,
                    why: &one.why,
                })
                .collect(),
            seconds: (summary.seconds * 1000.0).round() / 1000.0,
        })?;
        self.to.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
