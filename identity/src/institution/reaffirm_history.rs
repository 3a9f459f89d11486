//! history.reaffirm: "all my commits up to P are mine", signed with the acknowledgement key, monthly.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};

use super::event::{Event, HistoryReaffirmed};
use super::state::Institution;
use super::{succession, wire};
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "history.reaffirm.v1";
/// Most positions that may be excepted at once.
pub const EXCEPT_MAX: usize = 1_000;

/// The assertion's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Positions that are not its own: ascending, behind the last floor, at most 1,000.
    pub except: Vec<u64>,
    /// Whose history.
    pub institution: IssuerNumber,
    /// Everything else up to this position is.
    pub through: u64,
}

/// Stand for one's history.
#[derive(Debug)]
pub struct ReaffirmHistory {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why a floor is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReaffirmHistoryError {
    /// Another institution's history.
    #[error("institution {0} stands for its own history")]
    NotYours(IssuerNumber),
    /// The signer cannot have seen that position.
    #[error("position {through} is not in the log of {size} commits that was seen")]
    NotSeen {
        /// Up to where it wants to stand.
        through: u64,
        /// What it saw.
        size: u64,
    },
    /// There is a floor at or above it.
    #[error("the floor is at {0} already and only rises")]
    NotHigher(u64),
    /// Too many, out of order, or not between the floors.
    #[error("except: at most 1000 positions, ascending, above the last floor and up to through")]
    Except,
}

impl Decision for ReaffirmHistory {
    type Error = ReaffirmHistoryError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = succession::streams(world, self.data.institution);
        streams.push(self.issuer.stream());
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ReaffirmHistoryError> {
        let Data {
            except,
            institution: number,
            through,
        } = &self.data;
        let asker = world.get::<Institution>(&self.issuer.stream());
        if *number != self.issuer && !asker.answers_for(*number) {
            return Err(ReaffirmHistoryError::NotYours(*number));
        }
        // What was seen is what is stood for: its root is in the signed text.
        let size = world.assertion.seen().size;
        if *through >= size {
            return Err(ReaffirmHistoryError::NotSeen {
                through: *through,
                size,
            });
        }
        let institution = succession::in_world(world, *number);
        let floor = institution.floor();
        if let Some(floor) = floor.filter(|floor| through <= floor) {
            return Err(ReaffirmHistoryError::NotHigher(floor));
        }
        let ascending = except
            .iter()
            .zip(except.iter().skip(1))
            .all(|(one, next)| one < next);
        let between = except
            .iter()
            .all(|at| at <= through && floor.is_none_or(|floor| *at > floor));
        if !ascending || !between || except.len() > EXCEPT_MAX {
            return Err(ReaffirmHistoryError::Except);
        }
        let reaffirmed = Event::HistoryReaffirmed(HistoryReaffirmed {
            through: *through,
            except: except.clone(),
        });
        Ok(Verdict::Facts(vec![wire::to_fact(*number, reaffirmed)]))
    }
}
