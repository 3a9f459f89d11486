//! What to do about a finding, for the list of errors.
//!
//! Invariant: no advice repeats what stands in a cell, or what is registered.

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use crate::problem::{Language, Reason, Words, texts};

/// Why a person is not found (I08): each has another cell to be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Hint {
    /// The cell has no person's number.
    NotANumber,
    /// Nobody has the person's number that the cell has.
    NobodyHere,
    /// Nobody is registered under the resident ID.
    NotRegistered,
    /// The number is registered under another name.
    OtherName,
    /// An earlier row of the file has the number under another name.
    OtherNameInFile,
    /// The number is somebody else's than the row's other one.
    TwoPeople,
    /// Whom the other number names has another resident ID.
    SecondResidentId,
    /// The number is being registered elsewhere.
    UnderWay,
}

impl Hint {
    /// What to write into `cell`, the header of the failing cell's column.
    fn advice(self, cell: &str) -> Words {
        match self {
            Self::NotANumber => (
                format!("“{cell}”这一格写平台给此人的编号（36 位，带连字符）；不知道编号就留空，另在“证件号”和“姓名”两格写上此人的"),
                format!("in “{cell}” write the number that this platform gave the person (36 characters with hyphens); if you do not have it, leave the cell empty and write resident ID and name in their cells"),
            ),
            Self::NobodyHere => (
                format!("“{cell}”这一格的编号查无此人：按证件号在平台查出此人的编号，照抄到这一格；或留空，另在“证件号”和“姓名”两格写上此人的"),
                format!("nobody has the number in “{cell}”: look the person up by resident ID and copy the number, or leave the cell empty and write resident ID and name in their cells"),
            ),
            Self::NotRegistered => (
                format!("“{cell}”这一格的号码没有登记过：与证件逐位核对，写错的改成证件上的号码；没有写错的，先把此人放进名单登记，再上传这一行"),
                format!("the number in “{cell}” was never registered: compare it with the document and write the number that stands there; if it is right, register the person with a roster first, then send the row again"),
            ),
            Self::OtherName => (
                format!("“{cell}”这一格与号码登记的姓名不同：改成证件上的姓名；姓名没有写错的，号码是别人的，把号码改成证件上的；两者都与证件一致的，请登记此人的机构更正"),
                format!("the name in “{cell}” is not the one registered for the number: write the name as on the document; if it is right, the number is somebody else's: write the number as on the document; if both are right, the institution that registered the person corrects it"),
            ),
            Self::OtherNameInFile => (
                format!("“{cell}”这一格与前面同一号码的行不同：两行是同一人的，写成同一姓名；不是同一人的，把写错的号码改成证件上的"),
                format!("the name in “{cell}” is not that of the earlier row with this number: write one name in both rows if they are about one person; else write each number as on the document"),
            ),
            Self::TwoPeople => (
                format!("“{cell}”这一格是另一个人的号码：改成此人自己的号码；不能确定的留空，只留一个确定的号码"),
                format!("the number in “{cell}” is somebody else's: write this person's own; if you are not sure, leave it empty and keep the one number that is certain"),
            ),
            Self::SecondResidentId => (
                format!("“{cell}”这一格与此人已有的证件号不同：改成证件上的号码；证件号没有写错的，学籍号是别人的，改成此人自己的或留空"),
                format!("“{cell}” is not the resident ID that this person has: write it as on the document; if it is right, the enrolment number is somebody else's: write this person's own or leave it empty"),
            ),
            Self::UnderWay => (
                format!("“{cell}”这一格不必改：几分钟后把这一行原样再上传一次"),
                format!("leave “{cell}” as it is, and send the row again in a few minutes"),
            ),
        }
        .into()
    }
}

/// What to do, in the reader's language; `cell` = header of the failing cell's column, if one is to blame.
pub(super) fn of(finding: &Finding, cell: &str, language: Language) -> String {
    if let Some(hint) = finding.hint {
        return hint.advice(cell).in_language(language).to_owned();
    }
    let (zh, en) = match &*finding.code {
        "I01" => ("把这一格填上", "fill in the cell"),
        "I02" => (
            "对照证件核对号码，一位一位改正",
            "compare the number with the document and correct it",
        ),
        "I03" => (
            "先把这一列的单元格格式设为“文本”，再重新输入完整的内容",
            "format the column as text first, then type the whole value again",
        ),
        "I04" => (
            "在这一格重新输入正确的内容；整行在一格里时，把各格分开重填",
            "type the cell again; where the whole row stands in one cell, fill in its cells again",
        ),
        "I05" => (
            "写成数字，最多三位小数，例如 2 或 2.5",
            "write a number with at most three decimals, as 2 or 2.5",
        ),
        "I06" => (
            "写成 2026-06-30 的样子，且不晚于今天",
            "write the date as 2026-06-30, not later than today",
        ),
        "I07" => (
            "换成平台认得的值（课程请写 course）",
            "write a value that the platform knows (course for a course)",
        ),
        "I08" => (
            "核对号码和姓名；没有登记的人请先登记",
            "check number and name; register the person first if nobody has",
        ),
        "I09" => (
            "删去重复的行，或写上各自的记录号",
            "remove the repeated row, or give each its own record number",
        ),
        "I10" | "I12" => (
            "不必改：这一行已经或将会记录",
            "nothing needs to be done: the row is or will be recorded",
        ),
        _ => match Reason::from_slug(&finding.problem).map(texts::of) {
            Some(text) => (text.action_zh, text.action_en),
            None => ("按原因改正这一行", "correct the row as the reason says"),
        },
    };
    match language {
        Language::Zh => zh.to_owned(),
        Language::En => en.to_owned(),
    }
}
