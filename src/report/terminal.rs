//! Prints a run as text: a table of operations, then the findings.
//!
//! This module never checks whether it writes to a terminal.

use super::finding_text::{KnownEntrySource, describe_explained, finding_title};
use super::style::{
    BOLD_STYLE, DIM_STYLE, ERROR_STYLE, SUCCESS_STYLE, TextWidth, WARNING_STYLE, paint, pluralize, wrap_text,
};
use super::{CaseResult, Reporter, RunStarted, RunSummary, SkippedOperation, SnapshotUpdates};
use crate::escape::{ConsoleWriter, escape_text, shell_word};
use crate::judge::{Finding, OperationCoverage};
use indexmap::IndexMap;
use std::io::{self, Write};

/// Maximum number of lines of an entry for known divergences; for longer ones the command that prints them is shown.
const MAX_ENTRY_LINES: usize = 5;
/// Maximum length of a curl line that is printed in full; for longer ones the command that prints them is shown.
const MAX_CURL_LENGTH: usize = 700;
/// Maximum number of findings that are shown in full; the remaining ones take a line each.
const MAX_FULL_FINDINGS: usize = 25;
/// Maximum number of server output lines that are shown with a finding.
const MAX_SERVER_LINES: usize = 6;

/// The text report that `check` prints.
pub struct TerminalReporter<W: Write> {
    writer: ConsoleWriter<W>,
    width: TextWidth,
    rerun_command: String,
    scenario_count: u64,
    /// Number of findings of the scenarios before this one.
    earlier_findings: usize,
}

impl<W: Write> TerminalReporter<W> {
    /// Creates a reporter that writes to `to` and wraps lines at `width` where they contain spaces.
    pub fn new(writer: W, width: TextWidth) -> Self {
        Self {
            writer: ConsoleWriter::new(writer),
            width,
            rerun_command: String::new(),
            scenario_count: 0,
            earlier_findings: 0,
        }
    }

    fn write_operation_table(&mut self, rows: &[OperationCoverage], complete: bool) -> io::Result<()> {
        let width = |row: &OperationCoverage| escape_text(&row.operation).chars().count();
        let name = rows.iter().map(width).max().unwrap_or(0).max("operation".len() + 12);
        writeln!(
            self.writer,
            "  {}",
            paint(DIM_STYLE, format!("{:name$}  cases   pass   diverge   constraints   errors", "operation"))
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
                self.writer,
                "  {:name$}  {:>5}  {}  {}  {:>12}  {errors}",
                escape_text(&row.operation),
                row.cases,
                if row.pass == row.cases { paint(SUCCESS_STYLE, pass) } else { pass },
                if row.diverges > 0 { paint(ERROR_STYLE, diverges) } else { diverges },
                format!("{}/{}", row.constraints.0, row.constraints.1),
            )?;
        }
        self.write_coverage(rows, complete)
    }

    /// Writes the remaining coverage, and the documented errors that no test can trigger. The latter are known only
    /// if the run is complete.
    fn write_coverage(&mut self, rows: &[OperationCoverage], complete: bool) -> io::Result<()> {
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
            writeln!(self.writer, "\n  {}", paint(DIM_STYLE, format!("coverage: {}", parts.join(" · "))))?;
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
            let names: Vec<String> = names.into_iter().map(escape_text).collect();
            writeln!(self.writer, "  {}", paint(DIM_STYLE, format!("not testable: {} ({reason})", names.join(", "))))?;
        }
        Ok(())
    }

    /// Writes a finding; `number` is the one by which `overstep report` knows it.
    fn write_finding(&mut self, number: usize, finding: &Finding) -> io::Result<()> {
        let columns = self.width.columns();
        let title = format!("{} [{}]", finding_title(finding), finding.code);
        let cases = pluralize(finding.case_count, "case");
        let gap = columns.saturating_sub(2 + title.chars().count() + cases.chars().count()).max(2);
        writeln!(self.writer, "\n{} {}{:gap$}{cases}", paint(ERROR_STYLE, "✗"), paint(BOLD_STYLE, &title), "")?;
        if let Some(explained) = describe_explained(finding) {
            self.write_field("explains", &explained, None)?;
            if self.rerun_command.contains(" check") {
                self.write_field("", &format!("all of them: `overstep report last --finding {number}`"), None)?;
            }
        }
        let rule = if finding.rule.is_empty() { &finding.why } else { &finding.rule };
        self.write_field("documented", &escape_text(rule), finding.source.as_deref().map(escape_text).as_deref())?;
        self.write_field("expected", &escape_text(&finding.expected), None)?;
        if let Some(accepted) = &finding.accepted {
            self.write_field("accepted", &escape_text(accepted), None)?;
        }
        self.write_field("received", &escape_text(&finding.observed), None)?;
        let unclear = has_same_status(&finding.expected, &finding.observed) || finding.expected == "kept";
        if !finding.rule.is_empty() && unclear {
            self.write_field("because", &escape_text(&finding.why), None)?;
        }
        if let Some(learnt) = &finding.discovery {
            self.write_field("actual limit", &escape_text(learnt), None)?;
        }
        let example = finding.examples.first().map_or("", String::as_str);
        let remote = if self.rerun_command.ends_with(" --allow-remote") { " --allow-remote" } else { "" };
        writeln!(
            self.writer,
            "    {}  overstep replay {}{remote}",
            paint(DIM_STYLE, format!("{:15}", "reproduce")),
            replay_word(example)
        )?;
        self.write_curl(finding, example)?;
        self.write_known_divergence(number, finding)?;
        self.write_server_output(&finding.server_output, MAX_SERVER_LINES)
    }

    /// Writes the curl command, or how to print it.
    fn write_curl(&mut self, finding: &Finding, example: &str) -> io::Result<()> {
        match &finding.curl {
            Some(curl) if curl.len() <= MAX_CURL_LENGTH => {
                writeln!(self.writer, "    {:15}  {}", "", escape_text(curl))?;
            }
            // A law consists of many requests, and `replay` shows them all.
            Some(_) if finding.member == "law" => {}
            // A curl line that fills the screen is unreadable, so the command that prints it is shown instead.
            Some(_) => {
                let cases = self.rerun_command.replacen(" check ", " cases ", 1).replace(" --allow-remote", "");
                let only = replay_word(&format!("id({example})"));
                writeln!(self.writer, "    {:15}  {cases} -E {only} --format curl", "")?;
            }
            None => {}
        }
        Ok(())
    }

    /// Writes the entry that accepts the finding as a known divergence, or the command that prints a long one.
    fn write_known_divergence(&mut self, number: usize, finding: &Finding) -> io::Result<()> {
        // A response that differs from the accepted one is settled in the snapshot, not as a known divergence.
        if finding.accepted.is_some() {
            return Ok(());
        }
        let entries = KnownEntrySource::new(finding).entries();
        if entries.lines().count() > MAX_ENTRY_LINES && self.rerun_command.contains(" check") {
            return self.write_field(
                "accept as known",
                &format!("`overstep report last --finding {number}` prints the entry"),
                None,
            );
        }
        for (index, line) in entries.lines().enumerate() {
            let name = if index == 0 { "accept as known" } else { "" };
            writeln!(
                self.writer,
                "    {}  {}",
                paint(DIM_STYLE, format!("{name:15}")),
                paint(DIM_STYLE, escape_text(line))
            )?;
        }
        Ok(())
    }

    /// Writes the last `max_lines` lines of the server's output.
    fn write_server_output(&mut self, lines: &[String], max_lines: usize) -> io::Result<()> {
        for (index, line) in lines.iter().skip(lines.len().saturating_sub(max_lines)).enumerate() {
            let name = if index == 0 { "server output" } else { "" };
            writeln!(self.writer, "    {}  {}", paint(DIM_STYLE, format!("{name:15}")), escape_text(line))?;
        }
        Ok(())
    }

    /// Writes a label and a wrapped text; `place` is right-aligned on the first line.
    fn write_field(&mut self, name: &str, text: &str, place: Option<&str>) -> io::Result<()> {
        const INDENT: usize = 4 + 15 + 2;
        let place = place.unwrap_or("");
        let columns = self.width.columns().saturating_sub(INDENT).max(20);
        let first_line_columns =
            columns.saturating_sub(if place.is_empty() { 0 } else { place.chars().count() + 2 }).max(20);
        for (index, line) in wrap_text(text, first_line_columns).into_iter().enumerate() {
            if index == 0 {
                let gap = columns.saturating_sub(line.chars().count() + place.chars().count()).max(2);
                let right =
                    if place.is_empty() { String::new() } else { format!("{:gap$}{}", "", paint(DIM_STYLE, place)) };
                writeln!(self.writer, "    {}  {line}{right}", paint(DIM_STYLE, format!("{name:15}")))?;
            } else {
                writeln!(self.writer, "    {:15}  {line}", "")?;
            }
        }
        Ok(())
    }

    fn write_finding_line(&mut self, finding: &Finding) -> io::Result<()> {
        let title = format!("{} · {} [{}]", finding_title(finding), escape_text(&finding.observed), finding.code);
        let example = finding.examples.first().map_or("", String::as_str);
        writeln!(
            self.writer,
            "{} {title}  {}  {}",
            paint(ERROR_STYLE, "✗"),
            pluralize(finding.case_count, "case"),
            paint(DIM_STYLE, escape_text(example))
        )
    }

    /// Writes the operations that were not run: those that the endpoint lacks, and those whose control was rejected.
    fn write_skipped_operations(&mut self, rows: &[SkippedOperation]) -> io::Result<()> {
        let lacking: Vec<&SkippedOperation> = rows.iter().filter(|row| row.is_implemented).collect();
        if !lacking.is_empty() {
            let what = pluralize(lacking.len() as u64, "operation");
            writeln!(self.writer, "\n{} {what} whose control request failed:", paint(WARNING_STYLE, "not run:"))?;
            // Operations with the same reason are listed together.
            let mut reasons: IndexMap<String, Vec<String>> = IndexMap::new();
            for row in &lacking {
                let details = [&row.observed, &row.reason].into_iter().filter(|text| !text.is_empty());
                let details = details.map(|text| escape_text(text)).collect::<Vec<_>>().join(": ");
                reasons.entry(details).or_default().push(escape_text(&row.operation));
            }
            for (why, operations) in reasons.iter().take(MAX_SKIP_REASONS) {
                let named = operations[..operations.len().min(MAX_NAMED_OPERATIONS)].join(", ");
                let more = operations.len().saturating_sub(MAX_NAMED_OPERATIONS);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                writeln!(self.writer, "    {named}{more}\n        {why}")?;
            }
            if reasons.len() > MAX_SKIP_REASONS {
                writeln!(self.writer, "    and {} other reasons", reasons.len() - MAX_SKIP_REASONS)?;
            }
            writeln!(
                self.writer,
                "    add what they need to the scenario: `[operations.NAME]` with `use`, or a fixture"
            )?;
        }
        let absent: Vec<String> =
            rows.iter().filter(|row| !row.is_implemented).map(|row| escape_text(&row.operation)).collect();
        if !absent.is_empty() {
            let what = format!("{}: {}", pluralize(absent.len() as u64, "operation"), absent.join(", "));
            writeln!(self.writer, "\n{} {what}", paint(WARNING_STYLE, "not implemented:"))?;
        }
        Ok(())
    }

    fn write_footer(&mut self, summary: &RunSummary) -> io::Result<()> {
        let counts = &summary.counts;
        let findings = summary.findings.len() as u64;
        let mut parts = vec![format!(
            "{} in {}",
            if findings == 0 {
                paint(SUCCESS_STYLE, "0 findings")
            } else {
                paint(ERROR_STYLE, pluralize(findings, "finding"))
            },
            pluralize(counts.total(), "case")
        )];
        for (number, name) in [
            (counts.known, "known"),
            (counts.changed, "changed"),
            (counts.unreviewed, "unreviewed"),
            (counts.unspecified, "undocumented"),
            (counts.not_implemented, "not implemented"),
            (counts.flaky, "flaky"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {name}"));
            }
        }
        parts.push(format!("{} inconclusive", counts.indeterminate));
        parts.push(format!("{} not sendable", counts.unsendable));
        parts.push(format!("{:.1} s", summary.seconds));
        let gap = if summary.operations.is_empty() { "" } else { "\n" };
        writeln!(self.writer, "{gap}{}", self.width.wrap_line(&parts.join(" · ")))?;
        if let Some(why) = &summary.incomplete_reason {
            self.write_note("incomplete:", &escape_text(why))?;
            if let Some(hint) = summary.hint {
                writeln!(self.writer, "{}", self.width.wrap_line(&format!("{:11} {hint}", "help:")))?;
            }
            self.write_server_output(&summary.server_output, usize::MAX)?;
        }
        self.write_notes(summary)
    }

    /// Writes a line that begins with a word in color. It is wrapped in a terminal.
    fn write_note(&mut self, label: &str, text: &str) -> io::Result<()> {
        let line = self.width.wrap_line(&format!("{} {text}", paint(WARNING_STYLE, label)));
        writeln!(self.writer, "{line}")
    }

    /// Writes what a reader must know about the counts, and what to do next.
    fn write_notes(&mut self, summary: &RunSummary) -> io::Result<()> {
        if let Some((own, server)) = summary.processor_seconds.filter(|(own, server)| own + server > 0.5) {
            let share = 100.0 * own / (own + server);
            writeln!(self.writer, "processor time: overstep {own:.1} s, server {server:.1} s ({share:.0} % overstep)")?;
        }
        for note in &summary.muted_notes {
            self.write_note("muted:", &escape_text(note))?;
        }
        for (id, why) in &summary.flaky_cases {
            self.write_note("flaky:", &format!("{}: {}", escape_text(id), escape_text(why)))?;
        }
        if let Some(note) = &summary.worker_note {
            self.write_note("workers:", note)?;
        }
        for note in &summary.known_divergence_notes {
            self.write_note("known:", &escape_text(note))?;
        }
        if let Some((cases, id, why)) = &summary.leaked_fixtures {
            let what = format!(
                "for {}; their resources may remain; first: {}: {}",
                pluralize(*cases, "case"),
                escape_text(id),
                escape_text(why)
            );
            self.write_note("cleanup failed", &what)?;
        }
        match summary.snapshot_updates {
            SnapshotUpdates { pending: 1.., .. } => writeln!(
                self.writer,
                "{} to review: overstep snapshot review",
                paint(WARNING_STYLE, pluralize(summary.snapshot_updates.pending, "snapshot"))
            ),
            SnapshotUpdates { accepted: 1.., .. } => {
                writeln!(self.writer, "{} accepted", pluralize(summary.snapshot_updates.accepted, "snapshot"))
            }
            _ => Ok(()),
        }
    }
}

/// Returns true if both texts begin with the same status, so that they do not explain the finding by themselves.
fn has_same_status(expected: &str, observed: &str) -> bool {
    let status = |text: &str| text.split([' ', ',']).next().map(str::to_owned);
    status(expected) == status(observed)
}

/// Quotes a case id for a shell; an id that no shell can pass on is only shown.
pub(super) fn replay_word(id: &str) -> String {
    shell_word(id.as_bytes()).unwrap_or_else(|| escape_text(id))
}

/// Maximum number of reasons that are listed for operations that were not run.
const MAX_SKIP_REASONS: usize = 20;
/// Maximum number of operations that are named per reason.
const MAX_NAMED_OPERATIONS: usize = 6;

impl<W: Write> Reporter for TerminalReporter<W> {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.rerun_command.clone_from(&head.rerun_command);
        if self.scenario_count > 0 {
            writeln!(self.writer)?;
        }
        self.scenario_count += 1;
        writeln!(
            self.writer,
            "{} · {} · seed {} · {} · {}\n",
            paint(BOLD_STYLE, escape_text(&head.scenario)),
            match &head.server_version {
                Some(version) => format!("{} · {}", escape_text(&head.endpoint), escape_text(version)),
                None => escape_text(&head.endpoint),
            },
            head.seed,
            pluralize(head.operations, "operation"),
            if head.cases == 0 { "fuzzing".to_owned() } else { pluralize(head.cases, "case") },
        )?;
        self.writer.flush()
    }

    fn report_case(&mut self, _done: &CaseResult) -> io::Result<()> {
        Ok(())
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        // `doctor` takes the same flags as `check`.
        let doctor = self.rerun_command.strip_prefix("overstep check ").map(|rest| format!("overstep doctor {rest}"));
        if let Some(text) = summary.operation_reach().describe_unreached(doctor.as_deref()) {
            writeln!(self.writer, "{}\n", paint(WARNING_STYLE, escape_text(&text)))?;
        }
        if !summary.operations.is_empty() {
            let is_run =
                |row: &&OperationCoverage| !summary.skipped_operations.iter().any(|one| one.operation == row.operation);
            let run: Vec<OperationCoverage> = summary.operations.iter().filter(is_run).cloned().collect();
            self.write_operation_table(&run, summary.is_complete)?;
        }
        for (index, finding) in summary.findings.iter().take(MAX_FULL_FINDINGS).enumerate() {
            self.write_finding(self.earlier_findings + index + 1, finding)?;
        }
        self.earlier_findings += summary.findings.len();
        if summary.findings.len() > MAX_FULL_FINDINGS {
            writeln!(
                self.writer,
                "\n{}",
                paint(DIM_STYLE, format!("and {} more, one line each:", summary.findings.len() - MAX_FULL_FINDINGS))
            )?;
            for finding in &summary.findings[MAX_FULL_FINDINGS..] {
                self.write_finding_line(finding)?;
            }
        }
        self.write_skipped_operations(&summary.skipped_operations)?;
        self.write_footer(summary)?;
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::FindingPart;
    use crate::report::VerdictCounts;

    fn finding(number: u64) -> Finding {
        Finding {
            code: crate::judge::FindingCode::OV203LengthAccepted,
            cause: "single",
            statement: None,
            frame: None,
            message: None,
            operations: vec!["TagContact".into()],
            parts: vec![FindingPart {
                operation: "TagContact".into(),
                member: "Tags".into(),
                constraint: "length".into(),
                observed: "200".into(),
                case_count: number,
            }],
            case_ids: Vec::new(),
            scenario: "connect".into(),
            operation: "TagContact".into(),
            member: "Tags".into(),
            constraint: "length".into(),
            observed: "200".into(),
            case_count: number,
            examples: vec![format!("connect/TagContact/Tags/length/above-max-{number}")],
            rule: "at most 6 entries".into(),
            source: Some("API_TagContact.txt:53".into()),
            expected: "400 InvalidParameterException or InvalidRequestException".into(),
            accepted: None,
            why: "accepted what must be rejected".into(),
            discovery: None,
            server_output: Vec::new(),
            curl: Some("curl -sS --path-as-is -X POST 'http://127.0.0.1:4566/contact/tags'".into()),
        }
    }

    fn printed(findings: Vec<Finding>) -> String {
        let mut bytes = Vec::new();
        let mut terminal = TerminalReporter::new(&mut bytes, TextWidth::default());
        let head = RunStarted {
            scenario: "connect".into(),
            endpoint: "http://127.0.0.1:4566".into(),
            profile: "default".into(),
            seed: 1,
            run_id: "9f2c01aa".into(),
            contract: "sha256:0".into(),
            operations: 1,
            cases: 171,
            rerun_command: "overstep check connect -e http://127.0.0.1:4566".into(),
            server_version: None,
            documents: IndexMap::new(),
            scenario_file: None,
            started: std::time::SystemTime::UNIX_EPOCH,
        };
        terminal.begin_run(&head).expect("a vector takes all");
        let summary = RunSummary {
            scenario: "connect".into(),
            counts: VerdictCounts { pass: 169, diverges: 2, ..VerdictCounts::default() },
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
            is_complete: true,
            seconds: 0.61,
            ..RunSummary::default()
        };
        terminal.end_run(&summary).expect("a vector takes all");
        drop(terminal);
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

        ✗ TagContact · Tags · length [OV203]                                                          1 case
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
