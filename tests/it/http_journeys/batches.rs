//! A signed batch over HTTP: what a university's machine sends.

use ledger::assertion::Draft;
use ledger::batch::{self, Batch};
use ledger::clock;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::hand::{Hand, commit, disclosure, join};
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

use super::own_key::{recording, values};

const MEDIA: &str = "application/vnd.xuefen.batch+json";

/// The body of a batch of these, each with a title and a mark.
fn body(stand: &Stand, hand: &Hand, drafts: Vec<Draft>) -> Value {
    let mut members = Vec::new();
    let mut payloads = Vec::new();
    for mut draft in drafts {
        let values = values();
        commit(&mut draft, &values);
        let member = draft.member(&hand.kid).unwrap();
        payloads.push(join(member.text(), &values));
        members.push(member);
    }
    let envelope = Hand::draft(stand, batch::KIND, Value::Null);
    let batch = Batch::sign(envelope, members, &hand.kid, &hand.key).unwrap();
    json!({ "envelope": batch.envelope().text(), "payloads": payloads })
}

fn send(stand: &Stand, body: &Value) -> Answer {
    stand.submit(MEDIA, &[("prefer", "receipt")], &body.to_string())
}

#[test]
fn a_machine_sends_a_batch_and_every_learner_sees_her_line() {
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let people: Vec<Uuid> = (1..=3)
        .map(|n| stand.register(0, &format!("学员{n}"), &resident_id(n)))
        .collect();
    let drafts = (0..30)
        .map(|n| recording(&stand, people[n % 3], &format!("R-{n}")))
        .collect();
    let body = body(&stand, &hand, drafts);
    let written = send(&stand, &body).is(201);
    let position = written["position"].as_u64().unwrap();
    assert_eq!(written["count"], 30);
    assert!(
        written["receipt"]
            .as_str()
            .unwrap()
            .starts_with("c2sp.org/tlog-proof@v1\n")
    );
    for person in &people {
        let path = format!(
            "/v1/learners/{person}/transcript.json?after={}",
            position + 30
        );
        let transcript = stand.get(stand.schools[0].token(), &path).is(200);
        let lines = transcript["outcomes"].as_array().unwrap();
        assert_eq!(lines.len(), 10);
        assert_eq!(lines[0]["title"], "数据结构");
        assert_eq!(lines[0]["signed"]["kid"], hand.kid.as_str());
        assert_eq!(lines[0]["signed"]["custody"], "own");
    }
    // A member's own receipt, with what vouches for it, for who may see it.
    let proof = stand.get(
        stand.schools[0].token(),
        &format!("/log/proof/{}", position + 7),
    );
    let proof = ledger::receipt::Receipt::parse(&proof.text()).unwrap();
    assert_eq!(proof.member.unwrap().path.len(), 5);
    let anonymous = stand
        .get("", &format!("/log/proof/{}", position + 7))
        .text();
    let anonymous = ledger::receipt::Receipt::parse(&anonymous).unwrap();
    assert!(anonymous.leaf.is_none() && anonymous.member.is_none());
    // The same bytes again.
    let again = send(&stand, &body).is(200);
    assert_eq!(
        (&again["id"], &again["position"]),
        (&written["id"], &written["position"])
    );
    let path = after(
        &format!("/v1/learners/{}/transcript.json", people[0]),
        &again,
    );
    let transcript = stand.get(stand.schools[0].token(), &path).is(200);
    assert_eq!(transcript["outcomes"].as_array().unwrap().len(), 10);
}

#[test]
fn a_refused_batch_names_every_member_and_leaves_nothing() {
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    let mut drafts: Vec<Draft> = (0..20)
        .map(|n| recording(&stand, person, &format!("R-{n}")))
        .collect();
    drafts[3].data["open"]["credits"] = json!("999");
    drafts[17] = recording(&stand, clock::uuid_v4(), "R-17");
    let before = crate::http_trace::trace(&stand);
    let refused = send(&stand, &body(&stand, &hand, drafts.clone())).refused(409, "batch-refused");
    let named: Vec<_> = refused["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["index"].as_u64().unwrap(),
                it["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(
        named,
        [
            (3, "AMOUNT_ABSURD".to_owned()),
            (17, "PERSON_UNKNOWN".to_owned())
        ]
    );
    assert_eq!(crate::http_trace::trace(&stand), before);
    // The rest, sent again, is recorded.
    drafts.remove(17);
    drafts.remove(3);
    let written = send(&stand, &body(&stand, &hand, drafts)).is(201);
    assert_eq!(written["count"], 18);
}

#[test]
fn values_that_do_not_belong_to_a_member_refuse_the_batch() {
    // A mark would be kept under somebody else's record.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    let drafts = (0..3)
        .map(|n| recording(&stand, person, &format!("R-{n}")))
        .collect();
    let mut body = body(&stand, &hand, drafts);
    let before = crate::http_trace::trace(&stand);
    let payloads = body["payloads"].as_array_mut().unwrap();
    let (first, second) = (payloads[0].clone(), payloads[1].clone());
    let disclosures = |it: &Value| it.as_str().unwrap().split_once('~').unwrap().1.to_owned();
    let payload = |it: &Value| it.as_str().unwrap().split_once('~').unwrap().0.to_owned();
    payloads[0] = json!(format!("{}~{}", payload(&first), disclosures(&second)));
    payloads[1] = json!(format!("{}~", payload(&second)));
    let refused = send(&stand, &body).refused(409, "batch-refused");
    let named: Vec<_> = refused["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["index"].clone())
        .collect();
    assert_eq!(named, [json!(0), json!(1)]);
    assert_eq!(crate::http_trace::trace(&stand), before);
}

#[test]
fn a_body_that_is_no_batch_is_refused() {
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    let drafts = |n: usize| {
        (0..n)
            .map(|n| recording(&stand, person, &format!("R-{n}")))
            .collect()
    };
    let good = body(&stand, &hand, drafts(2));
    let mut swapped = good.clone();
    swapped["payloads"].as_array_mut().unwrap().swap(0, 1);
    send(&stand, &swapped).refused(422, "batch-invalid");
    let mut short = good.clone();
    short["payloads"].as_array_mut().unwrap().pop();
    send(&stand, &short).refused(422, "batch-invalid");
    send(
        &stand,
        &json!({ "envelope": good["envelope"], "payloads": [] }),
    )
    .refused(422, "batch-invalid");
    send(&stand, &json!({ "envelope": good["envelope"] })).refused(400, "body-unreadable");
    let mut other = good.clone();
    other["more"] = json!(1);
    send(&stand, &other).refused(400, "body-unreadable");
    stand
        .assert(good["envelope"].as_str().unwrap())
        .refused(422, "batch-invalid");
    let mut torn = good.clone();
    torn["payloads"][1] = json!("e30");
    send(&stand, &torn).refused(409, "batch-refused");
    send(&stand, &good).is(201);
}

#[test]
fn a_batch_with_another_mark_is_told_so() {
    // An institution would be told that its corrected mark was recorded, and it was not.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    let first = vec![recording(&stand, person, "R-1")];
    send(&stand, &body(&stand, &hand, first)).is(201);
    let with_mark = |drafts: Vec<(Draft, &str)>| {
        let mut members = Vec::new();
        let mut payloads = Vec::new();
        for (mut draft, mark) in drafts {
            let values = vec![disclosure("title", "数据结构"), disclosure("grade", mark)];
            commit(&mut draft, &values);
            let member = draft.member(&hand.kid).unwrap();
            payloads.push(join(member.text(), &values));
            members.push(member);
        }
        let envelope = Hand::draft(&stand, batch::KIND, Value::Null);
        let batch = Batch::sign(envelope, members, &hand.kid, &hand.key).unwrap();
        json!({ "envelope": batch.envelope().text(), "payloads": payloads })
    };
    let codes = |answer: &Value| -> Vec<String> {
        let members = answer["members"].as_array().unwrap();
        members
            .iter()
            .map(|it| it["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let again = |mark| with_mark(vec![(recording(&stand, person, "R-1"), mark)]);
    let same = send(&stand, &again("85")).refused(409, "batch-refused");
    assert_eq!(codes(&same), ["ALREADY_SO"]);
    let other = send(&stand, &again("90")).refused(409, "batch-refused");
    assert_eq!(codes(&other), ["RECORD_DIFFERS"]);
    // Also where both stand in the one batch.
    let twice = |mark| {
        with_mark(vec![
            (recording(&stand, person, "R-2"), "85"),
            (recording(&stand, person, "R-2"), mark),
        ])
    };
    let same = send(&stand, &twice("85")).refused(409, "batch-refused");
    assert_eq!(codes(&same), ["ALREADY_SO"]);
    let other = send(&stand, &twice("90")).refused(409, "batch-refused");
    assert_eq!(codes(&other), ["RECORD_DIFFERS"]);
}

#[test]
fn a_flood_of_payloads_is_not_read() {
    // One small request of nobody would hold the whole server for a minute.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    let good = body(&stand, &hand, vec![recording(&stand, person, "R-1")]);
    let mut flood = good.clone();
    flood["payloads"] = json!(vec![""; 200_000]);
    let answer = send(&stand, &flood);
    answer.refused(400, "body-unreadable");
    assert!(answer.text().len() < 2_000, "a short answer");
    // Members are looked at once the envelope's signature holds.
    let mut false_one = good.clone();
    let envelope = good["envelope"].as_str().unwrap();
    let end = if envelope.ends_with('A') { "Q" } else { "A" };
    false_one["envelope"] = json!(format!("{}{end}", &envelope[..envelope.len() - 1]));
    false_one["payloads"][0] = json!("e30");
    send(&stand, &false_one).refused(401, "bad-signature");
}
