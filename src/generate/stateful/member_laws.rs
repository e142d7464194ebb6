//! The law cases of one stored member: how their values and steps are built.
//!
//! It states no law.

use crate::case::{Case, LawName, StateKind, Value};
use crate::contract::{Operation, PathSegment, Shape, ShapeId, ShapeKind};
use crate::generate::input_sampler::InputSampler;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::stateful_case::{CaseMetadata, StatefulCaseBuilder};
use crate::generate::stateful::stored_member::{StoredMember, map_value, with_free_text};

/// Maximum number of keys in a case, small enough never to reach a map's own limit.
const MAX_KEYS: u64 = 5;

/// Generates the law cases of one stored member.
pub(crate) struct MemberLaws<'w, 'p> {
    pub context: &'w OperationContext<'p>,
    pub stored_member: &'w StoredMember<'p>,
    /// Prefix of variants, if an operation stores several members.
    pub variant_prefix: String,
}

impl<'w, 'p> MemberLaws<'w, 'p> {
    pub fn is_kind(&self, kind: StateKind) -> bool {
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
        let plan_context = self.context.plan;
        let variant = format!("{}{variant}", self.variant_prefix);
        let mut builder = StatefulCaseBuilder::new(plan_context, self.stored_member, operation, law, &variant);
        build_steps(&mut builder)?;
        let source = if operation.name == self.stored_member.operation.name {
            self.stored_member.law_source(plan_context, law)
        } else {
            crate::generate::stateful::stored_member::law_source(plan_context, operation, law)
        };
        builder.build(CaseMetadata { operation, rule: rule.to_owned(), source, is_documented: is_promised })
    }

    pub fn add_law(
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

    pub fn sampler<'s>(&'s self, builder: &'s StatefulCaseBuilder<'_, 'p>) -> InputSampler<'s> {
        self.context.plan.input_sampler(self.stored_member.operation, &builder.id)
    }

    /// Returns the shapes of a map's keys and values, of a list's items, or of the field itself.
    pub fn inner_shapes(&self) -> (Option<&'p ShapeId>, &'p ShapeId) {
        if let Some((key, value)) = self.entry_shapes() {
            return (Some(key), value);
        }
        match &self.context.plan.contract.shape(self.stored_member.shape).kind {
            ShapeKind::Map { key, value } => (Some(key), value),
            ShapeKind::List { member } => (None, member),
            _ => (None, self.stored_member.shape),
        }
    }

    /// Returns the shapes of keys and values that are written as a list.
    fn entry_shapes(&self) -> Option<(&'p ShapeId, &'p ShapeId)> {
        let (contract, names) = (self.context.plan.contract, self.stored_member.entry_members.as_ref()?);
        let ShapeKind::List { member } = &contract.shape(self.stored_member.shape).kind else { return None };
        let members = contract.shape(member).kind.members()?;
        Some((&members.get(&names.key)?.shape, &members.get(&names.value)?.shape))
    }

    /// Returns the number of entries or items that a case may use.
    pub fn max_entries(&self) -> u64 {
        let most = self.context.plan.contract.shape(self.stored_member.shape).length().max.unwrap_or(u64::MAX);
        most.min(MAX_KEYS)
    }

    pub fn nth_key(&self, builder: &StatefulCaseBuilder<'_, 'p>, index: u64) -> String {
        match self.inner_shapes().0 {
            Some(key) => self.sampler(builder).sample_key(key, &self.stored_member.path, index),
            None => String::new(),
        }
    }

    /// Returns an item, an entry's value or the field, containing the given text.
    fn entry_with_text(&self, builder: &StatefulCaseBuilder<'_, 'p>, text: &str) -> Option<Value> {
        let contract = self.context.plan.contract;
        let shape = self.inner_shapes().1;
        let path = match self.stored_member.kind {
            StateKind::Map if let Some(names) = &self.stored_member.entry_members => {
                self.stored_member.path.join(PathSegment::Item).join_member(&names.value)
            }
            StateKind::Map => self.stored_member.path.join(PathSegment::Value),
            StateKind::List => self.stored_member.path.join(PathSegment::Item),
            StateKind::Field => self.stored_member.path.clone(),
        };
        with_free_text(contract, shape, self.sampler(builder).sample_value(shape, &path), text)
    }

    /// Returns a value of the member: entries with these keys (or items) and these texts.
    pub fn value_with_entries(&self, builder: &StatefulCaseBuilder<'_, 'p>, entries: &[(&str, &str)]) -> Option<Value> {
        Some(match self.stored_member.kind {
            StateKind::Map => {
                let entries =
                    entries.iter().map(|(key, text)| Some(((*key).to_owned(), self.entry_with_text(builder, text)?)));
                map_value(entries.collect::<Option<Vec<_>>>()?)
            }
            StateKind::List => {
                Value::List(entries.iter().map(|(_, text)| self.entry_with_text(builder, text)).collect::<Option<_>>()?)
            }
            StateKind::Field => self.entry_with_text(builder, entries.first()?.1)?,
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
    pub fn free_text_shape(&self) -> Option<&'p Shape> {
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
    pub fn can_be_empty(&self) -> bool {
        let limits = self.free_text_shape().map(Shape::length).unwrap_or_default();
        (self.is_kind(StateKind::List) || limits.max.is_some()) && limits.min.unwrap_or(0) == 0
    }
}
