//! Behaviour of Amazon Connect contacts: tags, attributes, fields and references, merged and read back.
//!
//! Sees only validated requests; never touches HTTP.

use crate::contract::Member;
use crate::reference::constraints::InputViolation;
use crate::reference::misbehavior::Misbehavior;
use crate::reference::operation::{OperationBehavior, OperationCall};
use crate::reference::state::{mangle_value, member_object_mut, merge_entries};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Returns the behaviour of an operation if it belongs to this service.
pub(in crate::reference) fn find_behavior(
    operation: &str,
    members: &IndexMap<String, Member>,
) -> Option<OperationBehavior> {
    // Another service may have an operation of the same name.
    let is_contact = ["ContactId", "InitialContactId"].iter().any(|member| members.contains_key(*member));
    if !is_contact || !members.contains_key("InstanceId") {
        return None;
    }
    Some(match operation {
        "TagContact" => tag_contact,
        "UntagContact" => untag_contact,
        "UpdateContactAttributes" => update_contact_attributes,
        "GetContactAttributes" => get_contact_attributes,
        "UpdateContact" => update_contact,
        "DescribeContact" => describe_contact,
        "ListContactReferences" => list_contact_references,
        _ => return None,
    })
}

type BehaviorResult = Result<Option<Value>, Box<InputViolation>>;

fn contact_id<'a>(call: &OperationCall<'a>) -> &'a str {
    call.input_text("ContactId").or_else(|| call.input_text("InitialContactId")).unwrap_or_default()
}

fn contact_key(call: &OperationCall<'_>) -> String {
    let instance =
        if call.op.misbehaviors.has(Misbehavior::MixesParents) { None } else { call.input_text("InstanceId") };
    format!("{}\u{0}{}", instance.unwrap_or_default(), contact_id(call))
}

fn member_object<'a>(record: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    record.get(name).and_then(Value::as_object)
}

/// Merges a mapping of the input into the contact; returns an error if the result would exceed its byte budget.
fn merge_member(call: &OperationCall<'_>, member: &str) -> BehaviorResult {
    let Some(new) = member_object(call.input, member) else { return Ok(None) };
    call.store.write(&contact_key(call), call.op.misbehaviors, |record| {
        let after = merge_entries(member_object(record, member), new, call.op.misbehaviors);
        call.check_stored_budget(member, &after)?;
        *member_object_mut(record, member) = after;
        Ok(None)
    })
}

fn tag_contact(call: &OperationCall<'_>) -> BehaviorResult {
    merge_member(call, "Tags")
}

fn update_contact_attributes(call: &OperationCall<'_>) -> BehaviorResult {
    merge_member(call, "Attributes")
}

fn untag_contact(call: &OperationCall<'_>) -> BehaviorResult {
    let misbehaviors = call.op.misbehaviors;
    let keys = call.input.get("TagKeys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    call.store.write(&contact_key(call), misbehaviors, |record| {
        let tags = member_object_mut(record, "Tags");
        if misbehaviors.has(Misbehavior::RemovesAll) {
            tags.clear();
        } else if !misbehaviors.has(Misbehavior::RemovesNothing) {
            for key in keys {
                tags.shift_remove(key);
            }
        }
        Ok(None)
    })
}

fn get_contact_attributes(call: &OperationCall<'_>) -> BehaviorResult {
    call.store.read(&contact_key(call), call.op.misbehaviors, |record| {
        Ok(Some(json!({ "Attributes": record.get("Attributes").cloned().unwrap_or_else(|| json!({})) })))
    })
}

fn update_contact(call: &OperationCall<'_>) -> BehaviorResult {
    let misbehaviors = call.op.misbehaviors;
    call.store.write(&contact_key(call), misbehaviors, |record| {
        let maps = ["References", "SegmentAttributes"];
        let mut after = Vec::new();
        for name in maps {
            if let Some(new) = member_object(call.input, name) {
                let merged = merge_entries(member_object(record, name), new, misbehaviors);
                call.check_stored_budget(name, &merged)?;
                after.push((name, merged));
            }
        }
        for (name, merged) in after {
            *member_object_mut(record, name) = merged;
        }
        let fields = member_object_mut(record, "Fields");
        if misbehaviors.has(Misbehavior::Replaces) {
            fields.clear();
        }
        for (name, value) in call.input {
            if !maps.contains(&name.as_str())
                && !matches!(name.as_str(), "InstanceId" | "ContactId")
                && !value.is_null()
            {
                if misbehaviors.has(Misbehavior::FirstWins) && fields.contains_key(name)
                    || misbehaviors.has(Misbehavior::DropsEmpty) && value == ""
                {
                    continue;
                }
                fields.insert(name.clone(), mangle_value(value, misbehaviors));
            }
        }
        Ok(None)
    })
}

fn describe_contact(call: &OperationCall<'_>) -> BehaviorResult {
    let other = call.op.misbehaviors.has(Misbehavior::AnswersOther);
    let id = if other { "00000000-0000-4000-8000-000000000000" } else { contact_id(call) };
    call.store.read(&contact_key(call), call.op.misbehaviors, |record| {
        let mut contact = Map::from_iter([("Id".to_owned(), Value::from(id))]);
        for name in ["Tags", "Attributes", "SegmentAttributes"] {
            if let Some(part) = member_object(record, name).filter(|part| !part.is_empty()) {
                contact.insert(name.to_owned(), Value::Object(part.clone()));
            }
        }
        let fields = member_object(record, "Fields");
        let field = |name: &str| fields.and_then(|fields| fields.get(name)).cloned();
        for name in ["Name", "Description", "QueueInfo", "CustomerEndpoint", "SystemEndpoint"] {
            if let Some(value) = field(name) {
                contact.insert(name.to_owned(), value);
            }
        }
        if let Some(id) = field("UserInfo").and_then(|user| user.get("UserId").cloned()) {
            contact.insert("AgentInfo".to_owned(), json!({ "Id": id }));
        }
        Ok(Some(json!({ "Contact": contact })))
    })
}

/// For each reference type, the member of the output's union that holds it and the members that it contains.
const REFERENCE_SUMMARIES: &[(&str, &str, &[&str])] = &[
    ("URL", "Url", &["Value"]),
    ("ATTACHMENT", "Attachment", &["Value", "Status", "Arn"]),
    ("CONTACT_ANALYSIS", "ContactAnalysis", &["Value", "Status", "Arn"]),
    ("NUMBER", "Number", &["Value"]),
    ("STRING", "String", &["Value"]),
    ("DATE", "Date", &["Value"]),
    ("EMAIL", "Email", &["Value"]),
    ("EMAIL_MESSAGE", "EmailMessage", &["Arn"]),
    ("EMAIL_MESSAGE_PLAIN_TEXT", "EmailMessagePlainText", &["Arn"]),
    ("EMAIL_MESSAGE_PLAIN_TEXT_REDACTED", "EmailMessagePlainTextRedacted", &["Arn"]),
    ("EMAIL_MESSAGE_REDACTED", "EmailMessageRedacted", &["Arn"]),
];

fn list_contact_references(call: &OperationCall<'_>) -> BehaviorResult {
    let wanted = call.input.get("ReferenceTypes").and_then(Value::as_array);
    let unfiltered = call.op.misbehaviors.has(Misbehavior::IgnoresFilter);
    call.store.read(&contact_key(call), call.op.misbehaviors, |record| {
        let mut list = Vec::new();
        for (name, reference) in member_object(record, "References").into_iter().flatten() {
            let kind = reference.get("Type").cloned().unwrap_or_default();
            if !unfiltered && !wanted.is_some_and(|wanted| wanted.contains(&kind)) {
                continue;
            }
            let Some((_, member, parts)) = REFERENCE_SUMMARIES.iter().find(|(one, ..)| kind.as_str() == Some(one))
            else {
                continue;
            };
            let mut summary = Map::from_iter([("Name".to_owned(), Value::from(name.as_str()))]);
            for part in *parts {
                if let Some(value) = reference.get(part).filter(|value| !value.is_null()) {
                    summary.insert((*part).to_owned(), value.clone());
                }
            }
            list.push(json!({ *member: summary }));
        }
        Ok(Some(json!({ "ReferenceSummaryList": list })))
    })
}
