//! What the tests' people usually say: ready-made data, to be bent by each test.

use credentials::account::correct_outcome::{self, Reason};
use credentials::account::outcome::{Fields, Origin, outcome_id};
use credentials::account::{record_outcome, revoke_outcome};
use credentials::merge::{apply, revert};
use credentials::policy::{Category, OutcomeKind, PolicyRef, Scheme, preset};
use credentials::rulebook::open_log;
use credentials::split::{agree, propose, transfer};
use identity::approval::decide;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::activate_key;
use identity::institution::admit::{self, FirstKey};
use identity::institution::{Custody, KeyUse, Level, retire_key};
use identity::officer::appoint;
use identity::person::erasure::{Ground, certify, destroy, request};
use identity::person::register;
use identity::purpose::Purpose;
use identity::role::Role;
use jiff::civil::Date;
use ledger::assertion::Target;
use ledger::hash::Digest;
use uuid::Uuid;

use super::asking::{Asking, Signer, audit, officer, registrar, security, system};

/// The reference of the policy that every test's log adopts.
pub fn policy() -> PolicyRef {
    preset::newest(preset::DEFAULT)
        .expect("a shipped policy")
        .reference()
}

/// The data of the first commit.
pub fn opening() -> open_log::Data {
    let key = |r#use: KeyUse, fragment: &str| open_log::Key {
        custody: Custody::Platform,
        fragment: fragment.into(),
        key: Signer::new(0, fragment).public(),
        r#use,
    };
    let first = |person: Uuid, role: Role| open_log::Officer { person, role };
    open_log::Data {
        keys: vec![
            key(KeyUse::Assertion, "assertion-1"),
            key(KeyUse::Bundle, "bundle-1"),
            key(KeyUse::Ledger, "ledger-1"),
            key(KeyUse::Checkpoint, "checkpoint-1"),
            key(KeyUse::Recovery, "recovery-1"),
        ],
        name: "浙江省终身学习学分银行".into(),
        officers: vec![
            first(registrar(), Role::Registrar),
            first(system(), Role::System),
            first(security(), Role::Security),
            first(audit(), Role::Audit),
        ],
        policy: policy(),
    }
}

/// The first commit's asking.
pub fn open_log(data: &open_log::Data) -> Asking {
    Asking::new(Signer::registrar(), open_log::KIND, data)
}

/// A school with the next free `number`, holding its own key.
pub fn admission(number: u32) -> admit::Data {
    admit::Data {
        credit_code: None,
        key: FirstKey {
            custody: Custody::Own,
            fragment: "key-1".into(),
            key: Signer::school(number).public(),
        },
        level: Level::School,
        name: format!("第{number}学校"),
        number: IssuerNumber(number),
        officers: vec![officer(number, 1), officer(number, 2)],
        parent: None,
        school_code: Some(format!("4133{number:06}")),
        scope: OutcomeKind::ALL
            .iter()
            .map(|kind| kind.as_str().into())
            .collect(),
        r#override: false,
    }
}

/// The registrar asks to admit a school.
pub fn admit(data: &admit::Data) -> Asking {
    Asking::new(Signer::registrar(), admit::KIND, data).by(registrar(), "registrar")
}

/// The security administrator asks to give `person` a role.
pub fn appoint(person: Uuid, role: Role, institution: Option<u32>) -> Asking {
    let data = appoint::Data {
        institution: institution.map(IssuerNumber),
        person,
        role,
    };
    Asking::new(Signer::registrar(), appoint::KIND, &data).by(security(), "security")
}

/// Somebody agrees to `target` or says no; without a person or a role yet.
pub fn decide(signer: Signer, target: Target, answer: decide::Answer) -> Asking {
    Asking::new(signer, decide::KIND, &decide::Data { decision: answer }).about(target)
}

/// An officer of the province agrees.
pub fn approve(target: Target, person: Uuid, role: &str) -> Asking {
    decide(Signer::registrar(), target, decide::Answer::Approve).by(person, role)
}

/// Commitments that nobody will ever open.
pub fn values(count: u8) -> Commitments {
    let digests = (0..count).map(|n| Digest::of(&[n])).collect();
    Commitments::of(digests).expect("few and different")
}

/// School `number` registers a person with a name and nothing else.
pub fn register(number: u32, person: Uuid) -> Asking {
    let data = register::Data {
        values: values(1),
        identifiers: Vec::new(),
        person,
    };
    Asking::new(Signer::school(number), register::KIND, &data)
}

/// A course of four credits, passed on 2026-06-01.
pub fn course() -> Fields {
    Fields {
        category: Category::General,
        code: Some("CS101".into()),
        completed_on: Date::constant(2026, 6, 1),
        credits: Some("4.0".parse().expect("credits")),
        hours: None,
        kind: OutcomeKind::Course,
        level: Some("5".parse().expect("a level")),
        passed: Some(true),
        scheme: Scheme::CnHe,
    }
}

/// The outcome that school `number` gives `person` under `record`.
pub fn outcome_of(number: u32, person: Uuid, record: &str) -> Uuid {
    outcome_id(
        &Origin {
            awarder: IssuerNumber(number),
            record: record.into(),
        },
        person,
    )
}

/// What school `number` records for `person`.
pub fn recording(number: u32, person: Uuid, record: &str, fields: Fields) -> record_outcome::Data {
    record_outcome::Data {
        values: Commitments::default(),
        awarder: IssuerNumber(number),
        fields,
        outcome: outcome_of(number, person, record),
        person,
        record: record.into(),
    }
}

/// School `number` records an outcome.
pub fn record(number: u32, person: Uuid, record: &str, fields: Fields) -> Asking {
    let data = recording(number, person, record, fields);
    Asking::new(Signer::school(number), record_outcome::KIND, &data)
}

/// The first officer of school `number` asks to correct an outcome.
pub fn correct(number: u32, person: Uuid, record: &str, fields: Fields) -> Asking {
    let data = correct_outcome::Data {
        values: Commitments::default(),
        fields,
        outcome: outcome_of(number, person, record),
        person,
        reason: Reason::MarkReviewed,
    };
    Asking::new(Signer::school(number), correct_outcome::KIND, &data)
        .by(officer(number, 1), "institution")
}

/// The first officer of school `number` asks to revoke an outcome.
pub fn revoke(number: u32, person: Uuid, record: &str) -> Asking {
    let data = revoke_outcome::Data {
        values: Commitments::default(),
        outcome: outcome_of(number, person, record),
        person,
        reason: Reason::Misconduct,
    };
    Asking::new(Signer::school(number), revoke_outcome::KIND, &data)
        .by(officer(number, 1), "institution")
}

/// The second officer of school `number` agrees.
pub fn second(number: u32, target: Target) -> Asking {
    decide(Signer::school(number), target, decide::Answer::Approve)
        .by(officer(number, 2), "institution")
}

/// School `number` activates its key `fragment`, which it holds itself.
pub fn activation(number: u32, fragment: &str) -> activate_key::Data {
    activate_key::Data {
        custody: Custody::Own,
        fragment: fragment.into(),
        institution: IssuerNumber(number),
        key: Signer::new(number, fragment).public(),
        r#use: KeyUse::Assertion,
    }
}

/// The first key of school `number` activates another.
pub fn activate(data: &activate_key::Data) -> Asking {
    Asking::new(Signer::school(data.institution.0), activate_key::KIND, data)
}

/// The first key of school `number` retires `fragment`.
pub fn retire(number: u32, fragment: &str) -> Asking {
    let data = retire_key::Data {
        fragment: fragment.into(),
        institution: IssuerNumber(number),
    };
    Asking::new(Signer::school(number), retire_key::KIND, &data)
}

/// The registrar asks that `person`'s values of these purposes be erased.
pub fn erasure(person: Uuid, purposes: &[Purpose]) -> request::Data {
    request::Data {
        values: Commitments::default(),
        ground: Ground::ConsentWithdrawn,
        locks: Vec::new(),
        person,
        purposes: purposes.to_vec(),
    }
}

/// The registrar asks for an erasure.
pub fn erase(data: &request::Data) -> Asking {
    Asking::new(Signer::registrar(), request::KIND, data).by(registrar(), "registrar")
}

/// The key of the ledger itself.
pub fn ledger_key() -> Signer {
    Signer::new(0, "ledger-1")
}

/// The ledger says that part `part` of `parts` of an erasure is destroyed, with one commitment.
pub fn destroyed(
    erasure: Uuid,
    person: Uuid,
    purposes: &[Purpose],
    part: [u32; 2],
) -> destroy::Data {
    destroy::Data {
        commitments: vec![Digest::of(&part[0].to_be_bytes())],
        erasure,
        keys: vec![Uuid::from_u128(7)],
        part: part[0],
        parts: part[1],
        person,
        purposes: purposes.to_vec(),
    }
}

/// The ledger says what is destroyed.
pub fn destroy(data: &destroy::Data) -> Asking {
    Asking::new(ledger_key(), destroy::KIND, data)
}

/// The ledger certifies that `commitments` values are gone.
pub fn certify(erasure: Uuid, person: Uuid, commitments: u64) -> Asking {
    let data = certify::Data {
        commitments,
        erasure,
        person,
    };
    Asking::new(ledger_key(), certify::KIND, &data)
}

/// The registrar asks that `absorbed` become part of `into`.
pub fn merging(absorbed: Uuid, into: Uuid) -> apply::Data {
    apply::Data {
        values: Commitments::default(),
        absorbed,
        person: into,
        resident_ids: apply::ResidentIds::Absent,
    }
}

/// The registrar asks for a merge.
pub fn merge(data: &apply::Data) -> Asking {
    Asking::new(Signer::registrar(), apply::KIND, data).by(registrar(), "registrar")
}

/// The registrar asks that a merge be taken back.
pub fn unmerge(absorbed: Uuid, into: Uuid) -> Asking {
    let data = revert::Data {
        values: Commitments::default(),
        absorbed,
        person: into,
    };
    Asking::new(Signer::registrar(), revert::KIND, &data).by(registrar(), "registrar")
}

/// What two registrars say of an account that held two people.
pub fn splitting(person: Uuid, other: Uuid, moves: &[Uuid], stays: &[Uuid]) -> propose::Data {
    let sorted = |outcomes: &[Uuid]| {
        let mut outcomes = outcomes.to_vec();
        outcomes.sort_unstable();
        outcomes
    };
    propose::Data {
        values: values(1),
        moves: sorted(moves),
        other,
        person,
        stays: sorted(stays),
    }
}

/// The registrar says it.
pub fn split(data: &propose::Data) -> Asking {
    Asking::new(Signer::registrar(), propose::KIND, data).by(registrar(), "registrar")
}

/// School `number` agrees to a split.
pub fn agree_to_split(number: u32, person: Uuid, split: Uuid) -> Asking {
    let data = agree::Data { person, split };
    Asking::new(Signer::school(number), agree::KIND, &data).by(officer(number, 1), "institution")
}

/// The registrar applies a split, or withdraws it.
pub fn end_split(kind: &'static str, person: Uuid, split: Uuid) -> Asking {
    let data = agree::Data { person, split };
    Asking::new(Signer::registrar(), kind, &data).by(registrar(), "registrar")
}

/// School `number` moves its course of this record.
pub fn moving(from: Uuid, split: Uuid, (moved, record): (Uuid, &str), to: Uuid) -> transfer::Data {
    transfer::Data {
        values: Commitments::default(),
        fields: course(),
        from,
        moved,
        outcome: transfer::moved_id(split, moved),
        person: to,
        record: record.into(),
        split,
    }
}

/// … in the name of its first officer; `target` is the commit that says what the outcome says now.
pub fn transfer(number: u32, data: &transfer::Data, target: Target) -> Asking {
    Asking::new(Signer::school(number), transfer::KIND, data)
        .by(officer(number, 1), "institution")
        .about(target)
}
