//! split.move: an issuer ends what it recorded under the wrong person and records it under the right one.
//!
//! Its values come again, with new salts, for the right person's keys: an erasure of either takes the own alone.

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::{Institution, Standing, succession};
use identity::person::split::Manifest;
use identity::person::{self, Person};
use ledger::assertion::Target;
use ledger::clock;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::division::{self, Division, is_revoked, speaks_for};
use crate::account::correct_outcome::Reason;
use crate::account::outcome::{Fields, lot_id};
use crate::account::whole;
use crate::account::{self, Event, Outcome, record_outcome};
use crate::credential;
use crate::millicredits::Millicredits;
use crate::policy::{self, Adopted, PolicyError, preset};

/// The assertion's kind.
pub const KIND: &str = "split.move.v1";
/// Members that are disclosed, never open: what an outcome or its correction may have.
pub const ERASABLE: &[&str] = &[
    "title",
    "grade",
    "teacher",
    "place",
    "remarks",
    "source",
    "reason_text",
];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments to title, mark and the like, under new salts.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// What it openly says: as it stands.
    #[serde(rename = "open")]
    pub fields: Fields,
    /// Whose account is split.
    pub from: Uuid,
    /// The outcome that ends.
    pub moved: Uuid,
    /// The one in its place ([`moved_id`]).
    pub outcome: Uuid,
    /// Whose it is.
    pub person: Uuid,
    /// The awarder's own number for it: as it stands.
    pub record: String,
    /// Which split.
    pub split: Uuid,
}

/// The id of what stands in place of `moved` from `split` on.
pub fn moved_id(split: Uuid, moved: Uuid) -> Uuid {
    clock::uuid_v8("xuefen/moved", &[split.as_bytes(), moved.as_bytes()])
}

/// Move an outcome.
#[derive(Debug)]
pub struct Transfer {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// The commit that says what the outcome says now.
    pub target: Option<Target>,
    /// What is asked.
    pub data: Data,
}

/// Why an outcome is not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// It ended, or never was.
    #[error("split {0} of this account is not in hand")]
    NotInHand(Uuid),
    /// The manifest says nothing of it, or it ended.
    #[error("outcome {0} is not in the manifest, or does not stand")]
    OutcomeUnknown(Uuid),
    /// The manifest gives it to the other of the two.
    #[error("the manifest gives this outcome to person {0}")]
    OtherPerson(Uuid),
    /// Somebody else's outcome.
    #[error(
        "outcome {outcome} was awarded by institution {awarder}, who alone moves it, or whoever answers for it"
    )]
    NotYours {
        /// Which outcome.
        outcome: Uuid,
        /// Whose it is.
        awarder: IssuerNumber,
    },
    /// It lies where it belongs.
    #[error("outcome {0} is where it belongs: agree to the split")]
    Settled(Uuid),
    /// Its awarder does not stand for it, or not yet.
    #[error("the outcome is disputed: settle the dispute first, or revoke it")]
    Disputed,
    /// The right person has an outcome of this record.
    #[error("the person has record {0:?} already: revoke one of the two")]
    RecordThere(String),
    /// The id is not the one derived from split and outcome.
    #[error(
        "outcome must be {expected}: the id is derived from the split and the outcome that ends"
    )]
    IdNotDerived {
        /// The id it must have.
        expected: Uuid,
    },
    /// The assertion does not name the commit that says what the outcome says now.
    #[error("target must be {{id: {id}, …}}, the commit that says what the outcome says now")]
    TargetNotCurrent {
        /// Id of the assertion to name.
        id: Uuid,
    },
    /// It would say something else.
    #[error("record, open and the number of values must be those of the outcome as it stands")]
    Differs,
    /// No policy is in force.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl Decision for Transfer {
    type Error = TransferError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let data = &self.data;
        let from = person::wire::stream(data.from);
        let Some(other) = division::other(world, data.from, data.split) else {
            return vec![from, self.issuer.stream()];
        };
        let mut streams = vec![
            from,
            account::wire::stream(data.from),
            self.issuer.stream(),
            Adopted::stream(preset::DEFAULT),
        ];
        streams.extend(whole::streams(world, data.from));
        streams.extend(whole::streams(world, other));
        let account = whole::in_world(world, data.from).account;
        if let Some(outcome) = account.outcome(data.moved) {
            streams.extend(succession::streams(world, outcome.origin.awarder));
            streams.extend(credential::state::streams_of(world, &outcome.credentials));
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, TransferError> {
        let data = &self.data;
        let state = world.get::<Person>(&person::wire::stream(data.from));
        let Some((_, manifest)) = state.splits.dividing(data.split) else {
            return Err(TransferError::NotInHand(data.split));
        };
        let moves = self.goes_to_other(manifest)?;
        let division = Division::in_world(world, data.from, manifest.other);
        let expected = moved_id(data.split, data.moved);
        if data.outcome != expected {
            return Err(TransferError::IdNotDerived { expected });
        }
        let account = &division.whole.account;
        let receiving = match &division.brought {
            Some(_) => division.whole.clone(),
            None => whole::in_world(world, manifest.other),
        };
        if let Some(done) = receiving.account.outcome(expected) {
            return Ok(Verdict::AlreadySo(done.recorded));
        }
        let outcome = account
            .outcome(data.moved)
            .filter(|it| !is_revoked(world, it))
            .ok_or(TransferError::OutcomeUnknown(data.moved))?;
        if division.is_settled(outcome, moves) {
            return Err(TransferError::Settled(outcome.id));
        }
        let institution = self.check_outcome(world, outcome)?;
        let ends_up = |it: &Outcome| match &division.brought {
            // Of two numbers in one account the manifest says, else where it lies.
            Some(_) if manifest.moves.contains(&it.id) => moves,
            Some(_) if manifest.stays.contains(&it.id) => !moves,
            Some(_) => division.is_of_other(it.id) == moves,
            None => true,
        };
        let mut there = receiving.account.outcomes.iter();
        if there.any(|it| {
            let same = it.origin == outcome.origin && it.id != outcome.id;
            same && ends_up(it) && !is_revoked(world, it)
        }) {
            return Err(TransferError::RecordThere(data.record.clone()));
        }
        // Whose stream says that it ends: the one that will be read for it once the two are apart.
        let ends_in = if division.is_of_other(outcome.id) {
            manifest.other
        } else {
            data.from
        };
        let policy = policy::in_force(world)?;
        let lot = account.current_lot(outcome, &institution);
        let mut facts = vec![account::wire::revoked(
            ends_in,
            outcome.id,
            outcome.person,
            Reason::WrongPerson,
        )];
        facts.extend(
            lot.map(|lot| account::wire::to_fact(ends_in, Event::LotRevoked { lot: lot.id })),
        );
        let recorded = record_outcome::Data {
            values: data.values.clone(),
            awarder: outcome.origin.awarder,
            fields: data.fields.clone(),
            outcome: expected,
            person: data.person,
            record: data.record.clone(),
        };
        facts.push(account::wire::recorded(data.person, &recorded));
        facts.push(account::wire::to_fact(
            data.person,
            Event::LotDeposited {
                lot: lot_id(expected, 0),
                outcome: expected,
                credit: lot.map_or(Millicredits::ZERO, |lot| lot.credit),
                usable_before: lot.and_then(|lot| lot.usable_before),
                policy: policy.reference(),
                warnings: Vec::new(),
            },
        ));
        // Who shows a credential of it is the wrong one: its issuer makes a new one for the right one.
        facts.extend(credential::state::end_all(
            world,
            &institution,
            &outcome.credentials,
            &credential::Event::Superseded,
        ));
        Ok(Verdict::Facts(facts))
    }
}

impl Transfer {
    /// Whether the outcome is the other person's; refused where the assertion says otherwise.
    fn goes_to_other(&self, manifest: &Manifest) -> Result<bool, TransferError> {
        let data = &self.data;
        let moves = manifest.moves.contains(&data.moved);
        if !moves && !manifest.stays.contains(&data.moved) {
            return Err(TransferError::OutcomeUnknown(data.moved));
        }
        let whose = if moves { manifest.other } else { data.from };
        if data.person != whose {
            return Err(TransferError::OtherPerson(whose));
        }
        Ok(moves)
    }

    fn check_outcome(
        &self,
        world: &World<'_>,
        outcome: &Outcome,
    ) -> Result<std::sync::Arc<Institution>, TransferError> {
        let data = &self.data;
        let awarder = outcome.origin.awarder;
        if !speaks_for(world, self.issuer, awarder) {
            return Err(TransferError::NotYours {
                outcome: outcome.id,
                awarder,
            });
        }
        let institution = succession::in_world(world, awarder);
        if outcome.standing(&institution) != Standing::Good {
            return Err(TransferError::Disputed);
        }
        if self.target != Some(outcome.current) {
            return Err(TransferError::TargetNotCurrent {
                id: outcome.current.id,
            });
        }
        let values = data.values.as_slice().len() == outcome.values.as_slice().len();
        if data.fields != outcome.fields || data.record != outcome.origin.record || !values {
            return Err(TransferError::Differs);
        }
        Ok(institution)
    }
}
