//! /v1/institutions: the registry.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use identity::did::{Did, IssuerNumber};
use identity::institution::seal::Seal;
use identity::institution::{
    Condition, Custody, Institution, KeyUse, Level, activate_key, retire_key,
};
use ledger::key::PublicKey;
use projections::page::Cursor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{self, WriteAnswer};
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Opaque: `next` of the page before.
    cursor: Option<String>,
    /// Entries a page, 1 to 200; 50 if left out.
    limit: Option<usize>,
    /// Wait until the view has folded this position.
    after: Option<u64>,
}

impl Page {
    /// Entries wanted.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(50).clamp(1, 200)
    }

    /// Where to go on.
    pub fn start(&self) -> Result<Option<Cursor>, Problem> {
        let cursor = self.cursor.as_deref().map(str::parse).transpose();
        cursor.map_err(|error| Problem::of(Reason::BodyUnreadable).detail(&error))
    }

    /// Position to wait for.
    pub fn after(&self) -> Option<u64> {
        self.after
    }
}

/// Which institutions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Opaque: `next` of the page before.
    cursor: Option<String>,
    /// Entries a page, 1 to 200; 50 if left out.
    limit: Option<usize>,
    /// Wait until the view has folded this position.
    after: Option<u64>,
    /// This institution and everybody below it; one that was merged stands where its successor does.
    under: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstitutionPage {
    /// The entries.
    items: Vec<InstitutionBody>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Position the list is folded up to.
    position: u64,
}

/// An institution as everybody sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstitutionBody {
    /// Issuer number.
    pub id: u32,
    /// Its DID.
    pub did: String,
    /// Its name today.
    pub name: String,
    /// Names it had before, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_names: Vec<FormerName>,
    /// open, suspended, closed or merged.
    pub state: &'static str,
    /// Position from which it is suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended: Option<u64>,
    /// Position at which it was closed or merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// Number of who answers for it, if it was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<u32>,
    /// Numbers of those it answers for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers_for: Vec<u32>,
    /// 学校标识码.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub school_code: Option<String>,
    /// 统一社会信用代码.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    /// province, city, county or school.
    #[schema(value_type = String)]
    pub level: Level,
    /// Number of the institution above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// Outcome kinds it may record.
    pub scope: Vec<String>,
    /// Who keeps its keys.
    #[schema(value_type = String)]
    pub custody: Custody,
    /// Position of its admission.
    pub position: u64,
}

/// A name that an institution had.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormerName {
    /// The name.
    pub name: String,
    /// Position of the commit that gave it.
    pub from: u64,
}

/// A key and its window.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyBody {
    /// Its name.
    pub kid: String,
    /// Multikey.
    pub key: String,
    /// What it may sign.
    #[schema(value_type = String)]
    pub r#use: KeyUse,
    /// Who holds it.
    #[schema(value_type = String)]
    pub custody: Custody,
    /// It signs from the next position on.
    pub activated: u64,
    /// It signs up to this position.
    pub retired: Option<u64>,
    /// After a compromise, what it signed counts up to this position.
    pub not_valid_after: Option<u64>,
}

/// The institutions, by number.
#[utoipa::path(get, path = "/v1/institutions", tag = "registry", params(Listing),
    responses((status = 200, description = "a page", body = InstitutionPage)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Query(listing): Query<Listing>,
) -> Result<Json<InstitutionPage>, Problem> {
    let under = listing.under.map(IssuerNumber);
    let page = Page {
        cursor: listing.cursor,
        limit: listing.limit,
        after: listing.after,
    };
    app.wait_for(page.after()).await?;
    let position = app.views.follower.next();
    let listed = app
        .views
        .institutions
        .page(under, page.start()?, page.limit())?;
    let items = listed
        .rows
        .iter()
        .filter_map(|it| body_of(&app, it))
        .collect();
    Ok(Json(InstitutionPage {
        items,
        next: listed.next.map(|next| next.to_string()),
        position,
    }))
}

/// One institution.
#[utoipa::path(get, path = "/v1/institutions/{number}", tag = "registry", params(("number" = u32, Path, description = "issuer number"), ("after" = Option<u64>, Query, description = "wait for this position")),
    responses((status = 200, description = "the institution", body = InstitutionBody), (status = 404, description = "no such institution", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    Path(number): Path<u32>,
    Query(after): Query<super::After>,
) -> Result<Json<InstitutionBody>, Problem> {
    app.wait_for(after.after).await?;
    let found = app.views.institutions.institution(IssuerNumber(number))?;
    found
        .and_then(|it| body_of(&app, &it))
        .map(Json)
        .ok_or(Problem::of(Reason::InstitutionUnknown))
}

fn body_of(app: &App, institution: &Institution) -> Option<InstitutionBody> {
    let it = institution.admitted.as_ref()?;
    let life = &institution.life;
    let former = institution.former_names().map(|named| FormerName {
        name: named.name.clone(),
        from: named.by.position,
    });
    let successor = life.ended.and_then(|ended| ended.into);
    Some(InstitutionBody {
        former_names: former.collect(),
        state: match institution.condition() {
            Condition::Open => "open",
            Condition::Suspended(_) => "suspended",
            Condition::Ended(ended) if ended.into.is_some() => "merged",
            Condition::Ended(_) => "closed",
        },
        suspended: life.suspended.map(|by| by.position),
        ended: life.ended.map(|ended| ended.by.position),
        successor: successor.map(|number| number.0),
        answers_for: life.absorbed.iter().map(|number| number.0).collect(),
        id: it.number.0,
        did: Did::new(&app.host, it.number).to_string(),
        name: it.name.clone(),
        school_code: it.school_code.clone(),
        credit_code: it.credit_code.clone(),
        level: it.level,
        parent: it.parent.map(|parent| parent.0),
        scope: it.scope.clone(),
        custody: institution.custody(),
        position: it.position,
    })
}

/// The keys of an institution, every one it ever had.
#[utoipa::path(get, path = "/v1/institutions/{number}/keys", tag = "registry", params(("number" = u32, Path, description = "issuer number")),
    responses((status = 200, description = "its keys", body = Vec<KeyBody>), (status = 404, description = "no such institution", body = ProblemBody)))]
pub async fn keys(
    State(app): State<Arc<App>>,
    Path(number): Path<u32>,
) -> Result<Json<Vec<KeyBody>>, Problem> {
    let found = app.views.institutions.institution(IssuerNumber(number))?;
    let found = found.ok_or(Problem::of(Reason::InstitutionUnknown))?;
    let did = Did::new(&app.host, IssuerNumber(number));
    let keys = found.keys.iter().map(|key| KeyBody {
        kid: format!("{did}#{}", key.fragment),
        key: key.key.multikey(),
        r#use: key.r#use,
        custody: key.custody,
        activated: key.activated,
        retired: key.retired,
        not_valid_after: key.not_valid_after(),
    });
    Ok(Json(keys.collect()))
}

/// A key to activate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyActivation {
    /// The part of its name behind `#`.
    #[schema(example = "key-2026-2")]
    fragment: String,
    /// Multikey; left out, the platform makes and keeps one.
    #[schema(value_type = Option<String>)]
    key: Option<PublicKey>,
    /// The key's signature over its own name (`xuefen key prove`), base64url; a client key needs it.
    #[schema(value_type = Option<String>)]
    proof: Option<Seal>,
    /// assertion, credential, or client (for an institution's servers to sign in with).
    #[serde(default = "assertion_use")]
    #[schema(value_type = String)]
    r#use: KeyUse,
}

const fn assertion_use() -> KeyUse {
    KeyUse::Assertion
}

/// Activate a key: it signs from the next position on. With `proof`, a second officer agrees.
#[utoipa::path(post, path = "/v1/institutions/{number}/keys", extensions(("x-action" = json!("manage-keys"))), tag = "registry", params(("number" = u32, Path, description = "issuer number")), request_body = KeyActivation, security(("token" = [])),
    responses((status = 201, description = "activated", body = WriteAnswer), (status = 202, description = "proposed", body = WriteAnswer), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn activate_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(number): Path<u32>,
    headers: HeaderMap,
    Body(body): Body<KeyActivation>,
) -> Result<Response, Problem> {
    let number = own(&caller, number)?;
    if let Some(proof) = body.proof {
        return activate_proven(&app, &caller, &headers, number, (body, proof)).await;
    }
    let (custody, key) = if let Some(key) = body.key {
        (Custody::Own, key)
    } else {
        let kid = Did::new(&app.host, number)
            .kid(&body.fragment)
            .ok_or_else(|| Problem::invalid("/fragment", ("不能作密钥名", "not a key's name")))?;
        if app.keystore.signer(&kid)?.is_some() {
            return Err(Problem::of(Reason::KeyNameTaken));
        }
        (Custody::Platform, app.keystore.generate(&kid)?)
    };
    let data = activate_key::Data {
        custody,
        fragment: body.fragment,
        institution: number,
        key,
        r#use: body.r#use,
    };
    answer::ask(
        &app,
        &headers,
        Asking::open(&caller, activate_key::KIND, &data)?,
        None,
    )
    .await
}

/// The second version of a key's activation: its holder has shown to hold it.
async fn activate_proven(
    app: &Arc<App>,
    caller: &Caller,
    headers: &HeaderMap,
    institution: IssuerNumber,
    (body, proof): (KeyActivation, Seal),
) -> Result<Response, Problem> {
    let key = body.key.ok_or_else(|| {
        let missing = (
            "有 proof 时须同时提交 key",
            "with proof the key itself is needed",
        );
        Problem::invalid("/key", missing)
    })?;
    let data = activate_key::DataV2 {
        custody: Custody::Own,
        fragment: body.fragment,
        institution,
        key,
        next: None,
        proof,
        r#use: body.r#use,
    };
    answer::ask(
        app,
        headers,
        Asking::open(caller, activate_key::KIND_V2, &data)?,
        None,
    )
    .await
}

/// Retire a key: it signs no more; what it signed stays valid.
#[utoipa::path(delete, path = "/v1/institutions/{number}/keys/{fragment}", extensions(("x-action" = json!("manage-keys"))), tag = "registry", params(("number" = u32, Path, description = "issuer number"), ("fragment" = String, Path, description = "the part of its name behind #")), security(("token" = [])),
    responses((status = 201, description = "retired", body = WriteAnswer), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn retire_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((number, fragment)): Path<(u32, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let institution = own(&caller, number)?;
    let data = retire_key::Data {
        fragment,
        institution,
    };
    answer::ask(
        &app,
        &headers,
        Asking::open(&caller, retire_key::KIND, &data)?,
        None,
    )
    .await
}

pub(super) fn own(caller: &Caller, number: u32) -> Result<IssuerNumber, Problem> {
    let number = IssuerNumber(number);
    if caller.issuer() == number {
        Ok(number)
    } else {
        Err(Problem::of(Reason::KeyNotYours))
    }
}
