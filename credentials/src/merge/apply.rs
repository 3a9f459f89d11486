//! merge.apply: one number's account becomes part of another's, whose number stays.

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::Institution;
use identity::officer::Officer;
use identity::person::{self, Person};
use identity::purpose::Purpose;
use ledger::assertion::Act;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::account;
use crate::account::whole::{self, DEPTH_MAX, NUMBERS_MAX};

/// The assertion's kind.
pub const KIND: &str = "merge.apply.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];
/// Lots that one merge may bring: each is named in the commit.
pub const LOTS_MAX: usize = 1_500;

/// What whoever saw the vault attests of the two numbers' 身份证 (a premise, SECURITY §1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResidentIds {
    /// Both have one, and it is the same.
    Same,
    /// Not both have one.
    Absent,
    /// Both have one, and they differ.
    Differ,
}

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitment to the reason in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// The number that is used no more.
    pub absorbed: Uuid,
    /// The number that stays.
    pub person: Uuid,
    /// How the two numbers' 身份证 compare.
    pub resident_ids: ResidentIds,
}

/// Merge two accounts.
#[derive(Debug)]
pub struct Apply {
    /// Who asks.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why two accounts are not merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyMergeError {
    /// One number twice.
    #[error("person and absorbed are the same number")]
    Same,
    /// Nobody has this number.
    #[error("person {0} is not registered")]
    PersonUnknown(Uuid),
    /// The number was merged into another before.
    #[error("person {person} is part of {into} already: name that number")]
    MergedBefore {
        /// The number given.
        person: Uuid,
        /// The number that stays.
        into: Uuid,
    },
    /// Two different 身份证: two people.
    #[error("the two numbers have different resident ids: they are two people")]
    ResidentIdsDiffer,
    /// Something of the person is erased or being erased.
    #[error("values of person {0} are erased or being erased")]
    Erased(Uuid),
    /// A role would be joined with another's through the back door.
    #[error("person {0} holds staff roles: dismiss first")]
    HoldsRoles(Uuid),
    /// Whoever proposes or agrees is one of the two.
    #[error("nobody merges an account of the own")]
    OwnAccount,
    /// An institution merges only whom it registered, twice.
    #[error("institution {0} did not register both; the registrar may merge them")]
    NotOnRoster(IssuerNumber),
    /// The person would have too many numbers, or merges too deep within one another.
    #[error(
        "a person has at most {NUMBERS_MAX} numbers, and merges stand at most {DEPTH_MAX} deep"
    )]
    TooManyNumbers,
    /// Somebody may not act under one of the two: what bars it would be escaped by the merge.
    #[error("person {0} is suspended or dead: settle that first")]
    Barred(Uuid),
    /// Which outcome is whose is being settled.
    #[error("split {0} is in hand: finish or withdraw it first")]
    SplitInHand(Uuid),
    /// More lots than one commit can name.
    #[error(
        "the account to be absorbed has {lots} lots; at most {LOTS_MAX} can be named in one commit"
    )]
    TooManyLots {
        /// How many.
        lots: usize,
    },
}

impl Decision for Apply {
    type Error = ApplyMergeError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let Data {
            absorbed, person, ..
        } = self.data;
        let mut streams = vec![
            person::wire::stream(person),
            person::wire::stream(absorbed),
            Officer::stream(absorbed),
            self.ask.issuer.stream(),
        ];
        for number in [person, absorbed] {
            for stream in whole::streams(world, number) {
                if !streams.contains(&stream) {
                    streams.push(stream);
                }
            }
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ApplyMergeError> {
        // The proposer, and whoever's assertion lets the proposal take effect.
        let acting = [self.ask.act.as_ref(), world.assertion.act()];
        self.merge(world, &acting)
    }
}

impl Apply {
    /// The same, `acting` being whoever may be neither of the two.
    pub(super) fn merge(
        &self,
        world: &World<'_>,
        acting: &[Option<&Act>],
    ) -> Result<Verdict, ApplyMergeError> {
        let Data {
            absorbed,
            person,
            resident_ids,
            ..
        } = self.data;
        if absorbed == person {
            return Err(ApplyMergeError::Same);
        }
        let stays = known(world, person)?;
        let goes = known(world, absorbed)?;
        if let Some((into, by)) = goes.merged_into
            && into == person
        {
            return Ok(Verdict::AlreadySo(by));
        }
        for (number, state) in [(person, &stays), (absorbed, &goes)] {
            if let Some((into, _)) = state.merged_into {
                return Err(ApplyMergeError::MergedBefore {
                    person: number,
                    into,
                });
            }
        }
        for (number, state) in [(person, &stays), (absorbed, &goes)] {
            if state.barred().is_some() {
                return Err(ApplyMergeError::Barred(number));
            }
        }
        let issuer = self.ask.issuer;
        let asker = world.get::<Institution>(&issuer.stream());
        if [&stays, &goes].map(|it| it.is_served_by(issuer, &asker)) != [true, true] {
            return Err(ApplyMergeError::NotOnRoster(issuer));
        }
        // Behind the roster: who may not merge learns nothing of the two.
        if resident_ids == ResidentIds::Differ {
            return Err(ApplyMergeError::ResidentIdsDiffer);
        }
        let mut splits = [&stays, &goes]
            .into_iter()
            .filter_map(|it| it.splits.in_hand.as_ref());
        if let Some(in_hand) = splits.next() {
            return Err(ApplyMergeError::SplitInHand(in_hand.split));
        }
        self.check_officers(world, acting)?;
        let brought = whole::in_world(world, absorbed);
        let numbers = brought.numbers.len() + whole::in_world(world, person).numbers.len();
        let depth = whole::depth(world, person).max(1 + whole::depth(world, absorbed));
        if numbers > NUMBERS_MAX || depth > DEPTH_MAX {
            return Err(ApplyMergeError::TooManyNumbers);
        }
        let lots: Vec<Uuid> = brought.account.lots.iter().map(|lot| lot.id).collect();
        if lots.len() > LOTS_MAX {
            return Err(ApplyMergeError::TooManyLots { lots: lots.len() });
        }
        let [gone, stayed] = person::wire::edge(person::wire::MERGE_APPLIED_V1, absorbed, person);
        Ok(Verdict::Facts(vec![
            gone,
            stayed,
            account::wire::to_fact(absorbed, account::Event::Absorbed { into: person }),
            account::wire::to_fact(
                person,
                account::Event::Absorbs {
                    from: absorbed,
                    lots,
                },
            ),
        ]))
    }

    /// Nobody who acts may gain by it: neither as one of the two, nor by joining roles.
    fn check_officers(
        &self,
        world: &World<'_>,
        acting: &[Option<&Act>],
    ) -> Result<(), ApplyMergeError> {
        let Data {
            absorbed, person, ..
        } = self.data;
        let officer = world.get::<Officer>(&Officer::stream(absorbed));
        if !officer.grants.is_empty() {
            return Err(ApplyMergeError::HoldsRoles(absorbed));
        }
        let own = acting
            .iter()
            .flatten()
            .any(|act| act.person == absorbed || act.person == person);
        if own {
            return Err(ApplyMergeError::OwnAccount);
        }
        Ok(())
    }
}

/// The person of this number, if nothing of it is closed.
fn known(world: &World<'_>, number: Uuid) -> Result<Person, ApplyMergeError> {
    let state = world.get::<Person>(&person::wire::stream(number));
    if !state.is_known() {
        return Err(ApplyMergeError::PersonUnknown(number));
    }
    if Purpose::ALL.iter().any(|it| state.is_closed(*it)) {
        return Err(ApplyMergeError::Erased(number));
    }
    Ok(Person::clone(&state))
}
