//! Published models for sequence classification as verifiers.

use std::fmt::{self, Debug, Formatter};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use ingest::BackendError;
use serde_json::Value;

use super::super::device::accelerator;
use super::super::queue::{Engine, Task, Workers};
use super::super::stack::Buffers;
use super::super::store::sha256_of;
use super::super::tokenizer::Tokenizer;
use super::super::weights::ModelFiles;
use super::super::{ModelError, ModelsConfig};
use super::labels::Labels;
use super::networks::{Common, Network};
use super::pairs::Frame;
use super::read;
use crate::check::{Entailment, Pair, Verifier};

/// Tokens that are read of a pair at most, control tokens among them.
const LIMIT: usize = 512;
/// Tokens that the processor computes together.
const PORTION: usize = 2_048;
/// Tokens that an accelerator computes together.
const DEVICE_PORTION: usize = 16_384;

/// A published cross-encoder: XLM-RoBERTa, `RoBERTa`, BERT, `DeBERTa` (versions 2 and 3) or
/// `ModernBERT` with a head that classifies, on a thread of its own.
pub struct CrossEncoder {
    name: String,
    frame: Arc<Frame>,
    portion: usize,
    tokenizer: Arc<Tokenizer>,
    engine: Arc<dyn Engine>,
    workers: Workers,
}

impl CrossEncoder {
    /// Reads the model in `folder`, compares its files with their sums and starts its thread.
    ///
    /// # Errors
    /// When a file is missing, is not what it was, or is of a kind that is not understood, when
    /// its labels do not tell entailment, or the device that `config` asks for cannot be used.
    pub fn open(folder: &Path, config: &ModelsConfig) -> Result<Self, ModelError> {
        let files = ModelFiles::open(folder)?;
        let path = files.path("config.json");
        let unsupported = |reason: String| ModelError::unsupported(&path, reason);
        let json: Value = serde_json::from_slice(&files.need("config.json")?)
            .map_err(|error| ModelError::corrupt(&path, error))?;
        let common = Common::of(&json).map_err(unsupported)?;
        let labels = Labels::of(&json).map_err(unsupported)?;
        let tokenizer = Arc::new(Tokenizer::open(&files, common.vocab_size)?);
        let file = files.path("model.safetensors");
        let bytes = files.need("model.safetensors")?;
        let accelerator = accelerator(config.device)?;
        let device = accelerator.clone().unwrap_or(Device::Cpu);
        let tensors = candle_core::safetensors::load_buffer(&bytes, &device)
            .map_err(|error| ModelError::corrupt(&file, error))?;
        let weights = VarBuilder::from_tensors(tensors, DType::F32, &device);
        let network = Network::load(&json, &common, labels.count(), weights)
            .map_err(|reason| ModelError::unsupported(&file, reason))?;
        let end = tokenizer.end();
        Ok(Self {
            // A folder's weights may be exchanged under the same name: the sum tells them apart.
            name: format!("{}/sha256-{}", files.name(), &sha256_of(&bytes)[..12]),
            frame: Arc::new(Frame {
                start: tokenizer.start(),
                end,
                double: common.doubles_ends(),
                limit: LIMIT.min(common.positions()),
                by_words: false,
            }),
            portion: if accelerator.is_some() {
                DEVICE_PORTION
            } else {
                PORTION
            },
            tokenizer,
            engine: Arc::new(Classifier {
                network,
                labels,
                padding: common.padding(),
                end,
                device,
            }),
            // candle divides the work on a batch among the cores.
            workers: Workers::start(1, "verifier", Duration::ZERO)
                .map_err(ModelError::io(folder))?,
        })
    }
}

impl Debug for CrossEncoder {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CrossEncoder")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Verifier for CrossEncoder {
    fn name(&self) -> &str {
        &self.name
    }

    async fn judge(&self, pairs: &[Pair]) -> Result<Vec<Entailment>, BackendError> {
        let (claims, windows) = read(pairs, &self.frame, &self.tokenizer).await?;
        let rows = self
            .workers
            .run(
                Task::Claims,
                &self.engine,
                windows.len(),
                windows,
                self.portion,
            )
            .await?;
        claims.iter().map(|claim| claim.judgement(&rows)).collect()
    }
}

/// The model.
struct Classifier {
    network: Network,
    labels: Labels,
    padding: u32,
    /// What ends evidence and claim.
    end: u32,
    device: Device,
}

impl Classifier {
    /// The outputs for each window.
    fn outputs(&self, windows: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let width = windows.iter().map(|window| window.len()).max().unwrap_or(0);
        let (mut ids, mut types, mut mask) = (Vec::new(), Vec::new(), Vec::new());
        for window in windows {
            let evidence = window.iter().position(|id| *id == self.end);
            let evidence = evidence.map_or(window.len(), |end| end + 1);
            for place in 0..width {
                let id = window.get(place).copied();
                ids.push(id.unwrap_or(self.padding));
                types.push(u32::from(id.is_some() && place >= evidence));
                mask.push(u32::from(id.is_some()));
            }
        }
        let tensor = |values| Tensor::from_vec(values, (windows.len(), width), &self.device);
        let outputs = self
            .network
            .outputs(&tensor(ids)?, &tensor(types)?, &tensor(mask)?)?;
        outputs.to_dtype(DType::F32)?.to_vec2()
    }
}

impl Engine for Classifier {
    fn called(&self) -> &'static str {
        "the verifier"
    }

    fn run(&self, windows: &[&[u32]], _: &mut Buffers) -> candle_core::Result<Vec<Vec<f32>>> {
        let rows = self.outputs(windows)?.into_iter().map(|outputs| {
            let probabilities = self.labels.probabilities(&outputs);
            if !probabilities.iter().all(|value| value.is_finite()) {
                candle_core::bail!("its scores are not numbers");
            }
            Ok(probabilities.to_vec())
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use serde::Deserialize;

    use super::*;
    use crate::model::Device as Choice;

    /// A pair, and what transformers says of it (`tests/fixtures/sequence_models.py`).
    #[derive(Deserialize)]
    struct Judged {
        evidence: String,
        claim: String,
        ids: Vec<u32>,
        logits: Vec<f32>,
    }

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/sequence")
            .join(name)
    }

    fn config() -> ModelsConfig {
        ModelsConfig {
            device: Choice::Cpu,
            ..ModelsConfig::default()
        }
    }

    /// The model, its parts for tests, and the pairs with what is expected of them.
    fn open(name: &str) -> (CrossEncoder, Classifier, Vec<Judged>) {
        let folder = fixture(name);
        let text = fs::read_to_string(folder.join("pairs.json")).unwrap();
        let judged = serde_json::from_str(&text).unwrap();
        let encoder = CrossEncoder::open(&folder, &config()).unwrap();
        let json: Value =
            serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
        let (common, labels) = (Common::of(&json).unwrap(), Labels::of(&json).unwrap());
        let bytes = fs::read(folder.join("model.safetensors")).unwrap();
        let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap();
        let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let classifier = Classifier {
            network: Network::load(&json, &common, labels.count(), weights).unwrap(),
            labels,
            padding: common.padding(),
            end: encoder.tokenizer.end(),
            device: Device::Cpu,
        };
        (encoder, classifier, judged)
    }

    fn pairs(judged: &[Judged]) -> Vec<Pair> {
        let pairs = judged.iter().map(|judged| Pair {
            evidence: judged.evidence.clone(),
            claim: judged.claim.clone(),
        });
        pairs.collect()
    }

    /// Token ids and outputs are those of transformers, alone as together with longer pairs.
    async fn check(name: &str) {
        let (encoder, classifier, judged) = open(name);
        let pairs = pairs(&judged);
        let (_, windows) = read(&pairs, &encoder.frame, &encoder.tokenizer)
            .await
            .unwrap();
        for (window, judged) in windows.iter().zip(&judged) {
            assert_eq!(window.ids, judged.ids, "{name}: {}", judged.claim);
        }
        let windows: Vec<&[u32]> = windows.iter().map(|window| &window.ids[..]).collect();
        let together = classifier.outputs(&windows).unwrap();
        for ((window, together), judged) in windows.iter().zip(&together).zip(&judged) {
            let alone = classifier.outputs(&[window]).unwrap();
            for (index, expected) in judged.logits.iter().enumerate() {
                for found in [together[index], alone[0][index]] {
                    let off = (found - expected).abs();
                    assert!(
                        off < 1e-4,
                        "{name}: {found} is not {expected}: {}",
                        judged.claim
                    );
                }
            }
        }
        let entailed = encoder.judge(&pairs).await.unwrap();
        for (judged, found) in judged.iter().zip(entailed) {
            let expected = classifier.labels.probabilities(&judged.logits);
            assert!((found.entailed - expected[0]).abs() < 1e-4);
            assert!((found.neutral - expected[1]).abs() < 1e-4);
            assert!((found.contradicted - expected[2]).abs() < 1e-4);
            assert!(found.words.is_empty());
        }
    }

    #[tokio::test]
    async fn bert_is_that_of_transformers() {
        check("bert").await;
    }

    #[tokio::test]
    async fn xlm_roberta_is_that_of_transformers() {
        check("xlm-roberta").await;
    }

    #[tokio::test]
    async fn roberta_is_that_of_transformers() {
        check("roberta").await;
    }

    #[tokio::test]
    async fn deberta_is_that_of_transformers() {
        check("deberta-v3").await;
    }

    #[tokio::test]
    async fn modernbert_is_that_of_transformers() {
        check("modernbert").await;
    }

    #[test]
    fn what_cannot_be_computed_is_refused_when_it_is_opened() {
        let error = CrossEncoder::open(&fixture("deberta-v2"), &config()).unwrap_err();
        assert!(error.to_string().contains("convolution"), "{error}");
        let error = CrossEncoder::open(&fixture("base"), &config()).unwrap_err();
        assert!(error.to_string().contains("labels"), "{error}");
        let error = CrossEncoder::open(&fixture("nowhere"), &config()).unwrap_err();
        assert!(matches!(error, ModelError::Missing { .. }), "{error}");
    }

    #[tokio::test]
    async fn pairs_that_are_too_long_or_empty_are_judged() {
        let (encoder, ..) = open("xlm-roberta");
        let long = "연차는 15일이다. The office opens at nine. ".repeat(100);
        let texts = [
            (&long[..], "15일"),
            ("", ""),
            ("가", &long[..392]),
            ("", &long[..]),
        ];
        let pairs = texts.map(|(evidence, claim)| Pair {
            evidence: evidence.to_owned(),
            claim: claim.to_owned(),
        });
        for judged in encoder.judge(&pairs).await.unwrap() {
            let sum = judged.entailed + judged.neutral + judged.contradicted;
            assert!((sum - 1.0).abs() < 1e-4, "{judged:?}");
        }
        assert!(encoder.judge(&[]).await.unwrap().is_empty());
    }
}
