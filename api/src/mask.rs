//! What a reader without need sees of a personal value (SECURITY §8).

/// 王晓明 → 王\*明; two characters: 王\*; Latin names: the first letter.
pub fn name(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    match chars.as_slice() {
        [] => String::new(),
        [only] => only.to_string(),
        [first, _] => format!("{first}*"),
        [first, middle @ .., last] => format!("{first}{}{last}", "*".repeat(middle.len())),
    }
}

/// First one and last two characters: more would leave few candidates.
pub fn number(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    match chars.as_slice() {
        [first, middle @ .., a, b] if !middle.is_empty() => {
            format!("{first}{}{a}{b}", "*".repeat(middle.len()))
        }
        short => "*".repeat(short.len()),
    }
}
