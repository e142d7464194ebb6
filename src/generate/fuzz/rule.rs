//! Describes a documented constraint in words, as planned cases do.
//!
//! It reads the contract, and never a value.

use super::generator::FuzzGenerator;
use crate::contract::{Constraint, Operation, Provenance, Shape, ShapeKind};
use crate::generate::input_checker::Violation;
use crate::generate::limits::{length_unit, pluralize};

impl FuzzGenerator<'_> {
    /// Describes the violated constraint: `at most 6 entries`.
    pub(super) fn describe_rule(&self, operation: &Operation, violation: &Violation) -> String {
        let contract = self.context().contract;
        let site = self.operation_info(operation.name.as_str()).and_then(|info| {
            info.sites.iter().find(|site| site.path == violation.path).map(|site| contract.shape(&site.shape))
        });
        let input = || operation.input.as_ref().map(|input| contract.shape(input));
        let shape = if violation.path.0.is_empty() { input() } else { site };
        shape.map_or_else(
            || violation.constraint.name().to_owned(),
            |shape| describe_constraint(shape, violation.constraint),
        )
    }

    /// Returns the source of the violated constraint, or else that of the operation.
    pub(super) fn find_source(&self, operation: &Operation, violation: &Violation) -> Option<Provenance> {
        let contract = self.context().contract;
        let info = self.operation_info(operation.name.as_str())?;
        let site = info.sites.iter().find(|site| site.path == violation.path);
        let fact = site.and_then(|site| match violation.constraint {
            Constraint::Required => site.required_fact(contract.shape(&site.parent)),
            constraint => {
                let facts = &contract.shape(&site.shape).facts;
                facts.iter().find(|fact| fact.field.constraint() == Some(constraint))
            }
        });
        self.context().documented_at(fact, operation)
    }
}

fn describe_constraint(shape: &Shape, constraint: Constraint) -> String {
    match constraint {
        Constraint::Required => "required".to_owned(),
        Constraint::Type => match shape.kind {
            ShapeKind::Integer => "a 32-bit integer".to_owned(),
            ShapeKind::Long => "a 64-bit integer".to_owned(),
            ShapeKind::Float | ShapeKind::Double => "a number".to_owned(),
            ShapeKind::Enum { .. } => "a string".to_owned(),
            ref kind => format!("a {}", kind.name()),
        },
        Constraint::Length => {
            let (one, many) = length_unit(&shape.kind);
            match (shape.length().min, shape.length().max) {
                (Some(min), Some(max)) if min > 0 => format!("{min} to {}", pluralize(max, one, many)),
                (_, Some(max)) => format!("at most {}", pluralize(max, one, many)),
                (Some(min), None) => format!("at least {}", pluralize(min, one, many)),
                (None, None) => "length".to_owned(),
            }
        }
        Constraint::Range => {
            let range = shape.range.clone().unwrap_or_default();
            match (range.min, range.max) {
                (Some(min), Some(max)) => format!("{min} to {max}"),
                (None, Some(max)) => format!("at most {max}"),
                (Some(min), None) => format!("at least {min}"),
                (None, None) => "range".to_owned(),
            }
        }
        Constraint::MultipleOf => {
            format!("a multiple of {}", shape.multiple_of.as_ref().map(ToString::to_string).unwrap_or_default())
        }
        Constraint::Pattern => format!("matches {}", shape.pattern.as_deref().unwrap_or_default()),
        Constraint::Enum => "one of the listed values".to_owned(),
        Constraint::Unique => "no duplicate items".to_owned(),
        rule => shape
            .rules
            .iter()
            .find(|one| one.constraint() == rule)
            .map_or_else(|| rule.name().to_owned(), ToString::to_string),
    }
}
