//! Is it alive, is it ready, what is it, what does a problem mean.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ledger::log::Health;
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::pages;
use crate::problem::{Language, Problem, Reason, texts};

/// How far views may be behind while the node still counts as ready.
const LAG_COMMITS_MAX: u64 = 10_000;

/// The process is up.
#[utoipa::path(get, path = "/livez", tag = "operations", responses((status = 200, description = "alive", body = String)))]
pub async fn livez() -> &'static str {
    "ok\n"
}

/// Which checks failed.
#[derive(Deserialize)]
pub struct Verbose {
    verbose: Option<String>,
}

/// The node can take requests: writer running, views near the head, not stopping.
#[utoipa::path(get, path = "/readyz", tag = "operations", params(("verbose" = Option<String>, Query, description = "one line per check")),
    responses((status = 200, description = "ready", body = String), (status = 503, description = "not ready, with the checks that fail")))]
pub async fn readyz(State(app): State<Arc<App>>, Query(query): Query<Verbose>) -> Response {
    let lag = app
        .ledger
        .store()
        .head()
        .saturating_sub(app.views.follower.next());
    let writable = matches!(&*app.ledger.health().borrow(), Health::Writable);
    let checks = [
        ("writer", writable),
        (
            "views",
            app.views.follower.answers()
                && lag <= LAG_COMMITS_MAX
                && !matches!(
                    app.views.follower.progress().health,
                    projections::follow::Health::Stopped(_)
                ),
        ),
        ("not stopping", !app.metrics.is_stopping()),
    ];
    let ready = checks.iter().all(|(_, good)| *good);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut text = String::new();
    for (name, good) in checks {
        if query.verbose.is_some() || !good {
            text.push_str(if good { "ok   " } else { "FAIL " });
            text.push_str(name);
            text.push('\n');
        }
    }
    if ready && text.is_empty() {
        text.push_str("ok\n");
    }
    (status, text).into_response()
}

/// What runs here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// The product.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Number of the rules that decide new commits.
    pub engine: u32,
    /// The log's origin.
    pub origin: String,
}

/// What runs here.
#[utoipa::path(get, path = "/version", tag = "operations", responses((status = 200, description = "version", body = Version)))]
pub async fn version(State(app): State<Arc<App>>) -> Json<Version> {
    Json(Version {
        name: "xuefen",
        version: env!("CARGO_PKG_VERSION"),
        engine: credentials::rulebook::ENGINE,
        origin: app.ledger.origin().into(),
    })
}

/// What a problem means and what to do, as a page.
#[utoipa::path(get, path = "/problems/{slug}", tag = "operations", params(("slug" = String, Path, description = "a problem's slug")),
    responses((status = 200, description = "explanation", content_type = "text/html"), (status = 404, description = "no such slug")))]
pub async fn problem(Path(slug): Path<String>, headers: HeaderMap) -> Result<Markup, Problem> {
    let reason = Reason::from_slug(&slug).ok_or(Problem::of(Reason::NotFound))?;
    let text = texts::of(reason);
    Ok(pages::page(
        Language::of(&headers),
        text.title_zh,
        &html! {
            h1 { (text.title_zh) }
            p { (text.action_zh) }
            h2 lang="en" { (text.title_en) }
            p lang="en" { (text.action_en) }
            p { code { (reason.code()) } " · HTTP " (reason.status().as_u16()) }
        },
    ))
}

/// The front page: what this is and where to look.
#[utoipa::path(get, path = "/", tag = "operations", responses((status = 200, description = "front page", content_type = "text/html")))]
pub async fn home(State(app): State<Arc<App>>) -> Response {
    let head = app.ledger.head();
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            (pages::head("学分 Xuefen"))
            body {
                main {
                    h1 { "学分 Xuefen" }
                    p { "终身学习学分账本 · A signed ledger of lifelong learning" }
                    p { "账本 " code { (app.ledger.origin()) } "，共 " (head.size) " 条提交" }
                    ul {
                        li { a href="/docs" { "接口说明 API" } }
                        li { a href="/log/checkpoint" { "检查点 Checkpoint" } }
                        li { a href="/trust/bundle" { "信任清单 Trust bundle" } }
                    }
                }
            }
        }
    };
    ([(header::CACHE_CONTROL, "no-cache")], page).into_response()
}
