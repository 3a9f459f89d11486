//! The form of learning codes and cards: base45, lengths, windows.

use identity::code::{Card, Code, Life, NotACode};
use proptest::prelude::*;

fn code() -> impl Strategy<Value = Code> {
    (
        any::<bool>(),
        any::<[u8; 16]>(),
        any::<u32>(),
        any::<[u8; 8]>(),
    )
        .prop_map(|(elder, pairwise, step, mac)| Code {
            life: if elder { Life::Elder } else { Life::Usual },
            pairwise,
            step,
            mac,
        })
}

proptest! {
    /// A code that was shown would not be read, or another one would.
    #[test]
    fn what_is_written_is_read(code in code(), number in any::<[u8; 16]>()) {
        let text = code.encode();
        prop_assert_eq!(text.len(), 44);
        prop_assert_eq!(Code::parse(&text), Ok(code));
        let card = Card(number).encode();
        prop_assert_eq!(card.len(), 27);
        prop_assert_eq!(Card::parse(&card), Ok(Card(number)));
        prop_assert_eq!(Code::parse(&card), Err(NotACode));
        prop_assert_eq!(Card::parse(&text), Err(NotACode));
    }

    /// A scanner that is handed anything at all would stop.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        if let Ok(code) = Code::parse(&text) {
            prop_assert_eq!(code.encode(), text);
        } else if let Ok(card) = Card::parse(&text) {
            prop_assert_eq!(card.encode(), text);
        }
    }

    /// A window would be open longer than two lives, or shorter than one.
    #[test]
    fn a_code_counts_for_one_to_two_lives(shown_ms in 0_i64..4_000_000_000_000, after_ms in 0_i64..800_000, mut code in code()) {
        code.step = code.life.step_at(shown_ms).unwrap();
        let life_ms = code.life.seconds() * 1_000;
        let open = code.is_open_at(shown_ms + after_ms);
        if after_ms <= life_ms {
            prop_assert!(open);
        }
        if after_ms >= 2 * life_ms {
            prop_assert!(!open);
        }
    }
}

#[test]
fn the_alphabet_is_that_of_rfc_9285() {
    // Other people's readers would see other bytes: "AB" is BB8 there, and 18 zero bytes 27 zeros.
    let code = Code {
        life: Life::Usual,
        pairwise: [0x41; 16],
        step: 0x4242_4242,
        mac: [0x43; 8],
    };
    let text = code.encode();
    // 01 41 -> 321 = 6 + 45*7; 41 41 -> 16705 = 10 + 45*(11 + 45*8); the last byte alone: 43 -> 67 = 22 + 45.
    assert_eq!(&text[..6], "670AB8");
    assert_eq!(&text[42..], "M1");
    assert_eq!(Code::parse("lower case"), Err(NotACode));
    assert_eq!(
        Card::parse(&":".repeat(27)),
        Err(NotACode),
        "more than two bytes hold"
    );
}
