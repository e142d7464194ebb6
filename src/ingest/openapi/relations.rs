//! Notes the relations between the members of an object that keywords and descriptions state.
//!
//! It never decides what a keyword or a sentence says.

use super::{Located, OpenApiReader, SchemaView};
use crate::contract::{FactOrigin, ShapeId};
use crate::ingest::contract_builder::MemberRelation;
use crate::ingest::described_limits::DescribedMember;
use crate::ingest::sentences::{StatedRelation, may_state, read_description, split_sentences};

impl<'d> OpenApiReader<'d> {
    /// Notes the relations that the keywords of an object state, and those in its description.
    pub fn note_object_relations(&mut self, owner: &ShapeId, view: &SchemaView<'d>) {
        // `additionalProperties: false` is about the properties in the same schema, not about those of other ones in `allOf`.
        let has_several_parts = view.layers.iter().filter(|layer| layer.get("properties").is_some()).count() > 1;
        let is_used = |relation: &StatedRelation| *relation != StatedRelation::NoOtherMembers || !has_several_parts;
        for (relation, place) in view.relations.iter().filter(|(relation, _)| is_used(relation)) {
            self.at(*place);
            let place = self.builder.provenance_at(place.line);
            let (owner, relation, origin) = (owner.clone(), relation.clone(), FactOrigin::Documented);
            self.builder.stated_relations.push(MemberRelation {
                owner,
                member: String::new(),
                relation,
                place,
                origin,
            });
        }
        let schemas: Vec<Located<'d>> = view.layers.clone();
        self.note_described_relations(owner, owner, "", &schemas);
    }

    /// Notes the relations that the descriptions of a member's own schemas state. A schema behind `$ref` describes other
    /// members, too.
    pub fn note_described_relations(&mut self, owner: &ShapeId, shape: &ShapeId, name: &str, schemas: &[Located<'d>]) {
        for schema in schemas {
            let Some(text) = schema.text("description").filter(|text| may_state(text)) else { continue };
            let place = schema.place_of("description");
            let sentences = split_sentences(text.lines().map(|line| (place.line, line)));
            let read = read_description(&sentences, Some(name).filter(|name| !name.is_empty()));
            self.at(place);
            self.builder.note_relations(DescribedMember { owner, name }, shape, &read);
        }
    }

    /// Notes the relations between members of the input that the description of an operation states.
    pub fn note_relations_of_operation(&mut self, index: usize, operation: Located<'d>) {
        let Some(text) = operation.text("description").filter(|text| may_state(text)) else { return };
        let place = operation.place_of("description");
        self.at(place);
        for sentence in split_sentences(text.lines().map(|line| (place.line, line))) {
            self.builder.note_operation_relations(index, &sentence);
        }
    }
}
