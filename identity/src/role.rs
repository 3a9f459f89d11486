//! The one enum of roles, used in code, tokens, `act` and `demo.json` (SECURITY §5).

use serde::{Deserialize, Serialize};

/// What a person may act as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// 学习者: own record.
    Learner,
    /// 代办人: helps an adult within a scope.
    Proxy,
    /// 录入员: records for an institution.
    Clerk,
    /// 机构经办人: acts for an institution.
    Institution,
    /// 窗口人员: serves at a counter.
    Counter,
    /// 商户: redeems points.
    Merchant,
    /// 验证方: checks credentials.
    Verifier,
    /// 登记员: admits institutions.
    Registrar,
    /// 系统管理员: runs the system.
    System,
    /// 安全管理员: grants roles.
    Security,
    /// 审计管理员: watches.
    Audit,
    /// 外部审计员: watches from outside.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 12] = [
        Self::Learner,
        Self::Proxy,
        Self::Clerk,
        Self::Institution,
        Self::Counter,
        Self::Merchant,
        Self::Verifier,
        Self::Registrar,
        Self::System,
        Self::Security,
        Self::Audit,
        Self::Auditor,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Learner => "learner",
            Self::Proxy => "proxy",
            Self::Clerk => "clerk",
            Self::Institution => "institution",
            Self::Counter => "counter",
            Self::Merchant => "merchant",
            Self::Verifier => "verifier",
            Self::Registrar => "registrar",
            Self::System => "system",
            Self::Security => "security",
            Self::Audit => "audit",
            Self::Auditor => "auditor",
        }
    }

    /// Reads the wire name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// One of the three administrator roles, never two in one person (三权分立).
    pub const fn is_administrator(self) -> bool {
        matches!(self, Self::System | Self::Security | Self::Audit)
    }

    /// Given by a commit, in `officer/<person>`; the others are what anybody may be.
    pub const fn is_appointed(self) -> bool {
        !matches!(self, Self::Learner | Self::Proxy | Self::Verifier)
    }

    /// Held for one institution rather than for the whole province.
    pub const fn is_for_institution(self) -> bool {
        matches!(
            self,
            Self::Clerk | Self::Institution | Self::Counter | Self::Merchant
        )
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
