//! Every reason a door can give, closed: its status is code, its words are `strings/problems.toml`.

use axum::http::StatusCode;

/// The one table: name, name in addresses, HTTP status. A reason cannot be added without any of them.
macro_rules! reasons {
    ($($name:ident = $slug:literal, $status:ident;)*) => {
        /// Why a request is refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(
                #[doc = concat!("`", $slug, "`: its words are in strings/problems.toml.")]
                $name,
            )*
        }

        /// In the order of the enum.
        const TABLE: &[(Reason, &str, StatusCode)] =
            &[$((Reason::$name, $slug, StatusCode::$status)),*];

        impl Reason {
            /// Every reason, in the order in which the work meets them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

reasons! {
    AssertionMalformed = "assertion-malformed", BAD_REQUEST;
    AlgorithmNotEnabled = "algorithm-not-enabled", UNPROCESSABLE_ENTITY;
    PayloadNotCanonical = "payload-not-canonical", UNPROCESSABLE_ENTITY;
    PayloadInvalid = "payload-invalid", UNPROCESSABLE_ENTITY;
    AssertionTooLarge = "assertion-too-large", PAYLOAD_TOO_LARGE;
    ForeignLog = "foreign-log", UNPROCESSABLE_ENTITY;
    KeyUnknown = "key-unknown", UNAUTHORIZED;
    BadSignature = "bad-signature", UNAUTHORIZED;
    SeenUnknown = "seen-unknown", UNPROCESSABLE_ENTITY;
    SeenTooOld = "seen-too-old", UNPROCESSABLE_ENTITY;
    AtInFuture = "at-in-future", UNPROCESSABLE_ENTITY;
    IdReused = "id-reused", CONFLICT;
    BatchInvalid = "batch-invalid", UNPROCESSABLE_ENTITY;
    BatchRefused = "batch-refused", CONFLICT;
    AlreadySo = "already-so", CONFLICT;
    CommitTooLarge = "commit-too-large", UNPROCESSABLE_ENTITY;
    KindUnknown = "kind-unknown", UNPROCESSABLE_ENTITY;
    DataInvalid = "data-invalid", UNPROCESSABLE_ENTITY;
    SignerUnknown = "signer-unknown", UNAUTHORIZED;
    InstitutionNotAdmitted = "institution-not-admitted", FORBIDDEN;
    InstitutionSuspended = "institution-suspended", FORBIDDEN;
    InstitutionEnded = "institution-ended", CONFLICT;
    InstitutionMerged = "institution-merged", CONFLICT;
    RegistrarStays = "registrar-stays", CONFLICT;
    InstitutionNotSuspended = "institution-not-suspended", CONFLICT;
    InstitutionNotClosed = "institution-not-closed", CONFLICT;
    ChildOpen = "child-open", CONFLICT;
    MergedIntoItself = "merged-into-itself", UNPROCESSABLE_ENTITY;
    SuccessorNotOpen = "successor-not-open", CONFLICT;
    TooManyMerged = "too-many-merged", CONFLICT;
    ParentEnded = "parent-ended", CONFLICT;
    KeyNotActive = "key-not-active", FORBIDDEN;
    KeyWrongUse = "key-wrong-use", FORBIDDEN;
    KindNotYours = "kind-not-yours", FORBIDDEN;
    ActMissing = "act-missing", FORBIDDEN;
    ActorNotAllowed = "actor-not-allowed", FORBIDDEN;
    PolicyNotInForce = "policy-not-in-force", CONFLICT;
    LogAlreadyOpen = "log-already-open", CONFLICT;
    GenesisInvalid = "genesis-invalid", UNPROCESSABLE_ENTITY;
    NumberNotNext = "number-not-next", CONFLICT;
    CodeTaken = "code-taken", CONFLICT;
    CodeMissing = "code-missing", UNPROCESSABLE_ENTITY;
    CodeMalformed = "code-malformed", UNPROCESSABLE_ENTITY;
    CheckDigit = "check-digit", UNPROCESSABLE_ENTITY;
    NameInvalid = "name-invalid", UNPROCESSABLE_ENTITY;
    OfficersInvalid = "officers-invalid", UNPROCESSABLE_ENTITY;
    ParentUnknown = "parent-unknown", UNPROCESSABLE_ENTITY;
    KeyInvalid = "key-invalid", UNPROCESSABLE_ENTITY;
    KeyNotYours = "key-not-yours", FORBIDDEN;
    KeyNameInvalid = "key-name-invalid", UNPROCESSABLE_ENTITY;
    KeyNameTaken = "key-name-taken", CONFLICT;
    KeyTaken = "key-taken", CONFLICT;
    KeyUseNotYours = "key-use-not-yours", FORBIDDEN;
    TooManyKeys = "too-many-keys", CONFLICT;
    KeyNotFound = "key-not-found", NOT_FOUND;
    LastKey = "last-key", CONFLICT;
    KeyPossession = "key-possession", UNPROCESSABLE_ENTITY;
    KeyNotOwn = "key-not-own", UNPROCESSABLE_ENTITY;
    KeyNotPledged = "key-not-pledged", CONFLICT;
    KeyPledged = "key-pledged", CONFLICT;
    KeyKeptApart = "key-kept-apart", FORBIDDEN;
    RecoveryKeyItself = "recovery-key-itself", CONFLICT;
    CutOffAhead = "cut-off-ahead", UNPROCESSABLE_ENTITY;
    CutOffBelowFloor = "cut-off-below-floor", CONFLICT;
    CutOffNotEarlier = "cut-off-not-earlier", CONFLICT;
    PositionNotSeen = "position-not-seen", UNPROCESSABLE_ENTITY;
    FloorNotHigher = "floor-not-higher", CONFLICT;
    ExceptInvalid = "except-invalid", UNPROCESSABLE_ENTITY;
    RangesInvalid = "ranges-invalid", UNPROCESSABLE_ENTITY;
    NotDisputed = "not-disputed", CONFLICT;
    SettlingKeyNotFit = "settling-key-not-fit", CONFLICT;
    SealInvalid = "seal-invalid", UNPROCESSABLE_ENTITY;
    RootFalse = "root-false", UNPROCESSABLE_ENTITY;
    LevelUnfit = "level-unfit", UNPROCESSABLE_ENTITY;
    OutcomeDisputed = "outcome-disputed", CONFLICT;
    OutcomeQuarantined = "outcome-quarantined", CONFLICT;
    RoleScope = "role-scope", UNPROCESSABLE_ENTITY;
    RolesCombined = "roles-combined", CONFLICT;
    RoleNotHeld = "role-not-held", CONFLICT;
    LastHolder = "last-holder", CONFLICT;
    InstitutionUnknown = "institution-unknown", NOT_FOUND;
    TargetMissing = "target-missing", UNPROCESSABLE_ENTITY;
    ProposalUnknown = "proposal-unknown", NOT_FOUND;
    SamePerson = "same-person", FORBIDDEN;
    ApproverNotAllowed = "approver-not-allowed", FORBIDDEN;
    ProposalRejected = "proposal-rejected", CONFLICT;
    ProposalCompleted = "proposal-completed", CONFLICT;
    ProposalExpired = "proposal-expired", CONFLICT;
    PersonNotRandom = "person-not-random", UNPROCESSABLE_ENTITY;
    PersonTaken = "person-taken", CONFLICT;
    IdentifierTwice = "identifier-twice", UNPROCESSABLE_ENTITY;
    ValuesDoNotFit = "values-do-not-fit", UNPROCESSABLE_ENTITY;
    PersonUnknown = "person-unknown", NOT_FOUND;
    TooManyIdentifiers = "too-many-identifiers", CONFLICT;
    OverrideNotYours = "override-not-yours", FORBIDDEN;
    AwarderNotAuthorised = "awarder-not-authorised", FORBIDDEN;
    KindNotInScope = "kind-not-in-scope", FORBIDDEN;
    IdNotDerived = "id-not-derived", UNPROCESSABLE_ENTITY;
    RecordInvalid = "record-invalid", UNPROCESSABLE_ENTITY;
    RecordIsIdentifier = "record-is-identifier", UNPROCESSABLE_ENTITY;
    CourseCodeInvalid = "course-code-invalid", UNPROCESSABLE_ENTITY;
    DateInFuture = "date-in-future", UNPROCESSABLE_ENTITY;
    DateTooOld = "date-too-old", UNPROCESSABLE_ENTITY;
    AmountMissing = "amount-missing", UNPROCESSABLE_ENTITY;
    AmountNotCounted = "amount-not-counted", UNPROCESSABLE_ENTITY;
    AmountAbsurd = "amount-absurd", UNPROCESSABLE_ENTITY;
    LevelUnknown = "level-unknown", UNPROCESSABLE_ENTITY;
    NoRate = "no-rate", UNPROCESSABLE_ENTITY;
    RecordDiffers = "record-differs", CONFLICT;
    RecordRevoked = "record-revoked", CONFLICT;
    OutcomeUnknown = "outcome-unknown", NOT_FOUND;
    OutcomeNotYours = "outcome-not-yours", FORBIDDEN;
    OutcomeRevoked = "outcome-revoked", CONFLICT;
    TargetNotCurrent = "target-not-current", CONFLICT;
    Precondition = "precondition", PRECONDITION_FAILED;
    NotSignedIn = "not-signed-in", UNAUTHORIZED;
    TokenInvalid = "token-invalid", UNAUTHORIZED;
    LoaTooLow = "loa-too-low", FORBIDDEN;
    StepUpNeeded = "step-up-needed", UNAUTHORIZED;
    SignInStateInvalid = "sign-in-state", BAD_REQUEST;
    SignInRefused = "sign-in-refused", FORBIDDEN;
    ProviderUnreachable = "provider-unreachable", SERVICE_UNAVAILABLE;
    LinkProofInvalid = "link-proof-invalid", FORBIDDEN;
    LinkedBefore = "linked-before", CONFLICT;
    LastLink = "last-link", CONFLICT;
    LinkTaken = "link-taken", CONFLICT;
    MergeStale = "merge-stale", CONFLICT;
    OfficerVouched = "officer-vouched", FORBIDDEN;
    LinkUnknown = "link-unknown", NOT_FOUND;
    TooManyLinks = "too-many-links", CONFLICT;
    PasskeysOff = "passkeys-off", NOT_FOUND;
    PasskeyProofInvalid = "passkey-proof-invalid", FORBIDDEN;
    PasskeyCopied = "passkey-copied", FORBIDDEN;
    PasskeyNotBound = "passkey-not-bound", FORBIDDEN;
    PasskeyUnknown = "passkey-unknown", NOT_FOUND;
    TooManyPasskeys = "too-many-passkeys", CONFLICT;
    CsrfMissing = "csrf-missing", FORBIDDEN;
    SessionOver = "session-over", UNAUTHORIZED;
    TokenNeedsProof = "token-needs-proof", UNAUTHORIZED;
    BearerOff = "bearer-off", UNAUTHORIZED;
    DpopProofInvalid = "dpop-proof-invalid", UNAUTHORIZED;
    DpopNonceNeeded = "dpop-nonce-needed", UNAUTHORIZED;
    PersonNeeded = "person-needed", FORBIDDEN;
    NotAllowed = "not-allowed", FORBIDDEN;
    NotFound = "not-found", NOT_FOUND;
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED;
    BodyInvalid = "body-invalid", UNPROCESSABLE_ENTITY;
    BodyUnreadable = "body-unreadable", BAD_REQUEST;
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE;
    MediaType = "media-type", UNSUPPORTED_MEDIA_TYPE;
    TooBusy = "too-busy", SERVICE_UNAVAILABLE;
    TooManyTries = "too-many-tries", TOO_MANY_REQUESTS;
    DiskFull = "disk-full", SERVICE_UNAVAILABLE;
    Stopping = "stopping", SERVICE_UNAVAILABLE;
    WriteUnknown = "write-unknown", SERVICE_UNAVAILABLE;
    ViewBehind = "view-behind", SERVICE_UNAVAILABLE;
    Timeout = "timeout", SERVICE_UNAVAILABLE;
    Internal = "internal", INTERNAL_SERVER_ERROR;
    SignItYourself = "sign-it-yourself", CONFLICT;
    IdentifierTaken = "identifier-taken", CONFLICT;
    IdentifierInvalid = "identifier-invalid", UNPROCESSABLE_ENTITY;
    DisclosureMalformed = "disclosure-malformed", UNPROCESSABLE_ENTITY;
    DisclosureSalt = "disclosure-salt", UNPROCESSABLE_ENTITY;
    DisclosureNotErasable = "disclosure-not-erasable", UNPROCESSABLE_ENTITY;
    DisclosureUnreferenced = "disclosure-unreferenced", UNPROCESSABLE_ENTITY;
    DisclosureTwice = "disclosure-twice", UNPROCESSABLE_ENTITY;
    DisclosureMissing = "disclosure-missing", UNPROCESSABLE_ENTITY;
    SaltSeen = "salt-seen", UNPROCESSABLE_ENTITY;
    Erased = "erased", GONE;
    CodeInvalid = "code-invalid", UNPROCESSABLE_ENTITY;
    CodeExpired = "code-expired", CONFLICT;
    CodeUsed = "code-used", CONFLICT;
    ScannerResting = "scanner-resting", SERVICE_UNAVAILABLE;
    ErasureInHand = "erasure-in-hand", CONFLICT;
    MergeSame = "merge-same", UNPROCESSABLE_ENTITY;
    PersonMerged = "person-merged", CONFLICT;
    ResidentIdsDiffer = "resident-ids-differ", CONFLICT;
    HoldsRoles = "holds-roles", CONFLICT;
    OwnAccount = "own-account", FORBIDDEN;
    MergeTooLarge = "merge-too-large", CONFLICT;
    NotMerged = "not-merged", CONFLICT;
    MergeUsed = "merge-used", CONFLICT;
    AbsorbedFirst = "absorbed-first", CONFLICT;
    SplitInHand = "split-in-hand", CONFLICT;
    SplitNotInHand = "split-not-in-hand", CONFLICT;
    SplitTooLarge = "split-too-large", CONFLICT;
    ManifestNotInOrder = "manifest-not-in-order", UNPROCESSABLE_ENTITY;
    ManifestIncomplete = "manifest-incomplete", CONFLICT;
    ManifestDiffers = "manifest-differs", CONFLICT;
    ManifestOutdated = "manifest-outdated", CONFLICT;
    IssuerSilent = "issuer-silent", CONFLICT;
    IssuerNotAgreed = "issuer-not-agreed", CONFLICT;
    OutcomeSettled = "outcome-settled", CONFLICT;
    OutcomeNotMoved = "outcome-not-moved", CONFLICT;
    RecordThere = "record-there", CONFLICT;
    NotSuspended = "not-suspended", CONFLICT;
    DeathNotRecorded = "death-not-recorded", CONFLICT;
    LevelTooLow = "level-too-low", CONFLICT;
    LevelTooHigh = "level-too-high", CONFLICT;
    LevelNotLower = "level-not-lower", CONFLICT;
    NotDelegated = "not-delegated", FORBIDDEN;
    Pressed = "pressed", CONFLICT;
    DelegationInvalid = "delegation-invalid", UNPROCESSABLE_ENTITY;
    DelegationLimit = "delegation-limit", CONFLICT;
    DelegationUnknown = "delegation-unknown", NOT_FOUND;
    DelegationOver = "delegation-over", CONFLICT;
    DelegationNotDue = "delegation-not-due", CONFLICT;
    GuardianNeeded = "guardian-needed", CONFLICT;
    ConsentNotGiven = "consent-not-given", CONFLICT;
    ContactNotSet = "contact-not-set", CONFLICT;
    RecoveryUnknown = "recovery-unknown", NOT_FOUND;
    RecoveryUnderWay = "recovery-under-way", CONFLICT;
    RecoveryVetoed = "recovery-vetoed", CONFLICT;
    RecoveryTooSoon = "recovery-too-soon", CONFLICT;
    RecoveryOver = "recovery-over", CONFLICT;
    SheetSpent = "sheet-spent", CONFLICT;
    SheetInvalid = "sheet-invalid", CONFLICT;
    PersonBarred = "person-barred", FORBIDDEN;
    ErasureInvalid = "erasure-invalid", UNPROCESSABLE_ENTITY;
    ErasureUnknown = "erasure-unknown", NOT_FOUND;
    ErasureNotDue = "erasure-not-due", CONFLICT;
    IdempotencyConflict = "idempotency-conflict", CONFLICT;
    IdempotencyRunning = "idempotency-running", CONFLICT;
    ImportFileInvalid = "import-file-invalid", UNPROCESSABLE_ENTITY;
    ImportPolicyChanged = "import-policy-changed", CONFLICT;
    ImportNotNow = "import-not-now", CONFLICT;
    ImportTooLarge = "import-too-large", PAYLOAD_TOO_LARGE;
    CredentialUnknown = "credential-unknown", NOT_FOUND;
    ListUnknown = "list-unknown", NOT_FOUND;
    CredentialNotYours = "credential-not-yours", FORBIDDEN;
    CredentialEnded = "credential-ended", CONFLICT;
    CredentialNotSuspended = "credential-not-suspended", CONFLICT;
    CredentialDisputed = "credential-disputed", CONFLICT;
    CredentialIdTaken = "credential-id-taken", CONFLICT;
    CredentialKeyMissing = "credential-key-missing", CONFLICT;
    CredentialKeyNotFit = "credential-key-not-fit", CONFLICT;
    StatusIndexNotFree = "status-index-not-free", CONFLICT;
    OutcomeNotPassed = "outcome-not-passed", CONFLICT;
    TitleMissing = "title-missing", CONFLICT;
    SubjectInvalid = "subject-invalid", UNPROCESSABLE_ENTITY;
    CredentialKeyNotKept = "credential-key-not-kept", UNPROCESSABLE_ENTITY;
    ImageUnreadable = "image-unreadable", UNPROCESSABLE_ENTITY;
}

impl Reason {
    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        TABLE[self as usize].2
    }

    /// Its name in addresses: `lot-reserved`.
    pub const fn slug(self) -> &'static str {
        TABLE[self as usize].1
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
