//! Beginning a session, whichever way somebody showed who it is.
//!
//! Invariant: nobody signs in as somebody who may not act, nor in a role that is not held; an officer's
//! session needs the level of an officer. A crash leaves at most a session that nobody knows.

use identity::did::IssuerNumber;
use identity::officer::Officer;
use identity::person::assurance::Level;
use identity::person::{Person, wire};
use identity::role::Role;
use ledger::hash::Digest;
use uuid::Uuid;

use super::OFFICER_LEVEL;
use super::session::{Agent, Opened, Session, Term};
use crate::app::App;
use crate::problem::{Problem, Reason};

/// Who showed who it is, and how well.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The person.
    pub person: Uuid,
    /// The role to act in.
    pub role: Role,
    /// For which institution.
    pub institution: Option<IssuerNumber>,
    /// Level of assurance.
    pub loa: Level,
    /// By which way of signing in.
    pub by: String,
    /// By which link.
    pub link: Option<(Uuid, Uuid)>,
    /// When the person showed it, Unix milliseconds.
    pub proven_at_ms: i64,
    /// From what.
    pub agent: Agent,
}

impl App {
    /// Begins a session; the one of the same browser, if any, ends with it.
    pub fn begin_session(
        &self,
        shown: Shown,
        replaces: Option<&(Digest, Session)>,
    ) -> Result<Opened, Problem> {
        // The province has a number too: whoever names it acts in the same role as whoever names none.
        let institution = shown.institution;
        let shown = Shown {
            institution: institution.filter(|it| *it != IssuerNumber::REGISTRAR),
            ..shown
        };
        let person = self.ledger.state::<Person>(&wire::stream(shown.person))?;
        if person.barred().is_some() {
            return Err(Problem::of(Reason::PersonBarred));
        }
        if shown.role.is_appointed() {
            self.require_officer(&shown)?;
        }
        let now_ms = self.now_ms();
        let term = if shown.role.is_appointed() {
            Term::Officer
        } else if self.is_elder(shown.person)? {
            Term::Elder
        } else {
            Term::Learner
        };
        // Somebody who shows anew who it is goes on where it was, no longer than before.
        let same = |it: &Session| {
            (it.person, it.role, it.institution) == (shown.person, shown.role, shown.institution)
        };
        let made_at_ms = replaces.map(|(_, before)| before);
        let made_at_ms = made_at_ms
            .filter(|it| same(it))
            .map_or(now_ms, |it| it.made_at_ms);
        let session = Session {
            person: shown.person,
            role: shown.role,
            institution: shown.institution,
            loa: shown.loa,
            by: shown.by,
            link: shown.link,
            term,
            agent: shown.agent,
            made_at_ms,
            begun_at_ms: now_ms,
            proven_at_ms: shown.proven_at_ms.min(now_ms),
            used_at_ms: now_ms,
            app: None,
        };
        let opened = self.sign_in.sessions.begin(&session, replaces)?;
        if term == Term::Officer {
            self.note_use(&session)?;
        }
        Ok(opened)
    }

    /// Notes an officer's sign-in, and what of the same person's is open beside it.
    fn note_use(&self, session: &Session) -> Result<(), Problem> {
        let open = self.sign_in.sessions.of(session.person)?.into_iter();
        let open = open.map(|(_, it)| it).filter(|it| it.role.is_appointed());
        self.officer_uses.note(session, &open.collect::<Vec<_>>())
    }

    fn require_officer(&self, shown: &Shown) -> Result<(), Problem> {
        let officer = self
            .ledger
            .state::<Officer>(&Officer::stream(shown.person))?;
        let place = shown.institution.unwrap_or(IssuerNumber::REGISTRAR);
        if !officer.holds(shown.person, shown.role, place) {
            return Err(Problem::of(Reason::NotAllowed).detail((
                format!("没有角色 {}", shown.role),
                format!("the role {} is not held", shown.role),
            )));
        }
        if shown.loa < OFFICER_LEVEL {
            return Err(Problem::of(Reason::LoaTooLow).detail((
                format!("工作人员登录需要 {OFFICER_LEVEL}"),
                format!("officers sign in at {OFFICER_LEVEL}"),
            )));
        }
        Ok(())
    }
}
