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
    let inner = if enough { Vec::new() } else { pattern.inner_characters() };
    let (alike, different): (Vec<char>, Vec<char>) = inner.into_iter().partition(char::is_ascii_alphanumeric);
    let edges = if enough { Vec::new() } else { pattern.edge_characters() };
    for c in edges.into_iter().take(MAX_EDGE_CHARACTERS).chain(different) {
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
    // Letters and digits are alike, so that they share texts.
    let is_valid = |text: &str| pattern.matches(text) && fits(text) && arrives_unchanged(site, text);
    for (first, last, text) in shared_texts(&member, &alike, &is_valid) {
        add(format!("members-U+{:04X}-U+{:04X}", first as u32, last as u32), text, IntendedOutcome::Valid);
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

/// Returns valid texts that together contain these characters, as few as possible: each with its first and its last one. A
/// character that no text can contain is left out.
fn shared_texts(member: &str, characters: &[char], is_valid: &impl Fn(&str) -> bool) -> Vec<(char, char, String)> {
    let (Some(first), Some(last)) = (characters.first(), characters.last()) else { return Vec::new() };
    let inserted: String = characters.iter().collect();
    let middle = member.char_indices().nth(member.chars().count() / 2).map_or(member.len(), |(at, _)| at);
    let (before, after) = member.split_at(middle);
    let candidates = [
        inserted.clone(),
        format!("{before}{inserted}{after}"),
        format!("{member}{inserted}"),
        format!("{inserted}{member}"),
    ];
    if let Some(text) = candidates.into_iter().find(|text| is_valid(text)) {
        return vec![(*first, *last, text)];
    }
    if characters.len() == 1 {
        return Vec::new();
    }
    let (low, high) = characters.split_at(characters.len() / 2);
    [low, high].into_iter().flat_map(|half| shared_texts(member, half, is_valid)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_share_as_few_texts_as_the_length_allows() {
        let characters: Vec<char> = ('a'..='h').collect();
        let texts = |max: usize| {
            let texts = shared_texts("x", &characters, &|text| text.len() <= max && !text.contains('e'));
            texts.into_iter().map(|(first, last, text)| format!("{first}-{last}:{text}")).collect::<Vec<_>>()
        };
        assert_eq!(texts(8), ["a-d:abcd", "f-f:f", "g-h:gh"]);
        assert_eq!(texts(3), ["a-b:ab", "c-d:cd", "f-f:f", "g-h:gh"]);
        assert!(texts(0).is_empty());
    }
}
