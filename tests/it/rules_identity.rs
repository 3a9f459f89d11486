//! institution.admit, person.register, identifier.bind: who is who.

use credentials::rulebook::Refusal;
use identity::did::IssuerNumber;
use identity::identifier::IdentifierType;
use identity::identifier::credit_code::check_character;
use identity::institution::Level;
use identity::institution::admit::{self, AdmitError};
use identity::institution::registry::Registry;
use identity::institution::{Institution, KeyUse};
use identity::officer::Officer;
use identity::person::bind_identifier::{self, BindIdentifierError, IDENTIFIERS_MAX};
use identity::person::event::Check;
use identity::person::register::{self, RegisterError};
use identity::person::{self, Alias, Person};
use identity::role::Role;
use ledger::key::PublicKey;
use serde_json::json;
use tests::support::asking::{Asking, Signer, officer, person, registrar};
use tests::support::given::Given;
use tests::support::said;
use uuid::Uuid;

use super::keys::hex;
use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    numbers_are_given_in_order,
    a_code_is_never_given_twice,
    an_institution_has_a_code_that_checks,
    an_institution_has_a_name,
    an_institution_starts_with_two_officers,
    a_parent_must_be_admitted,
    a_first_key_must_be_sound,
    a_person_number_is_random_and_free,
    values_fit_the_identifiers,
    only_the_known_get_identifiers,
    a_failed_check_is_passed_over_by_the_registry_alone,
];

/// A key of mixed order: speccheck case 4, a point with a component of small order.
pub(crate) fn mixed_order() -> PublicKey {
    PublicKey::from_bytes(&hex(
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    ))
    .unwrap()
}

/// The registrar, with the second registrar to agree; the institution's admission is decided.
fn two_registrars() -> Given {
    Given::genesis().appointed(person(5), Role::Registrar, None)
}

/// A school that both registrars want could not act: no number, key or officers.
#[test]
fn admission_gives_number_key_and_officers() {
    let mut given = two_registrars();
    let proposal = given.makes(&said::admit(&said::admission(1)));
    assert_eq!(proposal.kinds(), ["approval.proposed.v1"]);
    let institution: Institution = given.state(&IssuerNumber(1).stream());
    assert!(
        institution.admitted.is_none(),
        "nothing happens before the second registrar agrees"
    );

    let written = given.makes(&said::approve(proposal.target, person(5), "registrar"));
    assert_eq!(
        written.kinds(),
        [
            "institution.admitted.v1",
            "key.activated.v1",
            "institution.numbered.v1",
            "role.granted.v1",
            "role.granted.v1",
            "approval.completed.v1",
        ]
    );
    let institution: Institution = given.state(&IssuerNumber(1).stream());
    assert_eq!(
        institution.admitted.as_ref().unwrap().position,
        written.commit.position
    );
    assert!(
        institution
            .key_at("key-1", KeyUse::Assertion, written.commit.position + 1)
            .is_some()
    );
    let first: Officer = given.state(&Officer::stream(officer(1, 1)));
    assert!(first.holds(officer(1, 1), Role::Institution, IssuerNumber(1)));
    assert!(
        !first.holds(officer(1, 1), Role::Institution, IssuerNumber(2)),
        "and for no other school"
    );
    let registry: Registry = given.state(&Registry::stream());
    assert_eq!(
        (registry.next(), registry.holder("4133000001")),
        (IssuerNumber(2), Some(IssuerNumber(1)))
    );
}

/// Two schools could answer to one number, and a QR code would lead to either.
#[test]
fn numbers_are_given_in_order() {
    let mut given = Given::genesis().admitted(1);
    for asked in [0, 1, 3] {
        let mut data = said::admission(asked);
        data.school_code = Some("4133999999".into());
        let refusal = AdmitError::NumberNotNext {
            asked: IssuerNumber(asked),
            next: IssuerNumber(2),
        };
        refused(&mut given, &said::admit(&data), refusal);
    }
    given.makes(&said::admit(&said::admission(2)));
}

/// A closed school's code would name another school's records (DOMAIN §3.18).
#[test]
fn a_code_is_never_given_twice() {
    let mut given = Given::genesis().admitted(1);
    let mut data = said::admission(2);
    // Another spelling of the same number.
    data.school_code = Some("４１３３０００００１".into());
    let refusal = AdmitError::CodeTaken {
        code: "4133000001".into(),
        number: IssuerNumber(1),
    };
    refused(&mut given, &said::admit(&data), refusal);
}

/// An institution would be admitted that no outside register knows.
#[test]
fn an_institution_has_a_code_that_checks() {
    let mut given = Given::genesis();
    let with = |school: Option<&str>, credit: Option<&str>, r#override: bool| {
        let mut data = said::admission(1);
        data.school_code = school.map(Into::into);
        data.credit_code = credit.map(Into::into);
        data.r#override = r#override;
        said::admit(&data)
    };
    refused(
        &mut given,
        &with(None, None, false),
        AdmitError::CodeMissing,
    );
    for (school, credit, field) in [
        (Some("41330000"), None, "school_code"),
        (None, Some("12"), "credit_code"),
    ] {
        let refusal = given.refuses(&with(school, credit, true));
        let Refusal::Admit(error @ AdmitError::CodeMalformed { field: of, .. }) = refusal else {
            unreachable!("{refusal:?}")
        };
        assert_eq!(of, field);
        refused(&mut given, &with(school, credit, true), error);
    }
    let body = "12330000470095016";
    let right = format!("{body}{}", check_character(body).unwrap());
    let wrong = format!("{body}{}", if right.ends_with('A') { 'B' } else { 'A' });
    refused(
        &mut given,
        &with(None, Some(&wrong), false),
        AdmitError::CheckDigit {
            field: "credit_code",
        },
    );
    // Wrong check characters are in use: a person may accept one (DOMAIN §4).
    given.makes(&with(None, Some(&wrong), true));
    given.makes(&with(None, Some(&right), false));
}

/// A learner would see a record of nobody.
#[test]
fn an_institution_has_a_name() {
    let mut given = Given::genesis();
    for name in ["", "  ", &"学".repeat(admit::NAME_CHARS_MAX + 1)] {
        let mut data = said::admission(1);
        data.name = name.into();
        refused(&mut given, &said::admit(&data), AdmitError::Name);
    }
    let mut longest = said::admission(1);
    longest.name = "学".repeat(admit::NAME_CHARS_MAX);
    given.makes(&said::admit(&longest));
}

/// A school could never do what needs two persons.
#[test]
fn an_institution_starts_with_two_officers() {
    let mut given = Given::genesis();
    let (a, b) = (officer(1, 1), officer(1, 2));
    for officers in [vec![], vec![a], vec![a, a], vec![a, b, person(9)]] {
        let mut data = said::admission(1);
        data.officers = officers;
        refused(&mut given, &said::admit(&data), AdmitError::Officers);
    }
}

/// A school would hang under an authority that does not exist.
#[test]
fn a_parent_must_be_admitted() {
    let mut given = Given::genesis().admitted(1);
    let mut data = said::admission(2);
    for parent in [2, 3] {
        data.parent = Some(IssuerNumber(parent));
        refused(
            &mut given,
            &said::admit(&data),
            AdmitError::ParentUnknown(IssuerNumber(parent)),
        );
    }
    // Nobody stands below a school; the registrar has everybody below it.
    data.parent = Some(IssuerNumber(1));
    refused(
        &mut given,
        &said::admit(&data),
        AdmitError::LevelUnfit(IssuerNumber(1)),
    );
    for level in [Level::Province, Level::City, Level::County, Level::School] {
        data.level = level;
        data.parent = Some(IssuerNumber::REGISTRAR);
        given.makes(&said::admit(&data));
    }
    // Levels fall on the way down, and may be passed over.
    let levels = [Level::Province, Level::City, Level::County, Level::School];
    for (i, above) in levels.into_iter().enumerate() {
        let mut parent = said::admission(1);
        parent.level = above;
        let mut given = Given::genesis().admitted_as(&parent);
        data.parent = Some(IssuerNumber(1));
        for (j, level) in levels.into_iter().enumerate() {
            data.level = level;
            if j > i {
                assert!(given.when(&said::admit(&data)).is_ok(), "{level:?}");
            } else {
                refused(
                    &mut given,
                    &said::admit(&data),
                    AdmitError::LevelUnfit(IssuerNumber(1)),
                );
            }
        }
    }
}

/// A school's key could have a name that no DID document can hold, or fit signatures it never made.
#[test]
fn a_first_key_must_be_sound() {
    let mut given = Given::genesis();
    for fragment in ["", "Key-1", "key#1", "key 1", &"k".repeat(65)] {
        let mut data = said::admission(1);
        data.key.fragment = fragment.into();
        refused(&mut given, &said::admit(&data), AdmitError::Key);
    }
    let mut data = said::admission(1);
    data.key.key = mixed_order();
    refused(&mut given, &said::admit(&data), AdmitError::Key);
}

fn registering(person: Uuid, types: &[IdentifierType], values: u8) -> Asking {
    let alias = |r#type: &IdentifierType| Alias {
        check: Check::Ok,
        r#type: *r#type,
    };
    let data = register::Data {
        values: said::values(values),
        identifiers: types.iter().map(alias).collect(),
        person,
    };
    Asking::new(Signer::school(1), register::KIND, &data)
}

/// A learner at the desk could not be registered, or the registration would not hold the number.
#[test]
fn registering_makes_a_person() {
    let mut given = Given::genesis().admitted(1);
    let nobody: Person = given.state(&person::wire::stream(person(100)));
    assert!(!nobody.is_known());
    for (n, types, values) in [(100, [].as_slice(), 1), (101, &IdentifierType::ALL, 7)] {
        let written = given.makes(&registering(person(n), types, values));
        assert_eq!(written.kinds(), ["person.registered.v1"]);
        assert!(
            written.commit.facts[0].data.is_none(),
            "the fact is the assertion's own data"
        );
        let state: Person = given.state(&person::wire::stream(person(n)));
        assert_eq!(state.registered, Some(written.earlier()));
        assert_eq!(state.aliases.len(), types.len());
    }
    let desk = said::register(1, person(102))
        .signed_by(Signer::registrar())
        .by(registrar(), "registrar");
    given.makes(&desk);
}

/// A number could be derived from a birth date, or two people would share one account.
#[test]
fn a_person_number_is_random_and_free() {
    let mut given = Given::genesis()
        .admitted(1)
        .admitted(2)
        .registered(person(100));
    let derived = ledger::clock::uuid_v8("birth", &[b"19800101"]);
    refused(
        &mut given,
        &said::register(1, derived),
        RegisterError::PersonNotRandom,
    );
    refused(
        &mut given,
        &said::register(1, person(100)),
        RegisterError::PersonTaken(person(100)),
    );
    refused(
        &mut given,
        &said::register(2, person(100)),
        RegisterError::PersonTaken(person(100)),
    );
}

/// A commit would say that a number exists which nobody committed to.
#[test]
fn values_fit_the_identifiers() {
    let mut given = Given::genesis().admitted(1);
    let one = [IdentifierType::ResidentId];
    let twice = [IdentifierType::ResidentId, IdentifierType::ResidentId];
    refused(
        &mut given,
        &registering(person(100), &twice, 3),
        RegisterError::IdentifierTwice,
    );
    for values in [0, 3] {
        refused(
            &mut given,
            &registering(person(100), &[], values),
            RegisterError::ValuesDoNotFit,
        );
    }
    for values in [1, 4] {
        refused(
            &mut given,
            &registering(person(100), &one, values),
            RegisterError::ValuesDoNotFit,
        );
    }
    given.makes(&registering(person(100), &one, 2));
    given.makes(&registering(person(101), &one, 3));
}

fn binding(person: Uuid, values: u8) -> Asking {
    let data = json!({
        "_sd": said::values(values),
        "identifier": { "check": "ok", "type": "passport" },
        "person": person,
    });
    Asking::new(Signer::school(1), bind_identifier::KIND, &data)
}

/// A school would bind a mistyped number for good, and who has the true one is turned away.
#[test]
fn a_failed_check_is_passed_over_by_the_registry_alone() {
    let mut given = Given::genesis().admitted(1).registered(person(100));
    let alias = json!({ "check": "overridden", "type": "resident_id" });
    let register = |signer, person: Uuid| {
        let data =
            json!({ "_sd": said::values(2), "identifiers": [alias.clone()], "person": person });
        Asking::new(signer, register::KIND, &data)
    };
    let bind = |signer| {
        let data =
            json!({ "_sd": said::values(1), "identifier": alias.clone(), "person": person(100) });
        Asking::new(signer, bind_identifier::KIND, &data)
    };
    refused(
        &mut given,
        &register(Signer::school(1), person(101)),
        RegisterError::OverrideNotYours(IssuerNumber(1)),
    );
    refused(
        &mut given,
        &bind(Signer::school(1)),
        BindIdentifierError::OverrideNotYours(IssuerNumber(1)),
    );
    let officer = registrar();
    given.makes(&register(Signer::registrar(), person(101)).by(officer, "registrar"));
    given.makes(&bind(Signer::registrar()).by(officer, "registrar"));
}

/// A learner's new passport could not be added, or could be added to nobody.
#[test]
fn only_the_known_get_identifiers() {
    let mut given = Given::genesis()
        .admitted(1)
        .admitted(2)
        .registered(person(100));
    let neighbour = Asking::new(
        Signer::school(2),
        bind_identifier::KIND,
        &json!({ "_sd": said::values(1), "identifier": { "check": "ok", "type": "passport" }, "person": person(100) }),
    );
    refused(
        &mut given,
        &neighbour,
        BindIdentifierError::NotOnRoster(IssuerNumber(2)),
    );
    refused(
        &mut given,
        &binding(person(101), 1),
        BindIdentifierError::PersonUnknown(person(101)),
    );
    for values in [0, 2] {
        refused(
            &mut given,
            &binding(person(100), values),
            BindIdentifierError::ValuesDoNotFit,
        );
    }
    for n in 0..IDENTIFIERS_MAX {
        let written = given.makes(&binding(person(100), 1));
        assert_eq!(written.kinds(), ["identifier.bound.v1"]);
        let state: Person = given.state(&person::wire::stream(person(100)));
        assert_eq!(state.aliases.len(), n + 1);
    }
    refused(
        &mut given,
        &binding(person(100), 1),
        BindIdentifierError::TooMany,
    );
}
