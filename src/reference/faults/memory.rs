//! Faults of stored state: not merged, not kept, changed when written, or written although the request was rejected.
//!
//! Never for operations whose behaviour the server does not know; each row lists the behaviours that it needs.

use super::context::FaultContext;
use super::fault::{Fault, FaultChange, FindingScope};
use crate::reference::misbehavior::Misbehavior;

/// The kinds of behaviour in which a mistake is possible.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BehaviorKind {
    Map,
    List,
    Remove,
    Read,
    Filter,
    Described,
}

use BehaviorKind::{Described, Filter, List, Map, Read, Remove};

const ROWS: &[(&[BehaviorKind], &str, Misbehavior, &str, bool)] = &[
    (&[Map, List], "replaces", Misbehavior::Replaces, "stored data is replaced instead of merged", true),
    (&[Map], "first-wins", Misbehavior::FirstWins, "stored entries are not overwritten", true),
    (&[List], "keeps-duplicates", Misbehavior::KeepsDuplicates, "duplicates are kept", true),
    (&[List], "folds-duplicates", Misbehavior::FoldsDuplicates, "duplicates are detected case-insensitively", true),
    (&[List], "answers-written", Misbehavior::AnswersWritten, "the response has only the entries of this write", true),
    (&[List], "answers-stale", Misbehavior::AnswersStale, "the response has the state before the write", true),
    (&[Map, List], "lowers-keys", Misbehavior::LowersKeys, "keys are lower-cased", true),
    (&[Map, List], "lowers-values", Misbehavior::LowersValues, "values are lower-cased", true),
    (&[Map, List], "trims-values", Misbehavior::TrimsValues, "values are trimmed", true),
    (&[Map, List], "truncates-values", Misbehavior::TruncatesValues, "values are truncated", true),
    (&[Map, List], "normalises", Misbehavior::Normalises, "strings are normalised to form C", true),
    (&[Map, List], "mangles-non-ascii", Misbehavior::ManglesNonAscii, "non-ASCII characters are lost", true),
    (&[Map, List], "drops-empty", Misbehavior::DropsEmpty, "empty values are not stored", true),
    (&[Map, List], "drops-last", Misbehavior::DropsLast, "the last of several entries is not stored", true),
    (&[Map, List], "sorts", Misbehavior::Sorts, "entries are sorted", false),
    (&[Map, List], "toggles", Misbehavior::Toggles, "writing the same value again removes it", true),
    (&[Map, List], "writes-rejected", Misbehavior::WritesRejected, "a rejected request is written all the same", true),
    (&[Map, List, Remove], "loses-writes", Misbehavior::LosesWrites, "nothing is stored", true),
    (
        &[Map, List],
        "loses-updates",
        Misbehavior::LosesUpdates,
        "only one of several concurrent writes takes effect",
        true,
    ),
    // The response of a list write comes from the resource that was written, so the fault would not be visible.
    (&[Map, Remove], "writes-elsewhere", Misbehavior::WritesElsewhere, "another resource is written to", true),
    (&[Map, List, Remove], "shares-resources", Misbehavior::SharesResources, "all writes go to one resource", true),
    (
        &[Map, Remove, Read],
        "mixes-parents",
        Misbehavior::MixesParents,
        "the parent's name is not part of the key",
        true,
    ),
    (&[Read], "reads-shared", Misbehavior::SharesResources, "one resource is read for all", true),
    (&[Remove], "removes-nothing", Misbehavior::RemovesNothing, "nothing is removed", true),
    (&[Remove], "removes-all", Misbehavior::RemovesAll, "everything is removed", true),
    (&[Filter], "ignores-filter", Misbehavior::IgnoresFilter, "the filter is not applied", true),
    (&[Described, List], "answers-other", Misbehavior::AnswersOther, "the response names another resource", true),
];

/// Returns the kinds of behaviour of an operation in `connect` or `leadlex`.
fn behavior_kinds(operation: &str) -> &'static [BehaviorKind] {
    match operation {
        "TagContact" | "UpdateContactAttributes" | "UpdateContact" => &[Map],
        "AddTagsToContact" => &[List],
        "UntagContact" => &[Remove],
        "DescribeContact" => &[Read, Described],
        "GetContactAttributes" => &[Read],
        "ListContactReferences" => &[Read, Filter],
        _ => &[],
    }
}

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let kinds = behavior_kinds(context.operation_name());
    ROWS.iter()
        .filter(|(needs, ..)| needs.iter().any(|need| kinds.contains(need)))
        .map(|(_, slug, misbehavior, description, violates_contract)| Fault {
            name: format!("{}.memory.{slug}", context.operation_name()),
            class: "memory",
            operation: context.operation_name().to_owned(),
            description: (*description).to_owned(),
            violates_contract: *violates_contract,
            hidden_reason: (*misbehavior == Misbehavior::Sorts && !kinds.contains(&List))
                .then_some("the entries of a map have no order"),
            // Laws of other operations may use this one for setup or reads; budgets count stored data.
            scopes: vec![
                FindingScope::new("*", "law", "*"),
                FindingScope::new("*", "*", "maxTotalBytes"),
                FindingScope::new(context.operation_name(), "*", "*"),
            ],
            change: FaultChange::Misbehavior {
                operation: context.operation_name().to_owned(),
                misbehavior: *misbehavior,
            },
        })
        .collect()
}
