//! Formats and parses timestamps, and converts dates.
//!
//! It never reads a clock.

use crate::contract::{TimestampFormat, civil_from_days, days_from_civil};
use std::borrow::Cow;
use std::time::SystemTime;

/// Formats a time in UTC as in RFC 3339, in whole seconds: `2026-11-30T19:20:05Z`.
pub fn rfc3339_utc(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = civil_from_days(i64::try_from(seconds / 86_400).unwrap_or(0));
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Parses a date as in RFC 3339 or in an HTTP header; returns the seconds since 1970.
pub fn parse_timestamp(text: &str) -> Option<f64> {
    match text.split_once(", ") {
        Some((_, rest)) => parse_http_date(rest),
        None => parse_rfc3339(text),
    }
}

/// Parses `16 Dec 2019 23:48:18 GMT`.
fn parse_http_date(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(' ').collect();
    let [day, month, year, time, "GMT"] = parts.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name == month)?;
    seconds_since_1970(parse_digits(year)?, i64::try_from(month).ok()? + 1, parse_digits(day)?, parse_time(time)?)
}

/// Parses `2019-12-16T23:48:18Z`.
fn parse_rfc3339(text: &str) -> Option<f64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(parse_digits);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, zone) = time.split_at(time.find(['Z', 'z', '+', '-'])?);
    let offset = parse_zone(zone)?;
    seconds_since_1970(year, month, day, parse_time(time)?).map(|seconds| seconds - (offset * 60) as f64)
}

/// Parses `Z` or `+01:00`; returns the offset in minutes.
fn parse_zone(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let minutes = parse_digits(hours)? * 60 + parse_digits(minutes)?;
    let signed = if zone.starts_with('-') { -minutes } else { minutes };
    (minutes < 24 * 60).then_some(signed)
}

/// Parses `23:48:18.25`; returns whole seconds and the fraction.
fn parse_time(text: &str) -> Option<(i64, f64)> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let fraction = format!("0.{fraction}").parse::<f64>().ok()?;
    let (hour, minute, whole) = (parse_digits(hour)?, parse_digits(minute)?, parse_digits(whole)?);
    (hour < 24 && minute < 60 && whole <= 60).then_some((hour * 3600 + minute * 60 + whole, fraction))
}

fn parse_digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn seconds_since_1970(year: i64, month: i64, day: i64, (second, fraction): (i64, f64)) -> Option<f64> {
    let is_valid = (0..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    is_valid.then(|| (days_from_civil(year, month, day) * 86_400 + second) as f64 + fraction)
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Formats a number of seconds; a number out of range, and one in `EpochSeconds`, stays as it is.
pub(super) fn timestamp_text(literal: &str, format: TimestampFormat) -> Cow<'_, str> {
    match literal.parse::<f64>() {
        Ok(seconds) if format != TimestampFormat::EpochSeconds && seconds.abs() < 2.0e11 => {
            Cow::Owned(format_timestamp(seconds, format))
        }
        _ => Cow::Borrowed(literal),
    }
}

fn format_timestamp(seconds: f64, format: TimestampFormat) -> String {
    // The caller guarantees that seconds are within ±2e11, so the conversions are exact enough and cannot overflow.
    let whole = seconds.floor() as i64;
    let millis = ((seconds - seconds.floor()) * 1000.0).round() as i64;
    let (days, second) = (whole.div_euclid(86_400), whole.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    match format {
        TimestampFormat::EpochSeconds => format!("{seconds}"),
        TimestampFormat::DateTime if millis > 0 && millis < 1000 => {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
        }
        TimestampFormat::DateTime => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
        TimestampFormat::HttpDate => {
            const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
            let week = DAYS[usize::try_from(days.rem_euclid(7)).expect("a remainder by 7 is not negative")];
            let name = MONTHS[usize::try_from(month - 1).expect("months count from 1")];
            format!("{week}, {day:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_formatted_and_parsed() {
        assert_eq!(format_timestamp(1_576_540_098.0, TimestampFormat::DateTime), "2019-12-16T23:48:18Z");
        assert_eq!(format_timestamp(1_576_540_098.0, TimestampFormat::HttpDate), "Mon, 16 Dec 2019 23:48:18 GMT");
        assert_eq!(format_timestamp(0.0, TimestampFormat::HttpDate), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(format_timestamp(-1.0, TimestampFormat::DateTime), "1969-12-31T23:59:59Z");
        assert_eq!(parse_timestamp("2019-12-16T23:48:18Z"), Some(1_576_540_098.0));
        assert_eq!(parse_timestamp("2019-12-17T00:48:18.25+01:00"), Some(1_576_540_098.25));
        assert_eq!(parse_timestamp("Mon, 16 Dec 2019 23:48:18 GMT"), Some(1_576_540_098.0));
        for none in ["", "2019", "2019-13-01T00:00:00Z", "2019-12-16T23:48:18", "x, y", "9-9-9TZ", "2019-12-16T1:2:3+é"]
        {
            assert_eq!(parse_timestamp(none), None, "{none}");
        }
        assert_eq!(format_timestamp(951_782_400.5, TimestampFormat::DateTime), "2000-02-29T00:00:00.500Z");
    }
}
