//! Carrying erasures out, step by step (SECURITY §7, steps 2 to 8).
//!
//! Invariant: each step is repeated until the log says it is done; keys go before values, both before
//! the log says so, and what the log says is destroyed is destroyed again in a copy from before,
//! ahead of any door. A crash in any step leaves the work list, from which the next round goes on.

mod certificate;

use std::collections::BTreeSet;

use identity::date::day_of;
use identity::erasable::Commitments;
use identity::person::erasure::{certify, destroy};
use identity::person::erasures::Erasures;
use identity::person::{Person, wire};
use identity::purpose::Purpose;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use certificate::{Certificate, Stage};

use crate::app::App;
use crate::problem::Problem;

/// What was found before the keys went.
#[derive(Debug, Serialize, Deserialize)]
struct Work {
    purposes: Vec<Purpose>,
    keys: Vec<Uuid>,
    commitments: Vec<Digest>,
}

/// The commitments of an assertion.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "_sd", default)]
    values: Commitments,
}

impl App {
    /// Forgets again what the log says was destroyed and a restored vault or key store brought back.
    pub fn forget_again(&self) -> Result<(), Problem> {
        let listed = self.ledger.state::<Erasures>(&Erasures::stream())?;
        let Some((newest, _)) = listed.carried_out.last().copied() else {
            return Ok(());
        };
        let through = self.vault.forgotten_through()?;
        if through >= Some(newest) {
            return Ok(());
        }
        for (position, it) in &listed.carried_out {
            if Some(*position) <= through {
                continue;
            }
            let person = self.ledger.state::<Person>(&wire::stream(it.person))?;
            let rounds = person.erasure(it.erasure).map(|it| it.rounds.as_slice());
            for round in rounds.unwrap_or_default().iter().filter(|it| it.is_whole()) {
                for purpose in &round.purposes {
                    self.vault.forget_again(it.person, *purpose, &round.keys)?;
                }
            }
        }
        self.vault.scrub()?;
        self.vault.set_forgotten_through(newest)?;
        tracing::info!(through = newest, "what was erased is not in this vault");
        Ok(())
    }

    /// Carries every open erasure as far as it goes now. One at a time; others wait.
    pub fn carry_on_erasures(&self) -> Result<(), Problem> {
        let _one = self
            .erasing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let listed = self.ledger.state::<Erasures>(&Erasures::stream())?;
        let mut destroyed = Vec::new();
        let mut failed = None;
        // One that fails must not hold up the others; it is tried again in the next round.
        for (&erasure, &person) in &listed.open {
            match self.destroy_due(person, erasure) {
                Ok(Some(work)) => destroyed.push((person, erasure, work)),
                Ok(None) => {}
                Err(problem) => failed = Some(problem),
            }
        }
        if !destroyed.is_empty() {
            // The files are rewritten once for all of them.
            self.vault.scrub()?;
            self.contents.forget();
        }
        for (person, erasure, work) in destroyed {
            self.transcripts.forget(self.holder(person)?);
            if let Err(problem) = self.say_destroyed(person, erasure, &work) {
                failed = Some(problem);
            }
        }
        for (&erasure, &person) in &listed.open {
            if let Err(problem) = self.certify_if_due(person, erasure) {
                failed = Some(problem);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// As [`App::carry_on_erasures`], on a thread that may wait; what fails is tried again each minute.
    pub fn carry_on_erasures_soon(self: &std::sync::Arc<Self>) {
        let app = std::sync::Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            if let Err(problem) = app.carry_on_erasures() {
                let why = problem.internal.unwrap_or_default();
                tracing::error!(why, reason = ?problem.reason, "an erasure waits; it goes on within a minute");
            }
        });
    }

    /// Step 2: nobody is signed in as the person any more, nothing rendered is kept.
    fn stop_use(&self, person: Uuid) -> Result<(), Problem> {
        let state = self.ledger.state::<Person>(&wire::stream(person))?;
        if state.is_forgotten() {
            self.sign_out(person)?;
            self.codes.forget(person, self.now_ms())?;
            self.sheets.end(person)?;
            self.sign_in.passkeys.forget(person)?;
            self.notices.forget(person)?;
            self.officer_uses.forget(person)?;
        }
        self.transcripts.forget(self.holder(person)?);
        Ok(())
    }

    /// Steps 3 to 5: what is due now is listed, then its keys and values go. `None` = nothing is.
    fn destroy_due(&self, person: Uuid, erasure: Uuid) -> Result<Option<Work>, Problem> {
        let state = self.ledger.state::<Person>(&wire::stream(person))?;
        let Some(it) = state.erasure(erasure) else {
            return Ok(None);
        };
        // A state may be ahead of the disk; nothing is destroyed for what a power cut could undo.
        if self.ledger.commit(it.requested.position)?.is_none() {
            return Ok(None);
        }
        let due = it.due(day_of(self.now_ms()));
        let kept = match self.vault.work(erasure)? {
            Some(bytes) => Some(serde_json::from_slice::<Work>(&bytes).map_err(Problem::internal)?),
            None => None,
        };
        // A list of a round that the log has whole, left by a stop or by a copy from then, must not
        // take what was told anew since.
        let stands = |work: &Work| match it.under_way() {
            Some(round) => round.purposes == work.purposes,
            None => work.purposes.iter().all(|purpose| due.contains(purpose)),
        };
        let outdated = kept.as_ref().is_some_and(|work| !stands(work));
        let work = if let Some(work) = kept.filter(stands) {
            work
        } else {
            let purposes = it
                .under_way()
                .map_or_else(|| due.clone(), |round| round.purposes.clone());
            if purposes.is_empty() {
                if outdated {
                    self.vault.set_work(erasure, None)?;
                }
                return Ok(None);
            }
            let work = self.inventory(person, purposes)?;
            let bytes = serde_json::to_vec(&work).map_err(Problem::internal)?;
            self.vault.set_work(erasure, Some(&bytes))?;
            work
        };
        self.stop_use(person)?;
        for purpose in &work.purposes {
            self.vault.destroy(person, *purpose)?;
        }
        Ok(Some(work))
    }

    /// Every commitment of these purposes that the log has, and the names of their keys.
    fn inventory(&self, person: Uuid, purposes: Vec<Purpose>) -> Result<Work, Problem> {
        let mut commitments = BTreeSet::new();
        let mut keys = Vec::new();
        for purpose in &purposes {
            let found = self.vault.inventory(person, *purpose)?;
            keys.extend(found.key);
            for id in found.assertions {
                let Some(position) = self.ledger.position_of(id)? else {
                    continue;
                };
                let Some(commit) = self.ledger.commit(position)? else {
                    continue;
                };
                let said: Said = serde_json::from_str(commit.assertion.data().get())
                    .map_err(Problem::internal)?;
                commitments.extend(said.values.as_slice());
            }
        }
        Ok(Work {
            purposes,
            keys,
            commitments: commitments.into_iter().collect(),
        })
    }

    /// Step 6, its end: the log says what is gone, in as many commits as the list needs.
    fn say_destroyed(&self, person: Uuid, erasure: Uuid, work: &Work) -> Result<(), Problem> {
        let chunks: Vec<&[Digest]> = if work.commitments.is_empty() {
            vec![&[]]
        } else {
            work.commitments.chunks(destroy::COMMITMENTS_MAX).collect()
        };
        let state = self.ledger.state::<Person>(&wire::stream(person))?;
        let Some(it) = state.erasure(erasure) else {
            return Ok(());
        };
        let done = it.under_way().map_or(0, |round| round.positions.len());
        // A list that was made anew after its file was lost may be shorter than the round begun with.
        let parts = it.under_way().map_or(chunks.len(), |round| {
            usize::try_from(round.parts).unwrap_or(usize::MAX)
        });
        let mut last = None;
        for part in done..parts {
            let data = destroy::Data {
                commitments: chunks.get(part).copied().unwrap_or_default().to_vec(),
                erasure,
                keys: if part == 0 {
                    work.keys.clone()
                } else {
                    Vec::new()
                },
                part: u32::try_from(part + 1).map_err(Problem::internal)?,
                parts: u32::try_from(parts).map_err(Problem::internal)?,
                person,
                purposes: work.purposes.clone(),
            };
            let said = self.say(destroy::KIND, &data, Some(it.requested.position))?;
            last = Some(said.position);
        }
        self.vault.set_work(erasure, None)?;
        if let Some(position) = last {
            self.vault.set_forgotten_through(position)?;
        }
        Ok(())
    }

    /// Steps 7 and 8: once no copy can be left, it is certified.
    fn certify_if_due(&self, person: Uuid, erasure: Uuid) -> Result<(), Problem> {
        let state = self.ledger.state::<Person>(&wire::stream(person))?;
        let Some(it) = state.erasure(erasure) else {
            return Ok(());
        };
        let from_ms = it.certifiable_from_ms();
        if it.under_way().is_some() || from_ms.is_none_or(|from| self.now_ms() < from) {
            return Ok(());
        }
        let data = certify::Data {
            commitments: it.commitments(),
            erasure,
            person,
        };
        self.say(certify::KIND, &data, Some(it.requested.position))
            .map(|_| ())
    }
}
