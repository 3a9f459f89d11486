//! Random histories of delegations, merges and levels, against books that know nothing but what was said
//! (SECURITY §1.2, I7 and I8).

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use credentials::merge::apply::{self, ResidentIds};
use credentials::merge::revert;
use identity::ask::Ask;
use identity::date::day_of;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::assurance::{self, Level, Method};
use identity::person::delegation::{
    Asker, MONTHS_MAX, PRINCIPALS_MAX, PROXIES_MAX, Scope, end, grant, live, narrow,
};
use identity::person::{self, Person, numbers};
use jiff::ToSpan as _;
use jiff::civil::Date;
use ledger::decision::Decision;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde::Serialize;
use tests::support::given::Given;
use tests::support::people;
use tests::support::scene::{Came, Scene, Stage};
use uuid::Uuid;

use super::histories::Histories;

/// Numbers that a history may name: enough for a principal with four helpers, and six principals of one.
const NUMBERS: u64 = 8;
/// Histories unless `XF_DELEGATION_HISTORIES` says more.
const HISTORIES: u32 = 10_000;
const STEPS_MAX: usize = 24;
const DAY_MS: i64 = 24 * 3_600_000;

#[derive(Debug, Clone, Copy)]
enum Step {
    Grant(u64, u64, i64),
    Revoke(usize),
    Narrow(usize, i64),
    Expire(usize),
    Pass(i64),
    Merge(u64, u64),
    Unmerge,
    Raise(u64),
    Lower(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..NUMBERS;
    prop_oneof![
        // Few principals for few helpers, so that limits are met.
        6 => (n(), 0..3_u64, 0..420_i64).prop_map(|(p, a, days)| Step::Grant(p, a, days)),
        3 => (0..2_u64, n(), 1..360_i64).prop_map(|(p, a, days)| Step::Grant(p, a, days)),
        2 => (0..9_usize).prop_map(Step::Revoke),
        1 => (0..9_usize, 0..400_i64).prop_map(|(k, days)| Step::Narrow(k, days)),
        1 => (0..9_usize).prop_map(Step::Expire),
        1 => (0..200_i64).prop_map(Step::Pass),
        1 => (n(), n()).prop_map(|(b, a)| Step::Merge(b, a)),
        1 => Just(Step::Unmerge),
        1 => (0..3_u64).prop_map(Step::Raise),
        1 => (0..3_u64).prop_map(Step::Lower),
    ]
}

/// What was said of a delegation.
#[derive(Debug, Clone)]
struct Entry {
    id: Uuid,
    principal: u64,
    agent: u64,
    until: Date,
    at: u64,
    ended: bool,
}

/// Lists, gone through from the start for every question.
#[derive(Debug, Default)]
struct Books {
    entries: Vec<Entry>,
    /// Absorbed, into, position; in force.
    merges: Vec<(u64, u64, u64)>,
    /// Who, level, position.
    said: Vec<(u64, u8, u64)>,
}

impl Books {
    fn is_merged(&self, n: u64) -> bool {
        self.merges.iter().any(|(absorbed, _, _)| *absorbed == n)
    }

    fn tree(&self, n: u64) -> BTreeSet<u64> {
        let mut tree = BTreeSet::from([n]);
        loop {
            let more: Vec<u64> = self
                .merges
                .iter()
                .filter(|(absorbed, into, _)| tree.contains(into) && !tree.contains(absorbed))
                .map(|(absorbed, _, _)| *absorbed)
                .collect();
            if more.is_empty() {
                return tree;
            }
            tree.extend(more);
        }
    }

    fn merged_at(&self, n: u64) -> Option<u64> {
        let into = self.merges.iter().filter(|(_, into, _)| *into == n);
        into.map(|(_, _, at)| *at).max()
    }

    fn level(&self, n: u64) -> u8 {
        let last = |n: u64| self.said.iter().rfind(|(who, _, _)| *who == n);
        match (last(n), self.merged_at(n)) {
            (Some((_, level, at)), Some(merged)) if *at > merged => *level,
            (Some((_, level, _)), None) => *level,
            _ => {
                let tree = self.tree(n).into_iter();
                let alone = tree.map(|n| last(n).map_or(2, |(_, level, _)| *level));
                alone.min().unwrap_or(0)
            }
        }
    }

    fn views(&self, agent: u64, principal: u64, today: Date) -> bool {
        let since = self.merged_at(agent).max(self.merged_at(principal));
        !self.is_merged(agent)
            && !self.is_merged(principal)
            && self.entries.iter().any(|it| {
                (it.agent, it.principal) == (agent, principal)
                    && !it.ended
                    && today < it.until
                    && since.is_none_or(|since| it.at > since)
            })
    }

    fn may_grant(&self, principal: u64, agent: u64, until: Date, today: Date) -> bool {
        let lasting = |it: &&Entry| !it.ended && today < it.until;
        let helpers = self.entries.iter().filter(lasting);
        let helpers = helpers.filter(|it| it.principal == principal && it.agent != agent);
        let tree = self.tree(agent);
        let served: BTreeSet<u64> = self
            .entries
            .iter()
            .filter(lasting)
            .filter(|it| tree.contains(&it.agent) && it.principal != principal)
            .map(|it| it.principal)
            .collect();
        principal != agent
            && ![principal, agent].iter().any(|n| self.is_merged(*n))
            && [principal, agent].iter().all(|n| self.level(*n) >= 3)
            && today < until
            && until <= today.saturating_add(MONTHS_MAX.months())
            && helpers.count() < PROXIES_MAX
            && served.len() < PRINCIPALS_MAX
    }
}

fn number(n: u64) -> Uuid {
    tests::support::asking::person(3_000 + n)
}

struct Play<'a> {
    stage: &'a Stage,
    scene: Scene,
    books: Books,
    /// Steps of each outcome, so that a run can show that it met both.
    came: [u64; 2],
    full: u64,
}

impl Play<'_> {
    fn ask<D: Decision>(&mut self, decision: &D, own: &impl Serialize) -> Result<Came, D::Error> {
        self.scene
            .ask(self.stage.by(self.scene.next), decision, own)
    }

    fn today(&self) -> Date {
        day_of(self.scene.now_ms)
    }

    fn person(&self, n: u64) -> Arc<Person> {
        self.scene.state(&person::wire::stream(number(n)))
    }

    fn level(&self, n: u64) -> Level {
        let get = |id| Ok::<_, ()>(self.scene.state::<Person>(&person::wire::stream(id)));
        assurance::level(&numbers::numbers(number(n), get).unwrap())
    }

    fn entry(&self, k: usize) -> Option<Entry> {
        let len = self.books.entries.len();
        (len > 0).then(|| self.books.entries[k % len].clone())
    }

    fn grant(&mut self, principal: u64, agent: u64, days: i64) -> Result<(), TestCaseError> {
        let until = self.today().saturating_add(days.days());
        let data = people::proxy(number(principal), number(agent), until);
        let at = self.scene.next;
        let id = self.stage.by(self.scene.next).0.id();
        let decision = grant::Grant {
            id,
            asker: Asker::Learner(number(principal)),
            data: data.clone(),
        };
        let expected = self.books.may_grant(principal, agent, until, self.today());
        let came = self.ask(&decision, &data);
        prop_assert_eq!(came.is_ok(), expected, "{:?}", &came);
        if came.is_ok() {
            let pair = |it: &&mut Entry| (it.principal, it.agent) == (principal, agent);
            self.books
                .entries
                .iter_mut()
                .filter(pair)
                .for_each(|it| it.ended = true);
            self.books.entries.push(Entry {
                id,
                principal,
                agent,
                until,
                at,
                ended: false,
            });
        } else if matches!(
            came,
            Err(grant::GrantDelegationError::TooManyAgents(_)
                | grant::GrantDelegationError::TooManyPrincipals { .. })
        ) {
            self.full += 1;
        }
        self.count(came.is_ok());
        Ok(())
    }

    fn count(&mut self, written: bool) {
        self.came[usize::from(written)] += 1;
    }

    fn end(&mut self, k: usize, by_ledger: bool) -> Result<(), TestCaseError> {
        let Some(it) = self.entry(k) else {
            return Ok(());
        };
        let data = end::Data {
            delegation: it.id,
            person: number(it.principal),
        };
        let came = if by_ledger {
            self.ask(&end::Expire { data }, &data)
        } else {
            let asker = Asker::Learner(number(it.agent));
            self.ask(&end::Revoke { asker, data }, &data)
        };
        let may = !by_ledger || it.ended || self.today() >= it.until;
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if came.is_ok() {
            for entry in self
                .books
                .entries
                .iter_mut()
                .filter(|entry| entry.id == it.id)
            {
                entry.ended = true;
            }
        }
        self.count(came == Ok(Came::Written));
        Ok(())
    }

    fn narrow(&mut self, k: usize, days: i64) -> Result<(), TestCaseError> {
        let Some(it) = self.entry(k) else {
            return Ok(());
        };
        let until = self.today().saturating_add(days.days());
        let data = narrow::Data {
            delegation: it.id,
            person: number(it.principal),
            scopes: vec![Scope::View],
            until,
        };
        let decision = narrow::Narrow {
            asker: Asker::Learner(number(it.principal)),
            data: data.clone(),
        };
        let came = self.ask(&decision, &data);
        let may = !it.ended && self.today() < it.until && until <= it.until;
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if came == Ok(Came::Written) {
            for entry in self
                .books
                .entries
                .iter_mut()
                .filter(|entry| entry.id == it.id)
            {
                entry.until = until;
            }
        }
        self.count(came == Ok(Came::Written));
        Ok(())
    }

    fn merge(&mut self, absorbed: u64, into: u64) {
        let data = apply::Data {
            values: Commitments::default(),
            absorbed: number(absorbed),
            person: number(into),
            resident_ids: ResidentIds::Absent,
        };
        let decision = apply::Apply {
            ask: Ask::of(self.stage.by(self.scene.next).0).unwrap(),
            data: data.clone(),
        };
        let at = self.scene.next;
        if self.ask(&decision, &data) == Ok(Came::Written) {
            self.books.merges.push((absorbed, into, at));
        }
    }

    fn unmerge(&mut self) {
        let Some((absorbed, into, at)) = self.books.merges.last().copied() else {
            return;
        };
        let data = revert::Data {
            values: Commitments::default(),
            absorbed: number(absorbed),
            person: number(into),
        };
        let decision = revert::Revert {
            ask: Ask::of(self.stage.by(self.scene.next).0).unwrap(),
            data: data.clone(),
        };
        if self.ask(&decision, &data) == Ok(Came::Written) {
            self.books.merges.retain(|(_, _, merged)| *merged != at);
        }
    }

    fn raise(&mut self, n: u64) -> Result<(), TestCaseError> {
        let (before, at) = (self.level(n), self.scene.next);
        let data = assurance::RaiseData {
            values: Commitments::default(),
            method: Method::Document,
            person: number(n),
        };
        let decision = assurance::Raise {
            issuer: IssuerNumber::REGISTRAR,
            acting: None,
            data: data.clone(),
        };
        let came = self.ask(&decision, &data);
        prop_assert_eq!(came.is_ok(), !self.books.is_merged(n));
        if came == Ok(Came::Written) {
            self.books.said.push((n, 3, at));
        } else {
            prop_assert_eq!(before, self.level(n));
        }
        Ok(())
    }

    fn lower(&mut self, n: u64) -> Result<(), TestCaseError> {
        let at = self.scene.next;
        let data = assurance::LowerData {
            values: Commitments::default(),
            level: Level::ROSTER,
            person: number(n),
        };
        let decision = assurance::Lower {
            issuer: IssuerNumber::REGISTRAR,
            data: data.clone(),
        };
        let may = !self.books.is_merged(n) && self.books.level(n) > 2;
        let came = self.ask(&decision, &data);
        prop_assert_eq!(came.is_ok(), may, "{:?}", &came);
        if may {
            self.books.said.push((n, 2, at));
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let moves = matches!(
            step,
            Step::Merge(..) | Step::Unmerge | Step::Raise(_) | Step::Lower(_)
        );
        let before: Vec<Level> = self.levels(moves);
        match step {
            Step::Grant(principal, agent, days) => self.grant(principal, agent, days)?,
            Step::Revoke(k) => self.end(k, false)?,
            Step::Expire(k) => self.end(k, true)?,
            Step::Narrow(k, days) => self.narrow(k, days)?,
            Step::Pass(days) => self.scene.now_ms += days * DAY_MS,
            Step::Merge(absorbed, into) => self.merge(absorbed, into),
            Step::Unmerge => self.unmerge(),
            Step::Raise(n) => self.raise(n)?,
            Step::Lower(n) => self.lower(n)?,
        }
        let after = self.levels(moves);
        for (n, level) in after.iter().enumerate() {
            prop_assert_eq!(u8::from(*level), self.books.level(n as u64));
        }
        // I7: nothing but what was seen, or a merge taken back, raises a level.
        if !matches!(step, Step::Raise(_) | Step::Unmerge) {
            let rose = before
                .iter()
                .zip(&after)
                .any(|(before, after)| after > before);
            prop_assert!(!rose, "{:?}", step);
        }
        self.compare()
    }

    /// Everybody's level, where a step can have moved one.
    fn levels(&self, moves: bool) -> Vec<Level> {
        let all = if moves { NUMBERS } else { 0 };
        (0..all).map(|n| self.level(n)).collect()
    }

    /// I8: who may look in whose name is what the books say, and nobody has more than may be at once.
    fn compare(&self) -> Result<(), TestCaseError> {
        let today = self.today();
        let people: Vec<Arc<Person>> = (0..NUMBERS).map(|n| self.person(n)).collect();
        let mut served = vec![0; people.len()];
        for (principal, of) in (0..).zip(&people) {
            let mut helpers = 0;
            for ((agent, by), served) in (0..).zip(&people).zip(&mut served) {
                let now = live(of, (number(agent), by), Scope::View, today).is_some();
                let expected = self.books.views(agent, principal, today);
                prop_assert_eq!(now, expected, "{} for {}", agent, principal);
                helpers += usize::from(now);
                *served += usize::from(now);
            }
            prop_assert!(helpers <= PROXIES_MAX);
        }
        prop_assert!(served.iter().all(|served| *served <= PRINCIPALS_MAX));
        Ok(())
    }
}

fn stage() -> Stage {
    let mut given = Given::genesis().admitted(1);
    for n in 0..NUMBERS {
        given = given.registered(number(n));
        given.makes(&people::documented(number(n)));
    }
    let asking = people::documented(number(NUMBERS));
    Stage::new(&given, &asking, STEPS_MAX as u64)
}

#[test]
fn delegations_never_exceed_their_bounds() {
    // A helper would go on after being sent away, a farm grow through merges, or a merge make somebody surer.
    let histories = Histories::of("DELEGATION", HISTORIES);
    let stage = stage();
    let total = Cell::new([0_u64; 3]);
    let steps = proptest::collection::vec(step(), 1..=STEPS_MAX);
    let play = |steps| {
        let mut play = Play {
            stage: &stage,
            scene: stage.scene(),
            books: Books::default(),
            came: [0; 2],
            full: 0,
        };
        for n in 0..NUMBERS {
            play.books.said.push((n, 3, 0));
        }
        for step in steps {
            play.step(step)?;
        }
        let [refused, written, full] = total.get();
        total.set([
            refused + play.came[0],
            written + play.came[1],
            full + play.full,
        ]);
        Ok(())
    };
    histories.play(&steps, play, || {
        let [refused, written, full] = total.get();
        format!("{written} written, {refused} refused or repeated, {full} of them full")
    });
    let [refused, written, full] = total.get();
    // Where both were met: else the law would hold of nothing.
    let enough = u64::from(histories.count) / 20;
    assert!(written > enough && refused > enough && full > enough / 10);
}
