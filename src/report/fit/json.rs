//! Writes whether endpoints fit an application as JSON, for programs.

use super::model::FitReport;
use crate::escape::pretty_json;
use serde_json::json;
use std::io::{self, Write};

/// The name and version of the format.
const FORMAT: &str = "overstep-fit/1";

/// Writes a report as one JSON document.
///
/// # Errors
/// Returns an error if the writer fails.
pub fn write_fit_json(report: &FitReport, out: &mut impl Write) -> io::Result<()> {
    let mut document = json!({ "format": FORMAT });
    let body = serde_json::to_value(report).expect("texts and numbers always have a JSON form");
    if let (Some(members), serde_json::Value::Object(body)) = (document.as_object_mut(), body) {
        members.extend(body);
    }
    out.write_all(&pretty_json(&document)?)?;
    out.write_all(b"\n")
}
