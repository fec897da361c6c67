//! The shape of a language model, from its configuration or from the metadata of a GGUF file.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::Value;
use serde::Deserialize;

/// The largest that any size may be.
const LARGEST_SIZE: usize = 1 << 24;

/// The most values that a head may have.
const LARGEST_HEAD: usize = 1 << 12;

/// The most experts that a layer may have.
const MOST_EXPERTS: usize = 256;

/// The most weights that a model may have: beyond, bytes and places could not be counted.
const MOST_WEIGHTS: u128 = 1 << 44;

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
    /// Read as wide as it may be written, to be refused by name.
    rms_norm_eps: f64,
    #[serde(default)]
    hidden_act: Option<String>,
    rope_theta: Option<f64>,
    rope_scaling: Option<Scaling>,
    rope_parameters: Option<Scaling>,
    sliding_window: Option<usize>,
    #[serde(default)]
    attention_bias: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Scaling {
    rope_type: Option<String>,
    /// Its older name; some files have both.
    #[serde(rename = "type")]
    old_type: Option<String>,
    rope_theta: Option<f64>,
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
            (Some(experts), Some(used)) if config.model_type == "mixtral" => {
                check_number("num_local_experts", experts, MOST_EXPERTS)?;
                check_number("num_experts_per_tok", used, experts)?;
                Some((experts, used))
            }
            _ if config.model_type == "mixtral" => {
                return Err("it does not say how many experts it has".to_owned());
            }
            _ => None,
        };
        let kv_heads = config
            .num_key_value_heads
            .unwrap_or(config.num_attention_heads);
        for (key, size) in [
            ("hidden_size", config.hidden_size),
            ("num_hidden_layers", config.num_hidden_layers),
            ("num_attention_heads", config.num_attention_heads),
            ("num_key_value_heads", kv_heads),
            ("intermediate_size", config.intermediate_size),
            ("vocab_size", config.vocab_size),
            ("max_position_embeddings", config.max_position_embeddings),
        ] {
            check_number(key, size, LARGEST_SIZE)?;
        }
        let head = match config.head_dim {
            Some(head) => check_head("head_dim", head)?,
            None => check_head(
                "hidden_size / num_attention_heads",
                config.hidden_size / config.num_attention_heads,
            )?,
        };
        let scaling = config.rope_parameters.or(config.rope_scaling);
        let base = scaling.as_ref().and_then(|scaling| scaling.rope_theta);
        let base = base.or(config.rope_theta).unwrap_or(10_000.0);
        let mut rope = Rope {
            base: check_float("rope_theta", narrow(base))?,
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
            kv_heads,
            head,
            feed: config.intermediate_size,
            experts,
            vocabulary: config.vocab_size,
            window: config.max_position_embeddings,
            epsilon: check_float("rms_norm_eps", narrow(config.rms_norm_eps))?,
            rope,
            sliding_window: config.sliding_window.filter(|window| *window > 0),
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
        // A size may be missing, but not be one that no model has.
        let size = |key: &str| match number(key)? {
            Some(size) => {
                check_number(&format!("{architecture}.{key}"), size, LARGEST_SIZE).map(Some)
            }
            None => Ok(None),
        };
        let need =
            |key: &str| size(key)?.ok_or_else(|| format!("it holds no `{architecture}.{key}`"));
        let float = |key: &str| match find(key) {
            Some(Value::F32(value)) => Ok(Some(*value)),
            #[expect(clippy::cast_possible_truncation, reason = "such values are short")]
            Some(Value::F64(value)) => Ok(Some(*value as f32)),
            Some(other) => Err(format!(
                "`{architecture}.{key}` is {:?}, not a float",
                other.value_type()
            )),
            None => Ok(None),
        };
        let positive = |key: &str, usual: f32| {
            let value = float(key)?.unwrap_or(usual);
            check_float(&format!("{architecture}.{key}"), value)
        };
        let text = |key: &str| match find(key) {
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(format!(
                "`{architecture}.{key}` is {:?}, not a text",
                other.value_type()
            )),
            None => Ok(None),
        };
        let (hidden, heads) = (need("embedding_length")?, need("attention.head_count")?);
        let experts = match (number("expert_count")?, number("expert_used_count")?) {
            (Some(experts), Some(used)) if experts > 0 => {
                let key = |key: &str| format!("{architecture}.{key}");
                check_number(&key("expert_count"), experts, MOST_EXPERTS)?;
                check_number(&key("expert_used_count"), used, experts)?;
                Some((experts, used))
            }
            (Some(experts), None) if experts > 0 => {
                return Err(format!(
                    "it does not say how many of its {experts} experts are used"
                ));
            }
            _ => None,
        };
        let scale = match text("rope.scaling.type")? {
            Some("none") => 1.0,
            // As in llama.cpp: a factor alone is linear, by its older name too, and 0 is none.
            None | Some("linear") => {
                let key = match find("rope.scaling.factor") {
                    Some(_) => "rope.scaling.factor",
                    None => "rope.scale_linear",
                };
                match float(key)? {
                    None | Some(0.0) => 1.0,
                    Some(factor) => 1.0 / check_float(&format!("{architecture}.{key}"), factor)?,
                }
            }
            Some(other) => {
                return Err(format!(
                    "its positions are scaled by `{other}`, not `linear`"
                ));
            }
        };
        let stretch = positive("rope.scaling.attn_factor", 1.0)?;
        if (stretch - 1.0).abs() > f32::EPSILON {
            return Err(format!(
                "its `{architecture}.rope.scaling.attn_factor` is {stretch}, and only 1 is supported"
            ));
        }
        let vocabulary = match metadata.get("tokenizer.ggml.tokens") {
            Some(Value::Array(tokens)) => Some(tokens.len()),
            _ => None,
        };
        let vocabulary = size("vocab_size")?.or(vocabulary);
        let head = match number("attention.key_length")? {
            Some(head) => check_head(&format!("{architecture}.attention.key_length"), head)?,
            None => check_head(
                &format!("{architecture}.embedding_length / attention.head_count"),
                hidden / heads,
            )?,
        };
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
            kv_heads: size("attention.head_count_kv")?.unwrap_or(heads),
            head,
            feed: need("feed_forward_length")?,
            experts,
            vocabulary: vocabulary.ok_or("it does not say how many tokens there are")?,
            window: need("context_length")?,
            epsilon: positive("attention.layer_norm_rms_epsilon", 1e-5)?,
            rope: Rope {
                base: positive("rope.freq_base", 10_000.0)?,
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
            check_number(name, size, LARGEST_SIZE)?;
        }
        check_head("head", self.head)?;
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(format!(
                "its {} heads cannot share {} heads of keys",
                self.heads, self.kv_heads
            ));
        }
        for (name, size) in [("hidden", self.hidden), ("feed-forward", self.feed)] {
            if !size.is_multiple_of(16) {
                return Err(format!("its size `{name}` is {size}, not a multiple of 16"));
            }
        }
        if let Some((experts, used)) = self.experts {
            check_number("experts", experts, MOST_EXPERTS)?;
            check_number("experts that are used", used, experts)?;
        }
        let weights = self.weights();
        if weights > MOST_WEIGHTS {
            return Err(format!(
                "its sizes make {weights} weights, over {MOST_WEIGHTS}"
            ));
        }
        check_float("epsilon", self.epsilon)?;
        check_float("base of positions", self.rope.base)?;
        check_float("scale of positions", self.rope.scale)?;
        if let Some(factors) = &self.rope.factors
            && factors.len() != self.head / 2
        {
            return Err(format!(
                "it has {} factors of frequencies for heads of {}",
                factors.len(),
                self.head
            ));
        }
        for factor in self.rope.factors.iter().flatten() {
            check_float("factor of frequencies", *factor)?;
        }
        Ok(())
    }

    /// Weights of all matrices. No sizes that are looked at alone before overflow it.
    fn weights(&self) -> u128 {
        let [hidden, layers, feed, vocabulary] =
            [self.hidden, self.layers, self.feed, self.vocabulary].map(|size| size as u128);
        let [queries, keys] =
            [self.heads, self.kv_heads].map(|heads| heads as u128 * self.head as u128);
        let experts = self.experts.map_or(1, |(experts, _)| experts) as u128;
        let attention = 2 * hidden * (queries + keys);
        let feeds = experts * hidden * (3 * feed + 1);
        2 * vocabulary * hidden + layers * (attention + feeds)
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
        let number = |key: &str, value: Option<f32>| {
            let key = format!("rope_scaling.{key}");
            check_float(&key, value.ok_or_else(|| format!("it holds no `{key}`"))?)
        };
        let factor = || number("factor", self.factor);
        match self.rope_type.as_deref().or(self.old_type.as_deref()) {
            None if self.factor.is_some() => {
                Err("its `rope_scaling` has a `factor` and no `rope_type`".to_owned())
            }
            None | Some("default") => Ok(()),
            Some("linear") => {
                rope.scale = 1.0 / factor()?;
                Ok(())
            }
            Some("llama3") => {
                let factor = factor()?;
                let low = number("low_freq_factor", self.low_freq_factor.or(Some(1.0)))?;
                let high = number("high_freq_factor", self.high_freq_factor.or(Some(4.0)))?;
                if high <= low {
                    return Err(format!(
                        "its `rope_scaling.high_freq_factor` is {high}, not over \
                         `low_freq_factor`, {low}"
                    ));
                }
                let original = number(
                    "original_max_position_embeddings",
                    self.original_max_position_embeddings.or(Some(8_192.0)),
                )?;
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

/// Refuses a size that is 0 or over `most`.
fn check_number(key: &str, size: usize, most: usize) -> Result<usize, String> {
    if (1..=most).contains(&size) {
        Ok(size)
    } else {
        Err(format!("its `{key}` is {size}, not from 1 to {most}"))
    }
}

/// Refuses heads that no loop here takes.
fn check_head(key: &str, head: usize) -> Result<usize, String> {
    if check_number(key, head, LARGEST_HEAD)?.is_multiple_of(16) {
        Ok(head)
    } else {
        Err(format!("its `{key}` is {head}, not a multiple of 16"))
    }
}

/// Refuses what cannot be divided by.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what is too large becomes infinite, and is refused"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

fn check_float(key: &str, value: f32) -> Result<f32, String> {
    // Smaller ones are 0 to vector instructions, or infinite once something is divided by them.
    if value.is_normal() && value > 0.0 {
        Ok(value)
    } else {
        Err(format!("its `{key}` is {value}, not a number over 0"))
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

    #[track_caller]
    fn config_with(key: &str, value: &str) -> Result<Shape, String> {
        let mut config: serde_json::Value = serde_json::from_str(MIXTRAL).unwrap();
        config[key] = serde_json::from_str(value).unwrap();
        Shape::of_config(&serde_json::to_vec(&config).unwrap())
    }

    /// The metadata of Mixtral-8x7B-Instruct-v0.1, with one value changed or added.
    #[track_caller]
    fn gguf_with(key: &str, value: Value) -> Result<Shape, String> {
        let mut metadata: HashMap<String, Value> = [
            ("block_count", 32),
            ("context_length", 32_768),
            ("embedding_length", 4_096),
            ("feed_forward_length", 14_336),
            ("attention.head_count", 32),
            ("attention.head_count_kv", 8),
            ("expert_count", 8),
            ("expert_used_count", 2),
            ("vocab_size", 32_000),
        ]
        .map(|(key, value)| (format!("llama.{key}"), Value::U32(value)))
        .into();
        metadata.insert(
            "general.architecture".to_owned(),
            Value::String("llama".to_owned()),
        );
        metadata.insert(format!("llama.{key}"), value);
        Shape::of_gguf(&metadata)
    }

    #[test]
    fn sizes_that_no_model_has_are_refused_by_key_and_value() {
        for key in [
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim",
            "intermediate_size",
            "num_local_experts",
            "num_experts_per_tok",
            "vocab_size",
            "max_position_embeddings",
        ] {
            for value in ["0", "18446744073709551615", "1152921504606846976"] {
                let error = config_with(key, value).unwrap_err();
                let named = format!("`{key}` is {value}");
                assert!(error.contains(&named), "{key} {value}: {error}");
            }
        }
        for key in ["rope_theta", "rms_norm_eps"] {
            for value in ["0", "-1", "1e39"] {
                let error = config_with(key, value).unwrap_err();
                assert!(error.contains(key), "{key} {value}: {error}");
            }
        }
        let error = config_with("head_dim", "5").unwrap_err();
        assert!(error.contains("`head_dim` is 5"), "{error}");
        let error = config_with("num_attention_heads", "8192").unwrap_err();
        assert!(error.contains("num_attention_heads` is 0"), "{error}");
        for key in [
            "block_count",
            "context_length",
            "embedding_length",
            "feed_forward_length",
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
            "expert_used_count",
            "vocab_size",
        ] {
            for value in [0, u64::MAX, 1 << 60] {
                let error = gguf_with(key, Value::U64(value)).unwrap_err();
                let named = format!("`llama.{key}` is {value}");
                assert!(error.contains(&named), "{key} {value}: {error}");
            }
        }
        let error = gguf_with("expert_count", Value::U64(1 << 60)).unwrap_err();
        assert!(error.contains("`llama.expert_count` is 1152"), "{error}");
        let error = gguf_with("attention.key_length", Value::U32(129)).unwrap_err();
        assert!(error.contains("key_length` is 129"), "{error}");
        let error = gguf_with("rope.freq_base", Value::F32(0.0)).unwrap_err();
        assert!(error.contains("`llama.rope.freq_base` is 0"), "{error}");
        let error = gguf_with("rope.freq_base", Value::U32(10_000)).unwrap_err();
        assert!(error.contains("`llama.rope.freq_base` is U32"), "{error}");
        // Each size alone is one that some model has.
        let mut shape = gguf_with("block_count", Value::U32(32)).unwrap();
        (shape.feed, shape.vocabulary, shape.layers) = (1 << 24, 1 << 24, 1 << 24);
        let error = shape.check().unwrap_err();
        assert!(error.contains("weights, over"), "{error}");
    }

    #[test]
    fn a_sliding_window_of_nothing_is_none() {
        for value in ["0", "null"] {
            let shape = config_with("sliding_window", value).unwrap();
            assert_eq!(shape.sliding_window, None, "{value}");
        }
        let shape = config_with("sliding_window", "4096").unwrap();
        assert_eq!(shape.sliding_window, Some(4_096));
    }

    /// As llama.cpp reads them.
    #[test]
    fn a_factor_without_a_type_is_linear() {
        let scale = |key: &str, value: Value| gguf_with(key, value).map(|shape| shape.rope.scale);
        assert_eq!(scale("rope.scaling.factor", Value::F32(4.0)), Ok(0.25));
        assert_eq!(scale("rope.scale_linear", Value::F32(2.0)), Ok(0.5));
        assert_eq!(scale("rope.scale_linear", Value::F32(0.0)), Ok(1.0));
        let error = scale("rope.scaling.factor", Value::F32(-2.0)).unwrap_err();
        assert!(
            error.contains("`llama.rope.scaling.factor` is -2"),
            "{error}"
        );
        let error = scale("rope.scaling.factor", Value::U32(2)).unwrap_err();
        assert!(error.contains("rope.scaling.factor` is U32"), "{error}");
        let error = scale("rope.scaling.attn_factor", Value::F32(1.5)).unwrap_err();
        assert!(error.contains("attn_factor` is 1.5"), "{error}");
        let error = scale("rope.scaling.type", Value::String("yarn".to_owned())).unwrap_err();
        assert!(error.contains("`yarn`"), "{error}");
    }

    #[test]
    fn published_scaling_is_read_by_both_its_names() {
        let scaled = |text: &str| config_with("rope_scaling", text);
        for text in [
            r#"{"type": "linear", "factor": 2.0}"#,
            r#"{"type": "linear", "rope_type": "linear", "factor": 2.0}"#,
        ] {
            assert_eq!(
                scaled(text).unwrap().rope.scale.to_bits(),
                0.5_f32.to_bits()
            );
        }
        let error = scaled(r#"{"factor": 2.0}"#).unwrap_err();
        assert!(error.contains("no `rope_type`"), "{error}");
        let error = scaled(r#"{"type": "linear"}"#).unwrap_err();
        assert!(error.contains("`rope_scaling.factor`"), "{error}");
        let error = scaled(r#"{"type": "linear", "factor": 0}"#).unwrap_err();
        assert!(error.contains("`rope_scaling.factor` is 0"), "{error}");
        let error = scaled(r#"{"type": "llama3", "factor": 8, "low_freq_factor": 4.0}"#);
        let error = error.unwrap_err();
        assert!(error.contains("high_freq_factor` is 4"), "{error}");
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
