//! Writes that must be rejected although a part of them is valid, which must not be stored.
//!
//! Each write has exactly one fault, and never more: without it, the rest would be a valid write.

use super::laws::Laws;
use crate::contract::{Constraint, Kind};
use crate::generate::Value;
use crate::generate::case::{AuthDamage, Authorization, Damage};
use crate::generate::keeper::map;
use crate::generate::relation::StateKind;
use crate::generate::story::Story;
use crate::scenario::Credentials;

type Tell<'l> = Box<dyn Fn(&Laws<'_, '_>, &mut Story<'_, '_>) -> Option<()> + 'l>;

/// A write that must be rejected.
pub(super) struct Refusal<'l> {
    /// Variant in the case id.
    pub variant: String,
    /// Adds the write to a stateful case.
    pub tell: Tell<'l>,
}

pub(super) fn refusals<'l>(laws: &Laws<'_, '_>) -> Vec<Refusal<'l>> {
    let mut out = Vec::new();
    let mut add = |variant: &str, tell: Tell<'l>| out.push(Refusal { variant: variant.to_owned(), tell });
    let contract = laws.work.planner.contract;
    let shape = contract.shape(laws.keeper.shape);
    match &shape.kind {
        Kind::Map { key, .. } => {
            for first in [true, false] {
                let at = if first { "first" } else { "last" };
                add(
                    &format!("null-value-{at}"),
                    Box::new(move |laws, story| partly(laws, story, first, None, Value::Null)),
                );
                add(
                    &format!("wrong-type-{at}"),
                    Box::new(move |laws, story| partly(laws, story, first, None, Value::List(Vec::new()))),
                );
            }
            if let Some(pattern) = laws.work.planner.patterns.get(key) {
                let bad = ["\u{e9}", " ", "\u{1F600}", "#", "<", "a\n"];
                for text in bad.iter().filter(|text| !pattern.matches(text)).take(2) {
                    let text = (*text).to_owned();
                    for first in [true, false] {
                        let variant = format!(
                            "bad-key-U+{:04X}-{}",
                            text.chars().next().map_or(0, u32::from),
                            if first { "first" } else { "last" }
                        );
                        let text = text.clone();
                        add(
                            &variant,
                            Box::new(move |laws, story| {
                                let key = laws.key(story, 2);
                                let good = laws.value(story, &[(&key, "trace"), (&text, "trace")])?;
                                refuse(laws, story, first, &key, &good)
                            }),
                        );
                    }
                }
            }
            if let Some(most) = contract.shape(key).length().max.filter(|most| *most <= 4096) {
                add(
                    "long-key-last",
                    Box::new(move |laws, story| {
                        let (key, long) = (laws.key(story, 2), "k".repeat(most as usize + 1));
                        let value = laws.value(story, &[(&key, "trace"), (&long, "trace")])?;
                        refuse(laws, story, false, &key, &value)
                    }),
                );
            }
            if let Some(most) = shape.length().max.filter(|most| *most <= 64) {
                add(
                    "too-many",
                    Box::new(move |laws, story| {
                        let keys: Vec<String> = (0..=most).map(|index| laws.key(story, index + 2)).collect();
                        let entries: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "trace")).collect();
                        let value = laws.value(story, &entries)?;
                        story.refused(&value, &value, Vec::new(), None)
                    }),
                );
            }
            for rule in &shape.rules {
                if rule.constraint() == Constraint::MaxTotalBytes
                    && let crate::contract::Rule::MaxTotalBytes { max, .. } = rule
                    && *max <= 1 << 20
                {
                    let max = *max;
                    add(
                        "too-many-bytes",
                        Box::new(move |laws, story| {
                            let (key, large) = (laws.key(story, 2), laws.key(story, 3));
                            let fill = "a".repeat(max as usize + 1);
                            let value = laws.value(story, &[(&key, "trace"), (&large, &fill)])?;
                            refuse(laws, story, false, &key, &value)
                        }),
                    );
                }
            }
        }
        Kind::List { .. } => {
            for (name, bad) in [("null", Value::Null), ("number", Value::integer(5)), ("object", Value::empty())] {
                for first in [true, false] {
                    let bad = bad.clone();
                    let variant = format!("{name}-item-{}", if first { "first" } else { "last" });
                    add(
                        &variant,
                        Box::new(move |laws, story| {
                            let good = laws.value(story, &[("", "trace")])?;
                            let Value::List(mut items) = good.clone() else { return None };
                            items.insert(if first { 0 } else { items.len() }, bad.clone());
                            story.refused(&Value::List(items), &good, Vec::new(), None)
                        }),
                    );
                }
            }
        }
        _ => {}
    }
    for (name, damage) in [
        ("trailing-bytes", Damage::BodySuffixed(b" x".to_vec())),
        ("truncated", Damage::BodyTruncated(95)),
        ("invalid-utf8", Damage::BodyReplaced(b"trace".to_vec(), b"tra\xff".to_vec())),
    ] {
        add(
            name,
            Box::new(move |laws, story| {
                let value = trace(laws, story)?;
                story.refused(&value, &value, vec![damage.clone()], None)
            }),
        );
    }
    let scenario = laws.work.planner.scenario;
    let caller = scenario.principal.as_ref().and_then(|name| Some((name, scenario.principals.get(name)?)));
    if let Some((name, principal)) = caller.filter(|(_, caller)| caller.credentials != Credentials::Anonymous) {
        add(
            "anonymous",
            Box::new(|laws, story| {
                let value = trace(laws, story)?;
                story.refused(&value, &value, Vec::new(), Some(Authorization::Anonymous))
            }),
        );
        if matches!(principal.credentials, Credentials::Bearer(_) | Credentials::Header { .. }) {
            let name = name.clone();
            add(
                "unknown-key",
                Box::new(move |laws, story| {
                    let value = trace(laws, story)?;
                    let who = Authorization::Damaged(name.clone(), AuthDamage::UnknownKey);
                    story.refused(&value, &value, Vec::new(), Some(who))
                }),
            );
        }
    }
    if let Some(permission) = &laws.work.operation.permission
        && let Some((other, _)) = scenario.principals.iter().find(|(_, other)| other.lacks.contains(permission))
    {
        let other = other.clone();
        add(
            "forbidden",
            Box::new(move |laws, story| {
                let value = trace(laws, story)?;
                story.refused(&value, &value, Vec::new(), Some(Authorization::Principal(other.clone())))
            }),
        );
    }
    out
}

/// Returns a value that a read would show.
fn trace(laws: &Laws<'_, '_>, story: &Story<'_, '_>) -> Option<Value> {
    let key = laws.key(story, 2);
    laws.value(story, &[(&key, "trace")])
}

/// Adds a rejected write of a valid entry and one with this value.
fn partly(laws: &Laws<'_, '_>, story: &mut Story<'_, '_>, first: bool, key: Option<&str>, bad: Value) -> Option<()> {
    if laws.keeper.kind != StateKind::Map {
        return None;
    }
    let good = laws.key(story, 2);
    let other = key.map_or_else(|| laws.key(story, 3), str::to_owned);
    let Value::Map(mut entries) = laws.value(story, &[(&good, "trace")])? else { return None };
    entries.insert(other, bad);
    refuse(laws, story, first, &good, &Value::Map(entries))
}

/// Adds a rejected write of entries of which only the one of this key is valid, with the faulty one first or last.
fn refuse(_laws: &Laws<'_, '_>, story: &mut Story<'_, '_>, first: bool, good: &str, value: &Value) -> Option<()> {
    let Value::Map(entries) = value else { return None };
    let trace = map(entries.iter().filter(|(key, _)| *key == good).map(|(key, value)| (key.clone(), value.clone())));
    let mut sent: Vec<(String, Value)> = entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    sent.sort_by_key(|(key, _)| (key == good) == first);
    story.refused(&map(sent), &trace, Vec::new(), None)
}
