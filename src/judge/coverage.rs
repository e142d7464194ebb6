//! Measures how much of the contract a run has covered.
//!
//! It never judges a case.

use super::{Judgement, Verdict};
use crate::contract::{Constraint, Contract, Role};
use crate::generate::{Case, Expectation, Intent, constraints};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// Coverage of a run by operation.
#[derive(Debug, Default)]
pub struct Coverage {
    rows: IndexMap<String, Row>,
    /// Buffer for building keys, most of which are already in the maps, so that looking them up allocates nothing.
    key: String,
}

#[derive(Debug, Default)]
struct Row {
    counts: OperationCoverage,
    /// `member path/constraint` of every constraint that the contract states.
    stated: HashSet<String>,
    reached: HashSet<String>,
    /// Documented errors with their roles.
    documented: IndexMap<String, Role>,
    provokable: HashSet<String>,
    provoked: HashSet<String>,
    limits: Reached,
    enums: Reached,
    members: Reached,
    laws: Reached,
}

/// Items that cases test, and whether any of those cases got a response.
#[derive(Debug, Default)]
struct Reached(HashMap<String, bool>);

impl Reached {
    fn add(&mut self, key: &str, answered: bool) {
        match self.0.get_mut(key) {
            Some(known) => *known |= answered,
            None => {
                self.0.insert(key.to_owned(), answered);
            }
        }
    }

    fn count(&self) -> (u64, u64) {
        (self.0.values().filter(|answered| **answered).count() as u64, self.0.len() as u64)
    }
}

/// Coverage and counts of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationCoverage {
    /// The operation.
    pub operation: String,
    /// Number of cases.
    pub cases: u64,
    /// Cases that passed.
    pub pass: u64,
    /// Cases that diverged.
    pub diverges: u64,
    /// Cases for which the documentation is silent.
    pub unspecified: u64,
    /// Cases whose operation is not implemented.
    pub not_implemented: u64,
    /// Inconclusive cases.
    pub indeterminate: u64,
    /// Cases that could not be sent.
    pub unsendable: u64,
    /// Constraints that were tested and got a response, and constraints that the contract states.
    pub constraints: (u64, u64),
    /// Documented errors that were provoked, and documented errors that a case could provoke.
    pub errors: (u64, u64),
    /// Documented errors that no case can provoke, each with the reason.
    pub unprovokable: Vec<(String, &'static str)>,
    /// Sides of limits (below, at, above) that got a response, and sides that cases test.
    pub limits: (u64, u64),
    /// Like `limits`, for members of enums.
    pub enums: (u64, u64),
    /// Like `limits`, for members of the input at any depth.
    pub members: (u64, u64),
    /// Laws with a conclusive result, and laws that cases test.
    pub laws: (u64, u64),
}

const SIDES: [&str; 4] = ["below-min", "at-min", "at-max", "above-max"];

/// Returns the reason why no case can provoke an error with this role.
fn why_not(role: Role) -> &'static str {
    match role {
        Role::Throttled => "needs rate limiting",
        Role::ServerFault => "needs a server failure",
        Role::MissingResource => "the scenario has no `missing = {…}` for the operation",
        Role::Unauthenticated => "no principal in the scenario has credentials",
        Role::Forbidden => "no principal in the scenario has `lacks = […]`",
        Role::Conflict => "needs a state that no case creates",
        Role::Limit => "needs more resources than a case may create",
        Role::InvalidInput | Role::Other => "the docs don't say when it occurs",
    }
}

impl Coverage {
    /// Creates empty coverage for the contract's operations that `wants` selects.
    pub fn new(contract: &Contract, wants: impl Fn(&str) -> bool) -> Self {
        let wanted = contract.operations.iter().filter(|operation| wants(operation.name.as_str()));
        let rows = wanted.map(|operation| {
            let row = Row {
                counts: OperationCoverage { operation: operation.name.to_string(), ..Default::default() },
                stated: constraints(contract, operation)
                    .into_iter()
                    .map(|(path, constraint)| format!("{path}/{constraint}"))
                    .collect(),
                documented: contract
                    .errors_of(operation)
                    .map(|(name, error)| (error.code.clone().unwrap_or_else(|| name.to_string()), error.role))
                    .collect(),
                ..Row::default()
            };
            (operation.name.to_string(), row)
        });
        Self { rows: rows.collect(), key: String::new() }
    }

    /// Adds a judged case.
    pub fn add(&mut self, case: &Case, judgement: &Judgement) {
        let Some(row) = self.rows.get_mut(case.operation.as_str()) else { return };
        let counts = &mut row.counts;
        counts.cases += 1;
        // A hang breaks the contract but does not answer the question that the case asks. Laws are judged on several
        // responses, so they have no single status.
        let answered = matches!(judgement.verdict, Verdict::Pass | Verdict::Diverges | Verdict::Unspecified)
            && (judgement.observed.status.is_some() || case.class == "law");
        *match judgement.verdict {
            Verdict::Pass => &mut counts.pass,
            Verdict::Diverges => &mut counts.diverges,
            Verdict::Unspecified => &mut counts.unspecified,
            Verdict::NotImplemented => &mut counts.not_implemented,
            Verdict::Indeterminate => &mut counts.indeterminate,
            Verdict::Unsendable => &mut counts.unsendable,
        } += 1;
        self.key.clear();
        if let Some(member) = &case.member {
            write!(self.key, "{member}").expect("writing to a string cannot fail");
            row.members.add(&self.key, answered);
            let variant = case.id.0.rsplit('/').next().unwrap_or_default();
            match case.constraint {
                Some(constraint @ (Constraint::Length | Constraint::Range | Constraint::MaxTotalBytes)) => {
                    if let Some(side) = SIDES.iter().find(|side| variant.starts_with(**side)) {
                        write!(self.key, "/{constraint}/{side}").expect("writing to a string cannot fail");
                        row.limits.add(&self.key, answered);
                    }
                }
                Some(Constraint::Enum) if variant.starts_with("member-") => {
                    write!(self.key, "/{variant}").expect("writing to a string cannot fail");
                    row.enums.add(&self.key, answered);
                }
                _ => {}
            }
        } else if case.class == "law" {
            let law = case.id.0.split('/').nth(3).unwrap_or_default();
            row.laws.add(law, answered);
        }
        if let (true, Some(member), Some(constraint)) = (answered, &case.member, case.constraint) {
            // A constraint is covered once a violation of it got a response, or a value at its limit, if no request can
            // violate the constraint alone.
            if case.intent != Intent::Probe {
                self.key.clear();
                write!(self.key, "{member}/{constraint}").expect("writing to a string cannot fail");
                if !row.reached.contains(&self.key) && row.stated.contains(&self.key) {
                    row.reached.insert(self.key.clone());
                }
            }
        }
        if let Expectation::Reject { errors, .. } = &case.expectation {
            for name in errors.iter().filter_map(|error| error.error.as_ref()) {
                if !row.provokable.contains(name.as_str()) {
                    row.provokable.insert(name.to_string());
                }
            }
        }
        if let Some(name) = judgement.observed.error.as_ref().filter(|_| answered)
            && row.documented.contains_key(name)
            && !row.provoked.contains(name)
        {
            row.provoked.insert(name.clone());
        }
    }

    /// Returns one row for each operation with cases, in the contract's order.
    pub fn operations(&self) -> Vec<OperationCoverage> {
        self.rows
            .values()
            .filter(|row| row.counts.cases > 0)
            .map(|row| {
                let could = |name: &&String| row.provokable.contains(*name) || row.provoked.contains(*name);
                OperationCoverage {
                    constraints: (row.reached.len() as u64, row.stated.len() as u64),
                    errors: (row.provoked.len() as u64, row.documented.keys().filter(could).count() as u64),
                    unprovokable: row
                        .documented
                        .iter()
                        .filter(|(name, _)| !could(name))
                        .map(|(name, role)| (name.clone(), why_not(*role)))
                        .collect(),
                    limits: row.limits.count(),
                    enums: row.enums.count(),
                    members: row.members.count(),
                    laws: row.laws.count(),
                    ..row.counts.clone()
                }
            })
            .collect()
    }
}
