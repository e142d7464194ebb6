//! The contracts under `scenarios/` match the pages in `../shared/docs` and botocore's model.
//!
//! Without `../shared`, or without `OVERSTEP_BOTOCORE` as the path of an installed botocore, the tests that read the sources
//! again print `skipped`, and only the committed contracts are checked. `OVERSTEP_BLESS=1` rewrites the contracts.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read pages and contracts from disk, and an environment variable locates botocore"
)]

use crate::support::visible;
use overstep::contract::{
    self, ByteScope, Contract, DriftKind, ErrorRole, FactField, FactOrigin, MemberLocation, MemberPath, PathSegment,
    Shape, ShapeKind, ShapeRule,
};
use overstep::ingest::{self, IngestOptions, IngestSeverity, NoDocuments};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

const OPERATIONS: [&str; 7] = [
    "TagContact",
    "UpdateContactAttributes",
    "UpdateContact",
    "DescribeContact",
    "GetContactAttributes",
    "ListContactReferences",
    "UntagContact",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a page, if the pages are present beside the project.
fn page(path: &str) -> Option<(String, Vec<u8>)> {
    let file = root().join("../shared/docs").join(path);
    if !file.is_file() {
        return None;
    }
    Some((file.to_string_lossy().into_owned(), std::fs::read(&file).expect("the page is readable")))
}

fn pages(paths: &[&str]) -> Option<Vec<(String, Vec<u8>)>> {
    paths.iter().map(|path| page(path)).collect()
}

fn connect_pages() -> Option<Vec<(String, Vec<u8>)>> {
    pages(&[
        "connect/API_TagContact.txt",
        "connect/tag_contact.rst",
        "connect/update_contact_attributes.rst",
        "connect/update_contact.rst",
    ])
}

fn model(service: &str, version: &str) -> Option<(String, Vec<u8>)> {
    let base = PathBuf::from(std::env::var_os("OVERSTEP_BOTOCORE")?);
    let file = ["botocore/data", "data"]
        .iter()
        .flat_map(|data| {
            ["service-2.json.gz", "service-2.json"].map(|file| base.join(data).join(service).join(version).join(file))
        })
        .find(|file| file.is_file())?;
    Some((format!("botocore:{service}/{version}"), std::fs::read(file).expect("the model is readable")))
}

fn options() -> IngestOptions {
    IngestOptions::for_operations(OPERATIONS)
}

fn committed(name: &str) -> Contract {
    let path = root().join("scenarios").join(name);
    let text = std::fs::read_to_string(&path).expect("the contract is committed");
    contract::from_json(&text).expect("the contract has our format")
}

fn compare_with_committed(name: &str, contract: &Contract) {
    let text = contract::to_json(contract);
    let path = root().join("scenarios").join(name);
    if std::env::var_os("OVERSTEP_BLESS").is_some() {
        std::fs::create_dir_all(root().join("scenarios")).expect("the folder can be made");
        std::fs::write(&path, &text).expect("the contract can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{name} differs from its sources; OVERSTEP_BLESS=1 rewrites it");
    assert_eq!(&contract::from_json(&text).expect("it reads"), contract, "the written contract reads back unchanged");
}

fn at<'c>(contract: &'c Contract, operation: &str, path: &str) -> &'c Shape {
    walk(
        contract,
        contract.operation(operation).and_then(|operation| operation.input.as_ref()).expect("an input"),
        path,
    )
}

fn walk<'c>(contract: &'c Contract, root: &'c contract::ShapeId, path: &str) -> &'c Shape {
    let mut shape = contract.shape(root);
    for segment in MemberPath::parse(path).expect("a path").0 {
        let id = match (&segment, &shape.kind) {
            (PathSegment::Item, ShapeKind::List { member }) => member,
            (PathSegment::Key, ShapeKind::Map { key, .. }) => key,
            (PathSegment::Value, ShapeKind::Map { value, .. }) => value,
            (PathSegment::Member(name), kind) => {
                &kind
                    .members()
                    .and_then(|members| members.get(name))
                    .unwrap_or_else(|| panic!("{path}: no {name}"))
                    .shape
            }
            _ => panic!("{path}: {segment:?} in a {}", shape.kind.name()),
        };
        shape = contract.shape(id);
    }
    shape
}

fn required(contract: &Contract, operation: &str) -> Vec<String> {
    let members = at(contract, operation, "").kind.members().expect("a structure");
    members.iter().filter(|(_, member)| member.required).map(|(name, _)| name.clone()).collect()
}

fn errors(contract: &Contract, operation: &str) -> Vec<(String, Option<u16>)> {
    let operation = contract.operation(operation).expect("the operation");
    let mut errors: Vec<_> =
        contract.operation_errors(operation).map(|(name, error)| (name.to_string(), error.status)).collect();
    errors.sort();
    errors
}

#[test]
fn the_connect_contract_matches_its_sources() {
    let (Some(mut sources), Some(model)) = (connect_pages(), model("connect", "2017-08-08")) else {
        visible::say("skipped: needs ../shared/docs and OVERSTEP_BOTOCORE");
        return;
    };
    sources.push(model);
    let (ingested, errors) = ingest::read_documents(&sources, &options());
    assert_eq!(errors, []);
    let warnings: Vec<String> = ingested
        .diagnostics
        .iter()
        .filter(|d| d.severity == IngestSeverity::Warning)
        .map(ToString::to_string)
        .collect();
    assert_eq!(warnings, Vec::<String>::new());
    compare_with_committed("connect.contract.json", &ingested.contract);
    sources.reverse();
    let (reversed, _) = ingest::read_documents(&sources, &options());
    assert_eq!(reversed.contract, ingested.contract, "the order of sources changes nothing");
}

#[test]
fn the_leadlex_contract_matches_its_page() {
    let Some(sources) = pages(&["leadlex/add-tags-to-contact.mdx"]) else {
        visible::say("skipped: needs ../shared/docs");
        return;
    };
    let (ingested, errors) = ingest::read_documents(&sources, &IngestOptions::default());
    assert_eq!(errors, []);
    let messages: Vec<String> = ingested
        .diagnostics
        .iter()
        .filter(|d| d.severity == IngestSeverity::Warning)
        .map(ToString::to_string)
        .collect();
    assert_eq!(messages, Vec::<String>::new());
    compare_with_committed("leadlex.contract.json", &ingested.contract);
}

#[test]
fn tag_contact_has_every_documented_limit() {
    let contract = committed("connect.contract.json");
    let operation = contract.operation("TagContact").expect("TagContact");
    let http = operation.http.as_ref().expect("a route");
    assert_eq!((http.method.as_str(), http.uri.as_str(), http.success), ("POST", "/contact/tags", Some(200)));
    assert_eq!(required(&contract, "TagContact"), ["ContactId", "InstanceId", "Tags"]);
    for (path, min, max) in [
        ("ContactId", Some(1), Some(256)),
        ("InstanceId", Some(1), Some(100)),
        ("Tags", Some(1), Some(6)),
        ("Tags{key}", Some(1), Some(128)),
        ("Tags{value}", None, Some(256)),
    ] {
        let length = at(&contract, "TagContact", path).length();
        assert_eq!((length.min, length.max), (min, max), "{path}");
    }
    assert_eq!(at(&contract, "TagContact", "Tags{key}").pattern.as_deref(), Some("^(?!aws:)[a-zA-Z+-=._:/]+$"));
    let tags = at(&contract, "TagContact", "Tags");
    let origins: Vec<FactOrigin> = tags.facts_at(&FactField::LengthMin).map(|fact| fact.standing).collect();
    assert_eq!(origins, [FactOrigin::Model], "only the model states the minimum number of tags");
    assert!(tags.facts_at(&FactField::LengthMax).any(|fact| fact.document == "API_TagContact.txt" && fact.line == 49));
    let expected = [
        ("InternalServiceException", Some(500)),
        ("InvalidActiveRegionException", Some(400)),
        ("InvalidParameterException", Some(400)),
        ("InvalidRequestException", Some(400)),
        ("ResourceNotFoundException", Some(404)),
        ("ThrottlingException", Some(429)),
    ];
    assert_eq!(errors(&contract, "TagContact"), expected.map(|(name, status)| (name.to_owned(), status)));
    let output = operation.output.as_ref().expect("an output");
    assert!(contract.shape(output).kind.members().expect("a structure").is_empty());
}

#[test]
fn attributes_have_a_byte_budget_and_a_pattern() {
    let contract = committed("connect.contract.json");
    let operation = contract.operation("UpdateContactAttributes").expect("the operation");
    let http = operation.http.as_ref().expect("a route");
    assert_eq!((http.method.as_str(), http.uri.as_str()), ("POST", "/contact/attributes"));
    assert_eq!(required(&contract, "UpdateContactAttributes").len(), 3);
    let attributes = at(&contract, "UpdateContactAttributes", "Attributes");
    assert!(matches!(
        attributes.rules.as_slice(),
        [ShapeRule::MaxTotalBytes { max: 32768, stored: true, over: ByteScope::Values }]
    ));
    assert!(attributes.is_disputed(&FactField::RuleScope(0)), "both interpretations of the budget are kept");
    let key = at(&contract, "UpdateContactAttributes", "Attributes{key}");
    assert_eq!(key.pattern.as_deref(), Some("^[a-zA-Z0-9_-]+$"));
    assert!(key.facts_at(&FactField::Pattern).any(|fact| fact.standing == FactOrigin::Prose));
}

#[test]
fn update_contact_has_all_nested_members() {
    let contract = committed("connect.contract.json");
    let operation = contract.operation("UpdateContact").expect("the operation");
    let http = operation.http.as_ref().expect("a route");
    assert_eq!((http.method.as_str(), http.uri.as_str()), ("POST", "/contacts/{InstanceId}/{ContactId}"));
    let input = at(&contract, "UpdateContact", "");
    let members = input.kind.members().expect("a structure");
    assert_eq!(members["InstanceId"].location, MemberLocation::Label);
    let Some(ShapeRule::AtLeastOneOf { members: fields }) = input.rules.first() else { panic!("{:?}", input.rules) };
    assert!(fields.contains(&"Name".to_owned()) && !fields.contains(&"ContactId".to_owned()));
    let references = at(&contract, "UpdateContact", "References");
    assert!(
        matches!(
            references.rules.as_slice(),
            [ShapeRule::MaxTotalBytes { max: 4096, stored: true, over: ByteScope::Values }]
        ),
        "{:?}",
        references.rules
    );
    assert!(!references.is_disputed(&FactField::RuleScope(0)), "only one interpretation allows a value of 4,096 bytes");
    let types = at(&contract, "UpdateContact", "References{value}.Type");
    assert!(matches!(&types.kind, ShapeKind::Enum { values } if values.len() == 11));
    assert_eq!((types.undisputed_values().len(), types.is_disputed(&FactField::Enum)), (9, true));
    let statuses = at(&contract, "UpdateContact", "References{value}.Status");
    assert!(matches!(&statuses.kind, ShapeKind::Enum { values } if values.len() == 7));
    assert_eq!(statuses.undisputed_values().len(), 6);
    assert!(at(&contract, "UpdateContact", "References{value}").kind.members().expect("a structure")["Type"].required);
    assert_eq!(at(&contract, "UpdateContact", "SegmentAttributes{key}").pattern.as_deref(), Some("^[a-zA-Z0-9_-]+$"));
    let outer = at(&contract, "UpdateContact", "SegmentAttributes{value}");
    for path in ["SegmentAttributes{value}.ValueMap{value}", "SegmentAttributes{value}.ValueList[]"] {
        let inner = at(&contract, "UpdateContact", path);
        assert!(inner.kind.members().expect("a structure").contains_key("ValueMap"), "{path}");
    }
    assert_eq!(outer.kind.members().expect("a structure").len(), 5);
    // Only this operation's member is disputed.
    assert!(!at(&contract, "ListContactReferences", "ReferenceTypes[]").is_disputed(&FactField::Enum));
}

#[test]
fn leadlex_has_every_documented_fact() {
    let contract = committed("leadlex.contract.json");
    assert_eq!(contract.service, "leadlex");
    assert_eq!(contract.base_url.as_deref(), Some("https://data.leadlex.com/functions/v1/api-gateway"));
    assert_eq!(contract.auth, [contract::AuthScheme::Bearer]);
    let operation = contract.operation("AddTagsToContact").expect("the operation");
    let http = operation.http.as_ref().expect("a route");
    assert_eq!((http.method.as_str(), http.uri.as_str()), ("POST", "/v1/contacts/{id}/tags"));
    assert_eq!(operation.permission.as_deref(), Some("contacts:write"));
    assert_eq!(operation.laws, ["merges", "deduplicates"]);
    assert_eq!(required(&contract, "AddTagsToContact"), ["id", "tags"]);
    let id = at(&contract, "AddTagsToContact", "id");
    assert!(id.facts_at(&FactField::Pattern).all(|fact| fact.standing == FactOrigin::Prose) && id.pattern.is_some());
    assert_eq!(at(&contract, "AddTagsToContact", "tags[]").kind, ShapeKind::String);
    let output = operation.output.as_ref().expect("an output");
    assert_eq!(walk(&contract, output, "data.contact_id").kind, ShapeKind::String);
    assert_eq!(walk(&contract, output, "data.tags[]").kind, ShapeKind::String);
    let expected = [("insufficient_permissions", Some(403)), ("not_found", Some(404)), ("validation_error", Some(400))];
    assert_eq!(errors(&contract, "AddTagsToContact"), expected.map(|(name, status)| (name.to_owned(), status)));
    let roles: Vec<ErrorRole> = contract.operation_errors(operation).map(|(_, error)| error.role).collect();
    assert!(
        roles.contains(&ErrorRole::InvalidInput)
            && roles.contains(&ErrorRole::MissingResource)
            && roles.contains(&ErrorRole::Forbidden)
    );
}

#[test]
fn drift_between_the_pages_of_tag_contact_is_found() {
    let Some(sources) = connect_pages() else {
        visible::say("skipped: needs ../shared/docs");
        return;
    };
    let read = |index: usize| {
        ingest::read_document(&sources[index].0, &sources[index].1, &IngestOptions::default(), &mut NoDocuments)
            .expect("it reads")
            .contract
    };
    let drifts = contract::find_drift(&read(0), &read(1));
    let error =
        drifts.iter().find(|drift| drift.field == "errors/InvalidActiveRegionException").expect("the sixth error");
    assert_eq!(error.kind, DriftKind::OnlyInSecond);
    let source = error.second.as_ref().and_then(|statement| statement.source.as_ref()).expect("a place");
    assert_eq!(source.document, "tag_contact.rst");
    assert!(drifts.iter().all(|drift| drift.kind != DriftKind::Contradicts), "{drifts:#?}");
    let Some((name, bytes)) = model("connect", "2017-08-08") else {
        visible::say("skipped: the rest needs OVERSTEP_BOTOCORE");
        return;
    };
    let model = ingest::read_document(&name, &bytes, &options(), &mut NoDocuments).expect("it reads").contract;
    let drifts = contract::find_drift(&read(3), &model);
    let types = drifts
        .iter()
        .find(|drift| drift.member == "References{value}.Type" && drift.field == "enum")
        .expect("the types");
    assert_eq!(types.kind, DriftKind::Contradicts);
    let count =
        |statement: &Option<contract::Statement>| statement.as_ref().and_then(|s| s.value.as_array()).map(Vec::len);
    assert_eq!((count(&types.first), count(&types.second)), (Some(9), Some(11)));
}

proptest! {
    #[test]
    fn readers_do_not_panic_on_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = ingest::read_document("x", &bytes, &IngestOptions::default(), &mut NoDocuments);
    }

    #[test]
    fn readers_do_not_panic_on_arbitrary_markup(words in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "[", "]", "\"metadata\":", "\"operations\":", "\"shapes\":", "\"shape\"", ":", ",", "\n", "  ", "| a | b |\n",
        "<ParamField path=\"a\" ", "type=\"string[]\"", ">", "</ParamField>", "<ResponseField name=\"é\">", "```json\n", "```\n", "# T\n",
        ".. py:method:: A.Client.b(**kwargs)\n", "docs.aws.amazon.com/goto/WebAPI/a-2017-08-08/B>`_\n", "**Request Syntax**\n", "  ::\n",
        "response = client.b(\nA='x'|'y',", "{'... recursive ...'}", ":type A: dict\n", "  - **B** *(dict) --* \n", "    - *(list) --* \n",
        ":returns: \n", "**Response Syntax**\n", "**Response Structure**\n", "Request Syntax\n", "POST /a/{b}?c=C HTTP/1.1 {", "Type: Array of X objects\n",
        "Length Constraints: Maximum length of é.\n", "Required: Yes\n", "Errors\n", "HTTP Status Code: 400\n", "X - Amazon Y\n", "'", "é", "1", "curl -X ", "https://a/b",
    ]), 0..60)) {
        let text = words.concat();
        let _ = ingest::read_document("x", text.as_bytes(), &IngestOptions::default(), &mut NoDocuments);
    }
}
