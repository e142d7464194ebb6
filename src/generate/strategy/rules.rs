//! Rules over several members, tested with none of them, with each alone, and with two at once.
//!
//! It never tests byte budgets; see `byte_budget.rs`.

use super::Work;
use crate::contract::{Constraint, MemberPath, Rule, Shape};
use crate::generate::case::Case;
use crate::generate::draft::{Aim, Draft, Place, Request};
use crate::generate::sample::Change;

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    if let Some(input) = &work.operation.input {
        of_structure(work, &MemberPath::root(), work.planner.contract.shape(input), &mut out);
    }
    for site in work.sites.iter().filter(|site| site.in_body() && !site.recursive) {
        of_structure(work, &site.path, work.shape(site), &mut out);
    }
    out
}

fn of_structure(work: &Work<'_>, path: &MemberPath, shape: &Shape, out: &mut Vec<Case>) {
    for (index, rule) in shape.rules.iter().enumerate() {
        let fact = shape.fact(&format!("rules/{index}")).map(crate::contract::Fact::provenance);
        let (members, words) = match rule {
            Rule::AtLeastOneOf { members } => (members, "at least one of"),
            Rule::AtMostOneOf { members } => (members, "at most one of"),
            Rule::MaxTotalBytes { .. } => continue,
        };
        let places: Vec<MemberPath> = members.iter().map(|name| path.member(name)).collect();
        let mut add = |variant: String, aim: Aim, keep: &dyn Fn(usize) -> bool| {
            let draft = Draft {
                place: Place::Path(path.clone()),
                kind: rule.constraint().name().to_owned(),
                variant,
                rule: format!("{words} {}", members.join(", ")),
                source: fact.clone().or_else(|| work.operation.sources.first().cloned()),
                aim,
            };
            let changes: Vec<(&MemberPath, Change)> = places
                .iter()
                .enumerate()
                .map(|(index, place)| (place, if keep(index) { Change::Touch } else { Change::Remove }))
                .collect();
            out.extend(work.case(draft, |sampler| Some(Request::of(sampler.with(&changes)))));
        };
        let breaks = |constraint: Constraint| Aim::Breaks(path.clone(), constraint);
        match rule {
            Rule::AtLeastOneOf { .. } => {
                add("none".to_owned(), breaks(Constraint::AtLeastOneOf), &|_| false);
                for (index, name) in members.iter().enumerate() {
                    add(format!("only-{name}"), Aim::Valid, &move |other| other == index);
                }
            }
            _ => {
                add("none".to_owned(), Aim::Valid, &|_| false);
                for (index, name) in members.iter().enumerate() {
                    add(format!("only-{name}"), Aim::Valid, &move |other| other == index);
                }
                for index in 1..members.len() {
                    let variant = format!("{}-and-{}", members[index - 1], members[index]);
                    add(variant, breaks(Constraint::AtMostOneOf), &move |other| other == index || other + 1 == index);
                }
            }
        }
    }
}
