//! Personal values, amounts and places in a list, without the value.

use credentials::millicredits::AmountError;
use identity::erasable::DisclosureError;
use identity::value::BadValue;
use projections::page::NotACursor;

use super::InChinese;

impl InChinese for BadValue {
    fn zh(&self) -> String {
        match self {
            Self::Unknown => "没有这个名称的成员".into(),
            Self::NotText => "必须是文本".into(),
            Self::Blank => "不能为空，首尾不能有空白".into(),
            Self::TooLong(chars_max) => format!("最多 {chars_max} 个字符"),
            Self::NotNfc => "必须是 NFC 形式".into(),
            Self::Invisible => "不能含控制字符或方向字符".into(),
            Self::Phone => "须为手机号：11 位数字，境外写 + 和国家号".into(),
            Self::Email => "须为邮箱地址".into(),
            Self::BirthDate => "必须是 1800-01-01 至今天之间的日期".into(),
        }
    }
}

impl InChinese for NotACursor {
    fn zh(&self) -> String {
        let Self = self;
        "cursor 不是前一页回答的 next".into()
    }
}

impl InChinese for AmountError {
    fn zh(&self) -> String {
        match self {
            Self::Empty => "数量为空".into(),
            Self::Negative => "数量为负".into(),
            Self::NotDecimal => "不是 2 或 2.5 这样的十进制数".into(),
            Self::TooPrecise { places_max } => format!("小数超过 {places_max} 位"),
            Self::TooLarge => "数量大得离谱".into(),
        }
    }
}

impl InChinese for DisclosureError {
    fn zh(&self) -> String {
        match self {
            Self::Malformed { index, what } => {
                format!("第 {index} 项披露（从 0 数起）格式不对（{what}）")
            }
            Self::Salt { index } => format!("第 {index} 项披露（从 0 数起）：盐不是 32 字节"),
            Self::NotErasable { index, name } => {
                format!("第 {index} 项披露（从 0 数起）：{name:?} 不是此种声明的可擦除成员")
            }
            Self::Unreferenced { index } => {
                format!("第 {index} 项披露（从 0 数起）打不开 _sd 中的任何摘要")
            }
            Self::Twice { index } => format!("第 {index} 项披露（从 0 数起）重复"),
            Self::Missing(digest) => format!("_sd 中的摘要 {digest} 没有披露来打开"),
        }
    }
}
