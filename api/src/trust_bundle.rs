//! Building the trust bundle from the log, signed by the registrar's bundle key (STANDARDS §4).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use credentials::trust::{self, AgePolicy, Bundle, Issuer, IssuerKey, LogKey};
use identity::did::{Did, IssuerNumber};
use identity::institution::{Institution, KeyUse, succession};
use ledger::assertion::format_s;
use serde_json::Value;

use crate::app::App;
use crate::problem::Problem;

/// Hours of STANDARDS §4's example: under a day plain, over a week unknown.
const AGE_POLICY: AgePolicy = AgePolicy {
    plain_hours: 24,
    unknown_hours: 168,
};

/// How far bundles are dated back: a clock that is a little slow must not find itself before the bundle,
/// which is W50 (STANDARDS §13). Statuses look that much older than they are, never younger.
const DATED_BACK_MS: i64 = 5 * 60_000;

/// The signed bundle as of now.
pub fn build(app: &App) -> Result<Value, Problem> {
    let bundle = unsigned(app)?;
    let (kid, signer) = app.bundle_key();
    trust::sign(&bundle, kid, signer, &bundle.issued_at).map_err(Problem::internal)
}

/// The bundle as of now. Its version is the time in seconds: it rises also while nothing is written, so
/// that a reader can refresh the date of what has not changed.
pub fn unsigned(app: &App) -> Result<Bundle, Problem> {
    let (institutions, position) = app.views.institutions.all()?;
    let now_ms = app.now_ms();
    let issued_at = format_s(now_ms.saturating_sub(DATED_BACK_MS));
    let mut issuers = Vec::with_capacity(institutions.len());
    let by_number: HashMap<IssuerNumber, Arc<Institution>> = institutions
        .into_iter()
        .filter_map(|it| Some((it.admitted.as_ref()?.number, Arc::new(it))))
        .collect();
    let mut numbers: Vec<IssuerNumber> = by_number.keys().copied().collect();
    numbers.sort_unstable();
    for number in numbers {
        let it = &*succession::whole(number, |number| {
            let found = by_number.get(&number).cloned();
            found.ok_or_else(|| Problem::internal("a successor that was never admitted"))
        })?;
        if let Some(mut issuer) = issuer(app, it) {
            issuer.status = app.packed_lists(issuer.id, it, &issued_at)?;
            // What was repudiated is never to be confirmed again, whoever is offline.
            let in_doubt = it.disputed().and(&it.repudiated());
            let doubted = app.doubted_credentials(issuer.id, it)?;
            issuer.disputed = in_doubt.and(&doubted).as_slice().to_vec();
            issuers.push(issuer);
        }
    }
    let key = issuers
        .iter()
        .filter(|issuer| issuer.id == IssuerNumber::REGISTRAR)
        .flat_map(|issuer| &issuer.keys)
        .rfind(|key| key.r#use == KeyUse::Checkpoint && key.retired.is_none())
        .map(|key| key.key.clone())
        .ok_or_else(|| Problem::internal("the registrar has no checkpoint key"))?;
    Ok(Bundle {
        version: u64::try_from(now_ms.div_euclid(1_000)).unwrap_or_default(),
        issued_at,
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
    })
}

fn issuer(app: &App, institution: &Institution) -> Option<Issuer> {
    let profile = institution.admitted.as_ref()?;
    let did = Did::new(&app.host, profile.number).to_string();
    // A client key signs nothing that anybody verifies, and older verifiers know no such use.
    let shown = institution.keys.iter();
    let shown = shown.filter(|key| key.r#use != KeyUse::Client);
    let keys = shown.map(|key| IssuerKey {
        kid: format!("{did}#{}", key.fragment),
        key: key.key.clone(),
        r#use: key.r#use,
        custody: key.custody,
        activated: key.activated,
        retired: key.retired,
        not_valid_after: key.not_valid_after(),
    });
    Some(Issuer {
        id: profile.number,
        name: profile.name.clone(),
        custody: institution.custody(),
        // Also of one that ended since: until the registrar says otherwise nobody is to rely on it.
        suspended: institution.life.suspended.map(|by| by.position),
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
