//! What a signer wants to say, before it is signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{
    Act, Assertion, Cause, Kid, Malformed, Payload, Seen, TYP, Target, Voucher, format_ms,
};
use crate::canonical;
use crate::key::SigningKey;

/// What a signer wants to say; [`Draft::sign`] makes an [`Assertion`] of it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// UUIDv7, or v8 when derived.
    pub id: Uuid,
    /// Origin of the log it is for.
    pub log: String,
    /// Kind with version: `outcome.record.v1`.
    pub kind: String,
    /// The signer's own time, Unix milliseconds.
    pub at_ms: i64,
    /// The newest checkpoint the signer knows.
    pub seen: Seen,
    /// What it corrects or approves.
    pub target: Option<Target>,
    /// What made the signer ask.
    pub cause: Option<Cause>,
    /// Who acted and how.
    pub act: Option<Act>,
    /// The content, any JSON; made canonical when signed.
    pub data: serde_json::Value,
}

impl Draft {
    /// Signs it as `kid`.
    pub fn sign(&self, kid: &Kid, key: &SigningKey) -> Result<Assertion, Malformed> {
        let header = format!("{{\"alg\":\"EdDSA\",\"kid\":\"{kid}\",\"typ\":\"{TYP}\"}}");
        let mut compact = URL_SAFE_NO_PAD.encode(header);
        compact.push('.');
        URL_SAFE_NO_PAD.encode_string(self.payload()?, &mut compact);
        let by = key.public();
        let made = key.sign(compact.as_bytes());
        compact.push('.');
        URL_SAFE_NO_PAD.encode_string(made, &mut compact);
        let mut assertion = Assertion::parse(&compact)?;
        if let Voucher::Signature { made_by, .. } = &mut assertion.voucher {
            *made_by = Some(by);
        }
        Ok(assertion)
    }

    /// The member of a batch that `kid` signs.
    pub fn member(&self, kid: &Kid) -> Result<Assertion, Malformed> {
        Assertion::member(kid, &URL_SAFE_NO_PAD.encode(self.payload()?))
    }

    fn payload(&self) -> Result<Vec<u8>, Malformed> {
        let data = canonical::to_raw(&self.data)?;
        let payload = Payload {
            act: self.act.clone(),
            at: format_ms(self.at_ms),
            cause: self.cause.clone(),
            data,
            id: self.id,
            kind: self.kind.clone(),
            log: self.log.clone(),
            seen: self.seen,
            target: self.target,
        };
        // Members stand in JCS order in the struct above; parsing the result proves it.
        serde_json::to_vec(&payload).map_err(|e| Malformed::Payload(e.to_string()))
    }
}
