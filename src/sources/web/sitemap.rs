//! Sitemaps: lists of a site's pages, and lists of such lists (<https://www.sitemaps.org>).

use std::io::Read as _;

use flate2::read::GzDecoder;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Bytes of one, unpacked, and entries in it, by the protocol.
const LARGEST: u64 = 50 << 20;
const MOST: usize = 50_000;

/// What a sitemap lists.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sitemap {
    /// Pages.
    Pages(Vec<Entry>),
    /// Sitemaps.
    Index(Vec<Entry>),
}

/// A page or a sitemap that one lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its address, as it is written.
    pub(super) address: String,
    /// When it changed last, as it is written.
    pub(super) changed: Option<String>,
}

/// Reads a sitemap, packed or not; none if the bytes are something else.
///
/// # Errors
/// When it is one, and damaged or too large: what it does not list is then not gone.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Sitemap>, String> {
    let unpacked;
    let bytes = if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut start = Vec::new();
        let mut decoder = GzDecoder::new(bytes).take(LARGEST + 1);
        if let Err(error) = decoder.read_to_end(&mut start) {
            // Something packed that is no sitemap need not be whole.
            return if is_sitemap(&start) {
                Err(format!("it cannot be unpacked: {error}"))
            } else {
                Ok(None)
            };
        }
        unpacked = start;
        &unpacked[..]
    } else {
        bytes
    };
    if !is_sitemap(bytes) {
        return Ok(None);
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(format!("it has more than {LARGEST} bytes"));
    }
    parse(&String::from_utf8_lossy(bytes))
}

/// Whether its first element is one of a sitemap.
fn is_sitemap(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
    let mut reader = Reader::from_str(start.trim_start_matches('\u{FEFF}').trim_start());
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                return matches!(element.local_name().as_ref(), "urlset" | "sitemapindex");
            }
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

fn parse(text: &str) -> Result<Option<Sitemap>, String> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{FEFF}').trim_start());
    let mut open: Vec<String> = Vec::new();
    let mut entries = Vec::new();
    let mut entry = Entry::default();
    let mut said = String::new();
    let mut is_index = false;
    loop {
        match reader
            .read_event()
            .map_err(|error| format!("it is damaged: {error}"))?
        {
            Event::Start(element) => {
                let name = element.local_name().as_ref().to_owned();
                if open.is_empty() {
                    is_index = name == "sitemapindex";
                }
                if open.len() > 16 {
                    return Err("it is nested too deeply".to_owned());
                }
                said.clear();
                open.push(name);
            }
            Event::End(_) => {
                let name = open.pop().unwrap_or_default();
                let around: Vec<&str> = open.iter().map(String::as_str).collect();
                match (&around[..], name.as_str()) {
                    // Pictures and translations of a page have places of their own, deeper.
                    ([_, "url" | "sitemap"], "loc") => said.trim().clone_into(&mut entry.address),
                    ([_, "url" | "sitemap"], "lastmod") => {
                        entry.changed = Some(said.trim().to_owned());
                    }
                    ([_], "url" | "sitemap") => {
                        let entry = std::mem::take(&mut entry);
                        if !entry.address.is_empty() {
                            entries.push(entry);
                        }
                    }
                    ([], _) => {
                        return Ok(Some(if is_index {
                            Sitemap::Index(entries)
                        } else {
                            Sitemap::Pages(entries)
                        }));
                    }
                    _ => {}
                }
                if entries.len() > MOST {
                    return Err(format!("it lists more than {MOST}"));
                }
                said.clear();
            }
            Event::Text(text) => said.push_str(&text),
            Event::CData(text) => said.push_str(&text),
            Event::GeneralRef(name) => {
                let char = match name.as_ref() {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => name.resolve_char_ref().ok().flatten(),
                };
                said.extend(char);
            }
            Event::Empty(_) if open.is_empty() => return Ok(Some(Sitemap::Pages(entries))),
            Event::Eof => return Err("it was cut off".to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const PAGES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
        xmlns:image=\"http://www.google.com/schemas/sitemap-image/1.1\"><url><loc> http://a/x?b=1&amp;c=2 </loc>\
        <lastmod>2026-01-02</lastmod><image:image><image:loc>http://a/p.png</image:loc></image:image></url>\
        <url><loc>http://a/휴가</loc></url><url/></urlset>";

    fn entry(address: &str, changed: Option<&str>) -> Entry {
        Entry {
            address: address.to_owned(),
            changed: changed.map(str::to_owned),
        }
    }

    #[test]
    fn pages_are_read_packed_or_not() {
        let expected = Sitemap::Pages(vec![
            entry("http://a/x?b=1&c=2", Some("2026-01-02")),
            entry("http://a/휴가", None),
        ]);
        assert_eq!(read(PAGES.as_bytes()).unwrap().as_ref(), Some(&expected));
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(PAGES.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(read(&packed).unwrap(), Some(expected));
        assert!(
            read(&packed[..packed.len() - 9])
                .unwrap_err()
                .contains("unpacked")
        );
    }

    #[test]
    fn an_index_lists_sitemaps() {
        let index = "<sitemapindex><sitemap><loc>http://a/s1.xml.gz</loc></sitemap></sitemapindex>";
        let expected = Sitemap::Index(vec![entry("http://a/s1.xml.gz", None)]);
        assert_eq!(read(index.as_bytes()).unwrap(), Some(expected));
    }

    #[test]
    fn other_things_are_none_and_half_of_one_is_an_error() {
        for other in ["<html><body>urlset</body></html>", "", "%PDF-1.7", "<rss/>"] {
            assert_eq!(read(other.as_bytes()).unwrap(), None, "{other}");
        }
        let half = PAGES.split_once("<url/>").unwrap().0;
        assert!(read(half.as_bytes()).unwrap_err().contains("cut off"));
    }
}
