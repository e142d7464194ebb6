//! Builds a fuzz case from actions: its steps, a [`FuzzCheck`] for each response, and one for the final state.
//!
//! It never sends anything. A case's steps are sent once, and several of its responses are judged.

use super::action::Action;
use super::action_draw::has_body_document;
use super::expectations::{PriorEffects, expect_damaged, expect_response, is_removal, is_write, unspecified};
use super::fuzz_case::{FuzzCase, FuzzCheck};
use super::generator::{FuzzGenerator, StatefulTarget};
use super::placeholders::fill_placeholders;
use super::wire_input::{has_raw_literal, input_on_wire, is_ambiguous_on_wire};
use crate::case::{
    Case, CaseId, Damage, Expectation, Intent, JudgedPart, Law, Step, StepEvent, StepPurpose, StepRequest, Value,
};
use crate::contract::{Operation, OperationName};
use crate::generate::fixture_steps;
use crate::generate::input_checker::Violation;
use std::collections::HashMap;

/// A request that may change the state under test.
#[derive(Clone, Copy)]
pub(super) struct SentRequest<'r> {
    pub operation: &'r Operation,
    pub resource: u32,
    pub input: &'r Value,
    pub violations: &'r [Violation],
    /// The intent of the request if its bytes are damaged.
    pub damaged: Option<Intent>,
    /// Index of the step.
    pub step: usize,
}

/// Builds a fuzz case, action by action.
pub(super) struct FuzzCaseBuilder<'w, 'a> {
    pub(super) generator: &'w FuzzGenerator<'a>,
    pub(super) id: CaseId,
    pub(super) name: String,
    pub(super) is_sequence: bool,
    pub(super) steps: Vec<Step>,
    pub(super) cleanup_steps: Vec<Step>,
    pub(super) checks: Vec<FuzzCheck>,
    pub(super) events: Option<Vec<StepEvent>>,
    pub(super) target: Option<&'w StatefulTarget<'a>>,
    pub(super) has_created_resource: bool,
    /// Number of entries and bytes written so far to each operation's members.
    pub(super) written_totals: HashMap<(OperationName, String), (u64, u64)>,
}

impl FuzzGenerator<'_> {
    /// Builds a case from actions, with a check for each response. `name` determines which resources the case uses.
    /// Returns `None` if there is nothing to send.
    pub fn build_fuzz_case(&self, name: &str, actions: &[Action]) -> Option<FuzzCase> {
        build_fuzz_case(self, name, actions)
    }
}

fn build_fuzz_case(generator: &FuzzGenerator<'_>, name: &str, actions: &[Action]) -> Option<FuzzCase> {
    let about = actions.iter().rev().find_map(|action| match action {
        Action::Send { operation, .. } => Some(operation),
        Action::Read { .. } => None,
    })?;
    let id = CaseId(format!("{}/{about}/fuzz/requests/{name}", generator.context().scenario.name));
    build_fuzz_case_with_id(generator, id, name, actions)
}

/// Like [`build_fuzz_case`], but under the given id, which determines the resources that the case uses.
pub(super) fn build_fuzz_case_with_id(
    generator: &FuzzGenerator<'_>,
    id: CaseId,
    name: &str,
    actions: &[Action],
) -> Option<FuzzCase> {
    let target = actions.iter().find_map(|action| match action {
        Action::Read { operation, member, .. } => generator.stateful_target(operation.as_str(), member),
        Action::Send { .. } => None,
    });
    let mut builder = FuzzCaseBuilder {
        generator,
        id,
        name: name.to_owned(),
        is_sequence: actions.len() > 1,
        steps: Vec::new(),
        cleanup_steps: Vec::new(),
        checks: Vec::new(),
        events: target.map(|_| Vec::new()),
        target,
        has_created_resource: false,
        written_totals: HashMap::new(),
    };
    let mut prior = PriorEffects::default();
    for (index, action) in actions.iter().enumerate() {
        match action {
            Action::Send { operation, resource, input, damage } => {
                builder.add_request(index, operation, *resource, input, damage, prior)?;
                let changes = generator.operation_info(operation.as_str())?.operation;
                prior.may_have_written |= is_write(changes);
                prior.may_have_removed |= is_removal(changes);
            }
            Action::Read { operation, member, resource } => builder.add_read(operation, member, *resource)?,
        }
    }
    builder.finish()
}

impl<'a> FuzzCaseBuilder<'_, 'a> {
    pub(super) fn add_step(&mut self, purpose: StepPurpose, send: StepRequest) -> usize {
        let authorization = self.generator.context().default_authorization();
        let turn = self.steps.len() as u32;
        self.steps.push(Step { purpose, request: send, authorization, captures: Vec::new(), turn, fixture: None });
        self.steps.len() - 1
    }

    fn add_request(
        &mut self,
        index: usize,
        name: &OperationName,
        resource: u32,
        input: &Value,
        damage: &[Damage],
        before: PriorEffects,
    ) -> Option<()> {
        let plan_context = self.generator.context();
        let info = self.generator.operation_info(name.as_str())?;
        let operation = info.operation;
        let mut input = input.clone();
        fill_placeholders(plan_context, operation, &self.id, resource, &mut input);
        let input = input_on_wire(plan_context.contract, operation, input)?;
        let violations = match &operation.input {
            Some(shape) => plan_context.input_checker().violations(shape, &input),
            None => Vec::new(),
        };
        // The cleanup deletes one created resource; a second one would be left behind.
        let cleanup = fixture_steps::build_cleanup(plan_context, operation, &self.id, &input);
        if cleanup.is_some() && std::mem::replace(&mut self.has_created_resource, true) {
            return None;
        }
        let send = StepRequest::Operation { name: name.clone(), input: input.clone(), damage: damage.to_vec() };
        let step = self.add_step(StepPurpose::Act, send);
        if let Some((cleanup_step, captures)) = cleanup {
            self.steps[step].fixture = Some(fixture_steps::created_by_judged_step());
            self.steps[step].captures = captures;
            self.cleanup_steps.push(cleanup_step);
        }
        let is_damaged = !damage.is_empty();
        let before = PriorEffects { may_exceed_stored_limit: self.record_written_sizes(operation, &input), ..before };
        let is_literal = has_raw_literal(&input);
        let (intent, expectation) = if is_ambiguous_on_wire(plan_context.contract, operation, &input) {
            unspecified("a path segment or header that servers may interpret differently")
        } else if is_literal {
            unspecified("a literal that parsers read in different ways")
        } else if is_damaged {
            expect_damaged(self.generator, operation, damage, &violations, has_body_document(info, &input))
        } else {
            expect_response(self.generator, operation, &self.id, &input, resource, &violations, before)
        };
        let damaged = (is_damaged || is_literal).then_some(intent);
        self.record_effect(SentRequest { operation, resource, input: &input, violations: &violations, damaged, step });
        let check = self.build_check(index, operation, intent, expectation, &violations, step);
        self.checks.push(check);
        Some(())
    }

    fn build_check(
        &self,
        index: usize,
        operation: &Operation,
        intent: Intent,
        expectation: Expectation,
        violations: &[Violation],
        step: usize,
    ) -> FuzzCheck {
        let plan_context = self.generator.context();
        let certain_violations = || violations.iter().filter(|violation| violation.is_certain);
        // A single violated constraint gives the check its member; several belong to no member.
        let single_violation = certain_violations().next().filter(|first| {
            intent == Intent::Violates
                && certain_violations().all(|other| other.path == first.path && other.constraint == first.constraint)
        });
        let class = match intent {
            Intent::Valid => "valid",
            Intent::Violates if single_violation.is_some() => "member",
            Intent::Violates => "pair",
            Intent::Malformed => "malformed",
            Intent::Missing => "missing",
            Intent::Auth => "auth",
            Intent::Law => "law",
            Intent::Probe => "probe",
        };
        let (place, kind) = match single_violation {
            Some(violation) if violation.path.0.is_empty() => ("input".to_owned(), violation.constraint.name()),
            Some(violation) => (violation.path.to_string(), violation.constraint.name()),
            None => (class.to_owned(), "fuzz"),
        };
        let variant = if self.is_sequence { format!("{}.{index}", self.name) } else { self.name.clone() };
        let describe_rule = |violation: &Violation| self.generator.describe_rule(operation, violation);
        let rule = match (single_violation, intent) {
            (Some(violation), _) => describe_rule(violation),
            (None, Intent::Valid) => "a valid request is accepted".to_owned(),
            (None, Intent::Violates) => {
                let violated_rules = certain_violations().take(3).map(|violation| match violation.path.to_string() {
                    path if path.is_empty() => describe_rule(violation),
                    path => format!("`{path}`: {}", describe_rule(violation)),
                });
                violated_rules.collect::<Vec<_>>().join("; ")
            }
            (None, Intent::Malformed) => "the body must be a complete document".to_owned(),
            (None, Intent::Missing) => "the resource must exist".to_owned(),
            _ => "no request may make the server fail".to_owned(),
        };
        let source = match single_violation {
            Some(violation) => self.generator.find_source(operation, violation),
            None => operation.sources.first().cloned(),
        };
        FuzzCheck {
            id: plan_context.case_id(operation, &place, kind, &variant),
            action_index: Some(index),
            operation: operation.name.clone(),
            intent,
            member: single_violation.map(|violation| violation.path.clone()),
            constraint: single_violation.map(|violation| violation.constraint),
            class,
            judged: JudgedPart::Step(step),
            expectation,
            rule,
            source,
        }
    }

    fn finish(mut self) -> Option<FuzzCase> {
        let plan_context = self.generator.context();
        let turns = self.steps.len() as u32;
        for (number, step) in self.cleanup_steps.iter_mut().enumerate() {
            step.turn = turns + number as u32;
        }
        let must_run_alone = self.target.is_some_and(|target| !target.is_isolated);
        self.add_state_check();
        let mut own_steps = self.steps;
        own_steps.append(&mut self.cleanup_steps);
        let (steps, first) = fixture_steps::surround_with_fixtures(plan_context, &self.id, own_steps);
        for check in &mut self.checks {
            match &mut check.judged {
                JudgedPart::Step(step) => *step += first,
                JudgedPart::Law(relation) => {
                    if let Law::State { events, .. } = &mut **relation {
                        events.iter_mut().for_each(|event| event.step += first);
                    }
                }
            }
        }
        let mut case = Case {
            id: self.id.clone(),
            operation: self.checks.last()?.operation.clone(),
            intent: Intent::Probe,
            member: None,
            constraint: None,
            class: "fuzz",
            steps,
            judged: JudgedPart::Step(first),
            expectation: Expectation::Unspecified { reason: String::new() },
            rule: String::new(),
            source: None,
            unsendable_reason: None,
            is_exclusive: must_run_alone,
        };
        self.checks.first()?.apply_to(&mut case);
        case.id = self.id;
        Some(FuzzCase { case, checks: self.checks })
    }
}
