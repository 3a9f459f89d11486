//! entries.reaffirm, entries.repudiate: what becomes of disputed positions. The acknowledgement key
//! signs the assertion, the assertion key in use the positions and the Merkle root over their leaves.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};

use super::event::{Event, KeyUse, Settlement};
use super::ranges::Ranges;
use super::seal::{self, Seal};
use super::state::Institution;
use super::{succession, wire};
use crate::did::IssuerNumber;

/// They are the institution's own.
pub const REAFFIRM: &str = "entries.reaffirm.v1";
/// They are not.
pub const REPUDIATE: &str = "entries.repudiate.v1";
/// Most ranges of one assertion.
pub const RANGES_MAX: usize = 1_000;

/// The assertion's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Whose entries: the signer's own, or those of one that was merged into it.
    pub institution: IssuerNumber,
    /// The part behind `#` of the assertion key that agrees.
    pub key: String,
    /// Which positions, in normal form.
    pub ranges: Ranges,
    /// Merkle root over the leaf hashes at those positions, in order.
    pub root: Digest,
    /// That key's signature ([`seal::settlement`]).
    pub seal: Seal,
}

/// Settle a dispute.
#[derive(Debug)]
pub struct SettleEntries {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// Which way.
    pub how: Settlement,
    /// What is asked.
    pub data: Data,
}

/// Why a dispute is not settled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettleEntriesError {
    /// Another institution's entries.
    #[error("institution {0}, or whoever answers for it since a merger, settles its entries")]
    NotYours(IssuerNumber),
    /// None, too many, or not in the one form.
    #[error("ranges: 1 to 1000 of [from, to], ascending, no two of them touching")]
    Ranges,
    /// The signer cannot have seen a position.
    #[error("position {last} is not in the log of {size} commits that was seen")]
    NotSeen {
        /// The last position named.
        last: u64,
        /// What it saw.
        size: u64,
    },
    /// Something there is not disputed.
    #[error("positions {from} to {to} are not all disputed")]
    NotDisputed {
        /// The first of the range.
        from: u64,
        /// Its last.
        to: u64,
    },
    /// The key that is to agree does not sign assertions here and now.
    #[error("{0:?} is no assertion key whose window is open")]
    KeyNotFit(String),
    /// It did not sign these positions and this root.
    #[error("seal is not that key's signature over these positions and this root")]
    Seal,
}

impl Decision for SettleEntries {
    type Error = SettleEntriesError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = succession::streams(world, self.data.institution);
        streams.push(self.issuer.stream());
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, SettleEntriesError> {
        let data = &self.data;
        let number = data.institution;
        let asker = world.get::<Institution>(&self.issuer.stream());
        if number != self.issuer && !asker.answers_for(number) {
            return Err(SettleEntriesError::NotYours(number));
        }
        let ranges = &data.ranges;
        let few = ranges.as_slice().len() <= RANGES_MAX;
        let last = ranges
            .last()
            .filter(|_| few && ranges.is_normal())
            .ok_or(SettleEntriesError::Ranges)?;
        let size = world.assertion.seen().size;
        if last >= size {
            return Err(SettleEntriesError::NotSeen { last, size });
        }
        let institution = succession::in_world(world, number);
        if let Some((from, to)) = ranges.outside(&institution.disputed()) {
            return Err(SettleEntriesError::NotDisputed { from, to });
        }
        let key = asker
            .key_at(&data.key, KeyUse::Assertion, world.position)
            .ok_or_else(|| SettleEntriesError::KeyNotFit(data.key.clone()))?;
        let log = world.assertion.log();
        let text = seal::settlement(self.how, log, number, ranges, &data.root);
        if !data.seal.is_by(&key.key, &text) {
            return Err(SettleEntriesError::Seal);
        }
        let settled = Event::EntriesSettled {
            how: self.how,
            ranges: ranges.clone(),
        };
        Ok(Verdict::Facts(vec![wire::to_fact(number, settled)]))
    }
}
