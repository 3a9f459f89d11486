//! What is held of a person, from the log, the vault and the side store.
//!
//! Invariant: a value is in it iff the vault opens it and no erasure has its purpose in hand; a commit is in
//! it once. What was left behind by a stop and is in no commit is nobody's yet: the reaper removes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use identity::approval;
use identity::erasable::Commitments;
use identity::person::consent::Use;
use identity::person::delegation::Delegation;
use identity::person::state::Barred;
use identity::person::{Person, wire};
use identity::purpose::Purpose;
use ledger::assertion::format_ms;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Commit, Consent, Delegated, Export, FORM, Held, LeftOut, Passkey, SignedIn, Token, Told, Values,
};
use crate::app::App;
use crate::notices::text;
use crate::problem::{Language, Problem};
use crate::read::Access;
use crate::transcript::{self, Shown};
use crate::vault::{VaultError, Wanted};

/// Copies that nobody can look up by person, and when they are gone.
const LEFT_OUT: [LeftOut; 3] = [
    LeftOut {
        zh: "机构上传的表格原文件可能含有您的行，最多保留 30 天；其中已入账的内容都在本副本里。",
        en: "files that an institution uploaded may have rows of yours; they live 30 days at most, and what was recorded from them is in this copy",
    },
    LeftOut {
        zh: "为重复请求保留的应答，最多 7 天；仅由上述内容组成。",
        en: "answers kept for repeated requests live 7 days at most and consist of what is above",
    },
    LeftOut {
        zh: "别人提出而尚未生效、且不含您的个人信息值的双人操作；生效后即在本副本里。",
        en: "two-person acts that others proposed and nobody agreed to yet, as far as they hold no value of yours; once in force they are in this copy",
    },
];

/// The commitments of an assertion.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "_sd", default)]
    values: Commitments,
}

type Numbers = [(Uuid, Arc<Person>)];

pub(super) fn of(app: &App, holder: Uuid) -> Result<Export, Problem> {
    // Read first: whatever comes meanwhile is known to be newer.
    let position = app.ledger.head().size;
    let now_ms = app.now_ms();
    let numbers = app.numbers(holder)?;
    let state = app.ledger.state::<Person>(&wire::stream(holder))?;
    let closed = Purpose::ALL.into_iter();
    let closed = closed.filter(|purpose| numbers.iter().any(|(_, it)| it.is_closed(*purpose)));
    let (values, mut positions) = values(app, &numbers, position)?;
    positions.extend(told_of(app, &numbers)?);
    let commits = commits(app, positions, position)?;
    let whole = app.whole(holder)?;
    let (outcomes, totals) = if app.open_numbers(&whole)?.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let shown = Shown::plain(Access::Full, app.today());
        let transcript = transcript::build(app, holder, shown)?;
        (transcript.outcomes, transcript.totals)
    };
    let standing = match state.barred() {
        Some(Barred::Suspended) => Some("suspended"),
        Some(Barred::Died) => Some("died"),
        Some(Barred::Forgotten | Barred::Merged(_)) | None => None,
    };
    let given = state.delegations.0.iter();
    let consents = Use::ALL.into_iter().filter_map(|r#use| {
        let (edition, by) = state.consents.given(r#use)?;
        Some(Consent {
            r#use,
            edition,
            position: by.position,
        })
    });
    Ok(Export {
        form: FORM,
        log: app.ledger.origin().into(),
        position,
        made_at: format_ms(now_ms),
        by: app.registrar_did(),
        person: holder,
        values,
        closed: closed.map(|purpose| purpose.as_str().to_owned()).collect(),
        commits,
        outcomes,
        totals,
        assurance: state.level_alone().into(),
        standing,
        delegations: given.map(|it| delegated(holder, it)).collect(),
        acts_for: acts_for(app, &numbers)?,
        consents: consents.collect(),
        notices: told(app, holder)?,
        preferences: app.notices.preferences(holder)?,
        sessions: sessions(app, &numbers)?,
        passkeys: passkeys(app, &numbers)?,
        tokens: tokens(app, &numbers)?,
        roles: roles(app, &numbers)?,
        card: app.codes.has_card(holder)?,
        recovery_sheet: state.recoveries.sheet.is_some(),
        left_out: LEFT_OUT.to_vec(),
        numbers: numbers.into_iter().map(|(number, _)| number).collect(),
    })
}

/// What the vault opens, and where it was said.
fn values(
    app: &App,
    numbers: &Numbers,
    below: u64,
) -> Result<(Vec<Values>, BTreeSet<u64>), Problem> {
    let mut found = BTreeMap::new();
    let mut positions = BTreeSet::new();
    for (person, state) in numbers {
        for purpose in Purpose::ALL {
            if state.is_closed(purpose) {
                continue;
            }
            for assertion in app.vault.inventory(*person, purpose)?.assertions {
                let Some(position) = app.ledger.position_of(assertion)?.filter(|it| *it < below)
                else {
                    continue;
                };
                let Some(commit) = app.ledger.commit(position)? else {
                    continue;
                };
                let said: Said = serde_json::from_str(commit.assertion.data().get())
                    .map_err(Problem::internal)?;
                positions.insert(position);
                let wanted = Wanted {
                    person: *person,
                    purpose,
                    assertion_id: assertion,
                    commitments: &said.values,
                };
                let disclosures = match app.vault.disclosures(&wanted) {
                    Ok(disclosures) => disclosures,
                    Err(VaultError::Erased | VaultError::NotHere) => continue,
                    Err(error) => return Err(error.into()),
                };
                let opened = disclosures.iter().map(|it| {
                    let it = it.opened();
                    (it.name().to_owned(), it.expose().clone())
                });
                let values = Values {
                    purpose: purpose.as_str(),
                    assertion,
                    position,
                    values: opened.collect(),
                    disclosures: disclosures.iter().map(|it| it.encoded().into()).collect(),
                };
                found.insert((position, purpose), values);
            }
        }
    }
    Ok((found.into_values().collect(), positions))
}

/// Where something of the person was said: in the own streams, in those of the own credentials, and in
/// the proposals that what stands in them was agreed to by.
fn told_of(app: &App, numbers: &Numbers) -> Result<BTreeSet<u64>, Problem> {
    let mut streams = Vec::new();
    for (person, _) in numbers {
        streams.push(wire::stream(*person));
        streams.push(credentials::account::wire::stream(*person));
    }
    if let Some((holder, _)) = numbers.first() {
        for outcome in &app.whole(*holder)?.account.outcomes {
            let issued = outcome.credentials.iter();
            streams.extend(issued.map(|id| credentials::credential::wire::stream(*id)));
        }
    }
    let mut positions = BTreeSet::new();
    for stream in &streams {
        positions.extend(app.ledger.positions_of(stream)?);
    }
    let mut proposals = BTreeSet::new();
    for position in &positions {
        if let Some(commit) = app.ledger.commit(*position)? {
            let by = approval::said_by(&commit.assertion);
            proposals.extend((by != commit.assertion.id()).then_some(by));
        }
    }
    for proposal in proposals {
        let stream = approval::wire::stream(proposal);
        positions.extend(app.ledger.positions_of(&stream)?);
    }
    Ok(positions)
}

fn commits(app: &App, positions: BTreeSet<u64>, below: u64) -> Result<Vec<Commit>, Problem> {
    let mut commits = Vec::with_capacity(positions.len());
    for position in positions.into_iter().filter(|it| *it < below) {
        let missing = || Problem::internal(format!("the log has no commit at {position}"));
        let commit = app.ledger.commit(position)?.ok_or_else(missing)?;
        let proof = app.ledger.receipt(position)?.ok_or_else(missing)?;
        commits.push(Commit {
            id: commit.assertion.id(),
            position,
            kind: commit.assertion.kind().into(),
            recorded_at_ms: commit.recorded_at_ms,
            proof: proof.to_string(),
        });
    }
    Ok(commits)
}

fn delegated(person: Uuid, it: &Delegation) -> Delegated {
    Delegated {
        id: it.id,
        person,
        agent: it.granted.agent,
        basis: it.granted.basis,
        scopes: it.granted.scopes.clone(),
        until: it.granted.until.to_string(),
        position: it.by.position,
        ended: it.ended.map(|by| by.position),
    }
}

fn acts_for(app: &App, numbers: &Numbers) -> Result<Vec<Delegated>, Problem> {
    let mut found = Vec::new();
    for (number, _) in numbers {
        for listed in app.views.people.delegations_to(*number)? {
            let principal = wire::stream(listed.principal);
            let principal = app.ledger.state::<Person>(&principal)?;
            if let Some(it) = principal.delegations.find(listed.delegation) {
                found.push(delegated(listed.principal, it));
            }
        }
    }
    Ok(found)
}

fn told(app: &App, holder: Uuid) -> Result<Vec<Told>, Problem> {
    let notices = app.notices.told(holder)?.into_iter();
    let told = notices.map(|it| Told {
        about: it.matter.name(),
        title_zh: text(&it.matter, Language::Zh, None).title,
        title_en: text(&it.matter, Language::En, None).title,
        at_ms: it.at_ms,
        position: it.position,
        read: it.read,
    });
    Ok(told.collect())
}

fn sessions(app: &App, numbers: &Numbers) -> Result<Vec<SignedIn>, Problem> {
    let mut found = Vec::new();
    for (number, _) in numbers {
        for (_, it) in app.sign_in.sessions.of(*number)? {
            found.push(SignedIn {
                role: it.role.as_str(),
                agent: it.agent,
                signed_in_at_ms: it.made_at_ms,
                used_at_ms: it.used_at_ms,
                ends_at_ms: it.ends_at_ms(),
                by: it.by,
                app: it.app.map(|it| it.client),
            });
        }
    }
    Ok(found)
}

fn passkeys(app: &App, numbers: &Numbers) -> Result<Vec<Passkey>, Problem> {
    let mut found = Vec::new();
    for (number, _) in numbers {
        let kept = app.sign_in.passkeys.kept(*number)?;
        found.extend(kept.map(|(id, added_at_ms, credential)| Passkey {
            id,
            added_at_ms,
            credential,
        }));
    }
    Ok(found)
}

fn tokens(app: &App, numbers: &Numbers) -> Result<Vec<Token>, Problem> {
    let mut found = Vec::new();
    for (number, _) in numbers {
        let tokens = app.tokens.of(*number).map_err(Problem::internal)?;
        found.extend(tokens.into_iter().map(|(_, it)| Token {
            role: it.role.as_str(),
            label: it.label,
            expires_at_ms: it.expires_at_ms,
        }));
    }
    Ok(found)
}

fn roles(app: &App, numbers: &Numbers) -> Result<Vec<Held>, Problem> {
    let mut found = Vec::new();
    for (number, _) in numbers {
        let held = app.views.people.roles(*number)?.into_iter();
        found.extend(held.map(|it| Held {
            role: it.role.as_str(),
            institution: it.institution.map(|number| number.0),
            position: it.granted,
        }));
    }
    Ok(found)
}
