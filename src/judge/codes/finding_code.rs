//! The codes of findings. Numbers are never reused and never change their meaning.

use std::fmt;

/// Defines the enum with the text of each code.
macro_rules! finding_codes {
    ($($variant:ident = $text:literal, $doc:literal;)*) => {
        /// The code of a kind of findings. The hundreds are the group: 1 server failures, 2 accepted violations, 3
        /// rejected valid requests, 4 wrong errors, 5 wrong forms, 6 violated laws, 7 changes against accepted behaviour.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingCode {
            $(#[doc = $doc] $variant,)*
        }

        impl FindingCode {
            /// All codes, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the code as reports show it: `OV101`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

finding_codes! {
    OV101ServerError = "OV101", "A request makes the server fail with a 5xx status.";
    OV102ConnectionDropped = "OV102", "The connection is closed without a response.";
    OV103Hang = "OV103", "No complete response arrives in time.";
    OV104ServerCrash = "OV104", "A request ends or blocks the whole server.";
    OV105BrokenHttp = "OV105", "The response is not valid HTTP.";
    OV106OperationBroken = "OV106", "A request breaks an operation for all requests that follow.";
    OV201MissingMemberAccepted = "OV201", "A request without a required member is accepted.";
    OV202WrongTypeAccepted = "OV202", "A value of a wrong type is accepted.";
    OV203LengthAccepted = "OV203", "A value that is too long or too short is accepted.";
    OV204RangeAccepted = "OV204", "A number out of range is accepted.";
    OV205MultipleAccepted = "OV205", "A number that is not a documented multiple is accepted.";
    OV206PatternAccepted = "OV206", "A text that does not match its pattern is accepted.";
    OV207EnumAccepted = "OV207", "A value that is not in the documented list is accepted.";
    OV208DuplicateEntriesAccepted = "OV208", "A list with equal entries is accepted where entries must be distinct.";
    OV209MemberRuleAccepted = "OV209", "A request that violates a rule over several members is accepted.";
    OV210ByteBudgetAccepted = "OV210", "Contents larger than the documented number of bytes are accepted.";
    OV211MalformedAccepted = "OV211", "A malformed request is accepted.";
    OV212UnauthenticatedAccepted = "OV212", "A request without valid credentials is accepted.";
    OV213ForbiddenAccepted = "OV213", "A request without the needed permission is accepted.";
    OV214MissingResourceAccepted = "OV214", "A request for a resource that does not exist is accepted.";
    OV215OtherViolationAccepted = "OV215", "Another invalid request is accepted.";
    OV301ControlRejected = "OV301", "The plain valid request of an operation is rejected.";
    OV302ValidValueRejected = "OV302", "A valid value of a member is rejected.";
    OV303ValidRequestRejected = "OV303", "Another valid request is rejected.";
    OV401WrongErrorForInvalidInput = "OV401", "Invalid input is rejected with an undocumented error.";
    OV402WrongErrorForMalformed = "OV402", "A malformed request is rejected with an undocumented error.";
    OV403WrongErrorForAccess = "OV403", "Missing credentials or permissions are rejected with an undocumented error.";
    OV404WrongErrorForMissingResource = "OV404", "A missing resource is reported with an undocumented error.";
    OV405UndocumentedThrottling = "OV405", "A request is throttled although that is undocumented or not the reason.";
    OV406RedirectInsteadOfRejection = "OV406", "A request that must be rejected is redirected.";
    OV501WrongSuccessForm = "OV501", "A success has another form than documented.";
    OV502ErrorInSuccess = "OV502", "A success carries an error.";
    OV503WrongSuccessStatus = "OV503", "A success has another status than documented.";
    OV504WrongErrorForm = "OV504", "A documented error has another form than documented.";
    OV601WrittenValueNotRead = "OV601", "A read does not return what was written.";
    OV602WrongWriteEffect = "OV602", "A write changes stored data in another way than documented.";
    OV603RepeatedWriteHasEffect = "OV603", "Repeating a request has a second effect.";
    OV604RejectedWriteStored = "OV604", "A rejected write leaves a trace.";
    OV605StateShared = "OV605", "Resources share state, or an identifier reaches another resource.";
    OV606WrongRemoval = "OV606", "A removal removes too little or too much.";
    OV607ConcurrentWriteLost = "OV607", "One of several concurrent writes is lost.";
    OV608DuplicateAccepted = "OV608", "A duplicate or a repeated action is accepted.";
    OV609WrongList = "OV609", "A list, filter, order or page shows the wrong entries.";
    OV610WrongEcho = "OV610", "A response does not repeat a value of its request.";
    OV611WrongStateAfterSequence = "OV611", "After a sequence of requests, a read returns something else.";
    OV701ResponseChanged = "OV701", "Status or error differ from the accepted response.";
    OV702FormChanged = "OV702", "The form of the response differs from the accepted one.";
    OV703ValueDiffers = "OV703", "A value differs between two endpoints.";
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for FindingCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_begin_the_names_of_their_variants() {
        let texts: HashSet<&str> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), FindingCode::ALL.len());
        for code in FindingCode::ALL {
            assert!(format!("{code:?}").starts_with(code.as_str()), "{code:?}");
        }
        assert!(FindingCode::ALL.is_sorted_by_key(|code| code.as_str()));
    }
}
