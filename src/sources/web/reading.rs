//! Looks into what came: a page, which leads on, a document, or a sitemap.

use std::io::Read as _;

use reqwest::Url;
use tempfile::TempPath;

use super::links;
use super::names::Kind;
use super::site::Found;
use super::sitemap::{self, Sitemap};

/// Bytes of a page that are looked through for links. What is larger is a file more than a page.
const LARGEST_PAGE: u64 = 16 << 20;

/// A document that came while the site was walked through.
#[derive(Debug)]
pub(super) struct Spooled {
    pub(super) file_name: String,
    pub(super) path: TempPath,
}

/// Something that came, still to be looked into.
pub(super) struct Reading {
    pub(super) address: Url,
    pub(super) found: Found,
}

/// What it turned out to be.
pub(super) enum Read {
    Document(Box<Found>),
    Page(Box<Found>, links::Page),
    Sitemap(Sitemap),
    Other,
}

impl Reading {
    /// Looks into it.
    ///
    /// # Errors
    /// When it cannot be read, or is a damaged sitemap.
    pub(super) fn read(self) -> Result<Read, String> {
        let found = Box::new(self.found);
        let disk = |error: std::io::Error| error.to_string();
        match found.kind {
            Kind::Document => Ok(Read::Document(found)),
            Kind::Other => Ok(Read::Other),
            Kind::Xml => {
                let bytes = std::fs::read(&found.path).map_err(disk)?;
                Ok(sitemap::read(&bytes)?.map_or(Read::Other, Read::Sitemap))
            }
            Kind::Page => {
                let mut bytes = Vec::new();
                let mut file = std::fs::File::open(&found.path).map_err(disk)?;
                let is_whole = file.metadata().map_err(disk)?.len() <= LARGEST_PAGE;
                file.by_ref()
                    .take(LARGEST_PAGE)
                    .read_to_end(&mut bytes)
                    .map_err(disk)?;
                let mut page = links::read(&bytes, &self.address, found.charset.as_deref());
                if !is_whole {
                    page.digest.clone_from(&found.sum);
                } else if let Some(text) = page.recoded.take() {
                    // Whoever reads the file does not know what the server told.
                    std::fs::write(&found.path, text).map_err(disk)?;
                }
                Ok(Read::Page(found, page))
            }
        }
    }
}

/// What came again for an address that was listed, ready to be taken.
pub(super) fn ready(address: Url, found: Found) -> Result<Spooled, String> {
    match (Reading { address, found }).read()? {
        Read::Document(found) | Read::Page(found, _) => Ok(Spooled {
            file_name: found.file_name,
            path: found.path,
        }),
        Read::Sitemap(_) | Read::Other => Err("it is no document any more".to_owned()),
    }
}
