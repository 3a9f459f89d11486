//! The words of the reasons.

use std::collections::BTreeSet;

use api::problem::{Language, Problem, Reason, texts};
use tests::support::server::Stand;

#[test]
fn every_reason_has_words_and_every_word_a_reason() {
    // Somebody would be refused in a code name, or a text would explain what never happens.
    let slugs: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.slug()).collect();
    assert_eq!(slugs.len(), Reason::ALL.len());
    assert_eq!(texts::slugs().into_iter().collect::<BTreeSet<_>>(), slugs);
    for reason in Reason::ALL {
        let text = texts::of(*reason);
        for words in [text.title_zh, text.action_zh] {
            assert!(
                words
                    .chars()
                    .any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
                "{reason:?}: {words}"
            );
        }
        for words in [text.title_en, text.action_en] {
            assert!(
                words.chars().any(|c| c.is_ascii_alphabetic()),
                "{reason:?}: {words}"
            );
            assert!(
                !words
                    .chars()
                    .any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
                "{reason:?}: {words}"
            );
        }
        assert_eq!(Reason::from_slug(reason.slug()), Some(*reason));
        assert_eq!(
            reason.code(),
            reason.slug().replace('-', "_").to_uppercase()
        );
    }
}

#[test]
fn problems_speak_the_readers_language() {
    // Who reads no Chinese would not learn what is wrong.
    let stand = Stand::bare(api::config::Config::default(), "127.0.0.1:0");
    let asked = [
        ("en", "en"),
        ("zh", "zh-CN"),
        ("en-GB,zh;q=0.5", "en"),
        ("fr", "zh-CN"),
        ("fr,en;q=0.3", "en"),
        ("en;q=0, zh", "zh-CN"),
        ("zh;q=0.2, en", "en"),
        ("english", "zh-CN"),
        ("", "zh-CN"),
    ];
    let text = texts::of(Reason::NotFound);
    for (accepted, spoken) in asked {
        let answer = stand.send(
            "GET",
            "/nowhere",
            "",
            &[("accept-language", accepted)],
            None,
        );
        assert_eq!(answer.header("content-language"), spoken, "{accepted}");
        let (title, action) = if spoken == "en" {
            (text.title_en, text.action_en)
        } else {
            (text.title_zh, text.action_zh)
        };
        let body = answer.refused(404, "not-found");
        assert_eq!(
            (&body["title"], &body["action"]),
            (&title.into(), &action.into())
        );
    }
    for reason in Reason::ALL {
        let page = stand.get("", &format!("/problems/{}", reason.slug()));
        assert_eq!(page.status, 200);
        assert!(page.text().contains(&reason.code()), "{reason:?}");
        for (language, title) in [
            (Language::En, texts::of(*reason).title_en),
            (Language::Zh, texts::of(*reason).title_zh),
        ] {
            assert_eq!(Problem::of(*reason).body(language, None).title, title);
        }
    }
    stand
        .get("", "/problems/no-such-slug")
        .refused(404, "not-found");
}

#[test]
fn a_failure_inside_tells_a_reader_nothing() {
    // Paths, table names and values would stand in the answer to a stranger.
    for reason in Reason::ALL
        .iter()
        .filter(|reason| reason.status().is_server_error())
    {
        let problem = Problem {
            internal: Some("canary inside".into()),
            ..Problem::of(*reason)
        };
        let problem = problem
            .detail(("canary detail", "canary detail"))
            .field("/canary", ("canary field", "canary field"));
        let body = serde_json::to_string(&problem.body(Language::En, Some("r".into()))).unwrap();
        assert!(!body.contains("canary"), "{reason:?}: {body}");
    }
}

#[test]
fn details_speak_the_readers_language() {
    // A clerk would read why she is refused in a language she does not know.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let cases: [(&str, &[u8], &str, &str); 4] = [
        ("/v1/learners", b"[]", "expected an object", "应为一个对象"),
        (
            "/v1/learners",
            b"{}",
            "missing field `name` at line 1 column 2",
            "缺少成员（missing field `name` at line 1 column 2）",
        ),
        (
            "/v1/learners",
            b"{\"name\":5}",
            "wrong type, expected a string at line 1 column 9",
            "类型不对（wrong type, expected a string at line 1 column 9）",
        ),
        (
            "/v1/learners",
            "{\"name\":\"王晓明\",\"birth_date\":\"x\"}".as_bytes(),
            "expected a date as 2001-02-03",
            "日期请写成 2001-02-03 的样子",
        ),
    ];
    for (path, sent, en, zh) in cases {
        for (language, said) in [("en", en), ("zh-CN", zh)] {
            let headers = [
                ("content-type", "application/json"),
                ("accept-language", language),
            ];
            let answer = stand.send("POST", path, token, &headers, Some(sent));
            let body: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
            assert_eq!(body["detail"], said, "{body}");
            assert_eq!(body["errors"][0]["detail"], said, "{body}");
        }
    }
}

#[test]
fn a_refusal_reads_as_a_sentence() {
    // Who asks why would be told `Some(218)`, or half a sentence in another language.
    use identity::approval::decide::ApprovalError;
    use identity::ask::AskError;
    let not_active = |activated, retired| AskError::KeyNotActive {
        kid: "did:web:xf.example.org:i:1#k".into(),
        position: 300,
        activated,
        retired,
    };
    for (error, says) in [
        (not_active(None, None), "never activated, not retired"),
        (
            not_active(Some(218), Some(250)),
            "activated at 218, retired at 250",
        ),
    ] {
        let en = error.to_string();
        assert!(en.ends_with(says), "{en}");
    }
    let elsewhere = api::problem::Words::from(&ApprovalError::ApproverElsewhere);
    assert!(
        !elsewhere.zh.contains(|c: char| c.is_ascii_alphabetic()),
        "{elsewhere:?}"
    );
    assert_eq!(
        elsewhere.en,
        "somebody of another institution may not approve this"
    );
}
