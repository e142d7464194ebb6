//! overstep against independent servers, which share no code with the product.
//!
//! Faithful servers, in many styles, must give no findings; the mistakes of faulty servers must be found at their place.

#![expect(clippy::disallowed_methods, reason = "tests read files and start the binary")]

use crate::support::command;
mod checks;
mod connect;
mod faulty_servers;
pub mod http;
mod leadlex;
pub mod run;

use checks::Mistake;
use connect::{Connect, EmptyBody, ErrorLocation, Style};
use http::{Framing, HeaderCase, serve};
use leadlex::{CodeLocation, LeadLex};
use run::{check, run_all};

type Faithful = (&'static str, Style, &'static str, &'static [&'static str]);

fn faithful_connects() -> Vec<Faithful> {
    let base_style = Style::default;
    let no_arguments: &[&str] = &[];
    vec![
        ("plain", base_style(), "", no_arguments),
        (
            "header-with-address",
            Style {
                error_location: ErrorLocation::HeaderWithAddress,
                content_type: "application/json; charset=utf-8",
                ..base_style()
            },
            "",
            no_arguments,
        ),
        (
            "header-with-namespace",
            Style {
                error_location: ErrorLocation::HeaderWithNamespace,
                empty_body: EmptyBody::Nothing,
                header_case: HeaderCase::Lower,
                ..base_style()
            },
            "",
            no_arguments,
        ),
        (
            "type-member",
            Style {
                error_location: ErrorLocation::TypeMember,
                content_type: "application/x-amz-json-1.1",
                empty_body: EmptyBody::NothingTyped,
                header_case: HeaderCase::Upper,
                ..base_style()
            },
            "",
            no_arguments,
        ),
        (
            "type-with-namespace",
            Style { error_location: ErrorLocation::TypeWithNamespace, framing: Framing::Chunked, ..base_style() },
            "",
            no_arguments,
        ),
        (
            "code-member",
            Style { error_location: ErrorLocation::CodeMember, framing: Framing::Close, ..base_style() },
            "",
            no_arguments,
        ),
        (
            "everywhere",
            Style {
                error_location: ErrorLocation::Everywhere,
                framing: Framing::Old,
                empty_body: EmptyBody::Nothing,
                ..base_style()
            },
            "",
            no_arguments,
        ),
        (
            "invalid-request",
            Style {
                invalid: "InvalidRequestException",
                counts_keys: true,
                accepts_null: false,
                strict: true,
                ..base_style()
            },
            "",
            no_arguments,
        ),
        ("seeded", Style { seeded: true, ..base_style() }, "", no_arguments),
        (
            "seeded-keys-count",
            Style { seeded: true, counts_keys: true, documented_values_only: true, ..base_style() },
            "",
            no_arguments,
        ),
        (
            "picky",
            Style {
                strict: true,
                accepts_null: false,
                checks_ids: true,
                anchored_patterns: true,
                documented_values_only: true,
                plus_is_space: false,
                ..base_style()
            },
            "",
            no_arguments,
        ),
        (
            "existence-first",
            Style { checks_existence_first: true, auth_status: 401, checks_ids: true, ..base_style() },
            "",
            no_arguments,
        ),
        ("auth-last", Style { auth_last: true, typed_references: true, ..base_style() }, "", no_arguments),
        ("slow", Style { slow: true, ..base_style() }, "", no_arguments),
        ("base-path", Style { base: "/aws/connect", ..base_style() }, "/aws/connect", no_arguments),
        ("base-path-slash", Style { base: "/aws/connect", ..base_style() }, "/aws/connect/", no_arguments),
        (
            "own-contact",
            Style { instance: "my-instance", contact: "my:contact/1", ..base_style() },
            "",
            &["--variable", "InstanceId=my-instance", "--variable", "ContactId=my:contact/1"],
        ),
        (
            "own-contact-seeded",
            Style {
                instance: "i",
                contact: "00000000-aaaa-4000-8000-0000000000c7",
                seeded: true,
                counts_keys: true,
                ..base_style()
            },
            "",
            &["--variable", "InstanceId=i", "--variable", "ContactId=00000000-aaaa-4000-8000-0000000000c7"],
        ),
    ]
}

#[test]
fn faithful_connect_servers_give_no_findings() {
    let failures = run_all(&faithful_connects(), |(name, style, base, arguments)| {
        let port = serve(Connect::new(style.clone(), Mistake::NONE));
        let result = check("connect", port, base, arguments);
        (result.code != 0 || !result.findings().is_empty())
            .then(|| format!("{name}: exit {}\n  {}\n{}", result.code, result.findings().join("\n  "), result.text))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn faithful_leadlexes() -> Vec<(&'static str, leadlex::Style, &'static str, &'static [&'static str])> {
    let base_style = leadlex::Style::default;
    let base = "/functions/v1/api-gateway";
    let no_arguments: &[&str] = &[];
    let at = |code_location| leadlex::Style { code_location, ..base_style() };
    vec![
        ("error.code", base_style(), base, no_arguments),
        ("code", leadlex::Style { status: 201, ..at(CodeLocation::Code) }, base, no_arguments),
        ("error.type", leadlex::Style { unknown_status: 403, ..at(CodeLocation::ErrorType) }, base, no_arguments),
        ("error", leadlex::Style { case_insensitive_scheme: false, ..at(CodeLocation::Error) }, base, no_arguments),
        (
            "type",
            leadlex::Style { content_type: "application/problem+json", seeded: true, ..at(CodeLocation::Type) },
            base,
            no_arguments,
        ),
        (
            "errors",
            leadlex::Style { strict: true, extra_members: true, ..at(CodeLocation::Errors) },
            base,
            no_arguments,
        ),
        (
            "auth-last",
            leadlex::Style { auth_last: true, framing: Framing::Chunked, ..base_style() },
            base,
            no_arguments,
        ),
        (
            "unknown-is-forbidden",
            leadlex::Style {
                unknown_status: 403,
                unknown_code: "insufficient_permissions",
                max_tags: 20,
                ..base_style()
            },
            base,
            no_arguments,
        ),
        ("no-base", leadlex::Style { base: "", framing: Framing::Old, ..base_style() }, "", no_arguments),
        ("base-slash", base_style(), "/functions/v1/api-gateway/", no_arguments),
        (
            "own-contact",
            leadlex::Style { contact: "0f8fad5b-d9cb-469f-a165-70867728950e", full_key: "k-1", ..base_style() },
            base,
            &["--variable", "ContactId=0f8fad5b-d9cb-469f-a165-70867728950e", "--secret", "api_key=k-1"],
        ),
    ]
}

#[test]
fn faithful_leadlex_servers_give_no_findings() {
    let failures = run_all(&faithful_leadlexes(), |(name, style, base, arguments)| {
        let port = serve(LeadLex::new(style.clone(), ""));
        let result = check("leadlex", port, base, arguments);
        (result.code != 0 || !result.findings().is_empty())
            .then(|| format!("{name}: exit {}\n  {}\n{}", result.code, result.findings().join("\n  "), result.text))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn repeated_runs_against_a_faithful_server_give_no_findings() {
    let variables: &[&str] = &["--variable", "InstanceId=i", "--variable", "ContactId=c-1"];
    let style = |counts_keys| Style { instance: "i", contact: "c-1", counts_keys, ..Style::default() };
    let filters: &[&str] =
        &["connect", "op(UpdateContact)&member(References)", "op(UpdateContactAttributes)", "connect"];
    let failures = run_all(&[style(false), style(true)], |style| {
        let port = serve(Connect::new(style.clone(), Mistake::NONE));
        let mut failures = Vec::new();
        for filter in filters {
            let result = check("connect", port, "", &[variables, &["-E", filter]].concat());
            if result.code != 0 {
                failures.push(format!("{filter}: exit {}\n  {}", result.code, result.findings().join("\n  ")));
            }
        }
        (!failures.is_empty()).then(|| failures.join("\n"))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Returns a message if no finding is at the expected place.
fn missing_finding(name: &str, result: &run::RunResult, expected: &str) -> Option<String> {
    let findings = result.findings();
    let is_found = findings.iter().any(|finding| finding.starts_with(expected));
    (result.code != 1 || !is_found).then(|| {
        let first_findings: Vec<&str> = findings.iter().take(6).map(String::as_str).collect();
        format!("{name}: exit {}, nothing at `{expected}`\n  {}", result.code, first_findings.join("\n  "))
    })
}

/// Groups rows that one server can have at once: each has its own place, so that no mistake hides another.
fn group_rows(rows: &'static [faulty_servers::Row]) -> Vec<Vec<faulty_servers::Row>> {
    let mut groups: Vec<(bool, Vec<faulty_servers::Row>)> = Vec::new();
    for row in rows {
        // A mistake in a whole operation would hide those in its members.
        let is_whole_operation = !row.0.contains('.');
        let is_compatible = |group: &&mut (bool, Vec<faulty_servers::Row>)| {
            row.0 != "*"
                && group.0 == is_whole_operation
                && group.1.iter().all(|other| other.0 != row.0 && other.0 != "*")
        };
        match groups.iter_mut().find(is_compatible) {
            Some(group) => group.1.push(*row),
            None => groups.push((is_whole_operation, vec![*row])),
        }
    }
    groups.into_iter().map(|(_, rows)| rows).collect()
}

#[test]
fn faulty_connect_servers_are_detected() {
    let failures = run_all(&group_rows(faulty_servers::CONNECT), |rows| {
        let mistakes: Vec<(&str, &str)> = rows.iter().map(|(place, mistake, _)| (*place, *mistake)).collect();
        let port = serve(Connect::new(Style::default(), Mistake(mistakes.leak())));
        // If all rows are about one operation, the run is limited to it.
        let first = rows[0].2.split(' ').next().unwrap_or_default();
        let filter =
            if rows.iter().all(|row| row.2.starts_with(first)) { format!("op({first})") } else { "connect".into() };
        let result = check("connect", port, "", &["-E", &filter, "--request-timeout", "300ms"]);
        let missed: Vec<String> = rows
            .iter()
            .filter_map(|(place, mistake, expected)| missing_finding(&format!("{place} {mistake}"), &result, expected))
            .collect();
        (!missed.is_empty()).then(|| missed.join("\n"))
    });
    assert!(failures.is_empty(), "{} missed\n{}", failures.len(), failures.join("\n"));
}

/// The page promises 404 for contacts that do not exist, and 400 only for the tags.
#[test]
fn invalid_identifiers_may_be_called_missing() {
    let port = serve(LeadLex::new(leadlex::Style::default(), "odd-id-is-404"));
    let result = check("leadlex", port, "/functions/v1/api-gateway", &[]);
    assert_eq!(result.code, 0, "{}", result.text);
    let is_pattern_case = |event: &&serde_json::Value| event["event"] == "case" && event["constraint"] == "pattern";
    assert!(result.events.iter().filter(is_pattern_case).count() > 3, "{}", result.text);
}

#[test]
fn faulty_leadlex_servers_are_detected() {
    let failures = run_all(faulty_servers::LEADLEX, |(mistake, expected)| {
        let port = serve(LeadLex::new(leadlex::Style::default(), mistake));
        let result = check("leadlex", port, "/functions/v1/api-gateway", &[]);
        missing_finding(mistake, &result, expected)
    });
    assert!(failures.is_empty(), "{} missed\n{}", failures.len(), failures.join("\n"));
}
