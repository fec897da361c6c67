//! The shape of a language model, from its configuration or from the metadata of a GGUF file.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::Value;
use serde::Deserialize;

/// What the forward pass needs to know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    /// Architecture, as the model names it.
    pub(crate) architecture: String,
    /// Values that a token is represented by.
    pub(crate) hidden: usize,
    /// Layers.
    pub(crate) layers: usize,
    /// Attention heads of queries.
    pub(crate) heads: usize,
    /// Attention heads of keys and values, each shared by as many heads of queries.
    pub(crate) kv_heads: usize,
    /// Values of a head.
    pub(crate) head: usize,
    /// Width of a feed-forward network, or of each expert.
    pub(crate) feed: usize,
    /// Experts of a layer, and those that a token uses; none in a dense model.
    pub(crate) experts: Option<(usize, usize)>,
    /// Tokens that there are.
    pub(crate) vocabulary: usize,
    /// Tokens that the model was made for, prompt and answer together.
    pub(crate) window: usize,
    /// Added to the mean square before its root is taken.
    pub(crate) epsilon: f32,
    /// How positions are written into queries and keys.
    pub(crate) rope: Rope,
    /// Tokens back that a token sees, itself among them; none if it sees all.
    pub(crate) sliding_window: Option<usize>,
}

/// Rotary position embedding (Su and others, 2021).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rope {
    /// Base of the angles.
    pub(crate) base: f32,
    /// Which values are turned together.
    pub(crate) pairs: Pairs,
    /// What positions are multiplied by: less than 1 stretches the window.
    pub(crate) scale: f32,
    /// Each frequency is divided by its own factor, where the model has them (Llama 3).
    pub(crate) factors: Option<Vec<f32>>,
}

/// Which two values of a head are turned together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairs {
    /// Neighbours, as GGUF files of the Llama family are written.
    Neighbours,
    /// One of each half, as published weights are.
    Halves,
}

/// `config.json` of a published model.
#[derive(Debug, Deserialize)]
struct Published {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    intermediate_size: usize,
    num_local_experts: Option<usize>,
    num_experts_per_tok: Option<usize>,
    vocab_size: usize,
    max_position_embeddings: usize,
    rms_norm_eps: f32,
    #[serde(default)]
    hidden_act: Option<String>,
    rope_theta: Option<f32>,
    rope_scaling: Option<Scaling>,
    rope_parameters: Option<Scaling>,
    sliding_window: Option<usize>,
    #[serde(default)]
    attention_bias: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Scaling {
    #[serde(alias = "type")]
    rope_type: Option<String>,
    rope_theta: Option<f32>,
    factor: Option<f32>,
    low_freq_factor: Option<f32>,
    high_freq_factor: Option<f32>,
    original_max_position_embeddings: Option<f32>,
}

impl Shape {
    /// Reads the `config.json` of a published model.
    ///
    /// # Errors
    /// When it is not a model that can be run here, in words.
    pub(crate) fn of_config(text: &[u8]) -> Result<Self, String> {
        let config: Published = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if !["mixtral", "mistral", "llama"].contains(&config.model_type.as_str()) {
            return Err(format!(
                "it is a model of type `{}`, not `mixtral`, `mistral` or `llama`",
                config.model_type
            ));
        }
        if let Some(activation) = config.hidden_act.filter(|name| name != "silu") {
            return Err(format!("its activation is `{activation}`, not `silu`"));
        }
        if config.attention_bias {
            return Err("its attention adds biases, which is not supported".to_owned());
        }
        let experts = match (config.num_local_experts, config.num_experts_per_tok) {
            (Some(experts), Some(used)) if config.model_type == "mixtral" => Some((experts, used)),
            _ if config.model_type == "mixtral" => {
                return Err("it does not say how many experts it has".to_owned());
            }
            _ => None,
        };
        let head = config
            .head_dim
            .unwrap_or(config.hidden_size / config.num_attention_heads.max(1));
        let scaling = config.rope_parameters.or(config.rope_scaling);
        let base = scaling.as_ref().and_then(|scaling| scaling.rope_theta);
        let mut rope = Rope {
            base: base.or(config.rope_theta).unwrap_or(10_000.0),
            pairs: Pairs::Halves,
            scale: 1.0,
            factors: None,
        };
        if let Some(scaling) = scaling {
            scaling.apply(&mut rope, head)?;
        }
        let shape = Self {
            architecture: config.model_type,
            hidden: config.hidden_size,
            layers: config.num_hidden_layers,
            heads: config.num_attention_heads,
            kv_heads: config
                .num_key_value_heads
                .unwrap_or(config.num_attention_heads),
            head,
            feed: config.intermediate_size,
            experts,
            vocabulary: config.vocab_size,
            window: config.max_position_embeddings,
            epsilon: config.rms_norm_eps,
            rope,
            sliding_window: config.sliding_window,
        };
        shape.check()?;
        Ok(shape)
    }

    /// Reads the metadata of a GGUF file.
    ///
    /// # Errors
    /// When it is not a model that can be run here, in words.
    pub(crate) fn of_gguf(metadata: &HashMap<String, Value>) -> Result<Self, String> {
        let architecture = match metadata.get("general.architecture") {
            Some(Value::String(name)) => name.clone(),
            _ => return Err("it does not name its architecture".to_owned()),
        };
        if !["llama", "mixtral", "mistral"].contains(&architecture.as_str()) {
            return Err(format!(
                "its architecture is `{architecture}`, not `llama` (Llama, Mistral, Mixtral)"
            ));
        }
        let find = |key: &str| metadata.get(&format!("{architecture}.{key}"));
        let number = |key: &str| match find(key) {
            Some(value) => whole(value)
                .map(Some)
                .ok_or_else(|| format!("`{architecture}.{key}` is not a whole number")),
            None => Ok(None),
        };
        let need =
            |key: &str| number(key)?.ok_or_else(|| format!("it holds no `{architecture}.{key}`"));
        let float = |key: &str| match find(key) {
            Some(Value::F32(value)) => Some(*value),
            #[expect(clippy::cast_possible_truncation, reason = "such values are short")]
            Some(Value::F64(value)) => Some(*value as f32),
            _ => None,
        };
        let text = |key: &str| match find(key) {
            Some(Value::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let (hidden, heads) = (need("embedding_length")?, need("attention.head_count")?);
        let experts = match (number("expert_count")?, number("expert_used_count")?) {
            (Some(experts), Some(used)) if experts > 0 => Some((experts, used)),
            (Some(experts), None) if experts > 0 => {
                return Err(format!(
                    "it does not say how many of its {experts} experts are used"
                ));
            }
            _ => None,
        };
        let mut scale = 1.0;
        match text("rope.scaling.type") {
            None | Some("none") => {}
            Some("linear") => scale = 1.0 / float("rope.scaling.factor").unwrap_or(1.0),
            Some(other) => {
                return Err(format!(
                    "its positions are scaled by `{other}`, not `linear`"
                ));
            }
        }
        let vocabulary = match metadata.get("tokenizer.ggml.tokens") {
            Some(Value::Array(tokens)) => Some(tokens.len()),
            _ => None,
        };
        let vocabulary = number("vocab_size")?.or(vocabulary);
        let head = number("attention.key_length")?.unwrap_or(hidden / heads.max(1));
        let rotated = number("rope.dimension_count")?.unwrap_or(head);
        if rotated != head {
            return Err(format!(
                "it turns {rotated} of {head} values of a head, not all"
            ));
        }
        let shape = Self {
            hidden,
            layers: need("block_count")?,
            heads,
            kv_heads: number("attention.head_count_kv")?.unwrap_or(heads),
            head,
            feed: need("feed_forward_length")?,
            experts,
            vocabulary: vocabulary.ok_or("it does not say how many tokens there are")?,
            window: need("context_length")?,
            epsilon: float("attention.layer_norm_rms_epsilon").unwrap_or(1e-5),
            rope: Rope {
                base: float("rope.freq_base").unwrap_or(10_000.0),
                pairs: Pairs::Neighbours,
                scale,
                factors: None,
            },
            sliding_window: number("attention.sliding_window")?.filter(|window| *window > 0),
            architecture,
        };
        shape.check()?;
        Ok(shape)
    }

    /// Looks for sizes that no model can have here.
    ///
    /// # Errors
    /// In words.
    pub(super) fn check(&self) -> Result<(), String> {
        let sizes = [
            ("hidden", self.hidden),
            ("layers", self.layers),
            ("heads", self.heads),
            ("heads of keys", self.kv_heads),
            ("head", self.head),
            ("feed-forward", self.feed),
            ("vocabulary", self.vocabulary),
            ("window", self.window),
        ];
        for (name, size) in sizes {
            if size == 0 || size > 1 << 24 {
                return Err(format!("its size `{name}` is {size}"));
            }
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(format!(
                "its {} heads cannot share {} heads of keys",
                self.heads, self.kv_heads
            ));
        }
        for (name, size) in [
            ("head", self.head),
            ("hidden", self.hidden),
            ("feed-forward", self.feed),
        ] {
            if !size.is_multiple_of(16) {
                return Err(format!("its size `{name}` is {size}, not a multiple of 16"));
            }
        }
        if let Some((experts, used)) = self.experts
            && (used == 0 || used > experts || experts > 256)
        {
            return Err(format!("it uses {used} of {experts} experts"));
        }
        if let Some(factors) = &self.rope.factors
            && factors.len() != self.head / 2
        {
            return Err(format!(
                "it has {} factors of frequencies for heads of {}",
                factors.len(),
                self.head
            ));
        }
        Ok(())
    }

    /// Values of all heads of queries.
    pub(crate) fn queries(&self) -> usize {
        self.heads * self.head
    }

    /// Values of all heads of keys, or of values.
    pub(crate) fn keys(&self) -> usize {
        self.kv_heads * self.head
    }

    /// Experts that a token uses; 1 in a dense model.
    pub(crate) fn used(&self) -> usize {
        self.experts.map_or(1, |(_, used)| used)
    }

    /// Values of keys and values that a token takes in all layers.
    pub(crate) fn kv_values(&self) -> usize {
        2 * self.keys() * self.layers
    }
}

impl Rope {
    /// The frequencies: a position times these is the angles. Computed in `f32`, as the models
    /// were trained with.
    #[expect(clippy::cast_precision_loss, reason = "heads are short")]
    pub(crate) fn frequencies(&self, head: usize) -> Vec<f32> {
        (0..head / 2)
            .map(|index| {
                let exponent = (2 * index) as f32 / head as f32;
                // Rounded once, not by whatever this machine's `powf` does to it: a position of
                // thousands multiplies the difference.
                #[expect(clippy::cast_possible_truncation, reason = "it is rounded")]
                let power = f64::from(self.base).powf(f64::from(exponent)) as f32;
                let frequency = 1.0 / power;
                let factor = self.factors.as_ref().map_or(1.0, |factors| factors[index]);
                frequency * self.scale / factor
            })
            .collect()
    }
}

impl Scaling {
    #[expect(clippy::cast_precision_loss, reason = "heads are short")]
    fn apply(&self, rope: &mut Rope, head: usize) -> Result<(), String> {
        let factor = self.factor.unwrap_or(1.0);
        match self.rope_type.as_deref() {
            None | Some("default") => Ok(()),
            Some("linear") => {
                rope.scale = 1.0 / factor;
                Ok(())
            }
            Some("llama3") => {
                let (low, high) = (
                    self.low_freq_factor.unwrap_or(1.0),
                    self.high_freq_factor.unwrap_or(4.0),
                );
                let original = self.original_max_position_embeddings.unwrap_or(8_192.0);
                let factors = (0..head / 2).map(|index| {
                    let frequency = 1.0 / rope.base.powf((2 * index) as f32 / head as f32);
                    let length = 2.0 * std::f32::consts::PI / frequency;
                    if length < original / high {
                        1.0
                    } else if length > original / low {
                        factor
                    } else {
                        let smooth = (original / length - low) / (high - low);
                        1.0 / ((1.0 - smooth) / factor + smooth)
                    }
                });
                rope.factors = Some(factors.collect());
                Ok(())
            }
            Some(other) => Err(format!(
                "its positions are scaled by `{other}`, not `linear` or `llama3`"
            )),
        }
    }
}

fn whole(value: &Value) -> Option<usize> {
    let number = match value {
        Value::U8(value) => u64::from(*value),
        Value::U16(value) => u64::from(*value),
        Value::U32(value) => u64::from(*value),
        Value::U64(value) => *value,
        Value::I8(value) => u64::try_from(*value).ok()?,
        Value::I16(value) => u64::try_from(*value).ok()?,
        Value::I32(value) => u64::try_from(*value).ok()?,
        Value::I64(value) => u64::try_from(*value).ok()?,
        _ => return None,
    };
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published configuration of Mixtral-8x7B-Instruct-v0.1, shortened.
    const MIXTRAL: &str = r#"{"architectures": ["MixtralForCausalLM"], "hidden_act": "silu",
        "hidden_size": 4096, "intermediate_size": 14336, "max_position_embeddings": 32768,
        "model_type": "mixtral", "num_attention_heads": 32, "num_experts_per_tok": 2,
        "num_hidden_layers": 32, "num_key_value_heads": 8, "num_local_experts": 8,
        "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "sliding_window": null,
        "torch_dtype": "bfloat16", "vocab_size": 32000}"#;

    #[test]
    fn the_published_configuration_of_mixtral_is_read() {
        let shape = Shape::of_config(MIXTRAL.as_bytes()).unwrap();
        assert_eq!((shape.heads, shape.kv_heads, shape.head), (32, 8, 128));
        assert_eq!(shape.experts, Some((8, 2)));
        assert_eq!(shape.window, 32_768);
        assert_eq!(shape.sliding_window, None);
        assert_eq!(
            shape.kv_values() * 2,
            131_072,
            "128 KiB a token in half floats"
        );
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_name() {
        let refused = |from: &str, to: &str| {
            let text = MIXTRAL.replace(from, to);
            assert_ne!(text, MIXTRAL);
            Shape::of_config(text.as_bytes()).unwrap_err()
        };
        let error = refused(r#""model_type": "mixtral""#, r#""model_type": "gpt2""#);
        assert!(error.contains("gpt2"), "{error}");
        let error = refused("silu", "gelu");
        assert!(error.contains("gelu"), "{error}");
        let error = refused(r#""num_key_value_heads": 8"#, r#""num_key_value_heads": 7"#);
        assert!(error.contains("32 heads") && error.contains('7'), "{error}");
        let error = Shape::of_gguf(&HashMap::from([(
            "general.architecture".to_owned(),
            Value::String("bert".to_owned()),
        )]))
        .unwrap_err();
        assert!(error.contains("`bert`"), "{error}");
    }

    /// Figures of `transformers`' `_compute_llama3_parameters` for base 500000, head 128,
    /// factor 8, low 1, high 4, original 8192.
    #[test]
    fn llama_3_stretches_low_frequencies_only() {
        let mut rope = Rope {
            base: 500_000.0,
            pairs: Pairs::Halves,
            scale: 1.0,
            factors: None,
        };
        let scaling: Scaling = serde_json::from_str(
            r#"{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}"#,
        )
        .unwrap();
        scaling.apply(&mut rope, 128).unwrap();
        let factors = rope.factors.unwrap();
        assert_eq!(factors.first(), Some(&1.0));
        assert_eq!(factors.last(), Some(&8.0));
        assert!(factors.is_sorted());
    }
}
