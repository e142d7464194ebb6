//! Behaviour of LeadLex contacts: a list of tags that grows without duplicates and keeps its order.
//!
//! Sees only validated requests; never touches HTTP.

use crate::contract::Member;
use crate::reference::constraints::InputViolation;
use crate::reference::misbehavior::Misbehavior;
use crate::reference::operation::{OperationBehavior, OperationCall};
use crate::reference::state::mangle_value;
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Returns the behaviour of an operation if it belongs to this service.
pub(in crate::reference) fn find_behavior(
    operation: &str,
    members: &IndexMap<String, Member>,
) -> Option<OperationBehavior> {
    // Another service may have an operation of the same name.
    (operation == "AddTagsToContact" && members.contains_key("id") && members.contains_key("tags"))
        .then_some(add_tags_to_contact)
}

fn add_tags_to_contact(call: &OperationCall<'_>) -> Result<Option<Value>, Box<InputViolation>> {
    let misbehaviors = call.op.misbehaviors;
    let id = call.input_text("id").unwrap_or_default();
    let new = call.input.get("tags").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let tags = call.store.write(id, misbehaviors, |record| {
        let stored = match record.get("tags") {
            Some(Value::Array(stored)) => stored.clone(),
            _ => Vec::new(),
        };
        let mut tags = if misbehaviors.has(Misbehavior::Replaces) { Vec::new() } else { stored.clone() };
        let identity = |tag: &Value| match tag.as_str() {
            Some(text) if misbehaviors.has(Misbehavior::FoldsDuplicates) => text.to_lowercase(),
            Some(text) => text.to_owned(),
            None => tag.to_string(),
        };
        let mut seen: HashSet<String> = tags.iter().map(identity).collect();
        let last = new.len().saturating_sub(1);
        for (index, tag) in new.iter().enumerate() {
            let mut tag = mangle_value(tag, misbehaviors);
            if let (true, Some(text)) = (misbehaviors.has(Misbehavior::LowersKeys), tag.as_str()) {
                tag = text.to_lowercase().into();
            }
            if misbehaviors.has(Misbehavior::DropsLast) && index == last
                || misbehaviors.has(Misbehavior::DropsEmpty) && tag == ""
            {
                continue;
            }
            if misbehaviors.has(Misbehavior::Toggles) && stored.contains(&tag) {
                tags.retain(|one| *one != tag);
            } else if seen.insert(identity(&tag)) || misbehaviors.has(Misbehavior::KeepsDuplicates) {
                tags.push(tag);
            }
        }
        if misbehaviors.has(Misbehavior::Sorts) {
            tags.sort_by_key(identity);
        }
        record.insert("tags".to_owned(), Value::Array(tags.clone()));
        Ok::<_, Box<InputViolation>>(match () {
            () if misbehaviors.has(Misbehavior::AnswersStale) => stored,
            () if misbehaviors.has(Misbehavior::AnswersWritten) => new.to_vec(),
            () => tags,
        })
    })?;
    let id = if misbehaviors.has(Misbehavior::AnswersOther) { "00000000-0000-4000-8000-000000000000" } else { id };
    Ok(Some(json!({ "data": { "contact_id": id, "tags": tags } })))
}
