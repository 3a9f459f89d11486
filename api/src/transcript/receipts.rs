//! What proves a line: the commits that say what it says.
//!
//! Invariant: the receipts of a line prove its state and its values, not only that it once began;
//! a commit stands among them once.

use projections::transcripts::{Line as Row, LineState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::Problem;

/// What a commit says of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Proves {
    /// That it was recorded.
    Recorded,
    /// What it says since its last correction.
    Corrected,
    /// That it was revoked.
    Revoked,
    /// The values that the second person agreed to.
    Proposed,
}

/// A receipt, and what it is the receipt of.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineReceipt {
    /// Position of the commit.
    pub position: u64,
    /// What the commit says.
    pub proves: Proves,
    /// C2SP tlog-proof of the commit, with the commit.
    pub receipt: String,
}

/// The receipts of a line, in the order of the log.
pub(super) fn of(app: &App, row: &Row) -> Result<Vec<LineReceipt>, Problem> {
    let mut commits = vec![(row.recorded.position, Proves::Recorded)];
    if row.target.id != row.recorded.id {
        commits.push((position_of(app, row.target.id)?, Proves::Corrected));
    }
    if row.state == LineState::Revoked {
        commits.push((row.changed, Proves::Revoked));
    }
    if let Some(proposal) = row.signature.proposal {
        commits.push((position_of(app, proposal)?, Proves::Proposed));
    }
    commits.sort_by_key(|(position, _)| *position);
    commits
        .into_iter()
        .map(|(position, proves)| {
            let receipt = app.ledger.receipt(position)?;
            let receipt = receipt.ok_or_else(|| missing(position))?;
            Ok(LineReceipt {
                position,
                proves,
                receipt: receipt.to_string(),
            })
        })
        .collect()
}

fn position_of(app: &App, id: uuid::Uuid) -> Result<u64, Problem> {
    let position = app.ledger.position_of(id)?;
    position.ok_or_else(|| missing(id))
}

/// The view holds only what the log holds.
fn missing(what: impl std::fmt::Display) -> Problem {
    Problem::internal(format!("the view names {what}, which the log has not"))
}
