//! Providers at which people sign in: `OpenID` Connect, code with PKCE, nothing else (SECURITY §4).
//!
//! Invariant: what a provider says is believed only after the `openidconnect` crate verified it under a
//! key of the provider's own set, in one of four algorithms, for us, with our nonce, in time.
//! Nothing is stored: a crash loses what can be fetched again.

mod id_token;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use identity::person::assurance::Level;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::url::Url;
use openidconnect::{
    AdditionalProviderMetadata, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, DiscoveryError, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use ureq::http;
use zeroize::Zeroizing;

use super::session::secret;
use crate::problem::{Problem, Reason};
use id_token::{Wanted, what_is_wrong};

/// How long what a provider says of itself, and its keys, are used without asking again.
const CACHED_MS: i64 = 3_600_000;
/// How long a provider that did not answer is not asked again.
const FAILED_MS: i64 = 15_000;
/// Requests to one provider at once.
const AT_ONCE: usize = 16;
/// Largest answer of a provider in bytes.
const ANSWER_BYTES_MAX: u64 = 256 * 1_024;
/// Longest that a provider may take to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// A step-up is a sign-in at the provider not longer ago.
const STEP_UP: Duration = Duration::from_mins(5);

/// Pages of ours beside the providers'.
const RESERVED: [&str; 5] = ["app", "invitation", "link", "merge", "passkey"];

/// A provider, as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// Its name in our addresses: letters, digits, hyphens.
    pub name: String,
    /// What people read.
    pub label_zh: String,
    /// The same in English.
    pub label_en: String,
    /// Its `iss`, exactly.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// The file with what proves it; without it we are a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// The level of assurance that it gives (SECURITY §1.3).
    pub loa: Level,
    /// What is asked for beside `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// Why a provider's settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sign_in.providers {name:?}: {what}")]
pub struct BadProvider {
    name: String,
    what: &'static str,
}

/// What a provider says of itself beside what everybody does.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Answers {
    /// It names itself in every answer (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Answers {}

type Metadata = ProviderMetadata<
    Answers,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSignedIn {
    /// It does not answer, or not as a provider does.
    #[error("the provider does not answer")]
    Unreachable,
    /// Our own settings.
    #[error("the settings of this provider cannot be used")]
    Settings,
    /// What it answers is not accepted.
    #[error("{}", .0.1)]
    Refused((&'static str, &'static str)),
}

impl From<NotSignedIn> for Problem {
    fn from(error: NotSignedIn) -> Self {
        match error {
            NotSignedIn::Unreachable => Self::of(Reason::ProviderUnreachable),
            NotSignedIn::Settings => Self::internal(error),
            NotSignedIn::Refused(what) => Self::of(Reason::SignInRefused).detail(what),
        }
    }
}

/// A sign-in that begins: where the browser goes, and what is kept here.
pub struct Begun {
    /// The provider's page.
    pub url: String,
    /// Shown only with the code (RFC 7636).
    pub verifier: String,
    /// What the ID token must carry.
    pub nonce: String,
}

/// What is kept here of a sign-in, for when its code comes.
pub struct Expected<'a> {
    /// Shown only with the code.
    pub verifier: &'a str,
    /// What the ID token must carry.
    pub nonce: &'a str,
    /// When it began, Unix milliseconds.
    pub begun_at_ms: i64,
    /// Whether the person must have signed in there just now.
    pub step_up: bool,
}

/// Who a provider says somebody is. No `Debug`: it is personal.
pub struct Account {
    /// The provider, as it names itself.
    pub iss: String,
    /// The account, as the provider names it.
    pub sub: String,
    /// When the person signed in there, Unix milliseconds; `None` if it does not say.
    pub signed_in_at_ms: Option<i64>,
}

/// One provider.
pub struct Provider {
    /// Its settings.
    pub config: ProviderConfig,
    issuer: IssuerUrl,
    agent: ureq::Agent,
    /// What it said of itself, and when.
    cache: Mutex<Option<(Arc<Metadata>, i64)>>,
    /// When it last did not answer, Unix milliseconds.
    failed_at_ms: AtomicI64,
    /// Who waits for it at once.
    pub turns: Arc<Semaphore>,
}

impl Provider {
    /// Those of the settings, each under a name of its own.
    pub fn all(configs: &[ProviderConfig]) -> Result<Vec<Arc<Self>>, BadProvider> {
        let mut all: Vec<Arc<Self>> = Vec::with_capacity(configs.len());
        for config in configs {
            if all.iter().any(|it| it.config.name == config.name) {
                return Err(BadProvider {
                    name: config.name.clone(),
                    what: "two providers have this name",
                });
            }
            all.push(Arc::new(Self::new(config.clone())?));
        }
        Ok(all)
    }

    /// Checks the settings of one.
    fn new(config: ProviderConfig) -> Result<Self, BadProvider> {
        let bad = |what| BadProvider {
            name: config.name.clone(),
            what,
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(1..=32).contains(&config.name.len()) || !config.name.chars().all(plain) {
            return Err(bad(
                "name must be 1 to 32 lower-case letters, digits, hyphens",
            ));
        }
        if RESERVED.contains(&config.name.as_str()) {
            return Err(bad("this name is that of another page under /login"));
        }
        if config.loa == Level::CLAIMED {
            return Err(bad("loa must be from 1 to 4"));
        }
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|_| bad("issuer is no URL"))?;
        let loopback = issuer.url().scheme() == "http" && is_loopback(issuer.url());
        if issuer.url().scheme() != "https" && !loopback {
            return Err(bad("issuer must be https"));
        }
        let agent = ureq::Agent::config_builder()
            // What is fetched decides who somebody is: from where we asked, or not at all.
            .max_redirects(0)
            .https_only(!loopback)
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIME_MAX))
            .max_idle_connections(0)
            .build()
            .new_agent();
        Ok(Self {
            config,
            issuer,
            agent,
            cache: Mutex::default(),
            failed_at_ms: AtomicI64::new(i64::MIN),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// One request, within our limits.
    fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (parts, body) = request.into_parts();
        let request = http::Request::from_parts(parts, body);
        let (parts, mut body) = self.agent.run(request)?.into_parts();
        let body = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(http::Response::from_parts(parts, body))
    }

    /// What it says of itself; asked anew if that was before `since_ms`, or too long ago.
    fn metadata(&self, now_ms: i64, since_ms: Option<i64>) -> Result<Arc<Metadata>, NotSignedIn> {
        let cached = || {
            let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.clone()
        };
        if let Some((metadata, at_ms)) = cached()
            && now_ms.saturating_sub(at_ms) < CACHED_MS
            && since_ms.is_none_or(|since_ms| since_ms <= at_ms)
        {
            return Ok(metadata);
        }
        let failed_at_ms = self.failed_at_ms.load(Ordering::Relaxed);
        if now_ms.saturating_sub(failed_at_ms) < FAILED_MS {
            return Err(NotSignedIn::Unreachable);
        }
        // Without the lock: whoever has what was said before need not wait for who asks anew.
        let found = Metadata::discover(&self.issuer, &|request| self.fetch(request));
        let found = found.map_err(|error| {
            if !matches!(error, DiscoveryError::Request(_)) {
                tracing::warn!(provider = self.config.name, %error, "a provider's own description is not usable");
            }
            self.failed_at_ms.store(now_ms, Ordering::Relaxed);
            NotSignedIn::Unreachable
        })?;
        let found = Arc::new(found);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        *cache = Some((Arc::clone(&found), now_ms));
        Ok(found)
    }

    fn client(&self, metadata: &Metadata, redirect: &str) -> Result<Client, NotSignedIn> {
        let secret = self.client_secret()?;
        // The older form only where the provider has no other.
        let methods = metadata.token_endpoint_auth_methods_supported();
        let posted = methods.is_some_and(|methods| {
            !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        let redirect = RedirectUrl::new(redirect.to_owned()).map_err(|_| NotSignedIn::Settings)?;
        let id = ClientId::new(self.config.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata.clone(), id, secret);
        let client = client.set_redirect_uri(redirect);
        Ok(if posted {
            client.set_auth_type(AuthType::RequestBody)
        } else {
            client
        })
    }

    /// Read each time, so that a new secret needs no new start.
    fn client_secret(&self) -> Result<Option<ClientSecret>, NotSignedIn> {
        let Some(path) = &self.config.client_secret_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            tracing::error!(provider = self.config.name, %error, "client_secret_file cannot be read");
            NotSignedIn::Settings
        })?;
        let text = Zeroizing::new(text);
        Ok(Some(ClientSecret::new(text.trim().to_owned())))
    }

    /// Begins a sign-in; `step_up`: the person must show anew who it is. Waits for the provider.
    pub fn begin(
        &self,
        redirect: &str,
        state: &str,
        step_up: bool,
        now_ms: i64,
    ) -> Result<Begun, NotSignedIn> {
        let metadata = self.metadata(now_ms, None)?;
        let client = self.client(&metadata, redirect)?;
        let (verifier, nonce) = ((*secret()).clone(), (*secret()).clone());
        let proof = PkceCodeVerifier::new(verifier.clone());
        let (sent_state, sent_nonce) = (state.to_owned(), nonce.clone());
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(sent_state),
                move || Nonce::new(sent_nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&proof))
            .add_scopes(self.config.scopes.iter().cloned().map(Scope::new));
        if step_up {
            request = request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(STEP_UP);
        }
        let (url, _, _) = request.url();
        Ok(Begun {
            url: url.into(),
            verifier,
            nonce,
        })
    }

    /// Refuses an answer that another provider gave (RFC 9207): `iss` must be this one's wherever it is
    /// sent, and sent wherever the provider says that it sends it.
    pub fn check_answered(&self, iss: Option<&str>, now_ms: i64) -> Result<(), NotSignedIn> {
        match iss {
            Some(iss) if iss == self.config.issuer => Ok(()),
            Some(_) => Err(NotSignedIn::Refused((
                "iss 是另一个登录服务的",
                "iss is another provider's",
            ))),
            None => {
                let metadata = self.metadata(now_ms, None)?;
                let promised = metadata.additional_metadata();
                if promised.authorization_response_iss_parameter_supported {
                    return Err(NotSignedIn::Refused(("缺少 iss", "iss is missing")));
                }
                Ok(())
            }
        }
    }

    /// Who a code stands for. Waits for the provider.
    pub fn redeem(
        &self,
        redirect: &str,
        code: &str,
        expected: &Expected<'_>,
        now_ms: i64,
    ) -> Result<Account, NotSignedIn> {
        let metadata = self.metadata(now_ms, None)?;
        let client = self.client(&metadata, redirect)?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| NotSignedIn::Unreachable)?
            .set_pkce_verifier(PkceCodeVerifier::new(expected.verifier.to_owned()))
            .request(&|request| self.fetch(request))
            .map_err(|error| match error {
                RequestTokenError::Request(_) => NotSignedIn::Unreachable,
                _ => NotSignedIn::Refused(("授权码未能兑换", "the code was not redeemed")),
            })?;
        let token = answer.id_token();
        let token = token.ok_or(NotSignedIn::Refused(("没有 id_token", "no id_token")))?;
        let access = answer.access_token();
        let wanted = Wanted {
            client_id: &self.config.client_id,
            issuer: &self.issuer,
            nonce: expected.nonce,
            now_ms,
        };
        let claims = match wanted.verify(metadata.jwks(), token, access) {
            // Its keys may have changed: asked once more, if that was not since this sign-in began.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let metadata =
                    self.metadata(now_ms, Some(expected.begun_at_ms.saturating_add(1)))?;
                wanted.verify(metadata.jwks(), token, access)
            }
            judged => judged,
        };
        let claims = claims.map_err(|error| NotSignedIn::Refused(what_is_wrong(&error)))?;
        let signed_in_at_ms = claims.auth_time().map(|at| at.timestamp_millis());
        let fresh = signed_in_at_ms.is_some_and(|at_ms| {
            let most = STEP_UP.as_secs().saturating_mul(1_000);
            now_ms.saturating_sub(at_ms) <= i64::try_from(most).unwrap_or(i64::MAX)
        });
        if expected.step_up && !fresh {
            return Err(NotSignedIn::Refused((
                "auth_time 不是刚才",
                "auth_time is not of just now",
            )));
        }
        Ok(Account {
            iss: claims.issuer().to_string(),
            sub: claims.subject().to_string(),
            signed_in_at_ms,
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}
