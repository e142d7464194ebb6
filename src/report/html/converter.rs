//! Collects the events of results for the page. Passed cases are counted; of the others, those that findings show are read
//! again from a scratch file, so that memory does not grow with the number of cases.

use super::finding_data::{add_case, finding_data};
use super::matrix::ResultMatrix;
use super::page::{data_size, write_page};
use super::timeline::RunTimeline;
use crate::judge::all_codes;
use crate::report::recorded_event::{JudgedCaseEvent, RecordedEvent, RecordedSummary, RunStartEvent};
use crate::report::results_converter::ResultsConverter;
use crate::report::{RecordedFinding, SuiteBuffer};
use indexmap::IndexMap;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::io::{self, BufRead as _, Seek as _, SeekFrom, Write};

/// Maximum number of bytes of all findings of a page with their requests.
const MAX_DETAIL_BYTES: usize = 620_000;
/// Maximum number of bytes of all findings of a page; those that do not fit are counted.
const MAX_FINDING_BYTES: usize = 760_000;
/// Maximum number of bytes of everything that is known of runs apart from their findings.
const MAX_RUN_BYTES: usize = 120_000;
/// Maximum number of groups of known divergences that are listed.
const MAX_KNOWN_GROUPS: usize = 300;
/// The severities of findings.
const LEVELS: [&str; 3] = ["error", "warning", "note"];
/// Maximum number of bytes of a line of the scratch file.
const MAX_LINE_BYTES: usize = 4 << 20;

/// Converts results to an HTML page.
pub struct HtmlConverter<W: Write> {
    writer: W,
    scratch: io::BufWriter<Box<dyn SuiteBuffer>>,
    run: RunStartEvent,
    matrix: ResultMatrix,
    timeline: RunTimeline,
    findings: Vec<RecordedFinding>,
    /// Number of known divergences by operation, place and response.
    known: IndexMap<(String, String, String), u64>,
    finding_bytes: usize,
    run_bytes: usize,
    runs: Vec<Json>,
}

impl<W: Write> HtmlConverter<W> {
    /// Creates a converter that writes to `writer` when the results end.
    pub fn new(writer: W, scratch: Box<dyn SuiteBuffer>) -> Self {
        Self {
            writer,
            scratch: io::BufWriter::new(scratch),
            run: RunStartEvent::default(),
            matrix: ResultMatrix::default(),
            timeline: RunTimeline::default(),
            findings: Vec::new(),
            known: IndexMap::new(),
            finding_bytes: 0,
            run_bytes: 0,
            runs: Vec::new(),
        }
    }

    fn add_case(&mut self, case: &JudgedCaseEvent) -> io::Result<()> {
        self.matrix.count_case(case);
        self.timeline.count_case(case);
        if case.known {
            let place = case.id.splitn(3, '/').nth(2).unwrap_or_default();
            let place = place.rsplit_once('/').map_or(place, |(place, _)| place).to_owned();
            let code = case.code.clone().unwrap_or_default();
            let key = (case.operation.clone(), place, format!("{} {code}", case.observed));
            if self.known.len() < MAX_KNOWN_GROUPS || self.known.contains_key(&key) {
                *self.known.entry(key).or_default() += 1;
            }
        }
        // Only these can be the example of a finding.
        if case.code.is_some() {
            serde_json::to_writer(&mut self.scratch, &case)?;
            self.scratch.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Returns the cases with these ids from the scratch file, and empties it.
    fn take_cases(&mut self, ids: &HashMap<String, usize>) -> io::Result<HashMap<String, JudgedCaseEvent>> {
        self.scratch.flush()?;
        let scratch = self.scratch.get_mut();
        scratch.seek(SeekFrom::Start(0))?;
        let mut found = HashMap::new();
        let mut lines = io::BufReader::new(&mut *scratch);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if line.len() <= MAX_LINE_BYTES {
                let case: JudgedCaseEvent = serde_json::from_slice(&line)?;
                if ids.contains_key(&case.id) {
                    found.insert(case.id.clone(), case);
                }
            }
            line.clear();
        }
        scratch.truncate()?;
        Ok(found)
    }

    fn end_scenario(&mut self, summary: &RecordedSummary) -> io::Result<()> {
        let findings = std::mem::take(&mut self.findings);
        // More examples than this do not fit into the page.
        let ids = findings.iter().take(1000).enumerate();
        let ids = ids.filter_map(|(index, finding)| Some((finding.examples.first()?.clone(), index))).collect();
        let cases = self.take_cases(&ids)?;
        let (mut shown, mut omitted, mut levels) = (Vec::new(), 0_u64, [0_u64; 3]);
        for (index, finding) in findings.iter().enumerate() {
            let mut data = finding_data(index + 1, finding, &self.run);
            let level = LEVELS.iter().position(|level| data["level"] == *level).unwrap_or(0);
            levels[level] += 1;
            let size = data_size(&data)?;
            if self.finding_bytes + size > MAX_FINDING_BYTES {
                omitted += 1;
                continue;
            }
            self.finding_bytes += size;
            if let Some(case) = finding.examples.first().and_then(|id| cases.get(id)) {
                let mut detailed = data.clone();
                add_case(&mut detailed, case);
                let more = data_size(&detailed)?.saturating_sub(size);
                if self.finding_bytes + more <= MAX_DETAIL_BYTES {
                    self.finding_bytes += more;
                    data = detailed;
                }
            }
            shown.push(data);
        }
        let mut run = self.run_data(summary, shown, omitted)?;
        run["levels"] = json!(levels);
        self.runs.push(run);
        Ok(())
    }

    fn run_data(&mut self, summary: &RecordedSummary, findings: Vec<Json>, omitted: u64) -> io::Result<Json> {
        let known = std::mem::take(&mut self.known);
        let known =
            known.iter().map(|((operation, place, observed), count)| json!([operation, place, observed, count]));
        let (matrix, timeline) = (std::mem::take(&mut self.matrix), std::mem::take(&mut self.timeline));
        let mut run = json!({
            "scenario": self.run.scenario,
            "endpoint": self.run.endpoint,
            "profile": self.run.profile,
            "server": self.run.server,
            "seed": self.run.seed,
            "run": self.run.run,
            "version": self.run.version,
            "started": self.run.started,
            "seconds": summary.seconds,
            "counts": summary.counts,
            "total": summary.counts.total(),
            "incomplete": summary.incomplete,
            "timeline": timeline.to_json(),
        });
        // What is large only for large contracts is left out before the page grows beyond its limit.
        let details = [
            ("muted", json!(summary.muted)),
            ("knownNotes", json!(summary.known_notes)),
            ("left", json!(summary.left)),
            ("matrix", matrix.to_json()),
            ("coverage", compact_coverage(&summary.coverage)),
            ("notRun", json!(summary.not_run)),
            ("known", known.collect::<Vec<_>>().into()),
        ];
        for (name, value) in details {
            let size = data_size(&value)?;
            if self.run_bytes + size <= MAX_RUN_BYTES {
                self.run_bytes += size;
                run[name] = value;
            } else {
                run["tooLarge"] = json!(true);
            }
        }
        run["findings"] = findings.into();
        run["omitted"] = json!(omitted);
        Ok(run)
    }
}

/// The kinds of coverage, in the order of the columns.
const COVERED: [&str; 6] = ["constraints", "errors", "limits", "enums", "members", "laws"];

/// Returns `{columns, sum, rows: [[operation, pairs…, untestable errors]…]}`.
fn compact_coverage(coverage: &Json) -> Json {
    let pairs = |row: &Json| COVERED.map(|name| row[name].clone());
    let rows = coverage["operations"].as_array().into_iter().flatten().map(|row| {
        let untestable = row["unprovokable"].as_array().into_iter().flatten();
        let untestable: Vec<Json> = untestable.map(|error| json!([error["error"], error["why"]])).collect();
        json!([row["operation"], pairs(row), untestable])
    });
    json!({ "columns": COVERED, "sum": pairs(coverage), "rows": rows.collect::<Vec<_>>() })
}

impl<W: Write> ResultsConverter for HtmlConverter<W> {
    fn convert_event(&mut self, event: RecordedEvent) -> io::Result<()> {
        match event {
            RecordedEvent::Run(run) => self.run = *run,
            RecordedEvent::Case(case) => self.add_case(&case)?,
            RecordedEvent::Finding(finding) => self.findings.push(*finding),
            RecordedEvent::Summary(summary) => self.end_scenario(&summary)?,
            RecordedEvent::Other => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let runs = std::mem::take(&mut self.runs);
        let used = |code: &str| {
            runs.iter()
                .any(|run| run["findings"].as_array().is_some_and(|list| list.iter().any(|one| one["code"] == code)))
        };
        let codes: serde_json::Map<String, Json> = all_codes()
            .filter(|info| used(info.code.as_str()))
            .map(|info| {
                let texts = json!([info.title, info.meaning, info.importance, info.fix, info.code.acceptance()]);
                (info.code.to_string(), texts)
            })
            .collect();
        write_page(&mut self.writer, &json!({ "version": env!("CARGO_PKG_VERSION"), "runs": runs, "codes": codes }))?;
        self.writer.flush()
    }
}
