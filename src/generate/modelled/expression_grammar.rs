//! The grammars of expressions that refer to names and values in other members of a request, by the names of members.
//!
//! Models do not describe expressions: this is what Amazon DynamoDB accepts.

/// A kind of expression, and a valid one of it.
pub(crate) struct ExpressionGrammar {
    /// The end of the names of members that hold such an expression.
    pub member_suffix: &'static str,
    /// A valid expression: `{name}` stands for an attribute, `{key}` for a key attribute, `{value}` for a value.
    pub template: &'static str,
    /// Whether a request with a member of this kind needs it, so that other expressions cannot be sent alone.
    pub is_needed: bool,
}

impl ExpressionGrammar {
    /// Returns true if the expression refers to a key attribute.
    pub fn names_key(&self) -> bool {
        self.template.contains("{key}")
    }

    /// Returns true if the expression refers to a value.
    pub fn has_value(&self) -> bool {
        self.template.contains("{value}")
    }

    /// Returns the valid expression with these references.
    pub fn expression(&self, name: &str, value: &str) -> String {
        self.template.replace("{name}", name).replace("{key}", name).replace("{value}", value)
    }
}

/// All kinds of expressions. The first one whose suffix fits a member counts.
pub(crate) const GRAMMARS: [ExpressionGrammar; 5] = [
    ExpressionGrammar { member_suffix: "KeyConditionExpression", template: "{key} = {value}", is_needed: true },
    ExpressionGrammar {
        member_suffix: "ConditionExpression",
        template: "attribute_not_exists({name}) OR {name} <> {value}",
        is_needed: false,
    },
    ExpressionGrammar { member_suffix: "FilterExpression", template: "{name} = {value}", is_needed: false },
    ExpressionGrammar { member_suffix: "UpdateExpression", template: "SET {name} = {value}", is_needed: false },
    ExpressionGrammar { member_suffix: "ProjectionExpression", template: "{name}", is_needed: false },
];

/// Returns the grammar of the expression in a member.
pub(crate) fn grammar_of(member: &str) -> Option<&'static ExpressionGrammar> {
    GRAMMARS.iter().find(|grammar| member.ends_with(grammar.member_suffix))
}
