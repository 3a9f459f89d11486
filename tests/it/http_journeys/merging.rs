//! A learner with two numbers: found, merged by two officers, read as one, and parted again.

use credentials::merge::apply;
use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::hand::{Hand, act};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

struct Twice {
    stand: Stand,
    /// The number with a resident id.
    stays: Uuid,
    /// The one that a school made for want of it.
    goes: Uuid,
}

impl Twice {
    fn open() -> Self {
        let stand = Stand::open();
        Self {
            stays: stand.register(0, "林昇", &resident_id(1)),
            goes: stand.register_plainly(0, "林昇", 2),
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

    fn merges(&self) -> Value {
        let path = format!("/v1/learners/{}/merges", self.stays);
        let body = json!({ "absorbed": self.goes, "reason": "窗口核对，系同一人" });
        let proposed = self
            .stand
            .post(&self.stand.registrar.token, &path, &body)
            .is(202);
        let second = &self.stand.registrar2.token;
        self.stand.approve(second, &proposed["approval"]).is(201)
    }

    fn undoes(&self) -> tests::support::server::Answer {
        let path = format!("/v1/learners/{}/merges/{}/reversal", self.stays, self.goes);
        let body = json!({ "reason": "核对有误" });
        self.stand.post(&self.stand.registrar.token, &path, &body)
    }

    fn transcript(&self, token: &str, of: Uuid, written: &Value) -> Value {
        let path = format!("/v1/learners/{of}/transcript.json");
        self.stand.get(token, &after(&path, written)).is(200)
    }
}

/// The records of a transcript, in order, with the states of their last lots.
fn lines(transcript: &Value) -> Vec<(String, String)> {
    let lines = transcript["outcomes"].as_array().unwrap().iter();
    let mut lines: Vec<_> = lines
        .map(|line| {
            let lot = line["lots"].as_array().unwrap().last().unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&line["record"]), text(&lot["state"]))
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn two_numbers_of_one_person_read_as_one() {
    // Half of what somebody learned would be missing at every desk, or count twice at one of them.
    let twice = Twice::open();
    let stand = &twice.stand;
    let learner = stand.token(twice.stays, Role::Learner, None);
    let other = stand.token(twice.goes, Role::Learner, None);
    twice.records(twice.stays, "A-1");
    twice.records(twice.stays, "D-1");
    twice.records(twice.goes, "D-1");
    let issued_for = twice.records(twice.goes, "B-1");
    let before = twice.transcript(&learner, twice.stays, &issued_for);
    assert_eq!(lines(&before).len(), 2);
    let merged = twice.merges();
    // Both sign in anew.
    let path = format!("/v1/learners/{}/transcript.json", twice.stays);
    stand.get(&learner, &path).refused(401, "token-invalid");
    let learner = stand.token(twice.stays, Role::Learner, None);

    let pair = |record: &str, state: &str| (record.to_owned(), state.to_owned());
    let expected = vec![
        pair("A-1", "available"),
        pair("B-1", "available"),
        pair("D-1", "available"),
        pair("D-1", "quarantined"),
    ];
    for token in [twice.token(), &learner] {
        for of in [twice.stays, twice.goes] {
            let read = twice.transcript(token, of, &merged);
            assert_eq!(lines(&read), expected);
            assert_eq!(read["learner"]["id"], json!(twice.stays));
            assert_eq!(read["totals"][0]["credits"], "6", "the double counts once");
            // What stands under the number that is used no more still opens.
            let lines = read["outcomes"].as_array().unwrap();
            assert!(
                lines.iter().all(|line| line["title"] == "数据结构"),
                "{read}"
            );
        }
    }
    let path = format!("/v1/learners/{}", twice.goes);
    let shown = stand.get(twice.token(), &after(&path, &merged)).is(200);
    assert_eq!(
        (&shown["id"], &shown["absorbed"][0]),
        (&json!(twice.stays), &json!(twice.goes))
    );
    assert_eq!(shown["identifiers"].as_array().unwrap().len(), 2);
    // The number that is used no more signs nobody in.
    stand.get(&other, &path).refused(401, "token-invalid");
    // By either outside number one finds the person.
    for body in [
        json!({ "identifier": { "type": "resident_id", "value": resident_id(1) } }),
        json!({ "identifier": { "type": "staff_number", "value": Stand::staff_number(2) } }),
    ] {
        let found = stand
            .post(twice.token(), "/v1/learners/search", &body)
            .is(200);
        assert_eq!(found["matches"][0]["id"], json!(twice.stays), "{found}");
    }
}

#[test]
fn what_is_said_of_the_old_number_goes_on() {
    // A school would have to learn of each merge, or its corrections and credentials fail.
    let twice = Twice::open();
    let stand = &twice.stand;
    for (who, record) in [
        (twice.stays, "A-1"),
        (twice.stays, "D-1"),
        (twice.goes, "D-1"),
    ] {
        twice.records(who, record);
    }
    let issued_for = twice.records(twice.goes, "B-1");
    twice.merges();
    let learner = stand.token(twice.stays, Role::Learner, None);
    let more = twice.records(twice.goes, "B-2");
    let again = Stand::outcome(twice.stays, "B-2");
    let again = stand.post(twice.token(), "/v1/outcomes", &again).is(200);
    assert_eq!(
        (&again["position"], &again["id"]),
        (&more["position"], &more["id"])
    );
    let list = format!("/v1/outcomes?learner={}", twice.stays);
    let list = stand
        .get(twice.token(), &format!("{list}&after={}", more["position"]))
        .is(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 5);
    let key = json!({ "fragment": "credential-1", "use": "credential" });
    stand
        .post(twice.token(), "/v1/institutions/1/keys", &key)
        .is(201);
    let issue = json!({ "learner": twice.stays, "outcome": issued_for["id"] });
    let issued = stand.post(twice.token(), "/v1/credentials", &issue).is(201);
    let path = format!("/v1/credentials/{}", issued["id"].as_str().unwrap());
    let document = stand.get(&learner, &after(&path, &issued)).text();
    let headers = [("content-type", "application/json")];
    let body = Some(document.as_bytes());
    let report = stand.send("POST", "/v1/verify", "", &headers, body).is(200);
    assert_eq!(report["result"], "valid");
    let path = format!("/v1/credentials?learner={}", twice.goes);
    let listed = stand
        .get(&learner, &format!("{path}&after={}", issued["position"]))
        .is(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    // So it cannot simply be taken back any more.
    twice.undoes().refused(409, "merge-used");
    let correction = json!({ "reason": "mark_reviewed", "kind": "course", "title": "数据结构",
        "credits": "3", "completed_on": "2026-06-01" });
    let path = format!(
        "/v1/outcomes/{}/corrections",
        issued_for["id"].as_str().unwrap()
    );
    let proposed = stand.post(twice.token(), &path, &correction).is(202);
    let second = &stand.schools[0].officers[1].token;
    let corrected = stand.approve(second, &proposed["approval"]).is(201);
    let read = twice.transcript(&learner, twice.stays, &corrected);
    assert_eq!(read["totals"][0]["credits"], "9");
    let line = read["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["record"] == "B-1");
    assert_eq!(line.unwrap()["state"], "corrected");
}

#[test]
fn a_merge_that_was_wrong_is_taken_back_by_two() {
    // Two people would share an account for ever, or one officer could tear it apart.
    let twice = Twice::open();
    let stand = &twice.stand;
    twice.records(twice.stays, "A-1");
    twice.records(twice.goes, "A-1");
    let last = twice.records(twice.goes, "B-1");
    let before = [twice.stays, twice.goes].map(|of| {
        let read = twice.transcript(twice.token(), of, &last);
        (read["outcomes"].clone(), read["totals"].clone())
    });
    twice.merges();
    let proposed = twice.undoes().is(202);
    stand
        .approve(&stand.registrar.token, &proposed["approval"])
        .refused(403, "same-person");
    let undone = stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201);
    let after = [twice.stays, twice.goes].map(|of| {
        let read = twice.transcript(twice.token(), of, &undone);
        (read["outcomes"].clone(), read["totals"].clone())
    });
    assert_eq!(after, before);
    let learner = stand.token(twice.goes, Role::Learner, None);
    twice.transcript(&learner, twice.goes, &undone);
    // What is asked for again is done again.
    twice.merges();
}

#[test]
fn a_premise_that_is_not_so_does_not_pass() {
    // A school with a key of its own would say that two people are one, or a change between the two
    // officers go unseen.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let [one, other] = [1, 2].map(|serial| stand.register(0, "林昇", &resident_id(serial)));
    let plain = stand.register_plainly(0, "林昇", 3);
    let counters = [4, 5].map(|serial| {
        let person = stand.register_plainly(0, "柜员", serial);
        let body = json!({ "person": person, "role": "counter" });
        stand
            .post(stand.schools[0].token(), "/v1/officers", &body)
            .is(201);
        (
            person,
            stand.token(person, Role::Counter, Some(stand.schools[0].number)),
        )
    });
    let says = |absorbed: Uuid, resident_ids: &str| {
        let data = json!({ "absorbed": absorbed, "person": one, "resident_ids": resident_ids });
        let mut draft = Hand::draft(&stand, apply::KIND, data);
        draft.act = act(counters[0].0, "counter");
        stand.assert(&hand.sign(&draft))
    };
    says(other, "absent").refused(409, "resident-ids-differ");
    says(other, "same").refused(409, "resident-ids-differ");
    let proposed = says(plain, "absent").is(202);
    // Meanwhile the plain number turns out to have a 身份证, and another one.
    let bound = json!({ "type": "resident_id", "value": resident_id(6) });
    let path = format!("/v1/learners/{plain}/identifiers");
    stand.post(stand.schools[0].token(), &path, &bound).is(201);
    stand
        .approve(&counters[1].1, &proposed["approval"])
        .refused(409, "resident-ids-differ");
}

#[test]
fn two_counters_of_the_school_that_registered_both_merge_them() {
    // Every merge of a county would wait for the province.
    let stand = Stand::open();
    let one = stand.register(0, "林昇", &resident_id(1));
    let plain = stand.register_plainly(0, "林昇", 3);
    let counters = [4, 5].map(|serial| {
        let person = stand.register_plainly(0, "柜员", serial);
        let body = json!({ "person": person, "role": "counter" });
        stand
            .post(stand.schools[0].token(), "/v1/officers", &body)
            .is(201);
        stand.token(person, Role::Counter, Some(stand.schools[0].number))
    });
    let path = format!("/v1/learners/{one}/merges");
    let body = json!({ "absorbed": plain, "reason": "窗口核对，系同一人" });
    let proposed = stand.post(&counters[0], &path, &body).is(202);
    stand.approve(&counters[1], &proposed["approval"]).is(201);
    let elsewhere = stand.register(1, "林昇", &resident_id(7));
    let path = format!("/v1/learners/{elsewhere}/merges");
    let body = json!({ "absorbed": one, "reason": "系同一人" });
    stand
        .post(&counters[0], &path, &body)
        .refused(403, "not-allowed");
}

#[test]
fn who_was_merged_is_forgotten_under_both_numbers() {
    // A kept transcript would go on showing what was erased, or the learner not be able to ask at all.
    let twice = Twice::open();
    let stand = &twice.stand;
    let recorded = twice.records(twice.goes, "B-1");
    let merged = twice.merges();
    let learner = stand.token(twice.stays, Role::Learner, None);
    let read = twice.transcript(twice.token(), twice.stays, &merged);
    assert_eq!(read["outcomes"][0]["title"], "数据结构");
    let path = |of: Uuid| format!("/v1/learners/{of}/erasure");
    let body = json!({ "reason": "本人申请", "purposes": ["study-record"] });
    stand
        .post(&learner, &path(twice.stays), &body)
        .refused(409, "absorbed-first");
    let proposed = stand.post(&learner, &path(twice.goes), &body).is(202);
    let asked = stand
        .approve(&stand.registrar.token, &proposed["approval"])
        .is(201);
    stand.app.carry_on_erasures().unwrap();
    let read = twice.transcript(twice.token(), twice.stays, &asked);
    let lines = read["outcomes"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["title"].is_null()), "{read}");
    let outcome = format!("/v1/outcomes/{}", recorded["id"].as_str().unwrap());
    let line = stand.get(twice.token(), &outcome);
    assert!(!line.text().contains("数据结构"), "{}", line.text());
    let proposed = stand.post(&learner, &path(twice.stays), &body).is(202);
    stand
        .approve(&stand.registrar.token, &proposed["approval"])
        .is(201);
}

#[test]
fn what_a_law_keeps_of_the_old_number_is_closed_to_every_use() {
    // A record that is locked would be read through the number that stays.
    let twice = Twice::open();
    let stand = &twice.stand;
    let recorded = twice.records(twice.goes, "B-1");
    twice.merges();
    let path = format!("/v1/learners/{}/erasure", twice.goes);
    let body = json!({ "reason": "申请", "purposes": ["study-record"],
        "locks": [{ "purpose": "study-record", "until": "2036-01-01" }] });
    let proposed = stand.post(&stand.registrar.token, &path, &body).is(202);
    let second = &stand.registrar2.token;
    let locked = stand.approve(second, &proposed["approval"]).is(201);
    let outcome = format!("/v1/outcomes/{}", recorded["id"].as_str().unwrap());
    stand.get(twice.token(), &outcome).refused(410, "erased");
    let read = twice.transcript(twice.token(), twice.stays, &locked);
    assert_eq!(read["outcomes"].as_array().unwrap().len(), 0);
}

#[test]
fn a_lost_card_of_the_old_number_ends_with_the_new_one() {
    // Whoever found the card would be let in as the learner for ever.
    let twice = Twice::open();
    let stand = &twice.stand;
    let card = |of: Uuid| format!("/v1/learners/{of}/card");
    let scan = |text: &Value| stand.post(twice.token(), "/v1/codes/scan", &json!({ "code": text }));
    let old = stand
        .post(twice.token(), &card(twice.goes), &json!({}))
        .is(201);
    twice.merges();
    scan(&old["card"]).is(200);
    let learner = stand.token(twice.stays, Role::Learner, None);
    let ended = stand.send("DELETE", &card(twice.stays), &learner, &[], None);
    assert_eq!(ended.status, 204);
    scan(&old["card"]).refused(422, "code-invalid");
}

#[test]
fn each_number_keeps_its_own_words_of_a_doubled_record() {
    // A school that sends its file again would be told that its own mark is another's.
    let twice = Twice::open();
    let stand = &twice.stand;
    twice.records(twice.stays, "D-1");
    let mut other = Stand::outcome(twice.goes, "D-1");
    other["grade"] = json!("62");
    let first = stand.post(twice.token(), "/v1/outcomes", &other).is(201);
    twice.merges();
    let again = stand.post(twice.token(), "/v1/outcomes", &other).is(200);
    assert_eq!(
        (&again["id"], &again["position"]),
        (&first["id"], &first["position"])
    );
    // Under the other number this mark is a contradiction still.
    other["learner"] = json!(twice.stays);
    stand
        .post(twice.token(), "/v1/outcomes", &other)
        .refused(409, "record-differs");
}
