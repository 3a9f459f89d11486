//! A learner shows a code or a card; somebody scans it and knows that she stands there, no more.

use std::collections::BTreeSet;

use api::code::ScanError;
use identity::code::{Audience, Card, Code, Life};
use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

/// A learner with a token, and who scans.
struct Gate {
    stand: Stand,
    person: Uuid,
    learner: String,
    counter: String,
    verifier: String,
}

impl Gate {
    fn open() -> Self {
        let stand = Stand::open();
        let person = stand.register(0, "林晓昇", &resident_id(61));
        Self {
            learner: stand.token(person, Role::Learner, None),
            counter: stand.at_desk(0, Uuid::from_u128(0xc0), Role::Counter),
            verifier: stand.token(Uuid::from_u128(0xc1), Role::Verifier, None),
            stand,
            person,
        }
    }

    fn show(&self, body: &Value) -> String {
        let path = format!("/v1/learners/{}/code", self.person);
        let shown = self.stand.post(&self.learner, &path, body).is(200);
        assert!(shown["svg"].as_str().unwrap().starts_with("<svg"));
        shown["code"].as_str().unwrap().to_owned()
    }

    fn scan(&self, token: &str, code: &str) -> Answer {
        self.stand
            .post(token, "/v1/codes/scan", &json!({ "code": code }))
    }

    fn card(&self, method: &str, token: &str) -> Answer {
        let path = format!("/v1/learners/{}/card", self.person);
        self.stand.send(method, &path, token, &[], None)
    }
}

#[test]
fn a_code_opens_once_and_shows_a_masked_name() {
    // A screenshot would let somebody else in, or a scan would tell who she is.
    let gate = Gate::open();
    let code = gate.show(&json!({ "for": "counter" }));
    assert_eq!(code.len(), 44, "3-M holds 44 characters");
    let seen = gate.scan(&gate.counter, &code).is(200);
    assert_eq!(seen["name"], "林*昇");
    assert_eq!(
        (&seen["present"], &seen["form"]),
        (&json!(true), &json!("code"))
    );
    assert_eq!(
        seen["learner"],
        json!(gate.person),
        "she is on this counter's roster"
    );
    gate.scan(&gate.counter, &code).refused(409, "code-used");
    let other = gate.stand.at_desk(0, Uuid::from_u128(0xc2), Role::Counter);
    gate.scan(&other, &code).refused(409, "code-used");
    let code = gate.show(&json!({}));
    let seen = gate.scan(&gate.verifier, &code).is(200);
    assert_eq!(seen["learner"], Value::Null, "a verifier learns no number");
}

#[test]
fn a_code_counts_one_step_late_and_no_later() {
    // An elder would have to hurry, or a code from yesterday would open a door.
    let gate = Gate::open();
    for (elder, life_ms) in [(false, 30_000), (true, 180_000)] {
        let body = json!({ "for": "counter", "elder": elder });
        let late = gate.show(&body);
        gate.stand.pass(life_ms);
        gate.scan(&gate.counter, &late).is(200);
        let later = gate.show(&body);
        gate.stand.pass(2 * life_ms);
        gate.scan(&gate.counter, &later)
            .refused(409, "code-expired");
    }
}

#[test]
fn a_code_for_one_says_nothing_to_another() {
    // Two verifiers could join what they scanned and follow her through the day.
    let gate = Gate::open();
    let code = gate.show(&json!({ "for": "counter" }));
    gate.scan(&gate.verifier, &code)
        .refused(422, "code-invalid");
    gate.scan(&gate.counter, &code).is(200);
    let (codes, now_ms) = (&gate.stand.app.codes, gate.stand.app.now_ms());
    let mut ids = BTreeSet::new();
    for day in 0..3 {
        for audience in Audience::ALL {
            let at = now_ms + day * 86_400_000;
            ids.insert(
                codes
                    .show(gate.person, audience, Life::Usual, at)
                    .unwrap()
                    .pairwise,
            );
        }
    }
    assert_eq!(
        ids.len(),
        12,
        "a number of its own for each audience and day"
    );
}

#[test]
fn no_bit_of_a_code_can_be_changed() {
    // Somebody could make a code for another person or another time.
    let gate = Gate::open();
    let (codes, now_ms) = (&gate.stand.app.codes, gate.stand.app.now_ms());
    let good = codes
        .show(gate.person, Audience::Counter, Life::Usual, now_ms)
        .unwrap();
    let mut flipped = 0;
    let mut refused = |code: Code| {
        flipped += 1;
        let scanner = format!("scanner {flipped}");
        let found = codes.scan(&code.encode(), Audience::Counter, &scanner, now_ms);
        assert!(
            matches!(found, Err(ScanError::Invalid)),
            "{code:?}: {found:?}"
        );
    };
    for bit in 0..8 {
        for at in 0..16 {
            let mut bent = good;
            bent.pairwise[at] ^= 1 << bit;
            refused(bent);
        }
        for at in 0..8 {
            let mut bent = good;
            bent.mac[at] ^= 1 << bit;
            refused(bent);
        }
    }
    for bit in 0..32 {
        refused(Code {
            step: good.step ^ (1 << bit),
            ..good
        });
    }
    refused(Code {
        life: Life::Elder,
        ..good
    });
    assert_eq!(flipped, 128 + 64 + 32 + 1);
    let found = codes.scan(&good.encode(), Audience::Counter, "a scanner", now_ms);
    assert_eq!(found.unwrap().person, gate.person);
}

#[test]
fn a_scanner_of_wrong_codes_rests() {
    // Somebody could try codes until one opens.
    let gate = Gate::open();
    for _wrong in 0..5 {
        gate.scan(&gate.verifier, "NO CODE")
            .refused(422, "code-invalid");
    }
    let code = gate.show(&json!({}));
    let resting = gate.scan(&gate.verifier, &code);
    resting.refused(503, "scanner-resting");
    assert!(!resting.header("retry-after").is_empty());
    let other = gate
        .stand
        .token(Uuid::from_u128(0xc3), Role::Verifier, None);
    gate.scan(&other, &code).is(200);
    gate.stand.pass(60_000);
    let code = gate.show(&json!({}));
    gate.scan(&gate.verifier, &code).is(200);
}

#[test]
fn a_card_is_replaced_at_once_and_read_by_staff_alone() {
    // A lost card would open doors for whoever found it.
    let gate = Gate::open();
    let given = gate.card("POST", &gate.counter).is(201);
    let first = given["card"].as_str().unwrap().to_owned();
    assert_eq!(first.len(), 27, "2-M holds 27 characters");
    let seen = gate.scan(&gate.counter, &first).is(200);
    assert_eq!(
        (&seen["form"], &seen["name"]),
        (&json!("card"), &json!("林*昇"))
    );
    gate.scan(&gate.verifier, &first)
        .refused(422, "code-invalid");
    let second = gate.card("POST", &gate.counter).is(201);
    gate.scan(&gate.counter, &first)
        .refused(422, "code-invalid");
    let second = second["card"].as_str().unwrap();
    gate.scan(&gate.counter, second).is(200);
    // Misread by one character it is no card, not another's.
    let mut misread = Card::parse(second).unwrap();
    misread.0[3] ^= 1;
    let wrong = misread.encode();
    gate.scan(&gate.counter, &wrong)
        .refused(422, "code-invalid");
    let stranger = gate.stand.token(Uuid::from_u128(9), Role::Learner, None);
    gate.card("DELETE", &stranger).refused(403, "not-allowed");
    assert_eq!(gate.card("DELETE", &gate.learner).status, 204);
    gate.scan(&gate.counter, second)
        .refused(422, "code-invalid");
}

#[test]
fn nobody_shows_anothers_code_and_the_forgotten_have_none() {
    // A neighbour could stand in for her, or a card would outlive the person's erasure.
    let gate = Gate::open();
    let stranger = gate.stand.register(0, "陈二", &resident_id(62));
    let stranger = gate.stand.token(stranger, Role::Learner, None);
    let path = format!("/v1/learners/{}/code", gate.person);
    gate.stand
        .post(&stranger, &path, &json!({}))
        .refused(403, "not-allowed");
    let card = gate.card("POST", &gate.counter).is(201);
    let code = gate.show(&json!({ "for": "counter" }));
    let body = json!({ "reason": "注销" });
    let ask = format!("/v1/learners/{}/erasure", gate.person);
    let asked = gate.stand.post(&gate.learner, &ask, &body).is(202);
    gate.stand
        .approve(&gate.stand.registrar.token, &asked["approval"])
        .is(201);
    gate.stand.app.carry_on_erasures().unwrap();
    gate.scan(&gate.counter, card["card"].as_str().unwrap())
        .refused(422, "code-invalid");
    gate.scan(&gate.counter, &code).refused(422, "code-invalid");
}

#[test]
fn a_blank_at_the_beginning_belongs_to_the_text() {
    // One card in 45 would say nothing: base45 has the blank among its characters.
    let gate = Gate::open();
    let mut card = String::new();
    while !card.starts_with(' ') {
        card = gate.stand.app.codes.new_card(gate.person).unwrap().encode();
    }
    let scanned = format!("{card}\r\n");
    gate.scan(&gate.counter, &scanned).is(200);
}
