//! Parses and formats timestamps in the three formats that protocols use.
//!
//! Never guesses the format: the caller passes the expected one.

use crate::contract::TimestampFormat;
use serde_json::{Number, Value};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const SECONDS_PER_DAY: i64 = 86_400;

/// Parses a timestamp in this format; returns seconds since 1970.
pub(super) fn parse(text: &str, format: TimestampFormat) -> Option<Value> {
    let seconds = match format {
        TimestampFormat::EpochSeconds => text.parse::<Number>().ok()?.as_f64()?,
        TimestampFormat::DateTime => parse_date_time(text)?,
        TimestampFormat::HttpDate => parse_http_date(text)?,
    };
    Some(seconds_value(seconds))
}

/// Parses a timestamp in either text format; returns seconds since 1970.
pub(super) fn parse_any(text: &str) -> Option<Value> {
    [TimestampFormat::DateTime, TimestampFormat::HttpDate].into_iter().find_map(|format| parse(text, format))
}

/// Returns seconds as a JSON number, as an integer if they are whole.
pub(super) fn seconds_value(seconds: f64) -> Value {
    if seconds.fract() == 0.0 && seconds.abs() < 9.0e15 {
        Value::from(seconds as i64)
    } else {
        Number::from_f64(seconds).map_or(Value::Null, Value::Number)
    }
}

/// Formats a timestamp. A value that is not a number, or whose year does not have four digits, is returned unchanged.
pub(super) fn format_value(value: &Value, format: TimestampFormat) -> Value {
    let Some(seconds) = value.as_f64() else { return value.clone() };
    let years = -62_167_219_200.0..253_402_300_800.0;
    if format == TimestampFormat::EpochSeconds || !years.contains(&seconds) {
        return value.clone();
    }
    let millis = (seconds * 1000.0).round() as i64;
    let (whole, millis) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    let (days, second) = (whole.div_euclid(SECONDS_PER_DAY), whole.rem_euclid(SECONDS_PER_DAY));
    let (year, month, day) = date_from_days(days);
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
    match format {
        TimestampFormat::HttpDate => {
            // 1970-01-01 was a Thursday.
            let name = WEEKDAYS[(days + 4).rem_euclid(7) as usize];
            let month = MONTHS[month as usize - 1];
            format!("{name}, {day:02} {month} {year:04} {clock}{fraction} GMT").into()
        }
        _ => format!("{year:04}-{month:02}-{day:02}T{clock}{fraction}Z").into(),
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the number of days from 1970-01-01 to the start of a year.
fn days_before_year(year: i64) -> i64 {
    let last = year - 1;
    365 * (year - 1970) + (last.div_euclid(4) - 492) - (last.div_euclid(100) - 19) + (last.div_euclid(400) - 4)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn date_from_days(days: i64) -> (i64, i64, i64) {
    let mut year = 1970 + days.div_euclid(365);
    while days_before_year(year) > days {
        year -= 1;
    }
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    let (mut rest, mut month) = (days - days_before_year(year), 1);
    while rest >= days_in_month(year, month) {
        rest -= days_in_month(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

/// Consumes exactly `count` digits at the start of a text, and returns their number.
fn take_digits(text: &mut &str, count: usize) -> Option<i64> {
    let (number, rest) = text.split_at_checked(count)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *text = rest;
    number.parse().ok()
}

fn skip_prefix<'a>(text: &mut &'a str, mark: &str) -> Option<&'a str> {
    *text = text.strip_prefix(mark)?;
    Some(text)
}

/// Consumes a time such as `10:20:30`, with an optional fraction, and returns it in seconds.
fn parse_time(text: &mut &str) -> Option<f64> {
    let hour = take_digits(text, 2)?;
    skip_prefix(text, ":")?;
    let minute = take_digits(text, 2)?;
    skip_prefix(text, ":")?;
    let second = take_digits(text, 2)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut fraction = 0.0;
    if let Some(rest) = text.strip_prefix('.') {
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        fraction = format!("0.{}", rest.get(..count).filter(|digits| !digits.is_empty())?).parse().ok()?;
        *text = &rest[count..];
    }
    Some((hour * 3600 + minute * 60 + second) as f64 + fraction)
}

fn seconds_since_epoch(year: i64, month: i64, day: i64, second: f64) -> Option<f64> {
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let days = days_before_year(year) + (1..month).map(|month| days_in_month(year, month)).sum::<i64>() + day - 1;
    Some((days * SECONDS_PER_DAY) as f64 + second)
}

/// Parses a date and time after [RFC 3339, 5.6](https://www.rfc-editor.org/rfc/rfc3339#section-5.6).
fn parse_date_time(mut text: &str) -> Option<f64> {
    let text = &mut text;
    let year = take_digits(text, 4)?;
    skip_prefix(text, "-")?;
    let month = take_digits(text, 2)?;
    skip_prefix(text, "-")?;
    let day = take_digits(text, 2)?;
    *text = text.strip_prefix(['T', 't'])?;
    let second = parse_time(text)?;
    let offset = if matches!(*text, "Z" | "z") {
        0
    } else {
        let sign = if text.starts_with('-') { -1 } else { 1 };
        *text = text.strip_prefix(['+', '-'])?;
        let hours = take_digits(text, 2)?;
        skip_prefix(text, ":")?;
        let minutes = take_digits(text, 2)?;
        if !text.is_empty() || hours > 23 || minutes > 59 {
            return None;
        }
        sign * (hours * 3600 + minutes * 60)
    };
    Some(seconds_since_epoch(year, month, day, second)? - offset as f64)
}

/// Parses the preferred format of [RFC 9110, 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7), with an
/// optional fraction.
fn parse_http_date(text: &str) -> Option<f64> {
    let (name, mut rest) = text.split_once(", ")?;
    if !WEEKDAYS.contains(&name) {
        return None;
    }
    let rest = &mut rest;
    let day = take_digits(rest, 2)?;
    skip_prefix(rest, " ")?;
    let month = MONTHS.iter().position(|month| rest.starts_with(month))?;
    *rest = &rest[3..];
    skip_prefix(rest, " ")?;
    let year = take_digits(rest, 4)?;
    skip_prefix(rest, " ")?;
    let second = parse_time(rest)?;
    (*rest == " GMT").then_some(())?;
    seconds_since_epoch(year, month as i64 + 1, day, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn timestamps_round_trip() {
        for (seconds, date_time, http_date) in [
            (json!(0), "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (json!(1_576_540_098), "2019-12-16T23:48:18Z", "Mon, 16 Dec 2019 23:48:18 GMT"),
            (json!(-1), "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
            (json!(951_782_400.5), "2000-02-29T00:00:00.500Z", "Tue, 29 Feb 2000 00:00:00.500 GMT"),
            (json!(-62_167_219_200_i64), "0000-01-01T00:00:00Z", "Sat, 01 Jan 0000 00:00:00 GMT"),
            (json!(253_402_300_799_i64), "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            for (text, format) in [(date_time, TimestampFormat::DateTime), (http_date, TimestampFormat::HttpDate)] {
                assert_eq!(format_value(&seconds, format), json!(text));
                assert_eq!(parse(text, format), Some(seconds.clone()), "{text}");
            }
        }
        assert_eq!(parse("2019-12-17T00:48:18+01:00", TimestampFormat::DateTime), Some(json!(1_576_540_098)));
        assert_eq!(parse("1.5", TimestampFormat::EpochSeconds), Some(json!(1.5)));
    }

    #[test]
    fn days_of_four_digit_years_round_trip() {
        for day in (-719_528..2_932_897_i64).step_by(13) {
            let seconds = json!(day * SECONDS_PER_DAY + day.rem_euclid(SECONDS_PER_DAY));
            for format in [TimestampFormat::DateTime, TimestampFormat::HttpDate] {
                let text = format_value(&seconds, format);
                assert_eq!(parse(text.as_str().expect("a text"), format), Some(seconds.clone()), "{text}");
            }
        }
    }

    #[test]
    fn unrepresentable_timestamps_stay_numbers() {
        assert_eq!(format_value(&json!(0), TimestampFormat::EpochSeconds), json!(0));
        for seconds in [json!(-62_167_219_201_i64), json!(253_402_300_800_i64)] {
            for format in [TimestampFormat::DateTime, TimestampFormat::HttpDate] {
                assert_eq!(format_value(&seconds, format), seconds);
            }
        }
        assert_eq!(format_value(&json!("x"), TimestampFormat::DateTime), json!("x"));
        assert_eq!(seconds_value(8.0e15), json!(8_000_000_000_000_000_i64));
        assert_eq!(seconds_value(9.0e15), json!(9.0e15));
        assert_eq!(seconds_value(f64::NAN), Value::Null);
    }

    #[test]
    fn invalid_dates_times_and_offsets_are_rejected() {
        for (text, seconds) in [
            ("2000-02-29T00:00:00Z", Some(951_782_400)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800)),
            ("1900-02-29T00:00:00Z", None),
            ("2100-02-29T00:00:00Z", None),
            ("2023-02-29T00:00:00Z", None),
            ("2023-02-28T23:59:59Z", Some(1_677_628_799)),
            ("2023-04-31T00:00:00Z", None),
            ("2023-13-01T00:00:00Z", None),
            ("2023-00-01T00:00:00Z", None),
            ("2023-01-00T00:00:00Z", None),
            ("1970-01-01T23:00:00Z", Some(82_800)),
            ("1970-01-01T24:00:00Z", None),
            ("1970-01-01T00:59:00Z", Some(3540)),
            ("1970-01-01T00:60:00Z", None),
            // A leap second.
            ("1970-01-01T00:00:60Z", Some(60)),
            ("1970-01-01T00:00:61Z", None),
            ("1970-01-02T00:00:00+01:30", Some(81_000)),
            ("1970-01-01T00:00:00-01:30", Some(5400)),
            ("1970-01-02T00:00:00+23:59", Some(60)),
            ("1970-01-02T00:00:00+24:00", None),
            ("1970-01-02T00:00:00+23:60", None),
            ("1970-01-02T00:00:00+24:60", None),
            ("1970-01-02T00:00:00+23:59x", None),
            ("1970-01-02T00:00:00*23:59", None),
        ] {
            assert_eq!(parse(text, TimestampFormat::DateTime), seconds.map(Value::from), "{text}");
        }
    }

    #[test]
    fn other_formats_are_rejected() {
        for text in
            ["", "2019", "2019-02-29T00:00:00Z", "2019-12-16T23:48:18", "2019-12-16 23:48:18Z", "1985-04-12T23:20:50.Z"]
        {
            assert_eq!(parse(text, TimestampFormat::DateTime), None, "{text}");
        }
        for text in ["Mon, 16 Dec 2019 23:48:18", "Mon, 1 Dec 2019 23:48:18 GMT", "16 Dec 2019 23:48:18 GMT", "é, "] {
            assert_eq!(parse(text, TimestampFormat::HttpDate), None, "{text}");
        }
        for text in ["", "x", "+1", "1.", "NaN", "0x1"] {
            assert_eq!(parse(text, TimestampFormat::EpochSeconds), None, "{text}");
        }
    }
}
