//! What a strategy works with: one operation of one plan, and the ways to build a case for it.
//!
//! It chooses no values and knows no strategy.

use crate::case::{Case, Intent, Value};
use crate::contract::{Constraint, Fact, MemberLocation, Operation, Shape, ShapeKind};
use crate::generate::case_spec::{CaseRequest, CaseSpec, CaseSubject, IntendedOutcome};
use crate::generate::input_sampler::InputSampler;
use crate::generate::plan_context::PlanContext;
use crate::generate::site::InputSite;
use crate::pattern::DocumentedPattern;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
        outcome: IntendedOutcome,
        value: impl FnOnce(&InputSampler<'_>) -> Option<Value>,
    ) -> Option<Case> {
        let spec = CaseSpec {
            subject: CaseSubject::Member(site),
            kind: constraint.name().to_owned(),
            variant: variant.into(),
            rule: rule.into(),
            source: self.plan.documented_at(fact, self.operation),
            outcome,
        };
        self.build_case(spec, |sampler| {
            value(sampler).map(|value| CaseRequest::new(sampler.input_with_value(site, value)))
        })
    }

    /// Builds a case, or returns `None` if there is no request for it, or if the first case of each kind is enough and
    /// this kind exists already.
    pub fn build_case(
        &self,
        spec: CaseSpec<'_>,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) -> Option<Case> {
        let Some(first_of_kind) = self.first_of_kind else {
            return self.plan.build_case(self.operation, spec, request);
        };
        let kind = spec.id_prefix(&self.plan.scenario.name, self.operation);
        let key = (kind, spec.intended_intent());
        if first_of_kind.lock().contains(&key) {
            return None;
        }
        let case = self.plan.build_case(self.operation, spec, request)?;
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
        outcome: IntendedOutcome,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) -> Option<Case> {
        let spec = CaseSpec {
            subject: CaseSubject::Class(class),
            kind: kind.into(),
            variant: variant.into(),
            rule: rule.into(),
            source: self.operation.sources.first().cloned(),
            outcome,
        };
        self.build_case(spec, request)
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
        let spec = CaseSpec {
            subject: CaseSubject::Member(site),
            kind: constraint.name().to_owned(),
            variant: variant.to_owned(),
            rule,
            source: self.plan.documented_at(None, self.operation),
            outcome: IntendedOutcome::Violates(site.path.clone(), constraint),
        };
        self.plan.build_unsent_case(self.operation, spec, reason)
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
                && !crate::generate::resource_status::is_owned_identifier(self.plan, self.operation, &site.path)
        };
        texts().find(free).or_else(|| texts().find(|site| matches!(self.shape(site).kind, ShapeKind::String)))
    }
}
