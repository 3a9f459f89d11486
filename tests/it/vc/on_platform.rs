//! The same pipeline where the ledger can be asked.

use credentials::verify::{self, Context, Registered, Report, Standing};
use identity::did::IssuerNumber;
use tests::support::issuing::{
    COLLEGE, INDEX, NOW_S, POSITION, UNIVERSITY, achievement, bundle, claims, code, key_of, list,
    text_of,
};

use super::cases::{positives, signed};

fn here(issuer: u32, position: u64, standing: Standing) -> Registered {
    Registered::Here {
        same: Some(true),
        issuer: IssuerNumber(issuer),
        position,
        standing,
    }
}

fn found(report: &Report) -> (&'static str, String) {
    let found: Vec<&str> = report.findings.iter().map(|it| it.code.as_str()).collect();
    (report.code, found.join(" "))
}

fn judged(value: &str, ledger: Registered) -> (&'static str, String) {
    let bundle = bundle();
    judged_under(&bundle, value, ledger)
}

fn judged_under(
    bundle: &credentials::trust::Bundle,
    value: &str,
    ledger: Registered,
) -> (&'static str, String) {
    let context = Context {
        bundle,
        lists: &[],
        ledger: Some(ledger),
        now_s: NOW_S,
    };
    found(&verify::any(value.as_bytes(), &context))
}

#[test]
fn the_ledger_takes_the_place_of_proof_and_lists() {
    // If this fails, the platform warns of a missing proof that it has itself.
    for value in positives() {
        let issued = here(UNIVERSITY, POSITION, Standing::Issued);
        assert_eq!(judged(&value, issued), ("OK", String::new()));
        for (standing, code) in [
            (Standing::Revoked, "E50"),
            (Standing::Suspended, "E52"),
            (Standing::Superseded, "E51"),
        ] {
            let said = judged(&value, here(UNIVERSITY, POSITION, standing));
            assert_eq!(said, (code, code.to_owned()));
        }
    }
}

#[test]
fn what_the_ledger_does_not_hold_is_not_valid() {
    // If this fails, whoever steals a credential key issues credentials that the platform confirms.
    for value in positives() {
        for ledger in [
            Registered::NotHere,
            here(UNIVERSITY, POSITION + 1, Standing::Issued),
            here(COLLEGE, POSITION, Standing::Issued),
        ] {
            assert_eq!(judged(&value, ledger), ("E41", "E41".to_owned()));
        }
        let gone = here(UNIVERSITY, POSITION + 1, Standing::Revoked);
        assert_eq!(judged(&value, gone), ("E41", "E41 E50".to_owned()));
    }
}

#[test]
fn the_ledgers_state_is_newer_than_any_list() {
    // If this fails, a credential that was reinstated stays stopped until the next list, or longer.
    let mut stale = bundle();
    let university = stale.issuers.iter_mut().find(|it| it.id.0 == UNIVERSITY);
    let lists = &mut university.unwrap().status;
    *lists = vec![list(UNIVERSITY, 1, lists[0].purpose, &[INDEX])];
    let issued = here(UNIVERSITY, POSITION, Standing::Issued);
    for value in positives() {
        assert_eq!(judged_under(&stale, &value, issued), ("OK", String::new()));
        let unknown = judged_under(&stale, &value, Registered::NotHere);
        assert_eq!(unknown.0, "E41", "no state of the ledger: the lists count");
        assert!(unknown.1.contains("E50"));
    }
    let mut statusless = claims();
    (statusless.status, statusless.leaf) = (None, None);
    let statusless = code(&statusless, None);
    assert_eq!(judged(&statusless, issued), ("OK", String::new()));
}

#[test]
fn a_receipt_is_still_checked_where_the_ledger_knows() {
    // If this fails, the platform shows a bent receipt as good, and offline it is refused.
    let mut receipt = tests::support::issuing::receipt();
    receipt.path.reverse();
    let value = code(&claims(), Some(&receipt));
    let issued = here(UNIVERSITY, POSITION, Standing::Issued);
    assert_eq!(judged(&value, issued), ("E41", "E41".to_owned()));
    receipt.checkpoint = b"no note".to_vec();
    let value = code(&claims(), Some(&receipt));
    assert_eq!(judged(&value, issued), ("E40", "E40".to_owned()));
}

#[test]
fn the_ledger_shows_inclusion_under_a_compromised_key() {
    // If this fails, every credential of an institution is lost when its key is stolen.
    let issued = here(UNIVERSITY, POSITION, Standing::Issued);
    for (cut, code) in [(POSITION, "OK"), (POSITION - 1, "E30")] {
        let mut stolen = bundle();
        key_of(&mut stolen, UNIVERSITY).not_valid_after = Some(cut);
        for value in positives() {
            assert_eq!(judged_under(&stolen, &value, issued).0, code);
            let unknown = judged_under(&stolen, &value, Registered::NotHere);
            assert_eq!(unknown, ("E41", "E12 E41".to_owned()));
            // Erased: nothing to compare it with, so nothing that clears it.
            let erased = Registered::Here {
                same: None,
                issuer: IssuerNumber(UNIVERSITY),
                position: POSITION,
                standing: Standing::Issued,
            };
            assert_eq!(judged_under(&stolen, &value, erased).0, "E12");
        }
    }
}

#[test]
fn an_unknown_status_stays_unknown() {
    // If this fails, a kind of status that only newer verifiers know is passed over.
    let mut document = achievement();
    document["credentialStatus"][0]["type"] = "1EdTechRevocationList".into();
    let value = text_of(&signed(document));
    let issued = here(UNIVERSITY, POSITION, Standing::Issued);
    assert_eq!(judged(&value, issued), ("E04", "E04".to_owned()));
}

#[test]
fn a_picture_without_a_code_says_so() {
    // If this fails, an empty photo looks like a forged credential.
    let bundle = bundle();
    let context = Context {
        bundle: &bundle,
        lists: &[],
        ledger: None,
        now_s: NOW_S,
    };
    let report = verify::no_code(&context);
    assert_eq!(found(&report), ("E00", "E00".to_owned()));
    assert_eq!((report.state, report.facts), ("Malformed", None));
}

#[test]
fn the_claimed_id_is_what_the_ledger_is_asked_for() {
    // If this fails, the platform looks up another credential than the one it was shown.
    let bundle = bundle();
    for value in positives() {
        assert_eq!(
            verify::claimed_id(value.as_bytes(), &bundle),
            Some(claims().id)
        );
    }
    for value in ["", "{}", "x", "{\"id\":7}", "https://xf.example.org/q#1000"] {
        assert_eq!(verify::claimed_id(value.as_bytes(), &bundle), None);
    }
}
