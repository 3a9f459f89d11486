//! The native apps that the settings name, and where each may be sent back to (RFC 8252).
//!
//! Invariant: a browser is sent to an address of the settings, byte for byte, and to nowhere else; only the
//! port of a loopback address is the app's to choose (RFC 8252 §7.3). Nothing is stored: a crash loses nothing.

use openidconnect::url::Url;
use serde::{Deserialize, Serialize};

/// Longest address in bytes.
const REDIRECT_BYTES_MAX: usize = 300;
/// Where a program on the same computer listens.
const LOOPBACK: &str = "http://127.0.0.1";

/// An app, as the settings name it: `[[app]]`. It has no secret, for an app keeps none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// Its `client_id`: lower-case letters, digits, hyphens.
    pub id: String,
    /// What people read.
    pub name_zh: String,
    /// What people read.
    pub name_en: String,
    /// Where it may be sent back to.
    pub redirects: Vec<String>,
}

/// An app's settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("app {id:?}: {what}")]
pub struct BadApp {
    id: String,
    what: String,
}

/// The apps of the settings.
#[derive(Debug, Clone, Default)]
pub struct Apps(Vec<AppConfig>);

impl Apps {
    /// Checks the settings.
    pub fn of(configs: &[AppConfig]) -> Result<Self, BadApp> {
        for (at, config) in configs.iter().enumerate() {
            check(config).map_err(|what| BadApp {
                id: config.id.clone(),
                what,
            })?;
            if configs[..at].iter().any(|it| it.id == config.id) {
                return Err(BadApp {
                    id: config.id.clone(),
                    what: "two apps have this id".into(),
                });
            }
        }
        Ok(Self(configs.to_vec()))
    }

    /// The app of this name.
    pub fn find(&self, id: &str) -> Option<&AppConfig> {
        self.0.iter().find(|it| it.id == id)
    }
}

impl AppConfig {
    /// Whether the app may be sent to `asked`.
    pub(crate) fn sends_to(&self, asked: &str) -> bool {
        self.redirects.iter().any(|registered| {
            asked == registered
                || loopback(registered)
                    .is_some_and(|path| on_any_port(asked).is_some_and(|it| it == path))
        })
    }
}

/// The path of a loopback address without a port.
fn loopback(redirect: &str) -> Option<&str> {
    redirect
        .strip_prefix(LOOPBACK)
        .filter(|path| path.starts_with('/'))
}

/// The path of a loopback address with a port.
fn on_any_port(redirect: &str) -> Option<&str> {
    let rest = redirect.strip_prefix(LOOPBACK)?.strip_prefix(':')?;
    let at = rest.find('/')?;
    let (port, path) = rest.split_at(at);
    let plain = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
    (plain && port.parse::<u16>().is_ok()).then_some(path)
}

fn check(config: &AppConfig) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=32).contains(&config.id.len()) || !config.id.chars().all(plain) {
        return Err("id must be 1 to 32 lower-case letters, digits, hyphens".into());
    }
    if config.name_zh.trim().is_empty() || config.name_en.trim().is_empty() {
        return Err("name_zh and name_en are what people read: neither may be empty".into());
    }
    if config.redirects.is_empty() {
        return Err("redirects must name where it may be sent back to".into());
    }
    for redirect in &config.redirects {
        check_redirect(redirect).map_err(|what| format!("redirect {redirect:?}: {what}"))?;
    }
    Ok(())
}

fn check_redirect(text: &str) -> Result<(), &'static str> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if !plain || text.len() > REDIRECT_BYTES_MAX {
        return Err("must be at most 300 visible ASCII characters without a backslash");
    }
    if text.contains('#') {
        return Err("must have no fragment");
    }
    if text.contains('*') {
        return Err("is compared as it is: no wildcard");
    }
    let url = Url::parse(text).map_err(|_| "is no address")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user name and no password");
    }
    // Compared byte for byte: written otherwise than a browser writes it, it would never match.
    let is_as_written = url.as_str() == text;
    match url.scheme() {
        "https" if is_as_written => Ok(()),
        "https" => {
            Err("must be written as a browser writes it (lower case, no default port, a path)")
        }
        "http" if loopback(text).is_some() => Ok(()),
        "http" => Err("http goes to http://127.0.0.1/PATH alone, without a port: any is taken"),
        // A scheme made of a domain of the maker's (RFC 8252 §7.1): none of a browser's has a dot.
        scheme if scheme.contains('.') && is_as_written => Ok(()),
        scheme if scheme.contains('.') => {
            Err("must be written as a browser writes it (lower case)")
        }
        _ => Err("must be https, a private-use scheme with a dot in it, or http://127.0.0.1/PATH"),
    }
}
