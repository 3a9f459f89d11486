//! The open ledger behind the doors: everything a route may use.
//!
//! Invariant: opened once, under the data directory's lock; routes hold no rule of their own.

use std::sync::Arc;

use credentials::policy::{Adopted, Policy, preset};
use credentials::rulebook::{Refusal, Rulebook};
use identity::did::{Did, IssuerNumber};
use identity::institution::{Custody, Institution, KeyUse};
use identity::person::contact::Channel;
use jiff::civil::Date;
use ledger::assertion::Kid;
use ledger::clock::Clock;
use ledger::key::{SigningKey, file as key_file};
use ledger::log::{Log, Options};
use ledger::side::Side;
use ledger::side::sqlite::SqliteSide;
use ledger::store::Store;
use ledger::store::embedded::{self, EmbeddedStore};
use projections::Views;
use tokio::sync::Semaphore;

use crate::code::Codes;
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError, Lock};
use crate::doubt::Doubts;
use crate::flights::Flights;
use crate::genesis::{ASSERTION_KEY, BUNDLE_KEY, CHECKPOINT_KEY};
use crate::idempotency::Idempotency;
use crate::import::Jobs;
use crate::keystore::KeyStore;
use crate::master::files::Files;
use crate::master::{MasterKeyError, Masters};
use crate::metrics::Metrics;
use crate::notices::mail::{Smtp, SmtpError};
use crate::notices::sms::{Gateway, SmsError};
use crate::notices::{Carriers, Notices};
use crate::officers::uses::Uses;
use crate::problem::{Problem, Reason};
use crate::routes::web::Dist;
use crate::seal::SealKey;
use crate::sheets::Sheets;
use crate::sign_in::SignIn;
use crate::sign_in::native::Apps;
use crate::status_list::StatusLists;
use crate::token::Tokens;
use crate::transcript_cache::TranscriptCache;
use crate::tries::Tries;
use crate::vault::Vault;
use crate::verifier::{BundleHeld, Contents};

/// Pictures decoded at once: each takes a core and tens of megabytes.
const PICTURES_MAX: usize = 2;
/// Uploaded files that are read at once: each may take a few hundred MiB for a moment.
const FILES_MAX: usize = 2;
/// Streams of imports at once.
const FOLLOWED_MAX: usize = 128;

/// The log under our rules.
pub type Ledger = Log<Rulebook>;

/// Everything behind the doors.
pub struct App {
    /// Settings.
    pub config: Config,
    /// Where it all lies.
    pub dir: DataDir,
    /// The host that genesis fixed.
    pub host: String,
    /// The log.
    pub ledger: Arc<Ledger>,
    /// What we can see.
    pub views: Views,
    /// Personal values.
    pub vault: Arc<Vault>,
    /// Platform-kept signing keys.
    pub keystore: KeyStore,
    /// When it was opened, Unix milliseconds: what was under way before is no longer.
    pub(crate) opened_at_ms: i64,
    /// Submissions with values under way.
    pub flights: Flights,
    /// Access tokens.
    pub tokens: Tokens,
    /// What signing in needs beside them.
    pub sign_in: SignIn,
    /// When officers last signed in.
    pub officer_uses: Uses,
    /// Answers given before.
    pub idempotency: Idempotency,
    /// Imports and other state that is no fact.
    pub side: Arc<dyn Side>,
    /// Imports.
    pub jobs: Jobs,
    /// Seals uploaded files.
    pub(crate) uploads: SealKey,
    /// Signed and packed status lists.
    pub lists: StatusLists,
    /// Credentials that are in doubt.
    pub doubts: Doubts,
    /// The trust bundle that verification here relies on.
    pub bundle_held: BundleHeld,
    /// Digests of what credentials say.
    pub contents: Contents,
    /// Rendered transcripts.
    pub transcripts: TranscriptCache,
    /// The built front end.
    pub web: Dist,
    /// Counters.
    pub metrics: Metrics,
    /// Bounds the pictures that are decoded at once.
    pub pictures: Arc<Semaphore>,
    /// Bounds the uploaded files that are read at once.
    pub files: Arc<Semaphore>,
    /// Bounds the imports that are followed at once.
    pub followed: Arc<Semaphore>,
    /// Run by `xuefen demo`: `/login` takes a token from its address, and says so.
    pub demo: bool,
    /// Bounds the requests worked on at once.
    pub concurrency: Semaphore,
    /// Wrong secrets by source.
    pub tries: Tries,
    /// Learning codes and cards.
    pub codes: Codes,
    /// What people are told.
    pub notices: Notices,
    /// Recovery sheets.
    pub sheets: Sheets,
    /// Where the master keys are, and those in use.
    pub(crate) master_files: Files,
    pub(crate) masters: Masters,
    /// Held while keys are wrapped anew.
    pub(crate) rewrapping: std::sync::Mutex<()>,
    /// Held while erasures are carried out.
    pub(crate) erasing: std::sync::Mutex<()>,
    registrar: (Kid, Arc<SigningKey>),
    bundle: (Kid, SigningKey),
    _lock: Lock,
}

/// Why a ledger does not open.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The log's segments.
    #[error(transparent)]
    Store(#[from] embedded::OpenError),
    /// The log.
    #[error(transparent)]
    Log(#[from] ledger::log::OpenError),
    /// A provider's settings.
    #[error(transparent)]
    Provider(#[from] crate::sign_in::provider::BadProvider),
    /// A native app's settings.
    #[error(transparent)]
    NativeApp(#[from] crate::sign_in::native::BadApp),
    /// A key file.
    #[error(transparent)]
    Key(#[from] key_file::KeyFileError),
    /// A side store.
    #[error(transparent)]
    Side(#[from] ledger::side::SideError),
    /// The built front end cannot be read.
    #[error("the front end (server.web_dir) cannot be read: {0}")]
    Web(std::io::Error),
    /// The master key.
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
    /// What was erased could not be erased again.
    #[error(
        "what the log says was erased could not be kept out of this vault ({0}): put vault.db and vault-keys.db back and start again"
    )]
    NotForgotten(String),
    /// Mail cannot be sent as the settings say.
    #[error(transparent)]
    Mail(#[from] SmtpError),
    /// Messages cannot be sent as the settings say.
    #[error(transparent)]
    Sms(#[from] SmsError),
    /// The views.
    #[error(transparent)]
    Views(#[from] projections::follow::FollowError),
    /// The log has no first commit, or another one than genesis makes.
    #[error("the log under {0} does not begin with a genesis: {1}")]
    NoGenesis(std::path::PathBuf, String),
}

impl App {
    /// Opens the ledger of `config`, waiting until its views have caught up is the caller's choice.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let dir = DataDir::at(&config.ledger.data_dir);
        // Asked first: a wrong path must not become a directory.
        dir.require_ledger()?;
        let lock = dir.lock()?;
        dir.close_to_others()?;
        let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(
            &dir.log(),
            embedded::Options::default(),
        )?);
        let origin = origin_of(&dir, store.as_ref())?;
        let host = origin.split('/').next().unwrap_or_default().to_owned();
        let (_, checkpoint_key) = key_file::read(&dir.key(CHECKPOINT_KEY))?;
        let options = Options {
            streams_cached_max: config.ledger.streams_cached_max,
            queue_max: config.ledger.queue_max,
        };
        let log = Log::open(
            dir.root(),
            store,
            &origin,
            Rulebook,
            checkpoint_key,
            Arc::clone(&clock),
            options,
        )?;
        let ledger = Arc::new(log);
        let views = Views::open(
            dir.root(),
            Arc::clone(ledger.store()),
            Arc::clone(ledger.tail()),
        )?;
        let master_files = Files::of(dir.root());
        let masters = master_files.load()?;
        let keys: Arc<dyn Side> =
            Arc::new(SqliteSide::open(&dir.vault_keys(), Arc::clone(&clock))?);
        let values: Arc<dyn Side> = Arc::new(SqliteSide::open(&dir.vault(), Arc::clone(&clock))?);
        let side: Arc<dyn Side> = Arc::new(SqliteSide::open(&dir.side(), Arc::clone(&clock))?);
        let opened_at_ms = clock.now_ms();
        let keystore = KeyStore::new(Arc::clone(&keys), masters.clone());
        let vault = Vault::open(values, keys, masters.clone(), Arc::clone(&clock))?;
        // What lies beside the vault is under keys that a new master key does not change.
        let master = vault.root();
        let idempotency = Idempotency::new(Arc::clone(&side), master.clone(), Arc::clone(&clock));
        let codes = Codes::new(Arc::clone(&side), &master);
        let notices = Notices::new(Arc::clone(&side), &master, carriers(&config)?);
        let sheets = Sheets::new(Arc::clone(&side), &master);
        let uploads = master.sub_key("uploads");
        let apps = Apps::of(&config.apps)?;
        let sign_in = SignIn::new(&config.sign_in, apps, &host, &side, &master, &clock)?;
        let jobs = Jobs::new(Arc::clone(&side), master.sub_key("imports"));
        let (registrar_kid, registrar_key) = key_file::read(&dir.key(ASSERTION_KEY))?;
        let app = Self {
            registrar: (registrar_kid, Arc::new(registrar_key)),
            bundle: key_file::read(&dir.key(BUNDLE_KEY))?,
            vault: Arc::new(vault),
            tokens: Tokens::new(Arc::clone(&side), Arc::clone(&clock)),
            officer_uses: Uses::new(Arc::clone(&side), clock),
            sign_in,
            concurrency: Semaphore::new(config.server.concurrency_max),
            tries: Tries::default(),
            pictures: Arc::new(Semaphore::new(PICTURES_MAX)),
            flights: Flights::default(),
            opened_at_ms,
            files: Arc::new(Semaphore::new(FILES_MAX)),
            followed: Arc::new(Semaphore::new(FOLLOWED_MAX)),
            demo: false,
            codes,
            sheets,
            notices,
            erasing: std::sync::Mutex::default(),
            rewrapping: std::sync::Mutex::default(),
            master_files,
            masters,
            contents: Contents::default(),
            lists: StatusLists::default(),
            doubts: Doubts::default(),
            bundle_held: BundleHeld::default(),
            transcripts: TranscriptCache::default(),
            web: Dist::read(&config.server.web_dir).map_err(StartError::Web)?,
            metrics: Metrics::new(),
            jobs,
            uploads,
            keystore,
            idempotency,
            side,
            views,
            ledger,
            host,
            config,
            dir,
            _lock: lock,
        };
        app.officer_uses.begin()?;
        // Ahead of any door: a restored copy must not bring anybody back.
        app.forget_again().map_err(|problem| {
            StartError::NotForgotten(problem.internal.unwrap_or_default().into())
        })?;
        Ok(app)
    }

    /// Now, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.ledger.clock().now_ms()
    }

    /// Today, as the rules count days.
    pub fn today(&self) -> Date {
        identity::date::day_of(self.now_ms())
    }

    /// The policy in force today.
    pub fn policy(&self) -> Result<&'static Policy, Problem> {
        let stream = Adopted::stream(preset::DEFAULT);
        let adopted = self.ledger.state::<Adopted>(&stream)?;
        let policy = adopted.in_force(self.today());
        policy.map_err(|error| Refusal::from(error).into())
    }

    /// The key with which the platform signs for `issuer`; the registrar's own for number 0.
    pub fn signer(&self, issuer: IssuerNumber) -> Result<(Kid, Arc<SigningKey>), Problem> {
        if issuer == IssuerNumber::REGISTRAR {
            return Ok(self.registrar.clone());
        }
        let institution = self.ledger.state::<Institution>(&issuer.stream())?;
        if institution.admitted.is_none() {
            return Err(Problem::of(Reason::InstitutionUnknown));
        }
        if institution.life.ended.is_some() {
            return Err(Problem::of(Reason::InstitutionEnded));
        }
        self.kept_key(&institution, issuer, KeyUse::Assertion)?
            .ok_or(Problem::of(Reason::SignItYourself))
    }

    /// The kept key of this name.
    pub fn signer_named(&self, kid: &Kid) -> Result<Arc<SigningKey>, Problem> {
        if *kid == self.registrar.0 {
            return Ok(Arc::clone(&self.registrar.1));
        }
        let kept = self.keystore.signer(kid)?;
        kept.ok_or(Problem::of(Reason::SignItYourself))
    }

    /// The newest key of `issuer` for `use` that the platform keeps, and has.
    pub fn kept_key(
        &self,
        institution: &Institution,
        issuer: IssuerNumber,
        r#use: KeyUse,
    ) -> Result<Option<(Kid, Arc<SigningKey>)>, Problem> {
        let did = Did::new(&self.host, issuer);
        let kept = institution.keys.iter().rev().filter(|key| {
            key.r#use == r#use && key.custody == Custody::Platform && key.retired.is_none()
        });
        for key in kept {
            if let Some(kid) = did.kid(&key.fragment)
                && let Some(signer) = self.keystore.signer(&kid)?
            {
                return Ok(Some((kid, signer)));
            }
        }
        Ok(None)
    }

    /// The registrar's key for the trust bundle.
    pub fn bundle_key(&self) -> (&Kid, &SigningKey) {
        (&self.bundle.0, &self.bundle.1)
    }

    /// Stops the writer and the views; what was acknowledged is on disk.
    pub fn close(&self) {
        self.ledger.close();
        self.views.follower.stop();
    }
}

/// What carries notices out of the house, as far as the settings name it.
fn carriers(config: &Config) -> Result<Carriers, StartError> {
    let mut carriers = Carriers::new();
    if !config.smtp.host.is_empty() {
        carriers.push((Channel::Email, Arc::new(Smtp::new(&config.smtp)?)));
    }
    if !config.sms.url.is_empty() {
        carriers.push((Channel::Sms, Arc::new(Gateway::new(&config.sms)?)));
    }
    Ok(carriers)
}

/// The origin that the first commit states.
fn origin_of(dir: &DataDir, store: &dyn Store) -> Result<String, StartError> {
    let none = |what: String| StartError::NoGenesis(dir.root().into(), what);
    let record = store
        .read(0, 1)
        .map_err(|error| none(error.to_string()))?
        .into_iter()
        .next()
        .ok_or_else(|| {
            none("it is empty; remove the directory and run `xuefen init` again".into())
        })?;
    let commit =
        ledger::commit::Commit::decode(&record.leaf).map_err(|error| none(error.to_string()))?;
    Ok(commit.log.into())
}
