//! The life of an institution's keys: key.activate.v2, rotate, recover, compromise; which key signs
//! which kind.

use credentials::rulebook::Refusal;
use identity::approval::decide::{Answer, ApprovalError};
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::institution::activate_key::{ActivateKeyError, KEYS_MAX};
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::new_key::NewKeyError;
use identity::institution::recover_key::RecoverKeyError;
use identity::institution::retire_key::RetireKeyError;
use identity::institution::rotate_key::{self, RotateKeyError};
use identity::institution::seal::Seal;
use identity::institution::{self, Custody, Institution, KeyActivated, KeyUse, Settlement};
use ledger::fact::Fact;
use tests::support::asking::{Asking, Signer, audit, officer, person, registrar, security, system};
use tests::support::given::{Given, next_key};
use tests::support::keeping::{
    acknowledgement, activate, compromise, pledge, proof, reaffirm, recover, recovery, rotate,
    rotation, school, settle,
};
use tests::support::said;

use super::rules_coverage::refused;
use super::rules_identity::mixed_order;

pub(crate) const REFUSALS: &[fn()] = &[
    every_key_signs_what_it_is_for,
    keys_apart_come_once_and_are_ones_own,
    a_pledged_key_comes_by_rotation,
    a_rotation_brings_the_pledged_key,
    a_key_that_ended_is_not_rotated,
    a_new_key_is_sound,
    new_keys_are_counted,
    the_recovery_key_brings_the_pledged_key,
    the_assertion_key_does_not_end_keys_apart,
    a_cut_off_needs_two_registrars,
    a_cut_off_is_ones_own_and_behind,
];

fn institution(given: &Given) -> Institution {
    given.state(&IssuerNumber(1).stream())
}

fn k1() -> Signer {
    Signer::school(1)
}

fn k3() -> Signer {
    Signer::new(1, "key-3")
}

/// Whoever stole one key would do with it what another is for.
#[test]
fn every_key_signs_what_it_is_for() {
    let mut given = school(10);
    let kinds = [
        said::register(1, person(100)),
        rotate(&k1(), &next_key(1), "key-3"),
        recover("key-1", &next_key(1), "key-3"),
        compromise(1, "key-1", 5),
        reaffirm(1, 5, &[]),
        settle(Settlement::Reaffirmed, &k1(), [(1, 2)]),
        settle(Settlement::Repudiated, &k1(), [(1, 2)]),
    ];
    for (which, signer) in [(0, k1()), (1, acknowledgement(1)), (2, recovery(1))] {
        for (kind, asking) in kinds.iter().enumerate() {
            let may = match kind {
                0 => which == 0,
                1 => true,
                2 | 3 => which == 2,
                _ => which == 1,
            };
            let asking = asking.clone().signed_by(signer.clone());
            let assertion = given.sign(&asking);
            assert_eq!(given.key_of(&assertion).is_some(), may, "{asking:?}");
            if !may {
                let name = signer.kid().to_string();
                refused(&mut given, &asking, AskError::KeyUse(name));
            }
        }
    }
}

/// A thief would give the school keys that judge him, or the platform hold those that judge it.
#[test]
fn keys_apart_come_once_and_are_ones_own() {
    let mut given = Given::genesis().admitted(1);
    for (key, r#use) in [
        (acknowledgement(1), KeyUse::Acknowledgement),
        (recovery(1), KeyUse::Recovery),
    ] {
        // The first version knows no such keys of an institution.
        let mut old = said::activation(1, &key.fragment);
        old.r#use = r#use;
        let refusal = given.refuses(&said::activate(&old));
        match r#use {
            KeyUse::Recovery => assert_eq!(refusal, ActivateKeyError::UseNotYours.into()),
            _ => assert!(
                matches!(refusal, Refusal::DataMalformed { .. }),
                "{refusal:?}"
            ),
        }
        let asking = activate(&key, r#use);
        let mut kept = asking.clone();
        kept.data["custody"] = "platform".into();
        refused(
            &mut given,
            &kept,
            ActivateKeyError::Key(NewKeyError::NotOwn),
        );
        let mut alone = asking.clone();
        alone.act = None;
        refused(&mut given, &alone, AskError::ActMissing);
        let written = given.agreed(&asking);
        assert_eq!(written.kinds().len(), 2);
        let held = institution(&given).key(&key.fragment).cloned().unwrap();
        assert_eq!((held.r#use, held.custody), (r#use, Custody::Own));
        let another = Signer::new(1, "another");
        refused(
            &mut given,
            &activate(&another, r#use),
            ActivateKeyError::UseTaken(key.fragment.clone()),
        );
    }
    let mut theirs = activate(&acknowledgement(1), KeyUse::Acknowledgement);
    theirs.data["fragment"] = "ack-2".into();
    theirs.data["key"] = Signer::new(1, "ack-2").public().multikey().into();
    theirs.data["institution"] = 2.into();
    refused(
        &mut given,
        &theirs,
        ActivateKeyError::NotYours(IssuerNumber(2)),
    );
    let mut copied = activate(&acknowledgement(1), KeyUse::Credential);
    copied.data["fragment"] = "credential-1".into();
    copied.data["key"] = Signer::new(1, "credential-1").public().multikey().into();
    copied.data["custody"] = "platform".into();
    refused(
        &mut given,
        &copied,
        ActivateKeyError::Key(NewKeyError::Possession),
    );
}

/// A school's server would sign results, or the platform sign in as the server.
#[test]
fn a_client_key_is_ones_own_and_signs_nothing_in_the_ledger() {
    let mut given = Given::genesis().admitted(1);
    let client = Signer::new(1, "client-1");
    let mut old = said::activation(1, &client.fragment);
    old.r#use = KeyUse::Client;
    let refusal = given.refuses(&said::activate(&old));
    assert!(
        matches!(refusal, Refusal::DataMalformed { .. }),
        "{refusal:?}"
    );
    let asking = activate(&client, KeyUse::Client);
    let mut kept = asking.clone();
    kept.data["custody"] = "platform".into();
    refused(
        &mut given,
        &kept,
        ActivateKeyError::Key(NewKeyError::NotOwn),
    );
    given.agreed(&asking);
    // One server may take another's place before that one goes.
    given.agreed(&activate(&Signer::new(1, "client-2"), KeyUse::Client));
    let signed = said::activate(&said::activation(1, "key-9")).signed_by(client.clone());
    let assertion = given.sign(&signed);
    assert!(given.key_of(&assertion).is_none());
    let name = client.kid().to_string();
    refused(&mut given, &signed, AskError::KeyUse(name));
}

/// A thief of today's key would choose tomorrow's.
#[test]
fn a_pledged_key_comes_by_rotation() {
    let mut given = school(10);
    refused(
        &mut given,
        &said::activate(&said::activation(1, "key-x")),
        ActivateKeyError::Pledged("key-1".into()),
    );
    let asking = activate(&Signer::new(1, "key-x"), KeyUse::Assertion);
    refused(
        &mut given,
        &asking,
        ActivateKeyError::Pledged("key-1".into()),
    );
    given.agreed(&rotate(&k1(), &next_key(1), "key-3"));
    refused(
        &mut given,
        &asking.signed_by(next_key(1)),
        ActivateKeyError::Pledged("key-1".into()),
    );
}

/// Another key than the pledged one would take the place.
#[test]
fn a_rotation_brings_the_pledged_key() {
    let mut given = school(10);
    let not_pledged = RotateKeyError::Key(NewKeyError::NotPledged("key-1".into()));
    refused(&mut given, &rotate(&k1(), &k3(), "key-4"), not_pledged);
    let asking = rotate(&k1(), &next_key(1), "key-3");
    let mut theirs = asking.clone();
    theirs.data["institution"] = 2.into();
    refused(
        &mut given,
        &theirs,
        RotateKeyError::NotYours(IssuerNumber(2)),
    );
    let rotated = given.agreed(&asking);
    assert_eq!(rotated.kinds(), ["key.rotated.v1", "approval.completed.v1"]);
    let after = institution(&given);
    assert_eq!(
        after.key("key-1").unwrap().retired,
        Some(rotated.commit.position)
    );
    assert_eq!(after.key("key-2").unwrap().next, Some(pledge(1, "key-3")));
    // Keys apart rotate themselves; these pledged nothing so far, and do from now on.
    for (old, name) in [(acknowledgement(1), "ack-2"), (recovery(1), "recovery-2")] {
        let new = Signer::new(1, name);
        let by_officer = rotate(&old, &new, "later");
        let proposal = given.makes(&by_officer).target;
        let second = said::decide(next_key(1), proposal, Answer::Approve);
        given.makes(&second.by(officer(1, 2), "institution"));
        let state = institution(&given);
        assert_eq!(
            state.key(name).unwrap().r#use,
            state.key(&old.fragment).unwrap().r#use
        );
        let another = Signer::new(1, "another");
        refused(
            &mut given,
            &rotate(&new, &another, "later"),
            RotateKeyError::Key(NewKeyError::NotPledged(name.into())),
        );
    }
}

/// Two successors of one key would both sign.
#[test]
fn a_key_that_ended_is_not_rotated() {
    let mut given = Given::genesis().admitted(1);
    let proposal = given.makes(&rotate(&k1(), &next_key(1), "key-3")).target;
    let other = given.makes(&rotate(&k1(), &k3(), "key-4")).target;
    given.makes(&said::second(1, other));
    let late = said::decide(k3(), proposal, Answer::Approve).by(officer(1, 2), "institution");
    refused(
        &mut given,
        &late,
        RotateKeyError::OldKeyEnded("key-1".into()),
    );
}

/// A key that nobody holds, or that is another already, would be the school's.
#[test]
fn a_new_key_is_sound() {
    let mut given = school(10);
    let refuse = |given: &mut Given, data: &rotate_key::Data, expected: NewKeyError| {
        let asking = Asking::new(k1(), rotate_key::KIND, data).by(officer(1, 1), "institution");
        refused(given, &asking, RotateKeyError::Key(expected));
    };
    let good = rotation(&next_key(1), "key-3");
    let mut data = good.clone();
    data.fragment = "KEY".into();
    refuse(&mut given, &data, NewKeyError::Fragment("KEY".into()));
    data.fragment = "ack-1".into();
    refuse(
        &mut given,
        &data,
        NewKeyError::FragmentTaken("ack-1".into()),
    );
    let mut data = good.clone();
    data.key = acknowledgement(1).public();
    refuse(&mut given, &data, NewKeyError::KeyTaken("ack-1".into()));
    data.key = mixed_order();
    refuse(&mut given, &data, NewKeyError::MixedOrder);
    // A proof of the right key over another name, and none at all.
    for bad in [proof(&k3()), Seal([0; 64])] {
        let mut data = good.clone();
        data.proof = bad;
        refuse(&mut given, &data, NewKeyError::Possession);
    }
    let mut data = rotation(&Signer::new(1, "ack-2"), "ack-3");
    data.custody = Custody::Platform;
    let asking =
        Asking::new(acknowledgement(1), rotate_key::KIND, &data).by(officer(1, 1), "institution");
    refused(
        &mut given,
        &asking,
        RotateKeyError::Key(NewKeyError::NotOwn),
    );
}

/// One institution could make every decision about it slow.
#[test]
fn new_keys_are_counted() {
    let mut given = Given::genesis().admitted(1);
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
        &rotate(&k1(), &next_key(1), "key-3"),
        RotateKeyError::Key(NewKeyError::TooMany),
    );
}

/// Who stole the recovery key alone would take over the school.
#[test]
fn the_recovery_key_brings_the_pledged_key() {
    let mut given = school(10);
    refused(
        &mut given,
        &recover("key-1", &k3(), "key-4"),
        RecoverKeyError::Key(NewKeyError::NotPledged("key-1".into())),
    );
    // The acknowledgement key pledged nothing: then the registrar must have agreed to a cut-off.
    let ack_2 = Signer::new(1, "ack-2");
    refused(
        &mut given,
        &recover("ack-1", &ack_2, "ack-3"),
        RecoverKeyError::NothingPledged("ack-1".into()),
    );
    for unknown in ["key-9", "recovery-1"] {
        refused(
            &mut given,
            &recover(unknown, &ack_2, "ack-3"),
            RecoverKeyError::KeyUnknown(unknown.into()),
        );
    }
    let mut theirs = recover("key-1", &next_key(1), "key-3");
    theirs.data["institution"] = 2.into();
    refused(
        &mut given,
        &theirs,
        RecoverKeyError::NotYours(IssuerNumber(2)),
    );
    // A lost key, not stolen: the next one takes its place at once.
    let written = given.makes(&recover("key-1", &next_key(1), "key-3"));
    assert_eq!(written.kinds(), ["key.activated.v2", "key.retired.v1"]);
    given.cut_off(1, "ack-1", 5);
    let written = given.makes(&recover("ack-1", &ack_2, "ack-3"));
    assert_eq!(written.kinds(), ["key.activated.v2"]);
}

/// A thief of the assertion key would take away what he is judged by.
#[test]
fn the_assertion_key_does_not_end_keys_apart() {
    let mut given = school(10);
    for fragment in ["ack-1", "recovery-1"] {
        refused(
            &mut given,
            &said::retire(1, fragment),
            RetireKeyError::KeptApart(fragment.into()),
        );
    }
}

/// The recovery key alone, or one registrar with it, would undo a school's records.
#[test]
fn a_cut_off_needs_two_registrars() {
    let mut given = school(10);
    let asking = compromise(1, "key-1", 11);
    given.skip_to(12);
    let proposal = given.makes(&asking).target;
    // Officers of the school do not count, nor other roles of the province.
    refused(
        &mut given,
        &said::second(1, proposal),
        ApprovalError::ApproverElsewhere,
    );
    refused(
        &mut given,
        &said::approve(proposal, security(), "security"),
        ApprovalError::ApproverNotAllowed("security".into()),
    );
    let one = said::approve(proposal, person(5), "registrar");
    assert_eq!(given.makes(&one).kinds(), ["approval.given.v1"]);
    assert_eq!(institution(&given).key("key-1").unwrap().retired, None);
    refused(&mut given, &one, ApprovalError::SamePerson);
    let done = given.makes(&said::approve(proposal, registrar(), "registrar"));
    assert_eq!(
        done.kinds(),
        ["key.compromised.v1", "approval.completed.v1"]
    );
    let key = institution(&given).key("key-1").cloned().unwrap();
    assert_eq!(key.retired, Some(done.commit.position));
    assert_eq!(key.not_valid_after(), Some(11));
    // One says no: nothing happens.
    let mut given = school(10);
    let proposal = given.makes(&compromise(1, "key-1", 9)).target;
    let no = said::decide(Signer::registrar(), proposal, Answer::Reject);
    given.makes(&no.by(person(5), "registrar"));
    let late = said::approve(proposal, person(6), "registrar");
    let refusal = given.refuses(&late);
    assert!(matches!(
        refusal,
        Refusal::Approval(ApprovalError::Rejected(_))
    ));
    // No policy switches it off, and while there are not two registrars, three administrators agree.
    let mut given = Given::genesis().admitted(1);
    given.agreed(&activate(&recovery(1), KeyUse::Recovery));
    let proposal = given.makes(&compromise(1, "key-1", 2)).target;
    refused(
        &mut given,
        &said::approve(proposal, registrar(), "registrar"),
        ApprovalError::ApproverNotAllowed("registrar".into()),
    );
    given.makes(&said::approve(proposal, system(), "system"));
    given.makes(&said::approve(proposal, security(), "security"));
    let done = given.makes(&said::approve(proposal, audit(), "audit"));
    assert_eq!(done.kinds()[0], "key.compromised.v1");
}

/// A school would cut off another's key, or a time that is still to come.
#[test]
fn a_cut_off_is_ones_own_and_behind() {
    let mut given = school(10).admitted(2);
    let mut theirs = compromise(1, "key-1", 5);
    theirs.data["institution"] = 2.into();
    refused(
        &mut given,
        &theirs,
        CompromiseKeyError::NotYours(IssuerNumber(2)),
    );
    refused(
        &mut given,
        &compromise(1, "key-9", 5),
        CompromiseKeyError::KeyUnknown("key-9".into()),
    );
    refused(
        &mut given,
        &compromise(1, "recovery-1", 5),
        CompromiseKeyError::OwnKey,
    );
    let ahead = given.next;
    refused(
        &mut given,
        &compromise(1, "key-1", ahead),
        CompromiseKeyError::Ahead(ahead),
    );
    given.makes(&compromise(1, "key-1", ahead - 1));
}
