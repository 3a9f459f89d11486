//! What can be asked of the views, and that the answers are those of the aggregates.

use credentials::account::{Account, LotState, wire};
use identity::did::IssuerNumber;
use identity::institution::{Custody, Institution};
use ledger::decision::Earlier;
use projections::institutions::{Filter, Outcome};
use projections::page::Cursor;
use projections::transcripts::{ChangeKind, LineState};
use tests::support::world::{START_MS, act, outcome, target};

use super::{PATIENCE, caught_up, marked, story};

const DAY_MS: i64 = 86_400_000;

#[test]
fn a_line_says_what_the_account_says_and_who_signed() {
    // If this failed, a school could not correct its record, or a reader would trust the wrong signer.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    let views = caught_up(&story.world, directory.path());
    for person in story.people {
        let account = story
            .world
            .log
            .state::<Account>(&wire::stream(person))
            .unwrap();
        let lines = views.transcripts.of_person(&[person]).unwrap();
        assert_eq!(lines.len(), account.outcomes.len());
        for outcome in &account.outcomes {
            let line = lines
                .iter()
                .find(|line| line.outcome == outcome.id)
                .unwrap();
            assert_eq!(
                (&line.fields, &line.origin),
                (&outcome.fields, &outcome.origin)
            );
            assert_eq!(
                (line.target, line.recorded),
                (outcome.current, outcome.recorded)
            );
            assert_eq!(line.commitments, outcome.values.as_slice());
            let lots: Vec<_> = account
                .lots
                .iter()
                .filter(|lot| lot.outcome == outcome.id)
                .collect();
            assert_eq!(line.lots.len(), lots.len());
            for (shown, lot) in line.lots.iter().zip(lots) {
                assert_eq!(
                    (shown.id, shown.credit, shown.state),
                    (lot.id, lot.credit, lot.state)
                );
                assert_eq!(shown.usable_before, lot.usable_before);
            }
            assert_eq!(
                views.transcripts.outcome(outcome.id).unwrap().as_ref(),
                Some(line)
            );
        }
        assert!(lines.is_sorted_by(|a, b| {
            (a.fields.completed_on, a.recorded.position)
                >= (b.fields.completed_on, b.recorded.position)
        }));
    }
    let corrected = outcome(story.schools[0], "R-0", story.people[0]);
    let line = views.transcripts.outcome(corrected).unwrap().unwrap();
    assert_eq!(line.state, LineState::Corrected);
    assert_eq!(
        line.lots.iter().map(|lot| lot.state).collect::<Vec<_>>(),
        [LotState::Superseded, LotState::Available]
    );
    // 3.5 credits do not agree with 32 hours: shown, not refused.
    assert!(line.lots[1].hours_mismatch && !line.lots[0].hours_mismatch);
    let [proposer, approver] = story.world.staff[&story.schools[0]];
    assert_eq!(line.signature.act.as_ref().unwrap().person, approver);
    assert_eq!(line.signature.custody, Some(Custody::Own));
    let proposal = views
        .institutions
        .proposal(line.signature.proposal.unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(proposal.person, Some(proposer));
    assert_eq!(
        proposal.outcome,
        Outcome::Completed(Earlier {
            id: line.target.id,
            position: line.changed
        })
    );
    let kinds: Vec<_> = views
        .transcripts
        .history(corrected)
        .unwrap()
        .iter()
        .map(|change| change.kind)
        .collect();
    assert_eq!(kinds, [ChangeKind::Recorded, ChangeKind::Corrected]);
    let revoked = views
        .transcripts
        .outcome(outcome(story.schools[1], "S-0", story.people[0]))
        .unwrap()
        .unwrap();
    assert_eq!(revoked.state, LineState::Revoked);
    assert!(revoked.changed > revoked.recorded.position);
    let rotated = views
        .transcripts
        .outcome(outcome(story.schools[1], "S-9", story.people[1]))
        .unwrap()
        .unwrap();
    assert!(
        rotated.signature.kid.ends_with("#k2"),
        "{}",
        rotated.signature.kid
    );
}

#[test]
fn institutions_come_with_every_key_and_its_window() {
    // If this failed, the trust bundle would let a retired key sign, or leave a school out.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    let views = caught_up(&story.world, directory.path());
    let (all, next) = views.institutions.all().unwrap();
    assert_eq!(next, story.world.log.head().size);
    assert_eq!(all.len(), 3);
    for shown in &all {
        let number = shown.admitted.as_ref().unwrap().number;
        let state = story
            .world
            .log
            .state::<Institution>(&number.stream())
            .unwrap();
        assert_eq!(shown.keys, state.keys);
        assert_eq!(
            format!("{:?}", shown.admitted),
            format!("{:?}", state.admitted)
        );
        assert_eq!(
            views
                .institutions
                .institution(number)
                .unwrap()
                .unwrap()
                .keys,
            shown.keys
        );
    }
    assert_eq!(
        views.institutions.by_code("4133010335").unwrap(),
        Some(story.schools[0])
    );
    assert_eq!(views.institutions.by_code("0000000000").unwrap(), None);
    let mut numbers = Vec::new();
    let mut after = None;
    loop {
        let page = views.institutions.page(None, after, 2).unwrap();
        numbers.extend(
            page.rows
                .iter()
                .map(|row| row.admitted.as_ref().unwrap().number.0),
        );
        let Some(cursor) = page.next else { break };
        after = Some(cursor.to_string().parse::<Cursor>().unwrap());
    }
    assert_eq!(numbers, [0, 1, 2]);
    assert!("c0f".parse::<Cursor>().is_err() && "7".parse::<Cursor>().is_err());
}

#[test]
fn officers_see_what_waits_for_them_until_its_term_ends() {
    // If this failed, an admission would wait for a second person who never hears of it.
    let directory = tempfile::tempdir().unwrap();
    let mut story = story();
    let views = caught_up(&story.world, directory.path());
    let at = |ms| Filter {
        waiting_at_ms: Some(ms),
        ..Filter::default()
    };
    let waiting = views
        .institutions
        .proposals(at(START_MS + 60_000), None, 10)
        .unwrap()
        .rows;
    assert_eq!(
        waiting
            .iter()
            .map(|row| row.kind.as_str())
            .collect::<Vec<_>>(),
        ["institution.admit.v1"]
    );
    assert_eq!(waiting[0].person, Some(story.world.officers.registrars[0]));
    assert!(!waiting[0].is_expired(START_MS) && waiting[0].is_expired(START_MS + 2 * DAY_MS));
    assert!(
        views
            .institutions
            .proposals(at(START_MS + 2 * DAY_MS), None, 10)
            .unwrap()
            .rows
            .is_empty()
    );
    let second = act(story.world.officers.registrars[1], "registrar");
    let rejected = story
        .world
        .reject(IssuerNumber::REGISTRAR, waiting[0].target, second)
        .unwrap();
    views
        .follower
        .wait_for(rejected.earlier().position, PATIENCE)
        .unwrap();
    assert!(
        views
            .institutions
            .proposals(at(START_MS + 60_000), None, 10)
            .unwrap()
            .rows
            .is_empty()
    );
    let told = views
        .institutions
        .proposal(waiting[0].target.id)
        .unwrap()
        .unwrap();
    assert_eq!(told.outcome, Outcome::Rejected(rejected.earlier()));
    assert!(!told.signings[0].agreed);
    let of_school = Filter {
        issuer: Some(story.schools[0]),
        ..Filter::default()
    };
    assert_eq!(
        views
            .institutions
            .proposals(of_school, None, 10)
            .unwrap()
            .rows
            .len(),
        1
    );
    // The first appointment needed all three administrators: two said yes to the third.
    let first = views
        .institutions
        .proposals(Filter::default(), None, 1)
        .unwrap();
    assert_eq!(first.rows[0].signings.len(), 2);
    let rest = views
        .institutions
        .proposals(Filter::default(), first.next, 100)
        .unwrap();
    assert_eq!(rest.rows.len(), 5);
    assert_eq!(rest.next, None);
}

#[test]
fn people_are_listed_in_the_order_of_registration_without_a_name() {
    // If this failed, a clerk could not page through a roster, or the list would name people.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    let views = caught_up(&story.world, directory.path());
    let first = views.people.page(None, 2).unwrap();
    let rest = views.people.page(first.next, 2).unwrap();
    let listed: Vec<_> = first
        .rows
        .iter()
        .chain(&rest.rows)
        .map(|row| row.id)
        .collect();
    assert_eq!(listed, story.people);
    assert_eq!(rest.next, None);
    let person = views.people.person(story.people[1]).unwrap().unwrap();
    assert_eq!(person, first.rows[1]);
    assert_eq!((person.identifiers.len(), person.commitments.len()), (1, 2));
    assert_eq!(views.people.person(uuid::Uuid::nil()).unwrap(), None);
    let officers = story.world.officers;
    let roles = views.people.roles(officers.security).unwrap();
    assert_eq!(
        roles
            .iter()
            .map(|grant| grant.role.as_str())
            .collect::<Vec<_>>(),
        ["security"]
    );
    assert_eq!(
        views
            .people
            .officers(IssuerNumber::REGISTRAR)
            .unwrap()
            .len(),
        5
    );
    assert_eq!(views.people.officers(story.schools[0]).unwrap().len(), 2);
}

#[test]
fn a_kept_transcript_is_given_up_when_its_person_changed() {
    // If this failed, a learner would go on seeing a record that was revoked.
    let directory = tempfile::tempdir().unwrap();
    let mut story = story();
    let views = caught_up(&story.world, directory.path());
    let [changed, other] = [story.people[0], story.people[1]];
    let rendered_at = views.follower.next();
    assert!(views.transcripts.last_change(changed) < rendered_at);
    let answer = story
        .world
        .record(story.schools[0], changed, "R-new", &marked("C-1"))
        .unwrap();
    views
        .follower
        .wait_for(answer.earlier().position, PATIENCE)
        .unwrap();
    assert_eq!(
        views.transcripts.last_change(changed),
        answer.earlier().position
    );
    assert!(views.transcripts.last_change(changed) >= rendered_at);
    assert!(views.transcripts.last_change(other) < rendered_at);
    // After a restart nothing is known, so everybody may have changed just now.
    drop(views);
    let views = caught_up(&story.world, directory.path());
    assert_eq!(
        views.transcripts.last_change(other) + 1,
        views.follower.next()
    );
}

#[test]
fn what_changed_since_comes_in_pages_without_a_gap() {
    // If this failed, a partner who asks each night would miss a revocation.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    let views = caught_up(&story.world, directory.path());
    let whole = views.transcripts.changed_since(0, None, 100).unwrap().rows;
    assert_eq!(whole.len(), 7);
    assert!(whole.is_sorted_by_key(|line| line.changed));
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = views.transcripts.changed_since(0, after, 2).unwrap();
        paged.extend(page.rows);
        let Some(cursor) = page.next else { break };
        after = Some(cursor);
    }
    assert_eq!(paged, whole);
    let since = whole[4].changed;
    assert_eq!(
        views
            .transcripts
            .changed_since(since, None, 100)
            .unwrap()
            .rows,
        whole[4..]
    );
}

#[test]
fn the_proposal_of_a_pending_admission_can_be_named() {
    // If this failed, the second person's approval would name another act than the one shown.
    let directory = tempfile::tempdir().unwrap();
    let mut story = story();
    let (_, proposal) = story
        .world
        .propose_institution("浙江师范大学", "4133010345");
    let views = caught_up(&story.world, directory.path());
    let shown = views
        .institutions
        .proposal(target(&proposal).id)
        .unwrap()
        .unwrap();
    assert_eq!(shown.target, target(&proposal));
}
