//! Writes results as one HTML page that needs no network: a summary, a matrix, the findings with their requests, coverage.
//!
//! Texts of servers and documents are data of the page, never markup or code.

mod converter;
mod finding_data;
mod matrix;
mod page;
mod timeline;

pub use converter::HtmlConverter;
