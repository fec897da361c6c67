//! The verifier that comes with the program.
//!
//! It has the architecture of the packaged embedding model and weights of its own, but for the
//! table of words: that is most of such a model and stays in the embedder, which shares it, its
//! tokenizer and its threads. Claims go before all that is to be embedded.

use std::fmt::{self, Debug, Formatter};
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use ingest::{BackendError, PassageEmbedder as _};

use super::super::device::DeviceStack;
use super::super::encoder::bounds;
use super::super::kernel::{self, Level, Matrix};
use super::super::queue::{Engine, Task};
use super::super::stack::{Arithmetic, Buffers, Stack};
use super::super::weights::{self, Norm, Weights as _};
use super::super::{Embedder, ModelError};
use super::file::VerifierFile;
use super::pairs::Frame;
use super::read;
use crate::check::{Entailment, Pair, Verifier};

/// The weights of the verifier that comes with this program.
pub const BUILTIN_VERIFIER: &[u8] = include_bytes!("builtin.safetensors");

/// Tokens that are read of a pair, control tokens among them. Attention grows with the square,
/// and three sentences with their headings are far shorter.
const LIMIT: usize = 384;
/// Tokens that a thread of the processor computes together: fewer leave less for the last thread
/// to wait for, more read the weights less often.
const PORTION: usize = 256;
/// Tokens that an accelerator computes together.
const DEVICE_PORTION: usize = 8_192;

/// The built-in verifier. It runs on the threads of its embedding model.
pub struct BuiltinVerifier {
    name: String,
    frame: Arc<Frame>,
    portion: usize,
    engine: Arc<dyn Engine>,
    embedder: Arc<Embedder>,
}

impl BuiltinVerifier {
    /// Opens the file in `weights` on `embedder`, which has to be the model that they were
    /// trained on.
    ///
    /// # Errors
    /// When the file is not what it should be, or `embedder` another model or none.
    pub fn open(weights: &[u8], embedder: Option<&Arc<Embedder>>) -> Result<Self, ModelError> {
        Self::with(weights, embedder, Arithmetic::fastest())
    }

    fn with(
        weights: &[u8],
        embedder: Option<&Arc<Embedder>>,
        arithmetic: Arithmetic,
    ) -> Result<Self, ModelError> {
        let file = VerifierFile::open(weights)?;
        let base = file.text("base")?;
        let embedder = match embedder {
            Some(embedder) if embedder.model() == base => embedder,
            other => {
                return Err(ModelError::OtherBase {
                    needs: base.to_owned(),
                    found: other.map(|embedder| embedder.model().to_owned()),
                });
            }
        };
        let judge = Judge::load(&file, embedder, arithmetic)?;
        let tokenizer = embedder.tokenizer();
        let frame = Frame {
            start: tokenizer.start(),
            end: tokenizer.end(),
            double: true,
            limit: LIMIT.min(judge.positions.len() / judge.hidden),
            by_words: true,
        };
        Ok(Self {
            name: file.text("name")?.to_owned(),
            frame: Arc::new(frame),
            portion: if embedder.device().is_some() {
                DEVICE_PORTION
            } else {
                PORTION
            },
            engine: Arc::new(judge),
            embedder: Arc::clone(embedder),
        })
    }
}

impl Debug for BuiltinVerifier {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BuiltinVerifier")
            .field("name", &self.name)
            .field("embedder", &self.embedder)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Verifier for BuiltinVerifier {
    fn name(&self) -> &str {
        &self.name
    }

    async fn judge(&self, pairs: &[Pair]) -> Result<Vec<Entailment>, BackendError> {
        let (claims, windows) = read(pairs, &self.frame, self.embedder.tokenizer()).await?;
        let (texts, workers) = (windows.len(), self.embedder.workers());
        let rows = workers
            .run(Task::Claims, &self.engine, texts, windows, self.portion)
            .await?;
        claims.iter().map(|claim| claim.judgement(&rows)).collect()
    }
}

/// The model.
struct Judge {
    level: Level,
    hidden: usize,
    epsilon: f32,
    /// What ends evidence and claim.
    end: u32,
    words: Arc<weights::Words>,
    positions: Vec<f32>,
    /// What is added to the tokens of the evidence, and of the claim.
    types: [Vec<f32>; 2],
    norm: Norm,
    layers: Layers,
    /// Weight and bias of a dense layer, a row for each output.
    pooler: (Vec<f32>, Vec<f32>),
    classes: (Vec<f32>, Vec<f32>),
    held: (Vec<f32>, f32),
    temperature: f32,
}

enum Layers {
    Processor(Stack),
    Accelerator(DeviceStack),
}

impl Judge {
    fn load(
        file: &VerifierFile<'_>,
        embedder: &Embedder,
        arithmetic: Arithmetic,
    ) -> Result<Self, ModelError> {
        let (hidden, epsilon) = (file.sizes().hidden, file.sizes().epsilon);
        let floats = |name, sizes: &[usize]| file.floats(name, sizes);
        let positions: usize = file.number("positions")?;
        if hidden != embedder.dimension() || positions < 16 {
            return Err(ModelError::corrupt(
                "the built-in verifier",
                format!(
                    "it has {positions} positions of {hidden} numbers, and its embedding model {}",
                    embedder.dimension()
                ),
            ));
        }
        let types = floats("embeddings.token_type_embeddings.weight", &[2, hidden])?;
        let (evidence, claim) = types.split_at(hidden);
        let layers = match embedder.device() {
            Some(device) => Layers::Accelerator(DeviceStack::load(file, device)?),
            // Portions are too long to be divided further.
            None => Layers::Processor(Stack::load(file, arithmetic, 1)?),
        };
        Ok(Self {
            level: Level::detect(),
            hidden,
            epsilon,
            end: embedder.tokenizer().end(),
            words: Arc::clone(embedder.words()),
            positions: floats(
                "embeddings.position_embeddings.weight",
                &[positions, hidden],
            )?,
            types: [evidence.to_vec(), claim.to_vec()],
            norm: file.norm("embeddings.LayerNorm", None)?,
            layers,
            pooler: (
                floats("classifier.dense.weight", &[hidden, hidden])?,
                floats("classifier.dense.bias", &[hidden])?,
            ),
            classes: (
                floats("classifier.out_proj.weight", &[3, hidden])?,
                floats("classifier.out_proj.bias", &[3])?,
            ),
            held: (
                floats("words.weight", &[1, hidden])?,
                floats("words.bias", &[1])?[0],
            ),
            temperature: file.number("temperature")?,
        })
    }

    /// Adds positions and types to the words of a window, and normalizes.
    fn embed(&self, window: &[u32], rows: &mut [f32]) {
        let ends = window.iter().position(|id| *id == self.end);
        let evidence = ends.map_or(window.len(), |end| end + 1) * self.hidden;
        let (positions, later) = self.positions[..rows.len()].split_at(evidence);
        let (rows, claim) = rows.split_at_mut(evidence);
        let sides = [(rows, positions), (claim, later)];
        for ((rows, positions), side) in sides.into_iter().zip(&self.types) {
            kernel::add_and_normalize(
                self.level,
                rows,
                positions,
                side,
                &self.norm.scale,
                &self.norm.shift,
                self.epsilon,
            );
        }
    }

    /// Three probabilities for each window, from its first token.
    fn classes(&self, tokens: &[f32], bounds: &[Range<usize>]) -> Vec<[f32; 3]> {
        let hidden = self.hidden;
        let first: Vec<f32> = bounds
            .iter()
            .flat_map(|bounds| &tokens[bounds.start * hidden..][..hidden])
            .copied()
            .collect();
        let (weight, bias) = &self.pooler;
        let mut pooled: Vec<f32> = bounds.iter().flat_map(|_| bias).copied().collect();
        let left = Matrix::new(&first, bounds.len(), hidden, hidden);
        let right = Matrix::new(weight, hidden, hidden, hidden).transposed();
        kernel::multiply(&mut pooled, hidden, left, right, true, 1);
        for value in &mut pooled {
            *value = value.tanh();
        }
        let (weight, bias) = &self.classes;
        let classes = pooled.chunks_exact(hidden).map(|pooled| {
            let mut powers: [f32; 3] = std::array::from_fn(|class| {
                let weight = &weight[class * hidden..][..hidden];
                (dot(weight, pooled) + bias[class]) / self.temperature
            });
            let most = powers.iter().copied().fold(f32::MIN, f32::max);
            for power in &mut powers {
                *power = (*power - most).exp();
            }
            let sum: f32 = powers.iter().sum();
            powers.map(|power| power / sum)
        });
        classes.collect()
    }
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

impl Engine for Judge {
    fn called(&self) -> &'static str {
        "the built-in verifier"
    }

    fn run(&self, windows: &[&[u32]], buffers: &mut Buffers) -> candle_core::Result<Vec<Vec<f32>>> {
        let hidden = self.hidden;
        let bounds = bounds(windows);
        let mut tokens = self.words.rows(&windows.concat())?;
        let part = |bounds: &Range<usize>| bounds.start * hidden..bounds.end * hidden;
        for (window, bounds) in windows.iter().zip(&bounds) {
            self.embed(window, &mut tokens[part(bounds)]);
        }
        match &self.layers {
            Layers::Processor(stack) => stack.run(&mut tokens, &bounds, buffers),
            Layers::Accelerator(stack) => {
                for bounds in &bounds {
                    stack.run(&mut tokens[part(bounds)])?;
                }
            }
        }
        let classes = self.classes(&tokens, &bounds);
        let mut all = Vec::with_capacity(windows.len());
        for ((window, bounds), classes) in windows.iter().zip(bounds).zip(classes) {
            let mut row = classes.to_vec();
            // The claim stands behind two ends and before the last.
            let claim = window.iter().position(|id| *id == self.end);
            let claim = claim.map_or(window.len(), |end| end + 2);
            for token in bounds.start + claim..bounds.end - 1 {
                let score = dot(&self.held.0, &tokens[token * hidden..][..hidden]) + self.held.1;
                row.push(1.0 / (1.0 + (-score).exp()));
            }
            if !row.iter().all(|value| value.is_finite()) {
                candle_core::bail!("its scores are not numbers");
            }
            all.push(row);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use serde::Deserialize;

    use super::*;
    use crate::model::{Device, ModelsConfig};

    /// A pair, and what `tests/fixtures/sequence_models.py` computed of it.
    #[derive(Deserialize)]
    struct Judged {
        evidence: String,
        claim: String,
        classes: [f32; 3],
        words: Vec<f32>,
    }

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/sequence")
            .join(name)
    }

    fn embedder() -> Arc<Embedder> {
        let config = ModelsConfig {
            device: Device::Cpu,
            threads: std::num::NonZeroUsize::new(2),
            ..ModelsConfig::default()
        };
        Arc::new(Embedder::open(&fixture("base"), &config).unwrap())
    }

    fn weights() -> Vec<u8> {
        fs::read(fixture("builtin/verifier.safetensors")).unwrap()
    }

    fn judged() -> (Vec<Judged>, Vec<Pair>) {
        let text = fs::read_to_string(fixture("builtin/pairs.json")).unwrap();
        let judged: Vec<Judged> = serde_json::from_str(&text).unwrap();
        let pairs = judged.iter().map(|judged| Pair {
            evidence: judged.evidence.clone(),
            claim: judged.claim.clone(),
        });
        let pairs = pairs.collect();
        (judged, pairs)
    }

    /// The largest difference of a probability from what `PyTorch` computed.
    async fn off(arithmetic: Arithmetic) -> f32 {
        let verifier = BuiltinVerifier::with(&weights(), Some(&embedder()), arithmetic).unwrap();
        let (judged, pairs) = judged();
        let found = verifier.judge(&pairs).await.unwrap();
        let mut off = 0.0_f32;
        for (judged, found) in judged.iter().zip(&found) {
            let classes = [found.entailed, found.neutral, found.contradicted];
            assert_eq!(found.words.len(), judged.words.len());
            let words = found.words.iter().map(|(_, value)| value);
            let expected = judged.classes.iter().chain(&judged.words);
            for (found, expected) in classes.iter().chain(words).zip(expected) {
                off = off.max((found - expected).abs());
            }
            let words = judged.claim.split_whitespace();
            for ((span, _), word) in found.words.iter().zip(words) {
                assert_eq!(&judged.claim[span.clone()], word);
            }
        }
        off
    }

    #[tokio::test]
    async fn probabilities_are_those_of_pytorch() {
        let off = off(Arithmetic::Floats).await;
        assert!(off < 1e-4, "a probability differs by {off}");
    }

    #[tokio::test]
    async fn bytes_change_probabilities_little() {
        let off = off(Arithmetic::fastest()).await;
        assert!(off < 0.03, "a probability differs by {off}");
    }

    #[test]
    fn candle_s_operations_give_what_the_processor_gives() {
        let (weights, embedder) = (weights(), embedder());
        let file = VerifierFile::open(&weights).unwrap();
        let mut judge = Judge::load(&file, &embedder, Arithmetic::Floats).unwrap();
        let (start, end) = (embedder.tokenizer().start(), judge.end);
        let windows = [
            &[start, 20, 21, 22, end, end, 30, 31, end][..],
            &[start, end, end, 40, end],
        ];
        let mut buffers = Buffers::default();
        let expected = judge.run(&windows, &mut buffers).unwrap();
        let stack = DeviceStack::load(&file, &candle_core::Device::Cpu).unwrap();
        judge.layers = Layers::Accelerator(stack);
        let found = judge.run(&windows, &mut buffers).unwrap();
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [5, 4]);
        for (found, expected) in found.concat().iter().zip(expected.concat()) {
            assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
        }
    }

    #[tokio::test]
    async fn a_pair_alone_is_judged_as_among_others() {
        let verifier = BuiltinVerifier::open(&weights(), Some(&embedder())).unwrap();
        let (_, pairs) = judged();
        let together = verifier.judge(&pairs).await.unwrap();
        for (pair, together) in pairs.iter().zip(together) {
            let alone = verifier.judge(std::slice::from_ref(pair)).await.unwrap();
            assert!((alone[0].entailed - together.entailed).abs() < 1e-5);
            assert!((alone[0].contradicted - together.contradicted).abs() < 1e-5);
        }
        assert!(verifier.judge(&[]).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn pairs_that_are_too_long_or_empty_are_judged() {
        let verifier = BuiltinVerifier::open(&weights(), Some(&embedder())).unwrap();
        let long = "연차는 15일이다. The office opens at nine. ".repeat(300);
        let texts = [
            (&long[..], "15일"),
            ("", ""),
            ("가", &long[..780]),
            ("", &long[..]),
        ];
        let pairs = texts.map(|(evidence, claim)| Pair {
            evidence: evidence.to_owned(),
            claim: claim.to_owned(),
        });
        for judged in verifier.judge(&pairs).await.unwrap() {
            let sum = judged.entailed + judged.neutral + judged.contradicted;
            assert!((sum - 1.0).abs() < 1e-4, "{judged:?}");
        }
    }

    #[tokio::test]
    async fn a_control_token_in_a_text_does_not_end_it() {
        let verifier = BuiltinVerifier::open(&weights(), Some(&embedder())).unwrap();
        let pair = |evidence: &str, claim: &str| Pair {
            evidence: evidence.to_owned(),
            claim: claim.to_owned(),
        };
        let plain = pair("연차는 15일이다.", "연차는 15일이다.");
        let hostile = pair("연차는 </s></s> 15일이다. </s>", "연차는 </s> 15일이다.");
        let judged = verifier.judge(&[plain, hostile]).await.unwrap();
        // What is left of them is the same, but for what stands between words.
        assert_eq!(judged[0].words.len(), 2);
        assert!(judged[1].words.len() <= 3);
        let end = embedder().tokenizer().end();
        assert!(
            embedder()
                .tokenizer()
                .encode("a </s> b")
                .unwrap()
                .contains(&end)
        );
        assert!(
            !embedder()
                .tokenizer()
                .content("a </s> b")
                .unwrap()
                .contains(&end)
        );
    }

    #[test]
    fn without_its_embedding_model_it_says_what_is_missing() {
        let error = BuiltinVerifier::open(&weights(), None).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("the built-in verifier needs the embedding model base/sha256-")
                && text.ends_with("and there is none"),
            "{text}"
        );
    }

    #[test]
    fn a_file_that_is_cut_short_or_changed_is_an_error() {
        let (weights, embedder) = (weights(), embedder());
        for length in [0, 7, 100, 2_000, weights.len() - 1] {
            let error = BuiltinVerifier::open(&weights[..length], Some(&embedder)).unwrap_err();
            assert!(matches!(error, ModelError::Corrupt { .. }), "{error}");
        }
        for (from, to) in [
            ("\"heads\":\"4\"", "\"heads\":\"5\""),
            ("\"hidden\":\"32\"", "\"hidden\":\"48\""),
            ("\"layers\":\"2\"", "\"layers\":\"3\""),
            ("\"layers\":\"2\"", "\"layers\":\"x\""),
            ("\"temperature\"", "\"temperaturf\""),
            ("classifier.dense.bias", "classifier.dense.bios"),
        ] {
            let header = usize::from(weights[0]) + 256 * usize::from(weights[1]) + 8;
            let text = std::str::from_utf8(&weights[8..header]).unwrap();
            assert!(text.contains(from), "{from} is there");
            let changed = text.replacen(from, to, 1);
            let changed = [&weights[..8], changed.as_bytes(), &weights[header..]].concat();
            let error = BuiltinVerifier::open(&changed, Some(&embedder)).unwrap_err();
            assert!(matches!(error, ModelError::Corrupt { .. }), "{error}");
        }
    }
}
