//! Reasons of passkeys: a device that is bent, copied, not bound, unknown, one too many, or not asked at all.

use api::config::Config;
use api::problem::Reason;
use api::sign_in::ceremony::Invitation;
use identity::person::authenticator::enrol::AUTHENTICATORS_MAX;
use identity::role::Role;
use serde_json::json;
use tests::support::browser::Browser;
use tests::support::device::Device;
use tests::support::provider::Provider;
use tests::support::server::{Stand, resident_id};

use super::Met;
use crate::sign_in::{at_counter, invited};

pub(super) fn all(met: &Met) {
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "sub-1");
    let browser = Browser::default();
    provider.sign_in(&stand, &browser, "sub-1", "");
    let device = Device::at(&stand);
    for _ in 0..AUTHENTICATORS_MAX {
        device.enrol(&stand, &browser).is(201);
    }
    met.refused(&device.enrol(&stand, &browser), Reason::TooManyPasskeys);
    let mut bent = Device::at(&stand);
    bent.origin = "https://evil.example".into();
    let bent = bent.enrol(&stand, &browser);
    met.refused(&bent, Reason::PasskeyProofInvalid);
    let nothing = format!("/v1/passkeys/{person}");
    let nothing = browser.write(&stand, "DELETE", &nothing, &json!({}));
    met.refused(&nothing, Reason::PasskeyUnknown);
    let officer = Invitation {
        person: stand.registrar.person,
        role: Role::Registrar,
        institution: None,
    };
    invited(&stand, &provider, &officer, "r");
    let browser = Browser::default();
    provider.sign_in(&stand, &browser, "r", "?role=registrar");
    let mut cloud = Device::at(&stand);
    cloud.moves = true;
    let cloud = cloud.enrol(&stand, &browser);
    met.refused(&cloud, Reason::PasskeyNotBound);
    let device = Device::at(&stand);
    device.enrol(&stand, &browser).is(201);
    let copy = device.copied();
    device
        .sign_in(&stand, &Browser::default(), &json!({}))
        .is(200);
    let copy = copy.sign_in(&stand, &Browser::default(), &json!({}));
    met.refused(&copy, Reason::PasskeyCopied);
    let mut config = Config::default();
    config.sign_in.public_url = Some("https://192.0.2.7".into());
    let stand = Stand::with(config);
    let kind = [("content-type", "application/json")];
    let off = browser.send(&stand, "POST", "/login/passkey/options", &kind, Some(b"{}"));
    met.refused(&off, Reason::PasskeysOff);
}
