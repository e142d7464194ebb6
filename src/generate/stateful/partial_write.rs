//! Writes that must be rejected although a part of them is valid, which must not be stored.
//!
//! Each write has exactly one fault, and never more: without it, the rest would be a valid write.

use crate::case::{AuthDamage, Authorization, Damage, StateKind, Value};
use crate::contract::{Constraint, ShapeKind};
use crate::generate::stateful::member_laws::MemberLaws;
use crate::generate::stateful::stateful_case::StatefulCaseBuilder;
use crate::generate::stateful::stored_member::map_value;
use crate::scenario::Credentials;

type AddSteps<'l> = Box<dyn Fn(&MemberLaws<'_, '_>, &mut StatefulCaseBuilder<'_, '_>) -> Option<()> + 'l>;

/// A write that must be rejected.
pub(super) struct RejectedWrite<'l> {
    /// Variant in the case id.
    pub variant: String,
    /// Adds the write to a stateful case.
    pub add_steps: AddSteps<'l>,
}

pub(super) fn rejected_writes<'l>(laws: &MemberLaws<'_, '_>) -> Vec<RejectedWrite<'l>> {
    let mut out = Vec::new();
    let mut add =
        |variant: &str, tell: AddSteps<'l>| out.push(RejectedWrite { variant: variant.to_owned(), add_steps: tell });
    let contract = laws.context.plan.contract;
    let shape = contract.shape(laws.stored_member.shape);
    match &shape.kind {
        ShapeKind::Map { key, .. } => {
            for first in [true, false] {
                let at = if first { "first" } else { "last" };
                add(
                    &format!("null-value-{at}"),
                    Box::new(move |laws, story| write_with_bad_entry(laws, story, first, None, Value::Null)),
                );
                add(
                    &format!("wrong-type-{at}"),
                    Box::new(move |laws, story| {
                        write_with_bad_entry(laws, story, first, None, Value::List(Vec::new()))
                    }),
                );
            }
            if let Some(pattern) = laws.context.plan.patterns.get(key) {
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
                                let key = laws.nth_key(story, 2);
                                let good = laws.value_with_entries(story, &[(&key, "trace"), (&text, "trace")])?;
                                write_partly_valid(laws, story, first, &key, &good)
                            }),
                        );
                    }
                }
            }
            if let Some(most) = contract.shape(key).length().max.filter(|most| *most <= 4096) {
                add(
                    "long-key-last",
                    Box::new(move |laws, story| {
                        let (key, long) = (laws.nth_key(story, 2), "k".repeat(most as usize + 1));
                        let value = laws.value_with_entries(story, &[(&key, "trace"), (&long, "trace")])?;
                        write_partly_valid(laws, story, false, &key, &value)
                    }),
                );
            }
            if let Some(most) = shape.length().max.filter(|most| *most <= 64) {
                add(
                    "too-many",
                    Box::new(move |laws, story| {
                        let keys: Vec<String> = (0..=most).map(|index| laws.nth_key(story, index + 2)).collect();
                        let entries: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "trace")).collect();
                        let value = laws.value_with_entries(story, &entries)?;
                        story.write_rejected(&value, &value, Vec::new(), None)
                    }),
                );
            }
            for rule in &shape.rules {
                if rule.constraint() == Constraint::MaxTotalBytes
                    && let crate::contract::ShapeRule::MaxTotalBytes { max, .. } = rule
                    && *max <= 1 << 20
                {
                    let max = *max;
                    add(
                        "too-many-bytes",
                        Box::new(move |laws, story| {
                            let (key, large) = (laws.nth_key(story, 2), laws.nth_key(story, 3));
                            let fill = "a".repeat(max as usize + 1);
                            let value = laws.value_with_entries(story, &[(&key, "trace"), (&large, &fill)])?;
                            write_partly_valid(laws, story, false, &key, &value)
                        }),
                    );
                }
            }
        }
        ShapeKind::List { .. } => {
            for (name, bad) in [("null", Value::Null), ("number", Value::integer(5)), ("object", Value::empty_map())] {
                for first in [true, false] {
                    let bad = bad.clone();
                    let variant = format!("{name}-item-{}", if first { "first" } else { "last" });
                    add(
                        &variant,
                        Box::new(move |laws, story| {
                            let good = laws.value_with_entries(story, &[("", "trace")])?;
                            let Value::List(mut items) = good.clone() else { return None };
                            items.insert(if first { 0 } else { items.len() }, bad.clone());
                            story.write_rejected(&Value::List(items), &good, Vec::new(), None)
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
                let value = traceable_value(laws, story)?;
                story.write_rejected(&value, &value, vec![damage.clone()], None)
            }),
        );
    }
    let scenario = laws.context.plan.scenario;
    let caller = scenario.principal.as_ref().and_then(|name| Some((name, scenario.principals.get(name)?)));
    if let Some((name, principal)) = caller.filter(|(_, caller)| caller.credentials != Credentials::Anonymous) {
        add(
            "anonymous",
            Box::new(|laws, story| {
                let value = traceable_value(laws, story)?;
                story.write_rejected(&value, &value, Vec::new(), Some(Authorization::Anonymous))
            }),
        );
        if matches!(principal.credentials, Credentials::Bearer(_) | Credentials::Header { .. }) {
            let name = name.clone();
            add(
                "unknown-key",
                Box::new(move |laws, story| {
                    let value = traceable_value(laws, story)?;
                    let who = Authorization::Damaged(name.clone(), AuthDamage::UnknownKey);
                    story.write_rejected(&value, &value, Vec::new(), Some(who))
                }),
            );
        }
    }
    if let Some(permission) = &laws.context.operation.permission
        && let Some((other, _)) = scenario.principals.iter().find(|(_, other)| other.lacks.contains(permission))
    {
        let other = other.clone();
        add(
            "forbidden",
            Box::new(move |laws, story| {
                let value = traceable_value(laws, story)?;
                story.write_rejected(&value, &value, Vec::new(), Some(Authorization::Principal(other.clone())))
            }),
        );
    }
    out
}

/// Returns a value that a read would show.
fn traceable_value(laws: &MemberLaws<'_, '_>, story: &StatefulCaseBuilder<'_, '_>) -> Option<Value> {
    let key = laws.nth_key(story, 2);
    laws.value_with_entries(story, &[(&key, "trace")])
}

/// Adds a rejected write of a valid entry and one with this value.
fn write_with_bad_entry(
    laws: &MemberLaws<'_, '_>,
    story: &mut StatefulCaseBuilder<'_, '_>,
    first: bool,
    key: Option<&str>,
    bad: Value,
) -> Option<()> {
    if laws.stored_member.kind != StateKind::Map {
        return None;
    }
    let good = laws.nth_key(story, 2);
    let other = key.map_or_else(|| laws.nth_key(story, 3), str::to_owned);
    let Value::Map(mut entries) = laws.value_with_entries(story, &[(&good, "trace")])? else { return None };
    entries.insert(other, bad);
    write_partly_valid(laws, story, first, &good, &Value::Map(entries))
}

/// Adds a rejected write of entries of which only the one of this key is valid, with the faulty one first or last.
fn write_partly_valid(
    _laws: &MemberLaws<'_, '_>,
    story: &mut StatefulCaseBuilder<'_, '_>,
    first: bool,
    good: &str,
    value: &Value,
) -> Option<()> {
    let Value::Map(entries) = value else { return None };
    let trace =
        map_value(entries.iter().filter(|(key, _)| *key == good).map(|(key, value)| (key.clone(), value.clone())));
    let mut sent: Vec<(String, Value)> = entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    sent.sort_by_key(|(key, _)| (key == good) == first);
    story.write_rejected(&map_value(sent), &trace, Vec::new(), None)
}
