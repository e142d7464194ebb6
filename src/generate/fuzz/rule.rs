//! Describes a documented constraint in words, as planned cases do.
//!
//! It reads the contract, and never a value.

use super::source::Wild;
use crate::contract::{Constraint, Kind, Operation, Provenance, Rule, Shape};
use crate::generate::label::Breach;
use crate::generate::strategy::{plural, unit};

impl Wild<'_> {
    /// Describes the violated constraint: `at most 6 entries`.
    pub(super) fn rule_of(&self, operation: &Operation, breach: &Breach) -> String {
        let contract = self.planner().contract;
        let site = self.ground(operation.name.as_str()).and_then(|ground| {
            ground.sites.iter().find(|site| site.path == breach.path).map(|site| contract.shape(&site.shape))
        });
        let input = || operation.input.as_ref().map(|input| contract.shape(input));
        let shape = if breach.path.0.is_empty() { input() } else { site };
        shape.map_or_else(|| breach.constraint.name().to_owned(), |shape| in_words(shape, breach.constraint))
    }

    /// Returns the source of the violated constraint, or else that of the operation.
    pub(super) fn source_of(&self, operation: &Operation, breach: &Breach) -> Option<Provenance> {
        let contract = self.planner().contract;
        let ground = self.ground(operation.name.as_str())?;
        let site = ground.sites.iter().find(|site| site.path == breach.path);
        let fact = site.and_then(|site| match breach.constraint {
            Constraint::Required => site.required_fact(contract.shape(&site.parent)),
            constraint => {
                let facts = &contract.shape(&site.shape).facts;
                facts.iter().find(|fact| fact.path.split('/').next() == Some(constraint.name()))
            }
        });
        self.planner().source(fact, operation)
    }
}

fn in_words(shape: &Shape, constraint: Constraint) -> String {
    let listed = |members: &[String]| members.join(", ");
    match constraint {
        Constraint::Required => "required".to_owned(),
        Constraint::Type => match shape.kind {
            Kind::Integer => "a 32-bit integer".to_owned(),
            Kind::Long => "a 64-bit integer".to_owned(),
            Kind::Float | Kind::Double => "a number".to_owned(),
            Kind::Enum { .. } => "a string".to_owned(),
            ref kind => format!("a {}", kind.name()),
        },
        Constraint::Length => {
            let (one, many) = unit(&shape.kind);
            match (shape.length().min, shape.length().max) {
                (Some(min), Some(max)) if min > 0 => format!("{min} to {}", plural(max, one, many)),
                (_, Some(max)) => format!("at most {}", plural(max, one, many)),
                (Some(min), None) => format!("at least {}", plural(min, one, many)),
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
        Constraint::Pattern => format!("matches {}", shape.pattern.as_deref().unwrap_or_default()),
        Constraint::Enum => "one of the listed values".to_owned(),
        Constraint::Unique => "no duplicate items".to_owned(),
        rule => shape.rules.iter().find(|one| one.constraint() == rule).map_or_else(
            || rule.name().to_owned(),
            |rule| match rule {
                Rule::AtLeastOneOf { members } => format!("at least one of {}", listed(members)),
                Rule::AtMostOneOf { members } => format!("at most one of {}", listed(members)),
                Rule::MaxTotalBytes { max, .. } => format!("at most {} in total", plural(*max, "byte", "bytes")),
            },
        ),
    }
}
