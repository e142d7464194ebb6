//! Prints a replayed case: what is documented, the recorded response, and the new one.
//!
//! This module never decides whether two responses mean the same; it only shows where they differ.

use super::style::{BAD, BOLD, FAINT, GOOD, ODD, Width, paint, tame, wrap};
use super::{Done, SentStep, StepAnswer};
use crate::judge::{Observed, Verdict, in_words as expected};
use serde::Deserialize;
use std::io::{self, Write};

/// A case as recorded in the results of an earlier run.
#[derive(Clone, Debug, Deserialize)]
pub struct Then {
    /// Its id.
    pub id: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// What was received.
    pub observed: Observed,
    /// The steps that were sent, if the case did not pass.
    #[serde(default)]
    pub steps: Vec<SentStep>,
}

/// A case that was replayed.
#[derive(Debug)]
pub struct Replayed {
    /// The case with its new verdict.
    pub done: Done,
    /// The steps of the replay; `None` for a step that was not sent.
    pub steps: Vec<Option<SentStep>>,
    /// The same steps as curl lines; `None` for a step that curl cannot send.
    pub curls: Vec<Option<String>>,
    /// Index of the judged step.
    pub judged: usize,
    /// The recorded result, if the results contain the case.
    pub then: Option<Then>,
}

/// Minimum width in columns at which request and response are printed side by side.
const BESIDE: usize = 100;
/// Maximum number of lines that are shown of a request or a response.
const MOST_LINES: usize = 24;
/// Maximum length of a curl line that is printed.
const LONGEST_CURL: usize = 2000;

/// Prints replayed cases.
pub struct ReplayText<W> {
    to: W,
    width: Width,
    cases: u64,
}

impl<W: Write> ReplayText<W> {
    /// Creates a printer that writes to `to` and wraps lines at `width` where they contain spaces.
    pub fn new(to: W, width: Width) -> Self {
        Self { to, width, cases: 0 }
    }

    /// Writes the heading of a scenario: its name, the endpoint and the run id.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn begin(&mut self, scenario: &str, endpoint: &str, run: &str) -> io::Result<()> {
        let gap = if self.cases > 0 { "\n" } else { "" };
        writeln!(self.to, "{gap}{} · {} · run {run}", paint(BOLD, tame(scenario)), tame(endpoint))
    }

    /// Writes one case.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn case(&mut self, one: &Replayed) -> io::Result<()> {
        self.cases += 1;
        let Replayed { done, then, .. } = one;
        let (case, judgement) = (&done.case, &done.judgement);
        let mark = match judgement.verdict {
            _ if done.finding => paint(BAD, "✗"),
            Verdict::Pass => paint(GOOD, "✓"),
            _ => paint(ODD, "·"),
        };
        writeln!(self.to, "\n{mark} {}", paint(BOLD, tame(&case.id.0)))?;
        let place = case.source.as_ref().map(ToString::to_string);
        if !case.rule.is_empty() || place.is_some() {
            self.field("documented", &tame(&case.rule), place.as_deref())?;
        }
        self.field("expected", &tame(&expected(&case.expectation)), None)?;
        match then {
            Some(then) => self.field("before", &tame(&in_words(then.verdict, &then.observed)), None)?,
            None => self.field("before", "not in the results", None)?,
        }
        self.field("now", &tame(&in_words(judgement.verdict, &judgement.observed)), None)?;
        if let Some(accepted) = done.comparison.accepted_in_words() {
            self.field("accepted", &tame(&accepted), None)?;
        } else if done.comparison.known {
            self.field("accepted", "the same", None)?;
        }
        if judgement.verdict != Verdict::Pass && !judgement.why.is_empty() {
            self.field("because", &tame(&judgement.why), None)?;
        }
        for line in &done.server_output {
            self.field("server output", &tame(line), None)?;
        }
        for (index, step) in one.steps.iter().enumerate() {
            let earlier = then.as_ref().and_then(|then| counterpart(then, one, index));
            match step {
                Some(step) => self.step(one, index, step, earlier)?,
                None => {
                    let purpose = case.steps.get(index).map_or("", |step| purpose(step.purpose));
                    writeln!(self.to, "\n    {}", paint(FAINT, format!("{} {purpose}, not sent", index + 1)))?;
                }
            }
        }
        self.pasteable(one)
    }

    fn step(&mut self, one: &Replayed, index: usize, step: &SentStep, then: Option<&SentStep>) -> io::Result<()> {
        let judged = if index == one.judged { ", judged" } else { "" };
        let title = format!("{} {}{judged}", index + 1, purpose(step.purpose));
        writeln!(self.to, "\n    {}", paint(BOLD, title))?;
        let room = self.width.columns().saturating_sub(4);
        if self.width.columns() >= BESIDE {
            let half = (room - 3) / 2;
            let (left, right) = (request(step, half), answer(&step.answer, half));
            for row in 0..left.len().max(right.len()) {
                let cell = |lines: &[String]| lines.get(row).cloned().unwrap_or_default();
                let (sent, came) = (cell(&left), cell(&right));
                let gap = half.saturating_sub(sent.chars().count());
                let bar = paint(FAINT, "│");
                writeln!(self.to, "{}", format!("    {sent}{:gap$} {bar} {came}", "").trim_end())?;
            }
        } else {
            for line in request(step, room) {
                writeln!(self.to, "{}", format!("    {line}").trim_end())?;
            }
            for line in answer(&step.answer, room - 2) {
                writeln!(self.to, "    {} {line}", paint(FAINT, "│"))?;
            }
        }
        let Some(then) = then else { return Ok(()) };
        let differs = differences(then, step);
        if !differs.is_empty() {
            let text = format!("the request differs from the recorded one: {}", differs.join(", "));
            for line in wrap(&text, room) {
                writeln!(self.to, "    {}", paint(ODD, line))?;
            }
        }
        if then.answer != step.answer {
            writeln!(self.to, "    {}", paint(FAINT, "recorded response"))?;
            for line in answer(&then.answer, room - 2) {
                writeln!(self.to, "    {} {line}", paint(FAINT, "│"))?;
            }
        }
        Ok(())
    }

    /// Writes all steps as curl lines, if curl can send every one of them: a part of them would be another case.
    /// Cases with captured values are left out, because the resources that they name are deleted by now.
    fn pasteable(&mut self, one: &Replayed) -> io::Result<()> {
        if one.done.case.steps.iter().any(|step| !step.captures.is_empty()) {
            return Ok(());
        }
        let sent: Option<Vec<&String>> = one.curls.iter().map(Option::as_ref).collect();
        match sent {
            Some(lines) if lines.is_empty() => Ok(()),
            Some(lines) if lines.iter().all(|line| line.len() <= LONGEST_CURL) => {
                writeln!(self.to)?;
                lines.into_iter().try_for_each(|line| writeln!(self.to, "    {}", paint(FAINT, tame(line))))
            }
            _ => Ok(()),
        }
    }

    /// Writes a label and a wrapped text; `place` is right-aligned on the first line.
    fn field(&mut self, name: &str, text: &str, place: Option<&str>) -> io::Result<()> {
        const INDENT: usize = 4 + 13 + 2;
        let room = self.width.columns().saturating_sub(INDENT).max(20);
        let beside = room.saturating_sub(place.map_or(0, |place| place.chars().count() + 2)).max(20);
        for (index, line) in wrap(text, beside).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let right = place.filter(|_| index == 0).map_or_else(String::new, |place| {
                let gap = room.saturating_sub(line.chars().count() + place.chars().count()).max(2);
                format!("{:gap$}{}", "", paint(FAINT, tame(place)))
            });
            writeln!(self.to, "    {}  {line}{right}", paint(FAINT, format!("{name:13}")))?;
        }
        Ok(())
    }

    /// Writes the line of counts and flushes the writer.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    pub fn finish(&mut self, counts: &str) -> io::Result<()> {
        writeln!(self.to, "\n{counts}")?;
        self.to.flush()
    }
}

/// Formats a verdict with what was received, such as `diverges: 200`.
fn in_words(verdict: Verdict, observed: &Observed) -> String {
    if observed.status.is_none() && observed.note.is_none() {
        return verdict.to_string();
    }
    format!("{verdict}: {observed}")
}

fn purpose(purpose: crate::generate::Purpose) -> &'static str {
    match purpose {
        crate::generate::Purpose::SetUp => "set-up",
        crate::generate::Purpose::Act => "act",
        crate::generate::Purpose::ReadBack => "read-back",
        crate::generate::Purpose::TearDown => "teardown",
    }
}

/// Returns the recorded step that corresponds to a step of the replay. Results leave out steps that were not sent, so
/// the index alone does not identify it.
fn counterpart<'t>(then: &'t Then, now: &Replayed, index: usize) -> Option<&'t SentStep> {
    if then.steps.len() == now.steps.len() {
        return then.steps.get(index);
    }
    let purpose = now.steps.get(index)?.as_ref()?.purpose;
    let before = now.steps[..index].iter().flatten().filter(|step| step.purpose == purpose).count();
    then.steps.iter().filter(|step| step.purpose == purpose).nth(before)
}

/// Returns the names of the request parts that differ, without dates and signatures, which always do.
fn differences(then: &SentStep, now: &SentStep) -> Vec<&'static str> {
    let fresh = ["authorization", "x-amz-date", "date"];
    let lasting = |step: &SentStep| -> Vec<(String, String)> {
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

fn request(step: &SentStep, columns: usize) -> Vec<String> {
    let mut lines = broken(&format!("{} {}", step.method, step.target), columns);
    for (name, value) in &step.headers {
        lines.extend(broken(&format!("{name}: {value}"), columns));
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
        lines.extend(broken(&body, columns));
    }
    shortened(lines)
}

fn answer(answer: &StepAnswer, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    match answer {
        StepAnswer::Answered { status, body } => {
            lines.push(status.to_string());
            if !body.is_empty() {
                lines.extend(broken(body, columns));
            }
        }
        StepAnswer::Nothing { why } => lines.extend(broken(&format!("no response: {why}"), columns)),
    }
    shortened(lines)
}

/// Splits a text into lines of at most `columns` characters, at any character: payloads have no words to wrap at.
fn broken(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    // One line past the limit is kept, so that `truncate_lines` sees that there are more.
    for line in text.lines().take(MOST_LINES + 1) {
        let shown: Vec<char> = tame(&line[..line.floor_char_boundary(16 * 1024)]).chars().collect();
        if shown.is_empty() {
            lines.push(String::new());
        }
        lines.extend(shown.chunks(columns).map(|piece| piece.iter().collect::<String>()));
    }
    lines
}

fn shortened(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST_LINES {
        let more = lines.len() - (MOST_LINES - 1);
        lines.truncate(MOST_LINES - 1);
        lines.push(format!("… {more} more lines"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> SentStep {
        SentStep {
            purpose: crate::generate::Purpose::Act,
            method: "POST".into(),
            target: "/contact/tags".into(),
            headers: vec![("content-type".into(), "application/json".into()), ("X-Amz-Date".into(), "1".into())],
            body: Some("{\"a\":\"é\u{1b}[2J\"}".into()),
            body_base64: None,
            body_digest: None,
            body_bytes: None,
            answer: StepAnswer::Answered { status: 200, body: String::new() },
        }
    }

    #[test]
    fn only_date_differences_are_ignored() {
        let (then, mut now) = (step(), step());
        now.headers[1].1 = "2".into();
        assert_eq!(differences(&then, &now), Vec::<&str>::new());
        now.headers[0].1 = "text/plain".into();
        now.body = None;
        assert_eq!(differences(&then, &now), ["headers", "body"]);
    }

    #[test]
    fn long_lines_are_split_and_many_lines_are_truncated() {
        let lines = request(&step(), 12);
        assert!(lines.iter().all(|line| line.chars().count() <= 12), "{lines:?}");
        assert!(lines.concat().contains("\\u{1b}"), "{lines:?}");
        let long = answer(&StepAnswer::Answered { status: 500, body: "é".repeat(100_000) }, 40);
        assert_eq!(long.len(), MOST_LINES);
        assert!(long[MOST_LINES - 1].starts_with("… "), "{long:?}");
    }
}
