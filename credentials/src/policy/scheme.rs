//! Credit schemes, and counting credit and levels of one in another.
//!
//! Invariant: nothing passes from one scheme to another without a named rule: Chinese 学时 count
//! teaching only, the others all work. Pure; a crash loses nothing.
//!
//! Rules: DOMAIN.md §3.1, §3.2.

use serde::{Deserialize, Serialize};

use super::kind::UnknownName;
use super::{Rule, Terms};
use crate::millicredits::{Level, Millicredits};

/// What a credit is a credit of. Points are never a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Chinese higher education.
    CnHe,
    /// European Credit Transfer and Accumulation System.
    Ects,
    /// Scottish Credit and Qualifications Framework.
    Scqf,
    /// India's National Credit Framework.
    Ncrf,
    /// Korea's Academic Credit Bank System.
    KrAcbs,
    /// An outcome without credit.
    None,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::CnHe,
        Self::Ects,
        Self::Scqf,
        Self::Ncrf,
        Self::KrAcbs,
        Self::None,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CnHe => "cn-he",
            Self::Ects => "ects",
            Self::Scqf => "scqf",
            Self::Ncrf => "ncrf",
            Self::KrAcbs => "kr-acbs",
            Self::None => "none",
        }
    }
}

impl std::str::FromStr for Scheme {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.as_str() == text)
            .ok_or(UnknownName("schemes"))
    }
}

/// `NO_SCHEME_RULE`: the policy has no such rule, or it joins other schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no rule counts credit of {from:?} in {to:?}")]
pub struct NoSchemeRule {
    /// The scheme the credit is in.
    pub from: Scheme,
    /// The scheme asked for.
    pub to: Scheme,
}

/// Why a level does not reach its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    /// `NO_LEVEL_MAP`: no map joins the two frameworks, or the map leaves this level out.
    #[error("no map brings level {level} of {from:?} to {to:?}")]
    NoLevelMap {
        /// The level in its own framework.
        level: Level,
        /// Its scheme.
        from: Scheme,
        /// The scheme of the target.
        to: Scheme,
    },
    /// `LEVEL_BELOW`.
    #[error("level {level} is below {target}")]
    Below {
        /// The level, brought to the target's framework.
        level: Level,
        /// What was asked for.
        target: Level,
    },
}

impl Terms {
    /// `amount` of `from` counted in `to` under the rule `id`, rounded down.
    ///
    /// Within one scheme nothing is converted and no rule is looked up.
    pub fn convert(
        &self,
        amount: Millicredits,
        from: Scheme,
        to: Scheme,
        id: &str,
    ) -> Result<Millicredits, NoSchemeRule> {
        if from == to {
            return Ok(amount);
        }
        self.rules
            .iter()
            .find_map(|rule| match rule {
                Rule::Scheme {
                    id: of,
                    from: a,
                    to: b,
                    numerator,
                    denominator,
                } if of == id && *a == from && *b == to => {
                    Some(amount.scaled(*numerator, *denominator))
                }
                _ => None,
            })
            .ok_or(NoSchemeRule { from, to })
    }

    /// `level` of the framework of `from`, in that of `to`.
    pub fn level_in(&self, level: Level, from: Scheme, to: Scheme) -> Result<Level, LevelError> {
        if from == to {
            return Ok(level);
        }
        self.rules
            .iter()
            .find_map(|rule| match rule {
                Rule::LevelMap {
                    from: a,
                    to: b,
                    levels,
                    ..
                } if *a == from && *b == to => levels
                    .iter()
                    .find(|(own, _)| *own == level)
                    .map(|(_, other)| *other),
                _ => None,
            })
            .ok_or(LevelError::NoLevelMap { level, from, to })
    }

    /// That a level replaces one of `target` in the framework of `to`: it is at least as high.
    pub fn reaches(
        &self,
        level: Level,
        from: Scheme,
        target: Level,
        to: Scheme,
    ) -> Result<(), LevelError> {
        let level = self.level_in(level, from, to)?;
        if level >= target {
            Ok(())
        } else {
            Err(LevelError::Below { level, target })
        }
    }
}
