//! The Xuefen verification code: 16 characters that people read out and type.
//!
//! Invariant: every single wrong character and every swap of two neighbours is refused, because 3
//! generates the numbers modulo 31: no two neighbouring weights are equal and none is 0. It is our
//! own number, so a failed check is an error, not a warning. Pure; a crash loses nothing.
//!
//! Rule: DOMAIN.md §4 (P).

use super::credit_code::{ALPHABET, weighted_check};
use super::{Malformed, each, exactly, normalise};

const BODY: usize = 15;

/// A code whose check holds, in capital letters without spaces and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerificationCode(String);

/// Why a text is no verification code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// Not 16 characters of the alphabet.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// One character was mistyped, or two were swapped.
    #[error("the verification code was mistyped: its check character does not fit")]
    CheckDigit,
}

impl VerificationCode {
    /// Reads a code; spaces, hyphens and lower case are spelling.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let code = normalise(text, "16")?.replace('-', "");
        exactly(&code, BODY + 1, "16")?;
        each(&code, |c, _| ALPHABET.contains(c))?;
        let expected = code.get(..BODY).and_then(weighted_check);
        if expected == code.chars().last() {
            Ok(Self(code))
        } else {
            Err(NotACode::CheckDigit)
        }
    }

    /// The code of 128 random bits: 31¹⁵ (about 2⁷⁴) codes, each as likely within one part in 2⁵³.
    pub fn from_random(random: [u8; 16]) -> Self {
        let mut rest = u128::from_be_bytes(random);
        let mut code = String::with_capacity(BODY + 1);
        let letters = ALPHABET.as_bytes();
        for _ in 0..BODY {
            let value = usize::try_from(rest % 31).unwrap_or_default();
            rest /= 31;
            code.push(char::from(letters.get(value).copied().unwrap_or(b'0')));
        }
        code.extend(weighted_check(&code));
        Self(code)
    }

    /// The 16 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for VerificationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
