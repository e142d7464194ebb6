//! Turns a step into a request: fills placeholders, encodes the bytes and adds credentials.
//!
//! It never sends anything.

use super::placeholders::Placeholders;
use super::{AwsAccessKeys, HostPrefixes, RunPlan, clock};
use crate::case::{AuthDamage, Authorization, Case, Step, StepRequest};
use crate::contract::{AuthScheme, Contract};
use crate::scenario::{Credentials, Principal};
use crate::wire::{
    EncodedRequest, ResolvedCredentials, SigV4Keys, SigningContext, SigningKeyCache, authorize, build_host_prefix,
    encode_request, use_virtual_hosted_style,
};
use std::borrow::Cow;

/// Reason why a step is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestBuildError {
    /// The step cannot be expressed on the wire; holds the reason.
    #[error("{0}")]
    Unsendable(String),
    /// A value is missing that an earlier step, the scenario or the environment should provide; holds the reason.
    #[error("{0}")]
    MissingValue(String),
    /// The case has no such step.
    #[error("the case has no step to send")]
    NoStep,
}

impl RequestBuildError {
    fn unsendable(reason: &impl ToString) -> Self {
        Self::Unsendable(reason.to_string())
    }

    fn missing_value(reason: &impl ToString) -> Self {
        Self::MissingValue(reason.to_string())
    }
}

/// Returns the request of a case's judged step, as it would be sent if no placeholder depends on an earlier step.
///
/// # Errors
/// Returns an error if the case is unsendable, a placeholder has no value, or the request cannot be encoded.
pub fn build_request(plan: &RunPlan<'_>, case: &Case) -> Result<EncodedRequest, RequestBuildError> {
    let step = case.steps.get(case.judged.shown_step()).ok_or(RequestBuildError::NoStep)?;
    RequestBuilder::new(plan).build(&Placeholders::new(plan, &case.id), step)
}

/// Builds the signed requests of one worker; caches credentials between cases.
pub(super) struct RequestBuilder<'a> {
    plan: &'a RunPlan<'a>,
    authority: String,
    signing_keys: SigningKeyCache,
    /// Credentials of principals that are the same for all cases, by principal and service.
    credentials: Vec<(String, String, ResolvedCredentials)>,
}

impl<'a> RequestBuilder<'a> {
    pub(super) fn new(plan: &'a RunPlan<'a>) -> Self {
        let authority = plan.endpoint.authority();
        Self { plan, authority, signing_keys: SigningKeyCache::default(), credentials: Vec::new() }
    }

    /// Builds a step's request with all placeholders filled, and signs it.
    pub(super) fn build(
        &mut self,
        placeholders: &Placeholders<'_>,
        step: &Step,
    ) -> Result<EncodedRequest, RequestBuildError> {
        let mut request = build_unsigned_request(self.plan, placeholders, step)?;
        let Some((name, damage)) = claimed_principal(step) else { return Ok(request) };
        let resolved;
        let service = &owner_of(self.plan, &step.request).service;
        let is_cached = |(cached, of, _): &(String, String, _)| cached == name && of == service;
        let credentials = match self.credentials.iter().position(is_cached) {
            Some(index) => &self.credentials[index].2,
            None => {
                resolved = resolve_credentials(self.plan, placeholders, name, &step.request)?;
                if is_case_independent(self.plan, name) {
                    self.credentials.push((name.to_owned(), service.clone(), resolved.clone()));
                }
                &resolved
            }
        };
        let case = placeholders.case_id();
        let signing = SigningContext { host: &self.authority, time: clock::wall_time(), case };
        sign_request(&mut request, (credentials, damage), &signing, &mut self.signing_keys)?;
        Ok(request)
    }
}

/// Builds a step's request with all placeholders filled, without credentials.
pub(super) fn build_unsigned_request(
    plan: &RunPlan<'_>,
    placeholders: &Placeholders<'_>,
    step: &Step,
) -> Result<EncodedRequest, RequestBuildError> {
    let step_request = if Placeholders::has_placeholders(&step.request) {
        Cow::Owned(placeholders.fill_request(&step.request).map_err(|error| RequestBuildError::missing_value(&error))?)
    } else {
        Cow::Borrowed(&step.request)
    };
    let mut request = encode_request(plan.contract, &step_request, &plan.endpoint.base_path)
        .map_err(|error| RequestBuildError::unsendable(&error))?;
    if !plan.endpoint.headers.is_empty() {
        for (name, value) in &plan.endpoint.headers {
            request.set_header(name, value.as_str());
        }
        request.update_raw();
    }
    apply_host_prefix(plan, &step_request, &mut request)?;
    Ok(request)
}

/// Adds the host prefix of the operation's model or the bucket to the `host` header, if the endpoint supports it.
fn apply_host_prefix(
    plan: &RunPlan<'_>,
    step_request: &StepRequest,
    request: &mut EncodedRequest,
) -> Result<(), RequestBuildError> {
    let HostPrefixes { model_prefix: prefix, bucket_prefix: buckets } = plan.endpoint.host_prefixes;
    if !prefix && !buckets {
        return Ok(());
    }
    let (Some(parent), StepRequest::Operation { .. }) = (plan.endpoint.parent_authority(), step_request) else {
        return Ok(());
    };
    let before = if prefix { build_host_prefix(plan.contract, step_request) } else { Ok(None) };
    if let Some(before) = before.map_err(|error| RequestBuildError::unsendable(&error))? {
        request.set_header("host", format!("{before}{parent}"));
        request.update_raw();
    } else if buckets && owner_of(plan, step_request).service == S3_SERVICE {
        use_virtual_hosted_style(request, &plan.endpoint.base_path, &parent);
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
    placeholders: &Placeholders<'_>,
    step: &'s Step,
) -> Result<Option<(ResolvedCredentials, Option<&'s AuthDamage>)>, RequestBuildError> {
    let Some((name, damage)) = claimed_principal(step) else { return Ok(None) };
    Ok(Some((resolve_credentials(plan, placeholders, name, &step.request)?, damage)))
}

/// Adds credentials to a request.
pub(super) fn sign_request(
    request: &mut EncodedRequest,
    (credentials, damage): (&ResolvedCredentials, Option<&AuthDamage>),
    context: &SigningContext<'_>,
    keys: &mut SigningKeyCache,
) -> Result<(), RequestBuildError> {
    authorize(request, credentials, damage, context, keys).map_err(|error| RequestBuildError::unsendable(&error))
}

/// Returns true if a principal's credentials do not depend on the case.
fn is_case_independent(plan: &RunPlan<'_>, name: &str) -> bool {
    let is_whole = |template: &Option<String>| template.as_ref().is_none_or(|text| !text.contains(['{', '}']));
    let Some(principal) = plan.scenario.principals.get(name).filter(|principal| principal.others.is_empty()) else {
        return false;
    };
    match &principal.credentials {
        Credentials::SigV4 { access_key_id, secret_access_key, .. } => {
            is_whole(access_key_id) && is_whole(secret_access_key)
        }
        _ => false,
    }
}

/// Returns the credentials that a principal uses for a request, with all placeholders filled.
fn resolve_credentials(
    plan: &RunPlan<'_>,
    placeholders: &Placeholders<'_>,
    name: &str,
    request: &StepRequest,
) -> Result<ResolvedCredentials, RequestBuildError> {
    let principal = plan
        .scenario
        .principals
        .get(name)
        .ok_or_else(|| RequestBuildError::MissingValue(format!("unknown principal `{name}`")))?;
    let fill = |template: &str| {
        let template = if principal.login.is_some() { plan.logins.fill(name, template) } else { template.to_owned() };
        placeholders.fill(&template).map(Cow::into_owned).map_err(|error| RequestBuildError::missing_value(&error))
    };
    Ok(match credentials_for_request(plan, principal, request) {
        Credentials::Anonymous => ResolvedCredentials::Anonymous,
        Credentials::Bearer(key) => ResolvedCredentials::Bearer(fill(key)?),
        Credentials::Basic { user, password } => {
            ResolvedCredentials::Basic { user: fill(user)?, password: fill(password)? }
        }
        Credentials::Header { name, value } => ResolvedCredentials::Header { name: name.clone(), value: fill(value)? },
        Credentials::Query { name, value } => ResolvedCredentials::Query { name: name.clone(), value: fill(value)? },
        Credentials::Cookie { name, value } => ResolvedCredentials::Cookie { name: name.clone(), value: fill(value)? },
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
            let keys = own.or_else(|| plan.aws_keys.clone()).or_else(dummies).ok_or_else(|| {
                let reason = "no AWS keys found; dummy keys are used for loopback endpoints only";
                RequestBuildError::MissingValue(reason.to_owned())
            })?;
            let owner = owner_of(plan, request);
            let documented = owner.auth.iter().find_map(|auth| match auth {
                AuthScheme::SigV4 { service } => service.clone(),
                _ => None,
            });
            ResolvedCredentials::SigV4(SigV4Keys {
                access_key_id: keys.access_key_id,
                secret_access_key: keys.secret_access_key,
                session_token: keys.session_token,
                region: region.clone(),
                service: service.clone().or(documented).unwrap_or_else(|| owner.service.clone()),
            })
        }
    })
}

/// Returns the credentials of the kind that the operation documents.
fn credentials_for_request<'p>(plan: &RunPlan<'_>, principal: &'p Principal, request: &StepRequest) -> &'p Credentials {
    let StepRequest::Operation { name, .. } = request else { return &principal.credentials };
    if principal.others.is_empty() {
        return &principal.credentials;
    }
    let owner = owner_of(plan, request);
    match owner.operation(name.as_str()) {
        Some(operation) => principal.credentials_for(owner.auth_schemes(operation)),
        None => &principal.credentials,
    }
}

/// Returns the contract of the service to which a request goes.
fn owner_of<'p>(plan: &RunPlan<'p>, request: &StepRequest) -> &'p Contract {
    match request {
        StepRequest::Operation { name, .. } => plan.contract.owner_of(name.as_str()),
        StepRequest::Raw { .. } => plan.contract,
    }
}
