//! A pass over a roster: people are registered, found again, or come back to be looked at.
//!
//! Invariant: the dry run and the run read and judge by this same code; nobody is merged, renamed or
//! refused an account for what a roster says.
//! After a crash a row whose person stands by one of this file's own batches is the run's own.

mod enrol;
mod given;
mod known;
mod places;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use credentials::millicredits::Millicredits;
use identity::person::event::Check;
use ledger::assertion::Kid;
use ledger::clock;
use uuid::Uuid;

use super::batches::Batches;
use super::finding::Finding;
use super::job::{Job, Totals};
use super::lanes::in_lanes;
use super::look::{Came, Pass};
use super::table::Table;
use super::worker::patiently;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::Problem;
use crate::registering::{NewPerson, binding, registering};
use crate::write::batch::Member;
use enrol::{Enrolling, Todo};
use given::Given;
use known::Judged;
use places::{Place, Places};

/// A pass over a roster.
pub(super) struct Roster<'a> {
    app: &'a App,
    file: Uuid,
    caller: Caller,
    kid: &'a Kid,
    table: &'a Table,
    pass: Pass,
    places: Places,
    learners: AtomicU64,
}

/// A chunk's rows, read and judged.
pub(super) struct Prepared {
    batches: Batches,
    /// Of which nothing is to be recorded.
    came: Vec<(usize, Came)>,
    todo: Vec<Todo>,
}

/// A row whose cells are good.
struct Row {
    given: Given,
    judged: Judged,
    /// Whom it is about.
    person: Uuid,
}

impl<'a> Roster<'a> {
    /// Nothing seen yet; `kid` signs what is recorded.
    pub(super) fn new(app: &'a App, job: &Job, kid: &'a Kid, table: &'a Table, pass: Pass) -> Self {
        Self {
            app,
            file: job.file(),
            caller: job.caller(),
            kid,
            table,
            pass,
            places: Places::default(),
            learners: AtomicU64::new(0),
        }
    }

    /// After a restart: whom the rows before `until` are about.
    pub(super) fn remember(&self, until: usize) {
        for index in 0..until {
            if let Ok(Ok(row)) = self.read_at(index) {
                self.place(&row);
            }
        }
    }

    /// What the rows looked at come to.
    pub(super) fn totals(&self) -> Totals {
        Totals {
            learners: self.learners.load(Ordering::Relaxed),
            credits: Millicredits::ZERO.to_string(),
            learner: None,
        }
    }

    /// Reads a chunk's rows and says who each is about. What the chunk in front of it comes to makes
    /// no difference: whom that registers is known by the file itself.
    pub(super) fn prepare(&self, chunk: Range<usize>) -> Result<Prepared, Problem> {
        let batches = Batches::of(self.file, chunk.start);
        let read = in_lanes(chunk.collect(), &|index| {
            patiently(self.app, || self.read_at(index))
        })?;
        let (mut came, mut todo) = (Vec::new(), Vec::new());
        for (at, read) in read.into_iter().enumerate() {
            let row = match read {
                Ok(row) => row,
                Err(finding) => {
                    came.push((at, Came::Refused(finding)));
                    continue;
                }
            };
            match self.place(&row) {
                Place::Review(finding) => came.push((at, Came::Refused(finding))),
                Place::Repeated(finding) => came.push((at, Came::RepeatedAs(finding))),
                Place::First => match patiently(self.app, || self.known(&row, &batches))? {
                    Some(known) => came.push((at, known)),
                    None => todo.push(self.todo(at, row)?),
                },
            }
        }
        Ok(Prepared {
            batches,
            came,
            todo,
        })
    }

    /// What the rows come to, in their order.
    pub(super) fn finish(&self, prepared: Prepared) -> Result<Vec<Came>, Problem> {
        let Prepared {
            batches,
            mut came,
            todo,
        } = prepared;
        let enrolling = Enrolling {
            app: self.app,
            caller: &self.caller,
            batches: &batches,
        };
        match self.pass {
            Pass::Dry => {
                for row in todo {
                    let (at, would) = patiently(self.app, || enrolling.would(&row))?;
                    if !matches!(would, Came::Refused(_)) {
                        self.learners.fetch_add(1, Ordering::Relaxed);
                    }
                    came.push((at, would));
                }
            }
            Pass::Record { .. } => came.extend(enrolling.record(todo)?),
        }
        came.sort_by_key(|(at, _)| *at);
        Ok(came.into_iter().map(|(_, came)| came).collect())
    }

    /// The row, or why it comes back.
    fn read_at(&self, index: usize) -> Result<Result<Row, Finding>, Problem> {
        let row = match self.table.row(index) {
            Some(Ok(row)) => row,
            Some(Err(broken)) => return Ok(Err(Finding::broken(broken))),
            None => return Err(Problem::internal("a row past the end")),
        };
        let given = match given::read(self.app, &row) {
            Ok(given) => given,
            Err(finding) => return Ok(Err(finding)),
        };
        let judged = match known::judge(self.app, &self.caller, &given) {
            Ok(judged) => judged,
            Err(Ok(finding)) => return Ok(Err(finding)),
            Err(Err(problem)) => return Err(problem),
        };
        let person = match &judged {
            Judged::New => clock::uuid_v4(),
            Judged::Known(known) => known.person,
        };
        Ok(Ok(Row {
            given,
            judged,
            person,
        }))
    }

    fn place(&self, row: &Row) -> Place {
        let is_known = matches!(row.judged, Judged::Known(_));
        self.places.take(&row.given, row.person, is_known)
    }

    /// What a row comes to whose person has all its numbers.
    fn known(&self, row: &Row, batches: &Batches) -> Result<Option<Came>, Problem> {
        let Judged::Known(known) = &row.judged else {
            return Ok(None);
        };
        if !known.unbound.is_empty() {
            return Ok(None);
        }
        let own = match self.pass {
            Pass::Record { begun } => {
                let mut since = known.by.iter().take_while(|position| **position >= begun);
                since.find_map(|position| {
                    let own = batches.own(self.app, *position).transpose()?;
                    Some(own.map(|_| *position))
                })
            }
            Pass::Dry => None,
        };
        let came = match own.transpose()? {
            Some(position) => Came::Recorded {
                position: Some(position),
                mismatch: false,
            },
            None => Came::Already,
        };
        Ok(Some(came.noted(known.note.clone())))
    }

    /// What is to be recorded of a row.
    fn todo(&self, at: usize, row: Row) -> Result<Todo, Problem> {
        let Row {
            given,
            judged,
            person,
        } = row;
        let numbers = given.numbers.iter();
        let numbers = numbers.map(|it| (it.r#type, it.normalised.clone(), Check::Ok));
        let mut numbers: Vec<_> = numbers.collect();
        let mut steps: VecDeque<Member> = VecDeque::new();
        let note = match judged {
            Judged::New => {
                let new = NewPerson {
                    name: given.name.clone(),
                    birth_date: given.birth_date,
                    identifiers: numbers,
                };
                let asking = registering(&self.caller, &new, person, None)?;
                steps.push_back(self.app.member(self.kid, asking)?);
                None
            }
            Judged::Known(known) => {
                let mut at = 0..;
                numbers.retain(|_| at.next().is_some_and(|at| known.unbound.contains(&at)));
                for number in numbers {
                    let asking = binding(&self.caller, person, number, None);
                    steps.push_back(self.app.member(self.kid, asking)?);
                }
                known.note
            }
        };
        Ok(Todo {
            at,
            given,
            steps,
            note,
            position: None,
            waits: 0,
        })
    }
}
