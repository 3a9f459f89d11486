//! Bytes as decimal digits, for the numeric segment of a QR code (STANDARDS §9): 7 bytes are 17 digits.
//!
//! Invariant: one text for one byte string; any other text is refused.

/// Bytes and digits of a full group.
const GROUP: (usize, usize) = (7, 17);
/// Digits of a tail of 1 to 6 bytes.
const TAILS: [usize; 6] = [3, 5, 8, 10, 13, 15];

/// The digits of `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() / GROUP.0 * GROUP.1 + GROUP.1);
    for chunk in bytes.chunks(GROUP.0) {
        let value = chunk
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        // A full group is beyond the tails.
        let width = TAILS.get(chunk.len() - 1).copied().unwrap_or(GROUP.1);
        let text = value.to_string();
        digits.extend(std::iter::repeat_n('0', width.saturating_sub(text.len())));
        digits.push_str(&text);
    }
    digits
}

/// The bytes of `digits`; `None` unless [`encode`] gives these very digits for them.
pub fn decode(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let mut rest = digits;
    while !rest.is_empty() {
        let (group, behind) = rest.split_at(GROUP.1.min(rest.len()));
        let count = if group.len() == GROUP.1 {
            GROUP.0
        } else {
            TAILS.iter().position(|tail| *tail == group.len())? + 1
        };
        let value: u64 = group.parse().ok()?;
        if value >> (8 * count) != 0 {
            return None;
        }
        bytes.extend(value.to_be_bytes().get(8 - count..)?);
        rest = behind;
    }
    Some(bytes)
}
