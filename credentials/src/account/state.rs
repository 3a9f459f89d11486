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
    /// A merge brought it beside another from the same record: shown, not to be used. No fact says so
    /// either ([`Account::is_doubled`]).
    Quarantined,
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
    /// The number under which it was recorded: what is said of it later names the same.
    pub person: Uuid,
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
    /// The commits that ended it, in order, and who signed each: more than one only where somebody else
    /// may have ended it in the awarder's name.
    pub revoked: Vec<(Earlier, Signed)>,
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
        let mut state = OutcomeState::Recorded;
        for (by, signed) in &self.revoked {
            match signed.standing(awarder) {
                Standing::Good => return OutcomeState::Revoked(*by),
                Standing::Disputed => state = OutcomeState::Disputed,
                Standing::Repudiated => {}
            }
        }
        state
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

/// What an account keeps of where and by whom something was said.
#[derive(Debug, Clone)]
struct Place {
    here: Earlier,
    target: Target,
    said_by: Uuid,
    signed: Signed,
}

impl Place {
    fn of(at: &Occurred<'_>) -> Self {
        let id = at.assertion.id();
        Self {
            here: Earlier {
                id,
                position: at.position,
            },
            target: Target { id, leaf: at.leaf },
            said_by: approval::said_by(at.assertion),
            signed: Signed::of(at),
        }
    }
}

/// Another number's account, taken in.
#[derive(Debug, Clone)]
pub struct Part {
    /// Whose.
    pub from: Uuid,
    /// The commit.
    pub by: Earlier,
}

/// The account of one number: what its own stream says.
///
/// Whoever decides or reads about a *person* takes [`super::whole()`], which puts together what a merge
/// put together.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// In order of recording.
    pub outcomes: Vec<Outcome>,
    /// In order of deposit.
    pub lots: Vec<Lot>,
    /// Whose account has everything of it now, and the commit; `None` = open.
    pub absorbed_by: Option<(Uuid, Earlier)>,
    /// Accounts taken in, in order.
    pub parts: Vec<Part>,
    /// What was said here of outcomes that a part brought.
    later: Vec<(Event, Place)>,
}

impl Account {
    /// The outcome with this id.
    pub fn outcome(&self, id: Uuid) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.id == id)
    }

    /// The outcome of this origin.
    fn of_origin(&self, origin: &Origin) -> Option<&Outcome> {
        self.outcomes
            .iter()
            .find(|outcome| &outcome.origin == origin)
    }

    /// What stands of a record: the outcome with the id that it has under this very number; else one of
    /// the same origin under another number of the person, which may have it with other content.
    pub fn of_record(&self, id: Uuid, origin: &Origin) -> Option<&Outcome> {
        self.outcome(id).or_else(|| self.of_origin(origin))
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

    /// Whether anything was said here of this outcome since a part brought it.
    pub(crate) fn has_said_of(&self, outcome: Uuid) -> bool {
        let of = |(event, _): &(Event, Place)| outcome_of(event) == Some(outcome);
        self.later.iter().any(of)
    }

    /// The same, of what was said behind a position.
    pub(crate) fn has_said_of_since(&self, outcome: Uuid, position: u64) -> bool {
        let of = |(event, place): &(Event, Place)| {
            outcome_of(event) == Some(outcome) && place.here.position > position
        };
        self.later.iter().any(of)
    }

    /// Whether another outcome from the same record counts in its place: of those that stand, the one
    /// that was recorded first does. Only a merge brings two together.
    pub fn is_doubled(&self, outcome: &Outcome, awarder: &Institution) -> bool {
        !self.parts.is_empty()
            && self.outcomes.iter().any(|other| {
                other.origin == outcome.origin
                    && other.recorded.position < outcome.recorded.position
                    && !matches!(other.state(awarder), OutcomeState::Revoked(_))
                    && other.standing(awarder) != Standing::Repudiated
            })
    }

    /// Takes in what a part brought, as it stood when it was closed.
    pub(super) fn take_in(&mut self, brought: &Self) {
        self.outcomes.extend(brought.outcomes.iter().cloned());
        self.lots.extend(brought.lots.iter().cloned());
    }

    /// Lets what was said here of the parts' outcomes take effect.
    pub(super) fn catch_up(&mut self) {
        for (event, place) in std::mem::take(&mut self.later) {
            // What is about no outcome of this account any more changes nothing.
            let _unknown = self.apply(&event, &place);
        }
    }

    fn outcome_mut(&mut self, id: Uuid) -> Option<&mut Outcome> {
        self.outcomes.iter_mut().find(|outcome| outcome.id == id)
    }

    fn set_lot(&mut self, id: Uuid, state: LotState) -> Option<()> {
        let lot = self.lots.iter_mut().find(|lot| lot.id == id)?;
        lot.state = state;
        Some(())
    }

    /// The state after `event`; `None` if it is about an outcome or lot that is not here.
    fn apply(&mut self, event: &Event, place: &Place) -> Option<()> {
        match event {
            Event::OutcomeRecorded {
                outcome,
                person,
                origin,
                fields,
                values,
            } => self.outcomes.push(Outcome {
                id: *outcome,
                person: *person,
                origin: origin.clone(),
                fields: fields.clone(),
                values: values.clone(),
                recorded: place.here,
                current: place.target,
                said_by: place.said_by,
                current_at: place.here.position,
                signed: place.signed.clone(),
                revoked: Vec::new(),
                lots: 0,
                credentials: Vec::new(),
                first: None,
            }),
            Event::OutcomeCorrected {
                outcome,
                fields,
                values,
                person: _,
            } => self.outcome_mut(*outcome)?.correct(fields, values, place),
            Event::OutcomeRevoked { outcome, person: _ } => {
                let ended = (place.here, place.signed.clone());
                self.outcome_mut(*outcome)?.revoked.push(ended);
            }
            Event::OutcomeCertified {
                outcome,
                credential,
            } => self.outcome_mut(*outcome)?.credentials.push(*credential),
            Event::LotDeposited {
                lot,
                outcome,
                credit,
                usable_before,
                ..
            } => {
                let of = self.outcome_mut(*outcome)?;
                of.lots = of.lots.saturating_add(1);
                self.lots.push(Lot {
                    id: *lot,
                    outcome: *outcome,
                    credit: *credit,
                    usable_before: *usable_before,
                    state: LotState::Available,
                });
            }
            Event::LotSuperseded { lot, .. } => self.set_lot(*lot, LotState::Superseded)?,
            Event::LotRevoked { lot } => self.set_lot(*lot, LotState::Revoked)?,
            Event::Absorbed { into } => self.absorbed_by = Some((*into, place.here)),
            Event::Absorbs { from, lots: _ } => self.parts.push(Part {
                from: *from,
                by: place.here,
            }),
            Event::Released { from } => self.parts.retain(|part| part.from != *from),
            Event::Restored { .. } => self.absorbed_by = None,
        }
        Some(())
    }
}

impl Outcome {
    fn correct(&mut self, fields: &Fields, values: &Commitments, place: &Place) {
        self.first.get_or_insert_with(|| {
            Box::new(Version {
                id: self.said_by,
                fields: self.fields.clone(),
                values: self.values.clone(),
            })
        });
        self.fields = fields.clone();
        self.values = values.clone();
        self.current = place.target;
        self.said_by = place.said_by;
        self.current_at = place.here.position;
        self.signed = place.signed.clone();
    }
}

/// The outcome that an event is about, if it names one.
fn outcome_of(event: &Event) -> Option<Uuid> {
    match event {
        Event::OutcomeRecorded { outcome, .. }
        | Event::OutcomeCorrected { outcome, .. }
        | Event::OutcomeRevoked { outcome, .. }
        | Event::OutcomeCertified { outcome, .. }
        | Event::LotDeposited { outcome, .. } => Some(*outcome),
        // The end of a lot stands in one commit with what happened to its outcome.
        Event::LotSuperseded { .. }
        | Event::LotRevoked { .. }
        | Event::Absorbed { .. }
        | Event::Absorbs { .. }
        | Event::Released { .. }
        | Event::Restored { .. } => None,
    }
}

impl Aggregate for Account {
    const NOUN: &'static str = "account";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        let place = Place::of(at);
        if self.apply(event, &place).is_none() {
            self.later.push((event.clone(), place));
        }
        self
    }
}
