//! Every kind of missing or insufficient authorisation that a server can know without the caller's secret.

use super::Work;
use crate::contract::Role;
use crate::generate::case::{AuthDamage, Authorization, Case};
use crate::generate::draft::{Aim, Request};
use crate::scenario::Credentials;

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let scenario = work.planner.scenario;
    let Some(name) = &scenario.principal else { return Vec::new() };
    let Some(principal) = scenario.principals.get(name) else { return Vec::new() };
    let mut out = Vec::new();
    let mut add = |kind: &str, variant: String, rule: String, role: Role, authorization: Authorization| {
        out.extend(work.of_class("auth", kind, variant, rule, Aim::Denied(role), |sampler| {
            Some(Request { input: sampler.plain(), damage: Vec::new(), authorization: Some(authorization) })
        }));
    };
    if matches!(principal.credentials, Credentials::Anonymous) {
        return Vec::new();
    }
    let wrong = wrong_proofs(&principal.credentials, scenario.verifies_signatures);
    let unknown = Role::Unauthenticated;
    add(
        "unauthenticated",
        "no-header".to_owned(),
        "the caller must prove who it is".to_owned(),
        unknown,
        Authorization::Anonymous,
    );
    for (variant, rule, damage) in wrong {
        let authorization = Authorization::Damaged(name.clone(), damage);
        add("unauthenticated", variant.to_owned(), rule.to_owned(), unknown, authorization);
    }
    let Some(permission) = &work.operation.permission else { return out };
    for (other, principal) in &scenario.principals {
        if principal.lacks.contains(permission) {
            let rule = format!("needs the permission `{permission}`");
            add("forbidden", other.clone(), rule, Role::Forbidden, Authorization::Principal(other.clone()));
        }
    }
    out
}

/// What can be wrong with a proof that a server can see without knowing the secret: variant, rule, damage.
pub(super) fn wrong_proofs(
    credentials: &Credentials,
    verifies_signatures: bool,
) -> Vec<(&'static str, &'static str, AuthDamage)> {
    let mut wrong: Vec<(&'static str, &'static str, AuthDamage)> = Vec::new();
    match credentials {
        Credentials::Anonymous => {}
        Credentials::Bearer(_) => wrong.extend([
            ("empty", "an empty header proves nothing", AuthDamage::Empty),
            ("scheme-only", "a scheme without a key proves nothing", AuthDamage::SchemeOnly),
            ("no-scheme", "the key stands after `Bearer`", AuthDamage::NoScheme),
            ("basic", "the scheme is `Bearer`", AuthDamage::OtherScheme("Basic".to_owned())),
            ("key-shortened", "the whole key counts", AuthDamage::KeyShortened),
            ("key-lengthened", "the whole key counts", AuthDamage::KeyLengthened),
            ("unknown-key", "the key was never given out", AuthDamage::UnknownKey),
        ]),
        Credentials::Header { .. } => wrong.extend([
            ("empty", "an empty header proves nothing", AuthDamage::Empty),
            ("key-shortened", "the whole key counts", AuthDamage::KeyShortened),
            ("key-lengthened", "the whole key counts", AuthDamage::KeyLengthened),
            ("unknown-key", "the key was never given out", AuthDamage::UnknownKey),
        ]),
        Credentials::SigV4 { .. } => {
            wrong.extend([
                ("empty", "an empty header proves nothing", AuthDamage::Empty),
                ("scheme-only", "a scheme without a signature proves nothing", AuthDamage::SchemeOnly),
                ("basic", "the scheme is `AWS4-HMAC-SHA256`", AuthDamage::OtherScheme("Basic".to_owned())),
                ("no-credential", "the header names a credential", AuthDamage::MissingPart("Credential".to_owned())),
                (
                    "no-signed-headers",
                    "the header names what is signed",
                    AuthDamage::MissingPart("SignedHeaders".to_owned()),
                ),
                ("no-signature", "the header holds a signature", AuthDamage::MissingPart("Signature".to_owned())),
            ]);
            if verifies_signatures {
                wrong.push(("wrong-signature", "the signature fits the request", AuthDamage::WrongSignature));
            }
        }
    }
    wrong
}
