//! Printed recovery shares: three lines of text, any two of which rebuild a key's seed.
//!
//! Invariant: one share tells nothing about the seed (Shamir's scheme over GF(2⁸), threshold 2);
//! a mistyped share is refused by its check, never combined.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::clock;
use ledger::hash::Digest;
use zeroize::Zeroizing;

/// How a share's text begins.
const TAG: &str = "xfr1";

/// Why shares do not rebuild a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadShare {
    /// Not of the form, or mistyped.
    #[error(
        "this is no recovery share, or a character is wrong: expected xfr1.<number>.<43 characters>.<check>"
    )]
    Form,
    /// The same share twice.
    #[error("two different shares are needed")]
    Same,
}

/// Splits a seed into three shares.
pub fn split(seed: &[u8; 32]) -> Vec<String> {
    let slope = Zeroizing::new(clock::random::<32>());
    (1_u8..=3)
        .map(|x| {
            let mut y = Zeroizing::new([0_u8; 32]);
            for ((y, s), a) in y.iter_mut().zip(seed).zip(slope.iter()) {
                *y = s ^ multiply(*a, x);
            }
            let body = format!("{TAG}.{x}.{}", URL_SAFE_NO_PAD.encode(y.as_slice()));
            format!("{body}.{}", check(&body))
        })
        .collect()
}

/// Rebuilds the seed from two shares.
pub fn combine(a: &str, b: &str) -> Result<Zeroizing<[u8; 32]>, BadShare> {
    let ((xa, ya), (xb, yb)) = (read(a)?, read(b)?);
    if xa == xb {
        return Err(BadShare::Same);
    }
    // The line through both points, at 0: (ya·xb + yb·xa) / (xa + xb).
    let scale = inverse(xa ^ xb);
    let mut seed = Zeroizing::new([0_u8; 32]);
    for ((s, ya), yb) in seed.iter_mut().zip(ya.iter()).zip(yb.iter()) {
        *s = multiply(multiply(*ya, xb) ^ multiply(*yb, xa), scale);
    }
    Ok(seed)
}

fn read(share: &str) -> Result<(u8, Zeroizing<[u8; 32]>), BadShare> {
    let (body, given) = share.trim().rsplit_once('.').ok_or(BadShare::Form)?;
    let mut parts = body.split('.');
    let (tag, x, y) = (parts.next(), parts.next(), parts.next());
    if tag != Some(TAG) || parts.next().is_some() || given != check(body) {
        return Err(BadShare::Form);
    }
    let x: u8 = x
        .and_then(|x| x.parse().ok())
        .filter(|x| (1..=3).contains(x))
        .ok_or(BadShare::Form)?;
    let mut bytes = Zeroizing::new([0_u8; 32]);
    match URL_SAFE_NO_PAD.decode_slice(y.ok_or(BadShare::Form)?, bytes.as_mut_slice()) {
        Ok(32) => Ok((x, bytes)),
        _ => Err(BadShare::Form),
    }
}

/// Six characters over the rest of the text.
fn check(body: &str) -> String {
    Digest::of(body.as_bytes())
        .to_string()
        .chars()
        .take(6)
        .collect()
}

/// Product in GF(2⁸) with the polynomial of AES, x⁸ + x⁴ + x³ + x + 1.
fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        let carry = a & 0x80 != 0;
        a <<= 1;
        if carry {
            a ^= 0x1b;
        }
        b >>= 1;
    }
    product
}

/// Multiplicative inverse: a²⁵⁴.
fn inverse(a: u8) -> u8 {
    (0..253).fold(a, |power, _| multiply(power, a))
}
