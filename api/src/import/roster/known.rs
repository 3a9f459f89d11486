//! Who a row of a roster is about: somebody known, somebody new, or somebody a human must look at.
//!
//! Invariant: a number alone makes nobody the same person, and neither does a name; what does not
//! agree is left as it is, for review. Nothing is written here.

use std::cmp::Reverse;

use identity::identifier::{IdentifierType, name};
use identity::person::{Person, wire};
use uuid::Uuid;

use super::super::advice::Hint;
use super::super::finding::Finding;
use super::super::table::Field;
use super::given::Given;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::Problem;

/// Who a row is about.
pub(super) enum Judged {
    /// Nobody has one of its numbers.
    New,
    /// Somebody of this name has.
    Known(Known),
}

/// Somebody whom name and number name.
pub(super) struct Known {
    pub(super) person: Uuid,
    /// Positions of the commits that registered the person and bound numbers of the row's types, the
    /// last first.
    pub(super) by: Vec<u64>,
    /// Numbers to be bound, by their places in the row.
    pub(super) unbound: Vec<usize>,
    /// What the row says and is left so.
    pub(super) note: Option<Finding>,
}

/// Looks the row's numbers up; `Err(Ok(_))` is the row's fault or a question, `Err(Err(_))` ours.
pub(super) fn judge(
    app: &App,
    caller: &Caller,
    given: &Given,
) -> Result<Judged, Result<Finding, Problem>> {
    let mut known: Option<Uuid> = None;
    let mut unbound = Vec::new();
    for (index, number) in given.numbers.iter().enumerate() {
        let found = app.person_of(number.r#type, &number.normalised);
        match (found.map_err(Err)?, known) {
            (Some(found), Some(known)) if found != known => {
                return Err(Ok(two_people(given.line, number.field)));
            }
            (Some(found), _) => known = Some(found),
            (None, _) => unbound.push(index),
        }
    }
    let mut new = unbound.iter().filter_map(|at| given.numbers.get(*at));
    if let Some(fault) = new.find_map(|it| it.fault(given.line)) {
        return Err(Ok(fault));
    }
    let Some(person) = known else {
        return Ok(Judged::New);
    };
    let opened = app.identity_of(person).map_err(Err)?;
    let says = |member: &str| {
        let mut values = opened.iter().filter(|it| it.name() == member);
        values.find_map(|it| it.expose_text())
    };
    if !says("name").is_some_and(|known| name::same(known, &given.name)) {
        return Err(Ok(other_name(given.line)));
    }
    let state = app.ledger.state::<Person>(&wire::stream(person));
    let state = state.map_err(|error| Err(error.into()))?;
    let brings = |r#type| {
        let mut numbers = unbound.iter().filter_map(|at| given.numbers.get(*at));
        numbers.any(|it| it.r#type == r#type)
    };
    let mut aliases = state.aliases.iter();
    if brings(IdentifierType::ResidentId)
        && aliases.any(|(alias, _)| alias.r#type == IdentifierType::ResidentId)
    {
        return Err(Ok(second_resident_id(given.line)));
    }
    let may = app.serves(caller.issuer(), &state).map_err(Err)?;
    let born = given.birth_date.map(|date| date.to_string());
    let differs = |known: &str| born.as_deref().is_some_and(|said| said != known);
    let note = if !may && !unbound.is_empty() {
        let number = unbound.first().and_then(|at| given.numbers.get(*at));
        Some(Finding::new(
            given.line,
            "I12",
            number.map(|it| it.field),
            (
                "此人由别的机构登记，这个号码没有绑定：请由该机构或省级登记机构绑定",
                "another institution registered this person, so the number was not bound: that institution or the registry binds it",
            ),
        ))
    } else if says("birth_date").is_some_and(differs) {
        Some(Finding::new(
            given.line,
            "I12",
            Some(Field::BirthDate),
            (
                "与登记的出生日期不一致，登记的没有改动：请人工核对",
                "another date of birth is registered and was left so: somebody must look",
            ),
        ))
    } else {
        None
    };
    let of_row = |r#type| given.numbers.iter().any(|it| it.r#type == r#type);
    let bound = state.aliases.iter();
    let bound = bound.filter(|(alias, _)| of_row(alias.r#type));
    let mut by: Vec<u64> = bound
        .map(|(_, by)| by)
        .chain(&state.registered)
        .map(|by| by.position)
        .collect();
    by.sort_unstable_by_key(|position| Reverse(*position));
    by.dedup();
    Ok(Judged::Known(Known {
        person,
        by,
        unbound: if may { unbound } else { Vec::new() },
        note,
    }))
}

/// Its numbers name two people.
pub(super) fn two_people(line: u64, field: Field) -> Finding {
    let words = (
        "这一行的号码属于不同的两个人：请人工核对；两人的账户都未改动，可照常使用",
        "the row's numbers belong to two different people: somebody must look; both accounts are untouched and work",
    );
    Finding::new(line, "I08", Some(field), words).hinting(Hint::TwoPeople)
}

fn other_name(line: u64) -> Finding {
    let words = (
        "号码已登记在另一姓名之下：请人工核对；已有账户未改动，可照常使用",
        "the number is registered under another name: somebody must look; the account is untouched and works",
    );
    Finding::new(line, "I08", Some(Field::Name), words).hinting(Hint::OtherName)
}

/// Whom another number names has another resident ID.
pub(super) fn second_resident_id(line: u64) -> Finding {
    let words = (
        "另一个号码所指的人有别的证件号：请人工核对；已有账户未改动，可照常使用",
        "whom the other number names has another resident ID: somebody must look; the account is untouched and works",
    );
    Finding::new(line, "I08", Some(Field::ResidentId), words).hinting(Hint::SecondResidentId)
}
