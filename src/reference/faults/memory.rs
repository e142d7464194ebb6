//! Faults of stored state: not merged, not kept, changed when written, or written although the request was rejected.
//!
//! Never for operations whose behaviour the server does not know; each row lists the behaviours that it needs.

use super::FaultContext;
use crate::reference::fault::{FaultChange, Fault, FindingScope};
use crate::reference::misbehavior::Trick;

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

const ROWS: &[(&[BehaviorKind], &str, Trick, &str, bool)] = &[
    (&[Map, List], "replaces", Trick::Replaces, "stored data is replaced instead of merged", true),
    (&[Map], "first-wins", Trick::FirstWins, "stored entries are not overwritten", true),
    (&[List], "keeps-duplicates", Trick::KeepsDuplicates, "duplicates are kept", true),
    (&[List], "folds-duplicates", Trick::FoldsDuplicates, "duplicates are detected case-insensitively", true),
    (&[List], "answers-written", Trick::AnswersWritten, "the response has only the entries of this write", true),
    (&[List], "answers-stale", Trick::AnswersStale, "the response has the state before the write", true),
    (&[Map, List], "lowers-keys", Trick::LowersKeys, "keys are lower-cased", true),
    (&[Map, List], "lowers-values", Trick::LowersValues, "values are lower-cased", true),
    (&[Map, List], "trims-values", Trick::TrimsValues, "values are trimmed", true),
    (&[Map, List], "truncates-values", Trick::TruncatesValues, "values are truncated", true),
    (&[Map, List], "normalises", Trick::Normalises, "strings are normalised to form C", true),
    (&[Map, List], "mangles-non-ascii", Trick::ManglesNonAscii, "non-ASCII characters are lost", true),
    (&[Map, List], "drops-empty", Trick::DropsEmpty, "empty values are not stored", true),
    (&[Map, List], "drops-last", Trick::DropsLast, "the last of several entries is not stored", true),
    (&[Map, List], "sorts", Trick::Sorts, "entries are sorted", false),
    (&[Map, List], "toggles", Trick::Toggles, "writing the same value again removes it", true),
    (&[Map, List], "writes-rejected", Trick::WritesRejected, "a rejected request is written all the same", true),
    (&[Map, List, Remove], "loses-writes", Trick::LosesWrites, "nothing is stored", true),
    (&[Map, List], "loses-updates", Trick::LosesUpdates, "only one of several concurrent writes takes effect", true),
    // The response of a list write comes from the resource that was written, so the fault would not be visible.
    (&[Map, Remove], "writes-elsewhere", Trick::WritesElsewhere, "another resource is written to", true),
    (&[Map, List, Remove], "shares-resources", Trick::SharesResources, "all writes go to one resource", true),
    (&[Map, Remove, Read], "mixes-parents", Trick::MixesParents, "the parent's name is not part of the key", true),
    (&[Read], "reads-shared", Trick::SharesResources, "one resource is read for all", true),
    (&[Remove], "removes-nothing", Trick::RemovesNothing, "nothing is removed", true),
    (&[Remove], "removes-all", Trick::RemovesAll, "everything is removed", true),
    (&[Filter], "ignores-filter", Trick::IgnoresFilter, "the filter is not applied", true),
    (&[Described, List], "answers-other", Trick::AnswersOther, "the response names another resource", true),
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
        .map(|(_, slug, trick, describes, breaks)| Fault {
            name: format!("{}.memory.{slug}", context.operation_name()),
            class: "memory",
            operation: context.operation_name().to_owned(),
            description: (*describes).to_owned(),
            violates_contract: *breaks,
            hidden_reason: (*trick == Trick::Sorts && !kinds.contains(&List)).then_some("the entries of a map have no order"),
            // Laws of other operations may use this one for setup or reads; budgets count stored data.
            scopes: vec![
                FindingScope::new("*", "law", "*"),
                FindingScope::new("*", "*", "maxTotalBytes"),
                FindingScope::new(context.operation_name(), "*", "*"),
            ],
            change: FaultChange::Misbehavior { operation: context.operation_name().to_owned(), trick: *trick },
        })
        .collect()
}
