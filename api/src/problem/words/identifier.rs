//! Persons and the numbers they are known by; no number itself stands in a sentence.

use identity::did::IssuerNumber;
use identity::identifier::{Malformed, Warning};
use identity::person::bind_identifier::BindIdentifierError;
use identity::person::register::RegisterError;

use super::InChinese;

impl InChinese for Malformed {
    fn zh(&self) -> String {
        match self {
            Self::Length { expected, found } => {
                let expected = expected.replace(" or ", " 或 ");
                format!("应为 {expected} 个字符，实际 {found} 个")
            }
            Self::Alphabet { place } => format!("第 {place} 位不能是这个字符"),
            Self::Spreadsheet => "号码被电子表格变成了科学计数法，数字已丢失".into(),
        }
    }
}

impl InChinese for Warning {
    fn zh(&self) -> String {
        match self {
            Self::CheckDigit => "校验位与号码不符",
            Self::OrganisationCode => "信用代码中的组织机构代码校验不通过",
            Self::BirthDate => "号码中的出生日期不是日历上的日期",
            Self::Serial => "高等学校代码的顺序号应以 0 开头",
            Self::OldForm => "由十五位旧号码补全，旧号码没有校验位",
        }
        .into()
    }
}

impl InChinese for RegisterError {
    fn zh(&self) -> String {
        match self {
            Self::PersonNotRandom => "person 必须是随机的 UUIDv4".into(),
            Self::PersonTaken(person) => format!("人员 {person} 已登记"),
            Self::IdentifierTwice => "同一类证件出现两次；第二个请在登记后再绑定".into(),
            Self::ValuesDoNotFit => {
                "承诺的个数不符：一个姓名，可有一个出生日期，每个证件一个值".into()
            }
            Self::OverrideNotYours(issuer) => override_not_yours(*issuer),
        }
    }
}

impl InChinese for BindIdentifierError {
    fn zh(&self) -> String {
        match self {
            Self::PersonUnknown(person) => format!("人员 {person} 未登记"),
            Self::NotOnRoster(number) => format!("此人不是由机构 {number} 登记的"),
            Self::ValuesDoNotFit => "一个证件只有一个值".into(),
            Self::TooMany => "一人最多 64 个证件".into(),
            Self::OverrideNotYours(issuer) => override_not_yours(*issuer),
        }
    }
}

fn override_not_yours(issuer: IssuerNumber) -> String {
    format!("机构 {issuer} 不能放行校验不符的号码，只有登记机构可以")
}
