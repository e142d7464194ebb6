//! Finds what is wrong with the routes and statuses of operations.
//!
//! It never looks at shapes beyond the members of an input.

use super::{
    Contract, ErrorName, Fact, FactField, HttpBinding, MemberLocation, Operation, OperationName, Protocol, Provenance,
};
use std::fmt;

/// What is wrong with an operation or an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationDefect {
    /// A label of the route is bound to no member, so that no request can be routed.
    UnboundLabel {
        /// The operation.
        operation: OperationName,
        /// The label.
        label: String,
        /// The method and the route.
        route: String,
    },
    /// A member is a label, but the route has no such label, so that the member cannot be sent.
    MemberWithoutLabel {
        /// The operation.
        operation: OperationName,
        /// The member.
        member: String,
        /// The method and the route.
        route: String,
    },
    /// The status of a success is not one.
    SuccessStatus {
        /// The operation.
        operation: OperationName,
        /// The status.
        status: u16,
    },
    /// The status of an error is not an HTTP status.
    ErrorStatus {
        /// The error.
        error: ErrorName,
        /// The status.
        status: u16,
    },
}

impl fmt::Display for OperationDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnboundLabel { operation, label, route } => {
                write!(f, "no member of `{operation}` is bound to the label `{{{label}}}` of `{route}`")
            }
            Self::MemberWithoutLabel { operation, member, route } => {
                write!(f, "member `{member}` of `{operation}` is a label, but `{route}` has no `{{{member}}}`")
            }
            Self::SuccessStatus { operation, status } => {
                write!(f, "the success status {status} of `{operation}` is not between 200 and 399")
            }
            Self::ErrorStatus { error, status } => {
                write!(f, "the status {status} of error `{error}` is not an HTTP status")
            }
        }
    }
}

impl OperationDefect {
    /// Returns the operation that cannot be called for this reason.
    pub fn unroutable_operation(&self) -> Option<&OperationName> {
        match self {
            Self::UnboundLabel { operation, .. } => Some(operation),
            _ => None,
        }
    }
}

/// Returns the defects of all operations and errors, each with the place where it is documented.
pub fn find_operation_defects(contract: &Contract) -> Vec<(OperationDefect, Option<Provenance>)> {
    let mut found = Vec::new();
    let has_routes = contract
        .protocol
        .is_none_or(|protocol| matches!(protocol, Protocol::RestJson1 | Protocol::RestJson | Protocol::RestXml));
    for operation in &contract.operations {
        let Some(http) = &operation.http else { continue };
        let at =
            |field: FactField| fact_source(&operation.facts, &field).or_else(|| operation.sources.first().cloned());
        if has_routes {
            let defects = label_defects(contract, operation, http);
            found.extend(defects.into_iter().map(|defect| (defect, at(FactField::HttpUri))));
        }
        if let Some(status) = http.success.filter(|status| !(200..400).contains(status)) {
            let defect = OperationDefect::SuccessStatus { operation: operation.name.clone(), status };
            found.push((defect, at(FactField::HttpSuccess)));
        }
    }
    for (name, error) in &contract.errors {
        if let Some(status) = error.status.filter(|status| !(100..600).contains(status)) {
            let defect = OperationDefect::ErrorStatus { error: name.clone(), status };
            found.push((defect, fact_source(&error.facts, &FactField::Status)));
        }
    }
    found
}

/// Removes the statuses that are no statuses: nothing is documented then.
pub fn remove_invalid_statuses(contract: &mut Contract) {
    for operation in &mut contract.operations {
        if let Some(http) = &mut operation.http {
            http.success = http.success.filter(|status| (200..400).contains(status));
        }
    }
    for error in contract.errors.values_mut() {
        error.status = error.status.filter(|status| (100..600).contains(status));
    }
}

fn fact_source(facts: &[Fact], field: &FactField) -> Option<Provenance> {
    facts.iter().find(|fact| fact.field == *field).map(Fact::provenance)
}

fn label_defects(contract: &Contract, operation: &Operation, http: &HttpBinding) -> Vec<OperationDefect> {
    let route = || format!("{} {}", http.method, http.uri);
    let labels = route_labels(&http.uri);
    let input = operation.input.as_ref().and_then(|id| contract.shapes.get(id)?.kind.members());
    let bound: Vec<(&str, &str)> = input
        .into_iter()
        .flatten()
        .filter(|(_, member)| member.location == MemberLocation::Label)
        .map(|(name, member)| (name.as_str(), member.wire_name(name)))
        .collect();
    let is_bound = |label: &&str| bound.iter().any(|(name, wire)| name == label || wire == label);
    let unbound = labels.iter().filter(|label| !is_bound(label)).map(|label| OperationDefect::UnboundLabel {
        operation: operation.name.clone(),
        label: (*label).to_owned(),
        route: route(),
    });
    let is_in_route = |(name, wire): &&(&str, &str)| labels.iter().any(|label| label == name || label == wire);
    let missing = bound.iter().filter(|one| !is_in_route(one)).map(|(name, _)| OperationDefect::MemberWithoutLabel {
        operation: operation.name.clone(),
        member: (*name).to_owned(),
        route: route(),
    });
    unbound.chain(missing).collect()
}

/// Returns the names of the labels in the path of a route: `InstanceId` and `Key` of `/a/{InstanceId}/{Key+}?x`.
fn route_labels(uri: &str) -> Vec<&str> {
    let mut rest = uri.split_once('?').map_or(uri, |(path, _)| path);
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once('{') {
        let Some((label, after)) = after.split_once('}') else { break };
        found.push(label.strip_suffix('+').unwrap_or(label));
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unbound_labels_and_impossible_statuses_are_found() {
        let text = r#"{
            "format": "overstep-contract/1", "service": "notes", "protocol": "restJson",
            "operations": [
                {"name": "Get", "http": {"method": "GET", "uri": "/notes/{id}/{nope}?q={x}", "success": 0}, "input": "Input"},
                {"name": "Put", "http": {"method": "PUT", "uri": "/notes/{id+}", "success": 204}, "input": "Input"}
            ],
            "errors": [{"name": "odd", "status": 7, "role": "invalid-input"}],
            "common": ["odd"],
            "shapes": {
                "Input": {"type": "structure", "members": {
                    "id": {"shape": "Id", "required": true, "location": "label"},
                    "lost": {"shape": "Id", "required": true, "location": "label", "wire": "Lost"}}},
                "Id": {"type": "string"}
            }
        }"#;
        let mut contract = crate::contract::from_json(text).expect("a contract");
        let messages = |contract: &Contract| -> Vec<String> {
            find_operation_defects(contract).iter().map(|(defect, _)| defect.to_string()).collect()
        };
        let expected = [
            "no member of `Get` is bound to the label `{nope}` of `GET /notes/{id}/{nope}?q={x}`",
            "member `lost` of `Get` is a label, but `GET /notes/{id}/{nope}?q={x}` has no `{lost}`",
            "the success status 0 of `Get` is not between 200 and 399",
            "member `lost` of `Put` is a label, but `PUT /notes/{id+}` has no `{lost}`",
            "the status 7 of error `odd` is not an HTTP status",
        ];
        assert_eq!(messages(&contract), expected);
        remove_invalid_statuses(&mut contract);
        assert_eq!(messages(&contract).len(), 3);
        contract.protocol = Some(Protocol::AwsJson1_1);
        assert_eq!(messages(&contract), Vec::<String>::new());
    }
}
