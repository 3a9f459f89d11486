//! Who may ask, by log position: key windows, uses, entitlements, roles; key.activate, key.retire.

use credentials::rulebook::Refusal;
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::institution::activate_key::{ActivateKeyError, KEYS_MAX};
use identity::institution::retire_key::RetireKeyError;
use identity::institution::{self, Custody, Institution, KeyActivated, KeyUse};
use identity::role::Role;
use ledger::assertion::Kid;
use ledger::fact::Fact;
use serde_json::json;
use tests::support::asking::{Asking, Signer, officer, person, registrar, security};
use tests::support::given::{Given, next_key};
use tests::support::said;

use super::rules_coverage::{refused, saw};
use super::rules_identity::mixed_order;

pub(crate) const REFUSALS: &[fn()] = &[
    keys_of_other_platforms_are_unknown,
    a_window_is_open_by_position,
    a_key_signs_what_it_is_for,
    a_kind_belongs_to_its_side,
    a_key_kept_by_the_platform_names_a_person,
    a_person_acts_in_a_role_held,
    an_institution_names_its_own_keys,
    names_and_keys_are_used_once,
    keys_are_counted,
    the_last_key_stays,
];

fn not_active(
    signer: &Signer,
    position: u64,
    activated: Option<u64>,
    retired: Option<u64>,
) -> AskError {
    AskError::KeyNotActive {
        kid: signer.kid().to_string(),
        position,
        activated,
        retired,
    }
}

/// A key under a foreign name, or of an institution never let in, would speak here.
#[test]
fn keys_of_other_platforms_are_unknown() {
    let mut given = Given::genesis().admitted(1);
    let asking = said::register(1, person(100));
    let mut draft = asking.draft(
        9_999,
        given.now_ms,
        ledger::assertion::Seen {
            root: ledger::merkle::empty_root(),
            size: 0,
        },
    );
    for name in [
        "did:web:elsewhere.example:i:1#key-1",
        "did:key:z6Mk#z6Mk",
        "did:web:xf.example.org:i:01#key-1",
    ] {
        let assertion = draft
            .sign(&Kid::parse(name).unwrap(), &Signer::school(1).key())
            .unwrap();
        let refusal = given
            .decide(1, &assertion, &Signer::school(1).public())
            .unwrap_err();
        assert_eq!(refusal, Refusal::Ask(AskError::SignerUnknown(name.into())));
        saw(&refusal);
    }
    // The host is that of the log's origin, whatever the name says.
    draft.log = "elsewhere.example/log/1".into();
    let assertion = draft
        .sign(&Signer::school(1).kid(), &Signer::school(1).key())
        .unwrap();
    let refusal = given
        .decide(1, &assertion, &Signer::school(1).public())
        .unwrap_err();
    assert!(matches!(refusal, Refusal::Ask(AskError::SignerUnknown(_))));
    refused(
        &mut given,
        &said::register(9, person(100)),
        AskError::NotAdmitted(IssuerNumber(9)),
    );
}

/// A key would sign before it was announced or after it was given up (SECURITY §2).
#[test]
fn a_window_is_open_by_position() {
    let (first, second) = (Signer::school(1), next_key(1));
    let mut given = Given::genesis().admitted(1);
    let by = |signer: &Signer, n: u64| said::register(1, person(n)).signed_by(signer.clone());

    refused(
        &mut given,
        &by(&second, 100),
        not_active(&second, 2, None, None),
    );
    let activated = given
        .makes(&said::activate(&said::activation(1, "key-2")))
        .commit
        .position;
    assert_eq!(activated, 2);
    let institution: Institution = given.state(&IssuerNumber(1).stream());
    let key = institution.key_named(&second.kid()).unwrap();
    assert!(
        !key.is_valid_at(activated),
        "not at the position that activates it"
    );
    given.makes(&by(&second, 100));

    // The commit that retires a key is the last one it signs.
    let retired = given.makes(&said::retire(1, "key-1")).commit.position;
    let institution: Institution = given.state(&IssuerNumber(1).stream());
    let key = institution.key_named(&first.kid()).unwrap();
    assert!(key.is_valid_at(retired));
    assert!(!key.is_valid_at(retired + 1));
    refused(
        &mut given,
        &by(&first, 101),
        not_active(&first, retired + 1, Some(1), Some(retired)),
    );
    given.makes(&by(&second, 101));
    refused(
        &mut given,
        &by(&first, 102),
        not_active(&first, retired + 2, Some(1), Some(retired)),
    );
}

/// Another key under a known name would sign for the school.
#[test]
fn a_name_stands_for_one_key() {
    let mut given = Given::genesis().admitted(1);
    let assertion = given.sign(&said::register(1, person(100)));
    let refusal = given
        .decide(1, &assertion, &next_key(1).public())
        .unwrap_err();
    assert_eq!(
        refusal,
        Refusal::Ask(not_active(&Signer::school(1), 2, Some(1), None))
    );
    given
        .decide(1, &assertion, &Signer::school(1).public())
        .unwrap();
}

/// A key on a web server that seals credentials could write history.
#[test]
fn a_key_signs_what_it_is_for() {
    let mut given = Given::genesis().admitted(1);
    let mut data = said::activation(1, "credential-1");
    data.r#use = KeyUse::Credential;
    data.custody = Custody::Platform;
    given.makes(&said::activate(&data));
    let signer = Signer::new(1, "credential-1");
    let name = signer.kid().to_string();
    refused(
        &mut given,
        &said::register(1, person(100)).signed_by(signer),
        AskError::KeyUse(name),
    );
}

/// A school could admit schools, or the registrar could hand out credit.
#[test]
fn a_kind_belongs_to_its_side() {
    let mut given = Given::genesis().admitted(1).registered(person(100));
    let not_yours = |issuer: u32, asking: &Asking| AskError::KindNotYours {
        issuer: IssuerNumber(issuer),
        kind: asking.kind.clone(),
    };
    for registrars in [
        said::admit(&said::admission(2)),
        said::appoint(person(9), Role::System, None),
    ] {
        let asking = registrars.signed_by(Signer::school(1));
        refused(&mut given, &asking, not_yours(1, &asking));
    }
    for schools in [
        said::record(0, person(100), "R1", said::course()),
        said::correct(0, person(100), "R1", said::course()),
        said::revoke(0, person(100), "R1"),
    ] {
        let asking = schools
            .signed_by(Signer::registrar())
            .by(registrar(), "registrar");
        refused(&mut given, &asking, not_yours(0, &asking));
    }
}

/// The platform would sign for a school and nobody could say who did it.
#[test]
fn a_key_kept_by_the_platform_names_a_person() {
    let mut data = said::admission(1);
    data.key.custody = Custody::Platform;
    let mut given = Given::genesis().admitted_as(&data);
    refused(
        &mut given,
        &said::register(1, person(100)),
        AskError::ActMissing,
    );
    given.makes(&said::register(1, person(100)).by(officer(1, 1), "institution"));
    // A key of the school's own may sign without: the school answers for it.
    let mut own = Given::genesis().admitted(1);
    own.makes(&said::register(1, person(100)));
}

/// A stranger, a retired role or a role for another school would do.
#[test]
fn a_person_acts_in_a_role_held() {
    let mut given =
        Given::genesis()
            .admitted(1)
            .admitted(2)
            .appointed(officer(1, 3), Role::Merchant, Some(1));
    for (who, role) in [
        (person(9), "institution"),
        (officer(2, 1), "institution"),
        (officer(1, 1), "clerk"),
        (officer(1, 1), "headmaster"),
        (officer(1, 3), "merchant"),
        (registrar(), "registrar"),
        (security(), "security"),
    ] {
        let asking = said::register(1, person(100)).by(who, role);
        refused(
            &mut given,
            &asking,
            AskError::ActorNotAllowed {
                person: who,
                role: role.into(),
            },
        );
    }
    given.makes(&said::register(1, person(100)).by(officer(1, 2), "institution"));
}

/// A school could plant its key in another, or take one of the registrar's uses.
#[test]
fn an_institution_names_its_own_keys() {
    let mut given = Given::genesis().admitted(1).admitted(2);
    let theirs = said::activate(&said::activation(2, "key-2")).signed_by(Signer::school(1));
    refused(
        &mut given,
        &theirs,
        ActivateKeyError::NotYours(IssuerNumber(2)),
    );
    let theirs = said::retire(2, "key-1").signed_by(Signer::school(1));
    refused(
        &mut given,
        &theirs,
        RetireKeyError::NotYours(IssuerNumber(2)),
    );
    for r#use in [KeyUse::Bundle, KeyUse::Ledger, KeyUse::Checkpoint] {
        let mut data = said::activation(1, "key-2");
        data.r#use = r#use;
        refused(
            &mut given,
            &said::activate(&data),
            ActivateKeyError::UseNotYours,
        );
        let mut registrars = said::activation(0, &format!("next-{use:?}").to_lowercase());
        registrars.r#use = r#use;
        let asking = said::activate(&registrars)
            .signed_by(Signer::registrar())
            .by(registrar(), "registrar");
        assert_eq!(given.makes(&asking).kinds(), ["key.activated.v1"]);
    }
}

/// A name or a key could mean two things, and old signatures would change their owner.
#[test]
fn names_and_keys_are_used_once() {
    let mut given = Given::genesis().admitted(1);
    let good = said::activation(1, "key-2");
    for fragment in ["", "Key", "a b", &"k".repeat(65)] {
        let mut data = good.clone();
        data.fragment = fragment.into();
        refused(
            &mut given,
            &said::activate(&data),
            ActivateKeyError::Fragment(fragment.into()),
        );
    }
    let mut mixed = good.clone();
    mixed.key = mixed_order();
    refused(
        &mut given,
        &said::activate(&mixed),
        ActivateKeyError::KeyMixedOrder,
    );

    let activated = given.makes(&said::activate(&good)).earlier();
    assert_eq!(given.already(&said::activate(&good)), activated);
    let taken = ActivateKeyError::FragmentTaken("key-2".into());
    for change in ["key", "use", "custody"] {
        let mut data = good.clone();
        match change {
            "key" => data.key = Signer::new(1, "key-3").public(),
            "use" => {
                data.r#use = KeyUse::Credential;
                data.custody = Custody::Platform;
            }
            _ => data.custody = Custody::Platform,
        }
        refused(&mut given, &said::activate(&data), taken.clone());
    }
    let mut renamed = good.clone();
    renamed.fragment = "key-3".into();
    refused(
        &mut given,
        &said::activate(&renamed),
        ActivateKeyError::KeyTaken("key-2".into()),
    );

    let retired = given.makes(&said::retire(1, "key-2")).earlier();
    assert_eq!(
        given.already(&said::retire(1, "key-2")),
        retired,
        "the same answer ever after"
    );
    refused(&mut given, &said::activate(&good), taken);
    refused(
        &mut given,
        &said::activate(&renamed),
        ActivateKeyError::KeyTaken("key-2".into()),
    );
}

/// One institution could make every decision about it slow.
#[test]
fn keys_are_counted() {
    let mut given = Given::genesis().admitted(1);
    // The same point under many names: facts may say what no rule would.
    let fact = |n: usize| -> Fact {
        let activated = KeyActivated {
            fragment: format!("old-{n}"),
            key: Signer::new(1, "old").public(),
            r#use: KeyUse::Credential,
            custody: Custody::Own,
            next: None,
        };
        institution::wire::to_fact(IssuerNumber(1), institution::Event::KeyActivated(activated))
    };
    let mut n = 1;
    while n < KEYS_MAX {
        let until = KEYS_MAX.min(n + 200);
        given.happened(&said::retire(1, "key-1"), (n..until).map(fact).collect());
        n = until;
    }
    refused(
        &mut given,
        &said::activate(&said::activation(1, "key-2")),
        ActivateKeyError::TooMany,
    );
}

/// A school would lock itself out, or believe it gave up a key that still signs.
#[test]
fn the_last_key_stays() {
    let mut given = Given::genesis().admitted(1);
    refused(
        &mut given,
        &said::retire(1, "key-1"),
        RetireKeyError::LastKey("key-1".into()),
    );
    refused(
        &mut given,
        &said::retire(1, "key-2"),
        RetireKeyError::KeyUnknown("key-2".into()),
    );
    // Another key counts only if it can sign assertions, now.
    let mut credential = said::activation(1, "credential-1");
    credential.r#use = KeyUse::Credential;
    credential.custody = Custody::Platform;
    given.makes(&said::activate(&credential));
    refused(
        &mut given,
        &said::retire(1, "key-1"),
        RetireKeyError::LastKey("key-1".into()),
    );
    given.makes(&said::activate(&said::activation(1, "key-2")));
    given.makes(&said::retire(1, "key-2"));
    refused(
        &mut given,
        &said::retire(1, "key-1"),
        RetireKeyError::LastKey("key-1".into()),
    );
    let written = given.makes(&said::retire(1, "credential-1"));
    assert_eq!(written.kinds(), ["key.retired.v1"]);
    assert_eq!(
        written.member("key.retired.v1", "fragment"),
        json!("credential-1")
    );
}
