//! Two people in one account: what a split says in both persons' streams (SECURITY §1.2).
//!
//! Invariant: a person has at most one split in hand; it ends by being applied or withdrawn.
//! A crash loses nothing: pure.

use ledger::decision::{Earlier, Unreadable};
use ledger::fact::Fact;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire::stream;
use crate::did::IssuerNumber;
use crate::wire::{fact, read, unknown};

/// split.proposed.v1
pub const PROPOSED_V1: &str = "split.proposed.v1";
/// split.agreed.v1: in the stream of the person whose account is split.
pub const AGREED_V1: &str = "split.agreed.v1";
/// split.applied.v1
pub const APPLIED_V1: &str = "split.applied.v1";
/// split.withdrawn.v1
pub const WITHDRAWN_V1: &str = "split.withdrawn.v1";

/// Which outcome is whose: each exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Outcomes of the other person.
    pub moves: Vec<Uuid>,
    /// The other person.
    pub other: Uuid,
    /// Outcomes of the person whose account is split.
    pub stays: Vec<Uuid>,
}

/// What a person is in a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The account is this person's, and is split like this.
    Divides(Manifest),
    /// Part of that person's account is this one's.
    Receives(Uuid),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposedV1 {
    side: Side,
    split: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreedV1 {
    issuer: IssuerNumber,
    split: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndedV1 {
    split: Uuid,
}

/// What happens to a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// split.proposed: two officers say which outcome is whose.
    Proposed {
        /// Its name: the id of the proposal.
        split: Uuid,
        /// What the person is in it.
        side: Side,
    },
    /// split.agreed: an issuer says that it is so of what it issued.
    Agreed {
        /// Which split.
        split: Uuid,
        /// Who.
        issuer: IssuerNumber,
    },
    /// split.applied: each outcome is where it belongs.
    Applied {
        /// Which split.
        split: Uuid,
    },
    /// split.withdrawn: it does not go on.
    Withdrawn {
        /// Which split.
        split: Uuid,
    },
}

/// A split in hand.
#[derive(Debug, Clone)]
pub struct InHand {
    /// Its name.
    pub split: Uuid,
    /// What the person is in it.
    pub side: Side,
    /// The commit by which two officers agreed.
    pub by: Earlier,
    /// The issuers that agreed, and where.
    pub agreed: Vec<(IssuerNumber, Earlier)>,
}

impl InHand {
    /// Whether what was recorded at `position` in the person's account may not be used meanwhile: all of the
    /// account that is split, and what the other person got since.
    pub fn holds(&self, position: u64) -> bool {
        match self.side {
            Side::Divides(_) => true,
            Side::Receives(_) => position > self.by.position,
        }
    }
}

/// A person's splits.
#[derive(Debug, Clone, Default)]
pub struct Splits {
    /// The one in hand.
    pub in_hand: Option<InHand>,
    /// Those that ended, by their names, and how.
    pub ended: Vec<(Uuid, Ending, Earlier)>,
}

/// How a split ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Each outcome is where it belongs.
    Applied,
    /// Given up.
    Withdrawn,
}

impl Splits {
    /// The manifest of the split of this name, if it is in hand and this person's account is what it splits.
    pub fn dividing(&self, split: Uuid) -> Option<(&InHand, &Manifest)> {
        let in_hand = self.in_hand.as_ref().filter(|it| it.split == split)?;
        match &in_hand.side {
            Side::Divides(manifest) => Some((in_hand, manifest)),
            Side::Receives(_) => None,
        }
    }

    /// The commit that ended the split of this name like this.
    pub fn ended(&self, split: Uuid, how: Ending) -> Option<Earlier> {
        let ended = self.ended.iter().find(|it| (it.0, it.1) == (split, how));
        ended.map(|(_, _, by)| *by)
    }

    pub(super) fn evolve(&mut self, event: &Event, here: Earlier) {
        match event {
            Event::Proposed { split, side } => {
                self.in_hand = Some(InHand {
                    split: *split,
                    side: side.clone(),
                    by: here,
                    agreed: Vec::new(),
                });
            }
            Event::Agreed { split, issuer } => {
                if let Some(it) = self.in_hand.as_mut().filter(|it| it.split == *split) {
                    it.agreed.push((*issuer, here));
                }
            }
            Event::Applied { split } => self.end(*split, Ending::Applied, here),
            Event::Withdrawn { split } => self.end(*split, Ending::Withdrawn, here),
        }
    }

    fn end(&mut self, split: Uuid, how: Ending, here: Earlier) {
        self.in_hand.take_if(|it| it.split == split);
        self.ended.push((split, how, here));
    }
}

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    const NOUN: &str = "person";
    match kind {
        PROPOSED_V1 => read::<ProposedV1>(NOUN, kind, data).map(|v1| Event::Proposed {
            split: v1.split,
            side: v1.side,
        }),
        AGREED_V1 => read::<AgreedV1>(NOUN, kind, data).map(|v1| Event::Agreed {
            split: v1.split,
            issuer: v1.issuer,
        }),
        APPLIED_V1 => {
            read::<EndedV1>(NOUN, kind, data).map(|v1| Event::Applied { split: v1.split })
        }
        WITHDRAWN_V1 => {
            read::<EndedV1>(NOUN, kind, data).map(|v1| Event::Withdrawn { split: v1.split })
        }
        _ => Err(unknown(NOUN, kind)),
    }
}

/// The fact that `event` becomes in the stream of `person`.
pub fn to_fact(person: Uuid, event: Event) -> Fact {
    let stream = stream(person);
    match event {
        Event::Proposed { split, side } => fact(stream, PROPOSED_V1, &ProposedV1 { side, split }),
        Event::Agreed { split, issuer } => fact(stream, AGREED_V1, &AgreedV1 { issuer, split }),
        Event::Applied { split } => fact(stream, APPLIED_V1, &EndedV1 { split }),
        Event::Withdrawn { split } => fact(stream, WITHDRAWN_V1, &EndedV1 { split }),
    }
}
