//! Applies what a model's documentation says about repeated requests, and about the lists that an error forbids.
//!
//! It reads the sentences of operations and of the errors that they declare.

use super::botocore::BotocoreReader;
use super::contract_builder::MemberRelation;
use super::json::JsonEntry;
use super::sentences::{Sentence, StatedRelation, read_entry_limits, split_html_sentences};
use super::stated_effects::{ListRule, is_about_contents, is_about_taken_name, read_effects, rule_of_error};
use crate::contract::{ErrorRole, FactField, FactOrigin, ShapeId, ShapeKind, ShapeRule};

impl BotocoreReader<'_> {
    /// Applies the documentation of an operation, split into sentences, and that of its errors.
    pub(super) fn apply_effects(&mut self, index: usize, sentences: &[Sentence]) {
        let Some(operation) = self.builder.contract.operations.get_mut(index) else { return };
        let text = sentences.iter().map(|sentence| sentence.text.as_str()).collect::<Vec<_>>().join(" ");
        let effects = read_effects(&text);
        operation.traits.delayed = effects.is_delayed;
        operation.traits.repeatable = effects.accepts_repetition;
        let errors = operation.errors.clone();
        for error in errors {
            let Some(shape) = self.shapes.get(error.as_str()).copied() else { continue };
            let Some(documentation) = shape.node.entry("documentation") else { continue };
            let text = plain_text(documentation.node.as_text().unwrap_or_default());
            let role = self.builder.contract.errors.get(&error).map_or(ErrorRole::Other, |error| error.role);
            let name = error.as_str();
            let law = match () {
                () if is_about_contents(name, &text) => Some("protects-children"),
                () if role == ErrorRole::Conflict
                    && !effects.accepts_repetition
                    && is_about_taken_name(name, &text) =>
                {
                    Some("rejects-duplicates")
                }
                () => None,
            };
            if let Some(law) = law {
                let field = FactField::Law(law.to_owned());
                self.builder.record_operation_fact_as(index, field, true, documentation.line, FactOrigin::Prose);
            }
            if let Some(rule) = rule_of_error(name, &text) {
                self.apply_list_rule(index, &rule, documentation.line);
            }
        }
    }

    /// Applies what an error says about a list to the list of the input that it can mean.
    fn apply_list_rule(&mut self, index: usize, rule: &ListRule, line: u32) {
        let Some(input) = self.builder.contract.operations[index].input.clone() else { return };
        let Some((member, list, key)) = self.find_list(&input, rule) else { return };
        match rule {
            ListRule::DistinctBy(_) => {
                let place = self.builder.provenance_at(line);
                let relation = StatedRelation::DistinctBy(key);
                let origin = FactOrigin::Prose;
                self.builder.stated_relations.push(MemberRelation { owner: input, member, relation, place, origin });
            }
            ListRule::NotEmpty | ListRule::MaxItems(_) => {
                let (field, value) = match rule {
                    ListRule::MaxItems(max) => (FactField::LengthMax, *max),
                    _ => (FactField::LengthMin, 1),
                };
                let is_stated = self.builder.shape_mut(&list).facts_at(&field).next().is_some();
                if !is_stated {
                    let own = self.own_shape(&input, &member, &list);
                    self.builder.record_shape_fact_as(&own, field, value, line, FactOrigin::Prose);
                }
            }
        }
    }

    /// Applies the limits that the documentation of a map states for single keys.
    pub(super) fn apply_entry_limits(&mut self, owner: &ShapeId, member: &JsonEntry) {
        let contract = &self.builder.contract;
        let members = contract.shapes.get(owner).and_then(|shape| shape.kind.members());
        let Some(id) = members.and_then(|members| members.get(&member.key)).map(|it| it.shape.clone()) else { return };
        let Some(ShapeKind::Map { key, value }) = contract.shapes.get(&id).map(|shape| &shape.kind) else { return };
        let kind_of = |id: &ShapeId| contract.shapes.get(id).map(|shape| &shape.kind);
        let keys = match kind_of(key) {
            Some(ShapeKind::Enum { values }) => Some(values.clone()),
            _ => None,
        };
        let Some(documentation) = member.node.entry("documentation") else { return };
        if !matches!(kind_of(value), Some(ShapeKind::String)) {
            return;
        }
        let text = documentation.node.as_text().unwrap_or_default();
        let mut limits = read_entry_limits(&split_html_sentences(documentation.line, text));
        limits.retain(|limit| keys.as_ref().is_none_or(|keys| keys.contains(&limit.key)));
        if limits.is_empty() {
            return;
        }
        let own = self.own_shape(owner, &member.key, &id);
        for limit in limits {
            let whole = |number: &Option<serde_json::Number>| number.as_ref().and_then(serde_json::Number::as_i64);
            let rule = ShapeRule::EntryRange { key: limit.key, min: whole(&limit.min), max: whole(&limit.max) };
            self.builder.add_rule(&own, rule, limit.line);
        }
    }

    /// Returns the list of an input that a rule is about: its member, its shape, and the member of its items that the rule
    /// names. Returns `None` unless exactly one list fits.
    fn find_list(&self, input: &ShapeId, rule: &ListRule) -> Option<(String, ShapeId, Option<String>)> {
        let contract = &self.builder.contract;
        let members = contract.shapes.get(input)?.kind.members()?;
        let mut found = members.iter().filter_map(|(name, member)| {
            let ShapeKind::List { member: item } = &contract.shapes.get(&member.shape)?.kind else { return None };
            let fields = contract.shapes.get(item)?.kind.members();
            let key = match rule {
                ListRule::DistinctBy(word) => {
                    let is_key = |field: &&String| field.to_ascii_lowercase().ends_with(word.as_str());
                    Some(fields?.keys().find(is_key)?.clone())
                }
                // Entries are structures, apart from keys.
                _ => (fields.is_some() || name.ends_with("Keys")).then_some(None)?,
            };
            Some((name.clone(), member.shape.clone(), key))
        });
        found.next().filter(|_| found.next().is_none())
    }
}

/// Returns the text of a documentation without its markup.
fn plain_text(documentation: &str) -> String {
    let sentences = split_html_sentences(1, documentation);
    sentences.into_iter().map(|sentence| sentence.text).collect::<Vec<_>>().join(" ")
}
