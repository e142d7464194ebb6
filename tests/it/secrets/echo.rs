//! The forms in which an endpoint may repeat a secret.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use serde_json::Value as Json;

/// A secret with every character that some encoding escapes.
pub const ECHO_SECRET: &str = "sK9/bX\"7\\qZ+r3&Kd%5=wT<u8";

/// One form.
pub struct Echo {
    pub name: &'static str,
    /// What the endpoint sends.
    pub text: String,
    /// What must not be left of it.
    pub leaks: Vec<String>,
}

fn json(text: &str) -> String {
    let quoted = Json::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn escape_each(text: &str, escape: impl Fn(u8) -> String) -> String {
    text.bytes().map(escape).collect()
}

fn percent(text: &str) -> String {
    escape_each(
        text,
        |byte| {
            if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
        },
    )
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn swap_case(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

/// Returns the base64 digits of a text after so many other bytes.
fn after(count: usize, text: &str) -> String {
    BASE64.encode(format!("{}{text}", "u".repeat(count)).as_bytes())
}

/// Returns all forms.
pub fn echoes() -> Vec<Echo> {
    let secret = ECHO_SECRET;
    let mut out = Vec::new();
    let mut add = |name, form: String, around: &str| {
        out.push(Echo { name, text: around.replace('@', &form), leaks: vec![form] });
    };
    add("the secret", secret.to_owned(), "your key is @, is it?");
    add("the secret in a header", secret.to_owned(), "Authorization: Bearer @");
    add("a JSON string", json(secret), r#"{"error":{"message":"@"}}"#);
    add("the name of a JSON member", json(secret), r#"{"@":1}"#);
    add("JSON with \\/", json(secret).replace('/', "\\/"), r#"{"key":"@"}"#);
    add("JSON in lower \\u", escape_each(secret, |byte| format!("\\u{byte:04x}")), r#"{"key":"@"}"#);
    add("JSON in upper \\u", escape_each(secret, |byte| format!("\\u{byte:04X}")), r#"{"key":"@"}"#);
    add("JSON with some \\u", json(secret).replace('<', "\\u003C").replace('&', "\\u0026"), r#"{"key":"@"}"#);
    add("double JSON", json(&json(secret)), r#"{"inner":"{\"key\":\"@\"}"}"#);
    add("double JSON with \\/", json(&json(secret).replace('/', "\\/")), r#"{"inner":"@"}"#);
    add("triple JSON", json(&json(&json(secret))), r#"{"inner":"@"}"#);
    add("percent-encoded", percent(secret), "/callback?key=@&a=b");
    add("percent-encoded in lower case", percent(secret).to_lowercase(), "/callback?key=@");
    add("percent-encoded as a whole", escape_each(secret, |byte| format!("%{byte:02x}")), "key=@");
    add("percent-encoded twice", percent(&percent(secret)), "key=@");
    add("percent-encoded in JSON", percent(secret).replace('%', "\\u0025"), r#"{"url":"/?key=@"}"#);
    add("%u", escape_each(secret, |byte| format!("%u{byte:04X}")), "key=@");
    add("base64", BASE64.encode(secret.as_bytes()), "token @ rejected");
    add("base64 without padding", BASE64_NOPAD.encode(secret.as_bytes()), "token @, rejected");
    add("base64 of URLs", BASE64URL.encode(secret.as_bytes()), "token @ rejected");
    add("base64 of URLs without padding", BASE64URL_NOPAD.encode(secret.as_bytes()), r#"{"token":"@"}"#);
    add("base64 after one byte", after(1, secret), "Basic @");
    add("base64 after two bytes", after(2, secret), "Basic @");
    add("base64 after three bytes", after(3, secret), "Basic @");
    add("basic credentials", BASE64.encode(format!("user:{secret}").as_bytes()), "Authorization: Basic @");
    add("base64 in JSON with \\/", BASE64.encode(secret.as_bytes()).replace('/', "\\/"), r#"{"token":"@"}"#);
    add("base64, percent-encoded", percent(&after(1, secret)), "state=@");
    add("hex", HEXLOWER.encode(secret.as_bytes()), "key @ not found");
    add("hex in upper case", HEXUPPER.encode(secret.as_bytes()), "0x@");
    add("\\x", escape_each(secret, |byte| format!("\\x{byte:02x}")), "b'@'");
    add("\\u{}", escape_each(secret, |byte| format!("\\u{{{byte:x}}}")), "\"@\"");
    add("\\U", escape_each(secret, |byte| format!("\\U{byte:08x}")), "'@'");
    add("HTML", html(secret), "<html><body>Key @ is wrong</body></html>");
    add("an XML attribute", html(secret), "<Error><Key value=\"@\"/></Error>");
    add("HTML in decimal", escape_each(secret, |byte| format!("&#{byte};")), "<p>@</p>");
    add("HTML in hex", escape_each(secret, |byte| format!("&#x{byte:X};")), "<p>@</p>");
    add("HTML in JSON", json(&html(secret)), r#"{"page":"<b>@</b>"}"#);
    add("HTML twice", html(&html(secret)), "<p>@</p>");
    add("upper case", secret.to_uppercase(), "KEY @ IS WRONG");
    add("lower case", secret.to_lowercase(), "key @ is wrong");
    add("the other case", swap_case(secret), "key @ is wrong");
    add("lower case in JSON", json(&secret.to_lowercase()), r#"{"key":"@"}"#);
    add("without its end", secret[..secret.len() - 2].to_owned(), "key @.. is wrong");
    add("without its beginning", secret[2..].to_owned(), "key ..@ is wrong");
    add("without both", secret[2..secret.len() - 2].to_owned(), "key ..@.. is wrong");
    add("its first half", secret[..13].to_owned(), "key @…");
    add("with another end", format!("{}Q", &secret[..secret.len() - 1]), "key @ is wrong");
    for (name, at) in [("two halves", 12), ("a small and a large part", 5), ("a large and a small part", 20)] {
        let (first, last) = secret.split_at(at);
        let leaks = vec![json(first), json(last)];
        out.push(Echo { name, text: format!(r#"{{"first":"{}","last":"{}"}}"#, leaks[0], leaks[1]), leaks });
    }
    out
}
