//! Institutions, their keys, and who asks for them.

use identity::ask::AskError;
use identity::institution::activate_key::ActivateKeyError;
use identity::institution::admit::AdmitError;
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::new_key::NewKeyError;
use identity::institution::reaffirm_history::ReaffirmHistoryError;
use identity::institution::recover_key::RecoverKeyError;
use identity::institution::retire_key::RetireKeyError;
use identity::institution::rotate_key::RotateKeyError;
use identity::institution::settle_entries::SettleEntriesError;

use super::InChinese;

impl InChinese for AskError {
    fn zh(&self) -> String {
        match self {
            Self::SignerUnknown(kid) => format!("{kid} 不是本平台或其机构的密钥"),
            Self::NotAdmitted(number) => format!("机构 {number} 尚未准入"),
            Self::Suspended { number, position } => {
                format!("机构 {number} 自日志序号 {position} 起被暂停")
            }
            Self::Ended { number, position } => {
                format!("机构 {number} 已在日志序号 {position} 处关闭或合并")
            }
            Self::KeyNotActive {
                kid,
                position,
                activated,
                retired,
            } => {
                let at = |position: &Option<u64>| {
                    position.map_or_else(|| "无".to_owned(), |it| it.to_string())
                };
                format!(
                    "密钥 {kid} 在日志序号 {position} 处不能签名：启用于 {}，停用于 {}",
                    at(activated),
                    at(retired)
                )
            }
            Self::KeyUse(kid) => format!("密钥 {kid} 不用于提出此类声明"),
            Self::KindNotYours { issuer, kind } => format!("机构 {issuer} 不能提出声明 {kind}"),
            Self::ActMissing => "缺少 act：由平台保管的密钥以及双人行为，都要写明由谁经办".into(),
            Self::ActorBarred(person) => {
                format!("不能以人员 {person} 的身份办理：已暂停、已并入别的编号、已删除或已去世")
            }
            Self::NotDelegated { agent, principal } => {
                format!("人员 {agent} 不能以 {principal} 的名义办理此事")
            }
            Self::ActorNotAllowed { person, role } => {
                format!("人员 {person} 不能在这里以角色 {role} 经办")
            }
        }
    }
}

impl InChinese for AdmitError {
    fn zh(&self) -> String {
        match self {
            Self::NumberNotNext { asked, next } => {
                format!("编号 {asked} 不是下一个编号，应为 {next}")
            }
            Self::CodeTaken { code, number } => format!("代码 {code} 已属于机构 {number}"),
            Self::CodeMissing => "机构须有学校代码或统一社会信用代码".into(),
            Self::CodeMalformed { field, what } => format!("{field}：代码格式不对（{what}）"),
            Self::CheckDigit { field } => format!("{field}：校验位不符"),
            Self::Name => "名称须为 1 至 120 个字".into(),
            Self::Officers => "机构开始时须有两名不同的经办人".into(),
            Self::ParentUnknown(number) => format!("上级机构 {number} 尚未准入"),
            Self::ParentEnded(number) => format!("上级机构 {number} 已关闭或已合并"),
            Self::LevelUnfit(number) => format!("这一级的机构不能设在机构 {number} 之下"),
            Self::Key => "该密钥或其名称不能使用".into(),
        }
    }
}

impl InChinese for ActivateKeyError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours(number) => format!("机构 {number} 的密钥由它自己命名"),
            Self::Fragment(name) => {
                format!("{name:?} 不能作密钥名：须为 1 至 64 个 a-z 0-9 - . 字符")
            }
            Self::FragmentTaken(name) => format!("密钥名 {name:?} 已用过，密钥名不再重复使用"),
            Self::KeyTaken(name) => format!("该密钥曾以 {name:?} 为名使用过"),
            Self::KeyMixedOrder => "该密钥为混合阶，不能登记".into(),
            Self::CredentialKeyNotKept => "证书密钥由平台代管：不要提交公钥，由平台生成".into(),
            Self::UseNotYours => "只有登记机构才有这种用途的密钥".into(),
            Self::TooMany => "一个机构最多 1000 把密钥".into(),
            Self::Pledged(name) => format!("{name:?} 已承诺下一把声明密钥：请轮换"),
            Self::UseTaken(name) => format!("已有这种用途的密钥 {name:?}：请轮换"),
            Self::Key(error) => error.zh(),
        }
    }
}

impl InChinese for NewKeyError {
    fn zh(&self) -> String {
        match self {
            Self::Fragment(name) => {
                format!("{name:?} 不能作密钥名：须为 1 至 64 个 a-z 0-9 - . 字符")
            }
            Self::FragmentTaken(name) => format!("密钥名 {name:?} 已用过，密钥名不再重复使用"),
            Self::KeyTaken(name) => format!("该密钥曾以 {name:?} 为名使用过"),
            Self::MixedOrder => "该密钥为混合阶，不能登记".into(),
            Self::Possession => "proof 不是新密钥对自己名称的签名".into(),
            Self::NotOwn => "确认密钥和恢复密钥须由机构自己保管".into(),
            Self::NotPledged(name) => format!("该密钥不是 {name:?} 所承诺的下一把"),
            Self::TooMany => "一个机构最多 1000 把密钥".into(),
        }
    }
}

impl InChinese for RotateKeyError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours(number) => format!("机构 {number} 的密钥由它自己轮换"),
            Self::OldKeyEnded(name) => format!("密钥 {name:?} 已不再签名，无从轮换"),
            Self::Key(error) => error.zh(),
        }
    }
}

impl InChinese for RecoverKeyError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours(number) => format!("机构 {number} 的密钥由它自己恢复"),
            Self::KeyUnknown(name) => format!("没有声明密钥或确认密钥 {name:?}"),
            Self::NothingPledged(name) => format!("{name:?} 没有承诺下一把密钥：请先申报泄露"),
            Self::Key(error) => error.zh(),
        }
    }
}

impl InChinese for CompromiseKeyError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours(number) => format!("机构 {number} 的密钥由它自己申报"),
            Self::KeyUnknown(name) => format!("没有密钥 {name:?}"),
            Self::OwnKey => "恢复密钥不能申报自己：请先轮换".into(),
            Self::Ahead(position) => format!("截止位置 {position} 在日志末尾之后"),
            Self::BelowFloor { floor } => {
                format!("机构已确认到 {floor} 为止的历史，截止位置不能更低")
            }
            Self::NotEarlier { not_valid_after } => {
                format!("截止位置已在 {not_valid_after}，只能提前")
            }
        }
    }
}

impl InChinese for ReaffirmHistoryError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours(number) => format!("机构 {number} 的历史由它自己确认"),
            Self::NotSeen { through, size } => {
                format!("签名时所见日志有 {size} 条，其中没有位置 {through}")
            }
            Self::NotHigher(floor) => format!("历史已确认到 {floor}，只能更后"),
            Self::Except => {
                "except：最多 1000 个位置，从小到大，在上次确认之后、through 之内".into()
            }
        }
    }
}

impl InChinese for SettleEntriesError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours(number) => format!("机构 {number} 的存疑记录由它自己或继任机构处理"),
            Self::Ranges => "ranges：1 至 1000 段 [起, 止]，从小到大，互不相接".into(),
            Self::NotSeen { last, size } => {
                format!("签名时所见日志有 {size} 条，其中没有位置 {last}")
            }
            Self::NotDisputed { from, to } => format!("位置 {from} 至 {to} 并非全部存疑"),
            Self::KeyNotFit(name) => format!("{name:?} 不是现用的声明密钥"),
            Self::Seal => "seal 不是该密钥对这些位置和根哈希的签名".into(),
        }
    }
}

impl InChinese for RetireKeyError {
    fn zh(&self) -> String {
        match self {
            Self::NotYours(number) => format!("机构 {number} 的密钥由它自己停用"),
            Self::KeyUnknown(name) => format!("没有密钥 {name:?}"),
            Self::LastKey(name) => format!("{name:?} 是最后一把声明密钥：请先启用下一把"),
            Self::KeptApart(name) => {
                format!("{name:?} 与声明密钥分开保管，不由声明密钥停用：请轮换")
            }
        }
    }
}
