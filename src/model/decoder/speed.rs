//! How fast devices run a model of given sizes, against what they can do at best.

use std::time::Instant;

use candle_core::{DType, Device, Result as CandleResult, Tensor};
use serde::Serialize;

use super::super::ModelError;
use super::attention::BLOCK;
use super::devices;
use super::layers::{Target, check_devices, read_devices};
use super::made_up::{MadeUpSizes, MadeUpWeights};
use super::model::{Model, ModelOptions};
use super::source::{FEED_PARTS, Part, Source};
use super::stage::{Batch, Span, device_failed};

/// What is measured.
#[derive(Clone, Debug)]
pub struct SpeedInput {
    /// Sizes of the model.
    pub sizes: MadeUpSizes,
    /// What its weights are kept as.
    pub weights: MadeUpWeights,
    /// Devices, as in `generator.local.devices`.
    pub devices: Vec<String>,
    /// Threads of the processor.
    pub threads: usize,
    /// Tokens that go through the model together.
    pub batch: usize,
    /// Tokens of prompts that are read.
    pub prompts: Vec<usize>,
    /// Askers that are written for at the same time.
    pub askers: Vec<usize>,
    /// Tokens that each asker's conversation has when writing begins.
    pub context: usize,
    /// Tokens that are written for each.
    pub steps: usize,
}

/// Tokens of the conversation that is written first.
const WARM_UP_STEPS: usize = 32;

impl SpeedInput {
    /// Tokens of the prompt that is read first.
    fn warm_up(&self) -> usize {
        self.batch.min(128)
    }

    fn options(&self) -> Result<ModelOptions, ModelError> {
        let most = self.askers.iter().max().copied().unwrap_or(1);
        let writes = blocks(self.context + self.steps + 1) * most;
        let prompts = self.prompts.iter().copied().chain([self.warm_up()]);
        let reads = blocks(prompts.max().unwrap_or(0)).max(blocks(WARM_UP_STEPS));
        check_devices(&self.devices).map_err(ModelError::Options)?;
        Ok(ModelOptions {
            context: writes.max(reads) * BLOCK,
            rows: self.batch.max(most),
            half: true,
            threads: self.threads,
            devices: read_devices(&self.devices).map_err(ModelError::Options)?,
            adapters: Vec::new(),
        })
    }

    /// Which layers would run where, and the memory that takes, a line for each device.
    ///
    /// # Errors
    /// When the model does not fit: then with the numbers, and the context that would fit.
    pub fn plan(&self) -> Result<String, ModelError> {
        let source = Source::made_up(&self.sizes, self.weights)?;
        Ok(Model::plan_for(&source, &self.options()?)?.to_string())
    }
}

/// What a device can do at best.
#[derive(Clone, Debug, Serialize)]
pub struct Ceiling {
    /// The device.
    pub device: String,
    /// Bytes read and written in a second by a copy within its memory, in GB.
    pub copy_gb_per_s: f64,
    /// A large product of square matrices, in TFLOP/s.
    pub product_tflops: f64,
    /// The kind of float of these matrices.
    pub product_kind: String,
}

/// Reading of a prompt.
#[derive(Clone, Debug, Serialize)]
pub struct ReadingSpeed {
    /// Tokens.
    pub tokens: usize,
    /// Seconds.
    pub seconds: f64,
    /// Tokens in a second.
    pub tokens_per_s: f64,
    /// Operations of the model's products in a second, attention among them, in TFLOP/s.
    pub tflops: f64,
    /// Their part of the best that the first device can do; none without one.
    pub part: Option<f64>,
}

/// Writing for askers at the same time.
#[derive(Clone, Debug, Serialize)]
pub struct WritingSpeed {
    /// Askers.
    pub askers: usize,
    /// Tokens of each one's conversation at the beginning.
    pub context: usize,
    /// Milliseconds of a step, half of the steps take no longer.
    pub step_ms: f64,
    /// Tokens in a second, all askers together.
    pub tokens_per_s: f64,
    /// Bytes of weights, keys and values that a step must read, in a second, in GB.
    pub gb_per_s: f64,
    /// Their part of the best that the first device can do; none without one.
    pub part: Option<f64>,
}

/// How fast devices are with a model.
#[derive(Clone, Debug, Serialize)]
pub struct SpeedReport {
    /// The model.
    pub model: String,
    /// What the first accelerator can do at best; none where only the processor is used.
    pub ceiling: Option<Ceiling>,
    /// Each device with its layers and memory.
    pub devices: Vec<String>,
    /// What was changed about weights.
    pub notes: Vec<String>,
    /// Seconds until the model was ready.
    pub opened_in_s: f64,
    /// Reading.
    pub reading: Vec<ReadingSpeed>,
    /// Writing.
    pub writing: Vec<WritingSpeed>,
}

/// Makes up a model and measures how fast it reads and writes.
///
/// # Errors
/// When it has no such sizes, does not fit, or a device fails.
pub fn speed(input: &SpeedInput) -> Result<SpeedReport, ModelError> {
    let ceiling = input
        .options()?
        .devices
        .iter()
        .find(|wanted| wanted.target != Target::Processor)
        .map(|wanted| {
            let device = devices::candle_device(wanted.target)?;
            ceiling(wanted.target, &device).map_err(device_failed)
        })
        .transpose()?;
    let source = Source::made_up(&input.sizes, input.weights)?;
    let model_name = source.path().display().to_string();
    let read = Read::of(&source)?;
    let started = Instant::now();
    let mut model = Model::open(source, &input.options()?)?;
    let opened_in_s = started.elapsed().as_secs_f64();
    // Kernels are compiled or loaded when they are first used.
    read_prompt(&mut model, input.warm_up(), input.batch)?;
    write_for(&mut model, 1, 16, 2)?;
    let mut reading = Vec::new();
    for tokens in &input.prompts {
        let seconds = read_prompt(&mut model, *tokens, input.batch)?;
        let tflops = read.operations(*tokens) / seconds / 1e12;
        reading.push(ReadingSpeed {
            tokens: *tokens,
            seconds,
            tokens_per_s: float(*tokens) / seconds,
            tflops,
            part: ceiling.as_ref().map(|best| tflops / best.product_tflops),
        });
    }
    let mut writing = Vec::new();
    for askers in &input.askers {
        let seconds = write_for(&mut model, *askers, input.context, input.steps)?;
        let kv_bytes = if ceiling
            .as_ref()
            .is_some_and(|best| best.product_kind == "F32")
        {
            4.0
        } else {
            2.0
        };
        let bytes = read.bytes(*askers, input.context + input.steps / 2, kv_bytes);
        let gb_per_s = bytes / seconds / 1e9;
        writing.push(WritingSpeed {
            askers: *askers,
            context: input.context,
            step_ms: seconds * 1e3,
            tokens_per_s: float(*askers) / seconds,
            gb_per_s,
            part: ceiling.as_ref().map(|best| gb_per_s / best.copy_gb_per_s),
        });
    }
    Ok(SpeedReport {
        model: model_name,
        ceiling,
        devices: model.described(),
        notes: model.notes().into_iter().map(str::to_owned).collect(),
        opened_in_s,
        reading,
        writing,
    })
}

/// What a token takes of a model.
struct Read {
    /// Bytes of weights that every step reads.
    always: f64,
    /// Bytes of the weights of all experts.
    experts: f64,
    /// The part of experts that a token uses.
    used: f64,
    /// Products of one token with weights, the head left out: a multiplication and an addition.
    products: f64,
    /// The same with one key and value of every layer.
    attended: f64,
    /// Keys and values of a token in all layers.
    kept: f64,
}

impl Read {
    fn of(source: &Source) -> Result<Self, ModelError> {
        let shape = source.shape();
        let (experts, used) = shape.experts.unwrap_or((1, 1));
        let mut all = source.output()?.bytes;
        let mut of_experts = 0;
        for layer in 0..shape.layers {
            all += source
                .layer_places(layer)?
                .iter()
                .map(|place| place.bytes)
                .sum::<usize>();
            for part in FEED_PARTS {
                for expert in 0..experts {
                    of_experts += source.place(part, layer, Some(expert))?.bytes;
                }
            }
        }
        let part = |part: Part| -> Result<usize, ModelError> {
            let place = source.place(part, 0, None)?;
            Ok(place.rows * place.columns)
        };
        let attention = part(Part::Query)?
            + part(Part::Key)?
            + part(Part::Value)?
            + part(Part::AttentionOutput)?
            + part(Part::Router)?;
        let feed = 3 * shape.feed * shape.hidden * used;
        Ok(Self {
            always: float(all - of_experts),
            experts: float(of_experts),
            used: float(used) / float(experts),
            products: 2.0 * float((attention + feed) * shape.layers),
            attended: 4.0 * float(shape.queries() * shape.layers),
            kept: float(shape.kv_values()),
        })
    }

    /// Operations of reading a prompt of `tokens` tokens.
    fn operations(&self, tokens: usize) -> f64 {
        let tokens = float(tokens);
        tokens * self.products + self.attended * tokens * tokens / 2.0
    }

    /// Bytes that a step for `askers` askers must read, each with `context` tokens.
    fn bytes(&self, askers: usize, context: usize, kv_bytes: f64) -> f64 {
        let askers_f = float(askers);
        // Experts that at least one of the askers uses, if all are as likely.
        let experts = 1.0 - (1.0 - self.used).powf(askers_f);
        self.always + self.experts * experts + askers_f * float(context) * self.kept * kv_bytes
    }
}

/// Seconds to read a prompt, from nothing to the scores after it.
fn read_prompt(model: &mut Model, tokens: usize, batch: usize) -> Result<f64, ModelError> {
    let blocks = numbers(0..blocks(tokens));
    let started = Instant::now();
    let mut position = 0;
    while position < tokens {
        let rows = batch.min(tokens - position);
        let last = position + rows == tokens;
        let scores = model.forward(&Batch {
            tokens: words(model, position, rows),
            spans: vec![Span {
                rows: 0..rows,
                position,
                blocks: blocks.clone(),
                adapter: None,
            }],
            outputs: if last { vec![rows - 1] } else { Vec::new() },
        })?;
        debug_assert_eq!(scores.len(), usize::from(last));
        position += rows;
    }
    Ok(started.elapsed().as_secs_f64())
}

/// Seconds of a step, the middle of `steps`, for askers whose conversations have `context`
/// tokens; what these are does not matter.
fn write_for(
    model: &mut Model,
    askers: usize,
    context: usize,
    steps: usize,
) -> Result<f64, ModelError> {
    let each = blocks(context + steps + 1);
    let mut seconds = Vec::with_capacity(steps);
    for step in 0..steps {
        let batch = Batch {
            tokens: words(model, context + step, askers),
            spans: (0..askers)
                .map(|asker| Span {
                    rows: asker..asker + 1,
                    position: context + step,
                    blocks: numbers(asker * each..(asker + 1) * each),
                    adapter: None,
                })
                .collect(),
            outputs: (0..askers).collect(),
        };
        let started = Instant::now();
        model.forward(&batch)?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}

/// Any tokens, different ones at different places.
fn words(model: &Model, first: usize, count: usize) -> Vec<u32> {
    let all = model.shape().vocabulary;
    numbers((first..first + count).map(|index| index * 7_919 % all))
}

fn numbers(values: impl Iterator<Item = usize>) -> Vec<u32> {
    values
        .map(|value| u32::try_from(value).expect("tokens and blocks are counted in 32 bits"))
        .collect()
}

fn blocks(tokens: usize) -> usize {
    tokens.div_ceil(BLOCK)
}

#[expect(clippy::cast_precision_loss, reason = "figures are rounded")]
fn float(value: usize) -> f64 {
    value as f64
}

/// What `device` can do at best, in a second or two.
fn ceiling(target: Target, device: &Device) -> CandleResult<Ceiling> {
    let cuda = device.is_cuda();
    let (values, size, kind) = if cuda {
        (1 << 28, 8_192, DType::BF16)
    } else {
        (1 << 22, 512, DType::F32)
    };
    let source = Tensor::ones(values, DType::F32, device)?;
    let copy = best_of(device, || source.copy())?;
    drop(source);
    let left = Tensor::ones((size, size), kind, device)?;
    let product = best_of(device, || left.matmul(&left))?;
    // What was taken is free again before the model asks how much is.
    drop(left);
    device.synchronize()?;
    Ok(Ceiling {
        device: target.to_string(),
        copy_gb_per_s: 2.0 * 4.0 * float(values) / copy / 1e9,
        product_tflops: 2.0 * float(size).powi(3) / product / 1e12,
        product_kind: format!("{kind:?}"),
    })
}

/// The fewest seconds of ten times.
fn best_of(device: &Device, mut run: impl FnMut() -> CandleResult<Tensor>) -> CandleResult<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        device.synchronize()?;
        let started = Instant::now();
        let result = run()?;
        device.synchronize()?;
        best = best.min(started.elapsed().as_secs_f64());
        drop(result);
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(devices: &[&str], weights: MadeUpWeights) -> SpeedInput {
        SpeedInput {
            sizes: MadeUpSizes {
                layers: 2,
                hidden: 256,
                heads: 4,
                kv_heads: 2,
                feed: 256,
                experts: 4,
                used: 2,
                vocabulary: 128,
            },
            weights,
            devices: devices.iter().map(|name| (*name).to_owned()).collect(),
            threads: 2,
            batch: 48,
            prompts: vec![80],
            askers: vec![1, 3],
            context: 70,
            steps: 3,
        }
    }

    #[test]
    fn every_kind_of_weights_is_measured_on_every_device() {
        for weights in [MadeUpWeights::Q4KM, MadeUpWeights::Bf16] {
            for devices in [&["cpu"][..], &["cpu-candle"], &["cpu-candle=1", "cpu"]] {
                let input = small(devices, weights);
                assert_eq!(input.plan().unwrap().lines().count(), devices.len());
                let report = speed(&input).unwrap();
                assert_eq!(report.devices.len(), devices.len(), "{report:?}");
                assert_eq!(report.ceiling.is_some(), devices[0] != "cpu");
                assert_eq!(report.reading[0].tokens, 80);
                assert!(report.reading[0].tokens_per_s > 0.0);
                let askers: Vec<usize> = report.writing.iter().map(|row| row.askers).collect();
                assert_eq!(askers, [1, 3]);
                assert!(report.writing.iter().all(|row| row.gb_per_s > 0.0));
            }
        }
    }

    #[test]
    fn the_smallest_input_is_measured_and_a_device_named_twice_is_refused() {
        for device in ["cpu", "cpu-candle"] {
            let mut input = small(&[device], MadeUpWeights::Bf16);
            (input.sizes.experts, input.sizes.used) = (1, 1);
            (input.batch, input.context, input.steps) = (256, 0, 1);
            (input.prompts, input.askers) = (vec![1], vec![1]);
            let report = speed(&input).unwrap();
            assert!(report.writing[0].tokens_per_s > 0.0);
        }
        let twice = small(&["cpu-candle", "cpu-candle"], MadeUpWeights::Bf16);
        let error = speed(&twice).unwrap_err().to_string();
        assert!(error.contains("named twice"), "{error}");
    }

    #[test]
    fn what_mixtral_reads_for_a_token_is_what_it_uses() {
        let source = Source::made_up(&MadeUpSizes::default(), MadeUpWeights::Bf16).unwrap();
        let read = Read::of(&source).unwrap();
        // 12.74 thousand million weights, of which the head is not in products.
        let one = read.bytes(1, 0, 2.0) / 1e9;
        assert!((25.4..25.6).contains(&one), "{one}");
        let products = read.products / 2e9;
        assert!((12.5..12.7).contains(&products), "{products}");
        let context = read.bytes(1, 32_768, 2.0) / 1e9 - one;
        assert!((4.2..4.4).contains(&context), "{context}");
        // Eight askers use nearly all experts.
        let eight = read.bytes(8, 0, 2.0) / 1e9;
        assert!((80.0..93.0).contains(&eight), "{eight}");
    }
}
