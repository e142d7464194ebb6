//! Prints the cases that `check` would send, for the command `cases`.
//!
//! This module never encodes a request; it receives curl lines ready-made.

use crate::generate::{Case, Expectation};
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
pub struct CasePrinter<W> {
    to: W,
    format: CaseFormat,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    operation: &'a str,
    intent: crate::generate::Intent,
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
    pub fn new(to: W, format: CaseFormat) -> Self {
        Self { to, format }
    }

    /// Prints one case; `curl` is its judged request, if curl can send it.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn case(&mut self, case: &Case, curl: Option<&str>) -> io::Result<()> {
        match self.format {
            CaseFormat::Text => {
                writeln!(
                    self.to,
                    "{}  {}",
                    case.id,
                    case.unsendable.as_ref().map_or_else(|| expected(case), |why| format!("not sendable: {why}"))
                )
            }
            CaseFormat::Ndjson => {
                let line = Line {
                    id: &case.id.0,
                    operation: case.operation.as_str(),
                    intent: case.intent,
                    member: case.member.as_ref().map(ToString::to_string),
                    constraint: case.constraint.map(crate::contract::Constraint::name),
                    expected: expected(case),
                    rule: &case.rule,
                    source: case.source.as_ref(),
                    unsendable: case.unsendable.as_deref(),
                    curl,
                };
                serde_json::to_writer(&mut self.to, &line)?;
                self.to.write_all(b"\n")
            }
            CaseFormat::Curl => {
                let why = case.unsendable.as_deref().unwrap_or("curl cannot send these bytes");
                writeln!(self.to, "# {}: {}", case.id, expected(case))?;
                match curl {
                    Some(curl) => writeln!(self.to, "{curl}"),
                    None => writeln!(self.to, "# {}", why.replace('\n', " ")),
                }
            }
        }
    }

    /// Flushes the writer.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Describes the expected response.
fn expected(case: &Case) -> String {
    match &case.expectation {
        Expectation::Accept(accept) => accept.status.map_or_else(|| "2xx".to_owned(), |status| status.to_string()),
        Expectation::Reject { errors, .. } => {
            let one = |error: &crate::generate::ExpectedError| {
                let status = error.status.map_or_else(|| "4xx".to_owned(), |status| status.to_string());
                error.error.as_ref().map_or_else(|| status.clone(), |name| format!("{status} {name}"))
            };
            errors.iter().map(one).collect::<Vec<_>>().join(" or ")
        }
        Expectation::Keep { law } => format!("law `{law}` holds"),
        Expectation::Unspecified { reason } => format!("undocumented: {reason}"),
    }
}
