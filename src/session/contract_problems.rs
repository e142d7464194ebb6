//! Checks whether a contract can be tested, and leaves out what cannot.
//!
//! It never stops a run: a shape without a value costs the operations that require it, nothing else.

use crate::contract::{
    Contract, OperationDefect, OperationName, Provenance, ShapeId, find_operation_defects, remove_invalid_statuses,
};
use crate::generate::{
    CompiledContract, MAX_ENUM_VALUES, ShapeDefect, ShapeProblem, partially_tested_enums, shorten_pattern,
};
use crate::report::{Diagnostic, Severity};
use crate::scenario::Scenario;

/// Why an operation has no cases.
struct LeftOut {
    operation: OperationName,
    source_at: Option<Provenance>,
}

/// What is wrong with a contract.
pub(super) struct ContractProblems {
    operations: Vec<(OperationDefect, Option<Provenance>)>,
    shapes: Vec<ShapeProblem>,
    left_out: Vec<LeftOut>,
    limited: Vec<LimitedOperation>,
}

/// An operation whose requests are so large that not everything is tested.
struct LimitedOperation {
    operation: OperationName,
    /// Number of places that are tested, if not all are.
    places: Option<usize>,
    is_fuzzed: bool,
    source_at: Option<Provenance>,
}

impl ContractProblems {
    /// Checks a contract. `scenario` gives values that count as valid.
    pub fn find(contract: &Contract, scenario: &Scenario) -> Self {
        let compiled = CompiledContract::new(contract);
        let operations = find_operation_defects(contract);
        let is_unroutable =
            |name: &OperationName| operations.iter().any(|(defect, _)| defect.unroutable_operation() == Some(name));
        let left_out = contract
            .operations
            .iter()
            .filter(|operation| is_unroutable(&operation.name) || !compiled.has_request(scenario, operation))
            .map(|operation| LeftOut {
                operation: operation.name.clone(),
                source_at: operation.sources.first().cloned(),
            })
            .collect();
        let limited = contract.operations.iter().filter_map(|operation| {
            let (places, is_fuzzed) = (compiled.reduced_places(operation), compiled.is_fuzzed(operation));
            (places.is_some() || !is_fuzzed).then(|| LimitedOperation {
                operation: operation.name.clone(),
                places,
                is_fuzzed,
                source_at: operation.sources.first().cloned(),
            })
        });
        Self { shapes: compiled.shape_problems(), limited: limited.collect(), operations, left_out }
    }

    /// Removes the statuses that are no statuses, and the operations for which no request can be built. The shapes
    /// stay: responses may contain them.
    pub fn leave_out(&self, contract: &mut Contract) {
        remove_invalid_statuses(contract);
        let is_left_out = |name: &OperationName| self.left_out.iter().any(|one| one.operation == *name);
        contract.operations.retain(|operation| !is_left_out(&operation.name));
    }

    /// Returns the problems as warnings: those of operations for which `includes` returns true, and of shapes that
    /// these refer to.
    pub fn diagnostics(&self, contract: &Contract, includes: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
        let names: Vec<&str> =
            contract.operations.iter().map(|operation| operation.name.as_str()).filter(|name| includes(name)).collect();
        let relevant = contract.restrict_to(&names);
        let mut found = Vec::new();
        for (defect, at) in &self.operations {
            let (hint, is_relevant) = match defect {
                OperationDefect::UnboundLabel { operation, .. } => (
                    "add the member to the input, or correct the route with an amendment",
                    includes(operation.as_str()),
                ),
                OperationDefect::MemberWithoutLabel { operation, .. } => {
                    ("correct the route or the member's location with an amendment", includes(operation.as_str()))
                }
                OperationDefect::SuccessStatus { operation, .. } => {
                    ("it is ignored; correct it with an amendment", includes(operation.as_str()))
                }
                OperationDefect::ErrorStatus { error, .. } => {
                    ("it is ignored; correct it with an amendment", relevant.errors.contains_key(error))
                }
            };
            if is_relevant {
                found.push(warning_at(defect.to_string(), hint, at.as_ref()));
            }
        }
        for problem in self.shapes.iter().filter(|problem| relevant.shapes.contains_key(&problem.shape)) {
            let reason = format!("no value of shape `{}` can be sent: {}", problem.shape, problem.defect);
            let hint = match problem.defect {
                ShapeDefect::Pattern { .. } => "amend the pattern in the scenario, or set a value with `use`",
                _ => "amend the shape in the scenario, or set a value with `use`",
            };
            found.push(warning_at(reason, hint, problem.source_at.as_ref()));
        }
        for (shape, count, at) in partially_tested_enums(&relevant) {
            let reason = format!("enum `{shape}` has {count} values; only the first {MAX_ENUM_VALUES} are tested");
            found.push(warning_at(reason, "the others are accepted as documented", at.as_ref()));
        }
        for one in self.limited.iter().filter(|one| includes(one.operation.as_str())) {
            let what = match (one.places, one.is_fuzzed) {
                (Some(places), true) => format!("only {places} places of operation `{}` are tested", one.operation),
                (Some(places), false) => {
                    format!("only {places} places of operation `{}` are tested, and it is not fuzzed", one.operation)
                }
                (None, _) => format!("operation `{}` is not fuzzed", one.operation),
            };
            let hint = "this limits the time and memory that one operation takes";
            found.push(warning_at(format!("{what}: its requests are too large"), hint, one.source_at.as_ref()));
        }
        for one in self.left_out.iter().filter(|one| includes(one.operation.as_str())) {
            let reason = format!("operation `{}` is left out: no valid request for it can be built", one.operation);
            found.push(warning_at(reason, "see the warnings above for the reason", one.source_at.as_ref()));
        }
        found
    }
}

/// Returns a warning for each pattern of a contract from machine models only that is ignored.
pub(super) fn ignored_patterns(contract: &Contract) -> Vec<Diagnostic> {
    if !contract.is_model_only() {
        return Vec::new();
    }
    let compiled = CompiledContract::new(contract);
    let ignored = |id: &ShapeId| {
        let (shape, defect) = (contract.shape(id), compiled.pattern_defect(id)?);
        let pattern = shorten_pattern(shape.pattern.as_deref()?);
        let reason = format!("the pattern `{pattern}` of shape `{id}` is ignored: {defect}");
        let at = shape.preferred_fact(&crate::contract::FactField::Pattern).map(crate::contract::Fact::provenance);
        Some(warning_at(reason, "amend the pattern in the scenario", at.as_ref()))
    };
    contract.shapes.keys().filter_map(ignored).collect()
}

fn warning_at(reason: String, hint: &str, at: Option<&Provenance>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        document: at.map(|at| at.document.clone()),
        line: at.map(|at| at.line),
        ..Diagnostic::error(reason).with_hint(hint)
    }
}
