//! `veracite verify`: whether an answer of some time ago still holds.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;

use super::ask::LanguageArgument;
use crate::config::Config;
use crate::language::Language;
use crate::proof::{self, Json, Standing, VerifyReport};

/// Bytes that an answer may have; those of this program have a few hundred thousand at most.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Nothing could be said of the answer: the file, the configuration or the data folder is wrong.
pub(super) const UNKNOWN: u8 = 3;

/// Whether an answer still holds, from the data folder alone: no server need run, and one that
/// runs is not disturbed.
///
/// Ends with 0 if the answer is valid, 1 if it is stale (a document it quotes changed or was
/// deleted since), 2 if it is broken (changed, or sealed by another installation), and 3 if
/// nothing can be said of it. Wrong arguments end with 2 as well.
#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// The body of `POST /v1/answers`, as `veracite ask --json` prints it; `-` reads standard
    /// input.
    file: PathBuf,
    /// Prints the report of `POST /v1/verify`.
    #[arg(long)]
    json: bool,
    /// The language of the report; without it, the answer's.
    #[arg(long, value_enum)]
    language: Option<LanguageArgument>,
}

pub(super) async fn run(config: Config, arguments: VerifyArguments) -> anyhow::Result<ExitCode> {
    let (name, bytes) = if arguments.file.as_os_str() == "-" {
        let name = "standard input".to_owned();
        let bytes = read(std::io::stdin(), &name)?;
        (name, bytes)
    } else {
        let name = arguments.file.display().to_string();
        let file = File::open(&arguments.file).with_context(|| format!("{name} cannot be read"))?;
        let bytes = read(file, &name)?;
        (name, bytes)
    };
    let answer: Json =
        serde_json::from_slice(&bytes).with_context(|| format!("{name} is not an answer"))?;
    let language = match (arguments.language, answer.value()["language"].as_str()) {
        (Some(language), _) => language.into(),
        (None, Some("en")) => Language::En,
        (None, _) => Language::Ko,
    };
    let report = proof::verify_in(&config.data, &answer, language).await?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print_report(&report, language);
    }
    Ok(match report.verdict {
        Standing::Valid => ExitCode::SUCCESS,
        Standing::Stale => ExitCode::from(1),
        Standing::Broken => ExitCode::from(2),
    })
}

fn read(from: impl Read, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > LIMIT {
        bail!(
            "{name} has more than {} MB, which no answer has",
            LIMIT >> 20
        );
    }
    Ok(bytes)
}

fn print_report(report: &VerifyReport, language: Language) {
    println!("{}", report.words);
    if let Some(created) = &report.created {
        match language {
            Language::Ko => println!("  봉인: {created}"),
            Language::En => println!("  sealed: {created}"),
        }
    }
    for problem in &report.problems {
        println!("  ✗ {}", problem.words);
    }
    for citation in &report.citations {
        let mark = match citation.verdict {
            Standing::Valid => "✓",
            Standing::Stale => "◐",
            Standing::Broken => "✗",
        };
        let title = citation.title.as_deref().unwrap_or("?");
        let quoted = match (citation.claim, citation.conflict) {
            (Some(claim), _) => claim.to_string(),
            (None, conflict) => format!("≠{}", conflict.unwrap_or_default()),
        };
        println!(
            "  {mark} {quoted}.{} {title}: {}",
            citation.citation, citation.words
        );
        let document = citation.document.as_deref().unwrap_or("?");
        let version = citation.version.as_deref().unwrap_or("?");
        match (&citation.current, language) {
            (Some(current), Language::Ko) => println!(
                "      문서 {document}\n      인용한 판 {version}\n      지금 판   {} ({})",
                current.version, current.state
            ),
            (Some(current), Language::En) => println!(
                "      document {document}\n      quoted version  {version}\n      current version {} ({})",
                current.version, current.state
            ),
            (None, _) if citation.verdict == Standing::Valid => {}
            (None, Language::Ko) => println!("      문서 {document}\n      인용한 판 {version}"),
            (None, Language::En) => {
                println!("      document {document}\n      quoted version  {version}");
            }
        }
    }
}
