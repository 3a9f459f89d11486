//! Every reason a door can give, closed: its status is code, its words are `strings/problems.toml`.

use axum::http::StatusCode;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the words of each are in strings/problems.toml"
)]
pub enum Reason {
    AssertionMalformed,
    AlgorithmNotEnabled,
    PayloadNotCanonical,
    PayloadInvalid,
    AssertionTooLarge,
    ForeignLog,
    KeyUnknown,
    BadSignature,
    SeenUnknown,
    SeenTooOld,
    AtInFuture,
    IdReused,
    BatchInvalid,
    BatchRefused,
    AlreadySo,
    CommitTooLarge,
    KindUnknown,
    DataInvalid,
    SignerUnknown,
    InstitutionNotAdmitted,
    KeyNotActive,
    KeyWrongUse,
    KindNotYours,
    ActMissing,
    ActorNotAllowed,
    PolicyNotInForce,
    LogAlreadyOpen,
    GenesisInvalid,
    NumberNotNext,
    CodeTaken,
    CodeMissing,
    CodeMalformed,
    CheckDigit,
    NameInvalid,
    OfficersInvalid,
    ParentUnknown,
    KeyInvalid,
    KeyNotYours,
    KeyNameInvalid,
    KeyNameTaken,
    KeyTaken,
    KeyUseNotYours,
    TooManyKeys,
    KeyNotFound,
    LastKey,
    KeyPossession,
    KeyNotOwn,
    KeyNotPledged,
    KeyPledged,
    KeyKeptApart,
    RecoveryKeyItself,
    CutOffAhead,
    CutOffBelowFloor,
    CutOffNotEarlier,
    PositionNotSeen,
    FloorNotHigher,
    ExceptInvalid,
    RangesInvalid,
    NotDisputed,
    SettlingKeyNotFit,
    SealInvalid,
    RootFalse,
    LevelUnfit,
    OutcomeDisputed,
    OutcomeQuarantined,
    RoleScope,
    RolesCombined,
    RoleNotHeld,
    LastHolder,
    InstitutionUnknown,
    TargetMissing,
    ProposalUnknown,
    SamePerson,
    ApproverNotAllowed,
    ProposalRejected,
    ProposalCompleted,
    ProposalExpired,
    PersonNotRandom,
    PersonTaken,
    IdentifierTwice,
    ValuesDoNotFit,
    PersonUnknown,
    TooManyIdentifiers,
    OverrideNotYours,
    AwarderNotAuthorised,
    KindNotInScope,
    IdNotDerived,
    RecordInvalid,
    RecordIsIdentifier,
    CourseCodeInvalid,
    DateInFuture,
    DateTooOld,
    AmountMissing,
    AmountNotCounted,
    AmountAbsurd,
    LevelUnknown,
    NoRate,
    RecordDiffers,
    RecordRevoked,
    OutcomeUnknown,
    OutcomeNotYours,
    OutcomeRevoked,
    TargetNotCurrent,
    Precondition,
    NotSignedIn,
    TokenInvalid,
    LoaTooLow,
    StepUpNeeded,
    SignInStateInvalid,
    SignInRefused,
    ProviderUnreachable,
    LinkProofInvalid,
    LinkTaken,
    LinkUnknown,
    TooManyLinks,
    CsrfMissing,
    SessionOver,
    TokenNeedsProof,
    BearerOff,
    DpopProofInvalid,
    DpopNonceNeeded,
    PersonNeeded,
    NotAllowed,
    NotFound,
    MethodNotAllowed,
    BodyInvalid,
    BodyUnreadable,
    BodyTooLarge,
    MediaType,
    TooBusy,
    DiskFull,
    Stopping,
    WriteUnknown,
    ViewBehind,
    Timeout,
    Internal,
    SignItYourself,
    IdentifierTaken,
    IdentifierInvalid,
    DisclosureMalformed,
    DisclosureSalt,
    DisclosureNotErasable,
    DisclosureUnreferenced,
    DisclosureTwice,
    DisclosureMissing,
    SaltSeen,
    Erased,
    CodeInvalid,
    CodeExpired,
    CodeUsed,
    ScannerResting,
    ErasureInHand,
    MergeSame,
    PersonMerged,
    ResidentIdsDiffer,
    HoldsRoles,
    OwnAccount,
    MergeTooLarge,
    NotMerged,
    MergeUsed,
    AbsorbedFirst,
    NotSuspended,
    DeathNotRecorded,
    PersonBarred,
    ErasureInvalid,
    ErasureUnknown,
    ErasureNotDue,
    IdempotencyConflict,
    IdempotencyRunning,
    ImportFileInvalid,
    ImportPolicyChanged,
    ImportNotNow,
    ImportTooLarge,
    CredentialUnknown,
    ListUnknown,
    CredentialNotYours,
    CredentialEnded,
    CredentialNotSuspended,
    CredentialDisputed,
    CredentialIdTaken,
    CredentialKeyMissing,
    CredentialKeyNotFit,
    StatusIndexNotFree,
    OutcomeNotPassed,
    TitleMissing,
    SubjectInvalid,
    CredentialKeyNotKept,
    ImageUnreadable,
}

impl Reason {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::AssertionMalformed,
        Self::AlgorithmNotEnabled,
        Self::PayloadNotCanonical,
        Self::PayloadInvalid,
        Self::AssertionTooLarge,
        Self::ForeignLog,
        Self::KeyUnknown,
        Self::BadSignature,
        Self::SeenUnknown,
        Self::SeenTooOld,
        Self::AtInFuture,
        Self::IdReused,
        Self::BatchInvalid,
        Self::BatchRefused,
        Self::AlreadySo,
        Self::CommitTooLarge,
        Self::KindUnknown,
        Self::DataInvalid,
        Self::SignerUnknown,
        Self::InstitutionNotAdmitted,
        Self::KeyNotActive,
        Self::KeyWrongUse,
        Self::KindNotYours,
        Self::ActMissing,
        Self::ActorNotAllowed,
        Self::PolicyNotInForce,
        Self::LogAlreadyOpen,
        Self::GenesisInvalid,
        Self::NumberNotNext,
        Self::CodeTaken,
        Self::CodeMissing,
        Self::CodeMalformed,
        Self::CheckDigit,
        Self::NameInvalid,
        Self::OfficersInvalid,
        Self::ParentUnknown,
        Self::KeyInvalid,
        Self::KeyNotYours,
        Self::KeyNameInvalid,
        Self::KeyNameTaken,
        Self::KeyTaken,
        Self::KeyUseNotYours,
        Self::TooManyKeys,
        Self::KeyNotFound,
        Self::LastKey,
        Self::KeyPossession,
        Self::KeyNotOwn,
        Self::KeyNotPledged,
        Self::KeyPledged,
        Self::KeyKeptApart,
        Self::RecoveryKeyItself,
        Self::CutOffAhead,
        Self::CutOffBelowFloor,
        Self::CutOffNotEarlier,
        Self::PositionNotSeen,
        Self::FloorNotHigher,
        Self::ExceptInvalid,
        Self::RangesInvalid,
        Self::NotDisputed,
        Self::SettlingKeyNotFit,
        Self::SealInvalid,
        Self::RootFalse,
        Self::LevelUnfit,
        Self::OutcomeDisputed,
        Self::OutcomeQuarantined,
        Self::RoleScope,
        Self::RolesCombined,
        Self::RoleNotHeld,
        Self::LastHolder,
        Self::InstitutionUnknown,
        Self::TargetMissing,
        Self::ProposalUnknown,
        Self::SamePerson,
        Self::ApproverNotAllowed,
        Self::ProposalRejected,
        Self::ProposalCompleted,
        Self::ProposalExpired,
        Self::PersonNotRandom,
        Self::PersonTaken,
        Self::IdentifierTwice,
        Self::ValuesDoNotFit,
        Self::PersonUnknown,
        Self::TooManyIdentifiers,
        Self::OverrideNotYours,
        Self::AwarderNotAuthorised,
        Self::KindNotInScope,
        Self::IdNotDerived,
        Self::RecordInvalid,
        Self::RecordIsIdentifier,
        Self::CourseCodeInvalid,
        Self::DateInFuture,
        Self::DateTooOld,
        Self::AmountMissing,
        Self::AmountNotCounted,
        Self::AmountAbsurd,
        Self::LevelUnknown,
        Self::NoRate,
        Self::RecordDiffers,
        Self::RecordRevoked,
        Self::OutcomeUnknown,
        Self::OutcomeNotYours,
        Self::OutcomeRevoked,
        Self::TargetNotCurrent,
        Self::Precondition,
        Self::NotSignedIn,
        Self::TokenInvalid,
        Self::LoaTooLow,
        Self::StepUpNeeded,
        Self::SignInStateInvalid,
        Self::SignInRefused,
        Self::ProviderUnreachable,
        Self::LinkProofInvalid,
        Self::LinkTaken,
        Self::LinkUnknown,
        Self::TooManyLinks,
        Self::CsrfMissing,
        Self::SessionOver,
        Self::TokenNeedsProof,
        Self::BearerOff,
        Self::DpopProofInvalid,
        Self::DpopNonceNeeded,
        Self::PersonNeeded,
        Self::NotAllowed,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyInvalid,
        Self::BodyUnreadable,
        Self::BodyTooLarge,
        Self::MediaType,
        Self::TooBusy,
        Self::DiskFull,
        Self::Stopping,
        Self::WriteUnknown,
        Self::ViewBehind,
        Self::Timeout,
        Self::Internal,
        Self::SignItYourself,
        Self::IdentifierTaken,
        Self::IdentifierInvalid,
        Self::DisclosureMalformed,
        Self::DisclosureSalt,
        Self::DisclosureNotErasable,
        Self::DisclosureUnreferenced,
        Self::DisclosureTwice,
        Self::DisclosureMissing,
        Self::SaltSeen,
        Self::Erased,
        Self::CodeInvalid,
        Self::CodeExpired,
        Self::CodeUsed,
        Self::ScannerResting,
        Self::ErasureInHand,
        Self::MergeSame,
        Self::PersonMerged,
        Self::ResidentIdsDiffer,
        Self::HoldsRoles,
        Self::OwnAccount,
        Self::MergeTooLarge,
        Self::NotMerged,
        Self::MergeUsed,
        Self::AbsorbedFirst,
        Self::NotSuspended,
        Self::DeathNotRecorded,
        Self::PersonBarred,
        Self::ErasureInvalid,
        Self::ErasureUnknown,
        Self::ErasureNotDue,
        Self::IdempotencyConflict,
        Self::IdempotencyRunning,
        Self::ImportFileInvalid,
        Self::ImportPolicyChanged,
        Self::ImportNotNow,
        Self::ImportTooLarge,
        Self::CredentialUnknown,
        Self::ListUnknown,
        Self::CredentialNotYours,
        Self::CredentialEnded,
        Self::CredentialNotSuspended,
        Self::CredentialDisputed,
        Self::CredentialIdTaken,
        Self::CredentialKeyMissing,
        Self::CredentialKeyNotFit,
        Self::StatusIndexNotFree,
        Self::OutcomeNotPassed,
        Self::TitleMissing,
        Self::SubjectInvalid,
        Self::CredentialKeyNotKept,
        Self::ImageUnreadable,
    ];

    /// The HTTP status.
    #[expect(clippy::too_many_lines, reason = "a table, one line a reason")]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::AssertionMalformed | Self::BodyUnreadable | Self::SignInStateInvalid => {
                StatusCode::BAD_REQUEST
            }
            Self::KeyUnknown
            | Self::BadSignature
            | Self::SignerUnknown
            | Self::NotSignedIn
            | Self::TokenNeedsProof
            | Self::BearerOff
            | Self::DpopProofInvalid
            | Self::DpopNonceNeeded
            | Self::SessionOver
            | Self::StepUpNeeded
            | Self::TokenInvalid => StatusCode::UNAUTHORIZED,
            Self::InstitutionNotAdmitted
            | Self::KeyNotActive
            | Self::KeyWrongUse
            | Self::KindNotYours
            | Self::ActMissing
            | Self::ActorNotAllowed
            | Self::KeyNotYours
            | Self::OverrideNotYours
            | Self::KeyUseNotYours
            | Self::KeyKeptApart
            | Self::SamePerson
            | Self::ApproverNotAllowed
            | Self::AwarderNotAuthorised
            | Self::KindNotInScope
            | Self::OutcomeNotYours
            | Self::CredentialNotYours
            | Self::OwnAccount
            | Self::PersonBarred
            | Self::PersonNeeded
            | Self::SignInRefused
            | Self::LinkProofInvalid
            | Self::CsrfMissing
            | Self::LoaTooLow
            | Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::KeyNotFound
            | Self::InstitutionUnknown
            | Self::ProposalUnknown
            | Self::PersonUnknown
            | Self::OutcomeUnknown
            | Self::CredentialUnknown
            | Self::ListUnknown
            | Self::ErasureUnknown
            | Self::LinkUnknown
            | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::IdReused
            | Self::BatchRefused
            | Self::LinkTaken
            | Self::TooManyLinks
            | Self::AlreadySo
            | Self::ImportPolicyChanged
            | Self::ImportNotNow
            | Self::PolicyNotInForce
            | Self::LogAlreadyOpen
            | Self::NumberNotNext
            | Self::CodeTaken
            | Self::KeyNameTaken
            | Self::KeyTaken
            | Self::TooManyKeys
            | Self::LastKey
            | Self::KeyNotPledged
            | Self::KeyPledged
            | Self::RecoveryKeyItself
            | Self::CutOffBelowFloor
            | Self::CutOffNotEarlier
            | Self::FloorNotHigher
            | Self::NotDisputed
            | Self::SettlingKeyNotFit
            | Self::OutcomeDisputed
            | Self::OutcomeQuarantined
            | Self::RolesCombined
            | Self::RoleNotHeld
            | Self::LastHolder
            | Self::ProposalRejected
            | Self::ProposalCompleted
            | Self::ProposalExpired
            | Self::PersonTaken
            | Self::TooManyIdentifiers
            | Self::RecordDiffers
            | Self::RecordRevoked
            | Self::OutcomeRevoked
            | Self::TargetNotCurrent
            | Self::SignItYourself
            | Self::IdentifierTaken
            | Self::CredentialEnded
            | Self::CredentialNotSuspended
            | Self::CredentialDisputed
            | Self::CredentialIdTaken
            | Self::CredentialKeyMissing
            | Self::CredentialKeyNotFit
            | Self::StatusIndexNotFree
            | Self::OutcomeNotPassed
            | Self::TitleMissing
            | Self::ErasureInHand
            | Self::PersonMerged
            | Self::ResidentIdsDiffer
            | Self::HoldsRoles
            | Self::MergeTooLarge
            | Self::NotMerged
            | Self::MergeUsed
            | Self::AbsorbedFirst
            | Self::NotSuspended
            | Self::DeathNotRecorded
            | Self::CodeExpired
            | Self::CodeUsed
            | Self::ErasureNotDue
            | Self::IdempotencyConflict
            | Self::IdempotencyRunning => StatusCode::CONFLICT,
            Self::Erased => StatusCode::GONE,
            Self::Precondition => StatusCode::PRECONDITION_FAILED,
            Self::AssertionTooLarge | Self::BodyTooLarge | Self::ImportTooLarge => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::AlgorithmNotEnabled
            | Self::PayloadNotCanonical
            | Self::PayloadInvalid
            | Self::ForeignLog
            | Self::SeenUnknown
            | Self::SeenTooOld
            | Self::AtInFuture
            | Self::BatchInvalid
            | Self::CommitTooLarge
            | Self::KindUnknown
            | Self::DataInvalid
            | Self::GenesisInvalid
            | Self::CodeMissing
            | Self::CodeMalformed
            | Self::CheckDigit
            | Self::NameInvalid
            | Self::OfficersInvalid
            | Self::ParentUnknown
            | Self::KeyPossession
            | Self::KeyNotOwn
            | Self::CutOffAhead
            | Self::PositionNotSeen
            | Self::ExceptInvalid
            | Self::RangesInvalid
            | Self::SealInvalid
            | Self::RootFalse
            | Self::LevelUnfit
            | Self::MergeSame
            | Self::KeyInvalid
            | Self::KeyNameInvalid
            | Self::RoleScope
            | Self::TargetMissing
            | Self::PersonNotRandom
            | Self::IdentifierTwice
            | Self::ValuesDoNotFit
            | Self::IdNotDerived
            | Self::RecordInvalid
            | Self::RecordIsIdentifier
            | Self::CourseCodeInvalid
            | Self::DateInFuture
            | Self::DateTooOld
            | Self::AmountMissing
            | Self::AmountNotCounted
            | Self::AmountAbsurd
            | Self::LevelUnknown
            | Self::NoRate
            | Self::BodyInvalid
            | Self::IdentifierInvalid
            | Self::DisclosureMalformed
            | Self::DisclosureSalt
            | Self::DisclosureNotErasable
            | Self::DisclosureUnreferenced
            | Self::DisclosureTwice
            | Self::DisclosureMissing
            | Self::SaltSeen
            | Self::SubjectInvalid
            | Self::CredentialKeyNotKept
            | Self::ErasureInvalid
            | Self::CodeInvalid
            | Self::ImageUnreadable
            | Self::ImportFileInvalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooBusy
            | Self::ScannerResting
            | Self::DiskFull
            | Self::Stopping
            | Self::WriteUnknown
            | Self::ViewBehind
            | Self::ProviderUnreachable
            | Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Its name in addresses: `lot-reserved`.
    #[expect(clippy::too_many_lines, reason = "a table, one line a reason")]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::AssertionMalformed => "assertion-malformed",
            Self::AlgorithmNotEnabled => "algorithm-not-enabled",
            Self::PayloadNotCanonical => "payload-not-canonical",
            Self::PayloadInvalid => "payload-invalid",
            Self::AssertionTooLarge => "assertion-too-large",
            Self::ForeignLog => "foreign-log",
            Self::KeyUnknown => "key-unknown",
            Self::BadSignature => "bad-signature",
            Self::SeenUnknown => "seen-unknown",
            Self::SeenTooOld => "seen-too-old",
            Self::AtInFuture => "at-in-future",
            Self::IdReused => "id-reused",
            Self::BatchInvalid => "batch-invalid",
            Self::BatchRefused => "batch-refused",
            Self::AlreadySo => "already-so",
            Self::CommitTooLarge => "commit-too-large",
            Self::KindUnknown => "kind-unknown",
            Self::DataInvalid => "data-invalid",
            Self::SignerUnknown => "signer-unknown",
            Self::InstitutionNotAdmitted => "institution-not-admitted",
            Self::KeyNotActive => "key-not-active",
            Self::KeyWrongUse => "key-wrong-use",
            Self::KindNotYours => "kind-not-yours",
            Self::ActMissing => "act-missing",
            Self::ActorNotAllowed => "actor-not-allowed",
            Self::PolicyNotInForce => "policy-not-in-force",
            Self::LogAlreadyOpen => "log-already-open",
            Self::GenesisInvalid => "genesis-invalid",
            Self::NumberNotNext => "number-not-next",
            Self::CodeTaken => "code-taken",
            Self::CodeMissing => "code-missing",
            Self::CodeMalformed => "code-malformed",
            Self::CheckDigit => "check-digit",
            Self::NameInvalid => "name-invalid",
            Self::OfficersInvalid => "officers-invalid",
            Self::ParentUnknown => "parent-unknown",
            Self::KeyInvalid => "key-invalid",
            Self::KeyNotYours => "key-not-yours",
            Self::KeyNameInvalid => "key-name-invalid",
            Self::KeyNameTaken => "key-name-taken",
            Self::KeyTaken => "key-taken",
            Self::KeyUseNotYours => "key-use-not-yours",
            Self::TooManyKeys => "too-many-keys",
            Self::KeyNotFound => "key-not-found",
            Self::LastKey => "last-key",
            Self::KeyPossession => "key-possession",
            Self::KeyNotOwn => "key-not-own",
            Self::KeyNotPledged => "key-not-pledged",
            Self::KeyPledged => "key-pledged",
            Self::KeyKeptApart => "key-kept-apart",
            Self::RecoveryKeyItself => "recovery-key-itself",
            Self::CutOffAhead => "cut-off-ahead",
            Self::CutOffBelowFloor => "cut-off-below-floor",
            Self::CutOffNotEarlier => "cut-off-not-earlier",
            Self::PositionNotSeen => "position-not-seen",
            Self::FloorNotHigher => "floor-not-higher",
            Self::ExceptInvalid => "except-invalid",
            Self::RangesInvalid => "ranges-invalid",
            Self::NotDisputed => "not-disputed",
            Self::SettlingKeyNotFit => "settling-key-not-fit",
            Self::SealInvalid => "seal-invalid",
            Self::RootFalse => "root-false",
            Self::LevelUnfit => "level-unfit",
            Self::OutcomeDisputed => "outcome-disputed",
            Self::OutcomeQuarantined => "outcome-quarantined",
            Self::RoleScope => "role-scope",
            Self::RolesCombined => "roles-combined",
            Self::RoleNotHeld => "role-not-held",
            Self::LastHolder => "last-holder",
            Self::InstitutionUnknown => "institution-unknown",
            Self::TargetMissing => "target-missing",
            Self::ProposalUnknown => "proposal-unknown",
            Self::SamePerson => "same-person",
            Self::ApproverNotAllowed => "approver-not-allowed",
            Self::ProposalRejected => "proposal-rejected",
            Self::ProposalCompleted => "proposal-completed",
            Self::ProposalExpired => "proposal-expired",
            Self::PersonNotRandom => "person-not-random",
            Self::PersonTaken => "person-taken",
            Self::IdentifierTwice => "identifier-twice",
            Self::ValuesDoNotFit => "values-do-not-fit",
            Self::PersonUnknown => "person-unknown",
            Self::TooManyIdentifiers => "too-many-identifiers",
            Self::OverrideNotYours => "override-not-yours",
            Self::AwarderNotAuthorised => "awarder-not-authorised",
            Self::KindNotInScope => "kind-not-in-scope",
            Self::IdNotDerived => "id-not-derived",
            Self::RecordInvalid => "record-invalid",
            Self::RecordIsIdentifier => "record-is-identifier",
            Self::CourseCodeInvalid => "course-code-invalid",
            Self::DateInFuture => "date-in-future",
            Self::DateTooOld => "date-too-old",
            Self::AmountMissing => "amount-missing",
            Self::AmountNotCounted => "amount-not-counted",
            Self::AmountAbsurd => "amount-absurd",
            Self::LevelUnknown => "level-unknown",
            Self::NoRate => "no-rate",
            Self::RecordDiffers => "record-differs",
            Self::RecordRevoked => "record-revoked",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::OutcomeNotYours => "outcome-not-yours",
            Self::OutcomeRevoked => "outcome-revoked",
            Self::TargetNotCurrent => "target-not-current",
            Self::Precondition => "precondition",
            Self::NotSignedIn => "not-signed-in",
            Self::TokenInvalid => "token-invalid",
            Self::LoaTooLow => "loa-too-low",
            Self::StepUpNeeded => "step-up-needed",
            Self::SignInStateInvalid => "sign-in-state",
            Self::SignInRefused => "sign-in-refused",
            Self::ProviderUnreachable => "provider-unreachable",
            Self::LinkProofInvalid => "link-proof-invalid",
            Self::LinkTaken => "link-taken",
            Self::LinkUnknown => "link-unknown",
            Self::TooManyLinks => "too-many-links",
            Self::CsrfMissing => "csrf-missing",
            Self::SessionOver => "session-over",
            Self::PersonNeeded => "person-needed",
            Self::DpopNonceNeeded => "dpop-nonce-needed",
            Self::DpopProofInvalid => "dpop-proof-invalid",
            Self::BearerOff => "bearer-off",
            Self::TokenNeedsProof => "token-needs-proof",
            Self::NotAllowed => "not-allowed",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::BodyInvalid => "body-invalid",
            Self::BodyUnreadable => "body-unreadable",
            Self::BodyTooLarge => "body-too-large",
            Self::MediaType => "media-type",
            Self::TooBusy => "too-busy",
            Self::DiskFull => "disk-full",
            Self::Stopping => "stopping",
            Self::WriteUnknown => "write-unknown",
            Self::ViewBehind => "view-behind",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
            Self::SignItYourself => "sign-it-yourself",
            Self::IdentifierTaken => "identifier-taken",
            Self::IdentifierInvalid => "identifier-invalid",
            Self::DisclosureMalformed => "disclosure-malformed",
            Self::DisclosureSalt => "disclosure-salt",
            Self::DisclosureNotErasable => "disclosure-not-erasable",
            Self::DisclosureUnreferenced => "disclosure-unreferenced",
            Self::DisclosureTwice => "disclosure-twice",
            Self::DisclosureMissing => "disclosure-missing",
            Self::SaltSeen => "salt-seen",
            Self::Erased => "erased",
            Self::CodeInvalid => "code-invalid",
            Self::CodeExpired => "code-expired",
            Self::CodeUsed => "code-used",
            Self::ScannerResting => "scanner-resting",
            Self::ErasureInHand => "erasure-in-hand",
            Self::MergeSame => "merge-same",
            Self::PersonMerged => "person-merged",
            Self::ResidentIdsDiffer => "resident-ids-differ",
            Self::HoldsRoles => "holds-roles",
            Self::OwnAccount => "own-account",
            Self::MergeTooLarge => "merge-too-large",
            Self::NotMerged => "not-merged",
            Self::MergeUsed => "merge-used",
            Self::AbsorbedFirst => "absorbed-first",
            Self::NotSuspended => "not-suspended",
            Self::DeathNotRecorded => "death-not-recorded",
            Self::PersonBarred => "person-barred",
            Self::ErasureInvalid => "erasure-invalid",
            Self::ErasureUnknown => "erasure-unknown",
            Self::ErasureNotDue => "erasure-not-due",
            Self::IdempotencyConflict => "idempotency-conflict",
            Self::IdempotencyRunning => "idempotency-running",
            Self::ImportFileInvalid => "import-file-invalid",
            Self::ImportPolicyChanged => "import-policy-changed",
            Self::ImportNotNow => "import-not-now",
            Self::ImportTooLarge => "import-too-large",
            Self::CredentialUnknown => "credential-unknown",
            Self::ListUnknown => "list-unknown",
            Self::CredentialNotYours => "credential-not-yours",
            Self::CredentialEnded => "credential-ended",
            Self::CredentialNotSuspended => "credential-not-suspended",
            Self::CredentialDisputed => "credential-disputed",
            Self::CredentialIdTaken => "credential-id-taken",
            Self::CredentialKeyMissing => "credential-key-missing",
            Self::CredentialKeyNotFit => "credential-key-not-fit",
            Self::StatusIndexNotFree => "status-index-not-free",
            Self::OutcomeNotPassed => "outcome-not-passed",
            Self::TitleMissing => "title-missing",
            Self::SubjectInvalid => "subject-invalid",
            Self::CredentialKeyNotKept => "credential-key-not-kept",
            Self::ImageUnreadable => "image-unreadable",
        }
    }

    /// Its name in bodies: `LOT_RESERVED`.
    pub fn code(self) -> String {
        self.slug().replace('-', "_").to_ascii_uppercase()
    }

    /// What a 401 says of how to come again (RFC 9110 §11.6.1, RFC 9449 §7.1).
    pub const fn challenge(self) -> &'static str {
        match self {
            Self::DpopProofInvalid => r#"DPoP error="invalid_dpop_proof", algs="EdDSA""#,
            Self::DpopNonceNeeded => r#"DPoP error="use_dpop_nonce", algs="EdDSA""#,
            Self::TokenNeedsProof => r#"DPoP error="invalid_token", algs="EdDSA""#,
            // RFC 9470 §3.
            Self::StepUpNeeded => {
                r#"Bearer error="insufficient_user_authentication", max_age="300""#
            }
            _ => "Bearer",
        }
    }

    /// Reads a slug.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.slug() == slug)
    }
}
