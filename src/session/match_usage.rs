//! Finds the operations of a contract in the recorded calls of an application, with the members that it sends.
//!
//! It sends nothing. Requests are read by the reference server's own reader, which knows every protocol.

use super::job::ScenarioJob;
use crate::contract::{
    AuthScheme, Contract, MemberPath, Operation, OperationName, Protocol, nearest_name, plain_name, switch_protocol,
};
use crate::reference::{ReferenceService, ServerConfig, ServerRequest};
use crate::usage::{RecordedCall, RecordedMembers, RecordedRequest, UsedMembers, UsedOperation, UsedOperations};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// Maximum edit distance between an unknown name and the one that was probably meant.
const MAX_NAME_DISTANCE: usize = 3;
/// Maximum number of unknown names for which a known one is proposed.
const MAX_PROPOSALS: usize = 100;

/// What recorded calls have in common with a contract.
#[derive(Clone, Debug, Default)]
pub struct MatchedUsage {
    /// The operations that the calls are for.
    pub used: UsedOperations,
    /// The protocols of their requests, with the number of requests, most frequent first.
    pub protocols: Vec<(Protocol, u64)>,
    /// For each call, what the contract says of it.
    pub calls: Vec<CallMatch>,
}

/// What a contract says of a recorded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallMatch {
    /// The call is for an operation of the contract.
    Known,
    /// The call is for another service.
    OtherService(String),
    /// The call is for this service or for an unnamed one, and the contract has no such operation.
    UnknownOperation {
        /// The operation or route that was called.
        name: String,
        /// The operation that was probably meant.
        nearest: Option<String>,
    },
    /// The operation has no such member.
    UnknownMember {
        /// The operation.
        operation: String,
        /// The member.
        member: String,
        /// The member that was probably meant.
        nearest: Option<String>,
    },
    /// A request that fits no operation.
    UnknownRequest,
}

/// Finds the operations of a contract in recorded calls. `names` are further names of its service.
pub fn match_usage(contract: &Contract, names: &[String], calls: &[RecordedCall]) -> MatchedUsage {
    let mut matcher = UsageMatcher::new(contract, names);
    let matches: Vec<CallMatch> = calls.iter().map(|call| matcher.match_call(call)).collect();
    let UsageMatcher { mut found, mut protocols, .. } = matcher;
    let position = |name: &OperationName| contract.operations.iter().position(|operation| operation.name == *name);
    found.sort_by_key(|name, _| position(name));
    protocols.sort_by(|_, one, _, other| other.cmp(one));
    MatchedUsage {
        used: UsedOperations { operations: found },
        protocols: protocols.into_iter().collect(),
        calls: matches,
    }
}

impl ScenarioJob {
    /// Limits the cases to what an application uses.
    pub fn restrict_to_used(&mut self, mut used: UsedOperations) {
        let compiled = self.compile_contract();
        let names: Vec<OperationName> = used.operations.keys().cloned().collect();
        for control in names.iter().filter_map(|name| self.control_case(&compiled, name.as_str())) {
            used.add_control(&self.contract, &control);
        }
        self.used = Some(used);
    }
}

struct UsageMatcher<'c> {
    contract: &'c Contract,
    /// The names of the service, as [`plain_name`] writes them.
    names: HashSet<String>,
    /// The operations by their names as [`plain_name`] writes them.
    operations: HashMap<String, &'c Operation>,
    /// Number of unknown names for which a known one may still be proposed.
    open_proposals: usize,
    /// Readers of requests, by protocol; the contract's own has `None`.
    readers: IndexMap<Option<Protocol>, ReferenceService>,
    found: IndexMap<OperationName, UsedOperation>,
    protocols: IndexMap<Protocol, u64>,
}

impl<'c> UsageMatcher<'c> {
    fn new(contract: &'c Contract, names: &[String]) -> Self {
        let signing = contract.auth.iter().filter_map(|scheme| match scheme {
            AuthScheme::SigV4 { service } => service.as_deref(),
            _ => None,
        });
        let all = names.iter().map(String::as_str).chain([contract.service.as_str()]).chain(signing);
        let names = all.chain(contract.traits.target_prefix.as_deref()).map(plain_name);
        Self {
            contract,
            names: names.filter(|name| !name.is_empty()).collect(),
            operations: contract.operations.iter().map(|one| (plain_name(one.name.as_str()), one)).collect(),
            open_proposals: MAX_PROPOSALS,
            readers: IndexMap::new(),
            found: IndexMap::new(),
            protocols: IndexMap::new(),
        }
    }

    fn is_own(&self, service: &str) -> bool {
        self.names.contains(&plain_name(service))
    }

    fn is_aws(&self) -> bool {
        self.contract.auth.iter().any(|scheme| matches!(scheme, AuthScheme::SigV4 { .. }))
            || !matches!(self.contract.protocol, None | Some(Protocol::RestJson))
    }

    fn match_call(&mut self, call: &RecordedCall) -> CallMatch {
        let request = match &call.members {
            RecordedMembers::Request(request) => Some(request),
            _ => None,
        };
        // A gateway of AWS may also serve an API that is none of AWS.
        let requested = request.filter(|_| self.is_aws()).and_then(requested_service);
        let services: Vec<&str> = call.service.as_deref().into_iter().chain(requested.as_deref()).collect();
        let is_own = services.is_empty()
            || services.iter().any(|service| self.is_own(service))
            || self.operation_of_full_name(call).is_some();
        if !is_own {
            return CallMatch::OtherService(services[0].to_owned());
        }
        match (&call.operation, request) {
            (Some(name), _) => self.match_named(name, call),
            (None, Some(request)) => self.match_request(request, services.is_empty()),
            (None, None) => self.match_route(call),
        }
    }

    /// Returns the operation whose own name contains what a list takes for the separator of a service: `pets.list`.
    fn operation_of_full_name(&self, call: &RecordedCall) -> Option<&'c Operation> {
        let full = format!("{}{}", call.service.as_ref()?, call.operation.as_ref()?);
        self.operations.get(&plain_name(&full)).copied()
    }

    /// Matches a call whose recording names the operation.
    fn match_named(&mut self, name: &str, call: &RecordedCall) -> CallMatch {
        let found = self.operations.get(&plain_name(name)).copied();
        // Two names may differ in their spelling alone.
        let exact = found.filter(|found| found.name.as_str() != name).and_then(|_| self.contract.operation(name));
        let found = exact.or(found).or_else(|| self.operation_of_full_name(call));
        let of_route = || call.route.as_ref().and_then(|route| self.operation_of_route(route));
        let Some(operation) = found.or_else(of_route) else { return self.unknown_operation(name) };
        let read = match &call.members {
            RecordedMembers::Request(request) => Some(self.read(request).filter(|(read, _)| *read == operation.name)),
            _ => None,
        };
        let contract = self.contract;
        let members = &mut self.found.entry(operation.name.clone()).or_default().members;
        match (&call.members, read) {
            (RecordedMembers::Paths(paths), _) => {
                let unknown = members.add_paths(contract, operation, paths);
                if let Some(path) = unknown.first().filter(|_| call.route.is_none()) {
                    return unknown_member(contract, operation, path);
                }
            }
            (RecordedMembers::Input(input), _) => members.add_input(contract, operation, input),
            (_, Some(Some((_, Some(input))))) => members.add_input(contract, operation, &input),
            _ => members.add_all(),
        }
        CallMatch::Known
    }

    /// Matches a request whose recording does not name the operation. Without a service, a request to another machine is
    /// not taken for one of an AWS service, some of which have routes that every request fits.
    fn match_request(&mut self, request: &RecordedRequest, is_unnamed: bool) -> CallMatch {
        if is_unnamed && self.is_aws() && !self.may_be_for_service(request) {
            return CallMatch::UnknownRequest;
        }
        let Some((name, input)) = self.read(request) else { return CallMatch::UnknownRequest };
        let Some(operation) = self.contract.operation(name.as_str()) else { return CallMatch::UnknownRequest };
        let contract = self.contract;
        let members: &mut UsedMembers = &mut self.found.entry(name).or_default().members;
        match input {
            Some(input) => members.add_input(contract, operation, &input),
            None => members.add_all(),
        }
        CallMatch::Known
    }

    fn unknown_operation(&mut self, name: &str) -> CallMatch {
        let known = self.contract.operations.iter().map(|operation| operation.name.as_str());
        let nearest = (self.open_proposals > 0).then(|| nearest_name(name, known, MAX_NAME_DISTANCE)).flatten();
        self.open_proposals = self.open_proposals.saturating_sub(1);
        CallMatch::UnknownOperation { name: name.to_owned(), nearest: nearest.map(str::to_owned) }
    }

    fn may_be_for_service(&self, request: &RecordedRequest) -> bool {
        let host = request.host.as_str();
        let is_local = host.is_empty() || host == "localhost" || host == "::1" || host.starts_with("127.");
        is_local || host.split('.').any(|label| self.is_own(label))
    }

    /// Matches a call of which only the route is known: a template of the documents, or a path.
    fn match_route(&mut self, call: &RecordedCall) -> CallMatch {
        let Some(route) = &call.route else { return CallMatch::UnknownRequest };
        let name = match self.operation_of_route(route) {
            Some(operation) => Some(operation.name.clone()),
            None => {
                let (method, target) = route.clone();
                self.read(&RecordedRequest { method, target, ..RecordedRequest::default() }).map(|(name, _)| name)
            }
        };
        let Some(name) = name else {
            return CallMatch::UnknownOperation { name: format!("{} {}", route.0, route.1), nearest: None };
        };
        self.found.entry(name).or_default().members.add_all();
        CallMatch::Known
    }

    /// Returns the operation with this method and route, whatever its labels are called.
    fn operation_of_route(&self, (method, route): &(String, String)) -> Option<&'c Operation> {
        let wanted = without_label_names(route);
        self.contract.operations.iter().find(|operation| {
            let http = operation.http.as_ref();
            http.is_some_and(|http| http.method == *method && without_label_names(&http.uri) == wanted)
        })
    }

    /// Returns the operation that a request is for, and its input if the request can be read as a whole.
    fn read(&mut self, request: &RecordedRequest) -> Option<(OperationName, Option<serde_json::Value>)> {
        let protocol = self.protocol_of(request);
        let contract = self.contract;
        let reader = self.readers.entry(protocol).or_insert_with(|| {
            let mut contract = contract.clone();
            if let Some(protocol) = protocol {
                switch_protocol(&mut contract, protocol);
            }
            ReferenceService::new(contract, ServerConfig::default())
        });
        let headers: Vec<(&str, &[u8])> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let body = request.body.as_deref().unwrap_or_default();
        let sent = ServerRequest { method: &request.method, target: &request.target, headers: &headers, body };
        let read = reader.read_request(&sent)?;
        let found = match read {
            Ok((name, input)) => (OperationName::new(name), Some(input).filter(|_| request.body.is_some())),
            Err(_) => (reader.requested_operation(&sent).map(OperationName::new)?, None),
        };
        if let Some(protocol) = protocol.or(contract.protocol) {
            *self.protocols.entry(protocol).or_default() += 1;
        }
        Some(found)
    }

    /// Returns the protocol of a request, if it is another one than the contract's.
    fn protocol_of(&self, request: &RecordedRequest) -> Option<Protocol> {
        let own = self.contract.protocol.filter(|_| self.is_aws())?;
        let body = request.body.as_deref().unwrap_or_default();
        let has_action = body.starts_with(b"Action=")
            || body.windows(8).any(|part| part == b"&Action=")
            || request
                .target
                .split_once('?')
                .is_some_and(|(_, query)| query.starts_with("Action=") || query.contains("&Action="));
        let content_type = request.header("content-type").unwrap_or_default();
        let spoken = if request.header("smithy-protocol").is_some_and(|name| name == "rpc-v2-cbor") {
            Protocol::RpcV2Cbor
        } else if request.header("x-amz-target").is_some() {
            if content_type.contains("json-1.1") { Protocol::AwsJson1_1 } else { Protocol::AwsJson1_0 }
        } else if has_action && !matches!(own, Protocol::Ec2Query | Protocol::RestXml | Protocol::RestJson1) {
            Protocol::AwsQuery
        } else {
            own
        };
        let is_json = |protocol: Protocol| matches!(protocol, Protocol::AwsJson1_0 | Protocol::AwsJson1_1);
        (spoken != own && !(is_json(spoken) && is_json(own))).then_some(spoken)
    }
}

/// Returns the service that a request is for, as its signature, its target or its host names it.
fn requested_service(request: &RecordedRequest) -> Option<String> {
    let scope = request.header("authorization").and_then(|header| header.split("Credential=").nth(1));
    let scope = scope.and_then(|scope| scope.split([',', ' ']).next());
    if let Some(service) = scope.and_then(|scope| scope.split('/').nth(3)) {
        return Some(service.to_owned());
    }
    let target = request.header("x-amz-target").and_then(|target| target.rsplit_once('.'));
    if let Some((prefix, _)) = target {
        return Some(prefix.to_owned());
    }
    let host = request.host.strip_suffix(".amazonaws.com")?;
    // A bucket may stand before the service: `bucket.s3.us-east-1`.
    let labels: Vec<&str> = host.split('.').collect();
    let is_region = |label: &&str| label.matches('-').count() >= 2;
    let service = labels.iter().rev().find(|label| !is_region(label))?;
    Some((*service).to_owned())
}

fn unknown_member(contract: &Contract, operation: &Operation, path: &MemberPath) -> CallMatch {
    let members = operation.input.as_ref().and_then(|id| contract.shapes.get(id)?.kind.members());
    let known = members.into_iter().flatten().map(|(name, _)| name.as_str());
    let nearest = path.top_member().and_then(|name| nearest_name(name, known, MAX_NAME_DISTANCE));
    CallMatch::UnknownMember {
        operation: operation.name.to_string(),
        member: path.to_string(),
        nearest: nearest.map(str::to_owned),
    }
}

/// Returns a route with `{}` in place of each label.
fn without_label_names(route: &str) -> String {
    let mut out = String::new();
    let mut parts = route.trim_end_matches('/').split('{');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str("{}");
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}
