//! Applies the user's amendments to a contract.
//!
//! It never removes what the sources state: an amendment is one more fact, which takes precedence.

use super::{
    Contract, ErrorName, ErrorRole, ErrorShape, Fact, FactField, FactOrigin, MemberPath, PathSegment, Shape, ShapeId,
    ShapeKind, ShapeRule,
};
use serde_json::Value as Json;
use std::collections::HashMap;

/// One amendment: the place, the new value and the reason.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Amendment {
    /// The field to amend: `AddTagsToContact.errors`, `TagContact.Tags{key}.length.max`.
    pub at: String,
    /// The value to add to a list.
    pub add: Option<Json>,
    /// The value that replaces the current one.
    pub set: Option<Json>,
    /// The reason for the amendment.
    pub reason: String,
    /// The place of the amendment in the user's file.
    pub source: super::Provenance,
}

impl Amendment {
    /// Creates an amendment that changes nothing yet: set `add` or `set`.
    pub fn new(at: impl Into<String>, reason: impl Into<String>, source: super::Provenance) -> Self {
        Self { at: at.into(), add: None, set: None, reason: reason.into(), source }
    }
}

/// The error returned if an amendment does not fit the contract.
#[derive(Debug, thiserror::Error)]
#[error("`{at}`: {reason}")]
#[non_exhaustive]
pub struct AmendmentError {
    /// The amendment's `at`.
    pub at: String,
    /// What is wrong.
    pub reason: String,
    /// What was probably meant, or the possible values.
    pub hint: Option<String>,
}

/// The fields of an operation that can be amended.
const AMENDABLE_OPERATION_FIELDS: [&str; 6] =
    ["errors", "laws", "permission", "http.success", "http.method", "http.uri"];

/// The fields of a member that can be amended.
const AMENDABLE_MEMBER_FIELDS: [&str; 11] = [
    "length.min",
    "length.max",
    "range.min",
    "range.max",
    "pattern",
    "enum",
    "required",
    "type",
    "rules",
    "unique",
    "location",
];

impl Contract {
    /// Applies one amendment. Applying the same amendment again changes nothing.
    ///
    /// # Errors
    /// Returns an error if `at` does not name a field of this contract or the value does not fit.
    ///
    /// # Examples
    /// ```
    /// use overstep::contract::{Amendment, Contract, Operation, OperationName, Provenance};
    ///
    /// let mut contract = Contract::new("notes");
    /// contract.operations.push(Operation::new(OperationName::new("GetNote")));
    /// let mut amendment = Amendment::new("GetNote.http.uri", "the page has no route", Provenance::new("notes.toml", 7));
    /// amendment.set = Some("/notes/{id}".into());
    /// contract.amend(&amendment)?;
    /// assert_eq!(contract.operations[0].http.as_ref().map(|http| http.uri.as_str()), Some("/notes/{id}"));
    /// # Ok::<(), overstep::contract::AmendmentError>(())
    /// ```
    pub fn amend(&mut self, amendment: &Amendment) -> Result<(), AmendmentError> {
        let fail = |reason: String, hint: Option<String>| AmendmentError { at: amendment.at.clone(), reason, hint };
        let (operation, rest) = amendment.at.split_once('.').ok_or_else(|| {
            fail("field missing".into(), Some("use `Operation.field` or `Operation.Member.field`".into()))
        })?;
        let Some(index) = self.operations.iter().position(|known| known.name.as_str() == operation) else {
            let names = self.operations.iter().map(|known| known.name.as_str());
            return Err(fail(format!("unknown operation `{operation}`"), suggest_nearest(operation, names)));
        };
        let value = match (&amendment.add, &amendment.set) {
            (Some(value), None) | (None, Some(value)) => value,
            _ => return Err(fail("exactly one of `add` and `set` is required".into(), None)),
        };
        if AMENDABLE_OPERATION_FIELDS.contains(&rest) {
            return self.amend_operation(index, rest, value, amendment).map_err(|(reason, hint)| fail(reason, hint));
        }
        let (path, field) = split_field(rest).ok_or_else(|| {
            let word = rest.rsplit('.').next().unwrap_or(rest);
            let possible = AMENDABLE_OPERATION_FIELDS.into_iter().chain(AMENDABLE_MEMBER_FIELDS);
            let hint = suggest_nearest(word, possible)
                .or_else(|| Some(format!("expected one of {}", AMENDABLE_MEMBER_FIELDS.join(", "))));
            fail(format!("`{rest}` does not name a field that can be amended"), hint)
        })?;
        // Shapes are split on the way to the member, so a failure must not leave a half-changed contract behind.
        let mut amended = self.clone();
        amended.amend_member(index, path, field, value, amendment).map_err(|(reason, hint)| fail(reason, hint))?;
        *self = amended;
        Ok(())
    }

    fn amend_operation(
        &mut self,
        index: usize,
        field: &str,
        new_value: &Json,
        amendment: &Amendment,
    ) -> Result<(), Rejection> {
        let fact = |field: FactField, value: Json| Fact::new(field, value, FactOrigin::Scenario, &amendment.source);
        let text = || new_value.as_str().ok_or_else(|| rejection("expected a string"));
        match field {
            "errors" => return self.amend_errors(index, new_value, amendment),
            "laws" => {
                let law = text()?;
                let mut fact = fact(FactField::Law(law.to_owned()), true.into());
                if amendment.set.is_some() {
                    self.operations[index].laws.clear();
                    fact.value = true.into();
                }
                self.operations[index].add_fact(fact);
            }
            "http.success" => {
                let status = new_value.as_u64().filter(|code| (100..600).contains(code));
                let status = status.ok_or_else(|| rejection("expected a status from 100 to 599"))?;
                self.operations[index].add_fact(fact(FactField::HttpSuccess, status.into()));
            }
            _ => {
                let value = text()?.to_owned();
                self.operations[index].add_fact(fact(field.replace('.', "/").into(), value.into()));
            }
        }
        Ok(())
    }

    fn amend_errors(&mut self, index: usize, new_value: &Json, amendment: &Amendment) -> Result<(), Rejection> {
        if amendment.add.is_none() {
            return Err(rejection("errors can only be added; use `add`"));
        }
        let object =
            new_value.as_object().ok_or_else(|| rejection("expected an error of the form `{ status, code, role }`"))?;
        if let Some(unknown) = object.keys().find(|key| !["status", "code", "name", "role"].contains(&key.as_str())) {
            return Err((
                format!("unknown error field `{unknown}`"),
                suggest_nearest(unknown, ["status", "code", "name", "role"]),
            ));
        }
        let text = |key: &str| object.get(key).and_then(Json::as_str);
        let name = text("name").or_else(|| text("code")).ok_or_else(|| rejection("error has no `code` or `name`"))?;
        let status = match object.get("status") {
            None => None,
            Some(value) => Some(
                value
                    .as_u64()
                    .and_then(|code| u16::try_from(code).ok())
                    .filter(|code| (100..600).contains(code))
                    .ok_or_else(|| rejection("expected an error `status` from 100 to 599"))?,
            ),
        };
        let role: Option<ErrorRole> = match text("role") {
            None => None,
            Some(role) => Some(serde_json::from_value(role.into()).map_err(|_| {
                let roles = [
                    "invalid-input",
                    "missing-resource",
                    "unauthenticated",
                    "forbidden",
                    "throttled",
                    "conflict",
                    "limit",
                    "server-fault",
                    "other",
                ];
                (
                    format!("unknown role `{role}`"),
                    suggest_nearest(role, roles).or(Some(format!("expected one of {}", roles.join(", ")))),
                )
            })?),
        };
        let error = self
            .errors
            .entry(ErrorName::from(name))
            .or_insert_with(|| ErrorShape::new(role.unwrap_or_else(|| ErrorRole::infer(status, name, ""))));
        if let Some(code) = text("code").filter(|code| *code != name) {
            error.code = Some(code.to_owned());
        }
        let fact = |field: FactField, value: Json| Fact::new(field, value, FactOrigin::Scenario, &amendment.source);
        if let Some(status) = status {
            error.add_fact(fact(FactField::Status, status.into()));
        }
        if let Some(role) = role {
            error.add_fact(fact(FactField::Role, serde_json::to_value(role).unwrap_or_default()));
        }
        self.operations[index].add_fact(fact(FactField::Error(name.to_owned()), true.into()));
        Ok(())
    }

    fn amend_member(
        &mut self,
        index: usize,
        path: &str,
        field: &str,
        new_value: &Json,
        amendment: &Amendment,
    ) -> Result<(), Rejection> {
        let (output, path) = match path.strip_prefix("(output)") {
            Some(rest) => (true, rest.trim_start_matches('.')),
            None => (false, path),
        };
        let mut path = MemberPath::parse(path).ok_or_else(|| rejection(&format!("invalid member path `{path}`")))?;
        // These two fields belong to the structure that holds the member.
        let member = if matches!(field, "required" | "location") {
            match path.0.pop() {
                Some(PathSegment::Member(name)) => Some(name),
                _ => return Err(rejection(&format!("`{field}` only applies to members of a structure"))),
            }
        } else {
            None
        };
        check_field_value(field, new_value)?;
        let id = self.isolate_shape(index, output, &path, member.as_deref())?;
        let Some(shape) = self.shapes.get_mut(&id) else { return Err(rejection("shape missing from the contract")) };
        let fact = |field: FactField| Fact::new(field, new_value.clone(), FactOrigin::Scenario, &amendment.source);
        match (member, field) {
            (Some(name), "required") => shape.add_fact(fact(FactField::MemberRequired(name))),
            (Some(name), _) => shape.add_fact(fact(FactField::MemberLocation(name))),
            (None, "type") => amend_type(shape, new_value, fact(FactField::Type))?,
            (None, "rules") => amend_rule(shape, new_value, amendment)?,
            (None, field) => {
                let fits = match field {
                    "length.min" | "length.max" => {
                        shape.kind.is_text()
                            || matches!(shape.kind, ShapeKind::Blob | ShapeKind::List { .. } | ShapeKind::Map { .. })
                    }
                    "range.min" | "range.max" => {
                        matches!(
                            shape.kind,
                            ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double
                        )
                    }
                    "pattern" | "enum" => shape.kind.is_text(),
                    _ => true,
                };
                if !fits {
                    return Err(rejection(&format!("a {} has no `{field}`", shape.kind.name())));
                }
                let mut fact = fact(field.replace('.', "/").into());
                if let (true, ShapeKind::Enum { values }) = (field == "enum" && amendment.add.is_some(), &shape.kind) {
                    let mut all = values.clone();
                    let more = new_value.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned);
                    all.extend(more.filter(|value| !values.contains(value)));
                    fact.value = all.into();
                }
                shape.add_fact(fact);
            }
        }
        Ok(())
    }

    /// Returns the shape at a path; splits it first if it is used elsewhere too.
    fn isolate_shape(
        &mut self,
        index: usize,
        output: bool,
        path: &MemberPath,
        last_member: Option<&str>,
    ) -> Result<ShapeId, Rejection> {
        let operation = &self.operations[index];
        let root = if output { &operation.output } else { &operation.input };
        let name = operation.name.to_string();
        let mut id = root.clone().ok_or_else(|| rejection("the operation has no such input or output"))?;
        // The path is checked first, so that a wrong path changes nothing.
        let mut probed = id.clone();
        for segment in path.0.iter().cloned().chain(last_member.map(|name| PathSegment::Member(name.to_owned()))) {
            probed =
                self.shapes.get(&probed).and_then(|shape| child_shape(shape, &segment).cloned()).ok_or_else(|| {
                    let members = self.shapes.get(&probed).and_then(|shape| shape.kind.members());
                    let names = members.into_iter().flat_map(|members| members.keys().map(String::as_str));
                    match &segment {
                        PathSegment::Member(name) => (format!("unknown member `{name}`"), suggest_nearest(name, names)),
                        other => (format!("no `{}` at this path", MemberPath(vec![other.clone()])), None),
                    }
                })?;
        }
        let mut uses = self.count_references();
        if uses.get(&id).copied().unwrap_or(0) > 1 {
            let own = self.copy_shape(&id, &format!("{name}{}", if output { "Response" } else { "Request" }));
            let side = &mut self.operations[index];
            if output {
                side.output = Some(own.clone())
            } else {
                side.input = Some(own.clone())
            }
            id = own;
            uses = self.count_references();
        }
        let mut name_so_far = name;
        for segment in &path.0 {
            name_so_far.push_str(match segment {
                PathSegment::Member(name) => name,
                PathSegment::Item => "Item",
                PathSegment::Key => "Key",
                PathSegment::Value => "Value",
            });
            let child = self.shapes.get(&id).and_then(|shape| child_shape(shape, segment).cloned());
            let Some(child) = child else { return Err(rejection("shape missing from the contract")) };
            let next = if uses.get(&child).copied().unwrap_or(0) > 1 {
                let own = self.copy_shape(&child, &name_so_far);
                if let Some(shape) = self.shapes.get_mut(&id) {
                    set_child_shape(&mut shape.kind, segment, &own);
                }
                uses = self.count_references();
                own
            } else {
                child
            };
            id = next;
        }
        Ok(id)
    }

    fn copy_shape(&mut self, id: &ShapeId, name: &str) -> ShapeId {
        let mut free = ShapeId::from(name);
        let mut number = 2;
        while self.shapes.contains_key(&free) {
            free = ShapeId::new(format!("{name}{number}"));
            number += 1;
        }
        if let Some(shape) = self.shapes.get(id).cloned() {
            self.shapes.insert(free.clone(), shape);
        }
        free
    }

    /// Returns the number of references to each shape.
    fn count_references(&self) -> HashMap<ShapeId, usize> {
        let mut uses = HashMap::new();
        let sides = self.operations.iter().flat_map(|operation| operation.input.iter().chain(&operation.output));
        let bodies = self.errors.values().filter_map(|error| error.shape.as_ref());
        for id in sides.chain(bodies).chain(self.shapes.values().flat_map(Shape::child_shape_ids)) {
            *uses.entry(id.clone()).or_default() += 1;
        }
        uses
    }
}

/// A reason and a hint.
type Rejection = (String, Option<String>);

fn rejection(reason: &str) -> Rejection {
    (reason.to_owned(), None)
}

/// Returns a `did you mean` hint with the nearest of the known names.
fn suggest_nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let near = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&word.to_ascii_lowercase(), &name.to_ascii_lowercase()), name))
        .filter(|(likeness, name)| *likeness > 0.75 || strsim::osa_distance(word, name) == 1)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    near.map(|(_, name)| format!("did you mean `{name}`?"))
}

/// Splits `Tags{key}.length.max` into member path and field; the path is empty if only a field is given.
fn split_field(rest: &str) -> Option<(&str, &'static str)> {
    AMENDABLE_MEMBER_FIELDS.iter().find_map(|field| {
        let path = rest.strip_suffix(field)?;
        if path.is_empty() { Some(("", *field)) } else { path.strip_suffix('.').map(|path| (path, *field)) }
    })
}

fn check_field_value(field: &str, value: &Json) -> Result<(), Rejection> {
    let fits = match field {
        "length.min" | "length.max" => value.is_u64(),
        "range.min" | "range.max" => value.is_number(),
        "pattern" => match value.as_str() {
            Some(pattern) => {
                fancy_regex::Regex::new(pattern).map_err(|error| rejection(&format!("invalid pattern: {error}")))?;
                true
            }
            None => false,
        },
        "enum" => value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Json::is_string)),
        "required" | "unique" => value.is_boolean(),
        "location" => serde_json::from_value::<super::MemberLocation>(value.clone()).is_ok(),
        _ => true,
    };
    let expected = match field {
        "length.min" | "length.max" => "a non-negative integer",
        "range.min" | "range.max" => "a number",
        "pattern" => "a string",
        "enum" => "a list of strings",
        "location" => "one of label, query, header, body, payload",
        _ => "true or false",
    };
    if fits { Ok(()) } else { Err(rejection(&format!("expected {expected}, found `{value}`"))) }
}

fn child_shape<'s>(shape: &'s Shape, segment: &PathSegment) -> Option<&'s ShapeId> {
    match (segment, &shape.kind) {
        (PathSegment::Item, ShapeKind::List { member }) => Some(member),
        (PathSegment::Key, ShapeKind::Map { key, .. }) => Some(key),
        (PathSegment::Value, ShapeKind::Map { value, .. }) => Some(value),
        (PathSegment::Member(name), kind) => kind.members()?.get(name).map(|member| &member.shape),
        _ => None,
    }
}

fn set_child_shape(kind: &mut ShapeKind, segment: &PathSegment, id: &ShapeId) {
    match (segment, kind) {
        (PathSegment::Item, ShapeKind::List { member }) => *member = id.clone(),
        (PathSegment::Key, ShapeKind::Map { key, .. }) => *key = id.clone(),
        (PathSegment::Value, ShapeKind::Map { value, .. }) => *value = id.clone(),
        (PathSegment::Member(name), kind) => {
            if let Some(member) = kind.members_mut().and_then(|members| members.get_mut(name)) {
                member.shape = id.clone();
            }
        }
        _ => {}
    }
}

fn amend_type(shape: &mut Shape, value: &Json, fact: Fact) -> Result<(), Rejection> {
    let name = value.as_str().unwrap_or_default();
    let simple = [
        ShapeKind::Blob,
        ShapeKind::Boolean,
        ShapeKind::String,
        ShapeKind::Integer,
        ShapeKind::Long,
        ShapeKind::Float,
        ShapeKind::Double,
        ShapeKind::Timestamp,
        ShapeKind::Document,
    ];
    if shape.kind.name() != name {
        let names = simple.iter().map(ShapeKind::name);
        shape.kind = simple
            .iter()
            .find(|kind| kind.name() == name)
            .cloned()
            .ok_or_else(|| (format!("`{value}` is not a simple type"), suggest_nearest(name, names)))?;
    }
    super::fact_resolution::add_if_new(&mut shape.facts, fact);
    for fact in shape.facts.iter_mut().filter(|fact| fact.field == FactField::Type) {
        fact.disputed = false;
    }
    Ok(())
}

fn amend_rule(shape: &mut Shape, new_value: &Json, amendment: &Amendment) -> Result<(), Rejection> {
    let rule: ShapeRule = serde_json::from_value(new_value.clone()).map_err(|error| {
        let form = "for example `{ rule = \"maxTotalBytes\", over = \"values\", max = 4096 }`";
        (format!("invalid rule: {error}"), Some(form.to_owned()))
    })?;
    let members = shape.kind.members();
    if let Some(unknown) =
        rule.related_members().into_iter().find(|name| members.is_none_or(|members| !members.contains_key(*name)))
    {
        let known = members.into_iter().flatten().map(|(name, _)| name.as_str());
        return Err((format!("`{unknown}` is not a member here"), suggest_nearest(unknown, known)));
    }
    let place = match shape.rules.iter().position(|known| known.is_about_same(&rule)) {
        Some(place) => {
            shape.rules[place] = rule;
            place
        }
        None => {
            shape.rules.push(rule);
            shape.rules.len() - 1
        }
    };
    let mut facts = vec![(FactField::Rule(place), new_value.clone())];
    if let Some(over) = new_value.get("over") {
        facts.push((FactField::RuleScope(place), over.clone()));
    }
    for (field, value) in facts {
        let fact = Fact::new(field.clone(), value, FactOrigin::Scenario, &amendment.source);
        super::fact_resolution::add_if_new(&mut shape.facts, fact);
        for fact in shape.facts.iter_mut().filter(|fact| fact.field == field) {
            fact.disputed = false;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Member, Operation, Provenance};

    fn contract() -> Contract {
        let mut contract = Contract::new("s");
        let mut input = Shape::structure();
        let members = input.kind.members_mut().expect("it is a structure");
        members.insert("Name".into(), Member::new("Text".into()));
        members.insert("Other".into(), Member::new("Text".into()));
        contract.shapes.insert("In".into(), input);
        let mut text = Shape::new(ShapeKind::String);
        for (max, document) in [(10, "a"), (20, "b")] {
            text.add_fact(Fact::new(FactField::LengthMax, max, FactOrigin::Documented, &Provenance::new(document, 1)));
        }
        contract.shapes.insert("Text".into(), text);
        let mut operation = Operation::new("Do".into());
        operation.input = Some("In".into());
        contract.operations.push(operation);
        contract
    }

    fn amendment(at: &str, add: Option<Json>, set: Option<Json>) -> Amendment {
        Amendment { at: at.into(), add, set, reason: "because".into(), source: Provenance::new("s.toml", 3) }
    }

    #[test]
    fn amended_limit_applies_to_one_member_only() {
        let mut contract = contract();
        contract.amend(&amendment("Do.Name.length.max", None, Some(20.into()))).expect("it fits");
        let members = contract.shape(&"In".into()).kind.members().expect("a structure").clone();
        let (name, other) = (contract.shape(&members["Name"].shape), contract.shape(&members["Other"].shape));
        assert_eq!((name.length().max, name.is_disputed(&FactField::LengthMax)), (Some(20), false));
        assert_eq!((other.length().max, other.is_disputed(&FactField::LengthMax)), (Some(10), true));
        contract.amend(&amendment("Do.Name.required", None, Some(true.into()))).expect("it fits");
        assert!(contract.shape(&"In".into()).kind.members().expect("a structure")["Name"].required);
    }

    #[test]
    fn amendments_add_errors_laws_and_statuses() {
        let mut contract = contract();
        let error = serde_json::json!({"status": 401, "code": "unauthorized", "role": "unauthenticated"});
        contract.amend(&amendment("Do.errors", Some(error), None)).expect("it fits");
        contract.amend(&amendment("Do.laws", Some("merges".into()), None)).expect("it fits");
        contract.amend(&amendment("Do.http.success", None, Some(201.into()))).expect("it fits");
        let operation = contract.operation("Do").expect("it is there");
        let (_, error) = contract.operation_errors(operation).next().expect("one error");
        assert_eq!((error.status, error.role), (Some(401), ErrorRole::Unauthenticated));
        assert_eq!(operation.laws, ["merges"]);
        assert_eq!(operation.http.as_ref().and_then(|http| http.success), Some(201));
    }

    #[test]
    fn amended_rules_stand_beside_rules_about_other_members() {
        let mut contract = contract();
        let rule = |name: &str, needs: &str| serde_json::json!({"rule": "requires", "member": name, "needs": [needs]});
        contract.amend(&amendment("Do.rules", Some(rule("Name", "Other")), None)).expect("it fits");
        contract.amend(&amendment("Do.rules", Some(rule("Other", "Name")), None)).expect("it fits");
        contract.amend(&amendment("Do.rules", Some(rule("Name", "Other")), None)).expect("it fits");
        let input = contract.shape(&"In".into());
        assert_eq!(input.rules.len(), 2);
        assert!(input.facts_at(&FactField::Rule(1)).all(|fact| fact.standing == FactOrigin::Scenario));
        let error = contract.amend(&amendment("Do.rules", Some(rule("Name", "Othe")), None)).expect_err("unknown");
        assert_eq!(error.hint.as_deref(), Some("did you mean `Other`?"));
    }

    #[test]
    fn invalid_amendments_give_a_hint_and_change_nothing() {
        let before = contract();
        for (at, value, hint) in [
            ("Dp.errors", Json::Null, Some("did you mean `Do`?")),
            ("Do.Nam.required", true.into(), Some("did you mean `Name`?")),
            ("Do.Name.lenght.max", 3.into(), None),
            ("Do.Name.length.max", "x".into(), None),
            ("Do.Name.range.max", 3.into(), None),
            ("Do.Name.pattern", "(".into(), None),
            ("Do", Json::Null, None),
        ] {
            let mut contract = before.clone();
            let error = contract.amend(&amendment(at, None, Some(value))).expect_err(at);
            if hint.is_some() {
                assert_eq!(error.hint.as_deref(), hint, "{at}");
            }
            assert_eq!(contract, before, "{at}");
        }
    }
}
