//! The one way in: an assertion with its values, from any door, to an answer.
//!
//! Invariant: values reach the vault before the queue and only if the rules would accept; what is
//! refused leaves nothing in the vault.
//! A crash between vault and log leaves a pending value that the reaper asks the log about.

pub mod batch;
mod deposit;

use std::sync::Arc;

use credentials::account::outcome::Origin;
use credentials::account::{outcome, record_outcome};
use credentials::rulebook::Refusal;
use credentials::rulebook::kinds::{self, Kind};
use identity::did::IssuerNumber;
use identity::erasable::{self, Commitments, Disclosure, Opened};
use identity::identifier::IdentifierType;
use identity::purpose::Purpose;
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
use crate::vault::{Alias, LINK, Reserved, VaultError};
use deposit::{Deposit, deposit_of};

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

    /// Checks identifiers and puts all values into the vault as pending.
    fn store_values(
        &self,
        kind: &Kind,
        assertion: &Assertion,
        deposit: &Deposit,
        disclosures: &[Disclosure],
    ) -> Result<(), Problem> {
        let id = assertion.id();
        self.vault
            .put_pending(deposit.person, kind.purpose, id, disclosures)
            .map_err(|error| not_put(error, id))?;
        self.reserve(id, deposit)
    }

    /// Reserves the identifiers among the values.
    fn reserve(&self, id: Uuid, deposit: &Deposit) -> Result<(), Problem> {
        let aliases = deposit.aliases();
        if !aliases.is_empty()
            && let Reserved::Taken { index, .. } =
                self.vault
                    .lookup_reserve_all(&aliases, deposit.person, id)?
        {
            return Err(taken(&aliases, index));
        }
        Ok(())
    }

    /// Removes what a submission left that a stop cut off, if a number waits for it: before this start,
    /// in nobody's hands, and not in the log, which is whole by now. Says whether there was one.
    pub(crate) fn free_abandoned(
        &self,
        r#type: IdentifierType,
        normalised: &str,
    ) -> Result<bool, Problem> {
        let waits = self.vault.waits_for(r#type.as_str(), normalised)?;
        let Some((id, _)) = waits.filter(|(_, since)| *since < self.opened_at_ms) else {
            return Ok(false);
        };
        let freed = self.flights.unless_under_way(id, || {
            if self.ledger.position_of(id)?.is_some() {
                return Ok(false);
            }
            self.vault.discard(id)?;
            Ok(true)
        });
        freed.unwrap_or(Ok(false))
    }

    /// Removes what a refused assertion left in the vault, unless the same id is in the log or on
    /// its way there: then the values are another submission's. Failing is harmless: the reaper
    /// comes, and asks the log.
    fn give_up(&self, id: Uuid, flight: Option<Flight>) {
        let Some(flight) = flight else {
            return;
        };
        flight.refused(|| {
            if !matches!(self.ledger.position_of(id), Ok(None)) {
                return;
            }
            if let Err(error) = self.vault.discard(id) {
                tracing::warn!(%error, "a refused assertion's values are left to the reaper");
            }
        });
    }

    /// The same record again must say the same in its personal values too (`record-differs`).
    pub fn same_values(
        &self,
        assertion: &Assertion,
        disclosures: &[Disclosure],
    ) -> Result<(), Problem> {
        if assertion.kind() != record_outcome::KIND {
            return Ok(());
        }
        let data: record_outcome::Data = serde_json::from_str(assertion.data().get())
            .map_err(|error| Problem::of(Reason::DataInvalid).detail(unquoted(error)))?;
        let origin = Origin {
            awarder: data.awarder,
            record: data.record,
        };
        let account = self.whole(data.person)?.account;
        let Some(outcome) = account.of_record(data.outcome, &origin) else {
            return Ok(());
        };
        for said in outcome
            .versions()
            .iter()
            .filter(|said| said.fields == data.fields)
        {
            let opened =
                match self
                    .vault
                    .opened(outcome.person, Purpose::StudyRecord, said.id, &said.values)
                {
                    Ok(opened) => opened,
                    // What was erased cannot differ any more.
                    Err(VaultError::Erased | VaultError::NotHere) => return Ok(()),
                    Err(error) => return Err(error.into()),
                };
            if same_opened(&opened, disclosures.iter().map(Disclosure::opened)) {
                return Ok(());
            }
        }
        Err(Problem::of(Reason::RecordDiffers)
            .detail((
                "该记录已登记，但名称、成绩或备注不同：请提交更正",
                "the record stands with another title, mark or remark: send a correction",
            ))
            .at(outcome.recorded.position))
    }
}

/// Whether both say the same; from which file it was taken over is no part of it.
fn same_opened<'a>(one: &[Opened], other: impl Iterator<Item = &'a Opened>) -> bool {
    let tells = |it: &&Opened| it.name() != outcome::SOURCE;
    let other: Vec<&Opened> = other.filter(tells).collect();
    let one: Vec<&Opened> = one.iter().filter(tells).collect();
    one.len() == other.len() && one.iter().all(|it| other.contains(it))
}

/// Runs `work` where waiting for a disk holds up nobody else, if it will wait for one.
async fn off_the_runtime<T: Send + 'static>(
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

fn not_put(error: VaultError, id: Uuid) -> Problem {
    if !matches!(error, VaultError::OtherValues) {
        return error.into();
    }
    Problem::of(Reason::IdReused).detail((
        format!("编号 {id} 正带着别的内容提交中：请用新编号"),
        format!("id {id} is on its way with other values: use a new id"),
    ))
}

/// Which of these aliases is somebody else's.
fn taken(aliases: &[Alias<'_>], index: usize) -> Problem {
    let name = aliases.get(index).map_or("", |alias| alias.kind);
    if name == LINK {
        return Problem::of(Reason::LinkTaken);
    }
    Problem::of(Reason::IdentifierTaken).field(
        format!("/identifiers/{name}"),
        ("已绑定给另一个人", "it is bound to another person"),
    )
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
