//! XML bodies: malformed ones must be rejected, unusual but well-formed ones must not break the server.
//!
//! It never damages a body of bytes or text. [XML 1.0](https://www.w3.org/TR/xml/#sec-terminology) defines "well
//! formed"; a processor must not continue after a fatal error.

use crate::case::{Damage, Value};
use crate::contract::ShapeKind;
use crate::generate::case_spec::CaseRequest;
use crate::generate::input_sampler::{InputChange, InputSampler};
use crate::generate::malformed::body_format::MARKER;
use crate::generate::malformed::cases::{
    MalformedCases, add_invalid_utf8, has_required_input, with_body, with_text_bytes, with_unknown_member,
};
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;

/// Returns a member that is an element of its own, so that there is a document to damage.
fn find_element<'p>(context: &OperationContext<'p>) -> Option<&'p InputSite> {
    let in_document = |site: &&InputSite| site.is_in_body() && !site.is_key();
    let mut all = context.sites.iter().filter(in_document);
    all.clone().find(|site| site.required).or_else(|| all.next())
}

pub(super) fn add_rejected(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    let Some(site) = find_element(context).filter(|_| context.has_document()) else { return };
    for (variant, bytes) in [
        ("word", &b"overstep"[..]),
        ("open-bracket", b"<"),
        ("json", b"{\"a\":1}"),
        ("form", b"a=1&b=2"),
        ("control", b"\x01\x02\x03"),
        ("end-only", b"</overstep>"),
    ] {
        out.add_rejected("not-xml", variant, "the body must be XML", with_body(bytes));
    }
    let whole = "the body must be a complete document";
    for (variant, share) in [("half", 50), ("last-byte", 99), ("first-byte-only", 1)] {
        out.add_rejected("truncated", variant, whole, with_damage(site, Damage::BodyTruncated(share)));
    }
    for (variant, tail) in [
        ("word", &b"overstep"[..]),
        ("second-root", b"<overstep></overstep>"),
        ("end-tag", b"</overstep>"),
        ("entity", b"&amp;"),
        ("nul", b"\0"),
    ] {
        out.add_rejected(
            "trailing",
            variant,
            "the document must have one root element",
            with_damage(site, Damage::BodySuffixed(tail.into())),
        );
    }
    if has_required_input(context) {
        out.add_rejected("empty", "no-body", "a body is required", with_body(b""));
        out.add_rejected("empty", "spaces", "a body is required", with_body(b"  \n"));
    }
    let Some(site) = context.find_free_text() else { return };
    add_invalid_utf8(out, site);
    for (kind, variant, rule, bytes) in [
        ("tags", "mismatched", "end tags must match their start tags", &b"<overstep></oversteq>"[..]),
        ("tags", "unclosed", "every element must be closed", b"<overstep>"),
        ("tags", "crossed", "elements must be nested", b"<a><b></a></b>"),
        ("tags", "bracket", "`<` must begin a tag", b"a < b"),
        ("tags", "no-name", "a tag must have a name", b"<></>"),
        ("attributes", "unquoted", "attributes must be quoted", b"<a b=c></a>"),
        ("attributes", "twice", "attributes must not be repeated", b"<a b=\"1\" b=\"2\"></a>"),
        ("entities", "undefined", "entities must be defined", b"&overstep;"),
        ("entities", "unended", "an entity must end with a semicolon", b"a&amp b"),
        ("entities", "ampersand", "`&` must begin an entity", b"a & b"),
        ("escapes", "nul", "a character reference must name a valid XML character", b"&#0;"),
        ("escapes", "beyond-unicode", "a character reference must name a valid XML character", b"&#x110000;"),
        ("escapes", "raw-control", "a body must contain only valid XML characters", b"a\x01b"),
        ("cdata", "unended", "a CDATA section must be closed", b"<![CDATA[a"),
        ("comments", "unended", "a comment must be closed", b"<!-- a"),
    ] {
        out.add_rejected(kind, variant, rule, with_text_bytes(site, bytes));
    }
}

pub(super) fn add_unspecified(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    let Some(site) = find_element(context).filter(|_| context.has_document()) else { return };
    let kind = "content-type";
    for (variant, value) in [
        ("absent", None),
        ("text", Some("text/plain")),
        ("json", Some("application/json")),
        ("charset", Some("application/xml; charset=utf-8")),
        ("utf-16", Some("application/xml; charset=utf-16")),
    ] {
        out.add_unspecified(
            kind,
            variant,
            "another content type",
            with_damage(site, Damage::ContentType(value.map(str::to_owned))),
        );
    }
    out.add_unspecified(
        "root",
        "other",
        "another root element",
        with_damage(site, Damage::Root("Overstep".to_owned())),
    );
    for (kind, variant, reason, prefix) in [
        ("bom", "utf-8", "a byte order mark", &b"\xef\xbb\xbf"[..]),
        ("declaration", "utf-8", "a declaration", b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
        ("declaration", "utf-16", "a declaration of another encoding", b"<?xml version=\"1.0\" encoding=\"UTF-16\"?>"),
        (
            "declaration",
            "unknown",
            "a declaration of another encoding",
            b"<?xml version=\"1.0\" encoding=\"overstep\"?>",
        ),
        ("declaration", "version", "another version of XML", b"<?xml version=\"9.9\"?>"),
        ("declaration", "late", "a declaration after a space", b" <?xml version=\"1.0\"?>"),
        ("document-type", "empty", "a document type", b"<!DOCTYPE overstep>"),
        ("comments", "before", "a comment before the document", b"<!-- overstep -->"),
    ] {
        out.add_unspecified(kind, variant, reason, with_damage(site, Damage::BodyPrefixed(prefix.to_vec())));
    }
    out.add_unspecified(
        "comments",
        "after",
        "a comment after the document",
        with_damage(site, Damage::BodySuffixed(b"<!-- -->".into())),
    );
    if let Some(name) = find_element_name(context, site) {
        out.add_unspecified(
            "duplicate-keys",
            "same-value",
            "a member twice",
            with_damage(site, Damage::DuplicateMember(name)),
        );
    }
    let is_body = |site: &&InputSite| site.location == crate::contract::MemberLocation::Body;
    // Next to a payload, there is no place for an undocumented member.
    if context.sites.iter().any(|site| is_body(&site)) {
        out.add_unspecified(
            "unknown-member",
            "text",
            "an undocumented member",
            with_unknown_member(Value::text("overstep")),
        );
        for depth in [64, 1_000, 20_000] {
            let nested = Value::Raw(format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth)));
            out.add_unspecified(
                "deep-nesting",
                &format!("elements-{depth}"),
                "very deep nesting",
                with_unknown_member(nested),
            );
        }
    }
    if let Some(site) = context.find_free_text() {
        add_texts(out, site);
    }
    crate::generate::malformed::form::add_numbers(out);
}

fn add_texts(out: &mut MalformedCases<'_, '_>, site: &InputSite) {
    let escaped: String = MARKER.chars().map(|c| format!("&#x{:X};", c as u32)).collect();
    for (kind, variant, reason, bytes) in [
        ("cdata", "text", "a CDATA section", &b"<![CDATA[overstep]]>"[..]),
        ("cdata", "end-in-text", "the end of a CDATA section in a text", b"a]]>b"),
        ("comments", "in-text", "a comment in a text", b"over<!-- -->step"),
        ("comments", "instruction", "a processing instruction in a text", b"over<?a b?>step"),
        ("escapes", "all-escaped", "every character escaped", escaped.as_bytes()),
        ("escapes", "surrogates", "a surrogate pair as two references", b"&#xD83D;&#xDE00;"),
        ("tags", "element-in-text", "an element in a text", b"over<a></a>step"),
        ("tags", "empty-tag", "an element in a text", b"<a/>"),
        ("tags", "prefixed", "an undeclared namespace prefix", b"<a:b></a:b>"),
    ] {
        out.add_unspecified(kind, variant, reason, with_text_bytes(site, bytes));
    }
    let nested: String =
        (1..5).map(|level| format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10))).collect();
    let nested_entities = format!("<!DOCTYPE o [<!ENTITY e0 \"o\">{nested}]>");
    for (variant, reason, document_type, reference) in [
        ("declared", "an entity that the document defines", "<!DOCTYPE o [<!ENTITY e0 \"overstep\">]>", "&e0;"),
        // Ten thousand letters: a parser that expands them survives, and a response shows that it would expand more.
        ("expanding", "nested entities", nested_entities.as_str(), "&e4;"),
        ("in-itself", "a recursive entity", "<!DOCTYPE o [<!ENTITY e0 \"&e0;\">]>", "&e0;"),
        (
            "external",
            "an external entity",
            "<!DOCTYPE o [<!ENTITY e0 SYSTEM \"file:///nonexistent/overstep\">]>",
            "&e0;",
        ),
    ] {
        let replaced = Damage::BodyReplaced(MARKER.into(), reference.into());
        let prefixed = Damage::BodyPrefixed(document_type.into());
        out.add_unspecified("entities", variant, reason, |sampler| {
            let input = sampler.input_with_value(site, Value::text(MARKER));
            Some(CaseRequest { input, damage: vec![replaced, prefixed], authorization: None })
        });
    }
}

/// Returns the name of the top-level member of the document that contains the site, unless it is a list or a map.
fn find_element_name(context: &OperationContext<'_>, site: &InputSite) -> Option<String> {
    let depth = if site.location == crate::contract::MemberLocation::Payload { 1 } else { 0 };
    let place =
        context.sites.iter().find(|other| other.path.0.len() == depth + 1 && site.path.0.starts_with(&other.path.0));
    let place =
        place.filter(|place| !matches!(context.shape(place).kind, ShapeKind::List { .. } | ShapeKind::Map { .. }))?;
    match place.path.0.last() {
        Some(crate::contract::PathSegment::Member(name)) => Some(name.clone()),
        _ => None,
    }
}

/// Builds the control's request with this member added and one damage.
fn with_damage(site: &InputSite, damage: Damage) -> impl Fn(&InputSampler<'_>) -> Option<CaseRequest> {
    move |sampler| {
        Some(CaseRequest::with_damage(sampler.input_with(&[(&site.path, InputChange::Touch)]), damage.clone()))
    }
}
