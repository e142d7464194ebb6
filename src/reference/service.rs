//! The server as a function from request to response, without a socket and without a clock.
//!
//! Selects the faithful server, or the faulty one that a path `/faults/NAME/` names. Never touches a connection; a
//! [`DeliveryMode`](super::DeliveryMode) other than `Whole` is carried out by the server.

use super::body_parser::ReadFailure;
use super::compile::CompiledServer;
use super::constraints::PatternCache;
use super::faults::{Fault, UnknownFaultError, list_faults};
use super::protocols::{self, ErrorContent, ShapeRef};
use super::request::{ServerRequest, ServerResponse};
use super::server_config::ServerConfig;
use super::server_variant::ServerVariant;
use crate::contract::{Contract, ErrorName};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// The reason why a request cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableRequest(pub String);

/// The reference server without a socket.
pub struct ReferenceService {
    contract: Arc<Contract>,
    config: ServerConfig,
    patterns: Mutex<PatternCache>,
    /// The server at `/`: faithful, unless it was built with faults.
    main_variant: ServerVariant,
    faithful_checks: CompiledServer,
    catalogue: OnceLock<IndexMap<String, Fault>>,
    /// The servers at `/faults/NAME/`, each built when it is first requested.
    faulty_variants: RwLock<HashMap<String, Arc<ServerVariant>>>,
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
            config,
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
        service.main_variant = ServerVariant::new(checks);
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
                Ok(variant) => variant.handle(&self.config, request, &rest[end..]),
                Err(error) => ServerResponse::plain(404, format!("{error}\n")),
            };
        }
        self.main_variant.handle(&self.config, request, target)
    }

    /// Applies the oldest pending write behind a [`DeliveryMode::Late`] response to this target.
    pub fn apply_pending_write(&self, target: &str) {
        let target = origin_form(target);
        let name = target.strip_prefix("/faults/").map(|rest| &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]);
        match name {
            None => self.main_variant.apply_pending_write(),
            Some(name) => {
                let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
                if let Ok(variant) = self.faulty_variant(&name) {
                    variant.apply_pending_write();
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
        let (op, labels, query) = self.main_variant.find_operation(request, target)?;
        Some(match protocols::read_input(&self.contract, op, labels, query, request) {
            Ok(input) => Ok((op.name.as_str(), Value::Object(input))),
            Err(ReadFailure::Malformed(reason)) => Err(UnreadableRequest(reason)),
            Err(other) => Err(UnreadableRequest(format!("{other:?}"))),
        })
    }

    /// Returns the operation that a request is for, whether or not its input can be read.
    pub fn requested_operation(&self, request: &ServerRequest<'_>) -> Option<&str> {
        let (op, ..) = self.main_variant.find_operation(request, origin_form(request.target))?;
        Some(&op.name)
    }

    /// Returns the success response of an operation for this output, or `None` if there is no such operation.
    pub fn write_success(&self, operation: &str, output: &Value) -> Option<ServerResponse> {
        let op = self.main_variant.operation(operation)?;
        Some(protocols::write_success(&self.contract, op, output))
    }

    /// Returns the response for a documented error, whose members have the contract's names, or `None` if the contract
    /// has no such error.
    pub fn write_error(&self, name: &str, members: &Map<String, Value>) -> Option<ServerResponse> {
        let (name, error) = self.contract.errors.get_key_value(&ErrorName::from(name))?;
        let content = ErrorContent {
            status: error.status.unwrap_or(400),
            code: Some(error.code.as_deref().unwrap_or(name.as_str())),
            name: Some(name.as_str()),
            shape: error.shape.as_ref().map(|id| ShapeRef::new(&self.contract, id)),
            members: members.clone(),
        };
        Some(protocols::write_error(&self.contract, &content))
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
