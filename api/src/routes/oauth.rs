//! POST /oauth/token: an institution's server gets a token bound to its key (RFC 6749 §4.4, RFC 7523,
//! RFC 9449).
//!
//! Errors have RFC 6749's form, not a problem's: client libraries read that one here.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Problem, ProblemBody};
use crate::sign_in::machine::{self, LIFE_S, NotGiven};

const CLIENT_CREDENTIALS: &str = "client_credentials";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is asked, as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(crate) struct TokenForm {
    /// `client_credentials`
    grant_type: String,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`
    client_assertion_type: String,
    /// A JWT by a client key of the institution: `kid` its name, `iss` and `sub` the DID, `aud` this
    /// address, `jti` once, `iat` of the last minute, `exp`.
    client_assertion: String,
    /// `institution` (if left out) or `clerk`.
    scope: Option<String>,
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
}

/// An error in RFC 6749's form.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OauthError {
    /// `invalid_request`, `invalid_client`, `invalid_scope`, `unsupported_grant_type`,
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

/// Get a token for an institution's server.
///
/// The server signs with a key that the institution activated with use `client`, and sends a DPoP proof
/// by the key that the token shall be bound to. The token opens nothing without such a proof in each
/// request (`Authorization: DPoP …` and the header `DPoP`), for ten minutes.
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
    let wrong = |error, what: &str| {
        let error_description = what.to_owned();
        Ok(OauthError {
            error,
            error_description,
        }
        .answer())
    };
    let Ok(Form(sent)) = form else {
        return wrong(
            "invalid_request",
            "expected application/x-www-form-urlencoded",
        );
    };
    let sent = Sent(sent);
    let named = [
        "grant_type",
        "client_assertion_type",
        "client_assertion",
        "scope",
    ];
    if let Some(twice) = named.into_iter().find(|name| sent.count(name) > 1) {
        return wrong("invalid_request", &format!("{twice} stands twice"));
    }
    match sent.get("grant_type") {
        None => return wrong("invalid_request", "grant_type is missing"),
        Some(CLIENT_CREDENTIALS) => {}
        Some(_) => {
            return wrong(
                "unsupported_grant_type",
                "grant_type must be client_credentials",
            );
        }
    }
    let (Some(JWT_BEARER), Some(assertion)) = (
        sent.get("client_assertion_type"),
        sent.get("client_assertion"),
    ) else {
        let needed = format!("client_assertion with client_assertion_type {JWT_BEARER} is needed");
        return wrong("invalid_client", &needed);
    };
    let scope = sent.get("scope").map(str::to_owned);
    let assertion = assertion.to_owned();
    // The store syncs its file.
    let giving = move || {
        let role = machine::role_of(scope.as_deref())?;
        let token = machine::give(&app, &headers, &assertion, role)?;
        Ok((token, role))
    };
    let given = tokio::task::spawn_blocking(giving).await;
    match given.map_err(Problem::internal)? {
        Ok((token, role)) => {
            let body = TokenBody {
                access_token: (*token).clone(),
                token_type: "DPoP",
                expires_in: LIFE_S,
                scope: role.as_str(),
            };
            let unkept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            Ok((unkept, axum::Json(body)).into_response())
        }
        Err(NotGiven::Problem(problem)) => Err(problem),
        Err(why) => {
            let error = match &why {
                NotGiven::Client(_) => "invalid_client",
                NotGiven::NonceNeeded => "use_dpop_nonce",
                NotGiven::Scope => "invalid_scope",
                NotGiven::Proof(_) | NotGiven::Problem(_) => "invalid_dpop_proof",
            };
            wrong(error, &why.to_string())
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
