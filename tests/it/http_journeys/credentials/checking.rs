//! Checking as people do it: `xuefen verify` with files, and a photo sent from a browser without scripts.

use std::path::Path;
use std::sync::Arc;

use api::keystore::KeyStore;
use api::master::MasterKey;
use ledger::clock::{Clock as _, SystemClock};
use tests::support::memory_side::MemorySide;
use tests::support::process;
use tests::support::server::answer::after;

use super::{Issuing, said, scanned};

/// Exit code and everything said.
fn verified(files: &[&str], folder: &Path, trust: &str) -> (Option<i32>, String) {
    let mut arguments = vec!["verify", "--offline", "--lang", "en", "--trust", trust];
    arguments.extend(files);
    let mut command = process::command(&arguments);
    let output = command.current_dir(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn one_file_that_cannot_be_read_hides_no_other() {
    // A forged certificate in a pile would pass because the file before it had a wrong name.
    let issuing = Issuing::open();
    issuing.stand.clock.set(SystemClock.now_ms());
    let issued = issuing.issue().is(201);
    let folder = tempfile::tempdir().unwrap();
    let keep = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let picture = issuing.get(&issued, "/qr.png").body;
    keep("good.png", &picture);
    keep("damaged.png", &picture[..picture.len() / 2]);
    let document = issuing.get(&issued, "").text();
    keep("good.json", document.as_bytes());
    let forged = document.replacen("\"creditsAvailable\": ", "\"creditsAvailable\": 9", 1);
    assert_ne!(forged, document);
    keep("forged.json", forged.as_bytes());
    let bundle = issuing.stand.get("", &after("/trust/bundle", &issued));
    keep("trust.json", &bundle.body);
    for (files, code) in [
        (&["good.png", "good.json"][..], 0),
        (&["forged.json"], 3),
        (&["damaged.png"], 4),
        (&["missing.png", "good.json"], 2),
        (&["missing.png", "damaged.png"], 2),
        (&["missing.png", "forged.json", "good.png"], 3),
        (&["good.json", "damaged.png"], 4),
    ] {
        let (exit, said) = verified(files, folder.path(), "trust.json");
        assert_eq!(exit, Some(code), "{files:?}: {said}");
        for file in files {
            assert!(said.contains(file), "{files:?}: {said}");
        }
    }
    let (exit, said) = verified(&["good.png"], folder.path(), "missing.json");
    assert_eq!(exit, Some(1), "{said}");
}

#[test]
fn a_photo_is_answered_with_a_page_that_masks_the_name() {
    // The full name of whoever was photographed would stand on a page that anybody can ask for.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let picture = issuing.get(&issued, "/qr.png?name=full").body;
    assert!(scanned(&picture).contains('#'));
    let boundary = "xuefen-test-boundary";
    let mut body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(&picture);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let media = format!("multipart/form-data; boundary={boundary}");
    let headers = [("content-type", media.as_str())];
    let answer = issuing
        .stand
        .send("POST", "/verify/photo", "", &headers, Some(&body));
    assert_eq!(answer.status, 200);
    let page = answer.text();
    assert!(page.contains("有效") && page.contains("林*"), "{page}");
    assert!(!page.contains("林昇"));
}

#[test]
fn the_platform_checks_what_it_can_no_longer_sign() {
    // Every credential under a key that the platform has lost would be a failure of the server at the gate.
    let mut issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let text = scanned(&issuing.get(&issued, "/qr.png").body);
    let document = issuing.get(&issued, "").text();
    issuing.stand.reopen(
        |_| {},
        |app| {
            let nothing = Arc::new(MemorySide::new(Arc::new(SystemClock)));
            let master = MasterKey::of_data_dir(app.dir.root()).unwrap();
            app.keystore = KeyStore::new(nothing, master);
        },
    );
    for (media, copy) in [("text/plain", &text), ("application/json", &document)] {
        let report = issuing.verify(media, copy.as_bytes());
        assert_eq!(said(&report), ("valid", "OK"), "{media}");
    }
}
