//! The part of a run that one machine sends, and the results that it has from an earlier run that was stopped.
//!
//! It sends nothing.

use super::engine::{BoxedResult, Session};
use super::error::SessionError;
use super::shards::{BlobReader, ShardSelection};
use crate::case::Case;
use crate::judge::EndpointKnowledge;
use crate::report::{Diagnostic, RunStarted, ScenarioBegin};
use std::sync::Arc;

/// The part of a run that is sent, and what is known of it from an earlier run.
pub(super) struct RunPart<'r> {
    /// The shard; everything is sent if absent.
    pub selection: Option<&'r ShardSelection>,
    /// The results of an earlier run that was stopped; `None` once all are used.
    pub recorded: &'r mut Option<BlobReader>,
}

impl RunPart<'_> {
    /// Returns true if the result of a case belongs to this part.
    pub fn owns(&self, case: &Case) -> bool {
        self.selection.is_none_or(|selection| !selection.is_borrowed(case))
    }

    /// Returns true if the controls of this part show whether the endpoint works.
    pub fn has_all_controls(&self) -> bool {
        self.selection.is_none_or(|selection| selection.split.owns_all_controls(selection.shard.index()))
    }

    /// Returns what a blob records first.
    pub fn begin(
        &self,
        session: &Session<'_>,
        head: &RunStarted,
        knowledge: &EndpointKnowledge,
    ) -> Option<ScenarioBegin> {
        let redact = |text: &mut String| *text = session.redaction.redact_message(text).into_owned();
        Some(ScenarioBegin {
            scenario: head.scenario.clone(),
            endpoint: head.endpoint.clone(),
            run: head.run_id.clone(),
            server: head.server_version.clone(),
            started: head.started,
            contract: head.contract.clone(),
            plan: self.selection?.split.digest().to_owned(),
            canary: knowledge.canary_record(&redact),
        })
    }

    /// Reads the beginning of the scenario in the record of the earlier run, which must have the same plan.
    pub fn begin_recorded(&mut self, begin: &ScenarioBegin) -> Result<(), SessionError> {
        let Some(reader) = self.recorded else { return Ok(()) };
        match reader.begin_scenario().map_err(SessionError::from_reason)? {
            Some(earlier) if (&earlier.scenario, &earlier.plan) == (&begin.scenario, &begin.plan) => {}
            Some(earlier) => {
                let reason = format!("the run to resume sent the cases of another plan of `{}`", earlier.scenario);
                let hint = "use the same version, files, variables and flags, or start again without `--resume`";
                return Err(Diagnostic::error(reason).with_hint(hint).into());
            }
            None => *self.recorded = None,
        }
        Ok(())
    }

    /// Returns the recorded result of a case, if it is the next one.
    pub fn next_recorded(&mut self, case: &Arc<Case>, strict: bool) -> Result<Option<BoxedResult>, SessionError> {
        let Some(reader) = self.recorded else { return Ok(None) };
        match reader.next_case().map_err(SessionError::from_reason)? {
            Some(found) if found.id() == case.id.as_str() => {
                Ok(Some(Box::new(found.into_result(Arc::clone(case), strict))))
            }
            Some(found) => {
                let reason = format!("the run to resume has a result that does not fit the plan: `{}`", found.id());
                Err(Diagnostic::error(reason).with_hint("start again without `--resume`").into())
            }
            None => {
                *self.recorded = None;
                Ok(None)
            }
        }
    }
}
