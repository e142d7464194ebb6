//! Errors and warnings about files that the user wrote or named, printed with the source line.
//!
//! This module never decides whether a problem is fatal.

use super::style::wrap_text;
use crate::escape::escape_text;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::ops::Range;

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Information only.
    Note,
    /// A possible problem; the command continues.
    Warning,
    /// A problem that stops the command.
    Error,
}

/// A problem to show to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// What is wrong, as a lowercase fragment.
    pub reason: String,
    /// The name of the file, as shown to the user.
    pub document: Option<String>,
    /// The file's text; without it only name and line are shown.
    pub text: Option<String>,
    /// The range in the text, in bytes.
    pub span: Option<Range<usize>>,
    /// The line, counted from 1. With a span, `text` is an excerpt and this is the line of its beginning; without one,
    /// it is the line of the problem.
    pub line: Option<u32>,
    /// How to fix the problem.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Creates an error without a location.
    pub fn error(reason: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            reason: reason.into(),
            document: None,
            text: None,
            span: None,
            line: None,
            hint: None,
        }
    }

    /// Adds a hint on how to fix the problem.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the location in a file.
    #[must_use]
    pub fn with_location(mut self, document: &str, text: &str, span: Option<Range<usize>>) -> Self {
        self.document = Some(document.to_owned());
        self.text = Some(text.to_owned());
        self.span = span;
        self
    }
}

/// Width of what stands before a message: `warning: `, or ` = help: `.
const LABEL_WIDTH: usize = 9;

/// Wraps a message at words if the width of the terminal is known.
fn wrap_message(message: &str, columns: Option<usize>) -> String {
    match columns {
        Some(columns) => wrap_text(message, columns.saturating_sub(LABEL_WIDTH)).join("\n"),
        None => message.to_owned(),
    }
}

/// Returns the problem as text with colours, with a trailing newline. Messages are wrapped at words if the width of the
/// terminal is given.
pub fn render_diagnostic(problem: &Diagnostic, columns: Option<usize>) -> String {
    let level = match problem.severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let reason = wrap_message(&escape_text(&problem.reason), columns);
    let hint = problem.hint.as_deref().map(|hint| wrap_message(&escape_text(hint), columns));
    let document = problem.document.as_deref().map(escape_text);
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let place = match (&document, problem.line) {
        (Some(document), Some(line)) => Some(format!("{document}:{line}")),
        (document, _) => document.clone(),
    };
    let mut group = level
        .clone()
        .primary_title(reason.as_str())
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    match (&problem.text, &problem.span, &place) {
        (Some(text), Some(span), Some(_)) => {
            let span = clamp_span(text, span);
            // Long texts are cut to the lines around the span: the rest is of no use and slow to render.
            let (start, end) = snippet_range(text, &span);
            let begins = problem.line.map_or(1, |line| usize::try_from(line).unwrap_or(1));
            let first = text[..start].matches('\n').count() + begins;
            group = group.element(
                Snippet::source(&text[start..end])
                    .line_start(first)
                    .path(document.as_deref().unwrap_or_default())
                    .annotation(AnnotationKind::Primary.span(span.start - start..span.end - start)),
            );
        }
        (_, _, Some(place)) => group = group.element(annotate_snippets::Origin::path(place.as_str())),
        _ => {}
    }
    if let Some(hint) = &hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    let mut text = renderer.render(&[group]);
    text.push('\n');
    text
}

/// Clamps the span to the text and to character boundaries.
fn clamp_span(text: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// Returns the range of the lines that contain the span, with one line before it.
fn snippet_range(text: &str, span: &Range<usize>) -> (usize, usize) {
    let line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let start = text[..line.saturating_sub(1)].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(problem: &Diagnostic) -> String {
        let text = render_diagnostic(problem, None);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn messages_are_wrapped_at_words_in_a_terminal() {
        let reason = "the reason is a long sentence that does not fit into a line of a terminal with eighty columns";
        let problem = Diagnostic::error(reason).with_hint(reason);
        let styled = render_diagnostic(&problem, Some(80));
        let text = anstream::adapter::strip_str(&styled).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        insta::assert_snapshot!(text, @"
        error: the reason is a long sentence that does not fit into a line of a
               terminal with eighty columns
         |
         = help: the reason is a long sentence that does not fit into a line of a
                 terminal with eighty columns
        ");
        let whole = anstream::adapter::strip_str(&render_diagnostic(&problem, None)).to_string();
        assert_eq!(whole.lines().count(), 3, "a log has each message on one line: {whole}");
    }

    #[test]
    fn source_line_is_shown() {
        let text = "sources = [\"a\"]\nendpont = \"x\"\n";
        let problem = Diagnostic::error("unknown key `endpont`").with_location("a.toml", text, Some(16..23));
        insta::assert_snapshot!(plain(&problem.with_hint("did you mean `endpoint`?")), @r#"
        error: unknown key `endpont`
         --> a.toml:2:1
          |
        2 | endpont = "x"
          | ^^^^^^^
          |
          = help: did you mean `endpoint`?
        "#);
    }

    #[test]
    fn any_span_is_rendered_without_panic() {
        for text in ["", "ü", "a\nü\n", "\n\n"] {
            for start in 0..6 {
                for end in 0..6 {
                    plain(&Diagnostic::error("x").with_location("d", text, Some(start..end)));
                }
            }
        }
    }
}
