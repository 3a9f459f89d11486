//! A transcript proves what it says: its state, its values, and what its values open to.

use credentials::trust::Bundle;
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
    assert_eq!(proving.proofs(&line), [recorded.clone()]);
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
