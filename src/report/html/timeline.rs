//! Sums up a run in plan order, in a bounded number of sections.
//!
//! It holds no case.

use crate::judge::Verdict;
use crate::report::recorded_event::JudgedCaseEvent;
use serde_json::{Value as Json, json};

/// Maximum number of sections. When there are more, two neighbours become one.
const MAX_SECTIONS: usize = 160;

/// Consecutive cases.
#[derive(Clone, Copy, Debug, Default)]
struct TimelineSection {
    cases: u64,
    findings: u64,
    open: u64,
    millis: f64,
    max_millis: f64,
}

/// The timeline of a run.
#[derive(Debug)]
pub(super) struct RunTimeline {
    sections: Vec<TimelineSection>,
    section_size: u64,
}

impl Default for RunTimeline {
    fn default() -> Self {
        Self { sections: Vec::new(), section_size: 1 }
    }
}

impl RunTimeline {
    pub fn count_case(&mut self, case: &JudgedCaseEvent) {
        if self.sections.last().is_none_or(|last| last.cases >= self.section_size) {
            if self.sections.len() >= MAX_SECTIONS {
                self.merge_neighbours();
            }
            self.sections.push(TimelineSection::default());
        }
        let Some(last) = self.sections.last_mut() else { return };
        last.cases += 1;
        last.findings += u64::from(case.is_finding());
        last.open += u64::from(matches!(case.verdict, Verdict::Indeterminate | Verdict::Flaky));
        last.millis += case.millis;
        last.max_millis = last.max_millis.max(case.millis);
    }

    fn merge_neighbours(&mut self) {
        let merge = |pair: &[TimelineSection]| {
            pair.iter().fold(TimelineSection::default(), |sum, one| TimelineSection {
                cases: sum.cases + one.cases,
                findings: sum.findings + one.findings,
                open: sum.open + one.open,
                millis: sum.millis + one.millis,
                max_millis: sum.max_millis.max(one.max_millis),
            })
        };
        self.sections = self.sections.chunks(2).map(merge).collect();
        self.section_size *= 2;
    }

    /// Returns `[cases, findings, inconclusive, mean milliseconds, maximum milliseconds]` of each section.
    pub fn to_json(&self) -> Json {
        let round = |millis: f64| (millis * 10.0).round() / 10.0;
        let sections = self.sections.iter().map(|section| {
            let mean = section.millis / section.cases.max(1) as f64;
            json!([section.cases, section.findings, section.open, round(mean), round(section.max_millis)])
        });
        sections.collect::<Vec<_>>().into()
    }
}
