//! A transcript proves what it says: its state, its values, and what its values open to.

use credentials::trust::Bundle;
use identity::erasable::Disclosure;
use identity::role::Role;
use ledger::commit::Commit;
use ledger::receipt::{Policy, Receipt};
use serde_json::{Value, json};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

/// A learner with one recorded course.
struct Proving {
    stand: Stand,
    person: Uuid,
    own: String,
    outcome: String,
    recorded: Value,
}

impl Proving {
    fn open() -> Self {
        let stand = Stand::open();
        let person = stand.register(0, "王晓明", &resident_id(1));
        let body = Stand::outcome(person, "2026-CS-0001");
        let recorded = stand.post(stand.schools[0].token(), "/v1/outcomes", &body);
        let recorded = recorded.is(201).clone();
        Self {
            own: stand.token(person, Role::Learner, None),
            outcome: format!("/v1/outcomes/{}", recorded["id"].as_str().unwrap()),
            stand,
            person,
            recorded,
        }
    }

    /// The only line as `token` sees it, once the commit of `written` is in it.
    fn line(&self, token: &str, query: &str, written: &Value) -> Value {
        let path = format!(
            "/v1/learners/{}/transcript.json?{query}&after={}",
            self.person, written["position"]
        );
        let transcript = self.stand.get(token, &path).is(200).clone();
        assert_eq!(transcript["outcomes"].as_array().unwrap().len(), 1);
        transcript["outcomes"][0].clone()
    }

    /// Two officers carry out what `body` asks at `door` of the outcome: proposal, approval.
    fn by_two(&self, door: &str, body: &Value) -> (Value, Value) {
        let [clerk, second] = &self.stand.schools[0].officers;
        let path = format!("{}/{door}", self.outcome);
        let proposed = self.stand.post(&clerk.token, &path, body).is(202).clone();
        let approved = self.stand.approve(&second.token, &proposed["approval"]);
        (proposed, approved.is(201).clone())
    }

    fn corrected(&self) -> (Value, Value) {
        let body = json!({
            "reason": "mark_reviewed", "kind": "course", "code": "CS101", "title": "数据结构",
            "hours": "32", "credits": "2.0", "scheme": "cn-he", "level": "5", "category": "general",
            "grade": "91", "completed_on": "2026-06-01",
        });
        self.by_two("corrections", &body)
    }

    /// The commit that a receipt proves, as a stranger with nothing but the trust bundle sees it.
    fn proven(&self, receipt: &Value) -> Commit {
        let bundle = Bundle::open(&self.stand.get("", "/trust/bundle").text()).unwrap();
        let policy = Policy {
            origin: bundle.log.origin.clone(),
            key: bundle.log.key.clone(),
            witnesses: Vec::new(),
            quorum: usize::try_from(bundle.quorum).unwrap(),
        };
        let receipt = Receipt::parse(receipt.as_str().unwrap()).unwrap();
        let proven = receipt.verify(&policy).unwrap();
        let commit = Commit::decode(receipt.leaf.as_deref().unwrap()).unwrap();
        assert_eq!(commit.position, proven.index);
        commit
    }

    /// What each receipt of the line proves, and the kinds of the facts that are proven.
    fn proofs(&self, line: &Value) -> Vec<(Value, Value, String)> {
        let receipts = line["receipts"].as_array().unwrap();
        let of = receipts.iter().map(|it| {
            let commit = self.proven(&it["receipt"]);
            assert_eq!(json!(commit.position), it["position"]);
            let kind = commit.facts[0].kind.clone();
            (
                it["proves"].clone(),
                it["position"].clone(),
                kind.to_string(),
            )
        });
        of.collect()
    }
}

fn proof(proves: &str, written: &Value, kind: &str) -> (Value, Value, String) {
    (json!(proves), written["position"].clone(), kind.into())
}

#[test]
fn receipts_prove_what_a_line_says_now() {
    // A raised mark, or a revoked certificate, would be "proven" by the commit of the old one.
    let proving = Proving::open();
    let line = proving.line(&proving.own, "receipts=true", &proving.recorded);
    let recorded = proof("recorded", &proving.recorded, "outcome.recorded.v1");
    assert_eq!(proving.proofs(&line), std::slice::from_ref(&recorded));
    assert_eq!(line["receipt"], line["receipts"][0]["receipt"]);
    let plain = proving.line(&proving.own, "receipts=false", &proving.recorded);
    assert_eq!(
        (&plain["receipt"], &plain["receipts"]),
        (&Value::Null, &Value::Null)
    );

    let (proposed, corrected) = proving.corrected();
    let line = proving.line(&proving.own, "receipts=true", &corrected);
    let mut expected = vec![
        recorded,
        proof("proposed", &proposed, "approval.proposed.v1"),
        proof("corrected", &corrected, "outcome.corrected.v1"),
    ];
    assert_eq!(proving.proofs(&line), expected);
    assert_eq!(
        json!(proving.proven(&line["receipt"]).position),
        corrected["position"]
    );

    let (_, revoked) = proving.by_two("revocations", &json!({ "reason": "other" }));
    let line = proving.line(&proving.own, "receipts=true", &revoked);
    expected.push(proof("revoked", &revoked, "outcome.revoked.v1"));
    assert_eq!(proving.proofs(&line), expected);
    assert_eq!(
        json!(proving.proven(&line["receipt"]).position),
        revoked["position"]
    );
}

#[test]
fn a_disclosure_opens_a_commitment_of_the_proven_commit() {
    // A learner could prove that something was recorded, and not which course with which mark.
    let proving = Proving::open();
    let (proposed, corrected) = proving.corrected();
    let query = "receipts=true&disclosures=true";
    let awarder = proving.stand.schools[0].token();
    for reader in [&proving.own, awarder] {
        let line = proving.line(reader, query, &corrected);
        let receipts = line["receipts"].as_array().unwrap();
        let carries = receipts
            .iter()
            .find(|it| it["proves"] == "proposed")
            .unwrap();
        assert_eq!(carries["position"], proposed["position"]);
        let leaf = proving.proven(&carries["receipt"]);
        let data: Value = serde_json::from_str(leaf.assertion.data().get()).unwrap();
        let committed = data["_sd"].as_array().unwrap();
        let disclosures = line["disclosures"].as_array().unwrap();
        assert_eq!(disclosures.len(), committed.len());
        let mut opened = std::collections::BTreeMap::new();
        for (index, text) in disclosures.iter().enumerate() {
            let disclosure = Disclosure::parse(text.as_str().unwrap(), index).unwrap();
            assert!(committed.contains(&json!(disclosure.digest())));
            let value = disclosure.opened().expose().clone();
            opened.insert(disclosure.opened().name().to_owned(), value);
        }
        assert_eq!(
            (&opened["title"], &opened["grade"]),
            (&line["title"], &line["grade"])
        );
        assert_eq!(
            (&line["title"], &line["grade"]),
            (&json!("数据结构"), &json!("91"))
        );
    }
}

#[test]
fn disclosures_are_for_the_learner_and_the_awarder() {
    // Who once held the salts of a mark could prove it to anybody, also after it was erased.
    let proving = Proving::open();
    let other = proving.stand.schools[1].token();
    let theirs = Stand::outcome(proving.person, "B-1");
    let written = proving.stand.post(other, "/v1/outcomes", &theirs).is(201);
    let counter = proving.stand.at_desk(0, proving.person, Role::Counter);
    let disclosed = |token: &str, query: &str| {
        let path = format!(
            "/v1/learners/{}/transcript.json?{query}after={}",
            proving.person, written["position"]
        );
        let answer = proving.stand.get(token, &path);
        let transcript = answer.is(200);
        let lines = transcript["outcomes"].as_array().unwrap();
        // The second school sees its own line alone.
        assert_eq!(lines.len(), if token == other { 1 } else { 2 });
        let mut awarders: Vec<u64> = lines
            .iter()
            .filter(|line| line["disclosures"].is_array())
            .map(|line| line["awarder"]["id"].as_u64().unwrap())
            .collect();
        awarders.sort_unstable();
        (awarders, answer.header("cache-control").to_owned())
    };
    let asked = "disclosures=true&";
    let no_store = "private, no-store".to_owned();
    assert_eq!(
        disclosed(&proving.own, asked),
        (vec![1, 2], no_store.clone())
    );
    for (token, own) in [(proving.stand.schools[0].token(), 1), (other, 2)] {
        assert_eq!(disclosed(token, asked), (vec![own], no_store.clone()));
    }
    for token in [
        &proving.stand.registrar.token,
        &proving.stand.audit.token,
        &counter,
    ] {
        assert_eq!(disclosed(token, asked).0, Vec::<u64>::new());
    }
    // Neither does the kept answer have them.
    assert_eq!(disclosed(&proving.own, "").0, Vec::<u64>::new());
}
