//! The route table, on one page.

pub mod admissions;
pub mod answer;
pub mod app_login;
mod app_pages;
pub mod approvals;
pub mod assertions;
pub mod assurance;
pub mod codes;
pub mod consents;
pub mod credential_pages;
pub mod credentials;
pub mod delegations;
pub mod erasures;
pub mod exports;
pub mod identity_doors;
pub mod imports;
pub mod institution_keys;
pub mod institution_life;
pub mod institutions;
pub mod learners;
pub mod links;
pub mod log;
pub mod login;
pub mod login_forms;
mod login_pages;
pub mod merges;
pub mod notices;
pub mod oauth;
pub mod officer_check;
pub mod officers;
pub mod openapi;
pub mod operations;
pub mod outcome_list;
pub mod outcomes;
pub mod own_merges;
pub mod passkeys;
pub mod recoveries;
pub mod sessions;
pub mod splits;
pub mod standings;
pub mod statistics;
pub mod subtree;
pub mod transcripts;
pub mod trust;
pub mod verify;
pub mod web;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::import::file;

/// Every door, with its description.
pub fn all() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::base())
        // operations
        .routes(routes!(operations::livez))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::version))
        .routes(routes!(operations::problem))
        .routes(routes!(operations::home))
        .merge(signing_in())
        // the log and what verifiers need
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::tile))
        .routes(routes!(log::proof))
        .routes(routes!(log::consistency))
        .routes(routes!(trust::bundle))
        .routes(routes!(identity_doors::platform))
        .routes(routes!(identity_doors::institution))
        // writing
        .merge(
            OpenApiRouter::new()
                .routes(routes!(assertions::submit))
                .layer(DefaultBodyLimit::max(assertions::BODY_BYTES_MAX)),
        )
        .routes(routes!(admissions::admit, institutions::list))
        .routes(routes!(institutions::show))
        .routes(routes!(institutions::activate_key, institutions::keys))
        .routes(routes!(institutions::retire_key))
        .routes(routes!(institution_keys::rotate))
        .routes(routes!(institution_keys::standing))
        .routes(routes!(institution_life::rename))
        .routes(routes!(institution_life::suspend))
        .routes(routes!(institution_life::reinstate))
        .routes(routes!(institution_life::close))
        .routes(routes!(institution_life::merge))
        .routes(routes!(institution_life::revive))
        .routes(routes!(officers::appoint, officers::list))
        .routes(routes!(officers::dismiss))
        .routes(routes!(officer_check::check))
        .routes(routes!(learners::register))
        .routes(routes!(learners::show))
        .routes(routes!(learners::bind))
        .routes(routes!(erasures::request, erasures::show))
        .routes(routes!(merges::merge))
        .routes(routes!(standings::suspend))
        .routes(routes!(standings::reinstate))
        .routes(routes!(standings::record_death))
        .routes(routes!(standings::withdraw_death))
        .routes(routes!(merges::revert))
        .merge(people())
        .routes(routes!(codes::show))
        .routes(routes!(codes::scan))
        .routes(routes!(codes::give, codes::end))
        .routes(routes!(learners::search))
        .routes(routes!(outcomes::record, outcome_list::list))
        .routes(routes!(outcomes::show))
        .routes(routes!(outcomes::correct))
        .routes(routes!(outcomes::revoke))
        .routes(routes!(credentials::issue, credentials::list))
        .routes(routes!(credentials::show))
        .routes(routes!(credentials::qr_svg))
        .routes(routes!(credentials::qr_png))
        .routes(routes!(credentials::status, credentials::set_status))
        .routes(routes!(credentials::of_learner))
        .routes(routes!(verify::status_list))
        .routes(routes!(credential_pages::public))
        .routes(routes!(credential_pages::certificate))
        .routes(routes!(credential_pages::why))
        .routes(routes!(web::to_verify))
        .routes(routes!(web::verify))
        .routes(routes!(web::scanned))
        .routes(routes!(web::worker))
        .routes(routes!(web::asset))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(verify::verify))
                .routes(routes!(credential_pages::photo))
                .layer(DefaultBodyLimit::max(verify::BODY_BYTES_MAX)),
        )
        .routes(routes!(approvals::decide, approvals::show))
        .routes(routes!(approvals::list))
        // bulk
        .merge(
            OpenApiRouter::new()
                .routes(routes!(imports::upload))
                .routes(routes!(imports::replace))
                .layer(DefaultBodyLimit::max(file::BYTES_MAX + (1 << 20))),
        )
        .routes(routes!(imports::show))
        .routes(routes!(imports::run))
        .routes(routes!(imports::pause))
        .routes(routes!(imports::cancel))
        .routes(routes!(imports::events::events))
        .routes(routes!(imports::errors))
        .routes(routes!(imports::errors_workbook))
        // views of one learner
        .routes(routes!(transcripts::json))
        .routes(routes!(transcripts::html))
        .routes(routes!(transcripts::negotiated))
        .routes(routes!(transcripts::credits))
        // oversight
        .routes(routes!(statistics::overview))
        .routes(routes!(subtree::subtree))
}

/// Who signs in, and how.
fn signing_in() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(login::page))
        .routes(routes!(login::begin))
        .routes(routes!(login::callback))
        .routes(routes!(login_forms::link))
        .routes(routes!(login_forms::merge))
        .routes(routes!(login_forms::invited))
        .routes(routes!(own_merges::ask))
        .routes(routes!(own_merges::refuse))
        .routes(routes!(app_login::begin, app_login::answer))
        .routes(routes!(app_login::page))
        .routes(routes!(passkeys::ask))
        .routes(routes!(passkeys::sign_in))
        .routes(routes!(passkeys::script))
        .routes(routes!(passkeys::begin))
        .routes(routes!(passkeys::enrol, passkeys::list))
        .routes(routes!(passkeys::remove))
        .routes(routes!(links::list, links::confirm))
        .routes(routes!(links::remove))
        .routes(routes!(links::bind, links::of_learner))
        .routes(routes!(links::bind_officer, links::of_officer))
        .routes(routes!(links::remove_learners))
        .routes(routes!(links::remove_officers))
        .routes(routes!(oauth::token))
        .routes(routes!(sessions::list, sessions::end_all))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::logout))
}

/// Who somebody is, who acts in whose name, what people are told, and the way back.
fn people() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(splits::split))
        .routes(routes!(splits::show))
        .routes(routes!(splits::agree))
        .routes(routes!(splits::apply))
        .routes(routes!(splits::withdraw))
        .routes(routes!(assurance::raise, assurance::show))
        .routes(routes!(assurance::lower))
        .routes(routes!(exports::export))
        .routes(routes!(delegations::grant, delegations::of_learner))
        .routes(routes!(delegations::to_caller))
        .routes(routes!(delegations::narrow))
        .routes(routes!(delegations::revoke))
        .routes(routes!(consents::say, consents::list))
        .routes(routes!(recoveries::begin, recoveries::list))
        .routes(routes!(recoveries::veto))
        .routes(routes!(recoveries::finish))
        .routes(routes!(recoveries::print))
        .routes(routes!(recoveries::by_code))
        .routes(routes!(notices::veto))
        .routes(routes!(notices::list))
        .routes(routes!(notices::read))
        .routes(routes!(notices::preferences, notices::prefer))
        .routes(routes!(notices::contacts, notices::record))
        .routes(routes!(notices::veto_page, notices::veto_by_form))
}

/// `?after=`: wait until the view has folded this position.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The position.
    pub after: Option<u64>,
}
