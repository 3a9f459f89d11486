//! Bundles offered to somebody who holds one: which of them take its place.

use credentials::trust::Bundle;
use identity::institution::KeyUse;
use tests::support::issuing::{named, signed_by, text_of};

use super::{
    NEXT, Offer, REGISTRAR, bundle, form, made, newer, not_newer, of_key, signature, with_next,
};

pub(super) fn followed() -> Vec<Offer> {
    let held = || made(with_next);
    let offer = |name: &str, held: String, offered: String, wrong| Offer {
        name: format!("follow/{name}"),
        held: Some(held),
        offered,
        wrong,
    };
    let by = |kid: &str, key: &str, change: fn(&mut Bundle)| {
        let mut bundle = bundle();
        newer(&mut bundle);
        change(&mut bundle);
        text_of(&signed_by(&bundle, kid, &named(key)))
    };
    let update = |change: fn(&mut Bundle)| by(REGISTRAR, "registrar", change);
    let next = |change: fn(&mut Bundle)| by(NEXT, "next registrar", change);
    let plain = made(|_| {});
    vec![
        offer("newer", held(), update(|_| {}), None),
        offer("version alone", held(), update(|it| it.position -= 1), None),
        offer(
            "many versions",
            held(),
            update(|it| it.version = 4_100),
            None,
        ),
        offer("by the next key, held", held(), next(with_next), None),
        offer(
            "by the next key, not held",
            plain.clone(),
            next(with_next),
            Some(of_key),
        ),
        offer(
            "introducing the next key",
            plain.clone(),
            update(with_next),
            None,
        ),
        offer(
            "other log key",
            plain.clone(),
            update(|it| it.log.key = named("x").public()),
            None,
        ),
        offer(
            "retired in the held one",
            made(|it| {
                with_next(it);
                it.issuers[0].keys[1].retired = Some(5);
            }),
            next(with_next),
            Some(of_key),
        ),
        offer(
            "same name, other key",
            made(|it| {
                with_next(it);
                it.issuers[0].keys[1].key = named("x").public();
            }),
            next(with_next),
            Some(of_key),
        ),
        offer(
            "held for another use",
            made(|it| {
                with_next(it);
                it.issuers[0].keys[1].r#use = KeyUse::Recovery;
            }),
            next(with_next),
            Some(of_key),
        ),
        offer(
            "same version",
            held(),
            update(|it| it.version -= 1),
            Some(not_newer),
        ),
        offer(
            "older version",
            held(),
            update(|it| it.version = 40),
            Some(not_newer),
        ),
        offer(
            "rolled back",
            held(),
            update(|it| it.position = 777_499),
            Some(not_newer),
        ),
        offer(
            "other log",
            held(),
            update(|it| it.log.origin = "xf.example.org/log/2".into()),
            Some(not_newer),
        ),
        offer(
            "forged",
            held(),
            update(|_| {}).replace("示例大学", "假大学"),
            Some(signature),
        ),
        offer("not a bundle", held(), "{}".into(), Some(form)),
    ]
}
