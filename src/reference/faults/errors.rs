//! Faults of errors: a status, code or body other than documented.
//!
//! Never changes which requests are rejected.

use super::View;
use crate::contract::Role;
use crate::reference::fault::{Change, ErrorEdit, Fault, Touch};
use crate::reference::protocols::speaks_json;

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let in_json = speaks_json(view.contract.protocol);
    for (role, slug) in [
        (Role::InvalidInput, "invalid"),
        (Role::MissingResource, "missing"),
        (Role::Unauthenticated, "unauthenticated"),
        (Role::Forbidden, "forbidden"),
    ] {
        // If no permission is documented, no case can lack it.
        if role == Role::Forbidden && view.operation.permission.is_none() {
            continue;
        }
        let documented: Vec<_> =
            view.contract.errors_of(view.operation).filter(|(_, error)| error.role == role).collect();
        let known = !documented.is_empty();
        let statuses: Vec<u16> = documented.iter().filter_map(|(_, error)| error.status).collect();
        let other = |wanted: u16| known && !statuses.is_empty() && !statuses.contains(&wanted);
        // If nothing is documented, any 401 or 403 is a valid response for missing credentials.
        let unproven = role == Role::Unauthenticated && !known;
        let named = |code: &str| known && !documented.iter().any(|(name, _)| name.as_str() == code);
        let member = match role {
            Role::Unauthenticated | Role::Forbidden => "auth",
            _ => "*",
        };
        let foreign = if in_json {
            ("xml", "the body is XML, as in another protocol", known, ErrorEdit::Foreign("application/xml"))
        } else {
            ("json", "the body is JSON, as in another protocol", known, ErrorEdit::Foreign("application/json"))
        };
        for (kind, describes, breaks, edit) in [
            ("status-400", "the status is 400", other(400) || unproven, ErrorEdit::Status(400)),
            ("status-404", "the status is 404", other(404) || unproven, ErrorEdit::Status(404)),
            ("status-409", "the status is 409", other(409) || unproven, ErrorEdit::Status(409)),
            ("status-422", "the status is 422", other(422) || unproven, ErrorEdit::Status(422)),
            ("status-500", "the status is 500", true, ErrorEdit::Status(500)),
            ("status-200", "the status is 200", true, ErrorEdit::WithStatus200),
            ("success", "a success is sent instead", true, ErrorEdit::AsSuccess),
            ("unknown-code", "the code is undocumented", known, ErrorEdit::Code("SomethingElse".to_owned())),
            ("no-code", "the code is omitted", known, ErrorEdit::NoCode),
            ("text", "the body is plain text without a code", known, ErrorEdit::Text),
            ("html", "the body is HTML without a code", known, ErrorEdit::Html),
            ("empty", "there is no body and no code", known, ErrorEdit::Empty),
            ("truncated", "the body is cut off", known, ErrorEdit::Truncated),
            foreign,
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
            faults.push(fault(view, slug, kind, role, member, describes, breaks, edit));
        }
        // Another documented error is sent instead.
        for (name, error) in view.contract.errors_of(view.operation).filter(|(_, error)| error.role != role) {
            let code = error.code.as_deref().unwrap_or(name.as_str());
            let kind = format!("as-{}", super::site::safe(name.as_str()));
            let describes = format!("the code is `{code}`");
            let edit = ErrorEdit::Code(code.to_owned());
            faults.push(fault(view, slug, &kind, role, member, &describes, named(name.as_str()), edit));
        }
        if let Some((name, _)) = documented.first() {
            let lowered = name.as_str().to_lowercase();
            if lowered != name.as_str() {
                let breaks = named(&lowered);
                let describes = "the code is written in lower case";
                let edit = ErrorEdit::Code(lowered);
                faults.push(fault(view, slug, "lowered-code", role, member, describes, breaks, edit));
            }
        }
    }
    faults
}

#[expect(clippy::too_many_arguments, reason = "a row of the table above, spelled out")]
fn fault(
    view: &View<'_>,
    slug: &str,
    kind: &str,
    role: Role,
    member: &str,
    describes: &str,
    breaks: bool,
    edit: ErrorEdit,
) -> Fault {
    let operation = view.name().to_owned();
    let mut touches = vec![Touch::new(view.name(), member, "*")];
    if member == "*" {
        // A law needs a rejected request as well.
        touches.push(Touch::new("*", "law", "*"));
    }
    Fault {
        name: format!("{operation}.errors.{slug}.{kind}"),
        class: "errors",
        operation: operation.clone(),
        describes: format!("errors with the role {role}: {describes}"),
        breaks_contract: breaks,
        hidden: None,
        touches,
        change: Change::Error { operation, role, edit },
    }
}
