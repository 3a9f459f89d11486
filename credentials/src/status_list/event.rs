//! What happens to the lists of one number, in today's shapes.

use uuid::Uuid;

use crate::vc::status::Purpose;

/// Everything that happens to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// status.allocated: the bit belongs to this credential, for ever.
    Allocated {
        /// Whose.
        credential: Uuid,
        /// Which bit.
        index: u32,
    },
    /// status.changed: the bit of one of the three lists says this now.
    Changed {
        /// Which bit.
        index: u32,
        /// Of which list.
        purpose: Purpose,
        /// Set or clear.
        set: bool,
    },
}
