//! Reads actions from a fuzzer's bytes: as requests in JSON, or as choices.

use super::action::{Action, ActionError, actions_from_json};
use super::generator::FuzzGenerator;

/// First byte of fuzzer input that holds requests as JSON.
const JSON_START: u8 = b'[';

impl FuzzGenerator<'_> {
    /// Returns the actions that a fuzzer's bytes stand for. Bytes that begin with `[` are read as requests in JSON, all
    /// others as choices.
    pub fn actions_from_bytes(&self, bytes: &[u8]) -> Option<Vec<Action>> {
        if bytes.first() == Some(&JSON_START) {
            return parse_actions(bytes).ok().filter(|actions| self.supports_actions(actions));
        }
        self.draw_actions(&mut arbitrary::Unstructured::new(bytes))
    }
}

fn parse_actions(bytes: &[u8]) -> Result<Vec<Action>, ActionError> {
    let json = serde_json::from_slice(bytes).map_err(|error| ActionError(error.to_string()))?;
    actions_from_json(json)
}
