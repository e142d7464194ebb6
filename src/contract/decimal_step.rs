//! Multiples of a decimal number, computed without rounding.
//!
//! It never looks at a shape's other limits.

use super::{Shape, ShapeKind};
use serde_json::Number;

/// Maximum number of digits of a step or a number that is compared with it.
const MAX_DIGITS: usize = 30;

/// The number that all values of a shape are multiples of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalStep {
    /// The step times ten to the power of `digits`.
    unscaled: i128,
    /// Number of digits after the decimal point.
    digits: u32,
}

impl DecimalStep {
    /// Returns the step that a shape documents; `None` if it documents none, or one that every value is a multiple of.
    pub fn of_shape(shape: &Shape) -> Option<Self> {
        let step = Self::new(shape.multiple_of.as_ref()?)?;
        let is_whole = matches!(shape.kind, ShapeKind::Integer | ShapeKind::Long);
        match (is_whole, step.whole_step()) {
            (true, 1) => None,
            (true, whole) => Some(Self { unscaled: whole, digits: 0 }),
            (false, _) => Some(step),
        }
    }

    /// Creates a step from a positive number with a limited number of digits.
    pub fn new(number: &Number) -> Option<Self> {
        let (unscaled, digits) = parse_decimal(&number.to_string())?;
        (unscaled > 0).then_some(Self { unscaled, digits })
    }

    /// Returns the smallest integer that is a multiple.
    pub fn whole_step(self) -> i128 {
        let scale = 10_i128.pow(self.digits);
        self.unscaled / greatest_common_divisor(self.unscaled, scale)
    }

    /// Returns whether a number, as it is written, is a multiple; `None` if it has too many digits to tell.
    pub fn divides(self, literal: &str) -> Option<bool> {
        let (number, digits) = parse_decimal(literal)?;
        let most = digits.max(self.digits);
        let scaled = |unscaled: i128, own: u32| unscaled.checked_mul(10_i128.checked_pow(most - own)?);
        Some(scaled(number, digits)? % scaled(self.unscaled, self.digits)? == 0)
    }

    /// Returns the multiple with this index, as it is written.
    pub fn multiple(self, index: i128) -> String {
        format_decimal(self.unscaled.saturating_mul(index), self.digits)
    }

    /// Returns the number halfway between a multiple and the next one, as it is written.
    pub fn after_multiple(self, index: i128) -> String {
        let unscaled = self.unscaled.saturating_mul(index).saturating_mul(10);
        format_decimal(unscaled.saturating_add(self.unscaled.saturating_mul(5)), self.digits + 1)
    }

    /// Returns the index of the first multiple that is not less than a number.
    pub fn first_index_from(self, number: f64) -> i128 {
        (number / self.as_f64() - 1e-9).ceil() as i128
    }

    /// Returns the index of the last multiple that is not greater than a number.
    pub fn last_index_to(self, number: f64) -> i128 {
        (number / self.as_f64() + 1e-9).floor() as i128
    }

    fn as_f64(self) -> f64 {
        self.unscaled as f64 / 10_f64.powi(self.digits as i32)
    }
}

/// Returns a decimal number without its point, and the number of digits after it.
fn parse_decimal(literal: &str) -> Option<(i128, u32)> {
    let (mantissa, exponent) = match literal.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (literal, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.len() + fraction.len() > MAX_DIGITS || exponent.unsigned_abs() as usize > MAX_DIGITS {
        return None;
    }
    let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    let digits = i32::try_from(fraction.len()).ok()? - exponent;
    match u32::try_from(digits) {
        Ok(digits) if digits as usize <= MAX_DIGITS => Some((unscaled, digits)),
        Ok(_) => None,
        Err(_) => Some((unscaled.checked_mul(10_i128.checked_pow(digits.unsigned_abs())?)?, 0)),
    }
}

fn format_decimal(unscaled: i128, digits: u32) -> String {
    let text = format!("{:0>width$}", unscaled.unsigned_abs(), width = digits as usize + 1);
    let (whole, fraction) = text.split_at(text.len() - digits as usize);
    let fraction = fraction.trim_end_matches('0');
    let sign = if unscaled < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> DecimalStep {
        DecimalStep::new(&serde_json::from_str(text).expect("a number")).expect("a step")
    }

    #[test]
    fn multiples_are_exact() {
        for (of, literal, expected) in [
            ("5", "15", true),
            ("5", "16", false),
            ("0.01", "1.5", true),
            ("0.01", "1.505", false),
            ("0.1", "0.3", true),
            ("0.1", "-0.7", true),
            ("2.5", "5", true),
            ("1e-2", "0.07", true),
            ("3", "1e3", false),
            ("4", "1e3", true),
        ] {
            assert_eq!(step(of).divides(literal), Some(expected), "{literal} of {of}");
        }
        assert_eq!(step("3").divides("1e400"), None);
    }

    #[test]
    fn multiples_are_written_without_rounding() {
        assert_eq!(step("0.1").multiple(3), "0.3");
        assert_eq!(step("0.01").multiple(-150), "-1.5");
        assert_eq!(step("5").multiple(3), "15");
        assert_eq!(step("0.01").after_multiple(150), "1.505");
        assert_eq!(step("5").after_multiple(1), "7.5");
        assert_eq!((step("0.5").whole_step(), step("2.5").whole_step(), step("4").whole_step()), (1, 5, 4));
        assert_eq!((step("0.1").first_index_from(0.25), step("0.1").first_index_from(0.3)), (3, 3));
        assert_eq!((step("5").last_index_to(14.0), step("5").last_index_to(15.0)), (2, 3));
    }
}
