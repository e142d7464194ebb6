//! Prints problems, notes and the message for a bug to standard error.
//!
//! It never prints results; they have outputs of their own.

use overstep::escape::{ConsoleWriter, escape_text};
use overstep::report::{Diagnostic, Severity, TextWidth, render_diagnostic, wrap_text};
use overstep::session::ScenarioJob;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::panic::PanicHookInfo;

/// Prints each problem.
pub fn print_problems(problems: &[Diagnostic]) {
    let mut out = ConsoleWriter::new(anstream::stderr());
    let columns = stderr_columns();
    for problem in problems {
        // Nothing can be done about a standard error that is closed.
        let _ = out.write_all(render_diagnostic(problem, columns).as_bytes());
    }
}

/// Prints warnings. With `strict`, returns them as errors instead.
pub fn print_warnings(warnings: &[Diagnostic], strict: bool) -> Result<(), Vec<Diagnostic>> {
    if strict && warnings.iter().any(|one| one.severity >= Severity::Warning) {
        let as_error = |one: &Diagnostic| Diagnostic { severity: one.severity.max(Severity::Error), ..one.clone() };
        return Err(warnings.iter().filter(|one| one.severity >= Severity::Warning).map(as_error).collect());
    }
    print_problems(warnings);
    Ok(())
}

/// Warns once of each secret that is too short to be found in every text.
pub fn warn_of_short_secrets<'j>(
    jobs: impl Iterator<Item = &'j ScenarioJob>,
    strict: bool,
) -> Result<(), Vec<Diagnostic>> {
    let mut names = BTreeSet::new();
    for job in jobs {
        names.extend(job.short_secrets()?);
    }
    let warnings: Vec<Diagnostic> = names
        .into_iter()
        .map(|name| {
            let reason = format!("the secret `{name}` has fewer than six characters");
            let hint =
                "it is hidden where it was put and in whole values that the endpoint sends, but not inside of words";
            Diagnostic { severity: Severity::Warning, ..Diagnostic::error(reason).with_hint(hint) }
        })
        .collect();
    print_warnings(&warnings, strict)
}

/// Prints one line, without anything that could act on a terminal or on the runner of a CI job.
pub fn print_line(text: &str) {
    let mut out = ConsoleWriter::new(anstream::stderr());
    for line in wrap_text(&escape_text(text), stderr_columns().unwrap_or(usize::MAX)) {
        let _ = writeln!(out, "{line}");
    }
}

/// Returns the width of the terminal, or `None` if standard error is none: lines of a log are not wrapped.
fn stderr_columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stderr())?;
    Some(TextWidth::from_terminal_columns(usize::from(width.0)).columns())
}

/// Reports a panic as a bug in overstep. Used as the panic hook.
pub fn print_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let problem = Diagnostic::error(format!("overstep {} has a bug: {message}", env!("CARGO_PKG_VERSION")))
        .with_hint(format!("please report it with the command you ran; location: {place}"));
    print_problems(&[problem]);
}
