//! What becomes of an institution as a whole.

use identity::institution::close::CloseError;
use identity::institution::merge::MergeInstitutionError;
use identity::institution::rename::RenameError;
use identity::institution::revive::ReviveError;
use identity::institution::suspend::SuspendInstitutionError;

use super::InChinese;

impl InChinese for RenameError {
    fn zh(&self) -> String {
        match self {
            Self::Unknown(number) => format!("机构 {number} 尚未准入"),
            Self::Ended { number, position } => {
                format!("机构 {number} 已在日志序号 {position} 处关闭或合并")
            }
            Self::Name => "名称须为 1 至 120 个字".into(),
        }
    }
}

impl InChinese for SuspendInstitutionError {
    fn zh(&self) -> String {
        match self {
            Self::Registrar => "登记机构不能暂停".into(),
            Self::Unknown(number) => format!("机构 {number} 尚未准入"),
            Self::Ended { number, position } => {
                format!("机构 {number} 已在日志序号 {position} 处关闭或合并")
            }
            Self::NotSuspended(number) => format!("机构 {number} 没有被暂停"),
        }
    }
}

impl InChinese for CloseError {
    fn zh(&self) -> String {
        match self {
            Self::Registrar => "登记机构不能关闭".into(),
            Self::Unknown(number) => format!("机构 {number} 尚未准入"),
            Self::Merged { number, into } => format!("机构 {number} 已并入机构 {into}"),
            Self::ChildOpen(number) => {
                format!("下级机构 {number} 尚未关闭：请先关闭或合并它")
            }
        }
    }
}

impl InChinese for MergeInstitutionError {
    fn zh(&self) -> String {
        match self {
            Self::Registrar => "登记机构不参与合并".into(),
            Self::Itself => "机构不能并入自己".into(),
            Self::Unknown(number) => format!("机构 {number} 尚未准入"),
            Self::Merged { number, into } => format!("机构 {number} 已并入机构 {into}"),
            Self::SuccessorNotOpen(number) => {
                format!("机构 {number} 已关闭、已合并或已暂停，不能继任")
            }
            Self::LevelUnfit(number) => format!("机构 {number} 的层级较低，不能继任"),
            Self::TooMany => "合并的链条最多 8 段，一个机构最多继任 1000 个机构".into(),
        }
    }
}

impl InChinese for ReviveError {
    fn zh(&self) -> String {
        match self {
            Self::Unknown(number) => format!("机构 {number} 尚未准入"),
            Self::Merged { number, into } => format!("机构 {number} 已并入机构 {into}"),
            Self::NotClosed(number) => format!("机构 {number} 没有关闭"),
            Self::ParentEnded(number) => format!("上级机构 {number} 已关闭：请先恢复它"),
            Self::Officers => "恢复时须有两名不同的经办人".into(),
            Self::Key(error) => error.zh(),
        }
    }
}
