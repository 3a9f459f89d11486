//! POST /v1/institutions: the registrar lets an institution in, with its first key and, where it has them, the
//! keys apart that judge it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use credentials::policy::OutcomeKind;
use identity::did::{Did, IssuerNumber};
use identity::institution::registry::Registry;
use identity::institution::{Custody, Level, admit, seal};
use ledger::clock;
use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::Deserialize;
use utoipa::ToSchema;
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
    /// Its acknowledgement key, which it keeps itself.
    acknowledgement: Option<KeyApartBody>,
    /// Its recovery key, which it keeps itself, offline.
    recovery: Option<KeyApartBody>,
    /// Beside `key`: hash of its second assertion key, SHA-256 of its Multikey text, base64url.
    #[schema(value_type = Option<String>)]
    next: Option<Digest>,
    /// Without `key`: the platform makes the second assertion key too and pledges it; the answer's
    /// `next_fragment` is what a rotation names.
    #[serde(default)]
    pledge: bool,
}

/// A key that the institution keeps apart from its assertion key.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyApartBody {
    /// The part of its name behind `#`.
    #[schema(example = "recovery-1")]
    fragment: String,
    /// Multikey.
    #[schema(value_type = String)]
    key: PublicKey,
}

impl AdmitBody {
    /// Whether it says more than the first version of the kind can.
    fn is_v2(&self) -> bool {
        let apart = self.acknowledgement.is_some() || self.recovery.is_some();
        apart || self.next.is_some() || self.pledge
    }

    fn check(&self) -> Result<(), Problem> {
        if self.next.is_some() && self.key.is_none() {
            let words = ("只与 key 一起给出", "goes with key");
            return Err(Problem::invalid("/next", words));
        }
        if self.pledge && self.key.is_some() {
            let words = (
                "自持密钥的机构用 next 给出哈希",
                "who keeps a key gives next, its hash",
            );
            return Err(Problem::invalid("/pledge", words));
        }
        Ok(())
    }
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
    body.check()?;
    let mut tries = 0;
    loop {
        let number = app.ledger.state::<Registry>(&Registry::stream())?.next();
        let data = data(&app, &body, number, officers)?;
        let (asking, next) = if body.is_v2() {
            let (data, next) = data_v2(&app, &body, data)?;
            (Asking::open(&caller, admit::KIND_V2, &data)?, next)
        } else {
            (Asking::open(&caller, admit::KIND, &data)?, None)
        };
        let asking = Asking {
            issuer: IssuerNumber::REGISTRAR,
            ..asking
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
                let answer = match next {
                    Some(next) => answer.with("next_fragment", next),
                    None => answer,
                };
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
    let (custody, fragment, key) = if let Some(key) = &body.key {
        let fragment = format!("key-{:08x}", u32::from_be_bytes(clock::random()));
        (Custody::Own, fragment, key.clone())
    } else {
        let (fragment, key) = made(app, number)?;
        (Custody::Platform, fragment, key)
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

/// The same with what the second version says besides, and the name under which a pledged key is kept.
fn data_v2(
    app: &App,
    body: &AdmitBody,
    first: admit::Data,
) -> Result<(admit::DataV2, Option<String>), Problem> {
    let apart = |key: &Option<KeyApartBody>| {
        key.clone().map(|key| admit::KeyApart {
            fragment: key.fragment,
            key: key.key,
        })
    };
    let (next, fragment) = if body.pledge {
        let (fragment, key) = made(app, first.number)?;
        (Some(seal::pledge(&key)), Some(fragment))
    } else {
        (body.next, None)
    };
    let data = admit::DataV2 {
        acknowledgement: apart(&body.acknowledgement),
        credit_code: first.credit_code,
        key: first.key,
        level: first.level,
        name: first.name,
        next,
        number: first.number,
        officers: first.officers,
        r#override: first.r#override,
        parent: first.parent,
        recovery: apart(&body.recovery),
        school_code: first.school_code,
        scope: first.scope,
    };
    Ok((data, fragment))
}

/// A key of an institution that the platform makes and keeps, and the part of its name behind `#`:
/// unique, since two proposals may ask for one number and the second must not touch the first's.
pub(super) fn made(app: &App, number: IssuerNumber) -> Result<(String, PublicKey), Problem> {
    let fragment = format!("key-{:08x}", u32::from_be_bytes(clock::random()));
    let kid = Did::new(&app.host, number)
        .kid(&fragment)
        .ok_or_else(|| Problem::internal("the host cannot stand in a key's name"))?;
    Ok((fragment, app.keystore.generate(&kid)?))
}
