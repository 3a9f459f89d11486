//! /v1/institutions/{number}/keys/rotation, …/standing: the life of keys, where a door can help.
//!
//! What an institution's own keys sign (rotation, cut-off, floors, settlements) comes through
//! `POST /v1/assertions`; `xuefen key` makes the data.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::did::{Did, IssuerNumber};
use identity::institution::seal::{self, Seal};
use identity::institution::{Custody, rotate_key};
use ledger::assertion::Kid;
use ledger::key::SigningKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::WriteAnswer;
use super::institutions::own;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// The names of the next two keys.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationBody {
    /// The part behind `#` of the new key's name; where a key was pledged, the one it was kept under.
    #[schema(example = "key-2026-2")]
    fragment: String,
    /// The part behind `#` of the name under which the key after it is kept: its hash is pledged now.
    #[schema(example = "key-2026-3")]
    next: String,
}

/// Rotate the assertion key that the platform keeps: it gives its place to the next one.
///
/// A two-person act. Whoever keeps a key of its own signs `key.rotate.v1` with it and sends that to
/// `/v1/assertions`.
#[utoipa::path(post, path = "/v1/institutions/{number}/keys/rotation", extensions(("x-action" = json!("rotate-key"))), tag = "registry", params(("number" = u32, Path, description = "issuer number")), request_body = RotationBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 201, description = "rotated", body = WriteAnswer), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(number): Path<u32>,
    headers: HeaderMap,
    Body(body): Body<RotationBody>,
) -> Result<Response, Problem> {
    let number = own(&caller, number)?;
    let did = Did::new(&app.host, number);
    let named = |fragment: &str, pointer: &str| {
        did.kid(fragment)
            .ok_or_else(|| Problem::invalid(pointer, ("不能作密钥名", "not a key's name")))
    };
    let key = app.kept_or_made(&named(&body.fragment, "/fragment")?)?;
    let next = app.kept_or_made(&named(&body.next, "/next")?)?;
    let public = key.public();
    let text = seal::possession(app.ledger.origin(), number, &body.fragment, &public);
    let data = rotate_key::Data {
        custody: Custody::Platform,
        fragment: body.fragment,
        institution: number,
        key: public,
        next: seal::pledge(&next.public()),
        proof: Seal::of(&key, &text),
    };
    let written = app
        .ask(Asking::open(&caller, rotate_key::KIND, &data)?)
        .await?;
    Ok(WriteAnswer::new(&app, &headers, written.id, &written)?.respond(&written))
}

impl App {
    /// The kept key of this name, made if there is none: a rotation may be proposed again.
    pub(super) fn kept_or_made(&self, kid: &Kid) -> Result<Arc<SigningKey>, Problem> {
        if let Some(kept) = self.keystore.signer(kid)? {
            return Ok(kept);
        }
        self.keystore.generate(kid)?;
        self.signer_named(kid)
    }
}

/// What an institution stands for, in positions.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingBody {
    /// Up to here it stands for its history; no cut-off goes below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<u64>,
    /// Ranges, both ends in, that wait for it to say whether they are its own.
    #[schema(value_type = Vec<Vec<u64>>)]
    pub disputed: Vec<(u64, u64)>,
    /// Ranges that it said are not.
    #[schema(value_type = Vec<Vec<u64>>)]
    pub repudiated: Vec<(u64, u64)>,
}

/// What an institution stands for: its floor, what is disputed, what it repudiated.
#[utoipa::path(get, path = "/v1/institutions/{number}/standing", tag = "registry", params(("number" = u32, Path, description = "issuer number"), ("after" = Option<u64>, Query, description = "wait for this position")),
    responses((status = 200, description = "floor and disputes", body = StandingBody), (status = 404, description = "no such institution", body = ProblemBody)))]
pub async fn standing(
    State(app): State<Arc<App>>,
    Path(number): Path<u32>,
    Query(after): Query<super::After>,
) -> Result<Json<StandingBody>, Problem> {
    app.wait_for(after.after).await?;
    let institution = app.institution(IssuerNumber(number))?;
    if institution.admitted.is_none() {
        return Err(Problem::of(Reason::InstitutionUnknown));
    }
    Ok(Json(StandingBody {
        floor: institution.floor(),
        disputed: institution.disputed().as_slice().to_vec(),
        repudiated: institution.repudiated().as_slice().to_vec(),
    }))
}
