//! Proof of identity and permission: not asked for, compared carelessly, or missed with the wrong answer.
//!
//! Only for contracts that ask for proof at all.

use super::{Row, View, anywhere, row, silent};
use crate::contract::{Auth, Role};
use crate::reference::fault::{Fault, Touch};
use crate::reference::trick::Trick;

const ANY: &[Row] = &[
    row("ignored", Trick::AuthIgnored, "nobody needs to prove who they are"),
    row("crashes", Trick::AuthCrashes, "missing proof is answered with 500"),
    row("as-invalid", Trick::AuthAsInvalid, "missing proof is answered like invalid input"),
    row("as-missing", Trick::AuthAsMissing, "missing proof is answered like a missing resource"),
    silent("last", Trick::AuthLast, "proof is asked for only after the request has been checked"),
];

const SIGV4: &[Row] = &[row("incomplete", Trick::AuthIncomplete, "any authorization header is taken")];

const KEY: &[Row] = &[
    row("prefix", Trick::AuthPrefix, "only the beginning of a key is compared"),
    row("any-key", Trick::AuthAnyKey, "any key is taken"),
    row("empty-key", Trick::AuthEmptyKey, "an empty key is taken"),
    silent("folded", Trick::AuthFolded, "keys are compared without regard to case"),
];

const BEARER: &[Row] = &[
    row("any-scheme", Trick::AuthAnyScheme, "any scheme is taken before the key"),
    row("no-scheme", Trick::AuthNoScheme, "a key without a scheme is taken"),
];

const PERMISSION: &[Row] = &[
    row("permission-ignored", Trick::PermissionIgnored, "permissions are not looked at"),
    row(
        "permission-as-unauthenticated",
        Trick::PermissionAsUnauthenticated,
        "a missing permission is answered like missing proof",
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
        // A request with two faults is answered for the other one.
        Trick::AuthLast => anywhere(view),
        _ => vec![Touch::new(view.name(), "auth", "*")],
    };
    tables
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, rows)| rows)
        .map(|row| {
            let folded = row.trick == Trick::AuthFolded;
            let hidden = folded.then_some("no key is sent in other letters: what reports say of it would give it away");
            Fault { hidden, ..row.fault("auth", view, touches(row)) }
        })
        .collect()
}
