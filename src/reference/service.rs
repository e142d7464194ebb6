//! The server as a function from request to response, without a socket and without a clock.
//!
//! The order is always the same: route, authentication, permission, parsing, validation, resource, behaviour.
//! Never touches a connection; a [`DeliveryMode`] other than `Whole` is carried out by the server.

use super::answer::{Dialect, ErrorAnswer, Refusal};
use super::auth::{Caller, caller};
use super::check::Violation;
use super::compile::{Call, Checks, Op};
use super::distort::distorted;
use super::fault::{Fault, FaultError, catalogue};
use super::memory;
use super::protocols::{self, Named, Place, Words};
use super::read::Unread;
use super::register::Register;
use super::request::{Delivery, Request, Response};
use super::route::{Labels, split};
use super::state::Store;
use super::tree::Patterns;
use super::trick::{Trick, Tricks};
use super::world::World;
use crate::contract::{Contract, ErrorName, Protocol};
use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// Maximum length of a request body in bytes.
pub(super) const MOST_BODY: usize = 8 << 20;

/// The reference server without a socket.
pub struct Service {
    contract: Arc<Contract>,
    world: World,
    patterns: Mutex<Patterns>,
    /// The server at `/`: faithful, unless it was built with faults.
    main: Variant,
    faithful: Checks,
    catalogue: OnceLock<IndexMap<String, Fault>>,
    /// The servers at `/faults/NAME/`, each built when it is first requested.
    variants: RwLock<HashMap<String, Arc<Variant>>>,
}

/// One of the servers that share a contract, with its own checks and its own state.
struct Variant {
    checks: Checks,
    store: Store,
    register: Register,
}

impl Service {
    /// Creates a server that conforms to the contract.
    pub fn new(contract: Contract, world: World) -> Self {
        let contract = Arc::new(contract);
        let mut patterns = Patterns::default();
        let faithful = Checks::new(&contract, &world, &mut patterns);
        Self {
            main: Variant::new(faithful.clone()),
            contract,
            world,
            patterns: Mutex::new(patterns),
            faithful,
            catalogue: OnceLock::new(),
            variants: RwLock::default(),
        }
    }

    /// Creates a server that has all of these faults at once.
    ///
    /// # Errors
    /// Returns an error if [`list_faults`] has no fault of that name for the contract.
    pub fn with_faults<N: AsRef<str>>(contract: Contract, world: World, names: &[N]) -> Result<Self, FaultError> {
        let mut service = Self::new(contract, world);
        let mut checks = service.faithful.clone();
        for name in names {
            let fault = service.fault(name.as_ref())?.clone();
            let mut patterns = service.patterns.lock().unwrap_or_else(PoisonError::into_inner);
            checks.apply(&fault.change, &mut patterns);
        }
        service.main.checks = checks;
        Ok(service)
    }

    /// Returns all faults of this contract, by name.
    pub fn faults(&self) -> &IndexMap<String, Fault> {
        self.catalogue
            .get_or_init(|| catalogue(&self.contract).into_iter().map(|fault| (fault.name.clone(), fault)).collect())
    }

    fn fault(&self, name: &str) -> Result<&Fault, FaultError> {
        self.faults().get(name).ok_or_else(|| FaultError::unknown(name, self.faults().keys()))
    }

    /// Returns the patterns that could not be translated and are therefore not checked, each with the reason.
    pub fn unreadable(&self) -> Vec<(String, String)> {
        self.patterns.lock().unwrap_or_else(PoisonError::into_inner).unreadable.clone()
    }

    /// Handles a request and returns the response.
    pub fn handle(&self, request: &Request<'_>) -> Response {
        let target = origin_form(request.target);
        if let Some(rest) = target.strip_prefix("/faults/") {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let name = percent_encoding::percent_decode_str(&rest[..end]).decode_utf8_lossy();
            return match self.variant(&name) {
                Ok(variant) => variant.handle(&self.world, request, &rest[end..]),
                Err(error) => plain(404, format!("{error}\n")),
            };
        }
        self.main.handle(&self.world, request, target)
    }

    /// Applies the oldest pending write behind a [`DeliveryMode::Late`] response to this target.
    pub fn settle(&self, target: &str) {
        let target = origin_form(target);
        let name = target.strip_prefix("/faults/").map(|rest| &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]);
        match name {
            None => self.main.store.settle(),
            Some(name) => {
                let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
                if let Ok(variant) = self.variant(&name) {
                    variant.store.settle();
                }
            }
        }
    }

    /// Returns the operation that a request is for, and its input under the contract's names, with bytes as base64 and
    /// timestamps as seconds. No constraint is checked. Returns `None` if the request matches no operation.
    ///
    /// # Errors
    /// Returns the reason if the request cannot be parsed.
    pub fn read(&self, request: &Request<'_>) -> Option<Result<(&str, Value), String>> {
        let target = origin_form(request.target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Routed::To(op, labels) = self.main.route(request, self.main.below_base(path), query) else { return None };
        Some(match protocols::input(&self.contract, op, labels, query, request) {
            Ok(input) => Ok((op.name.as_str(), Value::Object(input))),
            Err(Unread::Malformed(reason)) => Err(reason),
            Err(other) => Err(format!("{other:?}")),
        })
    }

    /// Returns the success response of an operation for this output, or `None` if there is no such operation.
    pub fn success(&self, operation: &str, output: &Value) -> Option<Response> {
        let op = self.main.checks.operations.iter().find(|op| op.name == operation)?;
        Some(protocols::success(&self.contract, op, output))
    }

    /// Returns the response for a documented error, whose members have the contract's names, or `None` if the contract
    /// has no such error.
    pub fn error(&self, name: &str, members: &Map<String, Value>) -> Option<Response> {
        let (name, error) = self.contract.errors.get_key_value(&ErrorName::from(name))?;
        let words = Words {
            status: error.status.unwrap_or(400),
            code: Some(error.code.as_deref().unwrap_or(name.as_str())),
            name: Some(name.as_str()),
            place: error.shape.as_ref().map(|id| Place::new(&self.contract, id)),
            members: members.clone(),
        };
        Some(protocols::error(&self.contract, &words))
    }

    fn variant(&self, name: &str) -> Result<Arc<Variant>, FaultError> {
        if let Some(variant) = self.variants.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Arc::clone(variant));
        }
        let fault = self.fault(name)?;
        let mut variants = self.variants.write().unwrap_or_else(PoisonError::into_inner);
        let variant = variants.entry(name.to_owned()).or_insert_with(|| {
            let mut checks = self.faithful.clone();
            checks.apply(&fault.change, &mut self.patterns.lock().unwrap_or_else(PoisonError::into_inner));
            Arc::new(Variant::new(checks))
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
pub(super) fn plain(status: u16, text: impl Into<Cow<'static, str>>) -> Response {
    let body = match text.into() {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => Bytes::from(text),
    };
    Response {
        status,
        headers: vec![(Cow::Borrowed("content-type"), Cow::Borrowed("text/plain; charset=utf-8"))],
        body,
        delivery: Delivery::Whole,
    }
}

enum Routed<'a> {
    To(&'a Op, Labels<'a>),
    OtherMethod(String),
    /// Whether the request named an operation.
    Nowhere(bool),
}

impl Variant {
    fn new(checks: Checks) -> Self {
        Self { checks, store: Store::default(), register: Register::default() }
    }

    fn handle(&self, world: &World, request: &Request<'_>, target: &str) -> Response {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match self.route(request, self.below_base(path), query) {
            Routed::To(op, labels) => {
                let mut response = self.answer(op, labels, query, world, request);
                if op.has(Trick::LosesUpdates) && self.store.is_pending() && response.delivery == Delivery::Whole {
                    response.delivery = Delivery::Late;
                }
                response
            }
            Routed::OtherMethod(allowed) => {
                let mut response = self.no_operation(false, true);
                response.headers.push((Cow::Borrowed("allow"), Cow::Owned(allowed)));
                response
            }
            Routed::Nowhere(named) => self.no_operation(named, false),
        }
    }

    /// Strips the base URL's path from a path.
    fn below_base<'p>(&self, path: &'p str) -> &'p str {
        match path.strip_prefix(self.checks.base.as_str()) {
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }

    fn no_operation(&self, named: bool, other_method: bool) -> Response {
        let (contract, dialect) = (&*self.checks.contract, self.checks.dialect);
        let is_aws = dialect != Dialect::Plain;
        let (status, code) = protocols::no_operation(contract, is_aws, named, other_method);
        let answer = ErrorAnswer::of_nobody(contract, dialect, status, code);
        let mut response = answer.write(contract, dialect, &self.checks.place, "no such operation");
        if dialect == Dialect::Aws && contract.protocol.is_none_or(|protocol| protocol == Protocol::RestJson1) {
            response.body = Bytes::from_static(b"{\"__type\":\"UnknownOperationException\"}");
        }
        response
    }

    fn route(&self, request: &Request<'_>, path: &str, query: &str) -> Routed<'_> {
        let named = match protocols::named(&self.checks.contract, request, path, query) {
            Named::Nothing => return Routed::Nowhere(false),
            Named::Operation(name) => Some(name),
            Named::ByRoute => None,
        };
        let segments = split(path, Tricks::default());
        let mut allowed: Vec<&str> = Vec::new();
        for op in &self.checks.operations {
            if named.as_ref().is_some_and(|name| *name != op.name) {
                continue;
            }
            let tricked;
            let segments = if op.tricks.is_empty() {
                &segments
            } else {
                tricked = split(path, op.tricks);
                &tricked
            };
            let fits = |label: &str| op.may_be_empty(label);
            // In CBOR the path has already named the operation; models give it the route `/`.
            let by_path = self.checks.contract.protocol == Some(Protocol::RpcV2Cbor);
            let labels = if by_path { Some(Vec::new()) } else { op.route.fit(segments, query, op.tricks, fits) };
            let Some(labels) = labels else { continue };
            let in_query = named.is_some() && request.method == "GET" && !by_path;
            if op.route.method == request.method || in_query {
                return Routed::To(op, labels);
            }
            allowed.push(&op.route.method);
        }
        if allowed.is_empty() { Routed::Nowhere(named.is_some()) } else { Routed::OtherMethod(allowed.join(", ")) }
    }

    fn refusal(&self, op: &Op, refusal: Refusal, message: &str) -> Response {
        match op.errors.get(&refusal) {
            Some(error) => error.write(&self.checks.contract, self.checks.dialect, &self.checks.place, message),
            None => plain(500, "no error response for this cause"),
        }
    }

    fn violated(&self, op: &Op, refusal: Refusal, message: &str) -> Response {
        let mut response = self.refusal(op, refusal, message);
        if op.has(Trick::HangsOnViolation) {
            response.delivery = Delivery::Hang;
        } else if op.has(Trick::DropsOnViolation) {
            response.delivery = Delivery::Drop;
        } else if op.has(Trick::CutsChunksOnViolation) {
            response.delivery = Delivery::CutChunks;
        }
        response
    }

    fn answer(&self, op: &Op, labels: Labels<'_>, query: &str, world: &World, request: &Request<'_>) -> Response {
        if op.tricks.is_empty() {
            return match self.decide(op, labels, query, world, request) {
                Ok(output) => self.success(op, output),
                Err((refusal, message)) => self.refusal(op, refusal, &message),
            };
        }
        if let Some(response) = self.unread(op, request) {
            return response;
        }
        let mut response = match self.decide(op, labels, query, world, request) {
            Ok(output) => {
                let plain = self.success(op, output.clone());
                let output = output.unwrap_or_else(|| (*op.least).clone());
                distorted(&self.checks.contract, op, &output, plain, || self.refusal(op, Refusal::Invalid, "no"))
            }
            Err((refusal, message)) => self.violated(op, refusal, &message),
        };
        for (trick, delivery) in [
            (Trick::Hangs, Delivery::Hang),
            (Trick::Drops, Delivery::Drop),
            (Trick::ShortBody, Delivery::Short(16)),
            (Trick::LongBody, Delivery::Long),
            (Trick::NotHttp, Delivery::NotHttp),
        ] {
            if op.has(trick) {
                response.delivery = delivery;
            }
        }
        response
    }

    fn decide(
        &self,
        op: &Op,
        labels: Labels<'_>,
        query: &str,
        world: &World,
        request: &Request<'_>,
    ) -> Result<Option<Value>, (Refusal, String)> {
        if !op.has(Trick::AuthLast) {
            self.authorise(op, world, request)?;
        }
        if request.body.len() > MOST_BODY {
            return Err((Refusal::TooLarge, format!("a body may have at most {MOST_BODY} bytes")));
        }
        let input = match protocols::input(&self.checks.contract, op, labels, query, request) {
            Ok(input) => input,
            Err(Unread::Malformed(message)) => return Err((Refusal::Malformed, message)),
            Err(Unread::Crash) => return Err((Refusal::Crash, "something went wrong".to_owned())),
            Err(Unread::Accepted) => return Ok(None),
        };
        let call = Call { op, input: &input, store: &self.store };
        if let Some(tree) = &op.tree
            && !op.has(Trick::Unchecked)
            && let Err(violation) = tree.check(&input)
        {
            return self.refused(&call, &violation);
        }
        if op.has(Trick::AuthLast) {
            self.authorise(op, world, request)?;
        }
        resource(op, &input, &self.register)?;
        match op.act {
            Some(act) => act(&call).or_else(|violation| self.refused(&call, &violation)),
            None => Ok(self.generic(op, &input)),
        }
    }

    /// Behaves as any service does: creates and deletes resources, and returns the members that were written to them.
    fn generic(&self, op: &Op, input: &Map<String, Value>) -> Option<Value> {
        let contract = &self.checks.contract;
        let subject = op.dealings.subject(input, &self.register);
        let (answer, made) = op.dealings.carry_out(contract, input, (op.output.as_ref(), &*op.least), &self.register);
        let resource = made.unwrap_or(subject).to_string();
        if !op.only_looks {
            memory::remember(contract, &self.store, &resource, op.input.as_ref(), input);
        }
        let least = answer.as_ref().unwrap_or(&op.least);
        memory::recall(contract, &self.store, &resource, op.output.as_ref(), least).or(answer)
    }

    fn authorise(&self, op: &Op, world: &World, request: &Request<'_>) -> Result<(), (Refusal, String)> {
        match caller(world, &self.checks.auth, request, op.tricks) {
            Caller::Nobody => Err(match () {
                () if op.has(Trick::AuthCrashes) => (Refusal::Crash, "something went wrong".to_owned()),
                () if op.has(Trick::AuthAsInvalid) => (Refusal::Invalid, "a key is required".to_owned()),
                () if op.has(Trick::AuthAsMissing) => (Refusal::Missing, "not found".to_owned()),
                () => (Refusal::Unauthenticated, "the request has no valid credentials".to_owned()),
            }),
            Caller::Known(lacks) => match &op.permission {
                Some(permission) if lacks.contains(permission) && !op.has(Trick::PermissionIgnored) => {
                    let refusal = if op.has(Trick::PermissionAsUnauthenticated) {
                        Refusal::Unauthenticated
                    } else {
                        Refusal::Forbidden
                    };
                    Err((refusal, format!("permission `{permission}` is missing")))
                }
                _ => Ok(()),
            },
        }
    }

    fn refused(&self, call: &Call<'_>, violation: &Violation) -> Result<Option<Value>, (Refusal, String)> {
        use crate::contract::Constraint;
        let op = call.op;
        if op.has(Trick::WritesRejected)
            && let Some(act) = op.act
        {
            // The result does not matter: the request is rejected either way.
            let _ = act(call);
        }
        let crash = violation.crash
            || op.has(Trick::ViolationCrashes)
            || op.has(Trick::MissingMemberCrashes) && violation.constraint == Constraint::Required;
        if crash {
            return Err((Refusal::Crash, "something went wrong".to_owned()));
        }
        Err((Refusal::Invalid, format!("`{}` {}", violation.path, violation.rule)))
    }

    /// Returns the response of a faulty server that ignores the request.
    fn unread(&self, op: &Op, request: &Request<'_>) -> Option<Response> {
        let bare = |status| Response { headers: Vec::new(), ..plain(status, "") };
        match () {
            () if op.has(Trick::AlwaysInvalid) => Some(self.refusal(op, Refusal::Invalid, "no")),
            () if op.has(Trick::AlwaysBare400) => Some(bare(400)),
            () if op.has(Trick::AlwaysCrash) => Some(self.refusal(op, Refusal::Crash, "something went wrong")),
            () if op.has(Trick::AlwaysNotImplemented) => Some(bare(501)),
            () if op.has(Trick::AlwaysOk) => Some(op.smallest.clone()),
            () if op.has(Trick::Echo) => {
                Some(Response { body: Bytes::copy_from_slice(request.body), ..op.smallest.clone() })
            }
            () => None,
        }
    }
}

/// Returns an error if an identifier in the input belongs to no existing resource.
fn resource(op: &Op, input: &Map<String, Value>, register: &Register) -> Result<(), (Refusal, String)> {
    if op.has(Trick::MissingAccepted) {
        return Ok(());
    }
    let unknown = op.ids.iter().find(|(member, forms)| {
        let id = input.get(member).and_then(Value::as_str);
        id.is_some_and(|id| !forms.iter().any(|form| form.fits(id)))
    });
    let member = match unknown {
        Some((member, _)) => member.clone(),
        None => match op.dealings.missing(input, register) {
            Some(member) => member.to_string(),
            None => return Ok(()),
        },
    };
    Err(match () {
        () if op.has(Trick::MissingAsInvalid) => (Refusal::Invalid, format!("`{member}` is invalid")),
        () if op.has(Trick::MissingCrashes) => (Refusal::Crash, "something went wrong".to_owned()),
        () => (Refusal::Missing, format!("no resource has this `{member}`")),
    })
}

impl Variant {
    fn success(&self, op: &Op, output: Option<Value>) -> Response {
        match output {
            Some(output) => protocols::success(&self.checks.contract, op, &output),
            None => op.smallest.clone(),
        }
    }
}
