//! Random histories of ways back into one account, against a list (SECURITY §1.2, I6 and I9).

use std::cell::Cell;

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::assurance::{self, Level, Method};
use identity::person::delegation::Asker;
use identity::person::recovery::{
    DELAY_MS, OPEN_MS, Stage as Stands, complete, sheet, start, veto,
};
use identity::person::{self, Person};
use ledger::decision::Decision;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde::Serialize;
use tests::support::asking::person as somebody;
use tests::support::given::Given;
use tests::support::people;
use tests::support::scene::{Came, Scene, Stage};
use uuid::Uuid;

use super::histories::Histories;

/// Histories unless `XF_RECOVERY_HISTORIES` says more.
const HISTORIES: u32 = 10_000;
const STEPS_MAX: usize = 24;
const HOUR_MS: i64 = 3_600_000;
const SHEETS: u64 = 3;

#[derive(Debug, Clone, Copy)]
enum Step {
    Start { elder: bool, by_school: bool },
    Print(u64),
    Claim(u64),
    Veto { which: usize, own: bool },
    Complete(usize),
    Pass(i64),
    Raise(bool),
    Lower,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<bool>(), any::<bool>())
            .prop_map(|(elder, by_school)| Step::Start { elder, by_school }),
        2 => (0..SHEETS).prop_map(Step::Print),
        3 => (0..SHEETS).prop_map(Step::Claim),
        1 => (0..4_usize, prop::bool::weighted(0.8))
            .prop_map(|(which, own)| Step::Veto { which, own }),
        5 => (0..4_usize).prop_map(Step::Complete),
        3 => prop_oneof![0..80_i64, Just(72), Just(71), Just(24 * 31)].prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Raise),
        1 => Just(Step::Lower),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    Open,
    Vetoed,
    Done,
}

/// What was said, and nothing derived.
#[derive(Debug)]
struct Books {
    begun: Vec<(Uuid, i64, Now)>,
    /// The ones that the sheet began.
    by_sheet: Vec<Uuid>,
    sheet: Option<u64>,
    level: u8,
}

impl Books {
    fn is_open(&self, which: usize, now_ms: i64) -> bool {
        let (_, ready_ms, now) = self.begun[which];
        now == Now::Open && now_ms < ready_ms + OPEN_MS
    }

    fn under_way(&self, now_ms: i64) -> bool {
        (0..self.begun.len()).any(|which| self.is_open(which, now_ms))
    }
}

fn lost() -> Uuid {
    somebody(4_000)
}

fn sheet_name(n: u64) -> Uuid {
    somebody(4_100 + n)
}

struct Play<'a> {
    stage: &'a Stage,
    scene: Scene,
    books: Books,
    completed: u64,
    refused: u64,
}

impl Play<'_> {
    fn ask<D: Decision>(&mut self, decision: &D, own: &impl Serialize) -> Result<Came, D::Error> {
        self.scene
            .ask(self.stage.by(self.scene.next), decision, own)
    }

    fn start(&mut self, elder: bool, by_school: bool) -> Result<(), TestCaseError> {
        let mut ask = Ask::of(self.stage.by(self.scene.next).0).unwrap();
        ask.issuer = IssuerNumber(u32::from(by_school));
        let id = ask.id;
        let data = start::StartData {
            values: Commitments::default(),
            elder,
            person: lost(),
        };
        let now_ms = self.scene.now_ms;
        let enough = !by_school || self.books.level <= 3;
        let may = enough && !self.books.under_way(now_ms);
        let decision = start::Start {
            ask,
            data: data.clone(),
        };
        let came = self.ask(&decision, &data);
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if may {
            let delay_ms = if elder { 0 } else { DELAY_MS };
            self.books.begun.push((id, now_ms + delay_ms, Now::Open));
        }
        Ok(())
    }

    fn claim(&mut self, n: u64) -> Result<(), TestCaseError> {
        let id = self.stage.by(self.scene.next).0.id();
        let data = start::ClaimData {
            person: lost(),
            sheet: sheet_name(n),
        };
        let now_ms = self.scene.now_ms;
        let may =
            self.books.sheet == Some(n) && self.books.level <= 3 && !self.books.under_way(now_ms);
        let came = self.ask(&start::Claim { id, data }, &data);
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if may {
            self.books.sheet = None;
            self.books.by_sheet.push(id);
            self.books.begun.push((id, now_ms + DELAY_MS, Now::Open));
        }
        Ok(())
    }

    fn print(&mut self, n: u64) -> Result<(), TestCaseError> {
        let data = sheet::Data {
            person: lost(),
            sheet: sheet_name(n),
        };
        let decision = sheet::IssueSheet {
            learner: Some(lost()),
            data,
        };
        let came = self.ask(&decision, &data);
        let may = self.books.level <= 3 && !self.books.under_way(self.scene.now_ms);
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if came.is_ok() {
            self.books.sheet = Some(n);
        }
        Ok(())
    }

    fn veto(&mut self, which: usize, own: bool) -> Result<(), TestCaseError> {
        let Some(&(recovery, _, now)) = self.books.begun.get(which) else {
            return Ok(());
        };
        let data = veto::Data {
            person: lost(),
            recovery,
        };
        let who = if own { lost() } else { somebody(4_200) };
        let asker = Some(Asker::Learner(who));
        let came = self.ask(&veto::Veto { asker, data }, &data);
        let open = self.books.is_open(which, self.scene.now_ms);
        let may = own && (open || now == Now::Vetoed);
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if came == Ok(Came::Written) {
            self.books.begun[which].2 = Now::Vetoed;
        }
        Ok(())
    }

    fn complete(&mut self, which: usize) -> Result<(), TestCaseError> {
        let known = self.books.begun.get(which).copied();
        let recovery = known.map_or_else(|| somebody(4_300), |(id, _, _)| id);
        let data = complete::Data {
            person: lost(),
            recovery,
        };
        let by_sheet = self.books.by_sheet.contains(&recovery);
        let officer = (!by_sheet).then(|| Ask::of(self.stage.by(self.scene.next).0).unwrap());
        let came = self.ask(&complete::Complete { officer, data }, &data);
        let now_ms = self.scene.now_ms;
        let may = known.is_some_and(|(_, ready_ms, now)| {
            let enough = self.books.level <= 3 || !by_sheet;
            now == Now::Done || (self.books.is_open(which, now_ms) && now_ms >= ready_ms && enough)
        });
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        self.refused += u64::from(came.is_err() && known.is_some());
        if came == Ok(Came::Written) {
            self.books.begun[which].2 = Now::Done;
            // Whoever was in may have printed it.
            self.books.sheet = None;
            self.completed += 1;
        }
        Ok(())
    }

    fn raise(&mut self, hardware: bool) {
        let method = if hardware {
            Method::HardwareKey
        } else {
            Method::Document
        };
        let data = assurance::RaiseData {
            values: Commitments::default(),
            method,
            person: lost(),
        };
        let decision = assurance::Raise {
            issuer: IssuerNumber::REGISTRAR,
            acting: None,
            data: data.clone(),
        };
        if self.ask(&decision, &data) == Ok(Came::Written) {
            self.books.level = u8::from(method.level());
        }
    }

    fn lower(&mut self) {
        let data = assurance::LowerData {
            values: Commitments::default(),
            level: Level::ROSTER,
            person: lost(),
        };
        let decision = assurance::Lower {
            issuer: IssuerNumber::REGISTRAR,
            data: data.clone(),
        };
        if self.ask(&decision, &data) == Ok(Came::Written) {
            self.books.level = 2;
        }
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Start { elder, by_school } => self.start(elder, by_school)?,
            Step::Print(n) => self.print(n)?,
            Step::Claim(n) => self.claim(n)?,
            Step::Veto { which, own } => self.veto(which, own)?,
            Step::Complete(which) => self.complete(which)?,
            Step::Pass(hours) => self.scene.now_ms += hours * HOUR_MS,
            Step::Raise(hardware) => self.raise(hardware),
            Step::Lower => self.lower(),
        }
        let state: std::sync::Arc<Person> = self.scene.state(&person::wire::stream(lost()));
        let stands: Vec<Now> = state
            .recoveries
            .begun
            .iter()
            .map(|it| match it.stage {
                Stands::Open => Now::Open,
                Stands::Vetoed(_) => Now::Vetoed,
                Stands::Completed(..) => Now::Done,
            })
            .collect();
        let expected: Vec<Now> = self.books.begun.iter().map(|it| it.2).collect();
        prop_assert_eq!(stands, expected);
        Ok(())
    }
}

#[test]
fn no_way_back_is_shorter_than_it_should_be() {
    // A thief would get in with less than was asked, before the owner could say no, or after the no.
    let histories = Histories::of("RECOVERY", HISTORIES);
    let given = Given::genesis().admitted(1).registered(lost());
    let stage = Stage::new(&given, &people::documented(lost()), STEPS_MAX as u64);
    let total = Cell::new((0, 0));
    let steps = proptest::collection::vec(step(), 1..=STEPS_MAX);
    let play = |steps| {
        let mut play = Play {
            stage: &stage,
            scene: stage.scene(),
            books: Books {
                begun: Vec::new(),
                by_sheet: Vec::new(),
                sheet: None,
                level: 2,
            },
            completed: 0,
            refused: 0,
        };
        for step in steps {
            play.step(step)?;
        }
        let (completed, refused) = total.get();
        total.set((completed + play.completed, refused + play.refused));
        Ok(())
    };
    histories.play(&steps, play, || {
        let (completed, refused) = total.get();
        format!("{completed} ways back completed, {refused} refused")
    });
    let (completed, refused) = total.get();
    let enough = u64::from(histories.count) / 20;
    assert!(completed > enough && refused > enough);
}
