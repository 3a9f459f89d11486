//! What to do about a finding, for the list of errors.

use super::finding::Finding;
use crate::problem::{Language, Reason, texts};

/// What to do, in the reader's language.
pub(super) fn of(finding: &Finding, language: Language) -> &'static str {
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
        Language::Zh => zh,
        Language::En => en,
    }
}
