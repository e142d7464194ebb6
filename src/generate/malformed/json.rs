//! JSON bodies that every parser must reject: not JSON, incomplete, not an object, or not UTF-8.
//!
//! It never damages a body that is not a JSON document, such as a payload of bytes or text.

use crate::case::{Damage, LenientSyntax, Value};
use crate::contract::{MemberLocation, ShapeKind};
use crate::generate::case_spec::CaseRequest;
use crate::generate::input_sampler::InputChange;
use crate::generate::malformed::cases::{
    MalformedCases, add_invalid_utf8, find_body_member, has_required_input, with_body, with_damage, with_text_bytes,
};
use crate::generate::operation_context::OperationContext;

/// Returns true if no body but an object is valid: the whole body may be a list, or any value.
fn only_takes_objects(context: &OperationContext<'_>) -> bool {
    let whole = context.sites.iter().find(|site| site.location == MemberLocation::Payload && site.path.0.len() == 1);
    whole.is_none_or(|site| {
        let shape = context.shape(site);
        let is_object =
            matches!(shape.kind, ShapeKind::Structure { .. } | ShapeKind::Union { .. } | ShapeKind::Map { .. });
        is_object && !shape.open && !shape.nullable
    })
}

/// Adds a valid request in each syntax that only lenient parsers read.
fn add_lenient_syntax(out: &mut MalformedCases<'_, '_>) {
    let Some(site) = find_body_member(out.context) else { return };
    for (variant, rule, syntax) in [
        ("single-quotes", "strings must be in double quotes", LenientSyntax::SingleQuotes),
        ("bare-key", "names of members must be in double quotes", LenientSyntax::BareNames),
        ("trailing-comma", "no comma may follow the last member", LenientSyntax::TrailingComma),
        ("block-comment", "JSON has no comments", LenientSyntax::BlockComment),
        ("line-comment", "JSON has no comments", LenientSyntax::LineComment),
    ] {
        out.add_rejected("not-json", variant, rule, |sampler| {
            let input = sampler.input_with(&[(&site.path, InputChange::Touch)]);
            Some(CaseRequest::with_damage(input, Damage::LenientJson(syntax)))
        });
    }
}

pub(super) fn add_rejected(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    if !context.has_document() {
        return;
    }
    for (variant, bytes) in [
        ("word", &b"overstep"[..]),
        ("brace", b"{"),
        ("xml", b"<overstep/>"),
        ("form", b"a=1&b=2"),
        ("control", b"\x01\x02\x03"),
    ] {
        out.add_rejected("not-json", variant, "the body must be JSON", with_body(bytes));
    }
    add_lenient_syntax(out);
    let whole = "the body must be a complete document";
    out.add_rejected("truncated", "half", whole, with_damage(Damage::BodyTruncated(50)));
    out.add_rejected("truncated", "last-byte", whole, with_damage(Damage::BodyTruncated(99)));
    out.add_rejected("truncated", "first-byte-only", whole, with_damage(Damage::BodyTruncated(1)));
    for (variant, tail) in
        [("word", &b"overstep"[..]), ("brace", b"}"), ("second-document", b"{}"), ("comma", b","), ("nul", b"\0")]
    {
        let damage = Damage::BodySuffixed(tail.to_vec());
        out.add_rejected("trailing", variant, "nothing may follow the document", with_damage(damage));
    }
    if has_required_input(context) {
        let others: &[(&str, &[u8])] =
            &[("list", b"[]"), ("string", b"\"overstep\""), ("number", b"1"), ("true", b"true"), ("null", b"null")];
        for (variant, bytes) in others.iter().filter(|_| only_takes_objects(context)) {
            out.add_rejected("not-an-object", variant, "the body must be an object", with_body(bytes));
        }
        out.add_rejected("empty", "no-body", "a body is required", with_body(b""));
        out.add_rejected("empty", "spaces", "a body is required", with_body(b"  \n"));
    }
    if let Some(site) = context.find_free_text() {
        add_invalid_utf8(out, site);
        out.add_rejected(
            "escapes",
            "raw-control",
            "control characters must be escaped",
            with_text_bytes(site, b"a\x01b"),
        );
        out.add_rejected("escapes", "bad-escape", "escapes must be valid JSON", with_text_bytes(site, b"a\\qb"));
    }
    let number = context.sites.iter().find(|site| {
        site.is_in_body()
            && matches!(
                context.shape(site).kind,
                ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double
            )
    });
    if let Some(site) = number.or_else(|| context.find_free_text()) {
        for (variant, literal) in [
            ("nan", "NaN"),
            ("infinity", "Infinity"),
            ("leading-zero", "01"),
            ("hex", "0x1"),
            ("plus", "+1"),
            ("point", "1."),
        ] {
            out.add_rejected("number", variant, "numbers must be valid JSON", |sampler| {
                Some(CaseRequest::new(sampler.input_with_value(site, Value::Raw(literal.to_owned()))))
            });
        }
    }
}
