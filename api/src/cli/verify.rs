//! xuefen verify: check credentials and codes with nothing but a trust bundle (UX §7).
//!
//! No server, no settings, no network. Exit 0 有效, 3 无效, 4 无法确认; several inputs: 3 beats all, 4 beats 0; a file
//! that cannot be read is exit 2 once the others are checked. A bundle that is missing, does not hold, or does not
//! follow the held one, is exit 1 and no verdict.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Parser;
use credentials::trust::Bundle;
use credentials::vc::qr;
use credentials::verify::{self, Context, Report, Verdict};
use ledger::clock::Clock;
use serde_json::{Value, json};

use super::{Failure, term};
use crate::picture;
use crate::problem::Language;
use crate::result_page::{advice, days, rows, sentence};
use crate::verify_words::{reason, say};

/// Largest input: a photo.
const BYTES_MAX: u64 = 32 << 20;

/// Arguments.
#[derive(Debug, Parser)]
pub struct Args {
    /// JSON documents, texts of codes, PNG or JPEG pictures with a code; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The trust bundle: what is pinned.
    #[arg(long, default_value = "trust.json")]
    trust: PathBuf,
    /// A newer bundle, taken only if it follows the pinned one.
    #[arg(long)]
    newer: Option<PathBuf>,
    /// Status list credentials, fetched by somebody else.
    #[arg(long = "list")]
    lists: Vec<PathBuf>,
    /// No network. This program never uses one for checking; the flag says that it must not.
    #[arg(long)]
    offline: bool,
    /// The reports as JSON lines.
    #[arg(long)]
    json: bool,
    /// zh or en; else LANG.
    #[arg(long)]
    lang: Option<String>,
}

/// Checks every file and says what each is.
pub fn run(args: &Args, clock: &dyn Clock) -> Result<(), Failure> {
    let bundle = bundle(args)?;
    let lists = args
        .lists
        .iter()
        .map(|path| {
            serde_json::from_slice(&read(path)?)
                .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
        })
        .collect::<Result<Vec<Value>, Failure>>()?;
    let context = Context {
        bundle: &bundle,
        lists: &lists,
        ledger: None,
        now_s: clock.now_ms().div_euclid(1_000),
    };
    let language = language(args);
    let mut worst = Verdict::Valid;
    let mut codes = Vec::new();
    let mut unread = 0_usize;
    for path in &args.files {
        let report = match check(path, &context) {
            Ok(report) => report,
            Err(failure) => {
                // The other files have their verdicts all the same.
                term::note(&failure.to_string());
                unread += 1;
                continue;
            }
        };
        worst = worse(worst, report.result);
        if report.result != Verdict::Valid {
            codes.push(report.code);
        }
        if args.json {
            let line = json!({ "file": path.display().to_string(), "report": report });
            term::print(&line.to_string());
        } else {
            tell(path, &report, &bundle, language);
        }
    }
    codes.dedup();
    let codes = codes.join(", ");
    match (worst, unread) {
        (Verdict::Invalid, _) => Err(Failure::Invalid(format!(
            "{} ({codes})",
            say(language, "invalid", &[])
        ))),
        (_, 1..) => Err(Failure::Usage(format!(
            "files that could not be read: {unread} of {}",
            args.files.len()
        ))),
        (Verdict::Valid, 0) => Ok(()),
        (Verdict::Unconfirmed, 0) => Err(Failure::Unconfirmed(format!(
            "{} ({codes})",
            say(language, "unconfirmed", &[])
        ))),
    }
}

fn bundle(args: &Args) -> Result<Bundle, Failure> {
    let text = |path: &Path| {
        let bytes = read(path).map_err(|failure| Failure::Failed(failure.to_string()))?;
        String::from_utf8(bytes)
            .map_err(|_| Failure::Failed(format!("{}: not UTF-8", path.display())))
    };
    let held = Bundle::open(&text(&args.trust)?)
        .map_err(|error| Failure::Failed(format!("{}: {error}", args.trust.display())))?;
    match &args.newer {
        None => Ok(held),
        Some(path) => held
            .follow(&text(path)?)
            .map_err(|error| Failure::Failed(format!("{}: {error}", path.display()))),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error: std::io::Error| Failure::Usage(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path)
            .map_err(wrong)?
            .take(BYTES_MAX + 1)
            .read_to_end(&mut bytes)
    };
    read.map_err(wrong)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Failure::Usage(format!(
            "{}: larger than 32 MiB",
            path.display()
        )));
    }
    Ok(bytes)
}

fn check(path: &Path, context: &Context<'_>) -> Result<Report, Failure> {
    let bytes = read(path)?;
    if bytes.starts_with(b"%PDF") {
        // No renderer in pure Rust draws every PDF; a wrong one would call a good code damaged.
        return Err(Failure::Usage(format!(
            "{}: PDF pages are not read; save the page as PNG, or use the code's text",
            path.display()
        )));
    }
    if !picture::is_picture(&bytes) {
        return Ok(verify::any(&bytes, context));
    }
    // A damaged picture is as good as one without a code: nothing is known of what it shows.
    let texts = picture::read(&bytes).unwrap_or_default();
    let prefix = qr::prefix(context.bundle.host());
    let ours = texts.iter().find(|text| text.starts_with(&prefix));
    Ok(ours.or(texts.first()).map_or_else(
        || verify::no_code(context),
        |text| verify::text(text, context),
    ))
}

const fn worse(a: Verdict, b: Verdict) -> Verdict {
    match (a, b) {
        (Verdict::Invalid, _) | (_, Verdict::Invalid) => Verdict::Invalid,
        (Verdict::Unconfirmed, _) | (_, Verdict::Unconfirmed) => Verdict::Unconfirmed,
        (Verdict::Valid, Verdict::Valid) => Verdict::Valid,
    }
}

fn language(args: &Args) -> Language {
    let asked = args.lang.clone().or_else(|| std::env::var("LANG").ok());
    if asked.is_some_and(|tag| tag.to_ascii_lowercase().starts_with("en")) {
        Language::En
    } else {
        Language::Zh
    }
}

/// The result for a person: word, sentence, what to do, what may be shown, what was found.
fn tell(path: &Path, report: &Report, bundle: &Bundle, language: Language) {
    let (key, sign) = match report.result {
        Verdict::Valid => ("valid", "✔"),
        Verdict::Invalid => ("invalid", "✘"),
        Verdict::Unconfirmed => ("unconfirmed", "?"),
    };
    let days = days(bundle.age_policy);
    term::print(&format!(
        "{}: {sign} {}",
        path.display(),
        say(language, key, &[])
    ));
    term::print(&format!("  {}", sentence(language, report, days)));
    term::print(&format!(
        "  {}{}",
        say(language, "next-step", &[]),
        advice(language, report)
    ));
    for (label, value) in report.facts.iter().flat_map(|facts| rows(language, facts)) {
        term::print(&format!("  {label}: {value}"));
    }
    for finding in &report.findings {
        let code = finding.code.as_str();
        term::print(&format!(
            "  {code} {} ({})",
            reason(language, code, days),
            finding.detail
        ));
    }
    term::print(&format!(
        "  {}: {} @ {}",
        say(language, "fact-bundle", &[]),
        report.as_of.bundle,
        report.as_of.position
    ));
}
