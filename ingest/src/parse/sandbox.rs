//! Reads a file in a child process with limits: what kills the reader kills only the child.
//!
//! The child is the same program with the hidden command `parse-worker`. It writes lines of
//! JSON to its standard output: `Message::Progress` any number of times, then
//! `Message::Done` or `Message::Failed`.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{ChildStderr, Command};

use super::{Extract, Extracted, ParseError, parse, read_file};

/// The bounds on reading one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time by the clock.
    pub wall: Duration,
    /// Time on a processor.
    pub cpu: Duration,
    /// Address space in bytes.
    pub memory_bytes: u64,
    /// Bytes of what is read out of it, text and places, as JSON.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(120),
            cpu: Duration::from_secs(120),
            memory_bytes: 2 << 30,
            output_bytes: 256 << 20,
        }
    }
}

/// Reads files in child processes.
#[derive(Clone, Debug)]
pub struct Sandbox {
    program: PathBuf,
    limits: Limits,
}

impl Sandbox {
    /// A sandbox whose children are `program parse-worker ...`.
    #[must_use]
    pub fn new(program: PathBuf, limits: Limits) -> Self {
        Self { program, limits }
    }

    fn timed_out(&self, what: &str, time: Duration) -> ParseError {
        ParseError::TimedOut {
            reason: format!("reading it took more than {} s{what}", time.as_secs()),
        }
    }

    /// Why the child ended without a word: its last ones on standard error tell.
    fn ended(&self, status: ExitStatus, last_words: &str) -> ParseError {
        use std::os::unix::process::ExitStatusExt as _;
        const SIGABRT: i32 = 6;
        const SIGKILL: i32 = 9;
        const SIGXCPU: i32 = 24;
        match status.signal() {
            Some(SIGXCPU) => self.timed_out(" of processor time", self.limits.cpu),
            Some(SIGKILL) => ParseError::OutOfMemory {
                reason: "the system ended the program that reads it, mostly for want of memory"
                    .to_owned(),
            },
            Some(SIGABRT) if last_words.contains("memory allocation") => ParseError::OutOfMemory {
                reason: format!(
                    "reading it took more than {} MB of memory",
                    self.limits.memory_bytes >> 20
                ),
            },
            _ if last_words.contains("overflowed its stack") => ParseError::Crashed {
                reason: "its structure is nested too deeply".to_owned(),
            },
            _ => ParseError::Crashed {
                reason: format!("the program that reads it failed ({status})"),
            },
        }
    }
}

/// What the child says, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    Progress(u32, Option<u32>),
    Done(Box<Extracted>),
    Failed(ParseError),
}

#[async_trait]
impl Extract for Sandbox {
    async fn extract(
        &self,
        path: &Path,
        file_name: &str,
        progress: &(dyn Fn(u32, Option<u32>) + Send + Sync),
    ) -> Result<Extracted, ParseError> {
        let failed = |error: io::Error| ParseError::Crashed {
            reason: format!("the program that reads it cannot be run: {error}"),
        };
        let mut child = Command::new(&self.program)
            .arg("parse-worker")
            .args([
                "--cpu-seconds",
                &self.limits.cpu.as_secs().max(1).to_string(),
            ])
            .args(["--memory-bytes", &self.limits.memory_bytes.to_string()])
            .arg("--")
            .arg(path)
            .arg(file_name)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let output = child.stdout.take().expect("standard output is a pipe");
        let mut output = BufReader::new(output.take(self.limits.output_bytes + 1));
        let errors = child.stderr.take().expect("standard error is a pipe");
        let last_words = tokio::spawn(last_words(errors));
        let reading = async {
            let mut line = Vec::new();
            loop {
                line.clear();
                let read = output.read_until(b'\n', &mut line).await.map_err(failed)?;
                if line.last() != Some(&b'\n') {
                    if output.get_ref().limit() == 0 {
                        return Err(ParseError::Limit {
                            reason: format!(
                                "what is read out of it takes more than {} MB",
                                self.limits.output_bytes >> 20
                            ),
                        });
                    }
                    if read == 0 {
                        let status = child.wait().await.map_err(failed)?;
                        return Err(self.ended(status, &last_words.await.unwrap_or_default()));
                    }
                    continue;
                }
                match serde_json::from_slice(&line) {
                    Ok(Message::Progress(done, all)) => progress(done, all),
                    Ok(Message::Done(extracted)) => return Ok(*extracted),
                    Ok(Message::Failed(error)) => return Err(error),
                    Err(error) => {
                        return Err(ParseError::Crashed {
                            reason: format!(
                                "the program that reads it said what is not understood: {error}"
                            ),
                        });
                    }
                }
            }
        };
        // Leaving drops the child, which kills it.
        tokio::time::timeout(self.limits.wall, reading)
            .await
            .unwrap_or_else(|_| Err(self.timed_out("", self.limits.wall)))
    }
}

/// The end of what a program says on standard error.
async fn last_words(mut errors: ChildStderr) -> String {
    const KEPT: usize = 2_000;
    let mut kept = Vec::new();
    let mut buffer = [0; 1_024];
    while let Ok(read @ 1..) = errors.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..read]);
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// What the child does: sets its own limits, reads the file, writes what it found.
#[must_use]
pub fn worker_main(path: &Path, file_name: &str, limits: &Limits) -> ExitCode {
    let bound = |resource, limit| {
        setrlimit(
            resource,
            Rlimit {
                current: Some(limit),
                maximum: Some(limit),
            },
        )
    };
    let bounded = bound(Resource::As, limits.memory_bytes)
        .and_then(|()| bound(Resource::Cpu, limits.cpu.as_secs().max(1)))
        // It writes no file, and leaves none of its memory behind.
        .and_then(|()| bound(Resource::Fsize, 0))
        .and_then(|()| bound(Resource::Core, 0));
    let outcome = match bounded {
        Ok(()) => read_file(path).and_then(|bytes| {
            // From here on it opens neither a file nor a connection.
            bound(Resource::Nofile, 0).map_err(|error| unbounded(&error))?;
            parse(&bytes, file_name, &|done, all| {
                // Nobody listens any more: the result finds out too.
                let _ = say(&Message::Progress(done, all));
            })
        }),
        Err(error) => Err(unbounded(&error)),
    };
    let message = match outcome {
        Ok(extracted) => Message::Done(Box::new(extracted)),
        Err(error) => Message::Failed(error),
    };
    match say(&message) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn unbounded(error: &rustix::io::Errno) -> ParseError {
    ParseError::Crashed {
        reason: format!("limits cannot be set on its reader: {error}"),
    }
}

fn say(message: &Message) -> io::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut output, message)?;
    output.write_all(b"\n")?;
    output.flush()
}
