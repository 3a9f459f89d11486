//! The verification pipeline on the platform: the ledger itself is asked, and nothing is fetched.
//!
//! Invariant: what the ledger says of a credential comes from its folded state, as new as the writer's
//! own; the bundle may be a second older and says so in `asOf`.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use credentials::credential::{Credential, Issued, wire};
use credentials::trust::Bundle;
use credentials::verify::{self, Context, Registered, Report};
use uuid::Uuid;

use crate::app::App;
use crate::cache::Cache;
use crate::credential::Content;
use crate::picture;
use crate::problem::{Problem, Reason};
use crate::trust_bundle;

/// Milliseconds for which a bundle serves while nothing was written.
const HELD_MS: i64 = 60_000;
/// Milliseconds for which it serves although something was.
const BEHIND_MS: i64 = 1_000;
/// Credentials whose digests are kept in memory.
const CONTENTS_MAX: usize = 65_536;

/// The bundle that was built last, and when.
#[derive(Debug, Default)]
pub struct BundleHeld(Mutex<Option<(i64, Arc<Bundle>)>>);

/// Digests of what credentials say, of those checked lately.
#[derive(Debug)]
pub struct Contents(Mutex<Cache<Uuid, Content>>);

impl Default for Contents {
    fn default() -> Self {
        Self(Mutex::new(Cache::new(CONTENTS_MAX)))
    }
}

impl Contents {
    /// Forgets them all: somebody's values were erased.
    pub fn forget(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Cache::new(CONTENTS_MAX);
    }
}

impl App {
    /// A bundle that is at most a second behind the views.
    pub fn held_bundle(&self) -> Result<Arc<Bundle>, Problem> {
        let now_ms = self.now_ms();
        let position = self.views.follower.next();
        let mut held = self
            .bundle_held
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((built_ms, bundle)) = held.as_ref() {
            let age_ms = now_ms.saturating_sub(*built_ms);
            let serves_ms = if bundle.position == position {
                HELD_MS
            } else {
                BEHIND_MS
            };
            if (0..serves_ms).contains(&age_ms) {
                return Ok(Arc::clone(bundle));
            }
        }
        let bundle = Arc::new(trust_bundle::unsigned(self)?);
        *held = Some((now_ms, Arc::clone(&bundle)));
        Ok(bundle)
    }

    /// Checks a document, or the text of a code.
    pub fn verify(&self, bytes: &[u8]) -> Result<Report, Problem> {
        let report = self.verify_bytes(bytes)?;
        self.metrics.verified(report.state, report.code);
        Ok(report)
    }

    /// Checks a picture of a code, PNG or JPEG: beside the runtime, and few at once.
    pub async fn verify_picture(self: &Arc<Self>, bytes: Bytes) -> Result<Report, Problem> {
        let turn = Arc::clone(&self.pictures);
        let turn = turn.acquire_owned().await.map_err(Problem::internal)?;
        let app = Arc::clone(self);
        let check = move || {
            // Held to the end of the work, which goes on although the client has hung up.
            let _turn = turn;
            let texts = picture::read(&bytes).map_err(|error| {
                Problem::of(Reason::ImageUnreadable)
                    .detail(crate::problem::Words::quoting("图片读不出来", error))
            })?;
            let report = app.verify_texts(&texts)?;
            app.metrics.verified(report.state, report.code);
            Ok(report)
        };
        tokio::task::spawn_blocking(check)
            .await
            .map_err(Problem::internal)?
    }

    /// The code of ours among those that a picture holds; else what the first one comes to.
    fn verify_texts(&self, texts: &[String]) -> Result<Report, Problem> {
        let prefix = credentials::vc::qr::prefix(&self.host);
        let ours = texts.iter().find(|text| text.starts_with(&prefix));
        match ours.or(texts.first()) {
            Some(text) => self.verify_bytes(text.as_bytes()),
            None => Ok(verify::no_code(&self.context(&*self.held_bundle()?, None))),
        }
    }

    fn verify_bytes(&self, bytes: &[u8]) -> Result<Report, Problem> {
        let mut bundle = self.held_bundle()?;
        let ledger = verify::claimed_id(bytes, &bundle)
            .map(|id| self.registered(id, bytes))
            .transpose()?;
        if matches!(ledger, Some(Registered::Here { position, .. }) if position >= bundle.position)
        {
            // Issued since: the key that signed it may be as new.
            bundle = Arc::new(trust_bundle::unsigned(self)?);
        }
        Ok(verify::any(bytes, &self.context(&bundle, ledger)))
    }

    fn context<'a>(&self, bundle: &'a Bundle, ledger: Option<Registered>) -> Context<'a> {
        Context {
            bundle,
            lists: &[],
            ledger,
            now_s: self.now_ms().div_euclid(1_000),
        }
    }

    /// What the ledger says of the credential that `bytes` claim to be.
    fn registered(&self, id: Uuid, bytes: &[u8]) -> Result<Registered, Problem> {
        let credential = self.ledger.state::<Credential>(&wire::stream(id))?;
        Ok(match &credential.issued {
            None => Registered::NotHere,
            Some(issued) => Registered::Here {
                issuer: issued.says.issuer,
                position: issued.by.position,
                standing: self.credential_standing(&credential, issued)?,
                same: self.says_the_same(issued, bytes)?,
            },
        })
    }

    /// Whether document or code says what was committed to; `None` where that was erased.
    fn says_the_same(&self, issued: &Issued, bytes: &[u8]) -> Result<Option<bool>, Problem> {
        let id = issued.says.credential;
        let kept = self.contents.0.lock();
        let kept = kept.unwrap_or_else(PoisonError::into_inner).get(&id);
        let committed = match kept {
            Some(committed) => committed,
            None => match self.content_of(issued) {
                Ok(committed) => {
                    let mut kept = self
                        .contents
                        .0
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    kept.put(id, committed);
                    committed
                }
                Err(problem) if problem.reason == Reason::Erased => return Ok(None),
                Err(problem) => return Err(problem),
            },
        };
        Ok(Some(committed.is_said_by(bytes, &self.host)))
    }
}
