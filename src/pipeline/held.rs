//! The cases of a job, made once: they are counted before the first is sent, and few enough are kept meanwhile.
//!
//! What is too much to keep is counted and made again, so that memory does not grow with the number of cases.

use super::{Job, Planned};
use crate::contract::OperationName;
use crate::generate::{Case, Send, Step, Value, Workbench};
use crate::report::Diagnostic;
use crate::run::processor_seconds;
use std::collections::HashSet;
use std::sync::Arc;

/// So many bytes of cases are kept at the most, as [`size`] estimates them.
const MOST: usize = 48 << 20;

/// How many cases there are, and they themselves where they are few enough.
pub(super) struct Held {
    pub planned: Planned,
    pub cases: Option<Vec<Arc<Case>>>,
}

/// Makes all cases of a job once.
pub(super) fn hold<'a>(job: &'a Job, bench: &Workbench<'a>) -> Result<Held, Vec<Diagnostic>> {
    let before = processor_seconds(None);
    let mut operations = HashSet::<OperationName>::new();
    let (mut count, mut bytes) = (0, 0);
    let mut kept = Some(Vec::new());
    for case in job.cases(bench)? {
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
    Ok(Held { planned: Planned { cases: count, operations: operations.len() as u64, made_in }, cases: kept })
}

/// About how many bytes a case takes.
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
