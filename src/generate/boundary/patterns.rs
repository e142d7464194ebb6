//! Patterns: members character by character, and violations at every position of a member.
//!
//! It never tests lengths; see `length.rs`.

use crate::case::{Case, Value};
use crate::contract::{Constraint, FactField, MemberLocation};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;
use crate::pattern::SeededDraw;

/// Maximum number of characters of a pattern that are tested one by one.
const MAX_EDGE_CHARACTERS: usize = 64;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let (Some(pattern), Some(text)) = (context.pattern(site), &shape.pattern) else { return Vec::new() };
    let fact = shape.preferred_fact(&FactField::Pattern);
    let rule = format!("matches {text}");
    let length = shape.length();
    let (min, max) = (length.min.unwrap_or(0), length.max.unwrap_or(4096).min(4096));
    let mut draw =
        SeededDraw::new(context.plan.options.seed, &format!("pattern/{}/{}", context.operation.name, site.path));
    let (least, most) = pattern.length_range();
    let (low, high) = ((least as u64).max(min), (most as u64).min(max));
    let wanted = (low <= high).then(|| (low.max(6).min(high)) as usize);
    let Some(member) = pattern.draw_member(&mut draw, wanted).or_else(|| pattern.draw_member(&mut draw, None)) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let fits = |text: &str| (min..=max).contains(&(text.chars().count() as u64));
    // Returns true if no further case of the kind is needed.
    let mut add = |variant: String, text: String, outcome: IntendedOutcome| {
        let case = context.build_member_case(site, Constraint::Pattern, variant, rule.clone(), fact, outcome, |_| {
            Some(Value::Text(text))
        });
        let enough =
            context.first_of_kind.is_some() && case.as_ref().is_some_and(|case| case.unsendable_reason.is_none());
        out.extend(case);
        enough
    };
    let enough = add("member".to_owned(), member.clone(), IntendedOutcome::Valid);
    let characters = if enough { Vec::new() } else { pattern.edge_characters() };
    for c in characters.into_iter().take(MAX_EDGE_CHARACTERS) {
        let candidates = [
            c.to_string(),
            replace_character(&member, member.chars().count() / 2, c),
            format!("{member}{c}"),
            format!("{c}{member}"),
        ];
        if let Some(text) = candidates.into_iter().find(|text| pattern.matches(text) && fits(text)) {
            if !arrives_unchanged(site, &text) {
                continue;
            }
            add(format!("member-U+{:04X}", c as u32), text, IntendedOutcome::Valid);
        }
    }
    for (variant, text) in pattern.near_misses(&mut draw) {
        if fits(&text) {
            add(variant, text, IntendedOutcome::Valid);
        }
    }
    let breaks = || IntendedOutcome::Violates(site.path.clone(), Constraint::Pattern);
    pattern.violations_until(&member, (min, max), &mut draw, |violation| {
        arrives_unchanged(site, &violation.text) && add(violation.variant.clone(), violation.text.clone(), breaks())
    });
    // The pattern matches a part but not the whole: the two readings of an unanchored pattern differ.
    let partial =
        [format!("{member}\u{1F600}"), format!("\u{1F600}{member}"), format!("{member} "), format!(" {member}")];
    if let Some(text) =
        partial.into_iter().find(|text| pattern.is_found_in(text) && !pattern.matches(text) && fits(text))
    {
        add(
            "partial-match".to_owned(),
            text,
            IntendedOutcome::Undocumented("the pattern is not anchored at both ends"),
        );
    }
    out
}

fn replace_character(text: &str, at: usize, c: char) -> String {
    text.chars().enumerate().map(|(index, old)| if index == at { c } else { old }).collect()
}

/// Returns true if a text arrives unchanged: headers carry no control characters and no outer spaces, and an empty or
/// dot segment changes the path.
pub(super) fn arrives_unchanged(site: &InputSite, text: &str) -> bool {
    match site.location {
        MemberLocation::Header => {
            text.trim() == text && !text.is_empty() && text.chars().all(|c| (' '..='~').contains(&c))
        }
        MemberLocation::Cookie => text.chars().all(|c| ('!'..='~').contains(&c) && !"\",;\\%".contains(c)),
        MemberLocation::Form => !text.is_empty(),
        MemberLocation::Label => !matches!(text, "" | "." | ".."),
        _ => true,
    }
}
