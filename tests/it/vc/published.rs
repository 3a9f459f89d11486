//! What others published, and the worked examples of the handbook, byte for byte.

use std::fs;
use std::path::PathBuf;

use credentials::trust::Bundle;
use credentials::vc::cbor::decode;
use credentials::vc::qr::{self, Claims};
use credentials::vc::{canonical, digits, proof};
use credentials::verify::{self, Context, Verdict};
use ledger::hash::Digest;
use serde_json::Value;
use tests::support::issuing::{HOST, NOW_S, claims, named, published};

use super::vectors::small::{hex, unhex};

/// The signed bundle of STANDARDS §4.
pub(crate) const BUNDLE: &str = r#"{ "version": 41, "issued_at": "2026-11-22T06:00:00Z", "position": 777500,
  "log": { "origin": "xf.example.org/log/1", "key": "z6Mkw774XJ1RmhYWfRDsBVYr7PjZJukbHWbpLt8tXusxNFiN", "alg": "EdDSA", "hash": "SHA-256" },
  "witnesses": [ { "name": "witness.example.net", "key": "z6MkkyeBPHBvPvMVxAc7WRW1QG5sKgtEMWxHzfcRP6jeetFR" } ], "quorum": 1, "age_policy": { "plain_hours": 24, "unknown_hours": 168 },
  "issuers": [ { "id": 0, "did": "did:web:xf.example.org", "name": "示例省学分银行", "custody": "own", "suspended": null, "status_required": true, "disputed": [],
      "keys": [ { "kid": "did:web:xf.example.org#registrar-2026-1", "pub": "z6MksxaYYPWnuSWVwTH7Z9wW7NrdusgBB8hUcXUSiim7G59K", "use": "bundle", "custody": "own", "activated": 0, "retired": null, "not_valid_after": null } ], "status": [] },
    { "id": 7, "did": "did:web:xf.example.org:i:7", "name": "示例大学", "custody": "own", "suspended": null, "status_required": true, "disputed": [],
      "keys": [ { "kid": "did:web:xf.example.org:i:7#key-2026-1", "pub": "z6MkgMnoBQDwMws6onbpxFecqiKDjSBvkLjqaUrTChcChmpZ", "use": "assertion", "custody": "own", "activated": 100, "retired": null, "not_valid_after": null },
                { "kid": "did:web:xf.example.org:i:7#credential-2026-1", "pub": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "use": "credential", "custody": "platform", "activated": 101, "retired": null, "not_valid_after": null } ],
      "status": [ { "url": "https://xf.example.org/status/7/1", "gzip": "uH4sIAAAAAAACA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA", "position": 777480, "at": "2026-11-22T05:58:00Z" } ] } ],
  "proof": { "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "2026-11-22T06:00:00Z", "verificationMethod": "did:web:xf.example.org#registrar-2026-1", "proofPurpose": "assertionMethod", "proofValue": "z2VsX2MvdJbDUWgKL2NjTP5tAcDhAJgFTnBamVmhwuedzquq6URengDsDhjxPCg3UZ8BHazvUdSdzDXymP2Qk1Wjd" } }"#;

/// STANDARDS §9: payload, COSE and address of the worked example.
const PAYLOAD: &str = "a4041a7c375290061a6968ac9007500f0e3a529a2e4d199d7e2f7f0b1c5a113a00010000a701070201036ce7a4bee58cbae680a5e6959104190bb80667e78e8b2ae6988e0782011a00017167081a000bdba3";
const COSE: &str = "d2844da2012704483ba28cbddb7c2559a05852a4041a7c375290061a6968ac9007500f0e3a529a2e4d199d7e2f7f0b1c5a113a00010000a701070201036ce7a4bee58cbae680a5e6959104190bb80667e78e8b2ae6988e0782011a00017167081a000bdba358408613acda37dde0f8844782cc3a8432336095e61ddc7a7c50d1b34c04eeac48efe92b41155bfce0920e015e676acf7a774ca71aa6952ec717b5266e0d49bc120e";
const ADDRESS: &str = "https://xf.example.org/q#15925521407457050020331767655160700105131193497446440745492644469301829669962914680847040047761224041214433031380357026604848846295269543002891801650413834637178929839475246696901214738699517984390510374826490698042218933800001586571516416033377193505930434865362947479770020128537013137971271864133402282202274856614159530820529983055271259711786120359030793006447242580149846888874275222822121003350692366";

/// The claims of the worked example.
fn example() -> Claims {
    Claims {
        position: 777_123,
        leaf: None,
        ..claims()
    }
}

#[test]
fn the_worked_example_comes_out_byte_for_byte() {
    // If this fails, codes that other people printed by the handbook do not verify here, or ours there.
    let cose = qr::sign(&example(), &published(), None);
    assert_eq!(hex(&cose), COSE);
    assert_eq!(cose.len(), 167);
    assert!(COSE.contains(PAYLOAD));
    assert_eq!(decode(&unhex(PAYLOAD)).unwrap().encode(), unhex(PAYLOAD));
    assert_eq!(qr::text(HOST, &cose), ADDRESS);
    assert_eq!(
        digits::decode(&ADDRESS["https://xf.example.org/q#1".len()..]),
        Some(cose)
    );
    assert_eq!(hex(&qr::kid(&published().public())), "3ba28cbddb7c2559");
    assert_eq!(
        published().public().multikey(),
        "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    );
}

#[test]
fn the_worked_example_is_valid_under_the_example_bundle() {
    // If this fails, an offline verifier refuses what the handbook calls good.
    let bundle = Bundle::open(BUNDLE).unwrap();
    assert_eq!((bundle.version, bundle.position), (41, 777_500));
    for (at, name) in [
        (&bundle.log.key, "log"),
        (&bundle.witnesses[0].key, "witness"),
        (&bundle.issuers[0].keys[0].key, "registrar"),
        (&bundle.issuers[1].keys[0].key, "institution"),
    ] {
        assert_eq!(*at, named(name).public(), "{name}");
    }
    let context = Context {
        bundle: &bundle,
        lists: &[],
        ledger: None,
        now_s: NOW_S,
    };
    let report = verify::text(ADDRESS, &context);
    assert_eq!((report.result, report.code), (Verdict::Valid, "OK"));
    let found: Vec<&str> = report.findings.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(found, ["W40"]);
    let facts = report.facts.unwrap();
    assert_eq!(facts.issuer_name, "示例大学");
    assert_eq!(facts.title.as_deref(), Some("社区急救"));
    assert_eq!(facts.name.as_deref(), Some("王*明"));
    assert_eq!(facts.amount.as_deref(), Some("3"));
    assert_eq!(
        verify::claimed_id(ADDRESS.as_bytes(), &bundle),
        Some(example().id)
    );
}

#[test]
fn the_example_bundle_is_what_we_sign() {
    // If this fails, a verifier by the handbook does not open our bundles.
    let bundle = Bundle::open(BUNDLE).unwrap();
    let ours = tests::support::issuing::signed(&bundle);
    let theirs: Value = serde_json::from_str(BUNDLE).unwrap();
    let mut without = theirs.clone();
    // We say the purpose, which the example leaves out.
    without["issuers"][1]["status"][0]["purpose"] = "revocation".into();
    without.as_object_mut().unwrap().remove("proof");
    let mut bare = ours.clone();
    bare.as_object_mut().unwrap().remove("proof");
    assert_eq!(bare, without);
    let Value::Object(mut document) = theirs.clone() else {
        panic!("an object");
    };
    document.remove("proof");
    let kid = "did:web:xf.example.org#registrar-2026-1";
    let again = proof::sign(document, kid, &named("registrar"), "2026-11-22T06:00:00Z").unwrap();
    assert_eq!(Value::Object(again), theirs);
}

/// The published vectors beside the project; `None` where they are not.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn vectors() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let shared = std::env::var("XF_SHARED").unwrap_or_else(|_| beside.into());
    let folder = PathBuf::from(shared).join("data/credentials/vectors/eddsa-jcs-2022");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "CI must have the published vectors in {}",
        folder.display()
    );
    eprintln!(
        "\n*** SKIPPED: no published vectors in {}; set XF_SHARED to the folder that holds data/ ***\n",
        folder.display()
    );
    None
}

#[test]
fn eddsa_jcs_2022_is_the_published_one() {
    // If this fails, no other verifier reads our credentials, nor we theirs.
    let Some(folder) = vectors() else {
        return;
    };
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let json = |name: &str| serde_json::from_str::<Value>(&text(name)).unwrap();
    let canonical_of =
        |value: &Value| String::from_utf8(canonical::to_vec(value).unwrap()).unwrap();
    let unsigned = folder.join("../unsigned.json");
    let unsigned: Value = serde_json::from_str(&fs::read_to_string(unsigned).unwrap()).unwrap();
    let config = json("proofConfigJCS.json");
    assert_eq!(canonical_of(&unsigned), text("canonDocJCS.txt"));
    assert_eq!(canonical_of(&config), text("proofCanonJCS.txt"));
    let digest = |text: &str| hex(&Digest::of(text.as_bytes()).0);
    assert_eq!(digest(&canonical_of(&unsigned)), text("docHashJCS.txt"));
    assert_eq!(digest(&canonical_of(&config)), text("proofHashJCS.txt"));
    let hashed = proof::hash_data(&config, &unsigned).unwrap();
    assert_eq!(hex(&hashed), text("combinedHashJCS.txt"));
    let signature = published().sign(&hashed);
    assert_eq!(hex(&signature), text("sigHexJCS.txt"));
    assert_eq!(proof::write_value(&signature), text("sigBTC58JCS.txt"));
    assert_eq!(proof::read_value(&text("sigBTC58JCS.txt")), Some(signature));
    let kid = config["verificationMethod"].as_str().unwrap();
    let document = unsigned.as_object().unwrap().clone();
    let created = config["created"].as_str().unwrap();
    let signed = proof::sign(document, kid, &published(), created).unwrap();
    assert_eq!(Value::Object(signed), json("signedJCS.json"));
    let pair = folder.join("../keyPair.json");
    let pair: Value = serde_json::from_str(&fs::read_to_string(pair).unwrap()).unwrap();
    assert_eq!(pair["publicKeyMultibase"], published().public().multikey());
}
