//! Applies a fault to a compiled server.
//!
//! Never lists faults; see [`super::faults`].

use super::compile::CompiledServer;
use super::constraints::PatternCache;
use super::error_response::{ErrorBody, ErrorResponse};
use super::faults::{ErrorEdit, FaultChange};
use std::sync::Arc;

impl CompiledServer {
    /// Applies a change; returns false if there is nothing to change.
    pub(super) fn apply_change(&mut self, change: &FaultChange, patterns: &mut PatternCache) -> bool {
        match change {
            FaultChange::Constraint(site, edit) => {
                let Some(op) = self.operation_mut(&site.operation) else { return false };
                op.tree.as_mut().is_some_and(|tree| Arc::make_mut(tree).apply_edit(&site.path, edit, patterns))
            }
            FaultChange::Error { operation, role, edit } => {
                let Some(op) = self.operation_mut(operation) else { return false };
                let errors = Arc::make_mut(&mut op.errors);
                for (_, error) in errors.iter_mut().filter(|(cause, _)| cause.role() == *role) {
                    edit.apply_to(error);
                }
                true
            }
            FaultChange::Misbehavior { operation, misbehavior } => {
                let Some(op) = self.operation_mut(operation) else { return false };
                op.misbehaviors.add(*misbehavior);
                true
            }
        }
    }
}

impl ErrorEdit {
    fn apply_to(&self, error: &mut ErrorResponse) {
        match self {
            Self::Status(status) => error.status = *status,
            Self::Code(code) => (error.code, error.name) = (Some(code.clone()), Some(code.clone())),
            Self::NoCode => error.code = None,
            Self::Text => (error.body, error.code, error.content_type) = (ErrorBody::Text, None, Some("text/plain")),
            Self::Html => (error.body, error.code, error.content_type) = (ErrorBody::Html, None, Some("text/html")),
            Self::Empty => (error.body, error.code) = (ErrorBody::Empty, None),
            Self::Truncated => error.body = ErrorBody::Truncated,
            Self::ContentType(content_type) => error.content_type = Some(*content_type),
            Self::AsSuccess => {
                (error.status, error.body, error.code, error.content_type) = (200, ErrorBody::Success, None, None);
            }
            Self::WithStatus200 => error.status = 200,
            Self::OtherProtocol(content_type) => {
                (error.body, error.content_type) = (ErrorBody::OtherProtocol, Some(*content_type));
            }
            Self::CodeInBody => error.body = ErrorBody::CodeInBody,
        }
        if error.code.is_none() {
            error.name = None;
        }
    }
}
