//! Worked examples: whole inputs with which a document shows how an operation is used.
//!
//! It never judges whether an example is valid; what uses an example does.

use super::json::{JsonNode, parse};
use crate::contract::{Contract, Operation};

/// Name of the file with worked examples beside a botocore model.
pub(super) const BOTOCORE_FILE: &str = "examples-1.json";
/// Maximum number of examples that are kept for an operation.
const MAX_EXAMPLES: usize = 3;
/// Maximum size of an example as JSON, in bytes.
const MAX_EXAMPLE_BYTES: usize = 16 * 1024;

/// Adds the examples of a botocore file `examples-1.json` to the operations of its model. A file in another format is
/// ignored.
pub(super) fn add_botocore_examples(contract: &mut Contract, file: &str) {
    let Ok(root) = parse(file) else { return };
    for entry in root.get("examples").map(JsonNode::entries).unwrap_or_default() {
        let operation = contract.operations.iter_mut().find(|operation| operation.name.as_str() == entry.key);
        if let Some(operation) = operation {
            add_examples(operation, entry.node.items());
        }
    }
}

/// Adds examples, each an object with an `input`. An example of an error is left out.
pub(super) fn add_examples(operation: &mut Operation, examples: &[JsonNode]) {
    for example in examples.iter().filter(|example| example.get("error").is_none()) {
        let Some(input) = example.get("input").map(JsonNode::to_json) else { continue };
        let is_small = input.to_string().len() <= MAX_EXAMPLE_BYTES;
        if operation.examples.len() < MAX_EXAMPLES
            && input.as_object().is_some_and(|members| !members.is_empty())
            && is_small
            && !operation.examples.contains(&input)
        {
            operation.examples.push(input);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::OperationName;
    use serde_json::json;

    #[test]
    fn examples_belong_to_known_operations_and_show_no_errors() {
        let mut contract = Contract::new("notes");
        contract.operations.push(Operation::new(OperationName::new("PutNote")));
        let file = json!({"version": "1.0", "examples": {
            "PutNote": [
                {"input": {"text": "a"}, "output": {}},
                {"input": {"text": "a"}},
                {"input": {}},
                {"input": {"text": ""}, "error": {"shapeId": "x#Invalid"}},
                {"output": {}},
                {"input": {"text": "b".repeat(MAX_EXAMPLE_BYTES)}},
                {"input": {"text": "c"}},
            ],
            "Unknown": [{"input": {"text": "d"}}],
        }});
        add_botocore_examples(&mut contract, &file.to_string());
        assert_eq!(contract.operations[0].examples, [json!({"text": "a"}), json!({"text": "c"})]);
        add_botocore_examples(&mut contract, "[not JSON");
        assert_eq!(contract.operations[0].examples.len(), 2);
    }
}
