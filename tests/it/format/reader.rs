//! The Python reader over logs that this code wrote, and over logs that somebody bent.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use credentials::trust::{self, AgePolicy, Bundle, Issuer, IssuerKey, LogKey};
use identity::did::{Did, IssuerNumber};
use identity::institution::{Institution, close, merge, rename, suspend};
use identity::person::register;
use ledger::assertion::{Draft, Kid};
use ledger::checkpoint::{self, Checkpoint};
use ledger::commit::Commit;
use ledger::hash::Digest;
use ledger::key::SigningKey;
use ledger::store::embedded::{EmbeddedStore, Options};
use ledger::store::{Record, Store as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::support::world::{HOST, World, course, key, kid};

/// Small, so that a log has several.
const SEGMENTS: Options = Options {
    segment_bytes: 64 << 10,
    prepare_ahead: false,
};

/// A data directory and what was written into it.
struct Province {
    directory: TempDir,
    origin: String,
    school: IssuerNumber,
    /// The institution's first key, retired at the end.
    old_key: (Kid, SigningKey),
    head: u64,
}

fn read_log(directory: &Path, more: &[&Path]) -> Output {
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/read_log.py");
    let mut command = Command::new("python3");
    command.arg(reader).arg(directory);
    for receipt in more {
        command.arg("--receipt").arg(receipt);
    }
    command
        .output()
        .expect("this test needs python3 (3.11 or newer) on the path")
}

pub(super) fn accepted(directory: &Path, more: &[&Path]) -> String {
    let output = read_log(directory, more);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.ends_with("OK\n"),
        "the reader refuses a good log: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// The reader exits with 1 and names what was bent.
pub(super) fn refused(directory: &Path, more: &[&Path], expected: &str) {
    let output = read_log(directory, more);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(1),
        "expected {expected:?}, the reader said {said}"
    );
    assert!(
        said.contains(expected),
        "expected {expected:?}, the reader said {said}"
    );
}

fn province() -> Province {
    let directory = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(&directory.path().join("log"), SEGMENTS).unwrap();
    let mut world = World::over(directory.path(), Arc::new(store), 9);
    let schools = [
        world.admit("浙江大学", "4133010335"),
        world.admit("宁波大学", "4133011646"),
    ];
    let people = ["王晓明", "李秀英", "张伟"].map(|name| world.register(schools[0], name));
    register_together(&mut world, schools[1]);
    world.log.publish().unwrap();
    for n in 0..220 {
        world
            .record(schools[n % 2], people[n % 3], &format!("R-{n}"), &course())
            .unwrap();
    }
    let better = credentials::account::outcome::Fields {
        credits: "3.5".parse().ok(),
        ..course()
    };
    world
        .correct(schools[0], people[0], "R-0", &better)
        .unwrap();
    world.revoke(schools[1], people[1], "R-1").unwrap();
    let merged = lives(&mut world, schools[0]);
    world.propose_institution("温州医科大学", "4133010343");
    world.rotate_key(schools[1], "k2");
    let head = world.log.head().size;
    std::fs::write(
        directory.path().join("receipt.txt"),
        world.log.receipt(17).unwrap().unwrap().to_string(),
    )
    .unwrap();
    std::fs::write(
        directory.path().join("trust.json"),
        bundle(&world, &[schools[0], schools[1], merged]),
    )
    .unwrap();
    let old_key = (
        kid(schools[1], "k1"),
        key(&format!("institution {} k1", schools[1])),
    );
    let origin = world.log.origin().to_owned();
    world.log.close();
    Province {
        directory,
        origin,
        school: schools[1],
        old_key,
        head,
    }
}

/// A school that is renamed, suspended, reinstated, closed and merged.
fn lives(world: &mut World, successor: IssuerNumber) -> IssuerNumber {
    let school = world.admit("台州学院", "4133010350");
    world.govern(
        rename::KIND,
        json!({"institution": school, "name": "台州大学"}),
    );
    world.govern(
        rename::KIND,
        json!({"institution": successor, "name": "之江大学"}),
    );
    let stopped = json!({"institution": school, "reason": "supervision"});
    world.govern(suspend::SUSPEND, stopped.clone());
    world.govern(suspend::REINSTATE, json!({ "institution": school }));
    world.govern(close::KIND, stopped);
    world.govern(
        merge::KIND,
        json!({"institution": school, "into": successor}),
    );
    school
}

/// Forty registrations queued at once, so that some share a group.
fn register_together(world: &mut World, school: IssuerNumber) {
    let waiting: Vec<_> = (0..40)
        .map(|n| {
            let person = uuid::Builder::from_random_bytes([n + 1; 16]).into_uuid();
            let values = world.commitments(&[("name", &format!("学员{n}"))]);
            let draft = world.draft(
                register::KIND,
                json!({"_sd": values, "identifiers": [], "person": person}),
            );
            let assertion = world.sign(school, &draft);
            world
                .log
                .enqueue(world.log.check(assertion.text()).unwrap())
                .unwrap()
        })
        .collect();
    for answer in waiting {
        answer.blocking_recv().unwrap().unwrap();
    }
}

/// The trust bundle of this moment.
fn bundle(world: &World, schools: &[IssuerNumber]) -> String {
    let mut numbers = vec![IssuerNumber::REGISTRAR];
    numbers.extend(schools);
    let issuers = numbers
        .into_iter()
        .map(|number| issuer(world, number))
        .collect();
    let position = world.log.head().size;
    let bundle = Bundle {
        version: position,
        issued_at: "2026-11-22T06:00:00Z".into(),
        position,
        log: LogKey {
            origin: world.log.origin().into(),
            key: key("checkpoint").public(),
            alg: "EdDSA".into(),
            hash: "SHA-256".into(),
        },
        witnesses: Vec::new(),
        quorum: 0,
        age_policy: AgePolicy {
            plain_hours: 24,
            unknown_hours: 168,
        },
        issuers,
    };
    let signer = kid(IssuerNumber::REGISTRAR, "b1");
    let bundle = trust::sign(&bundle, &signer, &key("bundle"), "2026-11-22T06:00:00Z").unwrap();
    serde_json::to_string_pretty(&bundle).unwrap()
}

fn issuer(world: &World, number: IssuerNumber) -> Issuer {
    let institution = world.log.state::<Institution>(&number.stream()).unwrap();
    let did = Did::new(HOST, number).to_string();
    let key = |key: &identity::institution::Key| IssuerKey {
        kid: format!("{did}#{}", key.fragment),
        key: key.key.clone(),
        r#use: key.r#use,
        custody: key.custody,
        activated: key.activated,
        retired: key.retired,
        not_valid_after: None,
    };
    Issuer {
        id: number,
        name: institution.admitted.as_ref().unwrap().name.clone(),
        custody: institution.custody(),
        suspended: None,
        status_required: true,
        disputed: Vec::new(),
        keys: institution.keys.iter().map(key).collect(),
        status: Vec::new(),
        did: did.clone(),
    }
}

impl Province {
    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn records(&self) -> Vec<Record> {
        let store = EmbeddedStore::open_read_only(&self.path().join("log")).unwrap();
        let records = store.read(0, usize::MAX).unwrap();
        assert_eq!(records.len() as u64, self.head);
        records
    }

    /// The same directory over another log, whose every CRC and running hash fits.
    fn with_log(&self, records: &[Record]) -> TempDir {
        let other = tempfile::tempdir().unwrap();
        for name in ["checkpoint", "receipt.txt", "trust.json"] {
            std::fs::copy(self.path().join(name), other.path().join(name)).unwrap();
        }
        copy_tree(&self.path().join("tile"), &other.path().join("tile"));
        let store = EmbeddedStore::open(&other.path().join("log"), SEGMENTS).unwrap();
        for (position, record) in (0..).zip(records) {
            store
                .append_at(position, std::slice::from_ref(record))
                .unwrap();
        }
        other
    }

    /// The same directory with one file changed.
    fn with_file(&self, name: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> TempDir {
        let other = tempfile::tempdir().unwrap();
        copy_tree(self.path(), other.path());
        let file = other.path().join(name);
        std::fs::write(&file, change(std::fs::read(&file).unwrap())).unwrap();
        other
    }

    /// The log with one more commit, signed by the retired key of an institution.
    fn with_late_signature(&self, mut records: Vec<Record>) -> Vec<Record> {
        let last = Commit::decode(&records.last().unwrap().leaf).unwrap();
        let person = uuid::Builder::from_random_bytes([99; 16]).into_uuid();
        let draft = Draft {
            id: ledger::clock::uuid_v8("late", &[]),
            log: self.origin.clone(),
            kind: register::KIND.into(),
            at_ms: last.recorded_at_ms,
            seen: last.assertion.seen(),
            target: None,
            cause: None,
            act: None,
            data: json!({"identifiers": [], "person": person}),
        };
        let (kid, key) = &self.old_key;
        let commit = Commit {
            log: last.log.clone(),
            position: self.head,
            recorded_at_ms: last.recorded_at_ms,
            engine: 1,
            assertion: draft.sign(kid, key).unwrap(),
            facts: vec![ledger::fact::CommittedFact {
                data: None,
                kind: "person.registered.v1".into(),
                revision: 0,
                stream: ledger::fact::Stream::new("person", person),
            }],
        };
        records.push(Record::new(
            commit.encode().unwrap(),
            vec![ledger::store::NO_LINK],
        ));
        records
    }
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn first_segment(directory: &Path) -> PathBuf {
    directory.join("log").join(format!("segment-{:020}.xfs", 0))
}

/// The leaf with one text in it replaced.
pub(super) fn bent(record: &Record, from: &str, to: &str) -> Record {
    let text = String::from_utf8(record.leaf.clone()).unwrap();
    assert!(text.contains(from), "{from} does not stand in {text}");
    Record::new(
        text.replacen(from, to, 1).into_bytes(),
        record.links.clone(),
    )
}

/// Position of the first commit of a kind.
fn first_of(records: &[Record], kind: &str) -> usize {
    let is = |record: &&Record| Commit::decode(&record.leaf).unwrap().assertion.kind() == kind;
    records.iter().position(|record| is(&record)).unwrap()
}

#[test]
fn another_language_reads_what_we_write() {
    // If this failed, nobody could check the ledger without trusting our own program.
    let province = province();
    assert!(
        first_segment(province.path()).metadata().unwrap().len()
            < province
                .path()
                .join("log")
                .read_dir()
                .unwrap()
                .map(|entry| entry.unwrap().metadata().unwrap().len())
                .sum(),
        "the log has several segments"
    );
    let said = accepted(province.path(), &[&province.path().join("receipt.txt")]);
    assert!(
        said.contains(&format!("commits {}, ", province.head)),
        "{said}"
    );
    assert!(
        said.contains(&format!("checkpoint {}, ", province.head)),
        "{said}"
    );
    assert!(
        said.contains(&format!("trust.json of position {}", province.head)),
        "{said}"
    );
    assert!(said.contains("receipt of position 17"), "{said}");
}

#[test]
fn the_reader_refuses_bent_commits() {
    // If this failed, the second reader would bless a log that somebody bent.
    let province = province();
    let records = province.records();
    let flipped = province.with_file(&format!("log/segment-{:020}.xfs", 0), |mut bytes| {
        bytes[5_000] ^= 1;
        bytes
    });
    refused(flipped.path(), &[], "the CRC");
    let outcome = first_of(&records, "outcome.record.v1");
    let with = |at: usize, record: Record| {
        let mut records = records.clone();
        records[at] = record;
        province.with_log(&records)
    };
    // The last commit is in nobody's `seen`: only the checkpoint's root shows that its fact was changed.
    let last = records.len() - 1;
    let facts = bent(
        &records[last],
        "\"fragment\":\"k1\"},\"kind\"",
        "\"fragment\":\"k2\"},\"kind\"",
    );
    refused(with(last, facts).path(), &[], "the log has another root");
    let facts = bent(&records[outcome], "\"credits\":\"2\"", "\"credits\":\"9\"");
    refused(
        with(outcome, facts).path(),
        &[],
        &format!("position {}: its signer saw another root", outcome + 1),
    );
    let mut swapped = records.clone();
    let (a, b) = (
        records[outcome].leaf.clone(),
        records[outcome + 1].leaf.clone(),
    );
    swapped[outcome].leaf = facts_of(&a, &b);
    swapped[outcome] = Record::new(
        swapped[outcome].leaf.clone(),
        records[outcome].links.clone(),
    );
    refused(
        province.with_log(&swapped).path(),
        &[],
        &format!("position {outcome}, "),
    );
    let time = bent(&records[outcome], "\n1\n", "\n2\n");
    refused(with(outcome, time).path(), &[], "engine 2");
    let mut links = records[outcome + 3].clone();
    links.links[0] = 1;
    refused(with(outcome + 3, links).path(), &[], "back-pointers");
}

/// The lines of leaf `a` with the facts of leaf `b`.
fn facts_of(a: &[u8], b: &[u8]) -> Vec<u8> {
    let lines = |leaf: &[u8]| -> Vec<String> {
        String::from_utf8(leaf.to_vec())
            .unwrap()
            .split('\n')
            .map(str::to_owned)
            .collect()
    };
    let mut out = lines(a);
    out[6].clone_from(&lines(b)[6]);
    out.join("\n").into_bytes()
}

#[test]
fn the_reader_refuses_false_and_late_signatures() {
    // If this failed, a stolen or retired key could write history and the second reader would not see it.
    let province = province();
    let records = province.records();
    let outcome = first_of(&records, "outcome.record.v1");
    let mut forged = records.clone();
    let commit = Commit::decode(&records[outcome].leaf).unwrap();
    let (signed, _) = commit.assertion.text().rsplit_once('.').unwrap();
    let other = Commit::decode(&records[outcome + 1].leaf).unwrap();
    let (_, signature) = other.assertion.text().rsplit_once('.').unwrap();
    forged[outcome] = bent(
        &records[outcome],
        commit.assertion.text(),
        &format!("{signed}.{signature}"),
    );
    refused(
        province.with_log(&forged).path(),
        &[],
        &format!("position {outcome}: did:web:{HOST}:i:"),
    );
    refused(
        province.with_log(&forged).path(),
        &[],
        "the signature is false",
    );
    let late = province.with_late_signature(records);
    refused(
        province.with_log(&late).path(),
        &[],
        &format!(
            "position {}: did:web:{HOST}:i:{}#k1 does not sign here",
            province.head, province.school
        ),
    );
}

#[test]
fn the_reader_refuses_what_is_published_wrongly() {
    // If this failed, a log could publish one history and keep another.
    let province = province();
    let note = |root: Digest, by: &str| {
        Checkpoint::sign(&province.origin, province.head, &root, &key(by))
            .unwrap()
            .into_bytes()
    };
    let root = {
        let text = std::fs::read_to_string(province.path().join(checkpoint::FILE)).unwrap();
        Checkpoint::open(&text, &province.origin, &key("checkpoint").public())
            .unwrap()
            .0
            .root
    };
    let other_root = province.with_file("checkpoint", |_| {
        note(Digest::of(b"another history"), "checkpoint")
    });
    refused(
        other_root.path(),
        &[],
        &format!(
            "checkpoint: the log has another root at size {}",
            province.head
        ),
    );
    let other_key = province.with_file("checkpoint", |_| note(root, "somebody"));
    refused(
        other_key.path(),
        &[],
        "checkpoint: no signature by the log's checkpoint key",
    );
    let tile = province.with_file("tile/0/000", |mut bytes| {
        bytes[40] ^= 1;
        bytes
    });
    refused(
        tile.path(),
        &[],
        "tile/0/000: its hashes are not those of the log",
    );
    let moved = province.with_file("trust.json", |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace("\"quorum\": 0", "\"quorum\": 1")
            .into_bytes()
    });
    refused(moved.path(), &[], "trust.json: the proof does not verify");
    let lying = province.with_file("trust.json", |bytes| resigned(&bytes));
    refused(
        lying.path(),
        &[],
        &format!(
            "trust.json, issuer {}: its keys are not those of the log",
            province.school
        ),
    );
    let receipt = province.with_file("receipt.txt", |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace("\nindex 17\n", "\nindex 18\n")
            .into_bytes()
    });
    refused(
        receipt.path(),
        &[&receipt.path().join("receipt.txt")],
        "receipt: the path does not lead",
    );
}

/// The bundle with the last retirement left out, signed again by the right key.
fn resigned(bundle: &[u8]) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(bundle).unwrap();
    document.as_object_mut().unwrap().remove("proof");
    for issuer in document["issuers"].as_array_mut().unwrap() {
        for key in issuer["keys"].as_array_mut().unwrap() {
            key["retired"] = Value::Null;
        }
    }
    let changed: Bundle = serde_json::from_value(document).unwrap();
    let signer = kid(IssuerNumber::REGISTRAR, "b1");
    let bundle = trust::sign(&changed, &signer, &key("bundle"), "2026-11-22T06:00:00Z").unwrap();
    serde_json::to_vec(&bundle).unwrap()
}
