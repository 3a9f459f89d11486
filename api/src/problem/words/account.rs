//! Outcomes in a learner's account, and the policy they are held against.

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::outcome::FieldError;
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::account::revoke_outcome::RevokeOutcomeError;
use credentials::policy::adopted::PolicyError;
use identity::did::IssuerNumber;
use uuid::Uuid;

use super::InChinese;

impl InChinese for RecordOutcomeError {
    fn zh(&self) -> String {
        match self {
            Self::AwarderNotAuthorised { signer, awarder } => {
                format!("机构 {signer} 不能替授予机构 {awarder} 登记")
            }
            Self::KindNotInScope { awarder, kind } => {
                format!("机构 {awarder} 不能登记 {kind} 类学习成果")
            }
            Self::PersonUnknown(person) => format!("人员 {person} 未登记"),
            Self::IdNotDerived { expected } => {
                format!("outcome 必须是 {expected}：该编号由授予机构、记录号和人员推导得出")
            }
            Self::Field(error) => error.zh(),
            Self::RecordDiffers { record, position } => {
                format!("记录 {record:?} 已在日志序号 {position} 处登记，内容不同：请提交更正")
            }
            Self::RecordRevoked { record, position } => {
                format!("记录 {record:?} 已在日志序号 {position} 处撤销：请用新的记录号")
            }
            Self::Policy(error) => error.zh(),
        }
    }
}

impl InChinese for CorrectOutcomeError {
    fn zh(&self) -> String {
        match self {
            Self::Disputed => "该学习成果存疑，其机构尚未确认".into(),
            Self::Quarantined => "该学习成果与同一记录的另一项重复，已隔离：请撤销其中一项".into(),
            Self::OutcomeUnknown(id) => unknown(*id),
            Self::NotYours { outcome, awarder } => not_yours(*outcome, *awarder, "更正"),
            Self::Revoked(position) => format!("该学习成果已在日志序号 {position} 处撤销"),
            Self::TargetNotCurrent { id } => not_current(*id),
            Self::Field(error) => error.zh(),
            Self::Policy(error) => error.zh(),
        }
    }
}

impl InChinese for RevokeOutcomeError {
    fn zh(&self) -> String {
        match self {
            Self::OutcomeUnknown(id) => unknown(*id),
            Self::NotYours { outcome, awarder } => not_yours(*outcome, *awarder, "撤销"),
            Self::TargetNotCurrent { id } => not_current(*id),
        }
    }
}

fn unknown(id: Uuid) -> String {
    format!("该账户中没有学习成果 {id}")
}

fn not_yours(outcome: Uuid, awarder: IssuerNumber, act: &str) -> String {
    format!("学习成果 {outcome} 由机构 {awarder} 授予，只有该机构可以{act}")
}

fn not_current(id: Uuid) -> String {
    format!("target 必须是 {{id: {id}, …}}，即学习成果现行内容所在的提交")
}

impl InChinese for FieldError {
    fn zh(&self) -> String {
        match self {
            Self::Record => {
                "record 须为 1 至 64 个字符：A-Z a-z 0-9 - _ . / : # ( ) + 和 第 号 字 年".into()
            }
            Self::RecordIsIdentifier => "record 本身是个人号码：请填机构自己的记录号".into(),
            Self::Code => "code 须为 1 至 64 个字符：A-Z a-z 0-9 - _ . / : # ( ) + 和 第 号 字 年，且不是个人号码".into(),
            Self::InFuture {
                completed_on,
                today,
            } => format!("completed_on {completed_on} 在将来：今天是 {today}"),
            Self::TooOld(date) => format!("completed_on {date} 早于 1949-10-01"),
            Self::AmountMissing(scheme) => format!("请给出学分或学时：体系 {scheme} 要计学分"),
            Self::AmountNotCounted => "体系 none 不计学分".into(),
            Self::AmountAbsurd { credit, max } => {
                format!("{credit} 学分超过一项学习成果的上限：最多 {max}")
            }
            Self::Level(level) => format!("等级 {level} 不在政策的等级框架中"),
            Self::NoRate => "现行政策没有学时换算学分的比率：请给出学分".into(),
        }
    }
}

impl InChinese for PolicyError {
    fn zh(&self) -> String {
        match self {
            Self::NotInForce(date) => format!("{date} 没有生效的政策"),
            Self::Unknown(what) => format!("本程序不认识所采用的政策（{what}）"),
        }
    }
}
