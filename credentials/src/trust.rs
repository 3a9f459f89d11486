//! The trust bundle: what an offline verifier pins (STANDARDS §4, docs/VERIFY.md "The trust bundle").
//!
//! Invariant: unknown members are ignored when read, missing ones refused; a bundle counts only
//! under a `bundle` key that the verifier already holds.

use identity::did::IssuerNumber;
use identity::institution::{Custody, KeyUse};
use ledger::algorithm;
use ledger::assertion::Kid;
use ledger::key::{PublicKey, SigningKey};
use ledger::receipt::Policy;
use ledger::witness::Witness;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::vc::canonical::{self, Null};
use crate::vc::proof;
use crate::vc::status::Purpose;

/// The bundle without its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Rises with every bundle.
    pub version: u64,
    /// RFC 3339, UTC, whole seconds.
    pub issued_at: String,
    /// Number of commits it was built from.
    pub position: u64,
    /// The log.
    pub log: LogKey,
    /// Who cosigns checkpoints.
    pub witnesses: Vec<WitnessKey>,
    /// How many of them must.
    pub quorum: u64,
    /// How old status data may be.
    pub age_policy: AgePolicy,
    /// Everybody who signs.
    pub issuers: Vec<Issuer>,
}

/// The log and its checkpoint key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogKey {
    /// `<host>/log/<generation>`.
    pub origin: String,
    /// Multikey.
    pub key: PublicKey,
    /// EdDSA.
    pub alg: String,
    /// SHA-256.
    pub hash: String,
}

/// A witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessKey {
    /// Its name.
    pub name: String,
    /// Multikey.
    pub key: PublicKey,
}

/// Hours until a bundle is amber, and until it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgePolicy {
    /// Under this: plain.
    pub plain_hours: u64,
    /// Up to this: amber; above: unknown.
    pub unknown_hours: u64,
}

/// Somebody who signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// Issuer number.
    pub id: IssuerNumber,
    /// Its DID.
    pub did: String,
    /// Its name.
    pub name: String,
    /// `own` only if every active assertion key is.
    pub custody: Custody,
    /// Position from which it is suspended.
    #[serde(deserialize_with = "or_null")]
    pub suspended: Option<u64>,
    /// Whether its credentials must carry a status.
    pub status_required: bool,
    /// Ranges of positions not yet reaffirmed, both ends in.
    pub disputed: Vec<(u64, u64)>,
    /// Every key it ever had.
    pub keys: Vec<IssuerKey>,
    /// Its status lists.
    pub status: Vec<StatusList>,
}

/// A key and its window in positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerKey {
    /// Its name.
    pub kid: String,
    /// Multikey.
    #[serde(rename = "pub")]
    pub key: PublicKey,
    /// What it may sign.
    pub r#use: KeyUse,
    /// Who holds it.
    pub custody: Custody,
    /// It signs from the next position on.
    pub activated: u64,
    /// It signs up to this position.
    #[serde(deserialize_with = "or_null")]
    pub retired: Option<u64>,
    /// After a compromise: up to this position.
    #[serde(deserialize_with = "or_null")]
    pub not_valid_after: Option<u64>,
}

/// A status list as of a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusList {
    /// Its address.
    pub url: String,
    /// What its bits say.
    #[serde(default = "revocation")]
    pub purpose: Purpose,
    /// `encodedList`.
    pub gzip: String,
    /// Number of commits it was built from.
    pub position: u64,
    /// When it was built: RFC 3339, UTC, whole seconds.
    pub at: String,
}

const fn revocation() -> Purpose {
    Purpose::Revocation
}

/// `null` or a value, but not a missing member.
fn or_null<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<u64>, D::Error> {
    Option::deserialize(reader)
}

/// Why a bundle is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBundle {
    /// Not JSON, or a member is missing.
    #[error("not a trust bundle: {0}")]
    Form(String),
    /// The proof is missing or of another kind.
    #[error("the trust bundle's proof: {0}")]
    Proof(&'static str),
    /// The key that signed it is not a `bundle` key of the registrar.
    #[error("the trust bundle was signed by {0}, which is no bundle key of its registrar")]
    Key(String),
    /// The signature does not hold.
    #[error("the trust bundle's signature does not verify")]
    Signature,
    /// It does not follow the one that is held.
    #[error("the trust bundle does not follow the one that is held: {0}")]
    NotNewer(&'static str),
}

/// Signs `bundle`; `created` is RFC 3339, UTC, whole seconds.
pub fn sign(
    bundle: &Bundle,
    kid: &Kid,
    key: &SigningKey,
    created: &str,
) -> Result<Value, BadBundle> {
    let form = |error: serde_json::Error| BadBundle::Form(error.to_string());
    let document: Map<String, Value> =
        serde_json::from_value(serde_json::to_value(bundle).map_err(form)?).map_err(form)?;
    proof::sign(document, kid.as_str(), key, created)
        .map(Value::Object)
        .map_err(|error| BadBundle::Form(error.to_string()))
}

/// A bundle and the key that signed it.
struct Signed {
    bundle: Bundle,
    kid: String,
    key: PublicKey,
}

fn read(text: &str) -> Result<Signed, BadBundle> {
    let strict = canonical::parse(text, Null::Allowed)
        .map_err(|error| BadBundle::Form(error.to_string()))?;
    let bundle =
        Bundle::deserialize(&strict).map_err(|error| BadBundle::Form(error.to_string()))?;
    let Value::Object(mut document) = strict else {
        return Err(BadBundle::Form("not an object".into()));
    };
    let Some(Value::Object(mut config)) = document.remove("proof") else {
        return Err(BadBundle::Proof("it is missing"));
    };
    let says = |name: &str| config.get(name).and_then(Value::as_str);
    if says("type") != Some(proof::TYPE) || says("cryptosuite") != Some(proof::SUITE) {
        return Err(BadBundle::Proof("not an eddsa-jcs-2022 DataIntegrityProof"));
    }
    if says("proofPurpose") != Some(proof::PURPOSE) {
        return Err(BadBundle::Proof("its purpose is not assertionMethod"));
    }
    if config
        .keys()
        .any(|name| name == "@context" || !proof::MEMBERS.contains(&name.as_str()))
    {
        return Err(BadBundle::Proof("a member that has no place in it"));
    }
    let enabled = algorithm::signature(&bundle.log.alg).is_ok();
    if !enabled || algorithm::hash(&bundle.log.hash).is_err() {
        return Err(BadBundle::Form("an algorithm that is not enabled".into()));
    }
    let kid = says("verificationMethod")
        .ok_or(BadBundle::Proof("no verificationMethod"))?
        .to_owned();
    let signature = says("proofValue")
        .and_then(proof::read_value)
        .ok_or(BadBundle::Proof(
            "proofValue is not z and 64 bytes of base58",
        ))?;
    config.remove("proofValue");
    let key = bundle
        .registrar_keys()
        .find(|key| key.r#use == KeyUse::Bundle && key.kid == kid && key.retired.is_none())
        .map(|key| key.key.clone())
        .ok_or_else(|| BadBundle::Key(kid.clone()))?;
    let hashed = proof::hash_data(&Value::Object(config), &Value::Object(document))
        .map_err(|error| BadBundle::Form(error.to_string()))?;
    key.verify(&hashed, &signature)
        .map_err(|_| BadBundle::Signature)?;
    Ok(Signed { bundle, kid, key })
}

impl Bundle {
    /// Reads a bundle that the user gave by hand: it is the pin, so it must be signed by the bundle
    /// key that it names itself.
    pub fn open(text: &str) -> Result<Self, BadBundle> {
        read(text).map(|signed| signed.bundle)
    }

    /// The bundle in `text` if it may take the place of this one; the same again is this one.
    pub fn follow(&self, text: &str) -> Result<Self, BadBundle> {
        let Signed { bundle, kid, key } = read(text)?;
        let held = self.registrar_keys().any(|held| {
            held.r#use == KeyUse::Bundle
                && held.kid == kid
                && held.key == key
                && held.retired.is_none()
        });
        if !held {
            return Err(BadBundle::Key(kid));
        }
        if bundle == *self {
            return Ok(bundle);
        }
        if bundle.log.origin != self.log.origin {
            return Err(BadBundle::NotNewer("it is of another log"));
        }
        if bundle.version <= self.version {
            return Err(BadBundle::NotNewer("its version is not higher"));
        }
        if bundle.position < self.position {
            return Err(BadBundle::NotNewer("its position is lower"));
        }
        Ok(bundle)
    }

    fn registrar_keys(&self) -> impl Iterator<Item = &IssuerKey> {
        self.issuers
            .iter()
            .filter(|issuer| issuer.id == IssuerNumber::REGISTRAR)
            .flat_map(|issuer| &issuer.keys)
    }

    /// The issuer with this number.
    pub fn issuer(&self, number: IssuerNumber) -> Option<&Issuer> {
        self.issuers.iter().find(|issuer| issuer.id == number)
    }

    /// The issuer with this DID.
    pub fn issuer_of(&self, did: &str) -> Option<&Issuer> {
        self.issuers.iter().find(|issuer| issuer.did == did)
    }

    /// Every key with its owner.
    pub fn keys(&self) -> impl Iterator<Item = (&Issuer, &IssuerKey)> {
        self.issuers
            .iter()
            .flat_map(|issuer| issuer.keys.iter().map(move |key| (issuer, key)))
    }

    /// The key with this name.
    pub fn key(&self, kid: &str) -> Option<&IssuerKey> {
        self.keys().map(|(_, key)| key).find(|key| key.kid == kid)
    }

    /// The host of the log: the only one whose codes and addresses count.
    pub fn host(&self) -> &str {
        self.log.origin.split('/').next().unwrap_or_default()
    }

    /// Whom a receipt must be signed by.
    pub fn receipt_policy(&self) -> Policy {
        Policy {
            origin: self.log.origin.clone(),
            key: self.log.key.clone(),
            witnesses: self
                .witnesses
                .iter()
                .map(|witness| Witness {
                    name: witness.name.clone(),
                    key: witness.key.clone(),
                })
                .collect(),
            quorum: usize::try_from(self.quorum).unwrap_or(usize::MAX),
        }
    }
}
