//! Typed access to TOML tables, with the byte range of everything that can be wrong.
//!
//! This file knows TOML and no key of ours.

use super::{ScenarioError, Warning};
use serde_json::Value as Json;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of a TOML document and what it is called in messages.
pub(super) struct Table<'a, 'i> {
    /// As in a header: `operations.TagContact`; empty for the document.
    pub name: String,
    /// Where it stands.
    pub span: Range<usize>,
    table: &'a DeTable<'i>,
}

/// One entry of a table.
pub(super) struct Entry<'a, 'i> {
    /// Its key, unquoted.
    pub key: String,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// As in a header: `operations.TagContact.use`.
    pub name: String,
    value: &'a Spanned<DeValue<'i>>,
}

/// An error at a place.
pub(super) fn wrong(reason: impl Into<String>, span: Range<usize>) -> ScenarioError {
    ScenarioError { reason: reason.into(), span: Some(span), hint: None }
}

/// Parses a document.
pub(super) fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, ScenarioError> {
    DeTable::parse(text).map_err(|error| ScenarioError {
        reason: error.message().trim().replace('\n', ", "),
        span: error.span(),
        hint: None,
    })
}

/// The word of a closed list that a mistyped one may have meant.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

fn list(known: &[&str]) -> String {
    known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

impl<'a, 'i> Table<'a, 'i> {
    /// The document itself.
    pub fn root(document: &'a Spanned<DeTable<'i>>) -> Self {
        Self { name: String::new(), span: document.span(), table: document.get_ref() }
    }

    /// The entries, in the order of the text.
    pub fn entries(&self) -> Vec<Entry<'a, 'i>> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| Entry {
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

    /// The entry of this key.
    pub fn entry(&self, key: &str) -> Option<Entry<'a, 'i>> {
        self.entries().into_iter().find(|entry| entry.key == key)
    }

    /// Warns of keys that nobody reads.
    pub fn expect_keys(&self, known: &[&str], warnings: &mut Vec<Warning>) {
        for entry in self.entries().into_iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            warnings.push(Warning {
                reason: if self.name.is_empty() {
                    format!("unknown key `{}`", entry.key)
                } else {
                    format!("unknown key `{}` in `{}`", entry.key, self.name)
                },
                span: Some(entry.key_span),
                hint: did_you_mean(&entry.key, known).or_else(|| Some(format!("known here: {}", list(known)))),
            });
        }
    }

    /// A text, where the key is there.
    pub fn text(&self, key: &str) -> Result<Option<String>, ScenarioError> {
        self.entry(key).map(|entry| entry.text()).transpose()
    }

    /// A truth, false where the key is not there.
    pub fn flag(&self, key: &str) -> Result<bool, ScenarioError> {
        let Some(entry) = self.entry(key) else { return Ok(false) };
        entry.value.get_ref().as_bool().ok_or_else(|| entry.mistyped("`true` or `false`"))
    }

    /// A list of texts, empty where the key is not there.
    pub fn texts(&self, key: &str) -> Result<Vec<String>, ScenarioError> {
        let Some(entry) = self.entry(key) else { return Ok(Vec::new()) };
        let items = entry.value.get_ref().as_array().ok_or_else(|| entry.mistyped("a list of texts"))?;
        items
            .iter()
            .map(|item| {
                item.get_ref().as_str().map(str::to_owned).ok_or_else(|| {
                    wrong(
                        format!("`{}` holds {}, expected texts", entry.name, article(item.get_ref().type_str())),
                        item.span(),
                    )
                })
            })
            .collect()
    }

    /// A table, where the key is there.
    pub fn table(&self, key: &str) -> Result<Option<Table<'a, 'i>>, ScenarioError> {
        self.entry(key).map(|entry| entry.table()).transpose()
    }

    /// The entries of a table whose keys the user chooses, empty where the key is not there.
    pub fn tables(&self, key: &str) -> Result<Vec<Entry<'a, 'i>>, ScenarioError> {
        Ok(self.table(key)?.map(|table| table.entries()).unwrap_or_default())
    }
}

impl<'a, 'i> Entry<'a, 'i> {
    /// Where the value stands.
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Says that the value has another form than wanted.
    pub fn mistyped(&self, wanted: &str) -> ScenarioError {
        let found = article(self.value.get_ref().type_str());
        wrong(format!("`{}` is {found}, expected {wanted}", self.name), self.value.span())
    }

    /// The value as a text.
    pub fn text(&self) -> Result<String, ScenarioError> {
        self.value.get_ref().as_str().map(str::to_owned).ok_or_else(|| self.mistyped("a text"))
    }

    /// Whether the value is a list.
    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// Whether the value is a text.
    pub fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// The value as a table.
    pub fn table(&self) -> Result<Table<'a, 'i>, ScenarioError> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.mistyped("a table"))?;
        Ok(Table { name: self.name.clone(), span: self.value.span(), table })
    }

    /// The value as a list of tables.
    pub fn list_of_tables(&self) -> Result<Vec<Table<'a, 'i>>, ScenarioError> {
        let wanted = || self.mistyped(&format!("tables, each under its own `[[{}]]`", self.name));
        let items = self.value.get_ref().as_array().ok_or_else(wanted)?;
        items
            .iter()
            .map(|item| {
                let table = item.get_ref().as_table().ok_or_else(wanted)?;
                Ok(Table { name: self.name.clone(), span: item.span(), table })
            })
            .collect()
    }

    /// The value as JSON; dates become texts.
    pub fn json(&self) -> Result<Json, ScenarioError> {
        to_json(&self.name, self.value)
    }
}

fn article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}

fn to_json(name: &str, value: &Spanned<DeValue<'_>>) -> Result<Json, ScenarioError> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Boolean(truth) => Json::Bool(*truth),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Json::from)
            .or_else(|_| u64::from_str_radix(number.as_str(), number.radix()).map(Json::from))
            .map_err(|_| wrong(format!("`{name}` is larger than 64 bits hold"), value.span()))?,
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(Json::Number)
            .ok_or_else(|| wrong(format!("`{name}` is a number that JSON cannot say"), value.span()))?,
        DeValue::Datetime(date) => Json::String(date.to_string()),
        DeValue::Array(items) => Json::Array(items.iter().map(|item| to_json(name, item)).collect::<Result<_, _>>()?),
        DeValue::Table(table) => {
            let mut members: Vec<_> = table.iter().collect();
            members.sort_by_key(|(key, _)| key.span().start);
            let members =
                members.into_iter().map(|(key, value)| Ok((key.get_ref().to_string(), to_json(name, value)?)));
            Json::Object(members.collect::<Result<_, ScenarioError>>()?)
        }
    })
}
