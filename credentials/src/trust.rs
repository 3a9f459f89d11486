//! The trust bundle: what an offline verifier pins (STANDARDS §4), and its eddsa-jcs-2022 proof.
//!
//! Invariant: unknown members are ignored when read, missing ones refused; a bundle counts only
//! under a `bundle` key that the verifier already holds.

use identity::did::IssuerNumber;
use identity::institution::{Custody, KeyUse};
use ledger::assertion::Kid;
use ledger::canonical;
use ledger::hash::Digest;
use ledger::key::{PublicKey, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    pub suspended: Option<u64>,
    /// Whether its credentials must carry a status.
    pub status_required: bool,
    /// Ranges of positions not yet reaffirmed.
    pub disputed: Vec<(u64, u64)>,
    /// Every key it ever had.
    pub keys: Vec<IssuerKey>,
    /// Its status lists.
    pub status: Vec<Value>,
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
    pub retired: Option<u64>,
    /// After a compromise: up to this position.
    pub not_valid_after: Option<u64>,
}

/// A Data Integrity proof (STANDARDS §3).
#[expect(clippy::struct_field_names, reason = "the standard's names")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Proof {
    r#type: String,
    cryptosuite: String,
    created: String,
    verification_method: String,
    proof_purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof_value: Option<String>,
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
}

/// The bytes that eddsa-jcs-2022 signs: SHA-256(config) ‖ SHA-256(document).
fn hash_data(proof: &Proof, document: &Value) -> Result<[u8; 64], BadBundle> {
    let form = |error: canonical::NotCanonical| BadBundle::Form(error.to_string());
    let config = Digest::of(&canonical::to_vec(proof).map_err(form)?);
    let document = Digest::of(&canonical::to_vec(document).map_err(form)?);
    let mut bytes = [0; 64];
    let (first, second) = bytes.split_at_mut(32);
    first.copy_from_slice(&config.0);
    second.copy_from_slice(&document.0);
    Ok(bytes)
}

/// Signs `document`, which has no proof yet; `created` is RFC 3339, UTC, whole seconds.
pub fn sign(
    mut document: Value,
    kid: &Kid,
    key: &SigningKey,
    created: &str,
) -> Result<Value, BadBundle> {
    let mut proof = Proof {
        r#type: "DataIntegrityProof".into(),
        cryptosuite: "eddsa-jcs-2022".into(),
        created: created.into(),
        verification_method: kid.to_string(),
        proof_purpose: "assertionMethod".into(),
        proof_value: None,
    };
    let signature = key.sign(&hash_data(&proof, &document)?);
    proof.proof_value = Some(format!("z{}", bs58::encode(signature).into_string()));
    let members = document
        .as_object_mut()
        .ok_or_else(|| BadBundle::Form("not an object".into()))?;
    let proof = serde_json::to_value(proof).map_err(|error| BadBundle::Form(error.to_string()))?;
    members.insert("proof".into(), proof);
    Ok(document)
}

impl Bundle {
    /// Reads a bundle that the user gave by hand: it is the pin, so it must be signed by the bundle
    /// key that it names itself.
    pub fn open(text: &str) -> Result<Self, BadBundle> {
        let form = |error: serde_json::Error| BadBundle::Form(error.to_string());
        let mut document: Value = serde_json::from_str(text).map_err(form)?;
        let bundle: Self = serde_json::from_str(text).map_err(form)?;
        let members = document
            .as_object_mut()
            .ok_or_else(|| BadBundle::Form("not an object".into()))?;
        let proof = members
            .remove("proof")
            .ok_or(BadBundle::Proof("it is missing"))?;
        let mut proof: Proof = serde_json::from_value(proof).map_err(form)?;
        if proof.r#type != "DataIntegrityProof" || proof.cryptosuite != "eddsa-jcs-2022" {
            return Err(BadBundle::Proof("not an eddsa-jcs-2022 DataIntegrityProof"));
        }
        if proof.proof_purpose != "assertionMethod" {
            return Err(BadBundle::Proof("its purpose is not assertionMethod"));
        }
        let value = proof
            .proof_value
            .take()
            .ok_or(BadBundle::Proof("no proofValue"))?;
        let signature: [u8; 64] = value
            .strip_prefix('z')
            .and_then(|encoded| bs58::decode(encoded).into_vec().ok())
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(BadBundle::Proof(
                "proofValue is not z and 64 bytes of base58",
            ))?;
        let signer = &proof.verification_method;
        let key = bundle
            .registrar_keys()
            .find(|key| key.r#use == KeyUse::Bundle && &key.kid == signer && key.retired.is_none())
            .ok_or_else(|| BadBundle::Key(signer.clone()))?;
        let hashed = hash_data(&proof, &document)?;
        key.key
            .verify(&hashed, &signature)
            .map_err(|_| BadBundle::Signature)?;
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

    /// The key with this name.
    pub fn key(&self, kid: &str) -> Option<&IssuerKey> {
        self.issuers
            .iter()
            .flat_map(|issuer| &issuer.keys)
            .find(|key| key.kid == kid)
    }
}
