//! The matrix of roles and actions, driven through every door.

use std::collections::BTreeSet;

use api::roles::{self, May};
use identity::role::Role;
use serde_json::json;
use tests::support::process;
use tests::support::server::Stand;
use uuid::Uuid;

/// A door that needs a token.
struct Door {
    method: String,
    path: String,
    action: String,
}

fn doors(stand: &Stand) -> Vec<Door> {
    let document = stand.get("", "/openapi.json").is(200);
    let mut doors = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, door) in item.as_object().unwrap() {
            if door.get("security").is_some() {
                let action = door["x-action"].as_str();
                doors.push(Door {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    action: action
                        .unwrap_or_else(|| panic!("{method} {path} names no action"))
                        .into(),
                });
            }
        }
    }
    doors
}

/// A token in every role, each held by a person of its own where the log must say so.
fn tokens(stand: &Stand) -> Vec<(Role, String)> {
    let school = &stand.schools[0];
    Role::ALL
        .into_iter()
        .map(|role| {
            let token = match role {
                Role::Registrar => stand.registrar.token.clone(),
                Role::System => stand.system.token.clone(),
                Role::Security => stand.security.token.clone(),
                Role::Audit => stand.audit.token.clone(),
                Role::Institution => school.token().to_owned(),
                Role::Clerk | Role::Counter => {
                    let person = Uuid::from_u128(0x5_0000_0000 + role as u128);
                    let body = json!({ "person": person, "role": role });
                    stand.post(school.token(), "/v1/officers", &body).is(201);
                    stand.token(person, role, Some(school.number))
                }
                Role::Merchant => given(stand, role, Some(school.number)),
                Role::Auditor => given(stand, role, None),
                Role::Learner | Role::Proxy | Role::Verifier => {
                    stand.token(Uuid::from_u128(0x9_0000_0000), role, None)
                }
            };
            (role, token)
        })
        .collect()
}

/// A role that all three administrators give: there is no second security officer here.
fn given(stand: &Stand, role: Role, institution: Option<u32>) -> String {
    let person = Uuid::from_u128(0x6_0000_0000 + role as u128);
    let body = json!({ "person": person, "role": role, "institution": institution });
    let proposed = stand
        .post(&stand.security.token, "/v1/officers", &body)
        .is(202);
    for token in [&stand.system.token, &stand.audit.token] {
        stand.approve(token, &proposed["approval"]).is(201);
    }
    stand.token(person, role, institution)
}

/// What the door says to a request that means nothing: refused by role, or by what it lacks.
fn is_refused_by_role(stand: &Stand, door: &Door, role: Role, token: &str) -> bool {
    let path = door
        .path
        .replace("{number}", "1")
        .replace("{fragment}", "none")
        .replace("{notice}", "00000000-0000-4000-8000-000000000005")
        .replace("{delegation}", "00000000-0000-4000-8000-000000000003")
        .replace("{recovery}", "00000000-0000-4000-8000-000000000004")
        .replace("{session}", "none")
        .replace("{provider}", "none")
        .replace("{passkey}", "00000000-0000-4000-8000-000000000003")
        .replace("{link}", "00000000-0000-4000-8000-000000000003")
        .replace("{split}", "00000000-0000-4000-8000-000000000006")
        .replace("{absorbed}", "00000000-0000-4000-8000-000000000002")
        .replace("{id}", "00000000-0000-4000-8000-000000000001");
    let headers = [
        ("content-type", "application/json"),
        ("accept-language", "en"),
    ];
    let body = (door.method != "GET" && door.method != "DELETE").then_some(b"{}".as_slice());
    let answer = stand.send(&door.method, &path, token, &headers, body);
    let by_role = format!("role {role} may not");
    assert_ne!(answer.status, 401, "{} {path} as {role}", door.method);
    answer.status == 403 && answer.text().contains(&by_role)
}

#[test]
fn every_role_meets_the_matrix_at_every_door() {
    // A route somebody added would be open to roles that no table names.
    let stand = Stand::open();
    let tokens = tokens(&stand);
    let mut used = BTreeSet::new();
    let mut cells = 0;
    for door in doors(&stand) {
        if door.action == roles::PUBLIC {
            continue;
        }
        assert!(
            roles::row(&door.action).is_some(),
            "{} is no action",
            door.action
        );
        used.insert(door.action.clone());
        for (role, token) in &tokens {
            let refused = is_refused_by_role(&stand, &door, *role, token);
            let may = roles::may(&door.action, *role).is_some();
            assert_eq!(refused, !may, "{} {} as {role}", door.method, door.path);
            cells += 1;
        }
    }
    // Whole entries of the log are one path of a door that is otherwise everybody's.
    for (role, token) in &tokens {
        let answer = stand.get(token, "/log/tile/entries/000.p/1");
        let may = roles::may("read-entries", *role).is_some();
        assert_eq!(answer.status == 403, !may, "entries as {role}");
    }
    used.insert("read-entries".into());
    let named: BTreeSet<String> = roles::rows().iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(
        used, named,
        "an action that no door has, or a door without a row"
    );
    assert!(cells >= 500, "{cells} cells");
}

#[test]
fn no_person_holds_what_the_matrix_keeps_apart() {
    // One table would let an administrator both give roles and watch, or a learner record.
    for (action, row) in roles::rows() {
        let admins = [Role::System, Role::Security, Role::Audit];
        if action == "grant-role" {
            let may: Vec<_> = admins
                .iter()
                .filter(|role| row.may(**role).is_some())
                .collect();
            assert_eq!(may, [&Role::Security]);
        }
        for role in [Role::Merchant, Role::Verifier] {
            let only = match action.as_str() {
                "own-sessions" => Some(May::Own),
                "scan-code" => Some(May::Alone),
                _ => None,
            };
            assert_eq!(row.may(role), only, "{action}: {role}");
        }
        // Whoever acts in another's name does what that person let, and sees the own side of it.
        let lets = matches!(row.may(Role::Proxy), None | Some(May::Scope));
        let own =
            ["end-delegation", "own-sessions", "see-own-principals"].contains(&action.as_str());
        assert!(lets || own, "{action}: proxy");
        assert!(
            !row.zh.is_empty() && !row.en.is_empty(),
            "{action} has no words"
        );
    }
}

#[test]
fn the_command_line_prints_the_matrix() {
    // An auditor would read another table than the server refuses by.
    let shown = process::run(&["roles", "show"]).unwrap();
    for (action, row) in roles::rows() {
        assert!(
            shown.contains(action.as_str()) && shown.contains(&row.zh),
            "{action}"
        );
    }
    let line = "clerk ② · institution ②";
    assert!(shown.contains(line), "{shown}");
}
