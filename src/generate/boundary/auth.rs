//! Every kind of missing or insufficient authorization that a server can detect without the caller's secret.
//!
//! It never sends a wrong signature unless the scenario says that the server verifies signatures.

use crate::case::{AuthDamage, Authorization, Case, CaseClass, CaseKind};
use crate::contract::{ErrorRole, Provenance};
use crate::generate::case_spec::{CaseRequest, IntendedOutcome};
use crate::generate::operation_context::OperationContext;
use crate::scenario::Credentials;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if context.operation.traits.anonymous {
        return Vec::new();
    }
    let scenario = context.plan.scenario;
    let Some(name) = &scenario.principal else { return Vec::new() };
    let Some(principal) = scenario.principals.get(name) else { return Vec::new() };
    let mut out = Vec::new();
    let mut add = |kind: CaseKind, variant: String, rule: String, role: ErrorRole, authorization: Authorization| {
        out.extend(context.build_class_case(
            CaseClass::Auth,
            kind,
            variant,
            rule,
            IntendedOutcome::RejectedCaller(role),
            |sampler| {
                Some(CaseRequest {
                    input: sampler.plain_input(),
                    damage: Vec::new(),
                    authorization: Some(authorization),
                })
            },
        ));
    };
    if matches!(principal.credentials, Credentials::Anonymous) {
        return Vec::new();
    }
    let credentials = principal.credentials_for(context.plan.contract.auth_schemes(context.operation));
    let wrong = invalid_credentials(credentials, scenario.verifies_signatures);
    let unauthenticated = ErrorRole::Unauthenticated;
    add(
        CaseKind::Unauthenticated,
        "no-header".to_owned(),
        "the caller must authenticate".to_owned(),
        unauthenticated,
        Authorization::Anonymous,
    );
    for (variant, rule, damage) in wrong {
        let authorization = Authorization::Damaged(name.clone(), damage);
        add(CaseKind::Unauthenticated, variant.to_owned(), rule.to_owned(), unauthenticated, authorization);
    }
    let Some(permission) = &context.operation.permission else {
        out.extend(scheme_case(context, name, credentials));
        return out;
    };
    for (other, principal) in &scenario.principals {
        if principal.lacks.contains(permission) {
            let rule = format!("needs the permission `{permission}`");
            add(
                CaseKind::Forbidden,
                other.clone(),
                rule,
                ErrorRole::Forbidden,
                Authorization::Principal(other.clone()),
            );
        }
    }
    out.extend(scheme_case(context, name, credentials));
    out
}

/// Builds the case with the name of the scheme in lowercase: schemes are case-insensitive, see
/// [RFC 9110, 11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1). A page shows the header as it is sent; only
/// a machine-readable document says that the scheme is HTTP's.
fn scheme_case(context: &OperationContext<'_>, principal: &str, credentials: &Credentials) -> Option<Case> {
    let scheme = match credentials {
        Credentials::Bearer(_) => "bearer",
        Credentials::Basic { .. } => "basic",
        _ => return None,
    };
    let is_machine_readable =
        |source: &Provenance| [".json", ".yaml", ".yml"].iter().any(|ending| source.document.ends_with(ending));
    if !context.operation.sources.iter().any(is_machine_readable) {
        return None;
    }
    let authorization = Authorization::Damaged(principal.to_owned(), AuthDamage::OtherScheme(scheme.to_owned()));
    context.build_class_case(
        CaseClass::Valid,
        CaseKind::OtherValue,
        "scheme-in-lowercase",
        "the name of the scheme is case-insensitive",
        IntendedOutcome::Valid,
        |sampler| {
            Some(CaseRequest { input: sampler.plain_input(), damage: Vec::new(), authorization: Some(authorization) })
        },
    )
}

/// Returns the faults of credentials that a server can detect without knowing the secret: variant, rule, damage.
pub(super) fn invalid_credentials(
    credentials: &Credentials,
    verifies_signatures: bool,
) -> Vec<(&'static str, &'static str, AuthDamage)> {
    let mut wrong: Vec<(&'static str, &'static str, AuthDamage)> = Vec::new();
    match credentials {
        Credentials::Anonymous => {}
        Credentials::Bearer(_) => wrong.extend([
            ("empty", "an empty header does not authenticate", AuthDamage::Empty),
            ("scheme-only", "a scheme without a key does not authenticate", AuthDamage::SchemeOnly),
            ("no-scheme", "the key must follow `Bearer`", AuthDamage::NoScheme),
            ("basic", "the scheme must be `Bearer`", AuthDamage::OtherScheme("Basic".to_owned())),
            ("key-shortened", "the whole key must match", AuthDamage::KeyShortened),
            ("key-lengthened", "the whole key must match", AuthDamage::KeyLengthened),
            ("key-last-character", "every character of the key must match", AuthDamage::KeyLastCharacter),
            ("key-letter-case", "the case of a key's letters must match", AuthDamage::KeyLetterCase),
            ("unknown-key", "the key must exist", AuthDamage::UnknownKey),
        ]),
        // A damaged password is damaged in its encoded form, too.
        Credentials::Basic { .. } => wrong.extend([
            ("empty", "an empty header does not authenticate", AuthDamage::Empty),
            ("scheme-only", "a scheme without a password does not authenticate", AuthDamage::SchemeOnly),
            ("no-scheme", "name and password must follow `Basic`", AuthDamage::NoScheme),
            ("bearer", "the scheme must be `Basic`", AuthDamage::OtherScheme("Bearer".to_owned())),
            ("key-shortened", "the whole password must match", AuthDamage::KeyShortened),
            ("key-lengthened", "the whole password must match", AuthDamage::KeyLengthened),
            ("key-last-character", "every character of the password must match", AuthDamage::KeyLastCharacter),
            ("key-letter-case", "the case of a password's letters must match", AuthDamage::KeyLetterCase),
            ("unknown-key", "the password must be right", AuthDamage::UnknownKey),
        ]),
        Credentials::Header { .. } | Credentials::Query { .. } | Credentials::Cookie { .. } => wrong.extend([
            ("empty", "an empty key does not authenticate", AuthDamage::Empty),
            ("key-shortened", "the whole key must match", AuthDamage::KeyShortened),
            ("key-lengthened", "the whole key must match", AuthDamage::KeyLengthened),
            ("key-last-character", "every character of the key must match", AuthDamage::KeyLastCharacter),
            ("key-letter-case", "the case of a key's letters must match", AuthDamage::KeyLetterCase),
            ("unknown-key", "the key must exist", AuthDamage::UnknownKey),
        ]),
        Credentials::SigV4 { .. } => {
            wrong.extend([
                ("empty", "an empty header does not authenticate", AuthDamage::Empty),
                ("scheme-only", "a scheme without a signature does not authenticate", AuthDamage::SchemeOnly),
                ("basic", "the scheme must be `AWS4-HMAC-SHA256`", AuthDamage::OtherScheme("Basic".to_owned())),
                (
                    "no-credential",
                    "the header must contain `Credential`",
                    AuthDamage::MissingPart("Credential".to_owned()),
                ),
                (
                    "no-signed-headers",
                    "the header must contain `SignedHeaders`",
                    AuthDamage::MissingPart("SignedHeaders".to_owned()),
                ),
                (
                    "no-signature",
                    "the header must contain `Signature`",
                    AuthDamage::MissingPart("Signature".to_owned()),
                ),
            ]);
            if verifies_signatures {
                wrong.push(("wrong-signature", "the signature must match the request", AuthDamage::WrongSignature));
            }
        }
    }
    wrong
}
