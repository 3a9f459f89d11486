//! The worked example of docs/FORMAT.md, made anew by the code; `BLESS=1` writes it there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use identity::did::{Did, IssuerNumber};
use identity::erasable::Disclosure;
use ledger::assertion::{Act, By, Draft, Seen};
use ledger::commit::Commit;
use ledger::fact::{CommittedFact, Stream};
use ledger::hash::Digest;
use ledger::key::SigningKey;
use ledger::merkle;
use serde_json::json;
use uuid::Uuid;

/// What stands around the example in the document.
const BEGIN: &str = "<!-- example: made by tests/it/format/example.rs, BLESS=1 writes it -->\n\n";
const END: &str = "\n<!-- end of example -->";
/// 2026-11-22T06:00:00.000Z.
const AT_MS: i64 = 1_795_327_200_000;

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FORMAT.md")
}

fn example() -> String {
    let seed = Digest::of(b"xuefen test institution").0;
    let key = SigningKey::from_seed(&seed);
    let kid = Did::new("xf.example.org", IssuerNumber(7))
        .kid("key-2026-1")
        .unwrap();
    let person = Uuid::parse_str("0f5c8e1a-3b7d-4c2e-9a64-5d1b8f20c3e7").unwrap();
    let name = Disclosure::new(Digest::of(b"xuefen test salt").0, "name", json!("王晓明"));
    let draft = Draft {
        id: Uuid::parse_str("019fd7e3-e300-7a5b-8c1d-2e3f40516273").unwrap(),
        log: "xf.example.org/log/1".into(),
        kind: "person.register.v1".into(),
        at_ms: AT_MS,
        seen: Seen {
            root: merkle::empty_root(),
            size: 0,
        },
        target: None,
        cause: None,
        act: Some(Act {
            by: By::Passkey,
            on_behalf_of: None,
            person: Uuid::parse_str("7a1d9c34-52e8-4f06-b3aa-c0d4e6f81925").unwrap(),
            role: "clerk".into(),
        }),
        data: json!({"_sd": [name.digest()], "identifiers": [], "person": person}),
    };
    let assertion = draft.sign(&kid, &key).unwrap();
    let commit = Commit {
        log: draft.log.clone().into(),
        position: 102,
        recorded_at_ms: AT_MS + 250,
        engine: 1,
        assertion,
        facts: vec![CommittedFact {
            data: None,
            kind: "person.registered.v1".into(),
            revision: 0,
            stream: Stream::new("person", person),
        }],
    };
    let leaf = String::from_utf8(commit.encode().unwrap()).unwrap();
    let compact = commit.assertion.text();
    let mut text = String::new();
    let mut put = |what: &str, value: &str| write!(text, "{what}:\n\n    {value}\n\n").unwrap();
    put(
        "Seed of the test key, SHA-256 of ASCII `xuefen test institution`, base64url",
        &Digest(seed).to_string(),
    );
    put("Its Multikey", &key.public().multikey());
    put(
        "Disclosure (salt: SHA-256 of ASCII `xuefen test salt`)",
        name.encoded(),
    );
    put("Its digest", &name.digest().to_string());
    let mut parts = compact.split('.').map(open_part);
    put("Header", &parts.next().unwrap());
    put("Payload", &parts.next().unwrap());
    put("Assertion", compact);
    put(
        "Leaf, at position 102 (each line ends with a newline)",
        leaf.trim_end().replace('\n', "\n    ").as_str(),
    );
    put(
        "Leaf hash, base64url",
        &merkle::leaf_hash(leaf.as_bytes()).to_string(),
    );
    text.pop();
    text
}

fn open_part(part: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_worked_example_is_what_the_code_makes() {
    // If this failed, whoever wrote a reader from our document would refuse every real log.
    let document = document();
    let text = std::fs::read_to_string(&document).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the example's beginning");
    let (stands, after) = rest.split_once(END).expect("the example's end");
    let made = example();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&document, [before, BEGIN, &made, END, after].concat()).unwrap();
    } else {
        assert_eq!(
            stands, made,
            "docs/FORMAT.md is stale: run this test with BLESS=1 and read the difference"
        );
    }
}

#[test]
fn every_kind_stands_in_the_document() {
    // If this failed, a kind would be in logs that nobody outside can look up.
    let text = std::fs::read_to_string(document()).unwrap();
    let named = |kind: &str| {
        assert!(
            text.contains(&format!("`{kind}`")),
            "{kind} is not in docs/FORMAT.md"
        );
    };
    named(credentials::rulebook::open_log::KIND);
    for kind in credentials::rulebook::kinds::all() {
        named(kind.name);
        for member in kind.erasable {
            assert!(
                text.contains(member),
                "{member} of {} is not in docs/FORMAT.md",
                kind.name
            );
        }
    }
}
