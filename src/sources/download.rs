//! What sources that answer over HTTP share: a client that goes nowhere by itself, and bodies
//! that come into files.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use reqwest::{ClientBuilder, Response};
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};

use super::SourceError;
use crate::encoding::hex;
pub(super) use crate::outbound::in_words;
use crate::outbound::{Guard, Outbound};

/// A server that says nothing for this long is given up.
const TO_SPEAK: Duration = Duration::from_secs(30);
/// One that is not done after this long, however much it says.
const TO_END: Duration = Duration::from_secs(900);

/// A client without proxies and redirects: what it is asked for is all that it contacts, as far as
/// the guard lets it.
pub(super) fn client(guard: Guard) -> Result<Outbound, SourceError> {
    let limits = |builder: ClientBuilder| builder.read_timeout(TO_SPEAK).timeout(TO_END);
    Outbound::new(guard, limits).map_err(SourceError)
}

/// A body that came into a file.
#[derive(Debug)]
pub(super) struct Downloaded {
    pub(super) path: TempPath,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub(super) sum: String,
}

/// Why a body did not come.
#[derive(Debug)]
pub(super) enum DownloadError {
    /// It is larger than it may be.
    TooLarge(String),
    /// The other side failed.
    Network(String),
    /// This side failed.
    Disk(String),
}

impl DownloadError {
    pub(super) fn in_words(self) -> String {
        match self {
            Self::TooLarge(reason) | Self::Network(reason) | Self::Disk(reason) => reason,
        }
    }
}

/// Says that a document is larger than it may be.
pub(super) fn too_large(bytes: u64, limit: u64) -> String {
    format!("it has {bytes} bytes, over the limit of {limit} (`ingest.max_file`)")
}

/// Brings a body of at most `limit` bytes into a new file in `folder`.
pub(super) async fn save(
    mut response: Response,
    folder: &Path,
    limit: u64,
) -> Result<Downloaded, DownloadError> {
    if let Some(length) = response.content_length()
        && length > limit
    {
        return Err(DownloadError::TooLarge(too_large(length, limit)));
    }
    let disk =
        |error: std::io::Error| DownloadError::Disk(format!("{}: {error}", folder.display()));
    let mut file = NamedTempFile::new_in(folder).map_err(disk)?;
    let mut hasher = Sha256::new();
    let mut came = 0_u64;
    loop {
        let piece = response
            .chunk()
            .await
            .map_err(|error| DownloadError::Network(in_words(&error.without_url())))?;
        let Some(piece) = piece else { break };
        came = came.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if came > limit {
            return Err(DownloadError::TooLarge(format!(
                "it has more than {limit} bytes, the limit (`ingest.max_file`)"
            )));
        }
        hasher.update(&piece);
        file.write_all(&piece).map_err(disk)?;
    }
    file.flush().map_err(disk)?;
    Ok(Downloaded {
        path: file.into_temp_path(),
        sum: hex(&hasher.finalize()),
    })
}

/// The first `limit` bytes of a body, and whether that is all of it.
pub(super) async fn read(
    mut response: Response,
    limit: usize,
) -> Result<(Vec<u8>, bool), DownloadError> {
    let mut bytes = Vec::new();
    loop {
        let piece = response
            .chunk()
            .await
            .map_err(|error| DownloadError::Network(in_words(&error.without_url())))?;
        let Some(piece) = piece else {
            return Ok((bytes, true));
        };
        let room = limit - bytes.len();
        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            return Ok((bytes, false));
        }
    }
}

/// Makes a folder for what is on its way, and empties it: what a crash left is of no use.
pub(super) fn empty(folder: &Path) -> Result<(), SourceError> {
    let emptied = match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(folder),
    };
    emptied.map_err(|error| SourceError(format!("{}: {error}", folder.display())))
}
