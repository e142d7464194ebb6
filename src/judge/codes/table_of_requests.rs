//! What the codes of server failures and of accepted violations mean.
//!
//! It holds texts only.

use super::code_info::CodeInfo;
use super::finding_code::FindingCode;

pub(super) const FAILURES_AND_ACCEPTED: &[CodeInfo] = &[
    CodeInfo {
        code: FindingCode::OV101ServerError,
        name: "server-error",
        title: "the server fails",
        meaning: "A request gets a status of 500 or above. No request may make a server fail, whether it is valid, \
                  invalid or of undocumented meaning.",
        example: "POST /v1/tags {\"tags\": [{}]}\nexpected: 400 InvalidParameterException\nreceived: 500",
        importance: "The request reached code that does not expect it. Clients treat a 5xx as temporary and send the \
                     request again; what was half done before the failure may stay.",
        fix: "Look at the stack frame or message in the finding: it names the place. Validate the input before it is \
              used, and return the documented error. Several findings often have one frame and one fix.",
    },
    CodeInfo {
        code: FindingCode::OV102ConnectionDropped,
        name: "connection-dropped",
        title: "the connection is closed without a response",
        meaning: "The server closes the connection instead of responding, twice, the second time with no other request \
                  under way, while control requests succeed.",
        example: "POST /v1/contacts with a header of 9 KB\nexpected: 400\nreceived: dropped",
        importance: "A client cannot tell whether the request was processed, so it cannot know whether it may send it \
                     again.",
        fix: "Catch errors around the whole handler, and read or discard the request body before the connection is \
              closed. Size limits of a proxy or a framework need a response such as 413 or 431.",
    },
    CodeInfo {
        code: FindingCode::OV103Hang,
        name: "hang",
        title: "no complete response arrives in time",
        meaning: "The server accepts the request and does not finish its response within the time limit, twice, the \
                  second time with no other request under way, while control requests succeed.",
        example: "POST /v1/search {\"pattern\": \"(a+)+$\"}\nexpected: 400\nreceived: hang",
        importance: "Each such request occupies a worker. A few of them make the server unavailable.",
        fix: "Find what the handler waits for: a regular expression that backtracks, a lock, a loop over the input, or \
              a body that is shorter than its declared length. Set a time limit for handlers.",
    },
    CodeInfo {
        code: FindingCode::OV104ServerCrash,
        name: "server-crash",
        title: "a request ends or blocks the whole server",
        meaning: "After the request, the process has ended or responds to nothing any more. overstep started the server \
                  again and sent only this request, with the same result, unless the finding says otherwise.",
        example: "POST /v1/import with nested arrays, 20,000 deep\nexpected: 400\nreceived: ends the server",
        importance: "One client can stop the service for all others.",
        fix: "Limit recursion, memory and time per request. Handle errors at the level of the request, so that none of \
              them ends the process.",
    },
    CodeInfo {
        code: FindingCode::OV105BrokenHttp,
        name: "broken-http",
        title: "the response is not valid HTTP",
        meaning: "The response has no valid status line or headers, or its body is shorter or longer than announced, \
                  or cannot be decoded.",
        example: "GET /v1/contacts/1\nContent-Length: 120, then 80 bytes\nreceived: body is shorter than its framing",
        importance: "HTTP clients report such a response as an error of the connection, or mix it up with the next \
                     response on the same connection.",
        fix: "Let the HTTP library set `Content-Length` or `Transfer-Encoding`, and do not write to the connection \
              directly. Check middleware that changes bodies after the length was set.",
    },
    CodeInfo {
        code: FindingCode::OV106OperationBroken,
        name: "operation-broken",
        title: "a request breaks an operation for all that follow",
        meaning: "The plain valid request of an operation succeeded at first and fails since another request was sent; \
                  the finding names that request where it was found.",
        example: "PUT /v1/contacts/1 {\"age\": 1e400} gets 200\nGET /v1/contacts          (succeeded before)\n\
                  expected: 200\nreceived: 500",
        importance: "What one client stored makes the operation fail for all clients, until the data are repaired.",
        fix: "Reject the value before it is stored, and make reading robust: one damaged entry must not prevent the \
              others from being read.",
    },
    CodeInfo {
        code: FindingCode::OV201MissingMemberAccepted,
        name: "missing-member-accepted",
        title: "a request without a required member is accepted",
        meaning: "The documentation requires the member; the request omits it or sends null, and succeeds.",
        example: "POST /v1/contacts {}          (`email` is required)\nexpected: 400\nreceived: 200",
        importance: "Clients that work against this server fail against one that keeps the contract, and incomplete \
                     data is stored.",
        fix: "Check that all required members are present and not null before anything is stored. If the member is \
              optional by now, correct the documentation.",
    },
    CodeInfo {
        code: FindingCode::OV202WrongTypeAccepted,
        name: "wrong-type-accepted",
        title: "a value of a wrong type is accepted",
        meaning: "The request has a value of another JSON type, or a number outside its width, where the documentation \
                  states a type, and succeeds.",
        example: "POST /v1/contacts {\"age\": \"12\"}          (`age` is an integer)\nexpected: 400\nreceived: 200",
        importance: "The server converts the value silently or stores it as it is. Other clients then read a value of a \
                     type that they do not expect.",
        fix: "Use a parser that does not convert between types, or a schema with strict types. Check numbers against \
              their width.",
    },
    CodeInfo {
        code: FindingCode::OV203LengthAccepted,
        name: "length-accepted",
        title: "a value that is too long or too short is accepted",
        meaning: "A text, blob, list or map has one unit more than the documented maximum or one less than the minimum, \
                  and the request succeeds.",
        example: "TagContact with 7 tags          (at most 6 entries)\nexpected: 400 InvalidParameterException\n\
                  received: 200",
        importance: "Code that relies on the limit, such as a database column or another client, fails later or \
                     truncates the value.",
        fix: "Check the documented minimum and maximum. Count what the documentation counts: characters, UTF-16 units \
              or bytes. If the finding names the actual limit, compare the two.",
    },
    CodeInfo {
        code: FindingCode::OV204RangeAccepted,
        name: "range-accepted",
        title: "a number out of range is accepted",
        meaning: "A number is one step above the documented maximum or below the minimum, and the request succeeds.",
        example: "GET /v1/contacts?limit=101          (at most 100)\nexpected: 400\nreceived: 200",
        importance: "The limit protects the server or states what clients may rely on. A silently reduced value makes \
                     clients miss data.",
        fix: "Reject numbers outside of the range instead of reducing them to the nearest limit, or document the \
              reduction.",
    },
    CodeInfo {
        code: FindingCode::OV205MultipleAccepted,
        name: "multiple-accepted",
        title: "a number that is not a documented multiple is accepted",
        meaning: "The documentation says that the number is a multiple of another one; the request has a number that is \
                  not, and succeeds.",
        example: "POST /v1/timers {\"seconds\": 61}          (a multiple of 60)\nexpected: 400\nreceived: 200",
        importance: "The server rounds the number or stores one that other parts do not expect.",
        fix: "Check the remainder, and do so with decimal arithmetic for fractions.",
    },
    CodeInfo {
        code: FindingCode::OV206PatternAccepted,
        name: "pattern-accepted",
        title: "a text that does not match its pattern is accepted",
        meaning: "The documentation states a regular expression or a set of characters; the text does not match it, and \
                  the request succeeds.",
        example: "POST /v1/queues {\"name\": \"a b\"}          (pattern [A-Za-z0-9_-]+)\nexpected: 400\nreceived: 200",
        importance: "Characters outside of the pattern often have a meaning elsewhere: in paths, queries, headers or \
                     shell scripts.",
        fix: "Match the whole text and not a part of it: `^` and `$` match at line breaks in some engines. Apply the \
              pattern to the text as it was received.",
    },
    CodeInfo {
        code: FindingCode::OV207EnumAccepted,
        name: "enum-accepted",
        title: "a value that is not in the documented list is accepted",
        meaning: "The documentation lists all valid values; the request has another one, and succeeds.",
        example: "POST /v1/queues {\"kind\": \"other\"}          (STANDARD | FIFO)\nexpected: 400\nreceived: 200",
        importance: "A typing error of a client is stored and has no effect, or an arbitrary one.",
        fix: "Compare with the list, including case. If further values are valid, document them or say that the list \
              is open.",
    },
    CodeInfo {
        code: FindingCode::OV208DuplicateEntriesAccepted,
        name: "duplicate-entries-accepted",
        title: "a list with equal entries is accepted",
        meaning: "The documentation says that the entries of the list are distinct; the request has two equal ones, and \
                  succeeds.",
        example: "POST /v1/groups {\"members\": [\"a\", \"a\"]}          (unique)\nexpected: 400\nreceived: 200",
        importance: "Counts are wrong, and one entry cannot be removed without the other.",
        fix: "Reject a list with equal entries, or document that duplicates are removed.",
    },
    CodeInfo {
        code: FindingCode::OV209MemberRuleAccepted,
        name: "member-rule-accepted",
        title: "a violated rule over several members is accepted",
        meaning: "The documentation says how members of a request depend on each other (at least one of them, one \
                  only together with another, one before another); the request violates that and succeeds. So does a \
                  request with an expression that refers to a name or value that it does not define, or one that \
                  defines a name or value that no expression uses.",
        example: "PATCH /v1/contacts/1 {}          (at least one of `name`, `email`)\nexpected: 400\nreceived: 200",
        importance: "A request that does nothing is reported as a success, or the server picks one of two contradicting \
                     values.",
        fix: "Check how members depend on each other before any of them is used.",
    },
    CodeInfo {
        code: FindingCode::OV210ByteBudgetAccepted,
        name: "byte-budget-accepted",
        title: "contents over the documented number of bytes are accepted",
        meaning: "All values together are larger than the documented maximum, and the request succeeds.",
        example: "PutAttributes with 32,769 bytes          (at most 32,768 in total)\nexpected: 400\nreceived: 200",
        importance: "What was stored cannot be moved to a server that keeps the limit.",
        fix: "Sum the bytes of names and values as documented, including what is stored already.",
    },
    CodeInfo {
        code: FindingCode::OV211MalformedAccepted,
        name: "malformed-accepted",
        title: "a malformed request is accepted",
        meaning: "The bytes of the request are damaged (a body that is cut off, text after the document, a wrong content \
                  type, invalid UTF-8), and the request succeeds.",
        example: "POST /v1/contacts {\"email\": \"a@example.com\"\nexpected: 400\nreceived: 200",
        importance: "The server guesses what was meant. Two parsers that guess differently are a security problem: one \
                     checks what the other does not see.",
        fix: "Use a strict parser, reject text after the document, and check that the body ends where its framing says.",
    },
    CodeInfo {
        code: FindingCode::OV212UnauthenticatedAccepted,
        name: "unauthenticated-accepted",
        title: "a request without valid credentials is accepted",
        meaning: "The request has no credentials, or wrong ones, and succeeds.",
        example: "GET /v1/contacts without `Authorization`\nexpected: 401\nreceived: 200",
        importance: "Anyone who reaches the server can use the operation.",
        fix: "Check credentials before anything else, for all routes by default. An emulator without access control can \
              accept the finding as known.",
    },
    CodeInfo {
        code: FindingCode::OV213ForbiddenAccepted,
        name: "forbidden-accepted",
        title: "a request without the needed permission is accepted",
        meaning: "The caller is known but lacks the documented permission, and the request succeeds.",
        example: "DELETE /v1/contacts/1 with a key for reading only\nexpected: 403\nreceived: 204",
        importance: "A caller with few rights can do what only others may.",
        fix: "Check the permission of the operation, not only that the caller is known.",
    },
    CodeInfo {
        code: FindingCode::OV214MissingResourceAccepted,
        name: "missing-resource-accepted",
        title: "a request for a resource that does not exist is accepted",
        meaning: "The request names a resource that was never created, and succeeds.",
        example: "DELETE /v1/contacts/00000000-0000-4000-8000-000000000000\nexpected: 404\nreceived: 204",
        importance: "A client that uses a wrong identifier believes that its request had an effect.",
        fix: "Look up the resource first and return the documented error. If the operation is idempotent by design, \
              document the success.",
    },
    CodeInfo {
        code: FindingCode::OV215OtherViolationAccepted,
        name: "other-violation-accepted",
        title: "another invalid request is accepted",
        meaning: "The documentation says that the request must be rejected for a reason that has no code of its own, \
                  and it succeeds.",
        example: "GET /v1/contacts/%2e%2e          (not an identifier)\nexpected: 404\nreceived: 200",
        importance: "What the documentation excludes may reach code that relies on it.",
        fix: "Read the rule in the finding and check it before the request is processed.",
    },
];
