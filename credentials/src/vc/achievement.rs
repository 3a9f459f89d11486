//! An outcome as an Open Badges 3.0 achievement credential (STANDARDS §4, §7).
//!
//! Invariant: the document that a commit commits to has neither evidence nor proof; both follow from the
//! commit, so they add nothing that anybody could choose. Pure: api opens the values.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::canonical::{self, NotStrict};
use super::status::{self, Purpose};
use crate::account::outcome::Fields;
use crate::millicredits::Millicredits;
use crate::policy::{OutcomeKind, Scheme};
use crate::verify::{ACHIEVEMENT_CONTEXT, ACHIEVEMENT_TYPE};

/// The schema that readers elsewhere check it with.
const SCHEMA: &str =
    "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json";

/// What a document says.
#[derive(Debug, Clone, Copy)]
pub struct Says<'a> {
    /// The credential.
    pub id: Uuid,
    /// The platform's host.
    pub host: &'a str,
    /// Issuer number.
    pub issuer: u32,
    /// Its DID.
    pub issuer_did: &'a str,
    /// Its name.
    pub issuer_name: &'a str,
    /// The holder: a did:key of this credential's own.
    pub subject: &'a str,
    /// The outcome.
    pub outcome: Uuid,
    /// Its title.
    pub title: &'a str,
    /// What it openly says.
    pub fields: &'a Fields,
    /// The credit of its lot.
    pub credits: Millicredits,
    /// RFC 3339, UTC, whole seconds.
    pub valid_from: &'a str,
    /// First of its three status lists.
    pub list: u32,
    /// Its bit in each of them.
    pub index: u32,
}

/// The document without evidence and proof.
pub fn document(says: &Says<'_>) -> Map<String, Value> {
    let mut achievement = json!({
        "id": format!("urn:uuid:{}", says.outcome),
        "type": ["Achievement"],
        "name": says.title,
        "description": format!("{} · {}", says.issuer_name, says.title),
        "criteria": {"narrative": criteria(says.fields)},
        "achievementType": achievement_type(says.fields.kind),
        "inLanguage": "zh-CN",
    });
    if let Some(members) = achievement.as_object_mut() {
        if says.fields.scheme != Scheme::None {
            // Exact: thousandths below 2^53 / 1000 print as they were written.
            members.insert("creditsAvailable".into(), decimal(says.credits.get()));
        }
        if let Some(code) = &says.fields.code {
            members.insert("humanCode".into(), code.as_str().into());
        }
    }
    // One object, as the published schema of Open Badges has it: the two lists beside it share its index.
    let list = status::url(says.host, says.issuer, u64::from(says.list));
    let status = status::entry(&list, Purpose::Revocation, says.index);
    let document = json!({
        "@context": ACHIEVEMENT_CONTEXT,
        "id": format!("urn:uuid:{}", says.id),
        "type": ACHIEVEMENT_TYPE,
        "name": says.title,
        "issuer": {"id": says.issuer_did, "type": ["Profile"], "name": says.issuer_name},
        "validFrom": says.valid_from,
        "credentialSubject": {
            "id": says.subject, "type": ["AchievementSubject"], "achievement": achievement,
        },
        "credentialStatus": status,
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    });
    match document {
        Value::Object(document) => document,
        _ => Map::new(),
    }
}

/// Adds where the commit stands, known only once it is durable.
pub fn with_position(
    mut document: Map<String, Value>,
    host: &str,
    position: u64,
) -> Map<String, Value> {
    let evidence = json!([{
        "id": format!("https://{host}/log/proof/{position}"), "type": ["Evidence"], "genre": "log-position",
    }]);
    document.insert("evidence".into(), evidence);
    document
}

/// The one text of a document, as it is committed to and kept.
pub fn to_text(document: &Map<String, Value>) -> Result<String, NotStrict> {
    let bytes = canonical::to_vec(&Value::Object(document.clone()))?;
    String::from_utf8(bytes).map_err(|error| NotStrict(error.to_string()))
}

fn decimal(thousandths: u64) -> Value {
    if thousandths.is_multiple_of(1_000) {
        return (thousandths / 1_000).into();
    }
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

fn criteria(fields: &Fields) -> String {
    let mut parts = vec![format!("完成于 {}", fields.completed_on)];
    if let Some(hours) = fields.hours {
        parts.push(format!("{hours} 学时"));
    }
    if let Some(level) = fields.level {
        parts.push(format!("资历等级 {level}"));
    }
    parts.join("，")
}

/// The nearest type of Open Badges 3.0.
const fn achievement_type(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Course | OutcomeKind::OpenCourse | OutcomeKind::ElderCourse => "Course",
        OutcomeKind::Certificate => "Certificate",
        OutcomeKind::Training | OutcomeKind::TeacherTraining => "CertificateOfCompletion",
        OutcomeKind::StudyTour => "Fieldwork",
        OutcomeKind::Community | OutcomeKind::Volunteering => "CommunityService",
        OutcomeKind::Migrated => "Achievement",
    }
}
