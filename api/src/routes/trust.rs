//! GET /trust/bundle: what a verifier pins (STANDARDS §4).

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::After;
use crate::app::App;
use crate::problem::Problem;
use crate::trust_bundle;

/// The trust bundle: log, keys and their windows, signed by the registrar and dated.
#[utoipa::path(get, path = "/trust/bundle", tag = "log", params(("after" = Option<u64>, Query, description = "wait for this position")),
    responses((status = 200, description = "signed JSON (eddsa-jcs-2022)", content_type = "application/json")))]
pub async fn bundle(
    State(app): State<Arc<App>>,
    Query(after): Query<After>,
) -> Result<Response, Problem> {
    app.wait_for(after.after).await?;
    let bundle = trust_bundle::build(&app)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((headers, bundle.to_string()).into_response())
}
