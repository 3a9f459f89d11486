//! One account that held two people.

use credentials::split::agree::AgreeSplitError;
use credentials::split::apply::{ApplySplitError, ENDED_MAX};
use credentials::split::propose::{OUTCOMES_MAX, ProposeSplitError};
use credentials::split::transfer::TransferError;
use credentials::split::withdraw::WithdrawSplitError;
use identity::did::IssuerNumber;
use uuid::Uuid;

use super::InChinese;

fn not_in_hand(split: Uuid) -> String {
    format!("这个账户没有正在办理的拆分 {split}")
}

fn not_on_roster(number: IssuerNumber) -> String {
    format!("这两个编号并非都由机构 {number} 登记：请由登记员办理")
}

const OWN: &str = "不能办理本人账户的拆分";

impl InChinese for ProposeSplitError {
    fn zh(&self) -> String {
        match self {
            Self::Same => "两个编号相同".into(),
            Self::PersonUnknown(person) => format!("人员 {person} 未登记"),
            Self::Merged { person, into } => format!("人员 {person} 已并入 {into}：请用后一个编号"),
            Self::NotOnRoster(number) => not_on_roster(*number),
            Self::Erased(person) => format!("人员 {person} 的信息已删除或正在删除"),
            Self::OwnAccount => OWN.into(),
            Self::InHand(split) => format!("拆分 {split} 正在办理：请先办结或撤回"),
            Self::EvidenceMissing => "缺少证据说明".into(),
            Self::TooLarge { outcomes } => {
                format!("账户有 {outcomes} 项学习成果，一次最多 {OUTCOMES_MAX} 项")
            }
            Self::NotInOrder => "两份清单须各自按升序排列，且没有相同的成果".into(),
            Self::OutcomeUnknown(outcome) => format!("账户中没有有效的学习成果 {outcome}"),
            Self::NotAssigned(outcome) => format!("学习成果 {outcome} 没有说明归谁"),
            Self::IssuerSilent { outcome, awarder } => {
                format!("学习成果 {outcome} 的授予机构 {awarder} 已无承接者：只能留在原账户")
            }
        }
    }
}

impl InChinese for AgreeSplitError {
    fn zh(&self) -> String {
        match self {
            Self::NotInHand(split) => not_in_hand(*split),
            Self::NothingIssued(number) => format!("清单中没有机构 {number} 授予的成果"),
        }
    }
}

impl InChinese for TransferError {
    fn zh(&self) -> String {
        match self {
            Self::NotInHand(split) => not_in_hand(*split),
            Self::OutcomeUnknown(outcome) => format!("清单中没有学习成果 {outcome}，或已撤销"),
            Self::OtherPerson(person) => format!("按清单，这项成果归人员 {person}"),
            Self::NotYours { outcome, awarder } => {
                format!("学习成果 {outcome} 由机构 {awarder} 授予，只能由它或其承接者移转")
            }
            Self::Settled(outcome) => format!("学习成果 {outcome} 已在应在的账户：只需同意拆分"),
            Self::Disputed => "学习成果存疑：请先处理，或撤销".into(),
            Self::RecordThere(record) => format!("此人已有记录 {record:?}：请撤销其中之一"),
            Self::IdNotDerived { expected } => format!("outcome 应为 {expected}"),
            Self::TargetNotCurrent { id } => format!("target 应指向当前内容的提交 {id}"),
            Self::Differs => "记录号、公开内容和密封内容的项数须与现有成果一致".into(),
            Self::Policy(error) => error.zh(),
        }
    }
}

impl InChinese for ApplySplitError {
    fn zh(&self) -> String {
        match self {
            Self::NotInHand(split) => not_in_hand(*split),
            Self::NotOnRoster(number) => not_on_roster(*number),
            Self::OwnAccount => OWN.into(),
            Self::NotMoved(outcome) => format!("学习成果 {outcome} 还没有由授予机构移转"),
            Self::NotAgreed(number) => format!("机构 {number} 还没有同意"),
            Self::Outdated(outcome) => {
                format!("学习成果 {outcome} 是之后登记或变更的：请撤回拆分，重新提出")
            }
            Self::TooManyEnded(ended) => {
                format!("合并后撤销了 {ended} 项成果，一次最多 {ENDED_MAX} 项")
            }
        }
    }
}

impl InChinese for WithdrawSplitError {
    fn zh(&self) -> String {
        match self {
            Self::NotInHand(split) => not_in_hand(*split),
            Self::NotOnRoster(number) => not_on_roster(*number),
            Self::OwnAccount => OWN.into(),
        }
    }
}
