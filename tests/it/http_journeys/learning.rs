//! An institution is admitted, a person registered, a course recorded and seen.

use credentials::trust::Bundle;
use identity::role::Role;
use ledger::commit::Commit;
use ledger::receipt::{Policy, Receipt};
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};

#[test]
fn an_institution_is_admitted_by_two_persons() {
    // One registrar alone could let anybody issue credit.
    let stand = Stand::open();
    let body = json!({ "name": "温州大学", "school_code": "4133010351", "level": "school", "scope": ["course"] });
    let proposed = stand
        .post(&stand.registrar.token, "/v1/institutions", &body)
        .is(202);
    let number = proposed["number"].as_u64().unwrap();
    let path = format!("/v1/institutions/{number}");
    stand
        .get("", &after(&path, &proposed))
        .refused(404, "institution-unknown");
    let again = stand.approve(&stand.registrar.token, &proposed["approval"]);
    again.refused(403, "same-person");
    let waiting = stand
        .get(&stand.registrar2.token, &after("/v1/approvals", &proposed))
        .is(200);
    assert_eq!(waiting["items"][0]["id"], proposed["approval"]);
    assert_eq!(waiting["items"][0]["data"]["name"], "温州大学");
    let approved = stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201);
    assert_eq!(approved["state"], "completed");
    let shown = stand.get("", &after(&path, &approved)).is(200);
    assert_eq!(shown["name"], "温州大学");
    assert_eq!(shown["custody"], "platform");
    assert_eq!(shown["position"], approved["position"]);
    let did = stand.get("", &format!("/i/{number}/did.json"));
    assert_eq!(did.is(200)["id"], shown["did"]);
    assert_eq!(did.header("content-type"), "application/did+json");
    let shown = stand.get(
        &stand.registrar2.token,
        &format!("/v1/approvals/{}", proposed["approval"].as_str().unwrap()),
    );
    assert_eq!(shown.is(200)["ended"], approved["position"]);
}

#[test]
fn a_rejected_institution_stays_out() {
    // A no of the second person would count as a yes.
    let stand = Stand::open();
    let body = json!({ "name": "温州大学", "school_code": "4133010351", "level": "school", "scope": ["course"] });
    let proposed = stand
        .post(&stand.registrar.token, "/v1/institutions", &body)
        .is(202);
    let path = format!("/v1/approvals/{}", proposed["approval"].as_str().unwrap());
    let rejected = stand
        .post(
            &stand.registrar2.token,
            &path,
            &json!({ "decision": "reject" }),
        )
        .is(201);
    assert_eq!(rejected["state"], "rejected");
    stand
        .post(
            &stand.registrar2.token,
            &path,
            &json!({ "decision": "approve" }),
        )
        .refused(409, "proposal-rejected");
    let shown = format!("/v1/institutions/{}", proposed["number"]);
    stand
        .get("", &after(&shown, &rejected))
        .refused(404, "institution-unknown");
}

#[test]
fn one_person_has_one_account() {
    // A pupil sent twice would have two accounts, or two people with one number would share one.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let body = |name: &str, number: &str| json!({ "name": name, "birth_date": "2001-02-03", "identifiers": [{ "type": "resident_id", "value": number }] });
    let first = stand.post(token, "/v1/learners", &body("王晓明", &resident_id(1)));
    let made = first.is(201);
    assert_eq!(first.header("xf-position"), made["position"].to_string());
    let again = stand
        .post(token, "/v1/learners", &body("王晓明", &resident_id(1)))
        .is(200);
    assert_eq!(
        (&again["id"], &again["position"]),
        (&made["id"], &made["position"])
    );
    let size = stand.app.ledger.head().size;
    let other = stand.post(
        stand.schools[1].token(),
        "/v1/learners",
        &body("李小红", &resident_id(1)),
    );
    other.refused(409, "identifier-taken");
    assert_eq!(stand.app.ledger.head().size, size);
    let found = json!({ "identifier": { "type": "resident_id", "value": resident_id(1) } });
    let found = stand.post(token, "/v1/learners/search", &found).is(200);
    assert_eq!(
        found["matches"],
        json!([{ "id": made["id"], "name": "王*明" }])
    );
    let nobody = json!({ "identifier": { "type": "resident_id", "value": resident_id(2) } });
    assert_eq!(
        stand.post(token, "/v1/learners/search", &nobody).is(200)["matches"],
        json!([])
    );
    // One more number is bound to the same person, and found by it.
    let path = format!("/v1/learners/{}/identifiers", made["id"].as_str().unwrap());
    stand
        .post(
            token,
            &path,
            &json!({ "type": "passport", "value": "E12345678" }),
        )
        .is(201);
    let found = json!({ "identifier": { "type": "passport", "value": "e12345678" } });
    assert_eq!(
        stand.post(token, "/v1/learners/search", &found).is(200)["matches"][0]["id"],
        made["id"]
    );
}

#[test]
fn a_check_digit_that_does_not_fit_is_accepted_by_the_registry_only() {
    // A school would bind a mistyped number for good, or a true number with a wrong digit never be.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let mut number = resident_id(5);
    let last = if number.ends_with('1') { "2" } else { "1" };
    number.replace_range(17.., last);
    let body = |by_hand: bool| json!({ "name": "王晓明", "identifiers": [{ "type": "resident_id", "value": number, "override": by_hand }] });
    let size = stand.app.ledger.head().size;
    let refused = stand
        .post(token, "/v1/learners", &body(false))
        .refused(422, "identifier-invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/identifiers/0/value");
    assert_eq!(stand.app.ledger.head().size, size);
    stand
        .post(token, "/v1/learners", &body(true))
        .refused(403, "override-not-yours");
    assert_eq!(stand.app.ledger.head().size, size);
    let token = stand.registrar.token.as_str();
    let made = stand.post(token, "/v1/learners", &body(true)).is(201);
    let shown = stand
        .get(
            token,
            &format!("/v1/learners/{}", made["id"].as_str().unwrap()),
        )
        .is(200);
    assert_eq!(shown["identifiers"][0]["check"], "overridden");
}

#[test]
fn a_course_is_recorded_once_and_seen_at_once() {
    // A learner would not see a course that was acknowledged, or count it twice.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let body = Stand::outcome(person, "2026-CS-0001");
    let recorded = stand.post(token, "/v1/outcomes", &body).is(201);
    assert!(recorded["lot"].is_string());
    assert_eq!(recorded["warnings"], Value::Null);
    let own = stand.token(person, Role::Learner, None);
    let base = format!("/v1/learners/{person}");
    let answer = stand.get(&own, &after(&format!("{base}/transcript.json"), &recorded));
    let transcript = answer.is(200);
    let line = &transcript["outcomes"][0];
    assert_eq!(line["id"], recorded["id"]);
    assert_eq!(
        (&line["title"], &line["grade"], &line["credits"]),
        (&json!("数据结构"), &json!("85"), &json!("2"))
    );
    assert_eq!(line["passed"], true);
    assert_eq!(transcript["learner"]["name"], "王晓明");
    let etag = answer.header("etag").to_owned();
    let not_modified = stand.send(
        "GET",
        &format!("{base}/transcript.json"),
        &own,
        &[("if-none-match", &etag)],
        None,
    );
    assert_eq!((not_modified.status, not_modified.body.len()), (304, 0));
    let page = stand.send(
        "GET",
        &format!("{base}/transcript"),
        &own,
        &[("accept", "text/html")],
        None,
    );
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text().contains("数据结构") && page.text().contains("王晓明"));
    let negotiated = stand.get(&own, &format!("{base}/transcript"));
    assert_eq!(negotiated.json(), transcript);
    assert_eq!(
        stand.get(&own, &format!("{base}/credits")).is(200),
        transcript["totals"]
    );
    let shown = stand
        .get(
            &own,
            &format!("/v1/outcomes/{}", recorded["id"].as_str().unwrap()),
        )
        .is(200);
    assert_eq!(&shown, line);
    // The same record again is the same outcome; another mark is another claim.
    let size = stand.app.ledger.head().size;
    let again = stand.post(token, "/v1/outcomes", &body).is(200);
    assert_eq!(
        (&again["id"], &again["position"], &again["lot"]),
        (&recorded["id"], &recorded["position"], &recorded["lot"])
    );
    for (member, value) in [("grade", json!("86")), ("credits", json!("3.0"))] {
        let mut differs = body.clone();
        differs[member] = value;
        let refused = stand
            .post(token, "/v1/outcomes", &differs)
            .refused(409, "record-differs");
        assert_eq!(refused["position"], recorded["position"], "{member}");
    }
    assert_eq!(stand.app.ledger.head().size, size);
    let mut warned = Stand::outcome(person, "2026-CS-0002");
    warned["hours"] = json!("1");
    assert_eq!(
        stand.post(token, "/v1/outcomes", &warned).is(201)["warnings"],
        json!(["HOURS_MISMATCH"])
    );
}

#[test]
fn receipts_are_verified_offline_against_the_trust_bundle() {
    // A learner's proof would be worth nothing without us, or fit a record that we invented.
    let stand = Stand::open();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let body = Stand::outcome(person, "2026-CS-0001");
    let headers = [("prefer", "receipt")];
    let recorded = stand
        .post_with(stand.schools[0].token(), "/v1/outcomes", &headers, &body)
        .is(201);
    let bundle = Bundle::open(&stand.get("", &after("/trust/bundle", &recorded)).text()).unwrap();
    let policy = Policy {
        origin: bundle.log.origin.clone(),
        key: bundle.log.key.clone(),
        witnesses: Vec::new(),
        quorum: usize::try_from(bundle.quorum).unwrap(),
    };
    let verified = |text: &str| {
        let receipt = Receipt::parse(text).unwrap();
        let proven = receipt.verify(&policy).unwrap();
        assert_eq!(json!(proven.index), recorded["position"]);
        let commit = Commit::decode(receipt.leaf.as_deref().unwrap()).unwrap();
        assert_eq!(json!(commit.assertion.id()), recorded["assertion"]);
        receipt
    };
    let given = verified(recorded["receipt"].as_str().unwrap());
    let own = stand.token(person, Role::Learner, None);
    let path = format!(
        "/v1/learners/{person}/transcript.json?receipts=true&after={}",
        recorded["position"]
    );
    let transcript = stand.get(&own, &path).is(200);
    verified(transcript["outcomes"][0]["receipt"].as_str().unwrap());
    let fetched = stand.get(&own, &format!("/log/proof/{}", recorded["position"]));
    verified(&fetched.text());
    // Without a token only the proof is public, and it fits the leaf that the learner holds.
    let public = Receipt::parse(
        &stand
            .get("", &format!("/log/proof/{}", recorded["position"]))
            .text(),
    )
    .unwrap();
    assert_eq!(public.leaf, None);
    public
        .verify_hash(
            ledger::merkle::leaf_hash(given.leaf.as_deref().unwrap()),
            &policy,
        )
        .unwrap();
    let mut forged = given.clone();
    forged.leaf = Some([given.leaf.as_deref().unwrap(), b"x"].concat());
    assert!(forged.verify(&policy).is_err());
    let issuer = bundle
        .issuers
        .iter()
        .find(|issuer| issuer.id.0 == 1)
        .unwrap();
    assert_eq!(issuer.name, "浙江大学");
}

#[test]
fn numbers_of_two_people_name_nobody() {
    // Two people's numbers in one form would be taken for the first, and the second's forgotten.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    stand.register(0, "王晓明", &resident_id(1));
    let other = stand.register(0, "李小红", &resident_id(2));
    let bind = json!({ "type": "passport", "value": "E12345678" });
    let path = format!("/v1/learners/{other}/identifiers");
    stand.post(token, &path, &bind).is(201);
    let body = json!({ "name": "王晓明", "identifiers": [
        { "type": "resident_id", "value": resident_id(1) },
        { "type": "passport", "value": "E12345678" },
    ] });
    let refused = stand.post(token, "/v1/learners", &body);
    let refused = refused.refused(409, "identifier-taken");
    assert_eq!(refused["errors"][0]["pointer"], "/identifiers/1/value");
}
