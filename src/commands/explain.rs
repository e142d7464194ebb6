//! Implements `overstep explain`, which says what the code of a finding means.
//!
//! It never reads a file.

use crate::cli::{CommandError, ExplainFlags, ExplainFormat, terminal_width};
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use overstep::judge::{FindingCode, nearest_code};
use overstep::report::{Diagnostic, code_index_page, code_page, explain_code, list_codes};
use std::io::Write as _;

/// Prints what a code means, or lists all codes.
pub fn print_explanation(flags: &ExplainFlags) -> Result<ExitStatus, CommandError> {
    let code = match &flags.code {
        Some(text) => Some(FindingCode::parse(text).ok_or_else(|| unknown_code(text))?),
        None => None,
    };
    let text = match (code, flags.format) {
        (Some(code), ExplainFormat::Text) => explain_code(code.info(), terminal_width()),
        (Some(code), ExplainFormat::Markdown) => code_page(code.info()),
        (None, ExplainFormat::Text) => list_codes(),
        (None, ExplainFormat::Markdown) => code_index_page(),
    };
    let mut out = ConsoleWriter::new(anstream::stdout());
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitStatus::Success)
}

fn unknown_code(text: &str) -> Diagnostic {
    let near = nearest_code(text).info();
    Diagnostic::error(format!("unknown code `{text}`"))
        .with_hint(format!("did you mean {} ({})? `overstep explain` lists all codes", near.code, near.title))
}
