//! UpdateContact, the operation with the most members.
//!
//! It stores only what other operations return.

use super::{Call, Connect, ENDPOINTS, Rejection, STATUSES, TYPES, in_name};
use crate::foreign::checks::{Check, Invalid, Rules, check_length, check_text, length, member_of, object, text};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

const P: &str = "UpdateContact.";

impl Connect {
    pub(super) fn update(&self, call: &Call<'_>) -> Result<Json, Rejection> {
        let m = self.mistake;
        let body = self.body("UpdateContact", call.body)?;
        let fields: [&str; 9] = [
            "Name",
            "Description",
            "References",
            "SegmentAttributes",
            "QueueInfo",
            "UserInfo",
            "CustomerEndpoint",
            "SystemEndpoint",
            "AdditionalRecipients",
        ];
        self.reject_unknown_members(&body, &fields)?;
        if !fields.iter().any(|field| body.contains_key(*field)) && !m.is("nothing-to-update") {
            return Err(Rejection::Invalid);
        }
        let name = self.optional("Name", body.get("Name"), length(0, 1024))?;
        self.optional("Description", body.get("Description"), length(0, 4096))?;
        let mut references = BTreeMap::new();
        if let Some(given) = self.map("References", body.get("References"))? {
            for (key, value) in given {
                check_text(m, "UpdateContact.References{key}", key, length(1, 4096))?;
                if let Some(value) = object(m, "UpdateContact.References{value}", value)? {
                    references.insert(key.clone(), self.reference(value)?);
                }
            }
        }
        if let Some(given) = self.map("SegmentAttributes", body.get("SegmentAttributes"))? {
            self.segment_attributes("SegmentAttributes", given)?;
        }
        let mut referenced_ids = Vec::new();
        if let Some(queue) = self.map("QueueInfo", body.get("QueueInfo"))? {
            let any = Rules { min: 0, max: None, allowed_char: None, forbidden_prefix: None };
            referenced_ids.extend(self.optional("QueueInfo.Id", queue.get("Id"), any)?);
        }
        if let Some(user) = self.map("UserInfo", body.get("UserInfo"))? {
            referenced_ids.extend(self.optional("UserInfo.UserId", user.get("UserId"), length(1, 256))?);
        }
        for side in ["CustomerEndpoint", "SystemEndpoint"] {
            let Some(endpoint) = self.map(side, body.get(side))? else { continue };
            if let Some(kind) = self.kind(&format!("{side}.Type"), endpoint.get("Type"), false)? {
                member_of(m, &format!("{P}{side}.Type"), &kind, &ENDPOINTS)?;
            }
            self.optional(&format!("{side}.Address"), endpoint.get("Address"), length(0, 256))?;
        }
        if let Some(more) = self.map("AdditionalRecipients", body.get("AdditionalRecipients"))? {
            self.recipients(more)?;
        }
        self.exists(&call.instance, &call.contact)?;
        if self.style.checks_ids && !referenced_ids.is_empty() {
            return Err(Rejection::Missing);
        }
        let size = |text: &String| match m.mistake_at("*") {
            "references-in-characters" => text.chars().count(),
            "references-in-utf16" => text.encode_utf16().count(),
            _ => text.len(),
        };
        let max = match m.mistake_at("*") {
            "references-budget+1" => 4097,
            "references-budget-1" => 4095,
            "references-no-budget" => usize::MAX,
            _ => 4096,
        };
        self.contact(&call.contact, |contact| {
            let mut all = contact.references.clone();
            all.extend(references);
            let sizes = all.values().filter_map(|(_, value)| value.as_ref()).map(size);
            let sum: usize = if m.is("references-one-by-one") { sizes.max().unwrap_or(0) } else { sizes.sum() };
            if sum > max {
                return Err(Rejection::Invalid);
            }
            contact.references = all;
            contact.name = name.or(contact.name.take());
            Ok(json!({}))
        })
    }

    fn optional(&self, member: &str, value: Option<&Json>, rules: Rules) -> Check<Option<String>> {
        let found = text(self.mistake, &format!("{P}{member}"), value, false, self.style.accepts_null, rules)?;
        Ok(found.map(str::to_owned))
    }

    fn map<'a>(&self, member: &str, value: Option<&'a Json>) -> Check<Option<&'a Map<String, Json>>> {
        match value {
            None => Ok(None),
            Some(Json::Null) if self.style.accepts_null => Ok(None),
            Some(value) => object(self.mistake, &format!("{P}{member}"), value),
        }
    }

    fn kind(&self, member: &str, value: Option<&Json>, required: bool) -> Check<Option<String>> {
        let any = Rules { min: 0, max: None, allowed_char: None, forbidden_prefix: None };
        let found = text(self.mistake, &format!("{P}{member}"), value, required, self.style.accepts_null, any)?;
        Ok(found.map(str::to_owned))
    }

    fn reference(&self, given: &Map<String, Json>) -> Check<(String, Option<String>)> {
        let m = self.mistake;
        let place = |member: &str| format!("References{{value}}.{member}");
        let value = self.optional(&place("Value"), given.get("Value"), length(0, 4096))?;
        let kind = self.kind(&place("Type"), given.get("Type"), true)?;
        let types = if self.style.documented_values_only { &TYPES[..9] } else { &TYPES[..] };
        if let Some(kind) = &kind {
            member_of(m, "UpdateContact.References{value}.Type", kind, types)?;
        }
        let statuses = if self.style.documented_values_only { &STATUSES[..6] } else { &STATUSES[..] };
        if let Some(status) = self.kind(&place("Status"), given.get("Status"), false)? {
            member_of(m, "UpdateContact.References{value}.Status", &status, statuses)?;
        }
        // The pattern has no end anchor, so a matching prefix is enough.
        if let Some(arn) = self.optional(&place("Arn"), given.get("Arn"), length(20, 256))? {
            let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '/');
            let begins = arn.chars().next().is_some_and(is_valid);
            let fits = if self.style.anchored_patterns { arn.chars().all(is_valid) } else { begins };
            let fits = fits || m.at("UpdateContact.References{value}.Arn", "search") && arn.chars().any(is_valid);
            if !fits && !m.at("UpdateContact.References{value}.Arn", "no-pattern") {
                return Err(Invalid);
            }
        }
        self.optional(&place("StatusReason"), given.get("StatusReason"), length(0, 100))?;
        let kind = kind.unwrap_or_else(|| "STRING".to_owned());
        if let (true, Some(value)) = (self.style.typed_references, &value) {
            let is_valid = match kind.as_str() {
                "URL" => value.starts_with("http"),
                "NUMBER" | "DATE" => value.parse::<f64>().is_ok(),
                "EMAIL" => value.contains('@'),
                "STRING" => true,
                _ => false,
            };
            if !is_valid {
                return Err(Invalid);
            }
        }
        Ok((kind, value))
    }

    fn segment_attributes(&self, path: &str, given: &Map<String, Json>) -> Check<()> {
        let m = self.mistake;
        for (key, value) in given {
            let place = format!("{P}{path}{{key}}");
            check_text(m, &place, key, Rules { allowed_char: Some(in_name), ..length(1, 128) })?;
            if let Some(value) = object(m, &format!("{P}{path}{{value}}"), value)? {
                self.segment_attribute(&format!("{path}{{value}}"), value)?;
            }
        }
        Ok(())
    }

    fn segment_attribute(&self, path: &str, given: &Map<String, Json>) -> Check<()> {
        let m = self.mistake;
        if path.len() > 1000 {
            return Ok(());
        }
        for name in ["ValueString", "ValueArn"] {
            self.optional(&format!("{path}.{name}"), given.get(name), length(0, 1024))?;
        }
        let place = format!("{P}{path}.ValueInteger");
        match given.get("ValueInteger") {
            None => {}
            Some(Json::Null) if self.style.accepts_null => {}
            Some(Json::Number(number)) => {
                let whole = number.as_i64().or_else(|| {
                    number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15).map(|float| float as i64)
                });
                let fits = match whole {
                    Some(_) if m.at(&place, "64-bits") => true,
                    Some(whole) => i32::try_from(whole).is_ok() && !(m.at(&place, "unsigned") && whole < 0),
                    None => m.at(&place, "fractions"),
                };
                if !fits {
                    return Err(Invalid);
                }
            }
            Some(Json::String(_)) if m.at(&place, "coerced") => {}
            Some(_) => return Err(Invalid),
        }
        match given.get("ValueMap") {
            None => {}
            Some(Json::Null) if self.style.accepts_null => {}
            Some(_) if m.is("depth-not-checked") => {}
            Some(value) => {
                if let Some(inner) = object(m, &format!("{P}{path}.ValueMap"), value)? {
                    self.segment_attributes(&format!("{path}.ValueMap"), inner)?;
                }
            }
        }
        match given.get("ValueList") {
            None => Ok(()),
            Some(Json::Null) if self.style.accepts_null => Ok(()),
            Some(_) if m.is("depth-not-checked") => Ok(()),
            Some(Json::Array(items)) => {
                items.iter().try_for_each(|item| match object(m, &format!("{P}{path}.ValueList[]"), item)? {
                    Some(inner) => self.segment_attribute(&format!("{path}.ValueList[]"), inner),
                    None => Ok(()),
                })
            }
            Some(_) => Err(Invalid),
        }
    }

    fn recipients(&self, given: &Map<String, Json>) -> Check<()> {
        let m = self.mistake;
        let path = "AdditionalRecipients.CcEmailAddresses";
        let items = match given.get("CcEmailAddresses") {
            None => return Ok(()),
            Some(Json::Null) if self.style.accepts_null => return Ok(()),
            Some(Json::Array(items)) => items,
            Some(_) => return Err(Invalid),
        };
        check_length(m, &format!("{P}{path}"), items.len() as u64, 0, Some(50))?;
        for item in items {
            let Some(item) = object(m, &format!("{P}{path}[]"), item)? else { continue };
            let place = format!("{P}{path}[].EmailAddress");
            let address = text(m, &place, item.get("EmailAddress"), true, false, length(1, 255))?;
            if address.is_some_and(|address| !is_email_address(address, self.style.anchored_patterns))
                && !m.at(&place, "no-pattern")
            {
                return Err(Invalid);
            }
            self.optional(&format!("{path}[].DisplayName"), item.get("DisplayName"), length(0, 256))?;
        }
        Ok(())
    }
}

/// Returns whether a text has an at sign with a name before it and a domain with a dot after it.
fn is_email_address(text: &str, whole: bool) -> bool {
    let fits = |word: &str| {
        (0..word.len()).any(|at| {
            let Some((before, after)) = (word.as_bytes()[at] == b'@').then(|| (&word[..at], &word[at + 1..])) else {
                return false;
            };
            let end = after.find('@').unwrap_or(after.len());
            let after = if whole { after } else { &after[..end] };
            let name = if whole {
                !before.is_empty() && !before.contains('@')
            } else {
                !before.is_empty() && !before.ends_with('@')
            };
            let inner: Vec<(usize, char)> = after.char_indices().collect();
            name && !after.contains('@') && inner.len() > 2 && inner[1..inner.len() - 1].iter().any(|(_, c)| *c == '.')
        })
    };
    if whole { !text.contains(char::is_whitespace) && fits(text) } else { text.split(char::is_whitespace).any(fits) }
}
