//! What disclosures get that do not fit their commitments: refused before the log is asked.

use credentials::rulebook::{Refusal, kinds};
use identity::erasable::{self, Commitments, Disclosure, DisclosureError};
use identity::person::register;
use ledger::assertion::Assertion;
use ledger::execute::ExecuteError;
use ledger::hash::Digest;
use ledger::sequencer::Answer;
use serde_json::{Value, json};
use tests::support::asking::{Asking, Signer, person};
use tests::support::log_world::{LogWorld, Reply};
use tests::support::said;

use super::{asking, refused};

/// What a door does with a submission: open the values, check them, then ask the log.
fn submit_with_values(world: &LogWorld, text: &str) -> Result<Reply, DisclosureError> {
    #[derive(serde::Deserialize)]
    struct Values {
        #[serde(rename = "_sd", default)]
        values: Commitments,
    }
    let (jws, disclosures) = erasable::split_submission(text)?;
    let assertion = Assertion::parse(jws).unwrap();
    let committed: Values = serde_json::from_str(assertion.data().get()).unwrap();
    let kind = kinds::find(assertion.kind()).unwrap();
    erasable::check(&committed.values, &disclosures, kind.erasable)?;
    Ok(world.submit_text(jws))
}

/// A commitment nobody opened, or a value nobody committed to, would make an empty promise.
#[test]
fn every_commitment_is_opened_once() {
    let world = LogWorld::province();
    let disclosure = |salt: u8, name: &str, value: Value| Disclosure::new([salt; 32], name, value);
    let name = disclosure(1, "name", json!("王晓明"));
    let birth = disclosure(2, "birth_date", json!("2001-02-03"));
    let ask = |disclosures: &[&Disclosure]| {
        let digests = disclosures.iter().map(|it| it.digest()).collect();
        let data = register::Data {
            values: Commitments::of(digests).unwrap(),
            identifiers: Vec::new(),
            person: person(200),
        };
        world.sign(&Asking::new(Signer::school(1), register::KIND, &data))
    };
    let both = ask(&[&name, &birth]);
    let jws = both.text();
    let (n, b) = (name.encoded(), birth.encoded());
    let refused = |text: &str, expected: DisclosureError| {
        let before = world.size();
        assert_eq!(submit_with_values(&world, text).unwrap_err(), expected);
        assert_eq!(world.size(), before);
    };
    let malformed = |index, what| DisclosureError::Malformed { index, what };

    refused(
        jws,
        DisclosureError::Missing(*ask_digests(&both).first().unwrap()),
    );
    refused(
        &format!("{jws}~{n}~"),
        DisclosureError::Missing(birth.digest()),
    );
    refused(
        &format!("{jws}~{n}~{b}~{n}~"),
        DisclosureError::Twice { index: 2 },
    );
    let resalted = disclosure(3, "name", json!("王晓明"));
    refused(
        &format!("{jws}~{n}~{}~", resalted.encoded()),
        DisclosureError::Unreferenced { index: 1 },
    );
    refused(
        &format!("{jws}~{n}~{b}"),
        malformed(0, "the submission must end with ~"),
    );
    refused(
        &format!("{jws}~{n}~{b}~eyJ0eXAiOiJrYitqd3QifQ.e30.AA"),
        malformed(0, "the submission must end with ~"),
    );
    refused(&format!("{jws}~{n}~~{b}~"), malformed(1, "an empty part"));
    refused(
        &format!("{jws}~{n}=~{b}~"),
        malformed(
            0,
            "not base64url without padding, re-encoding to the same text",
        ),
    );

    let mark = disclosure(4, "grade", json!("85"));
    let not_erasable = DisclosureError::NotErasable {
        index: 0,
        name: "grade".into(),
    };
    refused(
        &format!("{}~{}~", ask(&[&mark]).text(), mark.encoded()),
        not_erasable,
    );
    let same_salt = disclosure(1, "birth_date", json!("2001-02-03"));
    let text = format!(
        "{}~{n}~{}~",
        ask(&[&name, &same_salt]).text(),
        same_salt.encoded()
    );
    refused(&text, DisclosureError::Twice { index: 1 });
    let same_name = disclosure(5, "name", json!("王小明"));
    let text = format!(
        "{}~{n}~{}~",
        ask(&[&name, &same_name]).text(),
        same_name.encoded()
    );
    refused(&text, DisclosureError::Twice { index: 1 });

    let Ok(Ok(Answer::Committed(_))) = submit_with_values(&world, &format!("{jws}~{b}~{n}~"))
    else {
        unreachable!("in any order")
    };
}

fn ask_digests(assertion: &Assertion) -> Vec<Digest> {
    let data: register::Data = serde_json::from_str(assertion.data().get()).unwrap();
    data.values.into()
}

/// A weak salt would let anybody guess the name behind a commitment; a strange value would open as two.
#[test]
fn disclosures_have_one_shape() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let world = LogWorld::province();
    let jws = world.sign(&asking());
    let salt = URL_SAFE_NO_PAD.encode([7; 32]);
    let shape = "not a JSON array of salt, name, value";
    let plain = "the value must be text, a whole number, true or false";
    let reserved = "a name that SD-JWT reserves";
    for (array, expected) in [
        (
            format!(r#"["{}","name","王"]"#, URL_SAFE_NO_PAD.encode([7; 31])),
            None,
        ),
        (
            format!(r#"["{}","name","王"]"#, URL_SAFE_NO_PAD.encode([7; 33])),
            None,
        ),
        (format!(r#"["{salt}=","name","王"]"#), None),
        (format!(r#"["{salt}","_sd","王"]"#), Some(reserved)),
        (format!(r#"["{salt}","...","王"]"#), Some(reserved)),
        (format!(r#"["{salt}","王"]"#), Some(shape)),
        (format!(r#"["{salt}","name","王","more"]"#), Some(shape)),
        (format!(r#"{{"salt":"{salt}"}}"#), Some(shape)),
        (format!(r#"["{salt}","name",{{"a":1}}]"#), Some(plain)),
        (format!(r#"["{salt}","name",["a"]]"#), Some(plain)),
        (format!(r#"["{salt}","name",1.5]"#), Some(plain)),
        (format!(r#"["{salt}","name",null]"#), Some(plain)),
        (
            format!(r#"["{salt}","name","{}"]"#, "王".repeat(2_800)),
            Some("larger than 8192 bytes"),
        ),
    ] {
        let text = format!("{}~{}~", jws.text(), URL_SAFE_NO_PAD.encode(&array));
        let before = world.size();
        let expected = match expected {
            None => DisclosureError::Salt { index: 0 },
            Some(what) => DisclosureError::Malformed { index: 0, what },
        };
        assert_eq!(
            submit_with_values(&world, &text).unwrap_err(),
            expected,
            "{array:.80}"
        );
        assert_eq!(world.size(), before);
    }
    let many = format!("{}~{}", jws.text(), "WyJhIiwiYiIsImMiXQ~".repeat(33));
    let error = submit_with_values(&world, &many).unwrap_err();
    assert_eq!(error, DisclosureError::Salt { index: 0 });
    let one = Disclosure::new([1; 32], "name", json!("王"));
    let many = format!(
        "{}~{}",
        jws.text(),
        format!("{}~", one.encoded()).repeat(33)
    );
    let error = submit_with_values(&world, &many).unwrap_err();
    assert_eq!(
        error,
        DisclosureError::Malformed {
            index: 32,
            what: "more than 32 disclosures"
        }
    );
}

/// `_sd` in another order would be another commitment to the same values.
#[test]
fn commitments_stand_in_one_order() {
    let world = LogWorld::province();
    let mut digests: Vec<Digest> = said::values(2).into();
    for twist in ["reversed", "twice"] {
        let mut asking = asking();
        match twist {
            "reversed" => digests.reverse(),
            _ => digests = vec![digests[0], digests[0]],
        }
        asking.data["_sd"] = json!(digests);
        match refused(&world, |world| world.submit(&asking)) {
            ExecuteError::Rejected(Refusal::DataMalformed { pointer, what }) => {
                assert_eq!(pointer, "/data/_sd");
                assert!(what.contains("ascending"), "{what}");
            }
            other => unreachable!("{other:?}"),
        }
    }
}
