//! An assertion's values on their way into the vault, and out of it again when it is refused.
//!
//! Invariant: what is refused leaves nothing; what a stop left over waits for the reaper, which asks the log.

use credentials::account::outcome::{self, Origin};
use credentials::account::record_outcome;
use credentials::rulebook::kinds::Kind;
use identity::erasable::{Disclosure, Opened};
use identity::identifier::IdentifierType;
use identity::purpose::Purpose;
use ledger::assertion::Assertion;
use uuid::Uuid;

use super::deposit::Deposit;
use crate::app::App;
use crate::extract::unquoted;
use crate::flights::Flight;
use crate::problem::{Problem, Reason};
use crate::vault::{Alias, LINK, Reserved, VaultError};

impl App {
    /// Checks identifiers and puts all values into the vault as pending.
    pub(super) fn store_values(
        &self,
        kind: &Kind,
        assertion: &Assertion,
        deposit: &Deposit,
        disclosures: &[Disclosure],
    ) -> Result<(), Problem> {
        let id = assertion.id();
        self.vault
            .put_pending(deposit.person, kind.purpose, id, disclosures)
            .map_err(|error| not_put(error, id))?;
        self.reserve(id, deposit)
    }

    /// Reserves the identifiers among the values.
    fn reserve(&self, id: Uuid, deposit: &Deposit) -> Result<(), Problem> {
        let aliases = deposit.aliases();
        if !aliases.is_empty()
            && let Reserved::Taken { index, .. } =
                self.vault
                    .lookup_reserve_all(&aliases, deposit.person, id)?
        {
            return Err(taken(&aliases, index));
        }
        Ok(())
    }

    /// Removes what a submission left that a stop cut off, if a number waits for it: before this start,
    /// in nobody's hands, and not in the log, which is whole by now. Says whether there was one.
    pub(crate) fn free_abandoned(
        &self,
        r#type: IdentifierType,
        normalised: &str,
    ) -> Result<bool, Problem> {
        let waits = self.vault.waits_for(r#type.as_str(), normalised)?;
        let Some((id, _)) = waits.filter(|(_, since)| *since < self.opened_at_ms) else {
            return Ok(false);
        };
        let freed = self.flights.unless_under_way(id, || {
            if self.ledger.position_of(id)?.is_some() {
                return Ok(false);
            }
            self.vault.discard(id)?;
            Ok(true)
        });
        freed.unwrap_or(Ok(false))
    }

    /// Removes what a refused assertion left in the vault, unless the same id is in the log or on
    /// its way there: then the values are another submission's. Failing is harmless: the reaper
    /// comes, and asks the log.
    pub(super) fn give_up(&self, id: Uuid, flight: Option<Flight>) {
        let Some(flight) = flight else {
            return;
        };
        flight.refused(|| {
            if !matches!(self.ledger.position_of(id), Ok(None)) {
                return;
            }
            if let Err(error) = self.vault.discard(id) {
                tracing::warn!(%error, "a refused assertion's values are left to the reaper");
            }
        });
    }

    /// The same record again must say the same in its personal values too (`record-differs`).
    pub fn same_values(
        &self,
        assertion: &Assertion,
        disclosures: &[Disclosure],
    ) -> Result<(), Problem> {
        if assertion.kind() != record_outcome::KIND {
            return Ok(());
        }
        let data: record_outcome::Data = serde_json::from_str(assertion.data().get())
            .map_err(|error| Problem::of(Reason::DataInvalid).detail(unquoted(error)))?;
        let origin = Origin {
            awarder: data.awarder,
            record: data.record,
        };
        let account = self.whole(data.person)?.account;
        let Some(outcome) = account.of_record(data.outcome, &origin) else {
            return Ok(());
        };
        for said in outcome
            .versions()
            .iter()
            .filter(|said| said.fields == data.fields)
        {
            let opened =
                match self
                    .vault
                    .opened(outcome.person, Purpose::StudyRecord, said.id, &said.values)
                {
                    Ok(opened) => opened,
                    // What was erased cannot differ any more.
                    Err(VaultError::Erased | VaultError::NotHere) => return Ok(()),
                    Err(error) => return Err(error.into()),
                };
            if same_opened(&opened, disclosures.iter().map(Disclosure::opened)) {
                return Ok(());
            }
        }
        Err(Problem::of(Reason::RecordDiffers)
            .detail((
                "该记录已登记，但名称、成绩或备注不同：请提交更正",
                "the record stands with another title, mark or remark: send a correction",
            ))
            .at(outcome.recorded.position))
    }
}

/// Whether both say the same; from which file it was taken over is no part of it.
pub(super) fn same_opened<'a>(one: &[Opened], other: impl Iterator<Item = &'a Opened>) -> bool {
    let tells = |it: &&Opened| it.name() != outcome::SOURCE;
    let other: Vec<&Opened> = other.filter(tells).collect();
    let one: Vec<&Opened> = one.iter().filter(tells).collect();
    one.len() == other.len() && one.iter().all(|it| other.contains(it))
}

pub(super) fn not_put(error: VaultError, id: Uuid) -> Problem {
    if !matches!(error, VaultError::OtherValues) {
        return error.into();
    }
    Problem::of(Reason::IdReused).detail((
        format!("编号 {id} 正带着别的内容提交中：请用新编号"),
        format!("id {id} is on its way with other values: use a new id"),
    ))
}

/// Which of these aliases is somebody else's.
pub(super) fn taken(aliases: &[Alias<'_>], index: usize) -> Problem {
    let name = aliases.get(index).map_or("", |alias| alias.kind);
    if name == LINK {
        return Problem::of(Reason::LinkTaken);
    }
    Problem::of(Reason::IdentifierTaken).field(
        format!("/identifiers/{name}"),
        ("已绑定给另一个人", "it is bound to another person"),
    )
}
