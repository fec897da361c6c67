//! Web sites, crawled now and then.
//!
//! One scheme, host and port is contacted, the ones that the administrator wrote: whatever a page,
//! a sitemap or a redirect names beside them is left alone, so that no page can lead to other
//! machines of the network. Requests come one after another with a pause, and what
//! `robots.txt` forbids is not asked for.
//!
//! | module | what it is for |
//! |---|---|
//! | `address` | one way to write each address, and which belong to the site |
//! | `robots`, `sitemap`, `links` | what sites say of themselves |
//! | `names` | what came: a document or not, and its name |
//! | `memory` | what is remembered between turns |
//! | `site` | requests |
//! | `reading` | what came, looked into |
//! | `crawl`, `outcome` | the walk, and what it means |

pub(super) mod address;
mod crawl;
mod links;
mod memory;
mod names;
mod outcome;
mod reading;
mod robots;
mod site;
mod sitemap;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ingest::Group;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;

use self::address::{Scope, folder_of, normal, tidy};
use self::crawl::{Crawl, Crawled};
use self::memory::Memory;
use self::reading::Spooled;
use self::site::{Manners, Site, Step, Validators};
use super::download;
use super::secret::SecretFrom;
use super::{Fetched, Listed, Listing, Source, SourceError, Surroundings};

/// `[[sources]]`: a web site whose pages and linked files are documents, for as long as they are
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebConfig {
    /// Where it begins: a page, or a sitemap. Its scheme, host and port are all that is contacted.
    pub start: Url,
    /// Only paths that begin so; the folder of the start if left out.
    pub prefix: String,
    /// Steps from the start at most. Pages of a sitemap are one step away.
    pub depth: usize,
    /// Addresses that are asked for in a turn at most. More takes longer: `pause` for each.
    pub pages: NonZeroUsize,
    /// Pause between two requests. A longer one in `robots.txt` is kept, up to ten seconds.
    pub pause: Duration,
    /// Headers that are sent along, such as `Authorization`.
    pub headers: BTreeMap<String, SecretFrom>,
    /// Groups that may read its documents; those of their collection, else `ingest.default_readers`,
    /// if left out.
    pub readers: BTreeSet<Group>,
    /// It is walked through this often.
    pub every: Duration,
}

impl WebConfig {
    /// A site with defaults for all but its start.
    ///
    /// # Errors
    /// When the start is no address of a page, or the prefix no beginning of a path.
    pub fn new(start: &str, prefix: Option<&str>) -> Result<Self, String> {
        let start = Url::parse(start).map_err(|error| format!("`web` is `{start}`: {error}"))?;
        if !matches!(start.scheme(), "http" | "https") {
            return Err(format!(
                "`web` is `{start}`, which begins neither with http:// nor with https://"
            ));
        }
        if !start.username().is_empty() || start.password().is_some() {
            return Err(
                "`web` holds a name or password; what lets in is `headers`, such as `Authorization`"
                    .to_owned(),
            );
        }
        let prefix = match prefix {
            None => tidy(&folder_of(&start)),
            Some(prefix) if prefix.starts_with('/') => {
                let mut address = start.clone();
                address.set_path(prefix);
                tidy(address.path())
            }
            Some(prefix) => {
                return Err(format!(
                    "`prefix` of the web site {start} is `{prefix}`: it begins with /"
                ));
            }
        };
        Ok(Self {
            start,
            prefix,
            depth: 3,
            pages: PAGES,
            pause: Duration::from_millis(200),
            headers: BTreeMap::new(),
            readers: BTreeSet::new(),
            every: Duration::from_secs(86_400),
        })
    }

    /// What of the web it may become documents of.
    pub(super) fn scope(&self) -> Scope {
        Scope::new(&self.start, &self.prefix)
    }
}

/// `pages`, where nothing else is configured.
const PAGES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// Refuses names of headers that cannot be sent, or that say how a request is sent.
pub(super) fn check_headers(headers: &BTreeMap<String, SecretFrom>) -> Result<(), String> {
    const OURS: [&str; 9] = [
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "if-modified-since",
        "if-none-match",
        "range",
        "transfer-encoding",
        "upgrade",
    ];
    for name in headers.keys() {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`headers`: `{name}` is no name of a header"))?;
        if OURS.contains(&header.as_str()) {
            return Err(format!(
                "`headers`: `{name}` is not for a configuration to set"
            ));
        }
    }
    Ok(())
}

/// A web site.
#[derive(Debug)]
pub struct Web {
    name: String,
    config: WebConfig,
    scope: Scope,
    readers: BTreeSet<Group>,
    site: Site,
    /// What is remembered, and what is on its way.
    folder: PathBuf,
    /// What came while the site was walked through and was not taken yet.
    spooled: Mutex<HashMap<String, Spooled>>,
}

impl Web {
    /// A site; nothing is sent yet.
    ///
    /// # Errors
    /// When no client for HTTP can be made.
    pub fn open(config: &WebConfig, surroundings: Surroundings<'_>) -> Result<Self, SourceError> {
        let scope = config.scope();
        // Another start of the same site finds what is known of it.
        let name = format!("web:{scope}");
        let guard = surroundings.guard.and_written(&config.start);
        Ok(Self {
            folder: surroundings.folder_of(&name),
            name,
            readers: config.readers.clone(),
            site: Site::new(scope.clone(), config.pause, surroundings.max_file, guard)?,
            scope,
            config: config.clone(),
            spooled: Mutex::default(),
        })
    }

    fn failed(&self, reason: &str) -> SourceError {
        SourceError(format!("the web site {}: {reason}", self.scope))
    }

    /// What goes with requests. Secrets are read anew for each turn.
    fn manners(&self) -> Result<Manners, SourceError> {
        let mut headers = HeaderMap::new();
        for (name, from) in &self.config.headers {
            let failed = |reason: &str| self.failed(&format!("the header `{name}`: {reason}"));
            let secret = from.read().map_err(|reason| failed(&reason))?;
            let header = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| failed("it is no name of a header"))?;
            let mut value = HeaderValue::from_bytes(secret.expose_secret().as_bytes())
                .map_err(|_| failed("its value has characters that no header has"))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        Ok(Manners {
            headers,
            pause: None,
        })
    }

    fn spool(&self) -> PathBuf {
        self.folder.join("spool")
    }

    fn spooled(&self) -> MutexGuard<'_, HashMap<String, Spooled>> {
        self.spooled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks again for a document that was listed.
    async fn again(&self, place: &str) -> Result<Spooled, SourceError> {
        let address = Url::parse(place)
            .ok()
            .filter(|address| self.scope.holds(address))
            .ok_or_else(|| self.failed(&format!("{place} is not in it")))?;
        let step = self
            .site
            .ask(
                &address,
                &Validators::default(),
                &self.manners()?,
                &self.spool(),
            )
            .await;
        let reason = match step {
            Step::Found(found) => {
                let read =
                    tokio::task::spawn_blocking(move || reading::ready(address, *found)).await;
                match read {
                    Ok(Ok(spooled)) => return Ok(spooled),
                    Ok(Err(reason)) => reason,
                    Err(error) => error.to_string(),
                }
            }
            Step::Elsewhere { .. } => "it leads elsewhere now".to_owned(),
            Step::Gone => "it is gone".to_owned(),
            Step::Other => "it is no document any more".to_owned(),
            Step::Unchanged => "it says that it did not change, and was not asked that".to_owned(),
            Step::Refused(reason) | Step::Failed(reason) => reason,
        };
        Err(SourceError(format!("{place}: {reason}")))
    }
}

#[async_trait]
impl Source for Web {
    fn name(&self) -> &str {
        &self.name
    }

    fn readers(&self) -> &BTreeSet<Group> {
        &self.readers
    }

    async fn list(&self) -> Result<Listing, SourceError> {
        self.spooled().clear();
        let spool = self.spool();
        download::empty(&spool)?;
        let remembered = self.folder.join("memory.json");
        let crawl = Crawl::new(
            (&self.config, &self.scope, &self.site, &spool),
            self.manners()?,
            Memory::load(&remembered),
            jiff::Timestamp::now().as_second(),
        );
        let Crawled {
            listing,
            spooled,
            mut memory,
        } = crawl.run().await?;
        *self.spooled() = spooled;
        if let Err(error) = memory.save(&remembered) {
            tracing::warn!(
                file = %remembered.display(),
                error = %error,
                "what is remembered of a site cannot be kept; all of it is fetched anew"
            );
        }
        Ok(listing)
    }

    async fn fetch(&self, listed: &Listed) -> Result<Fetched, SourceError> {
        let spooled = self.spooled().remove(&listed.place);
        let spooled = match spooled {
            Some(spooled) => spooled,
            None => self.again(&listed.place).await?,
        };
        Ok(Fetched {
            file_name: spooled.file_name,
            path: spooled.path.to_path_buf(),
            temporary: Some(spooled.path),
        })
    }

    async fn changed(&self) {
        tokio::time::sleep(self.config.every).await;
    }

    fn rest(&self) -> Duration {
        const LEAST: Duration = Duration::from_secs(60);
        (self.config.every / 8).max(LEAST)
    }

    async fn examine(&self) -> Result<String, SourceError> {
        const MOST_HOPS: usize = 5;
        let manners = self.manners()?;
        let folder = tempfile::tempdir().map_err(|error| self.failed(&error.to_string()))?;
        let mut address = normal(self.config.start.clone());
        for _ in 0..=MOST_HOPS {
            let step = self
                .site
                .ask(&address, &Validators::default(), &manners, folder.path())
                .await;
            let reason = match step {
                Step::Found(_) | Step::Unchanged => return Ok(format!("{address} answers")),
                Step::Elsewhere { to, .. } => match address.join(&to) {
                    Ok(next) if self.scope.is_site(&next) => {
                        address = normal(next);
                        continue;
                    }
                    _ => "it leads out of the site".to_owned(),
                },
                Step::Gone => "it is gone".to_owned(),
                Step::Other => "it is no page, document or sitemap".to_owned(),
                Step::Refused(reason) | Step::Failed(reason) => reason,
            };
            return Err(SourceError(format!("{address}: {reason}")));
        }
        Err(self.failed("its start leads in circles"))
    }
}

#[cfg(test)]
mod tests;
