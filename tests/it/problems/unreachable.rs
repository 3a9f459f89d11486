//! Reasons that no request to this program can bring about today: their refusals are turned into
//! problems here, by the same conversions that the doors use.

use api::idempotency::IdempotencyError;
use api::keystore::KeyStoreError;
use api::problem::{Language, Problem, Reason};
use api::token::TokenError;
use api::vault::VaultError;
use credentials::account::outcome::FieldError;
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::credential::issue::IssueError;
use credentials::rulebook::Refusal;
use credentials::rulebook::open_log::OpenLogError;
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::institution::activate_key::ActivateKeyError;
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::new_key::NewKeyError;
use identity::institution::reaffirm_history::ReaffirmHistoryError;
use identity::institution::retire_key::RetireKeyError;
use identity::institution::rotate_key::RotateKeyError;
use identity::institution::settle_entries::SettleEntriesError;
use ledger::execute::{ExecuteError, Refused, Unavailable};
use ledger::side::SideError;

use super::{Met, in_chinese};

fn full() -> SideError {
    SideError::Full("no room".into())
}

#[expect(clippy::too_many_lines, reason = "one list")]
pub(super) fn all(met: &Met) {
    let rejected = |refusal: Refusal| Problem::from(ExecuteError::Rejected(refusal));
    let unavailable = |unavailable| Problem::from(ExecuteError::<Refusal>::from(unavailable));
    let cases: Vec<(&str, Problem, Reason)> = vec![
        // Its assertion alone may have 65,000 bytes, and no kind's facts add the rest to that.
        (
            "no kind is large enough",
            Refused::TooLarge(65_536).into(),
            Reason::CommitTooLarge,
        ),
        // Only assertion keys of admitted parties are found by their names.
        (
            "key-unknown comes first",
            rejected(Refusal::Ask(AskError::KeyUse("k".into()))),
            Reason::KeyWrongUse,
        ),
        (
            "key-unknown comes first",
            rejected(Refusal::Ask(AskError::SignerUnknown("k".into()))),
            Reason::SignerUnknown,
        ),
        (
            "key-unknown comes first",
            rejected(Refusal::Ask(AskError::NotAdmitted(IssuerNumber(9)))),
            Reason::InstitutionNotAdmitted,
        ),
        // Every log adopts a policy in its first commit, and a first commit is made once.
        (
            "genesis adopts one",
            rejected(Refusal::OpenLog(OpenLogError::PolicyUnknown("p".into(), 1))),
            Reason::PolicyNotInForce,
        ),
        (
            "genesis comes once",
            rejected(Refusal::OpenLog(OpenLogError::NotFirst)),
            Reason::LogAlreadyOpen,
        ),
        (
            "genesis comes once",
            rejected(Refusal::OpenLog(OpenLogError::Keys)),
            Reason::GenesisInvalid,
        ),
        // The policy shipped has a rate of hours.
        (
            "the policy has a rate",
            rejected(Refusal::RecordOutcome(RecordOutcomeError::Field(
                FieldError::NoRate,
            ))),
            Reason::NoRate,
        ),
        // A thousand keys take longer than the answer is worth; the rule has its own test.
        (
            "a thousand keys",
            rejected(Refusal::ActivateKey(ActivateKeyError::TooMany)),
            Reason::TooManyKeys,
        ),
        // No kind adopts another policy yet.
        (
            "one policy is adopted, once",
            Problem::of(Reason::ImportPolicyChanged)
                .detail(("预检依据第 1 版", "checked by version 1")),
            Reason::ImportPolicyChanged,
        ),
        // A disk that is full or answers late is the store tests' business; here, what they become.
        (
            "needs a full disk",
            unavailable(Unavailable::DiskFull),
            Reason::DiskFull,
        ),
        (
            "needs a failed sync",
            unavailable(Unavailable::Unknown),
            Reason::WriteUnknown,
        ),
        (
            "needs a full disk under the side store",
            Problem::from(full()),
            Reason::DiskFull,
        ),
        (
            "needs a full disk under the vault",
            Problem::from(VaultError::Side(full())),
            Reason::DiskFull,
        ),
        (
            "needs a full disk under the tokens",
            Problem::from(TokenError::Side(full())),
            Reason::DiskFull,
        ),
        (
            "needs a full disk under the keys",
            Problem::from(KeyStoreError::Side(full())),
            Reason::DiskFull,
        ),
        (
            "needs a full disk under the kept answers",
            Problem::from(IdempotencyError::Side(SideError::Io(
                std::io::ErrorKind::StorageFull.into(),
            ))),
            Reason::DiskFull,
        ),
        // No door erases yet: the reason is kept for the one that will.
        (
            "no door erases yet",
            Problem::of(Reason::Erased),
            Reason::Erased,
        ),
    ];
    for (why, problem, reason) in cases.into_iter().chain(keys()) {
        hold(met, why, &problem, reason);
    }
}

/// Refusals about keys that an institution keeps: its own tools send what passes, and the rules have
/// their tests.
fn keys() -> Vec<(&'static str, Problem, Reason)> {
    let rejected = |refusal: Refusal| Problem::from(ExecuteError::Rejected(refusal));
    let new = |error| rejected(RotateKeyError::Key(error).into());
    let floor = |error: ReaffirmHistoryError| rejected(error.into());
    let settle = |error: SettleEntriesError| rejected(error.into());
    let cut = |error: CompromiseKeyError| rejected(error.into());
    let why = "keys kept apart";
    let kept = RetireKeyError::KeptApart("ack-1".into());
    let pledged = ActivateKeyError::Pledged("key-1".into());
    let (not_yet, disputed) = (
        SettleEntriesError::NotSeen { last: 9, size: 9 },
        SettleEntriesError::NotDisputed { from: 1, to: 2 },
    );
    vec![
        (why, new(NewKeyError::Possession), Reason::KeyPossession),
        (why, new(NewKeyError::NotOwn), Reason::KeyNotOwn),
        (
            why,
            new(NewKeyError::NotPledged("key-1".into())),
            Reason::KeyNotPledged,
        ),
        (why, rejected(pledged.into()), Reason::KeyPledged),
        (why, rejected(kept.into()), Reason::KeyKeptApart),
        (
            why,
            cut(CompromiseKeyError::OwnKey),
            Reason::RecoveryKeyItself,
        ),
        (why, cut(CompromiseKeyError::Ahead(9)), Reason::CutOffAhead),
        (
            why,
            cut(CompromiseKeyError::BelowFloor { floor: 9 }),
            Reason::CutOffBelowFloor,
        ),
        (
            why,
            cut(CompromiseKeyError::NotEarlier { not_valid_after: 9 }),
            Reason::CutOffNotEarlier,
        ),
        (why, settle(not_yet), Reason::PositionNotSeen),
        (
            why,
            floor(ReaffirmHistoryError::NotHigher(9)),
            Reason::FloorNotHigher,
        ),
        (
            why,
            floor(ReaffirmHistoryError::Except),
            Reason::ExceptInvalid,
        ),
        (
            why,
            settle(SettleEntriesError::Ranges),
            Reason::RangesInvalid,
        ),
        (why, settle(disputed), Reason::NotDisputed),
        (
            why,
            settle(SettleEntriesError::KeyNotFit("key-1".into())),
            Reason::SettlingKeyNotFit,
        ),
        (why, settle(SettleEntriesError::Seal), Reason::SealInvalid),
        (why, Problem::of(Reason::RootFalse), Reason::RootFalse),
        (
            why,
            rejected(IssueError::OutcomeDisputed.into()),
            Reason::OutcomeDisputed,
        ),
    ]
}

/// The problem must be for `reason`, complete in its form.
pub(super) fn hold(met: &Met, why: &str, problem: &Problem, reason: Reason) {
    assert_eq!(problem.reason, reason, "{why}");
    let body = serde_json::to_value(problem.body(Language::Zh, Some("r".into()))).unwrap();
    assert_eq!(body["type"], format!("/problems/{}", reason.slug()));
    assert_eq!(body["status"], reason.status().as_u16());
    in_chinese(&body);
    met.0.lock().unwrap().insert(reason);
}
