//! The patterns of a contract, each compiled on first use: models have hundreds, and a run needs few.
//!
//! Two shapes with the same pattern share the compiled form; no pattern is ever compiled twice.

use super::error::PlanError;
use crate::contract::{Contract, Fact, FactField, LengthRange, Provenance, Shape, ShapeId};
use crate::pattern::{DocumentedPattern, SeededDraw};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A pattern that is compiled on first use; `None` inside if its dialect is not supported.
type LazyPattern = Arc<OnceLock<Option<DocumentedPattern>>>;

/// All patterns of a contract that match a text of an allowed length.
#[derive(Debug, Default)]
pub(crate) struct ContractPatterns(HashMap<ShapeId, PatternEntry>);

#[derive(Debug)]
struct PatternEntry {
    text: String,
    length: LengthRange,
    compiled: LazyPattern,
    satisfiable: OnceLock<bool>,
}

impl ContractPatterns {
    /// Collects the patterns of a contract. Patterns in an unsupported dialect are left out, because overstep could not
    /// test them.
    ///
    /// # Errors
    /// Returns an error if no text of an allowed length matches a pattern of a documented operation. If machine models
    /// are the only source, such a pattern is left out instead: a model of hundreds of operations stays useful without
    /// it.
    pub fn from_contract(contract: &Contract) -> Result<Self, PlanError> {
        let mut made: HashMap<&str, LazyPattern> = HashMap::new();
        let mut all = HashMap::new();
        for (id, shape) in &contract.shapes {
            let Some(text) = &shape.pattern else { continue };
            let made = Arc::clone(made.entry(text).or_default());
            let slot = PatternEntry {
                text: text.clone(),
                length: shape.length(),
                compiled: made,
                satisfiable: OnceLock::new(),
            };
            all.insert(id.clone(), slot);
        }
        let all = Self(all);
        if !contract.is_model_only()
            && let Some((id, slot)) = all.unsatisfiable(contract).next()
        {
            let limits = match (slot.length.min, slot.length.max) {
                (None, None) => String::new(),
                (min, max) => format!(
                    " with {} to {} characters",
                    min.unwrap_or(0),
                    max.map_or_else(|| "unlimited".to_owned(), |max| max.to_string())
                ),
            };
            return Err(PlanError {
                owner: format!("shape `{id}`"),
                reason: format!("no text{limits} matches the pattern `{}`", slot.text),
                source_at: pattern_source(contract.shape(id)),
            });
        }
        Ok(all)
    }

    /// Returns the pattern of a shape.
    pub fn get(&self, id: &ShapeId) -> Option<&DocumentedPattern> {
        let slot = self.0.get(id)?;
        slot.pattern().filter(|pattern| slot.is_satisfiable(pattern))
    }

    /// Returns the supported patterns that no text of an allowed length matches, in the contract's order.
    fn unsatisfiable<'a>(&'a self, contract: &'a Contract) -> impl Iterator<Item = (&'a ShapeId, &'a PatternEntry)> {
        let slots = contract.shapes.keys().filter_map(|id| Some((id, self.0.get(id)?)));
        slots.filter(|(_, slot)| slot.pattern().is_some_and(|pattern| !slot.is_satisfiable(pattern)))
    }
}

impl PatternEntry {
    fn pattern(&self) -> Option<&DocumentedPattern> {
        self.compiled.get_or_init(|| DocumentedPattern::new(&self.text).ok()).as_ref()
    }

    fn is_satisfiable(&self, pattern: &DocumentedPattern) -> bool {
        *self.satisfiable.get_or_init(|| is_pattern_satisfiable(pattern, &self.length))
    }
}

fn pattern_source(shape: &Shape) -> Option<Provenance> {
    shape.preferred_fact(&FactField::Pattern).map(Fact::provenance)
}

/// Returns the patterns of a contract that are left out because no text of an allowed length matches them: the shape,
/// the pattern, and where it is documented.
pub fn unsatisfiable_patterns(contract: &Contract) -> Vec<(ShapeId, String, Option<Provenance>)> {
    let Ok(patterns) = ContractPatterns::from_contract(contract) else { return Vec::new() };
    let lost = patterns.unsatisfiable(contract);
    lost.map(|(id, slot)| (id.clone(), slot.text.clone(), pattern_source(contract.shape(id)))).collect()
}

fn is_pattern_satisfiable(pattern: &DocumentedPattern, length: &LengthRange) -> bool {
    let fits = |text: &str| {
        let count = text.chars().count() as u64;
        count >= length.min.unwrap_or(0) && count <= length.max.unwrap_or(u64::MAX)
    };
    let mut draw = SeededDraw::new(0, "satisfiable");
    let (least, most) = pattern.length_range();
    let low = (least as u64).max(length.min.unwrap_or(0));
    let high = (most as u64).min(length.max.unwrap_or(u64::MAX)).min(low.saturating_add(64));
    (low..=high).any(|wanted| pattern.draw_member(&mut draw, Some(wanted as usize)).is_some_and(|text| fits(&text)))
}
