//! Generates and counts all cases before the first is sent, and keeps them in memory if they are few.
//!
//! Memory never grows with the number of cases: too many are only counted, and generated again to be sent.

use crate::case::{Case, Step, StepRequest, Value};
use crate::contract::OperationName;
use crate::report::Diagnostic;
use crate::run::cpu_seconds;
use crate::session::job::CaseTotals;
use std::collections::HashSet;
use std::sync::Arc;

/// Maximum size of the cases that are kept, in bytes as [`estimated_size`] counts them.
const MAX_CASE_BYTES: usize = 48 << 20;

/// The number of cases, and the cases themselves if they are few enough.
pub(super) struct PlannedCases {
    count: u64,
    operations: HashSet<OperationName>,
    generation_seconds: f64,
    cases: Option<Vec<Arc<Case>>>,
}

impl PlannedCases {
    /// Generates all cases once, and counts those for which `counts` is true.
    pub fn collect_from(made: impl Iterator<Item = Case>, counts: impl Fn(&Case) -> bool) -> Self {
        let before = cpu_seconds(None);
        let mut operations = HashSet::<OperationName>::new();
        let (mut count, mut bytes) = (0, 0);
        let mut kept = Some(Vec::new());
        for case in made {
            if counts(&case) {
                count += 1;
                if !operations.contains(&case.operation) {
                    operations.insert(case.operation.clone());
                }
            }
            if let Some(cases) = &mut kept {
                bytes += estimated_size(&case);
                if bytes > MAX_CASE_BYTES {
                    kept = None;
                } else {
                    cases.push(Arc::new(case));
                }
            }
        }
        let generation_seconds = before.zip(cpu_seconds(None)).map_or(0.0, |(before, after)| after - before);
        Self { count, operations, generation_seconds, cases: kept }
    }

    /// Returns true if there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.cases.as_ref().is_some_and(Vec::is_empty)
    }

    /// Returns the number of cases and operations.
    pub fn totals(&self) -> CaseTotals {
        CaseTotals {
            cases: self.count,
            operations: self.operations.len() as u64,
            generation_seconds: self.generation_seconds,
        }
    }

    /// Returns the totals together with `others`. Their generation time is left out, because it is part of the run.
    pub fn totals_with(&self, others: &Self) -> CaseTotals {
        let operations = self.operations.union(&others.operations).count() as u64;
        CaseTotals { cases: self.count + others.count, operations, generation_seconds: self.generation_seconds }
    }
}

/// An iterator over cases, in plan order.
pub(super) type CaseIter<'c> = Box<dyn Iterator<Item = Arc<Case>> + Send + 'c>;

/// The source of the cases to send.
pub(super) enum CaseSource<'c> {
    /// A fixed list of cases whose number is known in advance.
    Fixed(CaseTotals, CaseIter<'c>),
    /// These controls, followed by all cases of the operations whose control succeeded; cases of other operations are
    /// never generated.
    AfterControls(PlannedCases),
}

impl CaseSource<'_> {
    /// Returns the number of cases that are known so far.
    pub fn totals(&self) -> CaseTotals {
        match self {
            Self::Fixed(totals, _) => *totals,
            Self::AfterControls(controls) => controls.totals(),
        }
    }
}

/// Returns the cases in memory, or generates them again if they were too many to keep.
pub(super) fn take_or_regenerate<'c, I: Iterator<Item = Case> + Send + 'c>(
    planned: &mut PlannedCases,
    regenerate: impl FnOnce() -> Result<I, Vec<Diagnostic>>,
) -> Result<CaseIter<'c>, Vec<Diagnostic>> {
    Ok(match planned.cases.take() {
        Some(cases) => Box::new(cases.into_iter()),
        None => Box::new(regenerate()?.map(Arc::new)),
    })
}

/// Estimates the size of a case in memory, in bytes.
fn estimated_size(case: &Case) -> usize {
    const OF_CASE: usize = 700;
    const OF_STEP: usize = 300;
    OF_CASE + case.steps.iter().map(|step| OF_STEP + step_size(step)).sum::<usize>()
}

fn step_size(step: &Step) -> usize {
    match &step.request {
        StepRequest::Operation { input, damage, .. } => value_size(input) + damage.len() * 64,
        StepRequest::Raw { body, .. } => body.as_ref().map_or(0, value_size),
    }
}

fn value_size(value: &Value) -> usize {
    const OF_VALUE: usize = 48;
    OF_VALUE
        + match value {
            Value::Text(text) | Value::Template(text) | Value::Raw(text) | Value::Number(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            Value::List(items) => items.iter().map(value_size).sum(),
            Value::Map(members) => members.iter().map(|(name, value)| name.len() + 40 + value_size(value)).sum(),
            Value::Null | Value::Boolean(_) => 0,
        }
}
