//! Behaviour of Amazon Connect contacts: tags, attributes, fields and references, merged and read back.
//!
//! Sees only validated requests; never touches HTTP.

use super::check::Violation;
use super::compile::{Act, Call};
use super::state::{mangled, merged, part};
use super::trick::Trick;
use crate::contract::Member;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Returns the behaviour of an operation if it belongs to this service.
pub(super) fn act(operation: &str, members: &IndexMap<String, Member>) -> Option<Act> {
    // Another service may have an operation of the same name.
    let is_contact = ["ContactId", "InitialContactId"].iter().any(|member| members.contains_key(*member));
    if !is_contact || !members.contains_key("InstanceId") {
        return None;
    }
    Some(match operation {
        "TagContact" => tag_contact,
        "UntagContact" => untag_contact,
        "UpdateContactAttributes" => update_contact_attributes,
        "GetContactAttributes" => contact_attributes,
        "UpdateContact" => update_contact,
        "DescribeContact" => describe_contact,
        "ListContactReferences" => list_contact_references,
        _ => return None,
    })
}

type Done = Result<Option<Value>, Box<Violation>>;

fn contact<'a>(call: &Call<'a>) -> &'a str {
    call.text("ContactId").or_else(|| call.text("InitialContactId")).unwrap_or_default()
}

fn key(call: &Call<'_>) -> String {
    let instance = if call.op.tricks.has(Trick::MixesParents) { None } else { call.text("InstanceId") };
    format!("{}\u{0}{}", instance.unwrap_or_default(), contact(call))
}

fn object<'a>(record: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    record.get(name).and_then(Value::as_object)
}

/// Merges a mapping of the input into the contact; returns an error if the result would exceed its byte budget.
fn merge(call: &Call<'_>, member: &str) -> Done {
    let Some(new) = object(call.input, member) else { return Ok(None) };
    call.store.write(&key(call), call.op.tricks, |record| {
        let after = merged(object(record, member), new, call.op.tricks);
        call.keeps_budget(member, &after)?;
        *part(record, member) = after;
        Ok(None)
    })
}

fn tag_contact(call: &Call<'_>) -> Done {
    merge(call, "Tags")
}

fn update_contact_attributes(call: &Call<'_>) -> Done {
    merge(call, "Attributes")
}

fn untag_contact(call: &Call<'_>) -> Done {
    let tricks = call.op.tricks;
    let keys = call.input.get("TagKeys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    call.store.write(&key(call), tricks, |record| {
        let tags = part(record, "Tags");
        if tricks.has(Trick::RemovesAll) {
            tags.clear();
        } else if !tricks.has(Trick::RemovesNothing) {
            for key in keys {
                tags.shift_remove(key);
            }
        }
        Ok(None)
    })
}

fn contact_attributes(call: &Call<'_>) -> Done {
    call.store.read(&key(call), call.op.tricks, |record| {
        Ok(Some(json!({ "Attributes": record.get("Attributes").cloned().unwrap_or_else(|| json!({})) })))
    })
}

fn update_contact(call: &Call<'_>) -> Done {
    let tricks = call.op.tricks;
    call.store.write(&key(call), tricks, |record| {
        let maps = ["References", "SegmentAttributes"];
        let mut after = Vec::new();
        for name in maps {
            if let Some(new) = object(call.input, name) {
                let merged = merged(object(record, name), new, tricks);
                call.keeps_budget(name, &merged)?;
                after.push((name, merged));
            }
        }
        for (name, merged) in after {
            *part(record, name) = merged;
        }
        let fields = part(record, "Fields");
        if tricks.has(Trick::Replaces) {
            fields.clear();
        }
        for (name, value) in call.input {
            if !maps.contains(&name.as_str())
                && !matches!(name.as_str(), "InstanceId" | "ContactId")
                && !value.is_null()
            {
                if tricks.has(Trick::FirstWins) && fields.contains_key(name)
                    || tricks.has(Trick::DropsEmpty) && value == ""
                {
                    continue;
                }
                fields.insert(name.clone(), mangled(value, tricks));
            }
        }
        Ok(None)
    })
}

fn describe_contact(call: &Call<'_>) -> Done {
    let other = call.op.tricks.has(Trick::AnswersOther);
    let id = if other { "00000000-0000-4000-8000-000000000000" } else { contact(call) };
    call.store.read(&key(call), call.op.tricks, |record| {
        let mut shown = Map::from_iter([("Id".to_owned(), Value::from(id))]);
        for name in ["Tags", "Attributes", "SegmentAttributes"] {
            if let Some(part) = object(record, name).filter(|part| !part.is_empty()) {
                shown.insert(name.to_owned(), Value::Object(part.clone()));
            }
        }
        let fields = object(record, "Fields");
        let field = |name: &str| fields.and_then(|fields| fields.get(name)).cloned();
        for name in ["Name", "Description", "QueueInfo", "CustomerEndpoint", "SystemEndpoint"] {
            if let Some(value) = field(name) {
                shown.insert(name.to_owned(), value);
            }
        }
        if let Some(id) = field("UserInfo").and_then(|user| user.get("UserId").cloned()) {
            shown.insert("AgentInfo".to_owned(), json!({ "Id": id }));
        }
        Ok(Some(json!({ "Contact": shown })))
    })
}

/// For each reference type, the member of the output's union that holds it and the members that it contains.
const SUMMARIES: &[(&str, &str, &[&str])] = &[
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

fn list_contact_references(call: &Call<'_>) -> Done {
    let wanted = call.input.get("ReferenceTypes").and_then(Value::as_array);
    let unfiltered = call.op.tricks.has(Trick::IgnoresFilter);
    call.store.read(&key(call), call.op.tricks, |record| {
        let mut list = Vec::new();
        for (name, reference) in object(record, "References").into_iter().flatten() {
            let kind = reference.get("Type").cloned().unwrap_or_default();
            if !unfiltered && !wanted.is_some_and(|wanted| wanted.contains(&kind)) {
                continue;
            }
            let Some((_, member, parts)) = SUMMARIES.iter().find(|(one, ..)| kind.as_str() == Some(one)) else {
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
