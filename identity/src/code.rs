//! The learning code: who stands here, and nothing else (SECURITY §3).
//!
//! Invariant: it proves presence, never authority; its text names no person, and a code that was
//! made for one sort of verifier says nothing to another. Pure: whoever holds the key makes the MAC.
//!
//! Server form: version ‖ pairwise id 16 ‖ step 4 ‖ MAC 8 = 29 bytes, 44 characters of base45 (QR
//! 3-M). Printed card: random 16 ‖ check 2 = 18 bytes, 27 characters (QR 2-M).

use ledger::hash::Digest;

use crate::role::Role;

/// Characters of base45 (RFC 9285), in order of their values.
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/// Bytes of a pairwise id, and of a card's number.
pub const ID_BYTES: usize = 16;
/// Bytes of a code's MAC.
pub const MAC_BYTES: usize = 8;
const CODE_BYTES: usize = 1 + ID_BYTES + 4 + MAC_BYTES;
const CARD_BYTES: usize = ID_BYTES + 2;

/// How long a code lives; its version byte says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// 30 seconds.
    Usual,
    /// 180 seconds: 长辈版.
    Elder,
}

impl Life {
    /// Its length, seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Usual => 30,
            Self::Elder => 180,
        }
    }

    const fn version(self) -> u8 {
        match self {
            Self::Usual => 1,
            Self::Elder => 2,
        }
    }

    const fn of(version: u8) -> Option<Self> {
        match version {
            1 => Some(Self::Usual),
            2 => Some(Self::Elder),
            _ => None,
        }
    }

    /// The step that a code shown at `now_ms` carries.
    pub fn step_at(self, now_ms: i64) -> Option<u32> {
        u32::try_from(now_ms.div_euclid(self.seconds() * 1_000)).ok()
    }
}

/// A code as it was read: nothing about it is proven before its MAC is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// How long it lives.
    pub life: Life,
    /// Of this person, for this sort of verifier, on this day.
    pub pairwise: [u8; ID_BYTES],
    /// Which life of the clock it was shown in.
    pub step: u32,
    /// Over everything before it.
    pub mac: [u8; MAC_BYTES],
}

/// Who a code is for: what one sort of verifier scans tells another nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// A service counter.
    Counter,
    /// An institution's staff.
    Institution,
    /// A merchant.
    Merchant,
    /// Anybody else who checks.
    Verifier,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Counter,
        Self::Institution,
        Self::Merchant,
        Self::Verifier,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Institution => "institution",
            Self::Merchant => "merchant",
            Self::Verifier => "verifier",
        }
    }

    /// The audience that a role scans for.
    pub const fn of(role: Role) -> Option<Self> {
        match role {
            Role::Counter => Some(Self::Counter),
            Role::Institution | Role::Clerk => Some(Self::Institution),
            Role::Merchant => Some(Self::Merchant),
            Role::Verifier => Some(Self::Verifier),
            _ => None,
        }
    }

    /// Whether it may read a printed card, which anybody may have copied: staff who see the person.
    pub const fn reads_cards(self) -> bool {
        matches!(self, Self::Counter | Self::Institution)
    }
}

/// A text that is no code and no card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a learning code")]
pub struct NotACode;

impl Code {
    /// The bytes that its MAC is over.
    pub fn signed_part(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CODE_BYTES);
        bytes.push(self.life.version());
        bytes.extend(self.pairwise);
        bytes.extend(self.step.to_be_bytes());
        bytes
    }

    /// Its text: 44 characters.
    pub fn encode(&self) -> String {
        let mut bytes = self.signed_part();
        bytes.extend(self.mac);
        base45(&bytes)
    }

    /// Reads a text of that form.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let bytes: [u8; CODE_BYTES] = unbase45(text)?.try_into().map_err(|_| NotACode)?;
        let [version, rest @ ..] = bytes;
        let (pairwise, rest) = rest.split_first_chunk().ok_or(NotACode)?;
        let (step, mac) = rest.split_first_chunk().ok_or(NotACode)?;
        Ok(Self {
            life: Life::of(version).ok_or(NotACode)?,
            pairwise: *pairwise,
            step: u32::from_be_bytes(*step),
            mac: mac.try_into().map_err(|_| NotACode)?,
        })
    }

    /// Whether it still counts at `now_ms`: in its own step and the next, so that nobody has to hurry.
    pub fn is_open_at(&self, now_ms: i64) -> bool {
        self.life
            .step_at(now_ms)
            .is_some_and(|now| now == self.step || now.checked_sub(1) == Some(self.step))
    }
}

/// A printed card: a random number and a check against misreading. It names nobody by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card(pub [u8; ID_BYTES]);

impl Card {
    fn check(self) -> [u8; 2] {
        let Digest([a, b, ..]) = Digest::of_parts(&[b"xuefen-card-v1\0", &self.0]);
        [a, b]
    }

    /// Its text: 27 characters.
    pub fn encode(self) -> String {
        base45(&[self.0.as_slice(), &self.check()].concat())
    }

    /// Reads a text of that form whose check fits.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let bytes: [u8; CARD_BYTES] = unbase45(text)?.try_into().map_err(|_| NotACode)?;
        let (number, check) = bytes.split_first_chunk().ok_or(NotACode)?;
        let card = Self(*number);
        if card.check() == check {
            Ok(card)
        } else {
            Err(NotACode)
        }
    }
}

/// Base45 (RFC 9285): two bytes become three characters, a last one two.
fn base45(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    for pair in bytes.chunks(2) {
        let mut value = pair
            .iter()
            .fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        for _character in 0..=pair.len() {
            let digit = ALPHABET.get((value % 45) as usize).copied();
            text.push(char::from(digit.unwrap_or(b'0')));
            value /= 45;
        }
    }
    text
}

/// Reads base45; a group that stands for more than its bytes hold is refused.
fn unbase45(text: &str) -> Result<Vec<u8>, NotACode> {
    let mut bytes = Vec::with_capacity(text.len());
    for group in text.as_bytes().chunks(3) {
        let mut value = 0_u32;
        for character in group.iter().rev() {
            let digit = ALPHABET.iter().position(|it| it == character);
            let digit = digit
                .and_then(|it| u32::try_from(it).ok())
                .ok_or(NotACode)?;
            value = value * 45 + digit;
        }
        match group.len() {
            3 => bytes.extend(u16::try_from(value).map_err(|_| NotACode)?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).map_err(|_| NotACode)?),
            _ => return Err(NotACode),
        }
    }
    Ok(bytes)
}
