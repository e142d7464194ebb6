//! Lengths at and past both limits, in the documented unit, with texts whose size differs in other units.
//!
//! It never tests byte budgets; see `byte_budget.rs`.

use crate::case::{Case, UniqueText, UniqueTextKind, Value};
use crate::contract::{Constraint, Fact, FactField, MemberLocation, PathSegment, Shape, ShapeKind};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::input_sampler::InputSampler;
use crate::generate::limits::{MAX_CONTENT_SIZE, MAX_ENTRIES, length_unit, max_characters, pluralize};
use crate::generate::operation_context::OperationContext;
use crate::generate::resource_status::is_owned_identifier;
use crate::generate::scalar_sampler::repeat_to_length;
use crate::generate::site::InputSite;
use crate::pattern::{DocumentedPattern, SeededDraw};
use indexmap::IndexMap;

/// Number of characters of a text that differ from case to case.
const UNIQUE_CHARACTERS: usize = 10;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let Some(length) = shape.length else { return Vec::new() };
    let mut out = Vec::new();
    // A documented minimum of 0 is a promise, too: the empty text is valid.
    if let Some(min) = length.min.filter(|min| *min > 0 || site.is_in_body()) {
        add_limit_cases(
            context,
            site,
            LengthLimit { shape, field: FactField::LengthMin, value: min, is_upper: false, only_plain: false },
            &mut out,
        );
    }
    if let Some(max) = length.max {
        let limits = LengthLimit { shape, field: FactField::LengthMax, value: max, is_upper: true, only_plain: false };
        // A documented maximum alone leaves the empty text valid.
        if length.min.is_none() && site.is_in_body() && !site.is_key() && matches!(shape.kind, ShapeKind::String) {
            add_sized_case(context, site, &limits, 0, "empty", IntendedOutcome::Valid, &mut out);
        }
        add_limit_cases(context, site, limits, &mut out);
    }
    if let ShapeKind::Map { .. } = shape.kind {
        out.extend(build_full_map_case(context, site, shape));
    }
    out
}

/// Builds a case with a value of exactly this size, which is meant to be valid or not.
pub(crate) fn case_with_length(
    context: &OperationContext<'_>,
    site: &InputSite,
    size: u64,
    valid: bool,
) -> Option<Case> {
    let outcome =
        if valid { IntendedOutcome::Valid } else { IntendedOutcome::Violates(site.path.clone(), Constraint::Length) };
    let shape = context.shape(site);
    let value = shape.length().max.unwrap_or(size);
    let limit = LengthLimit { shape, field: FactField::LengthMax, value, is_upper: true, only_plain: true };
    let mut out = Vec::new();
    add_sized_case(context, site, &limit, size, &format!("size-{size}"), outcome, &mut out);
    out.into_iter().next()
}

struct LengthLimit<'s> {
    shape: &'s Shape,
    field: FactField,
    value: u64,
    is_upper: bool,
    /// Whether the plain text of a size is enough.
    only_plain: bool,
}

impl LengthLimit<'_> {
    fn describe(&self) -> String {
        let (one, many) = length_unit(&self.shape.kind);
        format!("at {} {}", if self.is_upper { "most" } else { "least" }, pluralize(self.value, one, many))
    }

    fn find_fact(&self) -> Option<&Fact> {
        self.shape.preferred_fact(&self.field)
    }
}

fn add_limit_cases(context: &OperationContext<'_>, site: &InputSite, limit: LengthLimit<'_>, out: &mut Vec<Case>) {
    let (boundary_variant, past_variant) =
        if limit.is_upper { ("at-max", "above-max") } else { ("at-min", "below-min") };
    let disputed = limit.shape.disputed_numbers(&limit.field);
    // If sources disagree about a limit, a size is a violation only if none of them allows it; the response to a
    // size that only some allow is recorded.
    let outermost = if limit.is_upper { disputed.last() } else { disputed.first() }.copied().unwrap_or(limit.value);
    let past_limit = if limit.is_upper { outermost.checked_add(1) } else { outermost.checked_sub(1) };
    add_sized_case(context, site, &limit, limit.value, boundary_variant, IntendedOutcome::Valid, out);
    for stated in disputed.iter().filter(|stated| **stated != limit.value) {
        add_sized_case(
            context,
            site,
            &limit,
            *stated,
            &format!("{boundary_variant}-{stated}"),
            IntendedOutcome::Valid,
            out,
        );
    }
    if let Some(past) = past_limit {
        add_sized_case(
            context,
            site,
            &limit,
            past,
            past_variant,
            IntendedOutcome::Violates(site.path.clone(), Constraint::Length),
            out,
        );
    }
}

fn add_sized_case(
    context: &OperationContext<'_>,
    site: &InputSite,
    limit: &LengthLimit<'_>,
    size: u64,
    variant: &str,
    outcome: IntendedOutcome,
    out: &mut Vec<Case>,
) {
    let too_large = |most: u64| size > most;
    let build_unsendable =
        |reason: &str| context.build_unsendable_case(site, Constraint::Length, variant, limit.describe(), reason);
    match &limit.shape.kind {
        ShapeKind::List { .. } | ShapeKind::Map { .. } if too_large(MAX_ENTRIES) => {
            out.push(build_unsendable("more entries than overstep sends"))
        }
        ShapeKind::List { .. } | ShapeKind::Map { .. } if too_large(most_entries(context, limit.shape)) => {
            out.push(build_unsendable("more bytes than overstep sends"))
        }
        ShapeKind::List { .. } | ShapeKind::Map { .. } if size == 0 && !site.is_in_body() => {
            out.push(build_unsendable("an empty list is invisible outside a body"));
        }
        ShapeKind::List { .. } | ShapeKind::Map { .. } => {
            out.extend(context.build_member_case(
                site,
                Constraint::Length,
                variant,
                limit.describe(),
                limit.find_fact(),
                outcome,
                |sampler| build_entries(sampler, site, limit.shape, size),
            ));
        }
        ShapeKind::Blob if too_large(max_characters(site.location)) => {
            out.push(build_unsendable("larger than overstep sends"))
        }
        ShapeKind::Blob => out.extend(context.build_member_case(
            site,
            Constraint::Length,
            variant,
            limit.describe(),
            limit.find_fact(),
            outcome,
            |_| Some(Value::Blob(b"overstep".iter().copied().cycle().take(size as usize).collect())),
        )),
        ShapeKind::String | ShapeKind::Enum { .. } => {
            if too_large(max_characters(site.location)) {
                out.push(build_unsendable("longer than overstep sends"));
            } else if size == 0 && site.is_label() {
                out.push(build_unsendable("an empty segment changes the path"));
            } else {
                add_text_cases(context, site, limit, size, variant, &outcome, out);
            }
        }
        _ => {}
    }
}

/// Returns the maximum number of entries whose plain values together are not larger than what overstep sends.
fn most_entries(context: &OperationContext<'_>, shape: &Shape) -> u64 {
    let size: u64 = shape.child_shape_ids().map(|id| context.plan.testable.plain_size(id)).sum();
    MAX_CONTENT_SIZE / size.max(1)
}

fn add_text_cases(
    context: &OperationContext<'_>,
    site: &InputSite,
    limit: &LengthLimit<'_>,
    size: u64,
    variant: &str,
    outcome: &IntendedOutcome,
    out: &mut Vec<Case>,
) {
    let sized_texts = SizedTexts::for_site(context, site, size, matches!(outcome, IntendedOutcome::Valid));
    let is_unique = matches!(outcome, IntendedOutcome::Valid) && names_new_resource(context, site);
    // If the pattern has no member of this size, a violation of the length violates the pattern, too.
    let coincide = context.pattern(site).map(|pattern| pattern.length_range());
    let coincide = coincide.is_some_and(|(least, most)| (size as usize) < least || size as usize > most);
    let at = |variant: String, outcome: IntendedOutcome, text: &dyn Fn() -> Option<String>| {
        context.build_member_case(
            site,
            Constraint::Length,
            variant,
            limit.describe(),
            limit.find_fact(),
            outcome,
            |_| text().map(|text| if is_unique { unique_text(context, site, &text) } else { Value::Text(text) }),
        )
    };
    let Some(all) = sized_texts else {
        if coincide && matches!(outcome, IntendedOutcome::Violates(..)) {
            let outcome =
                IntendedOutcome::ViolatesEquivalent(site.path.clone(), Constraint::Length, Constraint::Pattern);
            out.extend(at(variant.to_owned(), outcome, &|| Some(repeat_to_length("overstep", size as usize))));
        } else {
            let reason =
                format!("every text of {} violates another constraint", pluralize(size, "character", "characters"));
            out.push(context.build_unsendable_case(site, Constraint::Length, variant, limit.describe(), &reason));
        }
        return;
    };
    out.extend(at(variant.to_owned(), outcome.clone(), &|| Some(all.plain.clone())));
    for name in all.other_variants().iter().filter(|_| !limit.only_plain) {
        let case = at(format!("{variant}-{name}"), outcome.clone(), &|| all.build_text(name));
        // Longer encodings may exceed a byte budget; the plain text alone tests the limit then.
        out.extend(case.filter(|case| case.unsendable_reason.is_none()));
    }
}

/// Returns true if a member of a web API names what is created, so that its value must differ from case to case.
fn names_new_resource(context: &OperationContext<'_>, site: &InputSite) -> bool {
    let notes = context.plan.scenario.operation_notes(context.operation.name.as_str());
    !context.plan.is_only_modelled && notes.is_some_and(|notes| notes.fresh_members.contains(&site.path.to_string()))
}

/// Returns a text of the same length that differs from run to run and from case to case, if the pattern allows one.
fn unique_text(context: &OperationContext<'_>, site: &InputSite, text: &str) -> Value {
    let chars: Vec<char> = text.chars().collect();
    // A space at the edge stays there.
    let start = usize::from(chars.first() == Some(&' '));
    let end = start + UNIQUE_CHARACTERS;
    if end + 1 >= chars.len() {
        return Value::text(text);
    }
    let unique = UniqueText { kind: UniqueTextKind::Lower, length: UNIQUE_CHARACTERS, resource: 1 };
    let around = |middle: &str| {
        let part = |chars: &[char]| chars.iter().collect::<String>();
        format!("{}{middle}{}", part(&chars[..start]), part(&chars[end..]))
    };
    let is_allowed = |text: &String| context.pattern(site).is_none_or(|pattern| pattern.matches(text));
    match !text.contains(['{', '}']) && unique.samples().iter().all(|sample| is_allowed(&around(sample))) {
        true => Value::Template(around(&unique.placeholder())),
        false => Value::text(text),
    }
}

/// Returns a plain text of this length for a site, which must be rejected for its length.
pub(super) fn text_of_length(context: &OperationContext<'_>, site: &InputSite, size: u64) -> Option<String> {
    SizedTexts::for_site(context, site, size, false).map(|all| all.plain)
}

/// Texts of exactly `size` code points that the site's pattern and enum allow: a plain one, and ones whose size differs
/// in bytes, in UTF-16 units, after normalization or after trimming. The latter are built on demand.
///
/// In a text that must be rejected for its length, the pattern needs to match only a part: no reading of the pattern
/// makes such a text valid.
struct SizedTexts<'w> {
    shape: &'w Shape,
    pattern: Option<&'w DocumentedPattern>,
    size: usize,
    /// Whether the pattern must match the whole text.
    matches_whole: bool,
    /// Whether only the plain text can be sent.
    only_plain: bool,
    plain: String,
}

impl<'w> SizedTexts<'w> {
    /// Returns `None` if no text has this size.
    fn for_site(context: &OperationContext<'w>, site: &InputSite, size: u64, whole: bool) -> Option<Self> {
        let only_plain = size == 0 || matches!(site.location, MemberLocation::Header | MemberLocation::Cookie);
        let size = size as usize;
        let (shape, pattern) = (context.shape(site), context.pattern(site));
        // Another case may have created a resource under a short name, so an unknown name needs another text.
        let unit = if names_foreign_resource(context, site) { "unknown" } else { "overstep" };
        let mut all =
            Self { shape, pattern, size, matches_whole: whole, only_plain, plain: repeat_to_length(unit, size) };
        if !all.is_allowed(&all.plain) {
            let purpose = format!("length/{}/{}/{size}", context.operation.name, site.path);
            let mut draw = SeededDraw::new(context.plan.options.seed, &purpose);
            all.plain = pattern.and_then(|pattern| pattern.draw_member(&mut draw, Some(size)))?;
        }
        Some(all)
    }

    fn other_variants(&self) -> &'static [&'static str] {
        match self.size {
            _ if self.only_plain => &[],
            0..3 => &["two-byte", "astral", "combining"],
            _ => &["two-byte", "astral", "combining", "padded", "trailing-space"],
        }
    }

    fn is_allowed(&self, text: &str) -> bool {
        self.pattern.is_none_or(|pattern| pattern.matches(text))
            && (!matches!(self.shape.kind, ShapeKind::Enum { .. }) || self.shape.undisputed_values().contains(&text))
    }

    fn build_text(&self, name: &str) -> Option<String> {
        let size = self.size;
        let found_in =
            |text: &str| !self.matches_whole && self.pattern.is_some_and(|pattern| pattern.is_found_in(text));
        let fits = |text: &String| text.chars().count() == size && (self.is_allowed(text) || found_in(text));
        // If a pattern allows such characters only in some positions, one of them comes last.
        let ends_in = |c: char| {
            let mut text = self.plain.clone();
            text.pop();
            text.push(c);
            Some(text).filter(fits)
        };
        let all_of = |unit: &str, last: char| Some(repeat_to_length(unit, size)).filter(fits).or_else(|| ends_in(last));
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
fn names_foreign_resource(context: &OperationContext<'_>, site: &InputSite) -> bool {
    let notes = context.plan.scenario.operation_notes(context.operation.name.as_str());
    context.plan.is_only_modelled
        && is_owned_identifier(context.plan, context.operation, &site.path)
        && !notes.is_some_and(|notes| notes.fresh_members.contains(&site.path.to_string()))
}

/// Returns a list or map of exactly `size` entries, all different as far as the shape allows.
pub(super) fn build_entries(sampler: &InputSampler<'_>, site: &InputSite, shape: &Shape, size: u64) -> Option<Value> {
    match &shape.kind {
        ShapeKind::List { member } => {
            let place = site.path.join(PathSegment::Item);
            let first = sampler.distinct_item(member, &place, 0, 1);
            // A compound item is built once; its copies differ in their texts.
            let mut items = match &first {
                Value::List(_) | Value::Map(_) => sampler.distinct_copies(&first, member, &place, size),
                _ => (0..size).map(|index| sampler.distinct_item(member, &place, index, 1)).collect(),
            };
            sampler.separate_items(shape, member, &site.path, &mut items);
            Some(Value::List(items))
        }
        ShapeKind::Map { key, value } => {
            let place = site.path.join(PathSegment::Value);
            let entry = (size > 0).then(|| sampler.sample_value(value, &place));
            let mut out = IndexMap::new();
            let mut index = 0;
            while (out.len() as u64) < size {
                out.insert(sampler.sample_key(key, &site.path, index), entry.clone()?);
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
fn build_full_map_case(context: &OperationContext<'_>, site: &InputSite, shape: &Shape) -> Option<Case> {
    let ShapeKind::Map { key, value } = &shape.kind else { return None };
    let contract = context.plan.contract;
    let entries = shape.length.and_then(|length| length.max).filter(|max| (1..=64).contains(max))?;
    let longest = |id| {
        let shape: &Shape = contract.shape(id);
        matches!(shape.kind, ShapeKind::String).then(|| shape.length().max).flatten().filter(|max| *max <= 4096)
    };
    let (key_size, value_size) = (longest(key)?, longest(value));
    let rule = format!("at most {}", pluralize(entries, "entry", "entries"));
    context.build_member_case(
        site,
        Constraint::Length,
        "at-max-with-longest",
        rule,
        shape.preferred_fact(&FactField::LengthMax),
        IntendedOutcome::Valid,
        |sampler| {
            let mut draw =
                SeededDraw::new(context.plan.options.seed, &format!("full/{}/{}", context.operation.name, site.path));
            let pattern = context.plan.patterns.get(key);
            let value_pattern = context.plan.patterns.get(value);
            let mut out = IndexMap::new();
            for index in 0..entries * 4 {
                if out.len() as u64 == entries {
                    break;
                }
                let name = match pattern {
                    Some(pattern) => pattern.draw_member(&mut draw, Some(key_size as usize))?,
                    None => format!("{index:0>width$}", width = key_size as usize),
                };
                let entry = match (value_size, value_pattern) {
                    (Some(size), None) => Value::Text("v".repeat(size as usize)),
                    (Some(size), Some(pattern)) => Value::Text(pattern.draw_member(&mut draw, Some(size as usize))?),
                    (None, _) => sampler.sample_value(value, &site.path.join(PathSegment::Value)),
                };
                out.insert(name, entry);
            }
            (out.len() as u64 == entries).then_some(Value::Map(out))
        },
    )
}
