//! Generates and counts all cases before the first is sent, and keeps them in memory if they are few.
//!
//! Memory never grows with the number of cases: too many are only counted, and generated again to be sent.

use super::Planned;
use crate::contract::OperationName;
use crate::generate::{Case, Send, Step, Value};
use crate::run::processor_seconds;
use std::collections::HashSet;
use std::sync::Arc;

/// Maximum size of the cases that are kept, in bytes as [`estimated_size`] counts them.
const MOST: usize = 48 << 20;

/// The number of cases, and the cases themselves if they are few enough.
pub(super) struct Held {
    count: u64,
    operations: HashSet<OperationName>,
    made_in: f64,
    pub cases: Option<Vec<Arc<Case>>>,
}

impl Held {
    /// Generates all cases once.
    pub fn of(made: impl Iterator<Item = Case>) -> Self {
        let before = processor_seconds(None);
        let mut operations = HashSet::<OperationName>::new();
        let (mut count, mut bytes) = (0, 0);
        let mut kept = Some(Vec::new());
        for case in made {
            count += 1;
            if !operations.contains(&case.operation) {
                operations.insert(case.operation.clone());
            }
            if let Some(cases) = &mut kept {
                bytes += size(&case);
                if bytes > MOST {
                    kept = None;
                } else {
                    cases.push(Arc::new(case));
                }
            }
        }
        let made_in = before.zip(processor_seconds(None)).map_or(0.0, |(before, after)| after - before);
        Self { count, operations, made_in, cases: kept }
    }

    /// Returns the number of cases and operations.
    pub fn planned(&self) -> Planned {
        Planned { cases: self.count, operations: self.operations.len() as u64, made_in: self.made_in }
    }

    /// Returns the totals together with `others`. Their generation time is left out, because it is part of the run.
    pub fn planned_with(&self, others: &Self) -> Planned {
        let operations = self.operations.union(&others.operations).count() as u64;
        Planned { cases: self.count + others.count, operations, made_in: self.made_in }
    }
}

/// Estimates the size of a case in memory, in bytes.
fn size(case: &Case) -> usize {
    const OF_CASE: usize = 700;
    const OF_STEP: usize = 300;
    OF_CASE + case.steps.iter().map(|step| OF_STEP + of_step(step)).sum::<usize>()
}

fn of_step(step: &Step) -> usize {
    match &step.send {
        Send::Operation { input, damage, .. } => of_value(input) + damage.len() * 64,
        Send::Raw { body, .. } => body.as_ref().map_or(0, of_value),
    }
}

fn of_value(value: &Value) -> usize {
    const OF_VALUE: usize = 48;
    OF_VALUE
        + match value {
            Value::Text(text) | Value::Template(text) | Value::Raw(text) | Value::Number(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            Value::List(items) => items.iter().map(of_value).sum(),
            Value::Map(members) => members.iter().map(|(name, value)| name.len() + 40 + of_value(value)).sum(),
            Value::Null | Value::Boolean(_) => 0,
        }
}
