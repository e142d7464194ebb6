//! JSON bodies that every parser must reject: not JSON, incomplete, not an object, or not UTF-8.
//!
//! It never damages a body that is not a JSON document, such as a payload of bytes or text.

use super::cases::{Cases, body, damaged, in_text, needs_something, not_utf8};
use crate::contract::Kind;
use crate::generate::Value;
use crate::generate::case::Damage;
use crate::generate::draft::Request;

pub(super) fn refused(out: &mut Cases<'_, '_>) {
    let work = out.work;
    if !work.has_document() {
        return;
    }
    for (variant, bytes) in [
        ("word", &b"overstep"[..]),
        ("brace", b"{"),
        ("xml", b"<overstep/>"),
        ("form", b"a=1&b=2"),
        ("single-quotes", b"{'a':'b'}"),
        ("bare-key", b"{a:\"b\"}"),
        ("control", b"\x01\x02\x03"),
    ] {
        out.refused("not-json", variant, "the body must be JSON", body(bytes));
    }
    let whole = "the body must be a complete document";
    out.refused("truncated", "half", whole, damaged(Damage::BodyTruncated(50)));
    out.refused("truncated", "last-byte", whole, damaged(Damage::BodyTruncated(99)));
    out.refused("truncated", "first-byte-only", whole, damaged(Damage::BodyTruncated(1)));
    for (variant, tail) in
        [("word", &b"overstep"[..]), ("brace", b"}"), ("second-document", b"{}"), ("comma", b","), ("nul", b"\0")]
    {
        let damage = Damage::BodySuffixed(tail.to_vec());
        out.refused("trailing", variant, "nothing may follow the document", damaged(damage));
    }
    if needs_something(work) {
        for (variant, bytes) in
            [("list", &b"[]"[..]), ("string", b"\"overstep\""), ("number", b"1"), ("true", b"true"), ("null", b"null")]
        {
            out.refused("not-an-object", variant, "the body must be an object", body(bytes));
        }
        out.refused("empty", "no-body", "a body is required", body(b""));
        out.refused("empty", "spaces", "a body is required", body(b"  \n"));
    }
    if let Some(site) = work.free_text() {
        not_utf8(out, site);
        out.refused("escapes", "raw-control", "control characters must be escaped", in_text(site, b"a\x01b"));
        out.refused("escapes", "bad-escape", "escapes must be valid JSON", in_text(site, b"a\\qb"));
    }
    let number = work.sites.iter().find(|site| {
        site.in_body() && matches!(work.shape(site).kind, Kind::Integer | Kind::Long | Kind::Float | Kind::Double)
    });
    if let Some(site) = number.or_else(|| work.free_text()) {
        for (variant, literal) in [
            ("nan", "NaN"),
            ("infinity", "Infinity"),
            ("leading-zero", "01"),
            ("hex", "0x1"),
            ("plus", "+1"),
            ("point", "1."),
        ] {
            out.refused("number", variant, "numbers must be valid JSON", |sampler| {
                Some(Request::of(sampler.set(site, Value::Raw(literal.to_owned()))))
            });
        }
    }
}
