//! A browser without pages: keeps cookies as a browser does, follows nothing by itself.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::server::{Answer, Stand};

/// What one person's browser holds.
#[derive(Debug, Default)]
pub struct Browser {
    cookies: RefCell<BTreeMap<String, String>>,
}

/// What a phone says of itself.
pub const PHONE: &str =
    "Mozilla/5.0 (Linux; Android 14; V2312A) AppleWebKit/537.36 Mobile Safari/537.36";

impl Browser {
    /// A request with the cookies there are.
    pub fn send(
        &self,
        stand: &Stand,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let cookies = self.jar();
        let mut all = vec![("user-agent", PHONE)];
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        all.extend(headers);
        let answer = stand.send_still(method, path, &all, body);
        self.keep(&answer);
        answer
    }

    /// The `Cookie` header.
    fn jar(&self) -> String {
        let cookies = self.cookies.borrow();
        let cookies: Vec<String> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        cookies.join("; ")
    }

    /// Takes a `Set-Cookie` as RFC 6265bis says: what breaks the rules of its prefix is not kept.
    fn keep(&self, answer: &Answer) {
        for (_, set) in answer.headers.iter().filter(|(it, _)| it == "set-cookie") {
            let mut parts = set.split(';').map(str::trim);
            let (name, value) = parts
                .next()
                .and_then(|it| it.split_once('='))
                .expect("a cookie");
            let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
            let has = |it: &str| attributes.iter().any(|attribute| attribute == it);
            assert!(
                name.starts_with("__Host-"),
                "{name} may come from another host"
            );
            assert!(
                has("secure") && has("path=/"),
                "no browser would keep {set}"
            );
            assert!(has("httponly") && has("samesite=lax"), "{set}");
            assert!(
                !attributes.iter().any(|it| it.starts_with("domain")),
                "{set}"
            );
            let mut cookies = self.cookies.borrow_mut();
            if has("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.into(), value.into());
            }
        }
    }

    /// GET.
    pub fn get(&self, stand: &Stand, path: &str) -> Answer {
        self.send(stand, "GET", path, &[], None)
    }

    /// A write of JSON from a page of ours.
    pub fn write(&self, stand: &Stand, method: &str, path: &str, body: &Value) -> Answer {
        let csrf = self.csrf(stand);
        let headers = [
            ("content-type", "application/json"),
            ("x-csrf-token", csrf.as_str()),
        ];
        let body = body.to_string();
        let body = (method != "DELETE").then_some(body.as_bytes());
        self.send(stand, method, path, &headers, body)
    }

    /// A form of a page of ours, as a browser sends it; in English.
    pub fn submit(&self, stand: &Stand, path: &str, form: &str) -> Answer {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", "en"),
        ];
        self.send(stand, "POST", path, &headers, Some(form.as_bytes()))
    }

    /// The token that pages of ours have.
    pub fn csrf(&self, stand: &Stand) -> String {
        let sessions = self.get(stand, "/v1/sessions").is(200);
        sessions["csrf_token"].as_str().expect("a token").into()
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Puts a cookie in, as whoever controls the network might.
    pub fn plant(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.into(), value.into());
    }

    /// Signs in to the demo with a token.
    pub fn demo(stand: &Stand, token: &str) -> Self {
        let browser = Self::default();
        let answer = browser.get(stand, &format!("/login?token={token}"));
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }
}
