//! Reading scenario files and `overstep.toml`: the meaning of every key, and error messages.

use overstep::scenario::{Credentials, read_scenario, read_settings};
use serde_json::json;

const EVERYTHING: &str = r#"
sources    = ["docs/api/**/*.mdx", "botocore:connect"]
only       = ["AddTagsToContact"]
endpoint   = "local"
error-code = "error.code"
principal  = "full"
verifies-signatures = true
[variables]
Id  = "id-{case}"
key = { value = "k", secret = true }
[principals.full]
bearer = "{key}"
[principals.signed]
sigv4 = { region = "eu-west-1", service = "connect" }
lacks = ["contacts:write"]
[principals.named]
header = { name = "X-Api-Key", value = "{key}" }
[principals.guest]
anonymous = true
[use]
Id = "{Id}"
[missing]
Id = "none"
[elsewhere]
Id = "{Id}-2"
[fixtures.contact]
create  = { request = "POST /v1/contacts", json = { email = "ovs-{run}-{case}@example.com", n = 1, deep = [1.5, true] } }
capture = { id = "data.id" }
delete  = { request = "DELETE /v1/contacts/{contact.id}" }
[operations.AddTagsToContact]
use     = { id = "{contact.id}", "References{value}.Type" = "STRING" }
missing = { id = "00000000-0000-4000-8000-000000000000" }
read    = { request = "GET /v1/contacts/{contact.id}", value = "data.tags" }
laws    = ["merges", "deduplicates", "rejected-leaves-no-trace"]
[operations.Other]
skip = "it costs money"
[[amend]]
at = "AddTagsToContact.errors"
add = { status = 401, code = "unauthorized", role = "unauthenticated" }
reason = "docs/authentication.mdx:31"
[[amend]]
at = "AddTagsToContact.tags.length.max"
set = 50
reason = "support messages so"
"#;

#[test]
fn every_key_is_read() {
    let (scenario, warnings) = read_scenario("leadlex", EVERYTHING).expect("valid scenario");
    assert_eq!(warnings, []);
    assert_eq!(scenario.name, "leadlex");
    assert_eq!(scenario.sources, ["docs/api/**/*.mdx", "botocore:connect"]);
    assert_eq!(scenario.included_operations, ["AddTagsToContact"]);
    assert_eq!(scenario.endpoint.as_deref(), Some("local"));
    assert_eq!(scenario.error_code.as_deref(), Some("error.code"));
    assert!(scenario.verifies_signatures);
    assert!(scenario.variables["key"].secret && !scenario.variables["Id"].secret);
    assert_eq!(scenario.principals["full"].credentials, Credentials::Bearer("{key}".into()));
    assert_eq!(scenario.principals["signed"].lacks, ["contacts:write"]);
    assert!(
        matches!(&scenario.principals["signed"].credentials, Credentials::SigV4 { region, .. } if region == "eu-west-1")
    );
    assert!(
        matches!(&scenario.principals["named"].credentials, Credentials::Header { name, .. } if name == "X-Api-Key")
    );
    assert_eq!(scenario.principals["guest"].credentials, Credentials::Anonymous);
    let fixture = &scenario.fixtures["contact"];
    let [create] = fixture.create.as_slice() else { panic!("the fixture has one creation step") };
    assert_eq!(create.request, "POST /v1/contacts");
    assert_eq!(create.json, Some(json!({"email": "ovs-{run}-{case}@example.com", "n": 1, "deep": [1.5, true]})));
    assert_eq!(create.captures["id"], "data.id");
    assert_eq!(scenario.use_value("AddTagsToContact", "References{value}.Type"), Some(&json!("STRING")));
    assert_eq!(scenario.use_value("AddTagsToContact", "Id"), Some(&json!("{Id}")));
    assert_eq!(scenario.missing_value("Other", "Id"), Some(&json!("none")));
    assert_eq!(scenario.elsewhere_values["Id"], json!("{Id}-2"));
    assert_eq!(scenario.operations["Other"].skip_reason.as_deref(), Some("it costs money"));
    assert_eq!(scenario.operations["AddTagsToContact"].laws.len(), 3);
    let lines: Vec<&str> = EVERYTHING.lines().collect();
    for amendment in &scenario.amendments {
        assert_eq!(lines[amendment.line as usize - 1], "[[amend]]", "{amendment:?}");
    }
    assert_eq!(scenario.amendments[1].set, Some(json!(50)));
}

#[test]
fn errors_have_a_reason_and_a_span() {
    for (text, reason, at) in [
        ("sources = [", "", ""),
        ("sources = \"x\"", "`sources` is a string, expected a list of strings", "\"x\""),
        ("sources = [1]", "`sources` contains an integer, expected strings", "1"),
        ("endpoint = \"e\"", "`sources` is missing or empty", "endpoint = \"e\""),
        ("sourcez = [\"a\"]", "unknown key `sourcez`", "sourcez"),
        ("sources = [\"a\"]\nendpoint = 5", "`endpoint` is an integer, expected a string", "5"),
        ("sources = [\"a\"]\nverifies-signatures = \"yes\"", "expected `true` or `false`", "\"yes\""),
        ("sources = [\"a\"]\n[variables]\nx = 5", "`variables.x` is an integer", "5"),
        ("sources = [\"a\"]\n[principals.x]\nlacks = []", "`principals.x` has no credentials", ""),
        ("sources = [\"a\"]\n[principals.x]\nbearer = \"a\"\nanonymous = true", "is anonymous and has credentials", ""),
        ("sources = [\"a\"]\n[use]\n\"A..b\" = 1", "invalid member path `A..b`", "\"A..b\""),
        ("sources = [\"a\"]\n[operations.O]\nlaws = [\"merge\"]", "unknown law `merge`", "[\"merge\"]"),
        ("sources = [\"a\"]\n[fixtures.f]\ncreate = { request = \"v1/x\" }", "invalid request `v1/x`", "\"v1/x\""),
        (
            "sources = [\"a\"]\n[fixtures.f]\ncreate = { request = \"POST /x\", input = {} }",
            "`input` cannot be used with",
            "{}",
        ),
        (
            "sources = [\"a\"]\n[fixtures.f]\ncreate = { request = \"POST /x\", status = \"ok\" }",
            "expected a status",
            "\"ok\"",
        ),
        (
            "sources = [\"a\"]\n[fixtures.f]\ncreate = [{ request = \"POST /x\" }, { request = \"Y\" }]\n\
             capture = { id = \"id\" }",
            "`capture` must be in one of them",
            "{ id = \"id\" }",
        ),
        (
            "sources = [\"a\"]\n[fixtures.f]\ncreate = { request = \"POST /{f.id}\" }\ncapture = { id = \"id\" }",
            "used before it is captured",
            "\"POST /{f.id}\"",
        ),
        (
            "sources = [\"a\"]\nuse = { A = \"{f.idd}\" }\n[fixtures.f]\ncreate = { request = \"POST /x\" }\n\
             capture = { id = \"id\" }",
            "fixture `f` does not capture `idd`",
            "\"{f.idd}\"",
        ),
        (
            "sources = [\"a\"]\n[fixtures.f]\ncreate = { request = \"POST /{g.id}\" }\ncapture = { id = \"id\" }\n\
             [fixtures.g]\ncreate = { request = \"POST /{f.id}\" }\ncapture = { id = \"id\" }",
            "in a cycle: `f` needs `g` needs `f`",
            "\"POST /{f.id}\"",
        ),
        ("sources = [\"a\"]\n[[amend]]\nat = \"x\"\nset = 1", "an amendment has no `reason`", ""),
        ("sources = [\"a\"]\n[[amend]]\nat = \"x\"\nreason = \"y\"", "an amendment has no `add` or `set`", ""),
        (
            "sources = [\"a\"]\nprincipal = \"ful\"\n[principals.full]\nanonymous = true",
            "unknown principal `ful`",
            "\"ful\"",
        ),
        ("sources = [\"a\"]\n[use]\nA = nan", "a number that JSON cannot represent", "nan"),
    ] {
        let error = read_scenario("t", text).expect_err(text);
        assert!(error.reason.contains(reason), "{text}\n{error}");
        let span = error.span.expect("error has a span");
        if !at.is_empty() {
            assert_eq!(&text[span], at, "{text}");
        }
    }
}

#[test]
fn unknown_keys_are_warnings_with_a_suggestion() {
    let text =
        "sources = [\"a\"]\nendpont = \"x\"\n[operations.O]\nus = {}\n[principals.p]\nbearer = \"x\"\nlack = []\n";
    let (_, warnings) = read_scenario("t", text).expect("valid scenario");
    let messages: Vec<(String, Option<String>)> =
        warnings.into_iter().map(|warning| (warning.reason, warning.hint)).collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    for (reason, hint) in [
        ("unknown key `endpont`", "did you mean `endpoint`?"),
        ("unknown key `us` in `operations.O`", "did you mean `use`?"),
        ("unknown key `lack` in `principals.p`", "did you mean `lacks`?"),
    ] {
        assert!(messages.contains(&(reason.to_owned(), Some(hint.to_owned()))), "{reason}: {messages:?}");
    }
}

#[test]
fn settings_file_is_read() {
    let text = "[endpoints.a]\nurl = \"http://127.0.0.1:1\"\nremote = true\nrate-limit = \"60/m\"\n\
                tls = { ca = \"ca.pem\" }\nheaders = { X-A = \"b\" }\n[principals.p]\nbearer = \"${KEY}\"\n";
    let (settings, warnings) = read_settings(text).expect("valid scenario");
    assert_eq!(warnings, []);
    let endpoint = &settings.endpoints["a"];
    assert!(endpoint.remote);
    assert_eq!((endpoint.ca.as_deref(), endpoint.headers["X-A"].as_str()), (Some("ca.pem"), "b"));
    assert_eq!(settings.principals["p"].credentials, Credentials::Bearer("${KEY}".into()));
    assert!(read_settings("[endpoints.a]\nremote = true\n").is_err());
}

#[test]
fn shipped_scenarios_have_no_warnings() {
    for (name, text) in [
        ("connect", include_str!("../../scenarios/connect.toml")),
        ("leadlex", include_str!("../../scenarios/leadlex.toml")),
    ] {
        let (scenario, warnings) = read_scenario(name, text).expect(name);
        assert_eq!(warnings, [], "{name}");
        assert!(
            scenario.principals.contains_key(scenario.principal.as_deref().expect("scenario has a principal")),
            "{name}"
        );
    }
}

/// Every prefix of a scenario is a scenario or an error with a span inside of the text.
#[test]
fn truncated_scenario_never_panics() {
    for end in 0..EVERYTHING.len() {
        if EVERYTHING.is_char_boundary(end)
            && let Err(error) = read_scenario("t", &EVERYTHING[..end])
            && let Some(span) = error.span
        {
            assert!(span.start <= span.end && span.end <= EVERYTHING.len() + 1, "{end}: {span:?}");
        }
    }
}
