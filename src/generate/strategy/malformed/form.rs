//! Forms of the query protocols: names, numbers and escapes that servers may read in more than one way.
//!
//! It never expects that a form is rejected, because every text is a form. Missing members and wrong types are covered
//! by `required` and `types`, unknown actions by `envelope`. The rules are those of
//! [AWS query](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).

use super::cases::{Cases, in_text, twice, with_unknown};
use crate::contract::{Kind, Protocol, Segment};
use crate::generate::Value;
use crate::generate::case::Damage;
use crate::generate::draft::Request;
use crate::generate::sample::{Change, Sampler};
use crate::generate::site::Site;

pub(super) fn open(out: &mut Cases<'_, '_>) {
    let work = out.work;
    if !work.has_document() {
        return;
    }
    twice(out);
    out.open("unknown-member", "text", "an undocumented member", with_unknown(Value::text("overstep")));
    for depth in [64, 1_000] {
        out.open("deep-nesting", &format!("dots-{depth}"), "very deep nesting", |sampler| {
            let Value::Map(mut members) = sampler.plain() else { return None };
            members.insert(format!("OverstepUnknown{}", ".a".repeat(depth)), Value::text("overstep"));
            Some(Request::of(Value::Map(members)))
        });
    }
    if let Some(site) = work.free_text() {
        texts(out, site);
    }
    numbers(out);
    items(out);
}

fn texts(out: &mut Cases<'_, '_>, site: &Site) {
    for (variant, bytes) in
        [("lone-byte", &b"%FF"[..]), ("cut-sequence", b"a%C3"), ("overlong", b"%C0%AF"), ("raw-byte", b"\xff")]
    {
        out.open("encoding", variant, "bytes that are not UTF-8", in_text(site, bytes));
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
        out.open("escapes", variant, "an escape in another form", in_text(site, bytes));
    }
    out.open("control", "nul", "a NUL character", in_text(site, b"a%00b"));
}

/// Adds numbers in forms that some servers accept.
pub(super) fn numbers(out: &mut Cases<'_, '_>) {
    let work = out.work;
    let number = work.sites.iter().find(|site| {
        site.in_body() && matches!(work.shape(site).kind, Kind::Integer | Kind::Long | Kind::Float | Kind::Double)
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
        out.open("number", variant, "a number in another form", |sampler| {
            Some(Request::of(sampler.set(site, Value::text(text))))
        });
    }
}

/// Adds lists whose items have other names than `NAME.member.1`, `NAME.member.2`.
fn items(out: &mut Cases<'_, '_>) {
    let work = out.work;
    let lists = work.sites.iter().filter(|site| site.in_body() && site.path.0.len() == 1);
    let Some(site) = lists.clone().find(|site| matches!(work.shape(site).kind, Kind::List { .. })) else { return };
    let Some(name) = site.path.top() else { return };
    let item = site.path.then(Segment::Item);
    let with = |damage: Damage| {
        let item = &item;
        move |sampler: &Sampler<'_>| Some(Request::damaged(sampler.with(&[(item, Change::Touch)]), damage))
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
        out.open("list-number", variant, "items are numbered from 1 without gaps", with(damage));
    }
    let reason = "another word before the numbers of a list";
    out.open("list-word", "other", reason, with(Damage::ListWord(name.to_owned(), Some("overstep".to_owned()))));
    let is_flattened = work.shape(site).traits.flattened || {
        let members = work.operation.input.as_ref().and_then(|id| work.planner.contract.shape(id).kind.members());
        members.and_then(|members| members.get(name)).is_some_and(|member| member.traits.flattened)
    };
    if work.planner.contract.protocol == Some(Protocol::AwsQuery) && !is_flattened {
        out.open("list-word", "none", reason, with(Damage::ListWord(name.to_owned(), None)));
    }
}
