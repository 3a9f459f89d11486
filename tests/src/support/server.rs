//! A ledger that answers over real HTTP: its own directory, thread, runtime and clock.
//!
//! Invariant: the clock stands still until a test moves it, and everything that happens, happens
//! through a door; only genesis and the tokens are made behind them. Dropping it stops the server.

pub mod answer;
pub mod hand;
mod province;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use api::app::App;
use api::config::Config;
use api::data_dir::DataDir;
use api::genesis::{self, Genesis};
use api::server;
use api::token::Grant;
use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::clock::{Clock, FixedClock};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use uuid::Uuid;

pub use answer::Answer;
pub use hand::Hand;
pub use province::{Officer, School, resident_id};

use super::asking::{HOST, NOON_MS};

/// The longest that genesis may take to be seen.
const FOLDED_MAX: Duration = Duration::from_mins(1);

/// A running server and who may ask it.
pub struct Stand {
    /// The open ledger, to look behind the doors.
    pub app: Arc<App>,
    /// Its time.
    pub clock: Arc<FixedClock>,
    /// The first registrar.
    pub registrar: Officer,
    /// The second registrar.
    pub registrar2: Officer,
    /// The system administrator.
    pub system: Officer,
    /// The security administrator.
    pub security: Officer,
    /// The audit administrator.
    pub audit: Officer,
    /// Institutions admitted through the doors, the first being number 1.
    pub schools: Vec<School>,
    dir: TempDir,
    base: String,
    agent: ureq::Agent,
    still: ureq::Agent,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

impl Stand {
    /// A province with a second registrar and two schools; school 1 also holds a key of its own.
    pub fn open() -> Self {
        Self::with(Config::default())
    }

    /// As [`Stand::open`], with other settings.
    pub fn with(config: Config) -> Self {
        let mut stand = Self::bare(config, "127.0.0.1:0");
        stand.appoint_second_registrar();
        let first = stand.admit("浙江大学", "4133010335", None);
        let second = stand.admit("宁波大学", "4133011646", None);
        stand.schools = vec![first, second];
        stand
    }

    /// A ledger just born, listening on `listen`: four officers and nobody else.
    pub fn bare(mut config: Config, listen: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FixedClock::at(NOON_MS));
        let time: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let data_dir = DataDir::at(dir.path().join("ledger"));
        let lock = data_dir.lock().expect("a free directory");
        let genesis = genesis::make(&data_dir, HOST, genesis::REGISTRAR_NAME, &time);
        let genesis = genesis.expect("genesis");
        drop(lock);
        config.ledger.data_dir = data_dir.root().into();
        config.sign_in.bearer_tokens = true;
        let app = Arc::new(App::open(config, time).expect("the ledger opens"));
        let last = app.ledger.head().size - 1;
        let folded = app.views.follower.wait_for(last, FOLDED_MAX);
        folded.expect("genesis is folded");
        let officer = |role: Role| officer_of(&app, &genesis, role);
        let (stop, stopped) = watch::channel(false);
        let (address, serving) = serve(Arc::clone(&app), listen, stopped);
        Self {
            registrar: officer(Role::Registrar),
            registrar2: officer(Role::Registrar),
            system: officer(Role::System),
            security: officer(Role::Security),
            audit: officer(Role::Audit),
            schools: Vec::new(),
            base: format!("http://{address}"),
            // A connection the server closed while nobody used it would fail a POST, which is never sent twice.
            agent: ureq::Agent::config_builder()
                .max_idle_connections(0)
                .http_status_as_error(false)
                .build()
                .new_agent(),
            still: ureq::Agent::config_builder()
                .max_idle_connections(0)
                .http_status_as_error(false)
                .max_redirects(0)
                .build()
                .new_agent(),
            serving: Some(serving),
            app,
            clock,
            dir,
            stop,
        }
    }

    /// Stops the ledger and opens a copy of its directory, which `before` may change on the disk and
    /// `after` in the program before it serves.
    pub fn reopen(&mut self, before: impl FnOnce(&Path), after: impl FnOnce(&mut App)) {
        self.ask_to_stop();
        self.wait_for_end();
        let to = self
            .dir
            .path()
            .join(format!("again-{}", ledger::clock::uuid_v4()));
        copy(self.app.dir.root(), &to);
        before(&to);
        let mut config = self.app.config.clone();
        config.ledger.data_dir = to;
        let time: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let mut app = App::open(config, time).expect("the ledger opens");
        after(&mut app);
        self.app = Arc::new(app);
        let (stop, stopped) = watch::channel(false);
        let (address, serving) = serve(Arc::clone(&self.app), "127.0.0.1:0", stopped);
        self.base = format!("http://{address}");
        self.serving = Some(serving);
        self.stop = stop;
    }

    /// Where it listens, with `http://`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The directory of everything this ledger keeps.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Moves the clock on.
    pub fn pass(&self, ms: i64) {
        self.clock.set(self.clock.now_ms() + ms);
    }

    /// A token for `person` in `role`.
    pub fn token(&self, person: Uuid, role: Role, institution: Option<u32>) -> String {
        token(&self.app, person, role, institution)
    }

    /// Asks the server to stop and does not wait.
    pub fn ask_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the server, asked to stop, has drained.
    pub fn wait_for_end(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.join().expect("the server ended well");
        }
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.ask_to_stop();
        if let Some(serving) = self.serving.take() {
            // A second panic while a test fails would hide what the first one said.
            let _ended = serving.join();
        }
    }
}

/// Copies everything under `from`.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a new directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

fn token(app: &App, person: Uuid, role: Role, institution: Option<u32>) -> String {
    let grant = Grant {
        role,
        person,
        institution: institution.map(IssuerNumber),
        expires_at_ms: None,
        label: "test".into(),
    };
    let token = app.tokens.create(&grant).expect("a token");
    (*token).clone()
}

fn officer_of(app: &App, genesis: &Genesis, role: Role) -> Officer {
    let mut officers = genesis.officers.iter();
    let found = officers.find(|(held, _)| *held == role);
    let person = found.expect("genesis names this officer").1;
    Officer {
        token: token(app, person, role, None),
        person,
    }
}

/// Serves from a thread of its own; answers once it listens.
fn serve(
    app: Arc<App>,
    listen: &str,
    stopped: watch::Receiver<bool>,
) -> (SocketAddr, JoinHandle<()>) {
    let listen: SocketAddr = listen.parse().expect("an address");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener: TcpListener = runtime.block_on(server::bind(listen)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = std::thread::spawn(move || {
        let ended = runtime.block_on(server::serve(app, listener, stopped));
        ended.expect("the server ends well");
    });
    (address, serving)
}
