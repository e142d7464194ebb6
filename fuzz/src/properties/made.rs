//! Contracts that nobody wrote, in every protocol, with all that a protocol lets a model say of the wire.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value as Json, json};

/// A contract as text, and a seed for its cases.
pub struct Made {
    pub text: String,
    pub seed: u64,
}

pub const PROTOCOLS: [&str; 8] =
    ["restJson1", "awsJson1_0", "awsJson1_1", "awsQuery", "ec2Query", "restXml", "rpcv2Cbor", "restJson"];
const PATTERNS: [&str; 3] = ["^[a-z]+$", "^[A-Z]{2}[0-9]*$", "^(?!x)[a-z0-9-]{1,20}$"];
const WORDS: [&str; 6] = ["RED", "green", "Blue-1", "a b", "é", "LAST_ONE"];
const FORMATS: [&str; 3] = ["date-time", "http-date", "epoch-seconds"];
const MOST_SHAPES: usize = 14;

/// Makes a contract.
pub fn contract(choices: &mut Unstructured<'_>) -> Result<Made> {
    let protocol = *choices.choose(&PROTOCOLS)?;
    let mut maker = Maker { choices, protocol, shapes: Map::new() };
    let (input, output) = (maker.input()?, maker.structure(1)?);
    let (method, uri) = match protocol {
        "restJson1" | "restJson" | "restXml" => ("PUT", "/things/{Id}"),
        _ => ("POST", "/"),
    };
    maker.shapes.insert("PutThingRequest".to_owned(), input);
    maker.shapes.insert("PutThingResponse".to_owned(), output);
    maker.shapes.insert("Id".to_owned(), json!({ "type": "string", "length": { "min": 1, "max": 40 } }));
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
        "shapes": maker.shapes,
    });
    Ok(Made { text: text.to_string(), seed: choices.arbitrary().unwrap_or(1) })
}

struct Maker<'c, 'b> {
    choices: &'c mut Unstructured<'b>,
    protocol: &'static str,
    shapes: Map<String, Json>,
}

impl Maker<'_, '_> {
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
        let payload = self.chance(5)?;
        let mut bound = Map::new();
        for (index, (name, mut member)) in
            input["members"].as_object().cloned().unwrap_or_default().into_iter().enumerate()
        {
            let place = if payload { self.choices.int_in_range(0..=1)? } else { self.choices.int_in_range(0..=3)? };
            let shape = match place {
                0 | 1 => self.plain(true)?,
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
                member["traits"] = self.moments(true)?;
            }
            bound.insert(name, member);
        }
        if payload {
            let shape = self.put(1)?;
            bound.insert("Payload".to_owned(), json!({ "shape": shape, "location": "payload" }));
        }
        bound.insert("Id".to_owned(), json!({ "shape": "Id", "required": true, "location": "label" }));
        input["members"] = Json::Object(bound);
        input["rules"] = json!([]);
        Ok(input)
    }

    /// What travels in path, query or headers; in a list perhaps.
    fn plain(&mut self, lists: bool) -> Result<String> {
        let shape = match self.choices.int_in_range(0..=if lists { 7 } else { 6 })? {
            0 => json!({ "type": "string", "length": { "min": 1, "max": 20 }, "pattern": PATTERNS[2] }),
            1 => json!({ "type": "enum", "values": &WORDS[..self.choices.int_in_range(1..=3)?] }),
            2 => json!({ "type": "integer", "range": self.limits(1000)? }),
            3 => json!({ "type": "long" }),
            4 => json!({ "type": "double", "range": self.limits(1000)? }),
            5 => json!({ "type": "boolean" }),
            6 => json!({ "type": "timestamp", "traits": self.moments(true)? }),
            _ => json!({ "type": "list", "member": self.plain(false)?, "length": { "max": 4 } }),
        };
        Ok(self.name(shape))
    }

    fn name(&mut self, shape: Json) -> String {
        let name = format!("Shape{}", self.shapes.len());
        self.shapes.insert(name.clone(), shape);
        name
    }

    /// Puts a shape and those inside of it into the contract; its name.
    fn put(&mut self, depth: usize) -> Result<String> {
        let kinds = if depth > 2 || self.shapes.len() > MOST_SHAPES { 8 } else { 12 };
        let shape = match self.choices.int_in_range(0..=kinds - 1)? {
            0 => self.text()?,
            1 => json!({ "type": "enum", "values": &WORDS[..self.choices.int_in_range(1..=WORDS.len())?] }),
            2 => json!({ "type": "integer", "range": self.limits(1000)? }),
            3 => json!({ "type": "long" }),
            4 => json!({ "type": "double", "range": self.limits(1000)? }),
            5 => json!({ "type": "boolean" }),
            6 => json!({ "type": "timestamp", "traits": self.moments(false)? }),
            7 => json!({ "type": "blob", "length": self.limits(20)? }),
            8 => {
                let named = self.part()?;
                let member = self.put(depth + 1)?;
                let length = self.limits(4)?;
                json!({ "type": "list", "member": member, "length": length, "parts": { "member": named } })
            }
            9 => {
                let key = self.text()?;
                let key = self.name(key);
                let (key_part, value_part) = (self.part()?, self.part()?);
                // In one entry both cannot have one name.
                let parts =
                    if key_part == value_part { json!({}) } else { json!({ "key": key_part, "value": value_part }) };
                json!({ "type": "map", "key": key, "value": self.put(depth + 1)?, "length": { "max": 4 }, "parts": parts })
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
        Ok(self.name(shape))
    }

    /// The name of items, keys or values.
    fn part(&mut self) -> Result<Json> {
        Ok(if self.chance(3)? { json!({ "name": *self.choices.choose(&["item", "One", "Part"])? }) } else { json!({}) })
    }

    fn moments(&mut self, always: bool) -> Result<Json> {
        // An HTTP date has a comma inside, which is a matter of headers alone.
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
            let shape = self.put(depth)?;
            let kind = self.shapes[&shape]["type"].as_str().unwrap_or_default().to_owned();
            let plain = !matches!(kind.as_str(), "list" | "map" | "structure" | "union");
            let mut member =
                json!({ "shape": shape, "required": self.choices.arbitrary::<bool>()?, "location": "body" });
            if self.chance(3)? {
                member["wire"] = format!("w{index}").into();
            }
            let mut traits = Map::new();
            // In awsQuery a flattened list goes by the name of its items, which another one may have, too.
            let only = self.protocol != "awsQuery" || !flattened;
            if matches!(kind.as_str(), "list" | "map") && only && self.chance(3)? {
                flattened = true;
                traits.insert("flattened".to_owned(), true.into());
            }
            if self.in_xml() && plain && self.chance(5)? {
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

    /// `{}`, or a least one, or a greatest, or both in order.
    fn limits(&mut self, most: u64) -> Result<Json> {
        let (one, other) = (self.choices.int_in_range(0..=most)?, self.choices.int_in_range(0..=most)?);
        Ok(match self.choices.int_in_range(0..=3)? {
            0 => json!({}),
            1 => json!({ "min": one }),
            2 => json!({ "max": one.max(1) }),
            _ => json!({ "min": one.min(other), "max": one.max(other).max(1) }),
        })
    }
}
