//! Recording a chunk of rows: what the rules accept, as one signed batch.
//!
//! Invariant: a row is in the log at most once, however often its chunk is tried; what a batch is
//! refused for is taken out, and the rest sent.
//! A crash behind the batch leaves rows that the next try finds in the log, and knows for its own.

use ledger::assertion::Kid;
use ledger::decision::{Earlier, Verdict};
use ledger::fact::Fact;

use super::lanes::in_lanes;
use super::look::Came;
use super::row::{Finding, Ready};
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
    let checked = app.ledger.check_member(member.assertion.clone());
    match checked.and_then(|submission| app.ledger.preview(&submission)) {
        Ok(Verdict::Facts(facts)) => Ok(Preview::Facts {
            member: Box::new(member),
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
fn refused(line: u64, problem: Problem) -> Result<Finding, Problem> {
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
}

/// A row that is about to be recorded.
struct Sent<'a> {
    at: usize,
    ready: &'a Ready,
    member: Member,
}

impl Recorder<'_> {
    /// Records what the rules accept; what became of each row, in no order.
    pub(super) fn record(
        &self,
        rows: &[(usize, Box<Ready>)],
    ) -> Result<Vec<(usize, Came)>, Problem> {
        let previews = in_lanes(rows.iter().collect(), &|(at, ready): &(
            usize,
            Box<Ready>,
        )| {
            preview(self.app, self.kid, ready).map(|preview| (*at, &**ready, preview))
        })?;
        let mut came = Vec::with_capacity(rows.len());
        let mut sent = Vec::with_capacity(rows.len());
        for (at, ready, preview) in previews {
            match preview {
                Preview::Refused(finding) => came.push((at, Came::Refused(finding))),
                Preview::AlreadySo(earlier) => came.push((at, self.already(earlier)?)),
                Preview::Facts { member, .. } => sent.push(Sent {
                    at,
                    ready,
                    member: *member,
                }),
            }
        }
        while !sent.is_empty() {
            sent = self.send(sent, &mut came)?;
        }
        Ok(came)
    }

    /// Records what repeats a row of this file and is yet not in the log, since that row was refused:
    /// one by one, so that each is held to what those before it say.
    pub(super) fn record_repeated(
        &self,
        rows: &[(usize, Box<Ready>)],
    ) -> Result<Vec<(usize, Came)>, Problem> {
        let mut came = Vec::with_capacity(rows.len());
        for row in rows {
            came.extend(self.record(std::slice::from_ref(row))?);
        }
        Ok(came)
    }

    /// Sends a batch; answers with those to be sent again, always fewer.
    fn send<'a>(
        &self,
        sent: Vec<Sent<'a>>,
        came: &mut Vec<(usize, Came)>,
    ) -> Result<Vec<Sent<'a>>, Problem> {
        let members = sent.iter().map(|row| row.member.clone()).collect();
        let (issuer, act) = (self.caller.issuer(), self.caller.act());
        let refused = match self.app.ask_batch(issuer, &act, members) {
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
            Err(BatchRefused::Members(refused)) => refused,
        };
        let mut refused = refused.into_iter().peekable();
        let mut left = Vec::with_capacity(sent.len());
        for (index, row) in sent.into_iter().enumerate() {
            let Some((_, why)) = refused.next_if(|(at, _)| *at == index) else {
                left.push(row);
                continue;
            };
            let became = match why {
                MemberRefused::AlreadySo(earlier) => {
                    match already_so(self.app, &row.member, earlier) {
                        Ok(_) => self.already(earlier)?,
                        Err(problem) => refused_row(row.ready, problem)?,
                    }
                }
                MemberRefused::Problem(problem) => refused_row(row.ready, problem)?,
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
        let commit = self.app.ledger.commit(earlier.position)?;
        Ok(commit.map_or(Came::Already, |commit| Came::Recorded {
            position: Some(earlier.position),
            mismatch: has_hours_mismatch(&commit.facts),
        }))
    }
}

fn refused_row(ready: &Ready, problem: Problem) -> Result<Came, Problem> {
    refused(ready.line, problem).map(Came::Refused)
}
