//! The refusals of the rulebook, each by the words of its use case.

use credentials::rulebook::Refusal;
use credentials::rulebook::open_log::OpenLogError;

use super::InChinese;

impl InChinese for Refusal {
    fn zh(&self) -> String {
        match self {
            Self::UnknownKind(kind) => format!("声明种类 {kind:?} 不存在"),
            Self::EngineUnknown(engine) => format!("本程序不认识引擎 {engine}，请使用新版本"),
            // What it says may quote a value: the door says it without.
            Self::DataMalformed { pointer, .. } => format!("{pointer}：内容不合要求"),
            Self::Ask(error) => error.zh(),
            Self::Policy(error) => error.zh(),
            Self::OpenLog(error) => error.zh(),
            Self::Admit(error) => error.zh(),
            Self::ActivateKey(error) => error.zh(),
            Self::RetireKey(error) => error.zh(),
            Self::RotateKey(error) => error.zh(),
            Self::RecoverKey(error) => error.zh(),
            Self::CompromiseKey(error) => error.zh(),
            Self::ReaffirmHistory(error) => error.zh(),
            Self::SettleEntries(error) => error.zh(),
            Self::Rename(error) => error.zh(),
            Self::SuspendInstitution(error) => error.zh(),
            Self::Close(error) => error.zh(),
            Self::MergeInstitution(error) => error.zh(),
            Self::Revive(error) => error.zh(),
            Self::Appoint(error) => error.zh(),
            Self::Dismiss(error) => error.zh(),
            Self::ChangeClerk(error) => error.zh(),
            Self::Approval(error) => error.zh(),
            Self::Register(error) => error.zh(),
            Self::BindIdentifier(error) => error.zh(),
            Self::Forgotten(error) => error.zh(),
            Self::RequestErasure(error) => error.zh(),
            Self::DestroyKeys(error) => error.zh(),
            Self::CertifyErasure(error) => error.zh(),
            Self::Assurance(error) => error.zh(),
            Self::GrantDelegation(error) => error.zh(),
            Self::NarrowDelegation(error) => error.zh(),
            Self::EndDelegation(error) => error.zh(),
            Self::Contact(error) => error.zh(),
            Self::Consent(error) => error.zh(),
            Self::IssueSheet(error) => error.zh(),
            Self::StartRecovery(error) => error.zh(),
            Self::VetoRecovery(error) => error.zh(),
            Self::CompleteRecovery(error) => error.zh(),
            Self::SuspendPerson(error) => error.zh(),
            Self::RecordDeath(error) => error.zh(),
            Self::ConfirmLink(error) => error.zh(),
            Self::RemoveLink(error) => error.zh(),
            Self::EnrolAuthenticator(error) => error.zh(),
            Self::RemoveAuthenticator(error) => error.zh(),
            Self::SuspendAuthenticator(error) => error.zh(),
            Self::ApplyMerge(error) => error.zh(),
            Self::RequestMerge(error) => error.zh(),
            Self::RevertMerge(error) => error.zh(),
            Self::ProposeSplit(error) => error.zh(),
            Self::AgreeSplit(error) => error.zh(),
            Self::Transfer(error) => error.zh(),
            Self::ApplySplit(error) => error.zh(),
            Self::WithdrawSplit(error) => error.zh(),
            Self::RecordOutcome(error) => error.zh(),
            Self::CorrectOutcome(error) => error.zh(),
            Self::RevokeOutcome(error) => error.zh(),
            Self::Batch(error) => error.zh(),
            Self::Issue(error) => error.zh(),
            Self::SetStatus(error) => error.zh(),
        }
    }
}

impl InChinese for OpenLogError {
    fn zh(&self) -> String {
        match self {
            Self::NotFirst => "日志已经开启：log.open 只能是第一个提交".into(),
            Self::Keys => {
                "登记机构开始时，声明、信任包、账本、检查点、恢复五种用途的密钥各须一把".into()
            }
            Self::Officers => "开始时须有四个不同的人，分任登记、系统、安全、审计四种角色".into(),
            Self::PolicyUnknown(id, version) => {
                format!("这里没有该哈希的政策 {id} 第 {version} 版")
            }
        }
    }
}
