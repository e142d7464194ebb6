//! What a corpus begins with: planned cases as acts, and the words and limits of a contract.
//!
//! It never says in acts what a case does not send.

use super::act::{Act, acts_to_json};
use super::carried::carried;
use super::source::{Wild, hide};
use super::tale::tell_as;
use crate::contract::Kind;
use crate::generate::case::{Case, Purpose, Send, Step};
use crate::generate::sample::ELSEWHERE;
use crate::generate::template::RESOURCES_APART;
use std::collections::BTreeSet;

/// Limits above this are no words: no input holds so many characters.
const MOST: u64 = 1 << 20;
/// So many resources of a case are told from each other.
const RESOURCES: u32 = 4;
/// And so many names of each.
const ORDINALS: u32 = 4;
/// Forms that acts take as JSON.
const FORMS: [&str; 6] =
    [r#"{"$template":"{use}"}"#, r#""resource":2"#, r#""damage":[{"body-truncated":50}]"#, "null", "[]", "{}"];

/// What a case does, as acts: its requests without what makes and takes away resources.
pub(super) fn acts_of(wild: &Wild<'_>, case: &Case) -> Option<Vec<Act>> {
    let own = wild.planner().authorization();
    let mut done = told(&case.steps);
    done.sort_by_key(|step| step.turn);
    if done.iter().any(|step| step.authorization != own) {
        return None;
    }
    let acts = done.iter().map(|step| act_of(wild, case, step)).collect::<Option<Vec<_>>>()?;
    // A resource that is named outside of its place would be the same one each time.
    let text = acts_to_json(&acts).to_string();
    let mut tokens = (0..RESOURCES).flat_map(|one| (1..=ORDINALS).map(move |number| one * RESOURCES_APART + number));
    if tokens.any(|number| text.contains(&case.id.token(number))) {
        return None;
    }
    // As the wire carries it, the tale of these acts sends what the case sends, or they are not its acts.
    let tale = tell_as(wild, case.id.clone(), "seed", &acts)?;
    let again = told(&tale.case.steps);
    let same = again.len() == done.len()
        && again.iter().zip(&done).all(|(again, step)| Some(&again.send) == as_carried(wild, &step.send).as_ref());
    same.then_some(acts)
}

/// The steps that are no set-up and no teardown.
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
        // What the case's own operation stores is what it looks at.
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
    // Places may hold the same for each resource: whose most places are is meant.
    let hidden = |resource| {
        let mut input = input.clone();
        (hide(planner, operation, &case.id, resource, &mut input), resource, input)
    };
    let (places, resource, input) = (1..=RESOURCES).rev().map(hidden).max_by_key(|(places, ..)| *places)?;
    // No act names a resource of another parent.
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

/// A limit, and one step to either side.
fn beside(limit: i128) -> impl Iterator<Item = i128> {
    limit - 1..=limit + 1
}
