//! The patterns of a contract, each made ready when it is first asked for: models have hundreds, and a run needs few.
//!
//! Two shapes with the same pattern share what was made of it.

use super::draw::Seeded;
use super::pattern::Pattern;
use super::plan::PlanError;
use crate::contract::{Contract, Fact, Length, Provenance, Shape, ShapeId};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// What was made of a pattern's text: nothing where it is in a dialect that is not understood.
type Made = Arc<OnceLock<Option<Pattern>>>;

/// All patterns of a contract that have a member of an allowed length.
#[derive(Debug, Default)]
pub(crate) struct Patterns(HashMap<ShapeId, Slot>);

#[derive(Debug)]
struct Slot {
    text: String,
    length: Length,
    made: Made,
    satisfiable: OnceLock<bool>,
}

impl Patterns {
    /// Those of a contract. Patterns in a dialect that is not understood are left out: they constrain nothing that
    /// overstep could test.
    ///
    /// # Errors
    /// Where no text of an allowed length matches one of a documented operation. A model of hundreds of operations is
    /// worth something even where one of its patterns is not: such a one is left out there.
    pub fn of(contract: &Contract) -> Result<Self, PlanError> {
        let mut made: HashMap<&str, Made> = HashMap::new();
        let mut all = HashMap::new();
        for (id, shape) in &contract.shapes {
            let Some(text) = &shape.pattern else { continue };
            let made = Arc::clone(made.entry(text).or_default());
            let slot = Slot { text: text.clone(), length: shape.length(), made, satisfiable: OnceLock::new() };
            all.insert(id.clone(), slot);
        }
        let all = Self(all);
        if !contract.is_only_modelled()
            && let Some((id, slot)) = all.lost(contract).next()
        {
            let limits = match (slot.length.min, slot.length.max) {
                (None, None) => String::new(),
                (min, max) => format!(
                    " with {} to {} characters",
                    min.unwrap_or(0),
                    max.map_or_else(|| "any number of".to_owned(), |max| max.to_string())
                ),
            };
            return Err(PlanError {
                owner: format!("shape `{id}`"),
                reason: format!("no text{limits} matches the pattern `{}`", slot.text),
                source_at: written(contract.shape(id)),
            });
        }
        Ok(all)
    }

    /// The pattern of a shape.
    pub fn get(&self, id: &ShapeId) -> Option<&Pattern> {
        let slot = self.0.get(id)?;
        slot.pattern().filter(|pattern| slot.is_satisfiable(pattern))
    }

    /// Those that are understood and that nothing matches, in the contract's order.
    fn lost<'a>(&'a self, contract: &'a Contract) -> impl Iterator<Item = (&'a ShapeId, &'a Slot)> {
        let slots = contract.shapes.keys().filter_map(|id| Some((id, self.0.get(id)?)));
        slots.filter(|(_, slot)| slot.pattern().is_some_and(|pattern| !slot.is_satisfiable(pattern)))
    }
}

impl Slot {
    fn pattern(&self) -> Option<&Pattern> {
        self.made.get_or_init(|| Pattern::new(&self.text).ok()).as_ref()
    }

    fn is_satisfiable(&self, pattern: &Pattern) -> bool {
        *self.satisfiable.get_or_init(|| satisfiable(pattern, &self.length))
    }
}

fn written(shape: &Shape) -> Option<Provenance> {
    shape.fact("pattern").map(Fact::provenance)
}

/// The patterns of a contract that no text of an allowed length matches, where they are left out for that: shape and
/// pattern, and where it is written.
pub fn unsatisfiable(contract: &Contract) -> Vec<(ShapeId, String, Option<Provenance>)> {
    let Ok(patterns) = Patterns::of(contract) else { return Vec::new() };
    let lost = patterns.lost(contract);
    lost.map(|(id, slot)| (id.clone(), slot.text.clone(), written(contract.shape(id)))).collect()
}

fn satisfiable(pattern: &Pattern, length: &Length) -> bool {
    let fits = |text: &str| {
        let count = text.chars().count() as u64;
        count >= length.min.unwrap_or(0) && count <= length.max.unwrap_or(u64::MAX)
    };
    let mut draw = Seeded::new(0, "satisfiable");
    let (least, most) = pattern.lengths();
    let low = (least as u64).max(length.min.unwrap_or(0));
    let high = (most as u64).min(length.max.unwrap_or(u64::MAX)).min(low.saturating_add(64));
    (low..=high).any(|wanted| pattern.member(&mut draw, Some(wanted as usize)).is_some_and(|text| fits(&text)))
}
