//! What the person gets: what was asked, what is gone, what a law keeps, and where the log says so.
//!
//! Invariant: nothing in it is personal; each line can be checked against the log.

use identity::person::erasure::{Erasure, Ground, Round, destroy};
use identity::purpose::Purpose;
use ledger::hash::Digest;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;

/// The promise, word for word (SECURITY §7).
const PROMISE: [&str; 2] = [
    "已承诺的值无法再从我们这里恢复；各项证明仍可验证；保留一串化名的事件经过。",
    "committed values cannot be recovered from us; proofs verify; a pseudonymous course of events remains",
];
/// What it does not reach.
const LIMITS: [&str; 2] = [
    "出具机构自存的原文和您自己留存的披露不在此列；机构上传的表格连同其中的行最多再留 30 天；含有被擦除值的决定仍可按签名验证，但不能重新计算。",
    "institutions keep their own plaintext, and you may keep disclosures you took along; files that an institution uploaded stay up to 30 days with their rows; decisions with erased inputs are verifiable as signed, not recomputable",
];

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// In force; keys are about to go.
    Requested,
    /// All keys and values are gone; copies of the keys may still live elsewhere.
    Destroyed,
    /// All of it gone, and every copy has expired.
    Certified,
    /// Some of it gone; `left` names what a law keeps, or what is still to go.
    Partly,
}

/// A text in both languages.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct Said {
    /// Chinese.
    zh: &'static str,
    /// English.
    en: &'static str,
}

impl Said {
    const fn of([zh, en]: [&'static str; 2]) -> Self {
        Self { zh, en }
    }
}

/// Values that a law keeps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct LockAnswer {
    /// Which.
    #[schema(value_type = String)]
    purpose: Purpose,
    /// First day on which they may go.
    #[schema(value_type = String, example = "2031-09-01")]
    until: String,
}

/// A round of destruction.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RoundAnswer {
    /// What is gone.
    #[schema(value_type = Vec<String>)]
    purposes: Vec<Purpose>,
    /// Commitments whose values are gone.
    #[schema(value_type = Vec<String>)]
    commitments: Vec<Digest>,
    /// Positions of the commits that say so.
    positions: Vec<u64>,
}

/// An erasure, as the person and the officers see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Certificate {
    /// The erasure.
    pub id: Uuid,
    /// Whose: the random number, which names nobody any more.
    pub person: Uuid,
    /// How far it is.
    pub stage: Stage,
    /// On what ground (PIPL art. 47).
    #[schema(value_type = String)]
    ground: Ground,
    /// What was asked to go.
    #[schema(value_type = Vec<String>)]
    purposes: Vec<Purpose>,
    /// What is not gone yet.
    #[schema(value_type = Vec<String>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<Purpose>,
    /// What a law keeps: stored, closed to every use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locks: Vec<LockAnswer>,
    /// Position of the commit that put it in force.
    requested: u64,
    /// What was destroyed so far.
    rounds: Vec<RoundAnswer>,
    /// From when on it can be certified, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    certifiable_from: Option<String>,
    /// Position of the newest certificate in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    certified: Option<u64>,
    /// What is promised.
    promise: Said,
    /// What is not.
    limits: Said,
    /// Origin of the log.
    log: String,
}

impl Certificate {
    /// What the log says of `erasure`.
    pub(crate) fn of(app: &App, person: Uuid, erasure: &Erasure) -> Result<Self, Problem> {
        // A state may be ahead of the disk: only what is written is told.
        let size = app.ledger.head().size;
        let is_written = |round: &&Round| round.positions.iter().all(|it| *it < size);
        let written: Vec<&Round> = erasure.rounds.iter().filter(is_written).collect();
        let rounds = written.iter().map(|round| round_of(app, round));
        let certified = erasure.certified.filter(|(_, by)| by.position < size);
        let covered = certified.map_or(0, |(rounds, _)| rounds);
        let gone = |purpose: &Purpose| {
            let whole = written.iter().filter(|round| round.is_whole());
            whole
                .flat_map(|round| &round.purposes)
                .any(|it| it == purpose)
        };
        let mut left = erasure.purposes.clone();
        left.retain(|purpose| !gone(purpose));
        let uncertified = written.iter().skip(covered).any(|round| round.is_whole());
        let stage = if left.len() == erasure.purposes.len() {
            Stage::Requested
        } else if !left.is_empty() {
            Stage::Partly
        } else if uncertified {
            Stage::Destroyed
        } else {
            Stage::Certified
        };
        Ok(Self {
            id: erasure.id,
            person,
            stage,
            ground: erasure.ground,
            purposes: erasure.purposes.clone(),
            left,
            locks: erasure
                .locks
                .iter()
                .map(|lock| LockAnswer {
                    purpose: lock.purpose,
                    until: lock.until.to_string(),
                })
                .collect(),
            requested: erasure.requested.position,
            rounds: rounds.collect::<Result<_, _>>()?,
            certifiable_from: erasure
                .certifiable_from_ms()
                .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
                .map(|time| time.to_string()),
            certified: certified.map(|(_, by)| by.position),
            promise: Said::of(PROMISE),
            limits: Said::of(LIMITS),
            log: app.ledger.origin().into(),
        })
    }
}

fn round_of(app: &App, round: &Round) -> Result<RoundAnswer, Problem> {
    let mut commitments = Vec::new();
    for &position in &round.positions {
        let Some(commit) = app.ledger.commit(position)? else {
            continue;
        };
        let data: destroy::Data =
            serde_json::from_str(commit.assertion.data().get()).map_err(Problem::internal)?;
        commitments.extend(data.commitments);
    }
    Ok(RoundAnswer {
        purposes: round.purposes.clone(),
        commitments,
        positions: round.positions.clone(),
    })
}
