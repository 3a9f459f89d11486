//! Connections: accepted, given a time to say what they want, and let go when the server stops.
//!
//! Invariant: a connection that does not finish its headers in time is closed, so nobody holds
//! places by sending a byte a minute; one that waits for an answer when the server stops gets it.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::source::Peer;

/// How long accepting pauses when the process has no file descriptor left.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves `router` until `until` ends, then lets running requests finish. `headers_within` bounds
/// the wait for a request's headers, and so how long a kept connection may be idle.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    headers_within: Duration,
    until: impl Future<Output = ()>,
) {
    let running = GracefulShutdown::new();
    let mut until = std::pin::pin!(until);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut until => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, Peer(peer.ip())),
            // The peer went away before it was accepted: nothing is wrong here.
            Err(error) if is_the_peers(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "a connection cannot be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // An answer is written at once and whole: waiting to gather more only delays it.
        let _unset = stream.set_nodelay(true);
        let doors = TowerToHyperService::new(router.clone());
        let doors = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            doors.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(headers_within)
            .serve_connection(TokioIo::new(stream), doors);
        let watched = running.watch(connection);
        tokio::spawn(async move {
            // A broken connection is the peer's own affair; requests are logged as they are answered.
            let _closed = watched.await;
        });
    }
    drop(listener);
    running.shutdown().await;
}

fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
