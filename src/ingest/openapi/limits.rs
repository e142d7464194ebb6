//! Records limits of lengths and counts, and patterns.
//!
//! If several schemas limit the same value, it records the strictest limit with its own line.

use super::pattern::to_java;
use super::{FilePlace, Omission, OpenApiReader, SchemaView};
use crate::contract::{FactField, ShapeId, ShapeKind, ShapeRule};
use crate::ingest::json::JsonNode;

impl<'d> OpenApiReader<'d> {
    /// Records the limits of a text.
    pub fn record_text_limits(&mut self, id: &ShapeId, view: &mut SchemaView<'d>) {
        self.record_count(id, view, "minLength", "maxLength");
        let patterns: Vec<(&str, FilePlace)> =
            view.all("pattern").filter_map(|(value, place)| Some((value.node.as_text()?, place))).collect();
        if let Some((pattern, place)) = patterns.first() {
            self.record(id, FactField::Pattern, to_java(pattern), *place);
        }
        for (_, place) in patterns.iter().skip(1) {
            view.omissions.push((Omission::FurtherPattern, *place));
        }
    }

    /// Records the limits of a length or a number of entries.
    pub fn record_count(&mut self, id: &ShapeId, view: &mut SchemaView<'d>, min: &'static str, max: &'static str) {
        let counts = |keyword| view.all(keyword).filter_map(|(value, place)| Some((as_count(value.node)?, place)));
        let least = counts(min).max_by_key(|(count, _)| *count);
        let most = counts(max).min_by_key(|(count, _)| *count);
        if let (Some((least, _)), Some((most, place))) = (least, most)
            && least > most
        {
            view.omissions.push((Omission::Contradiction, place));
            return;
        }
        for (field, limit) in [(FactField::LengthMin, least), (FactField::LengthMax, most)] {
            if let Some((count, place)) = limit {
                self.record(id, field, count, place);
            }
        }
    }

    /// Records that a structure must not be empty. Other numbers of members have no place in a contract.
    pub fn record_member_count(&mut self, id: &ShapeId, view: &mut SchemaView<'d>) {
        let least = view.all("minProperties").filter_map(|(value, place)| Some((as_count(value.node)?, place)));
        if let Some((least, place)) = least.filter(|(count, _)| *count > 0).max_by_key(|(count, _)| *count) {
            let members = self.builder.shape_mut(id).kind.members().cloned().unwrap_or_default();
            let is_required = members.values().any(|member| member.required);
            match least {
                1 if is_required => {}
                1 => {
                    let members = members.keys().cloned().collect();
                    self.at(place);
                    self.builder.add_documented_rule(id, ShapeRule::AtLeastOneOf { members }, place.line);
                }
                _ => view.omissions.push((Omission::MemberCount, place)),
            }
        }
        view.omissions
            .extend(view.all("maxProperties").map(|(_, place)| (Omission::MemberCount, place)).collect::<Vec<_>>());
    }

    /// Notes limits that do not apply to the kind of the shape.
    pub fn note_misplaced_limits(&mut self, id: &ShapeId, view: &mut SchemaView<'d>) {
        let kind = &self.builder.shape_mut(id).kind;
        let applicable: &[&str] = match kind {
            ShapeKind::String => &["minLength", "maxLength", "pattern"],
            ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => {
                &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
            }
            ShapeKind::List { .. } => &["minItems", "maxItems", "uniqueItems"],
            ShapeKind::Map { .. } | ShapeKind::Structure { .. } => &["minProperties", "maxProperties"],
            _ => &[],
        };
        let limits = [
            "minLength",
            "maxLength",
            "pattern",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "minItems",
            "maxItems",
            "uniqueItems",
            "minProperties",
            "maxProperties",
        ];
        for keyword in limits.into_iter().filter(|keyword| !applicable.contains(keyword)) {
            let misplaced: Vec<FilePlace> =
                view.all(keyword).filter(|(value, _)| !value.node.value.is_false()).map(|(_, place)| place).collect();
            view.omissions.extend(misplaced.into_iter().map(|place| (Omission::MisplacedLimit, place)));
        }
    }
}

/// Returns a number of characters or entries; documents also write `1.0`.
fn as_count(node: &JsonNode) -> Option<u64> {
    let number = node.as_number()?;
    number
        .as_u64()
        .or_else(|| number.as_f64().filter(|count| *count >= 0.0 && count.fract() == 0.0).map(|count| count as u64))
}
