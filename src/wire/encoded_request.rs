//! An encoded request, before any connection exists.
//!
//! It never contains what only a connection can determine: no host, no framing headers.

use bytes::Bytes;

/// A request whose every byte is determined, signature included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedRequest {
    /// The method, exactly as sent.
    pub method: String,
    /// Path and query, exactly as sent, without any normalisation.
    pub target: String,
    /// The headers in the order of sending, without `host`, `content-length` and `connection`: the transport adds
    /// these unless a deliberate damage has set them here.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: EncodedBody,
    /// Whether a well-behaved HTTP library would refuse to send the request, so that it must be written as raw bytes
    /// on a fresh connection.
    pub raw: bool,
}

/// The body of a request.
pub type EncodedBody = Bytes;

impl EncodedRequest {
    /// Returns the value of the first header with this name, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Replaces the value of a header, or appends the header.
    pub fn set_header(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.headers.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
            Some(header) => header.1 = value,
            None => self.headers.push((name.to_owned(), value)),
        }
    }

    /// Removes all headers with this name.
    pub fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// Like [`Self::update_raw`], if only headers have changed since.
    pub(super) fn update_raw_for_headers(&mut self) {
        if self.raw {
            self.update_raw();
        } else {
            self.raw = !self.has_plain_headers();
        }
    }

    fn has_plain_headers(&self) -> bool {
        self.headers.iter().all(|(name, value)| is_plain_name(name) && is_plain_value(value))
    }

    /// Determines again whether the request must be sent as raw bytes.
    pub fn update_raw(&mut self) {
        self.raw = !(is_plain_target(&self.target) && is_plain_method(&self.method) && self.has_plain_headers());
    }
}

// Every request passes these checks twice, and nearly all consist of a few characters that every library
// accepts. Only the others are checked with the `http` crate, which copies its input.

/// Bytes of a target that have no special meaning.
const PLAIN_TARGET_BYTES: [bool; 256] = {
    let mut tame = [false; 256];
    let all = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~%?=&:+,@!$'()*;";
    let mut at = 0;
    while at < all.len() {
        tame[all[at] as usize] = true;
        at += 1;
    }
    tame
};

fn is_plain_target(target: &str) -> bool {
    target.starts_with('/')
        && (target.len() < 4096 && target.bytes().all(|byte| PLAIN_TARGET_BYTES[usize::from(byte)])
            || http::uri::PathAndQuery::try_from(target).is_ok_and(|parsed| parsed.as_str() == target))
}

fn is_plain_method(method: &str) -> bool {
    matches!(method, "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD")
        || http::Method::from_bytes(method.as_bytes()).is_ok_and(|method| method != http::Method::CONNECT)
}

fn is_plain_name(name: &str) -> bool {
    // A framing header from a damage would collide with the transport's own one.
    const FRAMING: [&str; 7] = ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te"];
    let framing = |framing: &&str| framing.len() == name.len() && name.eq_ignore_ascii_case(framing);
    let tame = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !FRAMING.iter().any(framing)
        && (!name.is_empty() && name.len() < 256 && name.bytes().all(tame)
            || http::HeaderName::from_bytes(name.as_bytes()).is_ok())
}

fn is_plain_value(value: &str) -> bool {
    // `fold` does not stop early, so that the compiler can vectorise the loop.
    value.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte))
        || http::HeaderValue::from_bytes(value.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(method: &str, target: &str, headers: &[(&str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut message = EncodedRequest {
            method: method.into(),
            target: target.into(),
            headers,
            body: EncodedBody::new(),
            raw: false,
        };
        message.update_raw();
        message.raw
    }

    #[test]
    fn requests_that_a_library_would_change_or_reject_are_raw() {
        assert!(!raw("POST", "/a/%2E%2e/b?x=y&z", &[("content-type", "application/json"), ("x-empty", "")]));
        assert!(!raw("PATCH", "/a/../b//c", &[]));
        for target in ["", "a", "*", "/a b", "/a#b", "/a\r\nx: y", "/a\u{0}"] {
            assert!(raw("GET", target, &[]), "{target:?}");
        }
        assert!(raw("G T", "/", &[]));
        assert!(raw("", "/", &[]));
        assert!(raw("GET", "/", &[("content-length", "5")]));
        assert!(raw("GET", "/", &[("x", "a\nb")]));
        assert!(raw("GET", "/", &[("bad name", "a")]));
    }

    #[test]
    fn fast_checks_agree_with_the_http_crate() {
        for byte in 0..=127_u8 {
            let text = char::from(byte).to_string();
            let target = format!("/a{text}?b{text}");
            let parsed = http::uri::PathAndQuery::try_from(target.as_str());
            assert_eq!(is_plain_target(&target), parsed.is_ok_and(|parsed| parsed.as_str() == target), "{target:?}");
            let name = format!("x{text}");
            assert_eq!(is_plain_name(&name), http::HeaderName::from_bytes(name.as_bytes()).is_ok(), "{name:?}");
            assert_eq!(is_plain_value(&text), http::HeaderValue::from_bytes(text.as_bytes()).is_ok(), "{text:?}");
        }
    }
}
