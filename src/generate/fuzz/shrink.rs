//! Shrinks failing actions: proposes fewer of them, fewer members, shorter texts and smaller numbers.
//!
//! It never tests whether a candidate still fails; the caller sends it.

use super::action::{Action, USE_PLACEHOLDER};
use super::generator::FuzzGenerator;
use crate::case::Value;
use indexmap::IndexMap;

/// Maximum number of candidates proposed per action; twice as many in total.
const MAX_CANDIDATES: usize = 160;

impl FuzzGenerator<'_> {
    /// Returns simpler candidates, simplest first. The caller has to test which of them still fail.
    pub fn shrink_actions(&self, actions: &[Action]) -> Vec<Vec<Action>> {
        shrink_actions(self, actions)
    }
}

fn shrink_actions(generator: &FuzzGenerator<'_>, actions: &[Action]) -> Vec<Vec<Action>> {
    let mut out: Vec<Vec<Action>> = Vec::new();
    // Removes halves, quarters and so on, then single actions.
    let mut chunk = actions.len().div_ceil(2);
    while chunk >= 1 && actions.len() > 1 {
        for start in (0..actions.len()).step_by(chunk) {
            let end = (start + chunk).min(actions.len());
            let rest: Vec<Action> = actions[..start].iter().chain(&actions[end..]).cloned().collect();
            if rest.iter().any(|action| matches!(action, Action::Send { .. })) && !out.contains(&rest) {
                out.push(rest);
            }
        }
        if chunk == 1 {
            break;
        }
        chunk /= 2;
    }
    for (at, action) in actions.iter().enumerate() {
        let Action::Send { operation, resource, input, damage } = action else { continue };
        let mut with = |input: Value, damage: Vec<crate::case::Damage>| {
            let mut all = actions.to_vec();
            all[at] = Action::Send { operation: operation.clone(), resource: *resource, input, damage };
            out.push(all);
        };
        if !damage.is_empty() {
            with(input.clone(), Vec::new());
        }
        let plain = generator.operation_info(operation.as_str()).map(|info| &info.control_input);
        if let Some(plain) = plain.filter(|plain| *plain != input) {
            with(plain.clone(), damage.clone());
        }
        for input in shrink_value(input).into_iter().take(MAX_CANDIDATES) {
            with(input, damage.clone());
        }
    }
    out.truncate(MAX_CANDIDATES * 2);
    out
}

/// Returns values that are one step simpler than this one, largest steps first.
fn shrink_value(value: &Value) -> Vec<Value> {
    match value {
        Value::Template(text) if text == USE_PLACEHOLDER => Vec::new(),
        Value::Text(text) => shrink_text(text).into_iter().map(Value::Text).collect(),
        Value::Number(literal) => {
            let number: Option<i128> = literal.parse().ok();
            let simpler = [Some(0), Some(1), number.map(|number| number / 2)];
            simpler.into_iter().flatten().filter(|other| number != Some(*other)).map(Value::integer).collect()
        }
        Value::Boolean(true) => vec![Value::Boolean(false)],
        Value::Blob(bytes) if !bytes.is_empty() => {
            vec![Value::Blob(Vec::new()), Value::Blob(bytes[..bytes.len() / 2].to_vec())]
        }
        Value::List(items) => shrink_list(items),
        Value::Map(members) => shrink_map(members),
        _ => Vec::new(),
    }
}

fn shrink_text(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let count = characters.len();
    let mut out: Vec<String> = Vec::new();
    if count > 0 {
        out.push(String::new());
        out.push(characters[..1].iter().collect());
        out.push(characters[..count / 2].iter().collect());
        out.push(characters[count / 2..].iter().collect());
        out.push(characters[..count - 1].iter().collect());
        out.push(characters[1..].iter().collect());
    }
    // Same length, simpler characters.
    let plain = |c: char| if c.is_ascii_lowercase() { c } else { 'a' };
    out.push(characters.iter().map(|_| 'a').collect());
    out.push(characters.iter().map(|c| plain(*c)).collect());
    for (at, c) in characters.iter().enumerate().filter(|(_, c)| **c != 'a').take(12) {
        let mut one = characters.clone();
        one[at] = plain(*c);
        if one[at] != *c {
            out.push(one.into_iter().collect());
        }
    }
    out.retain(|other| other != text);
    out.dedup();
    out
}

fn shrink_list(items: &[Value]) -> Vec<Value> {
    let mut out = Vec::new();
    if items.len() > 1 {
        out.push(Value::List(items[..items.len() / 2].to_vec()));
        out.push(Value::List(items[items.len() / 2..].to_vec()));
    }
    for at in 0..items.len().min(16) {
        let mut fewer = items.to_vec();
        fewer.remove(at);
        out.push(Value::List(fewer));
    }
    for (at, item) in items.iter().enumerate().take(8) {
        out.extend(shrink_value(item).into_iter().map(|inner| {
            let mut items = items.to_vec();
            items[at] = inner;
            Value::List(items)
        }));
    }
    out
}

fn shrink_map(members: &IndexMap<String, Value>) -> Vec<Value> {
    let mut out = Vec::new();
    let part = |from: usize, to: usize| -> Value {
        let part: IndexMap<String, Value> =
            members.iter().skip(from).take(to - from).map(|(k, v)| (k.clone(), v.clone())).collect();
        Value::Map(part)
    };
    if members.len() > 3 {
        out.push(part(0, members.len() / 2));
        out.push(part(members.len() / 2, members.len()));
    }
    for at in 0..members.len().min(24) {
        let mut fewer = members.clone();
        fewer.shift_remove_index(at);
        out.push(Value::Map(fewer));
    }
    for (name, value) in members.iter().take(24) {
        out.extend(shrink_value(value).into_iter().map(|inner| {
            let mut members = members.clone();
            members.insert(name.clone(), inner);
            Value::Map(members)
        }));
    }
    out
}
