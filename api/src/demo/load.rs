//! Loading the demo province.

mod credentials;
mod institutions;
mod outcomes;
mod people;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use identity::approval::decide::{Answer, Data as Decision, KIND as DECIDE};
use identity::did::IssuerNumber;
use identity::identifier::IdentifierType;
use identity::person::event::Check;
use identity::role::Role;
use ledger::assertion::Target;
use ledger::clock;
use serde::Serialize;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::province::Province;
use super::summary::{DemoEnded, DemoLearner, DemoTokens, InWhoseName, Summary};
use crate::app::App;
use crate::extract::Caller;
use crate::genesis::Genesis;
use crate::problem::{Problem, Reason};
use crate::registering::NewPerson;
use crate::sign_in::Signed;
use crate::token::Grant;
use crate::write::{Asking, Written};

/// Registrations under way at once.
const AT_ONCE: usize = 64;
/// How long the views may take to catch up at the end.
const CATCH_UP: Duration = Duration::from_mins(10);
/// Name of the demo institution's own key.
const OWN_KEY: &str = "key-2026-own";

/// Tells how far a step is: name, done, of.
pub type Progress<'a> = &'a (dyn Fn(&str, u64, u64) + Sync);

/// An admitted institution and its two officers.
#[derive(Debug, Clone)]
struct Admitted {
    number: IssuerNumber,
    officers: [Uuid; 2],
}

impl Admitted {
    fn caller(&self, officer: usize) -> Caller {
        Caller {
            person: self.officers.get(officer).copied().unwrap_or_default(),
            role: Role::Institution,
            institution: Some(self.number),
            signed: Signed::Token,
        }
    }
}

struct Loader<'a> {
    app: &'a Arc<App>,
    progress: Progress<'a>,
}

/// Loads `province` into the ledger that `genesis` just made.
pub async fn load(
    app: &Arc<App>,
    genesis: &Genesis,
    province: &Province,
    base_url: &str,
    progress: Progress<'_>,
) -> Result<Summary, Problem> {
    let loader = Loader { app, progress };
    let officer = |role: Role| {
        let person = genesis
            .officers
            .iter()
            .find(|(held, _)| *held == role)
            .map(|(_, person)| *person);
        Caller {
            person: person.unwrap_or_default(),
            role,
            institution: None,
            signed: Signed::Token,
        }
    };
    let registrar = officer(Role::Registrar);
    let registrar2 = loader.second_registrar(&officer).await?;
    let admitted = loader.admit_all(province, &registrar, &registrar2).await?;
    let own = loader.own_key(province, &admitted).await?;
    loader.credential_keys(&admitted).await?;
    let people = loader.register_all(province, &admitted).await?;
    let mut rows = loader.import_all(province, &admitted).await?;
    rows.corrected = loader.correct_all(province, &admitted, &people).await?;
    let learners = loader.learner_tokens(&people)?;
    let institution_id = IssuerNumber(own.id);
    let staff = admitted.values().find(|it| it.number == institution_id);
    let staff = staff.ok_or_else(|| Problem::internal("the demo institution was not admitted"))?;
    let issued = loader.issue_some(staff, &learners).await?;
    let roles = loader.roles(province, (staff, &registrar), &people).await?;
    app.ledger.publish().map_err(Problem::internal)?;
    if let Some(last) = app.ledger.head().size.checked_sub(1) {
        app.views
            .follower
            .reached(last, CATCH_UP)
            .await
            .map_err(Problem::internal)?;
    }
    let mut outcomes = Vec::new();
    for learner in &learners {
        let lines = app.views.transcripts.of_person(&[learner.id])?;
        outcomes.extend(lines.iter().map(|line| line.outcome));
    }
    let token = |caller: Caller, label: &str| loader.token(caller, label);
    let learner = learners
        .first()
        .map(|it| it.token.clone())
        .unwrap_or_default();
    Ok(Summary {
        base_url: base_url.into(),
        tokens: DemoTokens {
            registrar: token(registrar, "demo registrar")?,
            registrar2: token(registrar2, "demo registrar2")?,
            system: token(officer(Role::System), "demo system")?,
            security: token(officer(Role::Security), "demo security")?,
            audit: token(officer(Role::Audit), "demo audit")?,
            institution: token(staff.caller(0), "demo institution")?,
            institution2: token(staff.caller(1), "demo institution2")?,
            clerk: token(roles.clerk, "demo clerk")?,
            counter: token(roles.counter, "demo counter")?,
            verifier: token(
                Caller {
                    person: clock::uuid_v4(),
                    role: Role::Verifier,
                    institution: None,
                    signed: Signed::Token,
                },
                "demo verifier",
            )?,
            learner,
            elder: token(roles.elder, "demo elder")?,
            helper: token(roles.helper, "demo helper")?,
            guardian: token(roles.guardian, "demo guardian")?,
        },
        in_whose_name: InWhoseName {
            helper: roles.elder.person,
            guardian: roles.child,
        },
        institution: own,
        learners,
        credentials: issued.valid,
        ended: DemoEnded {
            revoked: issued.revoked,
            suspended: issued.suspended,
        },
        outcomes,
        rows,
        commits: app.ledger.head().size,
    })
}

impl Loader<'_> {
    async fn ask<T: Serialize>(
        &self,
        caller: &Caller,
        kind: &'static str,
        data: &T,
    ) -> Result<Written, Problem> {
        self.app.ask(Asking::open(caller, kind, data)?).await
    }

    async fn approve(&self, caller: &Caller, proposal: &Written) -> Result<Written, Problem> {
        let leaf = proposal
            .new
            .as_ref()
            .map(|new| new.leaf)
            .ok_or(Problem::of(Reason::ProposalUnknown))?;
        let asking = Asking {
            target: Some(Target {
                id: proposal.id,
                leaf,
            }),
            ..Asking::open(
                caller,
                DECIDE,
                &Decision {
                    decision: Answer::Approve,
                },
            )?
        };
        self.app.ask(asking).await
    }

    async fn register_all(
        &self,
        province: &Province,
        admitted: &HashMap<String, Admitted>,
    ) -> Result<Vec<Uuid>, Problem> {
        let of = province.learners.len() as u64;
        let mut people = vec![Uuid::nil(); province.learners.len()];
        let mut running: JoinSet<Result<(usize, Uuid), Problem>> = JoinSet::new();
        let mut done = 0;
        for (index, learner) in province.learners.iter().enumerate() {
            let staff = admitted
                .get(&learner.home)
                .ok_or_else(|| Problem::internal("a learner without a school"))?;
            let caller = staff.caller(0);
            let mut identifiers = vec![(
                IdentifierType::ResidentId,
                learner.resident_id.clone(),
                Check::Ok,
            )];
            identifiers.extend(
                learner
                    .enrolment_number
                    .iter()
                    .map(|number| (IdentifierType::EnrolmentNumber, number.clone(), Check::Ok)),
            );
            let new = NewPerson {
                name: learner.name.clone(),
                birth_date: Some(learner.birth_date),
                identifiers,
            };
            let app = Arc::clone(self.app);
            running
                .spawn(async move { Ok((index, app.register(&caller, &new, None).await?.person)) });
            if running.len() >= AT_ONCE {
                self.take(&mut running, &mut people).await?;
                done += 1;
                (self.progress)("learners 学习者", done, of);
            }
        }
        while !running.is_empty() {
            self.take(&mut running, &mut people).await?;
            done += 1;
            (self.progress)("learners 学习者", done, of);
        }
        Ok(people)
    }

    async fn take(
        &self,
        running: &mut JoinSet<Result<(usize, Uuid), Problem>>,
        people: &mut [Uuid],
    ) -> Result<(), Problem> {
        if let Some(joined) = running.join_next().await {
            let (index, person) = joined.map_err(Problem::internal)??;
            if let Some(place) = people.get_mut(index) {
                *place = person;
            }
        }
        Ok(())
    }

    fn learner_tokens(&self, people: &[Uuid]) -> Result<Vec<DemoLearner>, Problem> {
        let grants: Vec<Grant> = people
            .iter()
            .map(|person| Grant {
                role: Role::Learner,
                person: *person,
                institution: None,
                expires_at_ms: None,
                label: "demo learner".into(),
            })
            .collect();
        let tokens = self
            .app
            .tokens
            .create_all(&grants)
            .map_err(Problem::internal)?;
        Ok(people
            .iter()
            .zip(&tokens)
            .map(|(id, token)| DemoLearner {
                id: *id,
                token: (**token).clone(),
            })
            .collect())
    }

    fn token(&self, caller: Caller, label: &str) -> Result<String, Problem> {
        let grant = Grant {
            role: caller.role,
            person: caller.person,
            institution: caller.institution,
            expires_at_ms: None,
            label: label.into(),
        };
        let token = self.app.tokens.create(&grant).map_err(Problem::internal)?;
        Ok((*token).clone())
    }
}
