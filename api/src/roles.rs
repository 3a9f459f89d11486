//! Who may do what: the one matrix, and the one place where a door asks it (SECURITY §5).
//!
//! Invariant: a door that needs a token names its action in its own description, and is refused to
//! every role that the matrix does not name for that action; a door that names none is refused to
//! all. What the ledger decides (keys, second persons, own data) is decided again behind the door.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use identity::role::Role;
use serde::Deserialize;
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::sign_in;

const TABLE: &str = include_str!("../roles.toml");

/// Where a door names its action.
pub const EXTENSION: &str = "x-action";
/// The action of a door that answers everybody and some more.
pub const PUBLIC: &str = "public";

/// How a role may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum May {
    /// One person suffices.
    Alone,
    /// A second person must agree.
    Two,
    /// Alone, for the own desk.
    Desk,
    /// Own data only.
    Own,
    /// What somebody let the caller do in the own name.
    Scope,
    /// Who is on the institution's roster.
    Roster,
    /// The same, masked.
    Present,
    /// Anybody, names and marks masked.
    Masked,
    /// Asks; an officer agrees.
    Ask,
}

impl May {
    /// Its sign in the printed table, as in SECURITY §5.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Alone => "●",
            Self::Two => "②",
            Self::Desk => "● desk",
            Self::Own => "○",
            Self::Scope => "scope",
            Self::Roster => "roster",
            Self::Present => "present, masked",
            Self::Masked => "masked",
            Self::Ask => "ask",
        }
    }
}

/// One row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What it is.
    pub zh: String,
    /// What it is.
    pub en: String,
    learner: Option<May>,
    proxy: Option<May>,
    clerk: Option<May>,
    institution: Option<May>,
    counter: Option<May>,
    merchant: Option<May>,
    verifier: Option<May>,
    registrar: Option<May>,
    system: Option<May>,
    security: Option<May>,
    audit: Option<May>,
    auditor: Option<May>,
}

impl Row {
    /// How `role` may do it; `None` = not at all.
    pub const fn may(&self, role: Role) -> Option<May> {
        match role {
            Role::Learner => self.learner,
            Role::Proxy => self.proxy,
            Role::Clerk => self.clerk,
            Role::Institution => self.institution,
            Role::Counter => self.counter,
            Role::Merchant => self.merchant,
            Role::Verifier => self.verifier,
            Role::Registrar => self.registrar,
            Role::System => self.system,
            Role::Security => self.security,
            Role::Audit => self.audit,
            Role::Auditor => self.auditor,
        }
    }
}

/// The rows by action. Empty if the table could not be read: then nobody may do anything, and a test
/// says so before anybody meets it.
static MATRIX: LazyLock<Vec<(String, Row)>> = LazyLock::new(|| {
    let rows: HashMap<String, Row> = toml::from_str(TABLE).unwrap_or_default();
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows
});

/// Every action with its row, by name.
pub fn rows() -> &'static [(String, Row)] {
    &MATRIX
}

/// The row of an action.
pub fn row(action: &str) -> Option<&'static Row> {
    MATRIX
        .iter()
        .find_map(|(name, row)| (name == action).then_some(row))
}

/// How `role` may do `action`.
pub fn may(action: &str, role: Role) -> Option<May> {
    row(action)?.may(role)
}

/// What each door that needs a token is for.
#[derive(Debug, Clone)]
pub struct Doors(Arc<HashMap<(String, Method), String>>);

impl Doors {
    /// As the doors describe themselves.
    pub fn of(api: &OpenApi) -> Self {
        let mut doors = HashMap::new();
        for (path, item) in &api.paths.paths {
            let methods = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::DELETE, &item.delete),
            ];
            for (method, door) in methods {
                let needs_token =
                    |door: &&utoipa::openapi::path::Operation| door.security.is_some();
                let Some(door) = door.as_ref().filter(needs_token) else {
                    continue;
                };
                let named = door.extensions.as_ref().and_then(|it| it.get(EXTENSION));
                // A door that names none has an action that no row is of.
                let action = named.and_then(|it| it.as_str()).unwrap_or_default();
                doors.insert((path.clone(), method), action.to_owned());
            }
        }
        Self(Arc::new(doors))
    }

    /// The action of a door that needs a token.
    fn action(&self, path: &str, method: &Method) -> Option<&str> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let found = self.0.get(&(path.to_owned(), method.clone()))?;
        Some(found.as_str())
    }
}

/// In front of every door: the caller's role against the door's action. Who sends no token goes on, to
/// be told so by the door itself.
pub async fn guard(
    State((app, doors)): State<(Arc<App>, Doors)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let action = path.and_then(|path| doors.action(path.as_str(), request.method()));
    let Some(action) = action.filter(|action| *action != PUBLIC) else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &app).await;
    let caller = match caller {
        Ok(caller) => Some(caller),
        Err(problem) if problem.reason == Reason::NotSignedIn => None,
        // Who was refused here must not be judged a second time behind the table.
        Err(problem) => return problem.into_response(),
    };
    if let Some(caller) = caller {
        if may(action, caller.role).is_none() {
            return refused(action, caller.role).into_response();
        }
        if let Err(problem) = sign_in::guard(&app, &caller, action, &parts.method, parts.uri.path())
        {
            return problem.into_response();
        }
        parts.extensions.insert(caller);
    }
    next.run(Request::from_parts(parts, body)).await
}

fn refused(action: &str, role: Role) -> Problem {
    let allowed: Vec<&str> = Role::ALL
        .into_iter()
        .filter(|role| may(action, *role).is_some())
        .map(Role::as_str)
        .collect();
    let allowed = allowed.join(", ");
    Problem::of(Reason::NotAllowed).detail((
        format!("角色 {role} 不可以；可以的角色：{allowed}"),
        format!("role {role} may not; {allowed} may"),
    ))
}
