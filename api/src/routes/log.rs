//! /log: the transparency log for everybody (C2SP tlog-tiles).

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use ledger::tile::{Shelf, TilePath};
use serde::Deserialize;

use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, ProblemBody, Reason};
use crate::roles;

/// The action of the matrix that reading whole entries is.
const READ_ENTRIES: &str = "read-entries";
const PUBLIC: [(HeaderName, HeaderValue); 1] = [(
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    HeaderValue::from_static("*"),
)];
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The newest published checkpoint (C2SP tlog-checkpoint).
#[utoipa::path(get, path = "/log/checkpoint", tag = "log",
    responses((status = 200, description = "signed note", body = String, content_type = "text/plain"), (status = 404, description = "nothing published yet", body = ProblemBody)))]
pub async fn checkpoint(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let text = app
        .ledger
        .proofs()
        .checkpoint()
        .map_err(Problem::internal)?;
    let text = text.ok_or(Problem::of(Reason::NotFound))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((PUBLIC, headers, text).into_response())
}

/// A tile: hashes for everybody, entries for auditors.
#[utoipa::path(get, path = "/log/tile/{*path}", tag = "log", params(("path" = String, Path, description = "<L>/<N>[.p/<W>] or entries/<N>[.p/<W>]")),
    responses((status = 200, description = "32-byte hashes, or entries behind their 16-bit lengths", content_type = "application/octet-stream"), (status = 404, description = "no such tile", body = ProblemBody)))]
pub async fn tile(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    caller: Result<Caller, Problem>,
) -> Result<Response, Problem> {
    let not_found = || Problem::of(Reason::NotFound);
    let path = TilePath::parse(&format!("tile/{path}")).map_err(|_| not_found())?;
    let media = (header::CONTENT_TYPE, "application/octet-stream");
    if path.shelf == Shelf::Entries {
        roles::may(READ_ENTRIES, caller?.role).ok_or(Problem::of(Reason::NotAllowed))?;
        let headers = [media, (header::CACHE_CONTROL, "private, no-store")];
        return Ok((headers, entries(&app, path)?).into_response());
    }
    let tile = app.ledger.proofs().tile(path).map_err(Problem::internal)?;
    let headers = [media, (header::CACHE_CONTROL, IMMUTABLE)];
    Ok((PUBLIC, headers, tile.ok_or_else(not_found)?).into_response())
}

/// An entry bundle: each leaf behind its length in two bytes, big-endian.
fn entries(app: &App, path: TilePath) -> Result<Vec<u8>, Problem> {
    let first = path.index.saturating_mul(256);
    let width = usize::from(path.width);
    let mut bytes = Vec::new();
    let mut next = first;
    let end = first.saturating_add(width as u64);
    if app.ledger.head().size < end {
        return Err(Problem::of(Reason::NotFound));
    }
    while next < end {
        let limit = usize::try_from(end - next).unwrap_or(width);
        let records = app
            .ledger
            .store()
            .read(next, limit)
            .map_err(Problem::internal)?;
        if records.is_empty() {
            return Err(Problem::of(Reason::NotFound));
        }
        for record in records {
            let length = u16::try_from(record.leaf.len()).map_err(Problem::internal)?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&record.leaf);
            next += 1;
        }
    }
    Ok(bytes)
}

/// A receipt for one commit (C2SP tlog-proof), for who may read the commit.
#[utoipa::path(get, path = "/log/proof/{position}", extensions(("x-action" = json!("public"))), tag = "log", params(("position" = u64, Path, description = "position of the commit")), security(("token" = [])),
    responses((status = 200, description = "tlog-proof", body = String, content_type = "text/plain"), (status = 404, description = "no such position", body = ProblemBody)))]
pub async fn proof(
    State(app): State<Arc<App>>,
    Path(position): Path<u64>,
    caller: Result<Caller, Problem>,
) -> Result<Response, Problem> {
    let mut receipt = app
        .ledger
        .receipt(position)?
        .ok_or(Problem::of(Reason::NotFound))?;
    // The proof itself tells nothing; the leaf names pseudonymous persons and is for who may see it.
    let may_see_leaf = match caller {
        Ok(caller) if roles::may(READ_ENTRIES, caller.role).is_some() => true,
        Ok(caller) => app.concerns(&caller, position)?,
        Err(_) => false,
    };
    if !may_see_leaf {
        receipt.leaf = None;
        receipt.member = None;
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((PUBLIC, headers, receipt.to_string()).into_response())
}

/// Two sizes of the log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    old: u64,
    new: u64,
}

/// The proof that the log at `old` is a prefix of the log at `new`: one base64url hash a line.
#[utoipa::path(get, path = "/log/consistency", tag = "log", params(("old" = u64, Query, description = "earlier size"), ("new" = u64, Query, description = "later size")),
    responses((status = 200, description = "hashes", body = String, content_type = "text/plain"), (status = 404, description = "the log is not that long", body = ProblemBody)))]
pub async fn consistency(
    State(app): State<Arc<App>>,
    Query(sizes): Query<Sizes>,
) -> Result<Response, Problem> {
    if sizes.old > sizes.new || sizes.new > app.ledger.head().size {
        return Err(Problem::of(Reason::NotFound));
    }
    let path = app
        .ledger
        .proofs()
        .consistency(sizes.old, sizes.new)
        .map_err(Problem::internal)?;
    let lines: Vec<String> = path.iter().map(ToString::to_string).collect();
    Ok((
        PUBLIC,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        lines.join("\n"),
    )
        .into_response())
}
