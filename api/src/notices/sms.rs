//! Notices by message, through a gateway's webhook.
//!
//! The gateway gets `POST {"id", "to", "text"}` and the header `XF-Signature: v1=<HMAC-SHA-256 over the
//! body, hex>` under the shared secret; the same id is the same message.

use std::path::PathBuf;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Carrier, Text, Undelivered};

/// How long the gateway may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsConfig {
    /// Where to post; empty = no message is sent.
    pub url: String,
    /// File that holds the shared secret.
    pub secret_file: PathBuf,
}

/// Why messages cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    /// The secret cannot be read.
    #[error("sms.secret_file: {0}")]
    Secret(std::io::Error),
    /// Anybody could guess it.
    #[error("sms.secret_file: at least 16 bytes")]
    Short,
    /// Numbers would go over the net in the open.
    #[error("sms.url: https, or http on this machine")]
    Open,
}

/// Messages through one gateway.
pub struct Gateway {
    url: String,
    secret: Zeroizing<Vec<u8>>,
    agent: ureq::Agent,
}

impl Gateway {
    /// As the settings say.
    pub fn new(config: &SmsConfig) -> Result<Self, SmsError> {
        let near = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        let near = near.iter().any(|start| {
            config
                .url
                .strip_prefix(start)
                .is_some_and(|rest| rest.starts_with([':', '/']))
        });
        if !near && !config.url.starts_with("https://") {
            return Err(SmsError::Open);
        }
        let secret = std::fs::read_to_string(&config.secret_file).map_err(SmsError::Secret)?;
        let secret = Zeroizing::new(secret.trim_end().as_bytes().to_vec());
        if secret.len() < 16 {
            return Err(SmsError::Short);
        }
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        Ok(Self {
            url: config.url.clone(),
            secret,
            agent,
        })
    }
}

impl Carrier for Gateway {
    fn carry(&self, to: &str, text: &Text, id: Uuid) -> Result<(), Undelivered> {
        let words = format!("【学分】{}。{}", text.title, text.body);
        let body = json!({ "id": id, "to": to, "text": words }).to_string();
        let mac = Hmac::<Sha256>::new_from_slice(&self.secret);
        let mut mac = mac.map_err(|_| Undelivered::Refused("no secret".into()))?;
        mac.update(body.as_bytes());
        let hex = mac.finalize().into_bytes();
        let hex = hex.iter().map(|byte| format!("{byte:02x}"));
        let answer = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("xf-signature", format!("v1={}", hex.collect::<String>()))
            .send(body);
        match answer.map(|answer| answer.status().as_u16()) {
            Ok(200..=299) => Ok(()),
            // What was asked wrongly will be wrong again; a gateway that is too busy says 429.
            Ok(status @ 400..=499) if status != 408 && status != 429 => Err(Undelivered::Refused(
                format!("the gateway answered {status}"),
            )),
            Ok(status) => Err(Undelivered::Later(format!("the gateway answered {status}"))),
            Err(_) => Err(Undelivered::Later("no answer from the gateway".into())),
        }
    }
}
