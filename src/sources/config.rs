//! `[[sources]]`: one folder, web site or bucket each.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ingest::Group;
use serde::{Deserialize, Serialize};

use super::bucket::{self, BucketConfig};
use super::folder::{self, FolderConfig};
use super::secret::SecretFrom;
use super::web::{self, WebConfig};

/// `[[sources]]`: a place that documents are taken from and kept in step with. Its kind is told
/// by the key that names the place: `folder`, `web` or `bucket`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum SourceConfig {
    /// A folder of this machine.
    Folder(FolderConfig),
    /// A web site.
    Web(WebConfig),
    /// A bucket of a store that speaks S3's protocol.
    Bucket(BucketConfig),
}

impl SourceConfig {
    /// Looks for what must not be used.
    ///
    /// # Errors
    /// When it would be looked through all the time. Names the source.
    pub fn validate(&self) -> Result<(), String> {
        let every = match self {
            Self::Folder(config) => config.every,
            Self::Web(config) => config.every,
            Self::Bucket(config) => config.every,
        };
        if every < Duration::from_secs(1) {
            return Err(format!(
                "`every` of the source {} is {every:?}, less than a second",
                self.place()
            ));
        }
        Ok(())
    }

    /// The place, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Folder(config) => config.folder.display().to_string(),
            Self::Web(config) => config.scope().to_string(),
            Self::Bucket(config) => config.scope(),
        }
    }

    /// Whether a document could come from both, and have the readers of the one or of the other.
    /// Folders are not compared here: that needs a look at the disk.
    #[must_use]
    pub fn shares_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Web(one), Self::Web(other)) => one.scope().overlaps(&other.scope()),
            (Self::Bucket(one), Self::Bucket(other)) => {
                let (one, other) = (one.scope(), other.scope());
                one.starts_with(&other) || other.starts_with(&one)
            }
            _ => false,
        }
    }
}

/// All keys, as they are written. Reading an enum without tags instead would say of a wrong key
/// only that nothing fits.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<NonZeroUsize>,
    #[serde(
        default,
        with = "humantime_serde",
        skip_serializing_if = "Option::is_none"
    )]
    pause: Option<Duration>,
    #[serde(default)]
    readers: BTreeSet<Group>,
    #[serde(
        default,
        with = "humantime_serde",
        skip_serializing_if = "Option::is_none"
    )]
    every: Option<Duration>,
    // Tables stand last: TOML wants values before them.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key: Option<SecretFrom>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<SecretFrom>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, SecretFrom>>,
}

impl Written {
    /// Refuses the first key that is there and does not belong to this kind of source.
    fn only(&self, kind: &str, keys: &[&str]) -> Result<(), String> {
        let there = [
            ("endpoint", self.endpoint.is_some()),
            ("region", self.region.is_some()),
            ("prefix", self.prefix.is_some()),
            ("depth", self.depth.is_some()),
            ("pages", self.pages.is_some()),
            ("pause", self.pause.is_some()),
            ("access_key", self.access_key.is_some()),
            ("secret_key", self.secret_key.is_some()),
            ("headers", self.headers.is_some()),
        ];
        match there
            .iter()
            .find(|(key, is_there)| *is_there && !keys.contains(key))
        {
            None => Ok(()),
            Some((key, _)) => Err(format!("`{key}` is no key of a source that is a {kind}")),
        }
    }
}

impl TryFrom<Written> for SourceConfig {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match (&written.folder, &written.web, &written.bucket) {
            (Some(folder), None, None) => {
                written.only("folder", &[])?;
                Ok(Self::Folder(FolderConfig {
                    folder: folder.clone(),
                    readers: written.readers,
                    every: written.every.unwrap_or(folder::EVERY),
                }))
            }
            (None, Some(start), None) => {
                written.only("web site", &["prefix", "depth", "pages", "pause", "headers"])?;
                let mut config = WebConfig::new(start, written.prefix.as_deref())?;
                config.depth = written.depth.unwrap_or(config.depth);
                config.pages = written.pages.unwrap_or(config.pages);
                config.pause = written.pause.unwrap_or(config.pause);
                config.headers = written.headers.unwrap_or_default();
                web::check_headers(&config.headers)?;
                config.readers = written.readers;
                config.every = written.every.unwrap_or(config.every);
                Ok(Self::Web(config))
            }
            (None, None, Some(name)) => {
                written.only(
                    "bucket",
                    &["endpoint", "region", "prefix", "access_key", "secret_key"],
                )?;
                let endpoint = written.endpoint.as_deref().ok_or_else(|| {
                    format!("`endpoint` of the bucket {name} is missing: the address of its server")
                })?;
                let mut config = BucketConfig::new(name, endpoint)?;
                config.region = written.region.unwrap_or(config.region);
                config.prefix = written.prefix.unwrap_or_default();
                config.keys = match (written.access_key, written.secret_key) {
                    (Some(access), Some(secret)) => Some(bucket::Keys { access, secret }),
                    (None, None) => None,
                    (Some(_), None) => return Err(format!("`secret_key` of the bucket {name} is missing")),
                    (None, Some(_)) => return Err(format!("`access_key` of the bucket {name} is missing")),
                };
                config.readers = written.readers;
                config.every = written.every.unwrap_or(config.every);
                Ok(Self::Bucket(config))
            }
            (None, None, None) => Err(
                "a source names no place: `folder`, `web` or `bucket` is missing".to_owned(),
            ),
            _ => Err(
                "a source names more than one place: `folder`, `web` and `bucket` exclude each other"
                    .to_owned(),
            ),
        }
    }
}

impl From<SourceConfig> for Written {
    fn from(config: SourceConfig) -> Self {
        match config {
            SourceConfig::Folder(config) => Self {
                folder: Some(config.folder),
                readers: config.readers,
                every: Some(config.every),
                ..Self::default()
            },
            SourceConfig::Web(config) => Self {
                web: Some(config.start.to_string()),
                prefix: Some(config.prefix),
                depth: Some(config.depth),
                pages: Some(config.pages),
                pause: Some(config.pause),
                readers: config.readers,
                every: Some(config.every),
                headers: Some(config.headers).filter(|headers| !headers.is_empty()),
                ..Self::default()
            },
            SourceConfig::Bucket(config) => {
                let keys = config.keys;
                Self {
                    bucket: Some(config.bucket),
                    endpoint: Some(config.endpoint.to_string()),
                    region: Some(config.region),
                    prefix: Some(config.prefix),
                    readers: config.readers,
                    every: Some(config.every),
                    access_key: keys.as_ref().map(|keys| keys.access.clone()),
                    secret_key: keys.map(|keys| keys.secret),
                    ..Self::default()
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SourceConfig, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn refused(text: &str, words: &[&str]) {
        let error = read(text).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{word}: {error}");
        }
    }

    #[test]
    fn each_kind_has_its_defaults_and_reads_back() {
        for text in [
            "folder = \"/srv/documents\"",
            "web = \"https://intranet.example/docs/\"",
            "bucket = \"documents\"\nendpoint = \"http://10.0.0.7:9000\"",
            "web = \"https://intranet.example/sitemap.xml\"\nprefix = \"/docs/\"\ndepth = 1\npages = 5\n\
             pause = \"1s\"\nevery = \"1h\"\nreaders = [\"staff\"]\nheaders = { Authorization = { env = \"TOKEN\" } }",
            "bucket = \"documents\"\nendpoint = \"https://s3.example\"\nregion = \"ap-northeast-2\"\n\
             prefix = \"규정/\"\naccess_key = { env = \"KEY\" }\nsecret_key = { file = \"/run/secrets/s3\" }",
        ] {
            let config = read(text).unwrap();
            let again = toml::to_string(&config).unwrap();
            assert_eq!(read(&again).unwrap(), config, "{again}");
        }
        let SourceConfig::Web(web) = read("web = \"https://intranet.example/docs/start\"").unwrap()
        else {
            panic!("it is a web site");
        };
        assert_eq!(
            (web.prefix.as_str(), web.depth, web.pages.get()),
            ("/docs/", 3, 1_000)
        );
        assert_eq!(web.every, Duration::from_secs(86_400));
    }

    #[test]
    fn a_wrong_key_is_named() {
        refused("folder = \"/srv\"\nfolders = 1", &["folders"]);
        refused("folder = \"/srv\"\ndepth = 1", &["`depth`", "folder"]);
        refused(
            "web = \"http://a/\"\nregion = \"x\"",
            &["`region`", "web site"],
        );
        refused(
            "bucket = \"b\"\nendpoint = \"http://a\"\npages = 3",
            &["`pages`", "bucket"],
        );
        refused(
            "readers = [\"staff\"]",
            &["`folder`, `web` or `bucket` is missing"],
        );
        refused(
            "folder = \"/srv\"\nweb = \"http://a/\"",
            &["more than one place"],
        );
        refused("web = \"http://a/\"\npages = 0", &["pages"]);
        refused("web = \"http://a/\"\ndepth = \"deep\"", &["depth"]);
        refused("bucket = \"b\"", &["`endpoint`"]);
        refused(
            "bucket = \"b\"\nendpoint = \"http://a\"\naccess_key = { env = \"A\" }",
            &["`secret_key`"],
        );
        refused("web = \"ftp://a/\"", &["`web`", "http"]);
        refused("web = \"http://mina:hush@a/\"", &["`headers`"]);
        refused(
            "web = \"http://a/\"\nheaders = { \"a b\" = { env = \"A\" } }",
            &["`a b`"],
        );
        refused(
            "web = \"http://a/\"\nheaders = { Host = { env = \"A\" } }",
            &["`Host`"],
        );
    }

    #[test]
    fn sources_of_the_same_documents_are_told() {
        let shares = |one: &str, other: &str| read(one).unwrap().shares_with(&read(other).unwrap());
        assert!(shares("web = \"http://a/docs/\"", "web = \"http://a/\""));
        assert!(shares(
            "web = \"http://a/\"",
            "web = \"http://a:80/docs/x\""
        ));
        assert!(!shares(
            "web = \"http://a/docs/\"",
            "web = \"http://a/blog/\""
        ));
        assert!(!shares("web = \"http://a/\"", "web = \"http://a:81/\""));
        let bucket = |name: &str, prefix: &str| {
            format!("bucket = \"{name}\"\nendpoint = \"http://a\"\nprefix = \"{prefix}\"")
        };
        assert!(shares(&bucket("b", ""), &bucket("b", "x/")));
        assert!(!shares(&bucket("b", "y/"), &bucket("b", "x/")));
        assert!(!shares(&bucket("b", ""), &bucket("bc", "")));
    }
}
