//! People and their outside numbers: registering them, finding them, opening what identifies them.
//!
//! Invariant: one outside number names one person; whose name does not agree with it is nobody until
//! somebody has looked.

use std::sync::Arc;

use identity::erasable::Opened;
use identity::identifier::{IdentifierType, name};
use identity::person::event::Check;
use identity::person::{Alias, bind_identifier, register};
use identity::purpose::Purpose;
use jiff::civil::Date;
use ledger::clock;
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::vault::VaultError;
use crate::write::{Asking, Written};

/// A person to register, checked.
pub struct NewPerson {
    /// Name, NFC, trimmed.
    pub name: String,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Type, value as given, and how its check came out.
    pub identifiers: Vec<(IdentifierType, String, Check)>,
}

/// A person registered now or before.
pub struct RegisteredPerson {
    /// Whose number this is.
    pub person: Uuid,
    /// What became of the write.
    pub written: Written,
    /// False if a number is new and the person is another institution's to bind it to.
    pub all_bound: bool,
}

impl App {
    /// Registers a person for `caller`, or finds the one whom name and number name already.
    pub async fn register(
        self: &Arc<Self>,
        caller: &Caller,
        new: &NewPerson,
        id: Option<Uuid>,
    ) -> Result<RegisteredPerson, Problem> {
        if let Some(person) = self.known_as(new)? {
            let mut before = self.registered_before(person, &new.name)?;
            before.all_bound = self.bind_new(caller, new, person).await?;
            return Ok(before);
        }
        let person = clock::uuid_v4();
        let asking = registering(caller, new, person, id)?;
        match self.ask(asking).await {
            Ok(written) => Ok(RegisteredPerson {
                person,
                written,
                all_bound: true,
            }),
            // Somebody registered the same number in between.
            Err(problem) if problem.reason == Reason::IdentifierTaken => {
                match self.known_as(new)? {
                    Some(person) => self.registered_before(person, &new.name),
                    None => Err(problem),
                }
            }
            Err(problem) => Err(problem),
        }
    }

    /// Binds the numbers of `new` that nobody has yet to the person whom the others name; says
    /// whether it might.
    async fn bind_new(
        self: &Arc<Self>,
        caller: &Caller,
        new: &NewPerson,
        person: Uuid,
    ) -> Result<bool, Problem> {
        let state = self
            .ledger
            .state::<identity::person::Person>(&identity::person::wire::stream(person))?;
        let may = self.serves(caller.issuer(), &state)?;
        for (r#type, value, check) in &new.identifiers {
            if self.person_of(*r#type, value)?.is_none() {
                if !may {
                    return Ok(false);
                }
                self.ask(binding(
                    caller,
                    person,
                    (*r#type, value.clone(), *check),
                    None,
                ))
                .await?;
            }
        }
        Ok(true)
    }

    /// The one person whom the numbers of `new` name, if any; numbers of two people name nobody.
    fn known_as(&self, new: &NewPerson) -> Result<Option<Uuid>, Problem> {
        let mut known = None;
        for (index, (r#type, value, _)) in new.identifiers.iter().enumerate() {
            let Some(person) = self.person_of(*r#type, value)? else {
                continue;
            };
            if known.is_some_and(|known| known != person) {
                return Err(Problem::of(Reason::IdentifierTaken).field(
                    format!("/identifiers/{index}/value"),
                    (
                        "与前一个号码绑定的不是同一个人",
                        "it is bound to another person than the number before it",
                    ),
                ));
            }
            known = Some(person);
        }
        Ok(known)
    }

    /// The person whom a number names, if any.
    pub fn person_of(&self, r#type: IdentifierType, value: &str) -> Result<Option<Uuid>, Problem> {
        let Ok(checked) = r#type.check(value) else {
            return Ok(None);
        };
        let found = self.vault.lookup(r#type.as_str(), &checked.normalised)?;
        // A reservation may be of a registration that was never recorded.
        let Some(person) = found else {
            return Ok(None);
        };
        let stream = identity::person::wire::stream(person);
        let state = self.ledger.state::<identity::person::Person>(&stream)?;
        // A number that a law keeps locked leads to nobody, and stays reserved until it goes.
        if !state.is_known() || state.is_forgotten() {
            return Ok(None);
        }
        self.holder(person).map(Some)
    }

    /// The name agrees: the same person; else somebody must look.
    fn registered_before(&self, person: Uuid, given: &str) -> Result<RegisteredPerson, Problem> {
        let known = self.identity_of(person)?;
        let same = known.iter().any(|it| {
            it.name() == "name" && it.expose_text().is_some_and(|it| name::same(it, given))
        });
        let state = self
            .ledger
            .state::<identity::person::Person>(&identity::person::wire::stream(person))?;
        match state.registered {
            Some(by) if same => Ok(RegisteredPerson {
                person,
                written: Written {
                    id: by.id,
                    position: by.position,
                    new: None,
                },
                all_bound: true,
            }),
            _ => Err(Problem::of(Reason::IdentifierTaken)),
        }
    }

    /// The opened values that identify a person; none if they were erased.
    pub fn identity_of(&self, person: Uuid) -> Result<Vec<Opened>, Problem> {
        let by_assertion = self.identity_by_assertion(person)?;
        Ok(by_assertion
            .into_iter()
            .flat_map(|(_, values)| values)
            .collect())
    }

    /// As [`App::identity_of`], with the assertion that brought each of them.
    pub(crate) fn identity_by_assertion(
        &self,
        person: Uuid,
    ) -> Result<Vec<(Uuid, Vec<Opened>)>, Problem> {
        let stream = identity::person::wire::stream(person);
        let state = self.ledger.state::<identity::person::Person>(&stream)?;
        if state.is_forgotten() {
            return Ok(Vec::new());
        }
        let mut opened = Vec::new();
        for (id, values) in &state.values {
            match self.vault.opened(person, Purpose::Identity, *id, values) {
                Ok(values) => opened.push((*id, values)),
                Err(VaultError::Erased | VaultError::NotHere) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(opened)
    }
}

/// The asking that registers `new` as `person`, a random number.
pub(crate) fn registering(
    caller: &Caller,
    new: &NewPerson,
    person: Uuid,
    id: Option<Uuid>,
) -> Result<Asking, Problem> {
    let data = register::Data {
        values: identity::erasable::Commitments::default(),
        identifiers: new
            .identifiers
            .iter()
            .map(|(r#type, _, check)| Alias {
                check: *check,
                r#type: *r#type,
            })
            .collect(),
        person,
    };
    let mut values = vec![("name", Value::String(new.name.clone()))];
    values.extend(
        new.birth_date
            .map(|date| ("birth_date", Value::String(date.to_string()))),
    );
    for (r#type, value, _) in &new.identifiers {
        values.push((r#type.as_str(), Value::String(value.clone())));
    }
    Ok(Asking {
        issuer: caller.issuer(),
        act: caller.act(),
        kind: register::KIND,
        data: serde_json::to_value(&data).map_err(Problem::internal)?,
        values,
        target: None,
        id,
        expected: None,
    })
}

/// The asking that binds one more number to a person.
pub(crate) fn binding(
    caller: &Caller,
    person: Uuid,
    (r#type, value, check): (IdentifierType, String, Check),
    id: Option<Uuid>,
) -> Asking {
    Asking {
        issuer: caller.issuer(),
        act: caller.act(),
        kind: bind_identifier::KIND,
        data: serde_json::json!({ "identifier": Alias { check, r#type }, "person": person }),
        values: vec![(r#type.as_str(), Value::String(value))],
        target: None,
        id,
        expected: None,
    }
}
