//! split.propose: two officers say that an account held two people, and which outcome is whose.

use std::collections::BTreeSet;

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::Institution;
use identity::person::split::{Event, Manifest, Side, to_fact};
use identity::person::{self, Person};
use identity::purpose::Purpose;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::division::{self, Division, is_revoked, is_silent};

/// The assertion's kind.
pub const KIND: &str = "split.propose.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["evidence"];
/// Outcomes that one manifest may name: it stands in one commit.
pub const OUTCOMES_MAX: usize = 1_000;

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitment to the evidence in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Outcomes of the other person, in ascending order.
    pub moves: Vec<Uuid>,
    /// The other person: registered, or merged into this one.
    pub other: Uuid,
    /// Whose account held both.
    pub person: Uuid,
    /// Outcomes that are the person's own, in ascending order.
    pub stays: Vec<Uuid>,
}

/// Propose a split.
#[derive(Debug)]
pub struct Propose {
    /// Who asks.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why an account is not split like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposeSplitError {
    /// One number twice.
    #[error("person and other are the same number")]
    Same,
    /// Nobody has this number.
    #[error("person {0} is not registered")]
    PersonUnknown(Uuid),
    /// The number is part of another.
    #[error("person {person} is part of {into}: name that number")]
    Merged {
        /// The number given.
        person: Uuid,
        /// The number that stays.
        into: Uuid,
    },
    /// An institution splits only whom it registered, both of them.
    #[error("institution {0} did not register both; the registrar may split them")]
    NotOnRoster(IssuerNumber),
    /// Something of one of the two is erased or being erased.
    #[error("values of person {0} are erased or being erased")]
    Erased(Uuid),
    /// Whoever proposes or agrees is one of the two.
    #[error("nobody splits an account of the own")]
    OwnAccount,
    /// One of the two is in a split already.
    #[error("split {0} is in hand: finish or withdraw it first")]
    InHand(Uuid),
    /// Nothing shows that they are two.
    #[error("the commitment to the evidence is missing")]
    EvidenceMissing,
    /// More outcomes than one commit can name.
    #[error(
        "the account has {outcomes} outcomes; at most {OUTCOMES_MAX} can be named in one commit"
    )]
    TooLarge {
        /// How many.
        outcomes: usize,
    },
    /// Not in ascending order, or an outcome twice.
    #[error("moves and stays must each be in ascending order and have no outcome in common")]
    NotInOrder,
    /// No such outcome stands in this account.
    #[error("no outcome {0} stands in this account")]
    OutcomeUnknown(Uuid),
    /// An outcome is nobody's.
    #[error("outcome {0} stands in the account and the manifest gives it to neither")]
    NotAssigned(Uuid),
    /// Nobody can say any more whose it is.
    #[error(
        "outcome {outcome} was awarded by institution {awarder}, for which nobody answers any more: it can only stay"
    )]
    IssuerSilent {
        /// Which outcome.
        outcome: Uuid,
        /// Who awarded it.
        awarder: IssuerNumber,
    },
}

impl Decision for Propose {
    type Error = ProposeSplitError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        division::streams(world, self.data.person, self.data.other, self.ask.issuer)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ProposeSplitError> {
        let Data { person, other, .. } = self.data;
        self.check_people(world)?;
        let division = Division::in_world(world, person, other);
        self.check_manifest(world, &division)?;
        let split = self.ask.id;
        let manifest = Manifest {
            moves: self.data.moves.clone(),
            other,
            stays: self.data.stays.clone(),
        };
        let proposed = |side| Event::Proposed { split, side };
        Ok(Verdict::Facts(vec![
            to_fact(person, proposed(Side::Divides(manifest))),
            to_fact(other, proposed(Side::Receives(person))),
        ]))
    }
}

impl Propose {
    fn check_people(&self, world: &World<'_>) -> Result<(), ProposeSplitError> {
        let Data { person, other, .. } = self.data;
        if person == other {
            return Err(ProposeSplitError::Same);
        }
        let states = [person, other].map(|it| world.get::<Person>(&person::wire::stream(it)));
        let issuer = self.ask.issuer;
        let asker = world.get::<Institution>(&issuer.stream());
        for (number, state) in [person, other].into_iter().zip(&states) {
            if !state.is_known() {
                return Err(ProposeSplitError::PersonUnknown(number));
            }
            if !state.is_served_by(issuer, &asker) {
                return Err(ProposeSplitError::NotOnRoster(issuer));
            }
        }
        for (number, state) in [person, other].into_iter().zip(&states) {
            let part_of = state
                .merged_into
                .filter(|(into, _)| number == person || *into != person);
            if let Some((into, _)) = part_of {
                return Err(ProposeSplitError::Merged {
                    person: number,
                    into,
                });
            }
            if Purpose::ALL.iter().any(|it| state.is_closed(*it)) {
                return Err(ProposeSplitError::Erased(number));
            }
            if let Some(in_hand) = &state.splits.in_hand {
                return Err(ProposeSplitError::InHand(in_hand.split));
            }
        }
        if is_of(&self.ask, world, &[person, other]) {
            return Err(ProposeSplitError::OwnAccount);
        }
        if self.data.values.is_empty() {
            return Err(ProposeSplitError::EvidenceMissing);
        }
        Ok(())
    }

    fn check_manifest(
        &self,
        world: &World<'_>,
        division: &Division,
    ) -> Result<(), ProposeSplitError> {
        let Data { moves, stays, .. } = &self.data;
        let outcomes = moves.len() + stays.len();
        if outcomes > OUTCOMES_MAX {
            return Err(ProposeSplitError::TooLarge { outcomes });
        }
        let named: BTreeSet<Uuid> = moves.iter().chain(stays).copied().collect();
        if !moves.is_sorted() || !stays.is_sorted() || named.len() != outcomes {
            return Err(ProposeSplitError::NotInOrder);
        }
        let account = &division.whole.account;
        let mut standing = account.outcomes.iter().filter(|it| !is_revoked(world, it));
        if let Some(missing) = standing.clone().find(|it| !named.contains(&it.id)) {
            return Err(ProposeSplitError::NotAssigned(missing.id));
        }
        let stands: BTreeSet<Uuid> = standing.clone().map(|it| it.id).collect();
        if let Some(unknown) = named.iter().find(|it| !stands.contains(*it)) {
            return Err(ProposeSplitError::OutcomeUnknown(*unknown));
        }
        let stuck = standing.find(|it| {
            !division.is_settled(it, moves.contains(&it.id)) && is_silent(world, it.origin.awarder)
        });
        match stuck {
            Some(outcome) => Err(ProposeSplitError::IssuerSilent {
                outcome: outcome.id,
                awarder: outcome.origin.awarder,
            }),
            None => Ok(()),
        }
    }
}

/// Whether the proposer, or whoever's assertion lets it take effect, is one of these.
pub(super) fn is_of(ask: &Ask, world: &World<'_>, people: &[Uuid]) -> bool {
    let acting = [ask.act.as_ref(), world.assertion.act()];
    let mut acting = acting.into_iter().flatten();
    acting.any(|act| people.contains(&act.person))
}
