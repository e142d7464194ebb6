//! Patterns: members character by character, and violations at every position of a member.
//!
//! It never tests lengths; see `length.rs`.

use super::Work;
use crate::contract::{Constraint, Location};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::draw::Seeded;
use crate::generate::site::Site;

/// Maximum number of characters of a pattern that are tested one by one.
const MOST_CHARACTERS: usize = 64;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    let (Some(pattern), Some(text)) = (work.pattern(site), &shape.pattern) else { return Vec::new() };
    let fact = shape.fact("pattern");
    let rule = format!("matches {text}");
    let length = shape.length();
    let (min, max) = (length.min.unwrap_or(0), length.max.unwrap_or(4096).min(4096));
    let mut draw = Seeded::new(work.planner.options.seed, &format!("pattern/{}/{}", work.operation.name, site.path));
    let (least, most) = pattern.lengths();
    let (low, high) = ((least as u64).max(min), (most as u64).min(max));
    let wanted = (low <= high).then(|| (low.max(6).min(high)) as usize);
    let Some(member) = pattern.member(&mut draw, wanted).or_else(|| pattern.member(&mut draw, None)) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let fits = |text: &str| (min..=max).contains(&(text.chars().count() as u64));
    // Returns true if no further case of the kind is needed.
    let mut add = |variant: String, text: String, aim: Aim| {
        let case = work.at(site, Constraint::Pattern, variant, rule.clone(), fact, aim, |_| Some(Value::Text(text)));
        let enough = work.firsts.is_some() && case.as_ref().is_some_and(|case| case.unsendable.is_none());
        out.extend(case);
        enough
    };
    let enough = add("member".to_owned(), member.clone(), Aim::Valid);
    let characters = if enough { Vec::new() } else { pattern.edge_characters() };
    for c in characters.into_iter().take(MOST_CHARACTERS) {
        let made = [
            c.to_string(),
            replaced(&member, member.chars().count() / 2, c),
            format!("{member}{c}"),
            format!("{c}{member}"),
        ];
        if let Some(text) = made.into_iter().find(|text| pattern.matches(text) && fits(text)) {
            if !travels(site, &text) {
                continue;
            }
            add(format!("member-U+{:04X}", c as u32), text, Aim::Valid);
        }
    }
    for (variant, text) in pattern.near_misses(&mut draw) {
        if fits(&text) {
            add(variant, text, Aim::Valid);
        }
    }
    let breaks = || Aim::Breaks(site.path.clone(), Constraint::Pattern);
    pattern.violations_until(&member, (min, max), &mut draw, |violation| {
        travels(site, &violation.text) && add(violation.variant.clone(), violation.text.clone(), breaks())
    });
    // The pattern matches a part but not the whole: the two readings of an unanchored pattern differ.
    let partial =
        [format!("{member}\u{1F600}"), format!("\u{1F600}{member}"), format!("{member} "), format!(" {member}")];
    if let Some(text) = partial.into_iter().find(|text| pattern.finds(text) && !pattern.matches(text) && fits(text)) {
        add("partial-match".to_owned(), text, Aim::Silent("the pattern is not anchored at both ends"));
    }
    out
}

fn replaced(text: &str, at: usize, c: char) -> String {
    text.chars().enumerate().map(|(index, old)| if index == at { c } else { old }).collect()
}

/// Returns true if a text arrives unchanged: headers carry no control characters and no outer spaces, and an empty or
/// dot segment changes the path.
pub(super) fn travels(site: &Site, text: &str) -> bool {
    match site.location {
        Location::Header => text.trim() == text && !text.is_empty() && text.chars().all(|c| (' '..='~').contains(&c)),
        Location::Label => !matches!(text, "" | "." | ".."),
        _ => true,
    }
}
