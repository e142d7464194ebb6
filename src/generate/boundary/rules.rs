//! Rules over several members, on both sides: requests that break one rule and nothing else, and their valid neighbours.
//!
//! It never tests byte budgets; see `byte_budget.rs`. The requests for each rule are in `member_relations.rs`.

use super::member_relations::{MemberChanges, RuleCase, relation_cases};
use crate::case::{Case, CaseKind, CaseSubject, Certainty};
use crate::contract::{Constraint, FactField, MemberPath, Shape, ShapeRule};
use crate::generate::case_spec::{CaseRequest, CaseSpec, IntendedOutcome};
use crate::generate::input_checker::Violation;
use crate::generate::input_sampler::InputSampler;
use crate::generate::operation_context::OperationContext;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    if let Some(input) = &context.operation.input {
        add_rule_cases(context, &MemberPath::root(), context.plan.contract.shape(input), &mut out);
    }
    for site in context.sites.iter().filter(|site| site.is_in_body() && !site.recursive) {
        add_rule_cases(context, &site.path, context.shape(site), &mut out);
    }
    out
}

fn add_rule_cases(context: &OperationContext<'_>, path: &MemberPath, shape: &Shape, out: &mut Vec<Case>) {
    for (index, rule) in shape.rules.iter().enumerate() {
        // A further rule of the same kind names its members, so that ids stay unique.
        let is_first = !shape.rules[..index].iter().any(|other| other.constraint() == rule.constraint());
        let suffix = match rule.subject() {
            None if !is_first && !rule.related_members().is_empty() => {
                format!("-of-{}", rule.related_members().join("-"))
            }
            _ => String::new(),
        };
        for mut planned in relation_cases(shape, path, rule) {
            planned.variant.push_str(&suffix);
            out.extend(build_rule_case(context, path, shape, index, planned));
        }
    }
}

fn build_rule_case(
    context: &OperationContext<'_>,
    path: &MemberPath,
    shape: &Shape,
    index: usize,
    planned: RuleCase<'_>,
) -> Option<Case> {
    let rule = &shape.rules[index];
    let fact = shape.preferred_fact(&FactField::Rule(index));
    let subject = planned.subject.map_or_else(|| path.clone(), |member| path.join_member(member));
    let outcome = match (planned.is_valid, rule) {
        (true, _) => IntendedOutcome::Valid,
        // Items that are the same in every member are not unique either.
        (false, ShapeRule::DistinctBy { .. }) => {
            IntendedOutcome::ViolatesEquivalent(subject.clone(), rule.constraint(), Constraint::Unique)
        }
        (false, _) => IntendedOutcome::Violates(subject.clone(), rule.constraint()),
    };
    let spec = CaseSpec {
        subject: CaseSubject::Member(subject),
        kind: CaseKind::Constraint(rule.constraint()),
        variant: planned.variant,
        rule: rule.to_string(),
        source: context.plan.documented_at(fact, context.operation),
        outcome,
    };
    context.build_case(spec, |sampler| {
        let request = build_request(sampler, path, &(planned.changes)(sampler)?);
        // Rules may leave no neighbour: nothing is valid that needs what another rule forbids.
        (!planned.is_valid || is_kept(context, &request)).then_some(request)
    })
}

fn build_request(sampler: &InputSampler<'_>, path: &MemberPath, changes: &MemberChanges) -> CaseRequest {
    let places: Vec<MemberPath> =
        changes.iter().map(|(name, _)| name.map_or_else(|| path.clone(), |name| path.join_member(name))).collect();
    let changes: Vec<_> = places.iter().zip(changes.iter().map(|(_, change)| change.clone())).collect();
    CaseRequest::new(sampler.input_with(&changes))
}

/// Returns true if a request certainly breaks no rule over several members. What an empty value means is open, and then
/// nothing is expected of the request.
fn is_kept(context: &OperationContext<'_>, request: &CaseRequest) -> bool {
    let Some(input) = &context.operation.input else { return true };
    let violations = context.plan.input_checker().violations(input, &request.input);
    let is_broken =
        |violation: &Violation| violation.constraint.relates_members() && violation.certainty == Certainty::Certain;
    !violations.iter().any(is_broken)
}
