//! The step with which a caller logs in: a request, and the values of its response that the caller's credentials use.
//!
//! It never sends a request.

use indexmap::IndexMap;
use serde_json::Value as Json;

/// The step with which a caller logs in. Texts may contain placeholders for secret variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginStep {
    /// `POST /token`, or the name of an operation of the contract.
    pub request: String,
    /// The operation's input.
    pub input: Option<Json>,
    /// The JSON body.
    pub json: Option<Json>,
    /// The fields of a form.
    pub form: IndexMap<String, String>,
    /// The user and the password of a basic scheme, with which clients of OAuth 2 authenticate.
    pub basic: Option<(String, String)>,
    /// Values to capture from the response: name to path.
    pub captures: IndexMap<String, String>,
}

impl LoginStep {
    /// Returns the name of the operation; `None` if the request is written as method and path.
    pub fn operation_name(&self) -> Option<&str> {
        (!self.request.contains(' ')).then_some(self.request.as_str())
    }

    /// Returns the texts that prove who the caller is, for modification.
    pub fn secret_texts_mut(&mut self) -> Vec<&mut String> {
        let mut texts: Vec<&mut String> = self.form.values_mut().collect();
        if let Some((user, password)) = &mut self.basic {
            texts.extend([user, password]);
        }
        for json in self.input.iter_mut().chain(&mut self.json) {
            collect_texts(json, &mut texts);
        }
        texts
    }

    /// Returns the texts with the names of their members or fields.
    pub fn named_texts(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = self.form.clone().into_iter().collect();
        found.extend(self.basic.iter().map(|(_, password)| ("password".to_owned(), password.clone())));
        for (name, value) in self.input.iter().chain(&self.json).filter_map(Json::as_object).flatten() {
            found.extend(value.as_str().map(|text| (name.clone(), text.to_owned())));
        }
        found
    }

    /// Returns the texts that prove who the caller is.
    pub fn secret_texts(&self) -> Vec<String> {
        self.clone().secret_texts_mut().into_iter().map(|text| text.clone()).collect()
    }
}

fn collect_texts<'j>(json: &'j mut Json, texts: &mut Vec<&'j mut String>) {
    match json {
        Json::String(text) => texts.push(text),
        Json::Array(items) => items.iter_mut().for_each(|item| collect_texts(item, texts)),
        Json::Object(members) => members.values_mut().for_each(|member| collect_texts(member, texts)),
        _ => {}
    }
}
