//! Admission with keys apart, and what an office sees of those below it.

use identity::institution::seal;
use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::hand::Hand;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

/// Both registrars admit an institution; the answer to the first.
fn admitted(stand: &Stand, body: &Value) -> (Value, Value) {
    let path = "/v1/institutions";
    let proposed = stand.post(&stand.registrar.token, path, body).is(202);
    let second = &stand.registrar2.token;
    let done = stand.approve(second, &proposed["approval"]).is(201);
    (proposed, done)
}

fn officer(stand: &Stand, admitted: &Value) -> String {
    let person: Uuid = serde_json::from_value(admitted["officers"][0].clone()).unwrap();
    let number = u32::try_from(admitted["number"].as_u64().unwrap()).unwrap();
    stand.token(person, Role::Institution, Some(number))
}

#[test]
fn an_institution_comes_with_the_keys_that_judge_its_own() {
    // A school whose first key is stolen in its first week could neither say so nor go on.
    let stand = Stand::open();
    let number = 3;
    let apart = |name: &str| {
        let hand = Hand::new(&stand, number, name);
        json!({ "fragment": name, "key": hand.key.public() })
    };
    let own = Hand::new(&stand, number, "key-1");
    let next = Hand::new(&stand, number, "key-2");
    let body = json!({
        "name": "温州大学", "school_code": "4133010351", "level": "school", "scope": ["course"],
        "key": own.key.public(), "next": seal::pledge(&next.key.public()),
        "acknowledgement": apart("ack-1"), "recovery": apart("recovery-1"),
    });
    let (proposed, done) = admitted(&stand, &body);
    assert_eq!(proposed["number"], number);
    stand.get("", &after("/v1/institutions/3", &done)).is(200);
    let keys = stand.get("", "/v1/institutions/3/keys").is(200);
    let uses: Vec<(&Value, &Value)> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (&key["use"], &key["custody"]))
        .collect();
    let own = json!("own");
    assert_eq!(
        uses,
        [
            (&json!("assertion"), &own),
            (&json!("acknowledgement"), &own),
            (&json!("recovery"), &own)
        ]
    );
    // The platform pledges where it keeps the key, and rotates to what it pledged.
    let body = json!({
        "name": "台州学院", "school_code": "4133010350", "level": "school", "scope": ["course"], "pledge": true,
    });
    let (proposed, _) = admitted(&stand, &body);
    let token = officer(&stand, &proposed);
    let rotation = |fragment: &Value| json!({ "fragment": fragment, "next": "key-later" });
    let path = "/v1/institutions/4/keys/rotation";
    stand
        .post(&token, path, &rotation(&json!("key-other")))
        .refused(409, "key-not-pledged");
    stand
        .post(&token, path, &rotation(&proposed["next_fragment"]))
        .is(202);
    // What contradicts itself is told before anything is made.
    for (member, value) in [
        ("next", json!(seal::pledge(&next.key.public()))),
        ("pledge", json!(true)),
    ] {
        let mut body = json!({
            "name": "丽水学院", "school_code": "4133010352", "level": "school", "scope": ["course"],
        });
        if member == "pledge" {
            body["key"] = json!(next.key.public());
        }
        body[member] = value;
        stand
            .post(&stand.registrar.token, "/v1/institutions", &body)
            .refused(422, "body-invalid");
    }
}

#[test]
fn an_office_counts_those_below_it_and_reads_none_of_their_records() {
    // A county would see nothing of its schools, or everything of everybody's.
    let stand = Stand::open();
    let place = |name: &str, code: &str, level: &str, parent: Option<&Value>| {
        let mut body = json!({
            "name": name, "school_code": code, "level": level, "scope": ["course"],
        });
        if let Some(parent) = parent {
            body["parent"] = parent["number"].clone();
        }
        admitted(&stand, &body)
    };
    let (city, _) = place("杭州市教育局", "4133000001", "city", None);
    let (county, _) = place("西湖区教育局", "4133000002", "county", Some(&city));
    let (school, _) = place("西湖学校", "4133000003", "school", Some(&county));
    let (small, done) = place("小学校", "4133000004", "school", Some(&county));
    let token = officer(&stand, &county);
    let listed = stand
        .get(
            "",
            &after("/v1/institutions", &done).replace('?', &format!("?under={}&", city["number"])),
        )
        .is(200);
    let names: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["杭州市教育局", "西湖区教育局", "西湖学校", "小学校"]
    );

    let learner = stand.register(0, "林昇", &resident_id(1));
    let mut last = Value::Null;
    for (place, count) in [(&school, 12), (&small, 3)] {
        let token = officer(&stand, place);
        for n in 0..count {
            let body = Stand::outcome(learner, &format!("R-{n}"));
            last = stand.post(&token, "/v1/outcomes", &body).is(201);
        }
    }
    let counted = stand.get(&token, &after("/v1/statistics", &last)).is(200);
    assert_eq!(counted["under"], county["number"]);
    assert_eq!(counted["institutions"], 3);
    let row = |body: &Value, of: &Value| {
        let rows = body["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["institution"] == of["number"]);
        row.cloned().unwrap_or_default()
    };
    assert_eq!(row(&counted, &school)["outcomes"], 12);
    assert_eq!(row(&counted, &school)["credits"], "24");
    // Three outcomes may be one child's.
    assert_eq!(row(&counted, &small)["outcomes"], Value::Null);
    assert_eq!(row(&counted, &small)["masked"], true);
    assert_eq!(
        counted["outcomes"], 12,
        "nor can they be found by subtraction"
    );
    // Its own people a school knows.
    let own = stand
        .get(&officer(&stand, &small), "/v1/statistics")
        .is(200);
    assert_eq!(row(&own, &small)["outcomes"], 3);
    // Neither upwards nor sideways, nor into a record.
    for (who, what) in [(&small, &county), (&school, &small), (&county, &city)] {
        let path = format!("/v1/statistics?under={}", what["number"]);
        let refusal = stand.get(&officer(&stand, who), &path);
        refusal.refused(403, "not-allowed");
    }
    let below = format!("/v1/statistics?under={}", small["number"]);
    stand.get(&token, &below).is(200);
    let record = format!("/v1/learners/{learner}/transcript.json");
    stand.get(&token, &record).refused(403, "not-allowed");
    let registrar = &stand.registrar.token;
    let all = stand.get(registrar, "/v1/statistics").is(200);
    assert_eq!(all["under"], 0);
    stand
        .get(registrar, "/v1/statistics?under=99")
        .refused(404, "institution-unknown");
    // An office that took another's place counts what was below that one.
    let (other, _) = place("上城区教育局", "4133000005", "county", Some(&city));
    let path = format!("/v1/institutions/{}/merger", county["number"]);
    let body = json!({ "into": other["number"] });
    let proposed = stand.post(registrar, &path, &body).is(202);
    let merged = stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201);
    let counted = stand
        .get(&officer(&stand, &other), &after("/v1/statistics", &merged))
        .is(200);
    assert_eq!(row(&counted, &school)["outcomes"], 12);
}
