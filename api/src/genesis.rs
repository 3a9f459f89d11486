//! Genesis: keys, the registrar, four first officers, the first commit (SECURITY §5).
//!
//! Invariant: made once, in an empty directory; the first commit carries its own key.
//! A crash in between leaves a directory without `log/head`, which is removed and begun again.

use std::sync::Arc;

use credentials::policy::preset;
use credentials::rulebook::{Rulebook, open_log};
use identity::did::{Did, IssuerNumber, origin};
use identity::institution::{Custody, KeyUse};
use identity::role::Role;
use ledger::assertion::{Act, By, Draft, Kid, Seen};
use ledger::clock::{self, Clock};
use ledger::key::{SigningKey, file as key_file};
use ledger::log::{Log, Options};
use ledger::merkle;
use ledger::store::embedded::{self, EmbeddedStore};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::data_dir::DataDir;
use crate::recovery;

/// The registrar's name in a ledger that nobody named.
pub const REGISTRAR_NAME: &str = "浙江省终身教育学分银行";
/// Names of the registrar's four keys.
pub const ASSERTION_KEY: &str = "registrar-1";
/// Signs the trust bundle.
pub const BUNDLE_KEY: &str = "registrar-bundle-1";
/// Signs facts that only time causes.
pub const LEDGER_KEY: &str = "ledger-1";
/// Signs checkpoints.
pub const CHECKPOINT_KEY: &str = "checkpoint-1";

/// Declares a compromise; only its printed shares hold it.
pub const RECOVERY_KEY: &str = "registrar-recovery-1";

/// What genesis made, to be shown once.
#[derive(Debug)]
pub struct Genesis {
    /// The host, fixed for ever.
    pub host: String,
    /// The log's origin.
    pub origin: String,
    /// The first officers.
    pub officers: Vec<(Role, Uuid)>,
    /// Multikey of the registrar's bundle key: what a verifier pins.
    pub bundle_key: String,
    /// Multikey of the key that signed the first commit.
    pub assertion_key: String,
    /// Three shares, two of which rebuild the registrar's recovery key; never stored.
    pub recovery_shares: Vec<String>,
}

/// Why genesis failed.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The host is no plain host name.
    #[error("{0:?} is no host: give it as xf.example.org or xf.example.org:8443, without https://")]
    Host(String),
    /// The directory.
    #[error(transparent)]
    DataDir(#[from] crate::data_dir::DataDirError),
    /// Anything below; nothing was acknowledged.
    #[error("genesis failed: {0}; remove the directory and try again")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> GenesisError {
    GenesisError::Failed(Box::new(error))
}

/// Whether `host` can stand in a DID, an origin and an address.
pub fn is_host(host: &str) -> bool {
    let (name, port) = host
        .split_once(':')
        .map_or((host, None), |(name, port)| (name, Some(port)));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.len() <= 200
        && name.split('.').all(label)
        && port.is_none_or(|port| {
            port.parse::<u16>()
                .is_ok_and(|n| n > 0 && n.to_string() == port)
        })
}

/// Makes the ledger of `host` in `dir`, which must be empty and locked by the caller.
pub fn make(
    dir: &DataDir,
    host: &str,
    name: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Genesis, GenesisError> {
    dir.require_empty()?;
    make_in(dir, host, name, clock)
}

/// As [`make`], in a directory that the caller knows to hold nothing of a ledger.
pub fn make_in(
    dir: &DataDir,
    host: &str,
    name: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Genesis, GenesisError> {
    if !is_host(host) {
        return Err(GenesisError::Host(host.into()));
    }
    let did = Did::new(host, IssuerNumber::REGISTRAR);
    let keys = [
        (ASSERTION_KEY, KeyUse::Assertion),
        (BUNDLE_KEY, KeyUse::Bundle),
        (LEDGER_KEY, KeyUse::Ledger),
        (CHECKPOINT_KEY, KeyUse::Checkpoint),
    ];
    dir.close_to_others()?;
    make_private(&dir.keys()).map_err(failed)?;
    let mut made = Vec::with_capacity(keys.len());
    for (fragment, r#use) in keys {
        let kid = did
            .kid(fragment)
            .ok_or_else(|| GenesisError::Host(host.into()))?;
        let key = SigningKey::generate();
        key_file::write(&dir.key(fragment), &kid, &key).map_err(failed)?;
        made.push((fragment, r#use, kid, key));
    }
    // The recovery key is never written down here: its seed leaves in three printed shares.
    let recovery_seed = Zeroizing::new(clock::random::<32>());
    let kid = did
        .kid(RECOVERY_KEY)
        .ok_or_else(|| GenesisError::Host(host.into()))?;
    made.push((
        RECOVERY_KEY,
        KeyUse::Recovery,
        kid,
        SigningKey::from_seed(&recovery_seed),
    ));
    let officers: Vec<(Role, Uuid)> = [Role::Registrar, Role::System, Role::Security, Role::Audit]
        .into_iter()
        .map(|role| (role, clock::uuid_v4()))
        .collect();
    let policy = preset::newest(preset::DEFAULT).map_err(failed)?;
    let data = open_log::Data {
        keys: made
            .iter()
            .map(|(fragment, r#use, _, key)| open_log::Key {
                custody: Custody::Own,
                fragment: (*fragment).into(),
                key: key.public(),
                r#use: *r#use,
            })
            .collect(),
        name: name.into(),
        officers: officers
            .iter()
            .map(|(role, person)| open_log::Officer {
                person: *person,
                role: *role,
            })
            .collect(),
        policy: policy.reference(),
    };
    let origin = origin(host, 1);
    commit(dir, &origin, &data, &made, &officers, clock)?;
    let public = |wanted: KeyUse| {
        made.iter()
            .find(|(_, r#use, ..)| *r#use == wanted)
            .map(|(.., key)| key.public().multikey())
            .unwrap_or_default()
    };
    Ok(Genesis {
        host: host.into(),
        origin,
        officers,
        bundle_key: public(KeyUse::Bundle),
        assertion_key: public(KeyUse::Assertion),
        recovery_shares: recovery::split(&recovery_seed),
    })
}

type Made = (&'static str, KeyUse, Kid, SigningKey);

/// Signs and appends the first commit.
fn commit(
    dir: &DataDir,
    origin: &str,
    data: &open_log::Data,
    made: &[Made],
    officers: &[(Role, Uuid)],
    clock: &Arc<dyn Clock>,
) -> Result<(), GenesisError> {
    let seed_of = |fragment: &str| key_file::read(&dir.key(fragment)).map_err(failed);
    let (_, checkpoint_key) = seed_of(CHECKPOINT_KEY)?;
    let now_ms = clock.now_ms();
    let act = officers.first().map(|(role, person)| Act {
        by: By::Token,
        on_behalf_of: None,
        person: *person,
        role: role.to_string(),
    });
    let draft = Draft {
        id: clock::uuid_v7(now_ms),
        log: origin.into(),
        kind: open_log::KIND.into(),
        at_ms: now_ms,
        seen: Seen {
            root: merkle::empty_root(),
            size: 0,
        },
        target: None,
        cause: None,
        act,
        data: serde_json::to_value(data).map_err(failed)?,
    };
    let Some((_, _, kid, key)) = made
        .iter()
        .find(|(_, r#use, ..)| *r#use == KeyUse::Assertion)
    else {
        return Err(GenesisError::Host(origin.into()));
    };
    let assertion = draft.sign(kid, key).map_err(failed)?;
    let store = EmbeddedStore::open(&dir.log(), embedded::Options::default()).map_err(failed)?;
    let log = Log::open(
        dir.root(),
        Arc::new(store),
        origin,
        Rulebook,
        checkpoint_key,
        Arc::clone(clock),
        Options::default(),
    )
    .map_err(failed)?;
    let submission = log.check_parsed(assertion).map_err(failed)?;
    log.submit_blocking(submission).map_err(failed)?;
    log.close();
    Ok(())
}

/// A directory only its owner can enter.
fn make_private(path: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
