//! Who acts in whose name, how sure it is who somebody is, consent, and the way back into an account.

use identity::date::minute_of;
use identity::person::assurance::AssuranceError;
use identity::person::consent::ConsentError;
use identity::person::contact::ContactError;
use identity::person::delegation::end::EndDelegationError;
use identity::person::delegation::grant::GrantDelegationError;
use identity::person::delegation::narrow::NarrowDelegationError;
use identity::person::recovery::complete::CompleteRecoveryError;
use identity::person::recovery::sheet::IssueSheetError;
use identity::person::recovery::start::StartRecoveryError;
use identity::person::recovery::veto::VetoRecoveryError;
use uuid::Uuid;

use super::InChinese;

fn barred(person: Uuid) -> String {
    format!("人员 {person} 未登记、已暂停、已并入别的编号、已删除或已去世")
}

impl InChinese for AssuranceError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::OwnLevel => "不能为本人核验身份".into(),
            Self::LevelTooLow { now, needed } => {
                format!("此人现为 {now}，用这种方法须先达到 {needed}")
            }
            Self::NotLower(now) => format!("此人现为 {now}，只能改为更低的等级"),
        }
    }
}

impl InChinese for GrantDelegationError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotYours => "学习者只能为自己授权代办人".into(),
            Self::GuardianByOfficer => "监护人由窗口人员核对后登记".into(),
            Self::Oneself => "不能授权给本人，经办人也不能把自己登记为代办人或监护人".into(),
            Self::Barred(person) => barred(*person),
            Self::LevelTooLow {
                person,
                now,
                needed,
            } => format!("人员 {person} 现为 {now}，须达到 {needed}：请到窗口出示证件"),
            Self::Pressed => "须单独询问本人，并确认没有人施压".into(),
            Self::ScopesNotInOrder => "范围按次序写，各写一次，至少一项".into(),
            Self::ScopeOutside(_) => "成年人的这件事不能由他人代办".into(),
            Self::UntilPast => "到期日须在今天之后".into(),
            Self::UntilTooFar(last) => format!("到期日最晚为 {last}"),
            Self::NoUse => "次数至少为 1".into(),
            Self::TooManyAgents(count) => format!("此人同时已有 {count} 人，达到上限"),
            Self::TooManyPrincipals { agent, count } => {
                format!("人员 {agent} 已同时为 {count} 人办理，达到上限")
            }
        }
    }
}

impl InChinese for EndDelegationError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotYours => "这项授权既不是您给出的，也不是给您的".into(),
            Self::Unknown(id) => format!("此人名下没有授权 {id}"),
            Self::Over(id) => format!("授权 {id} 已经结束"),
            Self::NotDue(id) => format!("授权 {id} 还没到期"),
        }
    }
}

impl InChinese for NarrowDelegationError {
    fn zh(&self) -> String {
        match self {
            Self::End(error) => error.zh(),
            Self::NotLess => "只能缩小范围或提前到期；要放宽请重新授权".into(),
        }
    }
}

impl InChinese for ConsentError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotYours => "学习者只能为自己的信息表示同意或不同意".into(),
            Self::PersonUnknown(person) => format!("人员 {person} 未登记"),
            Self::GuardianNeeded => "孩子有监护人，由监护人同意".into(),
            Self::NotGiven => "没有同意过这项用途".into(),
        }
    }
}

impl InChinese for ContactError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotYours => "学习者只能设置本人的联系方式".into(),
            Self::Barred(person) => barred(*person),
            Self::ValuesDoNotFit => "须恰好提交一个号码或邮箱".into(),
            Self::NotRecorded => "没有设置过这种联系方式".into(),
        }
    }
}

impl InChinese for IssueSheetError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours => "找回码只能由本人打印".into(),
            Self::UnderWay(id) => format!("找回 {id} 正在进行：请完成或否决它"),
            Self::Barred(person) => barred(*person),
            Self::LevelTooHigh(level) => format!("{level} 的账户只能到窗口找回"),
        }
    }
}

impl InChinese for StartRecoveryError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::OwnAccount => "经办人不能找回本人的账户".into(),
            Self::Barred(person) => barred(*person),
            Self::UnderWay(id) => format!("找回 {id} 正在进行：请完成或否决它"),
            Self::SheetSpent => "这张找回码已被新的代替，或已用过".into(),
            Self::LevelTooHigh(level) => format!("{level} 的账户只能由登记员找回"),
        }
    }
}

impl InChinese for VetoRecoveryError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::NotYours => "学习者只能否决本人账户的找回".into(),
            Self::Unknown(id) => format!("此人没有找回 {id}"),
            Self::Over(id) => format!("找回 {id} 已完成或已过期"),
        }
    }
}

impl InChinese for CompleteRecoveryError {
    fn zh(&self) -> String {
        match self {
            Self::NotServed(error) => error.zh(),
            Self::OwnAccount => "经办人不能找回本人的账户".into(),
            Self::Unknown(id) => format!("此人没有找回 {id}"),
            Self::Vetoed(id) => format!("找回 {id} 已被否决"),
            Self::TooSoon { recovery, ready_ms } => {
                format!("找回 {recovery} 从 {} 起才能完成", minute_of(*ready_ms))
            }
            Self::TooLate(id) => format!("找回 {id} 没有及时完成：请重新开始"),
            Self::Barred(person) => barred(*person),
            Self::LevelTooHigh(level) => format!("账户现为 {level}，不能用这种方式找回"),
        }
    }
}
