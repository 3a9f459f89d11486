//! Building the trust bundle from the log, signed by the registrar's bundle key (STANDARDS §4).

use std::path::Path;

use credentials::trust::{self, AgePolicy, Bundle, Issuer, IssuerKey, LogKey};
use identity::did::{Did, IssuerNumber};
use identity::institution::{Institution, KeyUse};
use ledger::assertion::format_ms;
use serde_json::Value;

use crate::app::App;
use crate::problem::Problem;

/// Hours of STANDARDS §4's example: under a day plain, over a week unknown.
const AGE_POLICY: AgePolicy = AgePolicy {
    plain_hours: 24,
    unknown_hours: 168,
};

/// The signed bundle as of now. Its version is its position: it rises with every commit.
pub fn build(app: &App) -> Result<Value, Problem> {
    let (institutions, position) = app.views.institutions.all()?;
    let issuers: Vec<Issuer> = institutions
        .iter()
        .filter_map(|it| issuer(app, it))
        .collect();
    let key = issuers
        .iter()
        .filter(|issuer| issuer.id == IssuerNumber::REGISTRAR)
        .flat_map(|issuer| &issuer.keys)
        .rfind(|key| key.r#use == KeyUse::Checkpoint && key.retired.is_none())
        .map(|key| key.key.clone())
        .ok_or_else(|| Problem::internal("the registrar has no checkpoint key"))?;
    let issued_at = whole_seconds(app.now_ms());
    let bundle = Bundle {
        version: position,
        issued_at: issued_at.clone(),
        position,
        log: LogKey {
            origin: app.ledger.origin().into(),
            key,
            alg: "EdDSA".into(),
            hash: "SHA-256".into(),
        },
        witnesses: Vec::new(),
        quorum: 0,
        age_policy: AGE_POLICY,
        issuers,
    };
    let (kid, signer) = app.bundle_key();
    trust::sign(&bundle, kid, signer, &issued_at).map_err(Problem::internal)
}

fn issuer(app: &App, institution: &Institution) -> Option<Issuer> {
    let profile = institution.admitted.as_ref()?;
    let did = Did::new(&app.host, profile.number).to_string();
    let keys = institution.keys.iter().map(|key| IssuerKey {
        kid: format!("{did}#{}", key.fragment),
        key: key.key.clone(),
        r#use: key.r#use,
        custody: key.custody,
        activated: key.activated,
        retired: key.retired,
        not_valid_after: None,
    });
    Some(Issuer {
        id: profile.number,
        name: profile.name.clone(),
        custody: institution.custody(),
        suspended: None,
        status_required: true,
        disputed: Vec::new(),
        keys: keys.collect(),
        status: Vec::new(),
        did,
    })
}

/// Writes the bundle to a file, whole or not at all.
pub fn write(app: &App, path: &Path) -> Result<(), Problem> {
    let bundle = build(app)?;
    let text = serde_json::to_string_pretty(&bundle).map_err(Problem::internal)?;
    let next = path.with_extension("json.new");
    std::fs::write(&next, text.as_bytes()).map_err(Problem::internal)?;
    std::fs::rename(&next, path).map_err(Problem::internal)
}

/// RFC 3339, UTC, whole seconds.
fn whole_seconds(ms: i64) -> String {
    let text = format_ms(ms);
    text.split_once('.')
        .map_or(text.clone(), |(whole, _)| format!("{whole}Z"))
}
