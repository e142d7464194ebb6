//! Bodies that no reader may take: not JSON, not whole, not an object, not UTF-8.

use super::Work;
use crate::contract::{Kind, Rule};
use crate::generate::Value;
use crate::generate::case::{Case, Damage};
use crate::generate::draft::{Aim, Request};
use crate::generate::sample::Sampler;

/// Replaced by bytes that no text can hold, after encoding.
pub(super) const MARK: &str = "overstepMARKoverstep";

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    if !work.has_body() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut add = |kind: &str, variant: &str, rule: &str, request: &dyn Fn(&Sampler<'_>) -> Option<Request>| {
        out.extend(work.of_class("malformed", kind, variant, rule, Aim::Malformed, request));
    };
    let damaged = |damage: Damage| move |sampler: &Sampler<'_>| Some(Request::damaged(sampler.plain(), damage.clone()));
    let body = |bytes: &[u8]| damaged(Damage::Body(bytes.to_vec()));
    for (variant, bytes) in [
        ("word", &b"overstep"[..]),
        ("brace", b"{"),
        ("xml", b"<overstep/>"),
        ("form", b"a=1&b=2"),
        ("single-quotes", b"{'a':'b'}"),
        ("bare-key", b"{a:\"b\"}"),
        ("control", b"\x01\x02\x03"),
    ] {
        add("not-json", variant, "the body is JSON", &body(bytes));
    }
    add("truncated", "half", "the body is a whole document", &damaged(Damage::BodyTruncated(50)));
    add("truncated", "last-byte", "the body is a whole document", &damaged(Damage::BodyTruncated(99)));
    add("truncated", "first-byte-only", "the body is a whole document", &damaged(Damage::BodyTruncated(1)));
    for (variant, tail) in
        [("word", &b"overstep"[..]), ("brace", b"}"), ("second-document", b"{}"), ("comma", b","), ("nul", b"\0")]
    {
        add("trailing", variant, "nothing follows the document", &damaged(Damage::BodySuffixed(tail.to_vec())));
    }
    if needs_something(work) {
        for (variant, bytes) in
            [("list", &b"[]"[..]), ("string", b"\"overstep\""), ("number", b"1"), ("true", b"true"), ("null", b"null")]
        {
            add("not-an-object", variant, "the body is an object", &body(bytes));
        }
        add("empty", "no-body", "a body is required", &body(b""));
        add("empty", "spaces", "a body is required", &body(b"  \n"));
    }
    if let Some(site) = work.free_text() {
        let replaced = |bytes: &[u8]| {
            let damage = Damage::BodyReplaced(MARK.as_bytes().to_vec(), bytes.to_vec());
            move |sampler: &Sampler<'_>| Some(Request::damaged(sampler.set(site, Value::text(MARK)), damage.clone()))
        };
        for (variant, bytes) in [
            ("lone-byte", &b"\xff"[..]),
            ("cut-sequence", b"a\xc3"),
            ("overlong", b"\xc0\xaf"),
            ("encoded-surrogate", b"\xed\xa0\x80"),
        ] {
            add("encoding", variant, "the body is UTF-8", &replaced(bytes));
        }
        add("escapes", "raw-control", "control characters are escaped", &replaced(b"a\x01b"));
        add("escapes", "bad-escape", "escapes are JSON's", &replaced(b"a\\qb"));
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
            add("number", variant, "numbers are JSON's", &|sampler| {
                Some(Request::of(sampler.set(site, Value::Raw(literal.to_owned()))))
            });
        }
    }
    out
}

/// Whether an empty input would break something, so that a body without an object cannot be taken for one.
fn needs_something(work: &Work<'_>) -> bool {
    let required = work.sites.iter().any(|site| site.in_body() && site.required && site.path.0.len() == 1);
    let rules = work.operation.input.as_ref().map(|id| &work.planner.contract.shape(id).rules);
    required || rules.is_some_and(|rules| rules.iter().any(|rule| matches!(rule, Rule::AtLeastOneOf { .. })))
}
