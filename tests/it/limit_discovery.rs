//! What a run reports besides verdicts: actual limits of the endpoint, precedence between two errors, and coverage.

use crate::served;
use served::{ReferenceServer, check};
use std::collections::BTreeMap;

/// Returns the limits that findings about an operation report, by member and constraint.
fn discovered_limits(fault: &str, operation: &str) -> BTreeMap<String, String> {
    let server = ReferenceServer::start("connect", &[fault]);
    let output = check("connect", &server.url, &["-E", &format!("op({operation})")]);
    assert_eq!(output.code, 1, "{}", output.text);
    let part = |event: &serde_json::Value, name: &str| event[name].as_str().unwrap_or("-").to_owned();
    output
        .of("finding")
        .into_iter()
        .map(|event| (format!("{}/{}", part(event, "member"), part(event, "constraint")), part(event, "learnt")))
        .collect()
}

#[test]
fn actual_limit_is_discovered() {
    for (fault, operation, place, expected) in [
        (
            "TagContact.Tags(value).length.max+1",
            "TagContact",
            "Tags{value}/length",
            "accepts up to 257 characters, rejects 258",
        ),
        (
            "TagContact.Tags(value).length.max-1",
            "TagContact",
            "Tags{value}/length",
            "accepts up to 255 characters, rejects 256",
        ),
        (
            "TagContact.Tags.length.max.dropped",
            "TagContact",
            "Tags/length",
            "accepts 2000 entries (the largest size tried)",
        ),
        ("UntagContact.TagKeys.length.max-1", "UntagContact", "TagKeys/length", "accepts up to 5 items, rejects 6"),
        ("TagContact.ContactId.length.min+1", "TagContact", "ContactId/length", "-"),
        ("TagContact.Tags(value).length.max.in-bytes", "TagContact", "Tags{value}/length", "-"),
        ("TagContact.Tags(key).pattern.dropped", "TagContact", "Tags{key}/pattern", "accepts all 83 violating values"),
    ] {
        let limits = discovered_limits(fault, operation);
        let limit = limits.get(place).unwrap_or_else(|| panic!("{fault}: {limits:?}"));
        assert_eq!(limit, expected, "{fault}");
    }
}

#[test]
fn error_precedence_is_recorded_without_a_verdict() {
    let server = ReferenceServer::start("leadlex", &[]);
    let output = check("leadlex", &server.url, &["-E", "*/pair/*"]);
    assert_eq!(output.code, 0, "{}", output.text);
    let verdicts: BTreeMap<&str, (&str, u64)> = output
        .of("case")
        .into_iter()
        .filter_map(|case| {
            let id = case["id"].as_str()?.strip_prefix("leadlex/AddTagsToContact/pair/")?;
            Some((id, (case["verdict"].as_str()?, case["observed"]["status"].as_u64()?)))
        })
        .collect();
    // An invalid identifier may be called missing, so even here two errors are documented.
    assert_eq!(verdicts.get("required+pattern/tags+id"), Some(&("unspecified", 400)), "{verdicts:?}");
    assert_eq!(verdicts.get("auth+missing/no-header+id"), Some(&("unspecified", 401)));
    assert_eq!(verdicts.get("required+missing/tags+id"), Some(&("unspecified", 400)));
    assert!(verdicts.len() > 12);

    let more = check("leadlex", &server.url, &["-E", "*/pair/*", "--level", "exhaustive"]);
    assert!(more.of("case").len() > verdicts.len(), "{}", more.text);

    // A server that checks credentials last responds differently, which is no finding.
    let last = ReferenceServer::start("leadlex", &["AddTagsToContact.auth.last"]);
    let other = check("leadlex", &last.url, &["-E", "*/pair/auth+required/*"]);
    assert_eq!((other.code, other.of("case")[0]["observed"]["status"].as_u64()), (0, Some(400)), "{}", other.text);

    // Accepting a request with two violations is a finding.
    let ok = ReferenceServer::start("leadlex", &["AddTagsToContact.requests.always-ok"]);
    let broken = check("leadlex", &ok.url, &["-E", "*/pair/*"]);
    assert_eq!(broken.code, 1);
    assert!(broken.of("case").iter().all(|case| case["verdict"] == "diverges"), "{}", broken.text);
}

#[test]
fn coverage_counts_reached_constraints_and_lists_untestable_errors() {
    let server = ReferenceServer::start("connect", &[]);
    let output = check("connect", &server.url, &[]);
    let rows = &output.of("summary")[0]["coverage"]["operations"];
    let row = rows
        .as_array()
        .expect("JSON array")
        .iter()
        .find(|row| row["operation"] == "TagContact")
        .expect("row of the operation");
    for part in ["limits", "members", "laws", "constraints"] {
        let (reached, of) = (row[part][0].as_u64(), row[part][1].as_u64());
        assert!(reached > Some(0) && reached <= of, "{part}: {row}");
    }
    let unprovokable = row["unprovokable"].as_array().expect("JSON array");
    let reason = |error: &str| unprovokable.iter().find(|one| one["error"] == error).map(|one| one["why"].clone());
    assert_eq!(reason("ThrottlingException"), Some("needs rate limiting".into()));
    assert_eq!(reason("InternalServiceException"), Some("needs a server failure".into()));
    assert!(output.text.contains("not testable"), "{}", output.text);

    // A partial run does not list untestable errors.
    let part = check("connect", &server.url, &["-E", "*/valid/control/*"]);
    assert!(!part.text.contains("not testable"), "{}", part.text);
    assert_eq!(part.of("summary")[0]["coverage"]["operations"][0]["unprovokable"], serde_json::json!([]));

    // Cases without a response count as not reached.
    let server = ReferenceServer::start("connect", &["TagContact.delivery.hangs-on-violation"]);
    let quick = ["-E", "op(TagContact) & member(Tags) & constraint(length)", "--request-timeout", "200ms"];
    let some = check("connect", &server.url, &quick);
    let limits = &some.of("summary")[0]["coverage"]["operations"][0]["limits"];
    assert!(limits[0].as_u64() < limits[1].as_u64(), "{limits} {}", some.text);
}
