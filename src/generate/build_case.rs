//! Builds a case with id, steps, label and expectation from a specification such as "this member, this value".
//!
//! It never chooses what to test: the strategies do.

use super::case_spec::{CaseRequest, CaseSpec, CaseSubject, IntendedOutcome};
use super::fixture_steps;
use super::input_sampler::InputSampler;
use super::plan_context::PlanContext;
use super::stored_budget::reserve_byte_budget;
use crate::case::{Case, CaseId, Expectation, Intent, JudgedPart, Step, StepPurpose, StepRequest};
use crate::contract::{MemberPath, Operation};

impl PlanContext<'_> {
    /// Builds a case: creates its id, calls `request` for the input, and labels the result.
    ///
    /// Returns `None` if `request` returns `None`, which means that no such input exists.
    pub fn build_case(
        &self,
        operation: &Operation,
        spec: CaseSpec<'_>,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) -> Option<Case> {
        let (place, member, class) = match &spec.subject {
            CaseSubject::Member(site) => (site.path.to_string(), Some(site.path.clone()), "member"),
            CaseSubject::Path(path) => (path.to_string(), Some(path.clone()), "input"),
            CaseSubject::Class(class) => ((*class).to_owned(), None, *class),
        };
        let id = self.case_id(operation, &place, &spec.kind, &spec.variant);
        let request = request(&self.input_sampler(operation, &id))?;
        let (intent, expectation) = match self.classify_request(operation, &spec, &id, &request) {
            Ok(label) => label,
            Err(reason) => return Some(self.build_unsendable_case(operation, id, spec, member, class, reason)),
        };
        let authorization = request.authorization.clone().unwrap_or_else(|| self.default_authorization());
        let cleanup = fixture_steps::build_cleanup(self, operation, &id, &request.input);
        let mut act = Step {
            purpose: StepPurpose::Act,
            request: StepRequest::Operation {
                name: operation.name.clone(),
                input: request.input,
                damage: request.damage,
            },
            authorization,
            captures: Vec::new(),
            turn: 0,
            fixture: None,
        };
        let source = match &spec.subject {
            CaseSubject::Class(_) => self.error_source(operation, &expectation),
            _ => None,
        };
        let source = source.or_else(|| spec.source.clone());
        let mut own_steps = Vec::with_capacity(2);
        if let Some((cleanup_step, captures)) = cleanup {
            act.fixture = Some(fixture_steps::created_by_judged_step());
            act.captures = captures;
            own_steps.push(cleanup_step);
        }
        own_steps.insert(0, act);
        let (steps, judged) = fixture_steps::surround_with_fixtures(self, &id, own_steps);
        let case = Case {
            id,
            operation: operation.name.clone(),
            intent,
            member,
            constraint: spec.tested_constraint(),
            class,
            steps,
            judged: JudgedPart::Step(judged),
            expectation,
            rule: spec.rule,
            source,
            unsendable_reason: None,
            is_exclusive: false,
        };
        Some(reserve_byte_budget(self, operation, case))
    }

    /// Builds a case that has an id and is counted, but is not sent.
    fn build_unsendable_case(
        &self,
        operation: &Operation,
        id: CaseId,
        spec: CaseSpec<'_>,
        member: Option<MemberPath>,
        class: &'static str,
        reason: String,
    ) -> Case {
        Case {
            id,
            operation: operation.name.clone(),
            intent: match &spec.outcome {
                IntendedOutcome::Valid => Intent::Valid,
                _ => Intent::Violates,
            },
            member,
            constraint: spec.tested_constraint(),
            class,
            steps: Vec::new(),
            judged: JudgedPart::Step(0),
            expectation: Expectation::Unspecified { reason: reason.clone() },
            rule: spec.rule,
            source: spec.source,
            unsendable_reason: Some(reason),
            is_exclusive: false,
        }
    }

    /// Builds a case that has an id and is counted, but is not sent, from its specification alone.
    pub fn build_unsent_case(&self, operation: &Operation, spec: CaseSpec<'_>, reason: &str) -> Case {
        let (place, member, class) = match &spec.subject {
            CaseSubject::Member(site) => (site.path.to_string(), Some(site.path.clone()), "member"),
            CaseSubject::Path(path) => (path.to_string(), Some(path.clone()), "input"),
            CaseSubject::Class(class) => ((*class).to_owned(), None, *class),
        };
        let id = self.case_id(operation, &place, &spec.kind, &spec.variant);
        self.build_unsendable_case(operation, id, spec, member, class, reason.to_owned())
    }
}
