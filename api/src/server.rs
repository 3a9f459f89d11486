//! The server: route table, limits, request ids, logs, problems, graceful stop.
//!
//! Invariant: every answer that is not 2xx or 3xx is a problem in the reader's language (but for the
//! token endpoint, whose form is RFC 6749's); no log line holds a body, a token, a query or a personal value.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use ledger::clock::{self, Stopwatch};
use ledger::log::Health;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::connections;
use crate::problem::{Language, Problem, Reason};
use crate::roles::{self, Doors};
use crate::routes::{self, login_forms};
use crate::sign_in::dpop;
use crate::source::Source;
use crate::tries;

/// Most bytes of a request body, unless a route says otherwise.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Doors that keep `If-Match`; the others refuse it, for whoever sends a precondition relies on it.
const CONDITIONAL: [&str; 4] = [
    "/v1/assertions",
    "/v1/imports/{id}/run",
    "/v1/outcomes/{id}/corrections",
    "/v1/outcomes/{id}/revocations",
];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CSP: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The public doors.
pub fn router(app: &Arc<App>) -> Router {
    let (router, api) = routes::all().split_for_parts();
    let doors = Doors::of(&api);
    let router = router.route_layer(middleware::from_fn_with_state(
        (Arc::clone(app), doors),
        roles::guard,
    ));
    let document: Arc<str> = routes::openapi::document(api).into();
    let page: Arc<str> = routes::openapi::page(&document).into();
    router
        .route(
            "/openapi.json",
            get(move || async move {
                (
                    [(header::CONTENT_TYPE, "application/json")],
                    document.to_string(),
                )
            }),
        )
        .route(
            "/docs",
            get(move || async move {
                (
                    [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
                    page.to_string(),
                )
            }),
        )
        .fallback(|| async { Problem::of(Reason::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::of(Reason::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(|_| {
            Problem::internal("a handler panicked").into_response()
        }))
        .layer(middleware::from_fn_with_state(Arc::clone(app), around))
        .with_state(Arc::clone(app))
}

/// The admin listener's doors.
pub fn admin_router(app: &Arc<App>) -> Router {
    Router::new()
        .route(
            "/metrics",
            get(|State(app): State<Arc<App>>| async move { app.metrics.text(&app) }),
        )
        .with_state(Arc::clone(app))
}

/// Around every request: id, limits, log line, metrics, problem body, safety headers.
async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let request_id = clock::uuid_v7(app.now_ms()).to_string();
    let language = Language::of(request.headers());
    let method = known_method(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let timeout = Duration::from_secs(app.config.server.request_timeout_s);
    let speaks_dpop = dpop::is_spoken(request.headers());
    let passes_over = request.method() == Method::POST
        && request.headers().contains_key(header::IF_MATCH)
        && !CONDITIONAL.contains(&route.as_str());
    let guesses = tries::is_guess(request.method(), &route);
    let proxies = app.config.server.trusted_proxies;
    let source = Source::of(request.extensions(), request.headers(), proxies);
    let mut tries = app.tries.of(source, app.now_ms());
    let response = match app.concurrency.try_acquire() {
        Ok(_) if guesses && !tries.take() => login_forms::resting(&route, language),
        Ok(_) if passes_over => Problem::of(Reason::Precondition)
            .detail((
                "这个接口不认 If-Match：请去掉它再发",
                "this door keeps no If-Match: send it without",
            ))
            .into_response(),
        Ok(_permit) => {
            match tokio::time::timeout(timeout, crate::once::run(&app, request, next)).await {
                Ok(response) => response,
                Err(_) => Problem::of(Reason::Timeout).into_response(),
            }
        }
        Err(_) => Problem::of(Reason::TooBusy).into_response(),
    };
    if !tries::is_wrong(response.status()) {
        tries.give_back();
    }
    let mut response = as_problem(response, language, &request_id);
    let took = watch.elapsed();
    let status = response.status().as_u16();
    app.metrics.request(&route, method, status, took);
    tracing::info!(
        target: "xuefen::http",
        request_id,
        method,
        route,
        status,
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    if speaks_dpop && let Ok(value) = app.sign_in.nonces.newest(app.now_ms()).parse() {
        headers.insert(dpop::NONCE, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(CSP));
    response
}

/// The method by its name, one of few: a method is whatever the client wrote, and this goes into
/// labels and logs.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A refusal of our own, or of the framework's, becomes a problem in the reader's language.
fn as_problem(mut response: Response, language: Language, request_id: &str) -> Response {
    let status = response.status();
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if let Some(internal) = &problem.internal {
            tracing::error!(target: "xuefen::internal", request_id, internal, "request failed");
        }
        return problem.respond(language, Some(request_id.into()));
    }
    let framework = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Reason::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Reason::MediaType,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
            if response
                .headers()
                .get(header::CONTENT_TYPE)
                .is_none_or(|it| it.as_bytes().starts_with(b"text/plain")) =>
        {
            Reason::BodyUnreadable
        }
        _ => return response,
    };
    Problem::of(framework).respond(language, Some(request_id.into()))
}

/// Why the server did not start or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The writer stopped: a write or sync failed.
    #[error("the ledger stopped: {0}; start again to recover")]
    Stopped(String),
}

/// Binds the public address, both families for `[::]`.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(listen)
        .await
        .map_err(|error| ServeError::Listen(listen, error))
}

/// Serves until `stop` fires or the writer stops, then drains.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    if let Some(address) = app.config.server.admin_listen {
        let admin = bind(address).await?;
        let forever = std::future::pending();
        let doors = admin_router(&app);
        let headers_within = Duration::from_secs(app.config.server.header_timeout_s);
        tokio::spawn(connections::serve(admin, doors, headers_within, forever));
    }
    let mut health = app.ledger.health();
    let (ended, mut at_end) = watch::channel(false);
    let until = {
        let mut stop = stop;
        let app = Arc::clone(&app);
        async move {
            let stopped = async {
                let _closed = health
                    .wait_for(|health| matches!(health, Health::Stopped(_)))
                    .await;
            };
            let asked = async {
                let _closed = stop.wait_for(|stop| *stop).await;
            };
            tokio::select! { () = stopped => {}, () = asked => {} }
            app.metrics.stopping();
            let _receivers = ended.send(true);
        }
    };
    let headers_within = Duration::from_secs(app.config.server.header_timeout_s);
    let serving = connections::serve(listener, router(&app), headers_within, until);
    let drain = Duration::from_secs(app.config.server.drain_s);
    let too_long = async {
        let _closed = at_end.wait_for(|ended| *ended).await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = serving => {},
        () = too_long => tracing::warn!("requests still running after the drain time were cut"),
    }
    let app_closing = Arc::clone(&app);
    let _joined = tokio::task::spawn_blocking(move || app_closing.close()).await;
    match &*app.ledger.health().borrow() {
        Health::Writable => Ok(()),
        Health::Stopped(why) => Err(ServeError::Stopped(why.clone())),
    }
}
