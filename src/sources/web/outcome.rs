//! What a walk through a site means: which addresses are documents, which are the same document,
//! and which are not believed.
//!
//! Pages that ask to sign in are what this is about: a session that ended makes them out of all
//! pages of a site, with a status that says that all is well, and no document is gone for that.

use std::collections::{HashMap, HashSet};

use super::super::Listed;
use super::crawl::{Crawl, Crawled, Entry};
use super::memory::Remembered;

impl Crawl<'_> {
    /// Decides what is listed of what is there.
    pub(super) fn finish(mut self) -> Crawled {
        let mut crawled = Crawled::default();
        let entries = std::mem::take(&mut self.entries);
        let canonicals: HashMap<&str, Option<&str>> = entries
            .iter()
            .map(|entry| (entry.place.as_str(), entry.canonical.as_deref()))
            .collect();
        let has_better: HashSet<String> = entries
            .iter()
            .filter(|entry| {
                let better = entry.canonical.as_deref();
                better.is_some_and(|better| canonicals.get(better) == Some(&None))
            })
            .map(|entry| entry.place.clone())
            .collect();
        let chosen = self.choose(&entries, &has_better);
        for entry in entries {
            let before = self.before.pages.get(&entry.place);
            let before = before.filter(|page| page.is_listed);
            let is_same = before.is_some_and(|before| before.tag == entry.tag);
            let Some(page) = self.after.pages.get_mut(&entry.place) else {
                continue;
            };
            let chosen = chosen
                .get(&entry.tag)
                .filter(|_| !has_better.contains(&entry.place));
            if chosen == Some(&entry.place) {
                page.is_listed = true;
                if let Some(spooled) = entry.spooled.filter(|_| !is_same) {
                    crawled.spooled.insert(entry.place.clone(), spooled);
                }
                crawled.listing.documents.push(Listed {
                    place: entry.place,
                    tag: entry.tag,
                });
                continue;
            }
            page.is_twin = true;
            // It was a document of its own, and now it answers what others answer: that is how a
            // page to sign in looks, or an error that calls itself a success.
            if let Some(before) = before.filter(|_| !is_same)
                && (chosen.is_some() || before.canonical != page.canonical)
            {
                *page = not_believed(before, page);
                let reason = "it now says what another address says; what it said before is kept";
                self.unreadable.push((entry.place, reason.to_owned()));
            }
        }
        self.keep_detours();
        self.keep_hidden();
        crawled.listing.unreadable = self.unreadable;
        crawled.memory = self.after;
        crawled
    }

    /// The address for each content: the one that was listed, or else the first.
    fn choose(&self, entries: &[Entry], has_better: &HashSet<String>) -> HashMap<String, String> {
        let was_listed = |entry: &Entry| {
            let page = self.before.pages.get(&entry.place);
            page.is_some_and(|page| page.is_listed && page.tag == entry.tag)
        };
        let mut chosen: HashMap<String, &Entry> = HashMap::new();
        for entry in entries {
            if has_better.contains(&entry.place) {
                continue;
            }
            let one = chosen.entry(entry.tag.clone()).or_insert(entry);
            if was_listed(entry) && !was_listed(one) {
                *one = entry;
            }
        }
        let places = chosen
            .into_iter()
            .map(|(tag, entry)| (tag, entry.place.clone()));
        places.collect()
    }

    /// A document whose address leads elsewhere for now is not gone, unless it is there just as
    /// it was: such an address may be that of a page to sign in.
    fn keep_detours(&mut self) {
        for (place, to) in std::mem::take(&mut self.detours) {
            let Some(before) = self.before.pages.get(&place) else {
                continue;
            };
            let there = self.after.pages.get(to.as_str());
            if there.is_none_or(|there| there.tag != before.tag) {
                self.after.pages.insert(place.clone(), before.clone());
                let reason = format!("it leads to {to} for now; what it said before is kept");
                self.unreadable.push((place, reason));
            }
        }
    }

    /// A page that wants not to be found any more is gone, unless others say the same: a page to
    /// sign in may want that too.
    fn keep_hidden(&mut self) {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for page in self.after.pages.values() {
            *times.entry(page.tag.as_str()).or_default() += 1;
        }
        let mut kept = Vec::new();
        for (place, page) in &self.after.pages {
            let is_new = !page.is_listed && !page.is_twin;
            let before = self.before.pages.get(place);
            if let Some(before) = before.filter(|before| is_new && before.is_listed)
                && before.tag != page.tag
                && times.get(page.tag.as_str()).is_some_and(|times| *times > 1)
            {
                kept.push((place.clone(), not_believed(before, page)));
            }
        }
        for (place, page) in kept {
            let reason = "it now says what another address says; what it said before is kept";
            self.unreadable.push((place.clone(), reason.to_owned()));
            self.after.pages.insert(place, page);
        }
    }
}

/// A page as it was before, asked for anew at the next turn, and with what it leads to now.
fn not_believed(before: &Remembered, now: &Remembered) -> Remembered {
    Remembered {
        etag: None,
        modified: None,
        told: None,
        links: now.links.clone(),
        ..before.clone()
    }
}
