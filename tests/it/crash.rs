//! The program killed while it works: what it acknowledged is there afterwards.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn veracite(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veracite"));
    command
        .env("VERACITE_DATA", data)
        .env("VERACITE_MODELS__EMBEDDER", "none");
    command
}

/// Rounds of killing; `VERACITE_TEST_KILLS` sets another number.
fn rounds() -> u64 {
    std::env::var("VERACITE_TEST_KILLS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(4)
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    for round in 0..rounds() {
        let files = folder.path().join(format!("files-{round}"));
        std::fs::create_dir(&files).unwrap();
        for number in 0..12 {
            let text = format!(
                "# 문서 {round}-{number}\n\n{}",
                format!("제{number}조 휴가는 {round}일이다. ").repeat(40)
            );
            std::fs::write(files.join(format!("{number}.md")), text).unwrap();
        }
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
                    let line: serde_json::Value = serde_json::from_str(&line).ok()?;
                    Some(line.get("acknowledged")?.as_str()?.to_owned())
                })
                .collect::<Vec<_>>()
        });
        // Spread over the time that the work takes, and not the same in each round.
        std::thread::sleep(Duration::from_millis(20 + (round * 137) % 900));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reading.join().unwrap());
    }
    assert!(
        !acknowledged.is_empty(),
        "no round lived long enough to acknowledge a document"
    );
    // An empty run takes up what was left; then everything is there and both indexes agree.
    let rest = folder.path().join("rest.md");
    std::fs::write(&rest, "# 나머지\n\n끝이다.").unwrap();
    let done = veracite(&data)
        .args(["ingest", "--json"])
        .arg(&rest)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let doctor = veracite(&data).args(["doctor", "--json"]).output().unwrap();
    let report = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success(), "{report}");
    let list = veracite(&data)
        .args(["documents", "--json"])
        .output()
        .unwrap();
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&list.stdout).unwrap();
    let ready: BTreeSet<String> = listed
        .iter()
        .filter(|document| document["state"] == "ready")
        .filter_map(|document| document["id"].as_str().map(str::to_owned))
        .collect();
    let lost: Vec<&String> = acknowledged.difference(&ready).collect();
    println!(
        "{} rounds, {} documents acknowledged, {} lost",
        rounds(),
        acknowledged.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
}
