//! What a source remembers of a site between turns, so that a page that did not change costs
//! hardly anything. Without it all is fetched anew; nothing else is lost.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// Pages by their addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Changes when what is kept here is no longer understood.
    version: u32,
    pub(super) pages: BTreeMap<String, Remembered>,
}

/// A page as it was last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// The tag that it was listed with.
    pub(super) tag: String,
    /// Whether it was listed: others only lead on.
    pub(super) is_listed: bool,
    /// Whether it was not listed only because another address has the same content.
    pub(super) is_twin: bool,
    /// Steps from the start.
    pub(super) depth: usize,
    /// `ETag` and `Last-Modified`, as the server gave them.
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    /// What a sitemap said of its last change.
    pub(super) told: Option<String>,
    /// When the server was last asked, in seconds since 1970.
    pub(super) asked: i64,
    /// Where it leads.
    pub(super) links: Vec<String>,
    pub(super) canonical: Option<String>,
}

const VERSION: u32 = 1;
const DAY: i64 = 86_400;
/// A sitemap is believed for this long, then the page is asked itself.
const BELIEVED: i64 = 7 * DAY;
/// A day somewhere is not over everywhere, and what changed in it may change once more.
const SETTLED: i64 = 3 * DAY;

impl Remembered {
    /// Whether a sitemap that says `told` of the last change can be believed that nothing did.
    pub(super) fn is_unchanged(&self, told: Option<&str>, now: i64) -> bool {
        let Some(told) = told.filter(|told| self.told.as_deref() == Some(*told)) else {
            return false;
        };
        let Some(day) = told.get(..10).and_then(|day| day.parse::<Date>().ok()) else {
            return false;
        };
        let Ok(changed) = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)) else {
            return false;
        };
        let changed = changed.as_second();
        self.asked >= changed + SETTLED && (0..BELIEVED).contains(&(now - self.asked))
    }
}

impl Memory {
    /// Reads what was kept; nothing if there is none or it is damaged.
    pub(super) fn load(path: &Path) -> Self {
        let memory = std::fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        memory
            .filter(|memory| memory.version == VERSION)
            .unwrap_or_default()
    }

    /// Keeps it, whole or not at all.
    pub(super) fn save(&mut self, path: &Path) -> std::io::Result<()> {
        self.version = VERSION;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.persist(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.json");
        assert_eq!(Memory::load(&path), Memory::default());
        let mut memory = Memory::default();
        memory
            .pages
            .insert("http://a/".to_owned(), Remembered::default());
        memory.save(&path).unwrap();
        assert_eq!(Memory::load(&path), memory);
        std::fs::write(&path, "{").unwrap();
        assert_eq!(Memory::load(&path), Memory::default());
    }

    #[test]
    fn a_sitemap_is_believed_for_a_while() {
        let january_second = 1_767_312_000;
        let asked = january_second + 10 * DAY;
        let page = Remembered {
            told: Some("2026-01-02T10:00+09:00".to_owned()),
            asked,
            ..Remembered::default()
        };
        assert!(page.is_unchanged(Some("2026-01-02T10:00+09:00"), asked + DAY));
        assert!(!page.is_unchanged(Some("2026-01-03"), asked + DAY));
        assert!(!page.is_unchanged(None, asked + DAY));
        assert!(!page.is_unchanged(Some("2026-01-02T10:00+09:00"), asked + 8 * DAY));
        // Asked on the same day: it may have changed after that.
        let page = Remembered {
            asked: january_second + DAY,
            ..page
        };
        assert!(!page.is_unchanged(Some("2026-01-02T10:00+09:00"), january_second + 2 * DAY));
        let page = Remembered {
            told: Some("soon".to_owned()),
            ..page
        };
        assert!(!page.is_unchanged(Some("soon"), january_second + 2 * DAY));
    }
}
