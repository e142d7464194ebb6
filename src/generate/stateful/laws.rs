//! Laws over stored state: writes merge, overwrite, stay isolated, survive concurrency, and leave no trace if rejected.
//!
//! Every law compares the state before with the state after. It never assumes an empty resource.

use crate::case::{Case, StateKind};
use crate::contract::Shape;
use crate::generate::input_sampler::{OTHER_PARENT, repeat_to_length};
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::member_laws::MemberLaws;
use crate::generate::stateful::partial_write::rejected_writes;
use crate::generate::stateful::stored_member::stored_members;

/// Number of concurrent writers.
const CONCURRENT_WRITERS: u64 = 5;
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
        self.add_law(out, LAW, "plain", rule, |story| {
            story.read_state(1)?;
            let key = self.nth_key(story, 0);
            story.write_value(1, &self.value_with_entries(story, &[(&key, "one")])?, true)?;
            story.read_state(1)
        });
        let max_entries = self.max_entries();
        if max_entries > 1 && !self.is_kind(StateKind::Field) {
            self.add_law(out, LAW, "several", rule, |story| {
                story.read_state(1)?;
                let keys: Vec<String> = (0..max_entries).map(|index| self.nth_key(story, index)).collect();
                let texts: Vec<String> = (0..max_entries).map(|index| format!("value {index}")).collect();
                let entries: Vec<(&str, &str)> =
                    keys.iter().zip(&texts).map(|(k, t)| (k.as_str(), t.as_str())).collect();
                story.write_value(1, &self.value_with_entries(story, &entries)?, true)?;
                story.read_state(1)
            });
        }
        for (name, text) in self.tricky_texts() {
            self.add_law(out, LAW, name, rule, |story| {
                story.read_state(1)?;
                let key = self.nth_key(story, 0);
                story.write_value(1, &self.value_with_entries(story, &[(&key, &text)])?, false)?;
                story.read_state(1)?;
                // If only write responses show the stored list, another write shows it again.
                let other = self.nth_key(story, 1);
                if self.is_kind(StateKind::List) {
                    story.write_value(1, &self.value_with_entries(story, &[(&other, "two")])?, true)?;
                }
                Some(())
            });
        }
        if self.can_be_empty() {
            self.add_law(out, LAW, "empty", "an empty value is stored", |story| {
                let key = self.nth_key(story, 0);
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[(&key, "one")])?, true)?;
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[(&key, "")])?, false)?;
                story.read_state(1)?;
                // If only write responses show the stored list, another write shows it again.
                if self.is_kind(StateKind::List) {
                    story.write_value(1, &self.value_with_entries(story, &[("", "two")])?, true)?;
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
                    story.read_state(1)?;
                    story.write_value(1, &self.value_with_entries(story, &[(key, "one")])?, false)?;
                    story.read_state(1)
                });
            }
        }
    }

    fn add_relations(&self, out: &mut Vec<Case>) {
        let max_entries = self.max_entries();
        if self.is_kind(StateKind::Map) && max_entries > 1 {
            self.add_law(out, "merges", "two-writes", "a write adds to the stored entries", |story| {
                let (one, two) = (self.nth_key(story, 0), self.nth_key(story, 1));
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[(&one, "one")])?, true)?;
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[(&two, "two")])?, true)?;
                story.read_state(1)
            });
            self.add_law(out, "merges", "overlapping", "a write adds to the stored entries", |story| {
                let (one, two) = (self.nth_key(story, 0), self.nth_key(story, 1));
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[(&one, "one"), (&two, "two")])?, true)?;
                story.write_value(1, &self.value_with_entries(story, &[(&two, "three")])?, true)?;
                story.read_state(1)
            });
            self.add_law(out, "merges", "keys-that-differ-in-case", "keys are case-sensitive", |story| {
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[("key", "lower")])?, true)?;
                story.write_value(1, &self.value_with_entries(story, &[("KEY", "upper")])?, true)?;
                story.read_state(1)
            });
        }
        if self.is_kind(StateKind::List) {
            self.add_law(out, "merges", "two-writes", "a write adds to the stored entries", |story| {
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[("", "one")])?, true)?;
                story.write_value(1, &self.value_with_entries(story, &[("", "two")])?, true)?;
                story.read_state(1)
            });
            self.add_law(out, "deduplicates", "again", "duplicates are stored once", |story| {
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[("", "one"), ("", "two")])?, true)?;
                story.write_value(1, &self.value_with_entries(story, &[("", "two"), ("", "three")])?, true)?;
                story.read_state(1)
            });
            self.add_law(out, "deduplicates", "in-one-request", "duplicates are stored once", |story| {
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[("", "one"), ("", "one")])?, false)?;
                story.write_value(1, &self.value_with_entries(story, &[("", "two")])?, true)?;
                story.read_state(1)
            });
            self.add_law(
                out,
                "deduplicates",
                "differing-in-case",
                "items that differ in case are not duplicates",
                |story| {
                    story.read_state(1)?;
                    story.write_value(1, &self.value_with_entries(story, &[("", "one")])?, true)?;
                    story.write_value(1, &self.value_with_entries(story, &[("", "ONE")])?, true)?;
                    story.read_state(1)
                },
            );
            self.add_law(out, "keeps-order", "two-writes", "items keep the order of writing", |story| {
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[("", "zulu"), ("", "alpha")])?, true)?;
                story.write_value(1, &self.value_with_entries(story, &[("", "mike"), ("", "bravo")])?, true)?;
                story.read_state(1)
            });
        }
        let rule = "the last write wins";
        if !self.is_kind(StateKind::List) {
            for (variant, first, second) in
                [("longer", "one", "one and more"), ("shorter", "one and more", "one"), ("back", "ONE", "one")]
            {
                self.add_law(out, "overwrites", variant, rule, |story| {
                    let key = self.nth_key(story, 0);
                    story.read_state(1)?;
                    story.write_value(1, &self.value_with_entries(story, &[(&key, first)])?, true)?;
                    story.read_state(1)?;
                    story.write_value(1, &self.value_with_entries(story, &[(&key, second)])?, true)?;
                    story.read_state(1)
                });
            }
        }
        self.add_law(out, "idempotent", "twice", "repeating a write changes nothing", |story| {
            let key = self.nth_key(story, 0);
            let value = self.value_with_entries(story, &[(&key, "one")])?;
            story.read_state(1)?;
            story.write_value(1, &value, true)?;
            story.read_state(1)?;
            story.write_value(1, &value, true)?;
            story.read_state(1)
        });
        self.add_law(out, "isolated", "others-untouched", "a write does not change other resources", |story| {
            if !story.has_distinct_resources() {
                return None;
            }
            let (one, two) = (self.nth_key(story, 0), self.nth_key(story, 1));
            story.write_value(2, &self.value_with_entries(story, &[(&two, "theirs")])?, true)?;
            story.read_state(2)?;
            story.read_state(1)?;
            story.write_value(1, &self.value_with_entries(story, &[(&one, "ours")])?, true)?;
            story.read_state(2)?;
            story.read_state(1)?;
            let again = self.value_with_entries(story, &[(&two, "theirs")])?;
            if self.is_kind(StateKind::List) { story.write_value(2, &again, true) } else { Some(()) }
        });
        self.add_law(
            out,
            "isolated",
            "elsewhere-untouched",
            "the same name under another parent is another resource",
            |story| {
                if !story.has_other_parent() || self.is_kind(StateKind::List) {
                    return None;
                }
                let (one, two) = (self.nth_key(story, 0), self.nth_key(story, 1));
                // If the other parent does not exist, the case shows nothing, which is not an error.
                story.read_state(OTHER_PARENT)?;
                story.write_value(OTHER_PARENT, &self.value_with_entries(story, &[(&two, "theirs")])?, false)?;
                story.read_state(OTHER_PARENT)?;
                story.read_state(1)?;
                story.write_value(1, &self.value_with_entries(story, &[(&one, "ours")])?, true)?;
                story.read_state(OTHER_PARENT)?;
                story.read_state(1)
            },
        );
        // Without a promise, the outcome of a race differs from run to run.
        if self.stored_member.has_law(self.context.plan, "survives-concurrent-writers")
            && !self.is_kind(StateKind::Field)
        {
            let writers =
                if self.is_kind(StateKind::Map) { max_entries.min(CONCURRENT_WRITERS) } else { CONCURRENT_WRITERS };
            for round in 1..=3 {
                let variant = format!("side-by-side-{round}");
                self.add_law(out, "survives-concurrent-writers", &variant, "no concurrent write is lost", |story| {
                    story.read_state(1)?;
                    // A first write, so that every writer finds existing state.
                    let first = self.nth_key(story, 0);
                    story.write_value(1, &self.value_with_entries(story, &[(&first, "writer 0")])?, true)?;
                    story.begin_concurrent();
                    for index in 0..writers {
                        let (key, text) = (self.nth_key(story, index), format!("writer {round} {index}"));
                        story.write_value(1, &self.value_with_entries(story, &[(&key, &text)])?, true)?;
                    }
                    story.end_concurrent();
                    story.read_state(1)?;
                    if self.is_kind(StateKind::List) {
                        story.write_value(1, &self.value_with_entries(story, &[("", "writer 0")])?, true)?;
                    }
                    Some(())
                });
            }
        }
    }

    /// Adds cases in which a rejected write must not change the state.
    fn add_rejected_writes(&self, out: &mut Vec<Case>) {
        const LAW: &str = "rejected-leaves-no-trace";
        for rejected_write in rejected_writes(self) {
            self.add_law(out, LAW, &rejected_write.variant, "a rejected write leaves no trace", |story| {
                let key = self.nth_key(story, 0);
                story.write_value(1, &self.value_with_entries(story, &[(&key, "before")])?, true)?;
                story.read_state(1)?;
                (rejected_write.add_steps)(self, story)?;
                story.read_state(1)?;
                // If only write responses show the stored list, writing the stored item again shows it.
                if self.is_kind(StateKind::List) {
                    story.write_value(1, &self.value_with_entries(story, &[(&key, "before")])?, true)?;
                }
                Some(())
            });
        }
    }
}
