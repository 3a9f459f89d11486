//! Recording a chunk of rows: what the rules accept, as one signed batch.
//!
//! Invariant: a row is in the log at most once, however often its chunk is tried; what a batch is
//! refused for is taken out, and the rest sent.
//! A crash behind the batch leaves rows that the next try finds in the log, and knows for its own.

use credentials::rulebook::Rulebook;
use ledger::assertion::Kid;
use ledger::decision::{Earlier, Verdict};
use ledger::fact::Fact;
use ledger::sequencer::Submission;

use super::batches::Batches;
use super::look::Came;
use super::row::{Finding, Ready};
use super::worker::{is_passing, patiently};
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::routes::outcomes::has_hours_mismatch;
use crate::write::batch::{BatchRefused, Member, MemberRefused};

/// What the rules say of a row as the log stands.
pub(super) enum Preview {
    /// It can be recorded.
    Facts {
        /// What is asked, with its values.
        member: Box<Member>,
        /// The same, checked.
        submission: Box<Submission<Rulebook>>,
        /// What it would come to.
        facts: Vec<Fact>,
    },
    /// The log has it, with the same values.
    AlreadySo(Earlier),
    /// It comes back.
    Refused(Finding),
}

/// What the rules say of the row, signed by `kid`, as the log stands.
pub(super) fn preview(app: &App, kid: &Kid, ready: &Ready) -> Result<Preview, Problem> {
    let member = app.member(kid, ready.asking.clone())?;
    let refused = |problem: Problem| refused(ready.line, problem).map(Preview::Refused);
    if let Err(problem) = app.check_values(&member.disclosures) {
        return refused(problem);
    }
    let submission = match app.ledger.check_member(member.assertion.clone()) {
        Ok(submission) => submission,
        Err(error) => return refused(error.into()),
    };
    match app.ledger.preview(&submission) {
        Ok(Verdict::Facts(facts)) => Ok(Preview::Facts {
            member: Box::new(member),
            submission: Box::new(app.ledger.lean(submission)),
            facts,
        }),
        Ok(Verdict::AlreadySo(earlier)) => already_so(app, &member, earlier).or_else(refused),
        Err(error) => refused(error.into()),
    }
}

fn already_so(app: &App, member: &Member, earlier: Earlier) -> Result<Preview, Problem> {
    app.same_values(&member.assertion, &member.disclosures)?;
    Ok(Preview::AlreadySo(earlier))
}

/// A rule's no is the row's; what waiting might cure goes back to be waited for.
pub(super) fn refused(line: u64, problem: Problem) -> Result<Finding, Problem> {
    if problem.reason.status().is_server_error() || problem.reason == Reason::NotAllowed {
        return Err(problem);
    }
    Ok(Finding::of(line, &problem))
}

/// Records rows for a job.
pub(super) struct Recorder<'a> {
    pub(super) app: &'a App,
    /// Who imports.
    pub(super) caller: &'a Caller,
    pub(super) kid: &'a Kid,
    /// Whether the file has these rows' records not before.
    pub(super) first: bool,
    /// Size of the log when the job's first run began.
    pub(super) begun: u64,
    /// Those that this chunk of this file may come to.
    pub(super) batches: &'a Batches,
}

/// A row that is about to be recorded.
struct Sent<'a> {
    at: usize,
    ready: &'a Ready,
    member: Member,
}

/// A row and what the rules said of it.
pub(super) struct Looked {
    pub(super) at: usize,
    pub(super) ready: Box<Ready>,
    pub(super) preview: Preview,
}

impl Recorder<'_> {
    /// Records rows whose previews are at hand; what became of each, in no order.
    pub(super) fn record(&self, rows: Vec<Looked>) -> Result<Vec<(usize, Came)>, Problem> {
        let mut came = Vec::with_capacity(rows.len());
        let (mut asked, mut members, mut checked) = (Vec::new(), Vec::new(), Vec::new());
        for Looked { at, ready, preview } in rows {
            match preview {
                Preview::Refused(finding) => came.push((at, Came::Refused(finding))),
                Preview::AlreadySo(earlier) => came.push((at, self.already(earlier)?)),
                Preview::Facts {
                    member, submission, ..
                } => {
                    asked.push((at, ready));
                    members.push(*member);
                    checked.push(*submission);
                }
            }
        }
        let rows = asked.iter().map(|(at, ready)| (*at, &**ready));
        let sent = rows
            .zip(members)
            .map(|((at, ready), member)| Sent { at, ready, member });
        let mut sent: Vec<Sent<'_>> = sent.collect();
        let mut checked = Some(checked);
        while !sent.is_empty() {
            sent = match self.send(sent, checked.take(), &mut came) {
                Ok(left) => left,
                // What was recorded before is found again as such.
                Err(problem) if is_passing(&problem) => {
                    let rows: Vec<_> = asked.iter().map(|(at, ready)| (*at, &**ready)).collect();
                    came.retain(|(at, _)| !rows.iter().any(|(asked, _)| asked == at));
                    came.extend(patiently(self.app, || self.again(&rows))?);
                    return Ok(came);
                }
                Err(problem) => return Err(problem),
            };
        }
        Ok(came)
    }

    /// Looks at the rows anew and records them.
    fn again(&self, rows: &[(usize, &Ready)]) -> Result<Vec<(usize, Came)>, Problem> {
        let mut came = Vec::with_capacity(rows.len());
        let mut sent = Vec::with_capacity(rows.len());
        for (at, ready) in rows {
            match preview(self.app, self.kid, ready)? {
                Preview::Refused(finding) => came.push((*at, Came::Refused(finding))),
                Preview::AlreadySo(earlier) => came.push((*at, self.already(earlier)?)),
                Preview::Facts { member, .. } => sent.push(Sent {
                    at: *at,
                    ready,
                    member: *member,
                }),
            }
        }
        while !sent.is_empty() {
            sent = self.send(sent, None, &mut came)?;
        }
        Ok(came)
    }

    /// Records what repeats a row of this file and is yet not in the log, since that row was refused:
    /// one by one, so that each is held to what those before it say.
    pub(super) fn record_repeated(
        &self,
        rows: Vec<(usize, Box<Ready>)>,
    ) -> Result<Vec<(usize, Came)>, Problem> {
        let mut came = Vec::with_capacity(rows.len());
        for (at, ready) in rows {
            came.extend(patiently(self.app, || self.again(&[(at, &*ready)]))?);
        }
        Ok(came)
    }

    /// Sends a batch; answers with those to be sent again, always fewer.
    fn send<'a>(
        &self,
        sent: Vec<Sent<'a>>,
        checked: Option<Vec<Submission<Rulebook>>>,
        came: &mut Vec<(usize, Came)>,
    ) -> Result<Vec<Sent<'a>>, Problem> {
        let members = sent.iter().map(|row| row.member.clone()).collect();
        let (id, act) = (self.batches.next(self.app)?, self.caller.act());
        let faults = match self.app.ask_batch(self.kid, &act, id, members, checked) {
            Ok(written) => {
                // The envelope is new, so its commits are.
                for (row, commit) in sent.iter().zip(written.new.unwrap_or_default()) {
                    let recorded = Came::Recorded {
                        position: Some(commit.commit.position),
                        mismatch: has_hours_mismatch(&commit.commit.facts),
                    };
                    came.push((row.at, recorded));
                }
                return Ok(Vec::new());
            }
            Err(BatchRefused::Whole(problem)) => return Err(problem),
            Err(BatchRefused::Members(faults)) => faults,
        };
        let mut faults = faults.into_iter().peekable();
        let mut left = Vec::with_capacity(sent.len());
        for (index, row) in sent.into_iter().enumerate() {
            let Some((_, why)) = faults.next_if(|(at, _)| *at == index) else {
                left.push(row);
                continue;
            };
            let became = match why {
                MemberRefused::AlreadySo(earlier) => self.already(earlier)?,
                MemberRefused::Problem(problem) => {
                    refused(row.ready.line, problem).map(Came::Refused)?
                }
            };
            came.push((row.at, became));
        }
        Ok(left)
    }

    /// A row that the log has: this import's own if a crash came before its account.
    fn already(&self, earlier: Earlier) -> Result<Came, Problem> {
        if !self.first {
            return Ok(Came::Repeated);
        }
        if earlier.position < self.begun {
            return Ok(Came::Already);
        }
        Ok(match self.batches.own(self.app, earlier.position)? {
            Some(commit) => Came::Recorded {
                position: Some(earlier.position),
                mismatch: has_hours_mismatch(&commit.facts),
            },
            None => Came::Already,
        })
    }
}
