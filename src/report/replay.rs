//! Prints a replayed case: what is documented, the recorded response, and the new one.
//!
//! This module never decides whether two responses mean the same; it only shows where they differ.

use super::style::{BOLD_STYLE, DIM_STYLE, ERROR_STYLE, SUCCESS_STYLE, TextWidth, WARNING_STYLE, paint, wrap_text};
use super::{CaseResult, RecordedStep, StepResponse};
use crate::escape::{ConsoleWriter, escape_text};
use crate::judge::{ObservedOutcome, Verdict, describe_expectation as expected, finding_code};
use serde::Deserialize;
use std::io::{self, Write};

/// A case as recorded in the results of an earlier run.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct RecordedCase {
    /// Its id.
    pub id: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// What was received.
    pub observed: ObservedOutcome,
    /// The steps that were sent, if the case did not pass.
    #[serde(default)]
    pub steps: Vec<RecordedStep>,
}

/// A case that was replayed.
#[derive(Debug)]
pub struct ReplayedCase {
    /// The case with its new verdict.
    pub result: CaseResult,
    /// The steps of the replay; `None` for a step that was not sent.
    pub steps: Vec<Option<RecordedStep>>,
    /// The same steps as curl lines; `None` for a step that curl cannot send.
    pub curl_lines: Vec<Option<String>>,
    /// Index of the judged step.
    pub judged_step: usize,
    /// The recorded result, if the results contain the case.
    pub recorded: Option<RecordedCase>,
}

/// Minimum width in columns at which request and response are printed side by side.
const MIN_SIDE_BY_SIDE_COLUMNS: usize = 100;
/// Maximum number of lines that are shown of a request or a response.
const MAX_LINES: usize = 24;
/// Maximum length of a curl line that is printed.
const MAX_CURL_LENGTH: usize = 2000;

/// Prints replayed cases.
pub struct ReplayReporter<W: Write> {
    writer: ConsoleWriter<W>,
    width: TextWidth,
    case_count: u64,
}

impl<W: Write> ReplayReporter<W> {
    /// Creates a printer that writes to `to` and wraps lines at `width` where they contain spaces.
    pub fn new(writer: W, width: TextWidth) -> Self {
        Self { writer: ConsoleWriter::new(writer), width, case_count: 0 }
    }

    /// Writes the heading of a scenario: its name, the endpoint and the run id.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn begin_scenario(&mut self, scenario: &str, endpoint: &str, run: &str) -> io::Result<()> {
        let gap = if self.case_count > 0 { "\n" } else { "" };
        writeln!(
            self.writer,
            "{gap}{} · {} · run {run}",
            paint(BOLD_STYLE, escape_text(scenario)),
            escape_text(endpoint)
        )
    }

    /// Writes one case.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn write_case(&mut self, one: &ReplayedCase) -> io::Result<()> {
        self.case_count += 1;
        let ReplayedCase { result: done, recorded: then, .. } = one;
        let (case, judgement) = (&done.case, &done.judgement);
        let mark = match judgement.verdict {
            _ if done.is_finding => paint(ERROR_STYLE, "✗"),
            Verdict::Pass => paint(SUCCESS_STYLE, "✓"),
            _ => paint(WARNING_STYLE, "·"),
        };
        let code = finding_code(case, judgement, &done.comparison).filter(|_| done.is_finding);
        let code = code.map_or_else(String::new, |code| format!(" [{code}]"));
        let title = paint(BOLD_STYLE, format!("{}{code}", escape_text(case.id.as_str())));
        writeln!(self.writer, "\n{mark} {title}")?;
        let place = case.source.as_ref().map(ToString::to_string);
        if !case.rule.is_empty() || place.is_some() {
            self.write_field("documented", &escape_text(&case.rule), place.as_deref())?;
        }
        self.write_field("expected", &escape_text(&expected(&case.expectation)), None)?;
        match then {
            Some(then) => {
                self.write_field("before", &escape_text(&describe_outcome(then.verdict, &then.observed)), None)?
            }
            None => self.write_field("before", "not in the results", None)?,
        }
        self.write_field("now", &escape_text(&describe_outcome(judgement.verdict, &judgement.observed)), None)?;
        if let Some(accepted) = done.comparison.describe_accepted() {
            self.write_field("accepted", &escape_text(&accepted), None)?;
        } else if done.comparison.is_known_divergence {
            self.write_field("accepted", "the same", None)?;
        }
        if judgement.verdict != Verdict::Pass && !judgement.why.is_empty() {
            self.write_field("because", &escape_text(&judgement.why), None)?;
        }
        for line in &done.server_output {
            self.write_field("server output", &escape_text(line), None)?;
        }
        for (index, step) in one.steps.iter().enumerate() {
            let earlier = then.as_ref().and_then(|then| find_recorded_step(then, one, index));
            match step {
                Some(step) => self.write_step(one, index, step, earlier)?,
                None => {
                    let purpose = case.steps.get(index).map_or("", |step| purpose_name(step.purpose));
                    writeln!(self.writer, "\n    {}", paint(DIM_STYLE, format!("{} {purpose}, not sent", index + 1)))?;
                }
            }
        }
        self.write_curl_lines(one)
    }

    fn write_step(
        &mut self,
        one: &ReplayedCase,
        index: usize,
        step: &RecordedStep,
        then: Option<&RecordedStep>,
    ) -> io::Result<()> {
        let judged = if index == one.judged_step { ", judged" } else { "" };
        let title = format!("{} {}{judged}", index + 1, purpose_name(step.purpose));
        writeln!(self.writer, "\n    {}", paint(BOLD_STYLE, title))?;
        let room = self.width.columns().saturating_sub(4);
        if self.width.columns() >= MIN_SIDE_BY_SIDE_COLUMNS {
            let half = (room - 3) / 2;
            let (left, right) = (request_lines(step, half), response_lines(&step.answer, half));
            for row in 0..left.len().max(right.len()) {
                let cell = |lines: &[String]| lines.get(row).cloned().unwrap_or_default();
                let (sent, came) = (cell(&left), cell(&right));
                let gap = half.saturating_sub(sent.chars().count());
                let bar = paint(DIM_STYLE, "│");
                writeln!(self.writer, "{}", format!("    {sent}{:gap$} {bar} {came}", "").trim_end())?;
            }
        } else {
            for line in request_lines(step, room) {
                writeln!(self.writer, "{}", format!("    {line}").trim_end())?;
            }
            for line in response_lines(&step.answer, room - 2) {
                writeln!(self.writer, "    {} {line}", paint(DIM_STYLE, "│"))?;
            }
        }
        let Some(then) = then else { return Ok(()) };
        let differs = differing_parts(then, step);
        if !differs.is_empty() {
            let text = format!("the request differs from the recorded one: {}", differs.join(", "));
            for line in wrap_text(&text, room) {
                writeln!(self.writer, "    {}", paint(WARNING_STYLE, line))?;
            }
        }
        if then.answer != step.answer {
            writeln!(self.writer, "    {}", paint(DIM_STYLE, "recorded response"))?;
            for line in response_lines(&then.answer, room - 2) {
                writeln!(self.writer, "    {} {line}", paint(DIM_STYLE, "│"))?;
            }
        }
        Ok(())
    }

    /// Writes all steps as curl lines, if curl can send every one of them: a part of them would be another case.
    /// Cases with captured values are left out, because the resources that they name are deleted by now.
    fn write_curl_lines(&mut self, one: &ReplayedCase) -> io::Result<()> {
        if one.result.case.steps.iter().any(|step| !step.captures.is_empty()) {
            return Ok(());
        }
        let sent: Option<Vec<&String>> = one.curl_lines.iter().map(Option::as_ref).collect();
        match sent {
            Some(lines) if lines.is_empty() => Ok(()),
            Some(lines) if lines.iter().all(|line| line.len() <= MAX_CURL_LENGTH) => {
                writeln!(self.writer)?;
                lines
                    .into_iter()
                    .try_for_each(|line| writeln!(self.writer, "    {}", paint(DIM_STYLE, escape_text(line))))
            }
            _ => Ok(()),
        }
    }

    /// Writes a label and a wrapped text; `place` is right-aligned on the first line.
    fn write_field(&mut self, name: &str, text: &str, place: Option<&str>) -> io::Result<()> {
        const INDENT: usize = 4 + 13 + 2;
        let room = self.width.columns().saturating_sub(INDENT).max(20);
        let beside = room.saturating_sub(place.map_or(0, |place| place.chars().count() + 2)).max(20);
        for (index, line) in wrap_text(text, beside).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let right = place.filter(|_| index == 0).map_or_else(String::new, |place| {
                let gap = room.saturating_sub(line.chars().count() + place.chars().count()).max(2);
                format!("{:gap$}{}", "", paint(DIM_STYLE, escape_text(place)))
            });
            writeln!(self.writer, "    {}  {line}{right}", paint(DIM_STYLE, format!("{name:13}")))?;
        }
        Ok(())
    }

    /// Writes the line of counts and flushes the writer.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn finish(&mut self, counts: &str) -> io::Result<()> {
        writeln!(self.writer, "\n{counts}")?;
        self.writer.flush()
    }
}

/// Formats a verdict with what was received, such as `diverges: 200`.
fn describe_outcome(verdict: Verdict, observed: &ObservedOutcome) -> String {
    if observed.status.is_none() && observed.note.is_none() {
        return verdict.to_string();
    }
    format!("{verdict}: {observed}")
}

fn purpose_name(purpose: crate::case::StepPurpose) -> &'static str {
    match purpose {
        crate::case::StepPurpose::SetUp => "set-up",
        crate::case::StepPurpose::Act => "act",
        crate::case::StepPurpose::ReadBack => "read-back",
        crate::case::StepPurpose::TearDown => "teardown",
    }
}

/// Returns the recorded step that corresponds to a step of the replay. Results leave out steps that were not sent, so
/// the index alone does not identify it.
fn find_recorded_step<'t>(then: &'t RecordedCase, now: &ReplayedCase, index: usize) -> Option<&'t RecordedStep> {
    if then.steps.len() == now.steps.len() {
        return then.steps.get(index);
    }
    let purpose = now.steps.get(index)?.as_ref()?.purpose;
    let before = now.steps[..index].iter().flatten().filter(|step| step.purpose == purpose).count();
    then.steps.iter().filter(|step| step.purpose == purpose).nth(before)
}

/// Returns the names of the request parts that differ, without dates and signatures, which always do.
fn differing_parts(then: &RecordedStep, now: &RecordedStep) -> Vec<&'static str> {
    let fresh = ["authorization", "x-amz-date", "date"];
    let lasting = |step: &RecordedStep| -> Vec<(String, String)> {
        let lower = step.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        lower.filter(|(name, _)| !fresh.contains(&name.as_str())).collect()
    };
    let mut found = Vec::new();
    if then.method != now.method {
        found.push("method");
    }
    if then.target != now.target {
        found.push("target");
    }
    if lasting(then) != lasting(now) {
        found.push("headers");
    }
    if (&then.body, &then.body_base64, &then.body_digest) != (&now.body, &now.body_base64, &now.body_digest) {
        found.push("body");
    }
    found
}

fn request_lines(step: &RecordedStep, columns: usize) -> Vec<String> {
    let mut lines = split_lines(&format!("{} {}", step.method, step.target), columns);
    for (name, value) in &step.headers {
        lines.extend(split_lines(&format!("{name}: {value}"), columns));
    }
    let body = if let Some(text) = &step.body {
        Some(text.clone())
    } else if let Some(bytes) = &step.body_base64 {
        Some(format!("(base64) {bytes}"))
    } else {
        step.body_digest.as_ref().map(|digest| format!("({} bytes, {digest})", step.body_bytes.unwrap_or_default()))
    };
    if let Some(body) = body {
        lines.push(String::new());
        lines.extend(split_lines(&body, columns));
    }
    truncate_lines(lines)
}

fn response_lines(answer: &StepResponse, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    match answer {
        StepResponse::Answered { status, body } => {
            lines.push(status.to_string());
            if !body.is_empty() {
                lines.extend(split_lines(body, columns));
            }
        }
        StepResponse::Nothing { why } => lines.extend(split_lines(&format!("no response: {why}"), columns)),
    }
    truncate_lines(lines)
}

/// Splits a text into lines of at most `columns` characters, at any character: payloads have no words to wrap at.
fn split_lines(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    // One line past the limit is kept, so that `truncate_lines` sees that there are more.
    for line in text.lines().take(MAX_LINES + 1) {
        let shown: Vec<char> = escape_text(&line[..line.floor_char_boundary(16 * 1024)]).chars().collect();
        if shown.is_empty() {
            lines.push(String::new());
        }
        lines.extend(shown.chunks(columns).map(|piece| piece.iter().collect::<String>()));
    }
    lines
}

fn truncate_lines(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MAX_LINES {
        let more = lines.len() - (MAX_LINES - 1);
        lines.truncate(MAX_LINES - 1);
        lines.push(format!("… {more} more lines"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> RecordedStep {
        RecordedStep {
            purpose: crate::case::StepPurpose::Act,
            method: "POST".into(),
            target: "/contact/tags".into(),
            headers: vec![("content-type".into(), "application/json".into()), ("X-Amz-Date".into(), "1".into())],
            body: Some("{\"a\":\"é\u{1b}[2J\"}".into()),
            body_base64: None,
            body_digest: None,
            body_bytes: None,
            answer: StepResponse::Answered { status: 200, body: String::new() },
            response_headers: Vec::new(),
        }
    }

    #[test]
    fn only_date_differences_are_ignored() {
        let (then, mut now) = (step(), step());
        now.headers[1].1 = "2".into();
        assert_eq!(differing_parts(&then, &now), Vec::<&str>::new());
        now.headers[0].1 = "text/plain".into();
        now.body = None;
        assert_eq!(differing_parts(&then, &now), ["headers", "body"]);
    }

    #[test]
    fn long_lines_are_split_and_many_lines_are_truncated() {
        let lines = request_lines(&step(), 12);
        assert!(lines.iter().all(|line| line.chars().count() <= 12), "{lines:?}");
        assert!(lines.concat().contains("\\u{1b}"), "{lines:?}");
        let long = response_lines(&StepResponse::Answered { status: 500, body: "é".repeat(100_000) }, 40);
        assert_eq!(long.len(), MAX_LINES);
        assert!(long[MAX_LINES - 1].starts_with("… "), "{long:?}");
    }
}
