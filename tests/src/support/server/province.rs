//! Who is in the province of a [`Stand`], and how they came into it: through the doors.

use identity::officer::appoint;
use identity::role::Role;
use ledger::clock;
use serde_json::{Value, json};
use uuid::Uuid;

use super::hand::act;
use super::{Hand, Stand, token};

/// Somebody who acts, and the token that says so.
#[derive(Debug, Clone)]
pub struct Officer {
    /// Who.
    pub person: Uuid,
    /// Opens the doors.
    pub token: String,
}

/// An admitted institution.
#[derive(Debug)]
pub struct School {
    /// Issuer number.
    pub number: u32,
    /// Its DID.
    pub did: String,
    /// Its two officers.
    pub officers: [Officer; 2],
}

impl School {
    /// The first officer's token.
    pub fn token(&self) -> &str {
        &self.officers[0].token
    }
}

impl Stand {
    /// The first act after genesis: the three administrators together stand in for the second person.
    pub(super) fn appoint_second_registrar(&mut self) {
        let person = clock::uuid_v4();
        let data = json!({ "person": person, "role": "registrar" });
        let mut draft = Hand::draft(self, appoint::KIND, data);
        draft.act = act(self.security.person, "security");
        let registrar = Hand::of_genesis(self, api::genesis::ASSERTION_KEY);
        let proposed = self.assert(&registrar.sign(&draft)).is(202);
        for officer in [&self.system, &self.audit] {
            self.approve(&officer.token, &proposed["approval"]).is(201);
        }
        self.registrar2 = Officer {
            token: token(&self.app, person, Role::Registrar, None),
            person,
        };
    }

    /// A second person agrees.
    pub fn approve(&self, token: &str, proposal: &Value) -> super::Answer {
        let id = proposal.as_str().expect("the id of a proposal");
        let body = json!({ "decision": "approve" });
        self.post(token, &format!("/v1/approvals/{id}"), &body)
    }

    /// Both registrars admit a school; with `key` it holds its own, else the platform keeps one.
    pub fn admit(&self, name: &str, school_code: &str, key: Option<&Hand>) -> School {
        let mut body = json!({
            "name": name, "school_code": school_code, "level": "school",
            "scope": ["course", "training", "open_course", "migrated"],
        });
        if let Some(key) = key {
            body["key"] = json!(key.key.public());
        }
        let proposed = self
            .post(&self.registrar.token, "/v1/institutions", &body)
            .is(202);
        self.approve(&self.registrar2.token, &proposed["approval"])
            .is(201);
        let number = u32::try_from(proposed["number"].as_u64().expect("a number")).expect("small");
        let officer = |index: usize| {
            let person = serde_json::from_value(proposed["officers"][index].clone());
            let person: Uuid = person.expect("an officer");
            Officer {
                token: token(&self.app, person, Role::Institution, Some(number)),
                person,
            }
        };
        School {
            number,
            did: proposed["did"].as_str().expect("a DID").into(),
            officers: [officer(0), officer(1)],
        }
    }

    /// School `index` activates a key that only it holds.
    pub fn own_key(&self, index: usize, fragment: &str) -> Hand {
        let school = &self.schools[index];
        let hand = Hand::new(self, school.number, fragment);
        let body = json!({ "fragment": fragment, "key": hand.key.public() });
        let path = format!("/v1/institutions/{}/keys", school.number);
        self.post(school.token(), &path, &body).is(201);
        hand
    }

    /// School `index` makes `person` a clerk or counter staff; a token for it.
    pub fn at_desk(&self, index: usize, person: Uuid, role: Role) -> String {
        let school = &self.schools[index];
        let body = json!({ "person": person, "role": role });
        self.post(school.token(), "/v1/officers", &body).is(201);
        self.token(person, role, Some(school.number))
    }

    /// School `index` registers a person; the answer's `id` is the person's number.
    pub fn register(&self, index: usize, name: &str, resident_id: &str) -> Uuid {
        let body = json!({
            "name": name, "birth_date": "2001-02-03",
            "identifiers": [{ "type": "resident_id", "value": resident_id }],
        });
        let made = self
            .post(self.schools[index].token(), "/v1/learners", &body)
            .is(201);
        serde_json::from_value(made["id"].clone()).expect("a person's number")
    }

    /// School `index` registers a person of whom it knows no 身份证, by a number of its own staff.
    pub fn register_plainly(&self, index: usize, name: &str, serial: u32) -> Uuid {
        let number = Self::staff_number(serial);
        let body = json!({
            "name": name, "birth_date": "2001-02-03",
            "identifiers": [{ "type": "staff_number", "value": number }],
        });
        let made = self
            .post(self.schools[index].token(), "/v1/learners", &body)
            .is(201);
        serde_json::from_value(made["id"].clone()).expect("a person's number")
    }

    /// A staff number of nobody.
    pub fn staff_number(serial: u32) -> String {
        format!("T{serial:06}")
    }

    /// The body of an outcome for `learner` under `record`, to be bent.
    pub fn outcome(learner: Uuid, record: &str) -> Value {
        json!({
            "learner": learner, "record": record, "kind": "course", "code": "CS101",
            "title": "数据结构", "hours": "32", "credits": "2.0", "scheme": "cn-he", "level": "5",
            "category": "general", "grade": "85", "completed_on": "2026-06-01",
        })
    }
}

/// A 身份证号 of nobody (a serial in a district and on a day of the test's choice), whose check fits.
pub fn resident_id(serial: u16) -> String {
    let body = format!("33010220010203{:03}", serial % 1000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.bytes().map(|digit| usize::from(digit - b'0'));
    let sum: usize = digits
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    format!("{body}{}", char::from(b"10X98765432"[sum % 11]))
}
