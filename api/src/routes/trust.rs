//! GET /trust/bundle: what a verifier pins (STANDARDS §4).

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::problem::Problem;
use crate::trust_bundle;

/// The trust bundle: log, keys and their windows, signed by the registrar and dated.
#[utoipa::path(get, path = "/trust/bundle", tag = "log",
    responses((status = 200, description = "signed JSON (eddsa-jcs-2022)", content_type = "application/json")))]
pub async fn bundle(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let bundle = trust_bundle::build(&app)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((headers, bundle.to_string()).into_response())
}
