//! Reads the limits that the description of a schema states in sentences, where no keyword states them.
//!
//! It never decides what a sentence says; `prose` does.

use super::{OpenApiReader, SchemaView};
use crate::contract::{FactField, FactOrigin, ShapeId, ShapeKind};
use crate::ingest::prose::{parse_enum_values, split_sentences};

impl<'d> OpenApiReader<'d> {
    /// Applies what the descriptions of a shape's schemas state. A keyword of the schema says it with authority, so
    /// sentences about what has a keyword are not read.
    pub fn apply_descriptions(&mut self, id: &ShapeId, view: &SchemaView<'d>) {
        let limits =
            ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern", "enum", "format"];
        if limits.iter().any(|keyword| view.all(keyword).next().is_some()) {
            return;
        }
        let texts: Vec<_> =
            view.all("description").filter_map(|(value, place)| Some((value.node.as_text()?, place))).collect();
        for (text, place) in texts {
            let sentences = split_sentences(text.lines().map(|line| (place.line, line)));
            self.at(place);
            self.builder.apply_sentences(id, None, &sentences);
            for sentence in &sentences {
                if let Some(values) = parse_enum_values(&sentence.text)
                    && self.builder.shape_mut(id).kind == ShapeKind::String
                {
                    self.builder.record_shape_fact_as(id, FactField::Enum, values, place.line, FactOrigin::Prose);
                }
            }
        }
    }
}
