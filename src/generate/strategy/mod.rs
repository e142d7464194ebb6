//! Test strategies, one per file: each is one way to test a limit at the boundary and past it.
//!
//! A strategy proposes case specs; the gate in `draft.rs` decides what each of them really tests. Strategies never send
//! anything, and never know a protocol's bytes.

mod accumulated_budget;
mod auth;
mod byte_budget;
mod canary;
mod empty_values;
mod enums;
mod laws;
mod length;
mod malformed;
mod missing;
mod pairs;
mod partial_write;
mod path_encoding;
mod patterns;
mod random;
mod range;
mod reader_laws;
mod recursion;
mod required;
mod rules;
mod sequences;
mod size_ladder;
mod types;
mod valid;

pub(crate) use byte_budget::reserve_byte_budget;
pub(crate) use canary::{CANARY, build_canary};
pub(crate) use length::case_with_length as text_or_entries_of;
pub(crate) use range::case_with_number as number_of;
pub(crate) use sequences::{ACTIONS_PER_SEQUENCE, partial_sequence as part_of_sequence};
pub(crate) use valid::{build_control, cases as valid};

use super::Value;
use super::case::{Case, Intent};
use super::case_spec::{CaseRequest, CaseSpec, CaseSubject, IntendedOutcome, PlanContext};
use super::input_checker::integer_bounds;
use super::input_sampler::InputSampler;
use super::pattern::DocumentedPattern;
use super::site::InputSite;
use crate::contract::{Constraint, Fact, MemberLocation, Operation, Shape, ShapeKind};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A strategy that generates cases for one site of an input.
pub(crate) type SiteStrategy = fn(&OperationContext<'_>, &InputSite) -> Vec<Case>;
/// A strategy that generates cases for an operation as a whole.
pub(crate) type OperationStrategy = fn(&OperationContext<'_>) -> Vec<Case>;

/// Strategies for each site of an operation's input, in the order of sending.
pub(crate) const SITE_STRATEGIES: &[SiteStrategy] = &[
    required::cases,
    length::cases,
    range::cases,
    patterns::cases,
    enums::cases,
    types::cases,
    byte_budget::cases,
    accumulated_budget::cases,
    size_ladder::cases,
    empty_values::cases,
    path_encoding::cases,
    recursion::cases,
];

/// Strategies for each operation, in the order of sending. They come before the sites.
pub(crate) const OPERATION_STRATEGIES: &[OperationStrategy] = &[
    valid::cases,
    rules::cases,
    missing::cases,
    auth::cases,
    malformed::cases,
    pairs::cases,
    malformed::unspecified_cases,
    random::cases,
    laws::cases,
    sequences::cases,
];

/// What a strategy works with: one operation of one plan.
pub(crate) struct OperationContext<'p> {
    pub plan: &'p PlanContext<'p>,
    pub operation: &'p Operation,
    pub sites: &'p [InputSite],
    /// The kinds generated so far, if the first case of each kind is enough.
    pub first_of_kind: Option<&'p FirstOfKind>,
}

/// The kinds of cases generated so far, so that further cases of the same kind are not built only to be dropped.
#[derive(Default)]
pub(crate) struct FirstOfKind(Mutex<HashSet<(String, Intent)>>);

impl FirstOfKind {
    fn lock(&self) -> MutexGuard<'_, HashSet<(String, Intent)>> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Maximum length of a text or blob in a body, in characters or bytes.
const MAX_BODY_SIZE: u64 = 1 << 20;
/// Maximum length of a text in a path, a query or a header. Servers commonly limit the request head to 8 KiB.
const MAX_HEAD_SIZE: u64 = 4096;
/// Maximum number of entries of a list or map.
const MAX_ENTRIES: u64 = 20_000;

impl<'p> OperationContext<'p> {
    pub fn shape(&self, site: &InputSite) -> &'p Shape {
        self.plan.contract.shape(&site.shape)
    }

    pub fn pattern(&self, site: &InputSite) -> Option<&'p DocumentedPattern> {
        self.plan.patterns.get(&site.shape)
    }

    /// Builds a case about one constraint of one site, with the given value there.
    #[expect(clippy::too_many_arguments, reason = "what a case is made of; a struct would only repeat these names")]
    pub fn build_member_case(
        &self,
        site: &InputSite,
        constraint: Constraint,
        variant: impl Into<String>,
        rule: impl Into<String>,
        fact: Option<&Fact>,
        aim: IntendedOutcome,
        value: impl FnOnce(&InputSampler<'_>) -> Option<Value>,
    ) -> Option<Case> {
        let draft = CaseSpec {
            subject: CaseSubject::Member(site),
            kind: constraint.name().to_owned(),
            variant: variant.into(),
            rule: rule.into(),
            source: self.plan.documented_at(fact, self.operation),
            outcome: aim,
        };
        self.build_case(draft, |sampler| {
            value(sampler).map(|value| CaseRequest::new(sampler.input_with_value(site, value)))
        })
    }

    /// Builds a case, or returns `None` if there is no request for it, or if the first case of each kind is enough and
    /// this kind exists already.
    pub fn build_case(
        &self,
        draft: CaseSpec<'_>,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) -> Option<Case> {
        let Some(first_of_kind) = self.first_of_kind else {
            return self.plan.build_case(self.operation, draft, request);
        };
        let kind = draft.id_prefix(&self.plan.scenario.name, self.operation);
        let key = (kind, draft.intended_intent());
        if first_of_kind.lock().contains(&key) {
            return None;
        }
        let case = self.plan.build_case(self.operation, draft, request)?;
        if case.unsendable_reason.is_none() {
            first_of_kind.lock().insert((key.0, case.intent));
        }
        Some(case)
    }

    /// Builds a case of a class that has no member, such as `malformed` or `auth`.
    pub fn build_class_case(
        &self,
        class: &'static str,
        kind: impl Into<String>,
        variant: impl Into<String>,
        rule: impl Into<String>,
        aim: IntendedOutcome,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) -> Option<Case> {
        let draft = CaseSpec {
            subject: CaseSubject::Class(class),
            kind: kind.into(),
            variant: variant.into(),
            rule: rule.into(),
            source: self.operation.sources.first().cloned(),
            outcome: aim,
        };
        self.build_case(draft, request)
    }

    /// Builds a case that is listed but cannot be sent.
    pub fn build_unsendable_case(
        &self,
        site: &InputSite,
        constraint: Constraint,
        variant: &str,
        rule: String,
        reason: &str,
    ) -> Case {
        let draft = CaseSpec {
            subject: CaseSubject::Member(site),
            kind: constraint.name().to_owned(),
            variant: variant.to_owned(),
            rule,
            source: self.plan.documented_at(None, self.operation),
            outcome: IntendedOutcome::Violates(site.path.clone(), constraint),
        };
        self.plan.build_unsent_case(self.operation, draft, reason)
    }

    /// Returns true if requests of this operation have a document as their body, rather than bytes or a text.
    pub fn has_document(&self) -> bool {
        self.sites.iter().any(|site| match site.location {
            MemberLocation::Body => true,
            MemberLocation::Payload => {
                !matches!(self.shape(site).kind, ShapeKind::Blob | ShapeKind::String | ShapeKind::Enum { .. })
            }
            _ => false,
        })
    }

    /// Returns the first text in the body without pattern, enum or meaning of its own, or else any string in the body.
    pub fn find_free_text(&self) -> Option<&'p InputSite> {
        let texts =
            || self.sites.iter().filter(|site| site.is_in_body() && !site.is_key() && self.shape(site).kind.is_text());
        let free = |site: &&InputSite| {
            matches!(self.shape(site).kind, ShapeKind::String)
                && self.pattern(site).is_none()
                && !super::resource_status::is_owned_identifier(self.plan, self.operation, &site.path)
        };
        texts().find(free).or_else(|| texts().find(|site| matches!(self.shape(site).kind, ShapeKind::String)))
    }
}

/// Returns the maximum length of a text, which depends on its location.
fn max_characters(site: &InputSite) -> u64 {
    match site.location {
        MemberLocation::Body | MemberLocation::Payload => MAX_BODY_SIZE,
        _ => MAX_HEAD_SIZE,
    }
}

/// Returns the minimum and maximum that a shape's type and range allow.
pub(crate) fn integer_range(shape: &Shape) -> (i128, i128) {
    let (type_min, type_max) = integer_bounds(&shape.kind);
    let parse_limit =
        |number: &Option<serde_json::Number>| number.as_ref().and_then(|number| number.to_string().parse().ok());
    let range = shape.range.clone().unwrap_or_default();
    let low: i128 = parse_limit(&range.min).unwrap_or(type_min).max(type_min);
    (low, parse_limit(&range.max).unwrap_or(type_max).min(type_max).max(low))
}

/// Returns a count with its unit: `1 entry`, `2 entries`.
pub(crate) fn pluralize(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

pub(crate) fn length_unit(kind: &ShapeKind) -> (&'static str, &'static str) {
    match kind {
        ShapeKind::Blob => ("byte", "bytes"),
        ShapeKind::List { .. } => ("item", "items"),
        ShapeKind::Map { .. } => ("entry", "entries"),
        _ => ("character", "characters"),
    }
}
