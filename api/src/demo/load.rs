//! Loading the demo province.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use credentials::account::outcome::Origin;
use credentials::account::{Account, correct_outcome};
use credentials::policy::OutcomeKind;
use identity::approval::decide::{Answer, Data as Decision, KIND as DECIDE};
use identity::did::{Did, IssuerNumber};
use identity::identifier::IdentifierType;
use identity::institution::{Custody, KeyUse, Level, activate_key, admit};
use identity::officer::appoint;
use identity::person::event::Check;
use identity::role::Role;
use ledger::assertion::Target;
use ledger::clock;
use ledger::key::{SigningKey, file as key_file};
use projections::transcripts::Line;
use serde::Serialize;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::province::{Correction, Province};
use super::summary::{DemoInstitution, DemoLearner, DemoRows, DemoTokens, Summary};
use crate::app::App;
use crate::extract::Caller;
use crate::genesis::Genesis;
use crate::import::job;
use crate::problem::{Problem, Reason};
use crate::routes::learners::NewPerson;
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
        }
    };
    let registrar = officer(Role::Registrar);
    let registrar2 = loader.second_registrar(&officer).await?;
    let admitted = loader.admit_all(province, &registrar, &registrar2).await?;
    let own = loader.own_key(province, &admitted).await?;
    let people = loader.register_all(province, &admitted).await?;
    let mut rows = loader.import_all(province, &admitted).await?;
    rows.corrected = loader.correct_all(province, &admitted, &people).await?;
    app.ledger.publish().map_err(Problem::internal)?;
    if let Some(last) = app.ledger.head().size.checked_sub(1) {
        app.views
            .follower
            .reached(last, CATCH_UP)
            .await
            .map_err(Problem::internal)?;
    }
    let learners = loader.learner_tokens(&people)?;
    let mut outcomes = Vec::new();
    for learner in &learners {
        let lines = app
            .views
            .transcripts
            .of_person(learner.id)
            .map_err(Problem::internal)?;
        outcomes.extend(lines.iter().map(|line| line.outcome));
    }
    let institution_id = IssuerNumber(own.id);
    let staff = admitted.values().find(|it| it.number == institution_id);
    let staff = staff.ok_or_else(|| Problem::internal("the demo institution was not admitted"))?;
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
            verifier: token(
                Caller {
                    person: clock::uuid_v4(),
                    role: Role::Verifier,
                    institution: None,
                },
                "demo verifier",
            )?,
            learner,
        },
        institution: own,
        learners,
        credentials: Vec::new(),
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

    /// The first act after genesis: nobody is there to be second, so all three administrators are.
    async fn second_registrar(
        &self,
        officer: &(impl Fn(Role) -> Caller + Sync),
    ) -> Result<Caller, Problem> {
        let person = clock::uuid_v4();
        let data = appoint::Data {
            institution: None,
            person,
            role: Role::Registrar,
        };
        let proposal = self
            .ask(&officer(Role::Security), appoint::KIND, &data)
            .await?;
        for role in [Role::System, Role::Audit] {
            self.approve(&officer(role), &proposal).await?;
        }
        Ok(Caller {
            person,
            role: Role::Registrar,
            institution: None,
        })
    }

    async fn admit_all(
        &self,
        province: &Province,
        registrar: &Caller,
        registrar2: &Caller,
    ) -> Result<HashMap<String, Admitted>, Problem> {
        let mut admitted = HashMap::new();
        let of = province.institutions.len() as u64;
        for (number, institution) in (1_u32..).zip(&province.institutions) {
            let number = IssuerNumber(number);
            let officers = [clock::uuid_v4(), clock::uuid_v4()];
            let fragment = "key-2026-1";
            let kid = Did::new(&self.app.host, number).kid(fragment);
            let kid =
                kid.ok_or_else(|| Problem::internal("the host cannot stand in a key's name"))?;
            let data = admit::Data {
                credit_code: None,
                key: admit::FirstKey {
                    custody: Custody::Platform,
                    fragment: fragment.into(),
                    key: self
                        .app
                        .keystore
                        .generate(&kid)
                        .map_err(Problem::internal)?,
                },
                level: Level::School,
                name: institution.name.clone(),
                number,
                officers: officers.to_vec(),
                parent: None,
                school_code: Some(institution.school_code.clone()),
                scope: OutcomeKind::ALL
                    .iter()
                    .map(|kind| kind.as_str().to_owned())
                    .collect(),
                r#override: false,
            };
            let proposal = self.ask(registrar, admit::KIND, &data).await?;
            self.approve(registrar2, &proposal).await?;
            admitted.insert(
                institution.school_code.clone(),
                Admitted { number, officers },
            );
            (self.progress)("institutions 机构", number.0.into(), of);
        }
        Ok(admitted)
    }

    /// The first institution also gets a key of its own, for `xuefen sign`.
    async fn own_key(
        &self,
        province: &Province,
        admitted: &HashMap<String, Admitted>,
    ) -> Result<DemoInstitution, Problem> {
        let none = || Problem::internal("the demo has no institution");
        let institution = province.institutions.first().ok_or_else(none)?;
        let staff = admitted.get(&institution.school_code).ok_or_else(none)?;
        let did = Did::new(&self.app.host, staff.number);
        let kid = did.kid(OWN_KEY).ok_or_else(none)?;
        let key = SigningKey::generate();
        let file = self.app.dir.key(OWN_KEY);
        key_file::write(&file, &kid, &key).map_err(Problem::internal)?;
        let data = activate_key::Data {
            custody: Custody::Own,
            fragment: OWN_KEY.into(),
            institution: staff.number,
            key: key.public(),
            r#use: KeyUse::Assertion,
        };
        self.ask(&staff.caller(0), activate_key::KIND, &data)
            .await?;
        Ok(DemoInstitution {
            id: staff.number.0,
            did: did.to_string(),
            school_code: institution.school_code.clone(),
            name: institution.name.clone(),
            key_file: format!("keys/{OWN_KEY}.key"),
        })
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

    /// Every file: dry run, then run, as a clerk would.
    async fn import_all(
        &self,
        province: &Province,
        admitted: &HashMap<String, Admitted>,
    ) -> Result<DemoRows, Problem> {
        let of = province.counts.rows as u64;
        let mut rows = DemoRows::default();
        for file in &province.imports {
            let staff = admitted
                .get(&file.school_code)
                .ok_or_else(|| Problem::internal("a file without a school"))?;
            let (app, caller) = (Arc::clone(self.app), staff.caller(0));
            let (name, bytes) = (file.file_name.clone(), file.csv.clone());
            let work = tokio::task::spawn_blocking(move || {
                let taken = job::take_in(&app, &caller, &name, &bytes)?;
                let mut checked = job::work(&app, taken, &|_| {});
                job::begin(&app, &mut checked)?;
                Ok::<_, Problem>(job::work(&app, checked, &|_| {}))
            });
            let done = work.await.map_err(Problem::internal)??;
            if let Some(failure) = done.failure {
                return Err(Problem::internal(format!(
                    "the import of {} failed: {failure}",
                    file.file_name
                )));
            }
            let counts = done.counts;
            rows.rows += counts.rows;
            rows.recorded += counts.recorded;
            rows.warned += counts.warned;
            rows.repeated += counts.repeated;
            rows.already += counts.already;
            rows.refused += counts.refused;
            (self.progress)("outcomes 学习成果", rows.rows, of);
        }
        Ok(rows)
    }

    /// Late corrections, each proposed by one officer and approved by another.
    async fn correct_all(
        &self,
        province: &Province,
        admitted: &HashMap<String, Admitted>,
        people: &[Uuid],
    ) -> Result<u64, Problem> {
        if let Some(last) = self.app.ledger.head().size.checked_sub(1) {
            self.app
                .views
                .follower
                .reached(last, CATCH_UP)
                .await
                .map_err(Problem::internal)?;
        }
        let mut lines: HashMap<Origin, Line> = HashMap::new();
        for person in people {
            let of_person = self
                .app
                .views
                .transcripts
                .of_person(*person)
                .map_err(Problem::internal)?;
            lines.extend(
                of_person
                    .into_iter()
                    .map(|line| (line.origin.clone(), line)),
            );
        }
        let of = province.corrections.len() as u64;
        let mut done = 0;
        for correction in &province.corrections {
            let staff = admitted.get(&correction.school_code);
            let staff = staff.ok_or_else(|| Problem::internal("a correction without a school"))?;
            let origin = Origin {
                awarder: staff.number,
                record: correction.record.clone(),
            };
            let line = lines
                .get(&origin)
                .ok_or_else(|| Problem::of(Reason::OutcomeUnknown).detail(&correction.record))?;
            let asking = self.correction(staff, correction, line)?;
            let proposal = self.app.ask(asking).await?;
            self.approve(&staff.caller(1), &proposal).await?;
            done += 1;
            (self.progress)("corrections 更正", done, of);
        }
        Ok(done)
    }

    /// The outcome as it stands, with the mark or the credits that were wrong replaced.
    fn correction(
        &self,
        staff: &Admitted,
        correction: &Correction,
        row: &Line,
    ) -> Result<Asking, Problem> {
        let account = self
            .app
            .ledger
            .state::<Account>(&credentials::account::wire::stream(row.person))?;
        let outcome = account
            .outcome(row.outcome)
            .ok_or(Problem::of(Reason::OutcomeUnknown))?;
        let mut fields = outcome.fields.clone();
        if let Some(credits) = &correction.credits {
            fields.credits = Some(
                credits
                    .parse()
                    .map_err(|error| Problem::invalid("/credits", error))?,
            );
        }
        let shown = crate::transcript::line(self.app, row, true)?;
        let grade = correction.grade.clone().or(shown.grade);
        if let (Some(grade), Some(pass_mark)) = (&grade, self.app.pass_mark()) {
            fields.passed = grade
                .parse::<u16>()
                .ok()
                .map(|mark| mark >= pass_mark)
                .or(fields.passed);
        }
        let mut values: Vec<(&'static str, serde_json::Value)> = Vec::new();
        values.extend(shown.title.map(|title| ("title", title.into())));
        values.extend(grade.map(|grade| ("grade", grade.into())));
        values.push(("reason_text", correction.reason.into()));
        let data = correct_outcome::Data {
            values: identity::erasable::Commitments::default(),
            fields,
            outcome: outcome.id,
            person: row.person,
            reason: correct_outcome::Reason::MarkReviewed,
        };
        let caller = staff.caller(0);
        Ok(Asking {
            issuer: staff.number,
            act: caller.act(),
            kind: correct_outcome::KIND,
            data: serde_json::to_value(&data).map_err(Problem::internal)?,
            values,
            target: Some(outcome.current),
            id: None,
        })
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
