//! Finds the fewest causes that explain all groups: a greedy cover, the widest causes first.

use super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::enforced_constraints::EnforcedConstraints;
use super::identity_hash::IdentityHash;
use super::kinds::CAUSE_KINDS;
use super::pairs::attach_pairs;
use super::{Contradictions, Divergence, Explanation};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// The kind of a cause that explains one group only.
const SINGLE_GROUP: &str = "single";

/// Returns the causes of the groups. Every group belongs to exactly one cause; the order is that of their first groups.
pub fn find_causes(groups: &[Divergence], contradictions: &Contradictions) -> Vec<Explanation> {
    let mut unexplained: Vec<bool> = groups.iter().map(|group| group.faults().is_none() && !group.is_mixed).collect();
    let candidates = list_candidates(groups, &unexplained, contradictions);
    let mut found = Vec::new();
    for scope in
        [CauseScope::Server, CauseScope::Shape, CauseScope::Operation, CauseScope::Member, CauseScope::Constraint]
    {
        while let Some((kind, identity, explained)) =
            best_candidate(&candidates, scope, groups, &unexplained, contradictions.enforced())
        {
            let divergences: Vec<&Divergence> = explained.iter().map(|index| &groups[*index]).collect();
            explained.iter().for_each(|index| unexplained[*index] = false);
            let statement = kind.statement(identity, &divergences);
            found.push(Explanation { kind: kind.name(), statement: Some(statement), groups: explained });
        }
    }
    merge_equal_reach(&mut found, groups);
    let single = |index: usize| Explanation { kind: SINGLE_GROUP, statement: None, groups: vec![index] };
    let is_single = |index: &usize| unexplained[*index] || groups[*index].is_mixed;
    found.extend((0..groups.len()).filter(is_single).map(single));
    let left = attach_pairs(groups, &mut found);
    found.extend(left.into_iter().map(single));
    found.iter_mut().for_each(|cause| cause.groups.sort_unstable());
    found.sort_by_key(|cause| cause.groups.first().copied());
    found
}

/// Merges causes of a kind that allows it if they concern the same operations: one parser accepts several kinds of
/// damage.
fn merge_equal_reach(found: &mut Vec<Explanation>, groups: &[Divergence]) {
    let mut merged: IndexMap<(&'static str, BTreeSet<&str>), Explanation> = IndexMap::new();
    let mut others = Vec::new();
    for cause in std::mem::take(found) {
        let divergences = |indices: &[usize]| indices.iter().map(|index| &groups[*index]).collect::<Vec<_>>();
        let own = divergences(&cause.groups);
        let kind = CAUSE_KINDS.iter().find(|kind| kind.name() == cause.kind);
        if kind.and_then(|kind| kind.merged_statement(&own)).is_none() {
            others.push(cause);
            continue;
        }
        let reach = own.iter().map(|group| group.operation.as_str()).collect();
        let entry = merged.entry((cause.kind, reach)).or_insert(Explanation { groups: Vec::new(), ..cause.clone() });
        entry.groups.extend(cause.groups);
        entry.statement = kind.and_then(|kind| kind.merged_statement(&divergences(&entry.groups)));
    }
    *found = others;
    found.extend(merged.into_values());
}

type Candidates = IndexMap<(usize, CauseIdentity), Vec<usize>>;

/// Returns all causes that nothing contradicts, with the groups that they would explain.
fn list_candidates(groups: &[Divergence], considered: &[bool], contradictions: &Contradictions) -> Candidates {
    let mut candidates = Candidates::new();
    for (index, group) in groups.iter().enumerate().filter(|(index, _)| considered[*index]) {
        for (number, kind) in CAUSE_KINDS.iter().enumerate() {
            // What the server says of its failure tells more than which requests met it.
            if group.failure.is_some() && !kind.explains_described_failures() {
                continue;
            }
            if let Some(identity) = kind.identify(group) {
                candidates.entry((number, identity)).or_default().push(index);
            }
        }
    }
    candidates.retain(|(number, identity), explains| {
        explains.len() > 1
            && !contradictions
                .contains(IdentityHash::new(CAUSE_KINDS[*number].name(), identity.0.iter().map(String::as_str)))
    });
    candidates
}

/// Returns the supported cause of a scope that explains most of what is unexplained; the first one of equals.
fn best_candidate<'c>(
    candidates: &'c Candidates,
    scope: CauseScope,
    groups: &[Divergence],
    unexplained: &[bool],
    enforced: &EnforcedConstraints,
) -> Option<(&'static dyn CauseKind, &'c CauseIdentity, Vec<usize>)> {
    let mut best: Option<(&'static dyn CauseKind, &CauseIdentity, Vec<usize>)> = None;
    for ((number, identity), explains) in candidates {
        let kind = CAUSE_KINDS[*number];
        if kind.scope() != scope || best.as_ref().is_some_and(|(_, _, most)| explains.len() <= most.len()) {
            continue;
        }
        let open: Vec<usize> = explains.iter().copied().filter(|index| unexplained[*index]).collect();
        let divergences: Vec<&Divergence> = open.iter().map(|index| &groups[*index]).collect();
        let is_better = best.as_ref().is_none_or(|(_, _, most)| open.len() > most.len());
        if open.len() > 1
            && is_better
            && kind.is_supported_by(&divergences)
            && !kind.is_outweighed(&divergences, enforced)
        {
            best = Some((kind, identity, open));
        }
    }
    best
}
