//! Measures how fast this machine's devices run a model of Mixtral's shape, without a model.
//!
//! Weights are made up as they go to the device, so nothing has to be fetched or brought along.
//! Reading (4 K and 32 K tokens) is compared with the device's own bf16 products, writing (1 and
//! 8 askers) with a copy within its memory.
//!
//! ```sh
//! cargo build --release --features cuda --example gpu_bench
//! gpu_bench                                             # q4_k_m, then bf16, on cuda:0
//! gpu_bench --weights q4_k_m --devices cuda:0=16,cpu    # half of the layers on the processor
//! gpu_bench --devices cpu-candle --hidden 256 --heads 4 --kv-heads 2 --feed 512 --layers 2 \
//!     --vocabulary 256 --prompts 128 --context 64 --steps 4 --batch 64   # small, anywhere
//! ```

use anyhow::Context as _;
use clap::Parser;
use veracite::bench::{MadeUpSizes, MadeUpWeights, SpeedInput, SpeedReport, speed};

/// Measures how fast devices run a model of given sizes.
#[derive(Debug, Parser)]
struct Arguments {
    /// What weights are kept as: `q4_k_m`, `q8_0`, `bf16`.
    #[arg(long, value_delimiter = ',', default_values_t = [MadeUpWeights::Q4KM, MadeUpWeights::Bf16])]
    weights: Vec<MadeUpWeights>,
    /// Devices, such as `cuda:0=16,cpu`.
    #[arg(long, value_delimiter = ',', default_values_t = ["cuda:0".to_owned()])]
    devices: Vec<String>,
    /// Tokens of prompts that are read.
    #[arg(long, value_delimiter = ',', default_values_t = [4_096, 32_768])]
    prompts: Vec<usize>,
    /// Askers that are written for at the same time.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8])]
    askers: Vec<usize>,
    /// Tokens that each asker's conversation has when writing begins.
    #[arg(long, default_value_t = 4_096)]
    context: usize,
    /// Tokens that are written for each.
    #[arg(long, default_value_t = 64)]
    steps: usize,
    /// Tokens that go through the model together.
    #[arg(long, default_value_t = 2_048)]
    batch: usize,
    /// Threads of the processor; all cores by default.
    #[arg(long)]
    threads: Option<usize>,
    /// Layers.
    #[arg(long, default_value_t = MadeUpSizes::default().layers)]
    layers: usize,
    /// Values that a token is represented by.
    #[arg(long, default_value_t = MadeUpSizes::default().hidden)]
    hidden: usize,
    /// Attention heads of queries.
    #[arg(long, default_value_t = MadeUpSizes::default().heads)]
    heads: usize,
    /// Attention heads of keys and values.
    #[arg(long, default_value_t = MadeUpSizes::default().kv_heads)]
    kv_heads: usize,
    /// Width of each expert.
    #[arg(long, default_value_t = MadeUpSizes::default().feed)]
    feed: usize,
    /// Experts of a layer.
    #[arg(long, default_value_t = MadeUpSizes::default().experts)]
    experts: usize,
    /// Experts that a token uses.
    #[arg(long, default_value_t = MadeUpSizes::default().used)]
    used: usize,
    /// Tokens that there are.
    #[arg(long, default_value_t = MadeUpSizes::default().vocabulary)]
    vocabulary: usize,
    /// Only says what would run where, and the memory that takes.
    #[arg(long)]
    plan: bool,
    /// Prints JSON, a line for each kind of weights.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let threads = match arguments.threads {
        Some(threads) => threads.max(1),
        None => std::thread::available_parallelism()?.get(),
    };
    for weights in &arguments.weights {
        let input = SpeedInput {
            sizes: MadeUpSizes {
                layers: arguments.layers,
                hidden: arguments.hidden,
                heads: arguments.heads,
                kv_heads: arguments.kv_heads,
                feed: arguments.feed,
                experts: arguments.experts,
                used: arguments.used,
                vocabulary: arguments.vocabulary,
            },
            weights: *weights,
            devices: arguments.devices.clone(),
            threads,
            batch: arguments.batch.max(1),
            prompts: arguments.prompts.clone(),
            askers: arguments.askers.clone(),
            context: arguments.context,
            steps: arguments.steps.max(1),
        };
        if arguments.plan {
            println!("# {weights}\n{}", input.plan()?);
            continue;
        }
        let report = speed(&input).with_context(|| format!("weights as {weights}"))?;
        if arguments.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print(&report);
        }
    }
    Ok(())
}

fn print(report: &SpeedReport) {
    println!("# {}", report.model);
    if let Some(best) = &report.ceiling {
        println!(
            "{} at best: copies {:.0} GB/s (reading and writing), multiplies {} at {:.1} TFLOP/s",
            best.device, best.copy_gb_per_s, best.product_kind, best.product_tflops
        );
    }
    for line in report.devices.iter().chain(&report.notes) {
        println!("{line}");
    }
    println!("ready in {:.1} s", report.opened_in_s);
    let percent = |part: Option<f64>| match part {
        Some(part) => format!("{:.1} %", 100.0 * part),
        None => "-".to_owned(),
    };
    println!("| reading | seconds | tokens/s | TFLOP/s | of the best |\n|---|---|---|---|---|");
    for row in &report.reading {
        println!(
            "| {} tokens | {:.2} | {:.0} | {:.1} | {} |",
            row.tokens,
            row.seconds,
            row.tokens_per_s,
            row.tflops,
            percent(row.part)
        );
    }
    println!("| writing | ms/step | tokens/s | GB/s | of the best |\n|---|---|---|---|---|");
    for row in &report.writing {
        println!(
            "| {} askers after {} tokens | {:.2} | {:.1} | {:.1} | {} |",
            row.askers,
            row.context,
            row.step_ms,
            row.tokens_per_s,
            row.gb_per_s,
            percent(row.part)
        );
    }
}
