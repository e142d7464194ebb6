//! Faults of errors: a status, code or body other than documented.
//!
//! Never changes which requests are rejected.

use super::constraint_fault::url_safe_name;
use super::context::FaultContext;
use super::fault::{ErrorEdit, Fault, FaultChange, FindingScope};
use crate::contract::ErrorRole;
use crate::reference::protocols::uses_json;

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let in_json = uses_json(context.contract.protocol);
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
        let documented: Vec<_> =
            context.contract.operation_errors(context.operation).filter(|(_, error)| error.role == role).collect();
        let known = !documented.is_empty();
        let statuses: Vec<u16> = documented.iter().filter_map(|(_, error)| error.status).collect();
        let other = |wanted: u16| known && !statuses.is_empty() && !statuses.contains(&wanted);
        // If nothing is documented, any 401 or 403 is a valid response for missing credentials.
        let unauthenticated_undocumented = role == ErrorRole::Unauthenticated && !known;
        let named = |code: &str| known && !documented.iter().any(|(name, _)| name.as_str() == code);
        let member = match role {
            ErrorRole::Unauthenticated | ErrorRole::Forbidden => "auth",
            _ => "*",
        };
        let other_protocol = if in_json {
            ("xml", "the body is XML, as in another protocol", known, ErrorEdit::OtherProtocol("application/xml"))
        } else {
            ("json", "the body is JSON, as in another protocol", known, ErrorEdit::OtherProtocol("application/json"))
        };
        for (kind, describes, breaks, edit) in [
            ("status-400", "the status is 400", other(400) || unauthenticated_undocumented, ErrorEdit::Status(400)),
            ("status-404", "the status is 404", other(404) || unauthenticated_undocumented, ErrorEdit::Status(404)),
            ("status-409", "the status is 409", other(409) || unauthenticated_undocumented, ErrorEdit::Status(409)),
            ("status-422", "the status is 422", other(422) || unauthenticated_undocumented, ErrorEdit::Status(422)),
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
            if matches!(edit, ErrorEdit::Status(to) if known && statuses.iter().all(|status| *status == to)) {
                continue;
            }
            faults.push(error_fault(context, slug, kind, role, member, describes, breaks, edit));
        }
        // Another documented error is sent instead.
        for (name, error) in
            context.contract.operation_errors(context.operation).filter(|(_, error)| error.role != role)
        {
            let code = error.code.as_deref().unwrap_or(name.as_str());
            let kind = format!("as-{}", url_safe_name(name.as_str()));
            let describes = format!("the code is `{code}`");
            let edit = ErrorEdit::Code(code.to_owned());
            faults.push(error_fault(context, slug, &kind, role, member, &describes, named(name.as_str()), edit));
        }
        if let Some((name, _)) = documented.first() {
            let lowered = name.as_str().to_lowercase();
            if lowered != name.as_str() {
                let breaks = named(&lowered);
                let describes = "the code is written in lower case";
                let edit = ErrorEdit::Code(lowered);
                faults.push(error_fault(context, slug, "lowered-code", role, member, describes, breaks, edit));
            }
        }
    }
    faults
}

#[expect(clippy::too_many_arguments, reason = "a row of the table above, spelled out")]
fn error_fault(
    context: &FaultContext<'_>,
    slug: &str,
    kind: &str,
    role: ErrorRole,
    member: &str,
    describes: &str,
    breaks: bool,
    edit: ErrorEdit,
) -> Fault {
    let operation = context.operation_name().to_owned();
    let mut touches = vec![FindingScope::new(context.operation_name(), member, "*")];
    if member == "*" {
        // A law needs a rejected request as well.
        touches.push(FindingScope::new("*", "law", "*"));
    }
    Fault {
        name: format!("{operation}.errors.{slug}.{kind}"),
        class: "errors",
        operation: operation.clone(),
        description: format!("errors with the role {role}: {describes}"),
        violates_contract: breaks,
        hidden_reason: None,
        scopes: touches,
        change: FaultChange::Error { operation, role, edit },
    }
}
