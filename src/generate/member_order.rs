//! The order of two values: numbers, dates, times of day, points in time, and numbers of entries.
//!
//! It never reads the contract.

use crate::case::Value;
use crate::contract::{civil_from_days, days_from_civil};
use std::cmp::Ordering;

/// A value that has an order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ordered {
    Whole(i128),
    Number(f64),
    /// Days since 1970-01-01.
    Date(i64),
    /// Seconds since midnight.
    TimeOfDay(i64),
    /// Milliseconds since 1970-01-01T00:00:00Z.
    Moment(i64),
}

/// Returns how two values compare, or `None` if their kinds have no order.
pub(super) fn compare_values(one: &Value, two: &Value) -> Option<Ordering> {
    match (read_value(one)?, read_value(two)?) {
        (Ordered::Whole(a), Ordered::Whole(b)) => Some(a.cmp(&b)),
        (Ordered::Date(a), Ordered::Date(b))
        | (Ordered::TimeOfDay(a), Ordered::TimeOfDay(b))
        | (Ordered::Moment(a), Ordered::Moment(b)) => Some(a.cmp(&b)),
        (a, b) => as_float(a)?.partial_cmp(&as_float(b)?),
    }
}

fn as_float(value: Ordered) -> Option<f64> {
    match value {
        Ordered::Whole(number) => Some(number as f64),
        Ordered::Number(number) => Some(number).filter(|number| number.is_finite()),
        _ => None,
    }
}

fn read_value(value: &Value) -> Option<Ordered> {
    match value {
        Value::Number(literal) => read_number(literal),
        Value::List(items) => i128::try_from(items.len()).ok().map(Ordered::Whole),
        Value::Map(members) => i128::try_from(members.len()).ok().map(Ordered::Whole),
        Value::Text(text) => read_number(text).or_else(|| read_moment(text)),
        _ => None,
    }
}

fn read_number(text: &str) -> Option<Ordered> {
    let whole = text.parse::<i128>().ok().map(Ordered::Whole);
    whole.or_else(|| text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Ordered::Number))
}

/// Reads `2026-01-31`, `23:59`, `23:59:59` or a date with a time and a zone.
fn read_moment(text: &str) -> Option<Ordered> {
    let Some((date, clock)) = text.split_once(['T', 't', ' ']) else {
        return read_date(text).map(Ordered::Date).or_else(|| read_clock(text).map(Ordered::TimeOfDay));
    };
    let zone_at = clock.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = clock.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let offset = match zone {
        "Z" | "z" => 0,
        _ => read_clock(zone.get(1..)?)? * if zone.starts_with('-') { -1 } else { 1 },
    };
    Some(Ordered::Moment((read_date(date)? * 86_400 + read_clock(clock)? - offset) * 1000 + millis))
}

fn read_part(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn read_date(text: &str) -> Option<i64> {
    let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] else { return None };
    let (year, month, day) = (read_part(year, 4)?, read_part(month, 2)?, read_part(day, 2)?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| days_from_civil(year, month, day))
}

fn read_clock(text: &str) -> Option<i64> {
    let parts: Option<Vec<i64>> = text.split(':').map(|part| read_part(part, 2)).collect();
    match parts?[..] {
        [hour, minute] => Some(hour * 3600 + minute * 60),
        [hour, minute, second] => Some(hour * 3600 + minute * 60 + second),
        _ => None,
    }
}

/// Returns a value that is larger by this many steps, or smaller for a negative number: whole numbers by `unit`, other
/// numbers by one, dates by a day, times by an hour. `None` if the value has no order or the result no form.
pub(super) fn step_value(value: &Value, steps: i64, unit: i128) -> Option<Value> {
    match (value, read_value(value)?) {
        (Value::Number(_), Ordered::Whole(number)) => {
            Some(Value::integer(number.checked_add(unit.checked_mul(i128::from(steps))?)?))
        }
        (Value::Number(_), Ordered::Number(number)) => Some(Value::Number(format!("{}", number + steps as f64))),
        (Value::Text(_), Ordered::Date(days)) => Some(Value::Text(write_date(days + steps)?)),
        (Value::Text(text), Ordered::TimeOfDay(seconds)) => {
            let seconds = seconds + steps * 3600;
            let (hour, minute) = (seconds / 3600, seconds % 3600 / 60);
            let clock = format!("{hour:02}:{minute:02}");
            let clock = if text.len() > 5 { format!("{clock}:{:02}", seconds % 60) } else { clock };
            (0..86_400).contains(&seconds).then_some(Value::Text(clock))
        }
        (Value::Text(text), Ordered::Moment(_)) => {
            // Only the date changes, so that the text keeps its form.
            let (date, clock) = text.split_at_checked(10)?;
            Some(Value::Text(format!("{}{clock}", write_date(read_date(date)? + steps)?)))
        }
        _ => None,
    }
}

fn write_date(days: i64) -> Option<String> {
    let (year, month, day) = civil_from_days(days);
    (0..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_one_kind_have_an_order() {
        let less = Some(Ordering::Less);
        for (one, two) in [
            (Value::integer(2), Value::integer(10)),
            (Value::Number("1.5".to_owned()), Value::integer(2)),
            (Value::text("2"), Value::text("10")),
            (Value::text("2024-02-29"), Value::text("2024-03-01")),
            (Value::text("09:30"), Value::text("10:00:00")),
            (Value::text("2026-01-01T00:30:00+01:00"), Value::text("2026-01-01T00:00:00Z")),
            (Value::text("2026-01-01T00:00:00.2Z"), Value::text("2026-01-01T00:00:00.25Z")),
            (Value::List(vec![Value::Null]), Value::integer(2)),
        ] {
            assert_eq!(compare_values(&one, &two), less, "{one:?} {two:?}");
        }
        assert_eq!(compare_values(&Value::text("soon"), &Value::text("later")), None);
        assert_eq!(compare_values(&Value::text("2026-01-01"), &Value::integer(3)), None);
    }

    proptest! {
        #[test]
        fn a_step_up_is_larger_and_back_is_equal(days in -100_000_i64..100_000, steps in 1_i64..400) {
            let value = Value::Text(write_date(days).expect("a year with four digits"));
            let larger = step_value(&value, steps, 1).expect("a date");
            prop_assert_eq!(compare_values(&value, &larger), Some(Ordering::Less));
            prop_assert_eq!(step_value(&larger, -steps, 1), Some(value));
        }
    }
}
