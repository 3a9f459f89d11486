//! False ledgers over signed batches: a member dropped, exchanged, moved or invented.

use ledger::assertion::Assertion;
use ledger::audit::BatchFault;
use ledger::commit::Commit;
use ledger::sequencer::BatchAnswer;
use tests::support::world::course;

use super::*;

/// A school with a batch of five outcomes and a commit behind it; where the envelope stands.
fn batched() -> (Vec<Record>, usize) {
    let mut at = 0;
    let kept = kept(|world| {
        let school = world.admit("浙江大学", "4133010335");
        let person = world.register(school, "王晓明");
        let drafts = world.draft_recordings(school, person, 5);
        let answer = world.submit_batch(school, &drafts).unwrap();
        if let BatchAnswer::Committed { envelope, .. } = answer {
            at = usize::try_from(envelope.commit.position).unwrap();
        }
        world.record(school, person, "R-9", &course()).unwrap();
    });
    (kept.records, at)
}

fn fault(records: &[Record]) -> (u64, BatchFault) {
    match audit_records(records) {
        Err(Finding::Commit {
            position,
            wrong: Wrong::Batch(fault),
        }) => (position, fault),
        other => panic!("not convicted as a batch: {other:?}"),
    }
}

#[test]
fn a_batch_passes_and_its_members_are_counted() {
    let (records, _) = batched();
    let report = audit_records(&records).unwrap();
    let commits = records.len() as u64;
    assert_eq!(
        (
            report.commits,
            report.signatures,
            report.members,
            report.ids
        ),
        (commits, commits - 5, 5, commits)
    );
}

#[test]
fn a_log_that_ends_inside_a_batch_is_convicted() {
    // Records that an institution signed could be left out at the end.
    let (records, at) = batched();
    for kept in 1..=5 {
        let cut = at + kept;
        let (position, fault) = fault(&records[..cut]);
        assert_eq!(position, cut as u64);
        assert_eq!(
            fault,
            BatchFault::Missing {
                envelope: at as u64,
                index: kept as u64 - 1
            }
        );
    }
}

/// The record with another assertion line.
fn with_line(record: &Record, change: impl FnOnce(&str) -> String) -> Record {
    let leaf = String::from_utf8(record.leaf.clone()).unwrap();
    let mut lines: Vec<String> = leaf.lines().map(str::to_owned).collect();
    lines[5] = change(&lines[5]);
    let mut leaf = lines.join("\n");
    leaf.push('\n');
    Record::new(leaf.into_bytes(), record.links.clone())
}

#[test]
fn a_member_with_other_content_is_convicted() {
    // The ledger could write what it likes under a signature over something else.
    let (records, at) = batched();
    let mut bent = records.clone();
    let member = Commit::decode(&records[at + 2].leaf).unwrap().assertion;
    let other = with_line(&records[at + 2], |line| {
        let payload = member.text();
        let json = String::from_utf8(decode(payload)).unwrap();
        let json = json.replace("C-101", "C-102");
        line.replace(payload, &encode(&json))
    });
    bent[at + 2] = other;
    // Told at the last member, where the root is known.
    let found = audit_records(&bent).unwrap_err();
    assert_eq!(found.position(), Some(at as u64 + 5), "{found}");
    assert!(
        matches!(
            found,
            Finding::Commit {
                wrong: Wrong::Batch(BatchFault::Root),
                ..
            }
        ),
        "{found}"
    );
}

#[test]
fn a_member_behind_no_envelope_is_convicted() {
    // Without a signature of its own it would be anybody's.
    let (records, at) = batched();
    let last = records.len() - 1;
    let mut bent = records.clone();
    bent[last] = with_line(&records[last], |line| {
        let assertion = Assertion::parse(line).unwrap();
        format!(
            "batch:{}:0:{}:{}",
            last - 1,
            assertion.kid(),
            assertion.payload_base64url()
        )
    });
    assert_eq!(fault(&bent), (last as u64, BatchFault::Stray));
    // Nor in the place of another member.
    let mut bent = records;
    bent[at + 1] = with_line(&bent[at + 1], |line| {
        line.replace(&format!("batch:{at}:0:"), &format!("batch:{}:1:", at - 1))
    });
    assert_eq!(fault(&bent), (at as u64 + 1, BatchFault::Stray));
}

#[test]
fn a_member_under_another_key_is_convicted() {
    let (records, at) = batched();
    let mut bent = records.clone();
    bent[at + 1] = with_line(&records[at + 1], |line| line.replace(":i:1#k1:", "#a1:"));
    let found = audit_records(&bent).unwrap_err();
    assert_eq!(found.position(), Some(at as u64 + 1), "{found}");
}

#[test]
fn an_envelope_that_counts_otherwise_is_convicted() {
    // It is signed, so its own signature gives it away first.
    let (records, at) = batched();
    let mut bent = records.clone();
    bent[at] = with_line(&records[at], |line| {
        let parts: Vec<&str> = line.split('.').collect();
        let json = String::from_utf8(decode(parts[1])).unwrap();
        let json = json.replace("\"count\":5", "\"count\":4");
        format!("{}.{}.{}", parts[0], encode(&json), parts[2])
    });
    let found = audit_records(&bent).unwrap_err();
    assert_eq!(found.position(), Some(at as u64), "{found}");
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap()
}

fn encode(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
