//! The one way in: an assertion with its values, from any door, to an answer.
//!
//! Invariant: values reach the vault before the queue and only if the rules would accept; what is
//! refused leaves nothing in the vault.
//! A crash between vault and log leaves a pending value that the reaper asks the log about.

pub mod batch;
mod deposit;
mod values;

use std::sync::Arc;

use credentials::rulebook::Refusal;
use credentials::rulebook::kinds::{self, Kind};
use identity::did::IssuerNumber;
use identity::erasable::{self, Commitments, Disclosure};
use identity::person::{authenticator, link};
use ledger::assertion::{Act, Assertion, Draft, Target};
use ledger::clock;
use ledger::decision::{Earlier, Verdict};
use ledger::execute::{ExecuteError, Unavailable};
use ledger::fact::Stream;
use ledger::sequencer::{Answer, Committed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::app::App;
use crate::extract::{Caller, unquoted};
use crate::flights::Flight;
use crate::problem::{Problem, Reason, Words};
use crate::settling::settles;
use deposit::deposit_of;

/// What became of a write.
#[derive(Debug, Clone)]
pub struct Written {
    /// Id of the assertion that made it so.
    pub id: Uuid,
    /// Its position.
    pub position: u64,
    /// The commit, if this request made it.
    pub new: Option<Committed>,
}

impl Written {
    /// Whether the commit only proposes: a second person must agree.
    pub fn is_proposal(&self) -> bool {
        self.new.as_ref().is_some_and(|new| {
            let proposed = identity::approval::wire::PROPOSED_V1;
            new.commit.facts.iter().any(|fact| &*fact.kind == proposed)
        })
    }
}

/// What a JSON door asks in somebody's name.
#[derive(Clone)]
pub struct Asking {
    /// Whose key signs.
    pub issuer: IssuerNumber,
    /// Who acts.
    pub act: Act,
    /// Kind of the assertion.
    pub kind: &'static str,
    /// Its open data, without `_sd`.
    pub data: Value,
    /// Members that are disclosed.
    pub values: Vec<(&'static str, Value)>,
    /// What it corrects or approves.
    pub target: Option<Target>,
    /// Its id; a new one if `None`.
    pub id: Option<Uuid>,
    /// What the asker saw: the revision that this stream must still have (`If-Match`).
    pub expected: Option<(Stream, u64)>,
}

impl Asking {
    /// What a caller asks in open data alone, of nothing that stands, with a new id.
    pub fn open<T: Serialize>(
        caller: &Caller,
        kind: &'static str,
        data: &T,
    ) -> Result<Self, Problem> {
        Ok(Self {
            issuer: caller.issuer(),
            act: caller.act(),
            kind,
            data: serde_json::to_value(data).map_err(Problem::internal)?,
            values: Vec::new(),
            target: None,
            id: None,
            expected: None,
        })
    }
}

/// An assertion that passed every check that needs no order.
pub enum Prepared {
    /// It was so already.
    Done(Written),
    /// It waits for the sequencer.
    Queued {
        /// What was queued.
        assertion: Box<Assertion>,
        /// Its values, in the vault as pending.
        disclosures: Vec<Disclosure>,
        /// Set if it has values: who sends the same id meanwhile is known.
        flight: Option<Flight>,
        /// Where the answer comes.
        answer: oneshot::Receiver<Result<Answer, ExecuteError<Refusal>>>,
    },
}

/// The members of `data` that concern values.
#[derive(Deserialize)]
struct Values {
    #[serde(rename = "_sd", default)]
    commitments: Commitments,
}

/// Why an assertion of this kind is taken from no other door than the platform's own: nobody showed the account
/// or the device, which takes an answer of the provider's or the device's, here and now.
pub(crate) fn shown_here_alone(kind: &str) -> Option<Reason> {
    if link::confirm::is_confirmation(kind) {
        return Some(Reason::LinkProofInvalid);
    }
    (kind == authenticator::enrol::KIND).then_some(Reason::PasskeyProofInvalid)
}

impl App {
    /// Signs what a JSON door asks, with the key kept for that party.
    pub fn sign(&self, asking: Asking) -> Result<(Assertion, Vec<Disclosure>), Problem> {
        let (kid, key) = self.signer(asking.issuer)?;
        let (draft, disclosures) = self.draft_of(asking)?;
        let assertion = draft
            .sign(&kid, &key)
            .map_err(|error| Problem::from(ledger::execute::Refused::from(error)))?;
        Ok((assertion, disclosures))
    }

    /// What is to be signed, with new salts for its values.
    fn draft_of(&self, asking: Asking) -> Result<(Draft, Vec<Disclosure>), Problem> {
        let disclosures: Vec<Disclosure> = asking
            .values
            .into_iter()
            .map(|(name, value)| Disclosure::new(clock::random(), name, value))
            .collect();
        let mut data = asking.data;
        if let (Some(members), false) = (data.as_object_mut(), disclosures.is_empty()) {
            let digests = disclosures.iter().map(Disclosure::digest).collect();
            let commitments = Commitments::of(digests).map_err(Problem::internal)?;
            members.insert(
                "_sd".into(),
                serde_json::to_value(commitments).map_err(Problem::internal)?,
            );
        }
        let now_ms = self.now_ms();
        let draft = Draft {
            id: asking.id.unwrap_or_else(|| clock::uuid_v7(now_ms)),
            log: self.ledger.origin().into(),
            kind: asking.kind.into(),
            at_ms: now_ms,
            seen: self.ledger.seen(),
            target: asking.target,
            cause: None,
            act: Some(asking.act),
            data,
        };
        Ok((draft, disclosures))
    }

    /// Signs and writes.
    pub async fn ask(self: &Arc<Self>, asking: Asking) -> Result<Written, Problem> {
        let app = Arc::clone(self);
        let has_values = !asking.values.is_empty();
        let work = move || {
            let expected = asking.expected.clone();
            let (assertion, disclosures) = app.sign(asking)?;
            app.prepare(assertion, disclosures, expected)
        };
        let prepared = off_the_runtime(has_values, work).await?;
        self.finish(prepared).await
    }

    /// Checks, stores the values and queues, on a thread that may wait for a disk if there are any.
    pub async fn prepare_apart(
        self: &Arc<Self>,
        assertion: Assertion,
        disclosures: Vec<Disclosure>,
        expected: Option<(Stream, u64)>,
    ) -> Result<Prepared, Problem> {
        let app = Arc::clone(self);
        let waits = !disclosures.is_empty() || settles(&assertion);
        off_the_runtime(waits, move || app.prepare(assertion, disclosures, expected)).await
    }

    /// What the values must be, whatever the door: a dry run must refuse what its run refuses.
    pub fn check_values(&self, disclosures: &[Disclosure]) -> Result<(), Problem> {
        let today = self.today();
        for opened in disclosures.iter().map(Disclosure::opened) {
            identity::value::check(opened.name(), opened.expose(), today)
                .map_err(|error| Problem::invalid(format!("/{}", opened.name()), &error))?;
        }
        Ok(())
    }

    /// The row of the assertion's kind, if these are its values and each is what it must be.
    fn check_disclosed(
        &self,
        assertion: &Assertion,
        disclosures: &[Disclosure],
    ) -> Result<&'static Kind, Problem> {
        let kind = kinds::find(assertion.kind()).ok_or_else(|| unknown_kind(assertion))?;
        let values: Values = serde_json::from_str(assertion.data().get())
            .map_err(|error| Problem::of(Reason::DataInvalid).detail(under_sd(&unquoted(error))))?;
        erasable::check(&values.commitments, disclosures, kind.erasable)?;
        self.check_values(disclosures)?;
        Ok(kind)
    }

    /// Checks everything, stores the values, and queues: what follows is decided behind it.
    pub fn prepare(
        &self,
        assertion: Assertion,
        disclosures: Vec<Disclosure>,
        expected: Option<(Stream, u64)>,
    ) -> Result<Prepared, Problem> {
        let kind = self.check_disclosed(&assertion, &disclosures)?;
        let mut submission = self.ledger.check_parsed(assertion.clone())?;
        if settles(&assertion) {
            // What the rules refuse anyhow is not worth reading the log for.
            self.ledger.preview(&submission)?;
            self.check_root(&assertion)?;
        }
        if let Some(merge) = self.merge_asked(&assertion)? {
            self.ledger.preview(&submission)?;
            self.check_premise(&merge)?;
        }
        if let Some((stream, revision)) = expected {
            submission = submission.expecting(stream, revision);
        }
        let mut flight = None;
        if !disclosures.is_empty() {
            if let Verdict::AlreadySo(earlier) = self.ledger.preview(&submission)? {
                self.same_values(&assertion, &disclosures)?;
                return Ok(Prepared::Done(written(Answer::AlreadySo(earlier))));
            }
            let deposit = deposit_of(kind, assertion.data().get(), &disclosures)?;
            let entered = self.flights.enter(assertion.id());
            if let Err(problem) = self.store_values(kind, &assertion, &deposit, &disclosures) {
                self.give_up(assertion.id(), Some(entered));
                return Err(problem);
            }
            flight = Some(entered);
        }
        match self.ledger.enqueue(submission) {
            Ok(answer) => Ok(Prepared::Queued {
                assertion: Box::new(assertion),
                disclosures,
                flight,
                answer,
            }),
            Err(unavailable) => {
                self.give_up(assertion.id(), flight);
                Err(unavailable.into())
            }
        }
    }

    /// Waits for the answer of what was queued.
    pub async fn finish(&self, prepared: Prepared) -> Result<Written, Problem> {
        match prepared {
            Prepared::Done(written) => Ok(written),
            Prepared::Queued {
                assertion,
                disclosures,
                flight,
                answer,
            } => {
                let answer = answer
                    .await
                    .unwrap_or_else(|_| Err(Unavailable::Unknown.into()));
                self.conclude(&assertion, &disclosures, flight, answer)
            }
        }
    }

    /// As [`App::finish`], from a thread outside the runtime.
    pub fn finish_blocking(&self, prepared: Prepared) -> Result<Written, Problem> {
        match prepared {
            Prepared::Done(written) => Ok(written),
            Prepared::Queued {
                assertion,
                disclosures,
                flight,
                answer,
            } => {
                let answer = answer
                    .blocking_recv()
                    .unwrap_or_else(|_| Err(Unavailable::Unknown.into()));
                self.conclude(&assertion, &disclosures, flight, answer)
            }
        }
    }

    fn conclude(
        &self,
        assertion: &Assertion,
        disclosures: &[Disclosure],
        flight: Option<Flight>,
        answer: Result<Answer, ExecuteError<Refusal>>,
    ) -> Result<Written, Problem> {
        match answer {
            Ok(Answer::AlreadySo(earlier)) if earlier.id != assertion.id() => {
                self.give_up(assertion.id(), flight);
                self.same_values(assertion, disclosures)?;
                Ok(written(Answer::AlreadySo(earlier)))
            }
            Ok(answer) => {
                let written = written(answer);
                if let Some(new) = &written.new {
                    self.end_what_is_over(&new.commit);
                }
                Ok(written)
            }
            Err(error) => {
                // Unknown means unknown: the reaper asks the log before it removes anything.
                if !matches!(error, ExecuteError::Unavailable(Unavailable::Unknown)) {
                    self.give_up(assertion.id(), flight);
                }
                Err(error.into())
            }
        }
    }
}

/// Runs `work` where waiting for a disk holds up nobody else, if it will wait for one.
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    waits: bool,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if waits {
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Problem::internal)?
    } else {
        work()
    }
}

fn written(answer: Answer) -> Written {
    let Earlier { id, position } = answer.earlier();
    let new = match answer {
        Answer::Committed(committed) => Some(committed),
        Answer::AlreadySo(_) => None,
    };
    Written { id, position, new }
}

fn under_sd(what: &Words) -> Words {
    Words {
        zh: format!("_sd：{}", what.zh),
        en: format!("_sd: {}", what.en),
    }
}

fn unknown_kind(assertion: &Assertion) -> Problem {
    Problem::of(Reason::KindUnknown).detail((
        format!("声明种类 {:?} 不存在", assertion.kind()),
        format!("kind {:?} is unknown", assertion.kind()),
    ))
}
