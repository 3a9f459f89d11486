//! log.open: how a log begins, and that it begins once.

use credentials::policy::PolicyRef;
use credentials::rulebook::open_log::OpenLogError;
use credentials::rulebook::{ENGINE, Refusal, Rulebook};
use identity::did::IssuerNumber;
use identity::institution::{Custody, Institution, KeyUse};
use identity::officer::Officer;
use identity::role::Role;
use ledger::decision::Rules as _;
use ledger::hash::Digest;
use serde_json::json;
use tests::support::asking::{Asking, Signer, registrar};
use tests::support::given::Given;
use tests::support::said;

use super::rules_coverage::{refused, saw};

pub(crate) const REFUSALS: &[fn()] = &[
    only_the_first_commit_opens_a_log,
    the_registrar_starts_with_one_key_of_each_use,
    four_persons_start,
    a_log_starts_under_a_policy_this_program_ships,
    what_no_row_names_is_refused,
    rules_of_another_engine_are_not_guessed,
];

/// A log would open without the keys, officers or policy that everything after it rests on.
#[test]
fn genesis_makes_registrar_keys_officers_and_policy() {
    let mut given = Given::nothing();
    let written = given.makes(&said::open_log(&said::opening()));
    let mut expected = vec!["institution.admitted.v1"];
    expected.extend(["key.activated.v1"; 5]);
    expected.extend(["role.granted.v1"; 8]);
    expected.push("policy.adopted.v1");
    assert_eq!(written.kinds(), expected);

    let institution: Institution = given.state(&IssuerNumber::REGISTRAR.stream());
    assert!(
        institution
            .key_at("assertion-1", KeyUse::Assertion, 0)
            .is_none(),
        "a key signs from the next position on"
    );
    assert!(
        institution
            .key_at("assertion-1", KeyUse::Assertion, 1)
            .is_some()
    );
    assert_eq!(institution.custody(), Custody::Platform);
    let roster: Officer = given.state(&Officer::province());
    assert_eq!(roster.grants.len(), 4);
    assert!(roster.holds(registrar(), Role::Registrar, IssuerNumber::REGISTRAR));
}

/// Somebody could start the history of a running log again.
#[test]
fn only_the_first_commit_opens_a_log() {
    let mut given = Given::genesis();
    refused(
        &mut given,
        &said::open_log(&said::opening()),
        OpenLogError::NotFirst,
    );
}

/// A registrar would run without a key it needs, or with two keys of one name.
#[test]
fn the_registrar_starts_with_one_key_of_each_use() {
    let mut given = Given::nothing();
    let good = said::opening();
    for missing in 0..good.keys.len() {
        let mut data = good.clone();
        data.keys.remove(missing);
        refused(&mut given, &said::open_log(&data), OpenLogError::Keys);
    }
    let mut twice = good.clone();
    twice.keys[1].key = twice.keys[0].key.clone();
    refused(&mut given, &said::open_log(&twice), OpenLogError::Keys);
    let mut one_name = good.clone();
    one_name.keys[1].fragment = one_name.keys[0].fragment.clone();
    refused(&mut given, &said::open_log(&one_name), OpenLogError::Keys);
    let mut more = good;
    more.keys.push(more.keys[0].clone());
    more.keys[5].r#use = KeyUse::Credential;
    more.keys[5].fragment = "credential-1".into();
    more.keys[5].key = Signer::new(0, "credential-1").public();
    refused(&mut given, &said::open_log(&more), OpenLogError::Keys);
}

/// One person could hold two of the three powers from the first day on.
#[test]
fn four_persons_start() {
    let mut given = Given::nothing();
    let good = said::opening();
    for missing in 0..good.officers.len() {
        let mut data = good.clone();
        data.officers.remove(missing);
        refused(&mut given, &said::open_log(&data), OpenLogError::Officers);
    }
    let mut same = good.clone();
    same.officers[3].person = same.officers[2].person;
    refused(&mut given, &said::open_log(&same), OpenLogError::Officers);
    let mut other_role = good;
    other_role.officers[3].role = Role::Registrar;
    refused(
        &mut given,
        &said::open_log(&other_role),
        OpenLogError::Officers,
    );
}

/// Credit would be counted by terms that nobody can look up.
#[test]
fn a_log_starts_under_a_policy_this_program_ships() {
    let mut given = Given::nothing();
    let good = said::policy();
    let other = |policy: PolicyRef| {
        let mut data = said::opening();
        data.policy = policy.clone();
        (
            said::open_log(&data),
            OpenLogError::PolicyUnknown(policy.id, policy.version),
        )
    };
    for policy in [
        PolicyRef {
            id: "elsewhere".into(),
            ..good.clone()
        },
        PolicyRef {
            version: good.version + 1,
            ..good.clone()
        },
        PolicyRef {
            hash: Digest::of(b"other terms"),
            ..good
        },
    ] {
        let (asking, refusal) = other(policy);
        refused(&mut given, &asking, refusal);
    }
}

/// An assertion of a kind nobody wrote a rule for would become a fact.
#[test]
fn what_no_row_names_is_refused() {
    let mut given = Given::genesis().admitted(1);
    let asking = Asking::new(Signer::school(1), "outcome.forge.v1", &json!({}));
    refused(
        &mut given,
        &asking,
        Refusal::UnknownKind("outcome.forge.v1".into()),
    );
    let newer = Asking::new(Signer::school(1), "outcome.record.v2", &json!({}));
    refused(
        &mut given,
        &newer,
        Refusal::UnknownKind("outcome.record.v2".into()),
    );
    // A member too many is another shape, which today's rules would silently ignore.
    let mut more = said::retire(1, "key-1");
    more.data["why"] = json!("because");
    let refusal = given.refuses(&more);
    assert!(
        matches!(&refusal, Refusal::DataMalformed { pointer, .. } if pointer == "/data"),
        "{refusal:?}"
    );
    saw(&refusal);
}

/// A commit decided by rules this program lacks would be judged by other rules.
#[test]
fn rules_of_another_engine_are_not_guessed() {
    let mut given = Given::genesis().admitted(1);
    let assertion = given.sign(&said::retire(1, "key-1"));
    for engine in [0, ENGINE + 1] {
        let refusal = Rulebook.decision(engine, &assertion).err().unwrap();
        assert_eq!(refusal, Refusal::EngineUnknown(engine));
        saw(&refusal);
    }
}

/// The first commit could be signed by a key that no printed sheet pins, or for another host.
#[test]
fn the_first_commit_carries_its_own_key() {
    let mut given = Given::nothing();
    let opening = said::open_log(&said::opening());
    let own = given.sign(&opening);
    assert_eq!(given.key_of(&own), Some(Signer::registrar().public()));
    for signer in [
        Signer::new(0, "bundle-1"),
        Signer::new(0, "nobody-1"),
        Signer::new(7, "assertion-1"),
    ] {
        let other = given.sign(&opening.clone().signed_by(signer));
        assert_eq!(given.key_of(&other), None);
    }
}
