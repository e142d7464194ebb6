//! The table of laws about what writes do to stored state: they merge, deduplicate, overwrite and stay isolated.
//!
//! Every law compares the state before with the state after. It never assumes an empty resource.

use crate::generate::input_sampler::OTHER_PARENT;
use crate::generate::stateful::law_steps::{
    AppliesTo::{Any, DistinctResources, Lists, Maps, MapsAndFields, OtherParents},
    Key::{Named, Nth},
    LawStep::{Read, ShowList, Write, WriteUncertain},
    Relation,
};

/// All relations, in the order of sending. If another parent does not exist, the last case shows nothing, which is not
/// an error.
pub(super) const RELATIONS: &[Relation] = &[
    Relation {
        to: Maps,
        law: "merges",
        variant: "two-writes",
        rule: "a write adds to the stored entries",
        steps: &[Read(1), Write(1, &[(Nth(0), "one")]), Read(1), Write(1, &[(Nth(1), "two")]), Read(1)],
    },
    Relation {
        to: Maps,
        law: "merges",
        variant: "overlapping",
        rule: "a write adds to the stored entries",
        steps: &[Read(1), Write(1, &[(Nth(0), "one"), (Nth(1), "two")]), Write(1, &[(Nth(1), "three")]), Read(1)],
    },
    Relation {
        to: Maps,
        law: "merges",
        variant: "keys-that-differ-in-case",
        rule: "keys are case-sensitive",
        steps: &[Read(1), Write(1, &[(Named("key"), "lower")]), Write(1, &[(Named("KEY"), "upper")]), Read(1)],
    },
    Relation {
        to: Lists,
        law: "merges",
        variant: "two-writes",
        rule: "a write adds to the stored entries",
        steps: &[Read(1), Write(1, &[(Nth(0), "one")]), Write(1, &[(Nth(0), "two")]), Read(1)],
    },
    Relation {
        to: Lists,
        law: "deduplicates",
        variant: "again",
        rule: "duplicates are stored once",
        steps: &[
            Read(1),
            Write(1, &[(Nth(0), "one"), (Nth(0), "two")]),
            Write(1, &[(Nth(0), "two"), (Nth(0), "three")]),
            Read(1),
        ],
    },
    Relation {
        to: Lists,
        law: "deduplicates",
        variant: "in-one-request",
        rule: "duplicates are stored once",
        steps: &[
            Read(1),
            WriteUncertain(1, &[(Nth(0), "one"), (Nth(0), "one")]),
            Write(1, &[(Nth(0), "two")]),
            Read(1),
        ],
    },
    Relation {
        to: Lists,
        law: "deduplicates",
        variant: "differing-in-case",
        rule: "items that differ in case are not duplicates",
        steps: &[Read(1), Write(1, &[(Nth(0), "one")]), Write(1, &[(Nth(0), "ONE")]), Read(1)],
    },
    Relation {
        to: Lists,
        law: "keeps-order",
        variant: "two-writes",
        rule: "items keep the order of writing",
        steps: &[
            Read(1),
            Write(1, &[(Nth(0), "zulu"), (Nth(0), "alpha")]),
            Write(1, &[(Nth(0), "mike"), (Nth(0), "bravo")]),
            Read(1),
        ],
    },
    Relation {
        to: MapsAndFields,
        law: "overwrites",
        variant: "longer",
        rule: "the last write wins",
        steps: &[Read(1), Write(1, &[(Nth(0), "one")]), Read(1), Write(1, &[(Nth(0), "one and more")]), Read(1)],
    },
    Relation {
        to: MapsAndFields,
        law: "overwrites",
        variant: "shorter",
        rule: "the last write wins",
        steps: &[Read(1), Write(1, &[(Nth(0), "one and more")]), Read(1), Write(1, &[(Nth(0), "one")]), Read(1)],
    },
    Relation {
        to: MapsAndFields,
        law: "overwrites",
        variant: "back",
        rule: "the last write wins",
        steps: &[Read(1), Write(1, &[(Nth(0), "ONE")]), Read(1), Write(1, &[(Nth(0), "one")]), Read(1)],
    },
    Relation {
        to: Any,
        law: "idempotent",
        variant: "twice",
        rule: "repeating a write changes nothing",
        steps: &[Read(1), Write(1, &[(Nth(0), "one")]), Read(1), Write(1, &[(Nth(0), "one")]), Read(1)],
    },
    Relation {
        to: DistinctResources,
        law: "isolated",
        variant: "others-untouched",
        rule: "a write does not change other resources",
        steps: &[
            Write(2, &[(Nth(1), "theirs")]),
            Read(2),
            Read(1),
            Write(1, &[(Nth(0), "ours")]),
            Read(2),
            Read(1),
            ShowList(2, &[(Nth(1), "theirs")]),
        ],
    },
    Relation {
        to: OtherParents,
        law: "isolated",
        variant: "elsewhere-untouched",
        rule: "the same name under another parent is another resource",
        steps: &[
            Read(OTHER_PARENT),
            WriteUncertain(OTHER_PARENT, &[(Nth(1), "theirs")]),
            Read(OTHER_PARENT),
            Read(1),
            Write(1, &[(Nth(0), "ours")]),
            Read(OTHER_PARENT),
            Read(1),
        ],
    },
];
