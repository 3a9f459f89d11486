//! POST /oauth/token: an institution's server gets a token bound to its key (RFC 6749 §4.4, RFC 7523,
//! RFC 9449), and a person's app turns a code or a refresh token into tokens bound to its own (§4.1, §6).
//!
//! Errors have RFC 6749's form, not a problem's: client libraries read that one here.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use identity::role::Role;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Problem, ProblemBody};
use crate::sign_in::machine::{self, LIFE_S, NotGiven};
use crate::sign_in::native::{self, CodeShown};
use crate::sign_in::session::family;

const AUTHORIZATION_CODE: &str = "authorization_code";
const REFRESH_TOKEN: &str = "refresh_token";
const CLIENT_CREDENTIALS: &str = "client_credentials";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is asked, as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(crate) struct TokenForm {
    /// Servers: `client_credentials`; apps: `authorization_code`, `refresh_token`.
    grant_type: String,
    /// Servers: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`
    client_assertion_type: Option<String>,
    /// Servers: a JWT by a client key of the institution: `kid` its name, `iss` and `sub` the DID, `aud` this
    /// address, `jti` once, `iat` of the last minute, `exp`.
    client_assertion: Option<String>,
    /// Servers: `institution` (if left out) or `clerk`.
    scope: Option<String>,
    /// Apps: the name that the platform gave it.
    client_id: Option<String>,
    /// Apps, first: the code that the browser brought.
    code: Option<String>,
    /// Apps, first: where the browser brought it.
    redirect_uri: Option<String>,
    /// Apps, first: what the challenge was made of (RFC 7636).
    code_verifier: Option<String>,
    /// Apps, then: the newest one given.
    refresh_token: Option<String>,
}

/// A token and how it is used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenBody {
    /// Opaque.
    access_token: String,
    /// `DPoP`
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// The role.
    scope: &'static str,
    /// Apps: for the next tokens, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// An error in RFC 6749's form.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OauthError {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, `invalid_scope`, `unsupported_grant_type`,
    /// `invalid_dpop_proof`, `use_dpop_nonce`
    error: &'static str,
    /// What is wrong.
    error_description: String,
}

impl OauthError {
    fn answer(self) -> Response {
        let status = match self.error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let unkept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (status, unkept, axum::Json(self)).into_response()
    }
}

/// Get a token for an institution's server, or tokens for a person's app.
///
/// The server signs with a key that the institution activated with use `client`, and sends a DPoP proof
/// by the key that the token shall be bound to. The token opens nothing without such a proof in each
/// request (`Authorization: DPoP …` and the header `DPoP`), for ten minutes.
///
/// An app sends the code of `GET /login/app`, with its verifier and a proof by a key of its own, and later the
/// newest refresh token with a proof by the same key. A refresh token serves once: a second use closes the
/// app's access and tells the person. Only within a minute, and by the same key, may the one just before
/// come again, if its answer was lost.
#[utoipa::path(post, path = "/oauth/token", tag = "sign-in",
    params(("DPoP" = String, Header, description = "proof of possession (RFC 9449), EdDSA, with the nonce of the header DPoP-Nonce")),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "the token", body = TokenBody),
        (status = 400, description = "what is sent is wrong; `use_dpop_nonce` = take the number from DPoP-Nonce and send again", body = OauthError),
        (status = 401, description = "`invalid_client`", body = OauthError),
        (status = 503, description = "not now", body = ProblemBody)))]
pub async fn token(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Problem> {
    let Ok(Form(sent)) = form else {
        let what = "expected application/x-www-form-urlencoded";
        return Ok(wrong("invalid_request", what));
    };
    let sent = Sent(sent);
    if let Some(twice) = NAMED.into_iter().find(|name| sent.count(name) > 1) {
        return Ok(wrong("invalid_request", &format!("{twice} stands twice")));
    }
    // The store syncs its file.
    let giving = move || match sent.get("grant_type") {
        None => Ok(wrong("invalid_request", "grant_type is missing")),
        Some(CLIENT_CREDENTIALS) => for_server(&app, &headers, &sent),
        Some(AUTHORIZATION_CODE | REFRESH_TOKEN) => for_app(&app, &headers, &sent),
        Some(_) => Ok(wrong(
            "unsupported_grant_type",
            "grant_type must be client_credentials, authorization_code or refresh_token",
        )),
    };
    let given = tokio::task::spawn_blocking(giving).await;
    given.map_err(Problem::internal)?
}

/// Members that may stand once.
const NAMED: [&str; 9] = [
    "grant_type",
    "client_assertion_type",
    "client_assertion",
    "scope",
    "client_id",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
];

fn wrong(error: &'static str, what: &str) -> Response {
    let error_description = what.to_owned();
    OauthError {
        error,
        error_description,
    }
    .answer()
}

fn given(body: TokenBody) -> Response {
    let unkept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (unkept, axum::Json(body)).into_response()
}

fn for_server(app: &App, headers: &HeaderMap, sent: &Sent) -> Result<Response, Problem> {
    let (Some(JWT_BEARER), Some(assertion)) = (
        sent.get("client_assertion_type"),
        sent.get("client_assertion"),
    ) else {
        let needed = format!("client_assertion with client_assertion_type {JWT_BEARER} is needed");
        return Ok(wrong("invalid_client", &needed));
    };
    let giving = || {
        let role = machine::role_of(sent.get("scope"))?;
        let token = machine::give(app, headers, assertion, role)?;
        Ok((token, role))
    };
    match giving() {
        Ok((token, role)) => Ok(given(TokenBody {
            access_token: (*token).clone(),
            token_type: "DPoP",
            expires_in: LIFE_S,
            scope: role.as_str(),
            refresh_token: None,
        })),
        Err(NotGiven::Problem(problem)) => Err(problem),
        Err(why) => {
            let error = match &why {
                NotGiven::Client(_) => "invalid_client",
                NotGiven::NonceNeeded => "use_dpop_nonce",
                NotGiven::Scope => "invalid_scope",
                NotGiven::Proof(_) | NotGiven::Problem(_) => "invalid_dpop_proof",
            };
            Ok(wrong(error, &why.to_string()))
        }
    }
}

fn for_app(app: &App, headers: &HeaderMap, sent: &Sent) -> Result<Response, Problem> {
    let needed = |name| sent.get(name).ok_or(native::NotGiven::Missing(name));
    let giving = || {
        let client = needed("client_id")?;
        if sent.get("grant_type") == Some(REFRESH_TOKEN) {
            return native::refresh(app, headers, client, needed("refresh_token")?);
        }
        let shown = CodeShown {
            client,
            code: needed("code")?,
            redirect: needed("redirect_uri")?,
            verifier: needed("code_verifier")?,
        };
        native::exchange(app, headers, &shown)
    };
    match giving() {
        Ok(pair) => Ok(given(TokenBody {
            access_token: (*pair.access).clone(),
            token_type: "DPoP",
            expires_in: family::LIFE_S,
            scope: Role::Learner.as_str(),
            refresh_token: Some((*pair.refresh).clone()),
        })),
        Err(native::NotGiven::Problem(problem)) => Err(problem),
        Err(why) => {
            let error = match &why {
                native::NotGiven::Missing(_) => "invalid_request",
                native::NotGiven::Client => "invalid_client",
                native::NotGiven::Grant(_) => "invalid_grant",
                native::NotGiven::NonceNeeded => "use_dpop_nonce",
                native::NotGiven::Proof(_) | native::NotGiven::Problem(_) => "invalid_dpop_proof",
            };
            Ok(wrong(error, &why.to_string()))
        }
    }
}

/// A form's members in order, none yet known to stand once.
struct Sent(Vec<(String, String)>);

impl Sent {
    fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(it, _)| it == name);
        found.next().map(|(_, value)| value.as_str())
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(it, _)| it == name).count()
    }
}
