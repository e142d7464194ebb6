//! Seven operations of Amazon Connect, implemented by hand from the documentation and the public model.
//!
//! It never reads overstep's contract: it is an independent implementation.

use super::checks::{Check, Invalid, Mistake, Rules, check_length, check_text, length, member_of, object, text};
use super::http::{DeliveryFault, Framing, HeaderCase, Request, Response, Service, percent_decode};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

/// Where and how the error type is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ErrorLocation {
    Header,
    HeaderWithAddress,
    HeaderWithNamespace,
    TypeMember,
    TypeWithNamespace,
    CodeMember,
    Everywhere,
}

/// The body of an empty success.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum EmptyBody {
    Object,
    Nothing,
    NothingTyped,
}

/// Choices that the documentation leaves open.
#[derive(Clone)]
pub struct Style {
    pub error_location: ErrorLocation,
    pub empty_body: EmptyBody,
    pub content_type: &'static str,
    pub framing: Framing,
    pub header_case: HeaderCase,
    /// The error for invalid input.
    pub invalid: &'static str,
    /// Whether contacts have data from the start.
    pub seeded: bool,
    /// Whether keys count towards the byte budget of attributes.
    pub counts_keys: bool,
    pub accepts_null: bool,
    /// Whether undocumented members and a byte order mark are rejected.
    pub strict: bool,
    pub checks_ids: bool,
    pub auth_status: u16,
    pub auth_last: bool,
    pub checks_existence_first: bool,
    pub slow: bool,
    /// Whether only enum values from the pages are accepted, not those that the model adds.
    pub documented_values_only: bool,
    /// Whether the values of references must match their types.
    pub typed_references: bool,
    /// Whether patterns without anchors must match the whole text.
    pub anchored_patterns: bool,
    pub base: &'static str,
    pub instance: &'static str,
    /// The prefix of every contact's identifier, or one whole identifier.
    pub contact: &'static str,
    pub plus_is_space: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            error_location: ErrorLocation::Header,
            empty_body: EmptyBody::Object,
            content_type: "application/json",
            framing: Framing::Length,
            header_case: HeaderCase::AsIs,
            invalid: "InvalidParameterException",
            seeded: false,
            counts_keys: false,
            accepts_null: true,
            strict: false,
            checks_ids: false,
            auth_status: 403,
            auth_last: false,
            checks_existence_first: false,
            slow: false,
            documented_values_only: false,
            typed_references: false,
            anchored_patterns: false,
            base: "",
            instance: "11111111-2222-3333-4444-555555555555",
            contact: "aaaaaaaa-bbbb-cccc-dddd-",
            plus_is_space: true,
        }
    }
}

/// The reason for a rejection.
pub enum Rejection {
    Invalid,
    Missing,
    Unauthenticated,
    NoRoute,
}

impl From<Invalid> for Rejection {
    fn from(_: Invalid) -> Self {
        Self::Invalid
    }
}

#[derive(Clone, Default)]
struct Contact {
    attributes: BTreeMap<String, String>,
    references: BTreeMap<String, (String, Option<String>)>,
    tags: BTreeMap<String, String>,
    name: Option<String>,
}

/// The server.
pub struct Connect {
    pub style: Style,
    pub mistake: Mistake,
    contacts: Mutex<HashMap<String, Contact>>,
}

const TYPES: [&str; 11] = [
    "URL",
    "ATTACHMENT",
    "CONTACT_ANALYSIS",
    "NUMBER",
    "STRING",
    "DATE",
    "EMAIL",
    "EMAIL_MESSAGE",
    "EMAIL_MESSAGE_PLAIN_TEXT",
    "EMAIL_MESSAGE_PLAIN_TEXT_REDACTED",
    "EMAIL_MESSAGE_REDACTED",
];
const STATUSES: [&str; 7] = ["AVAILABLE", "DELETED", "APPROVED", "REJECTED", "PROCESSING", "FAILED", "DRAFTING"];
const ENDPOINTS: [&str; 5] = ["TELEPHONE_NUMBER", "VOIP", "CONTACT_FLOW", "CONNECT_PHONENUMBER_ARN", "EMAIL_ADDRESS"];
const TAG_KEY: Rules = Rules { min: 1, max: Some(128), allowed_char: Some(in_tag_key), forbidden_prefix: Some("aws:") };

/// `[a-zA-Z+-=._:/]`: the plus to the equals sign is a range.
fn in_tag_key(c: char) -> bool {
    c.is_ascii_alphabetic() || ('+'..='=').contains(&c) || matches!(c, '.' | '_' | ':' | '/')
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// A decoded request that is not validated yet.
struct Call<'a> {
    operation: &'static str,
    instance: String,
    contact: String,
    query: Vec<(String, String)>,
    body: &'a [u8],
}

impl Connect {
    pub fn new(style: Style, mistake: Mistake) -> Self {
        Self { style, mistake, contacts: Mutex::default() }
    }

    fn respond(&self, request: &Request) -> Response {
        let call = match self.route(request) {
            Ok(call) => call,
            Err(rejection) => return self.reject(&rejection, ""),
        };
        let mistake = self.mistake;
        if let Some(response) = self.constant_response(&call, request) {
            return response;
        }
        let is_known = self.is_authenticated(request, call.operation);
        let outcome = match () {
            () if !self.style.auth_last && !is_known => Err(Rejection::Unauthenticated),
            // The request of an unauthenticated caller is validated, but changes nothing.
            () if !is_known => {
                let contacts = self.contacts.lock().expect("no thread panics with the lock").clone();
                let copy = Self { style: self.style.clone(), mistake, contacts: Mutex::new(contacts) };
                copy.execute(&call).and(Err(Rejection::Unauthenticated))
            }
            () => self.execute(&call),
        };
        match outcome {
            Ok(result) => self.success(call.operation, &result),
            Err(rejection) => {
                if mistake.at(call.operation, "refused-with-200") && matches!(rejection, Rejection::Invalid) {
                    let mut response = self.reject(&rejection, call.operation);
                    response.status = 200;
                    return response;
                }
                if mistake.at(call.operation, "silently-ignored") && matches!(rejection, Rejection::Invalid) {
                    return self.success(call.operation, &json!({}));
                }
                self.reject(&rejection, call.operation)
            }
        }
    }

    /// Returns the response of mistakes that ignore the request.
    fn constant_response(&self, call: &Call<'_>, request: &Request) -> Option<Response> {
        let json = |status, body: &str| Response::new(status, body).with("Content-Type", "application/json");
        let mistake = self.mistake.mistake_at(call.operation);
        Some(match mistake {
            "always-200" => json(200, "{}"),
            "always-400" => json(400, "{}"),
            "always-declared" => json(400, "{}").with("x-amzn-ErrorType", "InvalidParameterException"),
            "always-404" => json(404, "{}").with("x-amzn-ErrorType", "ResourceNotFoundException"),
            "always-204" => Response::new(204, ""),
            "echo" => Response::new(200, request.body.clone()).with("Content-Type", "application/json"),
            "html" => Response::new(200, "<html>ok</html>").with("Content-Type", "text/html"),
            "no-route" => json(404, "{\"message\":\"no such route\"}"),
            _ => return None,
        })
    }

    fn route<'a>(&self, request: &'a Request) -> Result<Call<'a>, Rejection> {
        let path_and_query = request.target.strip_prefix(self.style.base).ok_or(Rejection::NoRoute)?;
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let segments = path
            .split('/')
            .skip(1)
            .map(|segment| {
                if self.mistake.is("labels-not-decoded") {
                    Some(segment.to_owned())
                } else {
                    percent_decode(segment, false)
                }
            })
            .collect::<Option<Vec<_>>>()
            .ok_or(Rejection::Invalid)?;
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let plus = self.style.plus_is_space;
                Some((percent_decode(name, plus)?, percent_decode(value, plus)?))
            })
            .collect::<Option<Vec<_>>>()
            .ok_or(Rejection::Invalid)?;
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (operation, instance, contact) = match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["contact", "tags"]) => ("TagContact", "", ""),
            ("POST", ["contact", "attributes"]) => ("UpdateContactAttributes", "", ""),
            ("DELETE", ["contact", "tags", instance, contact]) => ("UntagContact", *instance, *contact),
            ("GET", ["contact", "attributes", instance, contact]) => ("GetContactAttributes", *instance, *contact),
            ("GET", ["contact", "references", instance, contact]) => ("ListContactReferences", *instance, *contact),
            ("GET", ["contacts", instance, contact]) => ("DescribeContact", *instance, *contact),
            ("POST", ["contacts", instance, contact]) => ("UpdateContact", *instance, *contact),
            _ => return Err(Rejection::NoRoute),
        };
        let (instance, contact) = (instance.to_owned(), contact.to_owned());
        Ok(Call { operation, instance, contact, query, body: &request.body })
    }

    fn is_authenticated(&self, request: &Request, operation: &str) -> bool {
        let Some(header) = request.header("authorization") else { return self.mistake.at(operation, "no-auth") };
        let algorithm = header.split(' ').next().unwrap_or_default();
        let scheme = algorithm.eq_ignore_ascii_case("AWS4-HMAC-SHA256");
        match self.mistake.mistake_at(operation) {
            "no-auth" => true,
            "any-header" => !header.is_empty(),
            "any-scheme" => header.contains("Credential="),
            "scheme-is-enough" => scheme,
            "signature-not-needed" => scheme && header.contains("Credential=") && header.contains("SignedHeaders="),
            "credential-not-needed" => scheme && header.contains("Signature="),
            _ => scheme && ["Credential=", "SignedHeaders=", "Signature="].iter().all(|part| header.contains(part)),
        }
    }

    fn exists(&self, instance: &str, contact: &str) -> Result<(), Rejection> {
        if self.mistake.is("creates-contacts") || self.mistake.is("ignores-instance") && self.is_contact(contact) {
            return Ok(());
        }
        let instance_known = instance == self.style.instance;
        if instance_known && (self.is_contact(contact) || self.mistake.is("ignores-contact")) {
            Ok(())
        } else {
            Err(Rejection::Missing)
        }
    }

    fn is_contact(&self, contact: &str) -> bool {
        match contact.strip_prefix(self.style.contact) {
            Some(rest) if self.style.contact.ends_with('-') => rest.len() == 12,
            Some(rest) => rest.is_empty(),
            None => false,
        }
    }

    fn execute(&self, call: &Call<'_>) -> Result<Json, Rejection> {
        let operation = call.operation;
        let (m, place) = (self.mistake, |member: &str| format!("{operation}.{member}"));
        if matches!(operation, "TagContact" | "UpdateContactAttributes") {
            let body = self.body(operation, call.body)?;
            let id = if operation == "TagContact" { "ContactId" } else { "InitialContactId" };
            let contact = text(m, &place(id), body.get(id), true, false, length(1, 256))?;
            let instance = text(m, &place("InstanceId"), body.get("InstanceId"), true, false, length(1, 100))?;
            let (instance, contact) = (
                instance.unwrap_or(self.style.instance).to_owned(),
                contact.map_or_else(|| format!("{}000000000000", self.style.contact), str::to_owned),
            );
            let members: &[&str] = if operation == "TagContact" {
                &["ContactId", "InstanceId", "Tags"]
            } else {
                &["InitialContactId", "InstanceId", "Attributes"]
            };
            self.reject_unknown_members(&body, members)?;
            if self.style.checks_existence_first {
                self.exists(&instance, &contact)?;
            }
            return if operation == "TagContact" {
                self.tag(&body, &instance, &contact)
            } else {
                self.attributes(&body, &instance, &contact)
            };
        }
        let id = if operation == "GetContactAttributes" { "InitialContactId" } else { "ContactId" };
        check_text(m, &place("InstanceId"), &call.instance, length(1, 100))?;
        check_text(m, &place(id), &call.contact, length(1, 256))?;
        if self.style.checks_existence_first {
            self.exists(&call.instance, &call.contact)?;
        }
        match operation {
            "UntagContact" => self.untag(call),
            "ListContactReferences" => self.references(call),
            "UpdateContact" => self.update(call),
            "GetContactAttributes" => {
                self.exists(&call.instance, &call.contact)?;
                let attributes = self.contact(&call.contact, |contact| contact.attributes.clone());
                Ok(match m.at(operation, "wrong-shape") {
                    true => json!({"Attributes": ["a", "b"]}),
                    false => json!({ "Attributes": attributes }),
                })
            }
            _ => {
                self.exists(&call.instance, &call.contact)?;
                let (name, tags) = self.contact(&call.contact, |contact| (contact.name.clone(), contact.tags.clone()));
                let mut contact = json!({"Id": call.contact, "Arn": "arn:aws:connect:us-east-1:1:contact/1",
                    "InitiationMethod": "API", "Channel": "VOICE", "InitiationTimestamp": 1_700_000_000.25, "Tags": tags});
                if let Some(name) = name {
                    contact["Name"] = json!(name);
                }
                Ok(if m.at(operation, "wrong-shape") { json!({"Contact": "x"}) } else { json!({ "Contact": contact }) })
            }
        }
    }

    fn body(&self, operation: &str, bytes: &[u8]) -> Check<Map<String, Json>> {
        let m = self.mistake;
        let bytes = if self.style.strict { bytes } else { bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes) };
        let lossy;
        let mut bytes = bytes;
        if m.at(operation, "utf8-lossy") {
            lossy = String::from_utf8_lossy(bytes).into_owned();
            bytes = lossy.as_bytes();
        }
        if bytes.iter().all(u8::is_ascii_whitespace)
            && (m.at(operation, "empty-is-object") || operation == "UpdateContact")
        {
            bytes = b"{}";
        }
        let document = if m.at(operation, "trailing-ignored") {
            serde_json::Deserializer::from_slice(bytes)
                .into_iter::<Json>()
                .next()
                .and_then(Result::ok)
                .ok_or(Invalid)?
        } else {
            serde_json::from_slice(bytes).map_err(|_| Invalid)?
        };
        match document {
            Json::Object(members) => Ok(members),
            Json::Array(_) | Json::Null if m.at(operation, "array-as-object") => Ok(Map::new()),
            _ => Err(Invalid),
        }
    }

    fn reject_unknown_members(&self, body: &Map<String, Json>, members: &[&str]) -> Check<()> {
        let others = body.keys().any(|name| !members.contains(&name.as_str()));
        if self.style.strict && others { Err(Invalid) } else { Ok(()) }
    }

    fn tag(&self, body: &Map<String, Json>, instance: &str, contact: &str) -> Result<Json, Rejection> {
        let m = self.mistake;
        let tags = match body.get("Tags") {
            None | Some(Json::Null) if m.at("TagContact.Tags", "optional") => None,
            None => return Err(Rejection::Invalid),
            Some(tags) => object(m, "TagContact.Tags", tags)?,
        };
        let mut entries = BTreeMap::new();
        if let Some(tags) = tags {
            check_length(m, "TagContact.Tags", tags.len() as u64, 1, Some(6))?;
            for (key, value) in tags {
                check_text(m, "TagContact.Tags{key}", key, TAG_KEY)?;
                let value = text(m, "TagContact.Tags{value}", Some(value), true, false, length(0, 256))?;
                entries.insert(key.clone(), value.unwrap_or_default().to_owned());
            }
        }
        self.exists(instance, contact)?;
        self.contact(contact, |contact| contact.tags.extend(entries));
        Ok(json!({}))
    }

    fn untag(&self, call: &Call<'_>) -> Result<Json, Rejection> {
        let m = self.mistake;
        let keys: Vec<&String> =
            call.query.iter().filter(|(name, _)| name == "TagKeys").map(|(_, value)| value).collect();
        if keys.is_empty() && !m.at("UntagContact.TagKeys", "optional") {
            return Err(Rejection::Invalid);
        }
        check_length(m, "UntagContact.TagKeys", keys.len() as u64, 0, Some(6))?;
        for key in &keys {
            check_text(m, "UntagContact.TagKeys[]", key, TAG_KEY)?;
        }
        self.exists(&call.instance, &call.contact)?;
        self.contact(&call.contact, |contact| contact.tags.retain(|key, _| !keys.contains(&key)));
        Ok(json!({}))
    }

    fn references(&self, call: &Call<'_>) -> Result<Json, Rejection> {
        let m = self.mistake;
        let types: Vec<&String> =
            call.query.iter().filter(|(name, _)| name == "referenceTypes").map(|(_, value)| value).collect();
        if types.is_empty() && !m.at("ListContactReferences.ReferenceTypes", "optional") {
            return Err(Rejection::Invalid);
        }
        check_length(m, "ListContactReferences.ReferenceTypes", types.len() as u64, 0, Some(6))?;
        for kind in &types {
            member_of(m, "ListContactReferences.ReferenceTypes[]", kind, &TYPES)?;
        }
        self.exists(&call.instance, &call.contact)?;
        let found: Vec<Json> = self.contact(&call.contact, |contact| {
            let wanted = contact.references.iter().filter(|(_, (kind, _))| types.contains(&kind));
            wanted
                .map(|(name, (kind, value))| {
                    let member = match kind.as_str() {
                        "URL" => "Url",
                        "STRING" => "String",
                        "NUMBER" => "Number",
                        "DATE" => "Date",
                        "EMAIL" => "Email",
                        _ => "Attachment",
                    };
                    json!({member: {"Name": name, "Value": value.clone().unwrap_or_default()}})
                })
                .collect()
        });
        Ok(match m.at("ListContactReferences", "wrong-shape") {
            true => json!({"ReferenceSummaryList": {}}),
            false => json!({ "ReferenceSummaryList": found }),
        })
    }

    fn attributes(&self, body: &Map<String, Json>, instance: &str, contact: &str) -> Result<Json, Rejection> {
        let m = self.mistake;
        let given = match body.get("Attributes") {
            None | Some(Json::Null) if m.at("UpdateContactAttributes.Attributes", "optional") => None,
            None => return Err(Rejection::Invalid),
            Some(given) => object(m, "UpdateContactAttributes.Attributes", given)?,
        };
        let name = Rules { allowed_char: Some(in_name), ..length(1, 32_767) };
        let mut entries = BTreeMap::new();
        for (key, value) in given.into_iter().flatten() {
            check_text(m, "UpdateContactAttributes.Attributes{key}", key, name)?;
            let place = "UpdateContactAttributes.Attributes{value}";
            let value = text(m, place, Some(value), true, false, length(0, 32_767))?;
            entries.insert(key.clone(), value.unwrap_or_default().to_owned());
        }
        self.exists(instance, contact)?;
        let mut all = if m.is("attributes-this-request-only") {
            BTreeMap::new()
        } else {
            self.contact(contact, |contact| contact.attributes.clone())
        };
        all.extend(entries.clone());
        let size = |text: &str| match m.mistake_at("*") {
            "attributes-in-characters" => text.chars().count(),
            "attributes-in-utf16" => text.encode_utf16().count(),
            _ => text.len(),
        };
        let sum: usize = match m.mistake_at("*") {
            "attributes-one-by-one" => all.values().map(|value| size(value)).max().unwrap_or(0),
            _ => all.iter().map(|(key, value)| size(value) + if self.style.counts_keys { key.len() } else { 0 }).sum(),
        };
        let max = match m.mistake_at("*") {
            "attributes-budget+1" => 32_769,
            "attributes-budget-1" => 32_767,
            "attributes-budget-32000" => 32_000,
            "attributes-no-budget" => usize::MAX,
            _ => 32_768,
        };
        if sum > max {
            return Err(Rejection::Invalid);
        }
        self.contact(contact, |contact| contact.attributes.extend(entries));
        Ok(json!({}))
    }

    /// Runs an action on the stored contact.
    fn contact<T>(&self, id: &str, action: impl FnOnce(&mut Contact) -> T) -> T {
        let seed = || {
            let mut contact = Contact::default();
            if self.style.seeded {
                contact.attributes.insert("seeded".to_owned(), "x".repeat(300));
                contact.references.insert("seeded".to_owned(), ("STRING".to_owned(), Some("y".repeat(40))));
                contact.tags.insert("seeded".to_owned(), "z".to_owned());
            }
            contact
        };
        if self.mistake.is("forgets-everything") {
            return action(&mut seed());
        }
        let mut contacts = self.contacts.lock().expect("no thread panics with the lock");
        action(contacts.entry(id.to_owned()).or_insert_with(seed))
    }

    fn success(&self, operation: &str, result: &Json) -> Response {
        let m = self.mistake;
        let empty = result.as_object().is_some_and(Map::is_empty);
        let status = if m.at(operation, "created") {
            201
        } else if m.at(operation, "no-content") {
            204
        } else {
            200
        };
        if m.at(operation, "null-body") {
            return Response::new(200, "null").with("Content-Type", self.style.content_type);
        }
        if m.at(operation, "ok-text") {
            return Response::new(200, "OK").with("Content-Type", "text/plain");
        }
        if m.at(operation, "ok-member") {
            return Response::new(200, "{\"status\":\"ok\"}").with("Content-Type", self.style.content_type);
        }
        let mut response = match self.style.empty_body {
            _ if status == 204 => Response::new(204, ""),
            EmptyBody::Nothing if empty => Response::new(status, ""),
            EmptyBody::NothingTyped if empty => Response::new(status, "").with("Content-Type", self.style.content_type),
            _ => Response::new(status, result.to_string()).with("Content-Type", self.style.content_type),
        };
        if m.at(operation, "short") {
            response.delivery_fault = DeliveryFault::Short(5);
        } else if m.at(operation, "trailing") {
            response.delivery_fault = DeliveryFault::Trailing;
        } else if m.at(operation, "not-gzip") {
            response.delivery_fault = DeliveryFault::NotGzip;
        } else if m.at(operation, "hang") {
            response.delivery_fault = DeliveryFault::Hang;
        } else if m.at(operation, "drop") {
            response.delivery_fault = DeliveryFault::Drop;
        } else if m.at(operation, "two-documents") {
            response.body.extend(b"{}");
        }
        response.with("x-amzn-RequestId", "8f4b1a52-4a30-4a63-8c87-3c7a9f1e0f11")
    }

    fn reject(&self, rejection: &Rejection, operation: &str) -> Response {
        let m = self.mistake;
        let (mut status, mut name) = match rejection {
            Rejection::Invalid if operation == "GetContactAttributes" => (400, "InvalidRequestException"),
            Rejection::Invalid => (400, self.style.invalid),
            Rejection::Missing => (404, "ResourceNotFoundException"),
            Rejection::Unauthenticated => (self.style.auth_status, "MissingAuthenticationTokenException"),
            Rejection::NoRoute => (404, "UnknownOperationException"),
        };
        let mistake = m.mistake_at(operation);
        if matches!(rejection, Rejection::Invalid) {
            (status, name) = match mistake {
                "invalid-is-422" => (422, name),
                "invalid-is-500" => (500, "InternalServiceException"),
                "invalid-is-404" => (404, "ResourceNotFoundException"),
                "invalid-is-403" => (403, "AccessDeniedException"),
                "invalid-is-302" => (302, name),
                "invalid-is-429" => (429, "ThrottlingException"),
                "validation-exception" => (400, "ValidationException"),
                "serialization-exception" => (400, "SerializationException"),
                "name-folded" => (400, "invalidparameterexception"),
                "name-shortened" => (400, "InvalidParameter"),
                "name-missing" => (400, ""),
                _ => (status, name),
            };
            if mistake == "html-error" {
                let page = "<html><body>Bad Request InvalidParameterException</body></html>";
                return Response::new(400, page).with("Content-Type", "text/html");
            }
            if mistake == "type-in-message-only" {
                let body = json!({"message": "InvalidParameterException: bad"}).to_string();
                return Response::new(400, body).with("Content-Type", "application/json");
            }
            if mistake == "invalid-hangs" || mistake == "invalid-drops" {
                let mut response = Response::new(400, "");
                response.delivery_fault =
                    if mistake == "invalid-hangs" { DeliveryFault::Hang } else { DeliveryFault::Drop };
                return response;
            }
        }
        if matches!(rejection, Rejection::Missing) {
            (status, name) = match mistake {
                "missing-is-400" => (400, "InvalidParameterException"),
                "missing-is-500" => (500, "InternalServiceException"),
                "missing-is-403" => (403, "AccessDeniedException"),
                "missing-other-name" => (404, "NotFoundException"),
                "missing-unnamed" => (404, ""),
                "missing-is-410" => (410, "ResourceNotFoundException"),
                _ => (status, name),
            };
        }
        if matches!(rejection, Rejection::Unauthenticated) && m.at(operation, "unknown-is-500") {
            (status, name) = (500, "InternalServiceException");
        }
        self.error(status, name)
    }

    fn error(&self, status: u16, name: &str) -> Response {
        let mut body = json!({"message": "rejected"});
        let mut header = None;
        let at = if name.is_empty() { None } else { Some(self.style.error_location) };
        match at {
            None => {}
            Some(ErrorLocation::Header) => header = Some(name.to_owned()),
            Some(ErrorLocation::HeaderWithAddress) => {
                header = Some(format!("{name}:http://internal.amazon.com/coral/x/"))
            }
            Some(ErrorLocation::HeaderWithNamespace) => header = Some(format!("com.amazonaws.connect#{name}")),
            Some(ErrorLocation::TypeMember) => body["__type"] = json!(name),
            Some(ErrorLocation::TypeWithNamespace) => body["__type"] = json!(format!("com.amazonaws.connect#{name}")),
            Some(ErrorLocation::CodeMember) => body["code"] = json!(name),
            Some(ErrorLocation::Everywhere) => {
                header = Some(format!("{name}:"));
                body["__type"] = json!(name);
                body["code"] = json!(name);
            }
        }
        let mut response = Response::new(status, body.to_string()).with("Content-Type", self.style.content_type);
        if let Some(header) = header {
            response = response.with("x-amzn-ErrorType", &header);
        }
        response
    }
}

impl Service for Connect {
    fn answer(&self, request: &Request) -> Response {
        if self.style.slow && request.body.len().is_multiple_of(9) && !request.body.is_empty() {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.respond(request)
    }

    fn framing(&self) -> Framing {
        self.style.framing
    }

    fn header_case(&self) -> HeaderCase {
        self.style.header_case
    }
}

mod update;
