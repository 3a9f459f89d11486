//! Two-person acts: the proposal is a commit, the second person's approval the one that causes the
//! fact (DESIGN §4, SECURITY §5 ②).
//!
//! Invariant: proposer ≠ approver; the approver's assertion names the proposal's id and leaf, so
//! exactly what was proposed is carried out, once, within the term.

pub mod decide;
pub mod event;
pub mod state;
pub mod wire;

pub use event::Event;
pub use state::{Approval, Proposal};

use ledger::assertion::Assertion;
use uuid::Uuid;

/// The assertion that carries the data and the values of what `assertion` brought about: an approval
/// only names the proposal that does.
pub fn said_by(assertion: &Assertion) -> Uuid {
    let proposal = assertion
        .target()
        .filter(|_| assertion.kind() == decide::KIND);
    proposal.map_or(assertion.id(), |target| target.id)
}
