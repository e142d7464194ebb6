//! What a run says beyond its verdicts: the limits that an endpoint has in place of the documented ones, which
//! of two errors wins, and what was reached of what could be.

use crate::served;
use served::{Served, check};
use std::collections::BTreeMap;

/// What the findings about an operation have learnt, by member and constraint.
fn learnt(fault: &str, operation: &str) -> BTreeMap<String, String> {
    let server = Served::start("connect", &[fault]);
    let ran = check("connect", &server.url, &["-E", &format!("op({operation})")]);
    assert_eq!(ran.code, 1, "{}", ran.text);
    let part = |event: &serde_json::Value, name: &str| event[name].as_str().unwrap_or("-").to_owned();
    ran.of("finding")
        .into_iter()
        .map(|event| (format!("{}/{}", part(event, "member"), part(event, "constraint")), part(event, "learnt")))
        .collect()
}

#[test]
fn the_limit_that_is_enforced_instead_is_found_and_said() {
    const SEEMS: &str = "the documented constraint seems not to be what this endpoint enforces";
    for (fault, operation, place, words) in [
        (
            "TagContact.Tags(value).length.max+1",
            "TagContact",
            "Tags{value}/length",
            "accepts up to 257 characters, rejects from 258",
        ),
        (
            "TagContact.Tags(value).length.max-1",
            "TagContact",
            "Tags{value}/length",
            "accepts up to 255 characters, rejects from 256",
        ),
        ("TagContact.Tags.length.max.dropped", "TagContact", "Tags/length", "accepts at least 2000 entries"),
        (
            "UntagContact.TagKeys.length.max-1",
            "UntagContact",
            "TagKeys/length",
            "accepts up to 5 items, rejects from 6",
        ),
        ("TagContact.ContactId.length.min+1", "TagContact", "ContactId/length", "-"),
        ("TagContact.Tags(value).length.max.in-bytes", "TagContact", "Tags{value}/length", "-"),
        (
            "TagContact.Tags(key).pattern.dropped",
            "TagContact",
            "Tags{key}/pattern",
            "accepts all 70 values that break it",
        ),
    ] {
        let found = learnt(fault, operation);
        let said = found.get(place).unwrap_or_else(|| panic!("{fault}: {found:?}"));
        let due = if words == "-" { words.to_owned() } else { format!("{SEEMS}: {words}") };
        assert_eq!(*said, due, "{fault}");
    }
}

#[test]
fn which_of_two_errors_wins_is_recorded_and_never_judged() {
    let server = Served::start("leadlex", &[]);
    let ran = check("leadlex", &server.url, &["-E", "*/pair/*"]);
    assert_eq!(ran.code, 0, "{}", ran.text);
    let verdicts: BTreeMap<&str, (&str, u64)> = ran
        .of("case")
        .into_iter()
        .filter_map(|case| {
            let id = case["id"].as_str()?.strip_prefix("leadlex/AddTagsToContact/pair/")?;
            Some((id, (case["verdict"].as_str()?, case["observed"]["status"].as_u64()?)))
        })
        .collect();
    // Two refusals for one reason are as documented whichever comes first.
    assert_eq!(verdicts.get("required+pattern/tags+id"), Some(&("pass", 400)), "{verdicts:?}");
    assert_eq!(verdicts.get("auth+missing/no-header+id"), Some(&("unspecified", 401)));
    assert_eq!(verdicts.get("required+missing/tags+id"), Some(&("unspecified", 400)));
    assert!(verdicts.len() > 12);

    let more = check("leadlex", &server.url, &["-E", "*/pair/*", "--level", "exhaustive"]);
    assert!(more.of("case").len() > verdicts.len(), "{}", more.text);

    // A server that asks for proof only after everything else answers such pairs otherwise; nothing is broken.
    let last = Served::start("leadlex", &["AddTagsToContact.auth.last"]);
    let other = check("leadlex", &last.url, &["-E", "*/pair/auth+required/*"]);
    assert_eq!((other.code, other.of("case")[0]["observed"]["status"].as_u64()), (0, Some(400)), "{}", other.text);

    // Accepting what is wrong twice is a finding like any other.
    let ok = Served::start("leadlex", &["AddTagsToContact.requests.always-ok"]);
    let broken = check("leadlex", &ok.url, &["-E", "*/pair/*"]);
    assert_eq!(broken.code, 1);
    assert!(broken.of("case").iter().all(|case| case["verdict"] == "diverges"), "{}", broken.text);
}

#[test]
fn coverage_counts_what_was_reached_and_says_what_no_case_can_provoke() {
    let server = Served::start("connect", &[]);
    let ran = check("connect", &server.url, &[]);
    let rows = &ran.of("summary")[0]["coverage"]["operations"];
    let row = rows.as_array().expect("a list").iter().find(|row| row["operation"] == "TagContact").expect("a row");
    for part in ["limits", "members", "laws", "constraints"] {
        let (reached, of) = (row[part][0].as_u64(), row[part][1].as_u64());
        assert!(reached > Some(0) && reached <= of, "{part}: {row}");
    }
    let unprovokable = row["unprovokable"].as_array().expect("a list");
    let why = |error: &str| unprovokable.iter().find(|one| one["error"] == error).map(|one| one["why"].clone());
    assert_eq!(why("ThrottlingException"), Some("only too many requests bring it".into()));
    assert_eq!(why("InternalServiceException"), Some("only a failure of the server brings it".into()));
    assert!(ran.text.contains("no case can provoke"), "{}", ran.text);

    // A part of a plan says nothing about what no case can do.
    let part = check("connect", &server.url, &["-E", "*/valid/control/*"]);
    assert!(!part.text.contains("no case can provoke"), "{}", part.text);
    assert_eq!(part.of("summary")[0]["coverage"]["operations"][0]["unprovokable"], serde_json::json!([]));

    // What has no answer was not reached.
    let server = Served::start("connect", &["TagContact.delivery.hangs-on-violation"]);
    let quick = ["-E", "op(TagContact) & member(Tags) & constraint(length)", "--request-timeout", "200ms"];
    let some = check("connect", &server.url, &quick);
    let limits = &some.of("summary")[0]["coverage"]["operations"][0]["limits"];
    assert!(limits[0].as_u64() < limits[1].as_u64(), "{limits} {}", some.text);
}
