//! Credentials and their status.

use credentials::credential::issue::IssueError;
use credentials::credential::set_status::SetStatusError;

use super::InChinese;

impl InChinese for IssueError {
    fn zh(&self) -> String {
        match self {
            Self::OutcomeDisputed => "该学习成果存疑，其机构尚未确认".into(),
            Self::OutcomeInSplit => "账户正在拆分，办结前不能签发".into(),
            Self::OutcomeQuarantined => {
                "该学习成果与同一记录的另一项重复，已隔离：请为另一项签发".into()
            }
            Self::OutcomeUnknown(id) => format!("该账户中没有学习成果 {id}"),
            Self::NotYours { outcome, awarder } => {
                format!("学习成果 {outcome} 由机构 {awarder} 授予，只有该机构可以签发证书")
            }
            Self::OutcomeRevoked(position) => {
                format!("该学习成果已在日志序号 {position} 处撤销")
            }
            Self::NotPassed => "该学习成果未通过，没有可以证明的内容".into(),
            Self::FieldsDiffer { credits } => {
                format!("open 和 credits 须与学习成果现在的内容一致：{credits} 学分")
            }
            Self::IdTaken(id) => format!("编号 {id} 属于另一份证书"),
            Self::KeyNotFit(key) => {
                format!("{key:?} 不是平台为该机构代管、且在有效窗口内的证书密钥")
            }
            Self::IndexNotFree { list, index } => {
                format!("清单 {list} 的第 {index} 位已用过，或没有这个清单、这一位")
            }
            Self::ValuesDoNotFit => "缺少文档或持证人密钥的承诺值".into(),
            Self::Subject => "subject 须为 did:key，不带片段".into(),
        }
    }
}

impl InChinese for SetStatusError {
    fn zh(&self) -> String {
        match self {
            Self::CredentialUnknown(id) => format!("此人没有证书 {id}"),
            Self::NotYours { credential, issuer } => {
                format!("证书 {credential} 由机构 {issuer} 签发，只有该机构可以改变它")
            }
            Self::Ended(position) => format!("证书已在日志序号 {position} 处终止"),
            Self::NotSuspended => "证书没有被暂停".into(),
            Self::Disputed => "证书的状态变更存疑，其机构尚未确认：请先确认，或直接撤销".into(),
        }
    }
}
