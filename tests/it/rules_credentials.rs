//! credential.issue, credential.set-status, and what becomes of credentials when their outcome changes.

use credentials::credential::issue::{self, IssueError};
use credentials::credential::set_status::{self, SetStatusError, Status};
use credentials::credential::{Credential, wire};
use credentials::millicredits::Millicredits;
use credentials::status_list::{self, StatusList};
use credentials::vc::status::Purpose;
use credentials::verify::Standing;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::activate_key::{self, ActivateKeyError};
use identity::institution::{Custody, Institution, KeyUse};
use serde_json::json;
use tests::support::asking::{Asking, Signer, officer, person};
use tests::support::given::{Given, Written};
use tests::support::said;
use uuid::Uuid;

use credentials::account::correct_outcome::Reason;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    only_what_its_awarder_certifies_is_issued,
    a_credential_says_what_its_outcome_says,
    a_bit_belongs_to_one_credential,
    only_a_kept_credential_key_signs,
    the_status_is_its_issuers_to_change,
    a_credential_key_is_kept_by_the_platform,
];

/// The name of school `number`'s credential key.
const KEY: &str = "credential-1";

pub(crate) fn key_of(number: u32) -> activate_key::Data {
    activate_key::Data {
        custody: Custody::Platform,
        fragment: KEY.into(),
        institution: IssuerNumber(number),
        key: Signer::new(number, KEY).public(),
        r#use: KeyUse::Credential,
    }
}

/// Schools 1 and 2 with credential keys; person 100 passed R1 at school 1.
fn ready() -> (Given, Written) {
    let mut given = Given::genesis()
        .admitted(1)
        .admitted(2)
        .registered(person(100));
    given.makes(&said::activate(&key_of(1)));
    given.makes(&said::activate(&key_of(2)));
    let recorded = given.makes(&said::record(1, person(100), "R1", said::course()));
    (given, recorded)
}

/// The `n`th credential.
fn credential(n: u64) -> Uuid {
    person(9_000 + n)
}

pub(crate) fn data(n: u64, index: u32) -> issue::Data {
    issue::Data {
        values: said::values(2),
        credential: credential(n),
        credits: "4".parse().unwrap(),
        index,
        issuer: IssuerNumber(1),
        key: KEY.into(),
        list: 1,
        fields: said::course(),
        outcome: said::outcome_of(1, person(100), "R1"),
        person: person(100),
        subject: Signer::new(1, "a holder").public().did_key(),
    }
}

pub(crate) fn asking(data: &issue::Data) -> Asking {
    Asking::new(Signer::school(1), issue::KIND, data)
}

pub(crate) fn setting(number: u32, n: u64, status: Status) -> Asking {
    let data = set_status::Data {
        values: Commitments::default(),
        credential: credential(n),
        person: person(100),
        reason: Reason::MarkReviewed,
        status,
    };
    Asking::new(Signer::school(number), set_status::KIND, &data)
}

pub(crate) fn standing(given: &Given, n: u64) -> Standing {
    let school: Institution = given.state(&IssuerNumber(1).stream());
    given
        .state::<Credential>(&wire::stream(credential(n)))
        .standing(&school)
}

/// Which of the bits of the three lists are set, in their order.
pub(crate) fn bits(given: &Given, index: u64) -> [bool; 3] {
    let school: Institution = given.state(&IssuerNumber(1).stream());
    let lists: StatusList = given.state(&status_list::wire::stream(IssuerNumber(1), 1));
    Purpose::ALL.map(|purpose| lists.bits(purpose, &school).get(index) == Some(true))
}

fn issued() -> (Given, Written, Written) {
    let (mut given, recorded) = ready();
    let issued = given.makes(&asking(&data(1, 77)));
    (given, recorded, issued)
}

/// A learner could not show what the log says, or two credentials would share a bit.
#[test]
fn issuing_allots_a_bit_and_is_noted_in_the_account() {
    let (mut given, _, written) = issued();
    assert_eq!(
        written.kinds(),
        [
            "credential.issued.v1",
            "outcome.certified.v1",
            "status.allocated.v1"
        ]
    );
    assert_eq!(standing(&given, 1), Standing::Issued);
    assert_eq!(bits(&given, 77), [false; 3]);
    let lists: StatusList = given.state(&status_list::wire::stream(IssuerNumber(1), 1));
    assert!(lists.is_used(77) && !lists.is_used(78) && lists.given == 1);
    // Asked again with another id and bit: the one that stands is the answer.
    assert_eq!(given.already(&asking(&data(2, 78))), written.earlier());
}

/// A school could certify what another taught, what was never learned, or what was taken back.
#[test]
fn only_what_its_awarder_certifies_is_issued() {
    let (mut given, recorded) = ready();
    let mut unknown = data(1, 77);
    unknown.outcome = said::outcome_of(1, person(100), "R2");
    let refusal = IssueError::OutcomeUnknown(unknown.outcome);
    refused(&mut given, &asking(&unknown), refusal);
    let theirs = asking(&data(1, 77)).signed_by(Signer::school(2));
    let refusal = IssueError::NotYours {
        outcome: data(1, 77).outcome,
        awarder: IssuerNumber(1),
    };
    refused(&mut given, &theirs, refusal);
    let mut failed = said::course();
    failed.passed = Some(false);
    let corrected =
        given.agreed(&said::correct(1, person(100), "R1", failed.clone()).about(recorded.target));
    let mut not_passed = data(1, 77);
    not_passed.fields = failed;
    refused(&mut given, &asking(&not_passed), IssueError::NotPassed);
    let revoked = given.agreed(&said::revoke(1, person(100), "R1").about(corrected.target));
    let refusal = IssueError::OutcomeRevoked(revoked.commit.position);
    refused(&mut given, &asking(&data(1, 77)), refusal);
}

/// A document could say more credit than the account holds, or hide what it says from the log.
#[test]
fn a_credential_says_what_its_outcome_says() {
    let (mut given, _) = ready();
    let credits: Millicredits = "4".parse().unwrap();
    let mut more = data(1, 77);
    more.credits = "5".parse().unwrap();
    refused(
        &mut given,
        &asking(&more),
        IssueError::FieldsDiffer { credits },
    );
    let mut other = data(1, 77);
    other.fields.level = None;
    refused(
        &mut given,
        &asking(&other),
        IssueError::FieldsDiffer { credits },
    );
    let mut silent = data(1, 77);
    silent.values = said::values(1);
    refused(&mut given, &asking(&silent), IssueError::ValuesDoNotFit);
    for subject in ["did:web:xf.example.org:i:1", "did:key:zzz", ""] {
        let mut nobody = data(1, 77);
        nobody.subject = subject.into();
        refused(&mut given, &asking(&nobody), IssueError::Subject);
    }
    let mut method = data(1, 77);
    method.subject = Signer::new(1, "a holder").public().did_key_method();
    refused(&mut given, &asking(&method), IssueError::Subject);
}

/// Revoking one credential would revoke another, or none.
#[test]
fn a_bit_belongs_to_one_credential() {
    let (mut given, _, _) = issued();
    given.makes(&said::record(1, person(100), "R2", said::course()));
    let second = |n, index, list| {
        let mut second = data(n, index);
        second.outcome = said::outcome_of(1, person(100), "R2");
        second.list = list;
        second
    };
    let refusal = IssueError::IdTaken(credential(1));
    refused(&mut given, &asking(&second(1, 78, 1)), refusal);
    for (index, list) in [(77, 1), (131_072, 1), (78, 0), (78, 2), (78, 3)] {
        let refusal = IssueError::IndexNotFree { list, index };
        refused(&mut given, &asking(&second(2, index, list)), refusal);
    }
    given.makes(&asking(&second(2, 77, 4)));
}

/// A key that leaked, or that the platform does not hold, would be named as the signer.
#[test]
fn only_a_kept_credential_key_signs() {
    let (mut given, _) = ready();
    for name in ["key-1", "credential-2"] {
        let mut wrong = data(1, 77);
        wrong.key = name.into();
        refused(
            &mut given,
            &asking(&wrong),
            IssueError::KeyNotFit(name.into()),
        );
    }
    given.makes(&said::retire(1, KEY));
    refused(
        &mut given,
        &asking(&data(1, 77)),
        IssueError::KeyNotFit(KEY.into()),
    );
}

/// An institution would promise signatures that the platform cannot make.
#[test]
fn a_credential_key_is_kept_by_the_platform() {
    let (mut given, _) = ready();
    let mut own = key_of(1);
    own.custody = Custody::Own;
    own.fragment = "credential-own".into();
    own.key = Signer::new(1, "credential-own").public();
    refused(
        &mut given,
        &said::activate(&own),
        ActivateKeyError::CredentialKeyNotKept,
    );
}

/// A wrong credential would stay in force, or a suspended one never come back.
#[test]
fn its_issuer_suspends_reinstates_and_revokes() {
    let (mut given, _, _) = issued();
    let suspended = given.makes(&setting(1, 1, Status::Suspended));
    assert_eq!(
        suspended.kinds(),
        ["credential.suspended.v1", "status.changed.v1"]
    );
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Suspended, [false, true, false])
    );
    assert_eq!(
        given.already(&setting(1, 1, Status::Suspended)),
        suspended.earlier()
    );
    let back = given.makes(&setting(1, 1, Status::Reinstated));
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Issued, [false; 3])
    );
    assert_eq!(
        given.already(&setting(1, 1, Status::Reinstated)),
        back.earlier()
    );
    given.makes(&setting(1, 1, Status::Suspended));
    let revoked = given.makes(&setting(1, 1, Status::Revoked));
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Revoked, [true, false, false])
    );
    assert_eq!(
        given.already(&setting(1, 1, Status::Revoked)),
        revoked.earlier()
    );
    // Another is issued in its place, with a bit of its own.
    given.makes(&asking(&data(2, 78)));
    assert_eq!(
        (standing(&given, 2), bits(&given, 78)),
        (Standing::Issued, [false; 3])
    );
}

/// A stranger could revoke a credential, or bring back what was ended for good.
#[test]
fn the_status_is_its_issuers_to_change() {
    let (mut given, recorded, _) = issued();
    let refusal = SetStatusError::CredentialUnknown(credential(5));
    refused(&mut given, &setting(1, 5, Status::Revoked), refusal);
    let mut other = setting(1, 1, Status::Revoked);
    other.data["person"] = json!(person(101));
    let refusal = SetStatusError::CredentialUnknown(credential(1));
    refused(&mut given, &other, refusal);
    let refusal = SetStatusError::NotYours {
        credential: credential(1),
        issuer: IssuerNumber(1),
    };
    refused(&mut given, &setting(2, 1, Status::Revoked), refusal);
    let never = setting(1, 1, Status::Reinstated);
    refused(&mut given, &never, SetStatusError::NotSuspended);
    let mut better = said::course();
    better.credits = Some("4.5".parse().unwrap());
    let corrected =
        given.agreed(&said::correct(1, person(100), "R1", better).about(recorded.target));
    let ended = SetStatusError::Ended(corrected.commit.position);
    for status in [Status::Suspended, Status::Reinstated, Status::Revoked] {
        refused(&mut given, &setting(1, 1, status), ended.clone());
    }
}

/// A credential would go on saying the old mark after the account says the new one.
#[test]
fn a_correction_supersedes_the_credentials_of_its_outcome() {
    let (mut given, recorded, _) = issued();
    given.makes(&setting(1, 1, Status::Suspended));
    let mut better = said::course();
    better.credits = Some("4.5".parse().unwrap());
    let corrected =
        given.agreed(&said::correct(1, person(100), "R1", better.clone()).about(recorded.target));
    let kinds = corrected.kinds();
    assert!(kinds.contains(&"credential.superseded.v1"), "{kinds:?}");
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Superseded, [true, false, true])
    );
    let mut next = data(2, 78);
    next.fields = better.clone();
    next.credits = "4.5".parse().unwrap();
    given.makes(&asking(&next));
    // The next correction ends the second one and lets the first one be.
    better.credits = Some("5".parse().unwrap());
    let again = given.agreed(&said::correct(1, person(100), "R1", better).about(corrected.target));
    let superseded = |kind: &&str| *kind == "credential.superseded.v1";
    assert_eq!(
        again
            .kinds()
            .into_iter()
            .filter(|kind| superseded(kind))
            .count(),
        1
    );
    assert_eq!(standing(&given, 2), Standing::Superseded);
}

/// A cheat would keep a valid credential for an outcome that was taken back.
#[test]
fn a_revoked_outcome_takes_its_credentials_along() {
    let (mut given, recorded, _) = issued();
    let revoked = given.agreed(&said::revoke(1, person(100), "R1").about(recorded.target));
    assert!(revoked.kinds().contains(&"credential.revoked.v1"));
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Revoked, [true, false, false])
    );
    let credential: Credential = given.state(&wire::stream(credential(1)));
    let last = &credential.changes[0];
    assert_eq!(
        (last.reason, last.by),
        (Some(Reason::Misconduct), revoked.earlier())
    );
}

/// Whoever may issue could also revoke: the table gives that to officers alone.
#[test]
fn a_clerk_issues_and_an_officer_ends() {
    let (mut given, _) = ready();
    let clerk = tests::support::given::clerk(1);
    given = given.appointed(clerk, identity::role::Role::Clerk, Some(1));
    given.makes(&asking(&data(1, 77)).by(clerk, "clerk"));
    let refusal = given.refuses(&setting(1, 1, Status::Revoked).by(clerk, "clerk"));
    assert!(
        format!("{refusal:?}").contains("ActorNotAllowed"),
        "{refusal:?}"
    );
    given.makes(&setting(1, 1, Status::Revoked).by(officer(1, 1), "institution"));
}
