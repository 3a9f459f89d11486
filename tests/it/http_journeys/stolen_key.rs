//! A school's key is stolen: from the forgery to the settlement, as learner, gate and verifier see it.

mod endings;

use credentials::account::outcome::{Origin, outcome_id};
use identity::approval;
use identity::did::IssuerNumber;
use identity::institution::seal::{self, Seal};
use identity::institution::{
    Custody, KeyUse, Ranges, Settlement, activate_key, compromise_key, reaffirm_history,
    settle_entries,
};
use ledger::hash::Digest;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::hand::{Hand, act, target};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::own_key::{recording, values};

const SCHOOL: IssuerNumber = IssuerNumber(1);

struct Theft {
    stand: Stand,
    learner: Uuid,
    stolen: Hand,
    second: Hand,
    acknowledgement: Hand,
    recovery: Hand,
}

impl Theft {
    /// School 1 with two keys of its own, and both keys apart.
    fn open() -> Self {
        let stand = Stand::open();
        let stolen = stand.own_key(0, "key-own");
        let second = stand.own_key(0, "key-second");
        let apart = |fragment: &str, r#use| {
            let hand = Hand::new(&stand, 1, fragment);
            let public = hand.key.public();
            let text = seal::possession(stand.app.ledger.origin(), SCHOOL, fragment, &public);
            let data = activate_key::DataV2 {
                custody: Custody::Own,
                fragment: fragment.into(),
                institution: SCHOOL,
                key: public,
                next: None,
                proof: Seal::of(&hand.key, &text),
                r#use,
            };
            let mut draft = Hand::draft(&stand, activate_key::KIND_V2, json!(data));
            draft.act = act(stand.schools[0].officers[0].person, "institution");
            let proposed = stand.assert(&stolen.sign(&draft)).is(202);
            let other = &stand.schools[0].officers[1].token;
            stand.approve(other, &proposed["approval"]).is(201);
            hand
        };
        Self {
            acknowledgement: apart("ack-1", KeyUse::Acknowledgement),
            recovery: apart("recovery-1", KeyUse::Recovery),
            learner: stand.register(0, "王晓明", &resident_id(1)),
            stolen,
            second,
            stand,
        }
    }

    fn token(&self) -> &str {
        self.stand.schools[0].token()
    }

    fn records(&self, record: &str) -> Value {
        let draft = recording(&self.stand, self.learner, record);
        let text = self.stolen.submission(draft, &values());
        self.stand.submit("application/jose", &[], &text).is(201)
    }

    fn outcome(&self, record: &str) -> Uuid {
        let origin = Origin {
            awarder: SCHOOL,
            record: record.into(),
        };
        outcome_id(&origin, self.learner)
    }

    /// The line of `record` and the sums, once `written` is folded.
    fn reads(&self, record: &str, written: &Value) -> (Value, Value) {
        let path = format!("/v1/learners/{}/transcript.json", self.learner);
        let body = self.stand.get(self.token(), &after(&path, written)).is(200);
        let lines = body["outcomes"].as_array().unwrap();
        let line = lines.iter().find(|line| line["record"] == record);
        (line.unwrap().clone(), body["totals"][0].clone())
    }

    fn signed(&self, hand: &Hand, kind: &str, data: Value) -> String {
        hand.sign(&Hand::draft(&self.stand, kind, data))
    }

    fn cut_off(&self, q: u64) -> Value {
        let data = json!({ "fragment": "key-own", "institution": 1, "not_valid_after": q });
        let text = self.signed(&self.recovery, compromise_key::KIND, data);
        let proposed = self.stand.assert(&text).is(202);
        let first = &self.stand.registrar.token;
        let agreed = self.stand.approve(first, &proposed["approval"]).is(201);
        assert_eq!(agreed["state"], "pending");
        let last = &self.stand.registrar2.token;
        self.stand.approve(last, &proposed["approval"]).is(201)
    }

    fn settling(&self, how: Settlement, at: u64, root: Digest) -> String {
        let ranges = Ranges::of([(at, at)]);
        let log = self.stand.app.ledger.origin();
        let text = seal::settlement(how, log, SCHOOL, &ranges, &root);
        let data = settle_entries::Data {
            institution: SCHOOL,
            key: self.second.fragment().into(),
            ranges,
            root,
            seal: Seal::of(&self.second.key, &text),
        };
        let kind = match how {
            Settlement::Reaffirmed => settle_entries::REAFFIRM,
            Settlement::Repudiated => settle_entries::REPUDIATE,
        };
        self.signed(&self.acknowledgement, kind, json!(data))
    }

    /// The thief agrees to what the thief proposed, as the school's second officer.
    fn agrees(&self, proposed: &Value) -> Value {
        let data = json!({ "decision": "approve" });
        let mut draft = Hand::draft(&self.stand, approval::decide::KIND, data);
        let id = &proposed["approval"];
        let path = after(&format!("/v1/approvals/{}", id.as_str().unwrap()), proposed);
        let leaf = self.stand.get(self.token(), &path).is(200)["leaf"].clone();
        draft.target = target(id, &leaf);
        draft.act = act(self.stand.schools[0].officers[1].person, "institution");
        self.stand.assert(&self.stolen.sign(&draft)).is(201)
    }

    fn settle(&self, how: Settlement, at: u64) -> Value {
        let root = self.stand.app.root_over(&Ranges::of([(at, at)]));
        let root = root.unwrap().unwrap();
        self.stand.assert(&self.settling(how, at, root)).is(201)
    }
}

#[test]
fn what_a_stolen_key_signed_is_in_doubt_until_two_keys_settle_it() {
    // A forged credit would be spent and certified, or a genuine one lost with the thief's.
    let theft = Theft::open();
    let stand = &theft.stand;
    let before = theft.records("R-0");
    let floor = before["position"].as_u64().unwrap();
    let data = json!({ "except": [], "institution": 1, "through": floor });
    let text = theft.signed(&theft.acknowledgement, reaffirm_history::KIND, data);
    stand.assert(&text).is(201);
    let genuine = theft.records("R-1");
    let forged = theft.records("R-2");
    let (one, two) = (
        genuine["position"].as_u64().unwrap(),
        forged["position"].as_u64().unwrap(),
    );
    let (line, sums) = theft.reads("R-1", &forged);
    assert_eq!(
        (&line["state"], &line["lots"][0]["state"]),
        (&json!("recorded"), &json!("available"))
    );
    assert_eq!(
        (&sums["credits"], &sums["disputed"]),
        (&json!("6"), &json!("0"))
    );

    let cut = theft.cut_off(floor);
    for record in ["R-1", "R-2"] {
        let (line, sums) = theft.reads(record, &cut);
        assert_eq!(
            (&line["state"], &line["lots"][0]["state"]),
            (&json!("disputed"), &json!("disputed"))
        );
        assert_eq!(
            (&sums["credits"], &sums["usable"], &sums["disputed"]),
            (&json!("2"), &json!("2"), &json!("4"))
        );
    }
    assert_eq!(theft.reads("R-0", &cut).0["state"], "recorded");
    let issue = json!({ "learner": theft.learner, "outcome": theft.outcome("R-1") });
    let key = json!({ "fragment": "credential-1", "use": "credential" });
    stand
        .post(theft.token(), "/v1/institutions/1/keys", &key)
        .is(201);
    stand
        .post(theft.token(), "/v1/credentials", &issue)
        .refused(409, "outcome-disputed");
    // The key signs no more, is out of the DID document, and the bundle says since where.
    let late = theft
        .stolen
        .submission(recording(stand, theft.learner, "R-3"), &values());
    stand
        .submit("application/jose", &[], &late)
        .refused(403, "key-not-active");
    let standing = stand
        .get("", &after("/v1/institutions/1/standing", &cut))
        .is(200);
    assert_eq!(standing["floor"], floor);
    let end = cut["position"].as_u64().unwrap();
    assert_eq!(standing["disputed"], json!([[floor + 1, end]]));
    let bundle = stand.get("", "/trust/bundle").is(200);
    let school = bundle["issuers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["id"] == 1)
        .unwrap()
        .clone();
    assert_eq!(school["disputed"], json!([[floor + 1, end]]));
    let keys = school["keys"].as_array().unwrap();
    let told = keys
        .iter()
        .find(|key| key["kid"] == theft.stolen.kid.as_str())
        .unwrap();
    assert_eq!(
        (&told["not_valid_after"], &told["retired"]),
        (&json!(floor), &json!(end))
    );
    let did = stand.get("", "/i/1/did.json").text();
    assert!(!did.contains(theft.stolen.kid.as_str()) && did.contains(theft.second.kid.as_str()));

    // A root that is not the log's does not pass the door.
    let false_root = theft.settling(Settlement::Reaffirmed, one, Digest::of(b"other leaves"));
    stand.assert(&false_root).refused(422, "root-false");
    let settled = theft.settle(Settlement::Reaffirmed, one);
    let settled_two = theft.settle(Settlement::Repudiated, two);
    let (line, sums) = theft.reads("R-1", &settled_two);
    assert_eq!(
        (&line["state"], &line["lots"][0]["state"]),
        (&json!("recorded"), &json!("available"))
    );
    assert_eq!(
        (&sums["credits"], &sums["disputed"]),
        (&json!("4"), &json!("0"))
    );
    let (line, _) = theft.reads("R-2", &settled);
    assert_eq!(
        (&line["state"], &line["lots"][0]["state"]),
        (&json!("revoked"), &json!("revoked"))
    );
    stand.post(theft.token(), "/v1/credentials", &issue).is(201);
    let forged = json!({ "learner": theft.learner, "outcome": theft.outcome("R-2") });
    stand
        .post(theft.token(), "/v1/credentials", &forged)
        .refused(409, "outcome-disputed");
}

#[test]
fn a_credential_of_a_stolen_time_is_not_confirmed() {
    // A gate would let somebody in on what a thief certified.
    let theft = Theft::open();
    let stand = &theft.stand;
    let key = json!({ "fragment": "credential-1", "use": "credential" });
    stand
        .post(theft.token(), "/v1/institutions/1/keys", &key)
        .is(201);
    let recorded = theft.records("R-1");
    let at = recorded["position"].as_u64().unwrap();
    let issue = json!({ "learner": theft.learner, "outcome": theft.outcome("R-1") });
    let issued = stand.post(theft.token(), "/v1/credentials", &issue).is(201);
    let path = format!("/v1/credentials/{}", issued["id"].as_str().unwrap());
    let document = stand.get(theft.token(), &after(&path, &issued)).text();
    let verified = || {
        let headers = [("content-type", "application/json")];
        stand
            .send(
                "POST",
                "/v1/verify",
                "",
                &headers,
                Some(document.as_bytes()),
            )
            .is(200)
    };
    assert_eq!(verified()["result"], "valid");
    let cut = theft.cut_off(at - 1);
    // Issued by the door's key, which nobody stole; but for an outcome that a thief may have made.
    assert_eq!(
        (&verified()["result"], &verified()["code"]),
        (&json!("unconfirmed"), &json!("E12"))
    );
    let status = stand
        .get(theft.token(), &after(&format!("{path}/status"), &cut))
        .is(200);
    assert_eq!(status["status"], "disputed");
    theft.settle(Settlement::Repudiated, at);
    assert_eq!(
        (&verified()["result"], &verified()["code"]),
        (&json!("invalid"), &json!("E50"))
    );
}

#[test]
fn the_platform_rotates_a_key_that_it_keeps() {
    // A school that keeps no keys could not change them, or one officer alone would.
    let stand = Stand::open();
    let [first, second] = &stand.schools[0].officers;
    let path = "/v1/institutions/1/keys/rotation";
    for (new, next) in [("key-2", "key-3"), ("key-3", "key-4")] {
        let body = json!({ "fragment": new, "next": next });
        let proposed = stand.post(&first.token, path, &body).is(202);
        stand.approve(&second.token, &proposed["approval"]).is(201);
    }
    // What was pledged is what comes: no other key, kept or not.
    let body = json!({ "fragment": "key-9", "next": "key-10" });
    stand
        .post(&first.token, path, &body)
        .refused(409, "key-not-pledged");
    let key = json!({ "fragment": "key-11" });
    stand
        .post(&first.token, "/v1/institutions/1/keys", &key)
        .refused(409, "key-pledged");
    let learner = stand.register(0, "王晓明", &resident_id(1));
    let recorded = stand
        .post(
            &first.token,
            "/v1/outcomes",
            &Stand::outcome(learner, "R-1"),
        )
        .is(201);
    let path = after(
        &format!("/v1/learners/{learner}/transcript.json"),
        &recorded,
    );
    let line = stand.get(&first.token, &path).is(200)["outcomes"][0].clone();
    assert!(
        line["signed"]["kid"].as_str().unwrap().ends_with("#key-3"),
        "{line}"
    );
}
