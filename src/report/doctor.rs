//! What `doctor` found out, as text for people and as JSON for programs.
//!
//! It decides nothing.

use super::style::{BAD, BOLD, FAINT, GOOD, ODD, count, paint, tame};
use crate::generate::{Origin, Resource};
use indexmap::IndexMap;
use serde_json::{Value as Json, json};
use std::io::{self, Write};

/// How an operation's plain request fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stands {
    /// It was granted as documented.
    Granted,
    /// The endpoint does not have the operation.
    NotImplemented,
    /// It was refused.
    Refused,
    /// It was answered in a way that is nobody's refusal: a failure, another form.
    Diverges,
    /// It was not sent, because something before it failed.
    #[default]
    NotSent,
}

impl Stands {
    /// As in the JSON form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::NotImplemented => "not-implemented",
            Self::Refused => "refused",
            Self::Diverges => "diverges",
            Self::NotSent => "not-sent",
        }
    }
}

/// One operation, looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiagnosedOperation {
    /// Its name.
    pub operation: String,
    /// How its plain request fared in the end.
    pub stands: Stands,
    /// Status and error of the last answer; empty where there was none.
    pub observed: String,
    /// What the answer says, or why nothing was sent.
    pub why: String,
    /// Members that it needs beside the required ones, found by asking: for `use` in the scenario.
    pub found: IndexMap<String, Json>,
    /// How many further requests were tried.
    pub tries: u32,
}

/// An endpoint, looked at through a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// The scenario's name.
    pub scenario: String,
    /// The endpoint's base URL.
    pub endpoint: String,
    /// The service.
    pub service: String,
    /// Its protocol.
    pub protocol: Option<String>,
    /// Why nothing was learnt, where that is so.
    pub unreachable: Option<String>,
    /// What a started server said last, where it was not ready.
    pub server_output: Vec<String>,
    /// How an operation that cannot exist is answered; absent where it is granted.
    pub canary: Option<String>,
    /// In the order in which they were looked at.
    pub operations: Vec<DiagnosedOperation>,
    /// Resources that are made for cases.
    pub resources: Vec<Resource>,
    /// Where identifiers come from.
    pub origins: Vec<Origin>,
    /// How many cases the scenario has.
    pub cases: u64,
    /// How many of them are of operations that are granted.
    pub cases_run: u64,
    /// How long a request took, on average.
    pub millis: f64,
    /// How many requests a case takes, on average.
    pub steps: f64,
    /// How many workers `check` would use.
    pub workers: usize,
}

impl Diagnosis {
    /// How long `check` would take, in seconds, where the server answers side by side what it answers one by one.
    pub fn seconds(&self) -> (f64, f64) {
        let all = self.cases_run as f64 * self.steps * self.millis / 1000.0;
        (all / self.workers.clamp(1, 8) as f64, all)
    }

    /// Whether every operation is answered like one that cannot exist.
    pub fn is_elsewhere(&self) -> bool {
        !self.operations.is_empty() && self.operations.iter().all(|row| row.stands == Stands::NotImplemented)
    }

    fn of(&self, stands: Stands) -> Vec<&DiagnosedOperation> {
        self.operations.iter().filter(|row| row.stands == stands).collect()
    }
}

/// As text.
///
/// # Errors
/// Where the bytes cannot be written.
pub fn diagnosis_text(to: &mut dyn Write, found: &Diagnosis) -> io::Result<()> {
    let what = found.protocol.as_ref().map_or_else(String::new, |protocol| format!(" over {protocol}"));
    writeln!(to, "{} · {} · {}{what}\n", paint(BOLD, &found.scenario), found.endpoint, found.service)?;
    if let Some(why) = &found.unreachable {
        writeln!(to, "{} {}", paint(BAD, "nothing was learnt:"), tame(why))?;
        for line in &found.server_output {
            writeln!(to, "    {}", tame(line))?;
        }
        return Ok(());
    }
    match &found.canary {
        Some(canary) => writeln!(to, "an operation that cannot exist is answered {}\n", tame(canary))?,
        None => writeln!(to, "{} an operation that cannot exist is granted\n", paint(ODD, "odd:"))?,
    }
    if found.is_elsewhere() {
        let why =
            "every operation is answered the same way: a wrong base path, or a server that does not have this service";
        return writeln!(to, "{} {why}", paint(BAD, "nothing here:"));
    }
    let granted = found.of(Stands::Granted);
    let widest = granted.iter().map(|row| row.operation.len()).max().unwrap_or(0);
    if !granted.is_empty() {
        writeln!(to, "{} {}", paint(GOOD, "granted:"), count(granted.len() as u64, "operation"))?;
        for row in &granted {
            let origins = found.origins.iter().filter(|one| one.operation == row.operation);
            let odd = (!row.why.is_empty()).then(|| paint(ODD, tame(&row.why)));
            let told: Vec<String> = origins
                .map(|one| {
                    if one.made_by == one.operation {
                        format!("{} is new for each case", one.member)
                    } else {
                        format!("{} from {}", one.member, one.made_by)
                    }
                })
                .chain(odd)
                .collect();
            let line = format!("    {:widest$}  {:<4} {}", row.operation, row.observed, paint(FAINT, told.join(", ")));
            writeln!(to, "{}", line.trim_end())?;
        }
    }
    if !found.resources.is_empty() {
        writeln!(to, "\n{}", paint(BOLD, "resources, made anew for each case that needs one:"))?;
        for one in &found.resources {
            let after = one
                .taken_away_by
                .as_ref()
                .map_or("nothing takes it away".to_owned(), |by| format!("taken away by {by}"));
            let awaited = one.awaited_by.as_ref().map_or(String::new(), |by| format!("awaited with {by}, "));
            writeln!(to, "    {}: made by {}, {awaited}{after}", one.fixture, one.made_by)?;
        }
    }
    blocked(to, found)?;
    let absent: Vec<&str> = found.of(Stands::NotImplemented).iter().map(|row| row.operation.as_str()).collect();
    if !absent.is_empty() {
        writeln!(to, "\n{} {}", paint(ODD, "not implemented here:"), absent.join(", "))?;
    }
    stanzas(to, found)?;
    let (least, most) = found.seconds();
    writeln!(
        to,
        "\n`overstep check {}` would send {} of {} cases, {:.1} requests each: {} to {} at {:.1} ms a request",
        found.scenario,
        found.cases_run,
        found.cases,
        found.steps,
        span(least),
        span(most),
        found.millis
    )
}

/// What is refused, with what the answers say.
fn blocked(to: &mut dyn Write, found: &Diagnosis) -> io::Result<()> {
    let rows: Vec<&DiagnosedOperation> = found
        .operations
        .iter()
        .filter(|row| matches!(row.stands, Stands::Refused | Stands::Diverges | Stands::NotSent))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n{} {}", paint(ODD, "not granted:"), count(rows.len() as u64, "operation"))?;
    let mut reasons: IndexMap<String, Vec<&str>> = IndexMap::new();
    for row in rows {
        let told: Vec<String> =
            [&row.observed, &row.why].iter().filter(|text| !text.is_empty()).map(|text| tame(text)).collect();
        reasons.entry(told.join(": ")).or_default().push(&row.operation);
    }
    for (why, operations) in reasons {
        writeln!(to, "    {}\n        {why}", operations.join(", "))?;
    }
    Ok(())
}

/// What was found by asking, ready for the scenario.
fn stanzas(to: &mut dyn Write, found: &Diagnosis) -> io::Result<()> {
    let rows: Vec<&DiagnosedOperation> = found.operations.iter().filter(|row| !row.found.is_empty()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n{}", paint(BOLD, "found by asking; put this into the scenario:"))?;
    for row in rows {
        writeln!(to, "\n{}", use_stanza(&row.operation, &row.found))?;
    }
    Ok(())
}

/// `[operations.NAME]` with its `use`.
pub fn use_stanza(operation: &str, uses: &IndexMap<String, Json>) -> String {
    let one = |(name, value): (&String, &Json)| format!("{} = {}", toml_key(name), in_toml(value));
    format!("[operations.{operation}]\nuse = {{ {} }}", uses.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn span(seconds: f64) -> String {
    if seconds < 90.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}

/// A TOML value of what JSON says, on one line.
fn in_toml(json: &Json) -> String {
    match json {
        Json::Null => "\"\"".to_owned(),
        Json::Array(items) => format!("[{}]", items.iter().map(in_toml).collect::<Vec<_>>().join(", ")),
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Object(members) => {
            let one = |(name, value): (&String, &Json)| format!("{} = {}", toml_key(name), in_toml(value));
            format!("{{ {} }}", members.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        Json::String(text) => toml::Value::String(text.clone()).to_string(),
        other => other.to_string(),
    }
}

/// A key as TOML takes it.
fn toml_key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_bare { name.to_owned() } else { toml::Value::String(name.to_owned()).to_string() }
}

/// As JSON, format `overstep-doctor/1`.
///
/// # Errors
/// Where the bytes cannot be written.
pub fn diagnosis_json(to: &mut dyn Write, found: &Diagnosis) -> io::Result<()> {
    let (least, most) = found.seconds();
    let document = json!({
        "format": "overstep-doctor/1",
        "scenario": found.scenario,
        "endpoint": found.endpoint,
        "service": found.service,
        "protocol": found.protocol,
        "unreachable": found.unreachable,
        "canary": found.canary,
        "operations": found.operations.iter().map(|row| json!({
            "operation": row.operation,
            "stands": row.stands.name(),
            "observed": row.observed,
            "why": row.why,
            "found": row.found,
            "tries": row.tries,
            "identifiers": found.origins.iter().filter(|one| one.operation == row.operation).map(|one| json!({
                "member": one.member, "value": one.value, "made_by": one.made_by,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "resources": found.resources.iter().map(|one| json!({
            "fixture": one.fixture, "made_by": one.made_by, "awaited_by": one.awaited_by,
            "taken_away_by": one.taken_away_by,
        })).collect::<Vec<_>>(),
        "cases": found.cases,
        "cases_run": found.cases_run,
        "millis": found.millis,
        "steps": found.steps,
        "seconds": [least, most],
    });
    serde_json::to_writer_pretty(&mut *to, &document)?;
    writeln!(to)
}
