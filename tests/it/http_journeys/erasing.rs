//! A person is forgotten: by two officers or on her own asking, on the disk, in a restored copy.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::master::MasterKey;
use api::vault::{Vault, VaultError};
use identity::erasable::Commitments;
use identity::person::erasure::COPIES_LIFE_MS;
use identity::person::{Person, wire};
use identity::purpose::Purpose;
use identity::role::Role;
use ledger::clock::Stopwatch;
use ledger::side::Side;
use ledger::side::sqlite::SqliteSide;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

const NAME: &str = "林忘昇";
const TITLE: &str = "忘川导论";
const DAY_MS: i64 = 86_400_000;

/// A stand where a learner has a course and a credential for it.
struct Remembered {
    stand: Stand,
    person: Uuid,
    credential: Value,
}

impl Remembered {
    fn open() -> Self {
        let stand = Stand::open();
        let school = &stand.schools[0];
        let keys = format!("/v1/institutions/{}/keys", school.number);
        let key = json!({ "fragment": "credential-1", "use": "credential" });
        stand.post(school.token(), &keys, &key).is(201);
        let person = stand.register(0, NAME, &resident_id(41));
        let mut course = Stand::outcome(person, "R-1");
        course["title"] = TITLE.into();
        let recorded = stand.post(school.token(), "/v1/outcomes", &course).is(201);
        let body = json!({ "learner": person, "outcome": recorded["id"] });
        let credential = stand.post(school.token(), "/v1/credentials", &body).is(201);
        Self {
            stand,
            person,
            credential,
        }
    }

    fn path(&self, part: &str) -> String {
        format!("/v1/learners/{}{part}", self.person)
    }

    fn ask(&self, token: &str, body: &Value) -> Value {
        self.stand.post(token, &self.path("/erasure"), body).is(202)
    }

    /// Both registrars want it; the certificate once keys and values are gone.
    fn erase(&self, body: &Value) -> Value {
        self.erase_to(body, "destroyed")
    }

    fn erase_to(&self, body: &Value, stage: &str) -> Value {
        let asked = self.ask(&self.stand.registrar.token, body);
        let approved = self
            .stand
            .approve(&self.stand.registrar2.token, &asked["approval"]);
        approved.is(201);
        self.reaches(stage)
    }

    fn reaches(&self, stage: &str) -> Value {
        let watch = Stopwatch::start();
        loop {
            let shown = self
                .stand
                .get(&self.stand.audit.token, &self.path("/erasure"))
                .is(200);
            let newest = shown["items"].as_array().unwrap().last().cloned();
            if let Some(newest) = newest.filter(|it| it["stage"] == stage) {
                return newest;
            }
            assert!(watch.elapsed() < Duration::from_secs(30), "{shown}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn identity(&self) -> (Uuid, Commitments) {
        let state = self
            .stand
            .app
            .ledger
            .state::<Person>(&wire::stream(self.person));
        state.unwrap().values[0].clone()
    }
}

/// Both files of the vault under `dir`, with what the log of each has not taken in yet.
fn vault_files(dir: &Path, each: impl Fn(&Path)) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("vault") {
            each(&path);
        }
    }
}

/// What a vault made of the files in `dir` opens.
fn opened(remembered: &Remembered, dir: &Path) -> Result<usize, VaultError> {
    let clock = Arc::clone(&remembered.stand.clock);
    let side = |name: &str| -> Arc<dyn Side> {
        Arc::new(SqliteSide::open(&dir.join(name), Arc::clone(&clock) as _).unwrap())
    };
    let master = MasterKey::of_data_dir(remembered.stand.app.dir.root()).unwrap();
    let vault = Vault::open(side("vault.db"), side("vault-keys.db"), master, clock as _).unwrap();
    let (id, values) = remembered.identity();
    vault
        .opened(remembered.person, Purpose::Identity, id, &values)
        .map(|values| values.len())
}

#[test]
fn two_officers_have_a_person_forgotten() {
    // A record would be open after its erasure, or closed on one officer's word.
    let it = Remembered::open();
    let stand = &it.stand;
    let school = stand.schools[0].token();
    let asked = it.ask(&stand.registrar.token, &json!({ "reason": "本人申请注销" }));
    assert_eq!(asked["id"], asked["approval"]);
    let shown = stand.get(school, &it.path("")).is(200);
    assert_eq!(shown["name"], NAME, "one person proposes only");
    let again = stand.approve(&stand.registrar.token, &asked["approval"]);
    again.refused(403, "same-person");
    let approved = stand
        .approve(&stand.registrar2.token, &asked["approval"])
        .is(201);
    let certificate = it.reaches("destroyed");
    assert_eq!(certificate["id"], asked["id"]);
    assert_eq!(certificate["requested"], approved["position"]);
    let gone = certificate["rounds"][0]["commitments"].as_array().unwrap();
    // Name, birth date, number, reason; title and mark; the credential's document and holder's key.
    assert!(gone.len() >= 8, "{certificate}");
    let positions = certificate["rounds"][0]["positions"].clone();
    for token in [school, &stand.registrar.token] {
        for part in ["", "/transcript", "/credits"] {
            let seen = after(&it.path(part), &json!({ "position": positions[0] }));
            stand.get(token, &seen).refused(410, "erased");
        }
    }
    let by_number = json!({ "identifier": { "type": "resident_id", "value": resident_id(41) } });
    let found = stand
        .post(school, "/v1/learners/search", &by_number)
        .is(200);
    assert_eq!(found["matches"], json!([]));
    let credential = format!("/v1/credentials/{}", it.credential["id"].as_str().unwrap());
    stand.get(school, &credential).refused(410, "erased");
    let mut next = Stand::outcome(it.person, "R-2");
    stand
        .post(school, "/v1/outcomes", &next)
        .refused(410, "erased");
    // Who was forgotten may come again, as somebody new.
    let anew = stand.register(0, NAME, &resident_id(41));
    assert_ne!(anew, it.person);
    next["learner"] = json!(anew);
    stand.post(school, "/v1/outcomes", &next).is(201);
    let proof = format!("/log/proof/{}", it.credential["position"]);
    assert_eq!(stand.get(school, &proof).status, 200, "old proofs stand");
    // What must end can still be ended.
    let status = format!("{credential}/status");
    let revoked = json!({ "status": "revoked", "reason": "misconduct" });
    stand.post(school, &status, &revoked).is(201);
}

#[test]
fn a_learner_asks_and_is_signed_out() {
    // A forgotten person would still be signed in somewhere, or could ask for a neighbour.
    let it = Remembered::open();
    let stand = &it.stand;
    let token = stand.token(it.person, Role::Learner, None);
    let other = stand.token(Uuid::from_u128(9), Role::Learner, None);
    let body = json!({ "reason": "不再使用" });
    let neighbour = stand.post(&other, &it.path("/erasure"), &body);
    neighbour.refused(403, "not-allowed");
    let locks =
        json!({ "reason": "x", "locks": [{ "purpose": "identity", "until": "2030-01-01" }] });
    let locked = stand.post(&token, &it.path("/erasure"), &locks);
    locked.refused(403, "not-allowed");
    let clerk = stand.post(stand.schools[0].token(), &it.path("/erasure"), &body);
    clerk.refused(403, "not-allowed");
    let asked = it.ask(&token, &body);
    stand
        .approve(&stand.registrar.token, &asked["approval"])
        .is(201);
    it.reaches("destroyed");
    let after = stand.get(&token, &it.path("/transcript"));
    after.refused(401, "token-invalid");
}

#[test]
fn a_restored_vault_does_not_bring_anybody_back() {
    // A backup from the day before would undo every erasure of that day.
    let mut it = Remembered::open();
    let before = tempfile::tempdir().unwrap();
    vault_files(it.stand.app.dir.root(), |path| {
        std::fs::copy(path, before.path().join(path.file_name().unwrap())).unwrap();
    });
    let control = tempfile::tempdir().unwrap();
    vault_files(before.path(), |path| {
        std::fs::copy(path, control.path().join(path.file_name().unwrap())).unwrap();
    });
    assert_eq!(
        opened(&it, control.path()).unwrap(),
        3,
        "the copy holds who she is"
    );

    it.erase(&json!({ "reason": "注销" }));
    // The values alone, from before, under the keys of now: nothing opens.
    let mixed = tempfile::tempdir().unwrap();
    let copy = |from: &Path, wanted: &dyn Fn(&str) -> bool| {
        vault_files(from, |path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            if wanted(name) {
                std::fs::copy(path, mixed.path().join(name)).unwrap();
            }
        });
    };
    copy(before.path(), &|name| !name.starts_with("vault-keys"));
    copy(it.stand.app.dir.root(), &|name| {
        name.starts_with("vault-keys")
    });
    assert!(matches!(opened(&it, mixed.path()), Err(VaultError::Erased)));

    // Both files from before, under the log of now: forgotten again before any door opens.
    it.stand.reopen(
        |dir| {
            vault_files(dir, |path| std::fs::remove_file(path).unwrap());
            vault_files(before.path(), |path| {
                std::fs::copy(path, dir.join(path.file_name().unwrap())).unwrap();
            });
        },
        |_| {},
    );
    let (id, values) = it.identity();
    let vault = &it.stand.app.vault;
    let found = vault.opened(it.person, Purpose::Identity, id, &values);
    assert!(matches!(found, Err(VaultError::Erased)));
    let number = resident_id(41);
    assert_eq!(vault.lookup("resident_id", &number).unwrap(), None);
    let school = it.stand.schools[0].token();
    it.stand.get(school, &it.path("")).refused(410, "erased");
}

#[test]
fn a_certificate_follows_when_no_copy_can_be_left() {
    // The person would be told that all is gone while a backup still has the keys; or never.
    let it = Remembered::open();
    let destroyed = it.erase(&json!({ "reason": "注销", "ground": "service_ended" }));
    assert_eq!(destroyed["ground"], "service_ended");
    assert!(destroyed["certifiable_from"].is_string());
    it.stand.pass(COPIES_LIFE_MS - 1);
    it.stand.app.carry_on_erasures().unwrap();
    it.reaches("destroyed");
    it.stand.pass(1);
    it.stand.app.carry_on_erasures().unwrap();
    let certified = it.reaches("certified");
    assert!(certified["certified"].as_u64() > destroyed["requested"].as_u64());
    assert!(
        certified["promise"]["en"]
            .as_str()
            .unwrap()
            .contains("cannot be recovered")
    );
    let size = it.stand.app.ledger.head().size;
    it.stand.app.carry_on_erasures().unwrap();
    assert_eq!(it.stand.app.ledger.head().size, size, "once is enough");
}

#[test]
fn a_law_keeps_a_record_locked_until_its_day() {
    // What a law keeps would be destroyed, or stay readable, or stay for ever.
    let it = Remembered::open();
    let body = json!({ "reason": "注销", "locks": [{ "purpose": "study-record", "until": "2026-07-10" }] });
    let first = it.erase_to(&body, "partly");
    assert_eq!(first["left"], json!(["study-record"]));
    assert_eq!(
        first["rounds"][0]["purposes"],
        json!(["contact", "identity"])
    );
    assert_eq!(first["locks"][0]["until"], "2026-07-10");
    let school = it.stand.schools[0].token();
    it.stand
        .get(school, &it.path("/transcript"))
        .refused(410, "erased");
    let kept = || {
        it.stand
            .app
            .vault
            .inventory(it.person, Purpose::StudyRecord)
            .unwrap()
    };
    assert!(!kept().assertions.is_empty(), "stored");
    it.stand.pass(9 * DAY_MS);
    it.stand.app.carry_on_erasures().unwrap();
    assert!(!kept().assertions.is_empty(), "the day has not come");
    it.stand.pass(DAY_MS);
    it.stand.app.carry_on_erasures().unwrap();
    assert!(kept().assertions.is_empty());
    let both = it.reaches("destroyed");
    assert_eq!(both["rounds"].as_array().unwrap().len(), 2);
}

#[test]
fn a_stop_between_keys_and_log_loses_no_line_of_the_list() {
    // After a crash the log would name nothing, for what is gone cannot be listed any more.
    let it = Remembered::open();
    let asked = it.ask(&it.stand.registrar.token, &json!({ "reason": "注销" }));
    let erasure: Uuid = serde_json::from_value(asked["id"].clone()).unwrap();
    // As the process left it: the list is written, the keys are gone, the log does not know.
    let found = it
        .stand
        .app
        .vault
        .inventory(it.person, Purpose::Identity)
        .unwrap();
    let (_, values) = it.identity();
    let work = json!({ "purposes": ["identity"], "keys": [found.key], "commitments": values });
    let vault = &it.stand.app.vault;
    vault
        .set_work(erasure, Some(work.to_string().as_bytes()))
        .unwrap();
    vault.destroy(it.person, Purpose::Identity).unwrap();
    it.stand
        .approve(&it.stand.registrar2.token, &asked["approval"])
        .is(201);
    it.reaches("partly");
    // The rest of the scope comes in a round of its own.
    it.stand.app.carry_on_erasures().unwrap();
    let shown = it.reaches("destroyed");
    assert_eq!(
        shown["rounds"][0]["commitments"].as_array().unwrap().len(),
        3
    );
    assert_eq!(
        shown["rounds"][1]["purposes"],
        json!(["contact", "study-record"])
    );
    assert_eq!(vault.work(erasure).unwrap(), None);
}

#[test]
fn a_list_left_by_a_stop_takes_nothing_that_was_told_anew() {
    // A stop behind the last commit would make the next round destroy new courses, each minute.
    let it = Remembered::open();
    let stand = &it.stand;
    let school = stand.schools[0].token();
    let body = json!({ "reason": "重来", "purposes": ["study-record"] });
    let done = it.erase(&body);
    let erasure: Uuid = serde_json::from_value(done["id"].clone()).unwrap();
    let work = json!({ "purposes": ["study-record"], "keys": [], "commitments": [] });
    let vault = &stand.app.vault;
    vault
        .set_work(erasure, Some(work.to_string().as_bytes()))
        .unwrap();
    let anew = Stand::outcome(it.person, "R-9");
    let written = stand.post(school, "/v1/outcomes", &anew).is(201);
    stand.app.carry_on_erasures().unwrap();
    assert_eq!(vault.work(erasure).unwrap(), None);
    let path = after(&it.path("/transcript.json"), &written);
    let shown = stand.get(school, &path).is(200);
    assert!(shown.to_string().contains("数据结构"), "{shown}");
    assert!(!shown.to_string().contains(TITLE));
}

#[test]
fn who_is_forgotten_first_may_have_the_record_erased_too() {
    // The reason in words would be refused for ever, and the record could never go.
    let it = Remembered::open();
    it.erase(&json!({ "reason": "先", "purposes": ["identity"] }));
    let school = it.stand.schools[0].token();
    let list = format!("/v1/outcomes?learner={}", it.person);
    it.stand.get(school, &list).refused(410, "erased");
    let page = format!("/c/{}", it.credential["id"].as_str().unwrap());
    it.stand.get("", &page).refused(410, "erased");
    let rest = it.erase(&json!({ "reason": "再", "purposes": ["study-record"] }));
    assert_eq!(rest["purposes"], json!(["study-record"]));
}

#[test]
fn no_token_outlives_a_person() {
    // A token made later, or brought back by a copy, would speak for the forgotten.
    let it = Remembered::open();
    let stand = &it.stand;
    it.erase(&json!({ "reason": "注销" }));
    let later = stand.token(it.person, Role::Learner, None);
    stand
        .get(&later, &it.path("/erasure"))
        .refused(401, "token-invalid");
}
