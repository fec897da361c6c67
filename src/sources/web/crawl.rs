//! One walk through a site, from its start along links and sitemaps.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;

use reqwest::Url;
use tracing::{debug, warn};

use super::super::{Listing, SourceError};
use super::WebConfig;
use super::address::{Scope, normal};
use super::memory::{Memory, Remembered};
use super::names::is_passed_over;
use super::reading::{Read, Reading, Spooled};
use super::robots::{self, Robots};
use super::site::{Found, Manners, Site, Step, Validators};
use super::sitemap::{self, Sitemap};

/// An answer may lead on so often.
const MOST_HOPS: usize = 5;
/// Sitemaps that are read in a turn.
const MOST_SITEMAPS: usize = 100;
/// Bytes of one, packed.
const LARGEST_SITEMAP: usize = 50 << 20;
/// After so many failures one after another the site is down, not a page of it.
const MOST_FAILURES: usize = 10;

/// What a walk brings.
#[derive(Debug, Default)]
pub(super) struct Crawled {
    pub(super) listing: Listing,
    /// What came and is new, by its address.
    pub(super) spooled: HashMap<String, Spooled>,
    pub(super) memory: Memory,
}

/// A walk.
pub(super) struct Crawl<'a> {
    pub(super) config: &'a WebConfig,
    pub(super) scope: &'a Scope,
    pub(super) site: &'a Site,
    pub(super) spool: &'a Path,
    manners: Manners,
    robots: Robots,
    pub(super) before: Memory,
    pub(super) after: Memory,
    queue: VecDeque<Visit>,
    /// Addresses that are or were in the queue.
    queued: HashSet<Url>,
    /// Addresses that were asked for, those that others led to included.
    seen: HashSet<Url>,
    pub(super) entries: Vec<Entry>,
    /// Documents whose addresses lead elsewhere for now, and where.
    pub(super) detours: Vec<(String, Url)>,
    pub(super) unreadable: Vec<(String, String)>,
    failures: usize,
    now: i64,
}

#[derive(Debug)]
struct Visit {
    address: Url,
    depth: usize,
    /// What a sitemap says of its last change.
    told: Option<String>,
}

/// A document that may be listed.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) place: String,
    pub(super) tag: String,
    /// The address that it wants to be known by, if that is another one.
    pub(super) canonical: Option<String>,
    pub(super) spooled: Option<Spooled>,
}

impl<'a> Crawl<'a> {
    pub(super) fn new(
        (config, scope, site, spool): (&'a WebConfig, &'a Scope, &'a Site, &'a Path),
        manners: Manners,
        before: Memory,
        now: i64,
    ) -> Self {
        Self {
            config,
            scope,
            site,
            spool,
            manners,
            robots: Robots::default(),
            before,
            after: Memory::default(),
            queue: VecDeque::new(),
            queued: HashSet::new(),
            seen: HashSet::new(),
            entries: Vec::new(),
            detours: Vec::new(),
            unreadable: Vec::new(),
            failures: 0,
            now,
        }
    }

    /// Walks.
    ///
    /// # Errors
    /// When the site as a whole cannot be read; nothing is then taken for gone.
    pub(super) async fn run(mut self) -> Result<Crawled, SourceError> {
        self.read_robots().await?;
        let start = normal(self.config.start.clone());
        if !self.robots.allows(&start) {
            return Err(self.failed("its robots.txt forbids the start"));
        }
        self.queued.insert(start.clone());
        self.visit(
            Visit {
                address: start.clone(),
                depth: 0,
                told: None,
            },
            true,
        )
        .await?;
        if self.config.depth > 0 {
            // What sitemaps list comes before what pages lead to: it is what the site wants read.
            let found_on_start = std::mem::take(&mut self.queue);
            self.read_sitemaps().await;
            self.queue.extend(found_on_start);
        }
        self.walk().await?;
        // A page that nothing leads to any more may be there still: the page that led to it may
        // be broken, or show something else today. It is asked for itself.
        let before: Vec<(Url, usize)> = self
            .before
            .pages
            .iter()
            .filter(|(_, page)| page.is_listed)
            .filter_map(|(address, page)| Some((Url::parse(address).ok()?, page.depth)))
            .collect();
        for (address, depth) in before {
            self.enqueue(address, depth, None);
        }
        self.walk().await?;
        self.keep_what_is_left();
        Ok(self.finish())
    }

    fn failed(&self, reason: &str) -> SourceError {
        SourceError(format!("the web site {}: {reason}", self.scope))
    }

    async fn read_robots(&mut self) -> Result<(), SourceError> {
        let robots = self
            .site
            .text(&self.scope.robots(), &self.manners, robots::LARGEST)
            .await
            .map_err(|reason| self.failed(&format!("robots.txt cannot be read: {reason}")))?;
        if let Some(robots) = robots {
            self.robots = Robots::read(&String::from_utf8_lossy(&robots));
            self.manners.pause = self.robots.pause;
        }
        Ok(())
    }

    /// Reads the sitemaps that `robots.txt` names and those that they name.
    async fn read_sitemaps(&mut self) {
        let start = self.scope.robots();
        let named = std::mem::take(&mut self.robots.sitemaps);
        let mut waiting: VecDeque<Url> = named
            .iter()
            .filter_map(|address| start.join(address).ok())
            .collect();
        let mut read = 0;
        while let Some(address) = waiting.pop_front() {
            let Some(address) = self.scope.follow(address) else {
                continue;
            };
            if !self.robots.allows(&address) || !self.seen.insert(address.clone()) {
                continue;
            }
            if read == MOST_SITEMAPS {
                warn!(site = %self.scope, "a site has more than {MOST_SITEMAPS} sitemaps");
                return;
            }
            read += 1;
            let bytes = self
                .site
                .text(&address, &self.manners, LARGEST_SITEMAP)
                .await;
            let sitemap = match bytes {
                Ok(Some(bytes)) => sitemap::read(&bytes),
                Ok(None) => Err("there is none".to_owned()),
                Err(reason) => Err(reason),
            };
            match sitemap {
                Ok(Some(sitemap)) => waiting.extend(self.listed_in(sitemap, &address, 0)),
                Ok(None) => warn!(sitemap = %address, "it is no sitemap"),
                Err(reason) => warn!(sitemap = %address, reason, "a sitemap cannot be read"),
            }
        }
    }

    /// Puts the pages that a sitemap lists into the queue; gives the sitemaps that it lists.
    fn listed_in(&mut self, sitemap: Sitemap, address: &Url, depth: usize) -> Vec<Url> {
        match sitemap {
            Sitemap::Index(entries) => entries
                .iter()
                .filter_map(|entry| address.join(&entry.address).ok())
                .collect(),
            Sitemap::Pages(entries) => {
                for entry in entries {
                    if let Ok(address) = address.join(&entry.address)
                        && let Some(address) = self.scope.follow(address)
                    {
                        self.enqueue(address, depth + 1, entry.changed);
                    }
                }
                Vec::new()
            }
        }
    }

    /// Whether an address may be asked for.
    fn may(&self, address: &Url, is_start: bool) -> Result<(), &'static str> {
        if !(self.scope.holds(address) || is_start && self.scope.is_site(address)) {
            Err("leads out of what is configured (`web`, `prefix`)")
        } else if !self.robots.allows(address) {
            Err("leads to what robots.txt forbids")
        } else {
            Ok(())
        }
    }

    fn enqueue(&mut self, address: Url, depth: usize, told: Option<String>) {
        let is_wanted = depth <= self.config.depth
            && self.may(&address, false).is_ok()
            && !is_passed_over(&address)
            && !self.seen.contains(&address);
        if is_wanted && self.queued.insert(address.clone()) {
            self.queue.push_back(Visit {
                address,
                depth,
                told,
            });
        }
    }

    async fn walk(&mut self) -> Result<(), SourceError> {
        while self.seen.len() < self.config.pages.get() {
            let Some(visit) = self.queue.pop_front() else {
                return Ok(());
            };
            self.visit(visit, false).await?;
        }
        Ok(())
    }

    /// Where the limit on pages is reached, nobody knows whether the others are there still.
    fn keep_what_is_left(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        let most = self.config.pages;
        warn!(
            site = %self.scope,
            left = self.queue.len(),
            "a site has more pages than are looked at (`pages` is {most})"
        );
        for visit in std::mem::take(&mut self.queue) {
            if self.was_listed(&visit.address) {
                self.keep(
                    &visit.address,
                    format!("it was not looked at: `pages` is {most}"),
                );
            }
        }
    }

    /// Whether an address was that of a document at the last turn.
    fn was_listed(&self, address: &Url) -> bool {
        let page = self.before.pages.get(address.as_str());
        page.is_some_and(|page| page.is_listed)
    }

    async fn visit(&mut self, visit: Visit, is_start: bool) -> Result<(), SourceError> {
        let mut address = visit.address;
        let mut told = visit.told;
        for hop in 0..=MOST_HOPS {
            if !self.seen.insert(address.clone()) {
                if hop > 0 && is_start {
                    break;
                }
                return Ok(());
            }
            let step = self.look(&address, told.as_deref()).await;
            debug!(address = %address, step = name_of(&step), "an address was asked for");
            self.failures = match step {
                Step::Failed(_) => self.failures + 1,
                _ => 0,
            };
            let reason = match step {
                Step::Found(found) => {
                    return self
                        .found(*found, &address, visit.depth, told, is_start)
                        .await;
                }
                Step::Unchanged => {
                    self.unchanged(&address, visit.depth, told);
                    return Ok(());
                }
                Step::Elsewhere { to, is_for_good } => match self.hop(&address, &to, is_start) {
                    Ok(next) => {
                        if self.was_listed(&address) && !is_for_good {
                            self.detours.push((address.to_string(), next.clone()));
                        }
                        address = next;
                        told = None;
                        continue;
                    }
                    // Pages have many links out of the site, and few are worth a word.
                    Err(_) if !is_start && !self.was_listed(&address) => return Ok(()),
                    Err(reason) => reason,
                },
                Step::Gone if !is_start => return Ok(()),
                Step::Gone => "it is gone".to_owned(),
                Step::Other if !is_start && !self.was_listed(&address) => return Ok(()),
                Step::Other => "it is no page, document or sitemap".to_owned(),
                Step::Failed(reason) if self.failures >= MOST_FAILURES => {
                    return Err(self.failed(&format!("it does not answer any more: {reason}")));
                }
                Step::Refused(reason) | Step::Failed(reason) => reason,
            };
            if is_start {
                return Err(self.failed(&format!("the start {address} cannot be read: {reason}")));
            }
            self.pass_over(&address, reason, visit.depth);
            return Ok(());
        }
        if is_start {
            return Err(self.failed("the start leads in circles"));
        }
        self.pass_over(&address, "it leads in circles".to_owned(), visit.depth);
        Ok(())
    }

    /// Where an answer leads, if that is allowed.
    fn hop(&self, address: &Url, to: &str, is_start: bool) -> Result<Url, String> {
        let next = address
            .join(to)
            .map_err(|error| format!("it leads to `{to}`: {error}"))?;
        let next = self
            .scope
            .follow(next)
            .ok_or_else(|| "it leads out of the site".to_owned())?;
        self.may(&next, is_start)
            .map_err(|reason| format!("it {reason}"))?;
        Ok(next)
    }

    async fn look(&self, address: &Url, told: Option<&str>) -> Step {
        let known = self.before.pages.get(address.as_str());
        if known.is_some_and(|page| page.is_unchanged(told, self.now)) {
            return Step::Unchanged;
        }
        let validators = known.map(|page| Validators {
            etag: page.etag.clone(),
            modified: page.modified.clone(),
        });
        self.site
            .ask(
                address,
                &validators.unwrap_or_default(),
                &self.manners,
                self.spool,
            )
            .await
    }

    /// Keeps what is known of a page that cannot be looked at.
    fn keep(&mut self, address: &Url, reason: String) {
        if let Some(page) = self.before.pages.get(address.as_str()) {
            self.after.pages.insert(address.to_string(), page.clone());
        }
        if self.scope.holds(address) {
            self.unreadable.push((address.to_string(), reason));
        }
    }

    /// Keeps what is known of a page that cannot be looked at, and goes on where it led.
    fn pass_over(&mut self, address: &Url, reason: String, depth: usize) {
        self.keep(address, reason);
        let known = self.before.pages.get(address.as_str());
        let links = known.map(|page| page.links.clone()).unwrap_or_default();
        for link in links.iter().filter_map(|link| Url::parse(link).ok()) {
            self.enqueue(link, depth + 1, None);
        }
    }

    fn unchanged(&mut self, address: &Url, depth: usize, told: Option<String>) {
        let Some(mut page) = self.before.pages.get(address.as_str()).cloned() else {
            let reason = "it says that it did not change, and was never seen";
            self.keep(address, reason.to_owned());
            return;
        };
        if !page.is_unchanged(told.as_deref(), self.now) {
            page.asked = self.now;
            page.told = told;
        }
        page.depth = depth;
        page.is_listed |= page.is_twin;
        self.note(address, page, None);
    }

    async fn found(
        &mut self,
        found: Found,
        address: &Url,
        depth: usize,
        told: Option<String>,
        is_start: bool,
    ) -> Result<(), SourceError> {
        let mut page = Remembered {
            depth,
            told,
            asked: self.now,
            etag: found.validators.etag.clone(),
            modified: found.validators.modified.clone(),
            ..Remembered::default()
        };
        let read = Reading {
            address: address.clone(),
            found,
        };
        let read = tokio::task::spawn_blocking(move || read.read())
            .await
            .map_err(|error| self.failed(&format!("{address}: {error}")))?;
        let found = match read {
            Ok(Read::Document(found)) => found,
            Ok(Read::Page(found, said)) => {
                page.tag = said.digest;
                let links = said.links.into_iter().filter(|_| !found.is_dead_end);
                let mut seen = HashSet::new();
                page.links = links
                    .filter_map(|link| self.scope.follow(link))
                    .filter(|link| seen.insert(link.clone()))
                    .map(String::from)
                    .collect();
                page.canonical = said
                    .canonical
                    .and_then(|link| self.scope.follow(link))
                    .map(String::from);
                page.is_listed = !said.is_hidden;
                found
            }
            Ok(Read::Sitemap(sitemap)) => {
                let further = self.listed_in(sitemap, address, depth);
                for address in further {
                    if let Some(address) = self.scope.follow(address) {
                        self.enqueue_sitemap(address, depth);
                    }
                }
                return Ok(());
            }
            Ok(Read::Other) if !is_start && !self.was_listed(address) => return Ok(()),
            other => {
                let reason = other.err();
                let reason =
                    reason.unwrap_or_else(|| "it is no page, document or sitemap".to_owned());
                if is_start {
                    return Err(
                        self.failed(&format!("the start {address} cannot be read: {reason}"))
                    );
                }
                self.pass_over(address, reason, depth);
                return Ok(());
            }
        };
        if page.tag.is_empty() {
            page.tag.clone_from(&found.sum);
            page.is_listed = true;
        }
        page.is_listed &= !found.is_hidden;
        self.note(address, page, Some(found));
        Ok(())
    }

    /// A sitemap that another names is read wherever it is on the site, and is no step of its own.
    fn enqueue_sitemap(&mut self, address: Url, depth: usize) {
        if self.robots.allows(&address) && self.queued.insert(address.clone()) {
            self.queue.push_back(Visit {
                address,
                depth,
                told: None,
            });
        }
    }

    /// Notes a page that is there, and goes on where it leads.
    fn note(&mut self, address: &Url, mut page: Remembered, found: Option<Box<Found>>) {
        for link in &page.links {
            if let Ok(link) = Url::parse(link) {
                self.enqueue(link, page.depth + 1, None);
            }
        }
        let start = normal(self.config.start.clone());
        // Many sites say of all their pages that they are the first one. None of them means it.
        let canonical = page
            .canonical
            .as_ref()
            .and_then(|canonical| Url::parse(canonical).ok())
            .filter(|canonical| canonical != address && *canonical != start);
        if let Some(canonical) = &canonical {
            self.enqueue(canonical.clone(), page.depth, None);
        }
        if page.is_listed && self.scope.holds(address) {
            self.entries.push(Entry {
                place: address.to_string(),
                tag: page.tag.clone(),
                canonical: canonical.map(String::from),
                spooled: found.map(|found| Spooled {
                    file_name: found.file_name,
                    path: found.path,
                }),
            });
        }
        // Which of several with the same content is listed is decided at the end.
        page.is_listed = false;
        page.is_twin = false;
        self.after.pages.insert(address.to_string(), page);
    }
}

fn name_of(step: &Step) -> &'static str {
    match step {
        Step::Found(_) => "found",
        Step::Unchanged => "unchanged",
        Step::Elsewhere { .. } => "elsewhere",
        Step::Gone => "gone",
        Step::Other => "no document",
        Step::Refused(_) => "refused",
        Step::Failed(_) => "failed",
    }
}
