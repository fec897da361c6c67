//! The program killed while it works: what it acknowledged is there afterwards, what it deleted
//! is not, and both indexes hold what the catalogue says.
//!
//! `VERACITE_TEST_KILLS` sets how often, `VERACITE_TEST_MODEL` the folder of an embedding model;
//! without one there is no index of vectors, and less time to be killed in.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn veracite(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veracite"));
    let model = std::env::var("VERACITE_TEST_MODEL").unwrap_or_else(|_| "none".to_owned());
    command
        .env("VERACITE_DATA", data)
        .env("VERACITE_MODELS__EMBEDDER", model);
    command
}

/// Documents of a round: as many as are embedded in a few seconds.
const DOCUMENTS: u64 = 12;

fn rounds() -> u64 {
    std::env::var("VERACITE_TEST_KILLS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(4)
}

/// Moments that look random and are the same in each run with as many rounds.
struct Moments(u64);

impl Moments {
    fn below(&mut self, limit: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let share = f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX);
        limit.mul_f64(share)
    }
}

fn text(round: u64, number: u64) -> String {
    // A code that stands in this document only, and enough text for several chunks.
    let body = (0..3)
        .map(|article| {
            format!("\n\n## 제{article}조\n\n휴가 번호 RX-{round}{number:03}은 {article}일이다. ")
        })
        .map(|article| article + &"이 규정은 모든 직원에게 적용한다. ".repeat(3))
        .collect::<String>();
    format!("# 문서 {round}-{number}{body}\n")
}

fn write_files(folder: &Path, round: u64) -> PathBuf {
    let files = folder.join(format!("files-{round}"));
    std::fs::create_dir(&files).unwrap();
    for number in 0..DOCUMENTS {
        std::fs::write(files.join(format!("{number}.md")), text(round, number)).unwrap();
    }
    files
}

fn listed(data: &Path) -> BTreeMap<String, String> {
    let list = veracite(data)
        .args(["documents", "--json"])
        .output()
        .unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&list.stdout).unwrap();
    listed
        .iter()
        .map(|document| {
            let of = |name: &str| document[name].as_str().unwrap().to_owned();
            (of("id"), of("state"))
        })
        .collect()
}

/// What is over: an ingest of one more file takes up everything that was left.
fn finish(folder: &Path, data: &Path) {
    let rest = folder.join("rest.md");
    std::fs::write(&rest, "# 나머지\n\n끝이다.").unwrap();
    let done = veracite(data)
        .args(["ingest", "--json"])
        .arg(&rest)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let doctor = veracite(data).args(["doctor", "--json"]).output().unwrap();
    let report = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success(), "{report}");
}

#[test]
fn a_killed_ingest_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // Once without being killed: so long it takes.
    let files = write_files(folder.path(), 0);
    let started = Instant::now();
    assert!(
        veracite(&data)
            .arg("ingest")
            .arg(&files)
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    let whole = started.elapsed();
    let mut moments = Moments(0x5DEE_CE66_D1CE_5EED);
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    for round in 1..=rounds() {
        let files = write_files(folder.path(), round);
        let mut child = veracite(&data)
            .args(["ingest", "--json"])
            .arg(&files)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let reading = std::thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .filter_map(|line| {
                    let line: Value = serde_json::from_str(&line).ok()?;
                    Some(line.get("acknowledged")?.as_str()?.to_owned())
                })
                .collect::<Vec<_>>()
        });
        std::thread::sleep(moments.below(whole));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reading.join().unwrap());
    }
    assert!(
        !acknowledged.is_empty(),
        "no round lived long enough to acknowledge a document"
    );
    finish(folder.path(), &data);
    let ready = listed(&data);
    let lost: Vec<&String> = acknowledged
        .iter()
        .filter(|id| ready.get(*id).map(String::as_str) != Some("ready"))
        .collect();
    println!(
        "{} kills of ingest within {whole:.1?}, {} documents acknowledged, {} lost",
        rounds(),
        acknowledged.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
}

/// A server in a process of its own.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = veracite(data)
            .args(["serve", "--bind", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit("//").next().unwrap().to_owned();
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request on a connection of its own: status and body, or nothing if the server went away.
fn send(address: &str, method: &str, path: &str, kind: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// What a client was told, and what it asked for without being told.
#[derive(Debug, Default)]
struct Told {
    /// Ids with the code in each document.
    uploaded: BTreeMap<String, String>,
    asked_to_delete: BTreeSet<String>,
    deleted: BTreeSet<String>,
}

impl Told {
    /// Uploads, and deletes every third document, until the server is gone or has enough to do.
    fn work(&mut self, address: &str, round: u64) {
        for number in 0..DOCUMENTS {
            let form = format!(
                "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{round}-{number}.md\"\r\n\r\n{}\r\n--x--\r\n",
                text(round, number)
            );
            let kind = "multipart/form-data; boundary=x";
            let Some((status, body)) = send(address, "POST", "/v1/documents", kind, &form) else {
                return;
            };
            assert_eq!(status, 202, "{body}");
            let report: Value = serde_json::from_str(&body).unwrap();
            let id = report["files"][0]["id"].as_str().unwrap().to_owned();
            self.uploaded
                .insert(id.clone(), format!("RX-{round}{number:03}"));
            if number % 3 == 0 {
                self.asked_to_delete.insert(id.clone());
                let path = format!("/v1/documents/{id}");
                let Some((status, body)) = send(address, "DELETE", &path, "text/plain", "") else {
                    return;
                };
                assert_eq!(status, 204, "{body}");
                self.deleted.insert(id);
            }
        }
    }
}

#[test]
fn a_killed_server_keeps_what_it_took_and_not_what_it_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut moments = Moments(0x0BAD_5EED_0BAD_5EED);
    let mut told = Told::default();
    for round in 0..rounds() {
        let mut server = Server::start(&data);
        let address = server.address.clone();
        let client = std::thread::spawn(move || {
            let mut told = Told::default();
            told.work(&address, round);
            told
        });
        std::thread::sleep(moments.below(Duration::from_millis(1_500)));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        let new = client.join().unwrap();
        told.uploaded.extend(new.uploaded);
        told.asked_to_delete.extend(new.asked_to_delete);
        told.deleted.extend(new.deleted);
    }
    assert!(told.uploaded.len() > 3, "{told:?}");
    finish(folder.path(), &data);
    let ready = listed(&data);
    let lost: Vec<&String> = told
        .uploaded
        .keys()
        .filter(|id| !told.asked_to_delete.contains(*id))
        .filter(|id| ready.get(*id).map(String::as_str) != Some("ready"))
        .collect();
    let back: Vec<&String> = told
        .deleted
        .iter()
        .filter(|id| ready.contains_key(*id))
        .collect();
    println!(
        "{} kills of the server, {} documents acknowledged, {} lost, {} deletions acknowledged, {} back",
        rounds(),
        told.uploaded.len(),
        lost.len(),
        told.deleted.len(),
        back.len()
    );
    assert!(lost.is_empty() && back.is_empty(), "{lost:?} {back:?}");

    // What is there is found, and what was deleted is not.
    let server = Server::start(&data);
    for deleted in [false, true] {
        let sample = told
            .uploaded
            .iter()
            .filter(|(id, _)| told.deleted.contains(*id) == deleted)
            .filter(|(id, _)| deleted || !told.asked_to_delete.contains(*id))
            .take(10);
        for (_, code) in sample {
            let body = serde_json::json!({ "question": format!("휴가 번호 {code}은 며칠인가요?") });
            let (status, body) = send(
                &server.address,
                "POST",
                "/v1/answers",
                "application/json",
                &body.to_string(),
            )
            .unwrap();
            assert_eq!(status, 200, "{body}");
            let answer: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                answer["text"].as_str().unwrap().contains(code.as_str()),
                !deleted,
                "{code}: {answer}"
            );
        }
    }
}
