//! Status lists as verifiers fetch them.

use credentials::vc::status::Bits;
use serde_json::{Value, json};
use tests::support::server::Answer;

use super::{Issuing, offline, said};

/// The address of the list that a credential names, and its bit there.
fn named(issuing: &Issuing, issued: &Value) -> (String, u64) {
    let document: Value = issuing.get(issued, "").json();
    let entry = &document["credentialStatus"];
    let index = entry["statusListIndex"].as_str().unwrap().parse().unwrap();
    let url = entry["statusListCredential"].as_str().unwrap();
    let rest = url.strip_prefix("https://").unwrap();
    let (_, path) = rest.split_once('/').unwrap();
    (format!("/{path}"), index)
}

#[test]
fn a_status_list_is_the_log_as_of_a_time() {
    // Nobody could show what was said of a credential on the day it was accepted.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let (path, index) = named(&issuing, &issued);
    let bit = |answer: &Answer| {
        let list = answer.is(200);
        let encoded = list["credentialSubject"]["encodedList"]
            .as_str()
            .unwrap()
            .to_owned();
        Bits::decode(&encoded).unwrap().get(index).unwrap()
    };
    let before = issuing.stand.get("", &path);
    assert!(!bit(&before));
    assert_eq!(before.header("content-type"), "application/vc");
    let seen = [("if-none-match", before.header("etag"))];
    assert_eq!(
        issuing.stand.send("GET", &path, "", &seen, None).status,
        304
    );
    let then = ledger::assertion::format_s(issuing.stand.app.now_ms());
    issuing.stand.pass(5_000);
    let revoked = issuing.set(&issued, "revoked");
    let now = issuing.stand.get("", &path);
    assert!(bit(&now) && now.header("etag") != before.header("etag"));
    assert_eq!(
        now.header("xf-log-position"),
        (revoked["position"].as_u64().unwrap() + 1).to_string()
    );
    let past = issuing.stand.get("", &format!("{path}?timestamp={then}"));
    assert!(!bit(&past), "as it was then");
    // What is signed for tomorrow would be a list that says a credential still stands then.
    for time in ["yesterday", "2999-01-01T00:00:00Z"] {
        issuing
            .stand
            .get("", &format!("{path}?timestamp={time}"))
            .refused(400, "body-unreadable");
    }
    // The list is a credential itself, and holds by the same pipeline.
    let report = offline(&issuing, &revoked, now.text().as_bytes());
    assert_eq!(said(&report), ("valid", "OK"));
}

#[test]
fn no_list_outlives_the_key_that_signed_it() {
    // A list under a retired key is refused by every verifier, for up to an hour after each change of keys.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let (path, _) = named(&issuing, &issued);
    let signed_by = || {
        let list = issuing.stand.get("", &path).is(200);
        list["proof"]["verificationMethod"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(signed_by().ends_with("#credential-1"));
    let keys = format!("/v1/institutions/{}/keys", issuing.stand.schools[0].number);
    let next = json!({ "fragment": "credential-2", "use": "credential" });
    issuing.stand.post(issuing.token(), &keys, &next).is(201);
    let retired = issuing
        .stand
        .send(
            "DELETE",
            &format!("{keys}/credential-1"),
            issuing.token(),
            &[],
            None,
        )
        .is(201);
    assert!(signed_by().ends_with("#credential-2"));
    let list = issuing.stand.get("", &path).text();
    let report = offline(&issuing, &retired, list.as_bytes());
    assert_eq!(said(&report), ("valid", "OK"));
}
