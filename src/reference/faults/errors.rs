//! Faults of errors: a status, code or body other than documented.
//!
//! Never changes which requests are rejected.

use super::constraint_fault::url_safe_name;
use super::context::FaultContext;
use super::fault::{ErrorEdit, Fault, FaultChange, FindingScope};
use crate::contract::{ErrorName, ErrorRole, ErrorShape};
use crate::reference::protocols::uses_json;

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (role, slug) in [
        (ErrorRole::InvalidInput, "invalid"),
        (ErrorRole::MissingResource, "missing"),
        (ErrorRole::Unauthenticated, "unauthenticated"),
        (ErrorRole::Forbidden, "forbidden"),
    ] {
        // If no permission is documented, no case can lack it.
        if role == ErrorRole::Forbidden && context.operation.permission.is_none() {
            continue;
        }
        let errors = RoleErrors::new(context, role, slug);
        errors.add_response_faults(&mut faults);
        errors.add_other_code_faults(&mut faults);
        errors.add_lower_case_fault(&mut faults);
    }
    faults
}

/// The documented errors of an operation that have one role.
struct RoleErrors<'a> {
    context: &'a FaultContext<'a>,
    role: ErrorRole,
    /// The role in the names of faults.
    slug: &'static str,
    documented: Vec<(&'a ErrorName, &'a ErrorShape)>,
    statuses: Vec<u16>,
}

impl<'a> RoleErrors<'a> {
    fn new(context: &'a FaultContext<'a>, role: ErrorRole, slug: &'static str) -> Self {
        let documented: Vec<_> =
            context.contract.operation_errors(context.operation).filter(|(_, error)| error.role == role).collect();
        let statuses = documented.iter().filter_map(|(_, error)| error.status).collect();
        Self { context, role, slug, documented, statuses }
    }

    fn is_documented(&self) -> bool {
        !self.documented.is_empty()
    }

    /// Returns true if a status contradicts the documents.
    fn contradicts_status(&self, status: u16) -> bool {
        if !self.is_documented() {
            // If nothing is documented, only 401 and 403 are valid responses for missing credentials.
            return self.role == ErrorRole::Unauthenticated;
        }
        !self.statuses.is_empty() && !self.statuses.contains(&status)
    }

    /// Returns true if a code contradicts the documents.
    fn contradicts_code(&self, code: &str) -> bool {
        self.is_documented() && !self.documented.iter().any(|(name, _)| name.as_str() == code)
    }

    /// Adds the faults that change the status, the body or the headers.
    fn add_response_faults(&self, faults: &mut Vec<Fault>) {
        let in_json = uses_json(self.context.contract.protocol);
        let known = self.is_documented();
        let other_protocol = if in_json {
            ("xml", "the body is XML, as in another protocol", known, ErrorEdit::OtherProtocol("application/xml"))
        } else {
            ("json", "the body is JSON, as in another protocol", known, ErrorEdit::OtherProtocol("application/json"))
        };
        for (kind, description, violates_contract, edit) in [
            ("status-400", "the status is 400", self.contradicts_status(400), ErrorEdit::Status(400)),
            ("status-404", "the status is 404", self.contradicts_status(404), ErrorEdit::Status(404)),
            ("status-409", "the status is 409", self.contradicts_status(409), ErrorEdit::Status(409)),
            ("status-422", "the status is 422", self.contradicts_status(422), ErrorEdit::Status(422)),
            ("status-500", "the status is 500", true, ErrorEdit::Status(500)),
            ("status-200", "the status is 200", true, ErrorEdit::WithStatus200),
            ("success", "a success is sent instead", true, ErrorEdit::AsSuccess),
            ("unknown-code", "the code is undocumented", known, ErrorEdit::Code("SomethingElse".to_owned())),
            ("no-code", "the code is omitted", known, ErrorEdit::NoCode),
            ("text", "the body is plain text without a code", known, ErrorEdit::Text),
            ("html", "the body is HTML without a code", known, ErrorEdit::Html),
            ("empty", "there is no body and no code", known, ErrorEdit::Empty),
            ("truncated", "the body is cut off", known, ErrorEdit::Truncated),
            other_protocol,
            ("code-in-body", "the code is at another location of the protocol", false, ErrorEdit::CodeInBody),
            ("content-type", "the content type is different", false, ErrorEdit::ContentType("text/plain")),
        ] {
            // The XML and CBOR protocols have no other location for the code.
            if !in_json && edit == ErrorEdit::CodeInBody {
                continue;
            }
            // A documented status is not a fault.
            if matches!(edit, ErrorEdit::Status(to) if known && self.statuses.iter().all(|status| *status == to)) {
                continue;
            }
            faults.push(self.build_fault(kind, description, violates_contract, edit));
        }
    }

    /// Adds the faults that send another documented error instead.
    fn add_other_code_faults(&self, faults: &mut Vec<Fault>) {
        let errors = self.context.contract.operation_errors(self.context.operation);
        for (name, error) in errors.filter(|(_, error)| error.role != self.role) {
            let code = error.code.as_deref().unwrap_or(name.as_str());
            faults.push(self.build_fault(
                &format!("as-{}", url_safe_name(name.as_str())),
                &format!("the code is `{code}`"),
                self.contradicts_code(name.as_str()),
                ErrorEdit::Code(code.to_owned()),
            ));
        }
    }

    fn add_lower_case_fault(&self, faults: &mut Vec<Fault>) {
        let Some((name, _)) = self.documented.first() else { return };
        let lowered = name.as_str().to_lowercase();
        if lowered != name.as_str() {
            let violates_contract = self.contradicts_code(&lowered);
            let edit = ErrorEdit::Code(lowered);
            let description = "the code is written in lower case";
            faults.push(self.build_fault("lowered-code", description, violates_contract, edit));
        }
    }

    fn build_fault(&self, kind: &str, description: &str, violates_contract: bool, edit: ErrorEdit) -> Fault {
        let operation = self.context.operation_name().to_owned();
        let scopes = match self.role {
            ErrorRole::Unauthenticated | ErrorRole::Forbidden => vec![FindingScope::new(&operation, "auth", "*")],
            // A law needs a rejected request as well.
            _ => vec![FindingScope::new(&operation, "*", "*"), FindingScope::new("*", "law", "*")],
        };
        Fault {
            name: format!("{operation}.errors.{}.{kind}", self.slug),
            class: "errors",
            operation: operation.clone(),
            description: format!("errors with the role {}: {description}", self.role),
            violates_contract,
            hidden_reason: None,
            scopes,
            change: FaultChange::Error { operation, role: self.role, edit },
        }
    }
}
