//! Turns a step into a request: fills placeholders, encodes the bytes and adds credentials.
//!
//! It never sends anything.

use super::holes::Holes;
use super::{AwsKeys, Hosts, Plan, clock};
use crate::contract::Auth;
use crate::generate::{AuthDamage, Authorization, Case, Send, Step};
use crate::scenario::Credentials;
use crate::wire::{KeyCache, Message, Proof, SigV4, authorize, encode, host_prefix, virtual_hosted};
use std::borrow::Cow;
use std::time::SystemTime;

/// Credentials that a worker caches between cases.
#[derive(Default)]
pub(super) struct Keys {
    cache: KeyCache,
    /// Credentials of principals that are the same for all cases.
    proofs: Vec<(String, Proof)>,
}

/// Reason why a step is not sent.
pub(super) enum NotReady {
    /// The step cannot be expressed on the wire.
    Unsendable(String),
    /// A value is missing that an earlier step, the scenario or the environment should provide.
    Lacking(String),
}

impl NotReady {
    pub(super) fn unsendable(reason: &impl ToString) -> Self {
        Self::Unsendable(reason.to_string())
    }

    pub(super) fn lacking(reason: &impl ToString) -> Self {
        Self::Lacking(reason.to_string())
    }

    pub(super) fn into_words(self) -> String {
        match self {
            Self::Unsendable(reason) | Self::Lacking(reason) => reason,
        }
    }
}

/// Returns the request of a case's judged step, as it would be sent if no placeholder depends on an earlier step.
///
/// # Errors
/// Returns an error if the case is unsendable, a placeholder has no value, or the request cannot be encoded.
pub fn message(plan: &Plan<'_>, case: &Case) -> Result<Message, String> {
    let step = case.steps.get(case.judged.shown()).ok_or("the case has no step to send")?;
    let holes = Holes::new(plan, &case.id);
    signed(plan, &holes, step, &plan.endpoint.authority(), &mut Keys::default()).map_err(NotReady::into_words)
}

/// Builds a step's request with all placeholders filled, and signs it.
pub(super) fn signed(
    plan: &Plan<'_>,
    holes: &Holes<'_>,
    step: &Step,
    authority: &str,
    keys: &mut Keys,
) -> Result<Message, NotReady> {
    let message = bare(plan, holes, step)?;
    let Keys { cache, proofs } = keys;
    let Some((name, damage)) = principal_of(step) else { return Ok(message) };
    let own;
    let proof = match proofs.iter().position(|(known, _)| known == name) {
        Some(at) => &proofs[at].1,
        None => {
            own = proof(plan, holes, name).map_err(|reason| NotReady::lacking(&reason))?;
            if is_same_for_all(plan, name) {
                proofs.push((name.to_owned(), own.clone()));
            }
            &own
        }
    };
    signed_as(message, Some((proof, damage)), authority, clock::wall(), cache)
}

/// Builds a step's request with all placeholders filled, without credentials.
pub(super) fn bare(plan: &Plan<'_>, holes: &Holes<'_>, step: &Step) -> Result<Message, NotReady> {
    let send = if Holes::any(&step.send) {
        Cow::Owned(holes.fill_send(&step.send).map_err(|error| NotReady::lacking(&error))?)
    } else {
        Cow::Borrowed(&step.send)
    };
    let mut message =
        encode(plan.contract, &send, &plan.endpoint.base_path).map_err(|error| NotReady::unsendable(&error))?;
    if !plan.endpoint.headers.is_empty() {
        for (name, value) in &plan.endpoint.headers {
            message.set_header(name, value.as_str());
        }
        message.settle();
    }
    hosted(plan, &send, &mut message)?;
    Ok(message)
}

/// Adds the host prefix of the operation's model or the bucket to the `host` header, if the endpoint supports it.
fn hosted(plan: &Plan<'_>, send: &Send, message: &mut Message) -> Result<(), NotReady> {
    let Hosts { prefix, buckets } = plan.endpoint.hosts;
    if !prefix && !buckets {
        return Ok(());
    }
    let (Some(parent), Send::Operation { .. }) = (plan.endpoint.parent(), send) else { return Ok(()) };
    let before = if prefix { host_prefix(plan.contract, send) } else { Ok(None) };
    if let Some(before) = before.map_err(|error| NotReady::unsendable(&error))? {
        message.set_header("host", format!("{before}{parent}"));
        message.settle();
    } else if buckets && plan.contract.service == S3 {
        virtual_hosted(message, &plan.endpoint.base_path, &parent);
    }
    Ok(())
}

/// Service whose buckets may be part of the host.
const S3: &str = "s3";

/// Returns the principal that a step claims to be, and the damage to its credentials.
fn principal_of(step: &Step) -> Option<(&str, Option<&AuthDamage>)> {
    match &step.authorization {
        Authorization::Anonymous => None,
        Authorization::Principal(name) => Some((name, None)),
        Authorization::Damaged(name, damage) => Some((name, Some(damage))),
    }
}

/// Returns the credentials of a step and their damage, or `None` if the step is anonymous.
pub(super) fn proof_of<'s>(
    plan: &Plan<'_>,
    holes: &Holes<'_>,
    step: &'s Step,
) -> Result<Option<(Proof, Option<&'s AuthDamage>)>, NotReady> {
    let Some((name, damage)) = principal_of(step) else { return Ok(None) };
    Ok(Some((proof(plan, holes, name).map_err(|reason| NotReady::lacking(&reason))?, damage)))
}

/// Adds credentials to a request.
pub(super) fn signed_as(
    mut message: Message,
    proof: Option<(&Proof, Option<&AuthDamage>)>,
    authority: &str,
    time: SystemTime,
    keys: &mut KeyCache,
) -> Result<Message, NotReady> {
    if let Some((proof, damage)) = proof {
        authorize(&mut message, proof, damage, authority, time, keys).map_err(|error| NotReady::unsendable(&error))?;
    }
    Ok(message)
}

/// Returns true if a principal's credentials do not depend on the case.
fn is_same_for_all(plan: &Plan<'_>, name: &str) -> bool {
    let is_whole = |template: &Option<String>| template.as_ref().is_none_or(|text| !text.contains(['{', '}']));
    plan.scenario.principals.get(name).is_some_and(|principal| match &principal.credentials {
        Credentials::SigV4 { access_key_id, secret_access_key, .. } => {
            is_whole(access_key_id) && is_whole(secret_access_key)
        }
        _ => false,
    })
}

/// Returns a principal's credentials with all placeholders filled.
fn proof(plan: &Plan<'_>, holes: &Holes<'_>, name: &str) -> Result<Proof, String> {
    let principal = plan.scenario.principals.get(name).ok_or_else(|| format!("unknown principal `{name}`"))?;
    let fill = |template: &str| holes.fill(template).map(Cow::into_owned).map_err(|error| error.to_string());
    Ok(match &principal.credentials {
        Credentials::Anonymous => Proof::Anonymous,
        Credentials::Bearer(key) => Proof::Bearer(fill(key)?),
        Credentials::Header { name, value } => Proof::Header { name: name.clone(), value: fill(value)? },
        Credentials::SigV4 { region, service, access_key_id, secret_access_key } => {
            let own = match (access_key_id, secret_access_key) {
                (Some(id), Some(secret)) => {
                    Some(AwsKeys { access_key_id: fill(id)?, secret_access_key: fill(secret)?, session_token: None })
                }
                _ => None,
            };
            let dummies = || plan.endpoint.is_loopback().then(AwsKeys::dummies);
            let keys = own
                .or_else(|| plan.aws.clone())
                .or_else(dummies)
                .ok_or("no AWS keys found; dummy keys are used for loopback endpoints only")?;
            let documented = plan.contract.auth.iter().find_map(|auth| match auth {
                Auth::SigV4 { service } => service.clone(),
                _ => None,
            });
            Proof::SigV4(SigV4 {
                access_key_id: keys.access_key_id,
                secret_access_key: keys.secret_access_key,
                session_token: keys.session_token,
                region: region.clone(),
                service: service.clone().or(documented).unwrap_or_else(|| plan.contract.service.clone()),
            })
        }
    })
}
