//! The server as a function from request to response, without a socket and without a clock.
//!
//! The order is always the same: route, authentication, permission, parsing, validation, resource, behaviour.
//! Never touches a connection; a [`DeliveryMode`] other than `Whole` is carried out by the server.

use super::auth::{CallerIdentity, identify_caller};
use super::body_parser::ReadFailure;
use super::check::InputViolation;
use super::compile::{CompiledOperation, CompiledServer, OperationCall};
use super::constraint_tree::PatternCache;
use super::distort::distort_success;
use super::error_response::{ErrorCause, ErrorDialect, ErrorResponse};
use super::fault::{Fault, UnknownFaultError, list_faults};
use super::generic_state;
use super::misbehavior::{Misbehavior, MisbehaviorSet};
use super::protocols::{self, ErrorContent, OperationSelector, ShapeRef};
use super::request::{DeliveryMode, ServerRequest, ServerResponse};
use super::resource_registry::ResourceRegistry;
use super::resource_store::ResourceStore;
use super::route::{LabelValues, split_path};
use super::server_config::ServerConfig;
use crate::contract::{Contract, ErrorName, Protocol};
use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// Maximum length of a request body in bytes.
pub(super) const MAX_BODY_LENGTH: usize = 8 << 20;

/// Reason why a request cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableRequest(pub String);

/// The reference server without a socket.
pub struct ReferenceService {
    contract: Arc<Contract>,
    world: ServerConfig,
    patterns: Mutex<PatternCache>,
    /// The server at `/`: faithful, unless it was built with faults.
    main_variant: ServerVariant,
    faithful_checks: CompiledServer,
    catalogue: OnceLock<IndexMap<String, Fault>>,
    /// The servers at `/faults/NAME/`, each built when it is first requested.
    faulty_variants: RwLock<HashMap<String, Arc<ServerVariant>>>,
}

/// One of the servers that share a contract, with its own checks and its own state.
struct ServerVariant {
    checks: CompiledServer,
    store: ResourceStore,
    registry: ResourceRegistry,
}

impl ReferenceService {
    /// Creates a server that conforms to the contract.
    pub fn new(contract: Contract, config: ServerConfig) -> Self {
        let contract = Arc::new(contract);
        let mut patterns = PatternCache::default();
        let faithful_checks = CompiledServer::new(&contract, &config, &mut patterns);
        Self {
            main_variant: ServerVariant::new(faithful_checks.clone()),
            contract,
            world: config,
            patterns: Mutex::new(patterns),
            faithful_checks,
            catalogue: OnceLock::new(),
            faulty_variants: RwLock::default(),
        }
    }

    /// Creates a server that has all of these faults at once.
    ///
    /// # Errors
    /// Returns an error if [`list_faults`] has no fault of that name for the contract.
    pub fn with_faults<N: AsRef<str>>(
        contract: Contract,
        config: ServerConfig,
        names: &[N],
    ) -> Result<Self, UnknownFaultError> {
        let mut service = Self::new(contract, config);
        let mut checks = service.faithful_checks.clone();
        for name in names {
            let fault = service.find_fault(name.as_ref())?.clone();
            let mut patterns = service.patterns.lock().unwrap_or_else(PoisonError::into_inner);
            checks.apply_change(&fault.change, &mut patterns);
        }
        service.main_variant.checks = checks;
        Ok(service)
    }

    /// Returns all faults of this contract, by name.
    pub fn faults(&self) -> &IndexMap<String, Fault> {
        self.catalogue
            .get_or_init(|| list_faults(&self.contract).into_iter().map(|fault| (fault.name.clone(), fault)).collect())
    }

    fn find_fault(&self, name: &str) -> Result<&Fault, UnknownFaultError> {
        self.faults().get(name).ok_or_else(|| UnknownFaultError::for_name(name, self.faults().keys()))
    }

    /// Returns the patterns that could not be translated and are therefore not checked, each with the reason.
    pub fn untranslated_patterns(&self) -> Vec<(String, String)> {
        self.patterns.lock().unwrap_or_else(PoisonError::into_inner).untranslated.clone()
    }

    /// Handles a request and returns the response.
    pub fn handle(&self, request: &ServerRequest<'_>) -> ServerResponse {
        let target = origin_form(request.target);
        if let Some(rest) = target.strip_prefix("/faults/") {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let name = percent_encoding::percent_decode_str(&rest[..end]).decode_utf8_lossy();
            return match self.faulty_variant(&name) {
                Ok(variant) => variant.handle(&self.world, request, &rest[end..]),
                Err(error) => plain_response(404, format!("{error}\n")),
            };
        }
        self.main_variant.handle(&self.world, request, target)
    }

    /// Applies the oldest pending write behind a [`DeliveryMode::Late`] response to this target.
    pub fn apply_pending_write(&self, target: &str) {
        let target = origin_form(target);
        let name = target.strip_prefix("/faults/").map(|rest| &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]);
        match name {
            None => self.main_variant.store.apply_pending_write(),
            Some(name) => {
                let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
                if let Ok(variant) = self.faulty_variant(&name) {
                    variant.store.apply_pending_write();
                }
            }
        }
    }

    /// Returns the operation that a request is for, and its input under the contract's names, with bytes as base64 and
    /// timestamps as seconds. No constraint is checked. Returns `None` if the request matches no operation.
    ///
    /// # Errors
    /// Returns an error if the request cannot be parsed.
    pub fn read_request(&self, request: &ServerRequest<'_>) -> Option<Result<(&str, Value), UnreadableRequest>> {
        let target = origin_form(request.target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let RouteMatch::Operation(op, labels) =
            self.main_variant.match_route(request, self.main_variant.strip_base_path(path), query)
        else {
            return None;
        };
        Some(match protocols::read_input(&self.contract, op, labels, query, request) {
            Ok(input) => Ok((op.name.as_str(), Value::Object(input))),
            Err(ReadFailure::Malformed(reason)) => Err(UnreadableRequest(reason)),
            Err(other) => Err(UnreadableRequest(format!("{other:?}"))),
        })
    }

    /// Returns the success response of an operation for this output, or `None` if there is no such operation.
    pub fn write_success(&self, operation: &str, output: &Value) -> Option<ServerResponse> {
        let op = self.main_variant.checks.operations.iter().find(|op| op.name == operation)?;
        Some(protocols::write_success(&self.contract, op, output))
    }

    /// Returns the response for a documented error, whose members have the contract's names, or `None` if the contract
    /// has no such error.
    pub fn write_error(&self, name: &str, members: &Map<String, Value>) -> Option<ServerResponse> {
        let (name, error) = self.contract.errors.get_key_value(&ErrorName::from(name))?;
        let words = ErrorContent {
            status: error.status.unwrap_or(400),
            code: Some(error.code.as_deref().unwrap_or(name.as_str())),
            name: Some(name.as_str()),
            shape: error.shape.as_ref().map(|id| ShapeRef::new(&self.contract, id)),
            members: members.clone(),
        };
        Some(protocols::write_error(&self.contract, &words))
    }

    fn faulty_variant(&self, name: &str) -> Result<Arc<ServerVariant>, UnknownFaultError> {
        if let Some(variant) = self.faulty_variants.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Arc::clone(variant));
        }
        let fault = self.find_fault(name)?;
        let mut variants = self.faulty_variants.write().unwrap_or_else(PoisonError::into_inner);
        let variant = variants.entry(name.to_owned()).or_insert_with(|| {
            let mut checks = self.faithful_checks.clone();
            checks.apply_change(&fault.change, &mut self.patterns.lock().unwrap_or_else(PoisonError::into_inner));
            Arc::new(ServerVariant::new(checks))
        });
        Ok(Arc::clone(variant))
    }
}

/// Returns the path and query of a request target, without scheme and authority.
fn origin_form(target: &str) -> &str {
    match target.find("://") {
        Some(scheme) if !target.starts_with('/') => {
            let rest = &target[scheme + 3..];
            rest.find('/').map_or("/", |slash| &rest[slash..])
        }
        _ => target,
    }
}

/// Returns a plain-text response that belongs to no contract.
pub(super) fn plain_response(status: u16, text: impl Into<Cow<'static, str>>) -> ServerResponse {
    let body = match text.into() {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => Bytes::from(text),
    };
    ServerResponse {
        status,
        headers: vec![(Cow::Borrowed("content-type"), Cow::Borrowed("text/plain; charset=utf-8"))],
        body,
        delivery: DeliveryMode::Whole,
    }
}

enum RouteMatch<'a> {
    Operation(&'a CompiledOperation, LabelValues<'a>),
    MethodNotAllowed(String),
    /// Whether the request named an operation.
    NotFound(bool),
}

impl ServerVariant {
    fn new(checks: CompiledServer) -> Self {
        Self { checks, store: ResourceStore::default(), registry: ResourceRegistry::default() }
    }

    fn handle(&self, config: &ServerConfig, request: &ServerRequest<'_>, target: &str) -> ServerResponse {
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
        let answer = ErrorResponse::without_operation(contract, dialect, status, code);
        let mut response = answer.write(contract, dialect, &self.checks.error_code_path, "no such operation");
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
            let tricked;
            let segments = if op.misbehaviors.is_empty() {
                &segments
            } else {
                tricked = split_path(path, op.misbehaviors);
                &tricked
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

    fn write_error(&self, op: &CompiledOperation, refusal: ErrorCause, message: &str) -> ServerResponse {
        match op.errors.get(&refusal) {
            Some(error) => {
                error.write(&self.checks.contract, self.checks.dialect, &self.checks.error_code_path, message)
            }
            None => plain_response(500, "no error response for this cause"),
        }
    }

    fn write_violation_error(&self, op: &CompiledOperation, refusal: ErrorCause, message: &str) -> ServerResponse {
        let mut response = self.write_error(op, refusal, message);
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
                Err((refusal, message)) => self.write_error(op, refusal, &message),
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
            Err((refusal, message)) => self.write_violation_error(op, refusal, &message),
        };
        for (trick, delivery) in [
            (Misbehavior::Hangs, DeliveryMode::Hang),
            (Misbehavior::Drops, DeliveryMode::Drop),
            (Misbehavior::ShortBody, DeliveryMode::ShortBody(16)),
            (Misbehavior::LongBody, DeliveryMode::LongBody),
            (Misbehavior::NotHttp, DeliveryMode::NotHttp),
        ] {
            if op.misbehaves(trick) {
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
            Some(act) => act(&call).or_else(|violation| self.reject_violation(&call, &violation)),
            None => Ok(self.execute_generic(op, &input)),
        }
    }

    /// Behaves as any service does: creates and deletes resources, and returns the members that were written to them.
    fn execute_generic(&self, op: &CompiledOperation, input: &Map<String, Value>) -> Option<Value> {
        let contract = &self.checks.contract;
        let subject = op.resource_effects.find_subject(input, &self.registry);
        let (answer, made) =
            op.resource_effects.apply(contract, input, (op.output.as_ref(), &*op.smallest_output), &self.registry);
        let resource = made.unwrap_or(subject).to_string();
        if !op.is_read_only {
            generic_state::store_members(contract, &self.store, &resource, op.input.as_ref(), input);
        }
        let least = answer.as_ref().unwrap_or(&op.smallest_output);
        generic_state::read_members(contract, &self.store, &resource, op.output.as_ref(), least).or(answer)
    }

    fn authorize(
        &self,
        op: &CompiledOperation,
        config: &ServerConfig,
        request: &ServerRequest<'_>,
    ) -> Result<(), (ErrorCause, String)> {
        match identify_caller(config, &self.checks.auth, request, op.misbehaviors) {
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
            CallerIdentity::Known(lacks) => match &op.permission {
                Some(permission) if lacks.contains(permission) && !op.misbehaves(Misbehavior::PermissionIgnored) => {
                    let refusal = if op.misbehaves(Misbehavior::PermissionAsUnauthenticated) {
                        ErrorCause::Unauthenticated
                    } else {
                        ErrorCause::Forbidden
                    };
                    Err((refusal, format!("permission `{permission}` is missing")))
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
        use crate::contract::Constraint;
        let op = call.op;
        if op.misbehaves(Misbehavior::WritesRejected)
            && let Some(act) = op.behavior
        {
            // The result does not matter: the request is rejected either way.
            let _ = act(call);
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
        let bare = |status| ServerResponse { headers: Vec::new(), ..plain_response(status, "") };
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
    register: &ResourceRegistry,
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
        None => match op.resource_effects.find_missing(input, register) {
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

impl ServerVariant {
    fn write_success(&self, op: &CompiledOperation, output: Option<Value>) -> ServerResponse {
        match output {
            Some(output) => protocols::write_success(&self.checks.contract, op, &output),
            None => op.smallest_response.clone(),
        }
    }
}
