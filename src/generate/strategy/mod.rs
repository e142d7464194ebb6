//! Test strategies, one per file: each is one way to test a limit at the boundary and past it.
//!
//! A strategy proposes case specs; the gate in `draft.rs` decides what each of them really tests. Strategies never send
//! anything, and never know a protocol's bytes.

mod auth;
mod bytes;
mod canary;
mod empties;
mod enums;
mod ladder;
mod laws;
mod length;
mod malformed;
mod missing;
mod pairs;
mod patterns;
mod random;
mod range;
mod readers;
mod recursion;
mod required;
mod rules;
mod segments;
mod sequences;
mod stored;
mod traces;
mod types;
mod valid;

pub(crate) use bytes::with_room;
pub(crate) use canary::{CANARY, canary};
pub(crate) use length::of_size as text_or_entries_of;
pub(crate) use range::of_size as number_of;
pub(crate) use sequences::{ACTIONS, part as part_of_sequence};
pub(crate) use valid::{cases as valid, control};

use super::Value;
use super::case::{Case, Intent};
use super::draft::{Aim, Draft, Place, Planner, Request};
use super::label::integer_bounds;
use super::pattern::Pattern;
use super::sample::Sampler;
use super::site::Site;
use crate::contract::{Constraint, Fact, Kind, Location, Operation, Shape};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A strategy that generates cases for one site of an input.
pub(crate) type AtSite = fn(&Work<'_>, &Site) -> Vec<Case>;
/// A strategy that generates cases for an operation as a whole.
pub(crate) type OfOperation = fn(&Work<'_>) -> Vec<Case>;

/// Strategies for each site of an operation's input, in the order of sending.
pub(crate) const AT_SITES: &[AtSite] = &[
    required::cases,
    length::cases,
    range::cases,
    patterns::cases,
    enums::cases,
    types::cases,
    bytes::cases,
    stored::cases,
    ladder::cases,
    empties::cases,
    segments::cases,
    recursion::cases,
];

/// Strategies for each operation, in the order of sending. They come before the sites.
pub(crate) const OF_OPERATIONS: &[OfOperation] = &[
    valid::cases,
    rules::cases,
    missing::cases,
    auth::cases,
    malformed::cases,
    pairs::cases,
    malformed::open,
    random::cases,
    laws::cases,
    sequences::cases,
];

/// What a strategy works with: one operation of one plan.
pub(crate) struct Work<'p> {
    pub planner: &'p Planner<'p>,
    pub operation: &'p Operation,
    pub sites: &'p [Site],
    /// The kinds generated so far, if the first case of each kind is enough.
    pub firsts: Option<&'p Firsts>,
}

/// The kinds of cases generated so far, so that further cases of the same kind are not built only to be dropped.
#[derive(Default)]
pub(crate) struct Firsts(Mutex<HashSet<(String, Intent)>>);

impl Firsts {
    fn all(&self) -> MutexGuard<'_, HashSet<(String, Intent)>> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Maximum length of a text or blob in a body, in characters or bytes.
const MOST_IN_BODY: u64 = 1 << 20;
/// Maximum length of a text in a path, a query or a header. Servers commonly limit the request head to 8 KiB.
const MOST_IN_HEAD: u64 = 4096;
/// Maximum number of entries of a list or map.
const MOST_ENTRIES: u64 = 20_000;

impl<'p> Work<'p> {
    pub fn shape(&self, site: &Site) -> &'p Shape {
        self.planner.contract.shape(&site.shape)
    }

    pub fn pattern(&self, site: &Site) -> Option<&'p Pattern> {
        self.planner.patterns.get(&site.shape)
    }

    /// Builds a case about one constraint of one site, with the given value there.
    #[expect(clippy::too_many_arguments, reason = "what a case is made of; a struct would only repeat these names")]
    pub fn at(
        &self,
        site: &Site,
        constraint: Constraint,
        variant: impl Into<String>,
        rule: impl Into<String>,
        fact: Option<&Fact>,
        aim: Aim,
        value: impl FnOnce(&Sampler<'_>) -> Option<Value>,
    ) -> Option<Case> {
        let draft = Draft {
            place: Place::Member(site),
            kind: constraint.name().to_owned(),
            variant: variant.into(),
            rule: rule.into(),
            source: self.planner.source(fact, self.operation),
            aim,
        };
        self.case(draft, |sampler| value(sampler).map(|value| Request::of(sampler.set(site, value))))
    }

    /// Builds a case, or returns `None` if there is no request for it, or if the first case of each kind is enough and
    /// this kind exists already.
    pub fn case(&self, draft: Draft<'_>, request: impl FnOnce(&Sampler<'_>) -> Option<Request>) -> Option<Case> {
        let Some(firsts) = self.firsts else { return self.planner.case(self.operation, draft, request) };
        let kind = draft.kind_in(&self.planner.scenario.name, self.operation);
        let key = (kind, draft.meant());
        if firsts.all().contains(&key) {
            return None;
        }
        let case = self.planner.case(self.operation, draft, request)?;
        if case.unsendable.is_none() {
            firsts.all().insert((key.0, case.intent));
        }
        Some(case)
    }

    /// Builds a case of a class that has no member, such as `malformed` or `auth`.
    pub fn of_class(
        &self,
        class: &'static str,
        kind: impl Into<String>,
        variant: impl Into<String>,
        rule: impl Into<String>,
        aim: Aim,
        request: impl FnOnce(&Sampler<'_>) -> Option<Request>,
    ) -> Option<Case> {
        let draft = Draft {
            place: Place::Class(class),
            kind: kind.into(),
            variant: variant.into(),
            rule: rule.into(),
            source: self.operation.sources.first().cloned(),
            aim,
        };
        self.case(draft, request)
    }

    /// Builds a case that is listed but cannot be sent.
    pub fn not_sent(&self, site: &Site, constraint: Constraint, variant: &str, rule: String, reason: &str) -> Case {
        let draft = Draft {
            place: Place::Member(site),
            kind: constraint.name().to_owned(),
            variant: variant.to_owned(),
            rule,
            source: self.planner.source(None, self.operation),
            aim: Aim::Breaks(site.path.clone(), constraint),
        };
        self.planner.not_sent(self.operation, draft, reason)
    }

    /// Returns true if requests of this operation have a document as their body, rather than bytes or a text.
    pub fn has_document(&self) -> bool {
        self.sites.iter().any(|site| match site.location {
            Location::Body => true,
            Location::Payload => !matches!(self.shape(site).kind, Kind::Blob | Kind::String | Kind::Enum { .. }),
            _ => false,
        })
    }

    /// Returns the first text in the body without pattern, enum or meaning of its own, or else any string in the body.
    pub fn free_text(&self) -> Option<&'p Site> {
        let texts =
            || self.sites.iter().filter(|site| site.in_body() && !site.is_key() && self.shape(site).kind.is_text());
        let free = |site: &&Site| {
            matches!(self.shape(site).kind, Kind::String)
                && self.pattern(site).is_none()
                && !super::resource::is_owned_identifier(self.planner, self.operation, &site.path)
        };
        texts().find(free).or_else(|| texts().find(|site| matches!(self.shape(site).kind, Kind::String)))
    }
}

/// Returns the maximum length of a text, which depends on its location.
fn most_characters(site: &Site) -> u64 {
    match site.location {
        Location::Body | Location::Payload => MOST_IN_BODY,
        _ => MOST_IN_HEAD,
    }
}

/// Returns the minimum and maximum that a shape's type and range allow.
pub(crate) fn integer_range(shape: &Shape) -> (i128, i128) {
    let (least, most) = integer_bounds(&shape.kind);
    let limit =
        |number: &Option<serde_json::Number>| number.as_ref().and_then(|number| number.to_string().parse().ok());
    let range = shape.range.clone().unwrap_or_default();
    let low: i128 = limit(&range.min).unwrap_or(least).max(least);
    (low, limit(&range.max).unwrap_or(most).min(most).max(low))
}

/// Returns a count with its unit: `1 entry`, `2 entries`.
pub(crate) fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

pub(crate) fn unit(kind: &Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Blob => ("byte", "bytes"),
        Kind::List { .. } => ("item", "items"),
        Kind::Map { .. } => ("entry", "entries"),
        _ => ("character", "characters"),
    }
}
