//! What is stored: not merged, not kept, changed on the way, or written although it was rejected.
//!
//! Only for operations whose behaviour the server knows; what each trick needs is in its row.

use super::View;
use crate::reference::fault::{Change, Fault, Touch};
use crate::reference::trick::Trick;

/// What kind of write a mistake is possible in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Map,
    List,
    Remove,
    Read,
    Filter,
    Described,
}

use Kind::{Described, Filter, List, Map, Read, Remove};

const ROWS: &[(&[Kind], &str, Trick, &str, bool)] = &[
    (&[Map, List], "replaces", Trick::Replaces, "what is stored is replaced instead of merged", true),
    (&[Map], "first-wins", Trick::FirstWins, "what is stored is not overwritten", true),
    (&[List], "keeps-duplicates", Trick::KeepsDuplicates, "duplicates are kept", true),
    (&[List], "folds-duplicates", Trick::FoldsDuplicates, "duplicates are found without regard to case", true),
    (&[List], "answers-written", Trick::AnswersWritten, "only what was written just now is answered", true),
    (&[List], "answers-stale", Trick::AnswersStale, "what was stored before is answered", true),
    (&[Map, List], "lowers-keys", Trick::LowersKeys, "keys are lower-cased", true),
    (&[Map, List], "lowers-values", Trick::LowersValues, "values are lower-cased", true),
    (&[Map, List], "trims-values", Trick::TrimsValues, "values are trimmed", true),
    (&[Map, List], "truncates-values", Trick::TruncatesValues, "values are truncated", true),
    (&[Map, List], "normalises", Trick::Normalises, "texts are normalised to form C", true),
    (&[Map, List], "mangles-non-ascii", Trick::ManglesNonAscii, "characters beyond ASCII are lost", true),
    (&[Map, List], "drops-empty", Trick::DropsEmpty, "empty values are not stored", true),
    (&[Map, List], "drops-last", Trick::DropsLast, "the last of several entries is not stored", true),
    (&[Map, List], "sorts", Trick::Sorts, "entries are sorted", false),
    (&[Map, List], "toggles", Trick::Toggles, "writing the same again removes it", true),
    (&[Map, List], "writes-rejected", Trick::WritesRejected, "a rejected request is written all the same", true),
    (&[Map, List, Remove], "loses-writes", Trick::LosesWrites, "nothing is stored", true),
    (&[Map, List], "loses-updates", Trick::LosesUpdates, "of writes side by side, only one stays", true),
    // A list is answered from where it was written, so that nobody sees where that is.
    (&[Map, Remove], "writes-elsewhere", Trick::WritesElsewhere, "another resource is written to", true),
    (&[Map, List, Remove], "shares-resources", Trick::SharesResources, "all writes go to one resource", true),
    (&[Map, Remove, Read], "mixes-parents", Trick::MixesParents, "the parent's name is no part of the key", true),
    (&[Read], "reads-shared", Trick::SharesResources, "one resource is read for all", true),
    (&[Remove], "removes-nothing", Trick::RemovesNothing, "nothing is removed", true),
    (&[Remove], "removes-all", Trick::RemovesAll, "everything is removed", true),
    (&[Filter], "ignores-filter", Trick::IgnoresFilter, "the filter is not applied", true),
    (&[Described, List], "answers-other", Trick::AnswersOther, "the answer names another resource", true),
];

/// What the behaviours of `connect` and `leadlex` are made of.
fn kinds(operation: &str) -> &'static [Kind] {
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

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let kinds = kinds(view.name());
    ROWS.iter()
        .filter(|(needs, ..)| needs.iter().any(|need| kinds.contains(need)))
        .map(|(_, slug, trick, describes, breaks)| Fault {
            name: format!("{}.memory.{slug}", view.name()),
            class: "memory",
            operation: view.name().to_owned(),
            describes: (*describes).to_owned(),
            breaks_contract: *breaks,
            hidden: (*trick == Trick::Sorts && !kinds.contains(&List)).then_some("the entries of a map have no order"),
            // The law of another operation may be set up, or read back, by this one; budgets count what is stored.
            touches: vec![
                Touch::new("*", "law", "*"),
                Touch::new("*", "*", "maxTotalBytes"),
                Touch::new(view.name(), "*", "*"),
            ],
            change: Change::Trick { operation: view.name().to_owned(), trick: *trick },
        })
        .collect()
}
