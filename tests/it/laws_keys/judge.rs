//! What the books expect of a step, what they take in, and whether both sides agree.

use identity::institution::KeyUse;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tests::support::key_books::{Did, Slot};

use super::{Act, Came, KEYS, Play, Step, fragment, pledge_of, positions, uses};

impl Play<'_> {
    /// The key among those valid here for one of `uses` that `slot` counts to; else `slot`.
    fn some_valid(&self, uses: &[KeyUse], slot: Slot) -> Slot {
        let fits = |key: &Slot| {
            self.books.is_valid(*key, self.next)
                && matches!(self.books.activated(*key), Some((_, of)) if uses.contains(&of))
        };
        let valid: Vec<Slot> = (0..KEYS).filter(fits).collect();
        let at = usize::from(slot).checked_rem(valid.len());
        at.map_or(slot, |at| valid[at])
    }

    /// The step of somebody who knows the books.
    pub(super) fn aimed(&self, step: &Step) -> Step {
        let mut step = step.clone();
        if !step.aimed {
            return step;
        }
        step.signer = self.some_valid(uses(&step.act), step.signer);
        let follows = |old: Slot, new: Slot| {
            let unused = |key: &Slot| self.books.activated(*key).is_none();
            let pledge = self.books.pledge(old);
            pledge
                .or_else(|| (3..KEYS).find(unused))
                .filter(|key| *key < KEYS)
                .unwrap_or(new)
        };
        match &mut step.act {
            Act::Rotate(new) => *new = follows(step.signer, *new),
            Act::Recover(old, new) => {
                let ended = (0..KEYS).rev().find(|key| self.books.ended(*key).is_some());
                *old = ended.unwrap_or(*old);
                *new = follows(*old, *new);
            }
            Act::Settle(_, second, ranges) => {
                *second = self.some_valid(&[KeyUse::Assertion], *second);
                let open: Vec<u64> = (0..self.next)
                    .filter(|at| self.books.is_disputed(KEYS, *at))
                    .collect();
                for (back, length) in ranges {
                    let at = usize::try_from(*back).unwrap().checked_rem(open.len());
                    if let Some(from) = at.map(|at| open[at]) {
                        *back = self.next - from;
                        let run =
                            (from..self.next).take_while(|at| open.contains(at)).count() as u64;
                        *length = (*length).min(run - 1);
                    }
                }
            }
            _ => {}
        }
        step
    }

    /// What the books expect.
    pub(super) fn judge(&self, step: &Step) -> Came {
        let (books, here) = (&self.books, self.next);
        let written_if = |may| if may { Came::Written } else { Came::Refused };
        let Some((_, r#use)) = books.activated(step.signer) else {
            return Came::Refused;
        };
        if !books.is_valid(step.signer, here) {
            return Came::Refused;
        }
        if !uses(&step.act).contains(&r#use) {
            return Came::Refused;
        }
        match &step.act {
            Act::Submit => Came::Written,
            Act::Activate(new) => match books.activated(*new) {
                Some((_, KeyUse::Assertion)) if books.ended(*new).is_none() => Came::AlreadySo,
                Some(_) => Came::Refused,
                None => written_if(!books.pledged(KeyUse::Assertion)),
            },
            Act::Rotate(new) => {
                let fits = books.pledge(step.signer).is_none_or(|it| it == *new);
                written_if(fits && books.activated(*new).is_none())
            }
            Act::Recover(old, new) => {
                let replaceable = matches!(
                    books.activated(*old),
                    Some((_, KeyUse::Assertion | KeyUse::Acknowledgement))
                );
                let fits = match books.pledge(*old) {
                    Some(pledge) => pledge == *new,
                    None => books.cut_off(*old).is_some(),
                };
                written_if(replaceable && fits && books.activated(*new).is_none())
            }
            Act::Retire(key) => match books.activated(*key) {
                None => Came::Refused,
                Some(_) if books.ended(*key).is_some() => Came::AlreadySo,
                Some((_, of)) => {
                    written_if(of == KeyUse::Assertion && books.another(KeyUse::Assertion, *key))
                }
            },
            Act::CutOff(key, back) => {
                let q = self.back(*back);
                let floor = books.floor(Some((*key, q)));
                if *key == step.signer
                    || books.activated(*key).is_none()
                    || q >= here
                    || floor.is_some_and(|floor| q < floor)
                {
                    return Came::Refused;
                }
                match books.cut_off(*key) {
                    Some(stands) if stands == q => Came::AlreadySo,
                    stands => written_if(stands.is_none_or(|stands| q < stands)),
                }
            }
            Act::Floor(back, except) => {
                let through = self.back(*back);
                let floor = books.floor(None);
                let above = |at: u64| floor.is_none_or(|floor| at > floor);
                let excepted = self.excepted(*back, except);
                written_if(above(through) && excepted.iter().all(|at| above(*at)))
            }
            Act::Settle(_, second, ranges) => {
                let agreed = books.is_valid(*second, here)
                    && matches!(books.activated(*second), Some((_, KeyUse::Assertion)));
                let positions = positions(&self.ranges(ranges));
                let disputed = positions.iter().all(|at| books.is_disputed(KEYS, *at));
                written_if(agreed && disputed && !positions.is_empty())
            }
        }
    }

    /// Takes in what was accepted.
    pub(super) fn written(&mut self, step: &Step) {
        let by = step.signer;
        let next_of = |new: Slot| Some(pledge_of(new));
        match &step.act {
            Act::Submit => self.note(Did::Submitted(by)),
            Act::Activate(new) => self.note(Did::Activated {
                slot: *new,
                r#use: KeyUse::Assertion,
                pledge: None,
            }),
            Act::Rotate(new) | Act::Recover(_, new) => {
                let old = if let Act::Recover(old, _) = step.act {
                    old
                } else {
                    by
                };
                let (_, r#use) = self.books.activated(old).unwrap();
                if self.books.ended(old).is_none() {
                    self.note(Did::Retired(old));
                }
                self.note(Did::Activated {
                    slot: *new,
                    r#use,
                    pledge: next_of(*new),
                });
            }
            Act::Retire(key) => self.note(Did::Retired(*key)),
            Act::CutOff(key, back) => self.note(Did::CutOff(*key, self.back(*back))),
            Act::Floor(back, except) => {
                let (through, except) = (self.back(*back), self.excepted(*back, except));
                self.note(Did::Floor {
                    by,
                    through,
                    except,
                });
            }
            Act::Settle(how, _, ranges) => {
                let positions = positions(&self.ranges(ranges));
                self.note(Did::Settled {
                    by,
                    how: *how,
                    positions,
                });
            }
        }
    }

    /// Every assertion stands where the books have it; so do the floor and the windows.
    pub(super) fn compare(&self) -> Result<(), TestCaseError> {
        let (books, state) = (&self.books, &self.state);
        for (slot, position) in books.submitted() {
            prop_assert_eq!(
                state.standing(&fragment(slot), position),
                books.standing(Some(slot), position),
                "what key {} asserted at {}",
                slot,
                position
            );
        }
        prop_assert_eq!(state.floor(), books.floor(None));
        for slot in 0..KEYS {
            let key = state.key(&fragment(slot));
            let valid = key.is_some_and(|key| key.is_valid_at(self.next));
            prop_assert_eq!(valid, books.is_valid(slot, self.next), "key {}", slot);
        }
        Ok(())
    }

    /// What waits for a settlement, position by position.
    pub(super) fn compare_disputed(&self) -> Result<(), TestCaseError> {
        let disputed = self.state.disputed();
        // Of a key that still signs nothing is disputed, so nothing lies ahead.
        prop_assert!(disputed.last().is_none_or(|last| last < self.next));
        for position in 0..self.next {
            prop_assert_eq!(
                disputed.contains(position),
                self.books.is_disputed(KEYS, position),
                "position {}",
                position
            );
        }
        Ok(())
    }
}
