//! overstep against servers that nobody of overstep's had a hand in: none shares a line with the product.
//!
//! Faithful ones, in many styles, must give no finding; wrong ones must be found at the right place.

#![expect(clippy::disallowed_methods, reason = "a test may look at files and start what it tests")]

use crate::support::command;
mod checks;
mod connect;
pub mod http;
mod leadlex;
mod run;
mod wrong;

use checks::Mistake;
use connect::{Connect, EmptyAs, ErrorAt, Style};
use http::{Framing, Letters, serve};
use leadlex::{CodeAt, LeadLex};
use run::{check, each};

type Faithful = (&'static str, Style, &'static str, &'static [&'static str]);

fn faithful_connects() -> Vec<Faithful> {
    let plain = Style::default;
    let none: &[&str] = &[];
    vec![
        ("plain", plain(), "", none),
        (
            "header-with-address",
            Style { error_at: ErrorAt::HeaderWithAddress, content_type: "application/json; charset=utf-8", ..plain() },
            "",
            none,
        ),
        (
            "header-with-namespace",
            Style {
                error_at: ErrorAt::HeaderWithNamespace,
                empty_as: EmptyAs::Nothing,
                letters: Letters::Lower,
                ..plain()
            },
            "",
            none,
        ),
        (
            "type-member",
            Style {
                error_at: ErrorAt::TypeMember,
                content_type: "application/x-amz-json-1.1",
                empty_as: EmptyAs::NothingTyped,
                letters: Letters::Upper,
                ..plain()
            },
            "",
            none,
        ),
        (
            "type-with-namespace",
            Style { error_at: ErrorAt::TypeWithNamespace, framing: Framing::Chunked, ..plain() },
            "",
            none,
        ),
        ("code-member", Style { error_at: ErrorAt::CodeMember, framing: Framing::Close, ..plain() }, "", none),
        (
            "everywhere",
            Style { error_at: ErrorAt::Everywhere, framing: Framing::Old, empty_as: EmptyAs::Nothing, ..plain() },
            "",
            none,
        ),
        (
            "invalid-request",
            Style { invalid: "InvalidRequestException", keys_count: true, null_ok: false, picky: true, ..plain() },
            "",
            none,
        ),
        ("seeded", Style { seeded: true, ..plain() }, "", none),
        ("seeded-keys-count", Style { seeded: true, keys_count: true, pages_only: true, ..plain() }, "", none),
        (
            "picky",
            Style {
                picky: true,
                null_ok: false,
                checks_ids: true,
                address_whole: true,
                pages_only: true,
                plus_is_space: false,
                ..plain()
            },
            "",
            none,
        ),
        ("existence-first", Style { exists_first: true, auth_status: 401, checks_ids: true, ..plain() }, "", none),
        ("auth-last", Style { auth_last: true, typed_references: true, ..plain() }, "", none),
        ("slow", Style { slow: true, ..plain() }, "", none),
        ("base-path", Style { base: "/aws/connect", ..plain() }, "/aws/connect", none),
        ("base-path-slash", Style { base: "/aws/connect", ..plain() }, "/aws/connect/", none),
        (
            "own-contact",
            Style { instance: "my-instance", contact: "my:contact/1", ..plain() },
            "",
            &["--variable", "InstanceId=my-instance", "--variable", "ContactId=my:contact/1"],
        ),
        (
            "own-contact-seeded",
            Style {
                instance: "i",
                contact: "00000000-aaaa-4000-8000-0000000000c7",
                seeded: true,
                keys_count: true,
                ..plain()
            },
            "",
            &["--variable", "InstanceId=i", "--variable", "ContactId=00000000-aaaa-4000-8000-0000000000c7"],
        ),
    ]
}

#[test]
fn faithful_connect_servers_give_no_findings() {
    let wrong = each(&faithful_connects(), |(name, style, base, more)| {
        let port = serve(Connect::new(style.clone(), Mistake::NONE));
        let ran = check("connect", port, base, more);
        (ran.code != 0 || !ran.findings().is_empty())
            .then(|| format!("{name}: exit {}\n  {}\n{}", ran.code, ran.findings().join("\n  "), ran.text))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn faithful_leadlexes() -> Vec<(&'static str, leadlex::Style, &'static str, &'static [&'static str])> {
    let plain = leadlex::Style::default;
    let base = "/functions/v1/api-gateway";
    let none: &[&str] = &[];
    let at = |code_at| leadlex::Style { code_at, ..plain() };
    vec![
        ("error.code", plain(), base, none),
        ("code", leadlex::Style { status: 201, ..at(CodeAt::Code) }, base, none),
        ("error.type", leadlex::Style { unknown_status: 403, ..at(CodeAt::ErrorType) }, base, none),
        ("error", leadlex::Style { any_case_scheme: false, ..at(CodeAt::Error) }, base, none),
        (
            "type",
            leadlex::Style { content_type: "application/problem+json", seeded: true, ..at(CodeAt::Type) },
            base,
            none,
        ),
        ("errors", leadlex::Style { picky: true, more_members: true, ..at(CodeAt::Errors) }, base, none),
        ("auth-last", leadlex::Style { auth_last: true, framing: Framing::Chunked, ..plain() }, base, none),
        (
            "unknown-is-forbidden",
            leadlex::Style { unknown_status: 403, unknown_code: "insufficient_permissions", most_tags: 20, ..plain() },
            base,
            none,
        ),
        ("no-base", leadlex::Style { base: "", framing: Framing::Old, ..plain() }, "", none),
        ("base-slash", plain(), "/functions/v1/api-gateway/", none),
        (
            "own-contact",
            leadlex::Style { contact: "0f8fad5b-d9cb-469f-a165-70867728950e", full: "k-1", ..plain() },
            base,
            &["--variable", "ContactId=0f8fad5b-d9cb-469f-a165-70867728950e", "--secret", "api_key=k-1"],
        ),
    ]
}

#[test]
fn faithful_leadlex_servers_give_no_findings() {
    let wrong = each(&faithful_leadlexes(), |(name, style, base, more)| {
        let port = serve(LeadLex::new(style.clone(), ""));
        let ran = check("leadlex", port, base, more);
        (ran.code != 0 || !ran.findings().is_empty())
            .then(|| format!("{name}: exit {}\n  {}\n{}", ran.code, ran.findings().join("\n  "), ran.text))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_server_that_has_seen_it_all_gives_no_findings_either() {
    let own: &[&str] = &["--variable", "InstanceId=i", "--variable", "ContactId=c-1"];
    let style = |keys_count| Style { instance: "i", contact: "c-1", keys_count, ..Style::default() };
    let all: &[&str] = &["connect", "op(UpdateContact)&member(References)", "op(UpdateContactAttributes)", "connect"];
    let wrong = each(&[style(false), style(true)], |style| {
        let port = serve(Connect::new(style.clone(), Mistake::NONE));
        let mut wrong = Vec::new();
        for filter in all {
            let ran = check("connect", port, "", &[own, &["-E", filter]].concat());
            if ran.code != 0 {
                wrong.push(format!("{filter}: exit {}\n  {}", ran.code, ran.findings().join("\n  ")));
            }
        }
        (!wrong.is_empty()).then(|| wrong.join("\n"))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// `None` where a finding stands at the expected place.
fn found_at(name: &str, ran: &run::Ran, expected: &str) -> Option<String> {
    let found = ran.findings();
    let hit = found.iter().any(|finding| finding.starts_with(expected));
    (ran.code != 1 || !hit).then(|| {
        let shown: Vec<&str> = found.iter().take(6).map(String::as_str).collect();
        format!("{name}: exit {}, nothing at `{expected}`\n  {}", ran.code, shown.join("\n  "))
    })
}

/// Rows that one server can have at once: each at a place of its own, so that none hides another.
fn together(rows: &'static [wrong::Row]) -> Vec<Vec<wrong::Row>> {
    let mut groups: Vec<(bool, Vec<wrong::Row>)> = Vec::new();
    for row in rows {
        // A mistake of a whole operation would hide those of its members.
        let whole = !row.0.contains('.');
        let free = |group: &&mut (bool, Vec<wrong::Row>)| {
            row.0 != "*" && group.0 == whole && group.1.iter().all(|other| other.0 != row.0 && other.0 != "*")
        };
        match groups.iter_mut().find(free) {
            Some(group) => group.1.push(*row),
            None => groups.push((whole, vec![*row])),
        }
    }
    groups.into_iter().map(|(_, rows)| rows).collect()
}

#[test]
fn wrong_connect_servers_are_found() {
    let wrong = each(&together(wrong::CONNECT), |rows| {
        let mistakes: Vec<(&str, &str)> = rows.iter().map(|(place, what, _)| (*place, *what)).collect();
        let port = serve(Connect::new(Style::default(), Mistake(mistakes.leak())));
        // Where all rows are about one operation, the others are left out.
        let first = rows[0].2.split(' ').next().unwrap_or_default();
        let filter =
            if rows.iter().all(|row| row.2.starts_with(first)) { format!("op({first})") } else { "connect".into() };
        let ran = check("connect", port, "", &["-E", &filter, "--request-timeout", "300ms"]);
        let missed: Vec<String> = rows
            .iter()
            .filter_map(|(place, what, expected)| found_at(&format!("{place} {what}"), &ran, expected))
            .collect();
        (!missed.is_empty()).then(|| missed.join("\n"))
    });
    assert!(wrong.is_empty(), "{} missed\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn wrong_leadlex_servers_are_found() {
    let wrong = each(wrong::LEADLEX, |(what, expected)| {
        let port = serve(LeadLex::new(leadlex::Style::default(), what));
        let ran = check("leadlex", port, "/functions/v1/api-gateway", &[]);
        found_at(what, &ran, expected)
    });
    assert!(wrong.is_empty(), "{} missed\n{}", wrong.len(), wrong.join("\n"));
}
