//! From where a request comes, as far as that can be known.
//!
//! Invariant: what a client writes into a header never changes its source. Behind `server.trusted_proxies` proxies of
//! ours the address is the one that the outermost of them wrote: the Nth from the right. Whatever stands left
//! of it anybody may have written.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{Extensions, HeaderMap, HeaderName};

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

fn nth_from_right(headers: &HeaderMap, n: usize) -> Option<IpAddr> {
    let lines = headers.get_all(FORWARDED_FOR).iter();
    let lines: Option<Vec<&str>> = lines.map(|line| line.to_str().ok()).collect();
    let lines = lines?.join(",");
    lines.rsplit(',').nth(n)?.trim().parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str], proxies: usize) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let source = Source::of(&extensions, &headers, proxies).0;
        source.unwrap().to_string()
    }

    #[test]
    fn a_header_moves_nobody() {
        // Whoever guesses would be somebody else at each guess (SECURITY §6, header forger).
        assert_eq!(of("192.0.2.1", &[], 0), "192.0.2.1");
        assert_eq!(of("192.0.2.1", &["203.0.113.9"], 0), "192.0.2.1");
        // The outermost proxy of ours wrote the last entry, whatever came with the request.
        let written = ["10.0.0.1, 203.0.113.9", "198.51.100.7"];
        assert_eq!(of("192.0.2.1", &written, 1), "198.51.100.7");
        assert_eq!(of("192.0.2.1", &written, 2), "203.0.113.9");
        for broken in ["", "unknown", "198.51.100.7:443", "198.51.100.7,", "\u{7f}"] {
            let Ok(_) = broken.parse::<axum::http::HeaderValue>() else {
                continue;
            };
            assert_eq!(of("192.0.2.1", &[broken], 1), "192.0.2.1", "{broken:?}");
        }
        assert_eq!(of("192.0.2.1", &["203.0.113.9"], 2), "192.0.2.1");
    }

    #[test]
    fn a_customer_is_one_source_however_many_addresses_it_has() {
        // One computer has 2^64 addresses of IPv6: each try would come from another.
        let (one, other) = ("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1");
        assert_eq!(of(one, &[], 0), of(other, &[], 0));
        assert_ne!(of(one, &[], 0), of("2001:db8:1:3::4", &[], 0));
        assert_eq!(of("::ffff:192.0.2.1", &[], 0), "192.0.2.1");
    }
}
