//! A person's life: suspended, dead, or known by two numbers.

use credentials::account::whole::{DEPTH_MAX, NUMBERS_MAX};
use credentials::merge::apply::{ApplyMergeError, LOTS_MAX};
use credentials::merge::request::{LEVEL, RequestMergeError};
use credentials::merge::revert::RevertMergeError;
use identity::person::authenticator::enrol::EnrolAuthenticatorError;
use identity::person::authenticator::remove::RemoveAuthenticatorError;
use identity::person::authenticator::suspend::SuspendAuthenticatorError;
use identity::person::death::RecordDeathError;
use identity::person::link::confirm::ConfirmLinkError;
use identity::person::link::remove::RemoveLinkError;
use identity::person::served::NotServed;
use identity::person::suspend::SuspendPersonError;

use super::InChinese;

impl InChinese for ApplyMergeError {
    fn zh(&self) -> String {
        match self {
            Self::Same => "两个编号相同".into(),
            Self::PersonUnknown(person) => format!("人员 {person} 未登记"),
            Self::MergedBefore { person, into } => {
                format!("人员 {person} 已并入 {into}：请用后一个编号")
            }
            Self::ResidentIdsDiffer => "两个编号的身份证不同：这是两个人".into(),
            Self::Erased(person) => format!("人员 {person} 的信息已删除或正在删除"),
            Self::HoldsRoles(person) => format!("人员 {person} 还有工作人员角色：请先免去"),
            Self::OwnAccount => "不能办理本人账户的合并".into(),
            Self::NotOnRoster(number) => {
                format!("这两个编号并非都由机构 {number} 登记：请由登记员合并")
            }
            Self::TooManyNumbers => {
                format!("一人最多 {NUMBERS_MAX} 个编号，合并最多 {DEPTH_MAX} 层")
            }
            Self::Barred(person) => format!("人员 {person} 已暂停或已登记去世：请先办结"),
            Self::SplitInHand(split) => format!("拆分 {split} 正在办理：请先办结或撤回"),
            Self::TooManyLots { lots } => {
                format!("被并入的账户有 {lots} 笔学分，一次最多 {LOTS_MAX} 笔")
            }
        }
    }
}

impl InChinese for RequestMergeError {
    fn zh(&self) -> String {
        match self {
            Self::NotOwn(person) => format!("编号 {person} 不是申请人本人的：只能并入自己的编号"),
            Self::LinkUnknown { link, person } => format!("{link} 不能登录编号 {person}"),
            Self::LinkTooLow { link, has } => {
                format!("{link} 的等级为 {has}；两边都须达到 {LEVEL}")
            }
            Self::Changed => "出示之后，两个编号的登录方式有变动：请重新申请".into(),
            Self::OfficerVouched(officer) => {
                format!("其中一个编号的登录账号由 {officer} 关联：须由另一位工作人员办理")
            }
            Self::Merge(error) => error.zh(),
        }
    }
}

impl InChinese for RevertMergeError {
    fn zh(&self) -> String {
        match self {
            Self::OwnAccount => "不能办理本人账户的拆分".into(),
            Self::NotOnRoster(number) => {
                format!("这两个编号并非都由机构 {number} 登记：请由登记员办理")
            }
            Self::NotMerged { absorbed, person } => format!("{absorbed} 没有并入 {person}"),
            Self::MergedSince { person, into } => {
                format!("{person} 后来又并入 {into}：请先撤回那次合并")
            }
            Self::SplitInHand(split) => format!("拆分 {split} 正在办理：请先办结或撤回"),
            Self::Used(outcome) => {
                format!("学习成果 {outcome} 在合并后登记、变更过或发过证书：须拆分，逐项说明归谁")
            }
        }
    }
}

impl InChinese for NotServed {
    fn zh(&self) -> String {
        match self {
            Self::PersonUnknown(person) => format!("人员 {person} 未登记"),
            Self::NotOnRoster(number) => format!("此人不是机构 {number} 登记的"),
            Self::Merged(into) => format!("此人的编号合并后为 {into}"),
            Self::HoldsRoles(person) => format!("人员 {person} 在本机构以外任职：请由登记员办理"),
        }
    }
}

impl InChinese for SuspendPersonError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotSuspended(person) => format!("人员 {person} 没有被暂停"),
        }
    }
}

impl InChinese for RecordDeathError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotRecorded(person) => format!("没有登记过人员 {person} 去世"),
        }
    }
}

impl InChinese for ConfirmLinkError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotYours => "本人关联自己的账号（工作人员只限第一个），窗口关联学习者的，机构关联自己录入员和窗口人员的，安全管理员关联工作人员的".into(),
            Self::LinkedBefore(person) => format!(
                "人员 {person} 关联过账号：请本人登录后添加，或先办理找回账号"
            ),
            Self::Barred(person) => {
                format!("无人能以人员 {person} 的身份登录：已暂停、已并入别的编号或已去世")
            }
            Self::ValuesDoNotFit => "关联须有 iss 和 sub 两个值".into(),
            Self::LevelUnfit { loa, most } => format!("{loa}：此处的关联只能是 LoA 1 到 {most}"),
            Self::CeremonyUsed(ceremony) => format!("关联过程 {ceremony} 已用过"),
            Self::TooMany => "一人最多关联 16 个账号".into(),
        }
    }
}

impl InChinese for RemoveLinkError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotYours => {
                "本人解除自己的关联，窗口解除学习者的，机构解除自己录入员和窗口人员的，安全管理员解除工作人员的".into()
            }
            Self::LastOne => "这是唯一的登录方式，又没有打印找回单：请先添加另一种登录方式".into(),
            Self::LinkUnknown { person, link } => format!("人员 {person} 没有关联 {link}"),
        }
    }
}

impl InChinese for EnrolAuthenticatorError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours => "通行密钥只能由本人登记".into(),
            Self::PersonUnknown(person) => format!("人员 {person} 未登记"),
            Self::LevelUnfit { loa, most } => {
                format!("{loa}：此处登记的通行密钥只能是 LoA 1 到 {most}")
            }
            Self::Known(authenticator) => format!("通行密钥 {authenticator} 登记过"),
            Self::TooMany => "一人最多 8 个通行密钥".into(),
        }
    }
}

impl InChinese for RemoveAuthenticatorError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotYours => {
                "本人删除自己的通行密钥，窗口删除学习者的，机构删除自己录入员和窗口人员的，安全管理员删除工作人员的".into()
            }
            Self::LastOne => "这是唯一的登录方式，又没有打印找回单：请先添加另一种登录方式".into(),
            Self::Unknown {
                person,
                authenticator,
            } => format!("人员 {person} 没有通行密钥 {authenticator}"),
        }
    }
}

impl InChinese for SuspendAuthenticatorError {
    fn zh(&self) -> String {
        match self {
            Self::Unknown {
                person,
                authenticator,
            } => format!("人员 {person} 没有通行密钥 {authenticator}"),
        }
    }
}
