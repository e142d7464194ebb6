//! Findings and coverage over several runs, as a table and as a page.
//!
//! It never compares cases: findings are the same if their code, place and response are.

mod html;
mod model;
mod text;

pub use html::write_trend_page;
pub use model::{OpenFinding, ScenarioTrend, Trend, TrendCollector, TrendFinding, TrendRun};
pub use text::write_trend_text;
