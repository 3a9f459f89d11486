//! Two numbers that one person signs in as: the learner shows both in one browser, and asks that they become one.
//!
//! Invariant: the other account was shown just now, in the session that asks, at the level that a merge needs;
//! what shows it is good once, for ten minutes, and only while neither side's links change. A crash in
//! between costs the learner a new start.

use std::sync::Arc;

use credentials::merge::request::{self, Changed};
use identity::person::{Person, wire};
use identity::role::Role;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ceremony::Kept;
use super::link::Linked;
use super::session::secret;
use super::{FRESH_MS, Signed};
use crate::app::App;
use crate::extract::Caller;
use crate::mask;
use crate::problem::{Problem, Reason};
use crate::write::{Asking, Written};

/// A number that somebody signed in as in the session of another.
#[derive(Serialize, Deserialize)]
struct Both {
    ceremony: Uuid,
    person: Uuid,
    session: Digest,
    absorbed: Uuid,
    link: Uuid,
    /// By what the caller was signed in.
    own: Uuid,
    /// What was shown dies with the next change on either side.
    changed: Changed,
}

impl Kept for Both {
    const SPACE: &'static str = "both";
}

impl App {
    /// What lets a learner who is signed in ask for a merge with the number that `linked` signs in as, shown at
    /// `shown_at_ms`; refused where the account is not another number's of a learner's.
    pub(crate) fn both_proof(
        &self,
        caller: &Caller,
        linked: Linked,
        shown_at_ms: Option<i64>,
    ) -> Result<(Uuid, Zeroizing<String>), Problem> {
        let taken = || Problem::of(Reason::LinkTaken);
        let Signed::Session { id, .. } = caller.signed else {
            return Err(taken());
        };
        let session = self.sign_in.sessions.peek(id)?;
        // Who came in by the demo or by a sheet shows no account.
        let own = session.and_then(|it| it.link).map(|(_, own)| own);
        let own = own.ok_or_else(taken)?;
        // An account of the caller's own is linked already; whoever speaks for a school merges nobody here.
        if caller.role != Role::Learner || linked.person == caller.person || linked.only.is_some() {
            return Err(taken());
        }
        if linked.loa < request::LEVEL {
            return Err(Problem::of(Reason::LoaTooLow).detail((
                format!(
                    "这个账号登录的是另一个编号，等级为 {}；自己申请合并，两个编号都须达到 {}，否则请到窗口办理",
                    linked.loa,
                    request::LEVEL
                ),
                format!(
                    "this account signs in as another number, at {}; to ask for a merge yourself both need {}: else go to a counter",
                    linked.loa,
                    request::LEVEL
                ),
            )));
        }
        // A provider that still knows somebody else in this browser shows nothing of who sits there.
        let age_ms = shown_at_ms.map(|at| self.now_ms().saturating_sub(at));
        if age_ms.is_none_or(|age| age > FRESH_MS) {
            return Err(Problem::of(Reason::StepUpNeeded).detail((
                "请在登录服务重新登录这个账号：?link=true&step_up=true".to_owned(),
                "sign in anew with this account at its provider: ?link=true&step_up=true"
                    .to_owned(),
            )));
        }
        let both = Both {
            ceremony: ledger::clock::uuid_v4(),
            person: caller.person,
            session: id,
            absorbed: linked.linked,
            link: linked.link,
            own,
            changed: self.changed(linked.linked, caller.person)?,
        };
        let text = secret();
        self.sign_in.ceremonies.keep(&text, &both)?;
        Ok((both.ceremony, text))
    }

    /// Asks for the merge that a proof was made for; an officer must agree.
    pub async fn request_merge(
        self: &Arc<Self>,
        caller: &Caller,
        ceremony: Uuid,
        proof: &str,
    ) -> Result<Written, Problem> {
        let invalid = || Problem::of(Reason::LinkProofInvalid);
        let Signed::Session { id, .. } = caller.signed else {
            return Err(invalid());
        };
        let found: Option<Both> = self.sign_in.ceremonies.take(proof)?;
        let both = found.ok_or_else(invalid)?;
        let same = both.person == caller.person
            && both.session == id
            && both.ceremony == ceremony
            && both.changed == self.changed(both.absorbed, both.person)?;
        if !same {
            return Err(invalid());
        }
        let data = request::Data {
            absorbed: both.absorbed,
            changed: both.changed,
            link: both.link,
            own: both.own,
            person: both.person,
            resident_ids: self.compare_resident_ids(both.person, both.absorbed)?,
        };
        self.ask(Asking::open(caller, request::KIND, &data)?).await
    }

    /// Whose number it is, as a page may show it to who has just signed in.
    pub(crate) fn masked(&self, person: Uuid) -> Result<String, Problem> {
        let name = self.name_of(person)?;
        Ok(name.map_or_else(|| person.to_string(), |name| mask::name(&name)))
    }

    fn changed(&self, absorbed: Uuid, person: Uuid) -> Result<Changed, Problem> {
        let of = |number| self.ledger.state::<Person>(&wire::stream(number));
        Ok(Changed::of(&*of(absorbed)?, &*of(person)?))
    }
}
