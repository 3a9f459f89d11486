//! Every reason a door can give, each brought about once, over HTTP wherever a request can reach it.

mod access;
mod assertions;
mod credentials;
mod doors;
mod identity;
mod institutions;
mod own_merges;
mod passkeys;
mod rules;
mod splits;
mod unreachable;
mod words;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use api::problem::Reason;
use tests::support::server::{Answer, Stand};

/// The reasons met so far in one test.
#[derive(Default)]
struct Met(Mutex<BTreeSet<Reason>>);

impl Met {
    /// `answer` must be a problem for `reason`, complete in its form.
    #[track_caller]
    fn refused(&self, answer: &Answer, reason: Reason) {
        let body = answer.refused(reason.status().as_u16(), reason.slug());
        assert_eq!(body["code"], reason.code());
        assert_eq!(body["request_id"], answer.header("x-request-id"), "{body}");
        assert_eq!(answer.header("content-language"), "zh-CN");
        assert_eq!(body["title"], api::problem::texts::of(reason).title_zh);
        if reason.status().is_server_error() {
            assert!(
                body.get("detail").is_none() && body.get("errors").is_none(),
                "{body}"
            );
        }
        in_chinese(&body);
        if reason.status().as_u16() == 503 {
            assert_ne!(answer.header("retry-after"), "");
        }
        if reason.status().as_u16() == 401 {
            assert_eq!(answer.header("www-authenticate"), reason.challenge());
        }
        self.saw(reason);
    }

    /// A reason that is told of a member of a batch, never of a request.
    fn saw(&self, reason: Reason) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(reason);
    }
}

/// Every sentence of a problem's body that is there has Chinese words.
#[track_caller]
fn in_chinese(body: &serde_json::Value) {
    let faults = body["errors"].as_array().into_iter().flatten();
    for detail in faults.chain([body]).filter_map(|it| it["detail"].as_str()) {
        assert!(
            detail
                .chars()
                .any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
            "{body}"
        );
    }
}

#[test]
fn every_reason_is_met() {
    // A refusal would reach people with the wrong status, the wrong words, or our own error text.
    let met = Met::default();
    let stand = Stand::open();
    assertions::all(&stand, &met);
    rules::all(&stand, &met);
    doors::all(&stand, &met);
    credentials::all(&stand, &met);
    identity::all(&stand, &met);
    access::all(&stand, &met);
    institutions::all(&stand, &met);
    own_merges::all(&met);
    passkeys::all(&met);
    unreachable::all(&met);
    let met = met.0.into_inner().unwrap();
    let left: Vec<_> = Reason::ALL
        .iter()
        .filter(|reason| !met.contains(reason))
        .collect();
    assert!(left.is_empty(), "never met: {left:?}");
}
