//! Reads a contract in overstep's own format as a source.
//!
//! It never changes what the contract states; values without a fact get one, so that merging can compare sources.

use super::json::{self, JsonNode};
use super::source_text::SourceText;
use super::{IngestDiagnostic, IngestError};
use crate::contract::{self, Contract, ContractFormatError, Fact, FactField, FactOrigin, ShapeKind};
use serde_json::Value as Json;
use std::collections::HashMap;

/// Reads a contract.
pub(super) fn read(text: &SourceText<'_>) -> Result<(Contract, Vec<IngestDiagnostic>), IngestError> {
    let mut contract = contract::from_json(&text.text).map_err(|error| match &error {
        ContractFormatError::Json { reason, line, .. } => text.error(
            u32::try_from(*line).unwrap_or(1).max(1),
            reason.clone(),
            "a contract is JSON in the format `overstep-contract/1`",
        ),
        ContractFormatError::UnknownFormat { .. } => {
            text.error(1, error.to_string(), "ingest the sources again with this version")
        }
        ContractFormatError::Inconsistent { owner, .. } => {
            let name = owner.split('`').nth(1).unwrap_or_default();
            let line = text.text.find(&format!("\"{name}\"")).map_or(1, |offset| text.line_at_offset(offset));
            text.error(line, error.to_string(), "every name that a contract refers to must be defined in it")
        }
    })?;
    add_missing_facts(&mut contract, text, &DefinitionLines::new(text));
    Ok((contract, Vec::new()))
}

/// The lines on which a contract defines its parts.
#[derive(Default)]
struct DefinitionLines {
    shapes: HashMap<String, u32>,
    /// In the order of the document, because a name may be repeated.
    operations: Vec<u32>,
    errors: HashMap<String, u32>,
}

impl DefinitionLines {
    fn new(text: &SourceText<'_>) -> Self {
        // The text is valid JSON, but the other parser accepts deeper nesting.
        let Ok(root) = json::parse(&text.text) else { return Self::default() };
        let items = |key: &str| root.get(key).map_or(&[][..], JsonNode::items);
        let shapes = root.get("shapes").map_or(&[][..], JsonNode::entries);
        Self {
            shapes: shapes.iter().map(|entry| (entry.key.clone(), entry.line)).collect(),
            operations: items("operations").iter().map(|node| node.line).collect(),
            errors: items("errors")
                .iter()
                .filter_map(|node| Some((node.member_text("name")?.to_owned(), node.line)))
                .collect(),
        }
    }
}

fn add_missing_facts(contract: &mut Contract, text: &SourceText<'_>, lines: &DefinitionLines) {
    for (id, shape) in &mut contract.shapes {
        let mut stated: Vec<(FactField, Json)> = vec![(FactField::Type, shape.kind.name().into())];
        if let Some(length) = shape.length {
            stated.extend(length.min.map(|min| (FactField::LengthMin, min.into())));
            stated.extend(length.max.map(|max| (FactField::LengthMax, max.into())));
        }
        if let Some(range) = &shape.range {
            stated.extend(range.min.clone().map(|min| (FactField::RangeMin, min.into())));
            stated.extend(range.max.clone().map(|max| (FactField::RangeMax, max.into())));
        }
        stated.extend(shape.multiple_of.clone().map(|step| (FactField::MultipleOf, step.into())));
        stated.extend(shape.pattern.clone().map(|pattern| (FactField::Pattern, pattern.into())));
        if shape.unique {
            stated.push((FactField::Unique, true.into()));
        }
        if let ShapeKind::Enum { values } = &shape.kind {
            stated.push((FactField::Enum, values.clone().into()));
        }
        for (name, member) in shape.kind.members().into_iter().flatten() {
            if member.required {
                stated.push((FactField::MemberRequired(name.clone()), true.into()));
            }
            if member.location != contract::MemberLocation::Body {
                stated.push((
                    FactField::MemberLocation(name.clone()),
                    super::contract_builder::location_name(member.location).into(),
                ));
            }
        }
        let missing: Vec<(FactField, Json)> =
            stated.into_iter().filter(|(field, _)| shape.facts_at(field).next().is_none()).collect();
        if !missing.is_empty() {
            let at = text.provenance_at(lines.shapes.get(id.as_str()).copied().unwrap_or(1));
            shape
                .facts
                .extend(missing.into_iter().map(|(field, value)| Fact::new(field, value, FactOrigin::Documented, &at)));
        }
    }
    for (index, operation) in contract.operations.iter_mut().enumerate() {
        let at = text.provenance_at(lines.operations.get(index).copied().unwrap_or(1));
        if operation.sources.is_empty() {
            operation.sources.push(at.clone());
        }
        let Some(http) = &operation.http else { continue };
        let mut stated: Vec<(FactField, Json)> = vec![(FactField::HttpMethod, http.method.clone().into())];
        stated.push((FactField::HttpUri, http.uri.clone().into()));
        stated.extend(http.success.map(|success| (FactField::HttpSuccess, success.into())));
        let missing: Vec<(FactField, Json)> =
            stated.into_iter().filter(|(field, _)| !operation.facts.iter().any(|fact| fact.field == *field)).collect();
        if !missing.is_empty() {
            operation
                .facts
                .extend(missing.into_iter().map(|(field, value)| Fact::new(field, value, FactOrigin::Documented, &at)));
        }
    }
    for (name, error) in &mut contract.errors {
        if let (Some(status), true) = (error.status, error.facts.iter().all(|fact| fact.field != FactField::Status)) {
            error.facts.push(Fact::new(
                FactField::Status,
                status,
                FactOrigin::Documented,
                &text.provenance_at(lines.errors.get(name.as_str()).copied().unwrap_or(1)),
            ));
        }
    }
}
