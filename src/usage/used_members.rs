//! The members of an operation's input that an application sends.
//!
//! It never looks at values, only at which members are there.

use crate::case::Value;
use crate::contract::{Contract, Member, MemberPath, Operation, PathSegment, ShapeId, ShapeKind, plain_name};
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::collections::HashSet;

/// Maximum number of members of one operation that are listed from a document.
const MAX_LISTED_MEMBERS: usize = 10_000;

/// The members of an operation's input that an application sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedMembers {
    /// Whether every member counts, because nothing tells which are sent.
    has_all: bool,
    /// The paths of members that are sent.
    sent: HashSet<Vec<PathSegment>>,
    /// The paths of members inside which every member counts.
    whole: HashSet<Vec<PathSegment>>,
}

impl UsedMembers {
    /// Counts every member from now on.
    pub fn add_all(&mut self) {
        self.has_all = true;
    }

    /// Returns true if every member counts, because nothing tells which are sent.
    pub fn has_all(&self) -> bool {
        self.has_all
    }

    /// Returns the number of members of the input that are sent, without those inside other members.
    pub fn top_level_count(&self) -> usize {
        self.sent.iter().filter(|path| path.len() == 1).count()
    }

    /// Adds the members at these paths with everything inside them. Returns the paths that the input does not have.
    pub fn add_paths(&mut self, contract: &Contract, operation: &Operation, paths: &[MemberPath]) -> Vec<MemberPath> {
        let mut unknown = Vec::new();
        for path in paths {
            match resolve_path(contract, operation, path) {
                Some(found) => {
                    for (index, segment) in found.iter().enumerate() {
                        if matches!(segment, PathSegment::Member(_)) {
                            self.sent.insert(found[..=index].to_vec());
                        }
                    }
                    self.whole.insert(found);
                }
                None => unknown.push(path.clone()),
            }
        }
        unknown
    }

    /// Adds the members of an input. Where a name is unknown, every member beside it counts.
    pub fn add_input(&mut self, contract: &Contract, operation: &Operation, input: &Json) {
        let Some(id) = &operation.input else { return };
        walk_members(contract, id, input, &mut Vec::new(), &mut |path, is_known| match (is_known, path) {
            (true, path) => {
                self.sent.insert(path.to_vec());
            }
            (false, []) => self.has_all = true,
            (false, path) => {
                self.whole.insert(path.to_vec());
            }
        });
    }

    /// Adds the members of a request that overstep sends.
    pub fn add_sent_value(&mut self, contract: &Contract, operation: &Operation, input: &Value) {
        let Some(id) = &operation.input else { return };
        walk_members(contract, id, input, &mut Vec::new(), &mut |path, is_known| {
            if is_known {
                self.sent.insert(path.to_vec());
            }
        });
    }

    /// Returns true if a member is sent. A required member of a structure that is sent is sent, too.
    pub fn contains(&self, contract: &Contract, operation: &Operation, path: &[PathSegment]) -> bool {
        if self.has_all {
            return true;
        }
        let mut id = operation.input.as_ref();
        for (index, segment) in path.iter().enumerate() {
            let kind = id.and_then(|id| contract.shapes.get(id)).map(|shape| &shape.kind);
            id = match (segment, kind) {
                (PathSegment::Member(name), kind) => {
                    let member = kind.and_then(ShapeKind::members).and_then(|members| members.get(name));
                    let prefix = &path[..=index];
                    if self.whole.contains(prefix) {
                        return true;
                    }
                    if !self.sent.contains(prefix) {
                        return member.is_some_and(|member| member.required);
                    }
                    member.map(|member| &member.shape)
                }
                (PathSegment::Item, Some(ShapeKind::List { member })) => Some(member),
                (PathSegment::Value, Some(ShapeKind::Map { value, .. })) => Some(value),
                _ => None,
            };
        }
        true
    }

    /// Returns true if a member at exactly this path is known to be sent.
    pub(super) fn has_sent(&self, path: &[PathSegment]) -> bool {
        self.sent.contains(path)
    }
}

/// Returns the paths of all members of an operation's input that have no members themselves. A shape that contains itself
/// is not entered again.
pub(super) fn leaf_members(contract: &Contract, operation: &Operation) -> Vec<MemberPath> {
    let mut found = Vec::new();
    if let Some(id) = &operation.input {
        add_leaves(contract, id, &mut Vec::new(), &mut vec![id], &mut found);
    }
    found
}

fn add_leaves<'c>(
    contract: &'c Contract,
    id: &'c ShapeId,
    path: &mut Vec<PathSegment>,
    inside: &mut Vec<&'c ShapeId>,
    found: &mut Vec<MemberPath>,
) {
    let parts: Vec<(PathSegment, &ShapeId)> = match contract.shapes.get(id).map(|shape| &shape.kind) {
        Some(ShapeKind::List { member }) => vec![(PathSegment::Item, member)],
        Some(ShapeKind::Map { value, .. }) => vec![(PathSegment::Value, value)],
        Some(kind) => {
            let members = kind.members().into_iter().flatten();
            members.map(|(name, member)| (PathSegment::Member(name.clone()), &member.shape)).collect()
        }
        None => Vec::new(),
    };
    let is_leaf = parts.is_empty() || parts.iter().any(|(_, part)| inside.contains(part));
    if is_leaf && !path.is_empty() {
        found.push(MemberPath(path.clone()));
        return;
    }
    for (segment, part) in parts {
        if found.len() >= MAX_LISTED_MEMBERS || inside.contains(&part) {
            continue;
        }
        path.push(segment);
        inside.push(part);
        add_leaves(contract, part, path, inside, found);
        inside.pop();
        path.pop();
    }
}

/// Returns a path with the names of the contract; `None` if the input has no such member. `[]` and `{value}` may be left
/// out before a member.
fn resolve_path(contract: &Contract, operation: &Operation, path: &MemberPath) -> Option<Vec<PathSegment>> {
    let mut id = operation.input.as_ref()?;
    let mut found = Vec::new();
    for segment in &path.0 {
        if matches!(segment, PathSegment::Member(_)) {
            loop {
                let (part, inner) = match &contract.shapes.get(id)?.kind {
                    ShapeKind::List { member } => (PathSegment::Item, member),
                    ShapeKind::Map { value, .. } => (PathSegment::Value, value),
                    _ => break,
                };
                found.push(part);
                id = inner;
            }
        }
        let (part, inner) = match (segment, &contract.shapes.get(id)?.kind) {
            (PathSegment::Item, ShapeKind::List { member }) => (PathSegment::Item, member),
            (PathSegment::Key, ShapeKind::Map { key, .. }) => (PathSegment::Key, key),
            (PathSegment::Value, ShapeKind::Map { value, .. }) => (PathSegment::Value, value),
            (PathSegment::Member(name), kind) => {
                let (name, member) = find_member(kind.members()?, name)?;
                (PathSegment::Member(name.to_owned()), &member.shape)
            }
            _ => return None,
        };
        found.push(part);
        id = inner;
    }
    Some(found)
}

/// Returns the member of this name, or of a name that differs from it only in case and signs.
fn find_member<'c>(members: &'c IndexMap<String, Member>, name: &str) -> Option<(&'c str, &'c Member)> {
    if let Some((name, member)) = members.get_key_value(name) {
        return Some((name, member));
    }
    let plain = plain_name(name);
    let is_same = |(known, member): &(&String, &Member)| {
        plain_name(known) == plain || member.wire.as_ref().is_some_and(|wire| plain_name(wire) == plain)
    };
    members.iter().find(is_same).map(|(name, member)| (name.as_str(), member))
}

/// A value of an input: JSON of a recording, or a value of a case.
pub(super) trait InputValue: Sized {
    /// Returns the members of a structure or the entries of a map.
    fn entries(&self) -> Box<dyn Iterator<Item = (&str, &Self)> + '_>;
    /// Returns the items of a list.
    fn items(&self) -> &[Self];
}

impl InputValue for Json {
    fn entries(&self) -> Box<dyn Iterator<Item = (&str, &Self)> + '_> {
        Box::new(self.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value)))
    }

    fn items(&self) -> &[Self] {
        self.as_array().map_or(&[], Vec::as_slice)
    }
}

impl InputValue for Value {
    fn entries(&self) -> Box<dyn Iterator<Item = (&str, &Self)> + '_> {
        match self {
            Self::Map(members) => Box::new(members.iter().map(|(name, value)| (name.as_str(), value))),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

/// Calls `visit` with the path of every member of a value and true, and with the path of a structure and false for each of
/// its members that is unknown. Depth is limited by that of the value.
///
/// A map whose keys are a closed list is like a structure: its keys are visited as if they were members, at a path such as
/// `Attributes{key}.DelaySeconds`.
pub(super) fn walk_members<V: InputValue>(
    contract: &Contract,
    id: &ShapeId,
    value: &V,
    path: &mut Vec<PathSegment>,
    visit: &mut dyn FnMut(&[PathSegment], bool),
) {
    let Some(shape) = contract.shapes.get(id) else { return };
    match &shape.kind {
        ShapeKind::List { member } => {
            path.push(PathSegment::Item);
            value.items().iter().for_each(|item| walk_members(contract, member, item, path, visit));
            path.pop();
        }
        ShapeKind::Map { key, value: inner } => {
            if let Some(ShapeKind::Enum { values }) = contract.shapes.get(key).map(|shape| &shape.kind) {
                path.push(PathSegment::Key);
                for (name, _) in value.entries().filter(|(name, _)| values.iter().any(|value| value == name)) {
                    path.push(PathSegment::Member(name.to_owned()));
                    visit(path, true);
                    path.pop();
                }
                path.pop();
            }
            path.push(PathSegment::Value);
            value.entries().for_each(|(_, entry)| walk_members(contract, inner, entry, path, visit));
            path.pop();
        }
        kind => {
            let Some(members) = kind.members() else { return };
            for (name, inner) in value.entries() {
                match find_member(members, name) {
                    Some((name, member)) => {
                        path.push(PathSegment::Member(name.to_owned()));
                        visit(path, true);
                        walk_members(contract, &member.shape, inner, path, visit);
                        path.pop();
                    }
                    None => visit(path, false),
                }
            }
        }
    }
}
