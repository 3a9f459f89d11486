//! Documents in which two things are wrong: the step that comes first names its own.

use serde_json::{Map, Value};

use super::Book;
use super::documents::{changed, proved, proved_of};

pub(super) fn add(book: &mut Book) {
    let title = |it: &mut Map<String, Value>| it["name"] = "高级急救".into();
    let undefined = |it: &mut Map<String, Value>| drop(it.insert("grade".into(), "A".into()));
    let unknown =
        |it: &mut Map<String, Value>| it["issuer"]["id"] = "did:web:xf.example.org:i:8".into();
    for (name, document, code) in [
        (
            "context-before-proof",
            changed(|it| {
                it["@context"][2] = "x".into();
                it.remove("proof");
            }),
            "E04",
        ),
        (
            "suite-before-members",
            proved(|it| {
                it["cryptosuite"] = "x".into();
                it.insert("nonce".into(), "x".into());
            }),
            "E04",
        ),
        (
            "members-of-the-proof-before-its-value",
            changed(|it| {
                it["proof"]["nonce"] = "x".into();
                it["proof"]["proofValue"] = "x".into();
            }),
            "E21",
        ),
        (
            "value-before-undefined-members",
            changed(|it| {
                undefined(it);
                it["proof"]["proofValue"] = "x".into();
            }),
            "E01",
        ),
        (
            "undefined-member-before-issuer",
            changed(|it| {
                undefined(it);
                unknown(it);
            }),
            "E21",
        ),
        (
            "undefined-member-before-signature",
            changed(undefined),
            "E21",
        ),
        ("issuer-before-signature", changed(unknown), "E10"),
        (
            "signature-before-model",
            changed(|it| {
                title(it);
                it["validFrom"] = "x".into();
            }),
            "E20",
        ),
        (
            "model-before-purpose",
            proved_of(
                |it| it["validFrom"] = "x".into(),
                |it| it["proofPurpose"] = "authentication".into(),
            ),
            "E03",
        ),
    ] {
        book.json(&format!("order/{name}"), document, (code, code));
    }
    let late = proved_of(
        |it| drop(it.insert("validUntil".into(), "2026-11-22T07:00:00Z".into())),
        |it| it["proofPurpose"] = "authentication".into(),
    );
    book.json("order/purpose-and-date", late, ("E22", "E22 E31 W40"));
}
