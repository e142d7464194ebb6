//! Turns a step into a request: fills placeholders, encodes the bytes and adds credentials.
//!
//! It never sends anything.

use super::placeholders::Placeholders;
use super::{AwsAccessKeys, HostPrefixes, RunPlan, clock};
use crate::case::{AuthDamage, Authorization, Case, Step, StepRequest};
use crate::contract::AuthScheme;
use crate::scenario::Credentials;
use crate::wire::{
    EncodedRequest, ResolvedCredentials, SigV4Keys, SigningKeyCache, authorize, build_host_prefix, encode_request,
    use_virtual_hosted_style,
};
use std::borrow::Cow;
use std::time::SystemTime;

/// Credentials that a worker caches between cases.
#[derive(Default)]
pub(super) struct CredentialCache {
    signing_keys: SigningKeyCache,
    /// Credentials of principals that are the same for all cases.
    credentials: Vec<(String, ResolvedCredentials)>,
}

/// Reason why a step is not sent.
pub(super) enum RequestBuildError {
    /// The step cannot be expressed on the wire.
    Unsendable(String),
    /// A value is missing that an earlier step, the scenario or the environment should provide.
    MissingValue(String),
}

impl RequestBuildError {
    pub(super) fn unsendable(reason: &impl ToString) -> Self {
        Self::Unsendable(reason.to_string())
    }

    pub(super) fn missing_value(reason: &impl ToString) -> Self {
        Self::MissingValue(reason.to_string())
    }

    pub(super) fn into_reason(self) -> String {
        match self {
            Self::Unsendable(reason) | Self::MissingValue(reason) => reason,
        }
    }
}

/// Returns the request of a case's judged step, as it would be sent if no placeholder depends on an earlier step.
///
/// # Errors
/// Returns an error if the case is unsendable, a placeholder has no value, or the request cannot be encoded.
pub fn build_request(plan: &RunPlan<'_>, case: &Case) -> Result<EncodedRequest, String> {
    let step = case.steps.get(case.judged.shown_step()).ok_or("the case has no step to send")?;
    let holes = Placeholders::new(plan, &case.id);
    build_signed_request(plan, &holes, step, &plan.endpoint.authority(), &mut CredentialCache::default())
        .map_err(RequestBuildError::into_reason)
}

/// Builds a step's request with all placeholders filled, and signs it.
pub(super) fn build_signed_request(
    plan: &RunPlan<'_>,
    holes: &Placeholders<'_>,
    step: &Step,
    authority: &str,
    keys: &mut CredentialCache,
) -> Result<EncodedRequest, RequestBuildError> {
    let message = build_unsigned_request(plan, holes, step)?;
    let CredentialCache { signing_keys: cache, credentials: proofs } = keys;
    let Some((name, damage)) = claimed_principal(step) else { return Ok(message) };
    let own;
    let proof = match proofs.iter().position(|(known, _)| known == name) {
        Some(at) => &proofs[at].1,
        None => {
            own = resolve_credentials(plan, holes, name).map_err(|reason| RequestBuildError::missing_value(&reason))?;
            if is_case_independent(plan, name) {
                proofs.push((name.to_owned(), own.clone()));
            }
            &own
        }
    };
    sign_request(message, Some((proof, damage)), authority, clock::wall_time(), cache)
}

/// Builds a step's request with all placeholders filled, without credentials.
pub(super) fn build_unsigned_request(
    plan: &RunPlan<'_>,
    holes: &Placeholders<'_>,
    step: &Step,
) -> Result<EncodedRequest, RequestBuildError> {
    let send = if Placeholders::has_placeholders(&step.request) {
        Cow::Owned(holes.fill_request(&step.request).map_err(|error| RequestBuildError::missing_value(&error))?)
    } else {
        Cow::Borrowed(&step.request)
    };
    let mut message = encode_request(plan.contract, &send, &plan.endpoint.base_path)
        .map_err(|error| RequestBuildError::unsendable(&error))?;
    if !plan.endpoint.headers.is_empty() {
        for (name, value) in &plan.endpoint.headers {
            message.set_header(name, value.as_str());
        }
        message.update_raw();
    }
    apply_host_prefix(plan, &send, &mut message)?;
    Ok(message)
}

/// Adds the host prefix of the operation's model or the bucket to the `host` header, if the endpoint supports it.
fn apply_host_prefix(
    plan: &RunPlan<'_>,
    send: &StepRequest,
    message: &mut EncodedRequest,
) -> Result<(), RequestBuildError> {
    let HostPrefixes { model_prefix: prefix, bucket_prefix: buckets } = plan.endpoint.host_prefixes;
    if !prefix && !buckets {
        return Ok(());
    }
    let (Some(parent), StepRequest::Operation { .. }) = (plan.endpoint.parent_authority(), send) else { return Ok(()) };
    let before = if prefix { build_host_prefix(plan.contract, send) } else { Ok(None) };
    if let Some(before) = before.map_err(|error| RequestBuildError::unsendable(&error))? {
        message.set_header("host", format!("{before}{parent}"));
        message.update_raw();
    } else if buckets && plan.contract.service == S3_SERVICE {
        use_virtual_hosted_style(message, &plan.endpoint.base_path, &parent);
    }
    Ok(())
}

/// Service whose buckets may be part of the host.
const S3_SERVICE: &str = "s3";

/// Returns the principal that a step claims to be, and the damage to its credentials.
fn claimed_principal(step: &Step) -> Option<(&str, Option<&AuthDamage>)> {
    match &step.authorization {
        Authorization::Anonymous => None,
        Authorization::Principal(name) => Some((name, None)),
        Authorization::Damaged(name, damage) => Some((name, Some(damage))),
    }
}

/// Returns the credentials of a step and their damage, or `None` if the step is anonymous.
pub(super) fn step_credentials<'s>(
    plan: &RunPlan<'_>,
    holes: &Placeholders<'_>,
    step: &'s Step,
) -> Result<Option<(ResolvedCredentials, Option<&'s AuthDamage>)>, RequestBuildError> {
    let Some((name, damage)) = claimed_principal(step) else { return Ok(None) };
    Ok(Some((
        resolve_credentials(plan, holes, name).map_err(|reason| RequestBuildError::missing_value(&reason))?,
        damage,
    )))
}

/// Adds credentials to a request.
pub(super) fn sign_request(
    mut message: EncodedRequest,
    proof: Option<(&ResolvedCredentials, Option<&AuthDamage>)>,
    authority: &str,
    time: SystemTime,
    keys: &mut SigningKeyCache,
) -> Result<EncodedRequest, RequestBuildError> {
    if let Some((proof, damage)) = proof {
        authorize(&mut message, proof, damage, authority, time, keys)
            .map_err(|error| RequestBuildError::unsendable(&error))?;
    }
    Ok(message)
}

/// Returns true if a principal's credentials do not depend on the case.
fn is_case_independent(plan: &RunPlan<'_>, name: &str) -> bool {
    let is_whole = |template: &Option<String>| template.as_ref().is_none_or(|text| !text.contains(['{', '}']));
    plan.scenario.principals.get(name).is_some_and(|principal| match &principal.credentials {
        Credentials::SigV4 { access_key_id, secret_access_key, .. } => {
            is_whole(access_key_id) && is_whole(secret_access_key)
        }
        _ => false,
    })
}

/// Returns a principal's credentials with all placeholders filled.
fn resolve_credentials(
    plan: &RunPlan<'_>,
    holes: &Placeholders<'_>,
    name: &str,
) -> Result<ResolvedCredentials, String> {
    let principal = plan.scenario.principals.get(name).ok_or_else(|| format!("unknown principal `{name}`"))?;
    let fill = |template: &str| holes.fill(template).map(Cow::into_owned).map_err(|error| error.to_string());
    Ok(match &principal.credentials {
        Credentials::Anonymous => ResolvedCredentials::Anonymous,
        Credentials::Bearer(key) => ResolvedCredentials::Bearer(fill(key)?),
        Credentials::Header { name, value } => ResolvedCredentials::Header { name: name.clone(), value: fill(value)? },
        Credentials::SigV4 { region, service, access_key_id, secret_access_key } => {
            let own = match (access_key_id, secret_access_key) {
                (Some(id), Some(secret)) => Some(AwsAccessKeys {
                    access_key_id: fill(id)?,
                    secret_access_key: fill(secret)?,
                    session_token: None,
                }),
                _ => None,
            };
            let dummies = || plan.endpoint.is_loopback().then(AwsAccessKeys::dummy);
            let keys = own
                .or_else(|| plan.aws_keys.clone())
                .or_else(dummies)
                .ok_or("no AWS keys found; dummy keys are used for loopback endpoints only")?;
            let documented = plan.contract.auth.iter().find_map(|auth| match auth {
                AuthScheme::SigV4 { service } => service.clone(),
                _ => None,
            });
            ResolvedCredentials::SigV4(SigV4Keys {
                access_key_id: keys.access_key_id,
                secret_access_key: keys.secret_access_key,
                session_token: keys.session_token,
                region: region.clone(),
                service: service.clone().or(documented).unwrap_or_else(|| plan.contract.service.clone()),
            })
        }
    })
}
