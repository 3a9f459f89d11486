//! Settings: defaults < /etc/xuefen/xuefen.toml < ./xuefen.toml < environment < flags (UX §7).
//!
//! Invariant: an unknown key is an error that names the nearest; no secret stands here, only names
//! of files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::notices::mail::SmtpConfig;
use crate::notices::sms::SmsConfig;
use crate::officers::check::OfficersConfig;
use crate::sign_in::native::AppConfig;
use crate::sign_in::provider::ProviderConfig;

/// Files read, in this order.
const FILES: [&str; 2] = ["/etc/xuefen/xuefen.toml", "xuefen.toml"];
/// Prefix of environment variables: `XF_SERVER__LISTEN`.
const ENV_PREFIX: &str = "XF_";

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The ledger.
    pub ledger: LedgerConfig,
    /// The HTTP server.
    pub server: ServerConfig,
    /// Logging.
    pub log: LogConfig,
    /// The mail server that carries notices.
    pub smtp: SmtpConfig,
    /// The gateway that carries notices by message.
    pub sms: SmsConfig,
    /// Signing in.
    pub sign_in: SignInConfig,
    /// Native apps that people may let into their accounts.
    #[serde(rename = "app")]
    pub apps: Vec<AppConfig>,
    /// What of officers' accounts needs a look.
    pub officers: OfficersConfig,
}

/// Where the ledger is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerConfig {
    /// The data directory.
    pub data_dir: PathBuf,
    /// Streams whose state is kept in memory.
    pub streams_cached_max: usize,
    /// Submissions that may wait for the sequencer.
    pub queue_max: usize,
}

/// How the server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Public address.
    pub listen: SocketAddr,
    /// Admin address: /metrics.
    pub admin_listen: Option<SocketAddr>,
    /// Requests worked on at once.
    pub concurrency_max: usize,
    /// Seconds a request may take.
    pub request_timeout_s: u64,
    /// Seconds a connection may take to send a request's headers, and be idle between two.
    pub header_timeout_s: u64,
    /// Proxies of ours in front: so many addresses from the right of `X-Forwarded-For` are theirs to write. 0 = none:
    /// the header is not read.
    pub trusted_proxies: usize,
    /// Seconds given to running requests when stopping.
    pub drain_s: u64,
    /// What `make web` built; without it `/verify` is a form that sends a photo.
    pub web_dir: PathBuf,
}

/// How much is logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug`, or a filter by target.
    pub level: String,
    /// JSON lines; off = text.
    pub json: bool,
}

/// How people and machines sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInConfig {
    /// Whether a plain token (`Authorization: Bearer`) opens anything; the demo has it on.
    pub bearer_tokens: bool,
    /// Where people and machines find us, `https://…`; without it, the ledger's host.
    pub public_url: Option<String>,
    /// Where people may sign in.
    pub providers: Vec<ProviderConfig>,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            streams_cached_max: 262_144,
            queue_max: 4_096,
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8_080)),
            admin_listen: None,
            concurrency_max: 1_024,
            request_timeout_s: 30,
            header_timeout_s: 30,
            trusted_proxies: 0,
            drain_s: 30,
            web_dir: PathBuf::from("api/web/dist"),
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".into(),
            json: true,
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file or variable has a wrong key or value.
    #[error("{origin}: {message}")]
    Wrong {
        /// Which file or variable.
        origin: String,
        /// What is wrong, with the nearest key.
        message: String,
    },
}

impl Config {
    /// Reads files and environment; `file` replaces the usual ones.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = toml::Table::new();
        match file {
            Some(path) => merge(&mut table, read(path)?),
            None => {
                for path in FILES.iter().map(Path::new).filter(|path| path.exists()) {
                    merge(&mut table, read(path)?);
                }
            }
        }
        for (name, value) in env.filter(|(name, _)| name.starts_with(ENV_PREFIX)) {
            if name.contains("__") {
                set(&mut table, &name, &value);
            } else if let Some(meant) = meant_by(&name) {
                // Passed over in silence, a server would come up with another setting than asked.
                return Err(ConfigError::Wrong {
                    origin: name,
                    message: format!("no setting has this name: did you mean {meant}?"),
                });
            }
        }
        let text = table.to_string();
        toml::from_str(&text).map_err(|error| ConfigError::Wrong {
            origin: "configuration".into(),
            message: with_nearest(error.message()),
        })
    }
}

fn read(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Io {
        path: path.into(),
        source,
    })?;
    let wrong = |message: String| ConfigError::Wrong {
        origin: path.display().to_string(),
        message,
    };
    let table = text
        .parse::<toml::Table>()
        .map_err(|error| wrong(error.message().into()))?;
    // Checked alone first, so that the message names the file.
    toml::from_str::<Config>(&text).map_err(|error| wrong(with_nearest(error.message())))?;
    Ok(table)
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(more)) => merge(inner, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// `XF_SERVER__LISTEN=…` sets `server.listen`; a value that is no number or boolean is text.
fn set(table: &mut toml::Table, name: &str, value: &str) {
    let path = name.trim_start_matches(ENV_PREFIX).to_ascii_lowercase();
    let Some((section, key)) = path.split_once("__") else {
        return;
    };
    let value = match (value.parse::<i64>(), value.parse::<bool>()) {
        (Ok(number), _) => toml::Value::Integer(number),
        (_, Ok(flag)) => toml::Value::Boolean(flag),
        _ => toml::Value::String(value.into()),
    };
    let section = table
        .entry(section.to_owned())
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(section) = section {
        section.insert(key.into(), value);
    }
}

/// The variable that one without `__` was likely meant to be, if any; other programs' own names
/// may begin as ours do.
fn meant_by(name: &str) -> Option<String> {
    let squashed = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let mut all = Config::default();
    // A setting without a value stands in no table.
    all.server.admin_listen = Some(all.server.listen);
    all.sign_in.public_url = Some(String::new());
    let table = toml::Table::try_from(all).ok()?;
    let known = table.iter().flat_map(|(section, keys)| {
        let keys = keys.as_table().into_iter().flat_map(toml::Table::keys);
        keys.map(move |key| (section, key))
    });
    let asked = squashed(name);
    known
        .filter_map(|(section, key)| {
            let whole = squashed(&format!("{ENV_PREFIX}{section}{key}"));
            let alone = squashed(&format!("{ENV_PREFIX}{key}"));
            let off = distance(&asked, &whole).min(distance(&asked, &alone));
            let meant = format!("{ENV_PREFIX}{section}__{key}").to_ascii_uppercase();
            (off <= 2).then_some((off, meant))
        })
        .min()
        .map(|(_, meant)| meant)
}

/// serde names the known keys of an unknown one; the nearest of them is the likely meaning.
fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(unknown) = quoted
        .next()
        .filter(|_| message.starts_with("unknown field"))
    else {
        return message.into();
    };
    let nearest = quoted.min_by_key(|known| distance(unknown, known));
    nearest.map_or_else(
        || message.into(),
        |nearest| format!("unknown key {unknown:?}: did you mean {nearest:?}?"),
    )
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
