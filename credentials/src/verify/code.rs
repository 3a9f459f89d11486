//! The registry of findings (STANDARDS §13, docs/VERIFY.md "Output").
//!
//! Invariant: a code never changes its meaning or severity; the order of the variants is the order in
//! which one of several is named.

use serde::{Serialize, Serializer};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Told, nothing more.
    Warn,
    /// It cannot be known now.
    Unknown,
    /// It is false, ended or out of force.
    Fail,
}

macro_rules! registry {
    ($($code:ident $state:literal $severity:ident $(#[$doc:meta])*;)+) => {
        /// A finding's code, in the order of the registry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $code,)+ }

        impl Code {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$code,)+];

            /// Its text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)+ }
            }

            /// The state it stands for.
            pub const fn state(self) -> &'static str {
                match self { $(Self::$code => $state,)+ }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }
        }
    };
}

registry! {
    E00 "Malformed" Unknown /** No code in the picture or text. */;
    E01 "Malformed" Unknown /** Not our form, or damaged. */;
    E03 "Malformed" Fail /** Breaks the data model, under a good signature. */;
    E02 "Unsupported" Unknown /** A newer profile. */;
    E04 "Unsupported" Unknown /** Unknown suite, context, algorithm or status type. */;
    E10 "IssuerUnknown" Unknown /** Issuer or key not in the bundle. */;
    E13 "IssuerUnknown" Unknown /** DID not resolvable, or not as in the bundle. */;
    E11 "IssuerSuspended" Unknown /** The registrar suspended the institution. */;
    E20 "Invalid" Fail /** No signature, or one that does not match. */;
    E21 "Invalid" Fail /** Undefined member, or context changed. */;
    E22 "Invalid" Fail /** Wrong purpose, key use, or issuer of the key. */;
    E30 "Invalid" Fail /** Signed outside the key's window. */;
    E40 "Invalid" Fail /** Checkpoint signature. */;
    E41 "Invalid" Fail /** Inclusion path, or not in the ledger. */;
    E12 "Disputed" Unknown /** Compromise range not yet reaffirmed, or no inclusion proof there. */;
    E50 "Revoked" Fail /** Revoked. */;
    E52 "Suspended" Fail /** Suspended. */;
    E51 "Superseded" Fail /** Replaced by a correction. */;
    E31 "Expired" Fail /** Expired. */;
    E32 "NotYetValid" Fail /** Not yet in force. */;
    E53 "StatusUnknown" Unknown /** Status list not at hand. */;
    E54 "StatusUnknown" Unknown /** Status list fails its own check. */;
    W50 "StatusUnknown" Unknown /** Status or bundle older than policy, or a clock before it. */;
    E42 "StatusUnknown" Unknown /** Too few witnesses. */;
    W60 "StatusUnknown" Unknown /** Share ended. */;
    W40 "Valid" Warn /** No inclusion proof carried. */;
}

impl Code {
    /// The code of this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// Whether nothing behind it is looked at, and nothing of the credential told.
    pub const fn stops(self) -> bool {
        matches!(
            self,
            Self::E00
                | Self::E01
                | Self::E02
                | Self::E03
                | Self::E04
                | Self::E10
                | Self::E13
                | Self::E20
                | Self::E21
        )
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
