//! Builds requests with a value of any size at one place, to find the limit that an endpoint enforces.
//!
//! These cases are never part of a plan. Each has its own id, `…/length/size-255`, and therefore its own resource.

use super::boundary::{length, range};
use super::error::PlanError;
use super::options::GenerationOptions;
use super::plan::{CompiledContract, with_operation_context};
use crate::case::Case;
use crate::contract::{Constraint, MemberPath, ShapeKind};
use crate::generate::operation_context::OperationContext;
use crate::scenario::Scenario;

/// The documented limits on the size of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeBounds {
    /// The documented minimum.
    pub min: Option<i128>,
    /// The documented maximum.
    pub max: Option<i128>,
    /// The smallest size that a value can have at all.
    pub smallest: i128,
    /// The smallest size that can be sent everywhere: an empty text or list cannot be seen in a path or a query.
    pub smallest_sendable: i128,
    /// Whether the size is the number of entries of a list or map.
    pub counts_entries: bool,
    /// The unit with a leading space: ` characters`, ` entries` …; empty for numbers.
    pub unit: &'static str,
}

/// Returns the documented limits of a place, or `None` if the place does not exist or has no limits of this kind.
pub fn documented_bounds(
    compiled: &CompiledContract<'_>,
    scenario: &Scenario,
    operation: &str,
    member: &MemberPath,
    constraint: &str,
) -> Option<SizeBounds> {
    let found = with_operation_context(compiled, scenario, GenerationOptions::default(), operation, |context| {
        let shape = context.shape(context.sites.iter().find(|site| site.path == *member)?);
        let length = shape.length();
        let number = |number: &Option<serde_json::Number>| number.as_ref()?.to_string().parse::<i128>().ok();
        let of = |min: Option<i128>, max: Option<i128>, least, counts_entries, unit| {
            let usual_least = if least == 0 { 1 } else { least };
            Some(SizeBounds { min, max, smallest: least, smallest_sendable: usual_least, counts_entries, unit })
        };
        let (min, max) = (length.min.map(i128::from), length.max.map(i128::from));
        match (&shape.kind, constraint) {
            (ShapeKind::Integer | ShapeKind::Long, "range") => {
                let range = shape.range.as_ref()?;
                let (least, _) = super::limits::integer_bounds(&shape.kind);
                of(number(&range.min), number(&range.max), least, false, "")
            }
            (ShapeKind::String, "length") => of(min, max, 0, false, " characters"),
            (ShapeKind::Blob, "length") => of(min, max, 0, false, " bytes"),
            (ShapeKind::List { .. }, "length") => of(min, max, 0, true, " items"),
            (ShapeKind::Map { .. }, "length") => of(min, max, 0, true, " entries"),
            _ => None,
        }
    });
    found.ok().flatten()
}

/// Returns a case with a value of exactly this size at a place and everything else valid, or `None` if no such value
/// exists.
pub fn case_of_size(
    compiled: &CompiledContract<'_>,
    scenario: &Scenario,
    options: GenerationOptions,
    operation: &str,
    member: &MemberPath,
    constraint: &str,
    size: i128,
) -> Option<Case> {
    let made: Result<Option<Case>, PlanError> =
        with_operation_context(compiled, scenario, options, operation, |context| {
            let site = context.sites.iter().find(|site| site.path == *member)?;
            let make = |context: &OperationContext<'_>, valid: bool| match constraint {
                "range" => range::case_with_number(context, site, size, valid),
                _ => length::case_with_length(context, site, u64::try_from(size).ok()?, valid),
            };
            let valid = make(context, true)?;
            let case = if valid.unsendable_reason.is_some() { make(context, false)? } else { valid };
            debug_assert!(matches!(case.constraint, Some(Constraint::Length | Constraint::Range)));
            case.unsendable_reason.is_none().then_some(case)
        });
    made.ok().flatten()
}
