//! Every answer to every role, looked through for values that the role is not to see (SECURITY §8, "Masking").

use std::collections::BTreeSet;

use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

const NAME: &str = "诸葛面具";
const PHONE: &str = "13866667777";
const EMAIL: &str = "zhuge.mianju@example.org";

/// Where a name is shown as it is: to whom the record is, or who keeps it.
const NAMED: [(&str, &[&str]); 6] = [
    (
        "/v1/credentials/{id}/certificate.html",
        &["learner", "clerk", "institution"],
    ),
    ("/v1/learners/{id}", &["learner", "clerk", "institution"]),
    ("/v1/learners/{id}/export", &["learner"]),
    (
        "/v1/learners/{id}/transcript",
        &["learner", "clerk", "institution"],
    ),
    (
        "/v1/learners/{id}/transcript.html",
        &["learner", "clerk", "institution"],
    ),
    (
        "/v1/learners/{id}/transcript.json",
        &["learner", "clerk", "institution"],
    ),
];

/// A stand where much is known of one learner, and the names of what there is.
struct Known {
    stand: Stand,
    person: Uuid,
    outcome: String,
    credential: String,
    proposal: String,
    import: String,
    card: String,
}

impl Known {
    fn open() -> Self {
        let stand = Stand::open();
        let school = stand.schools[0].token();
        let keys = format!("/v1/institutions/{}/keys", stand.schools[0].number);
        let key = json!({ "fragment": "credential-1", "use": "credential" });
        stand.post(school, &keys, &key).is(201);
        let person = stand.register(0, NAME, &resident_id(61));
        let own = stand.token(person, Role::Learner, None);
        let at = |part: &str| format!("/v1/learners/{person}/{part}");
        for (channel, value) in [("sms", PHONE), ("email", EMAIL)] {
            let body = json!({ "channel": channel, "value": value });
            stand.post(&own, &at("contacts"), &body).is(201);
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let outcome = stand
            .post(school, "/v1/outcomes", &Stand::outcome(person, "M-1"))
            .is(201);
        let body = json!({ "learner": person, "outcome": outcome["id"] });
        let credential = stand.post(school, "/v1/credentials", &body).is(201);
        let revoke = json!({ "reason": "entry_error", "reason_text": format!("{NAME}重复登记") });
        let path = format!(
            "/v1/outcomes/{}/revocations",
            outcome["id"].as_str().unwrap()
        );
        let proposed = stand.post(school, &path, &revoke).is(202);
        let card = stand.send("POST", &at("card"), school, &[], None).is(201);
        let file = format!(
            "姓名,身份证号,课程名称\n{NAME},{},面具学\n",
            resident_id(61)
        );
        let import = stand.upload(school, "a.csv", file.as_bytes()).json();
        Self {
            outcome: text(&outcome["id"]),
            credential: text(&credential["id"]),
            proposal: text(&proposed["approval"]),
            import: import["id"].as_str().unwrap_or("none").to_owned(),
            card: text(&card["card"]),
            person,
            stand,
        }
    }

    /// A token in every role; the learner's is the person's own.
    fn tokens(&self) -> Vec<(String, String)> {
        let stand = &self.stand;
        let school = &stand.schools[0];
        let mut tokens = vec![("nobody".to_owned(), String::new())];
        tokens.push(("another school".into(), stand.schools[1].token().into()));
        for role in Role::ALL {
            let somebody = Uuid::from_u128(0x7_0000_0000 + role as u128);
            let token = match role {
                Role::Registrar => stand.registrar.token.clone(),
                Role::System => stand.system.token.clone(),
                Role::Security => stand.security.token.clone(),
                Role::Audit => stand.audit.token.clone(),
                Role::Institution => school.token().to_owned(),
                Role::Clerk | Role::Counter => stand.at_desk(0, somebody, role),
                Role::Learner => stand.token(self.person, role, None),
                Role::Merchant => stand.token(somebody, role, Some(school.number)),
                Role::Proxy | Role::Verifier | Role::Auditor => stand.token(somebody, role, None),
            };
            tokens.push((role.to_string(), token));
        }
        tokens
    }

    fn path(&self, door: &str) -> String {
        let id = match door {
            _ if door.contains("/learners/") => self.person.to_string(),
            _ if door.contains("/outcomes/") => self.outcome.clone(),
            _ if door.contains("/approvals/") => self.proposal.clone(),
            _ if door.contains("/imports/") => self.import.clone(),
            _ if door.starts_with("/i/") => "1".into(),
            _ => self.credential.clone(),
        };
        let path = door
            .replace("{id}", &id)
            .replace("{number}", "1")
            .replace("{institution}", "1")
            .replace("{n}", "1")
            .replace("{position}", "3");
        // What is left names nothing that there is.
        let mut filled = String::new();
        for part in path.split_inclusive('/') {
            let is_open = part.starts_with('{');
            filled.push_str(if is_open { "none" } else { part });
            filled.push_str(if is_open && part.ends_with('/') {
                "/"
            } else {
                ""
            });
        }
        match door {
            "/v1/outcomes" => format!("{filled}?learner={}", self.person),
            _ => filled,
        }
    }
}

/// How many of the roles that read masked get the mask of the name.
fn masked_for(tokens: &[(String, String)], known: &Known) -> usize {
    let path = format!("/v1/learners/{}", known.person);
    let reads = ["counter", "registrar", "audit"];
    let read = tokens
        .iter()
        .filter(|(role, _)| reads.contains(&role.as_str()));
    read.filter(|(_, token)| known.stand.get(token, &path).is(200)["name"] == "诸**具")
        .count()
}

#[test]
fn no_role_reads_more_of_a_person_than_the_matrix_says() {
    // A door would show a name, a number or a phone to whoever has no need of it, and nobody would notice.
    let known = Known::open();
    let stand = &known.stand;
    let document = stand.get("", "/openapi.json").is(200);
    let values = [
        ("name", NAME),
        ("phone", PHONE),
        ("email", EMAIL),
        ("number", &resident_id(61)),
    ];
    let tokens = known.tokens();
    let masked = masked_for(&tokens, &known);
    assert_eq!(masked, 3, "the control: who needs no name reads 诸**具");
    let (mut shown, mut asked, mut full) = (BTreeSet::new(), 0, 0);
    // Readings first: a write of the second round may end what they read.
    for reads in [true, false] {
        for (door, item) in document["paths"].as_object().unwrap() {
            // It never ends.
            if door.ends_with("/events") {
                continue;
            }
            for method in item.as_object().unwrap().keys() {
                if (method == "get") != reads || method == "delete" {
                    continue;
                }
                for (role, token) in &tokens {
                    let body = match door.as_str() {
                        "/v1/learners/search" => {
                            json!({ "identifier": { "type": "resident_id", "value": resident_id(61) } })
                        }
                        "/v1/codes/scan" => json!({ "code": known.card }),
                        _ => json!({}),
                    };
                    let body = body.to_string();
                    let headers = [
                        ("content-type", "application/json"),
                        ("accept-language", "zh-CN"),
                    ];
                    let sent = (!reads).then_some(body.as_bytes());
                    let method = method.to_uppercase();
                    let answer = stand.send(&method, &known.path(door), token, &headers, sent);
                    let text = String::from_utf8_lossy(&answer.body);
                    asked += 1;
                    full += usize::from(answer.status == 200);
                    for (what, value) in values {
                        if text.contains(value) {
                            shown.insert((door.clone(), what, role.clone()));
                        }
                    }
                }
            }
        }
    }
    let mut allowed = BTreeSet::new();
    for (door, roles) in NAMED {
        allowed.extend(
            roles
                .iter()
                .map(|role| (door.to_owned(), "name", (*role).to_owned())),
        );
    }
    for (what, _) in values {
        // The copy of everything is everything.
        allowed.insert(("/v1/learners/{id}/export".into(), what, "learner".into()));
    }
    let more: Vec<_> = shown.difference(&allowed).collect();
    assert!(more.is_empty(), "shown and not in the matrix: {more:#?}");
    let less: Vec<_> = allowed.difference(&shown).collect();
    assert!(
        less.is_empty(),
        "the control: not shown to whom it is: {less:#?}"
    );
    assert!(
        asked > 1_000 && full > 200,
        "{asked} asked, {full} answered"
    );
}
