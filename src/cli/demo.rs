//! `veracite demo`: the main job in one command.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;
use ingest::Group;

use super::{ask::print_answer, ingest::ingest_paths, models, serve};
use crate::app::App;
use crate::ask::{Question, Reader, Scope};
use crate::catalogue::MetadataChange;
use crate::check::Mode;
use crate::config::Config;
use crate::language::Language;

/// One in Korean, one in English, one that the handbook cannot answer.
const QUESTIONS: [&str; 3] = [
    "입사 1년 미만 직원의 연차는 며칠인가요?",
    "How much is the daily meal allowance on overseas trips?",
    "회사 주차장 요금은 얼마인가요?",
];

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// The folder with the sample documents.
    #[arg(long, default_value = "examples/handbook", value_name = "FOLDER")]
    handbook: PathBuf,
    /// Ends after the three answers instead of serving.
    #[arg(long)]
    no_serve: bool,
    /// Searches by words only and fetches no model.
    #[arg(long)]
    no_model: bool,
}

pub(super) async fn run(mut config: Config, arguments: DemoArguments) -> anyhow::Result<ExitCode> {
    if !arguments.handbook.is_dir() {
        bail!(
            "there is no folder {}; run the demo in the project's folder or name one with --handbook",
            arguments.handbook.display()
        );
    }
    if arguments.no_model {
        config.models.embedder = None;
    } else if let Err(error) = models::pull(&config).await {
        eprintln!("! the embedding model cannot be had ({error:#}); going on by words only");
    }
    let app = App::open(config).await?;
    app.needs_generator()?;
    let started = Instant::now();
    eprintln!("reading {}", arguments.handbook.display());
    ingest_paths(
        &app,
        std::slice::from_ref(&arguments.handbook),
        &[Group::everyone()].into(),
        &MetadataChange::default(),
        &[],
        false,
    )
    .await
    .context("the sample documents cannot be read")?;
    eprintln!("read in {:.1} s\n", started.elapsed().as_secs_f32());
    for text in QUESTIONS {
        println!("> {text}");
        let question = Question {
            scope: Scope::default(),
            adapter: None,
            text: text.to_owned(),
            reader: Reader::anyone(),
            language: Language::of(text),
        };
        print_answer(&app.answer(question, Mode::Strict).await?);
        println!();
    }
    if arguments.no_serve {
        app.close().await;
        return Ok(ExitCode::SUCCESS);
    }
    serve::serve(app).await
}
