//! The program: arguments to one command.

use std::process::ExitCode;

use clap::Parser as _;
use veracite::cli::{Arguments, run};

fn main() -> ExitCode {
    run(Arguments::parse())
}
