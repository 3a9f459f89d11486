//! What is under way when the process is killed: outcomes by two doors, from several clients.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle};

use credentials::account::outcome::{Origin, outcome_id};
use credentials::account::record_outcome;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use ledger::assertion::{Draft, Kid, Seen};
use ledger::clock::{self, Clock as _, SystemClock};
use ledger::hash::Digest;
use ledger::key::{SigningKey, file as key_file};
use serde_json::{Value, json};
use tests::support::process::{Answer, Client};
use tests::support::said;
use uuid::Uuid;

/// Clients of each door.
const CLIENTS: usize = 2;

/// A 2xx that arrived whole: from here on the record must stand.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) assertion: Uuid,
    pub(super) position: u64,
    pub(super) receipt: String,
    pub(super) learner: Uuid,
    pub(super) record: String,
    /// The erasable title, where one was sent.
    pub(super) title: Option<String>,
    /// The bytes, where we signed them ourselves.
    pub(super) compact: Option<String>,
}

/// The people and keys of the load.
pub(super) struct Load {
    token: String,
    learners: Vec<Uuid>,
    institution: u32,
    origin: String,
    key: (Kid, SigningKey),
}

impl Load {
    pub(super) fn new(dir: &Path, demo: &Value) -> Self {
        let trust: Value =
            serde_json::from_slice(&std::fs::read(dir.join("trust.json")).unwrap()).unwrap();
        let file = demo["institution"]["key_file"].as_str().unwrap();
        let learners = demo["learners"].as_array().unwrap();
        Self {
            token: demo["tokens"]["institution"].as_str().unwrap().into(),
            learners: learners
                .iter()
                .take(10)
                .map(|learner| learner["id"].as_str().unwrap().parse().unwrap())
                .collect(),
            institution: u32::try_from(demo["institution"]["id"].as_u64().unwrap()).unwrap(),
            origin: trust["log"]["origin"].as_str().unwrap().into(),
            key: key_file::read(&dir.join(file)).unwrap(),
        }
    }

    pub(super) fn learners(&self) -> &[Uuid] {
        &self.learners
    }

    /// Clients that send until they are told to stop or nobody answers; what they were told.
    pub(super) fn start<'scope, 'env: 'scope>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        base: &str,
        kill: usize,
        stop: &Arc<AtomicBool>,
    ) -> Vec<ScopedJoinHandle<'scope, Vec<Acknowledged>>> {
        (0..2 * CLIENTS)
            .map(|number| {
                let client = Client::new(base, &self.token);
                let stop = Arc::clone(stop);
                scope.spawn(move || {
                    let mut told = Vec::new();
                    for n in 0.. {
                        if stop.load(Ordering::SeqCst) {
                            break;
                        }
                        let record = format!("K{kill}-{number}-{n}");
                        let learner = self.learners[(number + n) % self.learners.len()];
                        let said = if number < CLIENTS {
                            Self::by_json(&client, learner, &record)
                        } else {
                            self.by_own_key(&client, learner, &record)
                        };
                        match said {
                            Some(said) => told.push(said),
                            None => break,
                        }
                    }
                    told
                })
            })
            .collect()
    }

    /// `POST /v1/outcomes`: the platform signs, the title goes to the vault.
    fn by_json(client: &Client, learner: Uuid, record: &str) -> Option<Acknowledged> {
        let title = format!("数据结构 {record}");
        let body = json!({
            "learner": learner, "record": record, "kind": "course", "code": "CS101",
            "title": title, "credits": "2.0", "scheme": "cn-he", "level": "5",
            "category": "general", "grade": "85", "completed_on": "2026-06-30",
        });
        let answer = client.post(
            "/v1/outcomes",
            "application/json",
            body.to_string().as_bytes(),
        )?;
        Some(told(&answer, learner, record, Some(title), None))
    }

    /// `POST /v1/assertions`: signed with the institution's own key.
    fn by_own_key(&self, client: &Client, learner: Uuid, record: &str) -> Option<Acknowledged> {
        let seen = seen(&client.get("/log/checkpoint")?.text);
        let (kid, key) = &self.key;
        let awarder = IssuerNumber(self.institution);
        let origin = Origin {
            awarder,
            record: record.into(),
        };
        let data = record_outcome::Data {
            values: Commitments::default(),
            awarder,
            fields: said::course(),
            outcome: outcome_id(&origin, learner),
            person: learner,
            record: origin.record,
        };
        let now_ms = SystemClock.now_ms();
        let draft = Draft {
            id: clock::uuid_v7(now_ms),
            log: self.origin.clone(),
            kind: record_outcome::KIND.into(),
            at_ms: now_ms,
            seen,
            target: None,
            cause: None,
            act: None,
            data: serde_json::to_value(&data).unwrap(),
        };
        let assertion = draft.sign(kid, key).unwrap();
        let compact = assertion.text().to_owned();
        let answer = client.post("/v1/assertions", "application/jose", compact.as_bytes())?;
        Some(told(&answer, learner, record, None, Some(compact)))
    }
}

/// What an answer acknowledges. Anything but 201 to a good request would be a fault of its own.
fn told(
    answer: &Answer,
    learner: Uuid,
    record: &str,
    title: Option<String>,
    compact: Option<String>,
) -> Acknowledged {
    assert_eq!(answer.status, 201, "{record}: {}", answer.text);
    let body = answer.json();
    Acknowledged {
        assertion: body["assertion"].as_str().unwrap().parse().unwrap(),
        position: body["position"].as_u64().unwrap(),
        receipt: body["receipt"].as_str().unwrap().into(),
        learner,
        record: record.into(),
        title,
        compact,
    }
}

/// Size and root of a checkpoint's first lines.
fn seen(checkpoint: &str) -> Seen {
    let mut lines = checkpoint.lines().skip(1);
    let size = lines.next().unwrap().parse().unwrap();
    let root = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        lines.next().unwrap(),
    );
    Seen {
        root: Digest(root.unwrap().try_into().unwrap()),
        size,
    }
}
