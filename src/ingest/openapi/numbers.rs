//! Builds the shapes of numbers: width, range, exclusive limits, multiples and lists of integers.
//!
//! It never reads a limit of a length.

use super::{FilePlace, Omission, OpenApiReader, SchemaView};
use crate::contract::{DecimalStep, FactField, ShapeId, ShapeKind};
use crate::ingest::json::JsonValue;
use serde_json::Number;

/// Smallest step between an exclusive limit of a fraction and the nearest number that is tested, relative to the limit
/// and for limits near zero.
const EXCLUSIVE_STEP: f64 = 1e-6;

/// A limit of a number with its line.
#[derive(Clone, Copy)]
struct NumberLimit {
    value: f64,
    /// The limit if it is an integer that a floating-point number may not hold exactly.
    exact: Option<i64>,
    is_exclusive: bool,
    place: FilePlace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RangeEnd {
    Min,
    Max,
}

impl<'d> OpenApiReader<'d> {
    /// Sets kind and range of a number.
    pub fn fill_number(&mut self, id: &ShapeId, view: &mut SchemaView<'d>, is_integer: bool, place: FilePlace) {
        let format = view.text("format").map(|(name, _)| name);
        let (kind, any_size) = match (is_integer, format) {
            (true, Some("int32" | "int16" | "int8" | "uint8" | "uint16")) => (ShapeKind::Integer, false),
            (true, Some("int64" | "uint32")) => (ShapeKind::Long, false),
            (true, _) => (ShapeKind::Long, true),
            (false, Some("float")) => (ShapeKind::Float, false),
            (false, Some("double")) => (ShapeKind::Double, false),
            (false, _) => (ShapeKind::Double, true),
        };
        self.set_kind(id, kind, place);
        self.builder.shape_mut(id).any_size = any_size;
        let min = limit_of(view, RangeEnd::Min).and_then(|limit| inclusive(limit, RangeEnd::Min, is_integer));
        let max = limit_of(view, RangeEnd::Max).and_then(|limit| inclusive(limit, RangeEnd::Max, is_integer));
        let as_float = |limit: &Option<(Number, FilePlace)>| limit.as_ref().and_then(|(number, _)| number.as_f64());
        if let (Some(least), Some(most)) = (as_float(&min), as_float(&max))
            && least > most
        {
            view.omissions.extend(max.map(|(_, place)| (Omission::Contradiction, place)));
            return;
        }
        let ends = (as_float(&min), as_float(&max));
        for (field, limit) in [(FactField::RangeMin, min), (FactField::RangeMax, max)] {
            if let Some((number, place)) = limit {
                self.record(id, field, number, place);
            }
        }
        self.fill_multiple(id, view, ends);
    }

    /// Records the number that all values are multiples of.
    fn fill_multiple(&mut self, id: &ShapeId, view: &mut SchemaView<'d>, (min, max): (Option<f64>, Option<f64>)) {
        let stated: Vec<(Number, FilePlace)> = view
            .all("multipleOf")
            .filter_map(|(value, place)| Some((value.node.as_number()?.clone(), place)))
            .collect();
        let Some((step, place)) = stated.first().cloned() else { return };
        view.omissions.extend(stated.iter().skip(1).map(|(_, place)| (Omission::FurtherMultiple, *place)));
        let Some(exact) = DecimalStep::new(&step) else {
            view.omissions.push((Omission::InvalidSchema, place));
            return;
        };
        if let (Some(min), Some(max)) = (min, max)
            && exact.first_index_from(min) > exact.last_index_to(max)
        {
            view.omissions.push((Omission::Contradiction, place));
            return;
        }
        let is_whole = matches!(self.builder.shape_mut(id).kind, ShapeKind::Integer | ShapeKind::Long);
        // Every integer is a multiple of 1, of a half and of a hundredth.
        if !is_whole || exact.whole_step() > 1 {
            self.record(id, FactField::MultipleOf, step, place);
        }
    }

    /// Sets kind and range of an integer with listed values. The longest run of consecutive values becomes the range.
    pub fn fill_listed_integers(
        &mut self,
        id: &ShapeId,
        view: &mut SchemaView<'d>,
        mut numbers: Vec<i64>,
        listed_at: FilePlace,
        place: FilePlace,
    ) {
        numbers.sort_unstable();
        numbers.dedup();
        let runs = numbers.chunk_by(|one, next| one.checked_add(1) == Some(*next));
        let Some(run) = runs.max_by_key(|run| run.len()) else { return };
        if run.len() < numbers.len() {
            view.omissions.push((Omission::OtherEnum, listed_at));
        }
        self.set_kind(id, ShapeKind::Long, place);
        self.builder.shape_mut(id).any_size = true;
        for (field, number) in [(FactField::RangeMin, run.first()), (FactField::RangeMax, run.last())] {
            if let Some(number) = number {
                self.record(id, field, *number, listed_at);
            }
        }
    }
}

/// Returns the strictest limit at one end of the range.
fn limit_of(view: &SchemaView<'_>, end: RangeEnd) -> Option<NumberLimit> {
    let (keyword, exclusive_keyword) = match end {
        RangeEnd::Min => ("minimum", "exclusiveMinimum"),
        RangeEnd::Max => ("maximum", "exclusiveMaximum"),
    };
    let mut strictest: Option<NumberLimit> = None;
    for layer in &view.layers {
        // Before OpenAPI 3.1 the exclusive form is a flag beside the limit, since then a limit of its own.
        let is_flagged = layer.get(exclusive_keyword).is_some_and(|value| value.node.value.is_true());
        for (keyword, is_exclusive) in [(keyword, is_flagged), (exclusive_keyword, true)] {
            let Some(JsonValue::Number(number)) = layer.get(keyword).map(|value| &value.node.value) else { continue };
            let Some(value) = number.as_f64() else { continue };
            let limit = NumberLimit { value, exact: number.as_i64(), is_exclusive, place: layer.place_of(keyword) };
            let is_stricter = strictest.is_none_or(|known| match end {
                RangeEnd::Min => value > known.value || (value == known.value && is_exclusive),
                RangeEnd::Max => value < known.value || (value == known.value && is_exclusive),
            });
            if is_stricter {
                strictest = Some(limit);
            }
        }
    }
    strictest
}

/// Returns the last number inside the limit; `None` if the type has no number past it.
fn inclusive(limit: NumberLimit, end: RangeEnd, is_integer: bool) -> Option<(Number, FilePlace)> {
    let direction = if end == RangeEnd::Min { 1 } else { -1 };
    if is_integer {
        let whole = match limit.exact {
            Some(exact) if limit.is_exclusive => exact.checked_add(direction)?,
            Some(exact) => exact,
            None => {
                let rounded = if end == RangeEnd::Min { limit.value.ceil() } else { limit.value.floor() };
                // A limit beyond 64 bits limits nothing that is sent.
                let is_small = rounded.abs() < 9.0e18;
                let step = if limit.is_exclusive && rounded == limit.value { direction } else { 0 };
                (rounded as i64).checked_add(step).filter(|_| is_small)?
            }
        };
        return Some((Number::from(whole), limit.place));
    }
    if !limit.is_exclusive {
        let number = limit.exact.map(Number::from).or_else(|| Number::from_f64(limit.value))?;
        return Some((number, limit.place));
    }
    let step = (limit.value.abs() * EXCLUSIVE_STEP).max(EXCLUSIVE_STEP);
    Number::from_f64(limit.value + step * f64::from(i32::try_from(direction).unwrap_or(1)))
        .map(|number| (number, limit.place))
}
