//! One small document for each feature: kinds, limits, references, parameters, bodies, credentials.

use super::{member, read, stated};
use overstep::contract::{AuthScheme, FactField, FactOrigin, MemberLocation, Protocol, ShapeKind, ShapeRule};
use overstep::ingest::{self, DocumentLookup, IngestOptions, IngestSeverity, SourceFormat};
use serde_json::json;

const LIMITS: &str = r##"openapi: 3.1.0
info: {title: Pet Store, version: "1"}
servers:
  - url: https://{region}.example.com/v1/
    variables:
      region: {default: eu}
paths:
  /pets:
    post:
      operationId: createPet
      requestBody:
        required: true
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/Pet'
      responses:
        '201':
          description: created
components:
  schemas:
    Pet:
      type: object
      required:
        - name
      properties:
        name:
          type: string
          minLength: 2
          maxLength: 20
          pattern: ^[a-z]+$
        kind:
          enum: [cat, dog]
          type: string
        age:
          type: integer
          exclusiveMinimum: 0
          maximum: 30
        weight:
          type: number
          minimum: 0.5
        code:
          const: X1
          type: string
        tags:
          type: array
          minItems: 1
          maxItems: 3
          uniqueItems: true
          items:
            type: string
            maxLength: 5
        born:
          type: string
          format: date-time
        id:
          type: string
          format: uuid
          readOnly: true
        nick:
          type: [string, 'null']
        parent:
          $ref: '#/components/schemas/Pet'
        scores:
          type: object
          maxProperties: 4
          additionalProperties:
            type: integer
            format: int32
            minimum: 1
"##;

#[test]
fn limits_are_facts_with_the_lines_of_their_keywords() {
    let output = read("pets.yaml", LIMITS);
    assert_eq!(output.diagnostics, []);
    let contract = &output.contract;
    assert_eq!((contract.service.as_str(), contract.protocol), ("pet-store", Some(Protocol::RestJson)));
    assert_eq!(contract.base_url.as_deref(), Some("https://eu.example.com/v1"));
    let line_of = |text: &str| {
        let before = LIMITS.split(text).next().expect("the document has the text");
        u32::try_from(before.lines().count()).expect("a small number")
    };
    for (path, field, value, text) in [
        ("name", FactField::LengthMin, json!(2), "minLength: 2"),
        ("name", FactField::LengthMax, json!(20), "maxLength: 20"),
        ("name", FactField::Pattern, json!("^[a-z]+$"), "pattern:"),
        ("kind", FactField::Enum, json!(["cat", "dog"]), "enum:"),
        ("age", FactField::RangeMin, json!(1), "exclusiveMinimum"),
        ("age", FactField::RangeMax, json!(30), "maximum: 30"),
        ("weight", FactField::RangeMin, json!(0.5), "minimum: 0.5"),
        ("code", FactField::Enum, json!(["X1"]), "const:"),
        ("tags", FactField::LengthMin, json!(1), "minItems"),
        ("tags", FactField::LengthMax, json!(3), "maxItems"),
        ("tags", FactField::Unique, json!(true), "uniqueItems"),
        ("tags[]", FactField::LengthMax, json!(5), "maxLength: 5"),
        ("scores", FactField::LengthMax, json!(4), "maxProperties"),
    ] {
        let found = stated(member(contract, "createPet", path), &field);
        assert_eq!(found, Some((value, line_of(text))), "{path} {field}");
    }
    assert!(member(contract, "createPet", "nick").nullable);
    assert!(member(contract, "createPet", "age").any_size);
    assert_eq!(member(contract, "createPet", "born").kind, ShapeKind::Timestamp);
    let ShapeKind::Map { value, .. } = &member(contract, "createPet", "scores").kind else { panic!("no map") };
    assert_eq!((&contract.shape(value).kind, contract.shape(value).any_size), (&ShapeKind::Integer, false));
    let operation = contract.operation("createPet").expect("it exists");
    assert_eq!(operation.http.as_ref().map(|http| (http.method.as_str(), http.success)), Some(("POST", Some(201))));
    let members = contract.shape(operation.input.as_ref().expect("an input")).kind.members().expect("members");
    assert!(!members.contains_key("id"), "a read-only member is not sent");
    let required: Vec<&str> =
        members.iter().filter(|(_, member)| member.required).map(|(name, _)| name.as_str()).collect();
    assert_eq!(required, ["name"]);
}

#[test]
fn recursion_is_a_recursive_shape() {
    let output = read("pets.yaml", LIMITS);
    let parent = member(&output.contract, "createPet", "parent");
    let own = &parent.kind.members().expect("a structure")["parent"].shape;
    assert!(std::ptr::eq(output.contract.shape(own), parent));
}

fn with_schema(version: &str, schema: &str) -> String {
    format!(
        r#"{{"{}": "{version}", "info": {{"title": "T"}},
 "paths": {{"/x": {{"post": {{"operationId": "op",
  "requestBody": {{"required": true, "content": {{"application/json": {{"schema":
   {{"type": "object", "properties": {{"v":
{schema}
}}}}}}}}}},
  "responses": {{"200": {{"description": ""}}}}}}}}}},
 "components": {{"schemas": {{"Name": {{"type": "string", "maxLength": 9}},
  "Base": {{"type": "object", "required": ["a"], "properties": {{"a": {{"type": "string", "maxLength": 4}}}}}}}}}}}}"#,
        if version == "2.0" { "swagger" } else { "openapi" }
    )
}

#[test]
fn schemas_of_all_of_are_merged_and_the_strictest_limit_counts() {
    let schema = r##"{"allOf": [{"$ref": "#/components/schemas/Base"},
{"properties": {"a": {"maxLength": 3}, "b": {"type": "boolean"}}, "required": ["b"]}]}"##;
    let contract = read("x.json", &with_schema("3.0.3", schema)).contract;
    let v = member(&contract, "op", "v");
    let members = v.kind.members().expect("a structure");
    assert!(members["a"].required && members["b"].required && !v.open);
    assert_eq!(stated(member(&contract, "op", "v.a"), &FactField::LengthMax), Some((json!(3), 6)));
}

#[test]
fn keywords_beside_a_reference_count_since_3_1() {
    let schema = r##"{"$ref": "#/components/schemas/Name", "minLength": 2}"##;
    let newer = read("x.json", &with_schema("3.1.0", schema));
    assert_eq!(member(&newer.contract, "op", "v").length().min, Some(2));
    assert_eq!(member(&newer.contract, "op", "v").length().max, Some(9));
    let older = read("x.json", &with_schema("3.0.0", schema));
    assert_eq!(member(&older.contract, "op", "v").length().min, None);
    assert!(older.diagnostics.iter().any(|one| one.message.contains("beside `$ref`")));
}

#[test]
fn a_document_is_recognized_wherever_its_version_stands() {
    let text = r##"{"components": {"schemas": {"Thing": {"properties": {"metadata": {"type": "object"}, "shapes": {}}}}},
        "paths": {"/things": {"get": {"responses": {"200": {"description": "ok"}}}}}, "openapi": "3.0.0"}"##;
    assert_eq!(ingest::detect_format(text), Some(SourceFormat::OpenApi));
}

#[test]
fn descriptions_state_limits_that_no_keyword_states() {
    let limits = |schema: &str| {
        let output = read("x.json", &with_schema("3.0.0", schema));
        let v = member(&output.contract, "op", "v");
        let stated = |field: FactField| v.preferred_fact(&field).map(|fact| (fact.value.clone(), fact.standing));
        [FactField::LengthMin, FactField::LengthMax, FactField::RangeMin, FactField::RangeMax].map(stated)
    };
    let prose = |value: u64| Some((json!(value), FactOrigin::Prose));
    for (schema, expected) in [
        (
            r#"{"type": "string", "description": "A name. Maximum length: 80 characters."}"#,
            [None, prose(80), None, None],
        ),
        (r#"{"type": "string", "description": "A name (1-50)."}"#, [prose(1), prose(50), None, None]),
        (
            r#"{"type": "integer", "description": "Digits.\nMust be between 3 and 8."}"#,
            [None, None, prose(3), prose(8)],
        ),
        (
            r#"{"type": "array", "items": {"type": "string"}, "description": "Up to 20 items."}"#,
            [None, prose(20), None, None],
        ),
        (r#"{"type": "string", "description": "If it is short, up to 5 characters."}"#, [None, None, None, None]),
        (
            r#"{"type": "string", "maxLength": 9, "description": "Up to 5 characters."}"#,
            [None, Some((json!(9), FactOrigin::Documented)), None, None],
        ),
    ] {
        assert_eq!(limits(schema), expected, "{schema}");
    }
    let listed = r#"{"type": "string", "description": "The order. One of: `asc`, `desc`."}"#;
    let output = read("x.json", &with_schema("3.0.0", listed));
    assert_eq!(member(&output.contract, "op", "v").kind, ShapeKind::Enum { values: vec!["asc".into(), "desc".into()] });
}

#[test]
fn null_is_a_value_in_every_spelling() {
    for (version, schema) in [
        ("3.0.0", r#"{"type": "string", "nullable": true}"#),
        ("3.1.0", r#"{"type": ["string", "null"]}"#),
        ("3.1.0", r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#),
        ("3.1.0", r#"{"oneOf": [{"type": "null"}, {"type": "string"}]}"#),
        ("3.1.0", r#"{"type": ["string", "null"], "enum": ["a", null]}"#),
    ] {
        let output = read("x.json", &with_schema(version, schema));
        let v = member(&output.contract, "op", "v");
        assert!(v.nullable && v.kind.is_text() && !v.open, "{schema}: {v:?}");
        assert_eq!(output.diagnostics, [], "{schema}");
    }
}

#[test]
fn exclusive_limits_exclude_the_limit_in_both_spellings() {
    for (version, schema, min, max) in [
        ("3.0.0", r#"{"type": "integer", "minimum": 1, "exclusiveMinimum": true, "maximum": 5}"#, json!(2), json!(5)),
        ("3.1.0", r#"{"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 5.5}"#, json!(2), json!(5)),
        ("3.1.0", r#"{"type": "integer", "minimum": 1.5, "exclusiveMaximum": 5}"#, json!(2), json!(4)),
    ] {
        let contract = read("x.json", &with_schema(version, schema)).contract;
        let range = member(&contract, "op", "v").range.clone().expect("a range");
        assert_eq!((json!(range.min), json!(range.max)), (min, max), "{schema}");
    }
    let fraction = r#"{"type": "number", "exclusiveMinimum": 0}"#;
    let contract = read("x.json", &with_schema("3.1.0", fraction)).contract;
    let min = member(&contract, "op", "v").range.clone().and_then(|range| range.min?.as_f64());
    assert!(min.is_some_and(|min| min > 0.0 && min < 0.001));
}

#[test]
fn what_a_contract_cannot_express_is_reported_once_per_kind() {
    for (schema, message) in [
        (r#"{"oneOf": [{"type": "string"}, {"type": "integer"}]}"#, "`oneOf`"),
        (r#"{"anyOf": [{"type": "string"}, {"type": "integer"}]}"#, "`anyOf`"),
        (r#"{"type": "string", "not": {"const": "x"}}"#, "`not`"),
        (r#"{"type": ["string", "integer"]}"#, "several types"),
        (r#"{"type": "integer", "multipleOf": 5, "minimum": 6, "maximum": 9}"#, "contradict each other"),
        (r#"{"type": "object", "patternProperties": {"^x": {}}}"#, "`patternProperties`"),
        (r#"{"type": "array", "prefixItems": [{}], "items": {"type": "string"}}"#, "`prefixItems`"),
        (r#"{"type": "integer", "maxLength": 5}"#, "does not apply"),
        (r##"{"$ref": "#/components/schemas/Nothing"}"##, "names nothing"),
        (r#"{"type": "integer", "minimum": 5, "maximum": 1}"#, "contradict each other"),
    ] {
        let output = read("x.json", &with_schema("3.1.0", schema));
        let found: Vec<_> = output.diagnostics.iter().filter(|one| one.message.contains(message)).collect();
        assert_eq!(found.len(), 1, "{schema}: {:?}", output.diagnostics);
        assert_eq!(found[0].place.line, 5, "{schema}");
    }
}

#[test]
fn an_object_is_closed_by_the_schema_that_lists_its_members() {
    let closed = r#""additionalProperties": false, "properties": {"a": {"type": "string"}}"#;
    for (schema, is_closed) in [
        (format!(r#"{{"type": "object", {closed}}}"#), true),
        (format!(r#"{{"allOf": [{{"type": "object", {closed}}}]}}"#), true),
        (format!(r#"{{"allOf": [{{{closed}}}, {{"properties": {{"b": {{"type": "string"}}}}}}]}}"#), false),
        (r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#.to_owned(), false),
        (r#"{"type": "object", "additionalProperties": false}"#.to_owned(), false),
    ] {
        let output = read("x.json", &with_schema("3.1.0", &schema));
        let rules = &member(&output.contract, "op", "v").rules;
        assert_eq!(rules.contains(&ShapeRule::KnownMembers), is_closed, "{schema}");
    }
}

#[test]
fn the_member_that_names_an_alternative_is_always_sent() {
    let text = r##"{"openapi": "3.0.0", "info": {"title": "T"}, "paths": {"/pay": {"post": {"operationId": "pay",
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "properties": {"how":
   {"oneOf": [{"$ref": "#/components/schemas/Card"}, {"$ref": "#/components/schemas/Bank"}],
    "discriminator": {"propertyName": "kind", "mapping": {"card": "#/components/schemas/Card"}}}}}}}},
  "responses": {"200": {"description": ""}}}}},
 "components": {"schemas": {
  "Card": {"type": "object", "properties": {"kind": {"type": "string"}, "number": {"type": "string", "maxLength": 19}}},
  "Bank": {"type": "object", "properties": {"kind": {"type": "string"}, "iban": {"type": "string"}}}}}}"##;
    let contract = read("x.json", text).contract;
    let how = member(&contract, "pay", "how");
    assert!(how.open && how.kind.members().expect("a structure")["kind"].required);
    assert_eq!(member(&contract, "pay", "how.kind").undisputed_values(), ["card"]);
    assert_eq!(member(&contract, "pay", "how.number").length().max, Some(19));
}

#[test]
fn vendor_extensions_are_ignored_silently() {
    let schema = r#"{"type": "string", "x-max": 3, "x-internal": {"a": [1]}}"#;
    assert_eq!(read("x.json", &with_schema("3.1.0", schema)).diagnostics, []);
}

#[test]
fn an_object_that_must_not_be_empty_has_a_rule() {
    let schema =
        r#"{"type": "object", "minProperties": 1, "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}"#;
    let contract = read("x.json", &with_schema("3.0.0", schema)).contract;
    let rule = ShapeRule::AtLeastOneOf { members: vec!["a".into(), "b".into()] };
    assert_eq!(member(&contract, "op", "v").rules, [rule]);
}

#[test]
fn keywords_that_relate_members_are_rules() {
    let members = r#""type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"},
        "kind": {"type": "string", "enum": ["x", "y", "z"]}, "on": {"type": "boolean"}}"#;
    let when = |kind: &str| format!(r#""if": {{"properties": {{"kind": {kind}}}, "required": ["kind"]}}"#);
    let x = when(r#"{"const": "x"}"#);
    for (keywords, expected) in [
        (r#""dependentRequired": {"a": ["b", "c"]}"#.to_owned(), "a only with b, c"),
        (r#""dependencies": {"a": ["b"]}"#.to_owned(), "a only with b"),
        (r#""dependentSchemas": {"a": {"required": ["b"]}}"#.to_owned(), "a only with b"),
        (r#""dependentSchemas": {"a": {"not": {"required": ["b"]}}}"#.to_owned(), "at most one of a, b"),
        (format!(r#"{x}, "then": {{"required": ["a"]}}"#), "a required if kind is `x`"),
        (format!(r#"{x}, "then": {{"not": {{"required": ["a"]}}}}"#), "no a if kind is `x`"),
        (format!(r#"{x}, "then": {{"properties": {{"a": false}}}}"#), "no a if kind is `x`"),
        (format!(r#"{x}, "else": {{"required": ["a"]}}"#), "a required if kind is `y` or `z`"),
        (format!(r#"{x}, "else": {{"not": {{"required": ["a"]}}}}"#), "a only if kind is `x`"),
        (
            format!(r#"{}, "then": {{"required": ["a"]}}"#, when(r#"{"enum": ["x", "y"]}"#)),
            "a required if kind is `x` or `y`",
        ),
        (
            r#""if": {"properties": {"on": {"const": true}}}, "then": {"required": ["a"]}"#.to_owned(),
            "a required if on is `true`",
        ),
        (r#""if": {"required": ["a"]}, "then": {"required": ["b"]}"#.to_owned(), "a only with b"),
        (r#""if": {"required": ["a"]}, "else": {"required": ["b"]}"#.to_owned(), "at least one of a, b"),
        (r#""not": {"required": ["a", "b"]}"#.to_owned(), "at most one of a, b"),
        (r#""anyOf": [{"required": ["a"]}, {"required": ["b"]}]"#.to_owned(), "at least one of a, b"),
        (
            r#""oneOf": [{"required": ["a"]}, {"required": ["b"]}]"#.to_owned(),
            "at least one of a, b; at most one of a, b",
        ),
        (r#""description": "Give `a` only. `a` and `b` must be given together.""#.to_owned(), "all of a, b, or none"),
    ] {
        let schema = format!("{{{members}, {keywords}}}");
        let read = read("x.json", &with_schema("3.1.0", &schema));
        let rules: Vec<String> = member(&read.contract, "op", "v").rules.iter().map(ToString::to_string).collect();
        assert_eq!(rules.join("; "), expected, "{keywords}");
        assert_eq!(read.diagnostics, [], "{keywords}");
    }
}

#[test]
fn conditions_that_are_more_than_rules_are_reported() {
    let members = r#""type": "object", "properties": {"a": {"type": "string"}, "kind": {"type": "string"}}"#;
    for keywords in [
        r#""if": {"properties": {"kind": {"pattern": "^x"}}}, "then": {"required": ["a"]}"#,
        r#""if": {"properties": {"kind": {"const": "x"}, "a": {"const": "y"}}}, "then": {"required": ["a"]}"#,
        r#""if": {"properties": {"kind": {"const": "x"}}}, "then": {"properties": {"a": {"maxLength": 3}}}"#,
        r#""dependentSchemas": {"a": {"properties": {"kind": {"const": "x"}}}}"#,
        r#""not": {"required": ["a"]}"#,
    ] {
        let read = read("x.json", &with_schema("3.1.0", &format!("{{{members}, {keywords}}}")));
        assert_eq!(member(&read.contract, "op", "v").rules, [], "{keywords}");
        assert_eq!(read.diagnostics.len(), 1, "{keywords}");
    }
}

const PARAMETERS: &str = r##"{"openapi": "3.0.0", "info": {"title": "T"},
"security": [{"key": []}],
"paths": {"/users/{id}/{part}": {
  "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}},
    {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 3}}],
  "put": {
    "parameters": [{"name": "q", "in": "query", "required": true, "schema": {"type": "string", "maxLength": 8}},
      {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
      {"name": "X-Key", "in": "header", "schema": {"type": "string"}},
      {"name": "session", "in": "cookie", "schema": {"type": "string"}},
      {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
      {"name": "csv", "in": "query", "explode": false, "schema": {"type": "array", "items": {"type": "integer"}}},
      {"name": "page", "in": "query", "style": "deepObject", "schema": {"type": "object", "properties": {"size": {"type": "integer"}}}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema":
      {"type": "object", "properties": {"id": {"type": "string"}}}}}},
    "responses": {"default": {"description": "any"}}},
  "get": {"security": [], "responses": {"200": {"description": ""}}}}},
"components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}}"##;

#[test]
fn parameters_have_their_locations_and_credentials_are_no_members() {
    let output = read("x.json", PARAMETERS);
    let contract = &output.contract;
    let operation = contract.operation("PutUsersByIdByPart").expect("named after its route");
    let input = contract.shape(operation.input.as_ref().expect("an input"));
    let found: Vec<(&str, &str, MemberLocation, bool)> = input
        .kind
        .members()
        .expect("members")
        .iter()
        .map(|(name, member)| (name.as_str(), member.wire_name(name), member.location, member.required))
        .collect();
    let (label, query, header) = (MemberLocation::Label, MemberLocation::Query, MemberLocation::Header);
    assert_eq!(
        found,
        [
            ("q", "q", query, true),
            ("X-Trace", "X-Trace", header, false),
            ("session", "session", MemberLocation::Cookie, false),
            ("ids", "ids", query, false),
            ("csv", "csv", query, false),
            ("page_size", "page[size]", query, false),
            ("id", "id", label, true),
            ("part", "part", label, true),
            ("idBody", "id", MemberLocation::Body, false),
        ]
    );
    assert_eq!(
        member(contract, "PutUsersByIdByPart", "q").length().max,
        Some(8),
        "the operation's own parameter counts"
    );
    assert!(matches!(member(contract, "PutUsersByIdByPart", "ids").kind, ShapeKind::List { .. }));
    let csv = &input.kind.members().expect("members")["csv"];
    assert_eq!(csv.traits.separator.as_deref(), Some(","), "a list in one text");
    assert_eq!(contract.auth, [AuthScheme::Header { name: "X-Key".into(), prefix: None }]);
    assert!(contract.operation("GetUsersByIdByPart").expect("it exists").traits.anonymous);
    assert!(!operation.traits.anonymous);
    let notes: Vec<&str> = output.diagnostics.iter().map(|one| one.message.as_str()).collect();
    assert!(matches!(notes.as_slice(), [only] if only.contains("no parameter")), "{notes:?}");
}

#[test]
fn swagger_2_has_bodies_and_limits_in_its_parameters() {
    let text = r##"swagger: 2.0
info: {title: Old}
host: api.example.com
basePath: /v2
schemes: [https]
securityDefinitions:
  basic: {type: basic}
security: [{basic: []}]
paths:
  /things:
    post:
      parameters:
        - in: body
          name: thing
          required: true
          schema: {$ref: '#/definitions/Thing'}
        - in: query
          name: limit
          type: integer
          format: int32
          maximum: 50
        - {in: query, name: sort, type: array, items: {type: string, enum: [a, b]}, collectionFormat: multi}
      responses:
        200: {description: ok, schema: {type: array, items: {$ref: '#/definitions/Thing'}}}
  /upload:
    post:
      consumes: [multipart/form-data]
      parameters: [{in: formData, name: file, type: file, required: true}]
      responses: {200: {description: ok}}
  /image:
    post:
      consumes: [image/png]
      parameters: [{in: body, name: image, required: true, schema: {type: string, format: binary}}]
      responses: {200: {description: ok}}
definitions:
  Thing:
    type: object
    properties:
      name: {type: string, maxLength: 7}
"##;
    let output = read("old.yaml", text);
    let contract = &output.contract;
    assert_eq!(contract.base_url.as_deref(), Some("https://api.example.com/v2"));
    assert_eq!(contract.auth, [AuthScheme::Basic]);
    assert_eq!(stated(member(contract, "PostThings", "limit"), &FactField::RangeMax), Some((json!(50), 21)));
    assert_eq!(member(contract, "PostThings", "sort[]").undisputed_values(), ["a", "b"]);
    assert_eq!(stated(member(contract, "PostThings", "name"), &FactField::LengthMax), Some((json!(7), 39)));
    let upload = contract.operation("PostUpload").expect("it exists");
    assert_eq!(upload.traits.content_type.as_deref(), Some("multipart/form-data"));
    assert_eq!(member(contract, "PostUpload", "file").kind, ShapeKind::Blob);
    assert!(contract.operation("PostImage").is_none());
    let left_out = output.diagnostics.iter().find(|one| one.message.contains("`PostImage` is left out"));
    assert_eq!(left_out.map(|one| (one.severity, one.place.line)), Some((IngestSeverity::Warning, 33)));
}

/// A document in several files.
struct Files(Vec<(&'static str, &'static str)>);

impl DocumentLookup for Files {
    fn find(&mut self, _file_name: &str) -> Option<(String, Vec<u8>)> {
        None
    }

    fn find_relative(&mut self, _source: &str, path: &str) -> Option<(String, Vec<u8>)> {
        let (name, text) = self.0.iter().find(|(name, _)| *name == path)?;
        Some(((*name).to_owned(), text.as_bytes().to_vec()))
    }
}

#[test]
fn references_lead_over_files_and_facts_name_the_file() {
    let root =
        "openapi: 3.0.0\ninfo: {title: T}\npaths:\n  /a/{n}:\n    $ref: paths/a.yaml\n  /b:\n    $ref: gone.yaml#/b\n";
    let mut files = Files(vec![
        (
            "paths/a.yaml",
            "get:\n  operationId: getA\n  parameters:\n    - $ref: ../common.json#/parameters/N\n  responses:\n    '200': {description: ok}\n",
        ),
        (
            "common.json",
            "{\"parameters\": {\"N\": {\"in\": \"path\", \"name\": \"n\", \"required\": true,\n\"schema\": {\"type\": \"string\",\n\"maxLength\": 6}}}}",
        ),
    ]);
    let output = ingest::read_document("api/root.yaml", root.as_bytes(), &IngestOptions::default(), &mut files)
        .expect("it is readable");
    let fact = member(&output.contract, "getA", "n").preferred_fact(&FactField::LengthMax).cloned().expect("a fact");
    assert_eq!((fact.document.as_str(), fact.line), ("common.json", 3));
    let missing = output.diagnostics.iter().find(|one| one.message.contains("gone.yaml")).expect("a warning");
    assert_eq!((missing.severity, missing.place.line), (IngestSeverity::Warning, 7));
}

#[test]
fn documents_that_are_no_open_api_stay_what_they_are() {
    for (text, format) in [
        ("---\ntitle: Create\nopenapi: POST /v1/x\n---\n\n# Create\n", Some(SourceFormat::Mintlify)),
        ("{\"info\": {}, \"paths\": {},\n \"openapi\": \"3.1.0\"}", Some(SourceFormat::OpenApi)),
        ("{\"openapi\": true}", None),
    ] {
        assert_eq!(ingest::detect_format(text), format, "{text}");
    }
}

#[test]
fn broken_documents_are_rejected_with_a_line_or_read_as_far_as_they_go() {
    for text in ["openapi: 3.0.0\npaths: {a: [}\n", "{\"openapi\": \"3.0.0\", \"paths\": {\"/a\": }}"] {
        let error = ingest::read_document("x", text.as_bytes(), &IngestOptions::default(), &mut super::NoDocuments)
            .expect_err(text);
        assert!(error.place.line >= 1 && !error.message.is_empty());
    }
    for text in [
        "openapi: 3.0.0\npaths: [1]\n",
        "openapi: 3.0.0\npaths:\n  /a: null\n  b c: {}\n  '/d e': {get: {}}\n  /f: {get: 5, put: {parameters: {a: 1}, responses: [x]}}\n",
        "openapi: 3.0.0\npaths: {/a: {get: {parameters: [{$ref: '#/x'}, {in: path}, {in: header, name: 'a b'}, 5]}}}\n",
        "openapi: 3.0.0\na: &a {$ref: '#/a'}\npaths: {/a: {$ref: '#/a'}}\n",
        "openapi: 3.0.0\npaths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/s'}}}}}}}\ns: {$ref: '#/s'}\n",
        "openapi: 3.0.0\npaths: {/a: {post: {requestBody: {content: {application/json: {schema: {allOf: [{$ref: '#/s'}]}}}}}}}\ns: {allOf: [{$ref: '#/s'}], type: object, properties: {a: {$ref: '#/s'}}}\n",
    ] {
        read("x.yaml", text);
    }
}
