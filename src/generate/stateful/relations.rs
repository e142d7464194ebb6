//! The table of laws about what writes do to stored state: they merge, deduplicate, overwrite and stay isolated.
//!
//! Every law compares the state before with the state after. It never assumes an empty resource.

use crate::case::{LawName, Resource};
use crate::generate::stateful::law_steps::{
    AppliesTo::{Any, DistinctResources, Lists, Maps, MapsAndFields, OtherParents},
    FIRST,
    Key::{Named, Nth},
    LawStep::{Read, ShowList, Write, WriteUncertain},
    Relation, SECOND,
};

/// All relations, in the order of sending. If another parent does not exist, the last case shows nothing, which is not
/// an error.
pub(super) const RELATIONS: &[Relation] = &[
    Relation {
        to: Maps,
        law: LawName::Merges,
        variant: "two-writes",
        rule: "a write adds to the stored entries",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one")]),
            Read(FIRST),
            Write(FIRST, &[(Nth(1), "two")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: Maps,
        law: LawName::Merges,
        variant: "overlapping",
        rule: "a write adds to the stored entries",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one"), (Nth(1), "two")]),
            Write(FIRST, &[(Nth(1), "three")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: Maps,
        law: LawName::Merges,
        variant: "keys-that-differ-in-case",
        rule: "keys are case-sensitive",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Named("key"), "lower")]),
            Write(FIRST, &[(Named("KEY"), "upper")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: Lists,
        law: LawName::Merges,
        variant: "two-writes",
        rule: "a write adds to the stored entries",
        steps: &[Read(FIRST), Write(FIRST, &[(Nth(0), "one")]), Write(FIRST, &[(Nth(0), "two")]), Read(FIRST)],
    },
    Relation {
        to: Lists,
        law: LawName::Deduplicates,
        variant: "again",
        rule: "duplicates are stored once",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one"), (Nth(0), "two")]),
            Write(FIRST, &[(Nth(0), "two"), (Nth(0), "three")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: Lists,
        law: LawName::Deduplicates,
        variant: "in-one-request",
        rule: "duplicates are stored once",
        steps: &[
            Read(FIRST),
            WriteUncertain(FIRST, &[(Nth(0), "one"), (Nth(0), "one")]),
            Write(FIRST, &[(Nth(0), "two")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: Lists,
        law: LawName::Deduplicates,
        variant: "differing-in-case",
        rule: "items that differ in case are not duplicates",
        steps: &[Read(FIRST), Write(FIRST, &[(Nth(0), "one")]), Write(FIRST, &[(Nth(0), "ONE")]), Read(FIRST)],
    },
    Relation {
        to: Lists,
        law: LawName::KeepsOrder,
        variant: "two-writes",
        rule: "items keep the order of writing",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "zulu"), (Nth(0), "alpha")]),
            Write(FIRST, &[(Nth(0), "mike"), (Nth(0), "bravo")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: MapsAndFields,
        law: LawName::Overwrites,
        variant: "longer",
        rule: "the last write wins",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one")]),
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one and more")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: MapsAndFields,
        law: LawName::Overwrites,
        variant: "shorter",
        rule: "the last write wins",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one and more")]),
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: MapsAndFields,
        law: LawName::Overwrites,
        variant: "back",
        rule: "the last write wins",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "ONE")]),
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: Any,
        law: LawName::Idempotent,
        variant: "twice",
        rule: "repeating a write changes nothing",
        steps: &[
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one")]),
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "one")]),
            Read(FIRST),
        ],
    },
    Relation {
        to: DistinctResources,
        law: LawName::Isolated,
        variant: "others-untouched",
        rule: "a write does not change other resources",
        steps: &[
            Write(SECOND, &[(Nth(1), "theirs")]),
            Read(SECOND),
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "ours")]),
            Read(SECOND),
            Read(FIRST),
            ShowList(SECOND, &[(Nth(1), "theirs")]),
        ],
    },
    Relation {
        to: OtherParents,
        law: LawName::Isolated,
        variant: "elsewhere-untouched",
        rule: "the same name under another parent is another resource",
        steps: &[
            Read(Resource::OtherParent),
            WriteUncertain(Resource::OtherParent, &[(Nth(1), "theirs")]),
            Read(Resource::OtherParent),
            Read(FIRST),
            Write(FIRST, &[(Nth(0), "ours")]),
            Read(Resource::OtherParent),
            Read(FIRST),
        ],
    },
];
