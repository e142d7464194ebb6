//! JSON requests on which the documents are silent: a server must not crash on them, and its responses are recorded.
//!
//! It never expects that one of them is rejected.

use super::MARK;
use super::cases::{Cases, damaged, twice, with_unknown};
use crate::contract::Kind;
use crate::generate::Value;
use crate::generate::case::Damage;
use crate::generate::draft::Request;

pub(super) fn open(out: &mut Cases<'_, '_>) {
    let work = out.work;
    if !work.has_document() {
        return;
    }
    let kind = "content-type";
    let another = "another content type";
    out.open(kind, "absent", "no content type", damaged(Damage::ContentType(None)));
    out.open(kind, "text", another, damaged(Damage::ContentType(Some("text/plain".into()))));
    out.open(kind, "xml", another, damaged(Damage::ContentType(Some("application/xml".into()))));
    let charset = "application/json; charset=utf-8".to_owned();
    out.open(kind, "charset", "a content type with a parameter", damaged(Damage::ContentType(Some(charset))));
    out.open("bom", "utf-8", "a byte order mark", damaged(Damage::BodyPrefixed(vec![0xEF, 0xBB, 0xBF])));
    twice(out);
    let unknown = "an undocumented member";
    out.open("unknown-member", "text", unknown, with_unknown(Value::text("overstep")));
    out.open("unknown-member", "null", unknown, with_unknown(Value::Null));
    for depth in [64, 1_000, 20_000] {
        let nested = Value::Raw(format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
        out.open("deep-nesting", &format!("lists-{depth}"), "very deep nesting", with_unknown(nested));
    }
    let objects = Value::Raw(format!("{}1{}", "{\"a\":".repeat(1_000), "}".repeat(1_000)));
    out.open("deep-nesting", "objects-1000", "very deep nesting", with_unknown(objects));
    if let Some(site) = work.free_text() {
        let escaped = format!("\"{}\"", MARK.chars().map(|c| format!("\\u{:04x}", c as u32)).collect::<String>());
        for (kind, variant, reason, literal) in [
            ("lone-surrogate", "high", "half a surrogate pair", "\"a\\ud800b\""),
            ("lone-surrogate", "low", "half a surrogate pair", "\"\\udc00\""),
            ("control", "nul", "a NUL character", "\"a\\u0000b\""),
            ("escapes", "all-escaped", "every character escaped", escaped.as_str()),
        ] {
            out.open(kind, variant, reason, |sampler| {
                Some(Request::of(sampler.set(site, Value::Raw(literal.to_owned()))))
            });
        }
    }
    let number =
        work.sites.iter().find(|site| site.in_body() && matches!(work.shape(site).kind, Kind::Double | Kind::Float));
    if let Some(site) = number {
        out.open("number", "huge", "a number that no float can represent", |sampler| {
            Some(Request::of(sampler.set(site, Value::Number("1e400".into()))))
        });
    }
}
