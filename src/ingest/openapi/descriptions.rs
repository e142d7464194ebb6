//! Reads the limits that the description of a schema states in sentences.
//!
//! It never decides what a sentence says; `sentences` does. What a keyword states has authority over sentences.

use super::{OpenApiReader, SchemaView};
use crate::contract::ShapeId;
use crate::ingest::described_limits::DescribedMember;
use crate::ingest::sentences::{may_state, split_sentences};

impl<'d> OpenApiReader<'d> {
    /// Applies what the descriptions of a shape's schemas state.
    pub fn apply_descriptions(&mut self, id: &ShapeId, view: &SchemaView<'d>) {
        let texts: Vec<_> =
            view.all("description").filter_map(|(value, place)| Some((value.node.as_text()?, place))).collect();
        for (text, place) in texts.into_iter().filter(|(text, _)| may_state(text)) {
            let sentences = split_sentences(text.lines().map(|line| (place.line, line)));
            self.at(place);
            self.builder.apply_sentences(id, None, None, &sentences);
        }
    }

    /// Applies what the descriptions of members state that are beside the members' schemas.
    pub fn apply_member_descriptions(&mut self) {
        for (structure, id, name, owner) in std::mem::take(&mut self.described_members) {
            let Some(text) = owner.text("description").filter(|text| may_state(text)) else { continue };
            let place = owner.place_of("description");
            let sentences = split_sentences(text.lines().map(|line| (place.line, line)));
            self.at(place);
            let described = Some(DescribedMember { owner: &structure, name: &name });
            self.builder.apply_sentences(&id, None, described, &sentences);
        }
    }
}
