//! JSON requests on which the documents are silent: a server must not crash on them, and its responses are recorded.
//!
//! It never expects that one of them is rejected.

use crate::case::{Damage, Value};
use crate::contract::ShapeKind;
use crate::generate::case_spec::CaseRequest;
use crate::generate::malformed::body_format::MARKER;
use crate::generate::malformed::cases::{MalformedCases, add_duplicate_member, with_damage, with_unknown_member};

pub(super) fn add_unspecified(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    if !context.has_document() {
        return;
    }
    let kind = "content-type";
    let another = "another content type";
    out.add_unspecified(kind, "absent", "no content type", with_damage(Damage::ContentType(None)));
    out.add_unspecified(kind, "text", another, with_damage(Damage::ContentType(Some("text/plain".into()))));
    out.add_unspecified(kind, "xml", another, with_damage(Damage::ContentType(Some("application/xml".into()))));
    let charset = "application/json; charset=utf-8".to_owned();
    out.add_unspecified(
        kind,
        "charset",
        "a content type with a parameter",
        with_damage(Damage::ContentType(Some(charset))),
    );
    out.add_unspecified("bom", "utf-8", "a byte order mark", with_damage(Damage::BodyPrefixed(vec![0xEF, 0xBB, 0xBF])));
    add_duplicate_member(out);
    let unknown = "an undocumented member";
    out.add_unspecified("unknown-member", "text", unknown, with_unknown_member(Value::text("overstep")));
    out.add_unspecified("unknown-member", "null", unknown, with_unknown_member(Value::Null));
    for depth in [64, 1_000, 20_000] {
        let nested = Value::Raw(format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
        out.add_unspecified(
            "deep-nesting",
            &format!("lists-{depth}"),
            "very deep nesting",
            with_unknown_member(nested),
        );
    }
    let objects = Value::Raw(format!("{}1{}", "{\"a\":".repeat(1_000), "}".repeat(1_000)));
    out.add_unspecified("deep-nesting", "objects-1000", "very deep nesting", with_unknown_member(objects));
    if let Some(site) = context.find_free_text() {
        let escaped = format!("\"{}\"", MARKER.chars().map(|c| format!("\\u{:04x}", c as u32)).collect::<String>());
        for (kind, variant, reason, literal) in [
            ("lone-surrogate", "high", "half a surrogate pair", "\"a\\ud800b\""),
            ("lone-surrogate", "low", "half a surrogate pair", "\"\\udc00\""),
            ("control", "nul", "a NUL character", "\"a\\u0000b\""),
            ("escapes", "all-escaped", "every character escaped", escaped.as_str()),
        ] {
            out.add_unspecified(kind, variant, reason, |sampler| {
                Some(CaseRequest::new(sampler.input_with_value(site, Value::Raw(literal.to_owned()))))
            });
        }
    }
    let number = context
        .sites
        .iter()
        .find(|site| site.is_in_body() && matches!(context.shape(site).kind, ShapeKind::Double | ShapeKind::Float));
    if let Some(site) = number {
        out.add_unspecified("number", "huge", "a number that no float can represent", |sampler| {
            Some(CaseRequest::new(sampler.input_with_value(site, Value::Number("1e400".into()))))
        });
    }
}
