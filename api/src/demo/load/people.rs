//! The demo's people beside its learners: staff of its institution, an elder with a helper, a child with a
//! guardian.

use identity::erasable::Commitments;
use identity::officer::clerk;
use identity::person::assurance::{self, Method, RaiseData};
use identity::person::delegation::{AGE_OF_CONSENT, Basis, Scope, grant};
use identity::role::Role;
use jiff::ToSpan as _;
use jiff::civil::Date;
use ledger::clock;
use uuid::Uuid;

use super::{Admitted, Loader};
use crate::delegations::rounded_up;
use crate::demo::province::Province;
use crate::extract::Caller;
use crate::problem::Problem;
use crate::registering::NewPerson;
use crate::sign_in::Signed;

/// The child, and how old it is.
const CHILD: (&str, i16) = ("应小满", 8);

/// Who signs in as whom.
pub(super) struct Roles {
    pub(super) clerk: Caller,
    pub(super) counter: Caller,
    pub(super) elder: Caller,
    pub(super) helper: Caller,
    pub(super) guardian: Caller,
    pub(super) child: Uuid,
}

impl Loader<'_> {
    /// Staff of `school`, and people who act in another's name.
    pub(super) async fn roles(
        &self,
        province: &Province,
        (school, registrar): (&Admitted, &Caller),
        people: &[Uuid],
    ) -> Result<Roles, Problem> {
        let clerk = self.staff(school, Role::Clerk).await?;
        let counter = self.staff(school, Role::Counter).await?;
        let none = || Problem::internal("the demo has too few learners");
        let (guardian, helper) = match people {
            [_, guardian, helper, ..] => (*guardian, *helper),
            [only, ..] => (*only, *only),
            [] => return Err(none()),
        };
        let old = province.learners.iter().zip(people).skip(3);
        let mut old = old.filter(|(learner, _)| learner.is_elder());
        let elder = old.next().map(|(_, person)| *person);
        let elder = elder.or(people.last().copied()).ok_or_else(none)?;
        let today = self.app.today();
        let (name, years) = CHILD;
        let born = today.saturating_sub(years.years());
        let child = NewPerson {
            name: name.into(),
            birth_date: Some(born),
            identifiers: Vec::new(),
        };
        let officer = school.caller(0);
        let child = self.app.register(&officer, &child, None).await?.person;
        for person in [elder, helper, guardian, child] {
            self.show_document(registrar, person).await?;
        }
        if elder != helper {
            let until = today.saturating_add(6.months());
            let given = (Basis::Proxy, vec![Scope::View], until);
            self.let_act(registrar, (elder, helper), given).await?;
        }
        // The day would tell the birthday: the log gets the month behind it.
        let month = rounded_up(born.saturating_add(AGE_OF_CONSENT.years()));
        let scopes = vec![Scope::Consent, Scope::Erase, Scope::View];
        let given = (Basis::Guardian, scopes, month);
        self.let_act(registrar, (child, guardian), given).await?;
        Ok(Roles {
            clerk,
            counter,
            elder: as_person(elder, Role::Learner),
            helper: as_person(helper, Role::Proxy),
            guardian: as_person(guardian, Role::Proxy),
            child,
        })
    }

    async fn staff(&self, school: &Admitted, role: Role) -> Result<Caller, Problem> {
        let person = clock::uuid_v4();
        let data = clerk::Data { person, role };
        self.ask(&school.caller(0), clerk::APPOINT, &data).await?;
        Ok(Caller {
            institution: Some(school.number),
            ..as_person(person, role)
        })
    }

    async fn show_document(&self, registrar: &Caller, person: Uuid) -> Result<(), Problem> {
        let data = RaiseData {
            values: Commitments::default(),
            method: Method::Document,
            person,
        };
        self.ask(registrar, assurance::RAISE, &data).await.map(drop)
    }

    /// `agent` may act in the name of `person`.
    async fn let_act(
        &self,
        registrar: &Caller,
        (person, agent): (Uuid, Uuid),
        (basis, scopes, until): (Basis, Vec<Scope>, Date),
    ) -> Result<(), Problem> {
        let data = grant::Data {
            values: Commitments::default(),
            agent,
            basis,
            person,
            scopes,
            unpressed: true,
            until,
            uses_max: None,
        };
        self.ask(registrar, grant::KIND, &data).await.map(drop)
    }
}

fn as_person(person: Uuid, role: Role) -> Caller {
    Caller {
        person,
        role,
        institution: None,
        signed: Signed::Token,
    }
}
