//! Lengths at and past both limits, in the documented unit, with texts whose size differs in other units.
//!
//! It never tests byte budgets; see `byte_budget.rs`.

use super::{MOST_ENTRIES, Work, most_characters, plural, unit};
use crate::contract::{Constraint, Fact, Kind, Location, Segment, Shape};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::draw::Seeded;
use crate::generate::pattern::Pattern;
use crate::generate::resource::is_owned_identifier;
use crate::generate::sample::{Sampler, cycled};
use crate::generate::site::Site;
use indexmap::IndexMap;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    let Some(length) = shape.length else { return Vec::new() };
    let mut out = Vec::new();
    // A documented minimum of 0 is a promise, too: the empty text is valid.
    if let Some(min) = length.min.filter(|min| *min > 0 || site.in_body()) {
        limit(work, site, Limit { shape, path: "length/min", value: min, upper: false, only_plain: false }, &mut out);
    }
    if let Some(max) = length.max {
        let limits = Limit { shape, path: "length/max", value: max, upper: true, only_plain: false };
        // A documented maximum alone leaves the empty text valid.
        if length.min.is_none() && site.in_body() && !site.is_key() && matches!(shape.kind, Kind::String) {
            sized(work, site, &limits, 0, "empty", Aim::Valid, &mut out);
        }
        limit(work, site, limits, &mut out);
    }
    if let Kind::Map { .. } = shape.kind {
        out.extend(full_map(work, site, shape));
    }
    out
}

/// Builds a case with a value of exactly this size, which is meant to be valid or not.
pub(crate) fn of_size(work: &Work<'_>, site: &Site, size: u64, valid: bool) -> Option<Case> {
    let aim = if valid { Aim::Valid } else { Aim::Breaks(site.path.clone(), Constraint::Length) };
    let shape = work.shape(site);
    let value = shape.length().max.unwrap_or(size);
    let limit = Limit { shape, path: "length/max", value, upper: true, only_plain: true };
    let mut out = Vec::new();
    sized(work, site, &limit, size, &format!("size-{size}"), aim, &mut out);
    out.into_iter().next()
}

struct Limit<'s> {
    shape: &'s Shape,
    path: &'static str,
    value: u64,
    upper: bool,
    /// Whether the plain text of a size is enough.
    only_plain: bool,
}

impl Limit<'_> {
    fn rule(&self) -> String {
        let (one, many) = unit(&self.shape.kind);
        format!("at {} {}", if self.upper { "most" } else { "least" }, plural(self.value, one, many))
    }

    fn fact(&self) -> Option<&Fact> {
        self.shape.fact(self.path)
    }
}

fn limit(work: &Work<'_>, site: &Site, limit: Limit<'_>, out: &mut Vec<Case>) {
    let (at, beyond) = if limit.upper { ("at-max", "above-max") } else { ("at-min", "below-min") };
    let disputed = limit.shape.disputed_numbers(limit.path);
    // If sources disagree about a limit, a size is a violation only if none of them allows it; the response to a
    // size that only some allow is recorded.
    let outermost = if limit.upper { disputed.last() } else { disputed.first() }.copied().unwrap_or(limit.value);
    let past = if limit.upper { outermost.checked_add(1) } else { outermost.checked_sub(1) };
    sized(work, site, &limit, limit.value, at, Aim::Valid, out);
    for stated in disputed.iter().filter(|stated| **stated != limit.value) {
        sized(work, site, &limit, *stated, &format!("{at}-{stated}"), Aim::Valid, out);
    }
    if let Some(past) = past {
        sized(work, site, &limit, past, beyond, Aim::Breaks(site.path.clone(), Constraint::Length), out);
    }
}

fn sized(work: &Work<'_>, site: &Site, limit: &Limit<'_>, size: u64, variant: &str, aim: Aim, out: &mut Vec<Case>) {
    let too_large = |most: u64| size > most;
    let refuse = |reason: &str| work.not_sent(site, Constraint::Length, variant, limit.rule(), reason);
    match &limit.shape.kind {
        Kind::List { .. } | Kind::Map { .. } if too_large(MOST_ENTRIES) => {
            out.push(refuse("more entries than overstep sends"))
        }
        Kind::List { .. } | Kind::Map { .. } if size == 0 && !site.in_body() => {
            out.push(refuse("an empty list is invisible outside a body"));
        }
        Kind::List { .. } | Kind::Map { .. } => {
            out.extend(work.at(site, Constraint::Length, variant, limit.rule(), limit.fact(), aim, |sampler| {
                entries(sampler, site, limit.shape, size)
            }));
        }
        Kind::Blob if too_large(most_characters(site)) => out.push(refuse("larger than overstep sends")),
        Kind::Blob => out.extend(work.at(site, Constraint::Length, variant, limit.rule(), limit.fact(), aim, |_| {
            Some(Value::Blob(b"overstep".iter().copied().cycle().take(size as usize).collect()))
        })),
        Kind::String | Kind::Enum { .. } => {
            if too_large(most_characters(site)) {
                out.push(refuse("longer than overstep sends"));
            } else if size == 0 && site.is_label() {
                out.push(refuse("an empty segment changes the path"));
            } else {
                texts(work, site, limit, size, variant, &aim, out);
            }
        }
        _ => {}
    }
}

fn texts(work: &Work<'_>, site: &Site, limit: &Limit<'_>, size: u64, variant: &str, aim: &Aim, out: &mut Vec<Case>) {
    let all = Alphabets::of(work, site, size, matches!(aim, Aim::Valid));
    // If the pattern has no member of this size, a violation of the length violates the pattern, too.
    let coincide = work.pattern(site).map(|pattern| pattern.lengths());
    let coincide = coincide.is_some_and(|(least, most)| (size as usize) < least || size as usize > most);
    let at = |variant: String, aim: Aim, text: &dyn Fn() -> Option<String>| {
        work.at(site, Constraint::Length, variant, limit.rule(), limit.fact(), aim, |_| text().map(Value::Text))
    };
    let Some(all) = all else {
        if coincide && matches!(aim, Aim::Breaks(..)) {
            let aim = Aim::BreaksBoth(site.path.clone(), Constraint::Length, Constraint::Pattern);
            out.extend(at(variant.to_owned(), aim, &|| Some(cycled("overstep", size as usize))));
        } else {
            let reason =
                format!("every text of {} violates another constraint", plural(size, "character", "characters"));
            out.push(work.not_sent(site, Constraint::Length, variant, limit.rule(), &reason));
        }
        return;
    };
    out.extend(at(variant.to_owned(), aim.clone(), &|| Some(all.plain.clone())));
    for name in all.others().iter().filter(|_| !limit.only_plain) {
        let case = at(format!("{variant}-{name}"), aim.clone(), &|| all.text(name));
        // Longer encodings may exceed a byte budget; the plain text alone tests the limit then.
        out.extend(case.filter(|case| case.unsendable.is_none()));
    }
}

/// Returns a plain text of this length for a site, which must be rejected for its length.
pub(super) fn text_of(work: &Work<'_>, site: &Site, size: u64) -> Option<String> {
    Alphabets::of(work, site, size, false).map(|all| all.plain)
}

/// Texts of exactly `size` code points that the site's pattern and enum allow: a plain one, and ones whose size differs
/// in bytes, in UTF-16 units, after normalization or after trimming. The latter are built on demand.
///
/// In a text that must be rejected for its length, the pattern needs to match only a part: no reading of the pattern
/// makes such a text valid.
struct Alphabets<'w> {
    shape: &'w Shape,
    pattern: Option<&'w Pattern>,
    size: usize,
    /// Whether the pattern must match the whole text.
    whole: bool,
    /// Whether only the plain text can be sent.
    only_plain: bool,
    plain: String,
}

impl<'w> Alphabets<'w> {
    /// Returns `None` if no text has this size.
    fn of(work: &Work<'w>, site: &Site, size: u64, whole: bool) -> Option<Self> {
        let only_plain = size == 0 || site.location == Location::Header;
        let size = size as usize;
        let (shape, pattern) = (work.shape(site), work.pattern(site));
        // Another case may have created a resource under a short name, so an unknown name needs another text.
        let unit = if names_another(work, site) { "unknown" } else { "overstep" };
        let mut all = Self { shape, pattern, size, whole, only_plain, plain: cycled(unit, size) };
        if !all.allows(&all.plain) {
            let purpose = format!("length/{}/{}/{size}", work.operation.name, site.path);
            let mut draw = Seeded::new(work.planner.options.seed, &purpose);
            all.plain = pattern.and_then(|pattern| pattern.member(&mut draw, Some(size)))?;
        }
        Some(all)
    }

    fn others(&self) -> &'static [&'static str] {
        match self.size {
            _ if self.only_plain => &[],
            0..3 => &["two-byte", "astral", "combining"],
            _ => &["two-byte", "astral", "combining", "padded", "trailing-space"],
        }
    }

    fn allows(&self, text: &str) -> bool {
        self.pattern.is_none_or(|pattern| pattern.matches(text))
            && (!matches!(self.shape.kind, Kind::Enum { .. }) || self.shape.settled_values().contains(&text))
    }

    fn text(&self, name: &str) -> Option<String> {
        let size = self.size;
        let found_in = |text: &str| !self.whole && self.pattern.is_some_and(|pattern| pattern.finds(text));
        let fits = |text: &String| text.chars().count() == size && (self.allows(text) || found_in(text));
        // If a pattern allows such characters only in some positions, one of them comes last.
        let ends_in = |c: char| {
            let mut text = self.plain.clone();
            text.pop();
            text.push(c);
            Some(text).filter(fits)
        };
        let all_of = |unit: &str, last: char| Some(cycled(unit, size)).filter(fits).or_else(|| ends_in(last));
        match name {
            "two-byte" => all_of("é", 'é'),
            "astral" => all_of("\u{1F600}", '\u{1F600}'),
            "combining" => all_of("e\u{301}", '\u{301}'),
            "padded" => Some(format!(" {} ", "a".repeat(size.checked_sub(2)?))).filter(fits),
            _ => {
                let trailing = Some(format!("{} ", "a".repeat(size.checked_sub(1)?))).filter(fits);
                trailing.or_else(|| ends_in(' '))
            }
        }
    }
}

/// Returns true if the site names a resource that another operation creates.
fn names_another(work: &Work<'_>, site: &Site) -> bool {
    let notes = work.planner.scenario.notes(work.operation.name.as_str());
    work.planner.modelled
        && is_owned_identifier(work.planner, work.operation, &site.path)
        && !notes.is_some_and(|notes| notes.fresh.contains(&site.path.to_string()))
}

/// Returns a list or map of exactly `size` entries, all different as far as the shape allows.
pub(super) fn entries(sampler: &Sampler<'_>, site: &Site, shape: &Shape, size: u64) -> Option<Value> {
    match &shape.kind {
        Kind::List { member } => {
            let place = site.path.then(Segment::Item);
            let first = sampler.distinct(member, &place, 0, 1);
            // A compound item is built once; its copies differ in their texts.
            let item = |index| match &first {
                Value::List(_) | Value::Map(_) => sampler.told_apart(&first, member, &place, index),
                _ => sampler.distinct(member, &place, index, 1),
            };
            Some(Value::List((0..size).map(item).collect()))
        }
        Kind::Map { key, value } => {
            let place = site.path.then(Segment::Value);
            let entry = (size > 0).then(|| sampler.sample(value, &place));
            let mut out = IndexMap::new();
            let mut index = 0;
            while (out.len() as u64) < size {
                out.insert(sampler.key(key, &site.path, index), entry.clone()?);
                index += 1;
                if index > size * 2 + 16 {
                    return None;
                }
            }
            Some(Value::Map(out))
        }
        _ => None,
    }
}

/// Builds a case with a map of maximum size whose keys and values have maximum length.
fn full_map(work: &Work<'_>, site: &Site, shape: &Shape) -> Option<Case> {
    let Kind::Map { key, value } = &shape.kind else { return None };
    let contract = work.planner.contract;
    let entries = shape.length.and_then(|length| length.max).filter(|max| (1..=64).contains(max))?;
    let longest = |id| {
        let shape: &Shape = contract.shape(id);
        matches!(shape.kind, Kind::String).then(|| shape.length().max).flatten().filter(|max| *max <= 4096)
    };
    let (key_size, value_size) = (longest(key)?, longest(value));
    let rule = format!("at most {}", plural(entries, "entry", "entries"));
    work.at(site, Constraint::Length, "at-max-with-longest", rule, shape.fact("length/max"), Aim::Valid, |sampler| {
        let mut draw = Seeded::new(work.planner.options.seed, &format!("full/{}/{}", work.operation.name, site.path));
        let pattern = work.planner.patterns.get(key);
        let value_pattern = work.planner.patterns.get(value);
        let mut out = IndexMap::new();
        for index in 0..entries * 4 {
            if out.len() as u64 == entries {
                break;
            }
            let name = match pattern {
                Some(pattern) => pattern.member(&mut draw, Some(key_size as usize))?,
                None => format!("{index:0>width$}", width = key_size as usize),
            };
            let entry = match (value_size, value_pattern) {
                (Some(size), None) => Value::Text("v".repeat(size as usize)),
                (Some(size), Some(pattern)) => Value::Text(pattern.member(&mut draw, Some(size as usize))?),
                (None, _) => sampler.sample(value, &site.path.then(Segment::Value)),
            };
            out.insert(name, entry);
        }
        (out.len() as u64 == entries).then_some(Value::Map(out))
    })
}
