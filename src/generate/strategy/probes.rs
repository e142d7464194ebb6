//! Requests on which the documents are silent: nobody may crash on them, and what they do is recorded.

use super::Work;
use super::malformed::MARK;
use crate::contract::Kind;
use crate::generate::Value;
use crate::generate::case::{Case, Damage};
use crate::generate::draft::{Aim, Request};
use crate::generate::sample::Sampler;

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    let mut add =
        |kind: &str, variant: &str, reason: &'static str, request: &dyn Fn(&Sampler<'_>) -> Option<Request>| {
            out.extend(work.of_class("malformed", kind, variant, reason, Aim::Silent(reason), request));
        };
    let damaged = |damage: Damage| move |sampler: &Sampler<'_>| Some(Request::damaged(sampler.plain(), damage.clone()));
    if !work.has_body() {
        return out;
    }
    let kind = "content-type";
    add(kind, "absent", "no content type", &damaged(Damage::ContentType(None)));
    add(kind, "text", "another content type", &damaged(Damage::ContentType(Some("text/plain".into()))));
    add(kind, "xml", "another content type", &damaged(Damage::ContentType(Some("application/xml".into()))));
    let charset = "application/json; charset=utf-8".to_owned();
    add(kind, "charset", "a content type with a parameter", &damaged(Damage::ContentType(Some(charset))));
    add("bom", "utf-8", "a byte order mark", &damaged(Damage::BodyPrefixed(vec![0xEF, 0xBB, 0xBF])));
    let first = work.sites.iter().find(|site| site.in_body() && site.path.0.len() == 1 && site.required);
    let first = first.or_else(|| work.sites.iter().find(|site| site.in_body() && site.path.0.len() == 1));
    if let Some(name) = first.and_then(|site| site.path.top()) {
        add("duplicate-keys", "same-value", "a member twice", &damaged(Damage::DuplicateMember(name.to_owned())));
    }
    let with = |value: Value| {
        move |sampler: &Sampler<'_>| match sampler.plain() {
            Value::Map(mut members) => {
                members.insert("OverstepUnknown".to_owned(), value.clone());
                Some(Request::of(Value::Map(members)))
            }
            _ => None,
        }
    };
    add("unknown-member", "text", "a member that no document names", &with(Value::text("overstep")));
    add("unknown-member", "null", "a member that no document names", &with(Value::Null));
    for depth in [64, 1_000, 20_000] {
        let nested = Value::Raw(format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
        add("deep-nesting", &format!("lists-{depth}"), "very deep nesting", &with(nested));
    }
    let objects = Value::Raw(format!("{}1{}", "{\"a\":".repeat(1_000), "}".repeat(1_000)));
    add("deep-nesting", "objects-1000", "very deep nesting", &with(objects));
    if let Some(site) = work.free_text() {
        let raw = |literal: &str| {
            let value = Value::Raw(literal.to_owned());
            move |sampler: &Sampler<'_>| Some(Request::of(sampler.set(site, value.clone())))
        };
        add("lone-surrogate", "high", "half a surrogate pair", &raw("\"a\\ud800b\""));
        add("lone-surrogate", "low", "half a surrogate pair", &raw("\"\\udc00\""));
        add("control", "nul", "a NUL character", &raw("\"a\\u0000b\""));
        let escaped = format!("\"{}\"", MARK.chars().map(|c| format!("\\u{:04x}", c as u32)).collect::<String>());
        add("escapes", "all-escaped", "every character escaped", &raw(&escaped));
    }
    let number =
        work.sites.iter().find(|site| site.in_body() && matches!(work.shape(site).kind, Kind::Double | Kind::Float));
    if let Some(site) = number {
        add("number", "huge", "a number beyond any float", &|sampler| {
            Some(Request::of(sampler.set(site, Value::Number("1e400".into()))))
        });
    }
    out
}
