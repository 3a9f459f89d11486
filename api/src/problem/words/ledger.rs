//! What the ledger itself refuses: forms, signatures, checkpoints.

use ledger::assertion::Malformed;
use ledger::batch::NotABatch;
use ledger::batch::accept::AcceptError;
use ledger::canonical::{Flaw, NotCanonical};
use ledger::execute::Refused;

use super::InChinese;

impl InChinese for Refused {
    fn zh(&self) -> String {
        match self {
            Self::Malformed(malformed) => malformed.zh(),
            Self::ForeignLog { asked, this } => {
                format!("该声明写给日志 {asked:?}，本日志是 {this:?}")
            }
            Self::KeyUnknown(kid) => format!("日志中没有密钥 {kid}"),
            Self::BadSignature(kid) => format!("用密钥 {kid} 验证签名不通过"),
            Self::SeenUnknown(size) => format!(
                "本日志没有大小为 {size} 且根如此的检查点；如果您持有我们签过的这样一个检查点，请保留：它证明有两份历史"
            ),
            Self::SeenTooOld(size) => {
                format!("所见的检查点（大小 {size}）已超过 7 天：请取最新的再签名")
            }
            Self::AtInFuture { ahead_ms } => {
                format!("at 比账本的时钟快 {ahead_ms} 毫秒，最多允许 5 分钟")
            }
            Self::IdReused { id, position } => {
                format!("编号 {id} 已在日志序号 {position} 处使用，内容不同：请用新编号")
            }
            Self::NotABatch(error) => error.zh(),
            Self::EnvelopeAlone => "batch.submit.v1 须与其成员一起作为批次提交".into(),
            Self::NoMember(kind) => format!("{kind} 不能是批次的成员"),
            Self::TooLarge(bytes) => {
                format!("声明与事实共 {bytes} 字节，一条提交最多 65535 字节")
            }
        }
    }
}

impl InChinese for NotABatch {
    fn zh(&self) -> String {
        match self {
            Self::Envelope(what) => {
                format!("信封的种类须是 batch.submit.v1，data 须有 count 与 root（{what}）")
            }
            Self::Members(count) => format!("批次有 {count} 条声明，应为 1 至 1000 条"),
            Self::TooLarge(bytes) => format!("批次的载荷有 {bytes} 字节，最多 8388608 字节"),
            Self::Count { said, sent } => format!("信封写明 {said} 条，实际提交 {sent} 条"),
            Self::Root => "信封的根不是这些声明按此次序得出的".into(),
        }
    }
}

impl InChinese for AcceptError {
    fn zh(&self) -> String {
        match self {
            Self::Count(count) => format!("信封写明 {count} 条声明，应为 1 至 1000 条"),
        }
    }
}

impl InChinese for Malformed {
    fn zh(&self) -> String {
        match self {
            Self::TooLarge(bytes) => format!("声明有 {bytes} 字节，最多 65000 字节"),
            Self::Compact(what) => format!("不是紧凑格式的 JWS（{what}）"),
            Self::Header(what) => format!(
                "JWS 的头部必须正好是 {{\"alg\":\"EdDSA\",\"kid\":…,\"typ\":\"xf-assertion+jws\"}}（{what}）"
            ),
            Self::Algorithm(algorithm) => format!("算法 {algorithm:?} 未启用"),
            Self::NotCanonical(error) => format!("载荷不是 JCS（RFC 8785）：{}", error.zh()),
            Self::Payload(what) => format!("载荷的成员不合要求（{what}）"),
            Self::Id => "id 必须是 UUIDv7；推导得出的则是 UUIDv8".into(),
            Self::Member(what) => format!("批次成员的行不合格式（{what}）"),
            Self::At => {
                "at 必须是带三位小数的 RFC 3339 UTC 时间，例如 2026-11-22T06:00:00.000Z".into()
            }
            Self::Kind => "kind 必须是小写单词加版本，例如 outcome.record.v1".into(),
        }
    }
}

impl InChinese for NotCanonical {
    fn zh(&self) -> String {
        let what = match self.what {
            Flaw::NotJson => "不是 JSON",
            Flaw::Whitespace => "记号之间有空白",
            Flaw::Trailing => "值的后面还有内容",
            Flaw::Escaping => "转义写法不是 JCS 规定的那一种",
            Flaw::Surrogate => "有转义的代理字符",
            Flaw::Float => "数字带小数或指数，只允许整数",
            Flaw::NegativeZero => "有负零",
            Flaw::LeadingZero => "数字以零开头",
            Flaw::NumberTooLarge => "数字的绝对值达到 2^53",
            Flaw::NotSorted => "成员没有按 UTF-16 码元排序",
            Flaw::DuplicateMember => "成员重复",
            Flaw::NotNfc => "文本不是 Unicode NFC 形式",
            Flaw::TooDeep => "嵌套超过 64 层",
            Flaw::Unwritable => "有的值没有 JSON 形式",
        };
        format!("第 {} 字节处{what}", self.at)
    }
}
