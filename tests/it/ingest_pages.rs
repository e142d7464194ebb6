//! Pages in styles that the shared pages do not have.

use overstep::contract::{AuthScheme, Contract, FactField, MemberLocation, MemberPath, PathSegment, Shape, ShapeKind};
use overstep::ingest::{self, IngestOptions, IngestOutput, IngestSeverity, NoDocuments};

fn read(name: &str, text: &str) -> IngestOutput {
    ingest::read_document(name, text.as_bytes(), &IngestOptions::default(), &mut NoDocuments)
        .expect("the page is readable")
}

fn read_all(sources: &[(&str, &str)]) -> IngestOutput {
    let sources: Vec<(String, Vec<u8>)> =
        sources.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let (ingested, errors) = ingest::read_documents(&sources, &IngestOptions::default());
    assert_eq!(errors, []);
    ingested
}

fn at<'c>(contract: &'c Contract, path: &str) -> &'c Shape {
    let mut shape = contract.shape(contract.operations[0].input.as_ref().expect("an input"));
    for segment in MemberPath::parse(path).expect("a path").0 {
        shape = contract.shape(match (&segment, &shape.kind) {
            (PathSegment::Item, ShapeKind::List { member }) => member,
            (PathSegment::Key, ShapeKind::Map { key, .. }) => key,
            (PathSegment::Value, ShapeKind::Map { value, .. }) => value,
            (PathSegment::Member(name), kind) => &kind.members().expect("members")[name.as_str()].shape,
            _ => panic!("{path}"),
        });
    }
    shape
}

const REST: &str = "PutThing - Amazon Widget Service

PutThing

Stores a thing.

Request Syntax

PUT /things/ThingId/parts?dryRun=DryRun&tag=Tags HTTP/1.1 X-Amz-Mode: Mode
Content-type: application/json

{
   \"Count\": number,
   \"Filters\": [
      {
         \"Name\": \"string\",
         \"Values\": [ \"string\" ]
      }
   ],
   \"Kind\": \"string\"
}

URI Request Parameters

The request uses the following URI parameters.

 ThingId
   The thing.
   Pattern: ^[a-z]+ Required: no$
   Required: Yes

DryRun

Whether to only try.

Type: Boolean

Mode

Type: String Valid Values: FAST |
SLOW

Tags

Type: Array of strings
Array Members: Minimum number of 0 items. Maximum number of 50 items.
Length Constraints: Fixed length of 4.

Request Body

Count

How many.

Type: Integer

Valid Range: Minimum value of 1. Maximum value of 1,000.

Required: No

Filters

Note

Only for lists.

Type: Array of Filter objects

Array Members: Fixed number of 2 items.

Required: Yes

Kind

Type: String

Valid Values: A | B

Required: Yes

Response Syntax

HTTP/1.1 202
Content-type: application/json

{
   \"Id\": \"string\"
}

Response Elements

If the action is successful, the service sends back an HTTP 202 response.

Id

The id.

Type: String

Errors

For information about the errors that are common to all actions, see Common Errors.

ConflictException

The thing is being changed.

Reason

Why.

HTTP Status Code: 409
";

#[test]
fn a_rest_page_with_all_sections() {
    let read = read("API_PutThing.txt", REST);
    let contract = &read.contract;
    let operation = &contract.operations[0];
    let http = operation.http.as_ref().expect("a route");
    assert_eq!((http.method.as_str(), http.uri.as_str(), http.success), ("PUT", "/things/{ThingId}/parts", Some(202)));
    let members = at(contract, "").kind.members().expect("members");
    let bindings: Vec<(&str, MemberLocation, Option<&str>, bool)> = members
        .iter()
        .map(|(name, member)| (name.as_str(), member.location, member.wire.as_deref(), member.required))
        .collect();
    assert_eq!(
        bindings,
        [
            ("ThingId", MemberLocation::Label, None, true),
            ("DryRun", MemberLocation::Query, Some("dryRun"), false),
            ("Mode", MemberLocation::Header, Some("X-Amz-Mode"), false),
            ("Tags", MemberLocation::Query, Some("tag"), false),
            ("Count", MemberLocation::Body, None, false),
            ("Filters", MemberLocation::Body, None, true),
            ("Kind", MemberLocation::Body, None, true),
        ]
    );
    assert_eq!(at(contract, "Tags").length().max, Some(50));
    assert_eq!((at(contract, "Tags[]").length().min, at(contract, "Tags[]").length().max), (Some(4), Some(4)));
    assert_eq!(at(contract, "Mode").kind, ShapeKind::Enum { values: vec!["FAST".into(), "SLOW".into()] });
    let range = at(contract, "Count").range.clone().expect("a range");
    assert_eq!((range.min, range.max), (Some(1.into()), Some(1000.into())));
    assert_eq!((at(contract, "Filters").length().min, at(contract, "Filters").length().max), (Some(2), Some(2)));
    assert_eq!(at(contract, "Filters[].Values[]").kind, ShapeKind::String);
    let errors: Vec<_> = contract.errors.iter().map(|(name, error)| (name.as_str(), error.status)).collect();
    assert_eq!(errors, [("ConflictException", Some(409))]);
    assert_eq!(at(contract, "ThingId").pattern.as_deref(), Some("^[a-z]+ Required: no$"));
    assert_eq!(at(contract, "ThingId").kind, ShapeKind::String);
    assert!(read.diagnostics.iter().all(|d| d.severity == IngestSeverity::Note), "{:?}", read.diagnostics);
}

#[test]
fn a_type_page_adds_constraints_to_the_operation_page() {
    let filter = "Filter\n\nA filter.\n\nContents\n\nName\n\nThe name.\n\nType: String\n\nLength Constraints: Maximum length of 12.\n\nRequired: Yes\n\nSee Also\n";
    let read = read_all(&[("docs/API_PutThing.txt", REST), ("docs/API_Filter.txt", filter)]);
    let name = at(&read.contract, "Filters[].Name");
    assert_eq!(name.length().max, Some(12));
    let fact = name.facts_at(&FactField::LengthMax).next().expect("a fact");
    assert_eq!((fact.document.as_str(), fact.line), ("API_Filter.txt", 13));
    assert!(at(&read.contract, "Filters[]").kind.members().expect("members")["Name"].required);
}

#[test]
fn a_json_rpc_page_has_no_route() {
    let page = "ListThings\n\nLists.\n\nRequest Syntax\n\n{\n   \"Limit\": number,\n   \"Next\": \"string\"\n}\n\nRequest Parameters\n\nThe request accepts the following data in JSON format.\n\nLimit\n\nType: Integer\n\nRequired: No\n\nNext\n\nType: String\n\nLength Constraints: Minimum length of 1.\n\nRequired: No\n\nResponse Syntax\n\n{\n   \"Names\": [ \"string\" ]\n}\n\nResponse Elements\n\nNames\n\nType: Array of strings\n\nErrors\n\nInternalServerError\n\nAn error.\n\nHTTP Status Code: 500\n";
    let read = read("API_ListThings.txt", page);
    assert_eq!(read.diagnostics, []);
    assert_eq!(read.contract.operations[0].name.as_str(), "ListThings");
    assert_eq!(read.contract.operations[0].http, None);
    assert_eq!(at(&read.contract, "Next").length().min, Some(1));
}

fn mdx(base: &str, body: &str) -> String {
    format!(
        "# Create Deal Note\n\n> Creates a note\n\n<ParamField path=\"deal_id\" type=\"string\" required>\n  The deal\n</ParamField>\n\n{body}\n\n```bash cURL\ncurl {base}/v2/deals/{{deal_id}}/notes -H \"X-API-Key: k\" -d '{{\"text\": \"a\"}}'\n```\n\n## Errors\n\n| Code | Status |\n| --- | --- |\n| `gone` | 410 |\n"
    )
}

#[test]
fn a_mintlify_page() {
    let body = "<ParamField body=\"text\" type=\"string\" required maxLength={280}>\n  The text\n</ParamField>\n<ParamField body=\"kind\" type=\"string\">\n  One of: `call`, `mail`\n</ParamField>\n<ParamField body=\"links\" type=\"array\">\n  <Expandable title=\"link\">\n    <ParamField body=\"url\" type=\"string\" required>Where</ParamField>\n  </Expandable>\n</ParamField>";
    let read = read("create-deal-note.mdx", &mdx("https://api.crm.example", body));
    let contract = &read.contract;
    let warnings: Vec<_> = read.diagnostics.iter().filter(|d| d.severity == IngestSeverity::Warning).collect();
    assert!(warnings.is_empty(), "{warnings:?}");
    let http = contract.operations[0].http.as_ref().expect("a route");
    assert_eq!((http.method.as_str(), http.uri.as_str()), ("POST", "/v2/deals/{deal_id}/notes"));
    assert_eq!(contract.base_url.as_deref(), Some("https://api.crm.example"));
    assert_eq!(contract.auth, [AuthScheme::Header { name: "X-API-Key".into(), prefix: None }]);
    assert_eq!(at(contract, "text").length().max, Some(280));
    assert_eq!(at(contract, "kind").kind, ShapeKind::Enum { values: vec!["call".into(), "mail".into()] });
    assert!(at(contract, "links[]").kind.members().expect("members")["url"].required);
    assert_eq!(contract.errors["gone"].status, Some(410));
}

#[test]
fn pages_with_a_common_base_path_share_the_base_url() {
    let one = mdx("https://api.crm.example/base", "");
    let two = "# Get Deal\n\n<ParamField path=\"id\" type=\"string\" required>Deal</ParamField>\n\n```python\nBASE_URL = \"https://api.crm.example/base\"\nrequests.get(f\"{BASE_URL}/v2/deals/{id}\")\n```\n";
    let read = read_all(&[("a.mdx", &one), ("b.mdx", two)]);
    assert_eq!(read.contract.base_url.as_deref(), Some("https://api.crm.example/base"));
    let mut uris: Vec<&str> =
        read.contract.operations.iter().filter_map(|o| o.http.as_ref()).map(|http| http.uri.as_str()).collect();
    uris.sort_unstable();
    assert_eq!(uris, ["/v2/deals/{deal_id}/notes", "/v2/deals/{id}"]);
}

#[test]
fn errors_in_documents_have_a_line_and_a_hint() {
    for (bytes, line) in [
        (&b"{\n \"metadata\": {},\n \"operations\": }"[..], 3),
        (b"{\"metadata\": {}}", 1),
        (b"plain words", 1),
        (b"\x1f\x8b\x00broken", 1),
        (b"{\"format\": \"overstep-contract/1\",\n \"service\": 3}", 2),
    ] {
        let error = ingest::read_document("x.json", bytes, &IngestOptions::default(), &mut NoDocuments)
            .expect_err("it is unreadable");
        assert_eq!(error.place.line, line, "{error}");
        assert!(error.hint.is_some(), "{error}");
    }
}

/// A page as the site exports it: placeholders in braces, a member for the status, errors with members.
const SITE_EXPORT: &str = "# GetThing
<a name=\"API_GetThing\"></a>

Returns a thing.

## Request Syntax
<a name=\"API_GetThing_RequestSyntax\"></a>

```
GET /things/{{ThingId}}/content?dryRun={{DryRun}} HTTP/1.1
X-Amz-Mode: {{Mode}}
```

## URI Request Parameters
<a name=\"API_GetThing_RequestParameters\"></a>

The request uses the following URI parameters.

 ** [DryRun](#API_GetThing_RequestSyntax) **   <a name=\"x-GetThing-request-uri-DryRun\"></a>
Indicates whether nothing is read.

 ** [Mode](#API_GetThing_RequestSyntax) **   <a name=\"x-GetThing-request-Mode\"></a>
The mode. You can also use `ThingId`.
+ FAST
+ `SLOW`: see [Thing](API_Thing.md).
Valid Values:` FAST | SLOW`

 ** [ThingId](#API_GetThing_RequestSyntax) **   <a name=\"x-GetThing-request-uri-ThingId\"></a>
The thing.
Pattern: `^[a-z](-*[a-z])*$`
Required: Yes

## Response Syntax
<a name=\"API_GetThing_ResponseSyntax\"></a>

```
HTTP/1.1 {{Status}}
X-Amz-Owner: {{Owner}}

{{Content}}
```

## Response Elements
<a name=\"API_GetThing_ResponseElements\"></a>

If the action is successful, the service sends back the following HTTP response.

 ** [Status](#API_GetThing_ResponseSyntax) **   <a name=\"x-GetThing-response-Status\"></a>
The status.

The response returns the following HTTP headers.

 ** [Owner](#API_GetThing_ResponseSyntax) **   <a name=\"x-GetThing-response-Owner\"></a>
The owner.
Length Constraints: Minimum length of 1. Maximum length of 12.

The response returns the following as the HTTP body.

 ** [Content](#API_GetThing_ResponseSyntax) **   <a name=\"x-GetThing-response-Content\"></a>
The content.

## Errors
<a name=\"API_GetThing_Errors\"></a>

 ** ResourceNotFoundException **
The thing does not exist.
 ** ResourceType **
The type of the thing.
HTTP Status Code: 404

 ** ThrottlingException **
Try again.
HTTP Status Code: 429
";

#[test]
fn members_of_headers_status_and_content_are_read() {
    let read = read("API_GetThing.md", SITE_EXPORT);
    assert_eq!(read.diagnostics, []);
    let contract = &read.contract;
    let http = contract.operations[0].http.as_ref().expect("a route");
    assert_eq!((http.uri.as_str(), http.success), ("/things/{ThingId}/content", None));
    assert_eq!(at(contract, "DryRun").kind, ShapeKind::Boolean);
    assert_eq!(at(contract, "Mode").kind, ShapeKind::Enum { values: vec!["FAST".into(), "SLOW".into()] });
    assert_eq!(at(contract, "ThingId").pattern.as_deref(), Some("^[a-z](-*[a-z])*$"));
    let output = contract.shape(contract.operations[0].output.as_ref().expect("an output"));
    let members = output.kind.members().expect("members");
    let bound = |name: &str| (members[name].location, members[name].wire.as_deref());
    assert_eq!(bound("Status"), (MemberLocation::Header, Some(":status")));
    assert_eq!(bound("Owner"), (MemberLocation::Header, Some("X-Amz-Owner")));
    assert_eq!(bound("Content"), (MemberLocation::Payload, None));
    assert_eq!(contract.shape(&members["Owner"].shape).length().max, Some(12));
    assert_eq!(contract.shape(&members["Content"].shape).kind, ShapeKind::Blob);
    let errors: Vec<(&str, Option<u16>)> =
        contract.errors.iter().map(|(name, error)| (name.as_str(), error.status)).collect();
    assert_eq!(errors, [("ResourceNotFoundException", Some(404)), ("ThrottlingException", Some(429))]);
}

#[test]
fn types_may_contain_themselves_in_api_pages() {
    let page = "PutFilter\n\nPuts it.\n\nRequest Syntax\n\n{ \"Filter\": { \"Not\": \"Filter\", \"Name\": \"string\" } }\n\n\
                Request Parameters\n\nFilter\n\nType: Filter object\n\nRequired: Yes\n";
    let filter =
        "Filter\n\nA filter.\n\nContents\n\nName\n\nType: String\n\nNot\n\nType: Filter object\n\nRequired: No\n";
    let read = read_all(&[("API_PutFilter.txt", page), ("API_Filter.txt", filter)]);
    assert_eq!(at(&read.contract, "Filter.Not.Not.Name").kind, ShapeKind::String);
}

/// A boto3 page that leaves the description of its input out.
const TOO_LARGE: &str = ":doc:`Things <../../things>` / Client / put_thing

.. py:method:: Things.Client.put_thing(**kwargs)

  Puts it.

  See also: `AWS API Documentation <https://docs.aws.amazon.com/goto/WebAPI/things-2026-01-01/PutThing>`_

  **Request Syntax**
  ::

    response = client.put_thing(
        Name='string',
        Kind='A'|'B',
        Parts=[
            {
                'Weight': 123.0,
                'Children': {'... recursive ...'},
                'Labels': {
                    'string': True|False
                }
            },
        ]
    )

  ::

    # This section is too large to render.

  :rtype: dict
  :returns:
    **Response Syntax**
    ::

      {
          'Arn': 'string'
      }

    **Response Structure**

    - *(dict) --*

      - **Arn** *(string) --*
";

#[test]
fn a_boto3_page_without_descriptions_keeps_names_types_and_enums() {
    let read = read("put_thing.rst", TOO_LARGE);
    let contract = &read.contract;
    assert_eq!(read.diagnostics.len(), 1, "{:?}", read.diagnostics);
    assert!(read.diagnostics[0].message.contains("only names and types are read"), "{}", read.diagnostics[0]);
    assert_eq!(at(contract, "Kind").kind, ShapeKind::Enum { values: vec!["A".into(), "B".into()] });
    assert_eq!(at(contract, "Kind").preferred_fact(&FactField::Enum).map(|fact| fact.line), Some(14));
    for (path, kind) in [
        ("Name", "string"),
        ("Parts[].Weight", "float"),
        ("Parts[].Children", "list"),
        ("Parts[].Children[].Labels{value}", "boolean"),
    ] {
        assert_eq!(at(contract, path).kind.name(), kind, "{path}");
    }
    assert!(contract.operations[0].output.is_some());
}
