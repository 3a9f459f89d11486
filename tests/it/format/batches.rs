//! The Python reader over signed batches, and over what somebody made of them.

use std::path::Path;
use std::sync::Arc;

use ledger::commit::Commit;
use ledger::sequencer::BatchAnswer;
use ledger::store::embedded::{EmbeddedStore, Options};
use ledger::store::{Record, Store as _};
use tempfile::TempDir;
use tests::support::world::{World, course};

use super::reader::{accepted, bent, refused};

/// A directory whose log holds a batch of five, where its envelope stands, and a member's receipt.
fn batched() -> (TempDir, usize) {
    let directory = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(&directory.path().join("log"), Options::default()).unwrap();
    let mut world = World::over(directory.path(), Arc::new(store), 11);
    let school = world.admit("浙江大学", "4133010335");
    let person = world.register(school, "王晓明");
    let drafts = world.draft_recordings(school, person, 5);
    let answer = world.submit_batch(school, &drafts).unwrap();
    let BatchAnswer::Committed { envelope, members } = answer else {
        panic!("a new batch is not so already");
    };
    world.record(school, person, "R-9", &course()).unwrap();
    world.log.publish().unwrap();
    let position = members[3].commit.position;
    let receipt = world.log.receipt(position).unwrap().unwrap().to_string();
    std::fs::write(directory.path().join("receipt.txt"), receipt).unwrap();
    world.log.close();
    let at = usize::try_from(envelope.commit.position).unwrap();
    (directory, at)
}

fn records(directory: &Path) -> Vec<Record> {
    let store = EmbeddedStore::open_read_only(&directory.join("log")).unwrap();
    store.read(0, usize::MAX).unwrap()
}

/// A directory with these commits alone.
fn with_log(records: &[Record]) -> TempDir {
    let other = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(&other.path().join("log"), Options::default()).unwrap();
    store.append_at(0, records).unwrap();
    other
}

#[test]
fn another_language_reads_batches_and_a_members_receipt() {
    // Records that came in bulk could be checked by our own program only.
    let (directory, at) = batched();
    let receipt = directory.path().join("receipt.txt");
    let said = accepted(directory.path(), &[&receipt]);
    assert!(said.contains("members of batches 5"), "{said}");
    assert!(
        said.contains(&format!("receipt of position {}", at + 4)),
        "{said}"
    );
}

#[test]
fn the_reader_refuses_batches_that_somebody_bent() {
    let (directory, at) = batched();
    let whole = records(directory.path());
    let cut = with_log(&whole[..at + 3]);
    refused(cut.path(), &[], "the log ends inside a batch");
    // Another record under the same signature: the root, or the next signer's `seen`, tells.
    let member = Commit::decode(&whole[at + 5].leaf).unwrap().assertion;
    let mut foreign = whole.clone();
    foreign[at + 5] = bent(&whole[at + 5], &format!("{at}:4:"), &format!("{at}:3:"));
    refused(
        with_log(&foreign).path(),
        &[],
        "a batch's member in another place",
    );
    let mut stray = whole.clone();
    stray.remove(at);
    refused(with_log(&stray).path(), &[], &format!("position {at}"));
    let mut keyed = whole.clone();
    keyed[at + 5] = bent(
        &whole[at + 5],
        member.kid().as_str(),
        "did:web:xf.example.org#a1",
    );
    refused(
        with_log(&keyed[..=at + 5]).path(),
        &[],
        "another key or time",
    );
}

#[test]
fn the_reader_refuses_a_receipt_whose_envelope_vouches_for_another() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (directory, _) = batched();
    let receipt = directory.path().join("receipt.txt");
    let text = std::fs::read_to_string(&receipt).unwrap();
    let line = text.lines().nth(1).unwrap();
    let extra = STANDARD
        .decode(line.strip_prefix("extra ").unwrap())
        .unwrap();
    let extra = String::from_utf8(extra).unwrap();
    let mut lines: Vec<&str> = extra.split('\n').collect();
    // One hash of the path from member to envelope left out.
    lines.remove(lines.len() - 2);
    let bent = format!("extra {}", STANDARD.encode(lines.join("\n")));
    std::fs::write(&receipt, text.replace(line, &bent)).unwrap();
    refused(
        directory.path(),
        &[&receipt],
        "receipt: the path does not lead to the envelope's root",
    );
}
