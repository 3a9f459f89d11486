//! What happens to a proposal, in today's shapes.

use uuid::Uuid;

/// Everything that happens to a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// approval.proposed: the asking as signed.
    Proposed {
        /// The assertion's data, JSON.
        data: String,
    },
    /// approval.given: one of several persons needed agreed.
    Given {
        /// Who.
        person: Uuid,
    },
    /// approval.completed: the last person needed agreed and the act was done.
    Completed {
        /// Who.
        person: Uuid,
    },
    /// approval.rejected: somebody said no; nothing will come of it.
    Rejected {
        /// Who.
        person: Uuid,
    },
}
