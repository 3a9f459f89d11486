//! The trust bundle of STANDARDS §4 with a second institution, and whatever a test makes of it.

use credentials::trust::{
    self, AgePolicy, Bundle, Issuer, IssuerKey, LogKey, StatusList, WitnessKey,
};
use credentials::vc::status::{self, Bits, Purpose};
use identity::did::{Did, IssuerNumber};
use identity::institution::{Custody, KeyUse};
use ledger::assertion::Kid;
use ledger::key::SigningKey;
use serde_json::Value;

use super::{COLLEGE, HOST, ISSUED_AT, ORIGIN, UNIVERSITY, named, published};

/// A list of `issuer` with these bits set.
pub fn list(issuer: u32, n: u64, purpose: Purpose, set: &[u32]) -> StatusList {
    let mut bits = Bits::default();
    for index in set {
        bits.put(*index, true);
    }
    StatusList {
        url: status::url(HOST, issuer, n),
        purpose,
        gzip: bits.encode(),
        position: 777_480,
        at: "2026-11-22T05:58:00Z".into(),
    }
}

fn key(kid: String, key: &SigningKey, r#use: KeyUse, custody: Custody, since: u64) -> IssuerKey {
    IssuerKey {
        kid,
        key: key.public(),
        r#use,
        custody,
        activated: since,
        retired: None,
        not_valid_after: None,
    }
}

/// Name of an issuer's assertion key.
pub fn assertion_kid(issuer: u32) -> String {
    format!("{}#key-2026-1", Did::new(HOST, IssuerNumber(issuer)))
}

/// Name of an issuer's credential key.
pub fn credential_kid(issuer: u32) -> String {
    format!("{}#credential-2026-1", Did::new(HOST, IssuerNumber(issuer)))
}

fn institution(id: u32, name: &str, assertion: &SigningKey, credential: &SigningKey) -> Issuer {
    let (own, platform) = (Custody::Own, Custody::Platform);
    Issuer {
        id: IssuerNumber(id),
        did: Did::new(HOST, IssuerNumber(id)).to_string(),
        name: name.into(),
        custody: own,
        suspended: None,
        status_required: true,
        disputed: Vec::new(),
        keys: vec![
            key(assertion_kid(id), assertion, KeyUse::Assertion, own, 100),
            key(
                credential_kid(id),
                credential,
                KeyUse::Credential,
                platform,
                101,
            ),
        ],
        status: (1..)
            .zip(Purpose::ALL)
            .map(|(n, purpose)| list(id, n, purpose, &[]))
            .collect(),
    }
}

/// The bundle under which everything that this module makes is good at [`super::NOW_S`].
pub fn bundle() -> Bundle {
    let registrar = Issuer {
        keys: vec![key(
            "did:web:xf.example.org#registrar-2026-1".into(),
            &named("registrar"),
            KeyUse::Bundle,
            Custody::Own,
            0,
        )],
        status: Vec::new(),
        ..institution(0, "示例省学分银行", &published(), &published())
    };
    Bundle {
        version: 41,
        issued_at: ISSUED_AT.into(),
        position: 777_500,
        log: LogKey {
            origin: ORIGIN.into(),
            key: named("log").public(),
            alg: "EdDSA".into(),
            hash: "SHA-256".into(),
        },
        witnesses: vec![WitnessKey {
            name: "witness.example.net".into(),
            key: named("witness").public(),
        }],
        quorum: 1,
        age_policy: AgePolicy {
            plain_hours: 24,
            unknown_hours: 168,
        },
        issuers: vec![
            registrar,
            institution(UNIVERSITY, "示例大学", &named("institution"), &published()),
            institution(
                COLLEGE,
                "示例学院",
                &named("college"),
                &named("college credential"),
            ),
        ],
    }
}

/// The credential key of an issuer in `bundle`, to be changed.
pub fn key_of(bundle: &mut Bundle, issuer: u32) -> &mut IssuerKey {
    let id = IssuerNumber(issuer);
    let issuer = bundle.issuers.iter_mut().find(|it| it.id == id);
    let keys = issuer.map(|issuer| &mut issuer.keys).unwrap();
    let found = keys.iter_mut().find(|it| it.r#use == KeyUse::Credential);
    found.unwrap()
}

/// The bundle with the registrar's proof.
pub fn signed(bundle: &Bundle) -> Value {
    signed_by(
        bundle,
        "did:web:xf.example.org#registrar-2026-1",
        &named("registrar"),
    )
}

/// The bundle with the proof of another key.
pub fn signed_by(bundle: &Bundle, kid: &str, key: &SigningKey) -> Value {
    trust::sign(bundle, &Kid::parse(kid).unwrap(), key, &bundle.issued_at).unwrap()
}
