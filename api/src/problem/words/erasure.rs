//! Being forgotten.

use credentials::rulebook::forgotten::Forgotten;
use identity::person::erasure::certify::CertifyErasureError;
use identity::person::erasure::destroy::DestroyKeysError;
use identity::person::erasure::request::RequestErasureError;
use identity::purpose::Purpose;

use super::InChinese;

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Contact => "联系方式",
        Purpose::Identity => "身份信息",
        Purpose::StudyRecord => "学习记录",
    }
}

impl InChinese for Forgotten {
    fn zh(&self) -> String {
        let Self {
            person,
            purpose: of,
        } = self;
        format!("人员 {person} 的{}已删除或正在删除", purpose(*of))
    }
}

impl InChinese for RequestErasureError {
    fn zh(&self) -> String {
        match self {
            Self::PersonUnknown(person) => format!("人员 {person} 未登记"),
            Self::LocksNotYours => "保留期由登记员填写".into(),
            Self::NotYours => "学习者只能申请删除本人的信息".into(),
            Self::NotInOrder => "范围与保留期须按次序各列一次，范围至少一项".into(),
            Self::LockOutside(of) => format!("{}定了保留期，却不在删除范围内", purpose(*of)),
            Self::LockPast(of) => format!("{}的保留期必须晚于今天", purpose(*of)),
            Self::SplitInHand(split) => format!("拆分 {split} 正在办理：请先办结或撤回"),
            Self::AbsorbedFirst(number) => {
                format!("请先申请删除已并入此编号的 {number}")
            }
            Self::InHand {
                purpose: of,
                erasure,
            } => format!("{}已在删除 {erasure} 中", purpose(*of)),
        }
    }
}

impl InChinese for DestroyKeysError {
    fn zh(&self) -> String {
        match self {
            Self::ErasureUnknown(id) => format!("此人没有已生效的删除 {id}"),
            Self::NotDue(of) => format!("{}现在不能销毁：未申请、在保留期内或已销毁", purpose(*of)),
            Self::PartNotNext { expected } => format!("这一轮接下来应为第 {expected} 部分"),
            Self::Form => "一轮为 1 至 10000 部分，每部分最多 1000 个承诺，且须写明范围".into(),
        }
    }
}

impl InChinese for CertifyErasureError {
    fn zh(&self) -> String {
        match self {
            Self::ErasureUnknown(id) => format!("此人没有已生效的删除 {id}"),
            Self::NothingDestroyed => "没有已销毁而未出证的内容，或一轮销毁尚未完成".into(),
            Self::TooEarly(until) => format!("密钥的副本可能存在到 {until}（Unix 毫秒）"),
            Self::CountDiffers(count) => format!("这项删除的提交共写明 {count} 个承诺"),
        }
    }
}
