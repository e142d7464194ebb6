//! CBOR bodies: malformed ones must be rejected, alternative encodings must not break the server.
//!
//! It never expects that a legal encoding is rejected.
//! [RFC 8949, appendix C](https://www.rfc-editor.org/rfc/rfc8949#appendix-C) defines "well formed", and
//! [Smithy RPC v2 CBOR](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html) the legal encodings.

use crate::case::{Damage, Value};
use crate::contract::ShapeKind;
use crate::generate::case_spec::CaseRequest;
use crate::generate::input_sampler::{InputChange, InputSampler};
use crate::generate::malformed::body_format::MARKER;
use crate::generate::malformed::cases::{
    MalformedCases, add_duplicate_member, find_body_member, has_required_input, with_body, with_damage,
    with_unknown_member,
};
use crate::generate::site::InputSite;

pub(super) fn add_rejected(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    let Some(member) = find_body_member(context) else { return };
    for (variant, bytes) in [
        ("reserved", &b"\x1c"[..]),
        ("word", b"overstep"),
        ("json", b"{\"a\":1}"),
        ("xml", b"<overstep/>"),
        ("break", b"\xff"),
    ] {
        out.add_rejected("not-cbor", variant, "the body must be CBOR", with_body(bytes));
    }
    for (variant, share) in [("half", 50), ("last-byte", 99), ("first-byte-only", 1)] {
        let damage = Damage::BodyTruncated(share);
        out.add_rejected("truncated", variant, "the body must be a complete item", |sampler| {
            Some(CaseRequest::with_damage(sampler.input_with(&[(&member.path, InputChange::Touch)]), damage))
        });
    }
    for (variant, tail) in [("second-item", &b"\xa0"[..]), ("nul", b"\0"), ("break", b"\xff"), ("reserved", b"\x1c")] {
        let damage = Damage::BodySuffixed(tail.to_vec());
        out.add_rejected("trailing", variant, "nothing may follow the item", with_damage(damage));
    }
    if has_required_input(context) {
        for (variant, bytes) in [
            ("list", &b"\x80"[..]),
            ("string", b"\x68overstep"),
            ("bytes", b"\x48overstep"),
            ("number", b"\x01"),
            ("true", b"\xf5"),
            ("null", b"\xf6"),
        ] {
            out.add_rejected("not-an-object", variant, "the body must be a map", with_body(bytes));
        }
        out.add_rejected("empty", "no-body", "a body is required", with_body(b""));
    }
    let Some(site) = context.find_free_text() else { return };
    for (variant, bytes) in [
        ("lone-byte", &b"\x61\xff"[..]),
        ("cut-sequence", b"\x62a\xc3"),
        ("overlong", b"\x62\xc0\xaf"),
        ("encoded-surrogate", b"\x63\xed\xa0\x80"),
    ] {
        out.add_rejected("encoding", variant, "texts must be UTF-8", with_item_bytes(site, bytes));
    }
    for (variant, bytes) in [
        ("reserved-text", &b"\x7c"[..]),
        ("reserved-list", b"\x9d"),
        ("reserved-simple", b"\xfe"),
        ("short-simple", b"\xf8\x18"),
        ("lone-break", b"\xff"),
        ("endless-number", b"\x1f"),
        ("endless-tag", b"\xdf"),
        ("other-piece", b"\x7f\x41a\xff"),
        ("endless-piece", b"\x7f\x7f\x61a\xff\xff"),
        ("no-break", b"\x7f\x61a"),
        ("claimed-text", b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ("claimed-list", b"\x9b\x00\x00\x00\x01\x00\x00\x00\x00"),
        ("odd-map", b"\xbf\x61a\xff"),
    ] {
        out.add_rejected("item", variant, "every item must be well formed", with_item_bytes(site, bytes));
    }
}

pub(super) fn add_unspecified(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    if !context.has_document() {
        return;
    }
    let kind = "content-type";
    for (variant, value) in [("absent", None), ("json", Some("application/json")), ("text", Some("text/plain"))] {
        let damage = Damage::ContentType(value.map(str::to_owned));
        out.add_unspecified(kind, variant, "another content type", with_damage(damage));
    }
    out.add_unspecified("indefinite", "document", "a map of indefinite length", with_damage(Damage::Indefinite));
    let tag = Damage::BodyPrefixed(b"\xd9\xd9\xf7".to_vec());
    out.add_unspecified("tags", "document", "the self-described CBOR tag", with_damage(tag));
    add_duplicate_member(out);
    let unknown = "an undocumented member";
    out.add_unspecified("unknown-member", "text", unknown, with_unknown_member(Value::text("overstep")));
    out.add_unspecified("unknown-member", "null", unknown, with_unknown_member(Value::Null));
    for depth in [64, 1_000, 20_000] {
        let nested = [vec![0x81; depth], vec![0x01]].concat();
        out.add_unspecified("deep-nesting", &format!("lists-{depth}"), "very deep nesting", with_unknown_item(&nested));
    }
    let maps = [b"\xa1\x61a".repeat(1_000), vec![0x01]].concat();
    out.add_unspecified("deep-nesting", "objects-1000", "very deep nesting", with_unknown_item(&maps));
    let tags = [vec![0xc6; 1_000], vec![0x01]].concat();
    out.add_unspecified("deep-nesting", "tags-1000", "very deep nesting", with_unknown_item(&tags));
    out.add_unspecified("unknown-member", "simple", unknown, with_unknown_item(b"\xe0"));
    add_alternative_encodings(out);
}

/// Adds values in their alternative CBOR encodings, at the first site of each kind.
fn add_alternative_encodings(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    let first = |is: &dyn Fn(&ShapeKind) -> bool| {
        context.sites.iter().find(|site| site.is_in_body() && !site.is_key() && is(&context.shape(site).kind))
    };
    let places = [
        (
            context.find_free_text(),
            "text-form",
            &[
                ("pieces", &b"\x7f\x64over\x64step\xff"[..]),
                ("long-length", b"\x78\x08overstep"),
                ("bytes", b"\x48overstep"),
                ("tagged", b"\xd9\xff\xff\x68overstep"),
                ("undefined", b"\xf7"),
                ("nul", b"\x63a\0b"),
            ][..],
        ),
        (
            first(&|kind| matches!(kind, ShapeKind::Integer | ShapeKind::Long)),
            "number-form",
            &[
                ("long-form", b"\x1b\0\0\0\0\0\0\0\x02"),
                ("half", b"\xf9\x40\x00"),
                ("large", b"\xc2\x41\x02"),
                ("undefined", b"\xf7"),
            ],
        ),
        (
            first(&|kind| matches!(kind, ShapeKind::Float | ShapeKind::Double)),
            "float-form",
            &[("integer", b"\x02"), ("half", b"\xf9\x40\x00"), ("nan", b"\xf9\x7e\x00"), ("single", b"\xfa\x40\0\0\0")],
        ),
        (
            first(&|kind| *kind == ShapeKind::Timestamp),
            "moment-form",
            &[
                ("no-tag", b"\x1a\x65\x53\xf1\x00"),
                ("integer", b"\xc1\x1a\x65\x53\xf1\x00"),
                ("date-tag", b"\xc0\x742023-11-14T22:13:20Z"),
                ("text-in-tag", b"\xc1\x61x"),
                ("nan", b"\xc1\xf9\x7e\x00"),
            ],
        ),
        (
            first(&|kind| *kind == ShapeKind::Blob),
            "bytes-form",
            &[("pieces", b"\x5f\x41a\x41b\xff"), ("text", b"\x62ab"), ("list", b"\x82\x01\x02")],
        ),
        (
            first(&|kind| matches!(kind, ShapeKind::List { .. })),
            "list-form",
            &[("no-length", b"\x9f\xff"), ("long-length", b"\x98\x00"), ("undefined", b"\xf7")],
        ),
    ];
    for (site, kind, variants) in places {
        let Some(site) = site else { continue };
        for (variant, bytes) in variants {
            out.add_unspecified(kind, variant, "another encoding of a value", with_item_bytes(site, bytes));
        }
    }
}

/// Returns the marker as a CBOR item: a text, preceded by its length.
fn encoded_marker() -> Vec<u8> {
    [&[0x60 | MARKER.len() as u8], MARKER.as_bytes()].concat()
}

/// Builds the control's request with these bytes as a member's item.
fn with_item_bytes(site: &InputSite, bytes: &[u8]) -> impl Fn(&InputSampler<'_>) -> Option<CaseRequest> {
    let damage = Damage::BodyReplaced(encoded_marker(), bytes.to_vec());
    move |sampler| Some(CaseRequest::with_damage(sampler.input_with_value(site, Value::text(MARKER)), damage.clone()))
}

/// Builds the control's request with these bytes as the item of an undocumented member.
fn with_unknown_item(bytes: &[u8]) -> impl Fn(&InputSampler<'_>) -> Option<CaseRequest> + use<> {
    let damage = Damage::BodyReplaced(encoded_marker(), bytes.to_vec());
    let with = with_unknown_member(Value::text(MARKER));
    move |sampler| Some(CaseRequest { damage: vec![damage.clone()], ..with(sampler)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_length_fits_into_its_initial_byte() {
        assert!(MARKER.len() < 24);
        assert_eq!(encoded_marker()[0], 0x74);
    }
}
