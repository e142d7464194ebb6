//! Forms of the query protocols: names, numbers and escapes that servers may read in more than one way.
//!
//! It never expects that a form is rejected, because every text is a form. Missing members and wrong types are covered
//! by `required` and `types`, unknown actions by `envelope`. The rules are those of
//! [AWS query](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).

use crate::case::{Damage, Value};
use crate::contract::{PathSegment, Protocol, ShapeKind};
use crate::generate::case_spec::CaseRequest;
use crate::generate::input_sampler::{InputChange, InputSampler};
use crate::generate::malformed::cases::{MalformedCases, add_duplicate_member, with_text_bytes, with_unknown_member};
use crate::generate::site::InputSite;

pub(super) fn add_unspecified(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    if !context.has_document() {
        return;
    }
    add_duplicate_member(out);
    out.add_unspecified(
        "unknown-member",
        "text",
        "an undocumented member",
        with_unknown_member(Value::text("overstep")),
    );
    for depth in [64, 1_000] {
        out.add_unspecified("deep-nesting", &format!("dots-{depth}"), "very deep nesting", |sampler| {
            let Value::Map(mut members) = sampler.plain_input() else { return None };
            members.insert(format!("OverstepUnknown{}", ".a".repeat(depth)), Value::text("overstep"));
            Some(CaseRequest::new(Value::Map(members)))
        });
    }
    if let Some(site) = context.find_free_text() {
        add_texts(out, site);
    }
    add_numbers(out);
    add_list_items(out);
}

fn add_texts(out: &mut MalformedCases<'_, '_>, site: &InputSite) {
    for (variant, bytes) in
        [("lone-byte", &b"%FF"[..]), ("cut-sequence", b"a%C3"), ("overlong", b"%C0%AF"), ("raw-byte", b"\xff")]
    {
        out.add_unspecified("encoding", variant, "bytes that are not UTF-8", with_text_bytes(site, bytes));
    }
    for (variant, bytes) in [
        ("bad-escape", &b"a%zzb"[..]),
        ("lone-percent", b"a%"),
        ("short-escape", b"a%4"),
        ("plus", b"a+b"),
        ("raw-space", b"a b"),
        ("equals", b"a=b"),
        ("small-letters", b"%c3%a9"),
    ] {
        out.add_unspecified("escapes", variant, "an escape in another form", with_text_bytes(site, bytes));
    }
    out.add_unspecified("control", "nul", "a NUL character", with_text_bytes(site, b"a%00b"));
}

/// Adds numbers in forms that some servers accept.
pub(super) fn add_numbers(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    let number = context.sites.iter().find(|site| {
        site.is_in_body()
            && matches!(
                context.shape(site).kind,
                ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double
            )
    });
    let Some(site) = number else { return };
    for (variant, text) in [
        ("leading-zero", "02"),
        ("plus", "+2"),
        ("hex", "0x2"),
        ("spaces", " 2 "),
        ("nan", "NaN"),
        ("infinity", "Infinity"),
        ("other-digits", "\u{0662}"),
    ] {
        out.add_unspecified("number", variant, "a number in another form", |sampler| {
            Some(CaseRequest::new(sampler.input_with_value(site, Value::text(text))))
        });
    }
}

/// Adds lists whose items have other names than `NAME.member.1`, `NAME.member.2`.
fn add_list_items(out: &mut MalformedCases<'_, '_>) {
    let context = out.context;
    let lists = context.sites.iter().filter(|site| site.is_in_body() && site.path.0.len() == 1);
    let Some(site) = lists.clone().find(|site| matches!(context.shape(site).kind, ShapeKind::List { .. })) else {
        return;
    };
    let Some(name) = site.path.top_member() else { return };
    let item = site.path.join(PathSegment::Item);
    let with = |damage: Damage| {
        let item = &item;
        move |sampler: &InputSampler<'_>| {
            Some(CaseRequest::with_damage(sampler.input_with(&[(item, InputChange::Touch)]), damage))
        }
    };
    for (variant, number) in [
        ("hole", "3"),
        ("zero", "0"),
        ("word", "x"),
        ("negative", "-1"),
        ("leading-zero", "01"),
        ("fraction", "1.5"),
        ("none", ""),
        ("huge", "2147483647"),
        ("beyond-long", "99999999999999999999"),
    ] {
        let damage = Damage::ListNumber(name.to_owned(), number.to_owned());
        out.add_unspecified("list-number", variant, "items are numbered from 1 without gaps", with(damage));
    }
    let reason = "another word before the numbers of a list";
    out.add_unspecified(
        "list-word",
        "other",
        reason,
        with(Damage::ListWord(name.to_owned(), Some("overstep".to_owned()))),
    );
    let is_flattened = context.shape(site).traits.flattened || {
        let members = context.operation.input.as_ref().and_then(|id| context.plan.contract.shape(id).kind.members());
        members.and_then(|members| members.get(name)).is_some_and(|member| member.traits.flattened)
    };
    if context.plan.contract.protocol == Some(Protocol::AwsQuery) && !is_flattened {
        out.add_unspecified("list-word", "none", reason, with(Damage::ListWord(name.to_owned(), None)));
    }
}
