//! The front end's files: `/verify`, `/q` and what they load, read once at start.
//!
//! Invariant: only files that were there at start are served, by their exact names: nothing that a
//! request says becomes a path.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use maud::html;

use crate::app::App;
use crate::pages;
use crate::problem::{Language, Problem, Reason};

/// UX §5: what the pages may do. The decoder of codes is wasm.
const CSP: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const PAGE: &str = "verify/index.html";
const WORKER: &str = "verify/sw.js";

/// The built front end.
#[derive(Debug, Default)]
pub struct Dist(HashMap<String, Asset>);

/// A file, as it is and packed.
#[derive(Debug)]
struct Asset {
    plain: Bytes,
    packed: Bytes,
    media: &'static str,
}

impl Dist {
    /// Reads what `make web` built under `directory`; nothing if it was not run.
    pub fn read(directory: &FilePath) -> std::io::Result<Self> {
        let mut files = HashMap::new();
        for folder in ["assets", "verify"] {
            let path = directory.join(folder);
            if !path.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(path)? {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if let Some(media) = media_of(&name).filter(|_| path.is_file()) {
                    let plain = std::fs::read(&path)?;
                    let mut packing = GzEncoder::new(Vec::new(), Compression::best());
                    packing.write_all(&plain)?;
                    let asset = Asset {
                        packed: packing.finish()?.into(),
                        plain: plain.into(),
                        media,
                    };
                    files.insert(format!("{folder}/{name}"), asset);
                }
            }
        }
        Ok(Self(files))
    }
}

fn media_of(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

/// Hashed assets live for ever; pages and the worker are asked for each time.
fn answer(app: &App, name: &str, asked: &HeaderMap, cache: &'static str) -> Option<Response> {
    let asset = app.web.0.get(name)?;
    let accepted = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let packed = accepted
        .split(',')
        .any(|coding| coding.trim().eq_ignore_ascii_case("gzip"));
    let bytes = if packed { &asset.packed } else { &asset.plain };
    let mut response = bytes.clone().into_response();
    let headers = response.headers_mut();
    if packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let fixed = [
        (header::CONTENT_TYPE, asset.media),
        (header::VARY, "accept-encoding"),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, CSP),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(self)"),
    );
    Some(response)
}

/// `/verify`: the page has its own folder, which is the worker's scope.
#[utoipa::path(get, path = "/verify", tag = "credentials", responses((status = 308, description = "to /verify/")))]
pub async fn to_verify() -> Redirect {
    Redirect::permanent("/verify/")
}

/// The verifier: checks in the browser, and offline after one visit.
#[utoipa::path(get, path = "/verify/", tag = "credentials", responses((status = 200, description = "the page", content_type = "text/html")))]
pub async fn verify(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    answer(&app, PAGE, &headers, "no-cache").unwrap_or_else(|| not_built(&headers))
}

/// What a scanned code opens: the same page; what is scanned stands behind # and never comes here.
#[utoipa::path(get, path = "/q", tag = "credentials", responses((status = 200, description = "the page", content_type = "text/html")))]
pub async fn scanned(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    answer(&app, PAGE, &headers, "no-cache").unwrap_or_else(|| not_built(&headers))
}

/// The worker that keeps the page for when there is no network.
#[utoipa::path(get, path = "/verify/sw.js", tag = "credentials", responses((status = 200, description = "the worker", content_type = "text/javascript"), (status = 404, description = "the front end is not built")))]
pub async fn worker(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut response =
        answer(&app, WORKER, &headers, "no-cache").ok_or(Problem::of(Reason::NotFound))?;
    response
        .headers_mut()
        .insert("service-worker-allowed", HeaderValue::from_static("/"));
    Ok(response)
}

/// A file that a page loads.
#[utoipa::path(get, path = "/assets/{name}", tag = "credentials", params(("name" = String, Path, description = "hashed file name")), responses((status = 200, description = "the file"), (status = 404, description = "no such file")))]
pub async fn asset(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = format!("assets/{name}");
    answer(&app, &name, &headers, "public, max-age=31536000, immutable")
        .ok_or(Problem::of(Reason::NotFound))
}

/// Without the built front end the form that sends a photo still serves.
fn not_built(headers: &HeaderMap) -> Response {
    let language = Language::of(headers);
    let body = html! {
        h1 { "核验学分凭证 Check a learning credential" }
        p { "请发送二维码的照片，由服务器核验。" span lang="en" { " Send a photo of the code; the server checks it." } }
        form method="post" action="/verify/photo" enctype="multipart/form-data" {
            p { label for="photo" { "照片 Photo " } input id="photo" name="photo" type="file" accept="image/png,image/jpeg" required; }
            p { button { "核验 Check" } }
        }
        p.muted { "要在本机核验，请先运行 make web。" span lang="en" { " To check in the browser, run make web first." } }
    };
    let page = pages::page(language, "核验学分凭证", &body);
    (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], page).into_response()
}
