//! The demo's second registrar, institutions and keys.

use std::collections::HashMap;

use credentials::policy::OutcomeKind;
use identity::did::{Did, IssuerNumber};
use identity::institution::{Custody, KeyUse, Level, activate_key, admit};
use identity::officer::appoint;
use identity::role::Role;
use ledger::clock;
use ledger::key::{SigningKey, file as key_file};

use super::{Admitted, Loader, OWN_KEY};
use crate::demo::province::Province;
use crate::demo::summary::DemoInstitution;
use crate::extract::Caller;
use crate::problem::Problem;
use crate::sign_in::Signed;

impl Loader<'_> {
    /// The first act after genesis: nobody is there to be second, so all three administrators are.
    pub(super) async fn second_registrar(
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
            signed: Signed::Token,
        })
    }

    pub(super) async fn admit_all(
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
    pub(super) async fn own_key(
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
}
