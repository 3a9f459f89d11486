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

/// 138\*\*\*\*5678: the first three and last four.
pub fn phone(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    let hidden = chars.len().saturating_sub(7);
    let shown = |(at, c): (usize, &char)| {
        if hidden == 0 || (3..3 + hidden).contains(&at) {
            '*'
        } else {
            *c
        }
    };
    chars.iter().enumerate().map(shown).collect()
}

/// w\*\*\*@example.org: the first letter and the domain.
pub fn email(address: &str) -> String {
    let Some((name, domain)) = address.split_once('@') else {
        return "*".repeat(address.chars().count());
    };
    let first = name.chars().next().map(String::from).unwrap_or_default();
    format!("{first}***@{domain}")
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
