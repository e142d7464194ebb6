//! A case that was sent again, for people: what is documented, what came then, what comes now.
//!
//! This file never decides whether two answers are the same in meaning; it only shows where they differ.

use super::style::{BAD, BOLD, FAINT, GOOD, ODD, Width, paint, tame, wrap};
use super::{Done, SentStep, StepAnswer};
use crate::judge::{Observed, Verdict, in_words as expected};
use serde::Deserialize;
use std::io::{self, Write};

/// What results say of a case.
#[derive(Clone, Debug, Deserialize)]
pub struct Then {
    /// Its id.
    pub id: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What came back.
    pub observed: Observed,
    /// What was sent, where the case did not pass.
    #[serde(default)]
    pub steps: Vec<SentStep>,
}

/// A case that was sent again.
#[derive(Debug)]
pub struct Replayed {
    /// The case with its new verdict.
    pub done: Done,
    /// What was sent now, one for each step; `None` where it was not sent.
    pub steps: Vec<Option<SentStep>>,
    /// The same as curl lines, where curl can send them.
    pub curls: Vec<Option<String>>,
    /// The step that is judged.
    pub judged: usize,
    /// What came of it before, where that is known.
    pub then: Option<Then>,
}

/// From this width on, request and answer stand beside each other.
const BESIDE: usize = 100;
/// So many lines of a request or an answer are shown.
const MOST_LINES: usize = 24;
/// Longer curl lines are not shown but named.
const LONGEST_CURL: usize = 2000;

/// Prints cases that were sent again.
pub struct ReplayText<W> {
    to: W,
    width: Width,
    cases: u64,
}

impl<W: Write> ReplayText<W> {
    /// Writes to `to`, in at most this width where a line can be broken.
    pub fn new(to: W, width: Width) -> Self {
        Self { to, width, cases: 0 }
    }

    /// Says where the cases go.
    ///
    /// # Errors
    /// Where the bytes cannot be written.
    pub fn begin(&mut self, scenario: &str, endpoint: &str, run: &str) -> io::Result<()> {
        let gap = if self.cases > 0 { "\n" } else { "" };
        writeln!(self.to, "{gap}{} · {} · run {run}", paint(BOLD, tame(scenario)), tame(endpoint))
    }

    /// Prints one case.
    ///
    /// # Errors
    /// Where the bytes cannot be written.
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
            Some(then) => self.field("then", &tame(&in_words(then.verdict, &then.observed)), None)?,
            None => self.field("then", "not in the results", None)?,
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
            self.field("server said", &tame(line), None)?;
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
            let text = format!("the request is not what was sent then: {} differ", differs.join(", "));
            for line in wrap(&text, room) {
                writeln!(self.to, "    {}", paint(ODD, line))?;
            }
        }
        if then.answer != step.answer {
            writeln!(self.to, "    {}", paint(FAINT, "the answer then"))?;
            for line in answer(&then.answer, room - 2) {
                writeln!(self.to, "    {} {line}", paint(FAINT, "│"))?;
            }
        }
        Ok(())
    }

    /// All steps as curl lines, where every one of them has one; half of them would be another case, and
    /// what a set-up made was taken away again.
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

    /// A name and a text in lines under each other; a place stands at the right edge of the first.
    fn field(&mut self, name: &str, text: &str, place: Option<&str>) -> io::Result<()> {
        const INDENT: usize = 4 + 11 + 2;
        let room = self.width.columns().saturating_sub(INDENT).max(20);
        let beside = room.saturating_sub(place.map_or(0, |place| place.chars().count() + 2)).max(20);
        for (index, line) in wrap(text, beside).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let right = place.filter(|_| index == 0).map_or_else(String::new, |place| {
                let gap = room.saturating_sub(line.chars().count() + place.chars().count()).max(2);
                format!("{:gap$}{}", "", paint(FAINT, tame(place)))
            });
            writeln!(self.to, "    {}  {line}{right}", paint(FAINT, format!("{name:11}")))?;
        }
        Ok(())
    }

    /// Ends with how many cases there were, and writes out what waits.
    ///
    /// # Errors
    /// Where the bytes cannot be written.
    pub fn finish(&mut self, counts: &str) -> io::Result<()> {
        writeln!(self.to, "\n{counts}")?;
        self.to.flush()
    }
}

/// `diverges: 200`.
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

/// The recorded step that stands for a step of now: results leave out what was not sent.
fn counterpart<'t>(then: &'t Then, now: &Replayed, index: usize) -> Option<&'t SentStep> {
    if then.steps.len() == now.steps.len() {
        return then.steps.get(index);
    }
    let purpose = now.steps.get(index)?.as_ref()?.purpose;
    let before = now.steps[..index].iter().flatten().filter(|step| step.purpose == purpose).count();
    then.steps.iter().filter(|step| step.purpose == purpose).nth(before)
}

/// What of a request is not as it was; dates and signatures always differ.
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
        StepAnswer::Nothing { why } => lines.extend(broken(&format!("no answer: {why}"), columns)),
    }
    shortened(lines)
}

/// Lines of at most so many characters, broken anywhere: what is sent has no words.
fn broken(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    // One line more than is shown says that there are more.
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
    fn dates_may_differ_and_nothing_else() {
        let (then, mut now) = (step(), step());
        now.headers[1].1 = "2".into();
        assert_eq!(differences(&then, &now), Vec::<&str>::new());
        now.headers[0].1 = "text/plain".into();
        now.body = None;
        assert_eq!(differences(&then, &now), ["headers", "body"]);
    }

    #[test]
    fn long_lines_break_and_many_lines_end() {
        let lines = request(&step(), 12);
        assert!(lines.iter().all(|line| line.chars().count() <= 12), "{lines:?}");
        assert!(lines.concat().contains("\\u{1b}"), "{lines:?}");
        let long = answer(&StepAnswer::Answered { status: 500, body: "é".repeat(100_000) }, 40);
        assert_eq!(long.len(), MOST_LINES);
        assert!(long[MOST_LINES - 1].starts_with("… "), "{long:?}");
    }
}
