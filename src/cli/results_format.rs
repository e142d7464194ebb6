//! Creates the converters of results, for reports during a run and for `overstep report`.
//!
//! It never opens the file that a report is written to.

use super::CommandError;
use super::flag_values::ReportFormat;
use overstep::report::{CtrfConverter, HarConverter, HtmlConverter, ResultsConverter, SarifConverter};
use overstep::store;
use std::io::Write;

/// Returns the converter to a format, or nothing if the format is not written from recorded results.
pub fn results_converter(
    format: ReportFormat,
    writer: impl Write + Send + 'static,
) -> Result<Option<Box<dyn ResultsConverter + Send>>, CommandError> {
    Ok(Some(match format {
        ReportFormat::Html => Box::new(HtmlConverter::new(writer, store::create_temporary_file()?)),
        ReportFormat::Sarif => Box::new(SarifConverter::new(writer)),
        ReportFormat::Har => Box::new(HarConverter::new(writer)),
        ReportFormat::Ctrf => Box::new(CtrfConverter::new(writer)),
        ReportFormat::Ndjson
        | ReportFormat::Junit
        | ReportFormat::Github
        | ReportFormat::Markdown
        | ReportFormat::Blob => return Ok(None),
    }))
}
