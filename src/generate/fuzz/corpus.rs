//! Seeds of a corpus: planned cases as actions, and a dictionary of the contract's words and limits.
//!
//! It never returns actions that send anything else than their case.

use super::act::{Act, acts_to_json};
use super::carried::carried;
use super::source::{Wild, hide};
use super::tale::tell_as;
use crate::contract::Kind;
use crate::generate::case::{Case, Purpose, Send, Step};
use crate::generate::sample::ELSEWHERE;
use crate::generate::template::RESOURCES_APART;
use std::collections::BTreeSet;

/// Maximum length limit that becomes a dictionary entry; no input is longer.
const MOST: u64 = 1 << 20;
/// Maximum number of resources of a case that are recognized.
const RESOURCES: u32 = 4;
/// Maximum number of tokens per resource that are recognized.
const ORDINALS: u32 = 4;
/// Fragments of actions in JSON.
const FORMS: [&str; 6] =
    [r#"{"$template":"{use}"}"#, r#""resource":2"#, r#""damage":[{"body-truncated":50}]"#, "null", "[]", "{}"];

/// Converts the requests of a case to actions, without those that create and delete resources.
pub(super) fn acts_of(wild: &Wild<'_>, case: &Case) -> Option<Vec<Act>> {
    let own = wild.planner().authorization();
    let mut done = told(&case.steps);
    done.sort_by_key(|step| step.turn);
    if done.iter().any(|step| step.authorization != own) {
        return None;
    }
    let acts = done.iter().map(|step| act_of(wild, case, step)).collect::<Option<Vec<_>>>()?;
    // A resource named outside its own member would be the same one in every repetition.
    let text = acts_to_json(&acts).to_string();
    let mut tokens = (0..RESOURCES).flat_map(|one| (1..=ORDINALS).map(move |number| one * RESOURCES_APART + number));
    if tokens.any(|number| text.contains(&case.id.token(number))) {
        return None;
    }
    // The fuzz case built from these actions must send what the case sends, compared as the wire carries it.
    let tale = tell_as(wild, case.id.clone(), "seed", &acts)?;
    let again = told(&tale.case.steps);
    let same = again.len() == done.len()
        && again.iter().zip(&done).all(|(again, step)| Some(&again.send) == as_carried(wild, &step.send).as_ref());
    same.then_some(acts)
}

/// Returns the steps that are neither set-up nor teardown.
fn told(steps: &[Step]) -> Vec<&Step> {
    steps.iter().filter(|step| !matches!(step.purpose, Purpose::SetUp | Purpose::TearDown)).collect()
}

fn act_of(wild: &Wild<'_>, case: &Case, step: &Step) -> Option<Act> {
    let planner = wild.planner();
    if step.purpose == Purpose::ReadBack {
        let looks = |(number, resource): (usize, u32)| {
            let family = &wild.families[number];
            (family.keeper.look(planner, &case.id, resource).as_ref() == Some(&step.send)).then_some((family, resource))
        };
        // Stored members of the case's own operation take precedence.
        let mut all: Vec<usize> = (0..wild.families.len()).collect();
        all.sort_by_key(|number| wild.families[*number].keeper.operation.name != case.operation);
        let found = all.into_iter().flat_map(|number| (1..=RESOURCES).map(move |one| (number, one))).find_map(looks);
        if let Some((family, resource)) = found
            && let Some(member) = family.keeper.path.top()
        {
            let operation = family.keeper.operation.name.clone();
            return Some(Act::Look { operation, member: member.to_owned(), resource });
        }
    }
    let Send::Operation { name, input, damage } = &step.send else { return None };
    let operation = wild.ground(name.as_str())?.operation;
    // Several resources may match; the one with the most matching values is meant.
    let hidden = |resource| {
        let mut input = input.clone();
        (hide(planner, operation, &case.id, resource, &mut input), resource, input)
    };
    let (places, resource, input) = (1..=RESOURCES).rev().map(hidden).max_by_key(|(places, ..)| *places)?;
    // Actions cannot name a resource of another parent.
    if hidden(ELSEWHERE).0 > places {
        return None;
    }
    Some(Act::Send { operation: name.clone(), resource, input, damage: damage.clone() })
}

fn as_carried(wild: &Wild<'_>, send: &Send) -> Option<Send> {
    let Send::Operation { name, input, damage } = send else { return Some(send.clone()) };
    let input = carried(wild.planner().contract, wild.ground(name.as_str())?.operation, input.clone())?;
    Some(Send::Operation { name: name.clone(), input, damage: damage.clone() })
}

pub(super) fn words(wild: &Wild<'_>) -> Vec<String> {
    let mut found: BTreeSet<String> = wild.words.all().iter().cloned().collect();
    found.extend(wild.operations().map(str::to_owned));
    found.extend(wild.operations().map(|name| format!(r#"{{"send":"{name}"}},"#)));
    found.extend(FORMS.map(str::to_owned));
    for shape in wild.planner().contract.shapes.values() {
        let length = shape.length();
        for limit in [length.min, length.max].into_iter().flatten().filter(|limit| *limit <= MOST) {
            found.extend(beside(i128::from(limit)).filter(|value| *value >= 0).map(|value| value.to_string()));
        }
        for limit in shape.range.iter().flat_map(|range| [&range.min, &range.max]).flatten() {
            found.insert(limit.to_string());
            found.extend(limit.as_i128().into_iter().flat_map(beside).map(|value| value.to_string()));
        }
        if matches!(shape.kind, Kind::Boolean) {
            found.extend(["true".to_owned(), "false".to_owned()]);
        }
    }
    found.into_iter().collect()
}

/// Returns a limit and its two neighbours.
fn beside(limit: i128) -> impl Iterator<Item = i128> {
    limit - 1..=limit + 1
}
