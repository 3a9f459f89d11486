//! The copy as a page: no script, prints on A4, in Chinese or English.

use maud::{Markup, html};
use serde_json::Value;

use super::{Delegated, Export, Values};
use crate::app::App;
use crate::pages;
use crate::problem::Language;
use crate::transcript_page;
use identity::date::minute_of;

/// The whole page.
pub fn page(app: &App, export: &Export, language: Language) -> Markup {
    let say = |zh: &'static str, en: &'static str| language.say(zh, en);
    let title = say("我的个人信息副本", "A copy of what is held of me");
    let body = html! {
        h1 { (title) }
        p.muted { (say("学习账户", "Account")) " " span.mono { (export.person) } " · "
            (say("制作时间", "made at")) " " (export.made_at) }
        @if export.numbers.len() > 1 {
            p { (say("同属您的编号", "Numbers that are yours too")) ": "
                @for number in export.numbers.iter().skip(1) { span.mono { (number) } " " } }
        }
        p.notice { (say(
            "本页便于阅读；带签名、可核验的副本是同一地址的 JSON。请妥善保管：含全部个人信息。",
            "This page is for reading; the signed copy is the JSON at the same address. Keep it safe: it has everything.")) }
        @if !export.closed.is_empty() {
            p.notice { (say("已删除或依法封存、因此不在其中", "Erased, or kept closed by a law, and so not in it")) ": "
                @for purpose in &export.closed { (purpose_of(language, purpose)) " " } }
        }
        h2 { (say("个人信息", "Personal values")) }
        (values(language, &export.values))
        (transcript_page::outcomes(language, &export.totals, &export.outcomes))
        h2 { (say("代办与监护", "Who acts for whom")) }
        (delegations(language, &export.delegations, say("可以代我办理", "may act for me")))
        (delegations(language, &export.acts_for, say("我可以为其办理", "I may act for")))
        h2 { (say("同意与联系", "Consent and contact")) }
        @if export.consents.is_empty() { p { (say("没有同意任何额外用途。", "No further use was agreed to.")) } }
        @for it in &export.consents {
            p { (say("同意经短信或邮件联系", "Contact by message or mail was agreed to")) " · "
                (say("文本版本", "edition")) " " (it.edition) " · " (say("序号", "position")) " " (it.position) }
        }
        p { (say("短信", "Messages")) ": " (yes(language, export.preferences.sms)) " · "
            (say("邮件", "mail")) ": " (yes(language, export.preferences.email)) " · "
            (say("免打扰", "quiet hours")) " " (export.preferences.quiet_from) "–" (export.preferences.quiet_to) }
        h2 { (say("通知", "Notices")) }
        @if export.notices.is_empty() { p { (say("没有。", "None.")) } }
        @for it in &export.notices {
            p { (minute_of(it.at_ms)) " · " @match language { Language::Zh => (it.title_zh), Language::En => (it.title_en) } }
        }
        h2 { (say("登录与凭据", "Sign-ins and keys")) }
        (access(language, export))
        h2 { (say("账本提交", "Commits in the ledger")) }
        div.wide { table {
            thead { tr { th.num scope="col" { (say("序号", "Position")) } th scope="col" { (say("种类", "Kind")) }
                th scope="col" { (say("时间", "Time")) } th scope="col" { (say("编号", "Id")) } } }
            tbody { @for it in &export.commits {
                tr { td.num { (it.position) } td { (it.kind) } td { (minute_of(it.recorded_at_ms)) } td.mono { (it.id) } }
            } }
        } }
        h2 { (say("不在其中的内容", "What is not in it")) }
        ul { @for it in &export.left_out { li { (say(it.zh, it.en)) } } }
        footer { p { (say("账本", "Ledger")) " " span.mono { (export.log) } " · "
            (say("截至第", "up to position")) " " (export.position) (say(" 条提交", "")) " · " (app.host) } }
    };
    pages::page(language, title, &body)
}

fn yes(language: Language, it: bool) -> &'static str {
    if it {
        language.say("是", "yes")
    } else {
        language.say("否", "no")
    }
}

fn purpose_of(language: Language, purpose: &str) -> &'static str {
    match purpose {
        "identity" => language.say("身份", "who I am"),
        "contact" => language.say("联系方式", "where I am reached"),
        _ => language.say("学习记录", "what I learned"),
    }
}

/// The name of a value; one that is new is shown by the name it travels under.
fn name_of(language: Language, name: &str) -> &str {
    match name {
        "name" => language.say("姓名", "Name"),
        "birth_date" => language.say("出生日期", "Date of birth"),
        "phone" => language.say("手机", "Mobile number"),
        "email" => language.say("邮箱", "Mail address"),
        "died_on" => language.say("去世日期", "Date of death"),
        "resident_id" => language.say("身份证号", "Resident ID"),
        "enrolment_number" => language.say("学籍号", "Enrolment number"),
        "passport" => language.say("护照", "Passport"),
        "staff_number" => language.say("工号", "Staff number"),
        "institution_card" => language.say("校园卡号", "Card of the institution"),
        "title" => language.say("名称", "Title"),
        "grade" => language.say("成绩", "Mark"),
        "teacher" => language.say("教师", "Teacher"),
        "place" => language.say("地点", "Place"),
        "remarks" => language.say("备注", "Remarks"),
        "source" => language.say("来源文件", "Source file"),
        "reason_text" => language.say("理由", "Reason"),
        "document" => language.say("证书文本", "Text of a credential"),
        "subject_key" => language.say("证书持有人公钥", "Key of a credential's holder"),
        other => other,
    }
}

fn values(language: Language, values: &[Values]) -> Markup {
    html! {
        div.wide { table {
            thead { tr {
                th scope="col" { (language.say("用途", "Kept for")) }
                th scope="col" { (language.say("项目", "What")) }
                th scope="col" { (language.say("内容", "Value")) }
                th.num scope="col" { (language.say("序号", "Position")) }
            } }
            tbody { @for it in values { @for (name, value) in &it.values {
                tr {
                    td { (purpose_of(language, it.purpose)) }
                    td { (name_of(language, name)) }
                    td { @match value { Value::String(text) => (text), other => (other.to_string()) } }
                    td.num { (it.position) }
                }
            } } }
        } }
    }
}

fn delegations(language: Language, items: &[Delegated], title: &str) -> Markup {
    html! {
        p { strong { (title) } @if items.is_empty() { ": " (language.say("没有", "nobody")) } }
        @for it in items {
            p { span.mono { (it.agent) } " → " span.mono { (it.person) } " · "
                (language.say("至", "until")) " " (it.until) " · " (language.say("序号", "position")) " " (it.position)
                @if let Some(ended) = it.ended { " · " (language.say("已终止，序号", "ended at position")) " " (ended) } }
        }
    }
}

fn access(language: Language, export: &Export) -> Markup {
    let say = |zh: &'static str, en: &'static str| language.say(zh, en);
    html! {
        @for it in &export.sessions {
            p { (say("登录", "Signed in")) " " (minute_of(it.signed_in_at_ms)) " · " (it.by) " · " (it.role) " · "
                (say("最近使用", "last used")) " " (minute_of(it.used_at_ms)) }
        }
        @for it in &export.passkeys { p { (say("通行密钥", "Passkey")) " " span.mono { (it.id) } " · " (minute_of(it.added_at_ms)) } }
        @for it in &export.tokens { p { (say("访问令牌", "Access token")) " · " (it.role) " · " (it.label) } }
        @for it in &export.roles { p { (say("任职角色", "Staff role")) " · " (it.role) " · " (say("序号", "position")) " " (it.position) } }
        p { (say("学习卡", "Learning card")) ": " (yes(language, export.card)) " · "
            (say("找回码", "recovery sheet")) ": " (yes(language, export.recovery_sheet)) " · LoA " (export.assurance) }
    }
}
