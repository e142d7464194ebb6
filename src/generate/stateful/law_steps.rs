//! The steps of a law as data, and the conditions under which a law applies to a stored member.
//!
//! It states no law.

use crate::case::{Case, StateKind};
use crate::generate::stateful::member_laws::MemberLaws;
use crate::generate::stateful::stateful_case::StatefulCaseBuilder;

/// The key of an entry. Lists and fields have no keys.
#[derive(Clone, Copy)]
pub(super) enum Key<'t> {
    /// The sampled key with this number.
    Nth(u64),
    Named(&'t str),
}

/// One step of a law: the number of the resource, and the entries (keys and texts) to write.
#[derive(Clone, Copy)]
pub(super) enum LawStep<'t> {
    /// Reads the state.
    Read(u32),
    /// Writes entries that must be accepted.
    Write(u32, &'t [(Key<'t>, &'t str)]),
    /// Writes entries that may be rejected: the law says nothing then.
    WriteUncertain(u32, &'t [(Key<'t>, &'t str)]),
    /// Writes to a list once more: if only responses to writes show the list, this one shows what was stored.
    ShowList(u32, &'t [(Key<'t>, &'t str)]),
}

/// The stored members that a law applies to.
#[derive(Clone, Copy)]
pub(super) enum AppliesTo {
    Any,
    /// Maps that may have two entries.
    Maps,
    Lists,
    MapsAndFields,
    /// Members of operations that can address several resources.
    DistinctResources,
    /// Maps and fields of resources that can exist under another parent.
    OtherParents,
}

/// A law with the steps that show whether it holds.
pub(super) struct Relation {
    pub to: AppliesTo,
    pub law: &'static str,
    pub variant: &'static str,
    pub rule: &'static str,
    pub steps: &'static [LawStep<'static>],
}

impl MemberLaws<'_, '_> {
    /// Adds a case with these steps, unless one of them cannot be built.
    pub(super) fn add_steps_law(
        &self,
        out: &mut Vec<Case>,
        law: &str,
        variant: &str,
        rule: &str,
        steps: &[LawStep<'_>],
    ) {
        self.add_law(out, law, variant, rule, |builder| self.add_steps(builder, steps));
    }

    /// Adds these steps. Returns `None` if one of them cannot be built.
    pub(super) fn add_steps(&self, builder: &mut StatefulCaseBuilder<'_, '_>, steps: &[LawStep<'_>]) -> Option<()> {
        steps.iter().try_for_each(|step| self.add_step(builder, step))
    }

    /// Returns true if a law applies to the stored member and to the resources of the case.
    pub(super) fn is_applicable(&self, to: AppliesTo, builder: &StatefulCaseBuilder<'_, '_>) -> bool {
        match to {
            AppliesTo::Any => true,
            AppliesTo::Maps => self.is_kind(StateKind::Map) && self.max_entries() > 1,
            AppliesTo::Lists => self.is_kind(StateKind::List),
            AppliesTo::MapsAndFields => !self.is_kind(StateKind::List),
            AppliesTo::DistinctResources => builder.has_distinct_resources(),
            AppliesTo::OtherParents => !self.is_kind(StateKind::List) && builder.has_other_parent(),
        }
    }

    fn add_step(&self, builder: &mut StatefulCaseBuilder<'_, '_>, step: &LawStep<'_>) -> Option<()> {
        let (resource, entries, is_certain) = match *step {
            LawStep::Read(resource) => return builder.read_state(resource),
            LawStep::ShowList(..) if !self.is_kind(StateKind::List) => return Some(()),
            LawStep::Write(resource, entries) | LawStep::ShowList(resource, entries) => (resource, entries, true),
            LawStep::WriteUncertain(resource, entries) => (resource, entries, false),
        };
        let keys: Vec<String> = entries
            .iter()
            .map(|(key, _)| match key {
                Key::Nth(index) => self.nth_key(builder, *index),
                Key::Named(name) => (*name).to_owned(),
            })
            .collect();
        let entries: Vec<(&str, &str)> =
            keys.iter().map(String::as_str).zip(entries.iter().map(|(_, text)| *text)).collect();
        let value = self.value_with_entries(builder, &entries)?;
        builder.write_value(resource, &value, is_certain)
    }
}
