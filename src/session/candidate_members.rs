//! The members that may be added to a plain request which an endpoint rejects.
//!
//! It sends nothing; a search proposes which of them to add.

use crate::contract::{Contract, MemberPath, Operation, PathSegment, ShapeId, ShapeKind};
use crate::scenario::Scenario;
use crate::search::CandidateMember;

/// Maximum depth to which the members inside a shape are collected.
const MAX_DEPTH: usize = 3;

/// Returns the optional input members of an operation for which the scenario has no value, and those inside structures.
pub(super) fn candidate_members(
    contract: &Contract,
    operation: &Operation,
    scenario: &Scenario,
) -> Vec<CandidateMember> {
    let Some(members) = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members()) else {
        return Vec::new();
    };
    let open = |name: &str| scenario.use_value(operation.name.as_str(), name).is_none();
    let optional = members.iter().filter(|(name, member)| !member.required && open(name));
    let mut found: Vec<CandidateMember> = optional
        .map(|(name, member)| {
            let mut words = vec![name.clone()];
            words.extend(name_endings(name));
            collect_member_names(contract, &member.shape, 0, &mut words);
            CandidateMember { name: name.clone(), words, only_if_named: false }
        })
        .collect();
    for (name, member) in members {
        collect_nested_candidates(contract, &member.shape, &MemberPath::root().join_member(name), &mut found);
    }
    found
}

/// Maximum number of members that may be added to a request.
const MAX_CANDIDATES: usize = 300;

/// Adds the optional members inside a shape.
fn collect_nested_candidates(contract: &Contract, id: &ShapeId, path: &MemberPath, found: &mut Vec<CandidateMember>) {
    if path.0.len() > MAX_DEPTH + 1 || found.len() >= MAX_CANDIDATES {
        return;
    }
    match &contract.shape(id).kind {
        ShapeKind::Structure { members } => {
            for (name, member) in members {
                let place = path.join_member(name);
                if !member.required {
                    let words = std::iter::once(name.clone()).chain(name_endings(name)).collect();
                    found.push(CandidateMember { name: place.to_string(), words, only_if_named: true });
                }
                collect_nested_candidates(contract, &member.shape, &place, found);
            }
        }
        ShapeKind::List { member } => {
            collect_nested_candidates(contract, member, &path.join(PathSegment::Item), found);
        }
        _ => {}
    }
}

/// Returns the endings of a name in camel case that have at least two words: `HttpMethod` of `integrationHttpMethod`.
fn name_endings(name: &str) -> Vec<String> {
    let starts: Vec<usize> =
        name.char_indices().filter(|(at, c)| *at > 0 && c.is_ascii_uppercase()).map(|(at, _)| at).collect();
    let count = starts.len().saturating_sub(1);
    starts.into_iter().take(count).map(|at| name[at..].to_owned()).collect()
}

/// Collects the names of all members inside a shape, down to the maximum depth.
fn collect_member_names(contract: &Contract, id: &ShapeId, depth: usize, words: &mut Vec<String>) {
    if depth >= MAX_DEPTH {
        return;
    }
    match &contract.shape(id).kind {
        ShapeKind::Structure { members } | ShapeKind::Union { members } => {
            for (name, member) in members {
                words.push(name.clone());
                collect_member_names(contract, &member.shape, depth + 1, words);
            }
        }
        ShapeKind::List { member } => collect_member_names(contract, member, depth, words),
        ShapeKind::Map { value, .. } => collect_member_names(contract, value, depth, words),
        _ => {}
    }
}
