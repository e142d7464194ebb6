//! Faults of authentication and authorization: not required, compared carelessly, or rejected with the wrong error.
//!
//! Never for contracts that require no authentication.

use super::{Row, View, anywhere, row, silent};
use crate::contract::{Auth, Role};
use crate::reference::fault::{Fault, Touch};
use crate::reference::trick::Trick;

const ANY: &[Row] = &[
    row("ignored", Trick::AuthIgnored, "no authentication is required"),
    row("crashes", Trick::AuthCrashes, "missing credentials are answered with 500"),
    row("as-invalid", Trick::AuthAsInvalid, "missing credentials are reported as invalid input"),
    row("as-missing", Trick::AuthAsMissing, "missing credentials are reported as a missing resource"),
    silent("last", Trick::AuthLast, "authentication happens only after the request has been validated"),
];

const SIGV4: &[Row] = &[row("incomplete", Trick::AuthIncomplete, "any authorization header is accepted")];

const KEY: &[Row] = &[
    row("prefix", Trick::AuthPrefix, "only a prefix of the key is compared"),
    row("any-key", Trick::AuthAnyKey, "any key is accepted"),
    row("empty-key", Trick::AuthEmptyKey, "an empty key is accepted"),
    silent("folded", Trick::AuthFolded, "keys are compared case-insensitively"),
];

const BEARER: &[Row] = &[
    row("any-scheme", Trick::AuthAnyScheme, "any scheme is accepted before the key"),
    row("no-scheme", Trick::AuthNoScheme, "a key without a scheme is accepted"),
];

const PERMISSION: &[Row] = &[
    row("permission-ignored", Trick::PermissionIgnored, "permissions are not checked"),
    row(
        "permission-as-unauthenticated",
        Trick::PermissionAsUnauthenticated,
        "a missing permission is reported as missing credentials",
    ),
];

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let schemes = &view.contract.auth;
    if schemes.is_empty() || schemes.contains(&Auth::None) {
        return Vec::new();
    }
    let sigv4 = schemes.iter().any(|scheme| matches!(scheme, Auth::SigV4 { .. }));
    let bearer = schemes.contains(&Auth::Bearer);
    let header = schemes.iter().any(|scheme| matches!(scheme, Auth::Header { .. }));
    let tables: [(bool, &[Row]); 5] = [
        (true, ANY),
        (sigv4, SIGV4),
        (bearer || header, KEY),
        (bearer, BEARER),
        (view.operation.permission.is_some() && view.documents(Role::Forbidden), PERMISSION),
    ];
    let touches = |row: &Row| match row.trick {
        // A request with two violations is rejected for the other one.
        Trick::AuthLast => anywhere(view),
        _ => vec![Touch::new(view.name(), "auth", "*")],
    };
    tables
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, rows)| rows)
        .map(|row| {
            let folded = row.trick == Trick::AuthFolded;
            let hidden = folded.then_some("no key is sent in another case: the report would reveal it");
            Fault { hidden, ..row.fault("auth", view, touches(row)) }
        })
        .collect()
}
