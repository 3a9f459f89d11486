//! /v1/institutions: the registry.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use credentials::policy::OutcomeKind;
use identity::did::{Did, IssuerNumber};
use identity::institution::registry::Registry;
use identity::institution::seal::Seal;
use identity::institution::{Custody, Institution, KeyUse, Level, activate_key, admit, retire_key};
use ledger::clock;
use ledger::key::PublicKey;
use projections::page::Cursor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answer::WriteAnswer;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// How often admission tries the next number when another admission took it.
const NUMBER_TRIES: usize = 8;

/// An institution to admit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdmitBody {
    /// Its name.
    #[schema(example = "浙江大学")]
    name: String,
    /// 学校标识码; this or the credit code.
    #[schema(example = "4133010335")]
    school_code: Option<String>,
    /// 统一社会信用代码; this or the school code.
    credit_code: Option<String>,
    /// province, city, county or school.
    #[schema(value_type = String, example = "school")]
    level: Level,
    /// Number of the institution above it.
    #[schema(value_type = Option<u32>)]
    parent: Option<IssuerNumber>,
    /// Outcome kinds it may record.
    #[schema(value_type = Vec<String>, example = json!(["course"]))]
    scope: Vec<OutcomeKind>,
    /// Its first two officers; made up and returned if left out.
    officers: Option<[Uuid; 2]>,
    /// Its own assertion key, if it keeps one; else the platform makes and keeps one.
    #[schema(value_type = Option<String>)]
    key: Option<PublicKey>,
    /// Accept a check character that does not fit.
    #[serde(default)]
    r#override: bool,
}

/// Admit an institution.
///
/// A two-person act: the answer is 202 with `approval`, which a second registrar approves.
#[utoipa::path(post, path = "/v1/institutions", extensions(("x-action" = json!("admit-institution"))), tag = "registry", request_body = AdmitBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 201, description = "admitted", body = WriteAnswer),
        (status = 409, description = "a rule says no", body = ProblemBody), (status = 422, description = "invalid", body = ProblemBody)))]
pub async fn admit(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<AdmitBody>,
) -> Result<Response, Problem> {
    let officers = body
        .officers
        .unwrap_or_else(|| [clock::uuid_v4(), clock::uuid_v4()]);
    let mut tries = 0;
    loop {
        let number = app.ledger.state::<Registry>(&Registry::stream())?.next();
        let data = data(&app, &body, number, officers)?;
        let asking = Asking {
            issuer: IssuerNumber::REGISTRAR,
            ..Asking::open(&caller, admit::KIND, &data)?
        };
        match app.ask(asking).await {
            Err(problem) if problem.reason == Reason::NumberNotNext && tries < NUMBER_TRIES => {
                tries += 1;
            }
            Err(problem) => return Err(problem),
            Ok(written) => {
                let answer = WriteAnswer::new(&app, &headers, written.id, &written)?
                    .with("number", number.0)
                    .with("did", Did::new(&app.host, number).to_string())
                    .with("officers", serde_json::json!(officers));
                return Ok(answer.respond(&written));
            }
        }
    }
}

fn data(
    app: &App,
    body: &AdmitBody,
    number: IssuerNumber,
    officers: [Uuid; 2],
) -> Result<admit::Data, Problem> {
    // Unique, since two proposals may ask for one number and the second must not touch the first's.
    let fragment = format!("key-{:08x}", u32::from_be_bytes(clock::random()));
    let (custody, key) = if let Some(key) = &body.key {
        (Custody::Own, key.clone())
    } else {
        let kid = Did::new(&app.host, number)
            .kid(&fragment)
            .ok_or_else(|| Problem::internal("the host cannot stand in a key's name"))?;
        (Custody::Platform, app.keystore.generate(&kid)?)
    };
    Ok(admit::Data {
        credit_code: body.credit_code.clone(),
        key: admit::FirstKey {
            custody,
            fragment,
            key,
        },
        level: body.level,
        name: body.name.clone(),
        number,
        officers: officers.to_vec(),
        parent: body.parent,
        school_code: body.school_code.clone(),
        scope: body
            .scope
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect(),
        r#override: body.r#override,
    })
}

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
    /// Its name.
    pub name: String,
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
#[utoipa::path(get, path = "/v1/institutions", tag = "registry", params(Page),
    responses((status = 200, description = "a page", body = InstitutionPage)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Json<InstitutionPage>, Problem> {
    app.wait_for(page.after()).await?;
    let position = app.views.follower.next();
    let listed = app.views.institutions.page(page.start()?, page.limit())?;
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
    Some(InstitutionBody {
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
    write(&app, &caller, &headers, activate_key::KIND, &data).await
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
    write(app, caller, headers, activate_key::KIND_V2, &data).await
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
    write(&app, &caller, &headers, retire_key::KIND, &data).await
}

pub(super) fn own(caller: &Caller, number: u32) -> Result<IssuerNumber, Problem> {
    let number = IssuerNumber(number);
    if caller.issuer() == number {
        Ok(number)
    } else {
        Err(Problem::of(Reason::KeyNotYours))
    }
}

async fn write<T: Serialize>(
    app: &Arc<App>,
    caller: &Caller,
    headers: &HeaderMap,
    kind: &'static str,
    data: &T,
) -> Result<Response, Problem> {
    let written = app.ask(Asking::open(caller, kind, data)?).await?;
    Ok(WriteAnswer::new(app, headers, written.id, &written)?.respond(&written))
}
