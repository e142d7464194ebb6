//! What the codes of rejected valid requests, wrong errors and wrong forms mean.
//!
//! It holds texts only.

use super::code_info::CodeInfo;
use super::finding_code::FindingCode;

pub(super) const REJECTIONS_AND_FORMS: &[CodeInfo] = &[
    CodeInfo {
        code: FindingCode::OV301ControlRejected,
        name: "control-rejected",
        title: "the plain valid request of an operation is rejected",
        meaning: "The request with only what is required, and plain values, is rejected although the operation is \
                  known to work or the documentation vouches for the values.",
        example: "POST /v1/contacts {\"email\": \"a@example.com\"}\nexpected: 201\nreceived: 400",
        importance: "Nothing else about the operation can be tested, and a client that follows the documentation cannot \
                     use it.",
        fix: "Read the message of the response: it says which value it rejects. Often the documentation misses a \
              required member, or the scenario needs a value of the environment: see `overstep doctor`.",
    },
    CodeInfo {
        code: FindingCode::OV302ValidValueRejected,
        name: "valid-value-rejected",
        title: "a valid value is rejected",
        meaning: "A value within the documented limits, usually exactly at one, is rejected.",
        example: "POST /v1/contacts with a name of 64 characters          (1 to 64)\nexpected: 200\nreceived: 400",
        importance: "A client that keeps to the documentation gets an error that it cannot avoid.",
        fix: "Look for `<` in place of `<=`, and for a count of bytes in place of characters. If the finding names the \
              actual limit, correct the code or the documentation.",
    },
    CodeInfo {
        code: FindingCode::OV303ValidRequestRejected,
        name: "valid-request-rejected",
        title: "a valid request is rejected",
        meaning: "A request that meets every documented constraint, such as one with an optional member, is rejected.",
        example: "POST /v1/contacts {\"email\": \"a@example.com\", \"note\": \"x\"}\nexpected: 201\nreceived: 400",
        importance: "A client that keeps to the documentation gets an error that it cannot avoid.",
        fix: "Read the message of the response. Accept the member, or document what excludes it.",
    },
    CodeInfo {
        code: FindingCode::OV401WrongErrorForInvalidInput,
        name: "wrong-error-for-invalid-input",
        title: "invalid input is rejected with an undocumented error",
        meaning: "The request violates a constraint and is rejected, but with another status or error code than \
                  documented for it.",
        example: "POST /v1/queues {\"name\": \"\"}\nexpected: 400 InvalidParameterException\nreceived: 400 BadRequest",
        importance: "Clients decide by status and code what to do: correct the request, create a resource, or try \
                     again. SDKs map codes to exceptions, and an unknown code to a generic one.",
        fix: "Map all errors of validation at one place to the documented one. Errors that a framework creates itself \
              need a handler of their own.",
    },
    CodeInfo {
        code: FindingCode::OV402WrongErrorForMalformed,
        name: "wrong-error-for-malformed",
        title: "a malformed request is rejected with an undocumented error",
        meaning: "The bytes of the request are damaged and it is rejected, but with another status or error code than \
                  documented.",
        example: "POST /v1/contacts {\"email\":\nexpected: 400 invalid_json\nreceived: 422",
        importance: "Clients cannot tell a damaged request from one with invalid values.",
        fix: "Give the parser's errors the documented status and code: frameworks have a hook for them.",
    },
    CodeInfo {
        code: FindingCode::OV403WrongErrorForAccess,
        name: "wrong-error-for-access",
        title: "missing credentials or permissions get an undocumented error",
        meaning: "The request lacks credentials or a permission and is rejected, but with another status or error code \
                  than documented.",
        example: "GET /v1/contacts without `Authorization`\nexpected: 401 unauthorized\nreceived: 404",
        importance: "Clients renew credentials after 401 and give up after 403. With another status they do neither.",
        fix: "Check access before anything else, and return the documented status and code.",
    },
    CodeInfo {
        code: FindingCode::OV404WrongErrorForMissingResource,
        name: "wrong-error-for-missing-resource",
        title: "a missing resource gets an undocumented error",
        meaning: "The request names a resource that does not exist and is rejected, but with another status or error \
                  code than documented.",
        example: "GET /v1/contacts/00000000-0000-4000-8000-000000000000\nexpected: 404 not_found\nreceived: 400",
        importance: "Clients decide by this error whether they must create the resource.",
        fix: "Return the documented error when the look-up finds nothing, also if the identifier belongs to another kind \
              of resource.",
    },
    CodeInfo {
        code: FindingCode::OV405UndocumentedThrottling,
        name: "undocumented-throttling",
        title: "a request is throttled without a documented reason",
        meaning: "The response says that there are too many requests although the operation documents no throttling and \
                  the rate was kept, or this request is always throttled while control requests succeed.",
        example: "POST /v1/contacts, alone\nexpected: 400\nreceived: 429",
        importance: "Clients wait and send the request again, which never succeeds.",
        fix: "Document the limit, or return an error that names the real reason. `--rate-limit` lowers the rate of \
              overstep.",
    },
    CodeInfo {
        code: FindingCode::OV406RedirectInsteadOfRejection,
        name: "redirect-instead-of-rejection",
        title: "a request that must be rejected is redirected",
        meaning: "The documentation says that the request is rejected; the response has a 3xx status.",
        example: "GET /v1/contacts without `Authorization`\nexpected: 401\nreceived: 302 to a login page",
        importance: "HTTP clients follow the redirect and take the page for the result.",
        fix: "Return the documented error for requests of the API; redirects to pages are for browsers.",
    },
    CodeInfo {
        code: FindingCode::OV501WrongSuccessForm,
        name: "wrong-success-form",
        title: "a success has another form than documented",
        meaning: "Content type or body of the success differ from the documentation: a member is missing, has another \
                  type, or violates its own documented limits.",
        example: "GET /v1/contacts/1\nexpected: `data.id` is a string\nreceived: `data.id` is a number",
        importance: "Typed clients fail while they read the response, although the request had its effect.",
        fix: "Compare the body with the documented example and schema. Return required members always, also if they are \
              empty.",
    },
    CodeInfo {
        code: FindingCode::OV502ErrorInSuccess,
        name: "error-in-success",
        title: "a success carries an error",
        meaning: "The status says that the request succeeded, and the body or a header names an error.",
        example: "POST /v1/contacts {\"email\": \"a@example.com\"}\nexpected: 201\n\
                  received: 200 {\"error\": {\"code\": \"invalid\"}}",
        importance: "Clients that look at the status believe that the request had an effect.",
        fix: "Return the error with its documented 4xx or 5xx status.",
    },
    CodeInfo {
        code: FindingCode::OV503WrongSuccessStatus,
        name: "wrong-success-status",
        title: "a success has another status than documented",
        meaning: "The request succeeds with a 2xx status that is not the documented one.",
        example: "POST /v1/contacts {\"email\": \"a@example.com\"}\nexpected: 201\nreceived: 200",
        importance: "Generated clients choose the type of the body by the status, and treat an unknown one as an error.",
        fix: "Return the documented status, or document the other one.",
    },
    CodeInfo {
        code: FindingCode::OV504WrongErrorForm,
        name: "wrong-error-form",
        title: "a documented error has another form than documented",
        meaning: "Status and error code are as documented, but the code stands at another place, the content type is \
                  another one, or the error's body lacks documented members.",
        example: "GET /v1/contacts/0\nexpected: 404 with `error.code`\nreceived: 404 with `code`",
        importance: "Clients do not find the error code and report an unknown error.",
        fix: "Write all errors at one place, in the documented form.",
    },
];
