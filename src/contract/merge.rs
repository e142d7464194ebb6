//! Merges several sources of one API into one contract, which holds the statements of all of them; contradictions
//! are marked.
//!
//! It never lets the page of one operation change another operation: a shape that both use is split first.

use super::plan::Plan;
use super::settle::add;
use super::{Contract, ErrorShape, Fact, Kind, Member, Operation, Role, Rule, Shape, ShapeId, Standing};
use indexmap::IndexMap;
use std::collections::HashMap;

/// Merges two contracts of one API. The result holds the statements of both, and contradictions are marked.
/// The order of the arguments only affects the order in which provenance is listed.
pub fn merge(first: Contract, second: Contract) -> Contract {
    merge_all(vec![first, second])
}

/// Merges contracts of one API, pages first and machine models last, regardless of their order in `contracts`.
pub fn merge_all(mut contracts: Vec<Contract>) -> Contract {
    contracts.sort_by_cached_key(order);
    let mut contracts = contracts.into_iter();
    let Some(mut merged) = contracts.next() else { return Contract::new("") };
    for next in contracts {
        let apart = next.operations.iter().all(|operation| merged.operation(operation.name.as_str()).is_none());
        // A page of further operations is merged into the result so far, which is far larger. A model receives
        // the pages instead, because its names win.
        merged = if apart && order(&next).0 == 0 { join(next, merged) } else { join(merged, next) };
    }
    merged.prune();
    merged
}

/// Returns the sort key of a contract: pages before models, and by name within each group.
fn order(contract: &Contract) -> (usize, String) {
    let facts = || contract.shapes.values().flat_map(|shape| &shape.facts);
    let models = facts().filter(|fact| fact.standing == Standing::Model).count();
    let mut names: Vec<String> = contract.operations.iter().flat_map(|o| &o.sources).map(ToString::to_string).collect();
    names.sort();
    (models, names.join(" "))
}

/// Merges `page` into `model`.
fn join(page: Contract, mut model: Contract) -> Contract {
    if model.service.is_empty() {
        model.service.clone_from(&page.service);
    }
    model.protocol = model.protocol.or(page.protocol);
    model.base = model.base.take().or_else(|| page.base.clone());
    if model.traits.is_empty() {
        model.traits.clone_from(&page.traits);
    }
    for auth in &page.auth {
        if !model.auth.contains(auth) {
            model.auth.push(auth.clone());
        }
    }
    let plan = Plan::new(&page, &model);
    let ids = plan.carry_out(&page, &mut model);
    let mut adopt = Adopt { page: &page, ids: HashMap::new() };
    for (name, error) in &page.errors {
        match model.errors.get_mut(name) {
            Some(known) => join_error(known, error),
            None => {
                let mut error = error.clone();
                error.shape = error.shape.map(|id| adopt.shape(&id, &mut model));
                model.errors.insert(name.clone(), error);
            }
        }
    }
    for operation in &page.operations {
        match model.operations.iter().position(|known| known.name == operation.name) {
            Some(index) => {
                let sides = [(&operation.input, false), (&operation.output, true)].map(|(side, output)| {
                    let id = side.as_ref()?;
                    let known = if output { &model.operations[index].output } else { &model.operations[index].input };
                    match known {
                        Some(known) => ids.get(&(id.clone(), known.clone())).cloned().or_else(|| Some(known.clone())),
                        None => Some(adopt.shape(id, &mut model)),
                    }
                });
                let [input, output] = sides;
                let known = &mut model.operations[index];
                known.input = input.or_else(|| known.input.take());
                known.output = output.or_else(|| known.output.take());
                join_operation(known, operation);
            }
            None => {
                let mut operation = operation.clone();
                operation.input = operation.input.map(|id| adopt.shape(&id, &mut model));
                operation.output = operation.output.map(|id| adopt.shape(&id, &mut model));
                model.operations.push(operation);
            }
        }
    }
    model
}

fn join_operation(known: &mut Operation, other: &Operation) {
    for source in &other.sources {
        if !known.sources.contains(source) {
            known.sources.push(source.clone());
        }
    }
    for error in &other.errors {
        if !known.errors.contains(error) {
            known.errors.push(error.clone());
        }
    }
    known.errors.sort();
    for law in &other.laws {
        if !known.laws.contains(law) {
            known.laws.push(law.clone());
        }
    }
    known.laws.sort();
    if known.http.is_none() {
        known.http.clone_from(&other.http);
    }
    if known.permission.is_none() {
        known.permission.clone_from(&other.permission);
    }
    if known.traits.is_empty() {
        known.traits.clone_from(&other.traits);
    }
    for fact in &other.facts {
        known.state(fact.clone());
    }
}

fn join_error(known: &mut ErrorShape, other: &ErrorShape) {
    // A source that gives the status or the description infers the role more reliably.
    if known.role == Role::Other || (known.status.is_none() && other.status.is_some() && other.role != Role::Other) {
        known.role = other.role;
    }
    known.code = known.code.take().or_else(|| other.code.clone());
    known.status = known.status.or(other.status);
    for fact in &other.facts {
        known.state(fact.clone());
    }
}

/// Copies shapes that only the page has into the model, under unused names.
pub(super) struct Adopt<'a> {
    pub page: &'a Contract,
    pub ids: HashMap<ShapeId, ShapeId>,
}

impl Adopt<'_> {
    pub fn shape(&mut self, id: &ShapeId, model: &mut Contract) -> ShapeId {
        let mut open = Vec::new();
        let root = self.name(id, model, &mut open);
        while let Some((from, to)) = open.pop() {
            let mut shape = self.page.shapes.get(&from).cloned().unwrap_or_else(|| Shape::new(Kind::Document));
            shape.kind = map_kind(&shape.kind, &mut |child| self.name(child, model, &mut open));
            model.shapes.insert(to, shape);
        }
        root
    }

    fn name(&mut self, id: &ShapeId, model: &mut Contract, open: &mut Vec<(ShapeId, ShapeId)>) -> ShapeId {
        if let Some(known) = self.ids.get(id) {
            return known.clone();
        }
        let free = free_name(id.as_str(), model);
        model.shapes.insert(free.clone(), Shape::new(Kind::Document));
        self.ids.insert(id.clone(), free.clone());
        open.push((id.clone(), free.clone()));
        free
    }
}

pub(super) fn free_name(name: &str, contract: &Contract) -> ShapeId {
    let mut id = ShapeId::from(name);
    let mut number = 2;
    while contract.shapes.contains_key(&id) {
        id = ShapeId::new(format!("{name}{number}"));
        number += 1;
    }
    id
}

fn map_kind(kind: &Kind, rename: &mut impl FnMut(&ShapeId) -> ShapeId) -> Kind {
    let all = |members: &IndexMap<String, Member>, rename: &mut dyn FnMut(&ShapeId) -> ShapeId| {
        members.iter().map(|(name, m)| (name.clone(), Member { shape: rename(&m.shape), ..m.clone() })).collect()
    };
    match kind {
        Kind::List { member } => Kind::List { member: rename(member) },
        Kind::Map { key, value } => Kind::Map { key: rename(key), value: rename(value) },
        Kind::Structure { members } => Kind::Structure { members: all(members, rename) },
        Kind::Union { members } => Kind::Union { members: all(members, rename) },
        plain => plain.clone(),
    }
}

/// Returns the children of a shape, each with the name of its slot.
pub(super) fn slots(shape: &Shape) -> Vec<(String, &ShapeId)> {
    match &shape.kind {
        Kind::List { member } => vec![("[]".to_owned(), member)],
        Kind::Map { key, value } => vec![("{key}".to_owned(), key), ("{value}".to_owned(), value)],
        kind => kind.members().into_iter().flatten().map(|(name, member)| (name.clone(), &member.shape)).collect(),
    }
}

/// Returns the model's name for a member of the page: the same name, or the only member with the same name on the
/// wire or the same letters in another case.
pub(super) fn member_name(shape: &Shape, name: &str, member: Option<&Member>) -> Option<String> {
    let members = shape.kind.members()?;
    if members.contains_key(name) {
        return Some(name.to_owned());
    }
    let wire = member.map_or(name, |member| member.wire_name(name));
    let mut same = members.iter().filter(|(known, m)| m.wire_name(known) == wire || known.eq_ignore_ascii_case(name));
    match (same.next(), same.next()) {
        (Some((known, _)), None) => Some(known.clone()),
        _ => None,
    }
}

/// Returns the more exact of two kinds; `None` if neither is a less exact description of the other.
fn finer<'k>(a: &'k Kind, b: &'k Kind) -> Option<&'k Kind> {
    let rank = |kind: &Kind| match kind {
        Kind::Document => 0,
        Kind::String | Kind::Structure { .. } => 1,
        Kind::Integer | Kind::Float => 1,
        Kind::Long | Kind::Double | Kind::Enum { .. } | Kind::Union { .. } => 2,
        Kind::Timestamp | Kind::Blob => 3,
        Kind::Boolean | Kind::List { .. } | Kind::Map { .. } => 1,
    };
    // boto3 pages describe a JSON text that the client accepts as a mapping as an empty structure.
    match (a.members().map(IndexMap::len), b.members().map(IndexMap::len)) {
        (Some(0), None) if b.is_text() => return Some(b),
        (None, Some(0)) if a.is_text() => return Some(a),
        _ => {}
    }
    let family = |kind: &Kind| match kind {
        Kind::String | Kind::Enum { .. } => 1,
        Kind::Timestamp => 2,
        Kind::Blob => 3,
        Kind::Integer | Kind::Long => 4,
        Kind::Float | Kind::Double => 5,
        Kind::Structure { .. } | Kind::Union { .. } => 6,
        Kind::Boolean => 7,
        Kind::List { .. } => 8,
        Kind::Map { .. } => 9,
        Kind::Document => 10,
    };
    let text = |kind: &Kind| matches!(kind, Kind::String);
    let texts_too = |kind: &Kind| matches!(kind, Kind::Timestamp | Kind::Blob);
    let fits = family(a) == family(b)
        || matches!(a, Kind::Document)
        || matches!(b, Kind::Document)
        || (text(a) && texts_too(b))
        || (text(b) && texts_too(a));
    fits.then(|| if rank(a) > rank(b) { a } else { b })
}

/// Adds what the page states about a shape to the model's shape.
pub(super) fn join_shape(ours: &Shape, theirs: &mut Shape, adopt: &mut dyn FnMut(&ShapeId) -> ShapeId) {
    let mut type_disputed = false;
    match (finer(&ours.kind, &theirs.kind).map(Kind::name), ours.kind.members().is_some()) {
        (None, _) => type_disputed = true,
        (Some(name), true) if theirs.kind.members().is_some() => {
            let members = theirs.kind.members().cloned().unwrap_or_default();
            if name == "union" {
                theirs.kind = Kind::Union { members };
            }
            join_members(ours, theirs, adopt);
        }
        (Some(name), _) if name != theirs.kind.name() => {
            theirs.kind = map_kind(&ours.kind, &mut |id| adopt(id));
        }
        _ => {}
    }
    if theirs.traits.is_empty() {
        theirs.traits.clone_from(&ours.traits);
    }
    if theirs.parts.is_empty() {
        theirs.parts.clone_from(&ours.parts);
    }
    let renamed = renames(ours, theirs);
    let mut facts: Vec<Fact> = Vec::new();
    for fact in ours.facts.iter().filter(|fact| !fact.path.starts_with("rules/")) {
        let mut fact = fact.clone();
        if let Some(rest) = fact.path.strip_prefix("members/") {
            let (name, field) = rest.split_once('/').map_or((rest, None), |(name, field)| (name, Some(field)));
            if let Some(known) = renamed.get(name) {
                fact.path = field.map_or(format!("members/{known}"), |field| format!("members/{known}/{field}"));
            }
        }
        facts.push(fact);
    }
    if type_disputed {
        for fact in facts.iter_mut().chain(&mut theirs.facts).filter(|fact| fact.path == "type") {
            fact.disputed = true;
        }
    }
    // If the type is disputed, no other fact can apply to both types.
    for fact in facts.into_iter().filter(|fact| !type_disputed || fact.path == "type") {
        if fact.path == "type" || fact.path.starts_with("members/") && fact.path.matches('/').count() == 1 {
            add(&mut theirs.facts, fact);
        } else {
            theirs.state(fact);
        }
    }
    let settled =
        theirs.facts_at("type").find(|fact| fact.standing == Standing::Scenario).map(|fact| fact.value.clone());
    if type_disputed && let Some(value) = settled {
        if value == ours.kind.name() {
            theirs.kind = map_kind(&ours.kind, &mut |id| adopt(id));
        }
        for fact in theirs.facts.iter_mut().filter(|fact| fact.path == "type") {
            fact.disputed = false;
        }
    }
    join_rules(ours, theirs);
}

/// Returns the members that the model spells differently: the page's name to the model's name.
fn renames(ours: &Shape, theirs: &Shape) -> HashMap<String, String> {
    let mut renamed = HashMap::new();
    for (name, member) in ours.kind.members().into_iter().flatten() {
        if let Some(known) = member_name(theirs, name, Some(member)).filter(|known| known != name) {
            renamed.insert(name.clone(), known);
        }
    }
    renamed
}

fn join_members(ours: &Shape, theirs: &mut Shape, adopt: &mut dyn FnMut(&ShapeId) -> ShapeId) {
    let Some(members) = ours.kind.members() else { return };
    for (name, member) in members {
        let known = member_name(theirs, name, Some(member));
        let Some(list) = theirs.kind.members_mut() else { return };
        match known.and_then(|known| list.get_mut(&known)) {
            Some(known) => {
                if known.wire.is_none() && member.wire.as_ref().is_some_and(|wire| wire != name) {
                    known.wire.clone_from(&member.wire);
                }
                if member.location != super::Location::Body && known.location == super::Location::Body {
                    known.location = member.location;
                }
                known.required |= member.required;
                if known.traits.is_empty() {
                    known.traits.clone_from(&member.traits);
                }
            }
            None => {
                list.insert(name.clone(), Member { shape: adopt(&member.shape), ..member.clone() });
            }
        }
    }
}

/// Merges the rules and moves the facts about them to their new positions.
fn join_rules(ours: &Shape, theirs: &mut Shape) {
    for (index, rule) in ours.rules.iter().enumerate() {
        let same = |known: &Rule| match (known, rule) {
            (Rule::AtLeastOneOf { .. }, Rule::AtLeastOneOf { .. }) => true,
            (Rule::MaxTotalBytes { max: a, .. }, Rule::MaxTotalBytes { max: b, .. }) => a == b,
            (known, rule) => known == rule,
        };
        let place = match theirs.rules.iter().position(same) {
            Some(place) => {
                weaken(&mut theirs.rules[place], rule);
                place
            }
            None => {
                theirs.rules.push(rule.clone());
                theirs.rules.len() - 1
            }
        };
        let from = format!("rules/{index}");
        for fact in &ours.facts {
            let path = match fact.path.strip_prefix(&from) {
                Some("") => format!("rules/{place}"),
                Some(rest) if rest.starts_with('/') => format!("rules/{place}{rest}"),
                _ => continue,
            };
            add(&mut theirs.facts, Fact { path, ..fact.clone() });
        }
    }
}

/// Narrows a rule to what both it and another reading of the same rule allow.
fn weaken(known: &mut Rule, other: &Rule) {
    match (known, other) {
        (Rule::AtLeastOneOf { members }, Rule::AtLeastOneOf { members: others }) => {
            let both: Vec<String> = members.iter().filter(|name| others.contains(name)).cloned().collect();
            if !both.is_empty() {
                *members = both;
            }
        }
        (Rule::MaxTotalBytes { stored, .. }, Rule::MaxTotalBytes { stored: other, .. }) => *stored |= other,
        _ => {}
    }
}
