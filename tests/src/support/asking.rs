//! Who asks for what: an assertion before it is signed, alike for the harness and for a real log.
//!
//! Invariant: keys and persons follow from their names, so a failing test fails again.

use identity::did::{Did, IssuerNumber, origin as origin_of};
use ledger::assertion::{Act, Assertion, By, Draft, Kid, Seen, Target};
use ledger::clock;
use ledger::hash::Digest;
use ledger::key::{PublicKey, SigningKey};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// The host of every test's platform.
pub const HOST: &str = "xf.example.org";
/// 2026-06-30 12:00:00.000 in UTC+8, Unix milliseconds: when tests begin.
pub const NOON_MS: i64 = 1_782_792_000_000;

/// The origin of every test's log.
pub fn origin() -> String {
    origin_of(HOST, 1)
}

/// The `n`th person: a random-looking UUIDv4.
pub fn person(n: u64) -> Uuid {
    let digest = Digest::of_parts(&[b"xuefen test person", &n.to_be_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.0[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The first registrar.
pub fn registrar() -> Uuid {
    person(1)
}

/// The system administrator.
pub fn system() -> Uuid {
    person(2)
}

/// The security administrator.
pub fn security() -> Uuid {
    person(3)
}

/// The audit administrator.
pub fn audit() -> Uuid {
    person(4)
}

/// The `i`th officer of institution `number`.
pub fn officer(number: u32, i: u64) -> Uuid {
    person(1_000_000 + 10 * u64::from(number) + i)
}

/// The holder of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Whose key.
    pub number: u32,
    /// Its name behind `#`.
    pub fragment: String,
}

impl Signer {
    /// The key `fragment` of institution `number`.
    pub fn new(number: u32, fragment: &str) -> Self {
        Self {
            number,
            fragment: fragment.into(),
        }
    }

    /// The registrar's assertion key.
    pub fn registrar() -> Self {
        Self::new(0, "assertion-1")
    }

    /// The first key of institution `number`.
    pub fn school(number: u32) -> Self {
        Self::new(number, "key-1")
    }

    /// The key, whose seed is the hash of its name.
    pub fn key(&self) -> SigningKey {
        let name = format!("xuefen test key {} {}", self.number, self.fragment);
        SigningKey::from_seed(&Digest::of(name.as_bytes()).0)
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        self.key().public()
    }

    /// Its name.
    pub fn kid(&self) -> Kid {
        let did = Did::new(HOST, IssuerNumber(self.number));
        did.kid(&self.fragment).expect("a key's name")
    }
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Who signs.
    pub signer: Signer,
    /// Kind with version.
    pub kind: String,
    /// The content.
    pub data: Value,
    /// Who acts.
    pub act: Option<Act>,
    /// What it is about.
    pub target: Option<Target>,
}

impl Asking {
    /// `signer` asks for `kind` with `data`.
    pub fn new(signer: Signer, kind: &str, data: &impl Serialize) -> Self {
        let data = serde_json::to_value(data).expect("data is JSON");
        Self {
            signer,
            kind: kind.into(),
            data,
            act: None,
            target: None,
        }
    }

    /// `person` acts as `role`.
    #[must_use]
    pub fn by(mut self, person: Uuid, role: &str) -> Self {
        self.act = Some(Act {
            by: By::Passkey,
            on_behalf_of: None,
            person,
            role: role.into(),
        });
        self
    }

    /// Names the commit it is about.
    #[must_use]
    pub fn about(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// The same with another signer.
    #[must_use]
    pub fn signed_by(mut self, signer: Signer) -> Self {
        self.signer = signer;
        self
    }

    /// As a draft; `n` makes the id.
    pub fn draft(&self, n: u64, at_ms: i64, seen: Seen) -> Draft {
        Draft {
            id: clock::uuid_v8("xuefen/test", &[&n.to_be_bytes()]),
            log: origin(),
            kind: self.kind.clone(),
            at_ms,
            seen,
            target: self.target,
            cause: None,
            act: self.act.clone(),
            data: self.data.clone(),
        }
    }

    /// Signed; `n` makes the id.
    pub fn sign(&self, n: u64, at_ms: i64, seen: Seen) -> Assertion {
        let draft = self.draft(n, at_ms, seen);
        draft
            .sign(&self.signer.kid(), &self.signer.key())
            .expect("a good draft")
    }
}
