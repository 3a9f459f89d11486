//! What happens to an app while something else does.

use std::sync::Arc;

use api::sign_in::native::AT_ONCE;
use ledger::clock::Clock;
use tests::support::browser::Browser;
use tests::support::gated_side::GatedSide;
use tests::support::native::{NativeApp, REDIRECT};

use super::super::machines::error;
use super::Here;

/// A gate between signing in and its store.
fn gated(here: &mut Here) -> GatedSide {
    let clock: Arc<dyn Clock> = Arc::clone(&here.stand.clock) as _;
    let mut gate = None;
    here.stand
        .reopen(|_| (), |app| gate = Some(GatedSide::under(app, &clock)));
    gate.unwrap()
}

#[test]
fn who_signs_out_everywhere_at_that_moment_lets_no_app_in() {
    // A thief's app would stay in for a month after its owner had signed out everywhere, and was told so.
    let mut here = Here::open();
    let gate = gated(&mut here);
    let (stand, app) = (&here.stand, NativeApp::default());
    let code = app.code(stand, &here.browser());
    let (open, person) = (Arc::clone(&stand.app), here.person);
    // Behind the look at the session that let the app in, ahead of the write that begins its own.
    gate.ahead_of_the_next_write(move || {
        assert_eq!(open.sign_in.sessions.end_all(person, None).unwrap(), 1);
    });
    error(&app.exchange(stand, &code), 400, "invalid_grant");
    assert!(stand.app.sign_in.sessions.of(person).unwrap().is_empty());
    // The code is used up, whoever signs in again.
    let browser = here.browser();
    error(&app.exchange(stand, &code), 400, "invalid_grant");
    let (access, _) = app.sign_in(stand, &browser);
    app.get(stand, &access, &here.own()).is(200);
}

#[test]
fn a_flood_of_apps_that_ask_holds_up_nobody_else() {
    // Anybody could keep every thread waiting for the disk, and nobody would be signed in or read a record.
    let mut here = Here::open();
    let gate = gated(&mut here);
    let (stand, address) = (&here.stand, NativeApp::default().address(REDIRECT, ""));
    let rows = || {
        let kept = stand.app.side.scan("app-request", &[], None, 1_000);
        kept.unwrap().len()
    };
    let ask = || Browser::default().get(stand, &address);
    std::thread::scope(|scope| {
        let closed = gate.close(AT_ONCE);
        let asking: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(ask)).collect();
        assert_eq!(gate.waiting(AT_ONCE), AT_ONCE);
        ask().refused(503, "too-busy");
        // Whoever wants something else is served meanwhile.
        stand.get(&stand.registrar.token, &here.own()).is(200);
        drop(closed);
        for answer in asking {
            assert_eq!(answer.join().unwrap().status, 303);
        }
    });
    // Nothing is kept of who was sent away, or asked wrongly.
    assert_eq!(rows(), AT_ONCE);
    Browser::default().get(stand, &address.replace("S256", "plain"));
    Browser::default().get(stand, &address.replace("xuefen-phone", "nobody"));
    assert_eq!(rows(), AT_ONCE);
    assert_eq!(ask().status, 303);
}
