//! Whether institutions stand for what they asserted, asked when something is read.
//!
//! Invariant: what is in doubt is shown as such and never counted. Nothing about it is stored with the
//! records: the awarder's own stream is asked, as new as the writer's (docs/DECISIONS.md).

use std::collections::HashMap;
use std::sync::Arc;

use credentials::credential::{Credential, Issued};
use credentials::verify;
use identity::did::IssuerNumber;
use identity::institution::{Institution, Signed, Standing, succession};
use projections::transcripts::{Line, LineState};

use crate::app::App;
use crate::problem::Problem;

/// Institutions asked while one answer is made.
pub struct Standings<'a> {
    app: &'a App,
    asked: HashMap<IssuerNumber, Arc<Institution>>,
}

impl<'a> Standings<'a> {
    /// Nobody was asked yet.
    pub fn new(app: &'a App) -> Self {
        Self {
            app,
            asked: HashMap::new(),
        }
    }

    fn institution(&mut self, number: IssuerNumber) -> Result<Arc<Institution>, Problem> {
        if let Some(known) = self.asked.get(&number) {
            return Ok(Arc::clone(known));
        }
        let institution = self.app.institution(number)?;
        self.asked.insert(number, Arc::clone(&institution));
        Ok(institution)
    }

    /// How far `number` stands for the commit at `position`; the log is read only where anything of it was ever in doubt.
    fn of_commit(&mut self, number: IssuerNumber, position: u64) -> Result<Standing, Problem> {
        let institution = self.institution(number)?;
        if institution.is_undisputed() {
            return Ok(Standing::Good);
        }
        let commit = self.app.ledger.commit(position)?;
        let commit =
            commit.ok_or_else(|| Problem::internal(format!("there is no commit {position}")))?;
        Ok(Signed::by(&commit.assertion, position).standing(&institution))
    }

    /// The line as its awarder stands for it.
    pub fn apply(&mut self, line: &mut Line) -> Result<(), Problem> {
        let awarder = line.origin.awarder;
        if line.state == LineState::Revoked {
            // Who ended it is asked before what it says is.
            line.end(self.of_commit(awarder, line.changed)?);
        }
        if line.state != LineState::Revoked {
            line.stand(self.of_commit(awarder, line.said_at)?);
        }
        Ok(())
    }
}

impl App {
    /// What is known of an institution, and of who answers for it since a merger.
    pub fn institution(&self, number: IssuerNumber) -> Result<Arc<Institution>, Problem> {
        succession::whole(number, |number| {
            Ok(self.ledger.state::<Institution>(&number.stream())?)
        })
    }

    /// How a credential stands: by what was said of it, and by how far its institution stands for that,
    /// for it and for its outcome.
    pub fn credential_standing(
        &self,
        credential: &Credential,
        issued: &Issued,
    ) -> Result<verify::Standing, Problem> {
        let mut standings = Standings::new(self);
        let institution = standings.institution(issued.says.issuer)?;
        let said = credential.standing(&institution);
        let ended = matches!(
            said,
            verify::Standing::Revoked | verify::Standing::Superseded
        );
        // One that answers for another may have issued it for that one's outcome.
        let alone = institution.life.absorbed.is_empty();
        if ended || (alone && institution.is_undisputed()) {
            return Ok(said);
        }
        let own = standings.of_commit(issued.says.issuer, issued.by.position)?;
        let account = self.whole(issued.says.person)?.account;
        let outcome = account.outcome(issued.says.outcome);
        let of_outcome = match outcome {
            Some(outcome) => outcome.standing(&*standings.institution(outcome.origin.awarder)?),
            None => Standing::Good,
        };
        Ok(match (own, of_outcome) {
            (Standing::Repudiated, _) | (_, Standing::Repudiated) => verify::Standing::Revoked,
            (Standing::Disputed, _) | (_, Standing::Disputed) => verify::Standing::Disputed,
            (Standing::Good, Standing::Good) => said,
        })
    }
}
