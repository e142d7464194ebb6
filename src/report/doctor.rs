//! Prints the result of `doctor` as text or JSON.
//!
//! This module never sends a request and never changes a result.

use super::reach::OperationReach;
use super::style::{BOLD_STYLE, DIM_STYLE, ERROR_STYLE, SUCCESS_STYLE, WARNING_STYLE, paint, pluralize};
use super::unread_sentences::describe_unread_sentences;
use crate::contract::Provenance;
use crate::escape::{ConsoleWriter, escape_line, escape_text, pretty_json, toml_key, toml_string, toml_value};
use crate::infer::{IdentifierOrigin, InferredResource, PREREQUISITE_STATUSES};
use crate::scenario::is_fresh_text;
use indexmap::IndexMap;
use serde_json::{Value as Json, json};
use std::io::{self, Write};

/// Maximum number of documents whose sentences that are not understood are listed.
const MAX_UNREAD_DOCUMENTS: usize = 10;

/// The outcome of an operation's control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ControlOutcome {
    /// The endpoint accepted it.
    Accepted,
    /// The endpoint does not implement the operation.
    NotImplemented,
    /// The endpoint rejected it.
    Rejected,
    /// The response is neither a success nor a rejection, for example a server failure.
    Diverges,
    /// It was not sent, or got no response, for example because its setup failed.
    #[default]
    NotSent,
}

impl ControlOutcome {
    /// Returns the name that the JSON format uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "granted",
            Self::NotImplemented => "not-implemented",
            Self::Rejected => "refused",
            Self::Diverges => "diverges",
            Self::NotSent => "not-sent",
        }
    }
}

/// The diagnosis of one operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationDiagnosis {
    /// Its name.
    pub operation: String,
    /// The outcome of its last control request.
    pub outcome: ControlOutcome,
    /// Status and error of the last response; empty if there was none.
    pub observed: String,
    /// The message of the response, or the reason why nothing was sent.
    pub reason: String,
    /// Optional members that the endpoint requires all the same, found by experiment; they belong into `use`.
    pub required_members: IndexMap<String, Json>,
    /// The sentence of the endpoint that led to each of these members, by member.
    pub reasons: IndexMap<String, String>,
    /// Number of further requests that were tried.
    pub attempts: u32,
    /// Whether the operation creates nothing although its route suggests it, and another operation creates it.
    pub creates_nothing: bool,
    /// Fixtures without which the operation fails although no member names them, found by experiment.
    pub needs: Vec<String>,
    /// Operations that come before this one on the same resource, found by experiment.
    pub after: Vec<String>,
    /// Whether the operation only creates or deletes resources for others, because the scenario does not test it.
    pub is_supporting: bool,
}

/// The diagnosis of an endpoint with the operations of a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointDiagnosis {
    /// The scenario's name.
    pub scenario: String,
    /// The endpoint's base URL.
    pub endpoint: String,
    /// The service's name.
    pub service: String,
    /// Its protocol.
    pub protocol: Option<String>,
    /// Why the diagnosis failed, if it did.
    pub failure_reason: Option<String>,
    /// The last output lines of a server that overstep started and that did not become ready.
    pub server_output: Vec<String>,
    /// The response to an operation that cannot exist; `None` if the endpoint accepts it.
    pub canary_response: Option<String>,
    /// The operations, in the order in which they were tried.
    pub operations: Vec<OperationDiagnosis>,
    /// Resources that are created for cases.
    pub resources: Vec<InferredResource>,
    /// Fixtures that operations need although no member names them, each with the operation that creates it.
    pub prerequisites: Vec<(String, String)>,
    /// Where identifiers come from.
    pub origins: Vec<IdentifierOrigin>,
    /// The places of sentences about members whose numbers no fact of the contract holds.
    pub unread_sentences: Vec<Provenance>,
    /// Number of cases of the scenario.
    pub cases: u64,
    /// Number of cases whose operation accepts its control.
    pub runnable_cases: u64,
    /// Average duration of a request, in milliseconds.
    pub request_millis: f64,
    /// Average number of requests per case.
    pub requests_per_case: f64,
    /// Number of workers that `check` would use.
    pub workers: usize,
}

impl EndpointDiagnosis {
    /// Estimates the duration of `check`, in seconds: with a server that handles requests in parallel, and with one
    /// that handles them one by one.
    pub fn estimated_seconds(&self) -> (f64, f64) {
        let all = self.runnable_cases as f64 * self.requests_per_case * self.request_millis / 1000.0;
        (all / self.workers.clamp(1, 8) as f64, all)
    }

    /// Returns true if every operation gets the same response as one that cannot exist.
    pub fn is_wrong_endpoint(&self) -> bool {
        !self.operations.is_empty() && self.operations.iter().all(|row| row.outcome == ControlOutcome::NotImplemented)
    }

    /// Returns how many of the endpoint's operations a plain request reached.
    pub fn operation_reach(&self) -> OperationReach {
        let mut reach = OperationReach::default();
        let tested = self.operations.iter().filter(|row| !row.is_supporting);
        for row in tested.filter(|row| row.outcome != ControlOutcome::NotImplemented) {
            reach.add(row.outcome == ControlOutcome::Accepted, &row.observed);
        }
        reach
    }

    fn operations_with(&self, stands: ControlOutcome) -> Vec<&OperationDiagnosis> {
        self.operations.iter().filter(|row| row.outcome == stands).collect()
    }
}

/// Writes a diagnosis as text.
///
/// # Errors
/// Returns an error if the bytes cannot be written.
pub fn write_diagnosis_text(to: &mut dyn Write, found: &EndpointDiagnosis) -> io::Result<()> {
    let mut to = ConsoleWriter::new(to);
    write_diagnosis_lines(&mut to, found)?;
    to.flush()
}

fn write_diagnosis_lines(to: &mut dyn Write, found: &EndpointDiagnosis) -> io::Result<()> {
    let what = found.protocol.as_ref().map_or_else(String::new, |protocol| format!(" over {protocol}"));
    let (scenario, endpoint) = (escape_text(&found.scenario), escape_text(&found.endpoint));
    writeln!(to, "{} · {endpoint} · {}{what}\n", paint(BOLD_STYLE, scenario), escape_text(&found.service))?;
    if let Some(why) = &found.failure_reason {
        writeln!(to, "{} {}", paint(ERROR_STYLE, "cannot diagnose the endpoint:"), escape_text(why))?;
        for line in &found.server_output {
            writeln!(to, "    {}", escape_text(line))?;
        }
        return Ok(());
    }
    let reach = found.operation_reach();
    if reach.implemented > 0 {
        writeln!(to, "{}", paint(BOLD_STYLE, reach.describe()))?;
        let lines = found.operations.iter().filter(|row| !row.required_members.is_empty() || row.creates_nothing);
        match lines.count() {
            0 => {}
            count => writeln!(to, "with the lines for {} below", pluralize(count as u64, "operation"))?,
        }
        if let Some(text) = reach.describe_unreached(None) {
            writeln!(to, "{}", paint(WARNING_STYLE, text))?;
        }
        writeln!(to)?;
    }
    match &found.canary_response {
        Some(canary) => writeln!(to, "response to an operation that does not exist: {}\n", escape_text(canary))?,
        None => writeln!(
            to,
            "{} the endpoint accepts an operation that does not exist\n",
            paint(WARNING_STYLE, "warning:")
        )?,
    }
    if found.is_wrong_endpoint() {
        let why = "every operation gets the same response; check the base path, and that the server has this service";
        return writeln!(to, "{} {why}", paint(ERROR_STYLE, "wrong endpoint?"));
    }
    let granted = found.operations_with(ControlOutcome::Accepted);
    let widest = granted.iter().map(|row| escape_text(&row.operation).len()).max().unwrap_or(0);
    if !granted.is_empty() {
        writeln!(to, "{} {}", paint(SUCCESS_STYLE, "accepted:"), pluralize(granted.len() as u64, "operation"))?;
        for row in &granted {
            let origins = found.origins.iter().filter(|one| one.operation == row.operation);
            let odd = (!row.reason.is_empty()).then(|| paint(WARNING_STYLE, escape_text(&row.reason)));
            let details: Vec<String> = origins
                .map(|one| {
                    if one.created_by == one.operation {
                        escape_text(&format!("{} is unique per case", one.member))
                    } else {
                        escape_text(&format!("{} from {}", one.member, one.created_by))
                    }
                })
                .chain(odd)
                .collect();
            let (operation, observed) = (escape_text(&row.operation), escape_text(&row.observed));
            let line = format!("    {operation:widest$}  {observed:<4} {}", paint(DIM_STYLE, details.join(", ")));
            writeln!(to, "{}", line.trim_end())?;
        }
    }
    if !found.resources.is_empty() {
        writeln!(to, "\n{}", paint(BOLD_STYLE, "resources, created for each case that needs one:"))?;
        for one in &found.resources {
            let after = one.deleted_by.as_ref().map_or("never deleted".to_owned(), |by| format!("deleted by {by}"));
            let awaited = one.awaited_by.as_ref().map_or(String::new(), |by| format!("polled with {by}, "));
            let line = format!("{}: created by {}, {awaited}{after}", one.fixture, one.created_by);
            writeln!(to, "    {}", escape_text(&line))?;
        }
    }
    write_unaccepted_operations(to, found)?;
    let absent: Vec<String> =
        found.operations_with(ControlOutcome::NotImplemented).iter().map(|row| escape_text(&row.operation)).collect();
    if !absent.is_empty() {
        writeln!(to, "\n{} {}", paint(WARNING_STYLE, "not implemented:"), absent.join(", "))?;
    }
    write_use_stanzas(to, found)?;
    let unread = describe_unread_sentences(&found.unread_sentences, MAX_UNREAD_DOCUMENTS);
    if !unread.is_empty() {
        writeln!(to, "\n{}", unread.join("\n"))?;
    }
    let (least, most) = found.estimated_seconds();
    writeln!(
        to,
        "\n`overstep check {}` would send {} of {}, {:.1} requests per case:\n  {} to {} at {:.1} ms per request",
        escape_text(&found.scenario),
        found.runnable_cases,
        pluralize(found.cases, "case"),
        found.requests_per_case,
        format_duration(least),
        format_duration(most),
        found.request_millis
    )
}

/// Writes the operations whose control was not accepted, grouped by the message of the response.
fn write_unaccepted_operations(to: &mut dyn Write, found: &EndpointDiagnosis) -> io::Result<()> {
    let rows: Vec<&OperationDiagnosis> = found
        .operations
        .iter()
        .filter(|row| {
            matches!(row.outcome, ControlOutcome::Rejected | ControlOutcome::Diverges | ControlOutcome::NotSent)
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n{} {}", paint(WARNING_STYLE, "not accepted:"), pluralize(rows.len() as u64, "operation"))?;
    let mut reasons: IndexMap<String, Vec<String>> = IndexMap::new();
    for row in rows {
        let details: Vec<String> =
            [&row.observed, &row.reason].iter().filter(|text| !text.is_empty()).map(|text| escape_text(text)).collect();
        let name = match row.attempts {
            0 => escape_text(&row.operation),
            1 => format!("{} (1 other request tried)", escape_text(&row.operation)),
            count => format!("{} ({count} other requests tried)", escape_text(&row.operation)),
        };
        reasons.entry(details.join(": ")).or_default().push(name);
    }
    for (why, operations) in reasons {
        writeln!(to, "    {}\n        {why}", operations.join(", "))?;
    }
    Ok(())
}

/// Writes the members found by experiment as TOML for the scenario.
fn write_use_stanzas(to: &mut dyn Write, found: &EndpointDiagnosis) -> io::Result<()> {
    let mut stanzas = format_prerequisites(found);
    stanzas.extend(found.operations.iter().filter_map(format_found_stanza));
    if stanzas.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n{}", paint(BOLD_STYLE, "found by experiment; add this to the scenario:"))?;
    for stanza in stanzas {
        writeln!(to, "\n{stanza}")?;
    }
    Ok(())
}

/// Returns the TOML table `[operations.NAME]` with what was found for an operation, and the sentences that led to it.
/// Returns `None` if nothing was found.
pub fn format_found_stanza(row: &OperationDiagnosis) -> Option<String> {
    let (fresh, uses): (Vec<_>, Vec<_>) = row.required_members.iter().partition(|(_, value)| is_fresh_text(value));
    let mut lines: Vec<String> = Vec::new();
    let is_shown =
        |member: &String| row.required_members.contains_key(member) || (member == "after" && !row.after.is_empty());
    for (member, sentence) in row.reasons.iter().filter(|(member, _)| is_shown(member)) {
        lines.push(format!("# {}: {}", escape_line(member), escape_line(sentence)));
    }
    lines.push(format!("[operations.{}]", toml_key(&row.operation)));
    for (key, values) in [("use", uses), ("fresh", fresh)] {
        let one = |(name, value): (&String, &Json)| format!("{} = {}", toml_key(name), toml_value(value));
        if !values.is_empty() {
            lines.push(format!("{key} = {{ {} }}", values.into_iter().map(one).collect::<Vec<_>>().join(", ")));
        }
    }
    if row.creates_nothing {
        let status = if row.observed.is_empty() { "not sent" } else { &row.observed };
        lines.push(format!("creates = false   # {}", escape_line(status)));
    }
    if !row.needs.is_empty() {
        let needs: Vec<String> = row.needs.iter().map(|name| toml_string(name)).collect();
        lines.push(format!("needs = [{}]", needs.join(", ")));
    }
    if !row.after.is_empty() {
        let after: Vec<String> = row.after.iter().map(|name| toml_string(name)).collect();
        lines.push(format!("after = [{}]", after.join(", ")));
    }
    let is_plain = row.required_members.is_empty() && row.needs.is_empty() && row.after.is_empty();
    let has_values = !is_plain || row.creates_nothing;
    has_values.then(|| lines.join("\n"))
}

/// Returns the TOML tables of the fixtures that operations need although no member names them. One that exists already is
/// as good as a new one.
pub fn format_prerequisites(found: &EndpointDiagnosis) -> Vec<String> {
    let statuses: Vec<String> = PREREQUISITE_STATUSES.iter().map(ToString::to_string).collect();
    let one = |(fixture, operation): &(String, String)| {
        let (fixture, operation) = (toml_key(fixture), toml_string(operation));
        let statuses = statuses.join(", ");
        format!("[fixtures.{fixture}]\ncreate = {{ request = {operation}, status = [{statuses}] }}")
    };
    found.prerequisites.iter().map(one).collect()
}

fn format_duration(seconds: f64) -> String {
    if seconds < 90.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}

/// Writes a diagnosis as JSON, format `overstep-doctor/1`.
///
/// # Errors
/// Returns an error if the bytes cannot be written.
pub fn write_diagnosis_json(to: &mut dyn Write, found: &EndpointDiagnosis) -> io::Result<()> {
    let (least, most) = found.estimated_seconds();
    let document = json!({
        "format": "overstep-doctor/1",
        "scenario": found.scenario,
        "endpoint": found.endpoint,
        "service": found.service,
        "protocol": found.protocol,
        "unreachable": found.failure_reason,
        "implemented": found.operation_reach().implemented,
        "succeed": found.operation_reach().implemented - found.operation_reach().unreached,
        "canary": found.canary_response,
        "operations": found.operations.iter().map(|row| json!({
            "operation": row.operation,
            "stands": row.outcome.name(),
            "observed": row.observed,
            "why": row.reason,
            "found": row.required_members,
            "reasons": row.reasons,
            "tries": row.attempts,
            "identifiers": found.origins.iter().filter(|one| one.operation == row.operation).map(|one| json!({
                "member": one.member, "value": one.value, "made_by": one.created_by,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "resources": found.resources.iter().map(|one| json!({
            "fixture": one.fixture, "made_by": one.created_by, "awaited_by": one.awaited_by,
            "taken_away_by": one.deleted_by,
        })).collect::<Vec<_>>(),
        "not_understood": found.unread_sentences.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "cases": found.cases,
        "cases_run": found.runnable_cases,
        "millis": found.request_millis,
        "steps": found.requests_per_case,
        "seconds": [least, most],
    });
    to.write_all(&pretty_json(&document)?)?;
    writeln!(to)
}
