//! The bounds, measured beside what they bound: signature checks, and an axum that does almost nothing.

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use ledger::assertion::Assertion;
use ledger::clock::Stopwatch;
use ledger::key::PublicKey;

/// Checks each signature on `threads` threads (strict rule, parsed key); checks per second.
pub(crate) fn verify(assertions: &[Assertion], key: &PublicKey, threads: usize) -> f64 {
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for assertion in assertions {
                    assertion.verify(key).unwrap();
                }
            });
        }
    });
    (assertions.len() * threads) as f64 / watch.elapsed().as_secs_f64()
}

/// Serves `/hello`, and `/verify`: parse an assertion and check its signature.
pub(crate) fn serve(runtime: &tokio::runtime::Runtime, key: PublicKey) -> SocketAddr {
    let verify = move |body: String| async move {
        let assertion = Assertion::parse(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
        assertion
            .verify(&key)
            .map_err(|_| StatusCode::UNAUTHORIZED)?;
        Ok::<_, StatusCode>("ok")
    };
    let router = Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/verify", post(verify));
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    })
}
