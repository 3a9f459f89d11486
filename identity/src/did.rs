//! did:web names of the platform and its institutions (STANDARDS §4).
//!
//! Invariant: `Did::parse(d.to_string()) == d`; the issuer number of a DID is read off its text and
//! never resolved over a network.

use ledger::assertion::Kid;
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};

/// Number of an institution; 0 is the registrar. The number in QR codes and `did:web:HOST:i:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IssuerNumber(pub u32);

impl IssuerNumber {
    /// The registrar, who admits the others.
    pub const REGISTRAR: Self = Self(0);

    /// Its stream.
    pub fn stream(self) -> Stream {
        Stream::new("institution", self.0)
    }
}

impl std::fmt::Display for IssuerNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The did:web of an institution under a platform's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Did {
    /// Host as it stands in the DID: a port is written `%3A8443`.
    pub host: String,
    /// Whose it is.
    pub issuer: IssuerNumber,
}

impl Did {
    /// The DID of `issuer` under `host` (`xf.example.org`, or with a port `xf.example.org:8443`).
    pub fn new(host: &str, issuer: IssuerNumber) -> Self {
        Self {
            host: host.replace(':', "%3A"),
            issuer,
        }
    }

    /// Reads `did:web:HOST` or `did:web:HOST:i:N`.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("did:web:")?;
        let (host, issuer) = match rest.split_once(":i:") {
            None => (rest, IssuerNumber::REGISTRAR),
            Some((host, number)) => {
                let n: u32 = number.parse().ok()?;
                (n != 0 && n.to_string() == number).then_some((host, IssuerNumber(n)))?
            }
        };
        let plain = !host.is_empty()
            && host.bytes().all(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || matches!(b, b'.' | b'-' | b'%' | b'A')
            });
        plain.then(|| Self {
            host: host.into(),
            issuer,
        })
    }

    /// The DID's host as an origin writes it.
    pub fn host_plain(&self) -> String {
        self.host.replace("%3A", ":")
    }

    /// The name of the key `fragment` under this DID.
    pub fn kid(&self, fragment: &str) -> Option<Kid> {
        Kid::parse(&format!("{self}#{fragment}")).ok()
    }
}

impl std::fmt::Display for Did {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "did:web:{}", self.host)?;
        if self.issuer == IssuerNumber::REGISTRAR {
            Ok(())
        } else {
            write!(f, ":i:{}", self.issuer)
        }
    }
}

/// The origin of generation `generation` of the log under `host`.
pub fn origin(host: &str, generation: u32) -> String {
    format!("{host}/log/{generation}")
}
