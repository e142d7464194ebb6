//! The required scalars of an input, which a valid request must give a value.

use crate::contract::{Contract, MemberPath, Operation, PathSegment, Shape, ShapeId, ShapeKind};

/// Maximum depth of the search for required members.
const MAX_REQUIRED_DEPTH: usize = 3;
/// Maximum number of segments of a path.
const MAX_PATH_LENGTH: usize = 12;

/// A required scalar of an input.
pub(super) struct RequiredScalar<'c> {
    pub path: MemberPath,
    pub id: &'c ShapeId,
    pub shape: &'c Shape,
}

impl RequiredScalar<'_> {
    /// Returns true if it is a key of a map or lies within an entry.
    pub fn is_in_map(&self) -> bool {
        self.path.0.iter().any(|segment| matches!(segment, PathSegment::Key | PathSegment::Value))
    }

    /// Returns true if it has no member name of its own: a key, an entry, or an item of an entry.
    pub fn has_no_member_name(&self) -> bool {
        let inner = self.path.0.iter().rev().take_while(|segment| !matches!(segment, PathSegment::Member(_)));
        inner.into_iter().any(|segment| matches!(segment, PathSegment::Key | PathSegment::Value))
    }
}

/// Returns the required scalars of an input: required members, the first items of required lists, and the keys and
/// entries of required maps.
pub(super) fn required_scalars<'c>(contract: &'c Contract, operation: &'c Operation) -> Vec<RequiredScalar<'c>> {
    let mut found = Vec::new();
    if let Some(input) = &operation.input {
        collect_required_scalars(contract, input, &MemberPath::root(), 0, &mut found);
    }
    found
}

/// Returns the scalars that an optional member of an input must have where it is sent.
pub(super) fn scalars_of_member<'c>(contract: &'c Contract, name: &str, id: &'c ShapeId) -> Vec<RequiredScalar<'c>> {
    let mut found = Vec::new();
    collect_required_scalars(contract, id, &MemberPath::root().join_member(name), 1, &mut found);
    found
}

fn collect_required_scalars<'c>(
    contract: &'c Contract,
    id: &'c ShapeId,
    path: &MemberPath,
    depth: usize,
    found: &mut Vec<RequiredScalar<'c>>,
) {
    let shape = contract.shape(id);
    match &shape.kind {
        ShapeKind::Structure { members } if depth < MAX_REQUIRED_DEPTH => {
            for (name, member) in members.iter().filter(|(_, member)| member.required) {
                collect_required_scalars(contract, &member.shape, &path.join_member(name), depth + 1, found);
            }
        }
        // Lists do not count towards the depth, but a list of itself would never end.
        ShapeKind::List { member } if path.0.len() < MAX_PATH_LENGTH => {
            collect_required_scalars(contract, member, &path.join(PathSegment::Item), depth, found)
        }
        ShapeKind::Map { key, value } if depth < MAX_REQUIRED_DEPTH => {
            collect_required_scalars(contract, key, &path.join(PathSegment::Key), depth + 1, found);
            collect_required_scalars(contract, value, &path.join(PathSegment::Value), depth + 1, found);
        }
        ShapeKind::Structure { .. } | ShapeKind::Union { .. } | ShapeKind::Map { .. } | ShapeKind::List { .. } => {}
        _ => found.push(RequiredScalar { path: path.clone(), id, shape }),
    }
}
