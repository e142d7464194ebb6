//! Lists of a web API: their items, filters, order and pages.
//!
//! Never stores an item.

use super::web_output::{fill_members, value_fits};
use crate::contract::{Contract, MemberLocation, Operation, ShapeId, ShapeKind};
use crate::reference::sample::smallest_value;
use serde_json::{Map, Value};

/// The list that an operation returns.
#[derive(Debug)]
pub(super) struct WebList {
    /// The operation that creates what is listed.
    pub kind: String,
    /// The names of the members around the list; empty if the list is the whole result.
    path: Vec<String>,
    item: ShapeId,
    /// The name of an item's identifier.
    id: String,
    /// The query parameters.
    parameters: Vec<String>,
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

impl WebList {
    pub(super) fn new(contract: &Contract, operation: &Operation, kind: &str, id: &str) -> Option<Self> {
        let (path, item) = find_list(contract, operation.output.as_ref()?, 0)?;
        let members = operation.input.as_ref().and_then(|input| contract.shapes.get(input)?.kind.members());
        let parameters = members
            .into_iter()
            .flatten()
            .filter(|(_, member)| member.location == MemberLocation::Query)
            .map(|(name, _)| name.clone())
            .collect();
        Some(Self { kind: kind.to_owned(), path, item, id: id.to_owned(), parameters })
    }

    /// Returns an item for a stored resource.
    fn item_of(&self, contract: &Contract, id: &str, members: &Map<String, Value>) -> Option<Value> {
        let mut item = smallest_value(contract, &self.item)?;
        fill_members(contract, &self.item, members, &mut item, 0);
        let shapes = contract.shapes.get(&self.item)?.kind.members()?;
        // A list may call the identifier otherwise than the path does.
        let name = if shapes.contains_key(&self.id) { self.id.as_str() } else { "id" };
        if let (Some(member), Some(item)) = (shapes.get(name), item.as_object_mut()) {
            let number = id.parse::<u64>().ok().map(Value::from);
            let values = [Some(Value::from(id)), number].into_iter().flatten();
            let fitting = values.into_iter().find(|value| value_fits(contract, &member.shape, value, 0));
            item.extend(fitting.map(|value| (name.to_owned(), value)));
        }
        Some(item)
    }

    /// Returns the result with the page that a request asks for.
    pub(super) fn page(
        &self,
        contract: &Contract,
        input: &Map<String, Value>,
        entries: &[(&str, &Map<String, Value>)],
        mut output: Value,
    ) -> Value {
        let mut items: Vec<Value> =
            entries.iter().filter_map(|(id, members)| self.item_of(contract, id, members)).collect();
        items.retain(|item| self.parameters.iter().all(|name| matches_filter(item, name, input.get(name))));
        self.sort(input, &mut items);
        let number = |names: &[&str]| {
            let given = self.parameters.iter().find(|name| names.contains(&letters(name).as_str()))?;
            input.get(given)?.as_u64()
        };
        const SIZES: [&str; 7] = ["limit", "perpage", "pagesize", "size", "maxresults", "count", "first"];
        let size = number(&SIZES).unwrap_or(1000);
        let start = match (number(&["page", "pagenumber"]), number(&["offset", "skip", "start"])) {
            (Some(page), _) => page.saturating_sub(1).saturating_mul(size),
            (None, Some(offset)) => offset,
            (None, None) => self.cursor(input),
        };
        let total = items.len() as u64;
        let page: Vec<Value> = items.into_iter().skip(start as usize).take(size as usize).collect();
        let end = start.saturating_add(page.len() as u64);
        let mut place = &mut output;
        for name in &self.path {
            let Some(members) = place.as_object_mut() else { return output };
            if members.contains_key(name) || self.path.last() == Some(name) {
                place = members.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new()));
            } else {
                return output;
            }
        }
        *place = Value::Array(page);
        if let Some(members) = output.as_object_mut() {
            for (name, value) in members.iter_mut() {
                match letters(name).as_str() {
                    "total" | "totalcount" | "totalitems" => *value = total.into(),
                    "hasmore" | "hasnext" if value.is_boolean() => *value = (end < total).into(),
                    "nextcursor" | "nexttoken" | "nextpagetoken" | "next" => {
                        // A cursor behind the last item leads to an empty page.
                        *value = Value::from(format!("at-{end}"));
                    }
                    _ => {}
                }
            }
        }
        output
    }

    fn cursor(&self, input: &Map<String, Value>) -> u64 {
        let given = self.parameters.iter().filter_map(|name| input.get(name)?.as_str()?.strip_prefix("at-"));
        given.into_iter().find_map(|text| text.parse().ok()).unwrap_or(0)
    }

    fn sort(&self, input: &Map<String, Value>, items: &mut [Value]) {
        let is_order =
            |name: &&String| ["sort", "sortby", "order", "orderby", "ordering"].contains(&letters(name).as_str());
        let Some(wanted) = self.parameters.iter().find(is_order).and_then(|name| input.get(name)?.as_str()) else {
            return;
        };
        let lower = wanted.to_ascii_lowercase();
        let descending = wanted.starts_with('-') || lower.ends_with("desc");
        let member = lower.trim_start_matches('-').trim_end_matches("desc").trim_end_matches("asc");
        let value = |item: &Value| {
            let members = item.as_object()?;
            members.iter().find(|(name, _)| letters(name) == letters(member)).map(|(_, value)| value.clone())
        };
        items.sort_by(|one, other| match (value(one), value(other)) {
            (Some(Value::String(one)), Some(Value::String(other))) => one.cmp(&other),
            (Some(Value::Number(one)), Some(Value::Number(other))) => {
                one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(std::cmp::Ordering::Equal)
            }
            _ => std::cmp::Ordering::Equal,
        });
        if descending {
            items.reverse();
        }
    }
}

/// Returns true if an item has the value that a parameter of the member's name asks for.
fn matches_filter(item: &Value, name: &str, wanted: Option<&Value>) -> bool {
    let Some(wanted) = wanted.filter(|wanted| wanted.is_string() || wanted.is_boolean()) else { return true };
    let wanted_name = letters(name);
    let found = item.as_object().and_then(|members| {
        members.iter().find(|(member, _)| {
            let member = letters(member);
            member == wanted_name || member == format!("{wanted_name}s")
        })
    });
    match found {
        Some((_, Value::Array(values))) => values.contains(wanted),
        Some((_, value)) => value == wanted,
        None => !names_a_filter(&wanted_name, wanted),
    }
}

/// Returns false for parameters that say how to list, rather than what.
fn names_a_filter(name: &str, wanted: &Value) -> bool {
    wanted.is_boolean() && !["include", "expand", "desc", "descending", "reverse"].contains(&name)
}

/// Returns the names around the only list of structures in an output, and the shape of its items.
fn find_list(contract: &Contract, id: &ShapeId, depth: usize) -> Option<(Vec<String>, ShapeId)> {
    let members = contract.shapes.get(id)?.kind.members()?;
    let items = |shape: &ShapeId| match &contract.shapes.get(shape)?.kind {
        ShapeKind::List { member } if contract.shapes.get(member)?.kind.members().is_some() => Some(member.clone()),
        _ => None,
    };
    let own = members.iter().find_map(|(name, member)| Some((vec![name.clone()], items(&member.shape)?)));
    own.or_else(|| {
        if depth > 1 {
            return None;
        }
        members.iter().find_map(|(name, member)| {
            let (mut path, item) = find_list(contract, &member.shape, depth + 1)?;
            path.insert(0, name.clone());
            Some((path, item))
        })
    })
}
