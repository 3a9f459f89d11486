//! What anybody would write down of institutions: what happened to whom, and where.

use std::collections::BTreeMap;

use identity::institution::{Level, Standing};
use uuid::Uuid;

use super::{Came, Hand, Step, TREE, Who};

/// Whose key, which, and where.
pub(super) type By = (u32, u8, u64);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    Renamed(u32, u8),
    Suspended(u32),
    Reinstated(u32),
    Closed(u32),
    Merged(u32, u32),
    Revived(u32, u8),
    CutOff(u32, u8, u64),
}

impl Did {
    pub(super) fn of(step: Step, at: u64) -> Self {
        match step {
            Step::Rename(number, name) => Self::Renamed(number, name),
            Step::Suspend(number) => Self::Suspended(number),
            Step::Reinstate(number) => Self::Reinstated(number),
            Step::Close(number) => Self::Closed(number),
            Step::Merge(number, into) => Self::Merged(number, into),
            Step::Revive(number, slot) => Self::Revived(number, slot),
            Step::CutOff(number, slot, back) => Self::CutOff(number, slot, at.saturating_sub(back)),
            _ => unreachable!("no registrar's"),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) id: Uuid,
    pub(super) awarder: u32,
    /// Who said what it says now.
    pub(super) said: By,
    pub(super) revoked: Vec<By>,
}

/// A list of what happened; every question reads it from the beginning.
#[derive(Debug, Clone)]
pub(super) struct Books {
    pub(super) admitted: BTreeMap<u32, u64>,
    pub(super) done: Vec<(u64, Did)>,
    pub(super) outcomes: Vec<Outcome>,
}

pub(super) fn name(n: u8) -> String {
    format!("名{n}")
}

fn level(number: u32) -> Level {
    TREE[number as usize - 1].0
}

impl Books {
    pub(super) fn new(admitted: &BTreeMap<u32, u64>) -> Self {
        Self {
            admitted: admitted.clone(),
            done: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    pub(super) fn name_at(&self, number: u32, at: u64) -> String {
        let mut is = format!("第{number}学校");
        for (position, did) in &self.done {
            if let Did::Renamed(of, n) = did
                && *of == number
                && *position <= at
            {
                is = name(*n);
            }
        }
        is
    }

    /// Since where it is suspended.
    pub(super) fn suspended(&self, number: u32) -> Option<u64> {
        self.done.iter().fold(None, |is, (at, did)| match did {
            Did::Suspended(of) if *of == number => Some(*at),
            Did::Reinstated(of) | Did::Revived(of, _) if *of == number => None,
            _ => is,
        })
    }

    /// Where it ended, while it is ended.
    pub(super) fn ended(&self, number: u32) -> Option<u64> {
        self.done.iter().fold(None, |is, (at, did)| match did {
            Did::Closed(of) | Did::Merged(of, _) if *of == number => Some(*at),
            Did::Revived(of, _) if *of == number => None,
            _ => is,
        })
    }

    fn is_open(&self, number: u32) -> bool {
        self.suspended(number).is_none() && self.ended(number).is_none()
    }

    fn merged_into(&self, number: u32) -> Option<u32> {
        self.done.iter().find_map(|(_, did)| match did {
            Did::Merged(of, into) if *of == number => Some(*into),
            _ => None,
        })
    }

    /// It, and who answers for it since, in order.
    pub(super) fn line(&self, number: u32) -> Vec<u32> {
        let mut line = vec![number];
        while let Some(into) = self.merged_into(line[line.len() - 1]) {
            line.push(into);
        }
        line
    }

    pub(super) fn heir(&self, number: u32) -> u32 {
        *self.line(number).last().unwrap()
    }

    fn ends(&self, number: u32) -> impl Iterator<Item = u64> {
        self.done.iter().filter_map(move |(at, did)| match did {
            Did::Closed(of) | Did::Merged(of, _) if *of == number => Some(*at),
            _ => None,
        })
    }

    fn activated(&self, (number, slot): (u32, u8)) -> Option<u64> {
        if slot == 0 {
            return self.admitted.get(&number).copied();
        }
        self.done
            .iter()
            .find_map(|(at, did)| (*did == Did::Revived(number, slot)).then_some(*at))
    }

    fn cut_offs(&self, (number, slot): (u32, u8)) -> impl Iterator<Item = (u64, u64)> {
        self.done.iter().filter_map(move |(at, did)| match did {
            Did::CutOff(of, key, q) if (*of, *key) == (number, slot) => Some((*at, *q)),
            _ => None,
        })
    }

    /// Whether the key's window is open.
    pub(super) fn is_valid(&self, key: (u32, u8), at: u64) -> bool {
        let Some(activated) = self.activated(key) else {
            return false;
        };
        let cut = self.cut_offs(key).any(|(by, q)| by < at || q < at);
        let ended = self.ends(key.0).any(|end| end > activated && end < at);
        activated < at && !cut && !ended
    }

    /// Whether it signs at all.
    pub(super) fn signs(&self, key: (u32, u8), at: u64) -> bool {
        self.is_open(key.0) && self.is_valid(key, at)
    }

    fn may(&self, (number, slot, who): Hand, at: u64) -> bool {
        let last = self.ends(number).max();
        let granted = match who {
            Who::Nobody => None,
            Who::First => Some(self.admitted[&number]),
            Who::Later => {
                let revived = self.done.iter().rev();
                let revived =
                    revived.filter(|(_, did)| matches!(did, Did::Revived(of, _) if *of == number));
                let Some((at, _)) = revived.into_iter().next() else {
                    return false;
                };
                Some(*at)
            }
        };
        let holds = granted.is_none_or(|granted| last.is_none_or(|end| granted > end));
        self.signs((number, slot), at) && holds
    }

    /// Whether nobody knows if it was whoever has the key.
    pub(super) fn is_disputed(&self, (number, slot, at): By) -> bool {
        self.cut_offs((number, slot)).any(|(_, q)| at > q)
    }

    /// How it stands; `None` = revoked.
    pub(super) fn stands(&self, outcome: &Outcome) -> Option<Standing> {
        if outcome.revoked.iter().any(|by| !self.is_disputed(*by)) {
            None
        } else if outcome.revoked.is_empty() {
            Some(Standing::Good)
        } else {
            Some(Standing::Disputed)
        }
    }

    /// Whether `into` may answer for `number`.
    pub(super) fn may_take_in(&self, into: u32, number: u32) -> bool {
        self.is_open(into) && !level(into).is_below(level(number))
    }

    fn child_open(&self, number: u32) -> bool {
        (1..).zip(TREE).any(|(child, (_, parent))| {
            let below = parent.is_some_and(|parent| self.line(parent).contains(&number));
            below && self.ended(child).is_none()
        })
    }

    pub(super) fn judge(&self, step: Step, at: u64) -> Came {
        let came = |may: bool| if may { Came::Written } else { Came::Refused };
        match step {
            Step::Rename(number, n) => {
                let same = self.name_at(number, at) == name(n);
                match self.ended(number) {
                    Some(_) => Came::Refused,
                    None if same => Came::AlreadySo,
                    None => Came::Written,
                }
            }
            Step::Suspend(number) if self.suspended(number).is_some() => Came::AlreadySo,
            Step::Suspend(number) => came(self.ended(number).is_none()),
            Step::Reinstate(number) => came(self.suspended(number).is_some()),
            Step::Close(number) => match (self.ended(number), self.merged_into(number)) {
                (Some(_), None) => Came::AlreadySo,
                (_, Some(_)) => Came::Refused,
                (None, None) => came(!self.child_open(number)),
            },
            Step::Merge(number, into) => match self.merged_into(number) {
                _ if number == into => Came::Refused,
                Some(heir) if heir == into => Came::AlreadySo,
                Some(_) => Came::Refused,
                None => came(self.may_take_in(into, number)),
            },
            Step::Revive(number, slot) => {
                let parent = TREE[number as usize - 1].1;
                let hangs = parent.is_none_or(|it| self.ended(self.heir(it)).is_none());
                let fresh = self.activated((number, slot)).is_none();
                let closed = self.ended(number).is_some() && self.merged_into(number).is_none();
                came(closed && hangs && fresh)
            }
            Step::CutOff(number, slot, back) => {
                let key = (number, slot);
                let q = at.saturating_sub(back);
                let last = self.cut_offs(key).map(|(_, q)| q).last();
                match last {
                    _ if self.activated(key).is_none() || q >= at => Came::Refused,
                    Some(last) if last == q => Came::AlreadySo,
                    Some(last) => came(q < last),
                    None => Came::Written,
                }
            }
            Step::Record(hand) => came(self.may(hand, at)),
            Step::Correct(n, hand) | Step::Revoke(n, hand) => {
                let Some(outcome) = self.outcomes.get(n % self.outcomes.len().max(1)) else {
                    return Came::Refused;
                };
                if !self.may(hand, at) || self.heir(outcome.awarder) != hand.0 {
                    return Came::Refused;
                }
                let stands = self.stands(outcome);
                if matches!(step, Step::Correct(..)) {
                    came(stands == Some(Standing::Good) && !self.is_disputed(outcome.said))
                } else if stands.is_none() {
                    Came::AlreadySo
                } else {
                    Came::Written
                }
            }
            Step::CorrectAimed(_)
            | Step::RevokeAimed(_)
            | Step::MergeAimed(_)
            | Step::ReviveAimed(..)
            | Step::RecordAimed(_) => unreachable!("aimed before"),
        }
    }
}
