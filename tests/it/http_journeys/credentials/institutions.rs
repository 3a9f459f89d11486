//! What the certificates of a school say when the school is renamed, suspended, closed or merged.

use api::problem::Reason;
use credentials::verify::{self, Context};
use serde_json::{Value, json};
use tests::support::server::answer::after;

use super::{Issuing, offline, said, scanned};

/// A certificate as its holder keeps it.
struct Kept {
    document: String,
    code: String,
    status: String,
}

impl Kept {
    fn of(issuing: &Issuing, issued: &Value) -> Self {
        // As the learner: whoever issued it.
        let learner = issuing
            .stand
            .token(issuing.learner, identity::role::Role::Learner, None);
        let get = |part: &str| {
            let path = format!("/v1/credentials/{}{part}", issued["id"].as_str().unwrap());
            issuing.stand.get(&learner, &path)
        };
        let document = get("").text();
        let read: Value = serde_json::from_str(&document).unwrap();
        let url = read["credentialStatus"]["statusListCredential"].as_str();
        let (_, path) = url.unwrap()["https://".len()..].split_once('/').unwrap();
        Self {
            status: format!("/{path}"),
            code: scanned(&get("/qr.png").body),
            document,
        }
    }

    /// Every copy, with the ledger and without it, says `code` as of `written`.
    fn says(&self, issuing: &Issuing, written: &Value, code: &str) {
        let copies = [
            (self.document.as_str(), "application/json"),
            (self.code.as_str(), "text/plain"),
        ];
        // The platform's own bundle may be a second older than what was written.
        issuing.stand.pass(1_000);
        for (copy, media) in copies {
            let report = offline(issuing, written, copy.as_bytes());
            assert_eq!(said(&report).1, code, "offline, {media}");
            let online = issuing.verify(media, copy.as_bytes());
            assert_eq!(said(&online).1, code, "online, {media}");
        }
    }

    /// The same with the list that is served now, in the place of the bundle's.
    fn says_with_its_list(&self, issuing: &Issuing, written: &Value, code: &str) {
        let mut bundle = issuing.bundle(written);
        for issuer in &mut bundle.issuers {
            issuer.status.clear();
        }
        let lists: Vec<Value> = (0..3)
            .map(|n| {
                let path = self.status.trim_end_matches('1');
                issuing.stand.get("", &format!("{path}{}", n + 1)).is(200)
            })
            .collect();
        let context = Context {
            bundle: &bundle,
            lists: &lists,
            ledger: None,
            now_s: issuing.stand.app.now_ms().div_euclid(1_000),
        };
        let report = verify::any(self.document.as_bytes(), &context);
        let report = serde_json::to_value(report).unwrap();
        assert_eq!(said(&report).1, code, "{report}");
    }
}

/// Two registrars say so about the first school.
fn governed(issuing: &Issuing, part: &str, body: &Value) -> Value {
    let stand = &issuing.stand;
    let path = format!("/v1/institutions/1/{part}");
    let proposed = stand.post(&stand.registrar.token, &path, body).is(202);
    stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201)
}

#[test]
fn a_suspended_school_is_told_at_every_gate() {
    // A diploma mill that the province stopped would still open doors, or an honest one never again.
    let issuing = Issuing::open();
    let kept = Kept::of(&issuing, &issuing.issue().is(201));
    let stand = &issuing.stand;
    let reason = json!({ "reason": "supervision" });
    let path = "/v1/institutions/1/suspension";
    let proposed = stand.post(&stand.registrar.token, path, &reason).is(202);
    kept.says(&issuing, &issuing.recorded, "OK");
    stand
        .approve(&stand.registrar.token, &proposed["approval"])
        .refused(403, "same-person");
    let second = &stand.registrar2.token;
    let suspended = stand.approve(second, &proposed["approval"]).is(201);
    kept.says(&issuing, &suspended, "E11");
    let body = tests::support::server::Stand::outcome(issuing.learner, "R-2");
    let refusal = stand.post(issuing.token(), "/v1/outcomes", &body);
    refusal.refused(403, Reason::InstitutionSuspended.slug());
    let seen = stand
        .get("", &after("/v1/institutions/1", &suspended))
        .is(200);
    assert_eq!(
        (&seen["state"], &seen["suspended"]),
        (&json!("suspended"), &suspended["position"])
    );
    let reinstated = governed(&issuing, "reinstatement", &json!({}));
    kept.says(&issuing, &reinstated, "OK");
    stand.post(issuing.token(), "/v1/outcomes", &body).is(201);
}

#[test]
fn what_a_closed_school_certified_stays_good() {
    // Whoever learned at a school that is no more would hold worthless paper.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let kept = Kept::of(&issuing, &issued);
    let stand = &issuing.stand;
    let closed = governed(&issuing, "closing", &json!({ "reason": "dissolved" }));
    kept.says(&issuing, &closed, "OK");
    kept.says_with_its_list(&issuing, &closed, "OK");
    let own = [
        ("/v1/learners", json!({})),
        ("/v1/outcomes", json!({})),
        ("/v1/officers", json!({})),
    ];
    for (path, body) in own {
        stand
            .post(issuing.token(), path, &body)
            .refused(409, "institution-ended");
    }
    let transcript = format!("/v1/learners/{}/transcript.json", issuing.learner);
    stand
        .get(issuing.token(), &transcript)
        .refused(409, "institution-ended");
    let roster = |written: &Value| {
        let path = after("/v1/officers", written) + "&institution=1";
        let roster = stand.get(&stand.registrar.token, &path).is(200);
        roster["items"].as_array().unwrap().len()
    };
    assert_eq!(roster(&closed), 0);
    let seen = stand.get("", &after("/v1/institutions/1", &closed)).is(200);
    assert_eq!(
        (&seen["state"], &seen["ended"]),
        (&json!("closed"), &closed["position"])
    );
    let bundle = issuing.bundle(&closed);
    let school = bundle.issuer(identity::did::IssuerNumber(1)).unwrap();
    assert_eq!(school.suspended, None);
    for key in &school.keys {
        let asserts = key.r#use == identity::institution::KeyUse::Assertion;
        assert_eq!(
            key.retired,
            asserts.then(|| closed["position"].as_u64().unwrap())
        );
    }

    // Let in again with a fresh key and other officers: the old ones stay out.
    let path = "/v1/institutions/1/revival";
    let proposed = stand.post(&stand.registrar.token, path, &json!({})).is(202);
    assert!(proposed["next_fragment"].is_string());
    let second = &stand.registrar2.token;
    let revived = stand.approve(second, &proposed["approval"]).is(201);
    assert_eq!(roster(&revived), 2);
    let body = tests::support::server::Stand::outcome(issuing.learner, "R-2");
    stand
        .post(issuing.token(), "/v1/outcomes", &body)
        .refused(403, "not-allowed");
    let officer = serde_json::from_value(proposed["officers"][0].clone()).unwrap();
    let token = stand.token(officer, identity::role::Role::Institution, Some(1));
    stand.post(&token, "/v1/outcomes", &body).is(201);
    kept.says(&issuing, &revived, "OK");
    let rotation = json!({ "fragment": proposed["next_fragment"], "next": "key-later" });
    stand
        .post(&token, "/v1/institutions/1/keys/rotation", &rotation)
        .is(202);
}

#[test]
fn the_successor_of_a_school_ends_and_corrects_what_it_certified() {
    // An error in the books of a school that was merged could never be put right.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let kept = Kept::of(&issuing, &issued);
    let stand = &issuing.stand;
    let path = format!("/v1/credentials/{}/status", issued["id"].as_str().unwrap());
    let second = &stand.schools[1];
    let set = |status: &str| {
        let body = json!({ "status": status, "reason": "misconduct" });
        stand.post(second.token(), &path, &body)
    };
    set("suspended").refused(403, "credential-not-yours");
    let transcript = format!("/v1/learners/{}/transcript.json", issuing.learner);
    stand
        .get(second.token(), &transcript)
        .refused(403, "not-allowed");
    let merged = governed(&issuing, "merger", &json!({ "into": 2 }));
    kept.says(&issuing, &merged, "OK");
    kept.says_with_its_list(&issuing, &merged, "OK");
    let read = stand
        .get(second.token(), &after(&transcript, &merged))
        .is(200);
    assert_eq!(read["outcomes"][0]["awarder"]["id"], 1);
    let list = |awarder: u32| {
        let path = format!("/v1/outcomes?learner={}&awarder={awarder}", issuing.learner);
        stand.get(second.token(), &path)
    };
    assert_eq!(list(1).is(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(list(2).is(200)["items"], json!([]));
    list(3).refused(403, "not-allowed");
    let suspended = set("suspended").is(201);
    kept.says(&issuing, &suspended, "E52");
    kept.says(&issuing, &set("reinstated").is(201), "OK");
    let correction = json!({
        "reason": "mark_reviewed", "kind": "course", "code": "CS101", "title": "数据结构", "credits": "3.0",
        "scheme": "cn-he", "level": "5", "category": "general", "grade": "95", "completed_on": "2026-06-01",
    });
    let path = format!(
        "/v1/outcomes/{}/corrections",
        issuing.outcome.as_str().unwrap()
    );
    let proposed = stand.post(second.token(), &path, &correction).is(202);
    let other = &second.officers[1].token;
    let corrected = stand.approve(other, &proposed["approval"]).is(201);
    kept.says(&issuing, &corrected, "E51");
    // A document names its revocation list alone, and only that one was fetched.
    kept.says_with_its_list(&issuing, &corrected, "E50");
    let read = stand
        .get(second.token(), &after(&transcript, &corrected))
        .is(200);
    let line = &read["outcomes"][0];
    assert_eq!(
        (&line["state"], &line["credits"]),
        (&json!("corrected"), &json!("3"))
    );
    // What was corrected is certified anew, in the successor's own name.
    let key = json!({ "fragment": "credential-1", "use": "credential" });
    stand
        .post(second.token(), "/v1/institutions/2/keys", &key)
        .is(201);
    let body = json!({ "learner": issuing.learner, "outcome": issuing.outcome });
    let anew = stand.post(second.token(), "/v1/credentials", &body).is(201);
    let newer = Kept::of(&issuing, &anew);
    assert!(newer.status.starts_with("/status/2/"));
    newer.says(&issuing, &anew, "OK");
    let path = format!("/v1/credentials/{}/status", anew["id"].as_str().unwrap());
    let body = json!({ "status": "revoked", "reason": "misconduct" });
    let revoked = stand.post(second.token(), &path, &body).is(201);
    newer.says(&issuing, &revoked, "E50");
    let seen = stand
        .get("", &after("/v1/institutions/1", &corrected))
        .is(200);
    assert_eq!(
        (&seen["state"], &seen["successor"]),
        (&json!("merged"), &json!(2))
    );
    let heir = stand.get("", "/v1/institutions/2").is(200);
    assert_eq!(heir["answers_for"], json!([1]));
    let listed = stand.get("", "/v1/institutions?under=2").is(200);
    let numbers: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"])
        .collect();
    assert_eq!(numbers, [&json!(1), &json!(2)]);
}

#[test]
fn a_certificate_keeps_the_name_that_its_school_had() {
    // A graduate would have to explain why her school did not exist when she graduated.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let kept = Kept::of(&issuing, &issued);
    let stand = &issuing.stand;
    let before = stand.get("", "/v1/institutions/1").is(200)["name"].clone();
    let renamed = governed(&issuing, "name", &json!({ "name": "之江大学" }));
    let body = tests::support::server::Stand::outcome(issuing.learner, "R-2");
    let recorded = stand.post(issuing.token(), "/v1/outcomes", &body).is(201);
    let transcript = format!("/v1/learners/{}/transcript.json", issuing.learner);
    let read = stand
        .get(issuing.token(), &after(&transcript, &recorded))
        .is(200);
    let names: Vec<&Value> = ["R-1", "R-2"]
        .iter()
        .map(|record| {
            let lines = read["outcomes"].as_array().unwrap();
            let line = lines.iter().find(|line| line["record"] == *record);
            &line.unwrap()["awarder"]["name"]
        })
        .collect();
    assert_eq!(names, [&before, &json!("之江大学")]);
    assert_eq!(
        issuing.get(&issued, "").text(),
        kept.document,
        "the same bytes as before"
    );
    assert!(kept.document.contains(before.as_str().unwrap()));
    kept.says(&issuing, &recorded, "OK");
    let seen = stand.get("", "/v1/institutions/1").is(200);
    assert_eq!(seen["name"], "之江大学");
    assert_eq!(seen["former_names"][0]["name"], before);
    let bundle = issuing.bundle(&renamed);
    let school = bundle.issuer(identity::did::IssuerNumber(1)).unwrap();
    assert_eq!(school.name, "之江大学");
    // A wish of one registrar is none.
    let wish = json!({ "name": "另一所大学" });
    stand
        .post(&stand.registrar.token, "/v1/institutions/1/name", &wish)
        .is(202);
    assert_eq!(
        stand.get("", "/v1/institutions/1").is(200)["name"],
        "之江大学"
    );
}
