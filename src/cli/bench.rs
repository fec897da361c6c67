//! `veracite bench`: how fast it is on this machine.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::bench;
use crate::config::Config;
use crate::model::Source;

#[derive(Debug, Args)]
pub(super) struct BenchArguments {
    #[command(subcommand)]
    command: BenchCommand,
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Embeds texts in batches, then queries one by one.
    Embed {
        /// Texts, a line each; of a `.jsonl` file, what each line's `text` says.
        #[arg(
            long,
            default_value = "examples/handbook-eval/corpus.jsonl",
            value_name = "FILE"
        )]
        texts: PathBuf,
        /// Queries, likewise.
        #[arg(
            long,
            default_value = "examples/handbook-eval/queries.jsonl",
            value_name = "FILE"
        )]
        queries: PathBuf,
        /// Texts in one request.
        #[arg(long, default_value_t = 32, value_name = "NUMBER", value_parser = at_least_one)]
        batch: usize,
    },
    /// Asks questions of documents among filler, at growing sizes of the corpus.
    Ask {
        /// The documents that the questions are about.
        #[arg(long, default_value = "examples/handbook", value_name = "FOLDER")]
        documents: PathBuf,
        /// Questions, a line each; of a `.jsonl` file, what each line's `text` says.
        #[arg(
            long,
            default_value = "examples/handbook-eval/queries.jsonl",
            value_name = "FILE"
        )]
        questions: PathBuf,
        /// Sizes of the corpus in chunks, in growing order.
        #[arg(long, value_delimiter = ',', default_values_t = [1_000, 50_000], value_name = "CHUNKS")]
        chunks: Vec<usize>,
    },
    /// Takes many small files and a large one in, and asks questions meanwhile.
    Ingest {
        /// The documents that the questions are about.
        #[arg(long, default_value = "examples/handbook", value_name = "FOLDER")]
        documents: PathBuf,
        /// Questions, a line each; of a `.jsonl` file, what each line's `text` says.
        #[arg(
            long,
            default_value = "examples/handbook-eval/queries.jsonl",
            value_name = "FILE"
        )]
        questions: PathBuf,
        /// Small files.
        #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
        files: usize,
        /// Pages of the large file.
        #[arg(long, default_value_t = 2_000, value_name = "NUMBER")]
        pages: usize,
    },
    /// Lists many documents in the ways of the documents page, in a catalogue of its own.
    Documents {
        /// Documents.
        #[arg(long, default_value_t = 100_000, value_name = "NUMBER")]
        documents: u32,
    },
    /// Judges claims with the verifier: sentences by those before them.
    Verify {
        /// Texts, a line each; of a `.jsonl` file, what each line's `text` says.
        #[arg(
            long,
            default_value = "examples/handbook-eval/corpus.jsonl",
            value_name = "FILE"
        )]
        texts: PathBuf,
        /// Pairs of evidence and claim in one request.
        #[arg(long, default_value_t = 20, value_name = "NUMBER", value_parser = at_least_one)]
        pairs: usize,
        /// Requests.
        #[arg(long, default_value_t = 50, value_name = "NUMBER", value_parser = at_least_one)]
        rounds: usize,
    },
    /// Checks whole answers with the tiers added one by one: sentences of the texts with a lead-in
    /// before each, one in four citing another passage than its own, one in five of none.
    Check {
        /// Texts, a line each; of a `.jsonl` file, what each line's `text` says.
        #[arg(
            long,
            default_value = "examples/handbook-eval/corpus.jsonl",
            value_name = "FILE"
        )]
        texts: PathBuf,
        /// Sentences of an answer.
        #[arg(long, default_value_t = 10, value_name = "NUMBER", value_parser = at_least_one)]
        sentences: usize,
        /// Passages that an answer may rest on, each one of the texts.
        #[arg(long, default_value_t = 8, value_name = "NUMBER", value_parser = at_least_one)]
        passages: usize,
        /// Answers.
        #[arg(long, default_value_t = 50, value_name = "NUMBER", value_parser = at_least_one)]
        rounds: usize,
    },
    /// Reads prompts and writes answers with a language model in this process.
    Generate {
        /// The model, instead of `generator.local.model`: `smollm2`, a GGUF file or a folder.
        #[arg(long, value_name = "MODEL")]
        model: Option<Source>,
        /// Tokens of prompts.
        #[arg(long, value_delimiter = ',', default_values_t = [512, 2_048], value_name = "TOKENS", value_parser = at_least_one)]
        prompt: Vec<usize>,
        /// Tokens of each answer.
        #[arg(long, default_value_t = 64, value_name = "TOKENS", value_parser = at_least_one)]
        answer: usize,
        /// Askers at the same time.
        #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 8], value_name = "NUMBER", value_parser = at_least_one)]
        askers: Vec<usize>,
        /// Threads, instead of `generator.local.threads`.
        #[arg(long, value_name = "NUMBER")]
        threads: Option<std::num::NonZeroUsize>,
        /// Times that each is measured; the median is told.
        #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = at_least_one)]
        rounds: usize,
    },
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("it is not a number from 1".to_owned()),
    }
}

pub(super) async fn run(config: Config, arguments: BenchArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        BenchCommand::Embed {
            texts,
            queries,
            batch,
        } => {
            let report = bench::embed(&config, &texts, &queries, batch).await?;
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                println!("{}, {}", report.model, report.runs_on);
                println!(
                    "{} texts of {} tokens in batches of {}: {:.1} texts/s, {:.0} tokens/s",
                    report.texts,
                    report.tokens,
                    report.batch,
                    report.texts_per_second,
                    report.tokens_per_second
                );
                println!(
                    "one query of {:.0} tokens: p50 {:.1} ms, p95 {:.1} ms",
                    report.query_tokens, report.query_p50_ms, report.query_p95_ms
                );
            }
        }
        BenchCommand::Verify {
            texts,
            pairs,
            rounds,
        } => {
            let report = bench::verify(&config, &texts, pairs, rounds).await?;
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                println!("{}, {}", report.verifier, report.runs_on);
                println!(
                    "{} requests of {} pairs of {:.0} tokens: p50 {:.0} ms, p95 {:.0} ms, {:.1} pairs/s, {:.0} tokens/s",
                    report.rounds,
                    report.pairs,
                    report.pair_tokens,
                    report.p50_ms,
                    report.p95_ms,
                    report.pairs_per_second,
                    report.tokens_per_second
                );
            }
        }
        BenchCommand::Documents { documents } => {
            let report = bench::documents(documents).await?;
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                print_lists(&report);
            }
        }
        BenchCommand::Check {
            texts,
            sentences,
            passages,
            rounds,
        } => {
            let input = bench::CheckInput {
                sentences,
                passages,
                rounds,
            };
            let report = bench::check(&config, &texts, input).await?;
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                println!("{}", report.checker);
                println!(
                    "{} answers of {} sentences against {} passages",
                    report.rounds, report.sentences, report.passages
                );
                for row in &report.tiers {
                    println!(
                        "{:<12} p50 {:>6.0} ms, p95 {:>6.0} ms, longest {:>6.0} ms, {:>3.0} % supported",
                        row.tiers,
                        row.p50_ms,
                        row.p95_ms,
                        row.max_ms,
                        row.supported * 100.0
                    );
                }
            }
        }
        BenchCommand::Generate {
            model,
            prompt,
            answer,
            askers,
            threads,
            rounds,
        } => {
            let mut config = config;
            config.generator.local.threads = threads.or(config.generator.local.threads);
            let input = bench::GenerateInput {
                model,
                prompts: prompt,
                answer,
                askers,
                rounds,
            };
            let report = bench::generate(&config, &input).await?;
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                print(&report);
            }
        }
        BenchCommand::Ingest {
            documents,
            questions,
            files,
            pages,
        } => {
            let tell = |what: &str| eprintln!("{what}");
            let input = bench::IngestInput {
                documents,
                questions,
                files,
                pages,
            };
            let report = bench::ingest(&config, &input, &tell).await?;
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                print_ingest(&report);
            }
        }
        BenchCommand::Ask {
            documents,
            questions,
            chunks,
        } => {
            let tell = |what: &str| eprintln!("{what}");
            let reports = bench::ask(&config, &documents, &questions, &chunks, &tell).await?;
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&reports)?);
                return Ok(ExitCode::SUCCESS);
            }
            println!("| chunks | stage | p50 ms | p95 ms |\n|---|---|---|---|");
            for report in &reports {
                for stage in &report.stages {
                    println!(
                        "| {} | {} | {:.1} | {:.1} |",
                        report.chunks, stage.stage, stage.p50_ms, stage.p95_ms
                    );
                }
            }
            println!();
            for report in &reports {
                println!(
                    "{} chunks: {} questions, {:.0} MB in memory at rest, {:.0} MB on disk, filled in {:.0} s",
                    report.chunks,
                    report.questions,
                    report.resident_mb,
                    report.folder_mb,
                    report.filled_in_s
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_lists(report: &bench::ListReport) {
    println!(
        "{} documents, filled in {:.0} s",
        report.documents, report.filled_in_s
    );
    println!("| list | rows | p50 ms | p95 ms |\n|---|---|---|---|");
    for row in &report.lists {
        println!(
            "| {} | {} | {:.1} | {:.1} |",
            row.list, row.rows, row.p50_ms, row.p95_ms
        );
    }
}

fn print_ingest(report: &bench::IngestReport) {
    println!(
        "{} small files and one of {} pages, {:.1} MB: safe on disk after {:.1} s, the first searched after {:.1} s, \
         all after {:.1} s ({:.1} files/s)",
        report.files,
        report.pages,
        report.mb,
        report.acknowledged_s,
        report.first_s,
        report.all_s,
        report.files_per_s
    );
    if let Some(large) = report.large_s {
        println!("the large one was searched after {large:.1} s");
    }
    println!(
        "{} chunks without vectors then, {:.0} MB of memory at most",
        report.without_vectors, report.peak_mb
    );
    for (when, asked) in [("idle", &report.idle), ("busy", &report.busy)] {
        println!(
            "{when}: {} questions, p50 {:.1} ms, p95 {:.1} ms, of it searching p95 {:.1} ms",
            asked.questions, asked.p50_ms, asked.p95_ms, asked.search_p95_ms
        );
    }
}

fn print(report: &bench::GenerateReport) {
    println!(
        "{}, {:.0} MB of files, ready in {:.1} s",
        report.model, report.file_mb, report.opened_in_s
    );
    for device in &report.devices {
        println!("{device}");
    }
    println!(
        "| prompt | askers | prefill tokens/s | decode tokens/s | first token ms | again ms | of it cached | peak MB |\n|---|---|---|---|---|---|---|---|"
    );
    for row in &report.rows {
        println!(
            "| {} | {} | {:.0} | {:.1} | {:.0} | {:.0} | {} | {:.0} |",
            row.prompt,
            row.askers,
            row.prefill_per_s,
            row.decode_per_s,
            row.first_ms,
            row.again_ms,
            row.again_cached,
            row.peak_mb
        );
    }
}
