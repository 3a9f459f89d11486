//! /v1/links, /v1/learners/{id}/links: which accounts at providers sign a person in.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::did::IssuerNumber;
use identity::erasable::Opened;
use identity::officer::Officer;
use identity::person::{Person, link, wire};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, WriteAnswer};
use super::passkeys;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};

/// One account that signs the caller in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkBody {
    /// The link.
    id: Uuid,
    /// The provider's name in our addresses; none if it is not one of ours any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// The best level of assurance that it gives.
    loa: u8,
    /// The institution in whose roles alone it signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    institution: Option<IssuerNumber>,
    /// The number that it names; another one since a merge.
    person: Uuid,
}

/// One passkey that signs the caller in.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyBody {
    /// Its name here; nothing of the device's.
    id: Uuid,
    /// The level of assurance that it gives.
    loa: u8,
    /// The institution in whose roles alone it signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    institution: Option<IssuerNumber>,
    /// The number that it names; another one since a merge.
    person: Uuid,
    /// Position of the commit that enrolled it.
    position: u64,
}

/// What signs the caller in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinksBody {
    /// Accounts at providers, oldest first.
    items: Vec<LinkBody>,
    /// Passkeys, oldest first; each is taken away as a link is.
    passkeys: Vec<PasskeyBody>,
}

impl PasskeyBody {
    /// Those of every number of the person's, as far as they sign in.
    pub(super) fn of(app: &App, person: Uuid) -> Result<Vec<Self>, Problem> {
        let holder = app.ledger.state::<Person>(&wire::stream(person))?;
        let mut items = Vec::new();
        for (number, state) in app.numbers(person)? {
            let standing = state.authenticators.standing().iter();
            let counting = standing.filter(|it| number == person || it.counts_for(&holder));
            items.extend(counting.map(|it| Self {
                id: it.id,
                loa: it.loa.into(),
                institution: it.only,
                person: number,
                position: it.at,
            }));
        }
        Ok(items)
    }
}

impl LinksBody {
    /// Those of every number of the person's, as far as they sign in.
    fn of(app: &App, person: Uuid) -> Result<Self, Problem> {
        let holder = app.ledger.state::<Person>(&wire::stream(person))?;
        let mut items = Vec::new();
        for (number, state) in app.numbers(person)? {
            let opened = app.identity_by_assertion(number)?;
            let standing = state.links.standing().iter();
            let counting = standing.filter(|it| number == person || it.counts_for(&holder));
            items.extend(counting.map(|it| Self::item(app, number, *it, &opened)));
        }
        let passkeys = PasskeyBody::of(app, person)?;
        Ok(Self { items, passkeys })
    }

    fn item(app: &App, number: Uuid, it: link::Link, opened: &[(Uuid, Vec<Opened>)]) -> LinkBody {
        let values = opened.iter().find(|(id, _)| *id == it.id);
        let iss = values.and_then(|(_, values)| {
            let iss = values
                .iter()
                .find(|value| value.name() == link::confirm::ISS);
            iss.and_then(Opened::expose_text)
        });
        let mut providers = app.sign_in.providers.iter();
        let provider = providers.find(|it| Some(it.config.issuer.as_str()) == iss);
        LinkBody {
            id: it.id,
            provider: provider.map(|it| it.config.name.clone()),
            loa: it.loa.into(),
            institution: it.only,
            person: number,
        }
    }
}

/// Which accounts sign the caller in.
#[utoipa::path(get, path = "/v1/links", extensions(("x-action" = json!("own-links"))), tag = "sign-in", security(("token" = [])),
    responses((status = 200, description = "the caller's links", body = LinksBody), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<LinksBody>, Problem> {
    LinksBody::of(&app, caller.person).map(Json)
}

/// Which accounts sign a learner in; not who they are at the provider.
#[utoipa::path(get, path = "/v1/learners/{id}/links", extensions(("x-action" = json!("bind-link"))), tag = "sign-in", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 200, description = "the learner's links", body = LinksBody), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody)))]
pub async fn of_learner(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<LinksBody>, Problem> {
    app.require_served(&caller, person)?;
    LinksBody::of(&app, person).map(Json)
}

/// Which accounts sign an officer in, for the security administrators; not who they are at the provider.
#[utoipa::path(get, path = "/v1/officers/{id}/links", extensions(("x-action" = json!("see-officers-links"))), tag = "sign-in", params(("id" = Uuid, Path, description = "the officer's number")), security(("token" = [])),
    responses((status = 200, description = "the officer's links", body = LinksBody), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn of_officer(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<LinksBody>, Problem> {
    // A learner's are nothing for the administrators of roles.
    let officer = app.ledger.state::<Officer>(&Officer::stream(person))?;
    if !officer.holds_any() {
        return Err(Problem::of(Reason::NotFound));
    }
    LinksBody::of(&app, person).map(Json)
}

/// Take a learner's link away at a counter.
#[utoipa::path(delete, path = "/v1/learners/{id}/links/{link}", extensions(("x-action" = json!("bind-link"))), tag = "sign-in", params(("id" = Uuid, Path, description = "the person's number"), ("link" = Uuid, Path, description = "as listed")), security(("token" = [])),
    responses((status = 201, description = "removed", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such link", body = ProblemBody)))]
pub async fn remove_learners(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, link)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    removed(&app, &caller, person, link, &headers).await
}

/// Take an officer's link away: the security administrators, or an institution's officer its own staff's.
#[utoipa::path(delete, path = "/v1/officers/{id}/links/{link}", extensions(("x-action" = json!("grant-role"))), tag = "sign-in", params(("id" = Uuid, Path, description = "the officer's number"), ("link" = Uuid, Path, description = "as listed")), security(("token" = [])),
    responses((status = 201, description = "removed", body = WriteAnswer), (status = 202, description = "proposed: a second administrator must agree", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such link", body = ProblemBody)))]
pub async fn remove_officers(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, link)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    removed(&app, &caller, person, link, &headers).await
}

/// Takes away the link of this name, or the passkey.
async fn removed(
    app: &Arc<App>,
    caller: &Caller,
    person: Uuid,
    link: Uuid,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let numbers = app.numbers(person)?;
    let mut own = numbers.iter();
    if own.any(|(_, state)| state.authenticators.find(link).is_some()) {
        return passkeys::removed(app, caller, person, link, headers).await;
    }
    let named = numbers
        .iter()
        .find(|(_, state)| state.links.find(link).is_some());
    let named = named.map_or(person, |(number, _)| *number);
    let written = app.unlink(caller, named, link).await?;
    Ok(WriteAnswer::new(app, headers, link, &written)?.respond(&written))
}

/// What shows both sides.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    /// As the page said.
    ceremony: Uuid,
    /// As the page said; good for ten minutes, once, in the session that it was shown in.
    proof: String,
}

/// Link the account that a provider named just now to the caller.
#[utoipa::path(post, path = "/v1/links", extensions(("x-action" = json!("own-links"))), tag = "sign-in", request_body = ProofBody, security(("token" = [])),
    responses((status = 201, description = "linked", body = WriteAnswer), (status = 401, description = "show again who you are", body = ProblemBody), (status = 403, description = "the proof is not valid", body = ProblemBody), (status = 409, description = "linked to somebody else", body = ProblemBody)))]
pub async fn confirm(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<ProofBody>,
) -> Result<Response, Problem> {
    let written = app.link_own(&caller, body.ceremony, &body.proof).await?;
    Ok(WriteAnswer::new(&app, &headers, written.id, &written)?.respond(&written))
}

/// Take a link away: the account signs the caller in no more, anywhere.
#[utoipa::path(delete, path = "/v1/links/{link}", extensions(("x-action" = json!("own-links"))), tag = "sign-in", params(("link" = Uuid, Path, description = "as listed")), security(("token" = [])),
    responses((status = 201, description = "removed", body = WriteAnswer), (status = 401, description = "show again who you are", body = ProblemBody), (status = 404, description = "no such link of the caller's", body = ProblemBody)))]
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(link): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    removed(&app, &caller, caller.person, link, &headers).await
}

/// What the learner's screen shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// Twelve digits; blanks are passed over.
    #[schema(example = "4821 0937 5560")]
    code: String,
}

/// Link the account whose owner stands at the counter with this code on the screen: the first of a learner,
/// or the first after a recovery.
#[utoipa::path(post, path = "/v1/learners/{id}/links", extensions(("x-action" = json!("bind-link"))), tag = "sign-in", params(("id" = Uuid, Path, description = "the person's number")), request_body = CodeBody, security(("token" = [])),
    responses((status = 201, description = "linked", body = WriteAnswer), (status = 403, description = "the code is not valid, or the person not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "linked to somebody else, or the person was linked before", body = ProblemBody)))]
pub async fn bind(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<CodeBody>,
) -> Result<Response, Problem> {
    let asking = app.link_by_code(&caller, person, &body.code)?;
    answer::ask(&app, &headers, asking, None).await
}

/// Link the account of an officer, who shows this code: an institution's officer its own clerk's and counter
/// staff's first one, alone; the security administrators anybody's.
///
/// By the security administrators a two-person act: 202 with `approval`.
#[utoipa::path(post, path = "/v1/officers/{id}/links", extensions(("x-action" = json!("grant-role"))), tag = "sign-in", params(("id" = Uuid, Path, description = "the officer's number")), request_body = CodeBody, security(("token" = [])),
    responses((status = 201, description = "linked", body = WriteAnswer), (status = 202, description = "proposed: a second administrator must agree", body = WriteAnswer), (status = 403, description = "the code is not valid, or no officer's", body = ProblemBody), (status = 409, description = "linked to somebody else", body = ProblemBody)))]
pub async fn bind_officer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<CodeBody>,
) -> Result<Response, Problem> {
    let asking = app.link_by_code(&caller, person, &body.code)?;
    answer::ask(&app, &headers, asking, None).await
}
