//! The transcript as a page: no script, prints on A4 with a repeated header.

use ledger::assertion::format_ms;
use maud::{Markup, html};

use crate::app::App;
use crate::pages;
use crate::problem::Language;
use crate::transcript::{Line, Sum, Totals, Transcript};

/// A text in both languages.
struct Words(Language);

impl Words {
    fn say(&self, zh: &'static str, en: &'static str) -> &'static str {
        self.0.say(zh, en)
    }

    fn kind(&self, kind: &str) -> &'static str {
        match kind {
            "course" => self.say("课程", "Course"),
            "open_course" => self.say("在线开放课程", "Open course"),
            "certificate" => self.say("证书", "Certificate"),
            "training" => self.say("培训", "Training"),
            "teacher_training" => self.say("教师培训", "Teacher training"),
            "elder_course" => self.say("老年教育课程", "Elder course"),
            "study_tour" => self.say("研学", "Study tour"),
            "community" => self.say("社区学习", "Community"),
            "volunteering" => self.say("志愿服务", "Volunteering"),
            _ => self.say("旧系统转入，原机构未签名", "Taken over, unsigned source"),
        }
    }

    fn state(&self, line: &Line) -> &'static str {
        match line.state {
            "corrected" => self.say("✎ 已更正", "✎ Corrected"),
            "revoked" => self.say("✘ 已撤销", "✘ Revoked"),
            "disputed" => self.say("? 存疑", "? Disputed"),
            _ => self.say("✔ 已入账", "✔ Recorded"),
        }
    }

    fn category(&self, category: &str) -> &'static str {
        match category {
            "general" => self.say("普通教育", "General"),
            "vocational" => self.say("职业教育", "Vocational"),
            "achievement" => self.say("培训及业绩", "Training and achievement"),
            "elder" => self.say("老年教育", "Elder education"),
            _ => self.say("社区教育", "Community education"),
        }
    }
}

/// The whole page.
pub fn page(app: &App, transcript: &Transcript, language: Language) -> Markup {
    let words = Words(language);
    let title = words.say("学习成绩单", "Transcript");
    let printed = format_ms(app.now_ms());
    let body = html! {
        h1 { (title) }
        @if let Some(name) = &transcript.learner.name {
            p { strong { (name) } }
        }
        p.muted { (words.say("学习账户", "Account")) " " span.mono { (transcript.learner.id) } }
        @if let Some(awarder) = &transcript.only_awarded_by {
            p.notice { (words.say("这只是一部分：仅列出由下列机构授予的成果，合计也只含这些：", "This is a part: only what this institution awarded is listed and added up:"))
                " " strong { (awarder.name) } }
        }
        (outcomes(language, &transcript.totals, &transcript.outcomes))
        footer {
            p { (words.say("账本", "Ledger")) " " span.mono { (transcript.log) } " · "
                (words.say("截至第", "up to position")) " " (transcript.position) (words.say(" 条提交", "")) " · "
                (words.say("打印时间", "printed")) " " (printed) }
            p { (words.say(
                "每一行都可用“序号”在账本中核对；纸面本身不是凭证。",
                "Each line can be checked in the ledger by its position; paper alone is no credential.")) }
        }
    };
    pages::page(language, title, &body)
}

/// What was learned, with its sums.
pub fn outcomes(language: Language, totals: &[Totals], outcomes: &[Line]) -> Markup {
    let words = Words(language);
    html! {
        @if outcomes.is_empty() {
            p { (words.say("还没有学分。上完课后，学校会存入。", "No credits yet. Your school adds them after the course.")) }
        } @else {
            @for totals in totals { (amounts(&words, totals)) }
            (lines(&words, outcomes))
            @for totals in totals { (sums(&words, totals)) }
        }
    }
}

fn amounts(words: &Words, totals: &Totals) -> Markup {
    html! {
        @if totals.scheme != "none" {
            p.sum { (totals.credits) " " (words.say("学分", "credits")) @if totals.scheme != "cn-he" { " · " (totals.scheme) } }
            @if totals.usable != totals.credits {
                p.muted { (words.say("其中仍可使用", "of which still usable")) " " (totals.usable) }
            }
        }
    }
}

fn sums(words: &Words, totals: &Totals) -> Markup {
    let level = |sum: &Sum| {
        if sum.of.is_empty() {
            words.say("未注明等级", "No level").to_owned()
        } else {
            format!("{} {}", words.say("等级", "Level"), sum.of)
        }
    };
    html! {
        @if totals.scheme != "none" {
            h2 { (words.say("学分汇总", "Sums")) @if totals.scheme != "cn-he" { " · " (totals.scheme) } }
            table {
                thead { tr {
                    th scope="col" { (words.say("项目", "Heading")) }
                    th.num scope="col" { (words.say("学分", "Credits")) }
                    th.num scope="col" { (words.say("项数", "Lots")) }
                } }
                (group(words.say("按类别", "By category"), &totals.by_category, |sum| words.category(&sum.of).to_owned()))
                (group(words.say("按机构", "By institution"), &totals.by_institution, |sum| sum.of.clone()))
                (group(words.say("按等级", "By level"), &totals.by_level, level))
                (group(words.say("按年份", "By year"), &totals.by_year, |sum| sum.of.clone()))
            }
        }
    }
}

fn group(title: &str, sums: &[Sum], name: impl Fn(&Sum) -> String) -> Markup {
    html! {
        tbody {
            tr { th.group colspan="3" scope="rowgroup" { (title) } }
            @for sum in sums {
                tr { th scope="row" { (name(sum)) } td.num { (sum.credits) } td.num { (sum.lots) } }
            }
        }
    }
}

fn lines(words: &Words, lines: &[Line]) -> Markup {
    html! {
        h2 { (words.say("学习成果", "Outcomes")) }
        div.wide { table {
            thead { tr {
                th scope="col" { (words.say("完成日期", "Completed")) }
                th scope="col" { (words.say("成果", "Outcome")) }
                th scope="col" { (words.say("授予机构", "Awarded by")) }
                th.num scope="col" { (words.say("成绩", "Mark")) }
                th.num scope="col" { (words.say("学分", "Credits")) }
                th scope="col" { (words.say("状态", "State")) }
                th.num scope="col" { (words.say("序号", "Position")) }
            } }
            tbody {
                @for line in lines {
                    tr {
                        td { (line.completed_on) }
                        td {
                            (line.title.as_deref().unwrap_or(words.say("（名称已删除）", "(title deleted)")))
                            br; span.muted { (words.kind(line.kind)) @if let Some(code) = &line.code { " · " (code) } " · " (line.record) }
                        }
                        td { (line.awarder.name) }
                        td.num { (line.grade.as_deref().unwrap_or("–")) }
                        td.num { (line.lots.last().map_or("–", |lot| lot.credits.as_str())) }
                        td { (words.state(line)) }
                        td.num { (line.position) }
                    }
                }
            }
        } }
    }
}
