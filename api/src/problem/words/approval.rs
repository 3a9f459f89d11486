//! Officers and the acts of two of them.

use identity::approval::decide::ApprovalError;
use identity::officer::appoint::AppointError;
use identity::officer::clerk::ChangeClerkError;
use identity::officer::dismiss::DismissError;

use super::InChinese;

impl InChinese for ApprovalError {
    fn zh(&self) -> String {
        match self {
            Self::TargetMissing => "target 必须写明提案的编号和叶哈希".into(),
            Self::ProposalUnknown(id) => format!("没有这一叶哈希的提案 {id}"),
            Self::SamePerson => "须由第二个人决定：不能是提出者本人，也不能同一人两次".into(),
            Self::ApproverElsewhere => "其他机构的人不能批准此事".into(),
            Self::ApproverNotAllowed(role) => format!("角色 {role} 不能批准此事"),
            Self::Rejected(position) => format!("该提案已在日志序号 {position} 处被否决"),
            Self::Completed(position) => format!("该提案已在日志序号 {position} 处执行"),
            Self::Expired => "该提案已超过 24 小时：请重新提出".into(),
        }
    }
}

impl InChinese for AppointError {
    fn zh(&self) -> String {
        match self {
            Self::RoleScope(role) => format!("角色 {role} 不能这样授予"),
            Self::RolesCombined { held } => {
                format!("此人已任 {held}；系统、安全、审计三种角色一人不得兼任两种")
            }
            Self::InstitutionUnknown(number) => format!("机构 {number} 尚未准入"),
            Self::InstitutionEnded(number) => format!("机构 {number} 已关闭或已合并"),
            Self::Merged(into) => format!("此人的编号合并后为 {into}"),
        }
    }
}

impl InChinese for DismissError {
    fn zh(&self) -> String {
        match self {
            Self::RoleNotHeld { person, role } => format!("人员 {person} 在那里没有角色 {role}"),
            Self::LastHolder(role) => format!("不能免去全省最后一名 {role}：请先任命另一人"),
        }
    }
}

impl InChinese for ChangeClerkError {
    fn zh(&self) -> String {
        match self {
            Self::RoleNotOwn(role) => {
                format!("机构自行任免录入员和窗口人员；角色 {role} 由安全管理员授予")
            }
            Self::Merged(into) => format!("此人的编号合并后为 {into}"),
            Self::RoleNotHeld { person, role } => format!("人员 {person} 在本机构没有角色 {role}"),
        }
    }
}
