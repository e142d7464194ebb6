//! Rules over several members, tested with none of them, with each alone, and with two at once.
//!
//! It never tests byte budgets; see `byte_budget.rs`.

use crate::case::{Case, CaseKind, CaseSubject};
use crate::contract::{Constraint, FactField, MemberPath, Shape, ShapeRule};
use crate::generate::case_spec::{CaseRequest, CaseSpec, IntendedOutcome};
use crate::generate::input_sampler::InputChange;
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
        let fact = shape.preferred_fact(&FactField::Rule(index)).map(crate::contract::Fact::provenance);
        let (members, words) = match rule {
            ShapeRule::AtLeastOneOf { members } => (members, "at least one of"),
            ShapeRule::AtMostOneOf { members } => (members, "at most one of"),
            ShapeRule::MaxTotalBytes { .. } => continue,
        };
        // A further rule of the same kind names its members, so that ids stay unique.
        let is_first = !shape.rules[..index].iter().any(|other| other.constraint() == rule.constraint());
        let suffix = if is_first { String::new() } else { format!("-of-{}", members.join("-")) };
        let needs_one = shape.rules.iter().any(|other| {
            matches!((rule, other), (ShapeRule::AtMostOneOf { members: a }, ShapeRule::AtLeastOneOf { members: b }) if a == b)
        });
        let places: Vec<MemberPath> = members.iter().map(|name| path.join_member(name)).collect();
        let mut add = |variant: String, outcome: IntendedOutcome, keep: &dyn Fn(usize) -> bool| {
            let spec = CaseSpec {
                subject: CaseSubject::Member(path.clone()),
                kind: CaseKind::Constraint(rule.constraint()),
                variant: format!("{variant}{suffix}"),
                rule: format!("{words} {}", members.join(", ")),
                source: fact.clone().or_else(|| context.operation.sources.first().cloned()),
                outcome,
            };
            let changes: Vec<(&MemberPath, InputChange)> = places
                .iter()
                .enumerate()
                .map(|(index, place)| (place, if keep(index) { InputChange::Touch } else { InputChange::Remove }))
                .collect();
            out.extend(context.build_case(spec, |sampler| Some(CaseRequest::new(sampler.input_with(&changes)))));
        };
        let breaks = |constraint: Constraint| IntendedOutcome::Violates(path.clone(), constraint);
        match rule {
            ShapeRule::AtLeastOneOf { .. } => {
                add("none".to_owned(), breaks(Constraint::AtLeastOneOf), &|_| false);
                for (index, name) in members.iter().enumerate() {
                    add(format!("only-{name}"), IntendedOutcome::Valid, &move |other| other == index);
                }
            }
            _ => {
                if !needs_one {
                    add("none".to_owned(), IntendedOutcome::Valid, &|_| false);
                }
                for (index, name) in members.iter().enumerate() {
                    add(format!("only-{name}"), IntendedOutcome::Valid, &move |other| other == index);
                }
                for index in 1..members.len() {
                    let variant = format!("{}-and-{}", members[index - 1], members[index]);
                    add(variant, breaks(Constraint::AtMostOneOf), &move |other| other == index || other + 1 == index);
                }
            }
        }
    }
}
