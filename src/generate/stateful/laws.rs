//! Laws over stored state: writes merge, overwrite, stay isolated, survive concurrency, and leave no trace if rejected.
//!
//! Every law compares the state before with the state after. It never assumes an empty resource.

use crate::case::{Case, StateKind};
use crate::contract::Shape;
use crate::generate::operation_context::OperationContext;
use crate::generate::scalar_sampler::repeat_to_length;
use crate::generate::stateful::law_steps::{
    Key::{self, Named, Nth},
    LawStep::{Read, ShowList, Write, WriteUncertain},
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
        laws.add_read_your_write(&mut out);
        laws.add_relations(&mut out);
        laws.add_concurrent_writes(&mut out);
        laws.add_rejected_writes(&mut out);
    }
    crate::generate::stateful::reader_laws::add_cases(context, &mut out);
    out
}

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

    /// Adds cases that read back what they wrote.
    fn add_read_your_write(&self, out: &mut Vec<Case>) {
        const LAW: &str = "read-your-write";
        let rule = "a read returns what was written";
        let first = [Read(1), Write(1, &[(Nth(0), "one")]), Read(1)];
        self.add_steps_law(out, LAW, "plain", rule, &first);
        let max_entries = self.max_entries();
        if max_entries > 1 && !self.is_kind(StateKind::Field) {
            let texts: Vec<String> = (0..max_entries).map(|index| format!("value {index}")).collect();
            let entries: Vec<(Key<'_>, &str)> = (0..).map(Nth).zip(texts.iter().map(String::as_str)).collect();
            self.add_steps_law(out, LAW, "several", rule, &[Read(1), Write(1, &entries), Read(1)]);
        }
        for (name, text) in self.tricky_texts() {
            let entries = [(Nth(0), text.as_str())];
            let steps = [Read(1), WriteUncertain(1, &entries), Read(1), ShowList(1, &[(Nth(1), "two")])];
            self.add_steps_law(out, LAW, name, rule, &steps);
        }
        if self.can_be_empty() {
            let rest = [Read(1), WriteUncertain(1, &[(Nth(0), "")]), Read(1), ShowList(1, &[(Nth(0), "two")])];
            let steps = [&first[..2], &rest].concat();
            self.add_steps_law(out, LAW, "empty", "an empty value is stored", &steps);
        }
        if self.is_kind(StateKind::Map) {
            let rule = "an entry is stored under exactly the key that was written";
            for (name, key) in TRICKY_KEYS {
                let entries = [(Named(key), "one")];
                self.add_steps_law(out, LAW, name, rule, &[Read(1), WriteUncertain(1, &entries), Read(1)]);
            }
        }
    }

    fn add_relations(&self, out: &mut Vec<Case>) {
        for relation in RELATIONS {
            let Relation { to, law, variant, rule, steps } = relation;
            self.add_law(out, law, variant, rule, |builder| {
                if self.is_applicable(*to, builder) { self.add_steps(builder, steps) } else { None }
            });
        }
    }

    /// Adds cases with concurrent writes.
    fn add_concurrent_writes(&self, out: &mut Vec<Case>) {
        const LAW: &str = "survives-concurrent-writers";
        // Without a promise, the outcome of a race differs from run to run.
        if !self.stored_member.has_law(self.context.plan, LAW) || self.is_kind(StateKind::Field) {
            return;
        }
        let most = if self.is_kind(StateKind::Map) { self.max_entries() } else { CONCURRENT_WRITERS };
        for round in 1..=3 {
            let variant = format!("side-by-side-{round}");
            self.add_law(out, LAW, &variant, "no concurrent write is lost", |builder| {
                builder.read_state(1)?;
                // A first write, so that every writer finds existing state.
                let first = self.nth_key(builder, 0);
                builder.write_value(1, &self.value_with_entries(builder, &[(&first, "writer 0")])?, true)?;
                builder.begin_concurrent();
                for index in 0..most.min(CONCURRENT_WRITERS) {
                    let (key, text) = (self.nth_key(builder, index), format!("writer {round} {index}"));
                    builder.write_value(1, &self.value_with_entries(builder, &[(&key, &text)])?, true)?;
                }
                builder.end_concurrent();
                builder.read_state(1)?;
                if self.is_kind(StateKind::List) {
                    builder.write_value(1, &self.value_with_entries(builder, &[("", "writer 0")])?, true)?;
                }
                Some(())
            });
        }
    }

    /// Adds cases in which a rejected write must not change the state.
    fn add_rejected_writes(&self, out: &mut Vec<Case>) {
        const LAW: &str = "rejected-leaves-no-trace";
        for rejected_write in rejected_writes(self) {
            self.add_law(out, LAW, &rejected_write.variant, "a rejected write leaves no trace", |builder| {
                let key = self.nth_key(builder, 0);
                builder.write_value(1, &self.value_with_entries(builder, &[(&key, "before")])?, true)?;
                builder.read_state(1)?;
                rejected_write.add_steps(self, builder)?;
                builder.read_state(1)?;
                // If only write responses show the stored list, writing the stored item again shows it.
                if self.is_kind(StateKind::List) {
                    builder.write_value(1, &self.value_with_entries(builder, &[(&key, "before")])?, true)?;
                }
                Some(())
            });
        }
    }
}
