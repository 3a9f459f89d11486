//! From where a request comes: by its connection and by what proxies of ours wrote, never by what it says.

use api::source::{Peer, Source};
use axum::http::{Extensions, HeaderMap, HeaderValue};

fn of<T: AsRef<[u8]>>(peer: &str, forwarded: &[T], proxies: usize) -> Source {
    let mut extensions = Extensions::new();
    extensions.insert(Peer(peer.parse().unwrap()));
    let mut headers = HeaderMap::new();
    for line in forwarded {
        let line = HeaderValue::from_bytes(line.as_ref()).unwrap();
        headers.append("x-forwarded-for", line);
    }
    Source::of(&extensions, &headers, proxies)
}

fn direct(peer: &str) -> Source {
    of::<&str>(peer, &[], 0)
}

#[test]
fn a_header_moves_nobody() {
    // Whoever guesses would be somebody else at each guess (SECURITY §6, header forger).
    let peer = direct("192.0.2.1");
    assert_eq!(of("192.0.2.1", &["203.0.113.9"], 0), peer);
    // The outermost proxy of ours wrote the last entry, whatever came with the request.
    let written = ["10.0.0.1, 203.0.113.9", "198.51.100.7"];
    assert_eq!(of("192.0.2.1", &written, 1), direct("198.51.100.7"));
    assert_eq!(of("192.0.2.1", &written, 2), direct("203.0.113.9"));
    for broken in ["", "unknown", "198.51.100.7,", "198.51.100.7 x"] {
        assert_eq!(of("192.0.2.1", &[broken], 1), peer, "{broken:?}");
    }
    let ports = ["198.51.100.7:443", "[2001:db8:1:2::9]:443"];
    for (port, address) in ports.into_iter().zip(["198.51.100.7", "2001:db8:1:2::9"]) {
        assert_eq!(of("192.0.2.1", &[port], 1), direct(address), "{port:?}");
    }
    assert_eq!(of("192.0.2.1", &["203.0.113.9"], 2), peer);
    // Bytes that no text has, in whatever the client wrote, hide nothing of what the proxy wrote.
    let bytes: &[u8] = b"\xff\xfe, 198.51.100.7";
    assert_eq!(of("192.0.2.1", &[bytes], 1), direct("198.51.100.7"));
}

#[test]
fn a_customer_is_one_source_however_many_addresses_it_has() {
    // One computer has 2^64 addresses of IPv6: each try would come from another.
    let one = direct("2001:db8:1:2:3::4");
    assert_eq!(one, direct("2001:db8:1:2:ffff::1"));
    assert_ne!(one, direct("2001:db8:1:3::4"));
    assert_eq!(direct("::ffff:192.0.2.1"), direct("192.0.2.1"));
    assert_ne!(direct("192.0.2.1"), direct("192.0.2.2"));
}
