//! A receipt in a stranger's hand: `xuefen log prove --verify` with nothing but a trust bundle.

use std::path::{Path, PathBuf};

use ledger::clock::{Clock as _, SystemClock};
use tests::support::process;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

const HOUR_MS: i64 = 3_600_000;

/// A province and a stranger's folder.
struct Verifying {
    stand: Stand,
    person: Uuid,
    folder: tempfile::TempDir,
}

impl Verifying {
    fn open() -> Self {
        let stand = Stand::open();
        Self {
            person: stand.register(0, "王晓明", &resident_id(1)),
            stand,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn keep(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Records an outcome at the province's time; its receipt.
    fn receipt(&self, record: &str) -> String {
        let body = Stand::outcome(self.person, record);
        let headers = [("prefer", "receipt")];
        let answer = self
            .stand
            .post_with(
                self.stand.schools[0].token(),
                "/v1/outcomes",
                &headers,
                &body,
            )
            .is(201);
        answer["receipt"].as_str().unwrap().into()
    }

    /// A trust bundle as of `at_ms`, which knows every commit so far.
    fn bundle(&self, name: &str, at_ms: i64) -> PathBuf {
        self.keep(name, &bundle_of(&self.stand, at_ms))
    }
}

/// The province's own time stays where it was: what it records must not age with this test.
fn bundle_of(stand: &Stand, at_ms: i64) -> String {
    let last = stand.app.ledger.head().size - 1;
    let known = format!("/v1/institutions/1?after={last}");
    stand.get(stand.schools[0].token(), &known).is(200);
    let before_ms = stand.clock.now_ms();
    stand.clock.set(at_ms);
    let text = stand.get("", "/trust/bundle").text();
    stand.clock.set(before_ms);
    text
}

/// Exit code and everything said.
fn verified(receipt: &Path, trust: &Path, more: &[&str]) -> (Option<i32>, String) {
    let files = [receipt, trust].map(|path| path.to_str().unwrap());
    let [receipt, trust] = files;
    let mut arguments = vec!["log", "prove", "--verify", receipt, "--trust", trust];
    arguments.extend(more);
    let output = process::command(&arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_receipt_is_confirmed_by_a_bundle_that_can_know() {
    // A key retired yesterday would still "prove", or a true receipt would be called forged.
    let verifying = Verifying::open();
    let now_ms = SystemClock.now_ms();
    let first = verifying.keep("first.tlog-proof", &verifying.receipt("R-1"));
    let old = verifying.bundle("old.json", now_ms - 169 * HOUR_MS);
    let (code, said) = verified(&first, &old, &[]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("169 hours old"), "{said}");
    assert!(!said.contains("proven"), "{said}");

    let week = verifying.bundle("week.json", now_ms - 167 * HOUR_MS);
    let (code, said) = verified(&first, &week, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("proven\n"), "{said}");

    let second = verifying.keep("second.tlog-proof", &verifying.receipt("R-2"));
    let (code, said) = verified(&second, &week, &[]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("ends before position"), "{said}");
    let (code, said) = verified(&second, &verifying.bundle("newer.json", now_ms), &[]);
    assert_eq!(code, Some(0), "{said}");

    // A bundle from tomorrow is no bundle of today.
    let tomorrow = verifying.bundle("tomorrow.json", now_ms + 24 * HOUR_MS);
    let (code, said) = verified(&second, &tomorrow, &[]);
    assert_eq!(code, Some(4), "{said}");
}

#[test]
fn what_is_false_is_told_from_what_cannot_be_known() {
    // A forged paper would pass as "ask again later", or a mistyped path as a forgery.
    let verifying = Verifying::open();
    let now_ms = SystemClock.now_ms();
    let receipt = verifying.keep("receipt.tlog-proof", &verifying.receipt("R-1"));
    let trust = verifying.bundle("trust.json", now_ms);
    let (code, said) = verified(&receipt, &trust, &[]);
    assert_eq!(code, Some(0), "{said}");

    let foreign = verifying.keep("foreign.json", &bundle_of(&Stand::open(), now_ms));
    let (code, said) = verified(&receipt, &foreign, &[]);
    assert_eq!(code, Some(3), "{said}");

    let (code, said) = verified(&receipt, &trust, &["--bundle-key", "z6Mk"]);
    assert_eq!(code, Some(2), "{said}");

    let missing = verifying.folder.path().join("nowhere.tlog-proof");
    let (code, said) = verified(&missing, &trust, &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("nowhere.tlog-proof"), "{said}");
}
