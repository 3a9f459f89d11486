//! What people read when they sign in.

use identity::role::Role;
use maud::{Markup, html};
use openidconnect::url::form_urlencoded;
use uuid::Uuid;

use crate::app::App;
use crate::problem::{Language, Problem, texts};

/// What the page that asks a device may do, beside what any page of ours may: run our script, and ask us.
pub(super) const CSP: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Who wants to sign in as what.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// Whether to show anew who it is.
    pub(super) step_up: bool,
    pub(super) role: Option<Role>,
    pub(super) institution: Option<u32>,
    /// A path of ours.
    pub(super) return_to: Option<&'a str>,
    /// Whether somebody is signed in in this browser.
    pub(super) signed_in: bool,
}

/// The ways to sign in.
pub(super) fn ways(app: &App, language: Language, asked: &Asked<'_>) -> Markup {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if asked.step_up {
        query.append_pair("step_up", "true");
    }
    if let Some(role) = asked.role {
        query.append_pair("role", &role.to_string());
    }
    if let Some(institution) = asked.institution {
        query.append_pair("institution", &institution.to_string());
    }
    if let Some(return_to) = asked.return_to {
        query.append_pair("return_to", return_to);
    }
    let query = query.finish();
    let query = if query.is_empty() {
        query
    } else {
        format!("?{query}")
    };
    let providers = &app.sign_in.providers;
    html! {
        h1 { (language.say("登录", "Sign in")) }
        @if !providers.is_empty() {
            ul {
                @for provider in providers {
                    @let config = &provider.config;
                    li { a href={ "/login/" (config.name) (query) } {
                        (match language {
                            Language::Zh => &config.label_zh,
                            Language::En => &config.label_en,
                        })
                    } }
                }
            }
        }
        @if app.sign_in.passkeys.are_on() { (passkeys(language, asked)) }
        @if app.demo {
            p { (language.say(
                "这是演示系统：请用启动时打印的链接登录，谁有链接就以谁的身份登录。",
                "This is a demo: use the links it printed when it started; whoever has one signs in with it.",
            )) }
        } @else {
            p { (language.say(
                "机构服务器请用 POST /oauth/token 取令牌。",
                "An institution's server gets a token at POST /oauth/token.",
            )) }
        }
    }
}

/// The buttons that ask a device. Hidden until the script finds that this browser can.
fn passkeys(language: Language, asked: &Asked<'_>) -> Markup {
    let failed = language.say(
        "没有完成：设备没有应答，或您取消了。",
        "Not done: the device did not answer, or you cancelled.",
    );
    html! {
        form id="passkey-sign-in" hidden data-failed=(failed) data-role=[asked.role]
            data-institution=[asked.institution] data-return-to=[asked.return_to] {
            button type="submit" { (language.say("用通行密钥登录", "Sign in with a passkey")) }
            p role="status" aria-live="polite" {}
        }
        @if asked.signed_in {
            form id="passkey-add" hidden data-failed=(failed) data-done=(language.say("已添加，以后可以用它登录。", "Added: from now on it signs you in.")) {
                p { (language.say(
                    "可以把这台设备或安全密钥添加为通行密钥。指纹、面容和密码不离开您的设备。",
                    "You may add this device or a security key as a passkey. Fingerprint, face and PIN stay in your device.",
                )) }
                p {
                    label for="passkey-invitation" { (language.say("工作人员持有邀请码的，在此填写", "Officers with an invitation enter it here")) }
                    " "
                    input type="text" id="passkey-invitation" autocomplete="off";
                }
                button type="submit" { (language.say("添加通行密钥", "Add a passkey")) }
                p role="status" aria-live="polite" {}
            }
        }
        script src="/login/passkey.js" defer {}
    }
}

/// The account was shown to who is signed in: to be linked by the button.
pub(super) fn to_link(language: Language, whose: &str, ceremony: Uuid, proof: &str) -> Markup {
    html! {
        h1 { (language.say("关联登录账号", "Link this account")) }
        p { (language.say("您现在登录的是：", "You are signed in as: ")) strong id="whose" { (whose) } }
        p { (language.say(
            "以后可以用这个账号登录。请在十分钟内确认；如果不是您要添加的账号，关闭本页即可。",
            "From then on this account signs you in. Confirm within ten minutes; if you did not mean to add it, close this page.",
        )) }
        form method="post" action="/login/link" {
            input type="hidden" name="ceremony" value=(ceremony);
            input type="hidden" name="proof" value=(proof);
            button type="submit" { (language.say("关联这个账号", "Link this account")) }
        }
    }
}

/// The account signs in as another number: to ask for a merge by the button.
pub(super) fn to_merge(
    language: Language,
    [stays, goes]: &[String; 2],
    ceremony: Uuid,
    proof: &str,
) -> Markup {
    html! {
        h1 { (language.say("合并两个编号", "Merge two numbers")) }
        p { (language.say("您现在登录的是：", "You are signed in as: ")) strong id="whose" { (stays) } }
        p { (language.say("这个账号登录的是：", "This account signs in as: ")) strong id="other" { (goes) } }
        p { (language.say(
            "这个账号登录的是另一个编号。如果两个编号都是您本人的，可以申请把它并入您现在的编号：学习记录和学分归到一处，不增不减。",
            "This account signs in as another number. If both are yours you may ask that it become part of the one you are signed in as: your records and credit come together, none is added or lost.",
        )) }
        p { (language.say(
            "工作人员核对后办理，24 小时内有效；两个编号都会收到通知。如果那不是您本人的编号，关闭本页即可。",
            "An officer checks and agrees within 24 hours; both numbers are told. If that number is not yours, close this page.",
        )) }
        form method="post" action="/login/merge" {
            input type="hidden" name="ceremony" value=(ceremony);
            input type="hidden" name="proof" value=(proof);
            button type="submit" { (language.say("两个都是我的，申请合并", "Both are mine: ask to merge")) }
        }
    }
}

/// The merge is asked for.
pub(super) fn asked(language: Language) -> Markup {
    html! {
        h1 { (language.say("已申请合并", "The merge is asked for")) }
        p { (language.say(
            "工作人员同意后，两个编号就成为一个，届时请重新登录。24 小时内没有办理的，请再次申请。",
            "Once an officer agrees the two numbers are one; sign in again then. If nobody has within 24 hours, ask again.",
        )) }
    }
}

/// It is linked.
pub(super) fn linked(language: Language) -> Markup {
    html! {
        h1 { (language.say("已关联", "Linked")) }
        p { (language.say("以后可以用这个账号登录。", "From now on this account signs you in.")) }
        p { a href="/login" { (language.say("登录", "Sign in")) } }
    }
}

/// It is not, and why.
pub(super) fn not_linked(language: Language, problem: &Problem) -> Markup {
    let words = texts::of(problem.reason);
    html! {
        h1 { (language.say(words.title_zh, words.title_en)) }
        p { (match language {
            Language::Zh => &problem.detail.zh,
            Language::En => &problem.detail.en,
        }) }
        p { (language.say(words.action_zh, words.action_en)) }
        p { a href="/login" { (language.say("重新登录", "Sign in again")) } }
    }
}

/// The account signs nobody in: how it comes to.
pub(super) fn unlinked(language: Language, code: &str) -> Markup {
    html! {
        h1 { (language.say("这个账号还没有关联", "This account is not linked yet")) }
        p { (language.say(
            "请到窗口出示身份证件，并给工作人员看下面的数字。十分钟内有效，只能用一次；不要告诉别人。",
            "Show your identity document at a counter, and this number to the officer there. It is good for ten minutes and once; tell it to nobody else.",
        )) }
        p { strong id="code" { (code) } }
        p { (language.say(
            "已能用别的方式登录的，请先登录，再添加这个账号。",
            "If you can sign in in another way, do that first and add this account then.",
        )) }
        p { a href="/login" { (language.say("换一种方式登录", "Sign in in another way")) } }
        form method="post" action="/login/invitation" {
            input type="hidden" name="code" value=(code);
            label for="invitation" { (language.say("工作人员持有邀请码的，在此填写", "Officers with an invitation enter it here")) }
            " "
            input type="text" id="invitation" name="invitation" autocomplete="off" required;
            " "
            button type="submit" { (language.say("关联", "Link")) }
        }
    }
}
