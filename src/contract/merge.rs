//! Merges several sources of one API into one contract, which holds the statements of all of them; contradictions
//! are marked.
//!
//! It never lets the page of one operation change another operation: a shape that both use is split first.

use super::merge_plan::MergePlan;
use super::merge_shape::ShapeImporter;
use super::{Contract, ErrorRole, ErrorShape, FactOrigin, Operation};
use std::collections::{HashMap, HashSet};

/// Merges two contracts of one API. The result holds the statements of both, and contradictions are marked.
/// The order of the arguments only affects the order in which provenance is listed.
pub fn merge(first: Contract, second: Contract) -> Contract {
    merge_all(vec![first, second])
}

/// Merges contracts of one API, pages first and machine models last, regardless of their order in `contracts`.
pub fn merge_all(mut contracts: Vec<Contract>) -> Contract {
    contracts.sort_by_cached_key(merge_order);
    let mut contracts = contracts.into_iter();
    let Some(mut merged) = contracts.next() else { return Contract::new("") };
    for next in contracts {
        let apart = next.operations.iter().all(|operation| merged.operation(operation.name.as_str()).is_none());
        // A page of further operations is merged into the result so far, which is far larger. A model receives
        // the pages instead, because its names win.
        merged = if apart && merge_order(&next).0 == 0 { merge_into(next, merged) } else { merge_into(merged, next) };
    }
    merged.remove_unreachable();
    merged
}

/// Returns the sort key of a contract: pages before models, by document and operation within each group.
fn merge_order(contract: &Contract) -> (usize, String) {
    let facts = || contract.shapes.values().flat_map(|shape| &shape.facts);
    let models = facts().filter(|fact| fact.standing == FactOrigin::Model).count();
    let mut names: Vec<String> = contract.operations.iter().flat_map(|o| &o.sources).map(ToString::to_string).collect();
    names.sort();
    // Documents in different folders may have one name.
    names.extend(contract.operations.iter().map(|operation| operation.name.to_string()));
    (models, names.join(" "))
}

/// Merges `page` into `model`.
fn merge_into(page: Contract, mut model: Contract) -> Contract {
    if model.service.is_empty() {
        model.service.clone_from(&page.service);
    }
    model.protocol = model.protocol.or(page.protocol);
    model.base_url = model.base_url.take().or_else(|| page.base_url.clone());
    if model.traits.is_empty() {
        model.traits.clone_from(&page.traits);
    }
    for auth in &page.auth {
        if !model.auth.contains(auth) {
            model.auth.push(auth.clone());
        }
    }
    let known: HashSet<_> = model.unread_sentences.iter().cloned().collect();
    model.unread_sentences.extend(page.unread_sentences.iter().filter(|place| !known.contains(place)).cloned());
    let plan = MergePlan::new(&page, &model);
    let ids = plan.apply(&page, &mut model);
    let mut adopt = ShapeImporter { page: &page, ids: HashMap::new() };
    for (name, error) in &page.errors {
        match model.errors.get_mut(name) {
            Some(known) => merge_error(known, error),
            None => {
                let mut error = error.clone();
                error.shape = error.shape.map(|id| adopt.import_shape(&id, &mut model));
                model.errors.insert(name.clone(), error);
            }
        }
    }
    for name in &page.common_error_names {
        if !model.common_error_names.contains(name) {
            model.common_error_names.push(name.clone());
        }
    }
    for operation in &page.operations {
        match model.operations.iter().position(|known| known.name == operation.name) {
            Some(index) => {
                let sides = [(&operation.input, false), (&operation.output, true)].map(|(side, output)| {
                    let id = side.as_ref()?;
                    let known = if output { &model.operations[index].output } else { &model.operations[index].input };
                    match known {
                        Some(known) => ids.get(&(id.clone(), known.clone())).cloned().or_else(|| Some(known.clone())),
                        None => Some(adopt.import_shape(id, &mut model)),
                    }
                });
                let [input, output] = sides;
                let known = &mut model.operations[index];
                known.input = input.or_else(|| known.input.take());
                known.output = output.or_else(|| known.output.take());
                merge_operation(known, operation);
            }
            None => {
                let mut operation = operation.clone();
                operation.input = operation.input.map(|id| adopt.import_shape(&id, &mut model));
                operation.output = operation.output.map(|id| adopt.import_shape(&id, &mut model));
                model.operations.push(operation);
            }
        }
    }
    model
}

fn merge_operation(known: &mut Operation, other: &Operation) {
    for source in &other.sources {
        if !known.sources.contains(source) {
            known.sources.push(source.clone());
        }
    }
    for error in &other.errors {
        if !known.errors.contains(error) {
            known.errors.push(error.clone());
        }
    }
    known.errors.sort();
    if known.examples.is_empty() {
        known.examples.clone_from(&other.examples);
    }
    for law in &other.laws {
        if !known.laws.contains(law) {
            known.laws.push(law.clone());
        }
    }
    known.laws.sort();
    if known.http.is_none() {
        known.http.clone_from(&other.http);
    }
    if known.permission.is_none() {
        known.permission.clone_from(&other.permission);
    }
    if known.traits.is_empty() {
        known.traits.clone_from(&other.traits);
    }
    for fact in &other.facts {
        known.add_fact(fact.clone());
    }
}

fn merge_error(known: &mut ErrorShape, other: &ErrorShape) {
    // A source that gives the status or the description infers the role more reliably.
    if known.role == ErrorRole::Other
        || (known.status.is_none() && other.status.is_some() && other.role != ErrorRole::Other)
    {
        known.role = other.role;
    }
    known.unnamed &= other.unnamed;
    known.code = known.code.take().or_else(|| other.code.clone());
    known.status = known.status.or(other.status);
    for fact in &other.facts {
        known.add_fact(fact.clone());
    }
}
