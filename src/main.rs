//! The program: arguments to one command.

use std::panic::{set_hook, take_hook};
use std::process::{ExitCode, exit};

use clap::Parser as _;
use veracite::cli::{Arguments, run};

/// How a shell tells of a program that nobody listened to any more: 128 and the number of `SIGPIPE`.
const NOBODY_LISTENS: i32 = 141;

fn main() -> ExitCode {
    end_quietly_when_nobody_listens();
    run(Arguments::parse())
}

/// Whoever reads the output may stop early, as `head` does. That is no fault.
fn end_quietly_when_nobody_listens() {
    let tell = take_hook();
    set_hook(Box::new(move |panic| {
        let words = panic.payload_as_str().unwrap_or_default();
        if words.starts_with("failed printing to stdout: Broken pipe") {
            exit(NOBODY_LISTENS);
        }
        tell(panic);
    }));
}
