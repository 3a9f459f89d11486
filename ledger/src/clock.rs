//! The only `now`, ids and randomness of the house.
//!
//! Invariant: no other module asks the operating system for time or random bytes, so everything
//! else can be replayed.

use std::sync::atomic::{AtomicI64, Ordering};

use uuid::Uuid;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Unix time in milliseconds.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that stands where it was put: tests and the seeded demo.
#[derive(Debug, Default)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that stands at `ms`.
    pub fn at(ms: i64) -> Self {
        Self(AtomicI64::new(ms))
    }

    /// Puts the clock at `ms`.
    pub fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A moment for measuring durations (metrics, time-outs); never stored.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}

/// `N` random bytes from the operating system.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness no key, salt or id may be made: stopping is the only safe answer.
    if getrandom::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

/// A random person id (UUIDv4).
pub fn uuid_v4() -> Uuid {
    uuid::Builder::from_random_bytes(random()).into_uuid()
}

/// An id in time order (UUIDv7) at `now_ms`.
pub fn uuid_v7(now_ms: i64) -> Uuid {
    let ms = u64::try_from(now_ms).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(ms, &random()).into_uuid()
}

/// An id derived from `parts` (UUIDv8 over SHA-256 of `domain`, a zero byte and each part behind
/// its length): the same parts give the same id.
pub fn uuid_v8(domain: &str, parts: &[&[u8]]) -> Uuid {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    hasher.update(domain.as_bytes());
    hasher.update([0]);
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
