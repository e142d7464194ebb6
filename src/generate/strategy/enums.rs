//! Every value of an enum, and texts that are almost values.
//!
//! It never sends a value of another type; see `types.rs`.

use super::Work;
use crate::contract::{Constraint, Kind};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::site::Site;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    let Kind::Enum { values } = &shape.kind else { return Vec::new() };
    let settled = shape.settled_values();
    let rule = in_words(&settled);
    let fact = shape.fact("enum");
    let mut out = Vec::new();
    let mut add = |variant: String, text: String, aim: Aim| {
        out.extend(work.at(site, Constraint::Enum, variant, rule.clone(), fact, aim, |_| Some(Value::Text(text))));
    };
    for value in values {
        add(format!("member-{}", safe(value)), value.clone(), Aim::Valid);
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
    let mut used: Vec<String> = values.clone();
    for (variant, text) in wrong {
        // Servers trim header values, and an empty segment makes another path.
        let lost = !site.in_body() && (text.trim() != text || text.is_empty());
        if lost && site.location != crate::contract::Location::Query || used.contains(&text) {
            continue;
        }
        used.push(text.clone());
        let aim = Aim::Breaks(site.path.clone(), Constraint::Enum);
        add(variant.to_owned(), text, aim);
    }
    out
}

/// Describes the values of an enum, at most eight by name: `one of A, B, C`.
fn in_words(values: &[&str]) -> String {
    let shown: Vec<&str> = values.iter().copied().take(8).collect();
    let more = values.len() - shown.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("one of {}{tail}", shown.join(", "))
}

/// Returns a value as part of a case id. Characters that are special in ids or shells are replaced by their code.
pub(super) fn safe(value: &str) -> String {
    value
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' | ':' | '+' => c.to_string(),
            other => format!("~{:x}", other as u32),
        })
        .collect()
}
