//! What the codes of violated laws and of changes against accepted behaviour mean.
//!
//! It holds texts only.

use super::code_info::CodeInfo;
use super::finding_code::FindingCode;

pub(super) const LAWS_AND_CHANGES: &[CodeInfo] = &[
    CodeInfo {
        code: FindingCode::OV601WrittenValueNotRead,
        name: "written-value-not-read",
        title: "a read does not return what was written",
        meaning: "A write was accepted, and a later read of the same resource shows another value or none (law \
                  `read-your-write`).",
        example: "PATCH /v1/contacts/1 {\"name\": \"b\"} gets 200\nGET /v1/contacts/1 gets {\"name\": \"a\"}",
        importance: "Data is lost although the server reported success.",
        fix: "Check that the member is stored and returned, that no cache returns the older value, and that the value \
              is not changed on its way.",
    },
    CodeInfo {
        code: FindingCode::OV602WrongWriteEffect,
        name: "wrong-write-effect",
        title: "a write changes stored data in another way than documented",
        meaning: "The documentation says what a write does with what was stored before (laws `merges`, `overwrites`, \
                  `replaces`, `deduplicates`, `keeps-order`), and a read shows something else.",
        example: "tags {a: 1} are stored; PUT tags {b: 2} merges\nexpected: {a: 1, b: 2}\nreceived: {b: 2}",
        importance: "A client that adds one entry removes all others, or the other way round.",
        fix: "Combine the stored value with the new one as documented. The finding shows both.",
    },
    CodeInfo {
        code: FindingCode::OV603RepeatedWriteHasEffect,
        name: "repeated-write-has-effect",
        title: "repeating a request has a second effect",
        meaning: "The documentation says that a repeated request, or one with the same idempotency key, changes nothing \
                  (laws `idempotent`, `honors-idempotency-key`), and a read shows a change.",
        example: "POST /v1/payments with `Idempotency-Key: k`, twice\nexpected: one payment\nreceived: two payments",
        importance: "Clients repeat requests whose response they did not get. What they do then happens twice.",
        fix: "Store the key with the result of the first request, and return that result again.",
    },
    CodeInfo {
        code: FindingCode::OV604RejectedWriteStored,
        name: "rejected-write-stored",
        title: "a rejected write leaves a trace",
        meaning: "A write was rejected, and a later read shows a part of it (law `rejected-leaves-no-trace`).",
        example: "POST tags [{valid}, {invalid}] gets 400\nGET tags shows the valid one",
        importance: "A client corrects the request and sends it again, and the first part is there twice.",
        fix: "Validate the whole request before the first write, or write in a transaction.",
    },
    CodeInfo {
        code: FindingCode::OV605StateShared,
        name: "state-shared",
        title: "resources share state",
        meaning: "A write to one resource is visible in another one, or an identifier reaches a resource that it does \
                  not name (laws `isolated`, `identifies`).",
        example: "PUT /v1/contacts/1/tags {a: 1}\nGET /v1/contacts/2/tags gets {a: 1}",
        importance: "Data of one customer or project becomes visible to another.",
        fix: "Use the whole identifier as the key, including its parent, and do not share default values that can be \
              changed.",
    },
    CodeInfo {
        code: FindingCode::OV606WrongRemoval,
        name: "wrong-removal",
        title: "a removal removes too little or too much",
        meaning: "After a removal, what was removed is still there, something else is missing, or a resource was deleted \
                  that others depend on (laws `inverse`, `protects-children`).",
        example: "DELETE tag a of {a, b} gets 204\nGET tags gets {}",
        importance: "Data is lost, or stays although its deletion was confirmed.",
        fix: "Remove exactly the named entries, and check for dependent resources before a deletion.",
    },
    CodeInfo {
        code: FindingCode::OV607ConcurrentWriteLost,
        name: "concurrent-write-lost",
        title: "one of several concurrent writes is lost",
        meaning: "Several clients wrote at the same time, all writes were accepted, and a read does not show all of them \
                  (law `survives-concurrent-writers`).",
        example: "PUT tags {a: 1} and PUT tags {b: 2} at the same time\nexpected: {a: 1, b: 2}\nreceived: {b: 2}",
        importance: "Data is lost although the server reported success, and only under load.",
        fix: "Read and write in one transaction, or with a condition on the version that was read.",
    },
    CodeInfo {
        code: FindingCode::OV608DuplicateAccepted,
        name: "duplicate-accepted",
        title: "a duplicate or a repeated action is accepted",
        meaning: "The documentation says that a name is unique, or that an action cannot be repeated (laws \
                  `rejects-duplicates`, `rejects-repetition`), and the second request succeeds.",
        example: "POST /v1/users {\"email\": \"a@example.com\"}, twice\nexpected: 409\nreceived: 201",
        importance: "There are two resources where clients expect one, or an action takes place twice.",
        fix: "Enforce uniqueness where the data is stored, not by a look-up before the write.",
    },
    CodeInfo {
        code: FindingCode::OV609WrongList,
        name: "wrong-list",
        title: "a list shows the wrong entries",
        meaning: "A list does not show what exists, a filter returns other entries, the order is not the requested one, \
                  or pages repeat or omit entries (laws `lists`, `filters`, `sorts`, `pages`).",
        example: "GET /v1/contacts?limit=2 and its next page\nexpected: 3 contacts, each once\nreceived: 2 contacts",
        importance: "Clients that read all pages miss data without an error.",
        fix: "Order by a unique key, use that key as the cursor, and apply filters before paging.",
    },
    CodeInfo {
        code: FindingCode::OV610WrongEcho,
        name: "wrong-echo",
        title: "a response does not repeat a value of its request",
        meaning: "The documentation says that the response contains a value of the request (law `echoes`), and it \
                  contains another one.",
        example: "POST /v1/contacts {\"name\": \"a\"}\nexpected: `data.name` is \"a\"\nreceived: `data.name` is \"\"",
        importance: "Clients use the response as the stored state.",
        fix: "Build the response from what was stored, not from defaults.",
    },
    CodeInfo {
        code: FindingCode::OV611WrongStateAfterSequence,
        name: "wrong-state-after-sequence",
        title: "after a sequence of requests, a read returns something else",
        meaning: "A generated sequence of writes, removals and reads was accepted, and a read shows another state than \
                  the accepted requests lead to (law `sequence`).",
        example: "create, update, delete, create again, read\nexpected: the second value\nreceived: 404",
        importance: "The single steps work and their combination does not: data is lost or comes back.",
        fix: "Send the shortest sequence again with `overstep replay`, and look at the step after which the read \
              differs.",
    },
    CodeInfo {
        code: FindingCode::OV701ResponseChanged,
        name: "response-changed",
        title: "status or error differ from the accepted response",
        meaning: "The response is not the one that a person accepted in a snapshot, or, with `--against`, not that of \
                  the second endpoint. It may still be as documented.",
        example: "accepted: 400 InvalidParameterException\nreceived: 400 InvalidRequestException",
        importance: "Clients may rely on what the server did before, documented or not.",
        fix: "Find the change that caused it. If it is intended, accept the new response.",
    },
    CodeInfo {
        code: FindingCode::OV702FormChanged,
        name: "form-changed",
        title: "the form of the response differs from the accepted one",
        meaning: "Status and error are the accepted ones; content type, the place of the error code, or the members of \
                  the body with their types have changed.",
        example: "accepted: `data.id` string\nreceived: `data.id` number",
        importance: "Typed clients may fail while they read the response.",
        fix: "Find the change that caused it. If it is intended, accept the new form.",
    },
    CodeInfo {
        code: FindingCode::OV703ValueDiffers,
        name: "value-differs",
        title: "a value differs between two endpoints",
        meaning: "With `--against`, both endpoints respond alike, and a value in the body that is not an identifier, a \
                  time or the like differs.",
        example: "second endpoint: `data.state` is \"ACTIVE\"\nthis endpoint: `data.state` is \"active\"",
        importance: "What works against one of the endpoints may fail against the other.",
        fix: "Compare the value with the documentation: it says which of the endpoints is right.",
    },
];
