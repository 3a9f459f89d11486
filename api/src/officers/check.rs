//! What is wrong with an officer's account, from what is known: no I/O, the same for server and command line.
//!
//! Invariant: signs, not proofs. *Stale*: a role, or a client key, that nobody used for `officers.stale_days`, counted
//! from its last use, its grant, or the day on which uses were first noted, whichever is latest. *Shared*: within the last
//! thirty days more sessions open at once than `officers.sessions_max`, or two open at once on different kinds of
//! device. *Default*: outside the demo a plain token or a demo sign-in for an officer's role; the operator's invitation
//! as the only way in for thirty days. Nothing is stored.

use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Roster;
use super::uses::All;
use crate::token::{Grant, TokenError, Tokens};

const DAY_MS: i64 = 86_400_000;
/// How long a sign of sharing is shown after it was last seen.
pub const SEEN_MS: i64 = 30 * DAY_MS;
/// How long the operator's invitation may be the only way in.
const INVITED_MS: i64 = 30 * DAY_MS;

/// What counts as stale and as shared (SECURITY §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OfficersConfig {
    /// Days without use.
    pub stale_days: u32,
    /// Sessions that one officer may have open at once.
    pub sessions_max: usize,
}

impl Default for OfficersConfig {
    fn default() -> Self {
        Self {
            stale_days: 90,
            sessions_max: 3,
        }
    }
}

/// Which kind of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// Nobody uses it.
    Stale,
    /// Several people seem to use it.
    Shared,
    /// It was never made the officer's own.
    Default,
}

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The role was used, long ago.
    RoleUnused,
    /// The role was never used.
    RoleNeverUsed,
    /// The client key got no token for long.
    ClientKeyUnused,
    /// More sessions at once than there may be.
    ManySessions,
    /// Sessions on different kinds of device at once.
    DevicesAtOnce,
    /// A plain token stands for the role.
    PlainToken,
    /// The officer last signed in by a link of the demo.
    DemoAccount,
    /// The operator's invitation is the only way in.
    InvitationOnly,
    /// Plain tokens open something, outside the demo.
    BearerTokensOn,
}

impl What {
    /// Of which sort it is.
    pub const fn sort(self) -> Sort {
        match self {
            Self::RoleUnused | Self::RoleNeverUsed | Self::ClientKeyUnused => Sort::Stale,
            Self::ManySessions | Self::DevicesAtOnce => Sort::Shared,
            Self::PlainToken | Self::DemoAccount | Self::InvitationOnly | Self::BearerTokensOn => {
                Sort::Default
            }
        }
    }

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoleUnused => "role-unused",
            Self::RoleNeverUsed => "role-never-used",
            Self::ClientKeyUnused => "client-key-unused",
            Self::ManySessions => "many-sessions",
            Self::DevicesAtOnce => "devices-at-once",
            Self::PlainToken => "plain-token",
            Self::DemoAccount => "demo-account",
            Self::InvitationOnly => "invitation-only",
            Self::BearerTokensOn => "bearer-tokens-on",
        }
    }

    /// What to do, in Chinese and English.
    pub const fn to_do(self) -> (&'static str, &'static str) {
        match self {
            Self::RoleUnused | Self::RoleNeverUsed => (
                "问本人是否还需要这个角色；不需要的由两名安全管理员（或所在机构经办人）收回",
                "ask whether the role is still needed; if not, two security administrators (or the institution's officer) take it back",
            ),
            Self::ClientKeyUnused => (
                "问机构服务器是否还在用这把密钥；不用的请停用",
                "ask the institution whether a server still uses the key; if not, retire it",
            ),
            Self::ManySessions | Self::DevicesAtOnce => (
                "问本人这些登录是否都是自己的；一个账号只归一个人使用，需要时给另一人单独授予角色",
                "ask whether all of them are the officer's own; an account is one person's, another person gets a role of the own",
            ),
            Self::PlainToken => (
                "用 xuefen token revoke 作废这个令牌，改用登录服务",
                "revoke the token (xuefen token revoke) and have the officer sign in at a provider",
            ),
            Self::DemoAccount => (
                "让本人通过登录服务登录，并移除演示用的登录方式",
                "have the officer sign in at a provider, and take the demo's ways in away",
            ),
            Self::InvitationOnly => (
                "由两名安全管理员为本人确认另一个登录账号，再解除凭邀请码关联的账号",
                "two security administrators confirm another account of the officer's; then remove the one that came by invitation",
            ),
            Self::BearerTokensOn => (
                "把 sign_in.bearer_tokens 关掉后重新启动",
                "set sign_in.bearer_tokens to false and start again",
            ),
        }
    }
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was seen.
    pub what: What,
    /// The officer; none for a server or a setting.
    pub person: Option<Uuid>,
    /// The role.
    pub role: Option<Role>,
    /// Where: an institution; none = the province.
    pub institution: Option<IssuerNumber>,
    /// Name of the client key, or of the token.
    pub key: Option<String>,
    /// Since when, Unix milliseconds.
    pub since_ms: i64,
}

impl Finding {
    /// The same as long as it stands: a sign that is seen again is no other one.
    pub(super) fn name(&self) -> Digest {
        let person = self.person.map(|it| it.to_string()).unwrap_or_default();
        let place = self
            .institution
            .map(|it| it.to_string())
            .unwrap_or_default();
        let role = self.role.map_or("", Role::as_str);
        let key = self.key.as_deref().unwrap_or_default();
        let text = [self.what.as_str(), &person, role, &place, key].join("\n");
        Digest::of(text.as_bytes())
    }
}

/// What a check rests on beside the roster.
pub struct Basis<'a> {
    /// Notes of sign-ins.
    pub uses: All,
    /// Plain tokens of officers' roles, by name.
    pub tokens: Vec<(Digest, Grant)>,
    /// What counts.
    pub limits: &'a OfficersConfig,
    /// Whether plain tokens open anything.
    pub bearer_tokens: bool,
    /// Whether this is the demo, to which its ways in belong.
    pub is_demo: bool,
    /// Unix milliseconds.
    pub now_ms: i64,
}

impl Basis<'_> {
    /// From when on use is known: what was before, and while nothing is noted yet, nobody can call unused.
    fn begun_ms(&self) -> i64 {
        self.uses.begun_ms.unwrap_or(self.now_ms)
    }
}

/// The plain tokens of officers' roles.
pub fn tokens(tokens: &Tokens) -> Result<Vec<(Digest, Grant)>, TokenError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = tokens.list(after, usize::MAX)?;
        let Some((last, _)) = page.last() else {
            return Ok(found);
        };
        after = Some(*last);
        let officers = page.into_iter().filter(|(_, it)| it.role.is_appointed());
        found.extend(officers);
    }
}

/// What there is to say, the oldest first.
pub fn findings(roster: &Roster, basis: &Basis<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    stale(roster, basis, &mut found);
    shared(roster, basis, &mut found);
    if !basis.is_demo {
        defaults(roster, basis, &mut found);
    }
    found.sort_by_key(|it| (it.since_ms, it.what, it.person, it.role, it.institution));
    found
}

/// The province may be named by its number, too.
fn place(institution: Option<IssuerNumber>) -> Option<IssuerNumber> {
    institution.filter(|it| *it != IssuerNumber::REGISTRAR)
}

fn stale(roster: &Roster, basis: &Basis<'_>, found: &mut Vec<Finding>) {
    let days = i64::from(basis.limits.stale_days);
    let is_over = |since_ms: i64| basis.now_ms.saturating_sub(since_ms) >= days * DAY_MS;
    for it in &roster.held {
        let known = basis.uses.officers.get(&it.person);
        let used = known.and_then(|known| {
            let mut uses = known.uses.iter();
            uses.find(|used| (used.role, place(used.institution)) == (it.role, it.institution))
        });
        // A use in the same role before it was taken back and given again is none of this grant's.
        let used_ms = used.map(|it| it.at_ms).filter(|used| *used >= it.since_ms);
        let from = it.since_ms.max(basis.begun_ms());
        let since_ms = used_ms.unwrap_or(from);
        if is_over(since_ms) {
            found.push(Finding {
                what: used_ms.map_or(What::RoleNeverUsed, |_| What::RoleUnused),
                person: Some(it.person),
                role: Some(it.role),
                institution: it.institution,
                key: None,
                since_ms,
            });
        }
    }
    for it in &roster.clients {
        let mut asked = basis.uses.clients.iter();
        let last =
            asked.find(|(number, name, _)| (number, name) == (&it.institution, &it.fragment));
        let from = it.since_ms.max(basis.begun_ms());
        let since_ms = last.map_or(from, |(.., at_ms)| from.max(*at_ms));
        if is_over(since_ms) {
            found.push(Finding {
                what: What::ClientKeyUnused,
                person: None,
                role: None,
                institution: Some(it.institution),
                key: Some(it.fragment.clone()),
                since_ms,
            });
        }
    }
}

/// Of a person rather than of a role: whose sessions they are.
fn shared(roster: &Roster, basis: &Basis<'_>, found: &mut Vec<Finding>) {
    let is_recent = |at_ms: i64| basis.now_ms.saturating_sub(at_ms) <= SEEN_MS;
    for (person, known) in &basis.uses.officers {
        // Who holds no role any more has no officer's account.
        let Some(held) = roster.held.iter().find(|it| it.person == *person) else {
            continue;
        };
        let over = known.most.iter().rev();
        let over = over.map(|(most, at_ms)| (*most > basis.limits.sessions_max, *at_ms));
        let many = over.filter(|(is_over, _)| *is_over);
        let many = many.map(|(_, at_ms)| (What::ManySessions, at_ms)).next();
        let mixed = known.mixed_ms.map(|at_ms| (What::DevicesAtOnce, at_ms));
        let signs = many.into_iter().chain(mixed);
        found.extend(
            signs
                .filter(|(_, at)| is_recent(*at))
                .map(|(what, since_ms)| Finding {
                    what,
                    person: Some(*person),
                    role: Some(held.role),
                    institution: held.institution,
                    key: None,
                    since_ms,
                }),
        );
    }
}

fn defaults(roster: &Roster, basis: &Basis<'_>, found: &mut Vec<Finding>) {
    if basis.bearer_tokens {
        found.push(Finding {
            what: What::BearerTokensOn,
            person: None,
            role: None,
            institution: None,
            key: None,
            since_ms: basis.begun_ms(),
        });
    }
    for it in &roster.held {
        let of = |what, key, since_ms| Finding {
            what,
            person: Some(it.person),
            role: Some(it.role),
            institution: it.institution,
            key,
            since_ms,
        };
        let same = |person, role, institution: Option<IssuerNumber>| {
            (person, role, place(institution)) == (it.person, it.role, it.institution)
        };
        let live = |token: &Grant| token.expires_at_ms.is_none_or(|end| basis.now_ms < end);
        let tokens = basis
            .tokens
            .iter()
            .filter(|(_, token)| live(token) && same(token.person, token.role, token.institution));
        let tokens =
            tokens.map(|(name, _)| of(What::PlainToken, Some(name.to_string()), it.since_ms));
        found.extend(tokens);
        let known = basis.uses.officers.get(&it.person);
        let uses = known.map(|known| known.uses.iter()).into_iter().flatten();
        let demo =
            uses.filter(|used| used.by == "demo" && same(it.person, used.role, used.institution));
        found.extend(demo.map(|used| of(What::DemoAccount, None, used.at_ms)));
        if let Some(since_ms) = it.invited_ms
            && basis.now_ms.saturating_sub(since_ms) >= INVITED_MS
        {
            found.push(of(What::InvitationOnly, None, since_ms));
        }
    }
}
