//! Path segments in exact encodings: encoded once or twice, with slashes or dots, or empty.
//!
//! It never expects a particular meaning of an undocumented segment; those responses are recorded.

use super::Work;
use crate::contract::{Constraint, Operation};
use crate::generate::Value;
use crate::generate::case::{Case, Damage};
use crate::generate::draft::{Aim, Draft, Place, Request};
use crate::generate::sample::Sampler;
use crate::generate::site::Site;

/// Makes an unusual segment from the identifier that belongs there.
type Odd = fn(&str) -> String;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    if !site.is_label() {
        return Vec::new();
    }
    let Some(name) = site.path.top() else { return Vec::new() };
    let label = label_name(work.operation, name, work);
    let own = |sampler: &Sampler<'_>| match sampler.plain().member(name) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let mut out = Vec::new();
    // The same value, with its first character percent-encoded.
    out.extend(send(
        work,
        site,
        "encoded",
        "a percent-encoded character is the character itself",
        Aim::Valid,
        |sampler| {
            let raw = escape_first(&own(sampler)?);
            Some(Request::damaged(sampler.plain(), Damage::RawLabel(label.clone(), raw)))
        },
    ));
    // Encoded twice, it is another value: one that contains a percent sign.
    // If a pattern does not allow the percent sign, that value must be rejected.
    let twice = |aim: Aim| {
        send(work, site, "encoded-twice", "decoded once, not twice", aim, |sampler| {
            let text = own(sampler)?;
            let value = escape_first(&text);
            Some(Request::damaged(
                sampler.set(site, Value::Text(value.clone())),
                Damage::RawLabel(label.clone(), value.replace('%', "%25")),
            ))
        })
    };
    let breaks = || twice(Aim::BreaksBoth(site.path.clone(), Constraint::Pattern, Constraint::Length));
    let case = twice(Aim::Valid);
    out.extend(if case.as_ref().is_some_and(|case| case.unsendable.is_some()) { breaks() } else { case });
    let odd: [(&str, Odd); 13] = [
        ("upper-case", |text| text.to_uppercase()),
        ("plus", |text| format!("{text}+")),
        ("padded", |text| format!("%20{text}%20")),
        ("empty", |_| String::new()),
        ("dot", |_| ".".to_owned()),
        ("dot-dot", |_| "..".to_owned()),
        ("encoded-dots", |_| "%2e%2e".to_owned()),
        ("encoded-slash", |text| format!("{text}%2Fx")),
        ("slash", |text| format!("{text}/")),
        ("bad-escape", |text| format!("{text}%zz")),
        ("lone-percent", |text| format!("{text}%")),
        ("invalid-utf8", |text| format!("{text}%FF")),
        ("nul", |text| format!("{text}%00")),
    ];
    for (variant, raw) in odd {
        let aim = Aim::Silent("the docs don't say what such a segment means");
        out.extend(send(work, site, variant, "a path segment", aim, |sampler| {
            let text = own(sampler)?;
            Some(Request::damaged(sampler.plain(), Damage::RawLabel(label.clone(), raw(&escape(&text)))))
        }));
    }
    out
}

/// Returns the label's name in the route, which is the member's name on the wire.
fn label_name(operation: &Operation, member: &str, work: &Work<'_>) -> String {
    operation
        .input
        .as_ref()
        .and_then(|id| work.planner.contract.shape(id).kind.members())
        .and_then(|members| members.get(member))
        .map_or(member, |found| found.wire_name(member))
        .to_owned()
}

fn send(
    work: &Work<'_>,
    site: &Site,
    variant: &str,
    rule: &str,
    aim: Aim,
    request: impl FnOnce(&Sampler<'_>) -> Option<Request>,
) -> Option<Case> {
    let draft = Draft {
        place: Place::Member(site),
        kind: "segment".to_owned(),
        variant: variant.to_owned(),
        rule: rule.to_owned(),
        source: work.planner.source(None, work.operation),
        aim,
    };
    work.case(draft, request)
}

fn escape_first(text: &str) -> String {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let (first, rest) = text.split_at(first);
    let escaped: String = first.bytes().map(|byte| format!("%{byte:02X}")).collect();
    escaped + &escape(rest)
}

/// Percent-encodes a text for a path segment: everything but ASCII letters, digits and `-._~`.
fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
