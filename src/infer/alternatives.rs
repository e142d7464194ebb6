//! Notes what else an operation may need than what plain requests have.
//!
//! It never changes what plain requests have; an endpoint that rejects them shows whether an alternative is needed.

use crate::contract::{Member, Operation, ShapeKind};
use crate::infer::completion::{ScenarioCompleter, accepts_identifier};
use crate::infer::creators::{IdentifierLocation, input_members};
use crate::infer::inference_result::IdentifierOrigin;
use crate::infer::name_parts::{parse_reference, split_operation_name};
use crate::infer::other_services::text_places;

impl<'c> ScenarioCompleter<'c> {
    /// Notes what else an operation may need: what its optional members refer to, and what belongs to the resource that
    /// its required members name.
    pub(super) fn find_alternative_references(&mut self, operation: &'c Operation) {
        let name = operation.name.as_str();
        let members: Vec<(&String, &Member)> = input_members(self.contract, operation).collect();
        for (member, it) in members {
            let shape = self.contract.shape(&it.shape);
            // A required member without a value has no known resource, and an optional one with a value needs no other.
            let is_set = self.result.scenario.use_value(name, member).is_some();
            if !matches!(shape.kind, ShapeKind::String) || is_set != it.required {
                continue;
            }
            let found = if it.required {
                self.creators.find_attachment_creator(operation, member)
            } else {
                let (parsed, (_, own)) = (parse_reference(member), split_operation_name(name));
                let names_it = |at: usize| {
                    let noun = &self.creators.all[at].noun;
                    !parsed.noun.is_empty() && (*noun == parsed.noun || (*noun == own && noun.ends_with(&parsed.noun)))
                };
                self.creators.find_creator(operation, member).filter(|(at, _)| names_it(*at))
            };
            let Some((creator, location)) = found.filter(|(_, location)| accepts_identifier(shape, location)) else {
                continue;
            };
            self.add_alternative(operation, member, creator, location);
        }
        self.find_nested_references(operation);
    }

    /// Notes the members that may refer to resources of other services and those inside structures that may refer to any
    /// resource. Plain requests leave them out, or have other values there.
    fn find_nested_references(&mut self, operation: &'c Operation) {
        for (path, id) in text_places(self.contract, operation) {
            let place = path.to_string();
            let Some(member) = path.last_member() else { continue };
            if self.result.scenario.use_value(operation.name.as_str(), &place).is_some() {
                continue;
            }
            let shape = self.contract.shape(id);
            let parsed = parse_reference(member);
            let is_named = |at: usize| !parsed.noun.is_empty() && self.creators.all[at].noun == parsed.noun;
            let own = (path.0.len() > 1)
                .then(|| self.creators.find_creator(operation, member))
                .flatten()
                .filter(|(at, location)| is_named(*at) && accepts_identifier(shape, location));
            let found = own.or_else(|| self.creators.find_in_other_service(operation, member, id, shape));
            let Some((creator, location)) = found else { continue };
            self.add_alternative(operation, &place, creator, location);
        }
    }

    fn add_alternative(&mut self, operation: &Operation, place: &str, creator: usize, location: IdentifierLocation) {
        let Some((fixture, capture)) = self.ensure_fixture(creator, location) else { return };
        self.result.alternative_references.push(IdentifierOrigin {
            operation: operation.name.to_string(),
            member: place.to_owned(),
            value: format!("{{{fixture}.{capture}}}"),
            created_by: self.creators.all[creator].operation.name.to_string(),
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::contract::{self, Contract};
    use crate::infer::complete_scenario;
    use crate::scenario::Scenario;
    use serde_json::{Value as Json, json};

    /// Returns a contract of these operations, each with the members of its input and output; `!` marks required ones.
    fn contract_of(operations: &[(&str, &[&str], &[&str])]) -> Contract {
        let mut shapes = json!({"Text": {"type": "string"}});
        let mut all = Vec::new();
        for (name, input, output) in operations {
            for (side, members) in [("Input", input), ("Output", output)] {
                let member = |one: &&str| {
                    (one.trim_end_matches('!').to_owned(), json!({"shape": "Text", "required": one.ends_with('!')}))
                };
                let members: serde_json::Map<String, Json> = members.iter().map(member).collect();
                shapes[format!("{name}{side}")] = json!({"type": "structure", "members": members});
            }
            all.push(json!({
                "name": name, "http": {"method": "POST", "uri": "/"}, "input": format!("{name}Input"),
                "output": format!("{name}Output"), "sources": [{"document": "model", "line": 1}],
                "facts": [{"path": "http", "value": "POST /", "standing": "model", "document": "model", "line": 1}],
            }));
        }
        let text = json!({"format": "overstep-contract/1", "service": "jobs", "protocol": "awsJson1_0",
                          "shapes": shapes, "errors": [], "operations": all});
        contract::from_json(&text.to_string()).expect("a contract")
    }

    #[test]
    fn optional_members_and_attachments_are_alternatives() {
        let contract = contract_of(&[
            ("CreateCluster", &["clusterName!"], &[]),
            ("RunJob", &["command!", "cluster"], &[]),
            ("PutClusterPolicy", &["clusterName!", "policy!"], &[]),
            ("GetClusterPolicy", &["clusterName!"], &["policy"]),
        ]);
        let result = complete_scenario(&contract, &Scenario::with_name("jobs"));
        let alternatives: Vec<(&str, &str, &str)> = result
            .alternative_references
            .iter()
            .map(|one| (one.operation.as_str(), one.member.as_str(), one.value.as_str()))
            .collect();
        assert_eq!(
            alternatives,
            [
                ("RunJob", "cluster", "{cluster.clusterName}"),
                ("GetClusterPolicy", "clusterName", "{cluster_policy.clusterName}"),
            ]
        );
        // Plain requests do without them.
        assert_eq!(result.scenario.use_value("RunJob", "cluster"), None);
        assert_eq!(result.scenario.use_value("GetClusterPolicy", "clusterName"), Some(&json!("{cluster.clusterName}")));
    }

    #[test]
    fn creators_of_one_noun_have_names_of_their_own() {
        let contract = contract_of(&[
            ("ImportApi", &["body!"], &["id", "name"]),
            ("CreateApi", &["name!"], &["id", "name", "rootResourceId"]),
            ("GetApi", &["apiId!"], &["id"]),
            ("CreateResource", &["apiId!", "parentId!"], &["id"]),
            ("UpdateApiComment", &["id!"], &[]),
        ]);
        let of = |scenario: &Scenario, operation: &str, member: &str| {
            scenario.use_value(operation, member).and_then(Json::as_str).unwrap_or("none").to_owned()
        };
        let found = complete_scenario(&contract, &Scenario::with_name("apis")).scenario;
        assert_eq!(of(&found, "CreateApi", "name"), "ovs-{run}-{case}");
        assert_eq!(of(&found, "GetApi", "apiId"), "{api.id}");
        assert_eq!(of(&found, "UpdateApiComment", "id"), "{api.id}");
        assert_eq!(of(&found, "CreateResource", "parentId"), "{api.rootResourceId}");
        // If the endpoint does not create APIs, nothing is expected of them.
        let mut given = Scenario::with_name("apis");
        for creator in ["CreateApi", "ImportApi"] {
            given.operations.entry(creator.to_owned()).or_default().creates_nothing = true;
        }
        assert_eq!(of(&complete_scenario(&contract, &given).scenario, "GetApi", "apiId"), "none");
    }
}
