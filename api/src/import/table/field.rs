//! What a column means, by its header: many words for each, as institutions write them.
//!
//! Invariant: a header names at most one field; what it adds in brackets counts only if it is a known
//! remark (`（必填）`) or says the same in the other language, never otherwise.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The person's number here.
    Learner,
    /// Name.
    Name,
    /// Resident ID.
    ResidentId,
    /// Enrolment number.
    EnrolmentNumber,
    /// Date of birth.
    BirthDate,
    /// The awarder's own number for the outcome.
    Record,
    /// Kind of outcome.
    Kind,
    /// Course code.
    Code,
    /// Title.
    Title,
    /// Hours.
    Hours,
    /// Credits.
    Credits,
    /// Scheme.
    Scheme,
    /// Level.
    Level,
    /// Category.
    Category,
    /// Mark.
    Grade,
    /// Date of completion.
    CompletedOn,
}

/// Field, its name on the wire, and its header words as [`plain`] leaves them; the first is shown.
#[rustfmt::skip]
const HEADERS: [(Field, &str, &[&str]); 16] = [
    (Field::Learner, "learner", &[
        "学习者编号", "学习者号", "人员编号", "学习者id", "learner", "learnerid", "learnernumber", "personid",
    ]),
    (Field::Name, "name", &[
        "姓名", "学生姓名", "学员姓名", "学习者姓名", "考生姓名", "中文姓名", "name", "fullname", "studentname",
        "learnername",
    ]),
    (Field::ResidentId, "resident_id", &[
        "证件号", "证件号码", "身份证", "身份证号", "身份证号码", "居民身份证号", "居民身份证号码", "公民身份号码",
        "公民身份证号", "公民身份证号码", "学生身份证号", "学员身份证号", "residentid", "residentidnumber", "idnumber",
        "idno", "idcard", "idcardno", "idcardnumber", "nationalid", "citizenid",
    ]),
    (Field::EnrolmentNumber, "enrolment_number", &[
        "学籍号", "学籍号码", "学籍编号", "全国学籍号", "全国学籍号码", "国家学籍号", "学生学籍号",
        "enrolmentnumber", "enrolmentno", "enrollmentnumber", "enrollmentno", "pupilnumber",
    ]),
    (Field::BirthDate, "birth_date", &[
        "出生日期", "出生年月日", "生日", "出生时间", "birthdate", "dateofbirth", "birthday", "dob",
    ]),
    (Field::Record, "record", &[
        "记录号", "记录编号", "成绩编号", "成绩记录号", "成果编号", "成绩流水号", "流水号", "record", "recordid",
        "recordno", "recordnumber",
    ]),
    (Field::Kind, "kind", &["类型", "成果类型", "学习成果类型", "kind", "outcomekind", "outcometype"]),
    (Field::Code, "code", &[
        "课程代码", "代码", "课程号", "课程编号", "课程编码", "code", "coursecode", "courseno", "coursenumber",
        "courseid",
    ]),
    (Field::Title, "title", &[
        "课程名称", "课程名", "课程", "名称", "成果名称", "学习成果名称", "title", "course", "coursename",
        "coursetitle",
    ]),
    (Field::Hours, "hours", &[
        "学时", "学时数", "课时", "课时数", "总学时", "课程学时", "hours", "classhours", "studyhours", "contacthours",
    ]),
    (Field::Credits, "credits", &[
        "学分", "学分数", "课程学分", "所得学分", "获得学分", "credits", "credit", "creditpoints",
    ]),
    (Field::Scheme, "scheme", &["体系", "学分体系", "scheme", "creditscheme"]),
    (Field::Level, "level", &["等级", "资历等级", "资历级别", "level", "nqflevel"]),
    (Field::Category, "category", &["类别", "课程类别", "category", "coursecategory"]),
    (Field::Grade, "grade", &[
        "成绩", "分数", "总评", "总评成绩", "最终成绩", "综合成绩", "总成绩", "考核成绩", "课程成绩", "grade",
        "finalgrade", "score", "finalscore", "mark", "finalmark",
    ]),
    (Field::CompletedOn, "completed_on", &[
        "完成日期", "日期", "完成时间", "结课日期", "结课时间", "结业日期", "结业时间", "修读完成日期", "取得日期",
        "获得日期", "completedon", "completed", "completiondate", "dateofcompletion", "datecompleted", "completedate",
        "date",
    ]),
];

/// What headers add and does not change what they mean.
#[rustfmt::skip]
const REMARKS: &[&str] = &[
    "必填", "必填项", "必输", "选填", "非必填", "可选", "可空", "可不填", "可填", "required", "mandatory", "optional",
    "文本", "文本格式", "text", "分", "学分", "小时", "学时", "课时", "h", "hours", "credits", "points", "百分制",
    "18位", "yyyymmdd", "yyyy年mm月dd日", "年月日", "格式yyyymmdd", "日期格式yyyymmdd",
];

impl Field {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        let words = HEADERS.iter().find(|(field, ..)| *field == self);
        words
            .and_then(|(.., words)| words.first())
            .copied()
            .unwrap_or_default()
    }

    /// Its name on the wire.
    pub fn key(self) -> &'static str {
        let words = HEADERS.iter().find(|(field, ..)| *field == self);
        words.map_or("", |(_, key, _)| *key)
    }

    /// The field that a header names.
    pub fn of(header: &str) -> Option<Self> {
        let text: String = header.nfkc().collect();
        word(&plain(&text)).or_else(|| {
            let parts = text.split([
                '(', ')', '[', ']', '【', '】', '〔', '〕', '{', '}', '/', '|', '\n',
            ]);
            let told = parts.map(plain).filter(|part| !part.is_empty());
            // `学时` is what hours are counted in, unless it stands first.
            let mut named = told
                .enumerate()
                .map(|(at, part)| (at == 0, word(&part), part))
                .filter(|(first, named, part)| {
                    !REMARKS.contains(&part.as_str()) || (*first && named.is_some())
                })
                .map(|(_, named, _)| named);
            let first = named.next()??;
            named.all(|it| it == Some(first)).then_some(first)
        })
    }
}

/// The field of a plain word, itself or with a remark before or behind it.
fn word(text: &str) -> Option<Field> {
    let exact = |text: &str| {
        let found = HEADERS.iter().find(|(.., words)| words.contains(&text));
        found.map(|(field, ..)| *field)
    };
    exact(text).or_else(|| {
        let mut bare = ["必填", "选填", "可选", "required", "optional"]
            .iter()
            .filter_map(|it| text.strip_prefix(it).or_else(|| text.strip_suffix(it)));
        bare.find_map(exact)
    })
}

/// A header's text without what differs from file to file: width, case, spaces, stars and marks.
pub(super) fn plain(header: &str) -> String {
    header
        .nfkc()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
