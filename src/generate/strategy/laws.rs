//! Laws over state: what is stored merges, overwrites, stays apart, survives, and leaves no trace when refused.
//!
//! Every law compares what was there before with what is there after; a resource may hold anything.

use super::Work;
use super::traces::refusals;
use crate::contract::{Kind, Operation, Segment, Shape, ShapeId};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::keeper::{Keeper, keepers, map, with_text};
use crate::generate::relation::StateKind;
use crate::generate::sample::{ELSEWHERE, Sampler, cycled};
use crate::generate::story::{Story, Told};

/// So many writers write side by side.
const WRITERS: u64 = 5;
/// So many keys are in play at the most, so that a map's own limit is never met.
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

/// The laws of one member that is kept.
pub(crate) struct Laws<'w, 'p> {
    pub work: &'w Work<'p>,
    pub keeper: &'w Keeper<'p>,
    /// Begins variants where an operation keeps several members.
    pub at: String,
}

impl<'w, 'p> Laws<'w, 'p> {
    fn is(&self, kind: StateKind) -> bool {
        self.keeper.kind == kind
    }

    /// A case, if its story can be told.
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

    /// The shapes of a map's keys and values, or of a list's items, or the field's own.
    fn inner(&self) -> (Option<&'p ShapeId>, &'p ShapeId) {
        match &self.work.planner.contract.shape(self.keeper.shape).kind {
            Kind::Map { key, value } => (Some(key), value),
            Kind::List { member } => (None, member),
            _ => (None, self.keeper.shape),
        }
    }

    /// How many entries or items are in play.
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

    /// An item, an entry's value or the field, with a text in it.
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

    /// A value of the member: entries of these keys (or items) with these texts.
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

    /// The member of an entry that is of this enum.
    pub fn kind_member(&self, kinds: &ShapeId) -> Option<&'p str> {
        let members = self.work.planner.contract.shape(self.inner().1).kind.members()?;
        let found = members.iter().find(|(_, member)| self.are_same_kinds(&member.shape, kinds));
        found.map(|(name, _)| name.as_str())
    }

    /// Whether two enums are of one vocabulary: the same shape, or, where sources made two of it, one list
    /// inside the other. Two or three words in common are no evidence.
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

    /// What that member says in the first entry of a value.
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

    /// The shape that holds free text.
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

    /// Whether an empty text is a value like any other: a limit is documented that it is inside of, or it
    /// is an item of a list, which nothing but its text tells apart from no item.
    fn may_be_empty(&self) -> bool {
        let limits = self.text_shape().map(Shape::length).unwrap_or_default();
        (self.is(StateKind::List) || limits.max.is_some()) && limits.min.unwrap_or(0) == 0
    }

    /// Texts that careless servers change on the way, each with its name; those that are no value of the
    /// shape are found out when the story is told.
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

    /// What was written is read again as it was written.
    fn written(&self, out: &mut Vec<Case>) {
        const LAW: &str = "read-your-write";
        let rule = "what was written is what is read";
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
                // Where only answers to writes show what is stored, another write shows it again.
                let other = self.key(story, 1);
                if self.is(StateKind::List) {
                    story.write(1, &self.value(story, &[(&other, "two")])?, true)?;
                }
                Some(())
            });
        }
        if self.may_be_empty() {
            self.law(out, LAW, "empty", "an empty value is a value", |story| {
                let key = self.key(story, 0);
                story.look(1)?;
                story.write(1, &self.value(story, &[(&key, "one")])?, true)?;
                story.look(1)?;
                story.write(1, &self.value(story, &[(&key, "")])?, false)?;
                story.look(1)?;
                // Where only answers to writes show what is stored, another write shows it again.
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
                self.law(out, LAW, name, "an entry is found under the key under which it was written", |story| {
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
            self.law(out, "merges", "two-writes", "what is written is added to what is stored", |story| {
                let (one, two) = (self.key(story, 0), self.key(story, 1));
                story.look(1)?;
                story.write(1, &self.value(story, &[(&one, "one")])?, true)?;
                story.look(1)?;
                story.write(1, &self.value(story, &[(&two, "two")])?, true)?;
                story.look(1)
            });
            self.law(out, "merges", "overlapping", "what is written is added to what is stored", |story| {
                let (one, two) = (self.key(story, 0), self.key(story, 1));
                story.look(1)?;
                story.write(1, &self.value(story, &[(&one, "one"), (&two, "two")])?, true)?;
                story.write(1, &self.value(story, &[(&two, "three")])?, true)?;
                story.look(1)
            });
            self.law(out, "merges", "keys-that-differ-in-case", "keys are told apart by every character", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("key", "lower")])?, true)?;
                story.write(1, &self.value(story, &[("KEY", "upper")])?, true)?;
                story.look(1)
            });
        }
        if self.is(StateKind::List) {
            self.law(out, "merges", "two-writes", "what is written is added to what is stored", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "one")])?, true)?;
                story.write(1, &self.value(story, &[("", "two")])?, true)?;
                story.look(1)
            });
            self.law(out, "deduplicates", "again", "nothing is stored twice", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "one"), ("", "two")])?, true)?;
                story.write(1, &self.value(story, &[("", "two"), ("", "three")])?, true)?;
                story.look(1)
            });
            self.law(out, "deduplicates", "in-one-request", "nothing is stored twice", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "one"), ("", "one")])?, false)?;
                story.write(1, &self.value(story, &[("", "two")])?, true)?;
                story.look(1)
            });
            self.law(out, "deduplicates", "differing-in-case", "only what is the same is a duplicate", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "one")])?, true)?;
                story.write(1, &self.value(story, &[("", "ONE")])?, true)?;
                story.look(1)
            });
            self.law(out, "keeps-order", "two-writes", "items stay in the order of writing", |story| {
                story.look(1)?;
                story.write(1, &self.value(story, &[("", "zulu"), ("", "alpha")])?, true)?;
                story.write(1, &self.value(story, &[("", "mike"), ("", "bravo")])?, true)?;
                story.look(1)
            });
        }
        let rule = "a later write wins";
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
        self.law(out, "idempotent", "twice", "the same write again changes nothing", |story| {
            let key = self.key(story, 0);
            let value = self.value(story, &[(&key, "one")])?;
            story.look(1)?;
            story.write(1, &value, true)?;
            story.look(1)?;
            story.write(1, &value, true)?;
            story.look(1)
        });
        self.law(out, "isolated", "others-untouched", "a write changes no other resource", |story| {
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
            "below another parent the same name is another thing",
            |story| {
                if !story.has_elsewhere() || self.is(StateKind::List) {
                    return None;
                }
                let (one, two) = (self.key(story, 0), self.key(story, 1));
                // Where the other parent does not exist, nothing is learnt, and nothing is wrong.
                story.look(ELSEWHERE)?;
                story.write(ELSEWHERE, &self.value(story, &[(&two, "theirs")])?, false)?;
                story.look(ELSEWHERE)?;
                story.look(1)?;
                story.write(1, &self.value(story, &[(&one, "ours")])?, true)?;
                story.look(ELSEWHERE)?;
                story.look(1)
            },
        );
        // Without a promise, what a race brings about differs from run to run.
        if self.keeper.promises(self.work.planner, "survives-concurrent-writers") && !self.is(StateKind::Field) {
            let writers = if self.is(StateKind::Map) { room.min(WRITERS) } else { WRITERS };
            for round in 1..=3 {
                let variant = format!("side-by-side-{round}");
                self.law(out, "survives-concurrent-writers", &variant, "no write is lost to another one", |story| {
                    story.look(1)?;
                    // A first write, so that all of them find something there.
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

    /// What is refused leaves no trace.
    fn refused(&self, out: &mut Vec<Case>) {
        const LAW: &str = "rejected-leaves-no-trace";
        for refusal in refusals(self) {
            self.law(out, LAW, &refusal.variant, "a refused write leaves no trace", |story| {
                let key = self.key(story, 0);
                story.write(1, &self.value(story, &[(&key, "before")])?, true)?;
                story.look(1)?;
                (refusal.tell)(self, story)?;
                story.look(1)?;
                // Where only answers to writes show what is stored, a write of what is there shows it.
                if self.is(StateKind::List) {
                    story.write(1, &self.value(story, &[(&key, "before")])?, true)?;
                }
                Some(())
            });
        }
    }
}
