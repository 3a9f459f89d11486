//! What happened here, in Chinese: the sentences behind the details that people at a desk read.
//!
//! The English sentence of a refusal is its `Display`, beside the rule. The Chinese one stands here,
//! by exhaustive matches: a new rule about people, numbers or outcomes does not compile without it.
//! `None` = for those who write programs (forms, keys, signatures): title in Chinese, detail in English.

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::outcome::FieldError;
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::account::revoke_outcome::RevokeOutcomeError;
use credentials::rulebook::Refusal;
use identity::approval::decide::ApprovalError;
use identity::identifier::{Malformed, Warning};
use identity::person::bind_identifier::BindIdentifierError;
use identity::person::register::RegisterError;
use identity::value::BadValue;

/// What a refusal says in Chinese.
pub(super) fn refusal(refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::RecordOutcome(error) => recorded(error),
        Refusal::CorrectOutcome(error) => corrected(error),
        Refusal::RevokeOutcome(error) => Some(revoked(error)),
        Refusal::Register(error) => Some(registered(error)),
        Refusal::BindIdentifier(error) => Some(bound(error)),
        Refusal::Approval(error) => Some(decided(error)),
        Refusal::UnknownKind(_)
        | Refusal::EngineUnknown(_)
        | Refusal::DataMalformed { .. }
        | Refusal::Ask(_)
        | Refusal::Policy(_)
        | Refusal::OpenLog(_)
        | Refusal::Admit(_)
        | Refusal::ActivateKey(_)
        | Refusal::RetireKey(_)
        | Refusal::Appoint(_) => None,
    }
}

fn recorded(error: &RecordOutcomeError) -> Option<String> {
    Some(match error {
        RecordOutcomeError::AwarderNotAuthorised { signer, awarder } => {
            format!("机构 {signer} 不能替授予机构 {awarder} 入账")
        }
        RecordOutcomeError::KindNotInScope { awarder, kind } => {
            format!("机构 {awarder} 无权记录类型为 {kind} 的成果")
        }
        RecordOutcomeError::PersonUnknown(person) => format!("学习者 {person} 尚未登记"),
        RecordOutcomeError::IdNotDerived { expected } => {
            format!("成果编号应为 {expected}：它由授予机构、记录号和学习者推算")
        }
        RecordOutcomeError::Field(error) => field(error),
        RecordOutcomeError::RecordDiffers { record, position } => {
            format!("记录 {record:?} 已在第 {position} 条提交入账，内容不同：请发起更正")
        }
        RecordOutcomeError::RecordRevoked { record, position } => {
            format!("记录 {record:?} 已在第 {position} 条提交撤销：请换用新的记录号")
        }
        RecordOutcomeError::Policy(_) => return None,
    })
}

fn corrected(error: &CorrectOutcomeError) -> Option<String> {
    Some(match error {
        CorrectOutcomeError::OutcomeUnknown(outcome) => no_outcome(outcome),
        CorrectOutcomeError::NotYours { outcome, awarder } => {
            format!("成果 {outcome} 由机构 {awarder} 授予，只有该机构可以更正")
        }
        CorrectOutcomeError::Revoked(position) => format!("该成果已在第 {position} 条提交撤销"),
        CorrectOutcomeError::TargetNotCurrent { id } => not_current(id),
        CorrectOutcomeError::Field(error) => field(error),
        CorrectOutcomeError::Policy(_) => return None,
    })
}

fn revoked(error: &RevokeOutcomeError) -> String {
    match error {
        RevokeOutcomeError::OutcomeUnknown(outcome) => no_outcome(outcome),
        RevokeOutcomeError::NotYours { outcome, awarder } => {
            format!("成果 {outcome} 由机构 {awarder} 授予，只有该机构可以撤销")
        }
        RevokeOutcomeError::TargetNotCurrent { id } => not_current(id),
    }
}

fn no_outcome(outcome: &uuid::Uuid) -> String {
    format!("该账户中没有成果 {outcome}")
}

fn not_current(id: &uuid::Uuid) -> String {
    format!("target 应指向成果现行内容所在的提交（id 为 {id}）")
}

fn registered(error: &RegisterError) -> String {
    match error {
        RegisterError::PersonNotRandom => "学习者编号必须是随机的 UUIDv4".into(),
        RegisterError::PersonTaken(person) => format!("学习者 {person} 已登记"),
        RegisterError::IdentifierTwice => "同一类证件填了两次；第二个请登记后再绑定".into(),
        RegisterError::ValuesDoNotFit => {
            "承诺的个数不对：应有姓名，可有出生日期，每个证件一个号码".into()
        }
        RegisterError::OverrideNotYours(issuer) => override_not_yours(issuer.0),
    }
}

fn bound(error: &BindIdentifierError) -> String {
    match error {
        BindIdentifierError::PersonUnknown(person) => format!("学习者 {person} 尚未登记"),
        BindIdentifierError::NotOnRoster(issuer) => format!("该学习者不是机构 {issuer} 登记的"),
        BindIdentifierError::ValuesDoNotFit => "一个证件只有一个号码".into(),
        BindIdentifierError::TooMany => "每人最多绑定 64 个证件".into(),
        BindIdentifierError::OverrideNotYours(issuer) => override_not_yours(issuer.0),
    }
}

fn override_not_yours(issuer: u32) -> String {
    format!("机构 {issuer} 不能放行校验不符的号码，只有登记机构可以")
}

fn decided(error: &ApprovalError) -> String {
    match error {
        ApprovalError::TargetMissing => "target 须写明提案的 id 和 leaf".into(),
        ApprovalError::ProposalUnknown(id) => format!("没有提案 {id}，或 leaf 不符"),
        ApprovalError::SamePerson => "须由另一人办理：不能是提出人，也不能同一人两次".into(),
        ApprovalError::ApproverNotAllowed(role) => format!("角色 {role} 不能批准此事"),
        ApprovalError::Rejected(position) => format!("该提案已在第 {position} 条提交被否决"),
        ApprovalError::Completed(position) => format!("该提案已在第 {position} 条提交执行"),
        ApprovalError::Expired => "该提案已超过 24 小时：请重新提出".into(),
    }
}

/// What is wrong with an outcome's field.
pub(crate) fn field(error: &FieldError) -> String {
    match error {
        FieldError::Record => {
            "记录号须为 1 至 64 个字符：字母、数字、- _ . / : # ( ) + 和 第 号 字 年".into()
        }
        FieldError::RecordIsIdentifier => "记录号是个人证件号码：请填机构自己的记录号".into(),
        FieldError::Code => {
            "代码须为 1 至 64 个字符：字母、数字、- _ . / : # ( ) + 和 第 号 字 年，且不能是个人证件号码".into()
        }
        FieldError::InFuture { completed_on, today } => {
            format!("完成日期 {completed_on} 晚于今天（{today}）")
        }
        FieldError::TooOld(date) => format!("完成日期 {date} 早于 1949-10-01"),
        FieldError::AmountMissing(scheme) => format!("请填学分或学时：体系 {scheme} 计学分"),
        FieldError::AmountNotCounted => "体系 none 不计学分".into(),
        FieldError::AmountAbsurd { credit, max } => {
            format!("{credit} 学分超过一项成果的上限 {max}")
        }
        FieldError::Level(level) => format!("等级 {level} 不在现行政策的框架内"),
        FieldError::NoRate => "现行政策没有学时换算学分的比例：请填学分".into(),
    }
}

/// Why a text is no number of its type.
pub(crate) fn malformed(error: Malformed) -> String {
    match error {
        Malformed::Length { expected, found } => format!("应有 {expected} 个字符，实有 {found} 个"),
        Malformed::Alphabet { place } => format!("第 {place} 个字符不能出现在此处"),
        Malformed::Spreadsheet => {
            "号码被表格软件改成科学计数，数字已丢失：请把该列设为“文本”后重新填写".into()
        }
    }
}

/// What is odd about a number.
pub(crate) fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::CheckDigit => "号码的校验码不符",
        Warning::OrganisationCode => "信用代码中的组织机构代码校验不符",
        Warning::BirthDate => "号码中的出生日期不是日历上的日期",
        Warning::Serial => "高等学校标识码的顺序号应以 0 开头",
        Warning::OldForm => "由十五位旧号码补成，旧号码没有校验码",
    }
}

/// Why a personal value is not accepted.
pub(crate) fn bad_value(error: &BadValue) -> String {
    match error {
        BadValue::Unknown => "没有这个名称的成员".into(),
        BadValue::NotText => "必须是文字".into(),
        BadValue::Blank => "不能为空，首尾不能有空白".into(),
        BadValue::TooLong(max) => format!("最多 {max} 个字符"),
        BadValue::NotNfc => "必须是 NFC 形式".into(),
        BadValue::Invisible => "不能有控制字符或方向字符".into(),
        BadValue::BirthDate => "必须是 1800-01-01 至今天之间的日期".into(),
    }
}
