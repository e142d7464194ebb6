//! Prints a run as text: a table of operations, then the findings.
//!
//! This module never checks whether it writes to a terminal.

use super::style::{BAD, BOLD, FAINT, GOOD, ODD, Width, count, paint, tame, wrap};
use super::{Done, Head, NotRun, Output, SnapshotNews, Summary};
use crate::judge::{Finding, OperationCoverage};
use indexmap::IndexMap;
use std::io::{self, Write};

/// Maximum length of a curl line that is printed in full; for longer ones the command that prints them is shown.
const LONGEST_CURL: usize = 700;
/// Maximum number of findings that are shown in full; the remaining ones take a line each.
const AT_LENGTH: usize = 25;
/// Maximum number of server output lines that are shown with a finding.
const SHORT: usize = 6;

/// The text report that `check` prints.
pub struct Terminal<W> {
    to: W,
    width: Width,
    again: String,
    scenarios: u64,
}

impl<W: Write> Terminal<W> {
    /// Creates a reporter that writes to `to` and wraps lines at `width` where they contain spaces.
    pub fn new(to: W, width: Width) -> Self {
        Self { to, width, again: String::new(), scenarios: 0 }
    }

    fn table(&mut self, rows: &[OperationCoverage], complete: bool) -> io::Result<()> {
        let name = rows.iter().map(|row| row.operation.chars().count()).max().unwrap_or(0).max("operation".len() + 12);
        writeln!(
            self.to,
            "  {}",
            paint(FAINT, format!("{:name$}  cases   pass   diverge   constraints   errors", "operation"))
        )?;
        for row in rows {
            let pass = format!("{:>5}", row.pass);
            let diverges = format!("{:>8}", row.diverges);
            let mut errors = format!("{}/{}", row.errors.0, row.errors.1);
            errors = format!("{errors:>7}");
            if complete && !row.unprovokable.is_empty() {
                // The first row with such a number explains it.
                let first = rows.iter().find(|row| !row.unprovokable.is_empty());
                let explains = first.is_some_and(|first| std::ptr::eq(first, row));
                let words = if explains { " not testable" } else { "" };
                errors.push_str(&format!(" (+{}{words})", row.unprovokable.len()));
            }
            writeln!(
                self.to,
                "  {:name$}  {:>5}  {}  {}  {:>12}  {errors}",
                tame(&row.operation),
                row.cases,
                if row.pass == row.cases { paint(GOOD, pass) } else { pass },
                if row.diverges > 0 { paint(BAD, diverges) } else { diverges },
                format!("{}/{}", row.constraints.0, row.constraints.1),
            )?;
        }
        self.reached(rows, complete)
    }

    /// Writes the remaining coverage, and the documented errors that no test can trigger. The latter are known only
    /// if the run is complete.
    fn reached(&mut self, rows: &[OperationCoverage], complete: bool) -> io::Result<()> {
        let sum = |part: fn(&OperationCoverage) -> (u64, u64)| {
            rows.iter().map(part).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        };
        let parts: Vec<String> = [
            ("limits", sum(|row| row.limits)),
            ("enum members", sum(|row| row.enums)),
            ("members", sum(|row| row.members)),
            ("laws", sum(|row| row.laws)),
        ]
        .into_iter()
        .filter(|(_, (_, of))| *of > 0)
        .map(|(name, (reached, of))| format!("{name} {reached}/{of}"))
        .collect();
        if !parts.is_empty() {
            writeln!(self.to, "\n  {}", paint(FAINT, format!("coverage: {}", parts.join(" · "))))?;
        }
        let mut why: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, reason) in rows.iter().filter(|_| complete).flat_map(|row| &row.unprovokable) {
            match why.iter_mut().find(|(other, _)| other == reason) {
                Some((_, names)) if names.contains(&name.as_str()) => {}
                Some((_, names)) => names.push(name),
                None => why.push((reason, vec![name])),
            }
        }
        for (reason, names) in why {
            let names: Vec<String> = names.into_iter().map(tame).collect();
            writeln!(self.to, "  {}", paint(FAINT, format!("not testable: {} ({reason})", names.join(", "))))?;
        }
        Ok(())
    }

    fn at_length(&mut self, finding: &Finding) -> io::Result<()> {
        let columns = self.width.columns();
        let title = title(finding);
        let cases = count(finding.cases, "case");
        let gap = columns.saturating_sub(2 + title.chars().count() + cases.chars().count()).max(2);
        writeln!(self.to, "\n{} {}{:gap$}{cases}", paint(BAD, "✗"), paint(BOLD, &title), "")?;
        let rule = if finding.rule.is_empty() { &finding.why } else { &finding.rule };
        self.field("documented", &tame(rule), finding.source.as_deref())?;
        self.field("expected", &tame(&finding.expected), None)?;
        if let Some(accepted) = &finding.accepted {
            self.field("accepted", &tame(accepted), None)?;
        }
        self.field("received", &tame(&finding.observed), None)?;
        let unclear = same_status(&finding.expected, &finding.observed) || finding.expected == "kept";
        if !finding.rule.is_empty() && unclear {
            self.field("because", &tame(&finding.why), None)?;
        }
        if let Some(learnt) = &finding.learnt {
            self.field("actual limit", &tame(learnt), None)?;
        }
        let example = finding.examples.first().map_or("", String::as_str);
        let remote = if self.again.ends_with(" --allow-remote") { " --allow-remote" } else { "" };
        writeln!(
            self.to,
            "    {}  overstep replay {}{remote}",
            paint(FAINT, format!("{:15}", "reproduce")),
            word(&tame(example))
        )?;
        match &finding.curl {
            Some(curl) if curl.len() <= LONGEST_CURL => {
                for line in curl.lines() {
                    writeln!(self.to, "    {:15}  {}", "", tame(line))?;
                }
            }
            // A law consists of many requests, and `replay` shows them all.
            Some(_) if finding.member == "law" => {}
            // A curl line that fills the screen is unreadable, so the command that prints it is shown instead.
            Some(_) => {
                let cases = self.again.replacen(" check ", " cases ", 1).replace(" --allow-remote", "");
                let only = quoted(&format!("id({example})"));
                writeln!(self.to, "    {:15}  {cases} -E {only} --format curl", "")?;
            }
            None => {}
        }
        // A response that differs from the accepted one is settled in the snapshot, not as a known divergence.
        let stanza = if finding.accepted.is_none() { known_stanza(finding) } else { String::new() };
        for (index, line) in stanza.lines().enumerate() {
            let name = if index == 0 { "accept as known" } else { "" };
            writeln!(self.to, "    {}  {}", paint(FAINT, format!("{name:15}")), paint(FAINT, tame(line)))?;
        }
        self.server_output(&finding.server_output, SHORT)
    }

    /// Writes the last `max_lines` lines of the server's output.
    fn server_output(&mut self, lines: &[String], most: usize) -> io::Result<()> {
        for (index, line) in lines.iter().skip(lines.len().saturating_sub(most)).enumerate() {
            let name = if index == 0 { "server output" } else { "" };
            writeln!(self.to, "    {}  {}", paint(FAINT, format!("{name:15}")), tame(line))?;
        }
        Ok(())
    }

    /// Writes a label and a wrapped text; `place` is right-aligned on the first line.
    fn field(&mut self, name: &str, text: &str, place: Option<&str>) -> io::Result<()> {
        const INDENT: usize = 4 + 15 + 2;
        let place = place.unwrap_or("");
        let room = self.width.columns().saturating_sub(INDENT).max(20);
        let beside = room.saturating_sub(if place.is_empty() { 0 } else { place.chars().count() + 2 }).max(20);
        for (index, line) in wrap(text, beside).into_iter().enumerate() {
            if index == 0 {
                let gap = room.saturating_sub(line.chars().count() + place.chars().count()).max(2);
                let right =
                    if place.is_empty() { String::new() } else { format!("{:gap$}{}", "", paint(FAINT, place)) };
                writeln!(self.to, "    {}  {line}{right}", paint(FAINT, format!("{name:15}")))?;
            } else {
                writeln!(self.to, "    {:15}  {line}", "")?;
            }
        }
        Ok(())
    }

    fn in_a_line(&mut self, finding: &Finding) -> io::Result<()> {
        let title = format!("{} · {}", title(finding), tame(&finding.observed));
        let example = finding.examples.first().map_or("", String::as_str);
        writeln!(self.to, "{} {title}  {}  {}", paint(BAD, "✗"), count(finding.cases, "case"), paint(FAINT, example))
    }

    /// Writes the operations that were not run: those that the endpoint lacks, and those whose control was rejected.
    fn not_run(&mut self, rows: &[NotRun]) -> io::Result<()> {
        let lacking: Vec<&NotRun> = rows.iter().filter(|row| row.implemented).collect();
        if !lacking.is_empty() {
            let what = count(lacking.len() as u64, "operation");
            writeln!(self.to, "\n{} {what} whose control request failed:", paint(ODD, "not run:"))?;
            // Operations with the same reason are listed together.
            let mut reasons: IndexMap<String, Vec<&str>> = IndexMap::new();
            for row in &lacking {
                let told = [&row.observed, &row.why].into_iter().filter(|text| !text.is_empty());
                let told = told.map(|text| tame(text)).collect::<Vec<_>>().join(": ");
                reasons.entry(told).or_default().push(&row.operation);
            }
            for (why, operations) in reasons.iter().take(NOT_RUN_SHOWN) {
                let named = operations.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
                let more = operations.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                writeln!(self.to, "    {named}{more}\n        {why}")?;
            }
            if reasons.len() > NOT_RUN_SHOWN {
                writeln!(self.to, "    and {} other reasons", reasons.len() - NOT_RUN_SHOWN)?;
            }
            writeln!(self.to, "    add what they need to the scenario: `[operations.NAME]` with `use`, or a fixture")?;
        }
        let absent: Vec<&str> = rows.iter().filter(|row| !row.implemented).map(|row| row.operation.as_str()).collect();
        if !absent.is_empty() {
            let what = format!("{}: {}", count(absent.len() as u64, "operation"), absent.join(", "));
            writeln!(self.to, "\n{} {what}", paint(ODD, "not implemented:"))?;
        }
        Ok(())
    }

    fn footer(&mut self, summary: &Summary) -> io::Result<()> {
        let counts = &summary.counts;
        let findings = summary.findings.len() as u64;
        let mut parts = vec![format!(
            "{} in {}",
            if findings == 0 { paint(GOOD, "0 findings") } else { paint(BAD, count(findings, "finding")) },
            count(counts.total(), "case")
        )];
        for (number, name) in [
            (counts.known, "known"),
            (counts.changed, "changed"),
            (counts.new, "unreviewed"),
            (counts.unspecified, "undocumented"),
            (counts.not_implemented, "not implemented"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {name}"));
            }
        }
        parts.push(format!("{} inconclusive", counts.indeterminate));
        parts.push(format!("{} not sendable", counts.unsendable));
        parts.push(format!("{:.1} s", summary.seconds));
        let gap = if summary.operations.is_empty() { "" } else { "\n" };
        writeln!(self.to, "{gap}{}", parts.join(" · "))?;
        if let Some(why) = &summary.incomplete {
            writeln!(self.to, "{} {}", paint(ODD, "incomplete:"), tame(why))?;
            if let Some(hint) = summary.hint {
                writeln!(self.to, "{:11} {hint}", "help:")?;
            }
            self.server_output(&summary.server_output, usize::MAX)?;
        }
        if let Some((own, server)) = summary.processor.filter(|(own, server)| own + server > 0.5) {
            let share = 100.0 * own / (own + server);
            writeln!(self.to, "processor time: overstep {own:.1} s, server {server:.1} s ({share:.0} % overstep)")?;
        }
        for note in &summary.known_notes {
            writeln!(self.to, "{} {}", paint(ODD, "known:"), tame(note))?;
        }
        if let Some((cases, id, why)) = &summary.left {
            let what = format!(
                "for {}; their resources may remain; first: {}: {}",
                count(*cases, "case"),
                tame(id),
                tame(why)
            );
            writeln!(self.to, "{} {what}", paint(ODD, "cleanup failed"))?;
        }
        match summary.snapshots {
            SnapshotNews { waiting: 1.., .. } => writeln!(
                self.to,
                "{} to review: overstep snapshot review",
                paint(ODD, count(summary.snapshots.waiting, "snapshot"))
            ),
            SnapshotNews { accepted: 1.., .. } => {
                writeln!(self.to, "{} accepted", count(summary.snapshots.accepted, "snapshot"))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn title(finding: &Finding) -> String {
    if let Some(frame) = &finding.frame {
        let named = finding.operations.iter().take(3).map(|one| tame(one)).collect::<Vec<_>>().join(", ");
        let more = finding.operations.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        return format!("{} · {named}{more}", tame(frame));
    }
    let parts = [&finding.operation, &finding.member, &finding.constraint];
    let parts: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(|part| tame(part)).collect();
    parts.join(" · ")
}

/// Returns the entry that marks a finding as a known divergence, for `scenarios/NAME.known/ENDPOINT.toml`.
pub(super) fn known_stanza(finding: &Finding) -> String {
    let cases = match &finding.frame {
        Some(_) => finding.operations.iter().map(|one| format!("{}/{one}/*", finding.scenario)).collect(),
        // Mismatches inside a member have case ids of their own.
        None if finding.constraint == "ignored" => {
            vec![format!("{}/{}/{}*", finding.scenario, finding.operation, finding.member)]
        }
        None => vec![format!("{}/{}/{}/{}/*", finding.scenario, finding.operation, finding.member, finding.constraint)],
    };
    let cases: Vec<String> = cases.iter().map(|id| toml_text(id)).collect();
    format!(
        "[[known]]\ncases    = [{}]\nobserved = {}\nreason   = \"\"",
        cases.join(", "),
        toml_text(&finding.observed)
    )
}

fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Returns true if both texts begin with the same status, so that they do not explain the finding by themselves.
fn same_status(expected: &str, observed: &str) -> bool {
    let status = |text: &str| text.split([' ', ',']).next().map(str::to_owned);
    status(expected) == status(observed)
}

/// Quotes an id for a shell if needed: bash takes braces without a comma literally, but expands brackets.
fn word(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:{}=@%+".contains(c);
    if id.chars().all(plain) && !id.contains("..") { id.to_owned() } else { quoted(id) }
}

/// Quotes a text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Maximum number of reasons that are listed for operations that were not run.
const NOT_RUN_SHOWN: usize = 20;
/// Maximum number of operations that are named per reason.
const NAMED: usize = 6;

impl<W: Write> Output for Terminal<W> {
    fn begin(&mut self, head: &Head) -> io::Result<()> {
        self.again.clone_from(&head.again);
        if self.scenarios > 0 {
            writeln!(self.to)?;
        }
        self.scenarios += 1;
        writeln!(
            self.to,
            "{} · {} · seed {} · {} · {}\n",
            paint(BOLD, &head.scenario),
            match &head.server {
                Some(version) => format!("{} · {}", head.endpoint, tame(version)),
                None => head.endpoint.clone(),
            },
            head.seed,
            count(head.operations, "operation"),
            if head.cases == 0 { "fuzzing".to_owned() } else { count(head.cases, "case") },
        )?;
        self.to.flush()
    }

    fn case(&mut self, _done: &Done) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        if !summary.operations.is_empty() {
            let is_run = |row: &&OperationCoverage| !summary.not_run.iter().any(|one| one.operation == row.operation);
            let run: Vec<OperationCoverage> = summary.operations.iter().filter(is_run).cloned().collect();
            self.table(&run, summary.complete)?;
        }
        for finding in summary.findings.iter().take(AT_LENGTH) {
            self.at_length(finding)?;
        }
        if summary.findings.len() > AT_LENGTH {
            writeln!(
                self.to,
                "\n{}",
                paint(FAINT, format!("and {} more, one line each:", summary.findings.len() - AT_LENGTH))
            )?;
            for finding in &summary.findings[AT_LENGTH..] {
                self.in_a_line(finding)?;
            }
        }
        self.not_run(&summary.not_run)?;
        self.footer(summary)?;
        self.to.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Counts;

    fn finding(number: u64) -> Finding {
        Finding {
            frame: None,
            operations: Vec::new(),
            scenario: "connect".into(),
            operation: "TagContact".into(),
            member: "Tags".into(),
            constraint: "length".into(),
            observed: "200".into(),
            cases: number,
            examples: vec![format!("connect/TagContact/Tags/length/above-max-{number}")],
            rule: "at most 6 entries".into(),
            source: Some("API_TagContact.txt:53".into()),
            expected: "400 InvalidParameterException or InvalidRequestException".into(),
            accepted: None,
            why: "accepted what must be rejected".into(),
            learnt: None,
            server_output: Vec::new(),
            curl: Some("curl -sS --path-as-is -X POST 'http://127.0.0.1:4566/contact/tags'".into()),
        }
    }

    fn printed(findings: Vec<Finding>) -> String {
        let mut bytes = Vec::new();
        let mut terminal = Terminal::new(&mut bytes, Width::default());
        let head = Head {
            scenario: "connect".into(),
            endpoint: "http://127.0.0.1:4566".into(),
            profile: "default".into(),
            seed: 1,
            run: "9f2c01aa".into(),
            contract: "sha256:0".into(),
            operations: 1,
            cases: 171,
            again: "overstep check connect -e http://127.0.0.1:4566".into(),
            server: None,
            documents: IndexMap::new(),
            scenario_file: None,
        };
        terminal.begin(&head).expect("a vector takes all");
        let summary = Summary {
            scenario: "connect".into(),
            counts: Counts { pass: 169, diverges: 2, ..Counts::default() },
            operations: vec![OperationCoverage {
                operation: "TagContact".into(),
                cases: 171,
                pass: 169,
                diverges: 2,
                constraints: (11, 11),
                errors: (4, 4),
                unprovokable: vec![
                    ("ThrottlingException".into(), "needs rate limiting"),
                    ("InternalServiceException".into(), "needs a server failure"),
                ],
                ..OperationCoverage::default()
            }],
            findings,
            complete: true,
            seconds: 0.61,
            ..Summary::default()
        };
        terminal.end(&summary).expect("a vector takes all");
        anstream::adapter::strip_bytes(&bytes).into_vec().try_into().expect("it is text")
    }

    #[test]
    fn finding_is_printed_in_full() {
        insta::assert_snapshot!(printed(vec![finding(1)]), @r#"
        connect · http://127.0.0.1:4566 · seed 1 · 1 operation · 171 cases

          operation              cases   pass   diverge   constraints   errors
          TagContact               171    169         2         11/11      4/4 (+2 not testable)
          not testable: ThrottlingException (needs rate limiting)
          not testable: InternalServiceException (needs a server failure)

        ✗ TagContact · Tags · length                                                                  1 case
            documented       at most 6 entries                                         API_TagContact.txt:53
            expected         400 InvalidParameterException or InvalidRequestException
            received         200
            reproduce        overstep replay connect/TagContact/Tags/length/above-max-1
                             curl -sS --path-as-is -X POST 'http://127.0.0.1:4566/contact/tags'
            accept as known  [[known]]
                             cases    = ["connect/TagContact/Tags/length/*"]
                             observed = "200"
                             reason   = ""

        1 finding in 171 cases · 0 inconclusive · 0 not sendable · 0.6 s
        "#);
    }

    #[test]
    fn findings_past_the_limit_take_one_line_each() {
        let text = printed((0..300).map(finding).collect());
        assert!(text.contains("and 275 more, one line each:"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with('✗')).count(), 300);
        assert!(text.lines().count() < 300 + 25 * 11 + 10);
    }
}
