//! Reads a blob from its beginning to its end, one result at a time.
//!
//! It never opens a file: it receives the blob as a reader.

use super::recorded_result::{RecordedLine, RecordedResult};
use super::shard_number::ShardNumber;
use crate::report::{BLOB_FORMAT, BlobEvent, BlobHeader, CaseDetail, LimitAnswers, ScenarioBegin, ScenarioEnd};
use crate::snapshot::ResponseForm;
use serde::Deserialize;
use std::collections::HashMap;
use std::io::{BufRead, Read as _};

/// Maximum length of a line in bytes.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// Why a blob cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The file cannot be read.
    #[error("cannot read it: {0}")]
    Unreadable(String),
    /// A line is not an event of the format.
    #[error("line {line} is not an event of `{BLOB_FORMAT}`: {reason}")]
    Malformed {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The file has another format.
    #[error("it has the format `{0}`, expected `{BLOB_FORMAT}`")]
    Format(String),
    /// The file has no complete line.
    #[error("it is empty")]
    Empty,
}

/// A blob that is read from its beginning to its end.
pub struct BlobReader {
    lines: Box<dyn BufRead + Send>,
    line_number: usize,
    /// What the whole blob is about.
    pub header: BlobHeader,
    /// The shard.
    pub shard: ShardNumber,
    peeked: Option<BlobItem>,
    /// The forms of the scenario, by operation and name.
    forms: HashMap<(String, String), ResponseForm>,
    /// The operations of which only the control was sent, once all controls were.
    skipped: Option<Vec<String>>,
}

/// What a blob holds of a scenario, in its order.
enum BlobItem {
    Begin(Box<ScenarioBegin>),
    Case(Box<RecordedResult>),
    Limit(LimitAnswers),
    End(Box<ScenarioEnd>),
}

/// What a blob holds behind the cases of a scenario.
#[derive(Default)]
pub(in crate::session) struct RecordedFollowUp {
    pub cases: Vec<RecordedResult>,
    pub limits: Vec<LimitAnswers>,
    /// How the scenario ended; absent if the run was killed.
    pub end: Option<ScenarioEnd>,
}

#[derive(Deserialize)]
struct BlobLineKind {
    event: String,
}

impl BlobReader {
    /// Reads the header of a blob.
    ///
    /// # Errors
    /// Returns an error if the first line is not the header of a blob of this format.
    pub fn new(lines: Box<dyn BufRead + Send>) -> Result<Self, BlobError> {
        let header = BlobHeader {
            format: String::new(),
            version: String::new(),
            shard: String::new(),
            run: serde_json::Value::Null,
            principals: indexmap::IndexMap::new(),
        };
        let mut reader = Self {
            lines,
            line_number: 0,
            header,
            shard: ShardNumber::WHOLE,
            peeked: None,
            forms: HashMap::new(),
            skipped: None,
        };
        let line = reader.next_line()?.ok_or(BlobError::Empty)?;
        let format: serde_json::Value = reader.parse(&line)?;
        let format = format["format"].as_str().unwrap_or_default();
        if format != BLOB_FORMAT {
            return Err(BlobError::Format(format.to_owned()));
        }
        match reader.parse(&line)? {
            BlobEvent::Blob(header) => reader.header = header,
            _ => return Err(reader.malformed(&"the first event is not `blob`")),
        }
        reader.shard = reader
            .header
            .shard
            .parse()
            .map_err(|error: super::ShardNumberError| reader.malformed(&error.to_string()))?;
        Ok(reader)
    }

    /// Returns true if the run that wrote a blob ended by itself. Reads the rest of the blob.
    ///
    /// # Errors
    /// Returns an error if the blob cannot be read.
    pub fn is_finished(mut self) -> Result<bool, BlobError> {
        const FINISHED: &[u8] = b"{\"event\":\"finished\"}";
        let mut last = Vec::new();
        while let Some(line) = self.next_line()? {
            last = line;
        }
        Ok(last == FINISHED)
    }

    fn malformed(&self, reason: &dyn std::fmt::Display) -> BlobError {
        BlobError::Malformed { line: self.line_number, reason: reason.to_string() }
    }

    fn parse<'l, T: Deserialize<'l>>(&self, line: &'l [u8]) -> Result<T, BlobError> {
        serde_json::from_slice(line).map_err(|error| self.malformed(&error))
    }

    /// Returns the next line without its end. A line that a killed run did not finish is left out.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, BlobError> {
        let mut line = Vec::new();
        let read = self.lines.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        read.map_err(|error| BlobError::Unreadable(error.to_string()))?;
        self.line_number += 1;
        Ok((line.pop() == Some(b'\n')).then_some(line))
    }

    fn next_item(&mut self) -> Result<Option<BlobItem>, BlobError> {
        if let Some(item) = self.peeked.take() {
            return Ok(Some(item));
        }
        let mut detail = CaseDetail::default();
        while let Some(line) = self.next_line()? {
            if self.parse::<BlobLineKind>(&line)?.event == "case" {
                let case: RecordedLine = self.parse(&line)?;
                let form = case.observed.form.as_ref();
                let form = form.and_then(|name| self.forms.get(&(case.operation.clone(), name.clone())).cloned());
                return Ok(Some(BlobItem::Case(Box::new(RecordedResult::new(&line, case, form, detail)))));
            }
            match self.parse(&line)? {
                BlobEvent::Begin(begin) => {
                    self.forms.clear();
                    self.skipped = None;
                    return Ok(Some(BlobItem::Begin(Box::new(begin))));
                }
                BlobEvent::Detail(found) => detail = found,
                BlobEvent::Form(form) => {
                    self.forms.insert((form.operation, form.name), ResponseForm(form.facts));
                }
                BlobEvent::Controls(controls) => self.skipped = Some(controls.skipped),
                BlobEvent::Limit(limit) => return Ok(Some(BlobItem::Limit(limit))),
                BlobEvent::End(end) => return Ok(Some(BlobItem::End(Box::new(end)))),
                BlobEvent::Finished => return Ok(None),
                BlobEvent::Blob(_) => return Err(self.malformed(&"a second header")),
            }
        }
        Ok(None)
    }

    /// Returns the beginning of the next scenario, or `None` at the end of the blob.
    pub(in crate::session) fn begin_scenario(&mut self) -> Result<Option<ScenarioBegin>, BlobError> {
        match self.next_item()? {
            None => Ok(None),
            Some(BlobItem::Begin(begin)) => Ok(Some(*begin)),
            Some(_) => Err(self.malformed(&"no scenario has begun")),
        }
    }

    /// Returns the next result of the scenario, or `None` behind the last one that is not part of the follow-up.
    pub(in crate::session) fn next_case(&mut self) -> Result<Option<RecordedResult>, BlobError> {
        match self.next_item()? {
            Some(BlobItem::Case(case)) if case.detail.follow_up.is_none() => Ok(Some(*case)),
            other => {
                self.peeked = other;
                Ok(None)
            }
        }
    }

    /// Reads up to the end of the controls, so that [`BlobReader::skipped`] is known.
    pub(super) fn read_controls_end(&mut self) -> Result<(), BlobError> {
        while self.skipped.is_none() {
            match self.next_item()? {
                Some(BlobItem::Case(case)) if case.detail.borrowed => {}
                other => {
                    self.peeked = other;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Returns the operations of which only the control was sent, once all controls were read.
    pub(super) fn skipped(&self) -> Option<&[String]> {
        self.skipped.as_deref()
    }

    /// Returns what follows the cases of the scenario.
    pub(in crate::session) fn finish_scenario(&mut self) -> Result<RecordedFollowUp, BlobError> {
        let mut follow_up = RecordedFollowUp::default();
        while let Some(item) = self.next_item()? {
            match item {
                BlobItem::Case(case) => follow_up.cases.push(*case),
                BlobItem::Limit(limit) => follow_up.limits.push(limit),
                BlobItem::End(end) => {
                    follow_up.end = Some(*end);
                    break;
                }
                BlobItem::Begin(_) => return Err(self.malformed(&"the scenario before has no end")),
            }
        }
        Ok(follow_up)
    }
}
