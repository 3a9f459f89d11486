//! What a route takes from a request: who calls, a strict JSON body, `?after=`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use credentials::rulebook::pointer;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::officer::Officer;
use identity::person::state::Barred;
use identity::person::{Person, wire};
use identity::role::Role;
use ledger::assertion::{Act, By};
use serde::de::DeserializeOwned;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
use uuid::Uuid;

use crate::app::App;
use crate::problem::{Problem, Reason, Words};
use crate::sign_in::{self, Signed};
use crate::token::Grant;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub person: Uuid,
    /// In which role.
    pub role: Role,
    /// For which institution.
    pub institution: Option<IssuerNumber>,
    /// How that was shown.
    pub signed: Signed,
}

impl Caller {
    /// Refuses who held this role in the log and holds it no more: a token outlives a dismissal. Whether
    /// somebody ever held it is asked where it is used, by `decide`.
    /// Nor may anybody act as a person who was forgotten, with whatever token.
    pub(crate) fn still_may(&self, app: &App) -> Result<(), Problem> {
        let person = app.ledger.state::<Person>(&wire::stream(self.person))?;
        match person.barred() {
            None => {}
            // Whose number was merged signs in with the one that stays.
            Some(Barred::Forgotten | Barred::Merged(_)) => {
                return Err(Problem::of(Reason::TokenInvalid));
            }
            Some(Barred::Suspended | Barred::Died) => {
                return Err(Problem::of(Reason::PersonBarred));
            }
        }
        // Who came back by a recovery is told apart from who was signed in before it.
        if let Signed::Session { begun_at_ms, .. } = self.signed
            && person.recoveries.completed_ms() > Some(begun_at_ms)
        {
            return Err(Problem::of(Reason::SessionOver));
        }
        if !self.role.is_appointed() {
            return Ok(());
        }
        let officer = app.ledger.state::<Officer>(&Officer::stream(self.person))?;
        // Who signs in as an officer is one; a token's role is asked where it is used.
        let held = || officer.holds(self.person, self.role, self.issuer());
        if matches!(self.signed, Signed::Session { .. }) && !held() {
            return Err(Problem::of(Reason::NotAllowed).detail((
                format!("没有角色 {}", self.role),
                format!("the role {} is not held", self.role),
            )));
        }
        if officer.is_dismissed(self.person, self.role, self.issuer()) {
            return Err(Problem::of(Reason::NotAllowed).detail((
                format!("角色 {} 已收回", self.role),
                format!("the role {} was taken back", self.role),
            )));
        }
        match self.institution {
            Some(number) => self.is_in_office(app, number, &officer),
            None => Ok(()),
        }
    }

    /// Refuses whose institution ended: its roles ended with it. They stay over when it is let in again;
    /// whoever acts for it then was given the role anew.
    fn is_in_office(
        &self,
        app: &App,
        number: IssuerNumber,
        officer: &Officer,
    ) -> Result<(), Problem> {
        let institution = app.ledger.state::<Institution>(&number.stream())?;
        if institution.life.ended.is_some() {
            return Err(Problem::of(Reason::InstitutionEnded));
        }
        let grant = officer.grant(self.person, self.role, number);
        let stays = grant.is_some_and(|grant| institution.keeps_role_of(grant.by.position));
        if institution.life.roles_over.is_some() && !stays {
            return Err(Problem::of(Reason::NotAllowed).detail((
                format!("角色 {} 已随机构关闭而终止", self.role),
                format!("the role {} ended with the institution", self.role),
            )));
        }
        Ok(())
    }

    /// The institution whose key signs for this caller; the registrar's for roles of the province.
    pub fn issuer(&self) -> IssuerNumber {
        self.institution.unwrap_or(IssuerNumber::REGISTRAR)
    }

    /// The caller among callers, whichever token says so: the person in a role for an institution.
    pub fn name(&self) -> String {
        let institution = self
            .institution
            .map_or_else(String::new, |it| it.0.to_string());
        format!("{} {} {institution}", self.person, self.role)
    }

    /// How an assertion names this caller.
    pub fn act(&self) -> Act {
        Act {
            by: match self.signed {
                Signed::Session {
                    by_passkey: true, ..
                } => By::Passkey,
                Signed::Session { .. } => By::Session,
                Signed::Earlier(by) => by,
                Signed::Token | Signed::Machine => By::Token,
            },
            on_behalf_of: None,
            person: self.person,
            role: self.role.to_string(),
        }
    }
}

impl From<&Grant> for Caller {
    fn from(grant: &Grant) -> Self {
        Self {
            person: grant.person,
            role: grant.role,
            institution: grant.institution,
            signed: Signed::Token,
        }
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        // The guard in front of the doors looked already.
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(*caller);
        }
        sign_in::caller(app, parts).await
    }
}

/// A JSON body: unknown members refused, text brought to NFC, the failing member named.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::of(Reason::MediaType)
                .detail(("应为 application/json", "expected application/json")));
        }
        let bytes = body(request, app).await?;
        read_json(&bytes).map(Self)
    }
}

/// The body's bytes within the route's limit.
pub async fn body(request: Request, app: &Arc<App>) -> Result<Bytes, Problem> {
    Bytes::from_request(request, app)
        .await
        .map_err(|rejection| {
            Problem::of(
                if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                    Reason::BodyTooLarge
                } else {
                    Reason::BodyUnreadable
                },
            )
        })
}

/// Reads JSON strictly.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Problem::of(Reason::BodyUnreadable).detail(("不是 UTF-8", "not UTF-8")))?;
    let text: std::borrow::Cow<'_, str> = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.into(),
        _ => text.nfc().collect::<String>().into(),
    };
    // serde would take an array for an object, member by member in the order of our source.
    if text.trim_start().starts_with('[') {
        return Err(Problem::invalid("", ("应为一个对象", "expected an object")));
    }
    let mut reader = serde_json::Deserializer::from_str(&text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_syntax() || error.inner().is_eof() {
            return Problem::of(Reason::BodyUnreadable)
                .detail(Words::quoting("不是 JSON", error.inner()));
        }
        Problem::invalid(pointer::of(error.path()), unquoted(error.inner()))
    })?;
    reader.end().map_err(|error| {
        Problem::of(Reason::BodyUnreadable).detail(Words::quoting("JSON 的后面还有内容", error))
    })?;
    Ok(value)
}

/// What serde says of a value, without the value: it may be a name or a number that stands in the
/// wrong place, and this text is answered, kept with imports and quoted in support requests.
pub fn unquoted(error: impl std::fmt::Display) -> Words {
    let text = error.to_string();
    let quoting = [
        ("invalid type: ", "wrong type", "类型不对"),
        ("invalid value: ", "wrong value", "取值不对"),
        ("invalid length ", "wrong length", "长度不对"),
        ("unknown field ", "unknown member", "有不认识的成员"),
        ("unknown variant ", "unknown word", "不是认识的词"),
    ];
    // What is expected is our own text, and the last part: a value may say `, expected ` too.
    let expected = text
        .rfind(", expected ")
        .or_else(|| text.rfind(", there are no "));
    for (start, plain, zh) in quoting {
        if text.contains(start) {
            let expected = expected.and_then(|at| text.get(at..)).unwrap_or_default();
            return Words::quoting(zh, format!("{plain}{expected}"));
        }
    }
    let zh = if text.contains("missing field ") {
        "缺少成员"
    } else if text.contains("duplicate field ") {
        "成员重复"
    } else {
        "内容不合要求"
    };
    Words::quoting(zh, text)
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.split(';').next().unwrap_or_default().trim() == "application/json"
        })
}

/// `Idempotency-Key`, at most 255 visible ASCII characters.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(Some(key.into()));
    }
    Err(Problem::of(Reason::BodyUnreadable).detail((
        "Idempotency-Key 须为 1 至 255 个可见的 ASCII 字符",
        "Idempotency-Key must be 1 to 255 visible ASCII characters",
    )))
}

/// `If-Match: "r<revision>"`: the revision the client saw.
pub fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let revision = value
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("\"r")?.strip_suffix('"')?.parse().ok());
    revision.map(Some).ok_or_else(|| {
        Problem::of(Reason::BodyUnreadable).detail((
            "If-Match 须写作 \"r<修订号>\"",
            "If-Match must be \"r<revision>\"",
        ))
    })
}

/// Whether `If-None-Match` names `tag` (RFC 9110 §13.1.2): as it is, weakly, in a list, or as `*`.
pub fn if_none_match(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
