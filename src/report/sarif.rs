//! Writes findings as SARIF 2.1.0: a run per scenario, a rule per code, a result per finding.
//!
//! This module holds the findings of one scenario at a time. See the
//! [specification](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

use super::RecordedFinding;
use super::finding_text::title;
use super::recorded_event::{RecordedEvent, RecordedSummary, RunStartEvent};
use super::results_converter::ResultsConverter;
use super::terminal::replay_word;
use crate::escape::json_line;
use crate::judge::{CodeInfo, FindingCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};
use std::io::{self, Write};

/// Maximum number of case ids that a result lists.
const MAX_EXAMPLES: usize = 5;

/// Converts results to SARIF.
pub struct SarifConverter<W: Write> {
    writer: W,
    run: RunStartEvent,
    findings: Vec<RecordedFinding>,
    run_count: u64,
}

impl<W: Write> SarifConverter<W> {
    /// Creates a converter that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer, run: RunStartEvent::default(), findings: Vec::new(), run_count: 0 }
    }

    fn write_run(&mut self, summary: &RecordedSummary) -> io::Result<()> {
        let findings = std::mem::take(&mut self.findings);
        let mut rules: Vec<FindingCode> = findings.iter().filter_map(RecordedFinding::known_code).collect();
        rules.sort_unstable();
        rules.dedup();
        let results: Vec<Json> = findings.iter().map(|finding| self.result(finding, &rules)).collect();
        let mut invocation = json!({ "executionSuccessful": summary.incomplete.is_none() });
        if let Some(reason) = &summary.incomplete {
            invocation["toolExecutionNotifications"] =
                json!([{ "level": "error", "message": { "text": format!("incomplete: {reason}") } }]);
        }
        let run = json!({
            "tool": { "driver": {
                "name": "overstep",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|code| rule(code.info())).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": format!("overstep/{}/{}", self.run.scenario, self.run.profile) },
            "invocations": [invocation],
            "columnKind": "unicodeCodePoints",
            "properties": {
                "scenario": self.run.scenario,
                "endpoint": self.run.endpoint,
                "seed": self.run.seed,
                "run": self.run.run,
                "cases": summary.counts.total(),
            },
            "results": results,
        });
        self.write_separator()?;
        self.writer.write_all(&json_line(&run)?)
    }

    fn write_separator(&mut self) -> io::Result<()> {
        self.run_count += 1;
        if self.run_count > 1 {
            return self.writer.write_all(b",\n");
        }
        self.write_head()
    }

    fn write_head(&mut self) -> io::Result<()> {
        self.writer.write_all(
            b"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[\n",
        )
    }

    fn result(&self, finding: &RecordedFinding, rules: &[FindingCode]) -> Json {
        let code = finding.known_code();
        let place = [&finding.operation, &finding.member, &finding.constraint];
        let mut text = vec![title(finding.frame.as_deref(), finding.statement.as_deref(), &finding.operations, place)];
        let rule = if finding.rule.is_empty() { &finding.why } else { &finding.rule };
        text.extend((!rule.is_empty()).then(|| format!("documented: {rule}")));
        text.extend((!finding.expected.is_empty()).then(|| format!("expected: {}", finding.expected)));
        text.push(format!("received: {}", finding.observed));
        text.extend(finding.learnt.as_ref().map(|learnt| format!("actual limit: {learnt}")));
        let example = finding.examples.first();
        text.extend(example.map(|id| format!("reproduce: overstep replay {}", replay_word(id))));
        let mut result = json!({
            "ruleId": code.map_or("OV000", FindingCode::as_str),
            "level": code.map_or("error", |code| code.group().level()),
            "kind": "fail",
            "message": { "text": text.join("\n") },
            "locations": [self.location(finding)],
            "occurrenceCount": finding.cases,
            "partialFingerprints": { "overstepFinding/v1": finding.fingerprint() },
            "properties": {
                "cases": finding.cases,
                "operations": finding.operations,
                "examples": finding.examples.iter().take(MAX_EXAMPLES).collect::<Vec<_>>(),
                "curl": finding.curl,
                "source": finding.source,
            },
        });
        if let Some(index) = code.and_then(|code| rules.binary_search(&code).ok()) {
            result["ruleIndex"] = json!(index);
        }
        result
    }

    fn location(&self, finding: &RecordedFinding) -> Json {
        let name = [&finding.operation, &finding.member, &finding.constraint].map(String::as_str).join("/");
        let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": name, "kind": "member" }] });
        if let Some((file, line)) = self.run.locate(finding.source.as_deref()) {
            location["physicalLocation"] = json!({
                "artifactLocation": { "uri": percent_encoded_path(&file), "uriBaseId": "%SRCROOT%" },
                "region": { "startLine": line },
            });
        }
        location
    }
}

/// Returns a path as a relative URI reference.
fn percent_encoded_path(path: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    utf8_percent_encode(path, KEPT).to_string()
}

/// Describes a code as a rule.
fn rule(info: &CodeInfo) -> Json {
    let markdown = format!(
        "{}\n\n```text\n{}\n```\n\n**Why it matters.** {}\n\n**How to fix it.** {}\n\n**How to accept it.** {}",
        info.meaning,
        info.example,
        info.importance,
        info.fix,
        info.code.acceptance()
    );
    json!({
        "id": info.code.as_str(),
        "name": info.name,
        "shortDescription": { "text": info.title },
        "fullDescription": { "text": info.meaning },
        "help": { "text": format!("{}\n\n{}", info.importance, info.fix), "markdown": markdown },
        "defaultConfiguration": { "level": info.code.group().level() },
        "properties": { "tags": [info.code.group().title()] },
    })
}

impl<W: Write> ResultsConverter for SarifConverter<W> {
    fn convert_event(&mut self, event: RecordedEvent) -> io::Result<()> {
        match event {
            RecordedEvent::Run(run) => self.run = *run,
            RecordedEvent::Finding(finding) => self.findings.push(*finding),
            RecordedEvent::Summary(summary) => self.write_run(&summary)?,
            RecordedEvent::Case(_) | RecordedEvent::Other => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.run_count == 0 {
            self.write_head()?;
        }
        self.writer.write_all(b"\n]}\n")?;
        self.writer.flush()
    }
}
