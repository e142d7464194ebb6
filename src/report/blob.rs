//! Writes what a merge needs of a run, as the run goes.
//!
//! It never stores a case, so memory does not grow with their number.

use super::blob_event::{BlobEvent, BlobForm, BlobHeader, CaseDetail, ControlsEnd, FollowUpReason};
use super::{CaseResult, MergeRecord, Reporter};
use crate::escape::json_line;
use crate::judge::SnapshotChange;
use std::io::{self, Write};

/// Writes a blob. Reports of cases and summaries are ignored: a merge makes them again.
pub struct BlobReporter<W> {
    writer: W,
    header: Option<BlobHeader>,
}

impl<W: Write> BlobReporter<W> {
    /// Creates a reporter that writes to `writer`, which should be buffered.
    pub fn new(writer: W, header: BlobHeader) -> Self {
        Self { writer, header: Some(header) }
    }

    fn write_event(&mut self, event: &BlobEvent) -> io::Result<()> {
        if let Some(header) = self.header.take() {
            self.write_event(&BlobEvent::Blob(header))?;
        }
        self.writer.write_all(&json_line(event)?)?;
        self.writer.write_all(b"\n")
    }

    fn write_case(&mut self, result: &CaseResult, detail: CaseDetail) -> io::Result<()> {
        if let Some(form) = &result.new_form {
            let operation = result.case.operation.to_string();
            let form = BlobForm { operation, name: form.name.clone(), facts: form.facts.clone() };
            self.write_event(&BlobEvent::Form(form))?;
        }
        let comparison = &result.comparison;
        let accepted = comparison.accepted.as_ref().filter(|_| comparison.change == SnapshotChange::Changed);
        let detail = CaseDetail {
            failure: result.judgement.observed.failure,
            message: result.message.clone(),
            accepted_form: accepted.and_then(|accepted| accepted.form.as_ref()).map(|form| form.0.clone()),
            accepted_divergence: comparison.is_accepted_divergence,
            ..detail
        };
        if detail != CaseDetail::default() {
            self.write_event(&BlobEvent::Detail(detail))?;
        }
        self.writer.write_all(&result.results_line)?;
        self.writer.write_all(b"\n")?;
        // What is recorded is not sent again, even if this process is killed now.
        self.writer.flush()
    }
}

impl<W: Write> Reporter for BlobReporter<W> {
    fn record_for_merge(&mut self, record: &MergeRecord<'_>) -> io::Result<()> {
        match record {
            MergeRecord::Begin(begin) => {
                self.write_event(&BlobEvent::Begin((*begin).clone()))?;
                self.writer.flush()
            }
            MergeRecord::Case { result, is_borrowed } => {
                self.write_case(result, CaseDetail { borrowed: *is_borrowed, ..CaseDetail::default() })
            }
            MergeRecord::Live => self.writer.flush(),
            MergeRecord::Controls(skipped) => {
                self.write_event(&BlobEvent::Controls(ControlsEnd { skipped: skipped.to_vec() }))
            }
            MergeRecord::FollowUp(result, reason) => {
                let rule = (*reason == FollowUpReason::BrokenControl).then(|| result.case.rule.clone());
                self.write_case(result, CaseDetail { follow_up: Some(reason.clone()), rule, ..CaseDetail::default() })
            }
            MergeRecord::Limit(answers) => self.write_event(&BlobEvent::Limit((*answers).clone())),
            MergeRecord::End(end) => {
                self.write_event(&BlobEvent::End((*end).clone()))?;
                self.writer.flush()
            }
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.write_event(&BlobEvent::Finished)?;
        self.writer.flush()
    }
}
