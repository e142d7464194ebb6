//! CBOR bodies: malformed ones must be rejected, alternative encodings must not break the server.
//!
//! It never expects that a legal encoding is rejected.
//! [RFC 8949, appendix C](https://www.rfc-editor.org/rfc/rfc8949#appendix-C) defines "well formed", and
//! [Smithy RPC v2 CBOR](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html) the legal encodings.

use super::MARK;
use super::cases::{Cases, body, damaged, member_in_body, needs_something, twice, with_unknown};
use crate::contract::Kind;
use crate::generate::Value;
use crate::generate::case::Damage;
use crate::generate::draft::Request;
use crate::generate::sample::{Change, Sampler};
use crate::generate::site::Site;

pub(super) fn refused(out: &mut Cases<'_, '_>) {
    let work = out.work;
    let Some(member) = member_in_body(work) else { return };
    for (variant, bytes) in [
        ("reserved", &b"\x1c"[..]),
        ("word", b"overstep"),
        ("json", b"{\"a\":1}"),
        ("xml", b"<overstep/>"),
        ("break", b"\xff"),
    ] {
        out.refused("not-cbor", variant, "the body must be CBOR", body(bytes));
    }
    for (variant, share) in [("half", 50), ("last-byte", 99), ("first-byte-only", 1)] {
        let damage = Damage::BodyTruncated(share);
        out.refused("truncated", variant, "the body must be a complete item", |sampler| {
            Some(Request::damaged(sampler.with(&[(&member.path, Change::Touch)]), damage))
        });
    }
    for (variant, tail) in [("second-item", &b"\xa0"[..]), ("nul", b"\0"), ("break", b"\xff"), ("reserved", b"\x1c")] {
        let damage = Damage::BodySuffixed(tail.to_vec());
        out.refused("trailing", variant, "nothing may follow the item", damaged(damage));
    }
    if needs_something(work) {
        for (variant, bytes) in [
            ("list", &b"\x80"[..]),
            ("string", b"\x68overstep"),
            ("bytes", b"\x48overstep"),
            ("number", b"\x01"),
            ("true", b"\xf5"),
            ("null", b"\xf6"),
        ] {
            out.refused("not-an-object", variant, "the body must be a map", body(bytes));
        }
        out.refused("empty", "no-body", "a body is required", body(b""));
    }
    let Some(site) = work.free_text() else { return };
    for (variant, bytes) in [
        ("lone-byte", &b"\x61\xff"[..]),
        ("cut-sequence", b"\x62a\xc3"),
        ("overlong", b"\x62\xc0\xaf"),
        ("encoded-surrogate", b"\x63\xed\xa0\x80"),
    ] {
        out.refused("encoding", variant, "texts must be UTF-8", as_item(site, bytes));
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
        out.refused("item", variant, "every item must be well formed", as_item(site, bytes));
    }
}

pub(super) fn open(out: &mut Cases<'_, '_>) {
    let work = out.work;
    if !work.has_document() {
        return;
    }
    let kind = "content-type";
    for (variant, value) in [("absent", None), ("json", Some("application/json")), ("text", Some("text/plain"))] {
        let damage = Damage::ContentType(value.map(str::to_owned));
        out.open(kind, variant, "another content type", damaged(damage));
    }
    out.open("indefinite", "document", "a map of indefinite length", damaged(Damage::Indefinite));
    let tag = Damage::BodyPrefixed(b"\xd9\xd9\xf7".to_vec());
    out.open("tags", "document", "the self-described CBOR tag", damaged(tag));
    twice(out);
    let unknown = "an undocumented member";
    out.open("unknown-member", "text", unknown, with_unknown(Value::text("overstep")));
    out.open("unknown-member", "null", unknown, with_unknown(Value::Null));
    for depth in [64, 1_000, 20_000] {
        let nested = [vec![0x81; depth], vec![0x01]].concat();
        out.open("deep-nesting", &format!("lists-{depth}"), "very deep nesting", unknown_item(&nested));
    }
    let maps = [b"\xa1\x61a".repeat(1_000), vec![0x01]].concat();
    out.open("deep-nesting", "objects-1000", "very deep nesting", unknown_item(&maps));
    let tags = [vec![0xc6; 1_000], vec![0x01]].concat();
    out.open("deep-nesting", "tags-1000", "very deep nesting", unknown_item(&tags));
    out.open("unknown-member", "simple", unknown, unknown_item(b"\xe0"));
    forms(out);
}

/// Adds values in their alternative CBOR encodings, at the first site of each kind.
fn forms(out: &mut Cases<'_, '_>) {
    let work = out.work;
    let first = |is: &dyn Fn(&Kind) -> bool| {
        work.sites.iter().find(|site| site.in_body() && !site.is_key() && is(&work.shape(site).kind))
    };
    let places = [
        (
            work.free_text(),
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
            first(&|kind| matches!(kind, Kind::Integer | Kind::Long)),
            "number-form",
            &[
                ("long-form", b"\x1b\0\0\0\0\0\0\0\x02"),
                ("half", b"\xf9\x40\x00"),
                ("large", b"\xc2\x41\x02"),
                ("undefined", b"\xf7"),
            ],
        ),
        (
            first(&|kind| matches!(kind, Kind::Float | Kind::Double)),
            "float-form",
            &[("integer", b"\x02"), ("half", b"\xf9\x40\x00"), ("nan", b"\xf9\x7e\x00"), ("single", b"\xfa\x40\0\0\0")],
        ),
        (
            first(&|kind| *kind == Kind::Timestamp),
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
            first(&|kind| *kind == Kind::Blob),
            "bytes-form",
            &[("pieces", b"\x5f\x41a\x41b\xff"), ("text", b"\x62ab"), ("list", b"\x82\x01\x02")],
        ),
        (
            first(&|kind| matches!(kind, Kind::List { .. })),
            "list-form",
            &[("no-length", b"\x9f\xff"), ("long-length", b"\x98\x00"), ("undefined", b"\xf7")],
        ),
    ];
    for (site, kind, variants) in places {
        let Some(site) = site else { continue };
        for (variant, bytes) in variants {
            out.open(kind, variant, "another encoding of a value", as_item(site, bytes));
        }
    }
}

/// Returns the marker as a CBOR item: a text, preceded by its length.
fn mark() -> Vec<u8> {
    [&[0x60 | MARK.len() as u8], MARK.as_bytes()].concat()
}

/// Builds the control's request with these bytes as a member's item.
fn as_item(site: &Site, bytes: &[u8]) -> impl Fn(&Sampler<'_>) -> Option<Request> {
    let damage = Damage::BodyReplaced(mark(), bytes.to_vec());
    move |sampler| Some(Request::damaged(sampler.set(site, Value::text(MARK)), damage.clone()))
}

/// Builds the control's request with these bytes as the item of an undocumented member.
fn unknown_item(bytes: &[u8]) -> impl Fn(&Sampler<'_>) -> Option<Request> + use<> {
    let damage = Damage::BodyReplaced(mark(), bytes.to_vec());
    let with = with_unknown(Value::text(MARK));
    move |sampler| Some(Request { damage: vec![damage.clone()], ..with(sampler)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_length_fits_into_its_initial_byte() {
        assert!(MARK.len() < 24);
        assert_eq!(mark()[0], 0x74);
    }
}
