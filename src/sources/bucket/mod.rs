//! Buckets of stores that speak S3's protocol: `MinIO`, Ceph, AWS and others.
//!
//! A list is got in pages and objects one by one. Only `endpoint` is contacted; without keys
//! requests are not signed, and no machine is asked for any.

mod listing;
mod sign;

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use ingest::Group;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderValue, IF_MATCH, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};

use self::listing::Object;
use self::sign::{NO_BODY, Request, Signer, encode_path, encode_query};
use super::download::{self, in_words, too_large};
use super::secret::SecretFrom;
use super::{Fetched, Listed, Listing, Source, SourceError, Surroundings};
use crate::outbound::Outbound;

/// `[[sources]]`: a bucket whose objects are documents, for as long as they are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketConfig {
    /// Its name.
    pub bucket: String,
    /// The address of the store's server, such as `https://minio.intranet.example:9000`. Nothing
    /// else is contacted.
    pub endpoint: Url,
    /// The region that requests are signed for; stores of one's own seldom care.
    pub region: String,
    /// Only objects whose names begin so, such as `rules/`.
    pub prefix: String,
    /// What requests are signed with; none for a bucket that everyone may read.
    pub keys: Option<Keys>,
    /// Groups that may read its documents; those of their collection, else `ingest.default_readers`,
    /// if left out.
    pub readers: BTreeSet<Group>,
    /// It is looked through this often. A look costs a request for each thousand objects.
    pub every: Duration,
}

/// What requests are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Where `access_key` is read from.
    pub access: SecretFrom,
    /// Where `secret_key` is read from.
    pub secret: SecretFrom,
}

impl BucketConfig {
    /// A bucket with defaults for all but its name and its server.
    ///
    /// # Errors
    /// When one of them cannot be such.
    pub fn new(bucket: &str, endpoint: &str) -> Result<Self, String> {
        if bucket.is_empty() || bucket.contains('/') || [".", ".."].contains(&bucket) {
            return Err(format!(
                "`bucket` is `{bucket}`, which is no name of a bucket"
            ));
        }
        let address = Url::parse(endpoint)
            .map_err(|error| format!("`endpoint` of the bucket {bucket} is no address: {error}"))?;
        if !matches!(address.scheme(), "http" | "https") || !address.has_host() {
            return Err(format!(
                "`endpoint` of the bucket {bucket} is no address that begins with http:// or https://"
            ));
        }
        if !address.username().is_empty() || address.password().is_some() {
            return Err(format!(
                "`endpoint` of the bucket {bucket} holds a name or password; what lets in is `access_key` and \
                 `secret_key`"
            ));
        }
        if address.path() != "/" || address.query().is_some() || address.fragment().is_some() {
            return Err(format!(
                "`endpoint` of the bucket {bucket} has a path; `bucket` and `prefix` say what is read of it"
            ));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            endpoint: address,
            region: "us-east-1".to_owned(),
            prefix: String::new(),
            keys: None,
            readers: BTreeSet::new(),
            every: Duration::from_secs(3_600),
        })
    }

    /// Where all its documents are: the beginning of their places.
    pub(super) fn scope(&self) -> String {
        format!("{}{}/{}", self.endpoint, self.bucket, self.prefix)
    }
}

/// A store that is busy is asked again this often, and after these pauses at first.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A pause that the store asks for is kept up to this one.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Bytes of an answer that is XML; a page of a list has a thousand names of a kilobyte.
const LARGEST_ANSWER: usize = 16 << 20;

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    name: String,
    config: BucketConfig,
    readers: BTreeSet<Group>,
    max_file: u64,
    /// Where objects come to on their way.
    folder: PathBuf,
    client: Outbound,
}

impl Bucket {
    /// A bucket; nothing is sent yet.
    ///
    /// # Errors
    /// When no client for HTTP can be made.
    pub fn open(
        config: &BucketConfig,
        surroundings: Surroundings<'_>,
    ) -> Result<Self, SourceError> {
        let name = format!("bucket:{}", config.scope());
        Ok(Self {
            folder: surroundings.folder_of(&name),
            name,
            config: config.clone(),
            readers: config.readers.clone(),
            max_file: surroundings.max_file,
            client: download::client(surroundings.guard.and_written(&config.endpoint))?,
        })
    }

    fn failed(&self, reason: &str) -> SourceError {
        SourceError(format!(
            "the bucket {} at {}: {reason}",
            self.config.bucket, self.config.endpoint
        ))
    }

    /// The keys, as they are now.
    fn keys(&self) -> Result<Option<(SecretString, SecretString)>, SourceError> {
        let Some(keys) = &self.config.keys else {
            return Ok(None);
        };
        let read = |name: &str, from: &SecretFrom| {
            from.read()
                .map_err(|reason| self.failed(&format!("`{name}`: {reason}")))
        };
        Ok(Some((
            read("access_key", &keys.access)?,
            read("secret_key", &keys.secret)?,
        )))
    }

    /// Asks for a path of the server, again while it is busy. The answer is a success.
    async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        tag: Option<&str>,
    ) -> Result<Response, SourceError> {
        let keys = self.keys()?;
        let path = encode_path(path);
        let query = encode_query(query);
        let mut address = self.config.endpoint.clone();
        address.set_path(&path);
        address.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
        if address.path() != path {
            return Err(self.failed("its name has a part `.` or `..`, which no address can have"));
        }
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
            let mut request = self
                .client
                .request(Method::GET, address.clone())
                .map_err(|refused| self.failed(&refused.to_string()))?
                .header("x-amz-content-sha256", NO_BODY)
                .header("x-amz-date", &time);
            if let Some(tag) = tag {
                request = request.header(IF_MATCH, tag);
            }
            if let Some((access, secret)) = &keys {
                let signer = Signer {
                    access,
                    secret,
                    region: &self.config.region,
                };
                let signed = signer.authorization(&Request {
                    host: &host(&address),
                    path: &path,
                    query: &query,
                    time: &time,
                });
                let mut value = HeaderValue::from_str(signed.expose_secret())
                    .map_err(|_| self.failed("`access_key` has characters that no key has"))?;
                value.set_sensitive(true);
                request = request.header(AUTHORIZATION, value);
            }
            let (reason, asked) = match request.send().await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => {
                    let status = response.status();
                    let asked = response
                        .headers()
                        .get(RETRY_AFTER)
                        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
                        .map(Duration::from_secs);
                    let reason = self.reason(response).await;
                    let is_busy = status.is_server_error()
                        || matches!(
                            status,
                            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                        );
                    if !is_busy {
                        return Err(self.failed(&reason));
                    }
                    (reason, asked)
                }
                Err(error) => (in_words(&error.without_url()), None),
            };
            if attempt >= ATTEMPTS {
                return Err(self.failed(&reason));
            }
            tokio::time::sleep(asked.unwrap_or(pause).min(LONGEST_PAUSE)).await;
            pause *= 2;
        }
        Err(self.failed("it was not asked"))
    }

    /// Why the store refuses.
    async fn reason(&self, response: Response) -> String {
        let status = response.status();
        let region = response
            .headers()
            .get("x-amz-bucket-region")
            .and_then(|value| value.to_str().ok())
            .filter(|region| *region != self.config.region)
            .map(str::to_owned);
        let (body, _) = download::read(response, 1 << 16).await.unwrap_or_default();
        let error = listing::read_error(&String::from_utf8_lossy(&body));
        let (code, message) = error.unwrap_or_default();
        let hint = match code.as_str() {
            "NoSuchBucket" => ": there is no such bucket (`bucket`)",
            "InvalidAccessKeyId" => ": it does not know the key (`access_key`)",
            "SignatureDoesNotMatch" => ": the key is wrong (`secret_key`)",
            "AccessDenied" => ": the key may not read it (`access_key`)",
            "RequestTimeTooSkewed" => ": the clocks of this machine and of the store differ",
            "NoSuchKey" | "PreconditionFailed" => ": it is not as it was when it was listed",
            _ if status.is_redirection() => ": it lies elsewhere (`endpoint`, `region`)",
            _ => "",
        };
        let region = region.map_or_else(String::new, |region| {
            format!(": its region is {region} (`region`)")
        });
        let code = if code.is_empty() {
            String::new()
        } else {
            format!(" {code}")
        };
        let message = if message.is_empty() {
            message
        } else {
            format!(" ({message})")
        };
        format!("it answers {status}{code}{hint}{region}{message}")
    }

    /// A page of its list.
    async fn page(&self, from: Option<&str>, most: &str) -> Result<listing::Page, SourceError> {
        let mut query = vec![
            ("encoding-type", "url"),
            ("list-type", "2"),
            ("max-keys", most),
            ("prefix", self.config.prefix.as_str()),
        ];
        if let Some(from) = from {
            query.insert(0, ("continuation-token", from));
        }
        let path = format!("/{}", self.config.bucket);
        let response = self.get(&path, &query, None).await?;
        let (body, is_whole) = download::read(response, LARGEST_ANSWER)
            .await
            .map_err(|error| self.failed(&error.in_words()))?;
        if !is_whole {
            return Err(self.failed("its list is larger than a list can be"));
        }
        let text = String::from_utf8(body).map_err(|_| self.failed("its answer is not UTF-8"))?;
        listing::read(&text).map_err(|reason| self.failed(&reason))
    }

    fn place(&self, key: &str) -> String {
        format!("{}{}/{key}", self.config.endpoint, self.config.bucket)
    }

    fn key<'a>(&self, place: &'a str) -> Option<&'a str> {
        place.strip_prefix(&self.place(""))
    }
}

/// The host as requests name it.
fn host(address: &Url) -> String {
    let host = address.host_str().unwrap_or_default();
    match address.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// What changes when an object does.
fn tag(object: &Object) -> String {
    if object.etag.is_empty() {
        format!("{}-{}", object.size, object.modified)
    } else {
        object.etag.clone()
    }
}

#[async_trait]
impl Source for Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    fn readers(&self) -> &BTreeSet<Group> {
        &self.readers
    }

    async fn list(&self) -> Result<Listing, SourceError> {
        download::empty(&self.folder)?;
        let mut listing = Listing::default();
        let mut seen = HashSet::new();
        let mut from = None;
        loop {
            let page = self.page(from.as_deref(), "1000").await?;
            for object in page.objects {
                // An empty object with such a name is how tools show a folder.
                if object.key.ends_with('/') && object.size == 0 {
                    continue;
                }
                let place = self.place(&object.key);
                if object.size > self.max_file {
                    let reason = too_large(object.size, self.max_file);
                    listing.unreadable.push((place, reason));
                } else {
                    let tag = tag(&object);
                    listing.documents.push(Listed { place, tag });
                }
            }
            let Some(next) = page.next else {
                return Ok(listing);
            };
            if !seen.insert(next.clone()) {
                return Err(self.failed("its list goes round in circles"));
            }
            from = Some(next);
        }
    }

    async fn fetch(&self, listed: &Listed) -> Result<Fetched, SourceError> {
        let key = self
            .key(&listed.place)
            .ok_or_else(|| self.failed(&format!("{} is not in it", listed.place)))?;
        // What comes is what was listed, or nothing.
        let tag = Some(listed.tag.as_str()).filter(|tag| tag.starts_with('"'));
        let path = format!("/{}/{key}", self.config.bucket);
        let response = self.get(&path, &[], tag).await?;
        let downloaded = download::save(response, &self.folder, self.max_file)
            .await
            .map_err(|error| self.failed(&format!("`{key}`: {}", error.in_words())))?;
        let name = key.rsplit('/').find(|part| !part.is_empty());
        Ok(Fetched {
            file_name: name.unwrap_or(key).to_owned(),
            path: downloaded.path.to_path_buf(),
            temporary: Some(downloaded.path),
        })
    }

    async fn changed(&self) {
        tokio::time::sleep(self.config.every).await;
    }

    fn rest(&self) -> Duration {
        self.config.every.min(Duration::from_secs(300))
    }

    async fn examine(&self) -> Result<String, SourceError> {
        self.page(None, "1").await?;
        Ok(format!(
            "the bucket {} at {} can be listed",
            self.config.bucket, self.config.endpoint
        ))
    }
}

#[cfg(test)]
mod tests;
