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

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T: AsRef<[u8]>>(peer: &str, forwarded: &[T], proxies: usize) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(
                FORWARDED_FOR,
                HeaderValue::from_bytes(line.as_ref()).unwrap(),
            );
        }
        let source = Source::of(&extensions, &headers, proxies).0;
        source.unwrap().to_string()
    }

    #[test]
    fn a_header_moves_nobody() {
        // Whoever guesses would be somebody else at each guess (SECURITY §6, header forger).
        assert_eq!(of::<&str>("192.0.2.1", &[], 0), "192.0.2.1");
        assert_eq!(of("192.0.2.1", &["203.0.113.9"], 0), "192.0.2.1");
        // The outermost proxy of ours wrote the last entry, whatever came with the request.
        let written = ["10.0.0.1, 203.0.113.9", "198.51.100.7"];
        assert_eq!(of("192.0.2.1", &written, 1), "198.51.100.7");
        assert_eq!(of("192.0.2.1", &written, 2), "203.0.113.9");
        for broken in ["", "unknown", "198.51.100.7,", "198.51.100.7 x"] {
            assert_eq!(of("192.0.2.1", &[broken], 1), "192.0.2.1", "{broken:?}");
        }
        for port in ["198.51.100.7:443", "[2001:db8:1:2::9]:443"] {
            assert_ne!(of("192.0.2.1", &[port], 1), "192.0.2.1", "{port:?}");
        }
        assert_eq!(of("192.0.2.1", &["203.0.113.9"], 2), "192.0.2.1");
        // Bytes that no text has, in whatever the client wrote, hide nothing of what the proxy wrote.
        let bytes: &[u8] = b"\xff\xfe, 198.51.100.7";
        assert_eq!(of("192.0.2.1", &[bytes], 1), "198.51.100.7");
    }

    #[test]
    fn a_customer_is_one_source_however_many_addresses_it_has() {
        // One computer has 2^64 addresses of IPv6: each try would come from another.
        let (one, other) = ("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1");
        assert_eq!(of::<&str>(one, &[], 0), of::<&str>(other, &[], 0));
        assert_ne!(
            of::<&str>(one, &[], 0),
            of::<&str>("2001:db8:1:3::4", &[], 0)
        );
        assert_eq!(of::<&str>("::ffff:192.0.2.1", &[], 0), "192.0.2.1");
    }
}
