//! Prints the cases that `check` would send, for the command `cases`.
//!
//! This module never encodes a request; it receives curl lines ready-made.

use crate::case::{Case, Expectation};
use crate::escape::{ConsoleWriter, escape_text, json_line};
use serde::Serialize;
use std::io::{self, Write};

/// The output format of `cases`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseFormat {
    /// One line per case: its id and the expected response.
    Text,
    /// One JSON object per line.
    Ndjson,
    /// A comment and a curl line per case.
    Curl,
}

/// Prints cases one by one.
pub struct CasePrinter<W: Write> {
    writer: ConsoleWriter<W>,
    format: CaseFormat,
}

#[derive(Serialize)]
struct CaseListEntry<'a> {
    id: &'a str,
    operation: &'a str,
    intent: crate::case::Intent,
    member: Option<String>,
    constraint: Option<&'static str>,
    expected: String,
    rule: &'a str,
    source: Option<&'a crate::contract::Provenance>,
    unsendable: Option<&'a str>,
    curl: Option<&'a str>,
}

impl<W: Write> CasePrinter<W> {
    /// Creates a printer that writes to `to`, which should be buffered.
    pub fn new(writer: W, format: CaseFormat) -> Self {
        Self { writer: ConsoleWriter::new(writer), format }
    }

    /// Prints one case; `curl` is its judged request, if curl can send it.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn print_case(&mut self, case: &Case, curl: Option<&str>) -> io::Result<()> {
        match self.format {
            CaseFormat::Text => {
                let why = case.unsendable_reason.as_ref();
                let what = why.map_or_else(|| describe_expectation(case), |why| format!("not sendable: {why}"));
                writeln!(self.writer, "{}  {}", escape_text(case.id.as_str()), escape_text(&what))
            }
            CaseFormat::Ndjson => {
                let line = CaseListEntry {
                    id: case.id.as_str(),
                    operation: case.operation.as_str(),
                    intent: case.intent,
                    member: case.member.as_ref().map(ToString::to_string),
                    constraint: case.constraint.map(crate::contract::Constraint::name),
                    expected: describe_expectation(case),
                    rule: &case.rule,
                    source: case.source.as_ref(),
                    unsendable: case.unsendable_reason.as_deref(),
                    curl,
                };
                self.writer.write_all(&json_line(&line)?)?;
                self.writer.write_all(b"\n")
            }
            CaseFormat::Curl => {
                let why = case.unsendable_reason.as_deref().unwrap_or("curl cannot send these bytes");
                let expected = describe_expectation(case);
                writeln!(self.writer, "# {}: {}", escape_text(case.id.as_str()), escape_text(&expected))?;
                match curl {
                    Some(curl) => writeln!(self.writer, "{curl}"),
                    None => writeln!(self.writer, "# {}", escape_text(why)),
                }
            }
        }
    }

    /// Flushes the writer.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Describes the expected response.
fn describe_expectation(case: &Case) -> String {
    match &case.expectation {
        Expectation::Accept(accept) => accept.status.map_or_else(|| "2xx".to_owned(), |status| status.to_string()),
        Expectation::Reject { errors, .. } => {
            let one = |error: &crate::case::ExpectedError| {
                let status = error.status.map_or_else(|| "4xx".to_owned(), |status| status.to_string());
                error.error.as_ref().map_or_else(|| status.clone(), |name| format!("{status} {name}"))
            };
            errors.iter().map(one).collect::<Vec<_>>().join(" or ")
        }
        Expectation::LawHolds { law } => format!("law `{law}` holds"),
        Expectation::Unspecified { reason } => format!("undocumented: {reason}"),
    }
}
