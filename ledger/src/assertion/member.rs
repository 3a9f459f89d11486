//! The leaf's line of a batch's member: `batch:<envelope>:<index>:<kid>:<payload>`.

use super::Malformed;
use crate::commit;

/// How such a line begins; a compact JWS has no colon.
pub(super) const MEMBER_TAG: &str = "batch:";

/// Where a member of a signed batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Position of the envelope.
    pub envelope: u64,
    /// Index among the members, from 0: the member stands at `envelope` + 1 + `index`.
    pub index: u32,
}

impl Place {
    /// The position that a member in this place has.
    pub fn position(&self) -> u64 {
        self.envelope
            .saturating_add(1)
            .saturating_add(self.index.into())
    }
}

/// The parts of a member's line.
pub(super) struct MemberLine<'a> {
    pub(super) place: Place,
    pub(super) kid: &'a str,
    pub(super) payload: &'a str,
}

impl<'a> MemberLine<'a> {
    /// `None` = the line is no member's.
    pub(super) fn split(line: &'a str) -> Result<Option<Self>, Malformed> {
        let Some(rest) = line.strip_prefix(MEMBER_TAG) else {
            return Ok(None);
        };
        let malformed = || Malformed::Member("not batch:<envelope>:<index>:<kid>:<payload>");
        let (envelope, rest) = rest.split_once(':').ok_or_else(malformed)?;
        let (index, rest) = rest.split_once(':').ok_or_else(malformed)?;
        // A kid has colons, a payload has none.
        let (kid, payload) = rest.rsplit_once(':').ok_or_else(malformed)?;
        let place = Place {
            envelope: commit::number(envelope).ok_or_else(malformed)?,
            index: commit::number(index).ok_or_else(malformed)?,
        };
        Ok(Some(Self {
            place,
            kid,
            payload,
        }))
    }
}
