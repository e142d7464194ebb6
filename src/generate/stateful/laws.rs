//! Laws over stored state: writes merge, overwrite, stay isolated, survive concurrency, and leave no trace if rejected.
//!
//! Every law compares the state before with the state after. It never assumes an empty resource.

use crate::case::{
    Case,
    Certainty::{Certain, Uncertain},
    LawName, Resource, StateKind, Value,
};
use crate::contract::{Operation, PathSegment, Shape, ShapeId, ShapeKind};
use crate::generate::input_sampler::{InputSampler, repeat_to_length};
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::partial_write::rejected_writes;
use crate::generate::stateful::stateful_case::{CaseMetadata, StatefulCaseBuilder};
use crate::generate::stateful::stored_member::{StoredMember, map_value, stored_members, with_free_text};

/// Number of concurrent writers.
const CONCURRENT_WRITERS: u64 = 5;
/// Maximum number of keys in a case, small enough never to reach a map's own limit.
const MAX_KEYS: u64 = 5;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    for keeper in stored_members(context.plan, context.operation) {
        let has_several = stored_members(context.plan, context.operation).len() > 1;
        let variant_prefix = if has_several { format!("{}-", keeper.path) } else { String::new() };
        let laws = MemberLaws { context, stored_member: &keeper, variant_prefix };
        laws.add_read_your_write(&mut out);
        laws.add_relations(&mut out);
        laws.add_rejected_writes(&mut out);
    }
    crate::generate::stateful::reader_laws::add_cases(context, &mut out);
    out
}

/// Generates the law cases of one stored member.
pub(crate) struct MemberLaws<'w, 'p> {
    pub context: &'w OperationContext<'p>,
    pub stored_member: &'w StoredMember<'p>,
    /// Prefix of variants, if an operation stores several members.
    pub variant_prefix: String,
}

impl<'w, 'p> MemberLaws<'w, 'p> {
    fn is_kind(&self, kind: StateKind) -> bool {
        self.stored_member.kind == kind
    }

    /// Builds a case, or returns `None` if its steps cannot be built.
    pub fn build_case(
        &self,
        operation: &Operation,
        law: LawName,
        variant: &str,
        rule: &str,
        is_promised: bool,
        build_steps: impl FnOnce(&mut StatefulCaseBuilder<'_, 'p>) -> Option<()>,
    ) -> Option<Case> {
        let planner = self.context.plan;
        let variant = format!("{}{variant}", self.variant_prefix);
        let mut story = StatefulCaseBuilder::new(planner, self.stored_member, operation, law, &variant);
        build_steps(&mut story)?;
        let source = if operation.name == self.stored_member.operation.name {
            self.stored_member.law_source(planner, law)
        } else {
            crate::generate::stateful::stored_member::law_source(planner, operation, law)
        };
        story.build(CaseMetadata { operation, rule: rule.to_owned(), source, is_documented: is_promised })
    }

    fn add_law(
        &self,
        out: &mut Vec<Case>,
        law: LawName,
        variant: &str,
        rule: &str,
        build_steps: impl FnOnce(&mut StatefulCaseBuilder<'_, 'p>) -> Option<()>,
    ) {
        let is_promised = self.stored_member.has_law(self.context.plan, law);
        out.extend(self.build_case(self.stored_member.operation, law, variant, rule, is_promised, build_steps));
    }

    pub fn sampler<'s>(&'s self, story: &'s StatefulCaseBuilder<'_, 'p>) -> InputSampler<'s> {
        self.context.plan.input_sampler(self.stored_member.operation, &story.id)
    }

    /// Returns the shapes of a map's keys and values, of a list's items, or of the field itself.
    fn inner_shapes(&self) -> (Option<&'p ShapeId>, &'p ShapeId) {
        match &self.context.plan.contract.shape(self.stored_member.shape).kind {
            ShapeKind::Map { key, value } => (Some(key), value),
            ShapeKind::List { member } => (None, member),
            _ => (None, self.stored_member.shape),
        }
    }

    /// Returns the number of entries or items that a case may use.
    fn max_entries(&self) -> u64 {
        let most = self.context.plan.contract.shape(self.stored_member.shape).length().max.unwrap_or(u64::MAX);
        most.min(MAX_KEYS)
    }

    pub fn nth_key(&self, story: &StatefulCaseBuilder<'_, 'p>, index: u64) -> String {
        match self.inner_shapes().0 {
            Some(key) => self.sampler(story).sample_key(key, &self.stored_member.path, index),
            None => String::new(),
        }
    }

    /// Returns an item, an entry's value or the field, containing the given text.
    fn entry_with_text(&self, story: &StatefulCaseBuilder<'_, 'p>, text: &str) -> Option<Value> {
        let contract = self.context.plan.contract;
        let shape = self.inner_shapes().1;
        let path = match self.stored_member.kind {
            StateKind::Map => self.stored_member.path.join(PathSegment::Value),
            StateKind::List => self.stored_member.path.join(PathSegment::Item),
            StateKind::Field => self.stored_member.path.clone(),
        };
        with_free_text(contract, shape, self.sampler(story).sample_value(shape, &path), text)
    }

    /// Returns a value of the member: entries with these keys (or items) and these texts.
    pub fn value_with_entries(&self, story: &StatefulCaseBuilder<'_, 'p>, entries: &[(&str, &str)]) -> Option<Value> {
        Some(match self.stored_member.kind {
            StateKind::Map => {
                let entries =
                    entries.iter().map(|(key, text)| Some(((*key).to_owned(), self.entry_with_text(story, text)?)));
                map_value(entries.collect::<Option<Vec<_>>>()?)
            }
            StateKind::List => {
                Value::List(entries.iter().map(|(_, text)| self.entry_with_text(story, text)).collect::<Option<_>>()?)
            }
            StateKind::Field => self.entry_with_text(story, entries.first()?.1)?,
        })
    }

    /// Returns the member of an entry that has the same enum values as this shape.
    pub fn find_enum_member(&self, kinds: &ShapeId) -> Option<&'p str> {
        let members = self.context.plan.contract.shape(self.inner_shapes().1).kind.members()?;
        let found = members.iter().find(|(_, member)| self.have_same_values(&member.shape, kinds));
        found.map(|(name, _)| name.as_str())
    }

    /// Returns true if two enums have the same values: they are the same shape, or one list contains the other, which
    /// happens if sources declare the enum twice. Two or three values in common are not enough evidence.
    fn have_same_values(&self, one: &ShapeId, other: &ShapeId) -> bool {
        const EVIDENCE: usize = 4;
        let contract = self.context.plan.contract;
        let (first, second) = (contract.shape(one), contract.shape(other));
        if !matches!((&first.kind, &second.kind), (ShapeKind::Enum { .. }, ShapeKind::Enum { .. })) {
            return false;
        }
        let (first, second) = (first.undisputed_values(), second.undisputed_values());
        let (few, many) = if first.len() <= second.len() { (first, second) } else { (second, first) };
        one == other || few.len() >= EVIDENCE && few.iter().all(|value| many.contains(value))
    }

    /// Returns the text of that member in the first entry of a value.
    pub fn enum_value_in(&self, value: &Value, member: &str) -> Option<String> {
        let entry = match value {
            Value::Map(entries) if self.is_kind(StateKind::Map) => entries.values().next()?,
            Value::List(items) => items.first()?,
            entry => entry,
        };
        match entry.member(member)? {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Returns the shape that holds free text.
    fn free_text_shape(&self) -> Option<&'p Shape> {
        let contract = self.context.plan.contract;
        let shape = contract.shape(self.inner_shapes().1);
        match &shape.kind {
            ShapeKind::Structure { members } | ShapeKind::Union { members } => members
                .values()
                .map(|member| contract.shape(&member.shape))
                .find(|shape| matches!(shape.kind, ShapeKind::String) && shape.pattern.is_none()),
            _ => Some(shape),
        }
    }

    /// Returns true if the empty text is a valid value: a documented limit includes it, or it is an item of a list,
    /// which only its text distinguishes from no item.
    fn can_be_empty(&self) -> bool {
        let limits = self.free_text_shape().map(Shape::length).unwrap_or_default();
        (self.is_kind(StateKind::List) || limits.max.is_some()) && limits.min.unwrap_or(0) == 0
    }

    /// Returns texts that careless servers alter, each with its variant. Texts that are not valid for the shape are
    /// dropped when the case is built.
    fn tricky_texts(&self) -> Vec<(&'static str, String)> {
        let limits = self.free_text_shape().map(Shape::length).unwrap_or_default();
        let mut texts: Vec<(&'static str, String)> = [
            ("mixed-case", "MiXed Case"),
            ("padded", "  padded  "),
            ("decomposed", "e\u{301}a\u{308}"),
            ("two-byte", "\u{c4}\u{d6}\u{fc}\u{df}"),
            ("astral", "\u{1F600}\u{1F680}"),
            ("digits", "007"),
            ("word", "true"),
            ("lines", "a\nb\tc"),
            ("quotes", "\"\\/'`"),
            ("markup", "<b>&amp;</b>"),
            ("percent", "%41+%2F"),
            ("braces", "{x} ${y}"),
            ("separators", "a,b;c=d|e"),
        ]
        .map(|(name, text)| (name, text.to_owned()))
        .into();
        if let Some(most) = limits.max.filter(|most| *most > 8) {
            texts.push(("long", repeat_to_length("overstep ", most.min(2000) as usize)));
        }
        texts
    }

    /// Adds cases that read back what they wrote.
    fn add_read_your_write(&self, out: &mut Vec<Case>) {
        const LAW: LawName = LawName::ReadYourWrite;
        let rule = "a read returns what was written";
        self.add_law(out, LAW, "plain", rule, |story| {
            story.read_state(Resource::FIRST)?;
            let key = self.nth_key(story, 0);
            story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&key, "one")])?, Certain)?;
            story.read_state(Resource::FIRST)
        });
        let max_entries = self.max_entries();
        if max_entries > 1 && !self.is_kind(StateKind::Field) {
            self.add_law(out, LAW, "several", rule, |story| {
                story.read_state(Resource::FIRST)?;
                let keys: Vec<String> = (0..max_entries).map(|index| self.nth_key(story, index)).collect();
                let texts: Vec<String> = (0..max_entries).map(|index| format!("value {index}")).collect();
                let entries: Vec<(&str, &str)> =
                    keys.iter().zip(&texts).map(|(k, t)| (k.as_str(), t.as_str())).collect();
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &entries)?, Certain)?;
                story.read_state(Resource::FIRST)
            });
        }
        for (name, text) in self.tricky_texts() {
            self.add_law(out, LAW, name, rule, |story| {
                story.read_state(Resource::FIRST)?;
                let key = self.nth_key(story, 0);
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&key, &text)])?, Uncertain)?;
                story.read_state(Resource::FIRST)?;
                // If only write responses show the stored list, another write shows it again.
                let other = self.nth_key(story, 1);
                if self.is_kind(StateKind::List) {
                    story.write_value(
                        Resource::FIRST,
                        &self.value_with_entries(story, &[(&other, "two")])?,
                        Certain,
                    )?;
                }
                Some(())
            });
        }
        if self.can_be_empty() {
            self.add_law(out, LAW, "empty", "an empty value is stored", |story| {
                let key = self.nth_key(story, 0);
                story.read_state(Resource::FIRST)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&key, "one")])?, Certain)?;
                story.read_state(Resource::FIRST)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&key, "")])?, Uncertain)?;
                story.read_state(Resource::FIRST)?;
                // If only write responses show the stored list, another write shows it again.
                if self.is_kind(StateKind::List) {
                    story.write_value(Resource::FIRST, &self.value_with_entries(story, &[("", "two")])?, Certain)?;
                }
                Some(())
            });
        }
        if self.is_kind(StateKind::Map) {
            for (name, key) in [
                ("key-mixed-case", "MiXed"),
                ("key-dashes", "a-b"),
                ("key-colons", "a:b/c"),
                ("key-underscores", "_a_"),
                ("key-dots", "a.b"),
                ("key-digits", "42"),
                ("key-proto", "__proto__"),
            ] {
                self.add_law(out, LAW, name, "an entry is stored under exactly the key that was written", |story| {
                    story.read_state(Resource::FIRST)?;
                    story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(key, "one")])?, Uncertain)?;
                    story.read_state(Resource::FIRST)
                });
            }
        }
    }

    fn add_relations(&self, out: &mut Vec<Case>) {
        let max_entries = self.max_entries();
        if self.is_kind(StateKind::Map) && max_entries > 1 {
            self.add_law(out, LawName::Merges, "two-writes", "a write adds to the stored entries", |story| {
                let (one, two) = (self.nth_key(story, 0), self.nth_key(story, 1));
                story.read_state(Resource::FIRST)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&one, "one")])?, Certain)?;
                story.read_state(Resource::FIRST)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&two, "two")])?, Certain)?;
                story.read_state(Resource::FIRST)
            });
            self.add_law(out, LawName::Merges, "overlapping", "a write adds to the stored entries", |story| {
                let (one, two) = (self.nth_key(story, 0), self.nth_key(story, 1));
                story.read_state(Resource::FIRST)?;
                story.write_value(
                    Resource::FIRST,
                    &self.value_with_entries(story, &[(&one, "one"), (&two, "two")])?,
                    Certain,
                )?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&two, "three")])?, Certain)?;
                story.read_state(Resource::FIRST)
            });
            self.add_law(out, LawName::Merges, "keys-that-differ-in-case", "keys are case-sensitive", |story| {
                story.read_state(Resource::FIRST)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[("key", "lower")])?, Certain)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[("KEY", "upper")])?, Certain)?;
                story.read_state(Resource::FIRST)
            });
        }
        if self.is_kind(StateKind::List) {
            self.add_law(out, LawName::Merges, "two-writes", "a write adds to the stored entries", |story| {
                story.read_state(Resource::FIRST)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[("", "one")])?, Certain)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[("", "two")])?, Certain)?;
                story.read_state(Resource::FIRST)
            });
            self.add_law(out, LawName::Deduplicates, "again", "duplicates are stored once", |story| {
                story.read_state(Resource::FIRST)?;
                story.write_value(
                    Resource::FIRST,
                    &self.value_with_entries(story, &[("", "one"), ("", "two")])?,
                    Certain,
                )?;
                story.write_value(
                    Resource::FIRST,
                    &self.value_with_entries(story, &[("", "two"), ("", "three")])?,
                    Certain,
                )?;
                story.read_state(Resource::FIRST)
            });
            self.add_law(out, LawName::Deduplicates, "in-one-request", "duplicates are stored once", |story| {
                story.read_state(Resource::FIRST)?;
                story.write_value(
                    Resource::FIRST,
                    &self.value_with_entries(story, &[("", "one"), ("", "one")])?,
                    Uncertain,
                )?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[("", "two")])?, Certain)?;
                story.read_state(Resource::FIRST)
            });
            self.add_law(
                out,
                LawName::Deduplicates,
                "differing-in-case",
                "items that differ in case are not duplicates",
                |story| {
                    story.read_state(Resource::FIRST)?;
                    story.write_value(Resource::FIRST, &self.value_with_entries(story, &[("", "one")])?, Certain)?;
                    story.write_value(Resource::FIRST, &self.value_with_entries(story, &[("", "ONE")])?, Certain)?;
                    story.read_state(Resource::FIRST)
                },
            );
            self.add_law(out, LawName::KeepsOrder, "two-writes", "items keep the order of writing", |story| {
                story.read_state(Resource::FIRST)?;
                story.write_value(
                    Resource::FIRST,
                    &self.value_with_entries(story, &[("", "zulu"), ("", "alpha")])?,
                    Certain,
                )?;
                story.write_value(
                    Resource::FIRST,
                    &self.value_with_entries(story, &[("", "mike"), ("", "bravo")])?,
                    Certain,
                )?;
                story.read_state(Resource::FIRST)
            });
        }
        let rule = "the last write wins";
        if !self.is_kind(StateKind::List) {
            for (variant, first, second) in
                [("longer", "one", "one and more"), ("shorter", "one and more", "one"), ("back", "ONE", "one")]
            {
                self.add_law(out, LawName::Overwrites, variant, rule, |story| {
                    let key = self.nth_key(story, 0);
                    story.read_state(Resource::FIRST)?;
                    story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&key, first)])?, Certain)?;
                    story.read_state(Resource::FIRST)?;
                    story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&key, second)])?, Certain)?;
                    story.read_state(Resource::FIRST)
                });
            }
        }
        self.add_law(out, LawName::Idempotent, "twice", "repeating a write changes nothing", |story| {
            let key = self.nth_key(story, 0);
            let value = self.value_with_entries(story, &[(&key, "one")])?;
            story.read_state(Resource::FIRST)?;
            story.write_value(Resource::FIRST, &value, Certain)?;
            story.read_state(Resource::FIRST)?;
            story.write_value(Resource::FIRST, &value, Certain)?;
            story.read_state(Resource::FIRST)
        });
        self.add_law(out, LawName::Isolated, "others-untouched", "a write does not change other resources", |story| {
            if !story.has_distinct_resources() {
                return None;
            }
            let (one, two) = (self.nth_key(story, 0), self.nth_key(story, 1));
            story.write_value(Resource::SECOND, &self.value_with_entries(story, &[(&two, "theirs")])?, Certain)?;
            story.read_state(Resource::SECOND)?;
            story.read_state(Resource::FIRST)?;
            story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&one, "ours")])?, Certain)?;
            story.read_state(Resource::SECOND)?;
            story.read_state(Resource::FIRST)?;
            let again = self.value_with_entries(story, &[(&two, "theirs")])?;
            if self.is_kind(StateKind::List) { story.write_value(Resource::SECOND, &again, Certain) } else { Some(()) }
        });
        self.add_law(
            out,
            LawName::Isolated,
            "elsewhere-untouched",
            "the same name under another parent is another resource",
            |story| {
                if !story.has_other_parent() || self.is_kind(StateKind::List) {
                    return None;
                }
                let (one, two) = (self.nth_key(story, 0), self.nth_key(story, 1));
                // If the other parent does not exist, the case shows nothing, which is not an error.
                story.read_state(Resource::OtherParent)?;
                story.write_value(
                    Resource::OtherParent,
                    &self.value_with_entries(story, &[(&two, "theirs")])?,
                    Uncertain,
                )?;
                story.read_state(Resource::OtherParent)?;
                story.read_state(Resource::FIRST)?;
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&one, "ours")])?, Certain)?;
                story.read_state(Resource::OtherParent)?;
                story.read_state(Resource::FIRST)
            },
        );
        // Without a promise, the outcome of a race differs from run to run.
        if self.stored_member.has_law(self.context.plan, LawName::SurvivesConcurrentWriters)
            && !self.is_kind(StateKind::Field)
        {
            let writers =
                if self.is_kind(StateKind::Map) { max_entries.min(CONCURRENT_WRITERS) } else { CONCURRENT_WRITERS };
            for round in 1..=3 {
                let variant = format!("side-by-side-{round}");
                self.add_law(
                    out,
                    LawName::SurvivesConcurrentWriters,
                    &variant,
                    "no concurrent write is lost",
                    |story| {
                        story.read_state(Resource::FIRST)?;
                        // A first write, so that every writer finds existing state.
                        let first = self.nth_key(story, 0);
                        story.write_value(
                            Resource::FIRST,
                            &self.value_with_entries(story, &[(&first, "writer 0")])?,
                            Certain,
                        )?;
                        story.begin_concurrent();
                        for index in 0..writers {
                            let (key, text) = (self.nth_key(story, index), format!("writer {round} {index}"));
                            story.write_value(
                                Resource::FIRST,
                                &self.value_with_entries(story, &[(&key, &text)])?,
                                Certain,
                            )?;
                        }
                        story.end_concurrent();
                        story.read_state(Resource::FIRST)?;
                        if self.is_kind(StateKind::List) {
                            story.write_value(
                                Resource::FIRST,
                                &self.value_with_entries(story, &[("", "writer 0")])?,
                                Certain,
                            )?;
                        }
                        Some(())
                    },
                );
            }
        }
    }

    /// Adds cases in which a rejected write must not change the state.
    fn add_rejected_writes(&self, out: &mut Vec<Case>) {
        const LAW: LawName = LawName::RejectedLeavesNoTrace;
        for rejected_write in rejected_writes(self) {
            self.add_law(out, LAW, &rejected_write.variant, "a rejected write leaves no trace", |story| {
                let key = self.nth_key(story, 0);
                story.write_value(Resource::FIRST, &self.value_with_entries(story, &[(&key, "before")])?, Certain)?;
                story.read_state(Resource::FIRST)?;
                (rejected_write.add_steps)(self, story)?;
                story.read_state(Resource::FIRST)?;
                // If only write responses show the stored list, writing the stored item again shows it.
                if self.is_kind(StateKind::List) {
                    story.write_value(
                        Resource::FIRST,
                        &self.value_with_entries(story, &[(&key, "before")])?,
                        Certain,
                    )?;
                }
                Some(())
            });
        }
    }
}
