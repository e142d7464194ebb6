//! Logs a caller in: builds the request, sends it through the worker that needs it, and reads what it captures.
//!
//! Only one worker logs a caller in at a time.

use super::logins::LoginTurn;
use super::placeholders::Placeholders;
use super::request_builder::{RequestBuildError, build_unsigned_request};
use super::send_steps::StepSender;
use super::step_response::{find_captured, parse_document};
use super::{Exchange, RunPlan};
use crate::case::{Authorization, Step, StepPurpose, StepRequest, Value};
use crate::scenario::LoginStep;
use crate::wire::{EncodedRequest, percent_encode};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Maximum number of looks at whether another worker has logged in.
const MAX_PAUSES: usize = 4_000;
/// Maximum number of characters of a response that a failure quotes.
const MAX_QUOTED: usize = 200;

/// Returns the principal of a step that must log in, if there is one.
pub(super) fn principal_with_login<'s>(plan: &RunPlan<'_>, step: &'s Step) -> Option<&'s str> {
    let (Authorization::Principal(name) | Authorization::Damaged(name, _)) = &step.authorization else { return None };
    plan.scenario.principals.get(name).filter(|principal| principal.login.is_some()).map(|_| name.as_str())
}

/// Logs a principal in, unless it has values that are newer than those of generation `stale`.
///
/// # Errors
/// Returns the reason if that fails.
pub(super) async fn log_in(
    plan: &RunPlan<'_>,
    principal: &str,
    stale: u64,
    placeholders: &Placeholders<'_>,
    sender: &mut impl StepSender,
) -> Result<(), String> {
    let mut pauses = 0;
    loop {
        match plan.logins.begin(principal, stale) {
            LoginTurn::Done => return Ok(()),
            LoginTurn::Wait if pauses == MAX_PAUSES => return Err(format!("principal `{principal}` is logging in")),
            LoginTurn::Wait => {
                pauses += 1;
                sender.pause().await;
            }
            LoginTurn::Send => break,
            LoginTurn::Failed(reason) => return Err(reason),
        }
    }
    let login = plan.scenario.principals.get(principal).and_then(|principal| principal.login.as_ref());
    let result = match login {
        Some(login) => send_login(plan, login, placeholders, sender).await,
        None => Err("the principal has no login step".to_owned()),
    };
    let result = result.map_err(|reason| format!("the login of principal `{principal}` failed: {reason}"));
    plan.logins.finish(principal, result.clone());
    result.map(|_| ())
}

async fn send_login(
    plan: &RunPlan<'_>,
    login: &LoginStep,
    placeholders: &Placeholders<'_>,
    sender: &mut impl StepSender,
) -> Result<IndexMap<String, String>, String> {
    let step = login_step(login);
    let request = build_login(plan, login, &step, placeholders).map_err(|error| error.to_string())?;
    if let Some(reason) = sender.unsupported_reason(&request) {
        return Err(reason);
    }
    let steps = [step];
    let exchange = sender.send_turn(&steps, vec![(0, request)]).await.pop().and_then(|(_, exchange)| exchange);
    let exchange = exchange.ok_or_else(|| "the run was cancelled".to_owned())?;
    read_login(plan, login, &steps[0], &exchange)
}

/// Returns the login as a step without credentials.
fn login_step(login: &LoginStep) -> Step {
    let request = match login.operation_name() {
        Some(name) => StepRequest::Operation {
            name: name.into(),
            input: login.input.as_ref().map_or_else(Value::empty_map, as_template),
            damage: Vec::new(),
        },
        None => {
            let (method, target) = login.request.split_once(' ').unwrap_or(("POST", &login.request));
            let body = login.json.as_ref().map(as_template);
            StepRequest::Raw { method: method.to_owned(), target: target.trim().to_owned(), body }
        }
    };
    Step {
        purpose: StepPurpose::SetUp,
        request,
        authorization: Authorization::Anonymous,
        captures: Vec::new(),
        turn: 0,
        fixture: None,
    }
}

/// Converts JSON whose texts are templates.
fn as_template(json: &Json) -> Value {
    Value::from_json_with(json, &|text| Value::Template(text.to_owned()))
}

fn build_login(
    plan: &RunPlan<'_>,
    login: &LoginStep,
    step: &Step,
    placeholders: &Placeholders<'_>,
) -> Result<EncodedRequest, RequestBuildError> {
    let mut request = build_unsigned_request(plan, placeholders, step)?;
    let fill = |text: &str| {
        let filled = placeholders.fill(text).map(std::borrow::Cow::into_owned);
        filled.map_err(|error| RequestBuildError::MissingValue(error.to_string()))
    };
    if !login.form.is_empty() {
        let pairs = login
            .form
            .iter()
            .map(|(name, value)| Ok(format!("{}={}", percent_encode(name, b""), percent_encode(&fill(value)?, b""))));
        let body = pairs.collect::<Result<Vec<_>, RequestBuildError>>()?.join("&");
        request.body = body.into_bytes().into();
        request.set_header("content-type", "application/x-www-form-urlencoded");
    }
    if let Some((user, password)) = &login.basic {
        let pair = format!("{}:{}", fill(user)?, fill(password)?);
        request.set_header("authorization", format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes())));
    }
    request.update_raw();
    Ok(request)
}

/// Returns the values that the response to a login has.
fn read_login(
    plan: &RunPlan<'_>,
    login: &LoginStep,
    step: &Step,
    exchange: &Exchange,
) -> Result<IndexMap<String, String>, String> {
    let response = exchange.response.as_ref().map_err(ToString::to_string)?;
    if !(200..400).contains(&response.status) {
        let said: String = String::from_utf8_lossy(&response.body).chars().take(MAX_QUOTED).collect();
        return Err(format!("{} {said}", response.status).trim_end().to_owned());
    }
    let document = parse_document(plan, step, response);
    let mut values = IndexMap::new();
    for (name, places) in &login.captures {
        let found = find_captured(document.as_ref(), response, places);
        let Some(value) = found else { return Err(format!("the response has no `{places}`")) };
        values.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    Ok(values)
}
