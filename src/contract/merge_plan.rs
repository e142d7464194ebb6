//! Plans a merge: pairs the shapes of a page with those of a model, and decides which of the model's are split.
//!
//! It never changes a shape that an operation outside the page uses.

use super::merge_shape::{ShapeImporter, child_slots, matching_member_name, merge_shape, unused_shape_name};
use super::{Contract, FactField, Shape, ShapeId, ShapeKind};
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A shape of the page and the shape of the model that it describes.
type ShapePair = (ShapeId, ShapeId);

/// The plan of a merge: which shapes belong together, and what each pair becomes.
pub(super) struct MergePlan {
    /// The pairs in the order of discovery, each with a name derived from its path.
    pairs: IndexMap<ShapePair, String>,
    children: HashMap<ShapePair, Vec<(String, ShapePair)>>,
    /// Shapes of the model of which the page describes every use.
    exclusive: HashSet<ShapeId>,
    /// Pairs whose merged shape differs from the model's shape.
    changed: HashSet<ShapePair>,
}

impl MergePlan {
    pub fn new(page: &Contract, model: &Contract) -> Self {
        let mut pairs: IndexMap<ShapePair, String> = IndexMap::new();
        let mut children: HashMap<ShapePair, Vec<(String, ShapePair)>> = HashMap::new();
        let mut roots: HashSet<ShapeId> = HashSet::new();
        let mut open: Vec<(ShapePair, String)> = Vec::new();
        for operation in &page.operations {
            let Some(known) = model.operations.iter().find(|known| known.name == operation.name) else { continue };
            let sides = [
                (&operation.input, &known.input, format!("{}", operation.name)),
                (&operation.output, &known.output, format!("{}Response", operation.name)),
            ];
            for (page_id, model_id, name) in sides {
                if let (Some(page_id), Some(model_id)) = (page_id, model_id) {
                    roots.insert(model_id.clone());
                    open.push(((page_id.clone(), model_id.clone()), name));
                }
            }
        }
        open.reverse();
        while let Some((pair, name)) = open.pop() {
            if pairs.contains_key(&pair) {
                continue;
            }
            let mut below = Vec::new();
            if let (Some(ours), Some(theirs)) = (page.shapes.get(&pair.0), model.shapes.get(&pair.1)) {
                let known: HashMap<String, &ShapeId> = child_slots(theirs).into_iter().collect();
                for (slot, child) in child_slots(ours) {
                    let member = ours.kind.members().and_then(|members| members.get(&slot));
                    let slot_there =
                        if member.is_some() { matching_member_name(theirs, &slot, member) } else { Some(slot.clone()) };
                    let Some((slot_there, there)) =
                        slot_there.and_then(|slot| known.get(&slot).map(|there| (slot, (*there).clone())))
                    else {
                        continue;
                    };
                    below.push((slot_there, (child.clone(), there)));
                }
            }
            for (slot, child) in below.iter().rev() {
                let step = match slot.as_str() {
                    "[]" => "Item".to_owned(),
                    "{key}" => "Key".to_owned(),
                    "{value}" => "Value".to_owned(),
                    member => capitalize(member),
                };
                open.push((child.clone(), format!("{name}{step}")));
            }
            children.insert(pair.clone(), below);
            pairs.insert(pair, name);
        }
        let local: HashMap<ShapePair, BTreeSet<String>> =
            pairs.keys().map(|pair| (pair.clone(), changed_fields(page, model, pair))).collect();
        let exclusive = find_exclusive_shapes(model, page, &pairs, &children, &roots, &local);
        let mut changed: HashSet<ShapePair> =
            local.iter().filter(|(_, news)| !news.is_empty()).map(|(pair, _)| pair.clone()).collect();
        // A shape whose child gets a new name changes too, up to the root.
        loop {
            let before = changed.len();
            for (pair, below) in &children {
                if below.iter().any(|(_, child)| changed.contains(child) && !exclusive.contains(&child.1)) {
                    changed.insert(pair.clone());
                }
            }
            if changed.len() == before {
                break;
            }
        }
        Self { pairs, children, exclusive, changed }
    }

    /// Applies the plan to the model; returns the name of each pair's shape.
    pub fn apply(&self, page: &Contract, model: &mut Contract) -> HashMap<ShapePair, ShapeId> {
        let originals: HashMap<ShapeId, Shape> = self
            .pairs
            .keys()
            .filter_map(|(_, id)| model.shapes.get(id).map(|shape| (id.clone(), shape.clone())))
            .collect();
        let mut ids: HashMap<ShapePair, ShapeId> = HashMap::new();
        for (pair, name) in &self.pairs {
            let id = if self.changed.contains(pair) && !self.exclusive.contains(&pair.1) {
                let id = unused_shape_name(name, model);
                if let Some(shape) = originals.get(&pair.1) {
                    model.shapes.insert(id.clone(), shape.clone());
                }
                id
            } else {
                pair.1.clone()
            };
            ids.insert(pair.clone(), id);
        }
        let mut adopt = ShapeImporter { page, ids: HashMap::new() };
        for pair in self.pairs.keys() {
            let (Some(ours), Some(mut theirs)) = (page.shapes.get(&pair.0), model.shapes.get(&ids[pair]).cloned())
            else {
                continue;
            };
            let below: BTreeMap<&str, &ShapePair> =
                self.children[pair].iter().map(|(slot, child)| (slot.as_str(), child)).collect();
            for (slot, child) in &below {
                set_slot(&mut theirs.kind, slot, &ids[*child]);
            }
            merge_shape(ours, &mut theirs, &mut |id| adopt.import_shape(id, model));
            model.shapes.insert(ids[pair].clone(), theirs);
        }
        ids
    }
}

fn capitalize(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Makes one slot of a shape refer to another shape.
fn set_slot(kind: &mut ShapeKind, slot: &str, id: &ShapeId) {
    match (kind, slot) {
        (ShapeKind::List { member }, "[]") => *member = id.clone(),
        (ShapeKind::Map { key, .. }, "{key}") => *key = id.clone(),
        (ShapeKind::Map { value, .. }, "{value}") => *value = id.clone(),
        (kind, name) => {
            if let Some(member) = kind.members_mut().and_then(|members| members.get_mut(name)) {
                member.shape = id.clone();
            }
        }
    }
}

/// Returns the fields of the model's shape that the page adds to or disputes; agreement does not count.
fn changed_fields(page: &Contract, model: &Contract, pair: &ShapePair) -> BTreeSet<String> {
    let (Some(ours), Some(theirs)) = (page.shapes.get(&pair.0), model.shapes.get(&pair.1)) else {
        return BTreeSet::new();
    };
    let mut trial = theirs.clone();
    merge_shape(ours, &mut trial, &mut Clone::clone);
    let mut news = BTreeSet::new();
    if trial.kind.name() != theirs.kind.name() {
        news.insert(FactField::Type.to_string());
    }
    for fact in &trial.facts {
        let known = theirs.facts_at(&fact.field).next();
        // The members themselves already say that they exist and of which kind they are.
        let about_existence = fact.field.is_existence();
        if known.is_none() && !about_existence && fact.value != Json::Bool(false)
            || fact.disputed != known.is_some_and(|known| known.disputed)
        {
            news.insert(format!("{}={}", fact.field, fact.value));
        }
    }
    let count = |shape: &Shape| shape.kind.members().map_or(0, IndexMap::len);
    if count(&trial) != count(theirs) {
        news.insert("members".to_owned());
    }
    news
}

/// Returns the model's shapes of which the page describes every use in the same way, so that they can
/// be changed in place.
fn find_exclusive_shapes(
    model: &Contract,
    page: &Contract,
    pairs: &IndexMap<ShapePair, String>,
    children: &HashMap<ShapePair, Vec<(String, ShapePair)>>,
    roots: &HashSet<ShapeId>,
    local: &HashMap<ShapePair, BTreeSet<String>>,
) -> HashSet<ShapeId> {
    if pairs.is_empty() {
        return HashSet::new();
    }
    let mut covered: HashSet<(&ShapeId, &str)> = HashSet::new();
    for (pair, below) in children {
        covered.extend(below.iter().map(|(slot, _)| (&pair.1, slot.as_str())));
    }
    let mut exclusive: HashSet<ShapeId> = pairs.keys().map(|(_, id)| id.clone()).collect();
    // If the page states different things about several uses of one shape, each use needs its own shape.
    let mut statements: HashMap<&ShapeId, &BTreeSet<String>> = HashMap::new();
    for (pair, news) in local {
        if *statements.entry(&pair.1).or_insert(news) != news {
            exclusive.remove(&pair.1);
        }
    }
    for operation in &model.operations {
        let described = page.operations.iter().any(|ours| ours.name == operation.name);
        for id in operation.input.iter().chain(&operation.output) {
            if !described || !roots.contains(id) {
                exclusive.remove(id);
            }
        }
    }
    for id in model.errors.values().filter_map(|error| error.shape.as_ref()) {
        exclusive.remove(id);
    }
    loop {
        let before = exclusive.len();
        for (owner, shape) in &model.shapes {
            for (slot, child) in child_slots(shape) {
                if !exclusive.contains(owner) || !covered.contains(&(owner, slot.as_str())) {
                    exclusive.remove(child);
                }
            }
        }
        if exclusive.len() == before {
            return exclusive;
        }
    }
}
