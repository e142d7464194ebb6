//! Reads `NAME.known/ENDPOINT.toml`: known divergences, and why they are accepted for now.
//!
//! A run never writes these files. Dates are compared as texts, in the form `2026-11-25`.

use super::tables::{TomlTable, error_at, line_number, parse_document};
use super::{ScenarioError, ScenarioWarning};

/// One `[[known]]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDivergenceEntry {
    /// Patterns of case ids; `*` matches any characters.
    pub cases: Vec<String>,
    /// Pattern of the observed behaviour; `*` matches any characters. Without one, any behaviour matches.
    pub observed: Option<String>,
    /// Pattern of the message of the response; `*` matches any characters. Without one, any message matches.
    pub message: Option<String>,
    /// Pattern of the innermost stack frame that the server printed; `*` matches any characters. Without one, any output
    /// matches.
    pub frame: Option<String>,
    /// Why the divergence is accepted.
    pub reason: String,
    /// Where the divergence is tracked.
    pub ticket: Option<String>,
    /// The last day on which the entry applies: `2027-01-31`.
    pub until: Option<String>,
    /// The line of the table, from 1.
    pub line: u32,
}

/// Reads a file of known divergences.
///
/// # Errors
/// Returns an error if the text is not valid TOML, or an entry has no cases or no reason.
pub fn read_known_divergences(text: &str) -> Result<(Vec<KnownDivergenceEntry>, Vec<ScenarioWarning>), ScenarioError> {
    let document = parse_document(text)?;
    let root = TomlTable::root(&document);
    let mut warnings = Vec::new();
    root.warn_of_unknown_keys(&["known"], &mut warnings);
    let mut entries = Vec::new();
    let tables = root.entry("known").map(|entry| entry.list_of_tables()).transpose()?.unwrap_or_default();
    for table in tables {
        entries.push(parse_known_divergence(&table, text, &mut warnings)?);
    }
    Ok((entries, warnings))
}

fn parse_known_divergence(
    table: &TomlTable<'_, '_>,
    text: &str,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<KnownDivergenceEntry, ScenarioError> {
    table.warn_of_unknown_keys(&["cases", "observed", "message", "frame", "reason", "ticket", "until"], warnings);
    let missing = |key: &str, hint: &str| ScenarioError {
        hint: Some(hint.to_owned()),
        ..error_at(format!("a known divergence has no `{key}`"), table.span.clone())
    };
    let cases = match table.entry("cases") {
        Some(entry) if entry.is_text() => vec![entry.text()?],
        Some(_) => table.text_list("cases")?,
        None => Vec::new(),
    };
    if cases.is_empty() {
        return Err(missing("cases", "list their ids: `cases = [\"sqs/CreateQueue/malformed/*\"]`"));
    }
    let reason = table.text("reason")?.filter(|reason| !reason.trim().is_empty());
    let reason = reason.ok_or_else(|| missing("reason", "explain why the divergence is accepted"))?;
    let until = table.text("until")?;
    if let Some(entry) = table.entry("until")
        && !until.as_deref().is_some_and(is_iso_date)
    {
        return Err(ScenarioError {
            hint: Some("use the form year-month-day: `until = \"2027-01-31\"`".to_owned()),
            ..error_at("`until` is not a date".to_owned(), entry.span())
        });
    }
    Ok(KnownDivergenceEntry {
        cases,
        observed: table.text("observed")?,
        message: table.text("message")?,
        frame: table.text("frame")?,
        reason,
        ticket: table.text("ticket")?,
        until,
        line: line_number(text, table.span.start),
    })
}

fn is_iso_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |text: &str, digits: usize, max: u32| {
        text.len() == digits && text.parse::<u32>().is_ok_and(|number| (1..=max).contains(&number))
    };
    matches!(parts.as_slice(), [year, month, day] if number(year, 4, 9999) && number(month, 2, 12) && number(day, 2, 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_require_cases_a_reason_and_a_valid_date() {
        let text = "[[known]]\ncases = \"s/Op/*\"\nobserved = \"500\"\nreason = \"moto#1\"\nuntil = \"2027-01-31\"\n\n\
                    [[known]]\ncases = [\"a\", \"b\"]\nreason = \"r\"\nticket = \"https://t\"\n";
        let (entries, warnings) = read_known_divergences(text).expect("it reads");
        assert_eq!(warnings, []);
        assert_eq!((entries[0].observed.as_deref(), entries[0].until.as_deref()), (Some("500"), Some("2027-01-31")));
        assert_eq!((entries[1].cases.len(), entries[1].line), (2, 7));
        for (text, reason) in [
            ("[[known]]\nreason = \"r\"", "has no `cases`"),
            ("[[known]]\ncases = \"a\"", "has no `reason`"),
            ("[[known]]\ncases = \"a\"\nreason = \"r\"\nuntil = \"soon\"", "is not a date"),
        ] {
            assert!(read_known_divergences(text).expect_err(text).reason.contains(reason), "{text}");
        }
    }
}
