//! What is known of an account.

use identity::approval;
use identity::erasable::Commitments;
use identity::institution::{Institution, Signed, Standing};
use jiff::civil::Date;
use ledger::assertion::Target;
use ledger::decision::{Aggregate, Earlier, Occurred, Unreadable};
use uuid::Uuid;

use super::event::Event;
use super::outcome::{Fields, Origin};
use super::wire;
use crate::millicredits::Millicredits;

/// Where a lot stands (DOMAIN §3.4; the states that this release can reach).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LotState {
    /// Can be spent.
    Available,
    /// A correction put another in its place.
    Superseded,
    /// Its awarder does not stand for what deposited it, or not yet: shown, not to be used. No fact of
    /// the account says so; whoever reads asks the awarder's stream.
    Disputed,
    /// Ended for good.
    Revoked,
}

/// A quantity of credit from one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Its id.
    pub id: Uuid,
    /// Of which outcome.
    pub outcome: Uuid,
    /// How much; never changes.
    pub credit: Millicredits,
    /// First day on which it can no longer be used.
    pub usable_before: Option<Date>,
    /// Where it stands.
    pub state: LotState,
}

/// Where an outcome stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeState {
    /// As recorded, or as last corrected.
    Recorded,
    /// Ended for good by this commit.
    Revoked(Earlier),
    /// Its awarder has not said yet whether it was itself that ended it.
    Disputed,
}

/// Something learned and attested.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its id.
    pub id: Uuid,
    /// Where it comes from.
    pub origin: Origin,
    /// What it openly says now.
    pub fields: Fields,
    /// Commitments to what it says else now.
    pub values: Commitments,
    /// The commit that recorded it.
    pub recorded: Earlier,
    /// The commit that says what it says now: what a correction must name.
    pub current: Target,
    /// The assertion whose disclosures open `values`: of an approved act, the proposal.
    pub said_by: Uuid,
    /// Position of that commit.
    pub current_at: u64,
    /// Who signed that commit.
    pub signed: Signed,
    /// The commit that ended it, and who signed that one.
    pub revoked: Option<(Earlier, Signed)>,
    /// How many lots it ever had.
    pub lots: u64,
    /// The credentials that were ever issued for it, in order.
    pub credentials: Vec<Uuid>,
    /// What it said when it was recorded, once it was corrected.
    pub first: Option<Box<Version>>,
}

/// What an outcome said at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The assertion whose disclosures open `values`.
    pub id: Uuid,
    /// What it openly said.
    pub fields: Fields,
    /// Commitments to what it said else.
    pub values: Commitments,
}

impl Outcome {
    /// How far its awarder stands for what it says now.
    pub fn standing(&self, awarder: &Institution) -> Standing {
        self.signed.standing(awarder)
    }

    /// Where it stands; `awarder` may say that it was not itself that ended it.
    pub fn state(&self, awarder: &Institution) -> OutcomeState {
        match &self.revoked {
            None => OutcomeState::Recorded,
            Some((by, signed)) => match signed.standing(awarder) {
                Standing::Good => OutcomeState::Revoked(*by),
                Standing::Disputed => OutcomeState::Disputed,
                Standing::Repudiated => OutcomeState::Recorded,
            },
        }
    }

    /// As it was recorded and as it stands: whoever sends either of them again sends nothing new.
    pub fn versions(&self) -> Vec<Version> {
        let mut versions: Vec<Version> = self.first.iter().map(|first| (**first).clone()).collect();
        versions.push(Version {
            id: self.said_by,
            fields: self.fields.clone(),
            values: self.values.clone(),
        });
        versions
    }
}

/// A person's account.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// In order of recording.
    pub outcomes: Vec<Outcome>,
    /// In order of deposit.
    pub lots: Vec<Lot>,
}

impl Account {
    /// The outcome with this id.
    pub fn outcome(&self, id: Uuid) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.id == id)
    }

    /// The outcome of this origin.
    pub fn of_origin(&self, origin: &Origin) -> Option<&Outcome> {
        self.outcomes
            .iter()
            .find(|outcome| &outcome.origin == origin)
    }

    /// The lot of `outcome` that stands now: also one that only somebody else ended in the awarder's
    /// name.
    pub fn current_lot(&self, outcome: &Outcome, awarder: &Institution) -> Option<&Lot> {
        let last = self
            .lots
            .iter()
            .rfind(|lot| lot.outcome == outcome.id && lot.state != LotState::Superseded)?;
        let stands = !matches!(outcome.state(awarder), OutcomeState::Revoked(_));
        stands.then_some(last)
    }

    fn outcome_mut(&mut self, id: Uuid) -> Option<&mut Outcome> {
        self.outcomes.iter_mut().find(|outcome| outcome.id == id)
    }

    fn set_lot(&mut self, id: Uuid, state: LotState) {
        if let Some(lot) = self.lots.iter_mut().find(|lot| lot.id == id) {
            lot.state = state;
        }
    }
}

impl Aggregate for Account {
    const NOUN: &'static str = "account";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        let here = Earlier {
            id: at.assertion.id(),
            position: at.position,
        };
        let target = Target {
            id: at.assertion.id(),
            leaf: at.leaf,
        };
        let said_by = approval::said_by(at.assertion);
        match event {
            Event::OutcomeRecorded {
                outcome,
                origin,
                fields,
                values,
            } => self.outcomes.push(Outcome {
                id: *outcome,
                origin: origin.clone(),
                fields: fields.clone(),
                values: values.clone(),
                recorded: here,
                current: target,
                said_by,
                current_at: at.position,
                signed: Signed::of(at),
                revoked: None,
                lots: 0,
                credentials: Vec::new(),
                first: None,
            }),
            Event::OutcomeCorrected {
                outcome,
                fields,
                values,
            } => {
                if let Some(outcome) = self.outcome_mut(*outcome) {
                    outcome.first.get_or_insert_with(|| {
                        Box::new(Version {
                            id: outcome.said_by,
                            fields: outcome.fields.clone(),
                            values: outcome.values.clone(),
                        })
                    });
                    outcome.fields = fields.clone();
                    outcome.values = values.clone();
                    outcome.current = target;
                    outcome.said_by = said_by;
                    outcome.current_at = at.position;
                    outcome.signed = Signed::of(at);
                }
            }
            Event::OutcomeRevoked { outcome } => {
                if let Some(outcome) = self.outcome_mut(*outcome) {
                    outcome.revoked = Some((here, Signed::of(at)));
                }
            }
            Event::OutcomeCertified {
                outcome,
                credential,
            } => {
                if let Some(outcome) = self.outcome_mut(*outcome) {
                    outcome.credentials.push(*credential);
                }
            }
            Event::LotDeposited {
                lot,
                outcome,
                credit,
                usable_before,
                ..
            } => {
                if let Some(outcome) = self.outcome_mut(*outcome) {
                    outcome.lots = outcome.lots.saturating_add(1);
                }
                self.lots.push(Lot {
                    id: *lot,
                    outcome: *outcome,
                    credit: *credit,
                    usable_before: *usable_before,
                    state: LotState::Available,
                });
            }
            Event::LotSuperseded { lot, .. } => self.set_lot(*lot, LotState::Superseded),
            Event::LotRevoked { lot } => self.set_lot(*lot, LotState::Revoked),
        }
        self
    }
}
