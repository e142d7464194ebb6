//! Whether an endpoint fits an application: the model, the collector of results, and its outputs.

mod collector;
mod json;
mod markdown;
mod model;
mod text;

pub use collector::FitCollector;
pub use json::write_fit_json;
pub use markdown::write_fit_markdown;
pub use model::{EndpointFit, FitFinding, FitReport, FitService, FitStatus, OperationFit};
pub use text::write_fit_text;
