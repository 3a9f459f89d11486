//! /v1/institutions/{number}/name, …/suspension, …/closing, …/merger, …/revival: what becomes of an
//! institution. Each is a two-person act of the registrar: 202 with `approval`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::did::{Did, IssuerNumber};
use identity::institution::seal::{self, Seal};
use identity::institution::{Custody, Ground, admit, close, merge, rename, revive, suspend};
use ledger::clock;
use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::admissions::made;
use super::answer::{self, WriteAnswer};
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody};
use crate::write::Asking;

/// A new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameBody {
    /// 1 to 120 characters.
    #[schema(example = "浙江开放大学")]
    name: String,
}

/// Why an institution is stopped, or ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroundBody {
    /// keys-at-risk, supervision, own-wish, dissolved or other.
    #[schema(value_type = String, example = "supervision")]
    reason: Ground,
}

/// Nothing is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingBody {}

/// Who answers for it from here on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergerBody {
    /// Number of the institution that takes it in.
    #[schema(value_type = u32, example = 2)]
    into: IssuerNumber,
}

/// With what an institution starts again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevivalBody {
    /// Its two officers; made up and returned if left out.
    officers: Option<[Uuid; 2]>,
    /// Its own assertion key, if it keeps one; else the platform makes and keeps it and the next one.
    own: Option<OwnKeyBody>,
}

/// An assertion key that the institution keeps itself; `xuefen key` makes these members.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnKeyBody {
    /// The part of its name behind `#`.
    #[schema(example = "key-2026-9")]
    fragment: String,
    /// Multikey.
    #[schema(value_type = String)]
    key: PublicKey,
    /// Hash of the key after it.
    #[schema(value_type = String)]
    next: Digest,
    /// The key's signature over its own name.
    #[schema(value_type = String)]
    proof: Seal,
}

/// Give an institution another name; number, codes and what was issued stay.
#[utoipa::path(post, path = "/v1/institutions/{number}/name", extensions(("x-action" = json!("change-institution"))), tag = "registry", params(("number" = u32, Path, description = "issuer number")), request_body = NameBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 200, description = "so named already", body = WriteAnswer), (status = 404, description = "no such institution", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn rename(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(number): Path<u32>,
    headers: HeaderMap,
    Body(body): Body<NameBody>,
) -> Result<Response, Problem> {
    let data = rename::Data {
        institution: IssuerNumber(number),
        name: body.name,
    };
    answer::ask(
        &app,
        &headers,
        Asking::open(&caller, rename::KIND, &data)?,
        None,
    )
    .await
}

/// Suspend an institution: its keys and officers act no more, until it is reinstated.
#[utoipa::path(post, path = "/v1/institutions/{number}/suspension", extensions(("x-action" = json!("change-institution"))), tag = "registry", params(("number" = u32, Path, description = "issuer number")), request_body = GroundBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 200, description = "suspended already", body = WriteAnswer), (status = 404, description = "no such institution", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn suspend(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(number): Path<u32>,
    headers: HeaderMap,
    Body(body): Body<GroundBody>,
) -> Result<Response, Problem> {
    let data = suspend::Data {
        institution: IssuerNumber(number),
        reason: body.reason,
    };
    answer::ask(
        &app,
        &headers,
        Asking::open(&caller, suspend::SUSPEND, &data)?,
        None,
    )
    .await
}

/// End an institution's suspension.
#[utoipa::path(post, path = "/v1/institutions/{number}/reinstatement", extensions(("x-action" = json!("change-institution"))), tag = "registry", params(("number" = u32, Path, description = "issuer number")), request_body = NothingBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 404, description = "no such institution", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn reinstate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(number): Path<u32>,
    headers: HeaderMap,
    Body(NothingBody {}): Body<NothingBody>,
) -> Result<Response, Problem> {
    let data = suspend::ReinstateData {
        institution: IssuerNumber(number),
    };
    answer::ask(
        &app,
        &headers,
        Asking::open(&caller, suspend::REINSTATE, &data)?,
        None,
    )
    .await
}

/// Close an institution: its keys and roles end; its records stay, and stay verifiable.
#[utoipa::path(post, path = "/v1/institutions/{number}/closing", extensions(("x-action" = json!("change-institution"))), tag = "registry", params(("number" = u32, Path, description = "issuer number")), request_body = GroundBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 200, description = "closed already", body = WriteAnswer), (status = 404, description = "no such institution", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn close(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(number): Path<u32>,
    headers: HeaderMap,
    Body(body): Body<GroundBody>,
) -> Result<Response, Problem> {
    let data = close::Data {
        institution: IssuerNumber(number),
        reason: body.reason,
    };
    answer::ask(
        &app,
        &headers,
        Asking::open(&caller, close::KIND, &data)?,
        None,
    )
    .await
}

/// Merge an institution into another, which answers for it from here on; for good.
#[utoipa::path(post, path = "/v1/institutions/{number}/merger", extensions(("x-action" = json!("change-institution"))), tag = "registry", params(("number" = u32, Path, description = "issuer number of the one that ends")), request_body = MergerBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 200, description = "merged already", body = WriteAnswer), (status = 404, description = "no such institution", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn merge(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(number): Path<u32>,
    headers: HeaderMap,
    Body(body): Body<MergerBody>,
) -> Result<Response, Problem> {
    let data = merge::Data {
        institution: IssuerNumber(number),
        into: body.into,
    };
    answer::ask(
        &app,
        &headers,
        Asking::open(&caller, merge::KIND, &data)?,
        None,
    )
    .await
}

/// Let an institution that was closed act again, with a fresh key and officers.
#[utoipa::path(post, path = "/v1/institutions/{number}/revival", extensions(("x-action" = json!("change-institution"))), tag = "registry", params(("number" = u32, Path, description = "issuer number")), request_body = RevivalBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 404, description = "no such institution", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody), (status = 422, description = "invalid", body = ProblemBody)))]
pub async fn revive(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(number): Path<u32>,
    headers: HeaderMap,
    Body(body): Body<RevivalBody>,
) -> Result<Response, Problem> {
    let institution = IssuerNumber(number);
    let officers = body
        .officers
        .unwrap_or_else(|| [clock::uuid_v4(), clock::uuid_v4()]);
    let mut next_fragment = None;
    let data = if let Some(own) = body.own {
        let key = admit::FirstKey {
            custody: Custody::Own,
            fragment: own.fragment,
            key: own.key,
        };
        revival(institution, officers, key, own.next, own.proof)
    } else {
        let (fragment, key) = made(&app, institution)?;
        let (next, pledged) = made(&app, institution)?;
        next_fragment = Some(next);
        let kid = Did::new(&app.host, institution).kid(&fragment);
        let kid = kid.ok_or_else(|| Problem::internal("the host cannot stand in a key's name"))?;
        let text = seal::possession(app.ledger.origin(), institution, &fragment, &key);
        let proof = Seal::of(&*app.signer_named(&kid)?, &text);
        let first = admit::FirstKey {
            custody: Custody::Platform,
            fragment,
            key,
        };
        revival(institution, officers, first, seal::pledge(&pledged), proof)
    };
    let written = app.ask(Asking::open(&caller, revive::KIND, &data)?).await?;
    let answer = WriteAnswer::new(&app, &headers, written.id, &written)?
        .with("officers", serde_json::json!(officers));
    let answer = match next_fragment {
        Some(next) => answer.with("next_fragment", next),
        None => answer,
    };
    Ok(answer.respond(&written))
}

fn revival(
    institution: IssuerNumber,
    officers: [Uuid; 2],
    key: admit::FirstKey,
    next: Digest,
    proof: Seal,
) -> revive::Data {
    revive::Data {
        institution,
        key,
        next,
        officers: officers.to_vec(),
        proof,
    }
}
