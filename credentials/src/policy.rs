//! Policy: every number of a rule, as versioned data that is signed into force.
//!
//! Invariant: a policy never changes; a new version is a new policy, and old decisions keep the one
//! they name by (id, version, hash). The hash is over the JCS form of the document as it was read,
//! so that a field added to our structs later cannot change it. Pure; a crash loses nothing.
//!
//! Rules: DOMAIN.md §3.0 to §3.3, §3.5 (shares), §5 (presets).

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use jiff::civil::Date;
use ledger::canonical::{self, NotCanonical};
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};

use crate::millicredits::{HoursPerCredit, Level, Millicredits};

pub mod adopted;
pub mod kind;
pub mod preset;
pub mod scheme;
pub mod validity;

pub use adopted::{Adopted, PolicyError, PolicyRef, in_force, shipped};
pub use kind::{Category, OutcomeKind};
pub use scheme::Scheme;

/// What a policy says; the document of DOMAIN.md §3.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Name: lower-case letters, digits and `-`.
    pub id: String,
    /// From 1.
    pub version: u32,
    /// First day in force, in UTC+8.
    #[serde(with = "identity::date")]
    pub effective_from: Date,
    /// Last day in force; `null` = until replaced.
    #[serde(with = "identity::date::optional")]
    pub effective_to: Option<Date>,
    /// The two officers who approved it; empty in a shipped preset, which whoever adopts it signs.
    pub approved_by: Vec<String>,
    /// The numbers.
    pub params: Params,
    /// The rules that are lists.
    pub rules: Vec<Rule>,
}

/// The numbers of a policy. `null` = there is no such check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Least attendance in basis points.
    pub attendance_min_bp: Option<u16>,
    /// Most credit that one outcome may carry.
    pub credits_max: Millicredits,
    /// Days before expiry on which the learner is told, longest first.
    pub expiry_notice_days: Vec<u16>,
    /// Hours behind one credit; `null` = each rule names its own.
    pub hours_per_credit: Option<HoursPerCredit>,
    /// Levels of the framework, from 1.
    pub level_count: Option<u16>,
    /// Least mark of 100.
    pub mark_min: Option<u16>,
    /// Minutes of one hour: 45 for 学时, 60 for notional hours.
    pub minutes_per_hour: Option<NonZeroU32>,
    /// Days until a reservation lapses.
    pub reservation_days: u16,
    /// The scheme its credits are in.
    pub scheme: Scheme,
    /// Whether an act needs two officers; an act that is not listed does.
    pub two_officers: BTreeMap<Act, bool>,
    /// Longest validity in years.
    pub validity_cap_years: Option<u16>,
}

/// The acts for which a policy can switch the second officer on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// An institution is admitted, renamed, suspended, closed, merged, or let in again.
    Admit,
    /// A role is granted or removed.
    Appoint,
    /// An outcome is corrected.
    Correct,
    /// A person's values are erased.
    Erase,
    /// Many records are exported.
    Export,
    /// More than 1,000 rows are imported at once.
    Import,
    /// Two accounts are merged, split or recovered.
    Merge,
    /// An outcome is revoked.
    Revoke,
    /// A suspension ends, or a death is recorded or withdrawn.
    Standing,
    /// A key of an institution is declared compromised; no policy switches this off.
    Compromise,
    /// An institution's key gives its place to the next, or one that is kept apart is activated.
    Rotate,
}

/// Where credit comes from, as ceilings see it; names as in DOMAIN.md §3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// The receiver awarded it itself.
    Own,
    /// A partner under an agreement in force did.
    Partner,
    /// Another university did.
    OtherUniversity,
    /// 自学考试.
    SelfStudyExam,
    /// A certificate.
    Certificate,
    /// Training.
    Training,
    /// Volunteering, community, study tours.
    Experience,
    /// Not a source but a target: centrally-set courses.
    Central,
}

/// One entry of a policy's lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Largest share of the required credit from one source.
    Ceiling {
        /// Which.
        source: Source,
        /// Basis points, at most 10,000.
        bp: u16,
    },
    /// How credit of one scheme is counted in another: × numerator ÷ denominator, rounded down.
    Scheme {
        /// Named by every decision that uses it.
        id: String,
        /// From this scheme.
        from: Scheme,
        /// Into this one.
        to: Scheme,
        /// Factor.
        numerator: u32,
        /// Divisor.
        denominator: NonZeroU32,
    },
    /// Which level of one scheme's framework stands for which of another's. None is shipped: no map
    /// between the frameworks was published.
    LevelMap {
        /// Named by every decision that uses it.
        id: String,
        /// From the framework of this scheme.
        from: Scheme,
        /// Into that of this one.
        to: Scheme,
        /// (level, level it stands for).
        levels: Vec<(Level, Level)>,
    },
}

impl Rule {
    /// What must be unique among the rules of a policy.
    fn key(&self) -> String {
        match self {
            Self::Ceiling { source, .. } => format!("ceiling {source:?}"),
            Self::Scheme { id, .. } | Self::LevelMap { id, .. } => id.clone(),
        }
    }
}

/// Why a document is no policy.
#[derive(Debug, thiserror::Error)]
pub enum BadPolicy {
    /// Not JSON, or other members than those of a policy.
    #[error("not a policy: {0}")]
    Json(#[from] serde_json::Error),
    /// It has no canonical form.
    #[error("not a policy: {0}")]
    NotCanonical(#[from] NotCanonical),
    /// The id is empty or has characters that cannot stand in a stream name.
    #[error("a policy id is 1 to 64 of a-z 0-9 -")]
    Id,
    /// Version 0.
    #[error("versions count from 1")]
    Version,
    /// It ends before it begins.
    #[error("effective_to lies before effective_from")]
    Dates,
    /// One approver, more than two, or the same twice.
    #[error("approved_by names two different officers, or nobody in a shipped preset")]
    Approvers,
    /// A share above 100 %.
    #[error("a share of more than 10000 basis points")]
    Share,
    /// Two rules say the same thing.
    #[error("two rules for {0:?}")]
    TwoRules(String),
}

/// A policy that was read and checked; it cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    terms: Terms,
    canonical: String,
    hash: Digest,
}

impl Policy {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, BadPolicy> {
        // Straight into the struct first: serde refuses duplicate members there, Value does not.
        let terms: Terms = serde_json::from_str(text)?;
        let document: serde_json::Value = serde_json::from_str(text)?;
        terms.check()?;
        let canonical = canonical::to_raw(&document)?.get().to_owned();
        let hash = Digest::of(canonical.as_bytes());
        Ok(Self {
            terms,
            canonical,
            hash,
        })
    }

    /// The policy of these terms.
    pub fn new(terms: &Terms) -> Result<Self, BadPolicy> {
        Self::parse(canonical::to_raw(terms)?.get())
    }

    /// SHA-256 of the canonical form.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The JCS text that is hashed and published.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl std::ops::Deref for Policy {
    type Target = Terms;
    fn deref(&self) -> &Terms {
        &self.terms
    }
}

impl Terms {
    /// Whether it applies on a day of UTC+8.
    pub fn in_force(&self, day: Date) -> bool {
        self.effective_from <= day && self.effective_to.is_none_or(|last| day <= last)
    }

    /// Whether an act needs a second officer; on unless the policy says otherwise.
    pub fn needs_two_officers(&self, act: Act) -> bool {
        matches!(act, Act::Compromise | Act::Erase | Act::Merge)
            || self.params.two_officers.get(&act).copied().unwrap_or(true)
    }

    /// Most of `base` that may come from `source`: `floor(base × bp / 10000)`; `None` = no ceiling.
    pub fn ceiling(&self, source: Source, base: Millicredits) -> Option<Millicredits> {
        self.rules.iter().find_map(|rule| match rule {
            Rule::Ceiling { source: of, bp } if *of == source => Some(base.share(*bp)),
            _ => None,
        })
    }

    /// Whether the framework of this policy has such a level: whole or half, from 1.
    pub fn has_level(&self, level: Level) -> bool {
        let tenths = level.tenths();
        tenths >= 10
            && tenths.is_multiple_of(5)
            && self
                .params
                .level_count
                .is_none_or(|count| tenths <= count.saturating_mul(10))
    }

    fn check(&self) -> Result<(), BadPolicy> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=64).contains(&self.id.len()) || !self.id.bytes().all(good) {
            return Err(BadPolicy::Id);
        }
        if self.version == 0 {
            return Err(BadPolicy::Version);
        }
        if self
            .effective_to
            .is_some_and(|last| last < self.effective_from)
        {
            return Err(BadPolicy::Dates);
        }
        match self.approved_by.as_slice() {
            [] => {}
            [a, b] if a != b && !a.is_empty() && !b.is_empty() => {}
            _ => return Err(BadPolicy::Approvers),
        }
        if self.params.attendance_min_bp.is_some_and(|bp| bp > 10_000) {
            return Err(BadPolicy::Share);
        }
        let mut seen = BTreeSet::new();
        for rule in &self.rules {
            if matches!(rule, Rule::Ceiling { bp, .. } if *bp > 10_000) {
                return Err(BadPolicy::Share);
            }
            let key = rule.key();
            if !seen.insert(key.clone()) {
                return Err(BadPolicy::TwoRules(key));
            }
        }
        Ok(())
    }
}
