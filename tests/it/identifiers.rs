//! Outside numbers: the published samples, and what our own code promises.

use identity::identifier::verification_code::{NotACode, VerificationCode};
use identity::identifier::{
    Checked, IdentifierType, Malformed, Warning, credit_code, enrolment_number, foreign, name,
    old_resident_id, organisation_code, resident_id, school_code,
};
use proptest::prelude::*;

const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

#[expect(clippy::unnecessary_wraps, reason = "compared with results")]
fn checked(normalised: &str, finding: Option<Warning>) -> Result<Checked, Malformed> {
    Ok(Checked {
        normalised: normalised.into(),
        finding,
    })
}

#[test]
fn resident_ids_of_the_standard_check() {
    // A right ID would be doubted at every counter, or a wrong one taken without a word.
    for good in [
        "11010519491231002X",
        "440524188001010014",
        "34052419800101001X",
    ] {
        assert_eq!(resident_id::check(good), checked(good, None));
    }
    let bad = "110105194912310021";
    assert_eq!(
        resident_id::check(bad),
        checked(bad, Some(Warning::CheckDigit))
    );
    assert_eq!(
        resident_id::birth_date(bad),
        Some(jiff::civil::date(1949, 12, 31))
    );
}

#[test]
fn spellings_of_one_resident_id_are_one_number() {
    // One person typed in full width, with spaces or a small x would get two accounts.
    for text in [
        "11010519491231002x",
        " 110105 19491231 002X\n",
        "１１０１０５１９４９１２３１００２Ｘ",
        "\u{feff}11010519491231002X",
    ] {
        assert_eq!(
            resident_id::check(text),
            checked("11010519491231002X", None),
            "{text:?}"
        );
    }
}

#[test]
fn shapes_that_are_no_resident_id_are_errors() {
    // A phone number or a damaged cell would be kept as somebody's ID.
    let length = |found| {
        Err(Malformed::Length {
            expected: "18 or 15",
            found,
        })
    };
    assert_eq!(resident_id::check(""), length(0));
    assert_eq!(resident_id::check("1101051949123100"), length(16));
    assert_eq!(resident_id::check("11010519491231002X1"), length(19));
    assert_eq!(resident_id::check(&"1".repeat(10_000)), length(10_000));
    assert_eq!(
        resident_id::check("1101051949123100X2"),
        Err(Malformed::Alphabet { place: 17 })
    );
    assert_eq!(
        resident_id::check("11010519491231002Y"),
        Err(Malformed::Alphabet { place: 18 })
    );
    assert_eq!(
        resident_id::check("1101051949123100２X"),
        checked("11010519491231002X", None)
    );
    for damaged in ["1.10105E+17", "1E+17", "1.1e+17"] {
        assert_eq!(
            resident_id::check(damaged),
            Err(Malformed::Spreadsheet),
            "{damaged}"
        );
    }
}

#[test]
fn a_birth_date_that_never_was_is_doubted() {
    // An ID with 30 February would pass as proof of age.
    let body = "11010519490230002";
    let number = format!("{body}{}", resident_id::check_character(body).unwrap());
    assert_eq!(
        resident_id::check(&number),
        checked(&number, Some(Warning::BirthDate))
    );
    assert_eq!(resident_id::birth_date(&number), None);
}

#[test]
fn old_ids_are_completed_to_the_new_form() {
    // A learner who still shows the old card would not be found again under the new one.
    let expected = checked("11010519491231002X", Some(Warning::OldForm));
    assert_eq!(old_resident_id::check("110105491231002"), expected);
    assert_eq!(resident_id::check("110105 491231 002"), expected);
    assert_eq!(
        old_resident_id::check("11010549123100X"),
        Err(Malformed::Alphabet { place: 15 })
    );
    assert_eq!(
        old_resident_id::check("1"),
        Err(Malformed::Length {
            expected: "15",
            found: 1
        })
    );
}

#[test]
fn credit_codes_follow_the_standard() {
    // An institution would be admitted under a code that is not its own, or kept out with a real one.
    assert_eq!(
        credit_code::check("91350100m000100y43"),
        checked("91350100M000100Y43", None)
    );
    for doubted in ["91350100M000100Y4Z", "91350211M0000XUF46"] {
        let expected = if doubted.ends_with('Z') {
            Err(Malformed::Alphabet { place: 18 })
        } else {
            checked(doubted, Some(Warning::CheckDigit))
        };
        assert_eq!(credit_code::check(doubted), expected);
    }
    assert_eq!(credit_code::check_character("91350211M0000XUF4"), Some('R'));
    for letter in ["I", "O", "Z", "S", "V"] {
        let text = format!("{letter}1350100M000100Y43");
        assert_eq!(
            credit_code::check(&text),
            Err(Malformed::Alphabet { place: 1 })
        );
    }
    assert_eq!(credit_code::check_character("91350100M000100Y4Z"), None);
}

#[test]
fn an_organisation_code_inside_a_credit_code_is_checked_too() {
    // A code made up around a valid last character would pass.
    let body = "91350100M000100Y5";
    let code = format!("{body}{}", credit_code::check_character(body).unwrap());
    assert_eq!(
        credit_code::check(&code),
        checked(&code, Some(Warning::OrganisationCode))
    );
}

#[test]
fn organisation_codes_follow_the_standard() {
    // The older number of an institution would not lead to it.
    for good in [
        "D2143569X",
        "71526726X",
        "799655058",
        "400010275",
        "M000100Y4",
    ] {
        assert_eq!(organisation_code::check(good), checked(good, None));
        let hyphen = format!("{}-{}", &good[..8], &good[8..]);
        assert_eq!(organisation_code::check(&hyphen), checked(good, None));
    }
    assert_eq!(
        organisation_code::check("D21435690"),
        checked("D21435690", Some(Warning::CheckDigit))
    );
    assert_eq!(
        organisation_code::check("D2143569A"),
        Err(Malformed::Alphabet { place: 9 })
    );
    assert_eq!(organisation_code::check_character("d2143569"), None);
}

#[test]
fn enrolment_numbers_of_three_sorts_are_read() {
    // Pupils without an ID (J), or whose number is temporary (L), would be shut out.
    let good = "G11010519491231002X";
    assert_eq!(
        enrolment_number::check(&good.to_lowercase()),
        checked(good, None)
    );
    let wrong = "G110105194912310021";
    assert_eq!(
        enrolment_number::check(wrong),
        checked(wrong, Some(Warning::CheckDigit))
    );
    assert_eq!(
        enrolment_number::check("J11010519491231002X"),
        checked("J11010519491231002X", None)
    );
    for digits in ["0000", "1234", "9999"] {
        let number = format!("L11010520150101{digits}");
        assert_eq!(enrolment_number::check(&number), checked(&number, None));
    }
    assert_eq!(
        enrolment_number::check("L11010520150101000X"),
        Err(Malformed::Alphabet { place: 19 })
    );
    assert_eq!(
        enrolment_number::check("K11010519491231002X"),
        Err(Malformed::Alphabet { place: 1 })
    );
    let no_day = "L110105201502300000";
    assert_eq!(
        enrolment_number::check(no_day),
        checked(no_day, Some(Warning::BirthDate))
    );
}

#[test]
fn school_codes_and_numbers_without_a_published_check_are_read_by_shape() {
    // The registry would refuse a real school, or take a text that can be no code.
    assert_eq!(
        school_code::check("4133010335"),
        checked("4133010335", None)
    );
    assert_eq!(
        school_code::check("4133110335"),
        checked("4133110335", Some(Warning::Serial))
    );
    assert_eq!(
        school_code::check("1133110335"),
        checked("1133110335", None)
    );
    assert_eq!(
        school_code::check("41330103X5"),
        Err(Malformed::Alphabet { place: 9 })
    );
    assert_eq!(
        foreign::chsi_code("123456789012"),
        checked("123456789012", None)
    );
    assert_eq!(
        foreign::chsi_code("A1B2C3D4E5F6G7H8"),
        checked("A1B2C3D4E5F6G7H8", None)
    );
    assert!(foreign::chsi_code("12345678901234").is_err());
    assert!(foreign::apaar("123456789012").is_ok());
    assert!(foreign::apaar("12345678901").is_err());
    assert!(foreign::education_person_code("G11010519491231002X").is_ok());
    assert_eq!(foreign::passport("e 1234 5678"), checked("E12345678", None));
    assert_eq!(
        foreign::passport("E12-45678"),
        Err(Malformed::Alphabet { place: 4 })
    );
    assert_eq!(
        foreign::institution_number("2023-a/7"),
        checked("2023-A/7", None)
    );
    assert!(foreign::institution_number("-7").is_err());
    assert!(foreign::institution_number(&"7".repeat(33)).is_err());
}

#[test]
fn identifier_types_keep_their_wire_names() {
    // Stored learners would come back with another kind of number than they were recorded with.
    let names = [
        "resident_id",
        "enrolment_number",
        "passport",
        "staff_number",
        "institution_card",
    ];
    for (kind, name) in IdentifierType::ALL.into_iter().zip(names) {
        assert_eq!(kind.as_str(), name);
        assert_eq!(name.parse(), Ok(kind));
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{name}\""));
    }
    assert!("ResidentId".parse::<IdentifierType>().is_err());
    assert_eq!(
        IdentifierType::EnrolmentNumber
            .check("G11010519491231002X")
            .unwrap()
            .finding,
        None
    );
}

#[test]
fn no_message_repeats_a_number() {
    // Logs would fill with people's numbers.
    let checked = resident_id::check("110105194912310021").unwrap();
    assert!(!format!("{checked:?}").contains("1949"), "{checked:?}");
    let error = resident_id::check("1101051949123100Q2").unwrap_err();
    assert!(!error.to_string().contains('Q') && !format!("{error:?}").contains("1949"));
}

#[test]
fn published_verification_codes_are_read() {
    // A code printed on a certificate could not be looked up.
    for good in ["7K2M9QPX4T0A8WCX", "ABCDEFGHJKLMNPQG"] {
        assert_eq!(VerificationCode::parse(good).unwrap().as_str(), good);
        let spoken = format!(
            "{}-{} {}-{}",
            &good[..4],
            &good[4..8],
            &good[8..12],
            good[12..].to_lowercase()
        );
        assert_eq!(VerificationCode::parse(&spoken).unwrap().as_str(), good);
    }
    assert_eq!(
        VerificationCode::parse("7K2M9QPX4T0A8WXC"),
        Err(NotACode::CheckDigit)
    );
    assert!(matches!(
        VerificationCode::parse("7K2M9QPX4T0A8WC"),
        Err(NotACode::Malformed(_))
    ));
    assert!(matches!(
        VerificationCode::parse("OK2M9QPX4T0A8WCX"),
        Err(NotACode::Malformed(_))
    ));
}

/// Every code that differs from `code` in one character or by a swap of neighbours.
fn slips(code: &str) -> Vec<String> {
    let letters: Vec<char> = code.chars().collect();
    let mut slips = Vec::new();
    for at in 0..letters.len() {
        for other in ALPHABET.chars().filter(|&c| c != letters[at]) {
            let mut wrong = letters.clone();
            wrong[at] = other;
            slips.push(wrong.iter().collect());
        }
        if at > 0 && letters[at] != letters[at - 1] {
            let mut wrong = letters.clone();
            wrong.swap(at, at - 1);
            slips.push(wrong.iter().collect());
        }
    }
    slips
}

#[test]
fn every_slip_of_the_samples_is_caught() {
    // A mistyped code would show another person's certificate.
    for good in ["7K2M9QPX4T0A8WCX", "ABCDEFGHJKLMNPQG"] {
        let slips = slips(good);
        assert!(slips.len() >= 16 * 30 + 14, "{}", slips.len());
        for slip in slips {
            assert_eq!(
                VerificationCode::parse(&slip),
                Err(NotACode::CheckDigit),
                "{slip}"
            );
        }
    }
}

/// The code of 15 characters, found by trying: the test has no arithmetic of its own.
fn complete(body: &[char]) -> String {
    let body: String = body.iter().collect();
    ALPHABET
        .chars()
        .map(|check| format!("{body}{check}"))
        .find(|code| VerificationCode::parse(code).is_ok())
        .unwrap_or_default()
}

#[test]
fn every_pair_at_every_place_is_told_from_its_swap() {
    // The promise would hold for our samples and break on the codes that are printed.
    for place in 0..15 {
        for a in ALPHABET.chars() {
            for b in ALPHABET.chars() {
                let mut body = ['0'; 15];
                body[place] = a;
                if place < 14 {
                    body[place + 1] = b;
                }
                let code = complete(&body);
                assert_eq!(code.len(), 16, "{body:?} has no check character");
                let mut swapped: Vec<char> = code.chars().collect();
                // At place 14 the neighbour is the check character itself.
                swapped.swap(place, place + 1);
                let swapped: String = swapped.into_iter().collect();
                assert_eq!(
                    VerificationCode::parse(&swapped).is_ok(),
                    swapped == code,
                    "{code}"
                );
                let mut mistyped: Vec<char> = code.chars().collect();
                mistyped[place] = b;
                let mistyped: String = mistyped.into_iter().collect();
                assert_eq!(
                    VerificationCode::parse(&mistyped).is_ok(),
                    mistyped == code,
                    "{code}"
                );
            }
        }
    }
}

#[test]
fn names_are_compared_as_the_handbook_says() {
    // Two systems' spellings of one person would open two accounts, or two people would share one.
    assert!(name::same("买买提·艾力", "买买提艾力"));
    assert!(name::same("买买提•艾力", "买买提 ・ 艾力"));
    assert!(name::same("Ｓａｂｂａ", "sabba"));
    assert!(!name::same("Sabba", "Saba"));
    assert!(name::same("陈\u{2cb4e}", "陈𬭎"));
    assert!(!name::same("林昇", "林升"));
    // A cedilla that stands alone decomposes into a space and its mark.
    assert!(name::same("C\u{b8}", "\u{e7}"));
}

proptest! {
    #[test]
    fn generated_codes_are_read_and_their_slips_are_not(random: [u8; 16]) {
        // Codes we print ourselves could be mistyped into one another.
        let code = VerificationCode::from_random(random);
        prop_assert_eq!(VerificationCode::parse(code.as_str()), Ok(code.clone()));
        for slip in slips(code.as_str()) {
            prop_assert_eq!(VerificationCode::parse(&slip), Err(NotACode::CheckDigit));
        }
    }

    #[test]
    fn one_wrong_digit_of_a_resident_id_is_found(body in "[0-9]{17}", place in 0_usize..17, add in 1_u8..10) {
        // A typing error would record an outcome under a stranger's number.
        let good = format!("{body}{}", resident_id::check_character(&body).unwrap());
        let mut wrong = good.into_bytes();
        wrong[place] = b'0' + (wrong[place] - b'0' + add) % 10;
        let wrong = String::from_utf8(wrong).unwrap();
        prop_assert_eq!(resident_id::check(&wrong).unwrap().finding, Some(Warning::CheckDigit));
    }

    #[test]
    fn checking_is_total_and_settles(text in "\\PC{0,24}") {
        // A strange cell would stop an import, or a number would change each time it is read.
        for kind in IdentifierType::ALL {
            if let Ok(checked) = kind.check(&text) {
                let again = kind.check(&checked.normalised).unwrap();
                prop_assert_eq!(&again.normalised, &checked.normalised);
            }
        }
        let comparable = name::comparable(&text);
        prop_assert_eq!(name::comparable(&comparable), comparable);
    }
}
