//! Random histories of what signs two people in, against lists (SECURITY §1.2, I5 and I6).

use std::cell::Cell;
use std::collections::BTreeSet;

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::assurance::Level;
use identity::person::authenticator::{self, enrol};
use identity::person::link;
use identity::person::recovery::{complete, sheet, start};
use identity::person::{self, Person};
use identity::role::Role;
use ledger::assertion::{Act, By};
use ledger::decision::Decision;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde::Serialize;
use tests::support::asking::person as somebody;
use tests::support::given::Given;
use tests::support::people;
use tests::support::said;
use tests::support::scene::{Came, Scene, Stage};
use uuid::Uuid;

use super::histories::Histories;

/// Histories unless `XF_LINK_HISTORIES` says more.
const HISTORIES: u32 = 10_000;
const STEPS_MAX: usize = 32;
const CEREMONIES: u128 = 24;

/// Whose account: a learner of school 1, or a clerk there who is nobody's learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Learner,
    Clerk,
}

/// Who speaks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The person, as a learner or as the clerk.
    Own,
    /// Another learner.
    Stranger,
    /// Counter staff of a school.
    Counter(u32),
    /// A registrar.
    Registrar,
    /// An officer of a school.
    Institution(u32),
    /// Two security administrators, or one.
    Security { two: bool },
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Confirm {
        who: Who,
        side: Side,
        loa: u8,
        ceremony: u128,
    },
    Remove {
        who: Who,
        side: Side,
        which: usize,
    },
    /// A passkey instead of an account; `name` is its own.
    Enrol {
        who: Who,
        side: Side,
        loa: u8,
        name: u128,
    },
    Discard {
        who: Who,
        side: Side,
        which: usize,
    },
    /// Two officers open the learner's account again; an elder's, without the days.
    Recover,
    Print,
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![2 => Just(Who::Learner), 1 => Just(Who::Clerk)]
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![
        6 => Just(Side::Own),
        1 => Just(Side::Stranger),
        2 => (1..=2_u32).prop_map(Side::Counter),
        1 => Just(Side::Registrar),
        2 => (1..=2_u32).prop_map(Side::Institution),
        2 => any::<bool>().prop_map(|two| Side::Security { two }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (who(), side(), 0..=4_u8, 0..CEREMONIES)
            .prop_map(|(who, side, loa, ceremony)| Step::Confirm { who, side, loa, ceremony }),
        4 => (who(), side(), 0..4_usize)
            .prop_map(|(who, side, which)| Step::Remove { who, side, which }),
        6 => (who(), side(), 0..=4_u8, 0..CEREMONIES)
            .prop_map(|(who, side, loa, name)| Step::Enrol { who, side, loa, name }),
        4 => (who(), side(), 0..4_usize)
            .prop_map(|(who, side, which)| Step::Discard { who, side, which }),
        1 => Just(Step::Recover),
        1 => Just(Step::Print),
    ]
}

/// What was said of one account, and nothing derived.
#[derive(Debug, Default)]
struct Books {
    standing: Vec<(Uuid, u8)>,
    ceremonies: BTreeSet<u128>,
    passkeys: Vec<(Uuid, u8)>,
    /// Names of passkeys, now or before.
    names: BTreeSet<u128>,
    /// Whether anything was linked, enrolled or taken away since the beginning or the last recovery.
    touched: bool,
    sheet: bool,
}

impl Books {
    /// Whether nothing else is left to come in by.
    fn is_last(&self) -> bool {
        self.standing.len() + self.passkeys.len() == 1 && !self.sheet
    }
}

const fn at(who: Who) -> usize {
    match who {
        Who::Learner => 0,
        Who::Clerk => 1,
    }
}

fn person_of(who: Who) -> Uuid {
    somebody(5_000 + at(who) as u64)
}

/// The best level that `side` may give `who`, and whether only where nothing was linked. All assertions here
/// are signed by the registrar's key, so that none is for the roles of one institution alone.
const fn may(side: Side, who: Who) -> Option<(u8, bool)> {
    match (side, who) {
        (Side::Own, Who::Learner) => Some((3, false)),
        (Side::Counter(1) | Side::Registrar, Who::Learner) => Some((3, true)),
        (Side::Own | Side::Institution(1) | Side::Security { two: true }, Who::Clerk) => {
            Some((4, false))
        }
        _ => None,
    }
}

struct Play<'a> {
    stage: &'a Stage,
    scene: Scene,
    books: [Books; 2],
    linked: u64,
    enrolled: u64,
    refused: u64,
}

impl Play<'_> {
    fn ask<D: Decision>(&mut self, decision: &D, own: &impl Serialize) -> Result<Came, D::Error> {
        self.scene
            .ask(self.stage.by(self.scene.next), decision, own)
    }

    fn by(&self, side: Side, who: Who) -> Ask {
        let (role, person, issuer) = match side {
            Side::Own if who == Who::Clerk => (Role::Clerk, person_of(who), 1),
            Side::Own => (Role::Learner, person_of(who), 0),
            Side::Stranger => (Role::Learner, somebody(5_009), 0),
            Side::Counter(school) => (Role::Counter, somebody(5_010), school),
            Side::Registrar => (Role::Registrar, somebody(5_011), 0),
            Side::Institution(school) => (Role::Institution, somebody(5_012), school),
            Side::Security { .. } => (Role::Security, somebody(5_013), 0),
        };
        let mut ask = Ask::of(self.stage.by(self.scene.next).0).unwrap();
        ask.issuer = IssuerNumber(issuer);
        ask.act = Some(Act {
            by: By::Session,
            on_behalf_of: None,
            person,
            role: role.to_string(),
        });
        ask
    }

    fn confirm(
        &mut self,
        who: Who,
        side: Side,
        loa: u8,
        ceremony: u128,
    ) -> Result<(), TestCaseError> {
        let data = link::confirm::Data {
            values: said::values(2),
            ceremony: Uuid::from_u128(ceremony),
            loa: Level::try_from(loa).unwrap(),
            person: person_of(who),
        };
        let decision = link::confirm::ConfirmLink {
            ask: self.by(side, who),
            of_officer: side == Side::Security { two: true },
            data: data.clone(),
        };
        let id = decision.ask.id;
        let came = self.ask(&decision, &data);
        let books = &mut self.books[at(who)];
        let new = !books.ceremonies.contains(&ceremony);
        let room = books.standing.len() < link::confirm::LINKS_MAX;
        let may = may(side, who).is_some_and(|(most, first)| {
            (1..=most).contains(&loa) && new && room && !(first && books.touched)
        });
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if came == Ok(Came::Written) {
            books.standing.push((id, loa));
            books.ceremonies.insert(ceremony);
            books.touched = true;
            self.linked += 1;
        } else {
            self.refused += 1;
        }
        Ok(())
    }

    fn remove(&mut self, who: Who, side: Side, which: usize) -> Result<(), TestCaseError> {
        let known = self.books[at(who)].standing.get(which).copied();
        let data = link::remove::Data {
            link: known.map_or(Uuid::max(), |(id, _)| id),
            person: person_of(who),
        };
        let decision = link::remove::RemoveLink {
            ask: self.by(side, who),
            of_officer: side == Side::Security { two: true },
            data: data.clone(),
        };
        let came = self.ask(&decision, &data);
        let books = &mut self.books[at(who)];
        // What an institution did not vouch for is not its to take away.
        let theirs = may(side, who).is_some() && !matches!(side, Side::Institution(_));
        let shut_out = side == Side::Own && books.is_last();
        let may = known.is_some() && theirs && !shut_out;
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if may {
            books.standing.remove(which);
            books.touched = true;
        }
        Ok(())
    }

    fn enrol(&mut self, who: Who, side: Side, loa: u8, name: u128) -> Result<(), TestCaseError> {
        let data = enrol::Data {
            authenticator: Uuid::from_u128(name),
            loa: Level::try_from(loa).unwrap(),
            person: person_of(who),
        };
        let ask = self.by(side, who);
        let came = self.ask(&enrol::EnrolAuthenticator { ask, data }, &data);
        let books = &mut self.books[at(who)];
        let most = if who == Who::Learner { 3 } else { 4 };
        let may = side == Side::Own
            && (1..=most).contains(&loa)
            && !books.names.contains(&name)
            && books.passkeys.len() < enrol::AUTHENTICATORS_MAX;
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if may {
            books.passkeys.push((data.authenticator, loa));
            books.names.insert(name);
            books.touched = true;
            self.enrolled += 1;
        }
        Ok(())
    }

    fn discard(&mut self, who: Who, side: Side, which: usize) -> Result<(), TestCaseError> {
        let known = self.books[at(who)].passkeys.get(which).copied();
        let data = authenticator::remove::Data {
            authenticator: known.map_or(Uuid::max(), |(id, _)| id),
            person: person_of(who),
        };
        let decision = authenticator::remove::RemoveAuthenticator {
            ask: self.by(side, who),
            of_officer: side == Side::Security { two: true },
            data,
        };
        let came = self.ask(&decision, &data);
        let books = &mut self.books[at(who)];
        let theirs = may(side, who).is_some() && !matches!(side, Side::Institution(_));
        let shut_out = side == Side::Own && books.is_last();
        let may = known.is_some() && theirs && !shut_out;
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if may {
            books.passkeys.remove(which);
            books.touched = true;
        }
        Ok(())
    }

    fn recover(&mut self) -> Result<(), TestCaseError> {
        let person = person_of(Who::Learner);
        let ask = self.by(Side::Registrar, Who::Learner);
        let recovery = ask.id;
        let data = start::StartData {
            values: Commitments::default(),
            elder: true,
            person,
        };
        let begun = start::Start {
            ask,
            data: data.clone(),
        };
        prop_assert!(self.ask(&begun, &data).is_ok());
        let data = complete::Data { person, recovery };
        let officer = Some(self.by(Side::Registrar, Who::Learner));
        let came = self.ask(&complete::Complete { officer, data }, &data);
        prop_assert!(came.is_ok());
        let books = &mut self.books[at(Who::Learner)];
        books.standing.clear();
        books.passkeys.clear();
        books.touched = false;
        books.sheet = false;
        Ok(())
    }

    fn print(&mut self) -> Result<(), TestCaseError> {
        let person = person_of(Who::Learner);
        let data = sheet::Data {
            person,
            sheet: somebody(5_100 + self.scene.next),
        };
        let decision = sheet::IssueSheet {
            learner: Some(person),
            data,
        };
        prop_assert!(self.ask(&decision, &data).is_ok());
        self.books[at(Who::Learner)].sheet = true;
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Confirm {
                who,
                side,
                loa,
                ceremony,
            } => self.confirm(who, side, loa, ceremony)?,
            Step::Remove { who, side, which } => self.remove(who, side, which)?,
            Step::Enrol {
                who,
                side,
                loa,
                name,
            } => self.enrol(who, side, loa, name)?,
            Step::Discard { who, side, which } => self.discard(who, side, which)?,
            Step::Recover => self.recover()?,
            Step::Print => self.print()?,
        }
        for who in [Who::Learner, Who::Clerk] {
            let stream = person::wire::stream(person_of(who));
            let state: std::sync::Arc<Person> = self.scene.state(&stream);
            let standing = state.links.standing().iter();
            let standing: Vec<_> = standing.map(|it| (it.id, u8::from(it.loa))).collect();
            prop_assert_eq!(&standing, &self.books[at(who)].standing);
            let passkeys = state.authenticators.standing().iter();
            let passkeys: Vec<_> = passkeys.map(|it| (it.id, u8::from(it.loa))).collect();
            prop_assert_eq!(&passkeys, &self.books[at(who)].passkeys);
        }
        Ok(())
    }
}

#[test]
fn nobody_makes_a_way_into_another_account() {
    // An officer or a thief would sign in as somebody else, or better assured than anybody saw.
    let histories = Histories::of("LINK", HISTORIES);
    let given = Given::province()
        .registered(person_of(Who::Learner))
        .appointed(person_of(Who::Clerk), Role::Clerk, Some(1));
    let asking = people::documented(person_of(Who::Learner));
    let stage = Stage::new(&given, &asking, 2 * STEPS_MAX as u64);
    let total = Cell::new((0, 0, 0));
    let steps = proptest::collection::vec(step(), 1..=STEPS_MAX);
    let play = |steps| {
        let mut play = Play {
            stage: &stage,
            scene: stage.scene(),
            books: Default::default(),
            linked: 0,
            enrolled: 0,
            refused: 0,
        };
        for step in steps {
            play.step(step)?;
        }
        let (linked, enrolled, refused) = total.get();
        total.set((
            linked + play.linked,
            enrolled + play.enrolled,
            refused + play.refused,
        ));
        Ok(())
    };
    histories.play(&steps, play, || {
        let (linked, enrolled, refused) = total.get();
        format!("{linked} accounts linked, {enrolled} passkeys enrolled, {refused} refused")
    });
    let (linked, enrolled, refused) = total.get();
    let least = u64::from(histories.count);
    assert!(linked > least && enrolled > least / 2 && refused > least);
}
