//! A signed batch, from any door, to an answer: all its members or none.
//!
//! Invariant: as for one assertion, values reach the vault before the queue, and what is refused
//! leaves nothing in the vault but the fingerprints of salts that were shown.
//! A crash between vault and log leaves pending values that the reaper asks the log about.

use credentials::rulebook::kinds::{self, Kind};
use credentials::rulebook::{Refusal, Rulebook};
use identity::erasable::{Disclosure, Opened};
use ledger::assertion::{Act, Assertion, Draft, Kid};
use ledger::batch::{Batch, NotABatch, SignError};
use ledger::decision::Earlier;
use ledger::execute::{BatchError, ExecuteError, MemberError, Refused, Unavailable};
use ledger::sequencer::{BatchAnswer, Committed, Submission};
use uuid::Uuid;

use super::deposit::{Deposit, deposit_of};
use super::values::{not_put, same_opened, taken};
use super::{Asking, shown_here_alone};
use crate::app::App;
use crate::flights::{Flight, Flights};
use crate::problem::{MembersRefused, Problem, Reason};
use crate::vault::{NotPut, NotReserved, Reserved, Values, Wish};

/// A member with its values.
#[derive(Clone)]
pub struct Member {
    /// What is asked.
    pub assertion: Assertion,
    /// Its values.
    pub disclosures: Vec<Disclosure>,
}

/// What became of a batch.
#[derive(Debug)]
pub struct BatchWritten {
    /// Id of the envelope.
    pub id: Uuid,
    /// Its position; the members stand behind it.
    pub position: u64,
    /// The members' commits, if this request made them.
    pub new: Option<Vec<Committed>>,
}

/// Why a batch was refused; nothing of it was written.
#[derive(Debug)]
pub enum BatchRefused {
    /// As one.
    Whole(Problem),
    /// For these members, by index; the others would have been accepted.
    Members(Vec<(usize, MemberRefused)>),
}

/// Why a member was refused.
#[derive(Debug)]
pub enum MemberRefused {
    /// As if it had been sent alone.
    Problem(Problem),
    /// It is so already.
    AlreadySo(Earlier),
}

impl From<Problem> for BatchRefused {
    fn from(problem: Problem) -> Self {
        Self::Whole(problem)
    }
}

impl From<BatchError<Refusal>> for BatchRefused {
    fn from(error: BatchError<Refusal>) -> Self {
        match error {
            BatchError::Whole(error) => Self::Whole(error.into()),
            BatchError::Members(refused) => {
                let refused = refused.into_iter().map(|(index, error)| {
                    let why = match error {
                        MemberError::Refused(error) => MemberRefused::Problem(error.into()),
                        MemberError::AlreadySo(earlier) => MemberRefused::AlreadySo(earlier),
                    };
                    (index, why)
                });
                Self::Members(refused.collect())
            }
        }
    }
}

impl From<MemberRefused> for Problem {
    fn from(refused: MemberRefused) -> Self {
        match refused {
            MemberRefused::Problem(problem) => problem,
            MemberRefused::AlreadySo(earlier) => {
                Self::of(Reason::AlreadySo).at(earlier.position).detail((
                    format!("自日志序号 {} 起已是如此：请从批次中去掉", earlier.position),
                    format!("it is so since position {}: leave it out", earlier.position),
                ))
            }
        }
    }
}

impl From<BatchRefused> for Problem {
    fn from(refused: BatchRefused) -> Self {
        match refused {
            BatchRefused::Whole(problem) => problem,
            BatchRefused::Members(refused) => {
                let count = refused.len();
                let mut problem = Self::of(Reason::BatchRefused).detail((
                    format!("{count} 条声明被拒绝，整批都没有登记"),
                    format!("members refused: {count}; nothing of the batch was recorded"),
                ));
                let members = refused.into_iter().map(|(index, why)| (index, why.into()));
                problem.members = Some(Box::new(MembersRefused(members.collect())));
                problem
            }
        }
    }
}

impl App {
    /// What an import asks, as a member of a batch that `kid` is to sign.
    pub fn member(&self, kid: &Kid, asking: Asking) -> Result<Member, Problem> {
        let (draft, disclosures) = self.draft_of(asking)?;
        let assertion = draft.member(kid).map_err(Refused::from)?;
        Ok(Member {
            assertion,
            disclosures,
        })
    }

    /// Signs these members as one batch `id` with the kept key `kid`, and writes it. `checked` = the
    /// same members if the ledger has checked them already. Blocks.
    pub fn ask_batch(
        &self,
        kid: &Kid,
        act: &Act,
        id: Uuid,
        members: Vec<Member>,
        checked: Option<Vec<Submission<Rulebook>>>,
    ) -> Result<BatchWritten, BatchRefused> {
        // The members' key, also if a newer one was activated since they were made.
        let key = self.signer_named(kid)?;
        let now_ms = self.now_ms();
        let envelope = Draft {
            id,
            log: self.ledger.origin().into(),
            kind: String::new(),
            at_ms: now_ms,
            seen: self.ledger.seen(),
            target: None,
            cause: None,
            act: Some(act.clone()),
            data: serde_json::Value::Null,
        };
        let (assertions, disclosures) = apart(members);
        let batch = Batch::sign(envelope, assertions, kid, &key).map_err(|error| {
            BatchRefused::Whole(match error {
                SignError::Batch(error) => not_a_batch(error),
                SignError::Envelope(error) => Refused::from(error).into(),
            })
        })?;
        self.write_batch(batch, &disclosures, checked)
    }

    /// Writes a batch that somebody signed. Blocks.
    pub fn submit_batch(
        &self,
        envelope: Assertion,
        members: Vec<Result<Member, Problem>>,
    ) -> Result<BatchWritten, BatchRefused> {
        // What cannot be read is named together with what carries other values than it commits to.
        let mut refused = Vec::new();
        let mut readable = Vec::with_capacity(members.len());
        for (index, member) in members.into_iter().enumerate() {
            let checked = member.and_then(|member| {
                self.check_disclosed(&member.assertion, &member.disclosures)?;
                Ok(member)
            });
            match checked {
                Ok(member) => readable.push(member),
                Err(problem) => refused.push((index, MemberRefused::Problem(problem))),
            }
        }
        if !refused.is_empty() {
            return Err(BatchRefused::Members(refused));
        }
        let (assertions, disclosures) = apart(readable);
        let batch = Batch::of(envelope, assertions).map_err(not_a_batch)?;
        self.write_batch(batch, &disclosures, None)
    }

    /// Checks what is not checked yet, stores the values in one write, queues, and waits.
    fn write_batch(
        &self,
        batch: Batch,
        disclosures: &[Vec<Disclosure>],
        checked: Option<Vec<Submission<Rulebook>>>,
    ) -> Result<BatchWritten, BatchRefused> {
        for member in batch.members() {
            // Its premise is held against the vault, which a batch would have opened unasked.
            if self.merge_asked(member)?.is_some() {
                let alone = (
                    "合并须单独提交",
                    "a merge is asked for, and agreed to, by itself",
                );
                return Err(Problem::of(Reason::BatchInvalid).detail(alone).into());
            }
        }
        let deposits = deposits(batch.members(), disclosures)?;
        let ids: Vec<Uuid> = batch.members().iter().map(Assertion::id).collect();
        let envelope = batch.envelope().id();
        let members = batch.members().to_vec();
        let submission = match checked {
            Some(checked) => self.ledger.check_envelope(batch, checked)?,
            None => self.ledger.check_batch(batch)?,
        };
        let flights: Vec<Flight> = ids.iter().map(|id| self.flights.enter(*id)).collect();
        let stored = if submission.is_refused() {
            Ok(())
        } else {
            self.store_all(&ids, &deposits, disclosures)
        };
        let answer = stored.and_then(|()| {
            let answer = self.ledger.enqueue_batch(submission);
            let answer = answer.map_err(|error| BatchRefused::Whole(error.into()))?;
            let unknown = || ExecuteError::from(Unavailable::Unknown);
            match answer.blocking_recv() {
                Ok(answer) => Ok(answer),
                Err(_) => Ok(Err(BatchError::Whole(unknown()))),
            }
        });
        match answer {
            Ok(Ok(BatchAnswer::Committed { envelope, members })) => Ok(BatchWritten {
                id: envelope.commit.assertion.id(),
                position: envelope.commit.position,
                new: Some(members),
            }),
            Ok(Ok(BatchAnswer::AlreadySo(earlier))) => Ok(BatchWritten {
                id: envelope,
                position: earlier.position,
                new: None,
            }),
            // Unknown means unknown: the reaper asks the log before it removes anything.
            Ok(Err(error)) if is_unknown(&error) => Err(error.into()),
            Ok(Err(error)) => {
                self.give_up_all(flights);
                Err(self.with_values(error.into(), &members, disclosures))
            }
            Err(refused) => {
                self.give_up_all(flights);
                Err(refused)
            }
        }
    }

    /// What the rules call so already may yet say something else in its values.
    fn with_values(
        &self,
        refused: BatchRefused,
        members: &[Assertion],
        disclosures: &[Vec<Disclosure>],
    ) -> BatchRefused {
        let BatchRefused::Members(refused) = refused else {
            return refused;
        };
        let looked_at = refused.into_iter().map(|(index, why)| {
            let MemberRefused::AlreadySo(earlier) = why else {
                return (index, why);
            };
            let member = members.get(index).zip(disclosures.get(index));
            let differs = member.and_then(|(member, values)| {
                // One that this batch would have made is not in the log: it is here.
                let first = members.iter().position(|it| it.id() == earlier.id);
                let first = first.filter(|first| *first != index);
                match first.and_then(|first| disclosures.get(first)) {
                    Some(first) if !same_values_in(first, values) => Some(differs()),
                    Some(_) => None,
                    None => self.same_values(member, values).err(),
                }
            });
            let why = differs.map_or(MemberRefused::AlreadySo(earlier), MemberRefused::Problem);
            (index, why)
        });
        BatchRefused::Members(looked_at.collect())
    }

    fn store_all(
        &self,
        ids: &[Uuid],
        deposits: &[Option<(&'static Kind, Deposit)>],
        disclosures: &[Vec<Disclosure>],
    ) -> Result<(), BatchRefused> {
        let mut at = Vec::new();
        let mut rows = Vec::new();
        for (index, ((id, deposit), values)) in
            ids.iter().zip(deposits).zip(disclosures).enumerate()
        {
            if let Some((kind, deposit)) = deposit {
                at.push(index);
                rows.push(Values {
                    person: deposit.person,
                    purpose: kind.purpose,
                    assertion_id: *id,
                    disclosures: values,
                });
            }
        }
        let member = |index: usize, problem| {
            BatchRefused::Members(vec![(index, MemberRefused::Problem(problem))])
        };
        self.vault.put_pending_all(&rows).map_err(|error| {
            let NotPut { at: row, why } = error;
            let index = row.and_then(|row| at.get(row)).copied();
            match index.and_then(|index| Some((index, *ids.get(index)?))) {
                Some((index, id)) => member(index, not_put(why, id)),
                None => BatchRefused::Whole(why.into()),
            }
        })?;
        self.reserve_many(ids, deposits)
    }

    /// Reserves the identifiers of all members, or names every member that cannot have its own.
    fn reserve_many(
        &self,
        ids: &[Uuid],
        deposits: &[Option<(&'static Kind, Deposit)>],
    ) -> Result<(), BatchRefused> {
        let mut wanted = Vec::new();
        for (index, (id, deposit)) in ids.iter().zip(deposits).enumerate() {
            if let Some((_, deposit)) = deposit
                && !deposit.identifiers.is_empty()
            {
                wanted.push((index, *id, deposit.person, deposit.aliases()));
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let wishes: Vec<Wish<'_>> = wanted
            .iter()
            .map(|(_, id, person, aliases)| Wish {
                aliases,
                person: *person,
                assertion_id: *id,
            })
            .collect();
        let refused = |faults: Vec<(usize, Problem)>| {
            let faults = faults.into_iter().filter_map(|(at, problem)| {
                let (index, ..) = wanted.get(at)?;
                Some((*index, MemberRefused::Problem(problem)))
            });
            BatchRefused::Members(faults.collect())
        };
        match self.vault.lookup_reserve_many(&wishes) {
            Ok(()) => Ok(()),
            Err(NotReserved::Taken(all)) => {
                let faults = all.into_iter().filter_map(|(at, reserved)| {
                    let (.., aliases) = wanted.get(at)?;
                    match reserved {
                        Reserved::Taken { index, .. } => Some((at, taken(aliases, index))),
                        Reserved::Held => None,
                    }
                });
                Err(refused(faults.collect()))
            }
            Err(NotReserved::At { at, why }) => Err(refused(vec![(at, why.into())])),
            Err(NotReserved::Side(error)) => Err(BatchRefused::Whole(error.into())),
        }
    }

    /// As for one assertion: what another submission of the same id needs is left.
    fn give_up_all(&self, flights: Vec<Flight>) {
        Flights::refused_all(flights, |ids| {
            let unknown = ids
                .iter()
                .filter(|id| matches!(self.ledger.position_of(**id), Ok(None)));
            let gone: Vec<Uuid> = unknown.copied().collect();
            if let Err(error) = self.vault.discard_all(&gone) {
                tracing::warn!(%error, "a refused batch's values are left to the reaper");
            }
        });
    }
}

/// Whose values the members carry; every member at fault is named.
fn deposits(
    members: &[Assertion],
    disclosures: &[Vec<Disclosure>],
) -> Result<Vec<Option<(&'static Kind, Deposit)>>, BatchRefused> {
    let mut deposits = Vec::with_capacity(members.len());
    let mut refused = Vec::new();
    for (index, (member, values)) in members.iter().zip(disclosures).enumerate() {
        // A member without values deposits nothing; the rules refuse a kind that does not exist.
        let kind = kinds::find(member.kind());
        let unshown = kind.and_then(|kind| shown_here_alone(kind.name));
        let kind = kind.filter(|_| unshown.is_some() || !values.is_empty());
        let deposit = kind.map(|kind| {
            if let Some(reason) = unshown {
                return Err(Problem::of(reason));
            }
            let deposit = deposit_of(kind, member.data().get(), values)?;
            Ok((kind, deposit))
        });
        match deposit.transpose() {
            Ok(deposit) => deposits.push(deposit),
            Err(problem) => refused.push((index, MemberRefused::Problem(problem))),
        }
    }
    if refused.is_empty() {
        Ok(deposits)
    } else {
        Err(BatchRefused::Members(refused))
    }
}

/// Whether both say the same, under whatever salts.
fn same_values_in(one: &[Disclosure], other: &[Disclosure]) -> bool {
    let one: Vec<Opened> = one.iter().map(|it| it.opened().clone()).collect();
    same_opened(&one, other.iter().map(Disclosure::opened))
}

fn differs() -> Problem {
    Problem::of(Reason::RecordDiffers).detail((
        "同一记录在本批中前面已出现，名称、成绩或备注不同",
        "the same record stands in this batch before with another title, mark or remark",
    ))
}

fn apart(members: Vec<Member>) -> (Vec<Assertion>, Vec<Vec<Disclosure>>) {
    members
        .into_iter()
        .map(|member| (member.assertion, member.disclosures))
        .unzip()
}

fn not_a_batch(error: NotABatch) -> Problem {
    Refused::from(error).into()
}

fn is_unknown(error: &BatchError<Refusal>) -> bool {
    matches!(
        error,
        BatchError::Whole(ExecuteError::Unavailable(Unavailable::Unknown))
    )
}
