//! A real ledger under a real `App`, made as the demo makes it, and what an institution signs for it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::app::App;
use api::config::Config;
use api::data_dir::DataDir;
use api::demo::load;
use api::demo::province::Province;
use api::demo::summary::Summary;
use api::{genesis, server};
use credentials::account::outcome::{Origin, outcome_id};
use credentials::account::record_outcome;
use identity::did::IssuerNumber;
use identity::erasable::{Commitments, Disclosure};
use ledger::assertion::{Assertion, Draft, Kid, Seen};
use ledger::clock::{self, Clock, SystemClock};
use ledger::key::{SigningKey, file as key_file};
use tests::support::said;
use uuid::Uuid;

/// An open ledger and the key of one institution.
pub(crate) struct Land {
    pub(crate) app: Arc<App>,
    pub(crate) summary: Summary,
    key: (Kid, SigningKey),
    next: u64,
}

/// Settings of a ledger in `dir`.
pub(crate) fn config(dir: &Path) -> Config {
    let mut config = Config::default();
    config.ledger.data_dir = dir.into();
    // The client has plain tokens, as the demo's have them.
    config.sign_in.bearer_tokens = true;
    config
}

impl Land {
    /// Genesis, institutions and `learners` persons in `dir`.
    pub(crate) fn make(runtime: &tokio::runtime::Runtime, dir: &Path, learners: usize) -> Self {
        let data = DataDir::at(dir);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let genesis =
            genesis::make(&data, "xf.example.org", genesis::REGISTRAR_NAME, &clock).unwrap();
        let province = Province::generate(1, learners, learners).unwrap();
        let app = Arc::new(App::open(config(dir), clock).unwrap());
        let loading = load::load(&app, &genesis, &province, "http://bench", &|_, _, _| {});
        let summary = runtime
            .block_on(loading)
            .unwrap_or_else(|problem| panic!("{}", problem.detail.en));
        let key = key_file::read(&dir.join(&summary.institution.key_file)).unwrap();
        Self {
            app,
            summary,
            key,
            next: 0,
        }
    }

    pub(crate) fn kid(&self) -> &Kid {
        &self.key.0
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.key.1
    }

    /// The `n`th learner, again and again.
    pub(crate) fn learner(&self, n: u64) -> Uuid {
        let learners = &self.summary.learners;
        learners[usize::try_from(n % learners.len() as u64).unwrap()].id
    }

    /// What this institution signs next: a new outcome with `titles` erasable values.
    pub(crate) fn sign(&mut self, seen: Seen, values: usize) -> (Assertion, Vec<Disclosure>) {
        let (draft, disclosures) = self.draft(seen, values);
        (draft.sign(&self.key.0, &self.key.1).unwrap(), disclosures)
    }

    /// As [`Land::sign`], not yet signed.
    pub(crate) fn draft(&mut self, seen: Seen, values: usize) -> (Draft, Vec<Disclosure>) {
        let n = self.next;
        self.next += 1;
        let learner = self.learner(n);
        let names = ["title", "grade", "teacher", "place"];
        let disclosures: Vec<Disclosure> = names[..values]
            .iter()
            .map(|name| Disclosure::new(clock::random(), name, format!("{name} {n}").into()))
            .collect();
        let digests = disclosures.iter().map(Disclosure::digest).collect();
        let awarder = IssuerNumber(self.summary.institution.id);
        let origin = Origin {
            awarder,
            record: format!("B-{n}"),
        };
        let data = record_outcome::Data {
            values: Commitments::of(digests).unwrap(),
            awarder,
            fields: said::course(),
            outcome: outcome_id(&origin, learner),
            person: learner,
            record: origin.record,
        };
        let now_ms = self.app.now_ms();
        let draft = Draft {
            id: clock::uuid_v7(now_ms),
            log: self.app.ledger.origin().into(),
            kind: record_outcome::KIND.into(),
            at_ms: now_ms,
            seen,
            target: None,
            cause: None,
            act: None,
            data: serde_json::to_value(&data).unwrap(),
        };
        (draft, disclosures)
    }

    /// Serves the doors of `xuefen serve` on a free port, until the runtime ends.
    pub(crate) fn serve(&self, runtime: &tokio::runtime::Runtime) -> SocketAddr {
        let router = server::router(&self.app);
        runtime.block_on(async move {
            let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            address
        })
    }

    /// Waits until the views have everything.
    pub(crate) fn settle(&self) {
        if let Some(last) = self.app.ledger.head().size.checked_sub(1) {
            self.app
                .views
                .follower
                .wait_for(last, Duration::from_mins(20))
                .unwrap();
        }
    }
}
