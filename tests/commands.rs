//! The program among other programs.

use std::process::{Command, Stdio};

#[test]
fn a_reader_that_stops_early_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_veracite"));
        command.arg("config").stderr(Stdio::piped());
        command.current_dir(folder.path());
        command
    };
    let read = command().output().unwrap();
    assert!(read.status.success(), "{read:?}");
    assert!(!read.stdout.is_empty());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let unread = command().stdout(writer).output().unwrap();
    assert_eq!(unread.status.code(), Some(141), "{unread:?}");
    assert_eq!(String::from_utf8_lossy(&unread.stderr), "");
}
