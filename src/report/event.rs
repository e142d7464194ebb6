//! What happens in a run, as every output sees it.
//!
//! Every output gets the same three calls in the same order; none of them decides anything.

use crate::generate::Case;
use crate::judge::{Change, Comparison, Finding, Judgement, OperationCoverage, Verdict};
use indexmap::IndexMap;
use std::io;
use std::sync::Arc;

/// Known before the first request.
#[derive(Clone, Debug)]
pub struct Head {
    /// The scenario's name.
    pub scenario: String,
    /// The endpoint's base URL, without anything secret.
    pub endpoint: String,
    /// The endpoint's name; `embedded`, or `default` for a bare URL.
    pub profile: String,
    /// What fed every free choice.
    pub seed: u64,
    /// The run's id, as `{run}` gives it.
    pub run: String,
    /// `sha256:` and the contract's digest.
    pub contract: String,
    /// How many operations have cases.
    pub operations: u64,
    /// How many cases there are.
    pub cases: u64,
    /// The command that runs these cases again, without a filter.
    pub again: String,
    /// What the server says it is, where it was asked.
    pub server: Option<String>,
    /// The documents that lie in files, by the names that facts call them, with their paths.
    pub documents: IndexMap<String, String>,
    /// The scenario's file, where it has one.
    pub scenario_file: Option<String>,
}

/// One case, judged.
#[derive(Debug)]
pub struct Done {
    /// What was meant.
    pub case: Arc<Case>,
    /// What came of it.
    pub judgement: Judgement,
    /// How its answer stands beside the accepted one.
    pub comparison: Comparison,
    /// Whether somebody has to look at it.
    pub finding: bool,
    /// The form of its answer, where the run had none like it before.
    pub new_form: Option<NewForm>,
    /// How long its judged step took.
    pub millis: f64,
    /// Its line of the results, without the newline.
    pub line: Vec<u8>,
    /// Its judged request as a curl line, where the case did not pass and curl can send it.
    pub curl: Option<String>,
    /// What a server that was started for the run printed meanwhile, where it failed.
    pub server_output: Vec<String>,
}

impl Done {
    /// What a finding shows of it.
    pub fn again(&self) -> crate::judge::Again {
        crate::judge::Again { curl: self.curl.clone(), server_output: self.server_output.clone() }
    }
}

/// A form of answers, spelled out when it first comes up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewForm {
    /// `f1`; the same name in the results and in the snapshot of the operation.
    pub name: String,
    /// What it says.
    pub facts: Vec<(String, String)>,
}

/// How many files of snapshots a run has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotNews {
    /// Files that wait for a person.
    pub waiting: u64,
    /// Files that were accepted at once.
    pub accepted: u64,
}

/// How many cases met each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The contract was kept.
    pub pass: u64,
    /// The contract was broken.
    pub diverges: u64,
    /// The documents are silent.
    pub unspecified: u64,
    /// The endpoint lacks the operation.
    pub not_implemented: u64,
    /// Nothing was learnt.
    pub indeterminate: u64,
    /// Nothing could be sent.
    pub unsendable: u64,
    /// Of those that diverge: accepted so.
    pub known: u64,
    /// Of all: answered in another way than accepted.
    pub changed: u64,
    /// Of all: answered, and nothing is accepted.
    pub new: u64,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Diverges => self.diverges += 1,
            Verdict::Unspecified => self.unspecified += 1,
            Verdict::NotImplemented => self.not_implemented += 1,
            Verdict::Indeterminate => self.indeterminate += 1,
            Verdict::Unsendable => self.unsendable += 1,
        }
    }

    /// Counts how one more stands beside what was accepted.
    pub fn compare(&mut self, comparison: &Comparison) {
        self.known += u64::from(comparison.known);
        self.changed += u64::from(comparison.change == Change::Changed);
        self.new += u64::from(comparison.change == Change::New);
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.pass + self.diverges + self.unspecified + self.not_implemented + self.indeterminate + self.unsendable
    }
}

/// An operation of which only the plain request was sent, because its answer taught that no other would teach more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotRun {
    /// Its name.
    pub operation: String,
    /// Whether the endpoint has it at all.
    pub implemented: bool,
    /// What the plain request met; empty where it was not sent.
    pub observed: String,
    /// What the answer says, or why nothing was sent.
    pub why: String,
}

/// Known after the last answer.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// Cases by verdict.
    pub counts: Counts,
    /// One row for each operation that had cases.
    pub operations: Vec<OperationCoverage>,
    /// The one to fix first first.
    pub findings: Vec<Finding>,
    /// Operations that were not run.
    pub not_run: Vec<NotRun>,
    /// What became of the entries for known divergences, a sentence each.
    pub known_notes: Vec<String>,
    /// Why the run ended before its last case, if it did.
    pub incomplete: Option<String>,
    /// What to do about it, where that is known.
    pub hint: Option<&'static str>,
    /// Whether the run left out no case.
    pub complete: bool,
    /// Which snapshots were written.
    pub snapshots: SnapshotNews,
    /// The last lines of a started server that ended the run by its end.
    pub server_output: Vec<String>,
    /// How many cases made what could not be taken away, with the first one's id and what happened.
    pub left: Option<(u64, String, String)>,
    /// Processor time of overstep and of the server that it started, in seconds, where both are known.
    pub processor: Option<(f64, f64)>,
    /// From the first request to the last answer.
    pub seconds: f64,
}

/// Something that turns a run into bytes.
pub trait Output {
    /// A scenario begins.
    ///
    /// # Errors
    /// Where the bytes cannot be written.
    fn begin(&mut self, head: &Head) -> io::Result<()>;

    /// A case is judged; cases come in plan order.
    ///
    /// # Errors
    /// Where the bytes cannot be written.
    fn case(&mut self, done: &Done) -> io::Result<()>;

    /// A scenario ends; also after Ctrl-C.
    ///
    /// # Errors
    /// Where the bytes cannot be written.
    fn end(&mut self, summary: &Summary) -> io::Result<()>;

    /// Nothing more comes.
    ///
    /// # Errors
    /// Where the bytes cannot be written.
    fn finish(&mut self) -> io::Result<()>;
}
