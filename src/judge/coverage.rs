//! Measures how much of the contract a run has covered.
//!
//! It never judges a case.

use super::{Judgement, Verdict};
use crate::case::{Case, Expectation, Intent};
use crate::contract::{Constraint, Contract, ErrorRole, MemberPath, Operation};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// Coverage of a run by operation.
#[derive(Debug, Default)]
pub struct Coverage {
    rows: IndexMap<String, OperationRow>,
    /// Buffer for building keys, most of which are already in the maps, so that looking them up allocates nothing.
    key_buffer: String,
}

#[derive(Debug, Default)]
struct OperationRow {
    counts: OperationCoverage,
    /// `member path/constraint` of every constraint that the contract states.
    stated_constraints: HashSet<String>,
    covered_constraints: HashSet<String>,
    /// Documented errors with their roles.
    documented_errors: IndexMap<String, ErrorRole>,
    provokable_errors: HashSet<String>,
    provoked_errors: HashSet<String>,
    limits: CoveredItems,
    enums: CoveredItems,
    members: CoveredItems,
    laws: CoveredItems,
}

/// Items that cases test, and whether any of those cases got a response.
#[derive(Debug, Default)]
struct CoveredItems(HashMap<String, bool>);

impl CoveredItems {
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

const LIMIT_SIDES: [&str; 4] = ["below-min", "at-min", "at-max", "above-max"];

/// Returns the reason why no case can provoke an error with this role.
fn unprovokable_reason(role: ErrorRole) -> &'static str {
    match role {
        ErrorRole::Throttled => "needs rate limiting",
        ErrorRole::ServerFault => "needs a server failure",
        ErrorRole::MissingResource => "the scenario has no `missing = {…}` for the operation",
        ErrorRole::Unauthenticated => "no principal in the scenario has credentials",
        ErrorRole::Forbidden => "no principal in the scenario has `lacks = […]`",
        ErrorRole::Conflict => "needs a state that no case creates",
        ErrorRole::Limit => "needs more resources than a case may create",
        ErrorRole::InvalidInput | ErrorRole::Other => "the docs don't say when it occurs",
    }
}

impl Coverage {
    /// Creates empty coverage for the contract's operations that `wants` selects. `constraints` returns the constraints
    /// that an operation's input has.
    pub fn new(
        contract: &Contract,
        wants: impl Fn(&str) -> bool,
        constraints: impl Fn(&Contract, &Operation) -> Vec<(MemberPath, Constraint)>,
    ) -> Self {
        let wanted = contract.operations.iter().filter(|operation| wants(operation.name.as_str()));
        let rows = wanted.map(|operation| {
            let row = OperationRow {
                counts: OperationCoverage { operation: operation.name.to_string(), ..Default::default() },
                stated_constraints: constraints(contract, operation)
                    .into_iter()
                    .map(|(path, constraint)| format!("{path}/{constraint}"))
                    .collect(),
                documented_errors: contract
                    .operation_errors(operation)
                    .filter_map(|(name, error)| match error.unnamed {
                        true => Some((error.status?.to_string(), error.role)),
                        false => Some((error.code.clone().unwrap_or_else(|| name.to_string()), error.role)),
                    })
                    .collect(),
                ..OperationRow::default()
            };
            (operation.name.to_string(), row)
        });
        Self { rows: rows.collect(), key_buffer: String::new() }
    }

    /// Adds a judged case.
    pub fn add_case(&mut self, case: &Case, judgement: &Judgement) {
        let Some(row) = self.rows.get_mut(case.operation.as_str()) else { return };
        let counts = &mut row.counts;
        counts.cases += 1;
        // A hang breaks the contract but does not answer the question that the case asks. Laws are judged on several
        // responses, so they have no single status.
        let answered = matches!(judgement.verdict, Verdict::Pass | Verdict::Diverges | Verdict::Unspecified)
            && (judgement.observed.status.is_some() || case.id.law().is_some());
        *match judgement.verdict {
            Verdict::Pass => &mut counts.pass,
            Verdict::Diverges => &mut counts.diverges,
            Verdict::Unspecified => &mut counts.unspecified,
            Verdict::NotImplemented => &mut counts.not_implemented,
            Verdict::Flaky | Verdict::Indeterminate => &mut counts.indeterminate,
            Verdict::Unsendable => &mut counts.unsendable,
        } += 1;
        self.key_buffer.clear();
        if let Some(member) = &case.member {
            write!(self.key_buffer, "{member}").expect("writing to a string cannot fail");
            row.members.add(&self.key_buffer, answered);
            let variant = case.id.variant();
            match case.constraint {
                Some(constraint @ (Constraint::Length | Constraint::Range | Constraint::MaxTotalBytes)) => {
                    if let Some(side) = LIMIT_SIDES.iter().find(|side| variant.starts_with(**side)) {
                        write!(self.key_buffer, "/{constraint}/{side}").expect("writing to a string cannot fail");
                        row.limits.add(&self.key_buffer, answered);
                    }
                }
                Some(Constraint::Enum) if variant.starts_with("member-") => {
                    write!(self.key_buffer, "/{variant}").expect("writing to a string cannot fail");
                    row.enums.add(&self.key_buffer, answered);
                }
                _ => {}
            }
        } else if let Some(law) = case.id.law() {
            row.laws.add(law.as_str(), answered);
        }
        if let (true, Some(member), Some(constraint)) = (answered, &case.member, case.constraint) {
            // A constraint is covered once a violation of it got a response, or a value at its limit, if no request can
            // violate the constraint alone.
            if case.intent != Intent::Probe {
                self.key_buffer.clear();
                write!(self.key_buffer, "{member}/{constraint}").expect("writing to a string cannot fail");
                if !row.covered_constraints.contains(&self.key_buffer)
                    && row.stated_constraints.contains(&self.key_buffer)
                {
                    row.covered_constraints.insert(self.key_buffer.clone());
                }
            }
        }
        if let Expectation::Reject { errors, .. } = &case.expectation {
            for error in errors {
                let name = error.error.as_ref().map(ToString::to_string);
                // Without a type, an error is known by its status.
                let Some(name) = name.or_else(|| error.status.map(|status| status.to_string())) else { continue };
                if row.documented_errors.contains_key(&name) && !row.provokable_errors.contains(&name) {
                    row.provokable_errors.insert(name);
                }
            }
        }
        let status = judgement.observed.status.map(|status| status.to_string());
        for name in judgement.observed.error.iter().chain(&status).filter(|_| answered) {
            if row.documented_errors.contains_key(name) && !row.provoked_errors.contains(name) {
                row.provoked_errors.insert(name.clone());
            }
        }
    }

    /// Returns one row for each operation with cases, in the contract's order.
    pub fn operations(&self) -> Vec<OperationCoverage> {
        self.rows
            .values()
            .filter(|row| row.counts.cases > 0)
            .map(|row| {
                let could =
                    |name: &&String| row.provokable_errors.contains(*name) || row.provoked_errors.contains(*name);
                OperationCoverage {
                    constraints: (row.covered_constraints.len() as u64, row.stated_constraints.len() as u64),
                    errors: (
                        row.provoked_errors.len() as u64,
                        row.documented_errors.keys().filter(could).count() as u64,
                    ),
                    unprovokable: row
                        .documented_errors
                        .iter()
                        .filter(|(name, _)| !could(name))
                        .map(|(name, role)| (name.clone(), unprovokable_reason(*role)))
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
