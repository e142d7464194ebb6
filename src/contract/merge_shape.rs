//! Merges what two sources state about one shape, and imports shapes of a page into a model.
//!
//! It never drops a fact.

use super::fact_resolution::add_if_new;
use super::{Contract, Fact, FactField, FactOrigin, Member, Shape, ShapeId, ShapeKind, ShapeRule};
use indexmap::IndexMap;
use std::collections::HashMap;

/// Copies shapes that only the page has into the model, under unused names.
pub(super) struct ShapeImporter<'a> {
    pub page: &'a Contract,
    pub ids: HashMap<ShapeId, ShapeId>,
}

impl ShapeImporter<'_> {
    pub fn import_shape(&mut self, id: &ShapeId, model: &mut Contract) -> ShapeId {
        let mut open = Vec::new();
        let root = self.assign_name(id, model, &mut open);
        while let Some((from, to)) = open.pop() {
            let mut shape = self.page.shapes.get(&from).cloned().unwrap_or_else(|| Shape::new(ShapeKind::Document));
            shape.kind = map_shape_ids(&shape.kind, &mut |child| self.assign_name(child, model, &mut open));
            model.shapes.insert(to, shape);
        }
        root
    }

    fn assign_name(&mut self, id: &ShapeId, model: &mut Contract, open: &mut Vec<(ShapeId, ShapeId)>) -> ShapeId {
        if let Some(known) = self.ids.get(id) {
            return known.clone();
        }
        let free = unused_shape_name(id.as_str(), model);
        model.shapes.insert(free.clone(), Shape::new(ShapeKind::Document));
        self.ids.insert(id.clone(), free.clone());
        open.push((id.clone(), free.clone()));
        free
    }
}

pub(super) fn unused_shape_name(name: &str, contract: &Contract) -> ShapeId {
    let mut id = ShapeId::from(name);
    let mut number = 2;
    while contract.shapes.contains_key(&id) {
        id = ShapeId::new(format!("{name}{number}"));
        number += 1;
    }
    id
}

fn map_shape_ids(kind: &ShapeKind, rename: &mut impl FnMut(&ShapeId) -> ShapeId) -> ShapeKind {
    let all = |members: &IndexMap<String, Member>, rename: &mut dyn FnMut(&ShapeId) -> ShapeId| {
        members.iter().map(|(name, m)| (name.clone(), Member { shape: rename(&m.shape), ..m.clone() })).collect()
    };
    match kind {
        ShapeKind::List { member } => ShapeKind::List { member: rename(member) },
        ShapeKind::Map { key, value } => ShapeKind::Map { key: rename(key), value: rename(value) },
        ShapeKind::Structure { members } => ShapeKind::Structure { members: all(members, rename) },
        ShapeKind::Union { members } => ShapeKind::Union { members: all(members, rename) },
        plain => plain.clone(),
    }
}

/// Returns the children of a shape, each with the name of its slot.
pub(super) fn child_slots(shape: &Shape) -> Vec<(String, &ShapeId)> {
    match &shape.kind {
        ShapeKind::List { member } => vec![("[]".to_owned(), member)],
        ShapeKind::Map { key, value } => vec![("{key}".to_owned(), key), ("{value}".to_owned(), value)],
        kind => kind.members().into_iter().flatten().map(|(name, member)| (name.clone(), &member.shape)).collect(),
    }
}

/// Returns the model's name for a member of the page: the same name, or the only member with the same name on the
/// wire or the same letters in another case.
pub(super) fn matching_member_name(shape: &Shape, name: &str, member: Option<&Member>) -> Option<String> {
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
fn more_exact_kind<'k>(a: &'k ShapeKind, b: &'k ShapeKind) -> Option<&'k ShapeKind> {
    let rank = |kind: &ShapeKind| match kind {
        ShapeKind::Document => 0,
        ShapeKind::String | ShapeKind::Structure { .. } => 1,
        ShapeKind::Integer | ShapeKind::Float => 1,
        ShapeKind::Long | ShapeKind::Double | ShapeKind::Enum { .. } | ShapeKind::Union { .. } => 2,
        ShapeKind::Timestamp | ShapeKind::Blob => 3,
        ShapeKind::Boolean | ShapeKind::List { .. } | ShapeKind::Map { .. } => 1,
    };
    // boto3 pages describe a JSON text that the client accepts as a mapping as an empty structure.
    match (a.members().map(IndexMap::len), b.members().map(IndexMap::len)) {
        (Some(0), None) if b.is_text() => return Some(b),
        (None, Some(0)) if a.is_text() => return Some(a),
        _ => {}
    }
    let family = |kind: &ShapeKind| match kind {
        ShapeKind::String | ShapeKind::Enum { .. } => 1,
        ShapeKind::Timestamp => 2,
        ShapeKind::Blob => 3,
        ShapeKind::Integer | ShapeKind::Long => 4,
        ShapeKind::Float | ShapeKind::Double => 5,
        ShapeKind::Structure { .. } | ShapeKind::Union { .. } => 6,
        ShapeKind::Boolean => 7,
        ShapeKind::List { .. } => 8,
        ShapeKind::Map { .. } => 9,
        ShapeKind::Document => 10,
    };
    let text = |kind: &ShapeKind| matches!(kind, ShapeKind::String);
    let texts_too = |kind: &ShapeKind| matches!(kind, ShapeKind::Timestamp | ShapeKind::Blob);
    let fits = family(a) == family(b)
        || matches!(a, ShapeKind::Document)
        || matches!(b, ShapeKind::Document)
        || (text(a) && texts_too(b))
        || (text(b) && texts_too(a));
    fits.then(|| if rank(a) > rank(b) { a } else { b })
}

/// Adds what the page states about a shape to the model's shape.
pub(super) fn merge_shape(ours: &Shape, theirs: &mut Shape, adopt: &mut dyn FnMut(&ShapeId) -> ShapeId) {
    let mut type_disputed = false;
    match (more_exact_kind(&ours.kind, &theirs.kind).map(ShapeKind::name), ours.kind.members().is_some()) {
        (None, _) => type_disputed = true,
        (Some(name), true) if theirs.kind.members().is_some() => {
            let members = theirs.kind.members().cloned().unwrap_or_default();
            if name == "union" {
                theirs.kind = ShapeKind::Union { members };
            }
            merge_members(ours, theirs, adopt);
        }
        (Some(name), _) if name != theirs.kind.name() => {
            theirs.kind = map_shape_ids(&ours.kind, &mut |id| adopt(id));
        }
        _ => {}
    }
    theirs.nullable |= ours.nullable;
    theirs.open |= ours.open;
    theirs.any_size &= ours.any_size;
    if theirs.traits.is_empty() {
        theirs.traits.clone_from(&ours.traits);
    }
    if theirs.parts.is_empty() {
        theirs.parts.clone_from(&ours.parts);
    }
    if theirs.examples.is_empty() {
        theirs.examples.clone_from(&ours.examples);
    }
    let renamed = renamed_members(ours, theirs);
    let mut facts: Vec<Fact> = Vec::new();
    for fact in ours.facts.iter().filter(|fact| fact.field.rule_index().is_none()) {
        let mut fact = fact.clone();
        if let FactField::Member(name) | FactField::MemberRequired(name) | FactField::MemberLocation(name) =
            &mut fact.field
            && let Some(known) = renamed.get(name)
        {
            name.clone_from(known);
        }
        facts.push(fact);
    }
    if type_disputed {
        for fact in facts.iter_mut().chain(&mut theirs.facts).filter(|fact| fact.field == FactField::Type) {
            fact.disputed = true;
        }
    }
    // If the type is disputed, no other fact can apply to both types.
    for fact in facts.into_iter().filter(|fact| !type_disputed || fact.field == FactField::Type) {
        if fact.field.is_existence() {
            add_if_new(&mut theirs.facts, fact);
        } else {
            theirs.add_fact(fact);
        }
    }
    let settled = theirs
        .facts_at(&FactField::Type)
        .find(|fact| fact.standing == FactOrigin::Scenario)
        .map(|fact| fact.value.clone());
    if type_disputed && let Some(value) = settled {
        if value == ours.kind.name() {
            theirs.kind = map_shape_ids(&ours.kind, &mut |id| adopt(id));
        }
        for fact in theirs.facts.iter_mut().filter(|fact| fact.field == FactField::Type) {
            fact.disputed = false;
        }
    }
    merge_rules(ours, theirs);
}

/// Returns the members that the model spells differently: the page's name to the model's name.
fn renamed_members(ours: &Shape, theirs: &Shape) -> HashMap<String, String> {
    let mut renamed = HashMap::new();
    for (name, member) in ours.kind.members().into_iter().flatten() {
        if let Some(known) = matching_member_name(theirs, name, Some(member)).filter(|known| known != name) {
            renamed.insert(name.clone(), known);
        }
    }
    renamed
}

fn merge_members(ours: &Shape, theirs: &mut Shape, adopt: &mut dyn FnMut(&ShapeId) -> ShapeId) {
    let Some(members) = ours.kind.members() else { return };
    for (name, member) in members {
        let known = matching_member_name(theirs, name, Some(member));
        let Some(list) = theirs.kind.members_mut() else { return };
        match known.and_then(|known| list.get_mut(&known)) {
            Some(known) => {
                if known.wire.is_none() && member.wire.as_ref().is_some_and(|wire| wire != name) {
                    known.wire.clone_from(&member.wire);
                }
                if member.location != super::MemberLocation::Body && known.location == super::MemberLocation::Body {
                    known.location = member.location;
                }
                known.required |= member.required;
                if known.traits.is_empty() {
                    known.traits.clone_from(&member.traits);
                }
                if known.examples.is_empty() {
                    known.examples.clone_from(&member.examples);
                }
            }
            None => {
                list.insert(name.clone(), Member { shape: adopt(&member.shape), ..member.clone() });
            }
        }
    }
}

/// Merges the rules and moves the facts about them to their new positions.
fn merge_rules(ours: &Shape, theirs: &mut Shape) {
    for (index, rule) in ours.rules.iter().enumerate() {
        let same = |known: &ShapeRule| match (known, rule) {
            // Sources that know other members of the structure state the same rule about those that they know.
            (ShapeRule::AtLeastOneOf { members: a }, ShapeRule::AtLeastOneOf { members: b }) => {
                let shared = a.iter().filter(|name| b.contains(name)).count();
                shared > 0 && shared * 2 >= a.len().min(b.len())
            }
            (ShapeRule::MaxTotalBytes { max: a, .. }, ShapeRule::MaxTotalBytes { max: b, .. }) => a == b,
            (known, rule) => known == rule,
        };
        let place = match theirs.rules.iter().position(same) {
            Some(place) => {
                narrow_rule(&mut theirs.rules[place], rule);
                place
            }
            None => {
                theirs.rules.push(rule.clone());
                theirs.rules.len() - 1
            }
        };
        for fact in &ours.facts {
            let field = match fact.field {
                FactField::Rule(at) if at == index => FactField::Rule(place),
                FactField::RuleScope(at) if at == index => FactField::RuleScope(place),
                _ => continue,
            };
            add_if_new(&mut theirs.facts, Fact { field, ..fact.clone() });
        }
    }
}

/// Narrows a rule to what both it and another reading of the same rule allow.
fn narrow_rule(known: &mut ShapeRule, other: &ShapeRule) {
    match (known, other) {
        (ShapeRule::AtLeastOneOf { members }, ShapeRule::AtLeastOneOf { members: others }) => {
            let both: Vec<String> = members.iter().filter(|name| others.contains(name)).cloned().collect();
            if !both.is_empty() {
                *members = both;
            }
        }
        (ShapeRule::MaxTotalBytes { stored, .. }, ShapeRule::MaxTotalBytes { stored: other, .. }) => *stored |= other,
        _ => {}
    }
}
