//! Expressions that refer to names and values in other members: each reference is defined, and each definition is used.
//!
//! Each case sends the same request with a valid expression first: if that is rejected, nothing is learnt.

use crate::case::{Case, ExpectedError, LawName, ResponseCheck, StepPurpose, Value};
use crate::contract::{ErrorRole, ShapeId, ShapeKind};
use crate::generate::modelled::expression_grammar::{ExpressionGrammar, grammar_of};
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::infer::key_attributes;
use indexmap::IndexMap;

/// The references of the valid expression, and those that nothing defines or uses.
const NAME: &str = "#ovsname";
const VALUE: &str = ":ovsvalue";
const OTHER_NAME: &str = "#ovsother";
const OTHER_VALUE: &str = ":ovsother";
/// The attribute that is named where any will do.
const ATTRIBUTE: &str = "ovsnote";

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if !context.plan.is_only_modelled {
        return Vec::new();
    }
    let Some(members) = ExpressionMembers::of_operation(context) else { return Vec::new() };
    let mut out = Vec::new();
    for (member, grammar) in &members.expressions {
        for violation in ExpressionViolation::ALL {
            out.extend(members.violation_case(member, grammar, violation));
        }
    }
    out
}

/// What is wrong with an expression and its definitions.
#[derive(Clone, Copy, PartialEq)]
enum ExpressionViolation {
    UnusedName,
    UnusedValue,
    UndefinedName,
    UndefinedValue,
    Syntax,
}

impl ExpressionViolation {
    const ALL: [Self; 5] =
        [Self::UnusedName, Self::UnusedValue, Self::UndefinedName, Self::UndefinedValue, Self::Syntax];

    fn as_str(self) -> &'static str {
        match self {
            Self::UnusedName => "unused-name",
            Self::UnusedValue => "unused-value",
            Self::UndefinedName => "undefined-name",
            Self::UndefinedValue => "undefined-value",
            Self::Syntax => "syntax",
        }
    }

    fn is_about_value(self) -> bool {
        matches!(self, Self::UnusedValue | Self::UndefinedValue)
    }
}

/// The members of an input that hold expressions, and those that define what they refer to.
struct ExpressionMembers<'w, 'p> {
    context: &'w OperationContext<'p>,
    expressions: Vec<(&'p String, &'static ExpressionGrammar)>,
    names: &'p String,
    values: Option<(&'p String, &'p ShapeId)>,
    /// The key of the items that the request is about: name and type.
    key: Option<(String, String)>,
}

impl<'w, 'p> ExpressionMembers<'w, 'p> {
    fn of_operation(context: &'w OperationContext<'p>) -> Option<Self> {
        let (contract, operation) = (context.plan.contract, context.operation);
        let members = contract.shape(operation.input.as_ref()?).kind.members()?;
        let kind_of = |id: &ShapeId| &contract.shape(id).kind;
        let is_text = |id: &ShapeId| matches!(kind_of(id), ShapeKind::String);
        let map_of = |suffix: &str| {
            members.iter().filter(|(name, _)| name.ends_with(suffix)).find_map(|(name, member)| {
                match kind_of(&member.shape) {
                    ShapeKind::Map { value, .. } => Some((name, value)),
                    _ => None,
                }
            })
        };
        let (names, _) = map_of("ExpressionAttributeNames").filter(|(_, value)| is_text(value))?;
        let values = map_of("ExpressionAttributeValues").filter(|(_, value)| kind_of(value).members().is_some());
        let key = key_attributes(contract, context.plan.scenario, operation).and_then(|keys| keys.into_iter().next());
        let texts = members.iter().filter(|(_, member)| is_text(&member.shape));
        let mut expressions: Vec<_> = texts.filter_map(|(name, _)| Some((name, grammar_of(name)?))).collect();
        if expressions.iter().any(|(_, grammar)| grammar.is_needed) {
            expressions.retain(|(_, grammar)| grammar.is_needed);
        }
        expressions.retain(|(_, grammar)| {
            (!grammar.has_value() || values.is_some()) && (!grammar.names_key() || key.is_some())
        });
        Some(Self { context, expressions, names, values, key })
    }

    fn violation_case(
        &self,
        member: &str,
        grammar: &ExpressionGrammar,
        violation: ExpressionViolation,
    ) -> Option<Case> {
        if violation.is_about_value() && !grammar.has_value() {
            return None;
        }
        let operation = self.context.operation;
        let variant = format!("{}-{member}", violation.as_str());
        let mut case = ResourceCase::new(self.context, LawName::ResolvesExpressions, &variant);
        let plain = case.plain_input(operation);
        let valid = self.input(&plain, member, grammar, None)?;
        let invalid = self.input(&plain, member, grammar, Some(violation))?;
        let first = case.add_step(StepPurpose::SetUp, operation, valid);
        let second = case.add_step(StepPurpose::Act, operation, invalid);
        case.check(ResponseCheck::Needs(first));
        let role = ErrorRole::InvalidInput;
        let mut errors = self.context.plan.errors_with_role(operation, role);
        // Models declare few of the errors for invalid requests.
        errors.push(ExpectedError { status: None, error: None });
        case.check(ResponseCheck::Rejected { step: second, role, errors });
        case.build("what an expression refers to is defined, and what is defined for it is used")
    }

    /// Returns the input with an expression and its definitions, of which at most one thing is wrong.
    fn input(
        &self,
        plain: &Value,
        member: &str,
        grammar: &ExpressionGrammar,
        violation: Option<ExpressionViolation>,
    ) -> Option<Value> {
        let is = |one: ExpressionViolation| violation == Some(one);
        let name = if is(ExpressionViolation::UndefinedName) { OTHER_NAME } else { NAME };
        let value = if is(ExpressionViolation::UndefinedValue) { OTHER_VALUE } else { VALUE };
        let mut expression = grammar.expression(name, value);
        if is(ExpressionViolation::Syntax) {
            expression.push_str(" AND");
        }
        let attribute = match &self.key {
            Some((key, _)) if grammar.names_key() => key.as_str(),
            _ => ATTRIBUTE,
        };
        // An undefined name is the only violation if nothing else is left unused.
        let mut names = IndexMap::new();
        if !is(ExpressionViolation::UndefinedName) {
            names.insert(NAME.to_owned(), Value::text(attribute));
        }
        if is(ExpressionViolation::UnusedName) {
            names.insert(OTHER_NAME.to_owned(), Value::text("ovsunused"));
        }
        let mut input = with_member(plain.clone(), member, Value::text(&expression));
        if !names.is_empty() {
            input = with_member(input, self.names, Value::Map(names));
        }
        if !grammar.has_value() {
            return Some(input);
        }
        let (values_member, shape) = self.values?;
        let mut values = IndexMap::new();
        if !is(ExpressionViolation::UndefinedValue) {
            values.insert(VALUE.to_owned(), self.attribute_value(shape, grammar)?);
        }
        if is(ExpressionViolation::UnusedValue) {
            values.insert(OTHER_VALUE.to_owned(), self.attribute_value(shape, grammar)?);
        }
        let input_with_values = |input| with_member(input, values_member, Value::Map(values.clone()));
        Some(if values.is_empty() { input } else { input_with_values(input) })
    }

    /// Returns a value with the type of the key, or with any type that is written as a text.
    fn attribute_value(&self, shape: &ShapeId, grammar: &ExpressionGrammar) -> Option<Value> {
        let contract = self.context.plan.contract;
        let types = contract.shape(shape).kind.members()?;
        let mut texts = types.iter().filter(|(_, it)| matches!(contract.shape(&it.shape).kind, ShapeKind::String));
        let kind = match &self.key {
            Some((_, kind)) if grammar.names_key() => texts.find(|(name, _)| *name == kind)?.0,
            _ => texts.next()?.0,
        };
        Some(Value::Map(IndexMap::from([(kind.clone(), Value::text("1"))])))
    }
}
