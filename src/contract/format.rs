//! The contract as JSON in the format `overstep-contract/1`, the only form in which contracts are stored.
//!
//! It never serialises the contract's own types: separate plain structs describe the JSON, so that the types
//! themselves can stay strict.

use super::{
    AuthScheme, Contract, ErrorName, ErrorRole, ErrorShape, Fact, HttpBinding, LengthRange, Member, NumberRange,
    Operation, OperationName, OperationTraits, PartTraits, Protocol, Provenance, ServiceTraits, Shape, ShapeId,
    ShapeKind, ShapeRule, WireTraits,
};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The name of the format, the first field of every contract.
pub const FORMAT: &str = "overstep-contract/1";

/// The error returned if a text is not a contract.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractFormatError {
    /// The text is not JSON, or has an unexpected structure.
    #[error("{reason}")]
    Json {
        /// What is wrong.
        reason: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The text declares another format.
    #[error("unknown format `{found}`; expected `{FORMAT}`")]
    UnknownFormat {
        /// The format that the text declares.
        found: String,
    },
    /// A reference to a name that does not exist, or a shape without a field that its type requires.
    #[error("{owner}: {reason}")]
    Inconsistent {
        /// The shape, operation or error at fault.
        owner: String,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractJson {
    format: String,
    service: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    protocol: Option<Protocol>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    auth: Vec<AuthScheme>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(default, skip_serializing_if = "ServiceTraits::is_empty")]
    traits: ServiceTraits,
    operations: Vec<OperationJson>,
    #[serde(default)]
    errors: Vec<ErrorShapeJson>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    common: Vec<ErrorName>,
    #[serde(default)]
    shapes: IndexMap<ShapeId, ShapeJson>,
    /// The lines of sentences that are not understood, by document.
    #[serde(default, rename = "notUnderstood", skip_serializing_if = "IndexMap::is_empty")]
    unread_sentences: IndexMap<String, Vec<u32>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationJson {
    name: OperationName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<HttpBinding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<ShapeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<ShapeId>,
    #[serde(default)]
    errors: Vec<ErrorName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    laws: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    permission: Option<String>,
    #[serde(default, skip_serializing_if = "OperationTraits::is_empty")]
    traits: OperationTraits,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    examples: Vec<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<Provenance>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disputed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<Fact>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorShapeJson {
    name: ErrorName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    role: ErrorRole,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unnamed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shape: Option<ShapeId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disputed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<Fact>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShapeJson {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rules: Option<Vec<ShapeRule>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    members: Option<IndexMap<String, Member>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<ShapeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<ShapeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<ShapeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<LengthRange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<NumberRange>,
    #[serde(default, rename = "multipleOf", skip_serializing_if = "Option::is_none")]
    multiple_of: Option<serde_json::Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unique: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    nullable: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    open: bool,
    #[serde(default, rename = "anySize", skip_serializing_if = "std::ops::Not::not")]
    any_size: bool,
    #[serde(default, skip_serializing_if = "WireTraits::is_empty")]
    traits: WireTraits,
    #[serde(default, skip_serializing_if = "PartTraits::is_empty")]
    parts: PartTraits,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    examples: Vec<serde_json::Value>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disputed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<Fact>,
}

/// Returns the contract as indented JSON with a newline at the end.
pub fn to_json(contract: &Contract) -> String {
    let disputed = |facts: &[Fact]| facts.iter().any(|fact| fact.disputed);
    let mut unread: IndexMap<String, Vec<u32>> = IndexMap::new();
    for place in &contract.unread_sentences {
        unread.entry(place.document.clone()).or_default().push(place.line);
    }
    let form = ContractJson {
        format: FORMAT.to_owned(),
        service: contract.service.clone(),
        protocol: contract.protocol,
        auth: contract.auth.clone(),
        base: contract.base_url.clone(),
        traits: contract.traits.clone(),
        operations: contract
            .operations
            .iter()
            .map(|operation| OperationJson {
                name: operation.name.clone(),
                http: operation.http.clone(),
                input: operation.input.clone(),
                output: operation.output.clone(),
                errors: operation.errors.clone(),
                laws: operation.laws.clone(),
                permission: operation.permission.clone(),
                traits: operation.traits.clone(),
                examples: operation.examples.clone(),
                sources: operation.sources.clone(),
                disputed: disputed(&operation.facts),
                facts: operation.facts.clone(),
            })
            .collect(),
        errors: contract
            .errors
            .iter()
            .map(|(name, error)| ErrorShapeJson {
                name: name.clone(),
                status: error.status,
                role: error.role,
                unnamed: error.unnamed,
                code: error.code.clone(),
                shape: error.shape.clone(),
                disputed: disputed(&error.facts),
                facts: error.facts.clone(),
            })
            .collect(),
        common: contract.common_error_names.clone(),
        shapes: contract.shapes.iter().map(|(id, shape)| (id.clone(), shape_to_json(shape))).collect(),
        unread_sentences: unread,
    };
    let mut text = serde_json::to_string_pretty(&form).expect("plain values with text keys always have a JSON form");
    text.push('\n');
    text
}

fn shape_to_json(shape: &Shape) -> ShapeJson {
    let mut form = ShapeJson {
        kind: shape.kind.name().to_owned(),
        rules: None,
        members: None,
        member: None,
        key: None,
        value: None,
        values: None,
        length: shape.length,
        range: shape.range.clone(),
        multiple_of: shape.multiple_of.clone(),
        pattern: shape.pattern.clone(),
        unique: shape.unique,
        nullable: shape.nullable,
        open: shape.open,
        any_size: shape.any_size,
        traits: shape.traits.clone(),
        parts: shape.parts.clone(),
        examples: shape.examples.clone(),
        disputed: shape.facts.iter().any(|fact| fact.disputed),
        facts: shape.facts.clone(),
    };
    if !shape.rules.is_empty() || matches!(shape.kind, ShapeKind::Structure { .. }) {
        form.rules = Some(shape.rules.clone());
    }
    match &shape.kind {
        ShapeKind::Enum { values } => form.values = Some(values.clone()),
        ShapeKind::List { member } => form.member = Some(member.clone()),
        ShapeKind::Map { key, value } => (form.key, form.value) = (Some(key.clone()), Some(value.clone())),
        ShapeKind::Structure { members } | ShapeKind::Union { members } => form.members = Some(members.clone()),
        _ => {}
    }
    form
}

/// Reads a contract from its JSON form.
///
/// # Errors
/// Returns an error if the text is not JSON of this format, or refers to a name that it does not define.
///
/// # Examples
/// ```
/// use overstep::contract;
///
/// let contract = contract::from_json(
///     r#"{
///         "format": "overstep-contract/1", "service": "notes", "protocol": "restJson",
///         "operations": [{
///             "name": "CreateNote", "http": {"method": "POST", "uri": "/notes", "success": 201},
///             "input": "CreateNoteRequest", "errors": ["validation_error"]
///         }],
///         "errors": [{"name": "validation_error", "status": 400, "role": "invalid-input"}],
///         "shapes": {
///             "CreateNoteRequest": {"type": "structure", "members": {
///                 "text": {"shape": "NoteText", "required": true, "location": "body"}}},
///             "NoteText": {"type": "string", "length": {"max": 20}}
///         }
///     }"#,
/// )?;
/// assert_eq!(contract.shape(&"NoteText".into()).length().max, Some(20));
///
/// let error = contract::from_json(r#"{"format": "overstep-contract/1"}"#).unwrap_err();
/// assert!(error.to_string().contains("missing field"));
/// # Ok::<(), contract::ContractFormatError>(())
/// ```
pub fn from_json(text: &str) -> Result<Contract, ContractFormatError> {
    let form: ContractJson = serde_json::from_str(text).map_err(|error| ContractFormatError::Json {
        reason: error.to_string(),
        line: error.line(),
        column: error.column(),
    })?;
    if form.format != FORMAT {
        return Err(ContractFormatError::UnknownFormat { found: form.format });
    }
    let mut contract = Contract::new(form.service);
    contract.protocol = form.protocol;
    contract.auth = form.auth;
    contract.base_url = form.base;
    contract.traits = form.traits;
    contract.common_error_names = form.common;
    for (document, lines) in form.unread_sentences {
        contract.unread_sentences.extend(lines.into_iter().map(|line| Provenance::new(document.clone(), line)));
    }
    for (id, shape) in form.shapes {
        let shape = shape_from_json(&id, shape)?;
        contract.shapes.insert(id, shape);
    }
    for error in form.errors {
        contract.errors.insert(
            error.name,
            ErrorShape {
                status: error.status,
                role: error.role,
                unnamed: error.unnamed,
                code: error.code,
                shape: error.shape,
                facts: error.facts,
            },
        );
    }
    for operation in form.operations {
        contract.operations.push(Operation {
            name: operation.name,
            http: operation.http,
            input: operation.input,
            output: operation.output,
            errors: operation.errors,
            laws: operation.laws,
            permission: operation.permission,
            traits: operation.traits,
            examples: operation.examples,
            sources: operation.sources,
            facts: operation.facts,
        });
    }
    check_references(&contract)?;
    Ok(contract)
}

fn shape_from_json(id: &ShapeId, form: ShapeJson) -> Result<Shape, ContractFormatError> {
    let broken =
        |reason: &str| ContractFormatError::Inconsistent { owner: format!("shape `{id}`"), reason: reason.to_owned() };
    let kind = match form.kind.as_str() {
        "blob" => ShapeKind::Blob,
        "boolean" => ShapeKind::Boolean,
        "string" => ShapeKind::String,
        "enum" => ShapeKind::Enum { values: form.values.ok_or_else(|| broken("an enum needs `values`"))? },
        "integer" => ShapeKind::Integer,
        "long" => ShapeKind::Long,
        "float" => ShapeKind::Float,
        "double" => ShapeKind::Double,
        "timestamp" => ShapeKind::Timestamp,
        "document" => ShapeKind::Document,
        "list" => ShapeKind::List { member: form.member.ok_or_else(|| broken("a list needs `member`"))? },
        "map" => ShapeKind::Map {
            key: form.key.ok_or_else(|| broken("a map needs `key`"))?,
            value: form.value.ok_or_else(|| broken("a map needs `value`"))?,
        },
        "structure" => ShapeKind::Structure { members: form.members.unwrap_or_default() },
        "union" => ShapeKind::Union { members: form.members.unwrap_or_default() },
        other => return Err(broken(&format!("unknown type `{other}`"))),
    };
    Ok(Shape {
        kind,
        length: form.length,
        range: form.range,
        multiple_of: form.multiple_of,
        pattern: form.pattern,
        unique: form.unique,
        nullable: form.nullable,
        open: form.open,
        any_size: form.any_size,
        rules: form.rules.unwrap_or_default(),
        traits: form.traits,
        parts: form.parts,
        examples: form.examples,
        facts: form.facts,
    })
}

fn check_references(contract: &Contract) -> Result<(), ContractFormatError> {
    let known = |owner: String, id: &ShapeId| {
        if contract.shapes.contains_key(id) {
            Ok(())
        } else {
            Err(ContractFormatError::Inconsistent { owner, reason: format!("unknown shape `{id}`") })
        }
    };
    for (id, shape) in &contract.shapes {
        for neighbour in shape.child_shape_ids() {
            known(format!("shape `{id}`"), neighbour)?;
        }
    }
    for (name, error) in &contract.errors {
        if let Some(id) = &error.shape {
            known(format!("error `{name}`"), id)?;
        }
    }
    if let Some(error) = contract.common_error_names.iter().find(|error| !contract.errors.contains_key(*error)) {
        let reason = format!("unknown error `{error}`");
        return Err(ContractFormatError::Inconsistent { owner: "common errors".to_owned(), reason });
    }
    for operation in &contract.operations {
        for id in operation.input.iter().chain(&operation.output) {
            known(format!("operation `{}`", operation.name), id)?;
        }
        for error in &operation.errors {
            if !contract.errors.contains_key(error) {
                return Err(ContractFormatError::Inconsistent {
                    owner: format!("operation `{}`", operation.name),
                    reason: format!("unknown error `{error}`"),
                });
            }
        }
        if let Some(id) = &operation.input
            && contract.shapes[id].kind.members().is_none()
        {
            return Err(ContractFormatError::Inconsistent {
                owner: format!("operation `{}`", operation.name),
                reason: format!("its input `{id}` is not a structure"),
            });
        }
    }
    Ok(())
}

/// Returns `sha256:` and the hash of the contract's JSON form; equal contracts have equal digests.
pub fn digest(contract: &Contract) -> String {
    let hash = Sha256::digest(to_json(contract).as_bytes());
    format!("sha256:{}", data_encoding::HEXLOWER.encode(&hash))
}
