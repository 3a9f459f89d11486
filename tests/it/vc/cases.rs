//! The cases of the pipeline: each is a good thing with one change, and the code it must come to.

mod codes;
mod codes_form;
mod documents;
mod documents_form;
mod documents_good;
mod documents_order;
mod documents_status;
mod fetched;
pub(crate) mod lists;
mod receipts;
mod windows;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use credentials::trust::{Bundle, Issuer, StatusList};
use credentials::verify::{self, Code, Context, Report, Severity, Verdict};
use identity::did::IssuerNumber;
use serde_json::Value;
use tests::support::issuing::{
    self, NOW_S, UNIVERSITY, achievement, bundle, credential_kid, proven, published, text_of,
};

/// In which world a thing is checked.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) bundle: &'static str,
    pub(crate) lists: Vec<&'static str>,
    pub(crate) now_s: i64,
}

/// The world in which everything is good.
pub(crate) fn good() -> World {
    World {
        bundle: "good",
        lists: Vec::new(),
        now_s: NOW_S,
    }
}

pub(crate) fn under(bundle: &'static str) -> World {
    World { bundle, ..good() }
}

pub(crate) fn at(now_s: i64) -> World {
    World { now_s, ..good() }
}

/// What is checked, and what it must come to.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// A code's text; else a JSON document.
    pub(crate) is_text: bool,
    pub(crate) value: String,
    pub(crate) world: World,
    pub(crate) code: &'static str,
    /// Codes in the order of the steps.
    pub(crate) found: &'static str,
}

/// All cases with their worlds.
pub(crate) struct Book {
    pub(crate) bundles: BTreeMap<&'static str, Bundle>,
    pub(crate) lists: BTreeMap<&'static str, Value>,
    pub(crate) cases: Vec<Case>,
}

/// What a check in a world must come to: the code of the result, and everything found.
type Want = (&'static str, &'static str);

/// Good, with the warning that no proof is carried.
const FINE: Want = ("OK", "W40");

impl Book {
    fn bundle(&mut self, name: &'static str, change: impl FnOnce(&mut Bundle)) -> World {
        let mut made = bundle();
        change(&mut made);
        assert!(self.bundles.insert(name, made).is_none(), "{name} twice");
        under(name)
    }

    fn list(&mut self, name: &'static str, list: Value) -> World {
        assert!(self.lists.insert(name, list).is_none(), "{name} twice");
        World {
            lists: vec![name],
            ..good()
        }
    }

    fn add(&mut self, name: &str, is_text: bool, value: String, world: World, want: Want) {
        assert!(self.cases.iter().all(|it| it.name != name), "{name} twice");
        self.cases.push(Case {
            name: name.into(),
            is_text,
            value,
            world,
            code: want.0,
            found: want.1,
        });
    }

    fn text(&mut self, name: &str, value: impl Into<String>, want: Want) {
        self.add(&format!("qr/{name}"), true, value.into(), good(), want);
    }

    fn json(&mut self, name: &str, value: impl Into<String>, want: Want) {
        self.add(&format!("json/{name}"), false, value.into(), good(), want);
    }

    /// The three good things in another world: a code, one with a receipt, a document.
    fn world(&mut self, name: &str, world: &World, short: Want, receipt: Want, json: Want) {
        let [a, b, c] = positives();
        self.add(&format!("{name}/qr"), true, a, world.clone(), short);
        self.add(&format!("{name}/receipt"), true, b, world.clone(), receipt);
        self.add(&format!("{name}/json"), false, c, world.clone(), json);
    }

    /// The good code and the good document in another world.
    fn pair(&mut self, name: &str, world: &World, short: Want, json: Want) {
        let [a, _, c] = positives();
        self.add(&format!("{name}/qr"), true, a, world.clone(), short);
        self.add(&format!("{name}/json"), false, c, world.clone(), json);
    }

    /// The report on a case.
    pub(crate) fn check(&self, case: &Case) -> Report {
        let named = |name: &&'static str| self.lists[*name].clone();
        let lists: Vec<Value> = case.world.lists.iter().map(named).collect();
        let context = Context {
            bundle: &self.bundles[case.world.bundle],
            lists: &lists,
            ledger: None,
            now_s: case.world.now_s,
        };
        if case.is_text {
            verify::text(&case.value, &context)
        } else {
            verify::document(case.value.as_bytes(), &context)
        }
    }
}

/// A code, one with a receipt, a document: all good in the good world.
pub(crate) fn positives() -> [String; 3] {
    POSITIVES.clone()
}

static POSITIVES: LazyLock<[String; 3]> = LazyLock::new(|| {
    let mut short = issuing::claims();
    short.leaf = None;
    [
        issuing::code(&short, None),
        issuing::code(&issuing::claims(), Some(&issuing::receipt())),
        text_of(&signed(achievement())),
    ]
});

/// What a thing comes to in the good world.
pub(crate) fn judge(bytes: &[u8]) -> Report {
    static GOOD: LazyLock<Bundle> = LazyLock::new(bundle);
    let context = Context {
        bundle: &GOOD,
        lists: &[],
        ledger: None,
        now_s: NOW_S,
    };
    verify::any(bytes, &context)
}

/// A document with the proof of the university's credential key.
pub(crate) fn signed(document: serde_json::Map<String, Value>) -> Value {
    proven(document, &credential_kid(UNIVERSITY), &published())
}

fn university(bundle: &mut Bundle) -> &mut Issuer {
    let id = IssuerNumber(UNIVERSITY);
    bundle.issuers.iter_mut().find(|it| it.id == id).unwrap()
}

/// Puts a list in the place of the university's `n`th.
fn relist(bundle: &mut Bundle, n: u64, change: impl FnOnce(&mut StatusList)) {
    let at = usize::try_from(n - 1).unwrap();
    change(&mut university(bundle).status[at]);
}

/// Every case.
pub(crate) fn book() -> Book {
    let mut book = Book {
        bundles: BTreeMap::from([("good", bundle())]),
        lists: BTreeMap::new(),
        cases: Vec::new(),
    };
    book.world("good", &good(), FINE, ("OK", ""), FINE);
    codes::add(&mut book);
    codes_form::add(&mut book);
    receipts::add(&mut book);
    documents::add(&mut book);
    documents_good::add(&mut book);
    documents_form::add(&mut book);
    documents_status::add(&mut book);
    documents_order::add(&mut book);
    windows::add(&mut book);
    lists::add(&mut book);
    fetched::add(&mut book);
    book
}

#[test]
fn every_case_comes_to_its_code() {
    // If this fails, somebody at a gate is told the wrong thing: a forgery passes, or a true
    // credential is refused, or the reader takes the wrong next step.
    let book = book();
    let mut wrong = Vec::new();
    for case in &book.cases {
        let report = book.check(case);
        let found: Vec<&str> = report.findings.iter().map(|it| it.code.as_str()).collect();
        let found = found.join(" ");
        if (report.code, found.as_str()) != (case.code, case.found) {
            let (code, all) = (report.code, &report.findings);
            wrong.push(format!(
                "{}: {code}: {found}, not {}: {}; {all:?}",
                case.name, case.code, case.found
            ));
            continue;
        }
        let code = Code::parse(case.code);
        let result = match code.map(Code::severity) {
            None => Verdict::Valid,
            Some(Severity::Unknown) => Verdict::Unconfirmed,
            Some(_) => Verdict::Invalid,
        };
        assert_eq!(report.result, result, "{}", case.name);
        assert_eq!(report.state, code.map_or("Valid", Code::state));
        let stopped = report.findings.iter().any(|it| it.code.stops());
        assert_eq!(report.facts.is_none(), stopped, "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_is_reached() {
    // If this fails, a code stands in the registry that no input leads to, or no case guards it.
    let book = book();
    let reached: Vec<&str> = book
        .cases
        .iter()
        .flat_map(|it| it.found.split(' '))
        .collect();
    let elsewhere = [Code::E13, Code::W60];
    for code in Code::ALL.iter().filter(|code| !elsewhere.contains(code)) {
        assert!(reached.contains(&code.as_str()), "no case gives {code:?}");
    }
}

#[test]
fn the_registry_is_the_one_of_the_page() {
    // If this fails, two engines that follow the same page name one finding by two codes.
    let page = include_str!("../../../docs/VERIFY.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.split('|').count() == 7)
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row[1].parse::<u8>().is_ok())
        .collect();
    assert_eq!(rows.len(), Code::ALL.len());
    for (row, code) in rows.iter().zip(Code::ALL) {
        let severity = match code.severity() {
            Severity::Warn => "warn",
            Severity::Unknown => "unknown",
            Severity::Fail => "fail",
        };
        assert_eq!(row[2..5], [code.as_str(), code.state(), severity]);
    }
}
