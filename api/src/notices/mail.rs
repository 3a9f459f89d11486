//! Notices by mail, over SMTP.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport as _};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Carrier, Text, Undelivered};

/// How long a server may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The mail server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmtpConfig {
    /// Its name; empty = no mail is sent.
    pub host: String,
    /// Its port; 0 = 465 with `tls`, 587 with `starttls`, 25 with `none`.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The sender: `学分 <notices@example.org>`.
    pub from: String,
    /// Who signs in there, if anybody.
    pub user: String,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS after STARTTLS, which must be offered.
    Starttls,
    /// None: for a relay on this machine.
    None,
}

/// Why mail cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The sender is no address.
    #[error("smtp.from: {0}")]
    From(lettre::address::AddressError),
    /// TLS cannot be set up.
    #[error("smtp: {0}")]
    Tls(#[from] lettre::transport::smtp::Error),
    /// The password cannot be read.
    #[error("smtp.password_file: {0}")]
    Password(std::io::Error),
    /// Without TLS a password, and what people are told, would go over the net in the open.
    #[error(
        "smtp.security is none: that is for a relay on this machine, 127.0.0.1 or ::1, without a password"
    )]
    Open,
}

/// Mail over one server.
pub struct Smtp {
    from: Mailbox,
    transport: SmtpTransport,
}

impl Smtp {
    /// As the settings say.
    pub fn new(config: &SmtpConfig) -> Result<Self, SmtpError> {
        let from: Mailbox = config.from.parse().map_err(SmtpError::From)?;
        let near = ["127.0.0.1", "::1", "localhost"].contains(&config.host.as_str());
        if config.security == Security::None && (!near || config.password_file.is_some()) {
            return Err(SmtpError::Open);
        }
        let parameters = || TlsParameters::new(config.host.clone());
        let (tls, port) = match config.security {
            Security::Tls => (Tls::Wrapper(parameters()?), 465),
            Security::Starttls => (Tls::Required(parameters()?), 587),
            Security::None => (Tls::None, 25),
        };
        let port = if config.port == 0 { port } else { config.port };
        let mut builder = SmtpTransport::builder_dangerous(&config.host)
            .port(port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some(path) = &config.password_file {
            let password = std::fs::read_to_string(path).map_err(SmtpError::Password)?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            builder = builder.credentials(Credentials::new(config.user.clone(), password));
        }
        Ok(Self {
            from,
            transport: builder.build(),
        })
    }
}

impl Carrier for Smtp {
    fn carry(&self, to: &str, text: &Text, id: Uuid) -> Result<(), Undelivered> {
        // What a server says may repeat the address: it is not passed on.
        let to: Mailbox = to
            .parse()
            .map_err(|_| Undelivered::Refused("not a mail address".into()))?;
        let domain = self.from.email.domain();
        let builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .to(to)
            .message_id(Some(format!("<{id}@{domain}>")))
            .subject(&text.title)
            .header(ContentType::TEXT_PLAIN);
        let message = builder
            .body(text.body.clone())
            .map_err(|_| Undelivered::Refused("not a mail".into()))?;
        match self.transport.send(&message) {
            Ok(_) => Ok(()),
            Err(error) => {
                let what = error.status().map_or_else(
                    || "no answer from the mail server".to_owned(),
                    |code| format!("the mail server answered {code}"),
                );
                Err(if error.is_permanent() {
                    Undelivered::Refused(what)
                } else {
                    Undelivered::Later(what)
                })
            }
        }
    }
}
