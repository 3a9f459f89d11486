//! erasure.request, .destroy, .certify: a person is forgotten, step by step, and what may still be
//! said of the forgotten.

use credentials::account::{self, Account};
use credentials::rulebook::Refusal;
use credentials::rulebook::forgotten::Forgotten;
use identity::ask::AskError;
use identity::person::erasure::certify::CertifyErasureError;
use identity::person::erasure::destroy::{self, DestroyKeysError};
use identity::person::erasure::request::{self, RequestErasureError};
use identity::person::erasure::{COPIES_LIFE_MS, Lock};
use identity::person::erasures::Erasures;
use identity::person::{self, Person, bind_identifier};
use identity::purpose::Purpose;
use identity::role::Role;
use jiff::civil::Date;
use tests::support::asking::{Asking, Signer, person, registrar};
use tests::support::given::{Given, Written};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    only_the_registered_can_be_erased,
    a_learner_erases_nobody_else,
    the_scope_is_in_order_and_locks_end_later,
    one_erasure_has_a_purpose_in_hand,
    what_is_not_due_is_not_destroyed,
    the_parts_of_a_round_come_in_order,
    nothing_is_certified_before_its_time,
    nothing_new_is_said_of_the_forgotten,
    nobody_speaks_for_the_ledger,
];

const BOTH: &[Purpose] = &[Purpose::Identity, Purpose::StudyRecord];
const DAY_MS: i64 = 86_400_000;

/// Two registrars, a school, and a person with one course.
fn given() -> Given {
    let mut given = Given::genesis()
        .appointed(person(5), Role::Registrar, None)
        .admitted(1)
        .registered(person(21));
    given.makes(&course());
    given
}

fn course() -> Asking {
    said::record(1, person(21), "A-1", said::course())
}

/// Proposes an erasure, has the second registrar agree; its name and the commit.
fn in_force(given: &mut Given, data: &request::Data) -> (Uuid, Written) {
    let proposal = given.makes(&said::erase(data)).target;
    let written = given.makes(&said::approve(proposal, person(5), "registrar"));
    (proposal.id, written)
}

fn state(given: &Given) -> Person {
    given.state(&person::wire::stream(person(21)))
}

fn open(given: &Given) -> usize {
    given.state::<Erasures>(&Erasures::stream()).open.len()
}

/// An erasure would begin on one person's word, or not say when it is done.
#[test]
fn a_person_is_forgotten_in_steps() {
    let mut given = given();
    let proposal = given.makes(&said::erase(&said::erasure(person(21), BOTH)));
    assert_eq!(proposal.kinds(), ["approval.proposed.v1"]);
    assert!(!state(&given).is_forgotten(), "one person proposes only");
    let written = given.makes(&said::approve(proposal.target, person(5), "registrar"));
    let kinds = [
        "erasure.requested.v1",
        "erasure.opened.v1",
        "approval.completed.v1",
    ];
    assert_eq!(written.kinds(), kinds);
    let erasure = proposal.target.id;
    assert!(state(&given).is_forgotten());
    assert_eq!(open(&given), 1);

    let first = said::destroyed(erasure, person(21), BOTH, [1, 2]);
    let written = given.makes(&said::destroy(&first));
    assert_eq!(written.kinds(), ["erasure.keys-destroyed.v1"]);
    assert!(
        !state(&given).erasures[0].is_destroyed(Purpose::Identity),
        "half is not whole"
    );
    let second = said::destroyed(erasure, person(21), BOTH, [2, 2]);
    let written = given.makes(&said::destroy(&second));
    let kinds = ["erasure.keys-destroyed.v1", "erasure.carried-out.v1"];
    assert_eq!(written.kinds(), kinds);
    assert!(state(&given).erasures[0].is_complete());

    given.now_ms += COPIES_LIFE_MS;
    let written = given.makes(&said::certify(erasure, person(21), 2));
    assert_eq!(
        written.kinds(),
        ["erasure.certified.v1", "erasure.closed.v1"]
    );
    assert_eq!(open(&given), 0, "nothing is left to do");
    let list = given.state::<Erasures>(&Erasures::stream());
    assert_eq!(
        list.carried_out.len(),
        1,
        "a restored copy can be told for ever"
    );
}

/// A learner could not ask, or would need nobody to agree.
#[test]
fn a_learner_asks_and_one_officer_agrees() {
    let mut given = given();
    let data = said::erasure(person(21), BOTH);
    let asking = Asking::new(Signer::registrar(), request::KIND, &data).by(person(21), "learner");
    let proposal = given.makes(&asking).target;
    assert!(!state(&given).is_forgotten());
    given.makes(&said::approve(proposal, registrar(), "registrar"));
    assert!(state(&given).is_forgotten());
}

/// A diploma that a law keeps would be destroyed, or kept for ever.
#[test]
fn what_a_law_keeps_goes_when_its_day_has_come() {
    let mut given = given();
    let data = request::Data {
        locks: vec![Lock {
            purpose: Purpose::StudyRecord,
            until: Date::constant(2026, 7, 10),
        }],
        ..said::erasure(person(21), BOTH)
    };
    let (erasure, written) = in_force(&mut given, &data);
    assert!(written.kinds().contains(&"data.locked.v1"));
    let record = &[Purpose::StudyRecord];
    let early = said::destroyed(erasure, person(21), record, [1, 1]);
    refused(
        &mut given,
        &said::destroy(&early),
        DestroyKeysError::NotDue(Purpose::StudyRecord),
    );
    given.makes(&said::destroy(&said::destroyed(
        erasure,
        person(21),
        &[Purpose::Identity],
        [1, 1],
    )));
    given.now_ms += 10 * DAY_MS;
    given.makes(&said::destroy(&early));
    assert!(state(&given).erasures[0].is_complete());
    given.now_ms += COPIES_LIFE_MS;
    given.makes(&said::certify(erasure, person(21), 2));
    assert_eq!(open(&given), 0);
}

/// After an erasure of the study record alone the person could never learn anything again.
#[test]
fn a_record_can_be_told_anew_once_the_old_one_is_gone() {
    let mut given = given();
    let record = &[Purpose::StudyRecord];
    let (erasure, _) = in_force(&mut given, &said::erasure(person(21), record));
    let mut data = said::recording(1, person(21), "A-2", said::course());
    data.values = said::values(1);
    let again = Asking::new(
        Signer::school(1),
        credentials::account::record_outcome::KIND,
        &data,
    );
    let closing = Forgotten {
        person: person(21),
        purpose: Purpose::StudyRecord,
    };
    refused(&mut given, &again, closing);
    given.makes(&said::destroy(&said::destroyed(
        erasure,
        person(21),
        record,
        [1, 1],
    )));
    given.makes(&again);
}

/// A number that nobody has would open an erasure without end.
#[test]
fn only_the_registered_can_be_erased() {
    let mut given = given();
    let asking = said::erase(&said::erasure(person(9), BOTH));
    refused(
        &mut given,
        &asking,
        RequestErasureError::PersonUnknown(person(9)),
    );
}

/// Anybody with an account could have anybody else forgotten, with one careless officer's help.
#[test]
fn a_learner_erases_nobody_else() {
    let mut given = given().registered(person(2));
    let data = said::erasure(person(21), BOTH);
    let asking = Asking::new(Signer::registrar(), request::KIND, &data).by(person(2), "learner");
    refused(&mut given, &asking, RequestErasureError::NotYours);
    let locked = request::Data {
        locks: vec![Lock {
            purpose: Purpose::Identity,
            until: Date::constant(2027, 1, 1),
        }],
        ..data
    };
    let own = Asking::new(Signer::registrar(), request::KIND, &locked).by(person(21), "learner");
    refused(&mut given, &own, RequestErasureError::LocksNotYours);
}

/// Two texts would ask for the same, or a lock would keep nothing.
#[test]
fn the_scope_is_in_order_and_locks_end_later() {
    let mut given = given();
    let reversed = [Purpose::StudyRecord, Purpose::Identity];
    for purposes in [&[][..], &reversed[..], &[Purpose::Identity; 2][..]] {
        let asking = said::erase(&said::erasure(person(21), purposes));
        refused(&mut given, &asking, RequestErasureError::NotInOrder);
    }
    let locked = |purposes: &[Purpose], day: i8| {
        said::erase(&request::Data {
            locks: vec![Lock {
                purpose: Purpose::StudyRecord,
                until: Date::constant(2026, 6, day),
            }],
            ..said::erasure(person(21), purposes)
        })
    };
    let outside = RequestErasureError::LockOutside(Purpose::StudyRecord);
    refused(&mut given, &locked(&[Purpose::Identity], 30), outside);
    let past = RequestErasureError::LockPast(Purpose::StudyRecord);
    refused(&mut given, &locked(BOTH, 30), past);
}

/// Two erasures would destroy and certify the same values twice.
#[test]
fn one_erasure_has_a_purpose_in_hand() {
    let mut given = given();
    let record = said::erasure(person(21), &[Purpose::StudyRecord]);
    let (erasure, written) = in_force(&mut given, &record);
    assert_eq!(given.already(&said::erase(&record)), written.earlier());
    let in_hand = RequestErasureError::InHand {
        purpose: Purpose::StudyRecord,
        erasure,
    };
    refused(
        &mut given,
        &said::erase(&said::erasure(person(21), BOTH)),
        in_hand,
    );
}

/// The log would say that something is gone which nobody asked to go, or twice.
#[test]
fn what_is_not_due_is_not_destroyed() {
    let mut given = given();
    let record = &[Purpose::StudyRecord];
    let unknown = said::destroyed(Uuid::from_u128(3), person(21), record, [1, 1]);
    let why = DestroyKeysError::ErasureUnknown(unknown.erasure);
    refused(&mut given, &said::destroy(&unknown), why);
    let (erasure, _) = in_force(&mut given, &said::erasure(person(21), record));
    let other = said::destroyed(erasure, person(21), &[Purpose::Identity], [1, 1]);
    refused(
        &mut given,
        &said::destroy(&other),
        DestroyKeysError::NotDue(Purpose::Identity),
    );
    let once = said::destroyed(erasure, person(21), record, [1, 1]);
    given.makes(&said::destroy(&once));
    refused(
        &mut given,
        &said::destroy(&once),
        DestroyKeysError::NotDue(Purpose::StudyRecord),
    );
}

/// A lost part would pass for a whole list of what is gone.
#[test]
fn the_parts_of_a_round_come_in_order() {
    let mut given = given();
    let (erasure, _) = in_force(&mut given, &said::erasure(person(21), BOTH));
    let part = |part| said::destroyed(erasure, person(21), BOTH, part);
    refused(
        &mut given,
        &said::destroy(&part([2, 2])),
        DestroyKeysError::PartNotNext { expected: 1 },
    );
    given.makes(&said::destroy(&part([1, 2])));
    for wrong in [[1, 2], [2, 3]] {
        let why = DestroyKeysError::PartNotNext { expected: 2 };
        refused(&mut given, &said::destroy(&part(wrong)), why);
    }
    let other = said::destroyed(erasure, person(21), &[Purpose::Identity], [2, 2]);
    refused(
        &mut given,
        &said::destroy(&other),
        DestroyKeysError::PartNotNext { expected: 2 },
    );
    let form = |change: fn(&mut destroy::Data)| {
        let mut data = part([2, 2]);
        change(&mut data);
        said::destroy(&data)
    };
    for wrong in [
        form(|data| data.part = 0),
        form(|data| data.part = 3),
        form(|data| data.parts = destroy::PARTS_MAX + 1),
        form(|data| data.purposes.clear()),
        form(|data| data.commitments = vec![data.commitments[0]; destroy::COMMITMENTS_MAX + 1]),
    ] {
        refused(&mut given, &wrong, DestroyKeysError::Form);
    }
}

/// A certificate would be given while a backup can still bring the person back.
#[test]
fn nothing_is_certified_before_its_time() {
    let mut given = given();
    let unknown = said::certify(Uuid::from_u128(3), person(21), 1);
    let why = CertifyErasureError::ErasureUnknown(Uuid::from_u128(3));
    refused(&mut given, &unknown, why);
    let (erasure, _) = in_force(&mut given, &said::erasure(person(21), BOTH));
    let certify = said::certify(erasure, person(21), 2);
    refused(&mut given, &certify, CertifyErasureError::NothingDestroyed);
    given.makes(&said::destroy(&said::destroyed(
        erasure,
        person(21),
        BOTH,
        [1, 2],
    )));
    refused(&mut given, &certify, CertifyErasureError::NothingDestroyed);
    given.makes(&said::destroy(&said::destroyed(
        erasure,
        person(21),
        BOTH,
        [2, 2],
    )));
    let from_ms = given.now_ms + COPIES_LIFE_MS;
    given.now_ms = from_ms - 1;
    refused(&mut given, &certify, CertifyErasureError::TooEarly(from_ms));
    given.now_ms = from_ms;
    let miscounted = said::certify(erasure, person(21), 3);
    refused(
        &mut given,
        &miscounted,
        CertifyErasureError::CountDiffers(2),
    );
    given.makes(&certify);
    refused(&mut given, &certify, CertifyErasureError::NothingDestroyed);
}

/// Somebody who was forgotten would get a new number, a new course, a new name; or what must end
/// could not be ended any more.
#[test]
fn nothing_new_is_said_of_the_forgotten() {
    let mut given = given();
    let (erasure, _) = in_force(&mut given, &said::erasure(person(21), &[Purpose::Identity]));
    let forgotten = Forgotten {
        person: person(21),
        purpose: Purpose::Identity,
    };
    let bind = Asking::new(
        Signer::school(1),
        bind_identifier::KIND,
        &serde_json::json!({
            "_sd": said::values(1), "identifier": { "check": "ok", "type": "passport" }, "person": person(21),
        }),
    );
    for asking in [
        bind,
        said::register(1, person(21)),
        said::record(1, person(21), "A-2", said::course()),
        said::correct(1, person(21), "A-1", said::course()),
        said::appoint(person(21), Role::Audit, None),
    ] {
        refused(&mut given, &asking, forgotten);
    }
    given.makes(&said::destroy(&said::destroyed(
        erasure,
        person(21),
        &[Purpose::Identity],
        [1, 1],
    )));
    refused(
        &mut given,
        &said::record(1, person(21), "A-2", said::course()),
        forgotten,
    );
    let account = account::wire::stream(person(21));
    let account: Account = given.state(&account);
    let stands = account.outcomes[0].current;
    given.agreed(&said::revoke(1, person(21), "A-1").about(stands));
}

/// An officer could say in the ledger's name that something is gone, or a person's name could stand
/// under what nobody did.
#[test]
fn nobody_speaks_for_the_ledger() {
    let mut given = given();
    let (erasure, _) = in_force(&mut given, &said::erasure(person(21), BOTH));
    let data = said::destroyed(erasure, person(21), BOTH, [1, 1]);
    let by_registrar = said::destroy(&data).signed_by(Signer::registrar());
    let kid = Signer::registrar().kid().to_string();
    refused(
        &mut given,
        &by_registrar,
        Refusal::Ask(AskError::KeyUse(kid)),
    );
    let with_a_person = said::destroy(&data).by(registrar(), "registrar");
    let why = AskError::ActorNotAllowed {
        person: registrar(),
        role: "registrar".into(),
    };
    refused(&mut given, &with_a_person, Refusal::Ask(why));
    let as_ledger = said::erase(&said::erasure(person(21), BOTH)).signed_by(said::ledger_key());
    let kid = said::ledger_key().kid().to_string();
    refused(&mut given, &as_ledger, Refusal::Ask(AskError::KeyUse(kid)));
}
