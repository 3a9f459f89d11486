//! What is done beside requests: open erasures, the vault's reaper, `trust.json`.
//!
//! Invariant: each round may be missed; the next one does it.

use std::sync::Arc;

use identity::approval::Approval;
use identity::approval::decide::TERM_MS;
use ledger::decision::Earlier;
use ledger::execute::Corrupt;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::vault::Standing;

/// How long after its term a proposal is taken for forgotten: an approval may be on its way.
const FORGOTTEN_AFTER_MS: i64 = TERM_MS + 3_600_000;

impl App {
    /// Once a minute until the server stops: carries erasures on, ends delegations whose time came, asks the log about values that wait, and writes
    /// `trust.json` anew if the log grew.
    pub fn keep_house(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        let keeping = std::thread::Builder::new()
            .name("house".into())
            .spawn(move || {
                let mut written = 0;
                loop {
                    for _second in 0..60 {
                        std::thread::sleep(std::time::Duration::from_secs(1));
                        if app.upgrade().is_none_or(|app| app.metrics.is_stopping()) {
                            return;
                        }
                    }
                    let Some(app) = app.upgrade() else {
                        return;
                    };
                    if let Err(problem) = app.carry_on_house() {
                        let why = problem.internal.unwrap_or_default();
                        tracing::error!(why, reason = ?problem.reason, "what time causes waits a minute");
                    }
                    if let Err(error) = app.side.sweep() {
                        tracing::error!(%error, "what ran out is still in the side store");
                    }
                    let settled = app.vault.settle(&|id| app.standing_of(id));
                    let position = app.views.follower.next();
                    if position > written {
                        match crate::trust_bundle::write(&app, &app.dir.trust()) {
                            Ok(()) => written = position,
                            Err(problem) => {
                                let why = problem.internal.unwrap_or_default();
                                tracing::warn!(why, "trust.json could not be written");
                            }
                        }
                    }
                    match settled {
                        Ok(settled) if settled.reaped > 0 => {
                            tracing::info!(
                                reaped = settled.reaped,
                                "values of refused submissions and dropped proposals were removed"
                            );
                        }
                        Ok(_) => {}
                        Err(error) => {
                            tracing::error!(%error, "the vault's reaper failed; it tries again");
                        }
                    }
                }
            });
        if let Err(error) = keeping {
            tracing::error!(%error, "no thread for the vault's reaper");
        }
    }

    /// What time causes, as far as it is due: erasures go on, delegations end, whom it concerns is reminded; once a
    /// day the accounts of officers are looked at. One that fails holds up no other.
    pub fn carry_on_house(&self) -> Result<(), Problem> {
        let erased = self.carry_on_erasures();
        let ended = self.end_due_delegations();
        let reminded = self.remind_of_endings();
        let rotated = self.carry_on_rotation();
        let checked = self.check_officers_nightly();
        erased.and(ended).and(reminded).and(rotated).and(checked)
    }

    /// What the log says of an assertion whose values are pending.
    pub fn standing_of(&self, id: Uuid) -> Result<Standing, Corrupt> {
        if self.ledger.position_of(id)?.is_none() {
            return Ok(Standing::Absent);
        }
        let stream = identity::approval::wire::stream(id);
        let approval = self.ledger.state::<Approval>(&stream)?;
        let Some(proposal) = &approval.proposal else {
            return Ok(Standing::Live);
        };
        if approval.completed.is_some() {
            return Ok(Standing::Live);
        }
        // A state may be ahead of the disk; values are given up only for what is written.
        let is_written = |by: Earlier| -> Result<bool, Corrupt> {
            let there = self.ledger.commit(by.position)?;
            Ok(there.is_some_and(|commit| commit.assertion.id() == by.id))
        };
        let age_ms = self.now_ms().saturating_sub(proposal.recorded_at_ms);
        let dropped = match approval.rejected {
            Some(by) => is_written(by)?,
            None => age_ms > FORGOTTEN_AFTER_MS,
        };
        Ok(if dropped {
            Standing::Dropped
        } else {
            Standing::Proposed
        })
    }
}
