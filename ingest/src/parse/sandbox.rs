//! Reads a file in a child process with limits: what kills the reader kills only the child.
//!
//! The child is the same program with the hidden command `parse-worker`. It writes lines of
//! JSON to its standard output: `Message::Progress` any number of times, then
//! `Message::Done`, `Message::Drawn` or `Message::Failed`. Passwords reach it through its
//! standard input, since everybody sees what stands on a command line.

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStderr, Command};

use super::picture::{self, Picture};
use super::{Extract, Extracted, ParseError, Passwords, parse, read_file};

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

    fn timed_out(what: &str, time: Duration) -> ParseError {
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
            Some(SIGXCPU) => Self::timed_out(" of processor time", self.limits.cpu),
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
    Drawn(Box<Picture>),
    Failed(ParseError),
}

impl Sandbox {
    /// A command for `program` under the limits, except that it may write files.
    pub(crate) fn limited(&self, program: &Path) -> Command {
        let mut command = self.worker();
        command.arg("--run").arg("--").arg(program).arg("");
        // It finds its own files by these, and starts no thread beside the one it has.
        for name in ["PATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("OMP_THREAD_LIMIT", "1");
        command
    }

    /// Runs a command of [`Sandbox::limited`] to its end; `what` it does is told when it fails.
    pub(crate) async fn run(
        &self,
        mut command: Command,
        what: &str,
        page: u32,
    ) -> Result<(), ParseError> {
        let crashed = |reason: String| ParseError::Crashed {
            reason: format!("{what} failed on page {page}: {reason}"),
        };
        let mut child = command
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| crashed(error.to_string()))?;
        let errors = child.stderr.take().expect("standard error is a pipe");
        let ended = async { tokio::join!(child.wait(), last_words(errors)) };
        // Leaving drops the child, which kills it.
        let (status, words) = tokio::time::timeout(self.limits.wall, ended)
            .await
            .map_err(|_| Self::timed_out("", self.limits.wall))?;
        let status = status.map_err(|error| crashed(error.to_string()))?;
        if status.success() {
            return Ok(());
        }
        Err(match self.ended(status, &words) {
            ParseError::Crashed { .. } => {
                let last = words.lines().last().unwrap_or_default();
                crashed(format!("{last} ({status})"))
            }
            other => other,
        })
    }

    fn worker(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("parse-worker")
            .args([
                "--cpu-seconds",
                &self.limits.cpu.as_secs().max(1).to_string(),
            ])
            .args(["--memory-bytes", &self.limits.memory_bytes.to_string()])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// What a child says last.
    async fn listen(
        &self,
        mut command: Command,
        passwords: &Passwords,
        progress: &(dyn Fn(u32, Option<u32>) + Send + Sync),
    ) -> Result<Message, ParseError> {
        let failed = |error: io::Error| ParseError::Crashed {
            reason: format!("the program that reads it cannot be run: {error}"),
        };
        if !passwords.is_empty() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            let list = passwords.to_bytes();
            // On its own, as a child that ends early reads none of it. Then it says why.
            tokio::spawn(async move { input.write_all(&list).await });
        }
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
                    Ok(Message::Failed(error)) => return Err(error),
                    Ok(last) => return Ok(last),
                    Err(error) => return Err(not_understood(&error.to_string())),
                }
            }
        };
        // Leaving drops the child, which kills it.
        tokio::time::timeout(self.limits.wall, reading)
            .await
            .unwrap_or_else(|_| Err(Self::timed_out("", self.limits.wall)))
    }
}

fn not_understood(what: &str) -> ParseError {
    ParseError::Crashed {
        reason: format!("the program that reads it said what is not understood: {what}"),
    }
}

#[async_trait]
impl Extract for Sandbox {
    async fn extract(
        &self,
        path: &Path,
        file_name: &str,
        passwords: &Passwords,
        progress: &(dyn Fn(u32, Option<u32>) + Send + Sync),
    ) -> Result<Extracted, ParseError> {
        let mut command = self.worker();
        command.arg("--").arg(path).arg(file_name);
        match self.listen(command, passwords, progress).await? {
            Message::Done(extracted) => Ok(*extracted),
            _ => Err(not_understood("it answered another question")),
        }
    }

    async fn draw(
        &self,
        path: &Path,
        number: u32,
        dpi: f32,
        passwords: &Passwords,
    ) -> Result<Picture, ParseError> {
        let mut command = self.worker();
        command
            .args(["--draw", &number.to_string()])
            .args(["--dpi", &dpi.to_string()])
            .arg("--")
            .arg(path)
            .arg("");
        match self.listen(command, passwords, &|_, _| {}).await? {
            Message::Drawn(picture) => Ok(*picture),
            _ => Err(not_understood("it answered another question")),
        }
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

/// What a child is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Task {
    /// Read the file.
    Read,
    /// Draw one of its pages.
    Draw {
        /// From 1.
        page: u32,
        /// Pixels in an inch.
        dpi: f32,
    },
}

/// What the child does: sets its own limits, reads the file, writes what it found.
#[must_use]
pub fn worker_main(task: Task, path: &Path, file_name: &str, limits: &Limits) -> ExitCode {
    let bounded = limit(limits)
        // It writes no file.
        .and_then(|()| bound(Resource::Fsize, 0));
    if task == Task::Read {
        stand_back();
    }
    let outcome = match bounded {
        Ok(()) => read_file(path).and_then(|bytes| {
            let passwords = given_passwords()?;
            // From here on it opens neither a file nor a connection.
            bound(Resource::Nofile, 0).map_err(unbounded)?;
            match task {
                Task::Read => parse(&bytes, file_name, &passwords, &|done, all| {
                    // Nobody listens any more: the result finds out too.
                    let _ = say(&Message::Progress(done, all));
                })
                .map(|extracted| Message::Done(Box::new(extracted))),
                Task::Draw { page, dpi } => picture::draw(&bytes, page, dpi, &passwords)
                    .map(|picture| Message::Drawn(Box::new(picture))),
            }
        }),
        Err(error) => Err(unbounded(error)),
    };
    let message = outcome.unwrap_or_else(Message::Failed);
    match say(&message) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// What the parent wrote. Without passwords there is no pipe, and nothing to wait for.
fn given_passwords() -> Result<Passwords, ParseError> {
    let input = io::stdin();
    if input.is_terminal() {
        return Ok(Passwords::default());
    }
    Passwords::read(input.lock()).map_err(|error| ParseError::Crashed {
        reason: format!("its reader got no passwords: {error}"),
    })
}

/// Becomes `program`, under the limits. Comes back only if it cannot.
#[must_use]
pub fn run_main(program: &Path, arguments: &[OsString], limits: &Limits) -> ExitCode {
    use std::os::unix::process::CommandExt as _;
    stand_back();
    let error = match limit(limits) {
        Ok(()) => std::process::Command::new(program)
            .args(arguments)
            .exec()
            .to_string(),
        Err(error) => format!("limits cannot be set: {error}"),
    };
    eprintln!("{}: {error}", program.display());
    ExitCode::FAILURE
}

fn limit(limits: &Limits) -> rustix::io::Result<()> {
    bound(Resource::As, limits.memory_bytes)
        .and_then(|()| bound(Resource::Cpu, limits.cpu.as_secs().max(1)))
        // It leaves none of its memory behind.
        .and_then(|()| bound(Resource::Core, 0))
}

/// Questions that are asked meanwhile go first.
fn stand_back() {
    // Without it the work is done all the same.
    let _ = nice(10);
}

fn bound(resource: Resource, limit: u64) -> rustix::io::Result<()> {
    setrlimit(
        resource,
        Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        },
    )
}

fn unbounded(error: rustix::io::Errno) -> ParseError {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::password::passwords;
    use super::*;

    /// Reads with a child that says what it was told, on its command line and its standard input.
    async fn told(list: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("worker");
        let script = "#!/bin/sh\ninput=$(/bin/cat)\n\
                      printf '{\"failed\":{\"kind\":\"damaged\",\"reason\":\"%s | %s\"}}\\n' \"$*\" \"${#input}\"\n";
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let sandbox = Sandbox::new(program, Limits::default());
        let read = sandbox
            .extract(Path::new("/a.pdf"), "a.pdf", &passwords(list), &|_, _| {})
            .await;
        read.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn passwords_are_handed_over_but_not_on_the_command_line() {
        let none = told(&[]).await;
        assert!(none.ends_with("-- /a.pdf a.pdf | 0"), "{none}");
        let some = told(&["secret one", "two"]).await;
        // `["secret one","two"]`
        assert!(some.ends_with("-- /a.pdf a.pdf | 20"), "{some}");
        assert!(!some.contains("secret") && !some.contains("two"), "{some}");
    }
}
