//! A person takes along everything that is held, and somebody else checks it without us.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use identity::person::{Person, wire};
use identity::purpose::Purpose;
use identity::role::Role;
use ledger::receipt::{Policy, Receipt};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::support::browser::Browser;
use tests::support::process;
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

const NAME: &str = "林带走";
const OTHER: &str = "何旁人";
const PHONE: &str = "13812345678";
const OTHER_PHONE: &str = "13987654321";

fn at(learner: Uuid, part: &str) -> String {
    format!("/v1/learners/{learner}/{part}")
}

/// A learner about whom much is held, beside somebody else.
struct Held {
    stand: Stand,
    person: Uuid,
    other: Uuid,
    own: String,
    last: Value,
}

impl Held {
    fn open() -> Self {
        let mut stand = Stand::open();
        stand.reopen(|_| (), |app| app.demo = true);
        // Notices are told from the first reading on.
        stand.app.tell().unwrap();
        let school = stand.schools[0].token();
        let keys = format!("/v1/institutions/{}/keys", stand.schools[0].number);
        let key = json!({ "fragment": "credential-1", "use": "credential" });
        stand.post(school, &keys, &key).is(201);
        let person = stand.register(0, NAME, &resident_id(51));
        let other = stand.register(0, OTHER, &resident_id(52));
        let own = stand.token(person, Role::Learner, None);
        let others = stand.token(other, Role::Learner, None);
        for (who, token, phone) in [(person, &own, PHONE), (other, &others, OTHER_PHONE)] {
            let seen = json!({ "method": "document", "reason_text": format!("见{phone}本人") });
            stand
                .post(&stand.registrar.token, &at(who, "assurance"), &seen)
                .is(201);
            let reached = json!({ "channel": "sms", "value": phone });
            stand.post(token, &at(who, "contacts"), &reached).is(201);
            let mut course = Stand::outcome(
                who,
                &format!("R-{}", phone.len() + usize::from(who == other)),
            );
            course["title"] = json!(format!("{phone}的课"));
            let outcome = stand.post(school, "/v1/outcomes", &course).is(201);
            let body = json!({ "learner": who, "outcome": outcome["id"] });
            stand.post(school, "/v1/credentials", &body).is(201);
            let corrected = json!({
                "reason": "mark_reviewed", "reason_text": "卷面重核", "kind": "course", "code": "CS101",
                "title": format!("{phone}改名后的课"), "hours": "32", "credits": "2.0", "scheme": "cn-he",
                "level": "5", "category": "general", "grade": "91", "completed_on": "2026-06-01",
            });
            let path = format!(
                "/v1/outcomes/{}/corrections",
                outcome["id"].as_str().unwrap()
            );
            let proposed = stand.post(school, &path, &corrected).is(202);
            let second = &stand.schools[0].officers[1].token;
            stand.approve(second, &proposed["approval"]).is(201);
        }
        let yes = json!({ "use": "contact", "given": true });
        stand.post(&own, &at(person, "consents"), &yes).is(201);
        let lets = json!({ "agent": other, "unpressed": true, "until": "2026-12-31" });
        let last = stand.post(&own, &at(person, "delegations"), &lets).is(201);
        stand.app.tell().unwrap();
        Self {
            stand,
            person,
            other,
            own,
            last,
        }
    }

    fn path(&self) -> String {
        after(&at(self.person, "export"), &self.last)
    }

    fn log_key(&self) -> ledger::key::PublicKey {
        let bundle = self.stand.get("", "/trust/bundle").is(200);
        ledger::key::PublicKey::from_multikey(bundle["log"]["key"].as_str().unwrap()).unwrap()
    }

    fn key(&self, kid: &str) -> [u8; 32] {
        let bundle = self.stand.get("", "/trust/bundle").is(200);
        let issuers = bundle["issuers"].as_array().unwrap().iter();
        let mut keys = issuers.flat_map(|it| it["keys"].as_array().unwrap());
        let key = keys
            .find(|it| it["kid"] == kid)
            .expect("a key of the bundle");
        assert_eq!(
            (&key["use"], &key["retired"]),
            (&json!("assertion"), &Value::Null)
        );
        let multikey = key["pub"].as_str().unwrap();
        let key = ledger::key::PublicKey::from_multikey(multikey).unwrap();
        *key.as_bytes()
    }
}

/// What a reader who knows RFC 7515 and RFC 8785 and nothing of us makes of a copy.
fn verified(copy: &str, key: impl Fn(&str) -> [u8; 32]) -> Result<Value, &'static str> {
    let rest = copy.strip_prefix(r#"{"export":"#).ok_or("form")?;
    let (export, rest) = rest.rsplit_once(r#","signature":""#).ok_or("form")?;
    let jws = rest.strip_suffix("\"}").ok_or("form")?;
    let (header, signature) = jws.split_once("..").ok_or("form")?;
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| "base64url");
    let said: Value = serde_json::from_slice(&bytes(header)?).map_err(|_| "header")?;
    if said["alg"] != "EdDSA" || said["typ"] != "xf-export+jws" {
        return Err("header");
    }
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(export));
    let signature: [u8; 64] = bytes(signature)?.try_into().map_err(|_| "length")?;
    let key = VerifyingKey::from_bytes(&key(said["kid"].as_str().unwrap())).unwrap();
    key.verify_strict(signed.as_bytes(), &Signature::from_bytes(&signature))
        .map_err(|_| "signature")?;
    let value: Value = serde_json::from_str(export).map_err(|_| "json")?;
    let jcs = serde_json_canonicalizer::to_string(&value).map_err(|_| "jcs")?;
    if jcs != export {
        return Err("jcs");
    }
    Ok(value)
}

#[test]
fn a_person_takes_everything_along_and_anybody_can_check_it() {
    // A right of access would be a screenshot: not all of it, not provable, or with a neighbour's data in it.
    let it = Held::open();
    let stand = &it.stand;
    let answer = stand.get(&it.own, &it.path());
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let export = verified(&text, |kid| it.key(kid)).unwrap();
    assert_eq!(export["person"], json!(it.person));

    // Every value that any commit of hers commits to is opened, by what is in the copy alone.
    let mut wanted = BTreeSet::new();
    let mut opened = BTreeSet::new();
    let policy = Policy {
        origin: export["log"].as_str().unwrap().into(),
        key: it.log_key(),
        witnesses: Vec::new(),
        quorum: 0,
    };
    for commit in export["commits"].as_array().unwrap() {
        let proof = Receipt::parse(commit["proof"].as_str().unwrap()).unwrap();
        let leaf = proof.leaf.clone().unwrap();
        let proven = proof.verify(&policy).unwrap();
        assert_eq!(json!(proven.index), commit["position"]);
        let commit = ledger::commit::Commit::decode(&leaf).unwrap();
        let data: Value = serde_json::from_str(commit.assertion.data().get()).unwrap();
        for digest in data["_sd"].as_array().into_iter().flatten() {
            wanted.insert(digest.as_str().unwrap().to_owned());
        }
    }
    for values in export["values"].as_array().unwrap() {
        for disclosure in values["disclosures"].as_array().unwrap() {
            let disclosure = disclosure.as_str().unwrap();
            opened.insert(URL_SAFE_NO_PAD.encode(Sha256::digest(disclosure)));
            let array = URL_SAFE_NO_PAD.decode(disclosure).unwrap();
            let array: Value = serde_json::from_slice(&array).unwrap();
            let name = array[1].as_str().unwrap();
            assert_eq!(values["values"][name], array[2]);
        }
    }
    assert_eq!(opened, wanted);
    // Who the vault says has values has no more of them than the copy.
    let vault = &stand.app.vault;
    let held: usize = Purpose::ALL
        .into_iter()
        .map(|purpose| {
            vault
                .inventory(it.person, purpose)
                .unwrap()
                .assertions
                .len()
        })
        .sum();
    assert_eq!(export["values"].as_array().unwrap().len(), held);
    // Every fact of her stream is among the commits.
    let stream = wire::stream(it.person);
    let positions: BTreeSet<u64> = export["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["position"].as_u64().unwrap())
        .collect();
    let own = stand.app.ledger.positions_of(&stream).unwrap();
    assert!(own.len() >= 5 && own.iter().all(|it| positions.contains(it)));
    let id = resident_id(51);
    for value in [
        NAME,
        "2001-02-03",
        &id,
        PHONE,
        "85",
        "91",
        "见13812345678本人",
        "卷面重核",
    ] {
        assert!(text.contains(value), "{value} is missing");
    }
    assert_eq!(export["outcomes"].as_array().unwrap().len(), 1);
    assert_eq!(export["consents"][0]["use"], "contact");
    assert_eq!(export["delegations"][0]["agent"], json!(it.other));
    assert!(!export["notices"].as_array().unwrap().is_empty());
    assert!(!export["tokens"].as_array().unwrap().is_empty());

    // The neighbour is in it by the number she was let act under, and by nothing else.
    for value in [OTHER, "何*人", OTHER_PHONE, &resident_id(52)] {
        assert!(!text.contains(value), "{value} is another's");
    }
    let neighbour = stand
        .app
        .ledger
        .state::<Person>(&wire::stream(it.other))
        .unwrap();
    for (_, values) in &neighbour.values {
        for digest in values.as_slice() {
            assert!(!text.contains(&digest.to_string()), "another's commitment");
        }
    }

    // One character of it, and it is nobody's word any more.
    let forged = text.replacen(NAME, "林带来", 1);
    assert_eq!(verified(&forged, |kid| it.key(kid)), Err("signature"));
    // Nor is its signature an assertion: the ledger takes nothing of this form.
    let (_, jws) = text.rsplit_once(r#""signature":""#).unwrap();
    let (header, signature) = jws.trim_end_matches("\"}").split_once("..").unwrap();
    let payload = URL_SAFE_NO_PAD.encode(export.to_string());
    let sent = stand.assert(&format!("{header}.{payload}.{signature}"));
    assert!(sent.status == 400 || sent.status == 422, "{}", sent.text());
}

#[test]
fn the_copy_is_the_persons_alone() {
    // Whoever holds a disclosure can show it to anybody for ever: an officer, a proxy or a stranger would.
    let it = Held::open();
    let stand = &it.stand;
    let others = stand.token(it.other, Role::Learner, None);
    let proxy = stand.token(it.other, Role::Proxy, None);
    for token in [&others, &proxy, &stand.registrar.token, &stand.audit.token] {
        stand.get(token, &it.path()).refused(403, "not-allowed");
    }
    let school = stand.schools[0].token();
    stand.get(school, &it.path()).refused(403, "not-allowed");
    // Who has been signed in for a while shows anew who it is: a phone left on a table takes nothing along.
    let browser = Browser::demo(stand, &it.own);
    let taken = browser.get(stand, &it.path()).is(200);
    assert_eq!(taken["export"]["sessions"].as_array().unwrap().len(), 1);
    stand.pass(6 * 60_000);
    let late = browser.get(stand, &it.path());
    late.refused(401, "step-up-needed");
}

#[test]
fn the_copy_can_be_read_in_both_languages() {
    // Somebody who reads no JSON would have no right of access.
    let it = Held::open();
    let id = resident_id(51);
    for (language, words) in [
        (
            "zh-CN",
            ["我的个人信息副本", "身份证号", "账本提交", "可以代我办理"],
        ),
        (
            "en",
            [
                "A copy of what is held of me",
                "Resident ID",
                "Commits in the ledger",
                "may act for me",
            ],
        ),
    ] {
        for (path, accept) in [
            (format!("{}&form=html", it.path()), "application/json"),
            (it.path(), "text/html"),
        ] {
            let headers = [("accept-language", language), ("accept", accept)];
            let page = it.stand.send("GET", &path, &it.own, &headers, None);
            assert!(
                page.header("content-type").starts_with("text/html"),
                "{}",
                page.text()
            );
            let text = page.text();
            for words in words.into_iter().chain([NAME, PHONE, &id]) {
                assert!(text.contains(words), "{words} is missing in {language}");
            }
            assert!(!text.contains(OTHER) && !text.contains(OTHER_PHONE));
        }
    }
}

#[test]
fn what_was_erased_is_not_in_the_copy() {
    // An erasure of what was learned would come back with every copy, or take who somebody is with it.
    let it = Held::open();
    let stand = &it.stand;
    let body = json!({ "reason": "不再需要", "purposes": ["study-record"] });
    let asked = stand
        .post(&stand.registrar.token, &at(it.person, "erasure"), &body)
        .is(202);
    stand
        .approve(&stand.registrar2.token, &asked["approval"])
        .is(201);
    stand.app.carry_on_erasures().unwrap();
    let text = stand.get(&it.own, &at(it.person, "export")).text();
    let export = verified(&text, |kid| it.key(kid)).unwrap();
    assert!(text.contains(NAME) && text.contains(PHONE));
    assert!(!text.contains("13812345678的课"), "a title came back");
    assert!(
        export["commits"].as_array().unwrap().len() > 4,
        "the course of events stays"
    );
}

#[test]
fn the_command_line_takes_the_copy() {
    // Who scripts it would get a copy reformatted, whose signature holds no more.
    let it = Held::open();
    let token = it.stand.dir().join("own.token");
    std::fs::write(&token, &it.own).unwrap();
    let out = it.stand.dir().join("copy.json");
    let person = it.person.to_string();
    let arguments = |extra: &[&str]| {
        let mut all = vec!["learner", "export", &person, "--server", it.stand.base()];
        all.extend(["--token-file", token.to_str().unwrap()]);
        process::run(&[&all, extra].concat())
    };
    let to = out.to_str().unwrap();
    arguments(&["--out", to]).unwrap();
    let copy = std::fs::read_to_string(&out).unwrap();
    verified(&copy, |kid| it.key(kid)).unwrap();
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&out).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    assert!(arguments(&["--out", to]).is_err(), "a file was overwritten");
    assert!(arguments(&["--html"]).unwrap().contains(NAME));
}
