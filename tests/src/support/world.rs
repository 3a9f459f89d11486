//! A small province over a real log: genesis, institutions, persons, outcomes, in signed assertions.
//!
//! Whatever is written here goes through `Log::check` and the sequencer, as a client's would.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use credentials::account::outcome::{Fields, Origin, outcome_id};
use credentials::account::{Account, correct_outcome, record_outcome, revoke_outcome, wire};
use credentials::policy::preset;
use credentials::rulebook::{Refusal, Rulebook, open_log};
use identity::approval;
use identity::did::{Did, IssuerNumber, origin};
use identity::erasable::{Disclosure, SALT_BYTES};
use identity::institution::registry::Registry;
use identity::institution::{activate_key, admit, retire_key};
use identity::officer::appoint;
use identity::person::register;
use ledger::assertion::{Act, Assertion, By, Draft, Kid, Target};
use ledger::batch::{self, Batch};
use ledger::clock::{Clock as _, FixedClock, uuid_v8};
use ledger::execute::{BatchError, ExecuteError};
use ledger::hash::Digest;
use ledger::key::SigningKey;
use ledger::log::{Log, Options};
use ledger::sequencer::{Answer, BatchAnswer, Submission};
use ledger::store::Store;
use ledger::store::memory::MemoryStore;
use serde_json::{Value, json};
use uuid::Uuid;

/// Host of the world's log.
pub const HOST: &str = "xf.example.org";
/// When the world begins: 2026-11-22T00:00:00Z.
pub const START_MS: i64 = 1_795_305_600_000;

/// What a refused submission comes to.
pub type Refused = ExecuteError<Refusal>;

/// The persons who act for the registrar and the province.
#[derive(Debug, Clone, Copy)]
pub struct Officers {
    /// Two registrars: who proposes, who approves.
    pub registrars: [Uuid; 2],
    /// 系统管理员.
    pub system: Uuid,
    /// 安全管理员.
    pub security: Uuid,
    /// 审计管理员.
    pub audit: Uuid,
}

/// A log with a registrar, and the private keys of everybody in it.
pub struct World {
    /// The log.
    pub log: Log<Rulebook>,
    /// Its clock; moves a second with every draft.
    pub clock: Arc<FixedClock>,
    /// Who acts for the province.
    pub officers: Officers,
    /// The two officers of each institution.
    pub staff: BTreeMap<IssuerNumber, [Uuid; 2]>,
    keys: BTreeMap<IssuerNumber, (Kid, SigningKey)>,
    drafts: u64,
    seed: u64,
}

/// The key of this name in every world.
pub fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(&Digest::of(name.as_bytes()).0)
}

/// The name of an institution's key.
pub fn kid(issuer: IssuerNumber, fragment: &str) -> Kid {
    Did::new(HOST, issuer).kid(fragment).unwrap()
}

/// `act` of a person with a passkey.
pub fn act(person: Uuid, role: &str) -> Act {
    Act {
        by: By::Passkey,
        on_behalf_of: None,
        person,
        role: role.into(),
    }
}

/// A course of 2 credits and 32 hours, passed in the summer of 2026.
pub fn course() -> Fields {
    serde_json::from_value(json!({
        "category": "general", "code": "C-101", "completed_on": "2026-06-30", "credits": "2", "hours": "32",
        "kind": "course", "level": "5", "passed": true, "scheme": "cn-he",
    }))
    .unwrap()
}

impl World {
    /// A world in memory.
    pub fn new(directory: &Path) -> Self {
        Self::over(directory, Arc::new(MemoryStore::new()), 0)
    }

    /// A world over `store`, which is empty; worlds of one seed and one course of events are equal.
    pub fn over(directory: &Path, store: Arc<dyn Store>, seed: u64) -> Self {
        let clock = Arc::new(FixedClock::at(START_MS));
        let log = Log::open(
            directory,
            store,
            &origin(HOST, 1),
            Rulebook,
            key("checkpoint"),
            Arc::clone(&clock) as _,
            Options::default(),
        )
        .unwrap();
        let person = |name: &str| random_person(seed, name);
        let officers = Officers {
            registrars: [person("registrar"), person("registrar2")],
            system: person("system"),
            security: person("security"),
            audit: person("audit"),
        };
        let registrar = (kid(IssuerNumber::REGISTRAR, "a1"), key("registrar"));
        let mut world = Self {
            log,
            clock,
            officers,
            staff: BTreeMap::new(),
            keys: BTreeMap::from([(IssuerNumber::REGISTRAR, registrar)]),
            drafts: 0,
            seed,
        };
        world.genesis();
        world
    }

    fn genesis(&mut self) {
        let policy = preset::newest(preset::DEFAULT).unwrap().reference();
        let key_of = |fragment: &str, r#use: &str, name: &str| json!({"custody": "own", "fragment": fragment, "key": key(name).public(), "use": r#use});
        let of = self.officers;
        let data = json!({
            "keys": [
                key_of("a1", "assertion", "registrar"), key_of("b1", "bundle", "bundle"),
                key_of("l1", "ledger", "ledger"), key_of("c1", "checkpoint", "checkpoint"),
                key_of("r1", "recovery", "recovery"),
            ],
            "name": "浙江省学分银行",
            "officers": [
                {"person": of.registrars[0], "role": "registrar"}, {"person": of.system, "role": "system"},
                {"person": of.security, "role": "security"}, {"person": of.audit, "role": "audit"},
            ],
            "policy": policy,
        });
        let opening = self.draft(open_log::KIND, data);
        self.submit(IssuerNumber::REGISTRAR, &opening).unwrap();
        // While there is one registrar, the three administrators together appoint the second.
        let appointment = json!({"person": of.registrars[1], "role": "registrar"});
        let draft = self.draft_by(appoint::KIND, appointment, act(of.security, "security"));
        let proposal = self.submit(IssuerNumber::REGISTRAR, &draft).unwrap();
        let target = target(&proposal);
        for (person, role) in [(of.system, "system"), (of.audit, "audit")] {
            self.approve(IssuerNumber::REGISTRAR, target, act(person, role))
                .unwrap();
        }
    }

    /// An unsigned assertion with a fresh id, a second later than the last one.
    pub fn draft(&mut self, kind: &str, data: Value) -> Draft {
        self.drafts += 1;
        self.clock.set(self.clock.now_ms() + 1_000);
        Draft {
            id: uuid_v8(
                "world/draft",
                &[&self.seed.to_be_bytes(), &self.drafts.to_be_bytes()],
            ),
            log: self.log.origin().into(),
            kind: kind.into(),
            at_ms: self.clock.now_ms(),
            seen: self.log.seen(),
            target: None,
            cause: None,
            act: None,
            data,
        }
    }

    /// The same with somebody who acts.
    pub fn draft_by(&mut self, kind: &str, data: Value, act: Act) -> Draft {
        Draft {
            act: Some(act),
            ..self.draft(kind, data)
        }
    }

    /// Signs a draft as `issuer`.
    pub fn sign(&self, issuer: IssuerNumber, draft: &Draft) -> Assertion {
        let (kid, key) = &self.keys[&issuer];
        draft.sign(kid, key).unwrap()
    }

    /// Signs these drafts as one batch of `issuer`.
    pub fn batch(&mut self, issuer: IssuerNumber, drafts: &[Draft]) -> Batch {
        let envelope = self.draft(batch::KIND, Value::Null);
        let (kid, key) = &self.keys[&issuer];
        let members = drafts.iter().map(|draft| draft.member(kid).unwrap());
        Batch::sign(envelope, members.collect(), kid, key).unwrap()
    }

    /// Signs these drafts as one batch of `issuer` and submits it.
    pub fn submit_batch(
        &mut self,
        issuer: IssuerNumber,
        drafts: &[Draft],
    ) -> Result<BatchAnswer, BatchError<Refusal>> {
        let batch = self.batch(issuer, drafts);
        self.send_batch(batch)
    }

    /// Submits a batch.
    pub fn send_batch(&self, batch: Batch) -> Result<BatchAnswer, BatchError<Refusal>> {
        let queued = self.log.enqueue_batch(self.log.check_batch(batch)?)?;
        queued.blocking_recv().unwrap()
    }

    /// Signs a draft as `issuer` and submits it.
    pub fn submit(&self, issuer: IssuerNumber, draft: &Draft) -> Result<Answer, Refused> {
        let assertion = self.sign(issuer, draft);
        self.log.submit_blocking(self.log.check(assertion.text())?)
    }

    /// Approves a proposal.
    pub fn approve(
        &mut self,
        issuer: IssuerNumber,
        target: Target,
        act: Act,
    ) -> Result<Answer, Refused> {
        self.answer(issuer, target, act, "approve")
    }

    /// Rejects a proposal.
    pub fn reject(
        &mut self,
        issuer: IssuerNumber,
        target: Target,
        act: Act,
    ) -> Result<Answer, Refused> {
        self.answer(issuer, target, act, "reject")
    }

    fn answer(
        &mut self,
        issuer: IssuerNumber,
        target: Target,
        act: Act,
        decision: &str,
    ) -> Result<Answer, Refused> {
        let draft = self.draft_by(approval::decide::KIND, json!({"decision": decision}), act);
        self.submit(
            issuer,
            &Draft {
                target: Some(target),
                ..draft
            },
        )
    }

    /// Proposes to admit the next institution, with a key of its own named `k1`; says its number.
    pub fn propose_institution(&mut self, name: &str, school_code: &str) -> (IssuerNumber, Answer) {
        let registry = self.log.state::<Registry>(&Registry::stream()).unwrap();
        let number = registry.next();
        let next = number.0;
        let staff = ["1", "2"].map(|n| random_person(self.seed, &format!("staff {next} {n}")));
        let private = key(&format!("institution {next} k1"));
        let data = json!({
            "key": {"custody": "own", "fragment": "k1", "key": private.public()},
            "level": "school", "name": name, "number": next, "officers": staff, "school_code": school_code,
            "scope": ["course", "training", "elder_course"],
        });
        let draft = self.draft_by(
            admit::KIND,
            data,
            act(self.officers.registrars[0], "registrar"),
        );
        let proposal = self.submit(IssuerNumber::REGISTRAR, &draft).unwrap();
        self.keys.insert(number, (kid(number, "k1"), private));
        self.staff.insert(number, staff);
        (number, proposal)
    }

    /// Admits the next institution: one registrar proposes, the other approves.
    pub fn admit(&mut self, name: &str, school_code: &str) -> IssuerNumber {
        let (number, proposal) = self.propose_institution(name, school_code);
        let second = act(self.officers.registrars[1], "registrar");
        self.approve(IssuerNumber::REGISTRAR, target(&proposal), second)
            .unwrap();
        number
    }

    /// Two registrars say what becomes of an institution.
    pub fn govern(&mut self, kind: &str, data: serde_json::Value) {
        let [first, second] = [0, 1].map(|n| act(self.officers.registrars[n], "registrar"));
        let draft = self.draft_by(kind, data, first);
        let proposal = self.submit(IssuerNumber::REGISTRAR, &draft).unwrap();
        self.approve(IssuerNumber::REGISTRAR, target(&proposal), second)
            .unwrap();
    }

    /// Activates another key of `issuer` and retires the one it signed with until now.
    pub fn rotate_key(&mut self, issuer: IssuerNumber, fragment: &str) {
        let private = key(&format!("institution {issuer} {fragment}"));
        let data = json!({"custody": "own", "fragment": fragment, "institution": issuer, "key": private.public(),
            "use": "assertion"});
        let activation = self.draft(activate_key::KIND, data);
        self.submit(issuer, &activation).unwrap();
        let (old, _) = self
            .keys
            .insert(issuer, (kid(issuer, fragment), private))
            .unwrap();
        let (_, old) = old.as_str().split_once('#').unwrap();
        let retirement = self.draft(
            retire_key::KIND,
            json!({"fragment": old, "institution": issuer}),
        );
        self.submit(issuer, &retirement).unwrap();
    }

    /// Registers a person with a name and a resident id, whose values are committed to.
    pub fn register(&mut self, issuer: IssuerNumber, name: &str) -> Uuid {
        let person = random_person(self.seed, name);
        let values = self.commitments(&[("name", name), ("resident_id", "11010519491231002X")]);
        let data = json!({"_sd": values, "identifiers": [{"check": "ok", "type": "resident_id"}], "person": person});
        let draft = self.draft(register::KIND, data);
        self.submit(issuer, &draft).unwrap();
        person
    }

    /// Commitments to these values, each under a salt of its own, in the order `_sd` has them.
    pub fn commitments(&mut self, values: &[(&str, &str)]) -> Vec<String> {
        let mut digests: Vec<String> = values
            .iter()
            .map(|(name, value)| {
                let salt: [u8; SALT_BYTES] = Digest::of_parts(&[
                    &self.seed.to_be_bytes(),
                    &self.drafts.to_be_bytes(),
                    name.as_bytes(),
                ])
                .0;
                Disclosure::new(salt, name, json!(value))
                    .digest()
                    .to_string()
            })
            .collect();
        digests.sort();
        digests
    }

    /// Records an outcome with a title.
    pub fn record(
        &mut self,
        awarder: IssuerNumber,
        person: Uuid,
        record: &str,
        fields: &Fields,
    ) -> Result<Answer, Refused> {
        let submission = self.recording(awarder, person, record, fields);
        self.log.submit_blocking(submission)
    }

    /// A checked submission that records an outcome with a title.
    pub fn recording(
        &mut self,
        awarder: IssuerNumber,
        person: Uuid,
        record: &str,
        fields: &Fields,
    ) -> Submission<Rulebook> {
        let draft = self.draft_recording(awarder, person, record, fields);
        self.log.check_parsed(self.sign(awarder, &draft)).unwrap()
    }

    /// An unsigned assertion that records an outcome with a title.
    pub fn draft_recording(
        &mut self,
        awarder: IssuerNumber,
        person: Uuid,
        record: &str,
        fields: &Fields,
    ) -> Draft {
        let values = self.commitments(&[("title", "老年书法")]);
        let data = json!({"_sd": values, "awarder": awarder, "open": fields, "outcome": outcome(awarder, record, person),
            "person": person, "record": record});
        self.draft(record_outcome::KIND, data)
    }

    /// So many of these, R-0 and on.
    pub fn draft_recordings(
        &mut self,
        awarder: IssuerNumber,
        person: Uuid,
        count: usize,
    ) -> Vec<Draft> {
        (0..count)
            .map(|n| self.draft_recording(awarder, person, &format!("R-{n}"), &course()))
            .collect()
    }

    /// Corrects an outcome: one of the staff proposes, the other approves.
    pub fn correct(
        &mut self,
        awarder: IssuerNumber,
        person: Uuid,
        record: &str,
        fields: &Fields,
    ) -> Result<Answer, Refused> {
        let values = self.commitments(&[("title", "老年书法（初级）"), ("reason_text", "抄错")]);
        let data = json!({"_sd": values, "open": fields, "outcome": outcome(awarder, record, person), "person": person,
            "reason": "entry_error"});
        self.in_two(correct_outcome::KIND, awarder, person, record, data)
    }

    /// Revokes an outcome: one of the staff proposes, the other approves.
    pub fn revoke(
        &mut self,
        awarder: IssuerNumber,
        person: Uuid,
        record: &str,
    ) -> Result<Answer, Refused> {
        let data = json!({"outcome": outcome(awarder, record, person), "person": person, "reason": "misconduct"});
        self.in_two(revoke_outcome::KIND, awarder, person, record, data)
    }

    fn in_two(
        &mut self,
        kind: &str,
        awarder: IssuerNumber,
        person: Uuid,
        record: &str,
        data: Value,
    ) -> Result<Answer, Refused> {
        let account = self.log.state::<Account>(&wire::stream(person))?;
        let current = account
            .outcome(outcome(awarder, record, person))
            .map(|outcome| outcome.current);
        let [first, second] = self.staff[&awarder];
        let draft = self.draft_by(kind, data, act(first, "institution"));
        let proposal = self.submit(
            awarder,
            &Draft {
                target: current,
                ..draft
            },
        )?;
        match &proposal {
            Answer::Committed(_) => {
                self.approve(awarder, target(&proposal), act(second, "institution"))
            }
            Answer::AlreadySo(_) => Ok(proposal),
        }
    }
}

/// What names the commit of an answer in a later assertion.
pub fn target(answer: &Answer) -> Target {
    match answer {
        Answer::Committed(new) => Target {
            id: new.commit.assertion.id(),
            leaf: new.leaf,
        },
        Answer::AlreadySo(earlier) => unreachable!("nothing was committed: {earlier:?}"),
    }
}

/// The id of an awarder's record.
pub fn outcome(awarder: IssuerNumber, record: &str, person: Uuid) -> Uuid {
    outcome_id(
        &Origin {
            awarder,
            record: record.into(),
        },
        person,
    )
}

/// A person id that looks random and is the same in every run.
fn random_person(seed: u64, name: &str) -> Uuid {
    let digest = Digest::of_parts(&[&seed.to_be_bytes(), name.as_bytes()]).0;
    let (bytes, _) = digest.as_chunks::<16>();
    uuid::Builder::from_random_bytes(bytes[0]).into_uuid()
}
