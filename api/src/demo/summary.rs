//! `demo.json`: what the demo made, for people and programs that use it (DESIGN §11).

use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the demo made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// Where it is served.
    pub base_url: String,
    /// Access tokens by role.
    pub tokens: DemoTokens,
    /// Whose record those see who act in another's name.
    #[serde(default)]
    pub in_whose_name: InWhoseName,
    /// The institution whose tokens these are.
    pub institution: DemoInstitution,
    /// Every learner.
    pub learners: Vec<DemoLearner>,
    /// Credentials in force, of the demo institution.
    #[serde(default)]
    pub credentials: Vec<Uuid>,
    /// Credentials that are not in force.
    #[serde(default)]
    pub ended: DemoEnded,
    /// Outcomes recorded.
    pub outcomes: Vec<Uuid>,
    /// Rows of all files, by what became of them.
    pub rows: DemoRows,
    /// Commits in the log.
    pub commits: u64,
}

/// Access tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the roles")]
pub struct DemoTokens {
    pub registrar: String,
    pub registrar2: String,
    pub system: String,
    pub security: String,
    pub audit: String,
    pub institution: String,
    pub institution2: String,
    pub learner: String,
    pub verifier: String,
    #[serde(default)]
    pub clerk: String,
    #[serde(default)]
    pub counter: String,
    /// A learner of 60 or more.
    #[serde(default)]
    pub elder: String,
    /// Acts in the elder's name.
    #[serde(default)]
    pub helper: String,
    /// Acts in a child's name.
    #[serde(default)]
    pub guardian: String,
}

/// Whose record those see who act in another's name.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct InWhoseName {
    /// The elder.
    pub helper: Uuid,
    /// The child.
    pub guardian: Uuid,
}

/// An institution with a key of its own beside the platform's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoInstitution {
    /// Issuer number.
    pub id: u32,
    /// Its DID.
    pub did: String,
    /// 学校标识码.
    pub school_code: String,
    /// Its name.
    pub name: String,
    /// Key file for `xuefen sign`, relative to the data directory.
    pub key_file: String,
}

/// Credentials that are not in force.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct DemoEnded {
    /// Ended for good.
    pub revoked: Option<Uuid>,
    /// Stopped for now.
    pub suspended: Option<Uuid>,
}

/// A learner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoLearner {
    /// The person's number.
    pub id: Uuid,
    /// Access token.
    pub token: String,
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoRows {
    /// Rows in all files.
    pub rows: u64,
    /// Recorded.
    pub recorded: u64,
    /// With a warning.
    pub warned: u64,
    /// Repeated in their file.
    pub repeated: u64,
    /// Recorded from an earlier file.
    pub already: u64,
    /// Came back with a reason.
    pub refused: u64,
    /// Corrections applied afterwards.
    pub corrected: u64,
}

impl Summary {
    /// Reads it; `None` if the demo was never loaded to its end.
    pub fn load(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Writes it whole or not at all; readable by its owner only, for it holds tokens.
    pub fn store(&self, path: &Path) -> std::io::Result<()> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let next = path.with_extension("json.new");
        let mut file = std::fs::File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&next)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        std::fs::rename(&next, path)
    }
}
