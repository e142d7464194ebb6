//! Merges written entries into a stored resource, the way a faithful or a faulty server does.
//!
//! Never locks or evicts anything.

use crate::reference::misbehavior::{Misbehavior, MisbehaviorSet};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;

/// Returns the object in a member of a resource, inserting an empty one if there is none.
pub(in crate::reference) fn member_object_mut<'a>(
    record: &'a mut Map<String, Value>,
    name: &str,
) -> &'a mut Map<String, Value> {
    if !record.contains_key(name) {
        record.insert(name.to_owned(), Value::Object(Map::new()));
    }
    match record.get_mut(name) {
        Some(Value::Object(part)) => part,
        _ => unreachable!("only objects are ever stored under this name"),
    }
}

/// Returns a mapping with new entries merged into it: new keys are added, known keys overwritten.
pub(in crate::reference) fn merge_entries(
    stored: Option<&Map<String, Value>>,
    new: &Map<String, Value>,
    misbehaviors: MisbehaviorSet,
) -> Map<String, Value> {
    let mut result = match stored {
        Some(stored) if !misbehaviors.has(Misbehavior::Replaces) => stored.clone(),
        _ => Map::new(),
    };
    let last = new.len().saturating_sub(1);
    for (index, (key, value)) in new.iter().enumerate() {
        if misbehaviors.is_empty() {
            result.insert(key.clone(), value.clone());
            continue;
        }
        let key = if misbehaviors.has(Misbehavior::LowersKeys) { key.to_lowercase() } else { key.clone() };
        let value = mangle_value(value, misbehaviors);
        let skipped = misbehaviors.has(Misbehavior::DropsEmpty) && value.as_str() == Some("")
            || misbehaviors.has(Misbehavior::DropsLast) && index == last
            || misbehaviors.has(Misbehavior::FirstWins) && result.contains_key(&key);
        if misbehaviors.has(Misbehavior::Toggles) && result.get(&key) == Some(&value) {
            result.shift_remove(&key);
        } else if !skipped {
            result.insert(key, value);
        }
    }
    if misbehaviors.has(Misbehavior::Sorts) {
        result.sort_keys();
    }
    result
}

/// Number of characters that a truncating server keeps.
const TRUNCATED_LENGTH: usize = 8;

/// Returns a value as a faulty server would store it.
pub(in crate::reference) fn mangle_value(value: &Value, misbehaviors: MisbehaviorSet) -> Value {
    match value {
        _ if misbehaviors.is_empty() => value.clone(),
        Value::String(text) => {
            let mut text = text.clone();
            if misbehaviors.has(Misbehavior::LowersValues) {
                text = text.to_lowercase();
            }
            if misbehaviors.has(Misbehavior::TrimsValues) {
                text = text.trim().to_owned();
            }
            if misbehaviors.has(Misbehavior::TruncatesValues) {
                text = text.chars().take(TRUNCATED_LENGTH).collect();
            }
            if misbehaviors.has(Misbehavior::Normalises) {
                text = text.nfc().collect();
            }
            if misbehaviors.has(Misbehavior::ManglesNonAscii) {
                text = text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
            }
            Value::String(text)
        }
        Value::Object(members) => {
            // Most members of a structure have a closed vocabulary; only the free text is mangled.
            let is_free_text = |name: &str| name == "Value" || name.starts_with("ValueString");
            let mangle = |(name, value): (&String, &Value)| {
                (name.clone(), if is_free_text(name) { mangle_value(value, misbehaviors) } else { value.clone() })
            };
            Value::Object(members.iter().map(mangle).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_fault_merges_in_its_own_way() {
        let stored = json!({"b": "1", "a": "2"});
        let new = json!({"C": " X ", "b": "", "a": "2", "d": "e\u{301}-abcdefgh"});
        for (misbehavior, expected) in [
            (None, json!({"b": "", "a": "2", "C": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Misbehavior::Replaces), json!({"C": " X ", "b": "", "a": "2", "d": "e\u{301}-abcdefgh"})),
            (Some(Misbehavior::LowersKeys), json!({"b": "", "a": "2", "c": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Misbehavior::LowersValues), json!({"b": "", "a": "2", "C": " x ", "d": "e\u{301}-abcdefgh"})),
            (Some(Misbehavior::TrimsValues), json!({"b": "", "a": "2", "C": "X", "d": "e\u{301}-abcdefgh"})),
            (Some(Misbehavior::TruncatesValues), json!({"b": "", "a": "2", "C": " X ", "d": "e\u{301}-abcde"})),
            (Some(Misbehavior::Normalises), json!({"b": "", "a": "2", "C": " X ", "d": "é-abcdefgh"})),
            (Some(Misbehavior::ManglesNonAscii), json!({"b": "", "a": "2", "C": " X ", "d": "e?-abcdefgh"})),
            (Some(Misbehavior::DropsEmpty), json!({"b": "1", "a": "2", "C": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Misbehavior::DropsLast), json!({"b": "", "a": "2", "C": " X "})),
            (Some(Misbehavior::FirstWins), json!({"b": "1", "a": "2", "C": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Misbehavior::Toggles), json!({"b": "", "C": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Misbehavior::Sorts), json!({"C": " X ", "a": "2", "b": "", "d": "e\u{301}-abcdefgh"})),
        ] {
            let misbehaviors = misbehavior.into_iter().collect();
            let merged = merge_entries(stored.as_object(), new.as_object().expect("an object"), misbehaviors);
            // The comparison includes the order.
            assert_eq!(Value::Object(merged).to_string(), expected.to_string(), "{misbehavior:?}");
        }
        let lowers = MisbehaviorSet::from_iter([Misbehavior::LowersValues]);
        let inside = json!({"Value": "A", "ValueString": "B", "Type": "URL", "n": 1});
        assert_eq!(mangle_value(&inside, lowers), json!({"Value": "a", "ValueString": "b", "Type": "URL", "n": 1}));
        assert_eq!(mangle_value(&json!(["A"]), lowers), json!(["A"]));
        let mut one = Map::new();
        one.insert("a".to_owned(), json!("1"));
        assert_eq!(merge_entries(None, &one, MisbehaviorSet::default()), one);
    }
}
