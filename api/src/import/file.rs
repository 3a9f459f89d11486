//! The uploaded file, sealed in the side store until its job expires.

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::app::App;
use crate::problem::{Problem, Reason};

const SPACE: &str = "import-file";
/// Largest file in bytes.
pub const BYTES_MAX: usize = 64 << 20;
/// Bytes of one sealed piece.
const PIECE_BYTES: usize = 1 << 20;

fn key(job: Uuid, piece: u32) -> Vec<u8> {
    let mut key = job.as_bytes().to_vec();
    key.extend_from_slice(&piece.to_be_bytes());
    key
}

/// The refusal of a larger one.
pub(super) fn too_large() -> Problem {
    Problem::of(Reason::ImportTooLarge).detail(("超过 64 MiB", "more than 64 MiB"))
}

/// Stores a file.
pub(super) fn put(app: &App, job: Uuid, bytes: &[u8], expires_at_ms: i64) -> Result<(), Problem> {
    for (piece, part) in (0_u32..).zip(bytes.chunks(PIECE_BYTES)) {
        let key = key(job, piece);
        let sealed = app
            .uploads
            .seal(&[SPACE.as_bytes(), &key], part)
            .map_err(Problem::internal)?;
        app.side
            .write(&mut |transaction| transaction.put(SPACE, &key, &sealed, Some(expires_at_ms)))?;
    }
    Ok(())
}

/// Removes a file.
pub(super) fn remove(app: &App, job: Uuid) -> Result<(), Problem> {
    for piece in 0_u32.. {
        let key = key(job, piece);
        if app.side.get(SPACE, &key)?.is_none() {
            break;
        }
        app.side
            .write(&mut |transaction| transaction.delete(SPACE, &key).map(|_| ()))?;
    }
    Ok(())
}

/// Reads a file back.
pub(super) fn get(app: &App, job: Uuid) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let mut bytes = Zeroizing::new(Vec::new());
    for piece in 0_u32.. {
        let key = key(job, piece);
        let Some(sealed) = app.side.get(SPACE, &key)? else {
            break;
        };
        let part = app
            .uploads
            .open(&[SPACE.as_bytes(), &key], &sealed)
            .map_err(Problem::internal)?;
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}
