//! Why what a known integration has does not come in: an ingester turns its webhooks away, or cannot fetch its events.

use crate::named_enum::named_enum;

named_enum! {
    /// What somebody can mend at the sender.
    RefusalReason, "reason of a refusal" {
        /// Its credential is not right.
        Token = "token",
        /// It signed at a time that is far from ours.
        Clock = "clock",
        /// It comes from an address that is not allowed.
        Address = "address",
        /// It says that its body is something else than what is read.
        ContentType = "content_type",
        /// Its body is larger than what is read.
        Size = "size",
        /// Its events are fetched, and its broker cannot be reached.
        Fetch = "fetch",
        /// One that only a newer release knows.
        Other = "other",
    }
}

impl RefusalReason {
    /// As ingesters report it and alerts say it: of webhooks, in half a sentence.
    pub const fn said(self) -> &'static str {
        match self {
            Self::Token => "the token is wrong",
            Self::Clock => "they were signed by a clock that is more than 5 minutes from ours",
            Self::Address => "they come from an address that is not allowed",
            Self::ContentType => "their content type is none that this network sends",
            Self::Size => "their bodies are too large",
            Self::Fetch => "its MQTT broker cannot be reached",
            Self::Other => "for a reason that this release does not know",
        }
    }

    /// The one that is said so.
    pub fn of(said: &str) -> Self {
        Self::ALL.iter().copied().find(|reason| reason.said() == said).unwrap_or(Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_known_by_what_is_said_and_a_newer_one_is_another() {
        for reason in RefusalReason::ALL {
            assert_eq!(RefusalReason::of(reason.said()), *reason);
            assert_eq!(reason.to_string().parse(), Ok(*reason));
        }
        assert_eq!(RefusalReason::of("they came on a sunday"), RefusalReason::Other);
    }
}
