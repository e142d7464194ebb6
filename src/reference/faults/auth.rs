//! Faults of authentication and authorization: not required, compared carelessly, or rejected with the wrong error.
//!
//! Never for contracts that require no authentication.

use super::context::{FaultContext, operation_scope};
use super::fault::{Fault, FindingScope};
use super::row::{FaultRow, row, undocumented_row};
use crate::contract::{AuthScheme, ErrorRole};
use crate::reference::misbehavior::Misbehavior;

const COMMON_ROWS: &[FaultRow] = &[
    row("ignored", Misbehavior::AuthIgnored, "no authentication is required"),
    row("crashes", Misbehavior::AuthCrashes, "missing credentials are answered with 500"),
    row("as-invalid", Misbehavior::AuthAsInvalid, "missing credentials are reported as invalid input"),
    row("as-missing", Misbehavior::AuthAsMissing, "missing credentials are reported as a missing resource"),
    undocumented_row("last", Misbehavior::AuthLast, "authentication happens only after the request has been validated"),
];

const SIGV4_ROWS: &[FaultRow] =
    &[row("incomplete", Misbehavior::AuthIncomplete, "any authorization header is accepted")];

const KEY_ROWS: &[FaultRow] = &[
    row("prefix", Misbehavior::AuthPrefix, "only a prefix of the key is compared"),
    row("any-key", Misbehavior::AuthAnyKey, "any key is accepted"),
    row("empty-key", Misbehavior::AuthEmptyKey, "an empty key is accepted"),
    undocumented_row("folded", Misbehavior::AuthFolded, "keys are compared case-insensitively"),
];

const BEARER_ROWS: &[FaultRow] = &[
    row("any-scheme", Misbehavior::AuthAnyScheme, "any scheme is accepted before the key"),
    row("no-scheme", Misbehavior::AuthNoScheme, "a key without a scheme is accepted"),
];

const PERMISSION_ROWS: &[FaultRow] = &[
    row("permission-ignored", Misbehavior::PermissionIgnored, "permissions are not checked"),
    row(
        "permission-as-unauthenticated",
        Misbehavior::PermissionAsUnauthenticated,
        "a missing permission is reported as missing credentials",
    ),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let schemes = &context.contract.auth;
    if schemes.is_empty() || schemes.contains(&AuthScheme::None) {
        return Vec::new();
    }
    let sigv4 = schemes.iter().any(|scheme| matches!(scheme, AuthScheme::SigV4 { .. }));
    let bearer = schemes.contains(&AuthScheme::Bearer);
    let header = schemes.iter().any(|scheme| matches!(scheme, AuthScheme::Header { .. }));
    let tables: [(bool, &[FaultRow]); 5] = [
        (true, COMMON_ROWS),
        (sigv4, SIGV4_ROWS),
        (bearer || header, KEY_ROWS),
        (bearer, BEARER_ROWS),
        (context.operation.permission.is_some() && context.documents_role(ErrorRole::Forbidden), PERMISSION_ROWS),
    ];
    let scopes = |row: &FaultRow| match row.misbehavior {
        // A request with two violations is rejected for the other one.
        Misbehavior::AuthLast => operation_scope(context),
        _ => vec![FindingScope::new(context.operation_name(), "auth", "*")],
    };
    tables
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, rows)| rows)
        .map(|row| row.to_fault("auth", context, scopes(row)))
        .collect()
}
