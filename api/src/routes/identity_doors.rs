//! did:web documents of the platform and its institutions (STANDARDS §4).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use identity::did::{Did, IssuerNumber};
use identity::institution::{Institution, KeyUse};
use serde_json::{Value, json};

use crate::app::App;
use crate::problem::{Problem, ProblemBody, Reason};

/// The platform's DID document.
#[utoipa::path(get, path = "/.well-known/did.json", tag = "identity", responses((status = 200, description = "DID document", content_type = "application/did+json")))]
pub async fn platform(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    document(&app, IssuerNumber::REGISTRAR)
}

/// An institution's DID document.
#[utoipa::path(get, path = "/i/{number}/did.json", tag = "identity", params(("number" = u32, Path, description = "issuer number")),
    responses((status = 200, description = "DID document", content_type = "application/did+json"), (status = 404, description = "no such institution", body = ProblemBody)))]
pub async fn institution(
    State(app): State<Arc<App>>,
    Path(number): Path<u32>,
) -> Result<Response, Problem> {
    document(&app, IssuerNumber(number))
}

/// Retired keys stay: what they signed must go on verifying. One that was cut off does not
/// (STANDARDS §14): who only reads this document must not believe it.
fn document(app: &App, number: IssuerNumber) -> Result<Response, Problem> {
    let institution = app.ledger.state::<Institution>(&number.stream())?;
    if institution.admitted.is_none() {
        return Err(Problem::of(Reason::InstitutionUnknown));
    }
    let did = Did::new(&app.host, number).to_string();
    let methods: Vec<(String, Value)> = institution
        .keys
        .iter()
        .filter(|key| {
            let apart = matches!(
                key.r#use,
                KeyUse::Ledger
                    | KeyUse::Recovery
                    | KeyUse::Acknowledgement
                    | KeyUse::Client
            );
            !apart && key.cut_offs.is_empty()
        })
        .map(|key| {
            let id = format!("{did}#{}", key.fragment);
            let method = json!({
                "id": id, "type": "Multikey", "controller": did, "publicKeyMultibase": key.key.multikey(),
            });
            (id, method)
        })
        .collect();
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": methods.iter().map(|(_, method)| method).collect::<Vec<_>>(),
        "assertionMethod": methods.iter().map(|(id, _)| id).collect::<Vec<_>>(),
    });
    let headers = [
        (header::CONTENT_TYPE, "application/did+json"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((headers, document.to_string()).into_response())
}
