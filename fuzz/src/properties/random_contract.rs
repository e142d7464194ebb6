//! Random contracts in every protocol, with all traits of a protocol that affect requests.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value as Json, json};

/// A contract as text, and a seed for its cases.
pub struct RandomContract {
    pub text: String,
    pub seed: u64,
}

pub const PROTOCOLS: [&str; 8] =
    ["restJson1", "awsJson1_0", "awsJson1_1", "awsQuery", "ec2Query", "restXml", "rpcv2Cbor", "restJson"];
const PATTERNS: [&str; 3] = ["^[a-z]+$", "^[A-Z]{2}[0-9]*$", "^(?!x)[a-z0-9-]{1,20}$"];
const WORDS: [&str; 6] = ["RED", "green", "Blue-1", "a b", "é", "LAST_ONE"];
const FORMATS: [&str; 3] = ["date-time", "http-date", "epoch-seconds"];
const MAX_SHAPES: usize = 14;

/// Builds a random contract.
pub fn random_contract(choices: &mut Unstructured<'_>) -> Result<RandomContract> {
    let protocol = *choices.choose(&PROTOCOLS)?;
    let mut builder = Builder { choices, protocol, shapes: Map::new() };
    let (input, output) = (builder.input()?, builder.structure(1)?);
    let (method, uri) = match protocol {
        "restJson1" | "restJson" | "restXml" => ("PUT", "/things/{Id}"),
        _ => ("POST", "/"),
    };
    builder.shapes.insert("PutThingRequest".to_owned(), input);
    builder.shapes.insert("PutThingResponse".to_owned(), output);
    builder.shapes.insert("Id".to_owned(), json!({ "type": "string", "length": { "min": 1, "max": 40 } }));
    let text = json!({
        "format": "overstep-contract/1", "service": "things", "protocol": protocol, "auth": [],
        "traits": { "version": "2026-01-01", "targetPrefix": "Things_20260101" },
        "operations": [{
            "name": "PutThing", "http": { "method": method, "uri": uri, "success": 200 },
            "input": "PutThingRequest", "output": "PutThingResponse", "errors": ["InvalidInput", "NotThere"],
        }],
        "errors": [
            { "name": "InvalidInput", "status": 400, "role": "invalid-input" },
            { "name": "NotThere", "status": 404, "role": "missing-resource" },
        ],
        "shapes": builder.shapes,
    });
    Ok(RandomContract { text: text.to_string(), seed: choices.arbitrary().unwrap_or(1) })
}

struct Builder<'c, 'b> {
    choices: &'c mut Unstructured<'b>,
    protocol: &'static str,
    shapes: Map<String, Json>,
}

impl Builder<'_, '_> {
    fn is_rest(&self) -> bool {
        matches!(self.protocol, "restJson1" | "restJson" | "restXml")
    }

    fn in_xml(&self) -> bool {
        self.protocol == "restXml"
    }

    fn chance(&mut self, one_in: u8) -> Result<bool> {
        self.choices.ratio(1, one_in)
    }

    fn input(&mut self) -> Result<Json> {
        let mut input = self.structure(0)?;
        if !self.is_rest() {
            return Ok(input);
        }
        let has_payload = self.chance(5)?;
        let mut members = Map::new();
        for (index, (name, mut member)) in
            input["members"].as_object().cloned().unwrap_or_default().into_iter().enumerate()
        {
            let place =
                if has_payload { self.choices.int_in_range(0..=1)? } else { self.choices.int_in_range(0..=3)? };
            let shape = match place {
                0 | 1 => self.add_simple_shape(true)?,
                _ => member["shape"].as_str().unwrap_or_default().to_owned(),
            };
            let location = match place {
                0 => "query",
                1 => "header",
                _ => "body",
            };
            member["shape"] = shape.into();
            member["location"] = location.into();
            if location != "body" {
                member["wire"] = format!("x-w{index}").into();
                member["traits"] = self.timestamp_traits(true)?;
            }
            members.insert(name, member);
        }
        if has_payload {
            let shape = self.add_shape(1)?;
            members.insert("Payload".to_owned(), json!({ "shape": shape, "location": "payload" }));
        }
        members.insert("Id".to_owned(), json!({ "shape": "Id", "required": true, "location": "label" }));
        input["members"] = Json::Object(members);
        input["rules"] = json!([]);
        Ok(input)
    }

    /// Adds a shape for path, query or headers, which may be a list; returns its name.
    fn add_simple_shape(&mut self, lists: bool) -> Result<String> {
        let shape = match self.choices.int_in_range(0..=if lists { 7 } else { 6 })? {
            0 => json!({ "type": "string", "length": { "min": 1, "max": 20 }, "pattern": PATTERNS[2] }),
            1 => json!({ "type": "enum", "values": &WORDS[..self.choices.int_in_range(1..=3)?] }),
            2 => json!({ "type": "integer", "range": self.limits(1000)? }),
            3 => json!({ "type": "long" }),
            4 => json!({ "type": "double", "range": self.limits(1000)? }),
            5 => json!({ "type": "boolean" }),
            6 => json!({ "type": "timestamp", "traits": self.timestamp_traits(true)? }),
            _ => json!({ "type": "list", "member": self.add_simple_shape(false)?, "length": { "max": 4 } }),
        };
        Ok(self.add(shape))
    }

    fn add(&mut self, shape: Json) -> String {
        let name = format!("Shape{}", self.shapes.len());
        self.shapes.insert(name.clone(), shape);
        name
    }

    /// Adds a random shape and the shapes inside of it; returns its name.
    fn add_shape(&mut self, depth: usize) -> Result<String> {
        let kinds = if depth > 2 || self.shapes.len() > MAX_SHAPES { 8 } else { 12 };
        let shape = match self.choices.int_in_range(0..=kinds - 1)? {
            0 => self.text()?,
            1 => json!({ "type": "enum", "values": &WORDS[..self.choices.int_in_range(1..=WORDS.len())?] }),
            2 => json!({ "type": "integer", "range": self.limits(1000)? }),
            3 => json!({ "type": "long" }),
            4 => json!({ "type": "double", "range": self.limits(1000)? }),
            5 => json!({ "type": "boolean" }),
            6 => json!({ "type": "timestamp", "traits": self.timestamp_traits(false)? }),
            7 => json!({ "type": "blob", "length": self.limits(20)? }),
            8 => {
                let traits = self.part_traits()?;
                let member = self.add_shape(depth + 1)?;
                let length = self.limits(4)?;
                json!({ "type": "list", "member": member, "length": length, "parts": { "member": traits } })
            }
            9 => {
                let key = self.text()?;
                let key = self.add(key);
                let (key_part, value_part) = (self.part_traits()?, self.part_traits()?);
                // Key and value of an entry cannot have the same name.
                let parts =
                    if key_part == value_part { json!({}) } else { json!({ "key": key_part, "value": value_part }) };
                json!({ "type": "map", "key": key, "value": self.add_shape(depth + 1)?, "length": { "max": 4 }, "parts": parts })
            }
            10 => {
                let mut shape = self.structure(depth + 1)?;
                shape["type"] = "union".into();
                for member in shape["members"].as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
                    member["required"] = false.into();
                }
                shape.as_object_mut().map(|shape| shape.shift_remove("rules"));
                shape
            }
            _ => self.structure(depth + 1)?,
        };
        Ok(self.add(shape))
    }

    /// Returns the traits of items, keys or values.
    fn part_traits(&mut self) -> Result<Json> {
        Ok(if self.chance(3)? { json!({ "name": *self.choices.choose(&["item", "One", "Part"])? }) } else { json!({}) })
    }

    fn timestamp_traits(&mut self, always: bool) -> Result<Json> {
        Ok(if always || self.chance(2)? {
            json!({ "timestampFormat": *self.choices.choose(&FORMATS)? })
        } else {
            json!({})
        })
    }

    fn structure(&mut self, depth: usize) -> Result<Json> {
        let mut members = Map::new();
        let mut flattened = false;
        for index in 0..self.choices.int_in_range(1..=4)? {
            let shape = self.add_shape(depth)?;
            let kind = self.shapes[&shape]["type"].as_str().unwrap_or_default().to_owned();
            let is_simple = !matches!(kind.as_str(), "list" | "map" | "structure" | "union");
            let mut member =
                json!({ "shape": shape, "required": self.choices.arbitrary::<bool>()?, "location": "body" });
            if self.chance(3)? {
                member["wire"] = format!("w{index}").into();
            }
            let mut traits = Map::new();
            // In awsQuery a flattened list is named after its items, so that two of them may have the same name.
            let has_own_name = self.protocol != "awsQuery" || !flattened;
            if matches!(kind.as_str(), "list" | "map") && has_own_name && self.chance(3)? {
                flattened = true;
                traits.insert("flattened".to_owned(), true.into());
            }
            if self.in_xml() && is_simple && self.chance(5)? {
                traits.insert("attribute".to_owned(), true.into());
            }
            if self.protocol == "ec2Query" && self.chance(4)? {
                traits.insert("queryName".to_owned(), format!("Q{index}").into());
            }
            member["traits"] = Json::Object(traits);
            members.insert(format!("m{index}"), member);
        }
        Ok(json!({ "type": "structure", "members": members, "rules": [] }))
    }

    fn text(&mut self) -> Result<Json> {
        let mut shape = json!({ "type": "string", "length": self.limits(30)? });
        if self.choices.ratio(2, 5)? {
            shape["pattern"] = (*self.choices.choose(&PATTERNS)?).into();
        }
        Ok(shape)
    }

    /// Returns `{}`, or an object with a minimum, a maximum or both.
    fn limits(&mut self, max: u64) -> Result<Json> {
        let (one, other) = (self.choices.int_in_range(0..=max)?, self.choices.int_in_range(0..=max)?);
        Ok(match self.choices.int_in_range(0..=3)? {
            0 => json!({}),
            1 => json!({ "min": one }),
            2 => json!({ "max": one.max(1) }),
            _ => json!({ "min": one.min(other), "max": one.max(other).max(1) }),
        })
    }
}
