//! The people of this file seen so far, by their numbers.
//!
//! Invariant: a row is told for a repetition by the order of the file alone, and only if name and
//! numbers agree; one that does not is for review.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use identity::identifier::{IdentifierType, name};
use uuid::Uuid;

use super::super::advice::Hint;
use super::super::finding::Finding;
use super::super::table::Field;
use super::given::Given;
use super::known;

/// The people of a file.
#[derive(Default)]
pub(super) struct Places(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    by_number: HashMap<(IdentifierType, String), usize>,
    people: Vec<Seen>,
}

struct Seen {
    line: u64,
    /// As compared.
    name: String,
    person: Uuid,
    resident_id: Option<String>,
}

/// What a row is to those before it.
pub(super) enum Place {
    /// The first about this person.
    First,
    /// Another about a person of an earlier row.
    Repeated(Finding),
    /// Somebody must look.
    Review(Finding),
}

impl Places {
    /// Takes the next row in; `person` = whom it is about, or a new number.
    pub(super) fn take(&self, given: &Given, person: Uuid, is_known: bool) -> Place {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        let mut new = Vec::new();
        for number in &given.numbers {
            let key = (number.r#type, number.normalised.clone());
            match (inner.by_number.get(&key).copied(), found) {
                (Some(at), Some((before, _))) if at != before => {
                    return Place::Review(known::two_people(given.line, number.field));
                }
                (Some(at), _) => found = Some((at, number.field)),
                (None, _) => new.push(key),
            }
        }
        let resident_id = given.resident_id().map(|it| &it.normalised);
        let at = match found {
            None => {
                inner.people.push(Seen {
                    line: given.line,
                    name: name::comparable(&given.name),
                    person,
                    resident_id: resident_id.cloned(),
                });
                inner.people.len() - 1
            }
            Some((at, field)) => {
                let Some(before) = inner.people.get_mut(at) else {
                    return Place::First;
                };
                if before.name != name::comparable(&given.name) {
                    return Place::Review(other_name(given.line, before.line));
                }
                // A number that nobody has goes with the earlier row; one that somebody has does not.
                if is_known && before.person != person {
                    return Place::Review(known::two_people(given.line, field));
                }
                if let Some(resident_id) = resident_id {
                    let before = before
                        .resident_id
                        .get_or_insert_with(|| resident_id.clone());
                    if before != resident_id {
                        return Place::Review(known::second_resident_id(given.line));
                    }
                }
                at
            }
        };
        let finding = found.and_then(|_| {
            let before = inner.people.get(at)?.line;
            Some(repeated(given.line, before, !new.is_empty()))
        });
        for key in new {
            inner.by_number.insert(key, at);
        }
        finding.map_or(Place::First, Place::Repeated)
    }
}

fn other_name(line: u64, before: u64) -> Finding {
    let words = (
        format!("第 {before} 行用同一号码写了另一姓名：请人工核对；这一行没有登记"),
        format!(
            "row {before} has the same number under another name: somebody must look; this row was not registered"
        ),
    );
    Finding::new(line, "I08", Some(Field::Name), words).hinting(Hint::OtherNameInFile)
}

fn repeated(line: u64, before: u64, brings_more: bool) -> Finding {
    let words = if brings_more {
        (
            format!("与第 {before} 行是同一人，多出的号码没有绑定：请把号码写在一行，或再上传一次"),
            format!(
                "the same person as in row {before}; the further number was not bound: write both in one row, or send the file again"
            ),
        )
    } else {
        (
            format!("与第 {before} 行是同一人"),
            format!("the same person as in row {before}"),
        )
    };
    Finding::new(line, "I09", None, words)
}
