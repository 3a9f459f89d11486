//! From where a request comes, as far as that can be known.
//!
//! Invariant: what a client writes into a header never changes its source. Behind `server.trusted_proxies` proxies of
//! ours the address is the one that the outermost of them wrote: the Nth from the right. Whatever stands left
//! of it anybody may have written.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who is at the other end of a connection; set where it is accepted.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// A source: an IPv4 address, or the /64 that one customer has of IPv6. `None` = not over a connection of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(Option<IpAddr>);

impl Source {
    /// The source of a request that came through so many proxies of ours.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, proxies: usize) -> Self {
        let peer = extensions.get::<Peer>().map(|peer| peer.0);
        let told = proxies
            .checked_sub(1)
            .and_then(|n| nth_from_right(headers, n));
        // A proxy that told nothing stands for all whom it lets in: better one source too few.
        Self(told.or(peer).map(network))
    }
}

/// The Nth address from the right, whatever stands left of it: bytes that no header may hold are the client's.
fn nth_from_right(headers: &HeaderMap, n: usize) -> Option<IpAddr> {
    let lines: Vec<&[u8]> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let written = lines
        .iter()
        .rev()
        .flat_map(|line| line.rsplit(|byte| *byte == b','));
    address(std::str::from_utf8(written.into_iter().nth(n)?).ok()?)
}

/// An address, or an address with a port, as some proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    text.parse().ok().or_else(with_port)
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(it) => IpAddr::V4(it),
        IpAddr::V6(it) => {
            let [a, b, c, d, ..] = it.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
