//! Laws over stored state: writes merge, overwrite, stay isolated, survive concurrency, and leave no trace if rejected.
//!
//! Every law compares the state before with the state after. It never assumes an empty resource.

use crate::case::{Case, Certainty, LawName, StateKind};
use crate::contract::Shape;
use crate::generate::operation_context::OperationContext;
use crate::generate::scalar_sampler::repeat_to_length;
use crate::generate::stateful::law_steps::{
    FIRST,
    Key::{self, Named, Nth},
    LawStep::{self, Read, ShowList, Write, WriteUncertain},
    Relation,
};
use crate::generate::stateful::member_laws::MemberLaws;
use crate::generate::stateful::partial_write::rejected_writes;
use crate::generate::stateful::relations::RELATIONS;
use crate::generate::stateful::stored_member::stored_members;

/// Number of concurrent writers.
const CONCURRENT_WRITERS: u64 = 5;
pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    for stored_member in stored_members(context.plan, context.operation) {
        let has_several = stored_members(context.plan, context.operation).len() > 1;
        let variant_prefix = if has_several { format!("{}-", stored_member.path) } else { String::new() };
        let laws = MemberLaws { context, stored_member: &stored_member, variant_prefix };
        if stored_member.is_inferred {
            laws.add_plain_read_your_write(&mut out);
            continue;
        }
        laws.add_read_your_write(&mut out);
        laws.add_relations(&mut out);
        laws.add_concurrent_writes(&mut out);
        laws.add_rejected_writes(&mut out);
    }
    crate::generate::stateful::reader_laws::add_cases(context, &mut out);
    out
}

/// A plain write between two reads.
const PLAIN_WRITE: [LawStep<'static>; 3] = [Read(FIRST), Write(FIRST, &[(Nth(0), "one")]), Read(FIRST)];

/// Keys that careless servers alter, each with its variant.
const TRICKY_KEYS: [(&str, &str); 7] = [
    ("key-mixed-case", "MiXed"),
    ("key-dashes", "a-b"),
    ("key-colons", "a:b/c"),
    ("key-underscores", "_a_"),
    ("key-dots", "a.b"),
    ("key-digits", "42"),
    ("key-proto", "__proto__"),
];

impl MemberLaws<'_, '_> {
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

    /// Adds the case that reads back a plain value.
    fn add_plain_read_your_write(&self, out: &mut Vec<Case>) {
        self.add_steps_law(out, LawName::ReadYourWrite, "plain", "a read returns what was written", &PLAIN_WRITE);
    }

    /// Adds cases that read back what they wrote.
    fn add_read_your_write(&self, out: &mut Vec<Case>) {
        const LAW: LawName = LawName::ReadYourWrite;
        let rule = "a read returns what was written";
        let first = PLAIN_WRITE;
        self.add_plain_read_your_write(out);
        let max_entries = self.max_entries();
        if max_entries > 1 && !self.is_kind(StateKind::Field) {
            let texts: Vec<String> = (0..max_entries).map(|index| format!("value {index}")).collect();
            let entries: Vec<(Key<'_>, &str)> = (0..).map(Nth).zip(texts.iter().map(String::as_str)).collect();
            self.add_steps_law(out, LAW, "several", rule, &[Read(FIRST), Write(FIRST, &entries), Read(FIRST)]);
        }
        for (name, text) in self.tricky_texts() {
            let entries = [(Nth(0), text.as_str())];
            let steps =
                [Read(FIRST), WriteUncertain(FIRST, &entries), Read(FIRST), ShowList(FIRST, &[(Nth(1), "two")])];
            self.add_steps_law(out, LAW, name, rule, &steps);
        }
        if self.can_be_empty() {
            let rest =
                [Read(FIRST), WriteUncertain(FIRST, &[(Nth(0), "")]), Read(FIRST), ShowList(FIRST, &[(Nth(0), "two")])];
            let steps = [&first[..2], &rest].concat();
            self.add_steps_law(out, LAW, "empty", "an empty value is stored", &steps);
        }
        if self.is_kind(StateKind::Map) {
            let rule = "an entry is stored under exactly the key that was written";
            for (name, key) in TRICKY_KEYS {
                let entries = [(Named(key), "one")];
                self.add_steps_law(out, LAW, name, rule, &[Read(FIRST), WriteUncertain(FIRST, &entries), Read(FIRST)]);
            }
        }
    }

    fn add_relations(&self, out: &mut Vec<Case>) {
        for relation in RELATIONS {
            let Relation { to, law, variant, rule, steps } = relation;
            self.add_law(out, *law, variant, rule, |builder| {
                if self.is_applicable(*to, builder) { self.add_steps(builder, steps) } else { None }
            });
        }
    }

    /// Adds cases with concurrent writes.
    fn add_concurrent_writes(&self, out: &mut Vec<Case>) {
        const LAW: LawName = LawName::SurvivesConcurrentWriters;
        // Without a promise, the outcome of a race differs from run to run.
        if !self.stored_member.has_law(self.context.plan, LAW) || self.is_kind(StateKind::Field) {
            return;
        }
        let most = if self.is_kind(StateKind::Map) { self.max_entries() } else { CONCURRENT_WRITERS };
        for round in 1..=3 {
            let variant = format!("side-by-side-{round}");
            self.add_law(out, LAW, &variant, "no concurrent write is lost", |builder| {
                builder.read_state(FIRST)?;
                // A first write, so that every writer finds existing state.
                let first = self.nth_key(builder, 0);
                builder.write_value(
                    FIRST,
                    &self.value_with_entries(builder, &[(&first, "writer 0")])?,
                    Certainty::Certain,
                )?;
                builder.begin_concurrent();
                for index in 0..most.min(CONCURRENT_WRITERS) {
                    let (key, text) = (self.nth_key(builder, index), format!("writer {round} {index}"));
                    builder.write_value(
                        FIRST,
                        &self.value_with_entries(builder, &[(&key, &text)])?,
                        Certainty::Certain,
                    )?;
                }
                builder.end_concurrent();
                builder.read_state(FIRST)?;
                if self.is_kind(StateKind::List) {
                    builder.write_value(
                        FIRST,
                        &self.value_with_entries(builder, &[("", "writer 0")])?,
                        Certainty::Certain,
                    )?;
                }
                Some(())
            });
        }
    }

    /// Adds cases in which a rejected write must not change the state.
    fn add_rejected_writes(&self, out: &mut Vec<Case>) {
        const LAW: LawName = LawName::RejectedLeavesNoTrace;
        for rejected_write in rejected_writes(self) {
            self.add_law(out, LAW, &rejected_write.variant, "a rejected write leaves no trace", |builder| {
                let key = self.nth_key(builder, 0);
                builder.write_value(
                    FIRST,
                    &self.value_with_entries(builder, &[(&key, "before")])?,
                    Certainty::Certain,
                )?;
                builder.read_state(FIRST)?;
                rejected_write.add_steps(self, builder)?;
                builder.read_state(FIRST)?;
                // If only write responses show the stored list, writing the stored item again shows it.
                if self.is_kind(StateKind::List) {
                    builder.write_value(
                        FIRST,
                        &self.value_with_entries(builder, &[(&key, "before")])?,
                        Certainty::Certain,
                    )?;
                }
                Some(())
            });
        }
    }
}
