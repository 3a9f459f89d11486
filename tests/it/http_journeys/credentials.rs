//! A credential is issued, shown, scanned, checked with and without the ledger, ended and replaced.

mod checking;
mod forged;
mod institutions;
mod lists;

use api::picture;
use credentials::trust::Bundle;
use credentials::vc::qr;
use credentials::verify::{self, Context};
use identity::role::Role;
use ledger::clock;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

/// A stand where learner 林昇 has one outcome of the first school, and that school a credential key.
struct Issuing {
    stand: Stand,
    learner: Uuid,
    outcome: Value,
    recorded: Value,
}

impl Issuing {
    fn open() -> Self {
        let stand = Stand::open();
        let school = &stand.schools[0];
        let path = format!("/v1/institutions/{}/keys", school.number);
        let key = json!({ "fragment": "credential-1", "use": "credential" });
        stand.post(school.token(), &path, &key).is(201);
        let learner = stand.register(0, "林昇", &resident_id(31));
        let body = Stand::outcome(learner, "R-1");
        let recorded = stand.post(school.token(), "/v1/outcomes", &body).is(201);
        Self {
            outcome: recorded["id"].clone(),
            recorded,
            stand,
            learner,
        }
    }

    fn token(&self) -> &str {
        self.stand.schools[0].token()
    }

    fn issue(&self) -> Answer {
        let body = json!({ "learner": self.learner, "outcome": self.outcome });
        self.stand.post(self.token(), "/v1/credentials", &body)
    }

    fn get(&self, issued: &Value, part: &str) -> Answer {
        let path = format!("/v1/credentials/{}{part}", issued["id"].as_str().unwrap());
        self.stand.get(self.token(), &path)
    }

    fn verify(&self, media: &str, body: &[u8]) -> Value {
        let headers = [("content-type", media)];
        let answer = self
            .stand
            .send("POST", "/v1/verify", "", &headers, Some(body));
        answer.is(200)
    }

    fn bundle(&self, written: &Value) -> Bundle {
        let text = self.stand.get("", &after("/trust/bundle", written)).text();
        Bundle::open(&text).unwrap()
    }

    fn set(&self, issued: &Value, status: &str) -> Value {
        let path = format!("/v1/credentials/{}/status", issued["id"].as_str().unwrap());
        let body = json!({ "status": status, "reason": "misconduct" });
        self.stand.post(self.token(), &path, &body).is(201)
    }
}

/// Result and code of a report.
fn said(report: &Value) -> (&str, &str) {
    (
        report["result"].as_str().unwrap(),
        report["code"].as_str().unwrap(),
    )
}

/// What a verifier without the ledger says: with a bundle as of `written`.
fn offline(issuing: &Issuing, written: &Value, input: &[u8]) -> Value {
    let bundle = issuing.bundle(written);
    let context = Context {
        bundle: &bundle,
        lists: &[],
        ledger: None,
        now_s: issuing.stand.app.now_ms().div_euclid(1_000),
    };
    serde_json::to_value(verify::any(input, &context)).unwrap()
}

/// The text in a picture of a code.
fn scanned(png: &[u8]) -> String {
    let texts = picture::read(png).unwrap();
    assert_eq!(texts.len(), 1, "one code");
    texts.into_iter().next().unwrap()
}

#[test]
fn the_smallest_picture_holds_no_code() {
    // Half of one dot is none: whoever sends it would bring the reader down.
    const DOT: &[u8] = &[
        137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6,
        0, 0, 0, 31, 21, 196, 137, 0, 0, 0, 13, 73, 68, 65, 84, 120, 218, 99, 100, 248, 207, 80,
        15, 0, 3, 134, 1, 128, 90, 52, 125, 107, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
    ];
    assert_eq!(picture::read(DOT), Ok(Vec::new()));
}

#[test]
fn a_credential_is_shown_scanned_and_checked_without_the_ledger() {
    // What a learner carries would be worth nothing where there is no network.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let again = issuing.issue().is(200);
    assert_eq!(again["id"], issued["id"], "one that stands is the answer");
    let shown = issuing.get(&issued, "");
    assert_eq!(shown.header("content-type"), "application/vc");
    let document = shown.text();
    assert_eq!(
        said(&issuing.verify("application/json", document.as_bytes())),
        ("valid", "OK")
    );
    assert_eq!(
        issuing.get(&issued, "").text(),
        document,
        "the same bytes each time"
    );
    let alone = offline(&issuing, &issued, document.as_bytes());
    assert_eq!(said(&alone), ("valid", "OK"));
    assert_eq!(alone["findings"][0]["code"], "W40");
    assert_eq!(alone["facts"]["issuerName"], "浙江大学");
    assert!(!document.contains("林昇"), "the document names nobody");

    for (part, findings) in [("/qr.png", 1), ("/qr.png?receipt=true", 0)] {
        let png = issuing.get(&issued, part);
        assert_eq!(png.header("content-type"), "image/png");
        let text = scanned(&png.body);
        let report = offline(&issuing, &issued, text.as_bytes());
        assert_eq!(said(&report), ("valid", "OK"), "{part}: {report}");
        assert_eq!(report["findings"].as_array().unwrap().len(), findings);
        assert_eq!(report["facts"]["name"], "林*");
        assert_eq!(report["facts"]["amount"], "2");
        let online = issuing.verify("image/png", &png.body);
        assert_eq!(said(&online), ("valid", "OK"));
        assert_eq!(
            said(&issuing.verify("text/plain", text.as_bytes())),
            ("valid", "OK")
        );
    }
    let full = scanned(&issuing.get(&issued, "/qr.png?name=full").body);
    let report = offline(&issuing, &issued, full.as_bytes());
    assert_eq!(report["facts"]["name"], "林昇");
    let none = scanned(&issuing.get(&issued, "/qr.png?name=none").body);
    assert_eq!(
        offline(&issuing, &issued, none.as_bytes())["facts"]["name"],
        Value::Null
    );
}

#[test]
fn a_code_fits_on_paper() {
    // A learner with a long course name would get a code that no phone reads.
    let issuing = Issuing::open();
    let mut body = Stand::outcome(issuing.learner, "R-LONG");
    body["title"] = json!(
        "社区急救与公共卫生应急处置能力提升综合实训课程（二〇二六年秋季学期第三期）".repeat(2)
    );
    body["credits"] = json!("239.999");
    let recorded = issuing
        .stand
        .post(issuing.token(), "/v1/outcomes", &body)
        .is(201);
    let body = json!({ "learner": issuing.learner, "outcome": recorded["id"] });
    let issued = issuing
        .stand
        .post(issuing.token(), "/v1/credentials", &body)
        .is(201);
    let host = &issuing.stand.app.host;
    for name in ["masked", "full", "none"] {
        let text = scanned(&issuing.get(&issued, &format!("/qr.png?name={name}")).body);
        let digits = text.strip_prefix(&qr::prefix(host)).unwrap();
        let code = picture::code(&qr::prefix(host), digits).unwrap();
        assert!(
            code.version().value() <= 10,
            "{name}: V{}",
            code.version().value()
        );
        let report = offline(&issuing, &issued, text.as_bytes());
        assert_eq!(said(&report), ("valid", "OK"));
        assert_eq!(
            said(&issuing.verify("text/plain", text.as_bytes())),
            ("valid", "OK")
        );
        let title = report["facts"]["title"].as_str().unwrap();
        assert!(
            title.starts_with("社区急救") && title.ends_with('…'),
            "{title}"
        );
    }
    let text = scanned(&issuing.get(&issued, "/qr.png?receipt=true").body);
    let digits = text.strip_prefix(&qr::prefix(host)).unwrap();
    let code = picture::code(&qr::prefix(host), digits).unwrap();
    assert!(code.version().value() <= 25, "V{}", code.version().value());
    let short = scanned(&issuing.get(&issued, "/qr.png").body);
    let digits = short.strip_prefix(&qr::prefix(host)).unwrap();
    let code = picture::code(&qr::prefix(host), digits).unwrap();
    let svg = issuing.get(&issued, "/qr.svg");
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    let mm = f64::from(code.size() + 8) * 0.45;
    assert!(svg.text().contains(&format!("width=\"{mm:.2}mm\"")));
}

#[test]
fn suspension_revocation_and_correction_reach_every_copy() {
    // A1, A6: a copy that somebody kept would go on being accepted.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let document = issuing.get(&issued, "").text();
    let text = scanned(&issuing.get(&issued, "/qr.png").body);
    let everywhere = |written: &Value, code: &str| {
        for copy in [document.as_bytes(), text.as_bytes()] {
            let media = if copy.starts_with(b"{") {
                "application/json"
            } else {
                "text/plain"
            };
            assert_eq!(said(&issuing.verify(media, copy)).1, code);
            assert_eq!(said(&offline(&issuing, written, copy)).1, code);
        }
        let page = issuing
            .stand
            .get("", &format!("/c/{}", issued["id"].as_str().unwrap()));
        assert_eq!(page.status, 200);
        assert_eq!(page.text().contains(&format!("/why/{code}")), code != "OK");
    };
    everywhere(&issued, "OK");
    everywhere(&issuing.set(&issued, "suspended"), "E52");
    everywhere(&issuing.set(&issued, "reinstated"), "OK");
    let correction = json!({
        "reason": "mark_reviewed", "kind": "course", "code": "CS101", "title": "数据结构", "credits": "3.0",
        "scheme": "cn-he", "level": "5", "category": "general", "grade": "95", "completed_on": "2026-06-01",
    });
    let path = format!(
        "/v1/outcomes/{}/corrections",
        issuing.outcome.as_str().unwrap()
    );
    let proposed = issuing
        .stand
        .post(issuing.token(), &path, &correction)
        .is(202);
    let second = &issuing.stand.schools[0].officers[1].token;
    let corrected = issuing.stand.approve(second, &proposed["approval"]).is(201);
    everywhere(&corrected, "E51");
    let next = issuing.issue().is(201);
    assert_ne!(next["id"], issued["id"]);
    let page = issuing
        .stand
        .get("", &format!("/c/{}", issued["id"].as_str().unwrap()));
    let link = format!("href=\"/c/{}\"", next["id"].as_str().unwrap());
    assert!(page.text().contains(&link), "the page leads to the new one");
    let revoked = issuing.set(&next, "revoked");
    let text = scanned(&issuing.get(&next, "/qr.png?receipt=true").body);
    assert_eq!(
        said(&offline(&issuing, &revoked, text.as_bytes())),
        ("invalid", "E50")
    );
    let list = issuing
        .stand
        .get(
            issuing.token(),
            &format!("/v1/learners/{}/credentials", issuing.learner),
        )
        .is(200);
    let states: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["status"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["superseded", "revoked"]);
}

#[test]
fn a_credential_is_for_its_holder_and_its_issuer() {
    // Anybody with a token could collect other people's certificates.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let id = issued["id"].as_str().unwrap();
    let holder = issuing.stand.token(issuing.learner, Role::Learner, None);
    let stranger = issuing.stand.token(clock::uuid_v4(), Role::Learner, None);
    let verifier = issuing.stand.token(clock::uuid_v4(), Role::Verifier, None);
    let other = issuing.stand.schools[1].token();
    for part in ["", "/status", "/qr.svg", "/qr.png", "/certificate.html"] {
        let path = format!("/v1/credentials/{id}{part}");
        assert_eq!(issuing.stand.get(&holder, &path).status, 200, "{part}");
        for token in [&stranger, &verifier, other] {
            issuing.stand.get(token, &path).refused(403, "not-allowed");
        }
        issuing.stand.get("", &path).refused(401, "not-signed-in");
        issuing
            .stand
            .get(&issuing.stand.registrar.token, &path)
            .refused(403, "not-allowed");
    }
    let certificate = issuing
        .stand
        .get(&holder, &format!("/v1/credentials/{id}/certificate.html"));
    assert!(certificate.text().contains("林昇"));
    let page = issuing.stand.get("", &format!("/c/{id}")).text();
    assert!(page.contains("林*") && !page.contains("林昇"));
    let body = json!({ "learner": issuing.learner, "outcome": issuing.outcome });
    issuing
        .stand
        .post(&holder, "/v1/credentials", &body)
        .refused(403, "not-allowed");
    assert!(issuing.recorded["position"].as_u64().unwrap() < issued["position"].as_u64().unwrap());
}

#[test]
fn every_code_has_its_page_and_its_words() {
    // A verifier at a gate would be told a code and nothing else.
    let stand = Stand::open();
    for code in verify::Code::ALL {
        assert!(
            api::verify_words::has_code(code.as_str()),
            "{}",
            code.as_str()
        );
        let page = stand.get("", &format!("/why/{}", code.as_str()));
        assert_eq!(page.status, 200);
        let text = page.text();
        let shown = text.split_once("</style>").unwrap().1;
        assert!(
            !shown.contains('{'),
            "{}: something is not filled in",
            code.as_str()
        );
    }
    stand.get("", "/why/E99").refused(404, "not-found");
}
