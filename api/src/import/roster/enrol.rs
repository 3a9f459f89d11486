//! Recording a chunk of a roster: registrations and bindings, as signed batches.
//!
//! Invariant: a person is registered at most once: a number that somebody got meanwhile takes the row
//! out, and the rest is sent. An attempt whose answer was lost is asked for in the log before its
//! members are sent again, the same ones.
//! A crash behind a batch leaves people whom the next try finds in one of the chunk's own batches.

use std::collections::VecDeque;
use std::time::Duration;

use identity::person::register;

use super::super::advice::Hint;
use super::super::batches::Batches;
use super::super::finding::Finding;
use super::super::look::Came;
use super::super::record;
use super::super::table::Field;
use super::super::worker::patiently;
use super::given::Given;
use super::known::{self, Judged};
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::write::batch::{BatchRefused, Member, MemberRefused};

/// A row of which something is to be recorded.
pub(super) struct Todo {
    pub(super) at: usize,
    pub(super) given: Given,
    /// What is still to be recorded, in order.
    pub(super) steps: VecDeque<Member>,
    pub(super) note: Option<Finding>,
    /// Of the last step that this import recorded.
    pub(super) position: Option<u64>,
    /// How often it waited.
    pub(super) waits: u8,
}

impl Todo {
    /// What it comes to when nothing of it is left to be recorded.
    fn stands(&self, note: Option<Finding>) -> Came {
        match self.position {
            Some(_) => recorded(self.position, note),
            None => Came::Already.noted(note),
        }
    }
}

/// Records rows for a job.
pub(super) struct Enrolling<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    /// Those that the rows' chunk may come to.
    pub(super) batches: &'a Batches,
}

/// What a batch came to for one of its rows.
enum Answer {
    Done(u64),
    /// Somebody else has done it.
    Elsewhere,
    Came(Came),
    Again,
    /// Again when what is under way elsewhere has come to something.
    Later,
}

/// How long a row waits for a number that is being registered elsewhere, and how often.
const WAIT: Duration = Duration::from_millis(100);
const WAITS_MAX: u8 = 30;

impl Enrolling<'_> {
    /// Records the rows; what became of each, in no order.
    pub(super) fn record(&self, rows: Vec<Todo>) -> Result<Vec<(usize, Came)>, Problem> {
        let mut came = Vec::with_capacity(rows.len());
        let (mut rows, mut later) = (rows, Vec::new());
        loop {
            if rows.is_empty() {
                if later.is_empty() {
                    return Ok(came);
                }
                std::thread::sleep(WAIT);
                rows = std::mem::take(&mut later);
            }
            let answers = patiently(self.app, || self.send(&rows))?;
            let mut left = Vec::new();
            for (mut row, answer) in rows.into_iter().zip(answers) {
                match answer {
                    Answer::Done(_) | Answer::Elsewhere => {
                        if let Answer::Done(position) = answer {
                            row.position = Some(position);
                        }
                        row.steps.pop_front();
                        if row.steps.is_empty() {
                            came.push((row.at, row.stands(row.note.clone())));
                        } else {
                            left.push(row);
                        }
                    }
                    Answer::Came(became) => came.push((row.at, became)),
                    Answer::Again => left.push(row),
                    Answer::Later => {
                        row.waits = row.waits.saturating_add(1);
                        later.push(row);
                    }
                }
            }
            rows = left;
        }
    }

    /// Sends the next step of each row that the log does not have yet.
    fn send(&self, rows: &[Todo]) -> Result<Vec<Answer>, Problem> {
        let mut answers = Vec::with_capacity(rows.len());
        let (mut sent, mut members) = (Vec::new(), Vec::new());
        for row in rows {
            let Some(step) = row.steps.front() else {
                return Err(Problem::internal("a row of a roster without a step"));
            };
            let before = self.app.ledger.position_of(step.assertion.id())?;
            if before.is_none() {
                sent.push((answers.len(), row));
                members.push(step.clone());
            }
            answers.push(before.map_or(Answer::Again, Answer::Done));
        }
        let Some(kid) = members.first().map(|it| it.assertion.kid().clone()) else {
            return Ok(answers);
        };
        let (id, act) = (self.batches.next(self.app)?, self.caller.act());
        let became: Vec<Answer> = match self.app.ask_batch(&kid, &act, id, members, None) {
            Ok(written) => {
                let commits = written.new.unwrap_or_default();
                let position = commits.into_iter().map(|it| it.commit.position);
                position.map(Answer::Done).collect()
            }
            Err(BatchRefused::Whole(problem)) => return Err(problem),
            Err(BatchRefused::Members(faults)) => {
                let mut faults = faults.into_iter().peekable();
                let became = sent.iter().enumerate().map(|(index, (_, row))| {
                    match faults.next_if(|(at, _)| *at == index) {
                        None => Ok(Answer::Again),
                        Some((_, MemberRefused::AlreadySo(by))) => {
                            let own = self.batches.own(self.app, by.position)?;
                            Ok(own.map_or(Answer::Elsewhere, |_| Answer::Done(by.position)))
                        }
                        Some((_, MemberRefused::Problem(problem))) => self.refused(row, problem),
                    }
                });
                became.collect::<Result<_, Problem>>()?
            }
        };
        for ((at, _), became) in sent.into_iter().zip(became) {
            if let Some(answer) = answers.get_mut(at) {
                *answer = became;
            }
        }
        Ok(answers)
    }

    /// What a refused row comes to: whoever got its number meanwhile may be the same person.
    fn refused(&self, row: &Todo, problem: Problem) -> Result<Answer, Problem> {
        let line = row.given.line;
        if problem.reason != Reason::IdentifierTaken {
            return record::refused(line, problem).map(|it| Answer::Came(Came::Refused(it)));
        }
        let registers = row.steps.front().map(|it| it.assertion.kind()) == Some(register::KIND);
        match known::judge(self.app, self.caller, &row.given) {
            Ok(Judged::Known(known)) if registers || known.unbound.is_empty() => {
                let further = known
                    .unbound
                    .first()
                    .and_then(|at| row.given.numbers.get(*at));
                let further = further.map(|it| further_number(line, it.field));
                Ok(Answer::Came(row.stands(known.note.or(further))))
            }
            Ok(Judged::New | Judged::Known(_)) => {
                if self.frees(row)? {
                    return Ok(Answer::Again);
                }
                if row.waits < WAITS_MAX {
                    return Ok(Answer::Later);
                }
                let field = row.given.numbers.first().map(|it| it.field);
                Ok(Answer::Came(Came::Refused(under_way(line, field))))
            }
            Err(Ok(finding)) => Ok(Answer::Came(Came::Refused(finding))),
            Err(Err(problem)) => Err(problem),
        }
    }

    /// Whether a number of the row waited for what a crash cut off, and no longer does.
    fn frees(&self, row: &Todo) -> Result<bool, Problem> {
        let mut freed = false;
        for number in &row.given.numbers {
            freed |= self.app.free_abandoned(number.r#type, &number.normalised)?;
        }
        Ok(freed)
    }

    /// What recording the row would come to, as the log stands.
    pub(super) fn would(&self, row: &Todo) -> Result<(usize, Came), Problem> {
        let ledger = &self.app.ledger;
        for step in &row.steps {
            let checked = ledger.check_member(step.assertion.clone());
            let judged = checked
                .map_err(Problem::from)
                .and_then(|submission| ledger.preview(&submission).map_err(Problem::from));
            if let Err(problem) = judged {
                let refused = record::refused(row.given.line, problem)?;
                return Ok((row.at, Came::Refused(refused)));
            }
        }
        Ok((row.at, recorded(None, row.note.clone())))
    }
}

/// Somebody registered the person meanwhile, without this number.
fn further_number(line: u64, field: Field) -> Finding {
    let words = (
        "此人刚在别处登记，这个号码还没有绑定：请再上传一次",
        "the person was just registered elsewhere, without this number: send the file again to bind it",
    );
    Finding::new(line, "I12", Some(field), words)
}

fn under_way(line: u64, field: Option<Field>) -> Finding {
    let words = (
        "这个号码正在别处登记，尚未完成：请稍后再上传一次",
        "the number is being registered elsewhere and that is not done yet: send the file again later",
    );
    Finding::new(line, "I08", field, words).hinting(Hint::UnderWay)
}

fn recorded(position: Option<u64>, note: Option<Finding>) -> Came {
    let recorded = Came::Recorded {
        position,
        mismatch: false,
    };
    recorded.noted(note)
}
