//! Every value of an enum, and texts that are almost values.
//!
//! It never sends a value of another type; see `types.rs`.

use crate::case::{Case, Value};
use crate::contract::{Constraint, FactField, MemberLocation, ShapeKind};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::limits::MAX_ENUM_VALUES;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;
use std::collections::HashSet;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let ShapeKind::Enum { values } = &shape.kind else { return Vec::new() };
    let settled = shape.undisputed_values();
    let rule = describe_values(&settled);
    let fact = shape.preferred_fact(&FactField::Enum);
    let mut out = Vec::new();
    let mut add = |variant: String, text: String, outcome: IntendedOutcome| {
        out.extend(context.build_member_case(site, Constraint::Enum, variant, rule.clone(), fact, outcome, |_| {
            Some(Value::Text(text))
        }));
    };
    for value in values.iter().take(MAX_ENUM_VALUES) {
        add(format!("member-{}", escape_for_id(value)), value.clone(), IntendedOutcome::Valid);
    }
    let Some(first) = settled.first() else { return out };
    let longest = settled.iter().max_by_key(|value| value.len()).unwrap_or(first);
    let mut capital = longest.to_lowercase();
    if let Some(head) = capital.get_mut(0..1) {
        head.make_ascii_uppercase();
    }
    let wrong = [
        ("lower-case", longest.to_lowercase()),
        ("upper-case", longest.to_uppercase()),
        ("capitalised", capital),
        ("padded", format!(" {first} ")),
        ("trailing-space", format!("{first} ")),
        ("trailing-newline", format!("{first}\n")),
        ("prefix", longest.chars().take(longest.chars().count().saturating_sub(1)).collect()),
        ("extended", format!("{first}_OVERSTEP")),
        ("two-members", format!("{first},{first}")),
        ("empty", String::new()),
        ("unknown", "OVERSTEP_UNKNOWN".to_owned()),
    ];
    let mut used: HashSet<String> = values.iter().cloned().collect();
    for (variant, text) in wrong {
        // Servers trim header values, and an empty segment makes another path.
        let lost = !site.is_in_body() && (text.trim() != text || text.is_empty());
        if lost && site.location != MemberLocation::Query || used.contains(&text) {
            continue;
        }
        used.insert(text.clone());
        let outcome = IntendedOutcome::Violates(site.path.clone(), Constraint::Enum);
        add(variant.to_owned(), text, outcome);
    }
    out
}

/// Describes the values of an enum, at most eight by name: `one of A, B, C`.
fn describe_values(values: &[&str]) -> String {
    let listed: Vec<&str> = values.iter().copied().take(8).collect();
    let omitted = values.len() - listed.len();
    let tail = if omitted > 0 { format!(" and {omitted} more") } else { String::new() };
    format!("one of {}{tail}", listed.join(", "))
}

/// Returns a value as part of a case id. Characters that are special in ids or shells are replaced by their code.
pub(super) fn escape_for_id(value: &str) -> String {
    value
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' | ':' | '+' => c.to_string(),
            other => format!("~{:x}", other as u32),
        })
        .collect()
}
