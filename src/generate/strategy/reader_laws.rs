//! Laws of operations that read or remove what others write, and of responses that echo a part of the request.

use super::Work;
use super::laws::Laws;
use crate::contract::{Kind, MemberPath};
use crate::generate::Value;
use crate::generate::case::{Case, Purpose, Send, Step};
use crate::generate::keeper::{Keeper, Reader, json, keepers, law_source};
use crate::generate::relation::{Relation, StateKind};
use crate::generate::resource::{Resources, resources};
use crate::generate::story::{Told, finish};

pub(crate) fn cases(work: &Work<'_>, out: &mut Vec<Case>) {
    echoes(work, out);
    let others: Vec<Keeper<'_>> = work
        .planner
        .contract
        .operations
        .iter()
        .filter(|other| other.name != work.operation.name && other.http.is_some())
        .flat_map(|other| keepers(work.planner, other))
        .collect();
    for keeper in &others {
        if matches!(&keeper.reader, Reader::Operation(reader) if reader.name == work.operation.name) {
            let at = format!("{}-{}-", keeper.operation.name, keeper.path);
            let laws = Laws { work, keeper, at };
            reads(&laws, out);
            filters(&laws, out);
        }
    }
    let notes = work.planner.scenario.notes(work.operation.name.as_str());
    let Some(undoes) = notes.and_then(|notes| notes.undoes.as_ref()) else { return };
    let undone = others.iter().find(|keeper| {
        keeper.operation.name.as_str() == undoes.operation
            && keeper.kind == StateKind::Map
            && undoes.of.as_ref().is_none_or(|of| *of == keeper.path.to_string())
    });
    if let Some(keeper) = undone {
        inverse(&Laws { work, keeper, at: String::new() }, &undoes.member, out);
    }
}

/// Adds cases in which this operation must read what another one wrote, for each resource on its own.
fn reads(laws: &Laws<'_, '_>, out: &mut Vec<Case>) {
    let operation = laws.work.operation;
    let rule = "a read returns what was written";
    out.extend(laws.tell(operation, "read-your-write", "written", rule, true, |story| {
        story.look(1)?;
        let key = laws.key(story, 0);
        story.write(1, &laws.value(story, &[(&key, "one")])?, true)?;
        story.look(1)
    }));
    out.extend(laws.tell(operation, "isolated", "others-unseen", "resources do not share state", true, |story| {
        if !story.has_others() {
            return None;
        }
        let (one, two) = (laws.key(story, 0), laws.key(story, 1));
        story.look(1)?;
        story.look(2)?;
        story.write(1, &laws.value(story, &[(&one, "ours")])?, true)?;
        story.write(2, &laws.value(story, &[(&two, "theirs")])?, true)?;
        story.look(1)?;
        story.look(2)
    }));
}

/// Number of the pseudo-resource whose state is what a filter returns.
const FILTERED: u32 = 1_000;
/// Maximum number of filter values tested that were not written.
const MOST_FILTERS: usize = 2;

/// Adds cases for filters: members of the reader's input that have the values of an enum inside the written value. With
/// another filter value, a response must not show what was written.
fn filters(laws: &Laws<'_, '_>, out: &mut Vec<Case>) {
    let (contract, operation) = (laws.work.planner.contract, laws.work.operation);
    let inputs = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    for (name, member) in inputs.into_iter().flatten() {
        let (kinds, is_list) = match &contract.shape(&member.shape).kind {
            Kind::List { member } => (member, true),
            _ => (&member.shape, false),
        };
        let Kind::Enum { .. } = contract.shape(kinds).kind else { continue };
        let Some(told) = laws.kind_member(kinds) else { continue };
        let path = MemberPath::root().member(name);
        let wanted = |kind: &str| match is_list {
            true => Value::List(vec![Value::text(kind)]),
            false => Value::text(kind),
        };
        let rule = "a filter returns matching entries and nothing else";
        let settled = contract.shape(kinds).settled_values();
        // A value that stands for all or none does not filter.
        let is_one = |kind: &&str| !["all", "any", "every", "none"].iter().any(|word| kind.eq_ignore_ascii_case(word));
        let mut made = 0;
        for other in settled.into_iter().filter(is_one) {
            if made == MOST_FILTERS {
                break;
            }
            let variant = format!("{name}-{other}");
            let case = laws.tell(operation, "filters", &variant, rule, true, |story| {
                let key = laws.key(story, 0);
                let value = laws.value(story, &[(&key, "one")])?;
                let written = laws.kind_of(&value, told)?;
                if written == other {
                    return None;
                }
                story.look_with(&path, wanted(&written), 1)?;
                story.look_with(&path, wanted(other), FILTERED)?;
                story.write(1, &value, true)?;
                story.look_with(&path, wanted(&written), 1)?;
                story.look_with(&path, wanted(other), FILTERED)
            });
            made += usize::from(case.is_some());
            out.extend(case);
        }
    }
}

/// Adds cases in which a removal must remove what was written, and nothing else.
fn inverse(laws: &Laws<'_, '_>, member: &str, out: &mut Vec<Case>) {
    let operation = laws.work.operation;
    for (variant, rule, taken) in [
        ("one-of-two", "only the named entries are removed", &[0_u64][..]),
        ("all", "written entries are removed", &[0, 1]),
        ("absent", "removing an absent entry changes nothing", &[2]),
    ] {
        out.extend(laws.tell(operation, "inverse", variant, rule, true, |story| {
            story.look(1)?;
            let (one, two) = (laws.key(story, 0), laws.key(story, 1));
            story.write(1, &laws.value(story, &[(&one, "one"), (&two, "two")])?, true)?;
            story.look(1)?;
            let keys: Vec<String> = taken.iter().map(|index| laws.key(story, *index)).collect();
            story.take_back(1, operation, member, &keys)?;
            story.look(1)
        }));
    }
    out.extend(laws.tell(operation, "inverse", "others-untouched", "other resources are not changed", true, |story| {
        if !story.has_others() {
            return None;
        }
        let key = laws.key(story, 0);
        let value = laws.value(story, &[(&key, "one")])?;
        story.write(2, &value, true)?;
        story.write(1, &value, true)?;
        story.look(2)?;
        story.look(1)?;
        story.take_back(1, operation, member, &[key])?;
        story.look(2)?;
        story.look(1)
    }));
}

/// Adds cases in which a response must repeat an identifier of its request.
fn echoes(work: &Work<'_>, out: &mut Vec<Case>) {
    let (planner, operation) = (work.planner, work.operation);
    let Some(notes) = planner.scenario.notes(operation.name.as_str()) else { return };
    for (place, member) in &notes.echoes {
        let id = planner.id(operation, "law", "echoes", place);
        let input = planner.sampler(operation, &id).plain();
        let Some(value) = input.member(member).and_then(json) else { continue };
        if resources(planner, operation, &id, &input) != Resources::Owned {
            continue;
        }
        let step = Step {
            purpose: Purpose::Act,
            send: Send::Operation { name: operation.name.clone(), input, damage: Vec::new() },
            authorization: planner.authorization(),
            captures: Vec::new(),
            turn: 0,
            fixture: None,
        };
        let told = Told {
            operation,
            rule: format!("`{place}` repeats the requested `{member}`"),
            source: law_source(planner, operation, "echoes"),
            promised: true,
        };
        out.extend(finish(planner, id, vec![step], Relation::Echo { step: 0, place: place.clone(), value }, told));
    }
}
