//! The demo's credentials: a credential key for each institution, some credentials of the first one, one
//! revoked and one suspended.

use std::collections::HashMap;

use credentials::account::correct_outcome::Reason as Why;
use credentials::account::{self, Account};
use credentials::credential::set_status::{self, Status};
use identity::did::Did;
use identity::erasable::Commitments;
use identity::institution::{Custody, KeyUse, activate_key};
use uuid::Uuid;

use super::{Admitted, Loader};
use crate::demo::summary::DemoLearner;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};

/// Name of each institution's credential key.
const CREDENTIAL_KEY: &str = "credential-2026-1";
/// Credentials that stay valid.
const VALID: usize = 12;

/// What was issued.
#[derive(Debug, Default)]
pub(super) struct Issued {
    /// In force.
    pub(super) valid: Vec<Uuid>,
    /// Revoked.
    pub(super) revoked: Option<Uuid>,
    /// Suspended.
    pub(super) suspended: Option<Uuid>,
}

impl Loader<'_> {
    /// Every institution appoints a credential key that the platform keeps.
    pub(super) async fn credential_keys(
        &self,
        admitted: &HashMap<String, Admitted>,
    ) -> Result<(), Problem> {
        let mut staff: Vec<&Admitted> = admitted.values().collect();
        staff.sort_by_key(|staff| staff.number);
        for staff in staff {
            let kid = Did::new(&self.app.host, staff.number)
                .kid(CREDENTIAL_KEY)
                .ok_or_else(|| Problem::internal("the host cannot stand in a key's name"))?;
            let key = self.app.keystore.generate(&kid);
            let data = activate_key::Data {
                custody: Custody::Platform,
                fragment: CREDENTIAL_KEY.into(),
                institution: staff.number,
                key: key.map_err(Problem::internal)?,
                r#use: KeyUse::Credential,
            };
            self.ask(&staff.caller(0), activate_key::KIND, &data)
                .await?;
        }
        Ok(())
    }

    /// Issues for the first outcomes of `staff` that were passed and have a title.
    pub(super) async fn issue_some(
        &self,
        staff: &Admitted,
        learners: &[DemoLearner],
    ) -> Result<Issued, Problem> {
        let caller = staff.caller(0);
        let mut all = Vec::new();
        for learner in learners {
            let stream = account::wire::stream(learner.id);
            let account = self.app.ledger.state::<Account>(&stream)?;
            let certified = account.outcomes.iter().filter(|outcome| {
                outcome.origin.awarder == staff.number
                    && outcome.fields.passed != Some(false)
                    && outcome.revoked.is_empty()
            });
            for outcome in certified.take(VALID + 2 - all.len()) {
                match self.app.issue(&caller, learner.id, outcome.id, None).await {
                    Ok(new) => all.push((new.credential, learner.id)),
                    Err(problem) if problem.reason == Reason::TitleMissing => {}
                    Err(problem) => return Err(problem),
                }
            }
        }
        let mut issued = Issued::default();
        if all.len() > 2 {
            issued.suspended = self.end(&caller, all.pop(), Status::Suspended).await?;
            issued.revoked = self.end(&caller, all.pop(), Status::Revoked).await?;
        }
        issued.valid = all.into_iter().map(|(credential, _)| credential).collect();
        Ok(issued)
    }

    async fn end(
        &self,
        caller: &Caller,
        which: Option<(Uuid, Uuid)>,
        status: Status,
    ) -> Result<Option<Uuid>, Problem> {
        let Some((credential, person)) = which else {
            return Ok(None);
        };
        let data = set_status::Data {
            values: Commitments::default(),
            credential,
            person,
            reason: Why::MarkReviewed,
            status,
        };
        self.ask(caller, set_status::KIND, &data).await?;
        Ok(Some(credential))
    }
}
