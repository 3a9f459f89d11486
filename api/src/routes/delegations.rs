//! /v1/learners/{id}/delegations and /v1/delegations: who acts in whose name.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::erasable::{Commitments, Opened};
use identity::person::delegation::{Basis, Delegation, Scope, end, grant, is_suspended, narrow};
use identity::person::{Person, wire};
use identity::role::Role;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::After;
use super::answer::{self, WriteAnswer};
use super::learners::derived_id;
use super::standings::words;
use crate::app::App;
use crate::delegations::rounded_up;
use crate::extract::{Body, Caller};
use crate::mask;
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// Whom to let act, for what, until when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantBody {
    /// The number of whoever shall act.
    agent: Uuid,
    /// proxy, or guardian of a child under 14: entered by an officer at a counter.
    #[serde(default = "proxy")]
    #[schema(value_type = String, example = "proxy")]
    basis: Basis,
    /// view; of a child also consent and erase.
    #[serde(default = "view")]
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// Asked alone, without the other in the room: does nobody press you for it?
    unpressed: bool,
    /// First day on which it is over: within twelve months. A guardian's is the child's fourteenth
    /// birthday, which the platform knows.
    #[serde(default, with = "identity::date::optional")]
    #[schema(value_type = Option<String>, example = "2027-06-30")]
    until: Option<Date>,
    /// How many acts it lets be done; left out = no limit.
    #[serde(default)]
    uses_max: Option<u32>,
    /// What shows it, in words; erasable.
    #[serde(default)]
    reason_text: Option<String>,
}

const fn proxy() -> Basis {
    Basis::Proxy
}

fn view() -> Vec<Scope> {
    vec![Scope::View]
}

/// What is left of a delegation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NarrowBody {
    /// Some of its scopes.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// First day on which it is over; not later than now.
    #[serde(with = "identity::date")]
    #[schema(value_type = String, example = "2026-12-31")]
    until: Date,
}

/// A delegation.
#[derive(Debug, Serialize, ToSchema)]
pub struct DelegationAnswer {
    /// Its name.
    pub id: Uuid,
    /// In whose name.
    pub person: Uuid,
    /// Who acts.
    pub agent: Uuid,
    /// The name of the other side, masked: enough to know whom one knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// proxy or guardian.
    #[schema(value_type = String)]
    pub basis: Basis,
    /// What for.
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Scope>,
    /// First day on which it is over; a guardian's rounded up to a month.
    #[serde(with = "identity::date")]
    #[schema(value_type = String)]
    pub until: Date,
    /// Acts it lets be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses_max: Option<u32>,
    /// Acts done by it.
    pub uses: u32,
    /// live, suspended (since a merge, until given anew) or over.
    pub state: &'static str,
    /// Position of the commit that gave it.
    pub position: u64,
}

/// Delegations.
#[derive(Debug, Serialize, ToSchema)]
pub struct DelegationsAnswer {
    /// In the order in which they were given.
    pub items: Vec<DelegationAnswer>,
}

/// Let somebody act in a learner's name.
///
/// Learners let others view their record; a counter enters it for whoever is there without a phone, and
/// the guardians of children. Given again to the same person, the new one takes the old one's place.
#[utoipa::path(post, path = "/v1/learners/{id}/delegations", extensions(("x-action" = json!("delegate"))), tag = "identity", params(("id" = Uuid, Path, description = "in whose name"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = GrantBody, security(("token" = [])),
    responses((status = 201, description = "given", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "pressed, too many, or not sure enough who it is", body = ProblemBody), (status = 422, description = "scope or end do not fit", body = ProblemBody)))]
pub async fn grant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<GrantBody>,
) -> Result<Response, Problem> {
    let mut scopes = body.scopes;
    scopes.sort_unstable();
    let data = grant::Data {
        values: Commitments::default(),
        agent: body.agent,
        basis: body.basis,
        person,
        scopes,
        unpressed: body.unpressed,
        until: until(&app, &caller, person, (body.basis, body.until))?,
        uses_max: body.uses_max,
    };
    let asking = Asking {
        values: words(body.reason_text.as_deref()).into_iter().collect(),
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, grant::KIND, &data)?
    };
    answer::ask(&app, &headers, asking, None).await
}

/// The day on which it is over: a guardian's follows from the child's birthday, and is looked up only
/// for who serves the child.
fn until(
    app: &App,
    caller: &Caller,
    person: Uuid,
    (basis, asked): (Basis, Option<Date>),
) -> Result<Date, Problem> {
    let missing = |pointer, words: (&'static str, &'static str)| Problem::invalid(pointer, words);
    if basis == Basis::Proxy || caller.role == Role::Learner {
        return asked.ok_or_else(|| {
            missing(
                "/until",
                (
                    "请写到期日，最长十二个月",
                    "say until when, twelve months at most",
                ),
            )
        });
    }
    app.may_read(caller, person)?;
    let from = app.of_age_from(person)?.ok_or_else(|| {
        missing(
            "",
            (
                "不知道孩子的出生日期：请先登记",
                "the child's date of birth is not known: register it first",
            ),
        )
    })?;
    if from <= app.today() {
        return Err(missing(
            "/basis",
            (
                "已满十四周岁，不登记监护人",
                "fourteen or older: no guardian is entered",
            ),
        ));
    }
    // A day that was asked for may only be sooner.
    let last = rounded_up(from);
    Ok(asked.map_or(last, |asked| asked.min(last)))
}

/// Who acts in a learner's name.
#[utoipa::path(get, path = "/v1/learners/{id}/delegations", extensions(("x-action" = json!("see-delegations"))), tag = "identity", params(("id" = Uuid, Path, description = "in whose name")), security(("token" = [])),
    responses((status = 200, description = "delegations, ended ones too", body = DelegationsAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn of_learner(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<DelegationsAnswer>, Problem> {
    app.may_read(&caller, person)?;
    app.require_served(&caller, person)?;
    let state = app.ledger.state::<Person>(&wire::stream(person))?;
    let items = state.delegations.0.iter();
    let items = items.map(|it| answer(&app, person, it, it.granted.agent));
    Ok(Json(DelegationsAnswer {
        items: items.collect::<Result<_, _>>()?,
    }))
}

/// In whose name the caller may act.
#[utoipa::path(get, path = "/v1/delegations", extensions(("x-action" = json!("see-own-principals"))), tag = "identity", params(("after" = Option<u64>, Query, description = "wait until this position is seen")), security(("token" = [])),
    responses((status = 200, description = "delegations that nobody ended", body = DelegationsAnswer)))]
pub async fn to_caller(
    State(app): State<Arc<App>>,
    caller: Caller,
    axum::extract::Query(after): axum::extract::Query<After>,
) -> Result<Json<DelegationsAnswer>, Problem> {
    app.wait_for(after.after).await?;
    let mut items = Vec::new();
    for listed in app.views.people.delegations_to(caller.person)? {
        let state = app
            .ledger
            .state::<Person>(&wire::stream(listed.principal))?;
        if let Some(it) = state.delegations.find(listed.delegation) {
            items.push(answer(&app, listed.principal, it, listed.principal)?);
        }
    }
    Ok(Json(DelegationsAnswer { items }))
}

fn answer(
    app: &App,
    principal: Uuid,
    it: &Delegation,
    other: Uuid,
) -> Result<DelegationAnswer, Problem> {
    let agent = it.granted.agent;
    let of = app.ledger.state::<Person>(&wire::stream(principal))?;
    let by = app.ledger.state::<Person>(&wire::stream(agent))?;
    let child_grew_up = it.granted.basis == Basis::Guardian
        && app
            .of_age_from(principal)?
            .is_none_or(|from| from <= app.today());
    let state = if !it.lasts(app.today()) || child_grew_up {
        "over"
    } else if is_suspended(it, &of, &by) || of.barred().is_some() || by.barred().is_some() {
        "suspended"
    } else {
        "live"
    };
    let opened = app.identity_of(other)?;
    let name = opened.iter().find(|it| it.name() == "name");
    Ok(DelegationAnswer {
        id: it.id,
        person: principal,
        agent,
        name: name.and_then(Opened::expose_text).map(mask::name),
        basis: it.granted.basis,
        scopes: it.granted.scopes.clone(),
        until: it.granted.until,
        uses_max: it.granted.uses_max,
        uses: it.uses,
        state,
        position: it.by.position,
    })
}

/// Narrow a delegation: fewer scopes, or an earlier end.
#[utoipa::path(post, path = "/v1/learners/{id}/delegations/{delegation}/narrowing", extensions(("x-action" = json!("delegate"))), tag = "identity", params(("id" = Uuid, Path, description = "in whose name"), ("delegation" = Uuid, Path, description = "which"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = NarrowBody, security(("token" = [])),
    responses((status = 201, description = "narrowed", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such delegation", body = ProblemBody), (status = 422, description = "not less than before", body = ProblemBody)))]
pub async fn narrow(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, delegation)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    Body(body): Body<NarrowBody>,
) -> Result<Response, Problem> {
    let mut scopes = body.scopes;
    scopes.sort_unstable();
    let data = narrow::Data {
        delegation,
        person,
        scopes,
        until: body.until,
    };
    let asking = Asking {
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, narrow::KIND, &data)?
    };
    answer::ask(&app, &headers, asking, Some(delegation)).await
}

/// Take a delegation back, or give it back. The other side is not told.
#[utoipa::path(post, path = "/v1/learners/{id}/delegations/{delegation}/revocation", extensions(("x-action" = json!("end-delegation"))), tag = "identity", params(("id" = Uuid, Path, description = "in whose name"), ("delegation" = Uuid, Path, description = "which"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), security(("token" = [])),
    responses((status = 201, description = "ended", body = WriteAnswer), (status = 200, description = "ended before", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such delegation", body = ProblemBody)))]
pub async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, delegation)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let data = end::Data { delegation, person };
    let mut asking = Asking {
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, end::REVOKE, &data)?
    };
    // Who gives it back does so as what everybody is.
    if caller.role == Role::Proxy {
        asking.act.role = Role::Learner.to_string();
    }
    answer::ask(&app, &headers, asking, Some(delegation)).await
}

/// What a delegate asks in somebody's name: both are named.
pub(super) fn in_name_of(
    app: &App,
    caller: &Caller,
    person: Uuid,
    scope: Scope,
    mut asking: Asking,
) -> Result<Asking, Problem> {
    if caller.role == Role::Proxy {
        let principal = app.holder(person)?;
        app.require_delegation(caller.person, principal, scope)?;
        asking.act.on_behalf_of = Some(principal);
    } else if caller.role == Role::Learner && caller.person != app.holder(person)? {
        return Err(Problem::of(Reason::NotAllowed));
    }
    Ok(asking)
}
