//! One server, faithful or not: its checks, its state, and how it responds to a request.
//!
//! The order is always the same: route, authentication, permission, parsing, validation, resource, behaviour.

use super::auth::{CallerIdentity, identify_caller};
use super::body_parser::ReadFailure;
use super::compile::CompiledServer;
use super::constraints::InputViolation;
use super::distort::distort_success;
use super::error_response::{ErrorCause, ErrorDialect, ErrorResponse};
use super::misbehavior::{Misbehavior, MisbehaviorSet};
use super::operation::{CompiledOperation, OperationCall};
use super::protocols::{self, OperationSelector};
use super::request::{DeliveryMode, MAX_BODY_LENGTH, ServerRequest, ServerResponse};
use super::route::{LabelValues, split_path};
use super::server_config::ServerConfig;
use super::state::{
    MemberWrite, ResourceRegistry, ResourceStore, StateProblem, WebRequest, WebStore, read_members, write_members,
};
use crate::contract::{Constraint, Protocol};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// One of the servers that share a contract, with its own checks and its own state.
pub(super) struct ServerVariant {
    checks: CompiledServer,
    store: ResourceStore,
    registry: ResourceRegistry,
    web: WebStore,
}

enum RouteMatch<'a> {
    Operation(&'a CompiledOperation, LabelValues<'a>),
    MethodNotAllowed(String),
    /// Whether the request named an operation.
    NotFound(bool),
}

impl ServerVariant {
    pub(super) fn new(checks: CompiledServer) -> Self {
        Self {
            checks,
            store: ResourceStore::default(),
            registry: ResourceRegistry::default(),
            web: WebStore::default(),
        }
    }

    pub(super) fn handle(&self, config: &ServerConfig, request: &ServerRequest<'_>, target: &str) -> ServerResponse {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match self.match_route(request, self.strip_base_path(path), query) {
            RouteMatch::Operation(op, labels) => {
                let mut response = self.respond(op, labels, query, config, request);
                if op.misbehaves(Misbehavior::LosesUpdates)
                    && self.store.has_pending_write()
                    && response.delivery == DeliveryMode::Whole
                {
                    response.delivery = DeliveryMode::Late;
                }
                response
            }
            RouteMatch::MethodNotAllowed(allowed) => {
                let mut response = self.unknown_operation(false, true);
                response.headers.push((Cow::Borrowed("allow"), Cow::Owned(allowed)));
                response
            }
            RouteMatch::NotFound(named) => self.unknown_operation(named, false),
        }
    }

    /// Returns the operation that a request is for, with its labels and the query, or `None` if it is for none.
    pub(super) fn find_operation<'a, 't>(
        &'a self,
        request: &ServerRequest<'_>,
        target: &'t str,
    ) -> Option<(&'a CompiledOperation, LabelValues<'a>, &'t str)> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match self.match_route(request, self.strip_base_path(path), query) {
            RouteMatch::Operation(op, labels) => Some((op, labels, query)),
            _ => None,
        }
    }

    /// Returns the operation of this name.
    pub(super) fn operation(&self, name: &str) -> Option<&CompiledOperation> {
        self.checks.operations.iter().map(|op| &**op).find(|op| op.name == name)
    }

    /// Applies the oldest pending write.
    pub(super) fn apply_pending_write(&self) {
        self.store.apply_pending_write();
    }

    /// Strips the base URL's path from a path.
    fn strip_base_path<'p>(&self, path: &'p str) -> &'p str {
        match path.strip_prefix(self.checks.base_path.as_str()) {
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }

    fn unknown_operation(&self, named: bool, other_method: bool) -> ServerResponse {
        let (contract, dialect) = (&*self.checks.contract, self.checks.dialect);
        let is_aws = dialect != ErrorDialect::Plain;
        let (status, code) = protocols::unknown_operation_error(contract, is_aws, named, other_method);
        let error = ErrorResponse::without_operation(contract, dialect, status, code);
        let mut response = error.write(contract, dialect, &self.checks.error_code_path, "no such operation");
        if dialect == ErrorDialect::Aws && contract.protocol.is_none_or(|protocol| protocol == Protocol::RestJson1) {
            response.body = Bytes::from_static(b"{\"__type\":\"UnknownOperationException\"}");
        }
        response
    }

    fn match_route(&self, request: &ServerRequest<'_>, path: &str, query: &str) -> RouteMatch<'_> {
        let named = match protocols::select_operation(&self.checks.contract, request, path, query) {
            OperationSelector::Missing => return RouteMatch::NotFound(false),
            OperationSelector::ByName(name) => Some(name),
            OperationSelector::ByRoute => None,
        };
        let segments = split_path(path, MisbehaviorSet::default());
        let mut allowed: Vec<&str> = Vec::new();
        for op in &self.checks.operations {
            if named.as_ref().is_some_and(|name| *name != op.name) {
                continue;
            }
            let changed;
            let segments = if op.misbehaviors.is_empty() {
                &segments
            } else {
                changed = split_path(path, op.misbehaviors);
                &changed
            };
            let fits = |label: &str| op.may_be_empty(label);
            // In CBOR the path has already named the operation; models give it the route `/`.
            let by_path = self.checks.contract.protocol == Some(Protocol::RpcV2Cbor);
            let labels =
                if by_path { Some(Vec::new()) } else { op.route.match_path(segments, query, op.misbehaviors, fits) };
            let Some(labels) = labels else { continue };
            let in_query = named.is_some() && request.method == "GET" && !by_path;
            if op.route.method == request.method || in_query {
                return RouteMatch::Operation(op, labels);
            }
            allowed.push(&op.route.method);
        }
        if allowed.is_empty() {
            RouteMatch::NotFound(named.is_some())
        } else {
            RouteMatch::MethodNotAllowed(allowed.join(", "))
        }
    }

    fn write_success(&self, op: &CompiledOperation, output: Option<Value>) -> ServerResponse {
        match output {
            Some(output) => protocols::write_success(&self.checks.contract, op, &output),
            None => op.smallest_response.clone(),
        }
    }

    fn write_error(&self, op: &CompiledOperation, cause: ErrorCause, message: &str) -> ServerResponse {
        match op.errors.get(&cause) {
            Some(error) => {
                error.write(&self.checks.contract, self.checks.dialect, &self.checks.error_code_path, message)
            }
            None => ServerResponse::plain(500, "no error response for this cause"),
        }
    }

    fn write_violation_error(&self, op: &CompiledOperation, cause: ErrorCause, message: &str) -> ServerResponse {
        let mut response = self.write_error(op, cause, message);
        if op.misbehaves(Misbehavior::HangsOnViolation) {
            response.delivery = DeliveryMode::Hang;
        } else if op.misbehaves(Misbehavior::DropsOnViolation) {
            response.delivery = DeliveryMode::Drop;
        } else if op.misbehaves(Misbehavior::CutsChunksOnViolation) {
            response.delivery = DeliveryMode::CutChunks;
        }
        response
    }

    fn respond(
        &self,
        op: &CompiledOperation,
        labels: LabelValues<'_>,
        query: &str,
        config: &ServerConfig,
        request: &ServerRequest<'_>,
    ) -> ServerResponse {
        if op.misbehaviors.is_empty() {
            return match self.execute(op, labels, query, config, request) {
                Ok(output) => self.write_success(op, output),
                Err((cause, message)) => self.write_error(op, cause, &message),
            };
        }
        if let Some(response) = self.respond_unread(op, request) {
            return response;
        }
        let mut response = match self.execute(op, labels, query, config, request) {
            Ok(output) => {
                let plain = self.write_success(op, output.clone());
                let output = output.unwrap_or_else(|| (*op.smallest_output).clone());
                distort_success(&self.checks.contract, op, &output, plain, || {
                    self.write_error(op, ErrorCause::Invalid, "no")
                })
            }
            Err((cause, message)) => self.write_violation_error(op, cause, &message),
        };
        for (misbehavior, delivery) in [
            (Misbehavior::Hangs, DeliveryMode::Hang),
            (Misbehavior::Drops, DeliveryMode::Drop),
            (Misbehavior::ShortBody, DeliveryMode::ShortBody(16)),
            (Misbehavior::LongBody, DeliveryMode::LongBody),
            (Misbehavior::NotHttp, DeliveryMode::NotHttp),
        ] {
            if op.misbehaves(misbehavior) {
                response.delivery = delivery;
            }
        }
        response
    }

    fn execute(
        &self,
        op: &CompiledOperation,
        labels: LabelValues<'_>,
        query: &str,
        config: &ServerConfig,
        request: &ServerRequest<'_>,
    ) -> Result<Option<Value>, (ErrorCause, String)> {
        if !op.misbehaves(Misbehavior::AuthLast) {
            self.authorize(op, config, request)?;
        }
        if request.body.len() > MAX_BODY_LENGTH {
            return Err((ErrorCause::TooLarge, format!("a body may have at most {MAX_BODY_LENGTH} bytes")));
        }
        let input = match protocols::read_input(&self.checks.contract, op, labels, query, request) {
            Ok(input) => input,
            Err(ReadFailure::Malformed(message)) => return Err((ErrorCause::Malformed, message)),
            Err(ReadFailure::Crash) => return Err((ErrorCause::Crash, "something went wrong".to_owned())),
            Err(ReadFailure::AcceptedUnread) => return Ok(None),
        };
        let call = OperationCall { op, input: &input, store: &self.store };
        if let Some(tree) = &op.tree
            && !op.misbehaves(Misbehavior::Unchecked)
            && let Err(violation) = tree.check_input(&input)
        {
            return self.reject_violation(&call, &violation);
        }
        if op.misbehaves(Misbehavior::AuthLast) {
            self.authorize(op, config, request)?;
        }
        check_resources(op, &input, &self.registry)?;
        match op.behavior {
            Some(behave) => behave(&call).or_else(|violation| self.reject_violation(&call, &violation)),
            None if self.checks.web.has_operation(&op.name) => self.execute_web(op, &input),
            None => self.execute_generic(op, &input),
        }
    }

    /// Behaves as any service does: creates and deletes resources, and returns the members that were written to them.
    fn execute_generic(
        &self,
        op: &CompiledOperation,
        input: &Map<String, Value>,
    ) -> Result<Option<Value>, (ErrorCause, String)> {
        let contract = &self.checks.contract;
        if let Some(taken) = op.resource_effects.find_taken(input, &self.registry).filter(|_| op.creates_once) {
            if op.rejects_taken_names {
                return Err((ErrorCause::Conflict, "there is a resource of this name".to_owned()));
            }
            let output = op.output.as_ref();
            return Ok(read_members(contract, &self.store, &taken.to_string(), output, &op.smallest_output));
        }
        let subject = op.resource_effects.find_subject(input, &self.registry);
        let (output, created) =
            op.resource_effects.apply(contract, input, (op.output.as_ref(), &*op.smallest_output), &self.registry);
        let resource = created.unwrap_or(subject).to_string();
        let smallest = output.as_ref().unwrap_or(&op.smallest_output);
        let output_shape = op.output.as_ref();
        let filled = if op.is_read_only {
            read_members(contract, &self.store, &resource, output_shape, smallest)
        } else {
            let request =
                MemberWrite { operation: &op.name, input_shape: op.input.as_ref(), input, output_shape, smallest };
            write_members(contract, &self.store, &resource, &request)
        };
        Ok(filled.or(output))
    }

    /// Behaves as a web API does whose routes say what creates, lists, changes and deletes a resource.
    fn execute_web(
        &self,
        op: &CompiledOperation,
        input: &Map<String, Value>,
    ) -> Result<Option<Value>, (ErrorCause, String)> {
        let (contract, model) = (&self.checks.contract, &self.checks.web);
        match self.web.check(contract, model, &op.name, op.input.as_ref(), input) {
            Ok(None) => {}
            Ok(Some(output)) => return Ok(Some(output)),
            Err(StateProblem::Conflict(why)) => return Err((ErrorCause::Conflict, why.to_owned())),
            Err(StateProblem::Missing) => {
                return Err((ErrorCause::MissingResource, "not below this parent".to_owned()));
            }
        }
        let smallest = (op.output.as_ref(), &*op.smallest_output);
        let (output, _) = op.resource_effects.apply(contract, input, smallest, &self.registry);
        let request = WebRequest {
            name: &op.name,
            input_shape: op.input.as_ref(),
            output_shape: op.output.as_ref(),
            input,
            output: output.unwrap_or_else(|| (*op.smallest_output).clone()),
        };
        Ok(Some(self.web.apply(contract, model, request)))
    }

    fn authorize(
        &self,
        op: &CompiledOperation,
        config: &ServerConfig,
        request: &ServerRequest<'_>,
    ) -> Result<(), (ErrorCause, String)> {
        if op.traits.anonymous {
            return Ok(());
        }
        let schemes = if op.traits.auth.is_empty() { &self.checks.auth } else { &op.traits.auth };
        match identify_caller(config, schemes, request, op.misbehaviors) {
            CallerIdentity::Unknown => Err(match () {
                () if op.misbehaves(Misbehavior::AuthCrashes) => (ErrorCause::Crash, "something went wrong".to_owned()),
                () if op.misbehaves(Misbehavior::AuthAsInvalid) => {
                    (ErrorCause::Invalid, "a key is required".to_owned())
                }
                () if op.misbehaves(Misbehavior::AuthAsMissing) => {
                    (ErrorCause::MissingResource, "not found".to_owned())
                }
                () => (ErrorCause::Unauthenticated, "the request has no valid credentials".to_owned()),
            }),
            CallerIdentity::Known(missing) => match &op.permission {
                Some(permission) if missing.contains(permission) && !op.misbehaves(Misbehavior::PermissionIgnored) => {
                    let cause = if op.misbehaves(Misbehavior::PermissionAsUnauthenticated) {
                        ErrorCause::Unauthenticated
                    } else {
                        ErrorCause::Forbidden
                    };
                    Err((cause, format!("permission `{permission}` is missing")))
                }
                _ => Ok(()),
            },
        }
    }

    fn reject_violation(
        &self,
        call: &OperationCall<'_>,
        violation: &InputViolation,
    ) -> Result<Option<Value>, (ErrorCause, String)> {
        let op = call.op;
        if op.misbehaves(Misbehavior::WritesRejected)
            && let Some(behave) = op.behavior
        {
            // The result does not matter: the request is rejected either way.
            let _ = behave(call);
        }
        let crash = violation.crashes
            || op.misbehaves(Misbehavior::ViolationCrashes)
            || op.misbehaves(Misbehavior::MissingMemberCrashes) && violation.constraint == Constraint::Required;
        if crash {
            return Err((ErrorCause::Crash, "something went wrong".to_owned()));
        }
        Err((ErrorCause::Invalid, format!("`{}` {}", violation.path, violation.rule)))
    }

    /// Returns the response of a faulty server that ignores the request.
    fn respond_unread(&self, op: &CompiledOperation, request: &ServerRequest<'_>) -> Option<ServerResponse> {
        let bare = |status| ServerResponse { headers: Vec::new(), ..ServerResponse::plain(status, "") };
        match () {
            () if op.misbehaves(Misbehavior::AlwaysInvalid) => Some(self.write_error(op, ErrorCause::Invalid, "no")),
            () if op.misbehaves(Misbehavior::AlwaysBare400) => Some(bare(400)),
            () if op.misbehaves(Misbehavior::AlwaysCrash) => {
                Some(self.write_error(op, ErrorCause::Crash, "something went wrong"))
            }
            () if op.misbehaves(Misbehavior::AlwaysNotImplemented) => Some(bare(501)),
            () if op.misbehaves(Misbehavior::AlwaysOk) => Some(op.smallest_response.clone()),
            () if op.misbehaves(Misbehavior::Echo) => {
                Some(ServerResponse { body: Bytes::copy_from_slice(request.body), ..op.smallest_response.clone() })
            }
            () => None,
        }
    }
}

/// Returns an error if an identifier in the input belongs to no existing resource.
fn check_resources(
    op: &CompiledOperation,
    input: &Map<String, Value>,
    registry: &ResourceRegistry,
) -> Result<(), (ErrorCause, String)> {
    if op.misbehaves(Misbehavior::MissingAccepted) {
        return Ok(());
    }
    let unknown = op.known_identifiers.iter().find(|(member, forms)| {
        let id = input.get(member).and_then(Value::as_str);
        id.is_some_and(|id| !forms.iter().any(|form| form.matches(id)))
    });
    let member = match unknown {
        Some((member, _)) => member.clone(),
        None => match op.resource_effects.find_missing(input, registry) {
            Some(member) => member.to_string(),
            None => return Ok(()),
        },
    };
    Err(match () {
        () if op.misbehaves(Misbehavior::MissingAsInvalid) => (ErrorCause::Invalid, format!("`{member}` is invalid")),
        () if op.misbehaves(Misbehavior::MissingCrashes) => (ErrorCause::Crash, "something went wrong".to_owned()),
        () => (ErrorCause::MissingResource, format!("no resource has this `{member}`")),
    })
}
