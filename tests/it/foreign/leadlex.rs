//! LeadLex's only operation, implemented by hand from its page.
//!
//! It never reads overstep's contract.

use super::http::{Framing, Request, Response, Service, percent_decode};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::Mutex;

/// Where an error body has its code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CodeLocation {
    ErrorCode,
    Code,
    ErrorType,
    Error,
    Type,
    Errors,
}

/// Choices that the page leaves open.
#[derive(Clone)]
pub struct Style {
    pub code_location: CodeLocation,
    pub status: u16,
    pub unknown_status: u16,
    pub unknown_code: &'static str,
    pub case_insensitive_scheme: bool,
    pub strict: bool,
    pub content_type: &'static str,
    pub base: &'static str,
    pub seeded: bool,
    pub auth_last: bool,
    pub extra_members: bool,
    pub full_key: &'static str,
    pub contact: &'static str,
    pub framing: Framing,
    pub max_tags: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            code_location: CodeLocation::ErrorCode,
            status: 200,
            unknown_status: 401,
            unknown_code: "unauthorized",
            case_insensitive_scheme: true,
            strict: false,
            content_type: "application/json",
            base: "/functions/v1/api-gateway",
            seeded: false,
            auth_last: false,
            extra_members: false,
            full_key: "wbk_full",
            contact: "123e4567-e89b-12d3-a456-",
            framing: Framing::Length,
            max_tags: usize::MAX,
        }
    }
}

/// The server, with at most one mistake.
pub struct LeadLex {
    pub style: Style,
    pub mistake: &'static str,
    tags: Mutex<HashMap<String, Vec<String>>>,
}

enum Caller {
    Full,
    ReadOnly,
    Unknown,
}

impl LeadLex {
    pub fn new(style: Style, mistake: &'static str) -> Self {
        Self { style, mistake, tags: Mutex::default() }
    }

    fn caller(&self, request: &Request) -> Caller {
        let header = request.header("authorization").unwrap_or_default();
        let (scheme, key) = header.split_once(' ').unwrap_or(("", header));
        let scheme_fits = match self.mistake {
            "any-scheme" => !scheme.is_empty(),
            "scheme-optional" => scheme.is_empty() || scheme == "Bearer",
            _ if self.style.case_insensitive_scheme => scheme.eq_ignore_ascii_case("bearer"),
            _ => scheme == "Bearer",
        };
        let (full_key, read_only) = (self.style.full_key, "wbk_readonly");
        match self.mistake {
            "no-auth" => Caller::Full,
            "any-key" if scheme_fits && !key.is_empty() => Caller::Full,
            "header-is-enough" if request.header("authorization").is_some() => Caller::Full,
            "key-prefix" if scheme_fits && key != read_only && key.starts_with("wbk_") => Caller::Full,
            "key-starts" if scheme_fits && key.starts_with(full_key) => Caller::Full,
            "key-is-prefix" if scheme_fits && !key.is_empty() && full_key.starts_with(key) => Caller::Full,
            "no-permissions" if scheme_fits && key == read_only => Caller::Full,
            _ if scheme_fits && key == full_key => Caller::Full,
            _ if scheme_fits && key == read_only => Caller::ReadOnly,
            _ => Caller::Unknown,
        }
    }

    fn reject(&self, status: u16, code: &str) -> Response {
        let (mut status, mut code) = (status, code);
        match (self.mistake, code) {
            ("forbidden-is-401", "insufficient_permissions") => status = 401,
            ("forbidden-other-code", "insufficient_permissions") => code = "forbidden",
            ("invalid-is-422", "validation_error") => status = 422,
            ("invalid-other-code", "validation_error") => code = "bad_request",
            ("invalid-upper", "validation_error") => code = "VALIDATION_ERROR",
            ("invalid-is-500", "validation_error") => status = 500,
            ("invalid-is-404", "validation_error") => (status, code) = (404, "not_found"),
            ("invalid-with-200", "validation_error") => status = 200,
            ("missing-is-400", "not_found") => (status, code) = (400, "validation_error"),
            ("missing-unnamed", "not_found") => return Response::new(404, ""),
            ("unknown-is-404", other) if other == self.style.unknown_code => (status, code) = (404, "not_found"),
            ("html", _) => return Response::new(status, "<h1>error</h1>").with("Content-Type", "text/html"),
            _ => {}
        }
        let body = match self.style.code_location {
            CodeLocation::ErrorCode => json!({"error": {"code": code, "message": "rejected"}}),
            CodeLocation::Code => json!({"code": code, "message": "rejected"}),
            CodeLocation::ErrorType => json!({"error": {"type": code, "message": "rejected"}}),
            CodeLocation::Error => json!({"error": code, "message": "rejected"}),
            CodeLocation::Type => json!({"type": code, "title": "rejected"}),
            CodeLocation::Errors => json!({"errors": [{"code": code, "detail": "rejected"}]}),
        };
        Response::new(status, body.to_string()).with("content-type", self.style.content_type)
    }

    fn parse_tags(&self, body: &[u8]) -> Option<Vec<String>> {
        let bytes = if self.style.strict { body } else { body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body) };
        let document: Json = match self.mistake {
            "trailing-ignored" => serde_json::Deserializer::from_slice(bytes).into_iter().next()?.ok()?,
            "utf8-lossy" => serde_json::from_str(&String::from_utf8_lossy(bytes)).ok()?,
            "empty-is-object" if bytes.is_empty() => json!({"tags": []}),
            _ => serde_json::from_slice(bytes).ok()?,
        };
        let members = match (self.mistake, &document) {
            ("bare-list", Json::Array(_)) => return Some(Vec::new()),
            _ => document.as_object()?,
        };
        if self.style.strict && members.len() != 1 {
            return None;
        }
        let items = match (self.mistake, members.get("tags")) {
            ("tags-optional", None) | ("tags-null", Some(Json::Null)) => return Some(Vec::new()),
            ("tags-text", Some(Json::String(tag))) => return Some(vec![tag.clone()]),
            ("tags-object", Some(Json::Object(_))) => return Some(Vec::new()),
            (_, Some(Json::Array(items))) => items,
            _ => return None,
        };
        if items.len() > self.style.max_tags {
            return None;
        }
        let mut out = Vec::new();
        for item in items {
            match (self.mistake, item) {
                (_, Json::String(tag)) => out.push(tag.clone()),
                ("items-coerced", Json::Number(_) | Json::Bool(_)) => out.push(item.to_string()),
                ("items-null", Json::Null) => {}
                ("items-any", _) => {}
                ("items-nested", Json::Array(_)) => {}
                _ => return None,
            }
        }
        Some(out)
    }

    fn respond(&self, request: &Request) -> Response {
        if self.mistake == "always-200" {
            let body = json!({"data": {"contact_id": "x", "tags": []}});
            return Response::new(200, body.to_string()).with("content-type", "application/json");
        }
        if self.mistake == "always-400" {
            return self.reject(400, "validation_error");
        }
        let path = request.target.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.strip_prefix(self.style.base).unwrap_or("?").split('/').collect();
        let ["", "v1", "contacts", id, "tags"] = segments.as_slice() else {
            return self.reject(404, "route_not_found");
        };
        if request.method != "POST" {
            return self.reject(405, "method_not_allowed");
        }
        let caller = self.caller(request);
        let rejection = match caller {
            Caller::Full => None,
            Caller::ReadOnly => Some(self.reject(403, "insufficient_permissions")),
            Caller::Unknown => Some(self.reject(self.style.unknown_status, self.style.unknown_code)),
        };
        if let Some(rejection) = rejection.clone().filter(|_| !self.style.auth_last) {
            return rejection;
        }
        let Some(id) = percent_decode(id, false) else { return self.reject(400, "validation_error") };
        let groups: Vec<&str> = id.split('-').collect();
        let sizes: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let mut well_formed =
            sizes == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if self.mistake == "id-any-letters" {
            well_formed = sizes == [8, 4, 4, 4, 12];
        }
        let tags = self.parse_tags(&request.body);
        if !well_formed && self.mistake != "id-not-checked" {
            return if self.mistake == "odd-id-is-404" {
                self.reject(404, "not_found")
            } else {
                self.reject(400, "validation_error")
            };
        }
        let Some(tags) = tags else { return self.reject(400, "validation_error") };
        if let Some(rejection) = rejection {
            return rejection;
        }
        if !id.to_lowercase().starts_with(self.style.contact)
            && !matches!(self.mistake, "creates-contacts" | "id-not-checked" | "id-any-letters")
        {
            return self.reject(404, "not_found");
        }
        let seed = || if self.style.seeded { vec!["vip".to_owned(), "old".to_owned()] } else { Vec::new() };
        let mut stored = self.tags.lock().expect("no thread panics with the lock");
        let all = stored.entry(id.clone()).or_insert_with(seed);
        for tag in tags {
            if !all.contains(&tag) {
                all.push(tag);
            }
        }
        let mut body = json!({"data": {"contact_id": id, "tags": all}});
        match self.mistake {
            "no-envelope" => body = body["data"].take(),
            "tags-as-text" => body["data"]["tags"] = json!("a,b"),
            "id-as-number" => body["data"]["contact_id"] = json!(7),
            "data-as-list" => body = json!({"data": [body["data"].take()]}),
            "empty-body" => return Response::new(200, ""),
            "error-in-success" => body = json!({"error": {"code": "validation_error", "message": "no"}}),
            "success-html" => return Response::new(200, body.to_string()).with("content-type", "text/html"),
            _ => {}
        }
        if self.style.extra_members {
            body["meta"] = json!({"request_id": "r-1"});
            body["data"]["updated_at"] = json!("2025-01-01T00:00:00Z");
        }
        Response::new(self.style.status, body.to_string()).with("content-type", self.style.content_type)
    }
}

impl Service for LeadLex {
    fn answer(&self, request: &Request) -> Response {
        self.respond(request)
    }

    fn framing(&self) -> Framing {
        self.style.framing
    }
}
