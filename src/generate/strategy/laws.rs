//! Laws over stored state: writes merge, overwrite, stay isolated, survive concurrency, and leave no trace if rejected.
//!
//! Every law compares the state before with the state after. It never assumes an empty resource.

use super::Work;
use super::traces::refusals;
use crate::contract::{Kind, Operation, Segment, Shape, ShapeId};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::keeper::{Keeper, keepers, map, with_text};
use crate::generate::relation::StateKind;
use crate::generate::sample::{ELSEWHERE, Sampler, cycled};
use crate::generate::story::{Story, Told};

/// Number of concurrent writers.
const WRITERS: u64 = 5;
/// Maximum number of keys in a case, small enough never to reach a map's own limit.
const MOST_KEYS: u64 = 5;

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    for keeper in keepers(work.planner, work.operation) {
        let several = keepers(work.planner, work.operation).len() > 1;
        let at = if several { format!("{}-", keeper.path) } else { String::new() };
        let laws = Laws { work, keeper: &keeper, at };
        laws.written(&mut out);
        laws.relations(&mut out);
        laws.refused(&mut out);
    }
    super::readers::cases(work, &mut out);
    out
}

/// Generates the law cases of one stored member.
pub(crate) struct Laws<'w, 'p> {
    pub work: &'w Work<'p>,
    pub keeper: &'w Keeper<'p>,
    /// Prefix of variants, if an operation stores several members.
    pub at: String,
}

impl<'w, 'p> Laws<'w, 'p> {
    fn is(&self, kind: StateKind) -> bool {
        self.keeper.kind == kind
    }

    /// Builds a case, or returns `None` if its steps cannot be built.
    pub fn tell(
        &self,
        operation: &Operation,
        law: &str,
        variant: &str,
        rule: &str,
        promised: bool,
        tell: impl FnOnce(&mut Story<'_, 'p>) -> Option<()>,
    ) -> Option<Case> {
        let planner = self.work.planner;
        let variant = format!("{}{variant}", self.at);
        let mut story = Story::new(planner, self.keeper, operation, law, &variant);
        tell(&mut story)?;
        let source = if operation.name == self.keeper.operation.name {
            self.keeper.source(planner, law)
        } else {
            crate::generate::keeper::law_source(planner, operation, law)
        };
        story.told(Told { operation, rule: rule.to_owned(), source, promised })
    }

    fn law(
        &self,
        out: &mut Vec<Case>,
        law: &str,
        variant: &str,
        rule: &str,
        tell: impl FnOnce(&mut Story<'_, 'p>) -> Option<()>,
    ) {
        let promised = self.keeper.promises(self.work.planner, law);
        out.extend(self.tell(self.keeper.operation, law, variant, rule, promised, tell));
    }

    pub fn sampler<'s>(&'s self, story: &'s Story<'_, 'p>) -> Sampler<'s> {
        self.work.planner.sampler(self.keeper.operation, &story.id)
    }

    /// Returns the shapes of a map's keys and values, of a list's items, or of the field itself.
    fn inner(&self) -> (Option<&'p ShapeId>, &'p ShapeId) {
        match &self.work.planner.contract.shape(self.keeper.shape).kind {
            Kind::Map { key, value } => (Some(key), value),
            Kind::List { member } => (None, member),
            _ => (None, self.keeper.shape),
        }
    }

    /// Returns the number of entries or items that a case may use.
    fn room(&self) -> u64 {
        let most = self.work.planner.contract.shape(self.keeper.shape).length().max.unwrap_or(u64::MAX);
        most.min(MOST_KEYS)
    }

    pub fn key(&self, story: &Story<'_, 'p>, index: u64) -> String {
        match self.inner().0 {
            Some(key) => self.sampler(story).key(key, &self.keeper.path, index),
            None => String::new(),
        }
    }

    /// Returns an item, an entry's value or the field, containing the given text.
    fn entry(&self, story: &Story<'_, 'p>, text: &str) -> Option<Value> {
        let contract = self.work.planner.contract;
        let shape = self.inner().1;
        let path = match self.keeper.kind {
            StateKind::Map => self.keeper.path.then(Segment::Value),
            StateKind::List => self.keeper.path.then(Segment::Item),
            StateKind::Field => self.keeper.path.clone(),
        };
        with_text(contract, shape, self.sampler(story).sample(shape, &path), text)
    }

    /// Returns a value of the member: entries with these keys (or items) and these texts.
    pub fn value(&self, story: &Story<'_, 'p>, entries: &[(&str, &str)]) -> Option<Value> {
        Some(match self.keeper.kind {
            StateKind::Map => {
                let entries = entries.iter().map(|(key, text)| Some(((*key).to_owned(), self.entry(story, text)?)));
                map(entries.collect::<Option<Vec<_>>>()?)
            }
            StateKind::List => {
                Value::List(entries.iter().map(|(_, text)| self.entry(story, text)).collect::<Option<_>>()?)
            }
            StateKind::Field => self.entry(story, entries.first()?.1)?,
        })
    }

    /// Returns the member of an entry that has the same enum values as this shape.
    pub fn kind_member(&self, kinds: &ShapeId) -> Option<&'p str> {
        let members = self.work.planner.contract.shape(self.inner().1).kind.members()?;
        let found = members.iter().find(|(_, member)| self.are_same_kinds(&member.shape, kinds));
        found.map(|(name, _)| name.as_str())
    }

    /// Returns true if two enums have the same values: they are the same shape, or one list contains the other, which
    /// happens if sources declare the enum twice. Two or three values in common are not enough evidence.
    fn are_same_kinds(&self, one: &ShapeId, other: &ShapeId) -> bool {
        const EVIDENCE: usize = 4;
        let contract = self.work.planner.contract;
        let (first, second) = (contract.shape(one), contract.shape(other));
        if !matches!((&first.kind, &second.kind), (Kind::Enum { .. }, Kind::Enum { .. })) {
            return false;
        }
        let (first, second) = (first.settled_values(), second.settled_values());
        let (few, many) = if first.len() <= second.len() { (first, second) } else { (second, first) };
        one == other || few.len() >= EVIDENCE && few.iter().all(|value| many.contains(value))
    }

    /// Returns the text of that member in the first entry of a value.
    pub fn kind_of(&self, value: &Value, member: &str) -> Option<String> {
        let entry = match value {
            Value::Map(entries) if self.is(StateKind::Map) => entries.values().next()?,
            Value::List(items) => items.first()?,
            entry => entry,
        };
        match entry.member(member)? {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Returns the shape that holds free text.
    fn text_shape(&self) -> Option<&'p Shape> {
        let contract = self.work.planner.contract;
        let shape = contract.shape(self.inner().1);
        match &shape.kind {
            Kind::Structure { members } | Kind::Union { members } => members
                .values()
                .map(|member| contract.shape(&member.shape))
                .find(|shape| matches!(shape.kind, Kind::String) && shape.pattern.is_none()),
            _ => Some(shape),
        }
    }

    /// Returns true if the empty text is a valid value: a documented limit includes it, or it is an item of a list,
    /// which only its text distinguishes from no item.
    fn may_be_empty(&self) -> bool {
        let limits = self.text_shape().map(Shape::length).unwrap_or_default();
        (self.is(StateKind::List) || limits.max.is_some()) && limits.min.unwrap_or(0) == 0
    }

    /// Returns texts that careless servers alter, each with its variant. Texts that are not valid for the shape are
    /// dropped when the case is built.
    fn texts(&self) -> Vec<(&'static str, String)> {
        let limits = self.text_shape().map(Shape::length).unwrap_or_default();
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
            texts.push(("long", cycled("overstep ", most.min(2000) as usize)));
        }
        texts
    }

    /// Adds cases that read back what they wrote.
    fn written(&self, out: &mut Vec<Case>) {
        const LAW: &str = "read-your-write";
        let rule = "a read returns what was written";
        self.law(out, LAW, "plain", rule, |story| {
            story.look(1)?;
            let key = self.key(story, 0);
            story.write(1, &self.value(story, &[(&key, "one")])?, true)?;
            story.look(1)
        });
        let room = self.room();
        if room > 1 && !self.is(StateKind::Field) {
            self.law(out, LAW, "several", rule, |story| {
                story.look(1)?;
                let keys: Vec<String> = (0..room).map(|index| self.key(story, index)).collect();
                let texts: Vec<String> = (0..room).map(|index| format!("value {index}")).collect();
                let entries: Vec<(&str, &str)> =
                    keys.iter().zip(&texts).map(|(k, t)| (k.as_str(), t.as_str())).collect();
                story.write(1, &self.value(story, &entries)?, true)?;
                story.look(1)
            });
        }
        for (name, text) in self.texts() {
            self.law(out, LAW, name, rule, |story| {
                story.look(1)?;
                let key = self.key(story, 0);
                story.write(1, &self.value(story, &[(&key, &text)])?, false)?;
                story.look(1)?;
                // If only write responses show the stored list, another write shows it again.
                let other = self.key(story, 1);
                if self.is(StateKind::List) {
                    story.write(1, &self.value(story, &[(&other, "two")])?, true)?;
                }
                Some(())
            });
        }
        if self.may_be_empty() {
            self.law(out, LAW, "empty", "an empty value is stored", |story| {
                let key = self.key(story, 0);
                story.look(1)?;
                story.write(1, &self.value(story, &[(&key, "one")])?, true)?;
                story.look(1)?;
                story.write(1, &self.value(story, &[(&key, "")])?, false)?;
                story.look(1)?;
                // If only write responses show the stored list, another write shows it again.
                if self.is(StateKind::List) {
                    story.write(1, &self.value(story, &[("", "two")])?, true)?;
                }
                Some(())
            });
        }
        if self.is(StateKind::Map) {
            for (name, key) in [
                ("key-mixed-case", "MiXed"),
                ("key-dashes", "a-b"),
                ("key-colons", "a:b/c"),
                ("key-underscores", "_a_"),
                ("key-dots", "a.b"),
                ("key-digits", "42"),
                ("key-proto", "__proto__"),
            ] {
                self.law(out, LAW, name, "an entry is stored under exactly the key that was written", |story| {
                    story.look(1)?;
                    story.write(1, &self.value(story, &[(key, "one")])?, false)?;
                    story.look(1)
                });
            }
        }
    }

    fn relations(&self, out: &mut Vec<Case>) {
        let room = self.room();
        if self.is(StateKind::Map) && room > 1 {
            self.law(out, "merges", "two-writes", "a write adds to the stored entries", |story| {
                let (one, two) = (self.key(story, 0), self.key(story, 1));
                story.look(1)?;
                story.write(1, &self.value(story, &[(&one, "one")])?, true)?;
                story.look(1)?;
                story.write(1, &self.value(story, &[(&two, "two")])?, true)?;
                story.look(1)
            });
            self.law(out, "merges", "overlapping", "a write adds to the stored entries", |story| {
                let (one, two) = (self.key(story, 0), self.key(story, 1));
                story.look(1)?;
                story.write(1, &self.value(story, &[(&one, "one"), (&two, "two")])?, true)?;
                story.write(1, &self.value(story, &[(&two, "three")])?, true)?;
                story.look(1)
            });
            self.law(out, "merges", "keys-that-differ-in-case", "keys are case-sensitive", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("key", "lower")])?, true)?;
                story.write(1, &self.value(story, &[("KEY", "upper")])?, true)?;
                story.look(1)
            });
        }
        if self.is(StateKind::List) {
            self.law(out, "merges", "two-writes", "a write adds to the stored entries", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "one")])?, true)?;
                story.write(1, &self.value(story, &[("", "two")])?, true)?;
                story.look(1)
            });
            self.law(out, "deduplicates", "again", "duplicates are stored once", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "one"), ("", "two")])?, true)?;
                story.write(1, &self.value(story, &[("", "two"), ("", "three")])?, true)?;
                story.look(1)
            });
            self.law(out, "deduplicates", "in-one-request", "duplicates are stored once", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "one"), ("", "one")])?, false)?;
                story.write(1, &self.value(story, &[("", "two")])?, true)?;
                story.look(1)
            });
            self.law(
                out,
                "deduplicates",
                "differing-in-case",
                "items that differ in case are not duplicates",
                |story| {
                    story.look(1)?;
                    story.write(1, &self.value(story, &[("", "one")])?, true)?;
                    story.write(1, &self.value(story, &[("", "ONE")])?, true)?;
                    story.look(1)
                },
            );
            self.law(out, "keeps-order", "two-writes", "items keep the order of writing", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "zulu"), ("", "alpha")])?, true)?;
                story.write(1, &self.value(story, &[("", "mike"), ("", "bravo")])?, true)?;
                story.look(1)
            });
        }
        let rule = "the last write wins";
        if !self.is(StateKind::List) {
            for (variant, first, second) in
                [("longer", "one", "one and more"), ("shorter", "one and more", "one"), ("back", "ONE", "one")]
            {
                self.law(out, "overwrites", variant, rule, |story| {
                    let key = self.key(story, 0);
                    story.look(1)?;
                    story.write(1, &self.value(story, &[(&key, first)])?, true)?;
                    story.look(1)?;
                    story.write(1, &self.value(story, &[(&key, second)])?, true)?;
                    story.look(1)
                });
            }
        }
        self.law(out, "idempotent", "twice", "repeating a write changes nothing", |story| {
            let key = self.key(story, 0);
            let value = self.value(story, &[(&key, "one")])?;
            story.look(1)?;
            story.write(1, &value, true)?;
            story.look(1)?;
            story.write(1, &value, true)?;
            story.look(1)
        });
        self.law(out, "isolated", "others-untouched", "a write does not change other resources", |story| {
            if !story.has_others() {
                return None;
            }
            let (one, two) = (self.key(story, 0), self.key(story, 1));
            story.write(2, &self.value(story, &[(&two, "theirs")])?, true)?;
            story.look(2)?;
            story.look(1)?;
            story.write(1, &self.value(story, &[(&one, "ours")])?, true)?;
            story.look(2)?;
            story.look(1)?;
            let again = self.value(story, &[(&two, "theirs")])?;
            if self.is(StateKind::List) { story.write(2, &again, true) } else { Some(()) }
        });
        self.law(
            out,
            "isolated",
            "elsewhere-untouched",
            "the same name under another parent is another resource",
            |story| {
                if !story.has_elsewhere() || self.is(StateKind::List) {
                    return None;
                }
                let (one, two) = (self.key(story, 0), self.key(story, 1));
                // If the other parent does not exist, the case shows nothing, which is not an error.
                story.look(ELSEWHERE)?;
                story.write(ELSEWHERE, &self.value(story, &[(&two, "theirs")])?, false)?;
                story.look(ELSEWHERE)?;
                story.look(1)?;
                story.write(1, &self.value(story, &[(&one, "ours")])?, true)?;
                story.look(ELSEWHERE)?;
                story.look(1)
            },
        );
        // Without a promise, the outcome of a race differs from run to run.
        if self.keeper.promises(self.work.planner, "survives-concurrent-writers") && !self.is(StateKind::Field) {
            let writers = if self.is(StateKind::Map) { room.min(WRITERS) } else { WRITERS };
            for round in 1..=3 {
                let variant = format!("side-by-side-{round}");
                self.law(out, "survives-concurrent-writers", &variant, "no concurrent write is lost", |story| {
                    story.look(1)?;
                    // A first write, so that every writer finds existing state.
                    let first = self.key(story, 0);
                    story.write(1, &self.value(story, &[(&first, "writer 0")])?, true)?;
                    story.side_by_side();
                    for index in 0..writers {
                        let (key, text) = (self.key(story, index), format!("writer {round} {index}"));
                        story.write(1, &self.value(story, &[(&key, &text)])?, true)?;
                    }
                    story.one_by_one();
                    story.look(1)?;
                    if self.is(StateKind::List) {
                        story.write(1, &self.value(story, &[("", "writer 0")])?, true)?;
                    }
                    Some(())
                });
            }
        }
    }

    /// Adds cases in which a rejected write must not change the state.
    fn refused(&self, out: &mut Vec<Case>) {
        const LAW: &str = "rejected-leaves-no-trace";
        for refusal in refusals(self) {
            self.law(out, LAW, &refusal.variant, "a rejected write leaves no trace", |story| {
                let key = self.key(story, 0);
                story.write(1, &self.value(story, &[(&key, "before")])?, true)?;
                story.look(1)?;
                (refusal.tell)(self, story)?;
                story.look(1)?;
                // If only write responses show the stored list, writing the stored item again shows it.
                if self.is(StateKind::List) {
                    story.write(1, &self.value(story, &[(&key, "before")])?, true)?;
                }
                Some(())
            });
        }
    }
}
