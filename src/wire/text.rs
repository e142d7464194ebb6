//! Values as text: labels, queries and headers.
//!
//! It never decides where a value travels; that is the protocol's.

use super::EncodeError;
use super::encode::closed;
use super::json;
use crate::contract::Kind;
use crate::generate::Value;
use std::borrow::Cow;

/// Every byte but the unreserved characters of [RFC 3986, 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)
/// becomes `%XX`; `keep` names bytes that stay as well.
pub fn percent_encode(text: &str, keep: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (byte.is_ascii() && keep.contains(&byte)) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// How a moment is written where the contract says nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// `2019-12-16T23:48:18Z`: labels and queries.
    DateTime,
    /// `Mon, 16 Dec 2019 23:48:18 GMT`: headers.
    HttpDate,
}

/// A value as text; what is no scalar becomes its JSON text, so that a wrong type is still sent.
pub(super) fn scalar<'a>(value: &'a Value, kind: Option<&Kind>, moment: Moment) -> Result<Cow<'a, str>, EncodeError> {
    Ok(match value {
        Value::Null => Cow::Borrowed("null"),
        Value::Boolean(true) => Cow::Borrowed("true"),
        Value::Boolean(false) => Cow::Borrowed("false"),
        Value::Number(literal) => match (kind, literal.parse::<f64>()) {
            (Some(Kind::Timestamp), Ok(seconds)) if seconds.abs() < 2.0e11 => Cow::Owned(date(seconds, moment)),
            _ => Cow::Borrowed(literal),
        },
        Value::Text(text) | Value::Raw(text) => Cow::Borrowed(text),
        Value::Template(template) => Cow::Borrowed(closed(template)?),
        Value::Blob(bytes) => Cow::Owned(data_encoding::BASE64.encode(bytes)),
        Value::List(_) | Value::Map(_) => {
            let mut out = Vec::new();
            json::write(&mut out, value, None)?;
            Cow::Owned(String::from_utf8_lossy(&out).into_owned())
        }
    })
}

/// Year, month, day of a count of days since 1970-01-01, after Howard Hinnant's
/// [`civil_from_days`](https://howardhinnant.github.io/date_algorithms.html#civil_from_days).
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

fn date(seconds: f64, moment: Moment) -> String {
    // The caller holds seconds within ±2e11, so the conversions are exact enough and cannot overflow.
    let whole = seconds.floor() as i64;
    let millis = ((seconds - seconds.floor()) * 1000.0).round() as i64;
    let (days, second) = (whole.div_euclid(86_400), whole.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    match moment {
        Moment::DateTime if millis > 0 && millis < 1000 => {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
        }
        Moment::DateTime => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
        Moment::HttpDate => {
            const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
            const MONTHS: [&str; 12] =
                ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
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
    fn moments_are_written_as_their_place_demands() {
        assert_eq!(date(1_576_540_098.0, Moment::DateTime), "2019-12-16T23:48:18Z");
        assert_eq!(date(1_576_540_098.0, Moment::HttpDate), "Mon, 16 Dec 2019 23:48:18 GMT");
        assert_eq!(date(0.0, Moment::HttpDate), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(date(-1.0, Moment::DateTime), "1969-12-31T23:59:59Z");
        assert_eq!(date(951_782_400.5, Moment::DateTime), "2000-02-29T00:00:00.500Z");
    }

    #[test]
    fn everything_but_the_unreserved_is_encoded() {
        assert_eq!(percent_encode("a-b_c.d~E9", b""), "a-b_c.d~E9");
        assert_eq!(
            percent_encode(" %:/?#[]@!$&'()*+,;=", b""),
            "%20%25%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D"
        );
        assert_eq!(percent_encode("é/😹", b"/"), "%C3%A9/%F0%9F%98%B9");
    }
}
