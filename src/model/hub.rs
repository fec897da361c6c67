//! Fetches the files of a model from a hub that the administrator named.
//!
//! A file comes into `NAME.part` and gets its name when it is complete; an interrupted one goes
//! on where it stopped, as long as the hub says by its entity tag that it is still the same.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt as _;
use reqwest::header::{CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};

use super::store::{PullProgress, WEIGHTS_INDEX, shards_of, sum_of};
use super::{ModelError, Source};

/// A hub that says nothing for this long is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fetches the files of a model into `folder`.
pub(super) async fn pull(
    hub: &str,
    repository: &str,
    revision: &str,
    folder: &Path,
    progress: &(dyn Fn(PullProgress) + Send + Sync),
) -> Result<(), ModelError> {
    let source = Source::Hub {
        repository: repository.to_owned(),
        revision: revision.to_owned(),
    };
    let failed = |reason: String| ModelError::Fetch {
        source_name: source.to_string(),
        reason,
    };
    // Another part of the process may have chosen first, and then its choice stands.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .build()
        .map_err(|error| failed(in_words(&error)))?;
    let hub = hub.trim_end_matches('/');
    let fetch = async |name: &str, need: Need| {
        if folder.join(name).is_file() {
            return Ok(true);
        }
        let fetch = Fetch {
            client: &client,
            address: format!("{hub}/{repository}/resolve/{revision}/{name}"),
            name,
            folder,
            progress,
        };
        let fetched = match fetch.run().await {
            Err(FetchError::Absent) if need == Need::Optional => return Ok(false),
            fetched => fetched,
        };
        fetched.map(|()| true).map_err(|error| match error {
            FetchError::Disk(path, error) => ModelError::Io {
                path,
                source: error,
            },
            FetchError::Absent => failed(format!("{name}: the hub has no such file")),
            FetchError::Hub(reason) => failed(format!("{name}: {reason}")),
        })
    };
    for name in ["config.json", "tokenizer.json"] {
        fetch(name, Need::Required).await?;
    }
    for name in BESIDE {
        fetch(name, Need::Optional).await?;
    }
    if fetch(WEIGHTS_INDEX, Need::Optional).await? {
        let index = folder.join(WEIGHTS_INDEX);
        let bytes = fs::read(&index).map_err(ModelError::io(&index))?;
        for name in shards_of(&bytes).map_err(|reason| ModelError::corrupt(&index, reason))? {
            fetch(&name, Need::Required).await?;
        }
    } else {
        fetch("model.safetensors", Need::Required).await?;
    }
    remove_tags(folder)
}

/// Tags were for going on; the model itself has no use for them.
fn remove_tags(folder: &Path) -> Result<(), ModelError> {
    for entry in fs::read_dir(folder).map_err(ModelError::io(folder))? {
        let path = entry.map_err(ModelError::io(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "tag") {
            fs::remove_file(&path).map_err(ModelError::io(&path))?;
        }
    }
    Ok(())
}

/// What models that write have beside their weights, as far as they have it.
const BESIDE: [&str; 4] = [
    "tokenizer_config.json",
    "special_tokens_map.json",
    "generation_config.json",
    "chat_template.jinja",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

enum FetchError {
    /// The hub has no such file.
    Absent,
    Disk(std::path::PathBuf, std::io::Error),
    Hub(String),
}

struct Fetch<'a> {
    client: &'a Client,
    address: String,
    name: &'a str,
    folder: &'a Path,
    progress: &'a (dyn Fn(PullProgress) + Send + Sync),
}

impl Fetch<'_> {
    async fn run(&self) -> Result<(), FetchError> {
        let part = self.folder.join(format!("{}.part", self.name));
        let tag_file = self.folder.join(format!("{}.tag", self.name));
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |error| FetchError::Disk(path, error)
        };
        let known_tag = fs::read_to_string(&tag_file).ok();
        let have = match (&known_tag, fs::metadata(&part)) {
            (Some(_), Ok(metadata)) => metadata.len(),
            _ => 0,
        };
        let mut request = self.client.get(&self.address);
        if let (Some(tag), 1..) = (&known_tag, have) {
            request = request
                .header(RANGE, format!("bytes={have}-"))
                .header(IF_RANGE, tag);
        }
        let response = request
            .send()
            .await
            .map_err(|error| FetchError::Hub(in_words(&error)))?;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(FetchError::Absent);
        }
        let begins = start_of(&response, have).map_err(FetchError::Hub)?;
        let rest = response.content_length();
        let of = rest.map(|rest| begins + rest);
        let tag = header(&response, ETAG.as_str());
        match &tag {
            // A weak tag does not promise the same bytes.
            Some(tag) if !tag.starts_with("W/") => {
                fs::write(&tag_file, tag).map_err(disk(&tag_file))?;
            }
            _ => drop(fs::remove_file(&tag_file)),
        }
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&part)
            .map_err(disk(&part))?;
        file.set_len(begins).map_err(disk(&part))?;
        std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).map_err(disk(&part))?;
        let mut bytes = begins;
        let mut stream = response.bytes_stream();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| FetchError::Hub(in_words(&error)))?;
            file.write_all(&piece).map_err(disk(&part))?;
            bytes += u64::try_from(piece.len()).expect("a piece fits into memory");
            (self.progress)(PullProgress::Fetching {
                file: self.name.to_owned(),
                bytes,
                of,
            });
        }
        if let Some(of) = of
            && bytes != of
        {
            return Err(FetchError::Hub(format!("{bytes} bytes came of {of}")));
        }
        drop(file);
        self.compare(&part, tag.as_deref())?;
        fs::rename(&part, self.folder.join(self.name)).map_err(disk(&part))
    }

    /// Hubs that keep large files by their content give its SHA-256 as the entity tag.
    #[expect(clippy::unused_self, reason = "it compares what this fetches")]
    fn compare(&self, part: &Path, tag: Option<&str>) -> Result<(), FetchError> {
        let Some(expected) = tag.map(|tag| tag.trim_matches('"')) else {
            return Ok(());
        };
        if expected.len() != 64 || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(());
        }
        let (_, actual) = sum_of(part).map_err(|error| FetchError::Hub(error.to_string()))?;
        if actual.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        // What came is wrong from some byte on: the next attempt begins anew.
        let _ = fs::remove_file(part);
        Err(FetchError::Hub(format!(
            "its SHA-256 is {actual}, the hub names {expected}"
        )))
    }
}

/// The byte at which the answer begins, when `have` bytes are here.
fn start_of(response: &Response, have: u64) -> Result<u64, String> {
    match response.status() {
        StatusCode::OK => Ok(0),
        StatusCode::PARTIAL_CONTENT => {
            let range = header(response, CONTENT_RANGE.as_str()).unwrap_or_default();
            if range.starts_with(&format!("bytes {have}-")) {
                Ok(have)
            } else {
                Err(format!(
                    "the hub gave the range `{range}`, asked for from byte {have}"
                ))
            }
        }
        status => Err(format!("the hub answers {status}")),
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response
        .headers()
        .get(name)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// An error with its causes: the outermost alone says only that a request failed.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}
