//! The demo's imports and late corrections.

use std::collections::HashMap;
use std::sync::Arc;

use credentials::account::outcome::Origin;
use credentials::account::{Account, correct_outcome};
use projections::transcripts::Line;
use uuid::Uuid;

use super::{Admitted, CATCH_UP, Loader};
use crate::demo::province::{Correction, Province};
use crate::demo::summary::DemoRows;
use crate::import::control;
use crate::import::job::Told;
use crate::problem::{Problem, Reason};
use crate::write::Asking;

impl Loader<'_> {
    /// Every file: dry run, then run, as a clerk would.
    pub(super) async fn import_all(
        &self,
        province: &Province,
        admitted: &HashMap<String, Admitted>,
    ) -> Result<DemoRows, Problem> {
        let of = province.counts.rows as u64;
        let mut rows = DemoRows::default();
        for file in &province.imports {
            let staff = admitted
                .get(&file.school_code)
                .ok_or_else(|| Problem::internal("a file without a school"))?;
            let (app, caller) = (Arc::clone(self.app), staff.caller(0));
            let (name, bytes) = (file.file_name.clone(), file.csv.clone());
            let work = tokio::task::spawn_blocking(move || {
                let taken = control::take_in(&app, &caller, &name, &bytes, &Told::default())?;
                let checked = control::work(&app, taken, &|_| {});
                let (begun, _) = control::begin(&app, &caller, checked.id, None)?;
                Ok::<_, Problem>(control::work(&app, begun, &|_| {}))
            });
            let done = work.await.map_err(Problem::internal)??;
            if let Some(failure) = done.failure {
                return Err(Problem::internal(format!(
                    "the import of {} failed: {failure}",
                    file.file_name
                )));
            }
            let counts = done.counts;
            rows.rows += counts.rows;
            rows.recorded += counts.recorded;
            rows.warned += counts.warned;
            rows.repeated += counts.repeated;
            rows.already += counts.already;
            rows.refused += counts.refused;
            (self.progress)("outcomes 学习成果", rows.rows, of);
        }
        Ok(rows)
    }

    /// Late corrections, each proposed by one officer and approved by another.
    pub(super) async fn correct_all(
        &self,
        province: &Province,
        admitted: &HashMap<String, Admitted>,
        people: &[Uuid],
    ) -> Result<u64, Problem> {
        if let Some(last) = self.app.ledger.head().size.checked_sub(1) {
            self.app
                .views
                .follower
                .reached(last, CATCH_UP)
                .await
                .map_err(Problem::internal)?;
        }
        let mut lines: HashMap<Origin, Line> = HashMap::new();
        for person in people {
            let of_person = self.app.views.transcripts.of_person(&[*person])?;
            lines.extend(
                of_person
                    .into_iter()
                    .map(|line| (line.origin.clone(), line)),
            );
        }
        let of = province.corrections.len() as u64;
        let mut done = 0;
        for correction in &province.corrections {
            let staff = admitted.get(&correction.school_code);
            let staff = staff.ok_or_else(|| Problem::internal("a correction without a school"))?;
            let origin = Origin {
                awarder: staff.number,
                record: correction.record.clone(),
            };
            let line = lines.get(&origin).ok_or_else(|| {
                Problem::of(Reason::OutcomeUnknown).detail((
                    format!("记录 {}", correction.record),
                    correction.record.as_str(),
                ))
            })?;
            let asking = self.correction(staff, correction, line)?;
            let proposal = self.app.ask(asking).await?;
            self.approve(&staff.caller(1), &proposal).await?;
            done += 1;
            (self.progress)("corrections 更正", done, of);
        }
        Ok(done)
    }

    /// The outcome as it stands, with the mark or the credits that were wrong replaced.
    fn correction(
        &self,
        staff: &Admitted,
        correction: &Correction,
        row: &Line,
    ) -> Result<Asking, Problem> {
        let account = self
            .app
            .ledger
            .state::<Account>(&credentials::account::wire::stream(row.person))?;
        let outcome = account
            .outcome(row.outcome)
            .ok_or(Problem::of(Reason::OutcomeUnknown))?;
        let mut fields = outcome.fields.clone();
        if let Some(credits) = &correction.credits {
            fields.credits = Some(
                credits
                    .parse()
                    .map_err(|error| Problem::invalid("/credits", &error))?,
            );
        }
        let shown = crate::transcript::line(self.app, row, true)?;
        let grade = correction.grade.clone().or(shown.grade);
        if let (Some(grade), Some(pass_mark)) = (&grade, self.app.pass_mark()) {
            fields.passed = grade
                .parse::<u16>()
                .ok()
                .map(|mark| mark >= pass_mark)
                .or(fields.passed);
        }
        let mut values: Vec<(&'static str, serde_json::Value)> = Vec::new();
        values.extend(shown.title.map(|title| ("title", title.into())));
        values.extend(grade.map(|grade| ("grade", grade.into())));
        values.push(("reason_text", correction.reason.into()));
        let data = correct_outcome::Data {
            values: identity::erasable::Commitments::default(),
            fields,
            outcome: outcome.id,
            person: row.person,
            reason: correct_outcome::Reason::MarkReviewed,
        };
        let caller = staff.caller(0);
        Ok(Asking {
            issuer: staff.number,
            act: caller.act(),
            kind: correct_outcome::KIND,
            data: serde_json::to_value(&data).map_err(Problem::internal)?,
            values,
            target: Some(outcome.current),
            id: None,
            expected: None,
        })
    }
}
