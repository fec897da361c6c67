//! Asks a site, one request after another, and never anything else.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, Response, StatusCode, Url};
use tempfile::TempPath;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::super::SourceError;
use super::super::download::{self, DownloadError, in_words};
use super::address::Scope;
use super::links::wishes;
use super::names::{self, Kind};
use crate::outbound::{Guard, Outbound};

/// A site that is busy is asked so often.
const ATTEMPTS: u32 = 3;
/// A pause that it asks for is kept up to this one; it is left alone if it wants a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// A site.
#[derive(Debug)]
pub(super) struct Site {
    scope: Scope,
    client: Outbound,
    pause: Duration,
    max_file: u64,
    /// When the last answer came. It is locked while the site is asked: one request at a time.
    last: Mutex<Option<Instant>>,
}

/// What a page said of its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Validators {
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
}

/// What goes with each request of a turn.
#[derive(Debug)]
pub(super) struct Manners {
    /// Headers that the administrator configured.
    pub(super) headers: HeaderMap,
    /// The pause that `robots.txt` asks for.
    pub(super) pause: Option<Duration>,
}

/// What came of asking for an address.
#[derive(Debug)]
pub(super) enum Step {
    /// Something came.
    Found(Box<Found>),
    /// It is what it was.
    Unchanged,
    /// It is elsewhere.
    Elsewhere {
        /// Where, as the answer writes that.
        to: String,
        /// Whether the address is not in use any more.
        is_for_good: bool,
    },
    /// There is none any more.
    Gone,
    /// It is no document.
    Other,
    /// It is there and cannot be had, and why.
    Refused(String),
    /// The site did not answer, or failed.
    Failed(String),
}

/// Something that came.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) file_name: String,
    pub(super) path: TempPath,
    /// The SHA-256 of its bytes.
    pub(super) sum: String,
    pub(super) validators: Validators,
    /// The encoding that the server told.
    pub(super) charset: Option<String>,
    /// Whether the server wants it not to be found, and not to be followed from.
    pub(super) is_hidden: bool,
    pub(super) is_dead_end: bool,
}

impl Site {
    pub(super) fn new(
        scope: Scope,
        pause: Duration,
        max_file: u64,
        guard: Guard,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            scope,
            client: download::client(guard)?,
            pause,
            max_file,
            last: Mutex::default(),
        })
    }

    /// Asks for an address; a body comes into a file in `spool`.
    pub(super) async fn ask(
        &self,
        address: &Url,
        validators: &Validators,
        manners: &Manners,
        spool: &Path,
    ) -> Step {
        let mut last = self.last.lock().await;
        let response = match self.send(address, validators, manners, &mut last).await {
            Ok(response) => response,
            Err(reason) => return Step::Failed(reason),
        };
        let step = self.step(response, address, spool).await;
        *last = Some(Instant::now());
        step
    }

    /// Asks for the beginning of a text that is no document. None if there is no such text;
    /// an answer that leads elsewhere on the site is followed.
    pub(super) async fn text(
        &self,
        address: &Url,
        manners: &Manners,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, String> {
        const MOST_HOPS: usize = 5;
        let mut last = self.last.lock().await;
        let mut address = address.clone();
        for _ in 0..=MOST_HOPS {
            let response = self
                .send(&address, &Validators::default(), manners, &mut last)
                .await?;
            let status = response.status();
            if status.is_server_error() {
                return Err(format!("it answers {status}"));
            }
            if status.is_redirection()
                && let Some(to) = header(&response, &LOCATION)
            {
                match address.join(&to) {
                    Ok(next) if self.scope.is_site(&next) => {
                        address = next;
                        continue;
                    }
                    _ => return Ok(None),
                }
            }
            if status != StatusCode::OK {
                return Ok(None);
            }
            let text = download::read(response, limit)
                .await
                .map_err(DownloadError::in_words)?;
            *last = Some(Instant::now());
            return Ok(Some(text.0));
        }
        Ok(None)
    }

    /// Sends a request, again while the site is busy. Gives what it answers in the end.
    async fn send(
        &self,
        address: &Url,
        validators: &Validators,
        manners: &Manners,
        last: &mut Option<Instant>,
    ) -> Result<Response, String> {
        // Whoever asks looked already; this is what no mistake there gets around.
        if !self.scope.is_site(address) {
            return Err("it is not on the site".to_owned());
        }
        let pause = self.pause.max(manners.pause.unwrap_or_default());
        let mut attempt = 1;
        loop {
            if let Some(last) = *last {
                tokio::time::sleep_until(last + pause).await;
            }
            let mut request = self
                .client
                .request(Method::GET, address.clone())
                .map_err(|refused| refused.to_string())?
                .header(
                    ACCEPT,
                    "text/html, application/xhtml+xml, application/pdf, */*;q=0.5",
                )
                .header(ACCEPT_ENCODING, "identity");
            if let Some(etag) = &validators.etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(modified) = &validators.modified {
                request = request.header(IF_MODIFIED_SINCE, modified);
            }
            let answer = request.headers(manners.headers.clone()).send().await;
            *last = Some(Instant::now());
            let (reason, asked) = match answer {
                Err(error) => (in_words(&error.without_url()), None),
                Ok(response) => {
                    let status = response.status();
                    let is_busy = matches!(
                        status,
                        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
                    );
                    if !is_busy && !status.is_server_error() {
                        return Ok(response);
                    }
                    let asked = header(&response, &RETRY_AFTER)
                        .and_then(|value| retry_after(&value))
                        .filter(|_| is_busy);
                    (format!("it answers {status}"), asked)
                }
            };
            if let Some(asked) = asked.filter(|asked| *asked > LONGEST_PAUSE) {
                let seconds = asked.as_secs();
                return Err(format!(
                    "{reason}, and wants to be left alone for {seconds} s"
                ));
            }
            if attempt == ATTEMPTS {
                return Err(reason);
            }
            tokio::time::sleep(asked.unwrap_or(pause * 2)).await;
            attempt += 1;
        }
    }

    async fn step(&self, response: Response, address: &Url, spool: &Path) -> Step {
        let status = response.status();
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Step::Unchanged,
            StatusCode::NOT_FOUND | StatusCode::GONE => return Step::Gone,
            status if status.is_redirection() => {
                return match header(&response, &LOCATION) {
                    Some(to) => Step::Elsewhere {
                        to,
                        is_for_good: matches!(
                            status,
                            StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT
                        ),
                    },
                    None => Step::Refused(format!("it answers {status} and does not say where")),
                };
            }
            status if status.is_success() => return Step::Other,
            status => return Step::Refused(format!("it answers {status}")),
        }
        let (kind, file_name) = names::tell(address, response.headers());
        if kind == Kind::Other {
            return Step::Other;
        }
        if let Some(packed) = header(&response, &CONTENT_ENCODING)
            && !packed.eq_ignore_ascii_case("identity")
        {
            return Step::Refused(format!(
                "it comes packed ({packed}), though that was not asked for"
            ));
        }
        let (is_hidden, is_dead_end) = header_wishes(response.headers());
        let validators = Validators {
            etag: header(&response, &ETAG),
            modified: header(&response, &LAST_MODIFIED),
        };
        let charset = names::charset(response.headers()).map(str::to_owned);
        match download::save(response, spool, self.max_file).await {
            Ok(downloaded) => Step::Found(Box::new(Found {
                kind,
                file_name,
                path: downloaded.path,
                sum: downloaded.sum,
                validators,
                charset,
                is_hidden,
                is_dead_end,
            })),
            Err(DownloadError::TooLarge(reason) | DownloadError::Disk(reason)) => {
                Step::Refused(reason)
            }
            Err(DownloadError::Network(reason)) => Step::Failed(reason),
        }
    }
}

/// What `X-Robots-Tag` wants; a line for another program is not for us.
fn header_wishes(headers: &HeaderMap) -> (bool, bool) {
    let mut both = (false, false);
    for value in headers.get_all("x-robots-tag") {
        let Ok(value) = value.to_str() else { continue };
        let value = match value.split_once(':') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("veracite") => value,
            Some((name, _)) if !name.contains(',') => continue,
            _ => value,
        };
        let (is_hidden, is_dead_end) = wishes(value);
        both = (both.0 | is_hidden, both.1 | is_dead_end);
    }
    both
}

/// Seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let seconds = date.as_second() - jiff::Timestamp::now().as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn header(response: &Response, name: &reqwest::header::HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    // Some servers write Korean into `Location` as it is.
    String::from_utf8(value.as_bytes().to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_told_in_seconds_or_as_a_date() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::ZERO)
        );
        assert!(retry_after("Wed, 21 Oct 2099 07:28:00 GMT").unwrap() > LONGEST_PAUSE);
        assert_eq!(retry_after("soon"), None);
    }

    #[test]
    fn wishes_for_other_programs_are_not_for_us() {
        let wishes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-robots-tag", value.parse().unwrap());
            header_wishes(&headers)
        };
        assert_eq!(wishes("noindex"), (true, false));
        assert_eq!(wishes("nosnippet, NOFOLLOW"), (false, true));
        assert_eq!(wishes("googlebot: noindex"), (false, false));
        assert_eq!(wishes("veracite: none"), (true, true));
    }
}
