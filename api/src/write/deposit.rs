//! Whose values an assertion carries, and the identifiers among them.

use credentials::rulebook::kinds::Kind;
use identity::erasable::Disclosure;
use identity::person::{bind_identifier, link, register};
use serde::Deserialize;
use uuid::Uuid;

use crate::extract::unquoted;
use crate::problem::{Problem, Reason};
use crate::vault::{Alias, LINK, link_alias};

/// A personal value on its way to the vault.
pub(super) struct Deposit {
    pub(super) person: Uuid,
    pub(super) identifiers: Vec<(&'static str, String)>,
}

impl Deposit {
    /// The identifiers as the vault's lookup has them.
    pub(super) fn aliases(&self) -> Vec<Alias<'_>> {
        let mut aliases = Vec::with_capacity(self.identifiers.len());
        for (r#type, normalised) in &self.identifiers {
            aliases.push(Alias {
                kind: r#type,
                normalised,
            });
        }
        aliases
    }
}

/// Whose values these are, and the identifiers among them, checked against what is said openly.
pub(super) fn deposit_of(
    kind: &Kind,
    data: &str,
    disclosures: &[Disclosure],
) -> Result<Deposit, Problem> {
    #[derive(Deserialize)]
    struct Whose {
        person: Uuid,
    }
    let malformed =
        |error: serde_json::Error| Problem::of(Reason::DataInvalid).detail(unquoted(error));
    let aliases = match kind.name {
        register::KIND => {
            serde_json::from_str::<register::Data>(data)
                .map_err(malformed)?
                .identifiers
        }
        bind_identifier::KIND => {
            vec![
                serde_json::from_str::<bind_identifier::Data>(data)
                    .map_err(malformed)?
                    .identifier,
            ]
        }
        _ => Vec::new(),
    };
    let mut identifiers = Vec::with_capacity(aliases.len());
    for alias in aliases {
        let name = alias.r#type.as_str();
        let value = disclosures
            .iter()
            .find(|disclosure| disclosure.opened().name() == name)
            .and_then(|disclosure| disclosure.opened().expose_text())
            .ok_or_else(|| {
                Problem::of(Reason::ValuesDoNotFit)
                    .detail((format!("{name} 没有值"), format!("{name} has no value")))
            })?;
        let checked = alias.r#type.check(value).map_err(|error| {
            Problem::of(Reason::IdentifierInvalid).field(format!("/identifiers/{name}"), &error)
        })?;
        let overridden = alias.check == identity::person::event::Check::Overridden;
        if let Some(warning) = checked.finding.filter(|_| !overridden) {
            return Err(Problem::of(Reason::IdentifierInvalid)
                .field(format!("/identifiers/{name}"), &warning));
        }
        identifiers.push((name, checked.normalised));
    }
    if link::confirm::is_confirmation(kind.name) {
        identifiers.push((LINK, account_of(disclosures)?));
    }
    if kind.name == register::KIND && !disclosures.iter().any(|it| it.opened().name() == "name") {
        return Err(Problem::of(Reason::ValuesDoNotFit).detail(("缺少姓名", "the name is missing")));
    }
    let person = serde_json::from_str::<Whose>(data)
        .map_err(malformed)?
        .person;
    Ok(Deposit {
        person,
        identifiers,
    })
}

/// The account that a link names.
fn account_of(disclosures: &[Disclosure]) -> Result<String, Problem> {
    let value = |name| {
        let mut opened = disclosures.iter().map(Disclosure::opened);
        let found = opened.find(|it| it.name() == name)?;
        found.expose_text()
    };
    match (value(link::confirm::ISS), value(link::confirm::SUB)) {
        (Some(iss), Some(sub)) => Ok(link_alias(iss, sub)),
        _ => Err(Problem::of(Reason::ValuesDoNotFit)),
    }
}
