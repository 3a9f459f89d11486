//! What happens to an account, in today's shapes.

use identity::erasable::Commitments;
use jiff::civil::Date;
use uuid::Uuid;

use super::outcome::{Fields, Origin};
use crate::millicredits::Millicredits;
use crate::policy::PolicyRef;

/// Something about a lot that a person should know; not a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// Credits and hours do not agree by the policy's rate; the credits won.
    HoursMismatch,
}

/// Everything that happens to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// outcome.recorded
    OutcomeRecorded {
        /// Its id.
        outcome: Uuid,
        /// The number under which it was recorded; after a merge it may stand in another's account.
        person: Uuid,
        /// Where it comes from.
        origin: Origin,
        /// What it openly says.
        fields: Fields,
        /// Commitments to what it says else.
        values: Commitments,
    },
    /// outcome.corrected: the same outcome, with other fields.
    OutcomeCorrected {
        /// Its id.
        outcome: Uuid,
        /// The number under which it was recorded.
        person: Uuid,
        /// What it openly says now.
        fields: Fields,
        /// Commitments to what it says else now.
        values: Commitments,
    },
    /// outcome.revoked: ended for good.
    OutcomeRevoked {
        /// Its id.
        outcome: Uuid,
        /// The number under which it was recorded.
        person: Uuid,
    },
    /// outcome.certified: a credential stands for it.
    OutcomeCertified {
        /// Its id.
        outcome: Uuid,
        /// The credential.
        credential: Uuid,
    },
    /// lot.deposited
    LotDeposited {
        /// Its id.
        lot: Uuid,
        /// Of which outcome.
        outcome: Uuid,
        /// How much.
        credit: Millicredits,
        /// First day on which it can no longer be used.
        usable_before: Option<Date>,
        /// Under which policy the amount and the day were computed.
        policy: PolicyRef,
        /// What a person should know.
        warnings: Vec<Warning>,
    },
    /// lot.superseded: a correction put another lot in its place.
    LotSuperseded {
        /// The lot that ended.
        lot: Uuid,
        /// The lot in its place.
        successor: Uuid,
    },
    /// lot.revoked: ended for good.
    LotRevoked {
        /// The lot that ended.
        lot: Uuid,
    },
    /// account.absorbed: closed; everything of it stands in that person's account from now on.
    Absorbed {
        /// Whose account.
        into: Uuid,
    },
    /// account.absorbs: another number's account is part of this one.
    Absorbs {
        /// Whose.
        from: Uuid,
        /// Every lot it brings.
        lots: Vec<Uuid>,
    },
    /// account.released: a merge was taken back; what that account brought is no part of this one.
    Released {
        /// Whose.
        from: Uuid,
    },
    /// account.restored: open again as it was before it was absorbed.
    Restored {
        /// Whose account had it.
        from: Uuid,
    },
}
