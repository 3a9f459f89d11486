//! /v1/learners/{id}/splits: one account that held two people.
//!
//! Invariant: of a value that moves, the platform makes a new disclosure with a new salt for the right person's
//! keys; the old one goes with the wrong person's erasure.
//! A crash between two moves loses nothing: asked again, what was moved is so already.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use credentials::account::{Outcome, OutcomeState};
use credentials::split::transfer::{self, moved_id};
use credentials::split::{agree, apply, division, propose, withdraw};
use identity::erasable::Commitments;
use identity::person::split::Manifest;
use identity::person::{self, Person};
use identity::purpose::Purpose;
use identity::role::Role;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, WriteAnswer};
use super::learners::derived_id;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// Whose each outcome is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitBody {
    /// The other person: a number of its own, or one that was merged into this one.
    other: Uuid,
    /// Outcomes of the other person.
    moves: Vec<Uuid>,
    /// Outcomes that are the person's own.
    stays: Vec<Uuid>,
    /// What shows it, in words. Erasable.
    #[schema(example = "两人持证到窗口核对，学号被误绑到同一账户")]
    evidence: String,
}

/// Say that an account held two people, and whose each of its outcomes is.
///
/// A two-person act: 202 with `approval`. From the approval on nothing of the account is used, until each issuer
/// agreed and an officer applied the split.
#[utoipa::path(post, path = "/v1/learners/{id}/splits", extensions(("x-action" = json!("merge"))), tag = "identity", params(("id" = Uuid, Path, description = "whose account held both"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = SplitBody, security(("token" = [])),
    responses((status = 202, description = "proposed: a second officer must agree; the id names the split", body = WriteAnswer), (status = 403, description = "not yours, or an account of your own", body = ProblemBody), (status = 404, description = "no such person or outcome", body = ProblemBody), (status = 409, description = "an outcome is nobody's, or a split is in hand", body = ProblemBody), (status = 410, description = "erased", body = ProblemBody), (status = 422, description = "an outcome twice", body = ProblemBody)))]
pub async fn split(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<SplitBody>,
) -> Result<Response, Problem> {
    let sorted = |mut outcomes: Vec<Uuid>| {
        outcomes.sort_unstable();
        outcomes
    };
    let data = propose::Data {
        values: Commitments::default(),
        moves: sorted(body.moves),
        other: body.other,
        person,
        stays: sorted(body.stays),
    };
    let asking = Asking {
        values: vec![("evidence", Value::String(body.evidence.trim().into()))],
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, propose::KIND, &data)?
    };
    answer::ask(&app, &headers, asking, None).await
}

/// A split in hand.
#[derive(Debug, Serialize, ToSchema)]
pub struct SplitShown {
    /// Its id.
    id: Uuid,
    /// Whose account is split.
    person: Uuid,
    /// The other person.
    other: Uuid,
    /// Outcomes of the other person; an institution sees its own.
    moves: Vec<Uuid>,
    /// Outcomes that are the person's own; an institution sees its own.
    stays: Vec<Uuid>,
    /// Those of both that are still to be moved.
    unmoved: Vec<Uuid>,
    /// Numbers of the institutions that agreed.
    agreed: Vec<u32>,
    /// Position of the second officer's commit.
    position: u64,
}

/// A split in hand: institutions see what they issued.
#[utoipa::path(get, path = "/v1/learners/{id}/splits/{split}", extensions(("x-action" = json!("see-split"))), tag = "identity", params(("id" = Uuid, Path, description = "whose account is split"), ("split" = Uuid, Path, description = "the split")), security(("token" = [])),
    responses((status = 200, description = "how it is split", body = SplitShown), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "not in hand", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, split)): Path<(Uuid, Uuid)>,
) -> Result<Json<SplitShown>, Problem> {
    let state = app.ledger.state::<Person>(&person::wire::stream(person))?;
    let in_hand = state.splits.dividing(split);
    let (in_hand, manifest) = in_hand.ok_or(Problem::of(Reason::SplitNotInHand))?;
    let account = app.whole(person)?.account;
    let mut own = Vec::new();
    for id in manifest.moves.iter().chain(&manifest.stays) {
        let Some(outcome) = account.outcome(*id) else {
            continue;
        };
        let all = caller.role != Role::Institution;
        if all || app.speaks_for(&caller, outcome)? {
            own.push(*id);
        }
    }
    if own.is_empty() {
        return Err(Problem::of(Reason::NotAllowed));
    }
    let unmoved = app.unmoved(person, manifest)?;
    let among = |ids: &[Uuid]| -> Vec<Uuid> {
        let ids = ids.iter().filter(|it| own.contains(it));
        ids.copied().collect()
    };
    Ok(Json(SplitShown {
        id: split,
        person,
        other: manifest.other,
        moves: among(&manifest.moves),
        stays: among(&manifest.stays),
        unmoved: among(&unmoved),
        agreed: in_hand.agreed.iter().map(|(it, _)| it.0).collect(),
        position: in_hand.by.position,
    }))
}

/// Agree as an issuer: what the institution issued and lies with the wrong person is moved, one commit each, and
/// the rest confirmed.
///
/// Credentials of what is moved are superseded; the right person asks for new ones once the split is applied.
#[utoipa::path(post, path = "/v1/learners/{id}/splits/{split}/agreement", extensions(("x-action" = json!("agree-split"))), tag = "identity", params(("id" = Uuid, Path, description = "whose account is split"), ("split" = Uuid, Path, description = "the split")), security(("token" = [])),
    responses((status = 201, description = "moved and agreed", body = WriteAnswer), (status = 200, description = "agreed before", body = WriteAnswer), (status = 403, description = "nothing is yours", body = ProblemBody), (status = 409, description = "not in hand, or a rule says no", body = ProblemBody), (status = 410, description = "a value is erased", body = ProblemBody)))]
pub async fn agree(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, split)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let state = app.ledger.state::<Person>(&person::wire::stream(person))?;
    if let Some((_, manifest)) = state.splits.dividing(split) {
        for id in app.unmoved(person, manifest)? {
            if let Some(asking) = app.moving(&caller, (person, split), manifest, id)? {
                app.ask(asking).await?;
            }
        }
    }
    let data = agree::Data { person, split };
    let asking = Asking::open(&caller, agree::KIND, &data)?;
    answer::ask(&app, &headers, asking, Some(split)).await
}

/// Apply a split: every outcome is where it belongs and every issuer agreed. Both accounts may be used again.
///
/// If the other person is a number that was merged into this one, the merge is taken back in the same commit.
#[utoipa::path(post, path = "/v1/learners/{id}/splits/{split}/application", extensions(("x-action" = json!("end-split"))), tag = "identity", params(("id" = Uuid, Path, description = "whose account is split"), ("split" = Uuid, Path, description = "the split")), security(("token" = [])),
    responses((status = 201, description = "applied", body = WriteAnswer), (status = 200, description = "applied before", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "an issuer has not agreed yet", body = ProblemBody)))]
pub async fn apply(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, split)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let data = agree::Data { person, split };
    let asking = Asking::open(&caller, apply::KIND, &data)?;
    answer::ask(&app, &headers, asking, Some(split)).await
}

/// Withdraw a split. What an issuer moved stays where it put it.
#[utoipa::path(post, path = "/v1/learners/{id}/splits/{split}/withdrawal", extensions(("x-action" = json!("end-split"))), tag = "identity", params(("id" = Uuid, Path, description = "whose account is split"), ("split" = Uuid, Path, description = "the split")), security(("token" = [])),
    responses((status = 201, description = "withdrawn", body = WriteAnswer), (status = 200, description = "withdrawn before", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "not in hand", body = ProblemBody)))]
pub async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, split)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let data = agree::Data { person, split };
    let asking = Asking::open(&caller, withdraw::KIND, &data)?;
    answer::ask(&app, &headers, asking, Some(split)).await
}

impl App {
    /// Whether the caller's institution speaks for what awarded this.
    fn speaks_for(&self, caller: &Caller, outcome: &Outcome) -> Result<bool, Problem> {
        let awarder = outcome.origin.awarder;
        let issuer = caller.issuer();
        Ok(issuer == awarder || self.institution(issuer)?.answers_for(awarder))
    }

    /// The outcomes of a manifest that stand and lie with the wrong person.
    fn unmoved(&self, person: Uuid, manifest: &Manifest) -> Result<Vec<Uuid>, Problem> {
        let get = |number: Uuid| {
            let stream = credentials::account::wire::stream(number);
            Ok::<_, Problem>(self.ledger.state(&stream)?)
        };
        let division = division::Division::read(person, manifest.other, get)?;
        let mut unmoved = Vec::new();
        for (ids, moves) in [(&manifest.moves, true), (&manifest.stays, false)] {
            for id in ids {
                let Some(outcome) = division.whole.account.outcome(*id) else {
                    continue;
                };
                let awarder = self.institution(outcome.origin.awarder)?;
                let ended = matches!(outcome.state(&awarder), OutcomeState::Revoked(_));
                if !ended && !division.is_settled(outcome, moves) {
                    unmoved.push(*id);
                }
            }
        }
        Ok(unmoved)
    }

    /// The asking that moves an outcome; `None` if another institution must.
    fn moving(
        &self,
        caller: &Caller,
        (from, split): (Uuid, Uuid),
        manifest: &Manifest,
        id: Uuid,
    ) -> Result<Option<Asking>, Problem> {
        let account = self.whole(from)?.account;
        let Some(outcome) = account.outcome(id) else {
            return Ok(None);
        };
        if !self.speaks_for(caller, outcome)? {
            return Ok(None);
        }
        let opened = self.vault.opened(
            outcome.person,
            Purpose::StudyRecord,
            outcome.said_by,
            &outcome.values,
        )?;
        let named = |it: &identity::erasable::Opened| {
            let names = transfer::ERASABLE.iter();
            let name = names.copied().find(|name| *name == it.name())?;
            Some((name, it.expose().clone()))
        };
        let moves = manifest.moves.contains(&id);
        let data = transfer::Data {
            values: Commitments::default(),
            fields: outcome.fields.clone(),
            from,
            moved: id,
            outcome: moved_id(split, id),
            person: if moves { manifest.other } else { from },
            record: outcome.origin.record.clone(),
            split,
        };
        Ok(Some(Asking {
            values: opened.iter().filter_map(named).collect(),
            target: Some(outcome.current),
            ..Asking::open(caller, transfer::KIND, &data)?
        }))
    }
}
