//! institution.merge: one institution goes up in another, which answers for it from here on.
//!
//! Numbers, codes, names, status lists and credentials of the one stay as they are (DOMAIN §3.18): the lots
//! keep the awarder as it was. The other one corrects, revokes, and settles what is disputed.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::life::Condition;
use super::state::{Institution, Profile};
use super::succession::{ABSORBED_MAX, GENERATIONS_MAX};
use super::wire;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "institution.merge.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which institution ends.
    pub institution: IssuerNumber,
    /// Which one answers for it.
    pub into: IssuerNumber,
}

/// Merge an institution into another.
#[derive(Debug)]
pub struct MergeInstitution {
    /// What is asked.
    pub data: Data,
}

/// Why they stay two.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeInstitutionError {
    /// It is above all others, and nobody's successor.
    #[error("the registrar is merged with nobody")]
    Registrar,
    /// One institution twice.
    #[error("an institution is not merged into itself")]
    Itself,
    /// No such institution.
    #[error("institution {0} is not admitted")]
    Unknown(IssuerNumber),
    /// It has a successor, for good.
    #[error("institution {number} was merged into institution {into}")]
    Merged {
        /// Which.
        number: IssuerNumber,
        /// Who answers for it.
        into: IssuerNumber,
    },
    /// Who is to answer for it does not act.
    #[error("institution {0} is closed, merged or suspended: it answers for nobody")]
    SuccessorNotOpen(IssuerNumber),
    /// Who stands below the one would stand beside or above the other.
    #[error("institution {0} stands on a lower level")]
    LevelUnfit(IssuerNumber),
    /// Nobody could follow who answers for whom.
    #[error("a chain of at most 8 mergers, and at most 1000 institutions in one")]
    TooMany,
}

impl Decision for MergeInstitution {
    type Error = MergeInstitutionError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![self.data.institution.stream(), self.data.into.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, MergeInstitutionError> {
        let Data {
            institution: number,
            into,
        } = self.data;
        if number == IssuerNumber::REGISTRAR || into == IssuerNumber::REGISTRAR {
            return Err(MergeInstitutionError::Registrar);
        }
        if number == into {
            return Err(MergeInstitutionError::Itself);
        }
        let ending = world.get::<Institution>(&number.stream());
        let staying = world.get::<Institution>(&into.stream());
        let level = level(&ending, number)?;
        let above = self::level(&staying, into)?;
        // One that was closed may find a successor later.
        if let Some(by) = ending.life.ended
            && let Some(standing) = by.into
        {
            return if standing == into {
                Ok(Verdict::AlreadySo(by.by))
            } else {
                let into = standing;
                Err(MergeInstitutionError::Merged { number, into })
            };
        }
        if staying.condition() != Condition::Open {
            return Err(MergeInstitutionError::SuccessorNotOpen(into));
        }
        if above.is_below(level) {
            return Err(MergeInstitutionError::LevelUnfit(into));
        }
        let generations = ending.life.generations.saturating_add(1);
        let mut numbers = vec![number];
        numbers.extend(&ending.life.absorbed);
        let all = staying.life.absorbed.len().saturating_add(numbers.len());
        if generations > GENERATIONS_MAX || all > ABSORBED_MAX {
            return Err(MergeInstitutionError::TooMany);
        }
        let absorbs = Event::Absorbs {
            numbers,
            generations,
        };
        Ok(Verdict::Facts(vec![
            wire::to_fact(number, Event::Merged { into }),
            wire::to_fact(into, absorbs),
        ]))
    }
}

fn level(
    institution: &Institution,
    number: IssuerNumber,
) -> Result<super::Level, MergeInstitutionError> {
    let profile: Option<&Profile> = institution.admitted.as_ref();
    let profile = profile.ok_or(MergeInstitutionError::Unknown(number))?;
    Ok(profile.level)
}
