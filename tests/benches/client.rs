//! A bare HTTP/1.1 client over loopback, the same for every server measured.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use ledger::clock::Stopwatch;
use tokio::net::TcpStream;
use uuid::Uuid;

/// Connections of every load.
pub(crate) const CONNECTIONS: usize = 64;

/// What one connection asks next.
#[derive(Clone)]
pub(crate) enum Job {
    /// GET a path.
    Get { path: String, token: Arc<str> },
    /// POST a body.
    Post {
        path: Cow<'static, str>,
        media: &'static str,
        token: Arc<str>,
        body: Bytes,
    },
    /// Record an outcome, then read the learner's transcript once it is in it.
    RecordThenRead {
        token: Arc<str>,
        learner: Uuid,
        body: Bytes,
    },
}

struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        media: &str,
        token: &str,
        body: Bytes,
    ) -> Bytes {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "bench");
        if !media.is_empty() {
            request = request.header("content-type", media);
        }
        if !token.is_empty() {
            request = request.header("authorization", token);
        }
        self.0.ready().await.unwrap();
        let answer = self
            .0
            .send_request(request.body(Full::new(body)).unwrap())
            .await
            .unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(
            status.is_success(),
            "{path}: {status} {}",
            String::from_utf8_lossy(&body)
        );
        body
    }

    /// The body of the last answer.
    async fn run(&mut self, job: Job) -> Bytes {
        match job {
            Job::Get { path, token } => {
                self.ask(Method::GET, &path, "", &token, Bytes::new()).await
            }
            Job::Post {
                path,
                media,
                token,
                body,
            } => self.ask(Method::POST, &path, media, &token, body).await,
            Job::RecordThenRead {
                token,
                learner,
                body,
            } => {
                let answer = self
                    .ask(
                        Method::POST,
                        "/v1/outcomes",
                        "application/json",
                        &token,
                        body,
                    )
                    .await;
                let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
                let path = format!(
                    "/v1/learners/{learner}/transcript.json?after={}",
                    answer["position"]
                );
                self.ask(Method::GET, &path, "", &token, Bytes::new()).await
            }
        }
    }
}

/// Lets [`CONNECTIONS`] connections work through the jobs; jobs per second.
pub(crate) fn drive(runtime: &tokio::runtime::Runtime, address: SocketAddr, jobs: Vec<Job>) -> f64 {
    let count = jobs.len();
    let mut shares: Vec<Vec<Job>> = vec![Vec::new(); CONNECTIONS];
    for (n, job) in jobs.into_iter().enumerate() {
        shares[n % CONNECTIONS].push(job);
    }
    runtime.block_on(async move {
        let mut open = Vec::new();
        for share in shares {
            open.push((Connection::open(address).await, share));
        }
        let watch = Stopwatch::start();
        let running: Vec<_> = open
            .into_iter()
            .map(|(mut connection, share)| {
                tokio::spawn(async move {
                    for job in share {
                        connection.run(job).await;
                    }
                })
            })
            .collect();
        for connection in running {
            connection.await.unwrap();
        }
        count as f64 / watch.elapsed().as_secs_f64()
    })
}

/// Asks one thing after another on one connection; milliseconds of each answer.
pub(crate) fn each(
    handle: &tokio::runtime::Handle,
    address: SocketAddr,
    jobs: Vec<Job>,
) -> Vec<f64> {
    handle.block_on(async move {
        let mut connection = Connection::open(address).await;
        let mut taken = Vec::with_capacity(jobs.len());
        for job in jobs {
            let watch = Stopwatch::start();
            connection.run(job).await;
            taken.push(watch.elapsed().as_secs_f64() * 1_000.0);
        }
        taken
    })
}

/// Asks one thing; the body of the answer.
pub(crate) fn answer(handle: &tokio::runtime::Handle, address: SocketAddr, job: Job) -> Bytes {
    handle.block_on(async move { Connection::open(address).await.run(job).await })
}

/// Asks the same again and again, ten times a second, on one connection; milliseconds of each answer.
pub(crate) fn latencies(
    handle: &tokio::runtime::Handle,
    address: SocketAddr,
    job: Job,
    length: Duration,
    stop: Option<&AtomicBool>,
) -> Vec<f64> {
    handle.block_on(async move {
        let mut connection = Connection::open(address).await;
        let mut taken = Vec::new();
        let whole = Stopwatch::start();
        while whole.elapsed() < length && !stop.is_some_and(|it| it.load(Ordering::SeqCst)) {
            let watch = Stopwatch::start();
            connection.run(job.clone()).await;
            taken.push(watch.elapsed().as_secs_f64() * 1_000.0);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        taken
    })
}
