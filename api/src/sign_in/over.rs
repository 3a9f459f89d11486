//! What ends when somebody may not act any more: tokens and sessions, by one hook behind every commit.
//!
//! Invariant: from the commit that suspends, records a death, merges, opens an account again or forgets on, nobody is signed in as
//! that person; what a crash leaves over is refused by [`Caller::still_may`](crate::extract::Caller) as long as the reason stands.

use identity::person::{assurance, authenticator, link, recovery, wire};
use ledger::commit::Commit;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;

/// Kinds of facts that end what their person is signed in with.
const ENDING: [&str; 6] = [
    assurance::LOWERED_V1,
    wire::SUSPENDED_V1,
    wire::DEATH_RECORDED_V1,
    wire::MERGE_APPLIED_V1,
    wire::MERGE_REVERTED_V1,
    recovery::wire::COMPLETED_V1,
];

/// Kinds of facts that end what one way of signing in began.
const WAYS_IN: [&str; 3] = [
    link::REMOVED_V1,
    authenticator::REMOVED_V1,
    authenticator::SUSPENDED_V1,
];

impl App {
    /// Ends every token and session of a person.
    pub fn sign_out(&self, person: Uuid) -> Result<(), Problem> {
        self.sign_in.sessions.end_all(person, None)?;
        self.tokens.revoke_person(person)?;
        Ok(())
    }

    /// Ends what a commit ends. It stands already, so a failure here is told to the log alone.
    pub(crate) fn end_what_is_over(&self, commit: &Commit) {
        for fact in &commit.facts {
            if WAYS_IN.contains(&&*fact.kind) {
                // What two persons agreed to stands in the fact: the approval names the proposal alone.
                let data = fact.data.as_deref().unwrap_or(commit.assertion.data());
                self.end_way_in(&fact.kind, data.get());
                continue;
            }
            if !ENDING.contains(&&*fact.kind) {
                continue;
            }
            let Ok(person) = fact.stream.key().parse() else {
                continue;
            };
            let ended = self.sign_out(person).and_then(|()| {
                self.prune_passkeys(person, i64::MAX)?;
                // Its code opens nothing by the log already; gone, it cannot even be tried.
                match &*fact.kind {
                    recovery::wire::COMPLETED_V1 => Ok(self.sheets.end(person)?),
                    _ => Ok(()),
                }
            });
            if let Err(problem) = ended {
                let why = problem.internal.unwrap_or_default();
                tracing::error!(why, "what somebody was signed in with is still there");
            }
        }
    }

    /// Ends the sessions that a link or a passkey began, under whichever number.
    fn end_way_in(&self, kind: &str, data: &str) {
        let read = if kind == link::REMOVED_V1 {
            let removed = serde_json::from_str::<link::remove::Data>(data);
            removed.map(|it| (it.person, it.link))
        } else {
            let removed = serde_json::from_str::<authenticator::remove::Data>(data);
            removed.map(|it| (it.person, it.authenticator))
        };
        let Ok((number, way)) = read else {
            return;
        };
        let ended = self.holder(number).and_then(|holder| {
            for person in [number, holder] {
                let by_it = |_, session: &super::session::Session| {
                    session.link.is_some_and(|(_, by)| by == way)
                };
                self.sign_in.sessions.end_where(person, by_it)?;
            }
            self.prune_passkeys(holder, i64::MAX)
        });
        if let Err(problem) = ended {
            let why = problem.internal.unwrap_or_default();
            tracing::error!(why, "what somebody was signed in with is still there");
        }
    }
}
