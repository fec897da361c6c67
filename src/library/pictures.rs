//! Pages as pictures, the last ones kept: a person who looks at a quote looks at it twice.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ingest::ContentHash;
use ingest::parse::picture::Picture;
use ingest::parse::{Extract, ParseError, Passwords};
use tokio::sync::Semaphore;

/// Pixels in an inch: letters of a page are read on a screen without more.
const DPI: f32 = 144.0;
/// Bytes of pictures that are kept.
const KEPT: usize = 64 << 20;
/// Pages that are drawn at the same time; others wait.
const DRAWN_AT_ONCE: usize = 2;

type Key = (ContentHash, u32);

#[derive(Debug)]
pub(super) struct Pictures {
    /// The newest last.
    kept: Mutex<Vec<(Key, Arc<Picture>)>>,
    seats: Semaphore,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            seats: Semaphore::new(DRAWN_AT_ONCE),
        }
    }
}

impl Pictures {
    /// Page `page` of the file at `path`, whose hash is `version`.
    pub(super) async fn get(
        &self,
        extract: &dyn Extract,
        path: &Path,
        passwords: &Passwords,
        version: ContentHash,
        page: u32,
    ) -> Result<Arc<Picture>, ParseError> {
        let key = (version, page);
        if let Some(picture) = self.kept(key) {
            return Ok(picture);
        }
        let _seat = self.seats.acquire().await;
        // Others may have asked for the same page meanwhile.
        if let Some(picture) = self.kept(key) {
            return Ok(picture);
        }
        let picture = Arc::new(extract.draw(path, page, DPI, passwords).await?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((key, Arc::clone(&picture)));
        let mut size: usize = kept.iter().map(|(_, picture)| picture.png.len()).sum();
        while size > KEPT && kept.len() > 1 {
            size -= kept.remove(0).1.png.len();
        }
        Ok(picture)
    }

    fn kept(&self, key: Key) -> Option<Arc<Picture>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(other, _)| *other == key)?;
        let found = kept.remove(at);
        let picture = Arc::clone(&found.1);
        kept.push(found);
        Some(picture)
    }
}
