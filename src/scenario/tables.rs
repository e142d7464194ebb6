//! Typed access to TOML tables, with the byte range of everything that can be wrong.
//!
//! This file never depends on the keys of a particular format.

use super::{ScenarioError, ScenarioWarning};
use serde_json::Value as Json;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of a TOML document, with its name in messages.
pub(super) struct TomlTable<'a, 'i> {
    /// The name as in a header: `operations.TagContact`; empty for the document.
    pub name: String,
    /// The byte range of the table.
    pub span: Range<usize>,
    table: &'a DeTable<'i>,
}

/// One entry of a table.
pub(super) struct TomlEntry<'a, 'i> {
    /// Its key, unquoted.
    pub key: String,
    /// The byte range of the key.
    pub key_span: Range<usize>,
    /// The name as in a header: `operations.TagContact.use`.
    pub name: String,
    value: &'a Spanned<DeValue<'i>>,
}

/// Creates an error at a byte range.
pub(super) fn error_at(reason: impl Into<String>, span: Range<usize>) -> ScenarioError {
    ScenarioError { reason: reason.into(), span: Some(span), hint: None }
}

/// Returns the line of a byte offset, from 1.
pub(super) fn line_number(text: &str, at: usize) -> u32 {
    let line = text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// Parses a TOML document.
pub(super) fn parse_document(text: &str) -> Result<Spanned<DeTable<'_>>, ScenarioError> {
    DeTable::parse(text).map_err(|error| ScenarioError {
        reason: error.message().trim().replace('\n', ", "),
        span: error.span(),
        hint: None,
    })
}

/// Returns a `did you mean` hint with the nearest word of a closed list.
pub fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

fn quoted_list(known: &[&str]) -> String {
    known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

impl<'a, 'i> TomlTable<'a, 'i> {
    /// Returns the table of the document itself.
    pub fn root(document: &'a Spanned<DeTable<'i>>) -> Self {
        Self { name: String::new(), span: document.span(), table: document.get_ref() }
    }

    /// Returns the entries, in the order of the text.
    pub fn entries(&self) -> Vec<TomlEntry<'a, 'i>> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| TomlEntry {
                key: key.get_ref().to_string(),
                key_span: key.span(),
                name: if self.name.is_empty() {
                    key.get_ref().to_string()
                } else {
                    format!("{}.{}", self.name, key.get_ref())
                },
                value,
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        entries
    }

    /// Returns the entry with this key.
    pub fn entry(&self, key: &str) -> Option<TomlEntry<'a, 'i>> {
        self.entries().into_iter().find(|entry| entry.key == key)
    }

    /// Adds a warning for each key that is not known.
    pub fn warn_of_unknown_keys(&self, known: &[&str], warnings: &mut Vec<ScenarioWarning>) {
        for entry in self.entries().into_iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            warnings.push(ScenarioWarning {
                reason: if self.name.is_empty() {
                    format!("unknown key `{}`", entry.key)
                } else {
                    format!("unknown key `{}` in `{}`", entry.key, self.name)
                },
                span: Some(entry.key_span),
                hint: did_you_mean(&entry.key, known)
                    .or_else(|| Some(format!("expected one of {}", quoted_list(known)))),
            });
        }
    }

    /// Returns the string of a key, if the key is present.
    pub fn text(&self, key: &str) -> Result<Option<String>, ScenarioError> {
        self.entry(key).map(|entry| entry.text()).transpose()
    }

    /// Returns the boolean of a key; false if the key is missing.
    pub fn flag(&self, key: &str) -> Result<bool, ScenarioError> {
        let Some(entry) = self.entry(key) else { return Ok(false) };
        entry.value.get_ref().as_bool().ok_or_else(|| entry.type_error("`true` or `false`"))
    }

    /// Returns the list of strings of a key; empty if the key is missing.
    pub fn text_list(&self, key: &str) -> Result<Vec<String>, ScenarioError> {
        let Some(entry) = self.entry(key) else { return Ok(Vec::new()) };
        let items = entry.value.get_ref().as_array().ok_or_else(|| entry.type_error("a list of strings"))?;
        items
            .iter()
            .map(|item| {
                item.get_ref().as_str().map(str::to_owned).ok_or_else(|| {
                    error_at(
                        format!(
                            "`{}` contains {}, expected strings",
                            entry.name,
                            with_article(item.get_ref().type_str())
                        ),
                        item.span(),
                    )
                })
            })
            .collect()
    }

    /// Returns the table of a key, if the key is present.
    pub fn table(&self, key: &str) -> Result<Option<TomlTable<'a, 'i>>, ScenarioError> {
        self.entry(key).map(|entry| entry.table()).transpose()
    }

    /// Returns the entries of a table whose keys are the user's own; empty if the key is missing.
    pub fn table_entries(&self, key: &str) -> Result<Vec<TomlEntry<'a, 'i>>, ScenarioError> {
        Ok(self.table(key)?.map(|table| table.entries()).unwrap_or_default())
    }
}

impl<'a, 'i> TomlEntry<'a, 'i> {
    /// Returns the byte range of the value.
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Returns an error which says that the value has another type than expected.
    pub fn type_error(&self, wanted: &str) -> ScenarioError {
        let found = with_article(self.value.get_ref().type_str());
        error_at(format!("`{}` is {found}, expected {wanted}", self.name), self.value.span())
    }

    /// Returns the value as a string.
    pub fn text(&self) -> Result<String, ScenarioError> {
        self.value.get_ref().as_str().map(str::to_owned).ok_or_else(|| self.type_error("a string"))
    }

    /// Returns true if the value is a list.
    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// Returns true if the value is a string.
    pub fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// Returns the value as a table.
    pub fn table(&self) -> Result<TomlTable<'a, 'i>, ScenarioError> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.type_error("a table"))?;
        Ok(TomlTable { name: self.name.clone(), span: self.value.span(), table })
    }

    /// Returns the value as a list of tables.
    pub fn list_of_tables(&self) -> Result<Vec<TomlTable<'a, 'i>>, ScenarioError> {
        let wanted = || self.type_error(&format!("a list of tables, each under its own `[[{}]]`", self.name));
        let items = self.value.get_ref().as_array().ok_or_else(wanted)?;
        items
            .iter()
            .map(|item| {
                let table = item.get_ref().as_table().ok_or_else(wanted)?;
                Ok(TomlTable { name: self.name.clone(), span: item.span(), table })
            })
            .collect()
    }

    /// Returns the value as JSON; dates become strings.
    pub fn to_json(&self) -> Result<Json, ScenarioError> {
        value_to_json(&self.name, self.value)
    }
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}

fn value_to_json(name: &str, value: &Spanned<DeValue<'_>>) -> Result<Json, ScenarioError> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Boolean(truth) => Json::Bool(*truth),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Json::from)
            .or_else(|_| u64::from_str_radix(number.as_str(), number.radix()).map(Json::from))
            .map_err(|_| error_at(format!("`{name}` does not fit into 64 bits"), value.span()))?,
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(Json::Number)
            .ok_or_else(|| error_at(format!("`{name}` is a number that JSON cannot represent"), value.span()))?,
        DeValue::Datetime(date) => Json::String(date.to_string()),
        DeValue::Array(items) => {
            Json::Array(items.iter().map(|item| value_to_json(name, item)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let mut members: Vec<_> = table.iter().collect();
            members.sort_by_key(|(key, _)| key.span().start);
            let members =
                members.into_iter().map(|(key, value)| Ok((key.get_ref().to_string(), value_to_json(name, value)?)));
            Json::Object(members.collect::<Result<_, ScenarioError>>()?)
        }
    })
}
