//! What a thief ended: a credential or an outcome, in the school's name.

use credentials::account::{self, Account, correct_outcome, revoke_outcome};
use credentials::credential::set_status;
use credentials::trust::Bundle;
use credentials::verify::{self, Context};
use identity::institution::Settlement;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::hand::{Hand, act};

use super::Theft;
use crate::http_journeys::own_key::{recording, values};

/// A credential for outcome R-1 that was issued before anything was stolen.
struct Case {
    theft: Theft,
    id: String,
    recorded: Value,
    issued: Value,
    document: String,
}

impl Case {
    fn open() -> Self {
        let theft = Theft::open();
        let key = json!({ "fragment": "credential-1", "use": "credential" });
        let stand = &theft.stand;
        stand
            .post(theft.token(), "/v1/institutions/1/keys", &key)
            .is(201);
        let recorded = theft.records("R-1");
        let issue = json!({ "learner": theft.learner, "outcome": theft.outcome("R-1") });
        let issued = stand.post(theft.token(), "/v1/credentials", &issue).is(201);
        let id = issued["id"].as_str().unwrap().to_owned();
        let path = after(&format!("/v1/credentials/{id}"), &issued);
        Self {
            document: stand.get(theft.token(), &path).text(),
            theft,
            id,
            recorded,
            issued,
        }
    }

    fn at(&self) -> u64 {
        self.issued["position"].as_u64().unwrap()
    }

    /// Signs and sends what a status door would ask for.
    fn sets(&self, status: &str) -> Value {
        let data = json!({ "credential": self.id, "person": self.theft.learner,
            "reason": "misconduct", "status": status });
        let text = self
            .theft
            .signed(&self.theft.stolen, set_status::KIND, data);
        self.theft.stand.assert(&text).is(201)
    }

    /// The verdict with the ledger at hand.
    fn online(&self) -> (String, String) {
        let headers = [("content-type", "application/json")];
        let body = Some(self.document.as_bytes());
        let stand = &self.theft.stand;
        said(&stand.send("POST", "/v1/verify", "", &headers, body).is(200))
    }

    /// The verdict with nothing but the bundle as of `written`.
    fn offline(&self, written: &Value) -> (String, String) {
        let stand = &self.theft.stand;
        let bundle = stand.get("", &after("/trust/bundle", written)).text();
        let bundle = Bundle::open(&bundle).unwrap();
        let context = Context {
            bundle: &bundle,
            lists: &[],
            ledger: None,
            now_s: stand.app.now_ms().div_euclid(1_000),
        };
        let report = verify::any(self.document.as_bytes(), &context);
        said(&serde_json::to_value(report).unwrap())
    }

    /// The bits of the list of revocations that is fetched.
    fn list(&self) -> String {
        let list = self.theft.stand.get("", "/status/1/1").is(200);
        let bits = &list["credentialSubject"]["encodedList"];
        bits.as_str().unwrap().to_owned()
    }

    fn status(&self, written: &Value) -> Value {
        let path = after(&format!("/v1/credentials/{}/status", self.id), written);
        self.theft.stand.get(self.theft.token(), &path).is(200)
    }
}

fn said(report: &Value) -> (String, String) {
    let text = |member: &str| report[member].as_str().unwrap().to_owned();
    (text("result"), text("code"))
}

fn is(result: &str, code: &str) -> (String, String) {
    (result.into(), code.into())
}

#[test]
fn a_credential_that_a_thief_revoked_is_in_doubt_and_comes_back() {
    // Whoever steals a key would end every diploma of a school, and nobody could give them back.
    let case = Case::open();
    let clear = case.list();
    let revoked = case.sets("revoked");
    let at = revoked["position"].as_u64().unwrap();
    assert_eq!(
        case.online(),
        is("invalid", "E50"),
        "nobody knows of the theft yet"
    );
    assert_eq!(case.offline(&revoked), is("invalid", "E50"));
    assert_ne!(case.list(), clear);

    let cut = case.theft.cut_off(case.at());
    assert_eq!(case.online(), is("unconfirmed", "E12"));
    assert_eq!(case.offline(&cut), is("unconfirmed", "E12"));
    assert_eq!(case.list(), clear, "its bit is built clear");
    let status = case.status(&cut);
    assert_eq!(
        (&status["status"], &status["changes"][0]["doubt"]),
        (&json!("disputed"), &json!("disputed"))
    );
    let path = format!("/v1/credentials/{}/status", case.id);
    let reinstate = json!({ "reason": "other", "status": "reinstated" });
    let stand = &case.theft.stand;
    stand
        .post(case.theft.token(), &path, &reinstate)
        .refused(409, "credential-disputed");

    let settled = case.theft.settle(Settlement::Repudiated, at);
    assert_eq!(case.online(), is("valid", "OK"));
    assert_eq!(case.offline(&settled), is("valid", "OK"));
    assert_eq!(case.list(), clear);
    assert_eq!(case.status(&settled)["changes"][0]["doubt"], "repudiated");

    // It is in force again, so what ends its outcome ends it too.
    let draft = json!({ "reason": "misconduct" });
    let path = format!("/v1/outcomes/{}/revocations", case.theft.outcome("R-1"));
    let proposed = stand.post(case.theft.token(), &path, &draft).is(202);
    let other = &stand.schools[0].officers[1].token;
    let ended = stand.approve(other, &proposed["approval"]).is(201);
    assert_eq!(case.online(), is("invalid", "E50"));
    assert_eq!(case.offline(&ended), is("invalid", "E50"));
}

#[test]
fn a_revocation_behind_the_cut_off_that_was_genuine_counts_again() {
    // A school could not stand for what it did itself while the thief had its key.
    let case = Case::open();
    let revoked = case.sets("revoked");
    case.theft.cut_off(case.at());
    assert_eq!(case.online(), is("unconfirmed", "E12"));
    let at = revoked["position"].as_u64().unwrap();
    let settled = case.theft.settle(Settlement::Reaffirmed, at);
    assert_eq!(case.online(), is("invalid", "E50"));
    assert_eq!(case.offline(&settled), is("invalid", "E50"));
}

#[test]
fn an_outcome_that_a_thief_revoked_is_in_doubt_and_comes_back() {
    // Its credit would be lost for ever, or counted while nobody knows.
    let case = Case::open();
    let theft = &case.theft;
    let stream = account::wire::stream(theft.learner);
    let account = theft.stand.app.ledger.state::<Account>(&stream).unwrap();
    let outcome = account.outcome(theft.outcome("R-1")).unwrap();
    let data = json!(revoke_outcome::Data {
        values: identity::erasable::Commitments::default(),
        outcome: outcome.id,
        person: theft.learner,
        reason: correct_outcome::Reason::Misconduct,
    });
    let mut draft = Hand::draft(&theft.stand, revoke_outcome::KIND, data);
    draft.target = Some(outcome.current);
    draft.act = act(theft.stand.schools[0].officers[0].person, "institution");
    let proposed = theft.stand.assert(&theft.stolen.sign(&draft)).is(202);
    let revoked = theft.agrees(&proposed);
    let at = revoked["position"].as_u64().unwrap();
    let (line, sums) = theft.reads("R-1", &revoked);
    assert_eq!(
        (&line["state"], &sums["credits"], &sums["disputed"]),
        (&json!("revoked"), &json!("0"), &json!("0"))
    );
    assert_eq!(case.online(), is("invalid", "E50"));

    let cut = theft.cut_off(case.at());
    let (line, sums) = theft.reads("R-1", &cut);
    assert_eq!(
        (&line["state"], &line["lots"][0]["state"]),
        (&json!("disputed"), &json!("disputed"))
    );
    assert_eq!(
        (&sums["credits"], &sums["disputed"]),
        (&json!("0"), &json!("2"))
    );
    assert_eq!(case.online(), is("unconfirmed", "E12"));
    assert_eq!(case.offline(&cut), is("unconfirmed", "E12"));

    let settled = theft.settle(Settlement::Repudiated, at);
    let (line, sums) = theft.reads("R-1", &settled);
    assert_eq!(
        (&line["state"], &line["lots"][0]["state"]),
        (&json!("recorded"), &json!("available"))
    );
    assert_eq!(
        (&sums["credits"], &sums["disputed"]),
        (&json!("2"), &json!("0"))
    );
    assert_eq!(case.online(), is("valid", "OK"));
    assert_eq!(case.offline(&settled), is("valid", "OK"));
    // The same record is the same outcome; and it can be corrected, its lot giving place to another.
    let draft = recording(&theft.stand, theft.learner, "R-1");
    let again = theft
        .stand
        .assert(&theft.second.submission(draft, &values()));
    let again = again.is(200);
    assert_eq!(again["position"], case.recorded["position"]);
    let path = format!("/v1/outcomes/{}/corrections", theft.outcome("R-1"));
    let body = json!({ "reason": "amount_wrong", "kind": "course", "title": "数据结构", "credits": "3",
        "completed_on": "2026-06-30" });
    let proposed = theft.stand.post(theft.token(), &path, &body).is(202);
    let other = &theft.stand.schools[0].officers[1].token;
    let corrected = theft.stand.approve(other, &proposed["approval"]).is(201);
    let (line, sums) = theft.reads("R-1", &corrected);
    assert_eq!(line["lots"][0]["state"], "superseded");
    assert_eq!(line["lots"][1]["state"], "available");
    assert_eq!(sums["credits"], "3");
    // Ended twice, it is counted once.
    let path = format!("/v1/outcomes/{}/revocations", theft.outcome("R-1"));
    let body = json!({ "reason": "misconduct" });
    let proposed = theft.stand.post(theft.token(), &path, &body).is(202);
    let ended = theft.stand.approve(other, &proposed["approval"]).is(201);
    let path = after("/v1/statistics/overview", &ended);
    let all = theft.stand.get(&theft.stand.registrar.token, &path).is(200);
    assert_eq!(
        (
            &all["outcomes"],
            &all["revoked"],
            &all["rows"][0]["credits"]
        ),
        (&json!(0), &json!(1), &json!("0"))
    );
}
