//! Formats a request as a curl command that works when it is pasted into a POSIX shell.
//!
//! It never shows a secret, and never returns a command that would send other bytes than were sent.

use super::{EncodedRequest, Redaction, RequestPart};

/// A curl command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurlCommand(pub String);

impl std::fmt::Display for CurlCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Maximum length of a command. Longer ones are impractical to paste, and the system limits arguments anyway.
const MAX_COMMAND_BYTES: usize = 16 * 1024;

/// Maximum length of a body. Linux limits one argument to 128 KiB, and a command in the line may expand to more.
const MAX_ARGUMENT_BYTES: usize = 120 * 1024;

/// Returns the request as a curl command for an origin such as `http://127.0.0.1:4566`; `None` if curl or a
/// shell cannot represent it.
pub fn curl_command(request: &EncodedRequest, origin: &str, redaction: &Redaction) -> Option<CurlCommand> {
    let mut line = String::from("curl -sS --path-as-is");
    push_method_and_url(&mut line, request, origin, redaction)?;
    let signature = request
        .header("authorization")
        .and_then(parse_signature_scope)
        .filter(|scope| redaction.aws_identity().is_none_or(|(id, _)| id == scope.access_key_id));
    if let Some(scope) = &signature {
        push_signing(&mut line, scope, redaction)?;
    }
    for (name, value) in &request.headers {
        push_header(&mut line, name, value, signature.is_some(), redaction)?;
    }
    push_body(&mut line, request, redaction)?;
    (line.len() <= MAX_COMMAND_BYTES).then_some(CurlCommand(line))
}

fn push_method_and_url(line: &mut String, request: &EncodedRequest, origin: &str, redaction: &Redaction) -> Option<()> {
    let quote = |text: &str| redaction.quote_word(text.as_bytes(), RequestPart::Other);
    let target = request.target.as_str();
    // curl interprets these characters as ranges and sets of URLs.
    if target.contains(['[', ']', '{', '}']) || origin.contains('[') {
        line.push_str(" -g");
    }
    if request.method == "HEAD" && request.body.is_empty() {
        line.push_str(" --head");
    } else {
        line.push_str(&format!(" -X {}", quote_method(&request.method, redaction)?));
    }
    // A path that curl would reject or truncate in a URL is passed as the request target.
    let is_plain = target.starts_with('/') && !target.bytes().any(|byte| byte <= b' ' || byte == b'#' || byte >= 0x7f);
    if is_plain {
        line.push_str(&format!(" {}", quote(&format!("{origin}{target}"))?));
    } else if target.is_empty() || target.contains(['\r', '\n', '\0']) {
        return None;
    } else {
        line.push_str(&format!(" --request-target {} {}", quote(target)?, quote(&format!("{origin}/"))?));
    }
    Some(())
}

/// Lets curl sign the request, with keys from the environment.
fn push_signing(line: &mut String, scope: &SignatureScope, redaction: &Redaction) -> Option<()> {
    let (id, secret) = if redaction.aws_identity().is_some_and(|(_, dummy)| dummy) {
        ("${AWS_ACCESS_KEY_ID:-test}", "${AWS_SECRET_ACCESS_KEY:-test}")
    } else {
        ("$AWS_ACCESS_KEY_ID", "$AWS_SECRET_ACCESS_KEY")
    };
    let provider =
        redaction.quote_word(format!("aws:amz:{}:{}", scope.region, scope.service).as_bytes(), RequestPart::Other)?;
    line.push_str(&format!(" --aws-sigv4 {provider} -u \"{id}:{secret}\""));
    Some(())
}

fn push_header(line: &mut String, name: &str, value: &str, is_signed: bool, redaction: &Redaction) -> Option<()> {
    const ADDED_BY_SIGNING: [&str; 3] = ["authorization", "x-amz-date", "x-amz-content-sha256"];
    if is_signed && ADDED_BY_SIGNING.iter().any(|added| name.eq_ignore_ascii_case(added)) {
        return Some(());
    }
    if is_signed && name.eq_ignore_ascii_case("x-amz-security-token") {
        line.push_str(" -H \"X-Amz-Security-Token: $AWS_SESSION_TOKEN\"");
        return Some(());
    }
    if [name, value].iter().any(|text| text.contains(['\r', '\n', '\0'])) || name.is_empty() {
        return None;
    }
    // `name:` alone would leave the header out; `name;` sends it empty.
    let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
    line.push_str(&format!(" -H {}", redaction.quote_word(header.as_bytes(), RequestPart::Header(name))?));
    Some(())
}

fn push_body(line: &mut String, request: &EncodedRequest, redaction: &Redaction) -> Option<()> {
    if request.body.is_empty() {
        // overstep announces an empty body; curl would send no `Content-Length`.
        let announces_empty_body = ["POST", "PUT", "PATCH"].contains(&request.method.as_str());
        if announces_empty_body && request.header("content-length").is_none() {
            line.push_str(" -H 'Content-Length: 0'");
        }
        return Some(());
    }
    if request.header("content-type").is_none() {
        line.push_str(" -H 'Content-Type:'");
    }
    if request.body.len() > MAX_ARGUMENT_BYTES {
        return None;
    }
    let option = if request.body.starts_with(b"@") { "--data-raw" } else { "--data-binary" };
    line.push_str(&format!(" {option} {}", redaction.quote_word(&request.body, RequestPart::Other)?));
    Some(())
}

fn quote_method(text: &str, redaction: &Redaction) -> Option<String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        Some(text.to_owned())
    } else if text.is_empty() || text.contains(['\r', '\n']) {
        None
    } else {
        redaction.quote_word(text.as_bytes(), RequestPart::Other)
    }
}

/// The access key id and the scope of a signature.
struct SignatureScope {
    access_key_id: String,
    region: String,
    service: String,
}

/// Returns the scope of a complete signature; a damaged one is sent as it is.
fn parse_signature_scope(authorization: &str) -> Option<SignatureScope> {
    let rest = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
    if !rest.contains("SignedHeaders=") || !rest.contains("Signature=") {
        return None;
    }
    let credential = rest.split(", ").find_map(|part| part.strip_prefix("Credential="))?;
    let mut parts = credential.rsplitn(5, '/');
    let (_, service, region, _, id) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(SignatureScope { access_key_id: id.to_owned(), region: region.to_owned(), service: service.to_owned() })
}
