//! An account that held two people: told apart by two officers and the school, and each goes on alone.

use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

/// An account in which a school recorded what two people learned, or two accounts that were taken for one person's.
struct Mixed {
    stand: Stand,
    one: Uuid,
    other: Uuid,
}

impl Mixed {
    fn open() -> Self {
        let stand = Stand::open();
        Self {
            one: stand.register(0, "林昇", &resident_id(1)),
            other: stand.register_plainly(0, "林升", 2),
            stand,
        }
    }

    fn token(&self) -> &str {
        self.stand.schools[0].token()
    }

    fn records(&self, learner: Uuid, record: &str) -> Value {
        let body = Stand::outcome(learner, record);
        self.stand.post(self.token(), "/v1/outcomes", &body).is(201)
    }

    /// Two registrars say whose is what; the split's name.
    fn says(&self, moves: &[&Value], stays: &[&Value]) -> String {
        let path = format!("/v1/learners/{}/splits", self.one);
        let body = json!({ "other": self.other, "moves": moves, "stays": stays,
            "evidence": "两人持证到窗口核对" });
        let registrar = &self.stand.registrar.token;
        let proposed = self.stand.post(registrar, &path, &body).is(202);
        let second = &self.stand.registrar2.token;
        self.stand.approve(second, &proposed["approval"]).is(201);
        proposed["approval"].as_str().unwrap().to_owned()
    }

    fn on(&self, token: &str, split: &str, what: &str) -> Answer {
        let path = format!("/v1/learners/{}/splits/{split}/{what}", self.one);
        self.stand.post(token, &path, &json!({}))
    }

    /// Record, title and state of the last lot of what stands, in order.
    fn lines(&self, of: Uuid, written: &Value) -> Vec<(String, Value, String)> {
        let path = format!("/v1/learners/{of}/transcript.json");
        let read = self.stand.get(self.token(), &after(&path, written)).is(200);
        let lines = read["outcomes"].as_array().unwrap().iter();
        let mut lines: Vec<_> = lines
            .filter(|line| line["state"] != "revoked")
            .map(|line| {
                let lot = line["lots"].as_array().unwrap().last().unwrap();
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                (
                    text(&line["record"]),
                    line["title"].clone(),
                    text(&lot["state"]),
                )
            })
            .collect();
        lines.sort_by(|a, b| a.0.cmp(&b.0));
        lines
    }
}

fn line(record: &str, state: &str) -> (String, Value, String) {
    (record.into(), json!("数据结构"), state.into())
}

#[test]
fn two_people_in_one_account_are_told_apart() {
    // One of two people would be shown another's marks for ever, and certified for them.
    let mixed = Mixed::open();
    let stand = &mixed.stand;
    let own = mixed.records(mixed.one, "A-1");
    let foreign = mixed.records(mixed.one, "B-1");
    let key = json!({ "fragment": "credential-1", "use": "credential" });
    stand
        .post(mixed.token(), "/v1/institutions/1/keys", &key)
        .is(201);
    let issue = |learner: Uuid, outcome: &Value| {
        let body = json!({ "learner": learner, "outcome": outcome });
        stand.post(mixed.token(), "/v1/credentials", &body)
    };
    let issued = issue(mixed.one, &foreign["id"]).is(201);
    let learner = stand.token(mixed.one, Role::Learner, None);
    let path = format!("/v1/credentials/{}", issued["id"].as_str().unwrap());
    let document = stand.get(&learner, &after(&path, &issued)).text();
    let verify = || {
        let headers = [("content-type", "application/json")];
        let body = Some(document.as_bytes());
        stand.send("POST", "/v1/verify", "", &headers, body).is(200)["result"].clone()
    };
    assert_eq!(verify(), "valid");

    let split = mixed.says(&[&foreign["id"]], &[&own["id"]]);
    issue(mixed.one, &own["id"]).refused(409, "split-in-hand");
    let held = [line("A-1", "quarantined"), line("B-1", "quarantined")];
    let newest = json!({ "position": stand.app.ledger.head().size - 1 });
    assert_eq!(mixed.lines(mixed.one, &newest), held);
    let path = format!("/v1/learners/{}/splits/{split}", mixed.one);
    let shown = stand.get(mixed.token(), &path).is(200);
    assert_eq!(shown["unmoved"], json!([foreign["id"]]));
    stand
        .get(stand.schools[1].token(), &path)
        .refused(403, "not-allowed");
    let registrar = &stand.registrar.token;
    mixed
        .on(registrar, &split, "application")
        .refused(409, "outcome-not-moved");
    mixed.on(mixed.token(), &split, "agreement").is(201);
    assert_ne!(verify(), "valid");
    let moved = json!({ "position": stand.app.ledger.head().size - 1 });
    assert_eq!(
        mixed.lines(mixed.other, &moved),
        [line("B-1", "quarantined")]
    );
    let applied = mixed.on(registrar, &split, "application").is(201);
    assert_eq!(mixed.lines(mixed.one, &applied), [line("A-1", "available")]);
    assert_eq!(
        mixed.lines(mixed.other, &applied),
        [line("B-1", "available")]
    );
    // The right one is certified.
    let path = format!("/v1/outcomes?learner={}", mixed.other);
    let listed = stand.get(mixed.token(), &path).is(200);
    issue(mixed.other, &listed["items"][0]["id"]).is(201);

    // One of the two is forgotten, and the other keeps every word.
    let path = format!("/v1/learners/{}/erasure", mixed.one);
    let body = json!({ "reason": "本人申请", "purposes": ["study-record"] });
    let proposed = stand.post(registrar, &path, &body).is(202);
    let second = &stand.registrar2.token;
    let erased = stand.approve(second, &proposed["approval"]).is(201);
    stand.app.carry_on_erasures().unwrap();
    assert_eq!(
        mixed.lines(mixed.other, &erased),
        [line("B-1", "available")]
    );
}

#[test]
fn a_merge_that_was_used_is_taken_apart() {
    // Two people who were merged by mistake could not be told apart once either of them learned something more.
    let mixed = Mixed::open();
    let stand = &mixed.stand;
    let first = mixed.records(mixed.one, "A-1");
    let second = mixed.records(mixed.other, "B-1");
    let registrar = &stand.registrar.token;
    let path = format!("/v1/learners/{}/merges", mixed.one);
    let body = json!({ "absorbed": mixed.other, "reason": "系同一人" });
    let proposed = stand.post(registrar, &path, &body).is(202);
    stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201);
    let later = mixed.records(mixed.other, "B-2");
    let undo = format!("{path}/{}/reversal", mixed.other);
    stand
        .post(registrar, &undo, &json!({ "reason": "误并" }))
        .refused(409, "merge-used");
    let split = mixed.says(&[&second["id"], &later["id"]], &[&first["id"]]);
    mixed.on(mixed.token(), &split, "agreement").is(201);
    let applied = mixed.on(registrar, &split, "application").is(201);
    assert_eq!(mixed.lines(mixed.one, &applied), [line("A-1", "available")]);
    assert_eq!(
        mixed.lines(mixed.other, &applied),
        [line("B-1", "available"), line("B-2", "available")]
    );
    let learner = stand.token(mixed.other, Role::Learner, None);
    let path = format!("/v1/learners/{}", mixed.other);
    let shown = stand.get(&learner, &path).is(200);
    assert_eq!(shown["id"], json!(mixed.other));
}
