//! What the `webauthn-rs` crate does for us: challenges, and whether what a device answers is good.
//!
//! Invariant: nothing of WebAuthn is decided anywhere else. User verification is required each time; the
//! state between the two halves goes to whoever keeps it here, never to the client. Nothing is stored.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::{
    Credential, CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Url, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::{NotShown, Registered, TIME_MS};

/// What devices call us.
const RP_NAME: &str = "学分 Xuefen";
/// This machine, by the only name that browsers trust without encryption.
const LOCAL: &str = "localhost";

/// We, as devices know us.
#[derive(Debug)]
pub(super) struct Party(Webauthn);

/// What goes to the browser, and what stays here.
type Begun = (Value, Value);

fn invalid(error: impl std::fmt::Display) -> NotShown {
    // Says what was wrong with the bytes, never the bytes.
    tracing::debug!(%error, "a passkey's answer was not accepted");
    NotShown::Invalid
}

impl Party {
    /// `None` where devices would know nobody by this address: without a name, or neither local nor encrypted.
    /// A demo on this machine is known as `localhost`, by whatever number it listens.
    pub(super) fn of(base_url: &str) -> Option<Self> {
        let mut origin = Url::parse(base_url).ok()?;
        let number: Option<IpAddr> = origin
            .host_str()
            .and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        if number.is_some_and(|it| it.is_loopback()) {
            origin.set_host(Some(LOCAL)).ok()?;
        }
        let host = origin.domain()?.to_owned();
        let trusted = origin.scheme() == "https" || host == LOCAL;
        let built = WebauthnBuilder::new(&host, &origin).ok()?;
        let built = built
            .rp_name(RP_NAME)
            .timeout(Duration::from_millis(TIME_MS.unsigned_abs()));
        trusted.then(|| built.build().ok()).flatten().map(Self)
    }

    /// Begins a registration; devices that have one of `known` are passed over.
    pub(super) fn register(
        &self,
        person: Uuid,
        name: &str,
        known: Vec<Value>,
    ) -> Result<Begun, NotShown> {
        let mut ids = Vec::with_capacity(known.len());
        for kept in known {
            ids.push(passkey(kept)?.cred_id().clone());
        }
        let begun = self
            .0
            .start_passkey_registration(person, name, name, Some(ids));
        let (options, state) = begun.map_err(invalid)?;
        let mut options = serde_json::to_value(options).map_err(invalid)?;
        // The crate leaves to the device whether it can say by itself whose key it has; ours must, as nobody
        // types a name when signing in.
        if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
            selection["residentKey"] = "required".into();
            selection["requireResidentKey"] = true.into();
        }
        Ok((options, serde_json::to_value(state).map_err(invalid)?))
    }

    /// What a device made, if it is good.
    pub(super) fn registered(&self, answer: Value, state: Value) -> Result<Registered, NotShown> {
        let answer: RegisterPublicKeyCredential =
            serde_json::from_value(answer).map_err(invalid)?;
        let state: PasskeyRegistration = serde_json::from_value(state).map_err(invalid)?;
        let made = self.0.finish_passkey_registration(&answer, &state);
        let made = made.map_err(invalid)?;
        let kept = serde_json::to_value(&made).map_err(invalid)?;
        let credential = Credential::from(made);
        Ok(Registered {
            id: bytes(&credential.cred_id),
            moves: credential.backup_eligible,
            kept,
        })
    }

    /// Begins a sign-in of whoever it may be.
    pub(super) fn ask(&self) -> Result<Begun, NotShown> {
        let (mut options, state) = self
            .0
            .start_discoverable_authentication()
            .map_err(invalid)?;
        // By a button, and not while somebody types.
        options.mediation = None;
        Ok((
            serde_json::to_value(options).map_err(invalid)?,
            serde_json::to_value(state).map_err(invalid)?,
        ))
    }

    /// Whom an answer names, and by which credential; nothing is checked yet.
    pub(super) fn named(&self, answer: &Value) -> Result<(Uuid, Vec<u8>), NotShown> {
        let answer: PublicKeyCredential =
            serde_json::from_value(answer.clone()).map_err(invalid)?;
        let (person, id) = self
            .0
            .identify_discoverable_authentication(&answer)
            .map_err(invalid)?;
        Ok((person, id.to_vec()))
    }

    /// Whether the credential that is kept gave this answer: what is to be kept from now on.
    pub(super) fn shown(
        &self,
        answer: &Value,
        state: Value,
        kept: Value,
    ) -> Result<Value, NotShown> {
        let answer: PublicKeyCredential =
            serde_json::from_value(answer.clone()).map_err(invalid)?;
        let state: DiscoverableAuthentication = serde_json::from_value(state).map_err(invalid)?;
        let mut kept = passkey(kept)?;
        let shown = self
            .0
            .finish_discoverable_authentication_v2(&answer, state, &kept);
        let shown = shown.map_err(|error| match error {
            WebauthnError::CredentialPossibleCompromise => NotShown::Copied,
            error => invalid(error),
        })?;
        if !shown.user_verified() {
            return Err(NotShown::Invalid);
        }
        kept.update_credential(&shown);
        serde_json::to_value(kept).map_err(invalid)
    }
}

fn passkey(kept: Value) -> Result<Passkey, NotShown> {
    serde_json::from_value(kept).map_err(invalid)
}

fn bytes(id: &CredentialID) -> Vec<u8> {
    let id: &[u8] = id.as_ref();
    id.to_vec()
}
